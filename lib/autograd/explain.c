/* explain.c -- how one gradient came to be: the chain rule of docs/weeks/1.md, day 3, for any net.
 *
 *     dL/d W[0,0] = 2                                  W[0,0] = 1
 *       #0 linear[0,0]                         2 * 1            = 2
 *
 *     dL/d #0[0,0] = 2                                 #0 linear[0,0] = 1.5
 *       ...
 *
 * At each stop one number, and the ways in which it acts on the loss: what arrived, times the local partial. terms.c finds
 * them. The next stop is at the end of the largest. The last is the loss, whose gradient is 1.
 */
#include "autograd/inside.h"
#include "autograd/inspect.h"
#include "autograd/terms.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STOPS = 64, FACTORS = 16 }; /* of a path that is printed; of a product that is written out */

typedef struct path {
    ml_tape *t;
    double partial[STOPS]; /* along the largest terms */
    int n;
} path;

static double tidy(double v)
{
    return isnan(v) ? fabs(v) : v + 0.0; /* no sign of NaN, and no -0 */
}

/* ---- names ---- */

/* "W[0,0]", "#7[3,1]" */
static char *element_name(const ml_tape *t, const ml_tensor *x, int64_t e, char *buf, size_t size)
{
    char name[128], index[160];
    snprintf(buf, size, "%s%s", mli_name_of(t, x, name, sizeof name), mli_index_text(x, e, index, sizeof index));
    return buf;
}

/* "#7 relu[3,1]" */
static char *output_name(const ml_node *n, int64_t o, char *buf, size_t size)
{
    char index[160];
    snprintf(buf, size, "#%lld %s%s", (long long)n->out->op, n->op->name, mli_index_text(n->out, o, index, sizeof index));
    return buf;
}

static char *value_name(const ml_tape *t, const ml_tensor *x, int64_t e, char *buf, size_t size)
{
    const ml_node *maker = mli_maker(t, x);
    return maker ? output_name(maker, e, buf, size) : element_name(t, x, e, buf, size);
}

/* ---- a stop ---- */

static void print_head(FILE *out, const ml_tape *t, const ml_tensor *x, int64_t e, double gradient)
{
    char name[300], left[360], value[360];
    snprintf(left, sizeof left, "dL/d %s = %.6g", element_name(t, x, e, name, sizeof name), tidy(gradient));
    fprintf(out, "%-46s  %s = %.6g\n", left, value_name(t, x, e, value, sizeof value), tidy((double)x->data[e]));
}

static void print_term(FILE *out, const mli_term *m)
{
    char name[360];
    fprintf(out, "  %-28s %12.6g * %-12.6g = %.6g\n", output_name(m->node, m->out, name, sizeof name), tidy(m->upstream),
            tidy(m->partial), tidy(m->upstream * m->partial));
}

static void print_terms(FILE *out, const mli_terms *all, double sum)
{
    char what[64];
    double rest = sum;
    for (int i = 0; i < all->n; i++) {
        print_term(out, &all->most[i]);
        rest -= all->most[i].upstream * all->most[i].partial;
    }
    snprintf(what, sizeof what, "%s%lld other%s", all->counted ? "" : "at most ", (long long)all->others,
             all->others == 1 ? "" : "s together");
    if (all->others > 0)
        fprintf(out, "  %-57s= %.6g\n", what, tidy(rest));
    if (all->n + all->others > 1)
        fprintf(out, "  %-57s= %.6g\n", "sum", tidy(sum));
}

/* A leaf may hold more than this tape's share: backward adds until a step. */
static void print_gathered(FILE *out, const ml_tensor *x, int64_t e, double sum)
{
    double held = x->op < 0 && x->has_grad ? (double)x->grad[e] : sum;
    if (fabs(held - sum) > 1e-3 * fmax(fabs(held), fabs(sum)))
        fprintf(out, "  (its grad holds %.6g: earlier backwards have left their share)\n", held);
}

/* Whether the loss of the last backward is, or looks at, element e of x. */
static bool is_loss(const ml_tape *t, const ml_tensor *x, int64_t e)
{
    const ml_tensor *loss = mli_tape_node(t, t->loss)->out;
    return mli_root(loss) == x && loss->offset == e;
}

