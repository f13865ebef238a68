/* dot.c -- the tape as a drawing, in the language of Graphviz.
 *
 * From top to bottom: what came from outside (parameters are yellow), the ops that read it, the loss. Each says its shape,
 * the norm of its values and of its gradient. A frame holds the parameters whose names agree up to the last dot, and the op
 * that reads them: a layer. Frames of "features.0" and "features.3" lie in one of "features", and so do the ops between.
 * Source of the language: graphviz.org/doc/info/lang.html
 */
#include "autograd/inside.h"
#include "autograd/inspect.h"
#include "base/xml.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- text ---- */

/* The first `length` bytes of a name as an identifier. */
static void put_id(FILE *out, const char *name, size_t length)
{
    for (const unsigned char *p = (const unsigned char *)name, *end = p + length; p < end; p++) {
        bool plain = (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z');
        fprintf(out, plain ? "%c" : "_%02x", *p);
    }
}

static void put_norm(FILE *out, const char *what, const ml_real *v, int64_t n)
{
    double norm = mli_norm(v, n);
    if (isfinite(norm))
        fprintf(out, "%s %.3g", what, norm);
    else
        fprintf(out, "<font color=\"#c00000\"><b>%s not finite</b></font>", what);
}

/* ---- frames ---- */

/* Opens a frame for each dot in the first `length` bytes of the name. Graphviz knows frames again by their names, so that they
 * need not be written in one piece. Returns how many. */
static int open_frames(FILE *out, const char *name, size_t length)
{
    int n = 0;
    const char *begin = name, *dot = name ? strchr(name, '.') : NULL;
    for (; dot && (size_t)(dot - name) < length; begin = dot + 1, dot = strchr(begin, '.')) {
        fputs("subgraph cluster_", out);
        put_id(out, name, (size_t)(dot - name));
        fputs(" { labelloc=t; labeljust=l; label=<", out);
        mli_xml_print(out, begin, (size_t)(dot - begin));
        fputs("> ", out);
        n++;
    }
    return n;
}

static void close_frames(FILE *out, int n)
{
    while (n-- > 0)
        fputs(" }", out);
    fputc('\n', out);
}

/* ---- what came from outside ---- */

typedef struct leaves {
    const ml_tensor **v;
    int64_t n, room;
} leaves;

/* The number of x among them, which it gets if it has none yet; -1 where memory lacks. */
static int64_t leaf_number(leaves *l, const ml_tensor *x)
{
    for (int64_t i = l->n - 1; i >= 0; i--)
        if (l->v[i] == x)
            return i;
    if (l->n == l->room) {
        int64_t room = l->room ? 2 * l->room : 64;
        const ml_tensor **more = mli_alloc((size_t)room * sizeof *more);
        if (!more)
            return -1;
        if (l->n)
            memcpy(more, l->v, (size_t)l->n * sizeof *more);
        mli_free(l->v);
        l->v = more;
        l->room = room;
    }
    l->v[l->n] = x;
    return l->n++;
}

/* Beside n, the first op that reads it, where it has a name. */
static void put_leaf(FILE *out, const ml_tape *t, const ml_tensor *x, int64_t number, const ml_node *n)
{
    char name[256], shape[160];
    mli_name_of(t, x, name, sizeof name);
    const char *last = x->name ? strrchr(x->name, '.') : NULL;
    const char *shown = last && last[1] ? last + 1 : name; /* the rest is on the frames */
    const ml_real *dx = mli_grad_of(x);
    int frames = open_frames(out, x->name, SIZE_MAX);
    fprintf(out, "leaf%lld [shape=box, style=filled, color=\"%s\", fillcolor=\"%s\", label=<<b>", (long long)number,
            x->requires_grad ? "#c9a227" : "#9a9a9a", x->requires_grad ? "#fff4d1" : "#f2f2f2");
    mli_xml_print(out, shown, strlen(shown));
    fprintf(out, "</b>  %s<br/>", ml_shape_text(x, shape, sizeof shape));
    put_norm(out, "|x|", x->data, x->size);
    if (dx && x->requires_grad) {
        fputs("  ", out);
        put_norm(out, "|grad|", dx, x->size);
    }
    fputs(">];", out);
    if (x->name) /* the line of ops stays straight */
        fprintf(out, " { rank=same; leaf%lld; op%lld }", (long long)number, (long long)n->out->op);
    close_frames(out, frames);
}

/* ---- ops ---- */

/* Where on the tape we are: the name of the last parameter that an op has read, and of the next that one will. */
typedef struct place {
    const char *last, *next;
    int64_t next_at; /* the op that reads it */
} place;

/* The name of the first parameter that n reads. */
static const char *name_in(const ml_tape *t, const ml_node *n)
{
    for (int k = 0; k < n->n_in; k++)
        if (n->in[k] && n->in[k]->name && !mli_maker(t, n->in[k]))
            return n->in[k]->name;
    return NULL;
}

/* Comes to op i. Returns the name in whose frames it lies, and of how many bytes of it: with its parameters, or in what the
 * parameters before and after it have in common. */
static const char *frame_of(const ml_tape *t, int64_t i, place *p, size_t *length)
{
    const char *own = name_in(t, mli_tape_node(t, i));
    if (own)
        p->last = own;
    if (p->next_at <= i)
        for (p->next_at = i + 1, p->next = NULL; p->next_at < t->ops; p->next_at++)
            if ((p->next = name_in(t, mli_tape_node(t, p->next_at))))
                break;
    *length = SIZE_MAX;
    if (own)
        return own;
    *length = 0;
    for (size_t b = 0; p->last && p->next && p->last[b] && p->last[b] == p->next[b]; b++)
        if (p->last[b] == '.')
            *length = b + 1;
    return p->last;
}

static void put_op(FILE *out, const ml_tape *t, const ml_node *n, place *p)
{
    char shape[160];
    const ml_tensor *y = n->out;
    const ml_real *dy = mli_grad_of(y);
    bool loss = t->loss == y->op, view = y->base != NULL;
    size_t length;
    const char *name = frame_of(t, y->op, p, &length);
    int frames = open_frames(out, name, length);
    fprintf(out, "op%lld [shape=box, style=\"filled,rounded%s\", color=\"%s\", fillcolor=\"%s\", label=<<b>", (long long)y->op,
            view ? ",dashed" : "", loss ? "#b3412e" : "#5b7fb5", loss ? "#fbe0da" : view ? "#ffffff" : "#e6eefb");
    mli_xml_print(out, n->op->name, strlen(n->op->name));
    fprintf(out, "</b>  #%lld<br/>%s<br/>", (long long)y->op, ml_shape_text(y, shape, sizeof shape));
    if (y->size == 1)
        fprintf(out, "%.6g", (double)y->data[0]);
    else
        put_norm(out, "|out|", y->data, y->size);
    if (dy) {
        fputs("  ", out);
        put_norm(out, "|grad|", dy, y->size);
    }
    fputs(">];", out);
    close_frames(out, frames);
}

/* The arrows into op n; those along which no gradient comes back are grey. False where memory lacks. */
static bool put_arrows(FILE *out, const ml_tape *t, const ml_node *n, leaves *l)
{
    for (int k = 0; k < n->n_in; k++) {
        const ml_tensor *x = n->in[k];
        const ml_node *maker = x ? mli_maker(t, x) : NULL;
        if (!x)
            continue;
        int64_t known = l->n, number = maker ? x->op : leaf_number(l, x);
        if (number < 0)
            return false;
        if (l->n > known)
            put_leaf(out, t, x, number, n);
        fprintf(out, "%s%lld -> op%lld [weight=%d%s];\n", maker ? "op" : "leaf", (long long)number, (long long)n->out->op,
                maker ? 20 : 1, x->requires_grad ? "" : ", color=\"#b0b0b0\", style=dashed"); /* a straight line of ops */
    }
    return true;
}

static bool put_tape(FILE *out, const ml_tape *t)
{
    leaves l = {0};
    place p = {.next_at = -1};
    bool good = true;
    fprintf(out, "digraph tape {\n"
                 "graph [rankdir=TB, newrank=true, nodesep=0.25, ranksep=0.3, fontname=\"Helvetica\", fontsize=11, labelloc=b, color=\"#b0b0b0\", "
                 "style=\"rounded,filled\", fillcolor=\"#fbfbfb\", label=\"step %llu, %lld ops; |x| is the Euclidean norm\"];\n"
                 "node [fontname=\"Helvetica\", fontsize=11, height=0.3, margin=\"0.12,0.05\"];\n"
                 "edge [color=\"#5b5b5b\", arrowsize=0.6];\n",
            (unsigned long long)t->step, (long long)t->ops);
    for (int64_t i = 0; i < t->ops && good; i++) {
        put_op(out, t, mli_tape_node(t, i), &p);
        good = put_arrows(out, t, mli_tape_node(t, i), &l);
    }
    fputs("}\n", out);
    mli_free(l.v);
    return good;
}

ml_status ml_tape_dot(const ml_tape *t, const char *path)
{
    char *text = NULL;
    size_t size = 0;
    mli_writer w;
    if (!t || !path)
        return mli_fail(ML_EINVAL, "dot: the %s is NULL", t ? "path" : "tape");
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return mli_fail(ML_ENOMEM, "dot: out of memory for the drawing");
    bool good = put_tape(out, t);
    good = fclose(out) == 0 && good;
    ml_status s = good ? mli_writer_open(&w, path) : mli_fail(ML_ENOMEM, "dot: out of memory for the drawing");
    if (!s) {
        mli_writer_put(&w, text, size);
        s = mli_writer_commit(&w); /* says what put could not */
    }
    free(text);
    return s;
}
