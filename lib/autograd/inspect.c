/* inspect.c -- the tape as a blackboard. */
#include "autograd/inspect.h"

#include <math.h>

const ml_tensor *mli_root(const ml_tensor *x)
{
    return x->base ? x->base : x;
}

const ml_node *mli_maker(const ml_tape *t, const ml_tensor *x)
{
    const ml_node *n = x->op >= 0 && x->op < ml_tape_ops(t) ? mli_tape_node(t, x->op) : NULL;
    return n && n->out == x ? n : NULL;
}

char *mli_name_of(const ml_tape *t, const ml_tensor *x, char *buf, size_t size)
{
    if (mli_maker(t, x))
        snprintf(buf, size, "#%lld", (long long)x->op);
    else if (x->name)
        snprintf(buf, size, "%s", x->name);
    else
        snprintf(buf, size, x->requires_grad ? "leaf" : "constant");
    return buf;
}

char *mli_index_text(const ml_tensor *x, int64_t e, char *buf, size_t size)
{
    int64_t index[ML_MAX_RANK];
    size_t used = 0;
    for (int d = x->rank - 1; d >= 0; d--) {
        index[d] = e % x->shape[d];
        e /= x->shape[d];
    }
    buf[0] = 0;
    for (int d = 0; d < x->rank && used < size; d++)
        used += (size_t)snprintf(buf + used, size - used, "%c%lld%s", d ? ',' : '[', (long long)index[d],
                                 d == x->rank - 1 ? "]" : "");
    return buf;
}

double mli_norm(const ml_real *v, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (double)v[i] * (double)v[i];
    return sqrt(sum);
}

const ml_real *mli_grad_of(const ml_tensor *x)
{
    const ml_tensor *root = mli_root(x);
    return root->grad && root->has_grad ? root->grad + x->offset : NULL;
}

void ml_tape_print(FILE *out, const ml_tape *t)
{
    fprintf(out, "%-5s%-13s%-12s%9s %9s  from\n", "op", "name", "shape", "|out|", "|grad|");
    for (int64_t i = 0; i < ml_tape_ops(t); i++) {
        const ml_node *n = mli_tape_node(t, i);
        const ml_tensor *y = n->out;
        const ml_real *dy = mli_grad_of(y);
        char shape[160], parent[96];
        fprintf(out, "#%-4lld%-12s %-11s %9.4g ", (long long)i, n->op->name, ml_shape_text(y, shape, sizeof shape),
                mli_norm(y->data, y->size));
        if (dy)
            fprintf(out, "%9.4g ", mli_norm(dy, y->size));
        else
            fprintf(out, "%9s ", "-");
        for (int k = 0; k < n->n_in; k++)
            if (n->in[k])
                fprintf(out, " %s (%s)", mli_name_of(t, n->in[k], parent, sizeof parent),
                        ml_shape_text(n->in[k], shape, sizeof shape));
        fputc('\n', out);
    }
    if (ml_tape_error(t))
        fprintf(out, "error: %s\n", ml_tape_error_text(t));
}
