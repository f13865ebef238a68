/* finite.c -- where the first NaN or infinity was born, and of what.
 *
 * Each op's output is looked through when it is computed, each gradient when backward has written it. What is found first,
 * in the order of the tape, is the birth: all that comes later descends from it. The sentence names what caused it: where
 * an input was not finite already, that; else the numbers that the element was made of.
 *
 * Which these are, the tape does not know: an op is a name and a backward. But backward does know. Asked with a gradient of 1
 * at the bad element and 0 elsewhere, it answers at the elements of its inputs that this one was made of. What answers so
 * even when asked with 0 everywhere (0 / 0, say) does not count. An op that was not recorded, and an input that wants no
 * gradient, cannot be asked: then the element at the same place is named, or the largest of all.
 */
#include "autograd/inside.h"
#include "autograd/inspect.h"
#include "kernels/finite.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

enum { NAMED = 4 }; /* inputs that a sentence speaks of */

typedef struct sentence {
    char text[400];
    size_t used;
} sentence;

static void say(sentence *s, const char *format, ...) ML_PRINTF(2, 3);
static void say(sentence *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(s->text + s->used, sizeof s->text - s->used, format, args);
    va_end(args);
    s->used = n > 0 && (size_t)n < sizeof s->text - s->used ? s->used + (size_t)n : sizeof s->text - 1;
}

/* Of NaN some print a sign, which means nothing. */
static double unsigned_nan(double v)
{
    return isnan(v) ? fabs(v) : v;
}

/* "element 2 (row 1, column 0)" */
static char *element_text(const ml_tensor *x, int64_t e, char *buf, size_t size)
{
    char index[160];
    if (x->rank == 0)
        snprintf(buf, size, "the scalar");
    else if (x->rank == 1)
        snprintf(buf, size, "element %lld", (long long)e);
    else if (x->rank == 2)
        snprintf(buf, size, "element %lld (row %lld, column %lld)", (long long)e, (long long)(e / x->shape[1]),
                 (long long)(e % x->shape[1]));
    else
        snprintf(buf, size, "element %lld %s", (long long)e, mli_index_text(x, e, index, sizeof index));
    return buf;
}

/* "input 0 (#6)" */
static char *input_text(const ml_tape *t, const ml_node *n, int k, char *buf, size_t size)
{
    char name[96];
    const ml_tensor *x = n->in[k];
    mli_name_of(t, x, name, sizeof name);
    bool quoted = x->name && !mli_maker(t, x);
    snprintf(buf, size, quoted ? "input %d (\"%s\")" : "input %d (%s)", k, name);
    return buf;
}

static char *where_text(const ml_tape *t, const ml_node *n, char *buf, size_t size)
{
    if (mli_maker(t, n->out) == n)
        snprintf(buf, size, "at op #%lld of step %llu", (long long)n->out->op, (unsigned long long)t->step);
    else
        snprintf(buf, size, "in step %llu, unrecorded", (unsigned long long)t->step);
    return buf;
}

/* ---- what an element was made of ---- */

typedef struct parts {
    int64_t count, largest; /* how many, and which has the largest magnitude; count 0: not known */
} parts;

static void note_part(parts *p, const ml_tensor *x, int64_t i)
{
    if (p->count++ == 0 || fabs((double)x->data[i]) > fabs((double)x->data[p->largest]))
        p->largest = i;
}

