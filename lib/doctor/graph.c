/* graph.c -- reading the tape: what made what, and what it should be called. So nets of layers and nets of one's own are
 * examined alike. */
#include "doctor/doctor.h"

#include "autograd/inspect.h"
#include "kernels/finite.h"

#include <math.h>
#include <string.h>

const ml_node *mli_graph_maker(const ml_tape *t, const ml_tensor *x)
{
    const ml_node *n = x ? mli_maker(t, x) : NULL;
    while (n && n->out->base) /* a view */
        n = mli_maker(t, n->in[0]);
    return n;
}

bool mli_graph_is(const ml_node *n, const char *name)
{
    return n && strcmp(n->op->name, name) == 0;
}

const char *mli_graph_layer(const char *param, char *buf, size_t size)
{
    const char *dot = strrchr(param, '.');
    snprintf(buf, size, "%.*s", dot ? (int)(dot - param) : (int)strlen(param), param);
    return buf;
}

/* The parameter that came last on the way to x: inputs of its maker first, then of the maker of its first input, ... */
static const char *last_param(const ml_tape *t, const ml_tensor *x)
{
    for (const ml_node *n; x && (n = mli_graph_maker(t, x)); x = n->n_in ? n->in[0] : NULL)
        for (int k = 0; k < n->n_in; k++)
            if (n->in[k] && n->in[k]->name)
                return n->in[k]->name;
    return NULL;
}

const char *mli_graph_name(const ml_tape *t, const ml_node *n, char *buf, size_t size)
{
    char layer[96];
    const char *param = last_param(t, n->out);
    if (!param)
        snprintf(buf, size, "%s", n->op->name);
    else
        snprintf(buf, size, "%s after %s", n->op->name, mli_graph_layer(param, layer, sizeof layer));
    return buf;
}

const ml_node *mli_graph_loss(const ml_tape *t)
{
    static const char *const names[] = {"softmax_xent", "cross_entropy", "bce_logits", "binary_cross_entropy"};
    for (int64_t i = ml_tape_ops(t) - 1; i >= 0; i--)
        for (size_t k = 0; k < sizeof names / sizeof *names; k++)
            if (mli_graph_is(mli_tape_node(t, i), names[k]))
                return mli_tape_node(t, i);
    return NULL;
}

const ml_node *mli_graph_not_finite(const ml_tape *t)
{
    for (int64_t i = 0; i < ml_tape_ops(t); i++)
        if (mlk_first_not_finite(mli_tape_node(t, i)->out->data, mli_tape_node(t, i)->out->size) >= 0)
            return mli_tape_node(t, i);
    return NULL;
}

double mli_rms(const ml_real *v, int64_t n)
{
    return n ? mli_norm(v, n) / sqrt((double)n) : 0;
}
