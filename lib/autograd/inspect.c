/* inspect.c -- the tape as a blackboard. */
#include "autograd/tape.h"

#include <math.h>

static double norm(const ml_real *v, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (double)v[i] * (double)v[i];
    return sqrt(sum);
}

static void name_of(const ml_tape *t, const ml_tensor *x, char *buf, size_t size)
{
    if (x->op >= 0 && x->op < ml_tape_ops(t) && mli_tape_node(t, x->op)->out == x)
        snprintf(buf, size, "#%lld", (long long)x->op);
    else if (x->name)
        snprintf(buf, size, "%s", x->name);
    else
        snprintf(buf, size, x->requires_grad ? "leaf" : "constant");
}

void ml_tape_print(FILE *out, const ml_tape *t)
{
    fprintf(out, "%-5s%-13s%-12s%9s %9s  from\n", "op", "name", "shape", "|out|", "|grad|");
    for (int64_t i = 0; i < ml_tape_ops(t); i++) {
        const ml_node *n = mli_tape_node(t, i);
        const ml_tensor *y = n->out;
        char shape[160], parent[96];
        fprintf(out, "#%-4lld%-12s %-11s %9.4g ", (long long)i, n->op->name, ml_shape_text(y, shape, sizeof shape),
                norm(y->data, y->size));
        const ml_tensor *root = y->base ? y->base : y;
        if (root->grad && root->has_grad)
            fprintf(out, "%9.4g ", norm(root->grad + y->offset, y->size));
        else
            fprintf(out, "%9s ", "-");
        for (int k = 0; k < n->n_in; k++) {
            if (!n->in[k])
                continue;
            name_of(t, n->in[k], parent, sizeof parent);
            fprintf(out, " %s (%s)", parent, ml_shape_text(n->in[k], shape, sizeof shape));
        }
        fputc('\n', out);
    }
    if (ml_tape_error(t))
        fprintf(out, "error: %s\n", ml_tape_error_text(t));
}