static bool is_same(ml_real a, ml_real b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* Asks backward: twice, with 0 everywhere and with 1 at element e. */
static parts ask_parts(ml_tape *t, const ml_node *n, int k, int64_t e)
{
    parts p = {0, 0};
    const ml_tensor *x = n->in[k], *root = mli_root(x);
    if (mli_maker(t, n->out) != n || !n->op->backward || !n->out->requires_grad || !x->requires_grad || !root->requires_grad)
        return p;
    ml_real *dy = mli_calloc((size_t)n->out->size, sizeof *dy);
    ml_real *without = mli_alloc((size_t)root->size * sizeof *without), *with = mli_alloc((size_t)root->size * sizeof *with);
    if (dy && without && with && !mli_ask(t, n, root, dy, without)) {
        dy[e] = 1;
        if (!mli_ask(t, n, root, dy, with))
            for (int64_t i = 0; i < x->size; i++)
                if (!is_same(with[x->offset + i], without[x->offset + i]))
                    note_part(&p, x, i);
    }
    mli_free(dy);
    mli_free(without);
    mli_free(with);
    return p;
}

/* The element of x that broadcasting would put beside element e of y, or -1. */
static int64_t beside(const ml_tensor *x, const ml_tensor *y, int64_t e)
{
    int64_t at = 0, stride = 1;
    if (x->rank > y->rank)
        return -1;
    for (int d = x->rank - 1, o = y->rank - 1; d >= 0; d--, o--) {
        if (x->shape[d] != y->shape[o] && x->shape[d] != 1)
            return -1;
        at += x->shape[d] == 1 ? 0 : e % y->shape[o] * stride;
        stride *= x->shape[d];
        e /= y->shape[o];
    }
    return at;
}

static bool same_shape(const ml_tensor *a, const ml_tensor *b)
{
    return a->rank == b->rank && memcmp(a->shape, b->shape, (size_t)a->rank * sizeof *a->shape) == 0;
}

static int64_t largest_of(const ml_real *v, int64_t n)
{
    int64_t most = 0;
    for (int64_t i = 1; i < n; i++)
        if (fabs((double)v[i]) > fabs((double)v[most]))
            most = i;
    return most;
}

static void say_value(sentence *s, const char *what, const ml_tensor *x, int64_t i, bool there)
{
    char place[200];
    say(s, "%s%s was %g", s->used ? "; " : "", what, (double)x->data[i]);
    if (there)
        say(s, " there");
    else if (x->rank)
        say(s, " at %s", element_text(x, i, place, sizeof place));
}

static void say_largest(sentence *s, const char *what, const ml_tensor *x, const ml_real *v, int64_t i)
{
    char place[200];
    say(s, "%sthe largest of %s is %g, %s", s->used ? "; " : "", what, (double)v[i], element_text(x, i, place, sizeof place));
}

/* What input k had to do with output element e: its parts, or where these are not known, what lies beside it, where the op
 * may work element by element. */
static void say_input(sentence *s, const ml_tape *t, const ml_node *n, int k, int64_t e, parts p, bool by_element)
{
    char input[160], what[240];
    const ml_tensor *x = n->in[k], *y = n->out;
    int64_t same = beside(x, y, e);
    input_text(t, n, k, input, sizeof input);
    if (p.count == 0 && by_element && same >= 0)
        p = (parts){1, same};
    if (p.count == 1) {
        snprintf(what, sizeof what, "its %s", input);
        say_value(s, what, x, p.largest, p.largest == e && same_shape(x, y));
        return;
    }
    if (p.count == 0)
        snprintf(what, sizeof what, "its %s", input);
    else
        snprintf(what, sizeof what, "the %lld numbers that it read of its %s", (long long)p.count, input);
    say_largest(s, what, x, x->data, p.count ? p.largest : largest_of(x->data, x->size));
}

static void say_inputs(sentence *s, ml_tape *t, const ml_node *n, int64_t e)
{
    parts p[NAMED];
    int of[NAMED], named = 0;
    bool by_element = true;
    for (int k = 0; k < n->n_in && named < NAMED; k++) {
        if (!n->in[k] || !n->in[k]->size)
            continue;
        p[named] = ask_parts(t, n, k, e);
        by_element = by_element && p[named].count <= 1;
        of[named++] = k;
    }
    for (int i = 0; i < named; i++)
        say_input(s, t, n, of[i], e, p[i], by_element);
}

/* ---- forward ---- */

static bool blame(ml_tape *t, const ml_node *n, int64_t e, const char *cause)
{
    char place[200], shape[170] = "", where[96];
    if (n->out->rank) {
        snprintf(shape, sizeof shape, " of the ");
        ml_shape_text(n->out, shape + strlen(shape), sizeof shape - strlen(shape));
    }
    return mli_stick(t, ML_ENOTFINITE, "%s: %s%s became %g %s: %s", n->op->name, element_text(n->out, e, place, sizeof place),
                     shape, unsigned_nan((double)n->out->data[e]), where_text(t, n, where, sizeof where), cause);
}

static bool blame_input(ml_tape *t, const ml_node *n, int64_t e, int k, int64_t i)
{
    sentence s = {.used = 0};
    char input[160], place[200];
    const ml_tensor *x = n->in[k];
    say(&s, "its %s was not finite before: %g", input_text(t, n, k, input, sizeof input),
        unsigned_nan((double)x->data[i]));
    if (x->rank)
        say(&s, " at %s", element_text(x, i, place, sizeof place));
    return blame(t, n, e, s.text);
}

/* The first input that is not finite, and where; -1 where all are finite. */
static int bad_input(const ml_node *n, int64_t *at)
{
    for (int k = 0; k < n->n_in; k++)
        if (n->in[k] && (*at = mlk_first_not_finite(n->in[k]->data, n->in[k]->size)) >= 0)
            return k;
    return -1;
}

bool mli_check_output(ml_tape *t, const ml_node *n)
{
    int64_t e = mlk_first_not_finite(n->out->data, n->out->size), i;
    if (e < 0)
        return true;
    n = mli_maker(t, n->out) ? mli_maker(t, n->out) : n; /* as recorded, with what it saved */
    /* Back to the birth: it is earlier where the check was turned on later. */
    for (int k; (k = bad_input(n, &i)) >= 0;) {
        const ml_node *maker = mli_maker(t, mli_root(n->in[k]));
        if (!maker)
            return blame_input(t, n, e, k, i);
        n = maker;
        e = mlk_first_not_finite(n->out->data, n->out->size);
    }
    sentence s = {.used = 0};
    say_inputs(&s, t, n, e);
    return blame(t, n, e, s.used ? s.text : "it has no inputs");
}

/* ---- backward ---- */

/* A tensor's number beside element e of x, or its largest: what there is to say of v, x's values or gradients. */
static void say_beside(sentence *s, const char *what, const ml_tensor *of, const ml_real *v, const ml_tensor *x, int64_t e)
{
    if (same_shape(of, x))
        say(s, "%s%s was %g there", s->used ? "; " : "", what, (double)v[e]);
    else if (of->size == 1)
        say(s, "%s%s was %g", s->used ? "; " : "", what, (double)v[0]);
    else if (of->size)
        say_largest(s, what, of, v, largest_of(v, of->size));
}

/* What this op alone passes to element e of input k; NaN where that cannot be told. */
static double passed(ml_tape *t, const ml_node *n, int k, int64_t e)
{
    const ml_tensor *x = n->in[k], *root = mli_root(x);
    ml_real *dx = mli_alloc((size_t)root->size * sizeof *dx);
    double share = NAN;
    if (dx && !mli_ask(t, n, root, mli_dout(n), dx))
        share = (double)dx[x->offset + e];
    mli_free(dx);
    return share;
}

static bool blame_backward(ml_tape *t, const ml_node *n, int k, int64_t e, double value)
{
    char input[160], place[200], shape[160], where[96], what[200];
    sentence s = {.used = 0};
    const ml_tensor *x = n->in[k];
    double share = passed(t, n, k, e);
    if (isfinite(share)) {
        say(&s, "it added %g to what earlier ops or an earlier backward had left there", share);
    } else {
        say_beside(&s, "the gradient that arrived", n->out, mli_dout(n), x, e);
        for (int i = 0, named = 0; i < n->n_in && named < NAMED; i++) {
            if (!n->in[i])
                continue;
            snprintf(what, sizeof what, "its %s", input_text(t, n, i, input, sizeof input));
            say_beside(&s, what, n->in[i], n->in[i]->data, x, e);
            named++;
        }
        say_beside(&s, "its output", n->out, n->out->data, x, e);
    }
    return mli_stick(t, ML_ENOTFINITE, "%s: in backward %s of the gradient of its %s, %s, became %g %s: %s", n->op->name,
                     element_text(x, e, place, sizeof place), input_text(t, n, k, input, sizeof input),
                     ml_shape_text(x, shape, sizeof shape), unsigned_nan(value), where_text(t, n, where, sizeof where), s.text);
}

bool mli_check_inputs(ml_tape *t, const ml_node *n)
{
    for (int k = 0; k < n->n_in; k++) {
        const ml_tensor *x = n->in[k];
        const ml_real *dx = x && x->requires_grad && mli_root(x)->requires_grad ? mli_grad_of(x) : NULL;
        int64_t e = dx ? mlk_first_not_finite(dx, x->size) : -1;
        if (e >= 0)
            return blame_backward(t, n, k, e, (double)dx[e]);
    }
    return true;
}