/* ---- the path ---- */

static void print_product(FILE *out, const path *p, double gradient)
{
    double product = 1;
    if (p->n == 0)
        return;
    for (int i = 0; i < p->n; i++)
        product *= p->partial[i];
    fprintf(out, "\nAlong this path the partials make ");
    for (int i = p->n - 1; i >= 0 && p->n <= FACTORS && p->n > 1; i--)
        fprintf(out, "%.6g %s ", tidy(p->partial[i]), i ? "*" : "=");
    fprintf(out, "%.6g", tidy(product));
    double share = product / gradient;
    if (fabs(share - 1) < 1e-5)
        fputs(": the whole gradient", out);
    else if (isfinite(share))
        fprintf(out, ", %.3g %% of the gradient", 100 * share);
    fputs(".\n", out);
}

/* Where no output that x[e] acts on changes with it. */
static void print_dead_end(FILE *out, const ml_tape *t, const ml_tensor *x, int64_t e)
{
    const char *before = "  every partial is 0 in ";
    bool any = false;
    for (int64_t i = 0; i <= t->loss; i++) {
        const ml_node *n = mli_tape_node(t, i);
        if (!mli_reads(n, x, e))
            continue;
        fprintf(out, "%s#%lld %s", before, (long long)i, n->op->name);
        before = ", ";
        any = true;
    }
    fputs(any ? ": the path ends\n" : "  the loss does not depend on it\n", out);
}

static ml_status print_path(FILE *out, path *p, const ml_tensor *x, int64_t e)
{
    double total = 0;
    for (int stop = 0;; stop++) {
        mli_terms all;
        ml_status bad = mli_terms_of(p->t, x, e, &all);
        if (bad)
            return bad;
        bool last = is_loss(p->t, x, e);
        double sum = all.sum + (last ? 1 : 0);
        total = stop ? total : sum;
        print_head(out, p->t, x, e, sum);
        if (last)
            fprintf(out, "  %-57s= 1\n", "this is the loss, and dL/dL");
        print_terms(out, &all, sum);
        if (!stop)
            print_gathered(out, x, e, sum);
        if (last && all.n == 0)
            break;
        if (all.n == 0) {
            print_dead_end(out, p->t, x, e);
            return ML_OK;
        }
        if (stop == STOPS - 1) {
            fprintf(out, "\n%d stops are printed, the loss is #%lld.\n", STOPS, (long long)p->t->loss);
            return ML_OK;
        }
        p->partial[p->n++] = all.most[0].partial;
        x = all.most[0].node->out;
        e = all.most[0].out;
        fputc('\n', out);
    }
    print_product(out, p, total);
    return ML_OK;
}

static ml_status check(const ml_tape *t, const ml_tensor *x, int64_t index)
{
    char text[160];
    if (!t || !x)
        return mli_fail(ML_EINVAL, "explain: the %s is NULL", t ? "tensor" : "tape");
    if (index < 0 || index >= x->size)
        return mli_fail(ML_EINVAL, "explain: element %lld of %s, which has %lld", (long long)index,
                        ml_shape_text(x, text, sizeof text), (long long)x->size);
    if (t->error)
        return mli_fail(t->error, "explain: the tape has an error: %s", t->sentence);
    if (!t->opts.inspect)
        return mli_fail(ML_ESTATE, "explain: the gradients in the middle are gone: open the tape with .inspect = true");
    if (t->loss < 0)
        return mli_fail(ML_ESTATE, "explain: nothing has been differentiated yet: call ml_backward first");
    return ML_OK;
}

char *ml_explain(ml_tape *t, const ml_tensor *x, int64_t index)
{
    char *text = NULL;
    size_t size = 0;
    if (check(t, x, index))
        return NULL;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return mli_null(ML_ENOMEM, "explain: out of memory for the text");
    path p = {.t = t};
    ml_status bad = print_path(out, &p, mli_root(x), x->offset + index);
    if (fclose(out) != 0 && !bad)
        bad = mli_fail(ML_ENOMEM, "explain: out of memory for the text");
    if (!bad)
        return text;
    free(text);
    return NULL;
}
