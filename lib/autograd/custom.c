/* custom.c -- the door for ops of other programs: what tape.h offers the library's own, checked where they need not be. */
#include "autograd/tape.h"

#include <stdarg.h>

bool ml_op_ready(ml_tape *t, const char *op, int n, ml_tensor *const *in)
{
    const char *name = op ? op : "op";
    if (!mli_ready(t, name, 0))
        return false;
    if (n > 0 && !in)
        return mli_stick(t, ML_EINVAL, "%s: the list of its inputs is NULL", name);
    for (int i = 0; i < n; i++)
        if (!in[i])
            return mli_stick(t, ML_EINVAL, "%s: input %d is NULL", name, i);
    return true;
}

ml_tensor *ml_op_fail(ml_tape *t, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return mli_stick(t, ML_EINVAL, "%s", text);
}

ml_tensor *ml_op_new(ml_tape *t, int rank, const int64_t *shape)
{
    if (!mli_ready(t, "op", 0))
        return NULL;
    if (rank > 0 && !shape)
        return mli_stick(t, ML_EINVAL, "op: a result of rank %d with a shape that is NULL", rank);
    return mli_out(t, rank, shape);
}

void *ml_op_save(ml_tape *t, size_t bytes)
{
    return mli_ready(t, "op", 0) ? mli_saved(t, bytes) : NULL;
}

void *ml_op_scratch(ml_tape *t, size_t bytes)
{
    return mli_ready(t, "op", 0) ? mli_workspace(t, bytes) : NULL;
}

ml_tensor *ml_op_record(ml_tape *t, const ml_op *op, ml_tensor *y, int n, ml_tensor *const *in, void *saved)
{
    if (!mli_ready(t, op && op->name ? op->name : "op", 0) || !y)
        return NULL;
    if (!op || !op->name || !op->backward)
        return mli_stick(t, ML_EINVAL, "op: an op to record has a name and a backward function");
    if (!y->on_tape || y->base || y->op >= 0)
        return mli_stick(t, ML_EINVAL, "%s: what it records is not a new tensor from ml_op_new", op->name);
    if (n < 0 || (n > 0 && !in))
        return mli_stick(t, ML_EINVAL, "%s: %d inputs, or a list of them that is NULL", op->name, n);
    return mli_record_saved(t, op, y, n, in, saved) ? y : NULL;
}

ml_mode ml_op_mode(const ml_tape *t)
{
    return t ? mli_mode(t) : ML_TRAIN;
}

ml_rng ml_op_rng(const ml_tape *t)
{
    return t ? mli_op_rng(t) : ml_rng_seed(0);
}

const ml_tensor *ml_op_input(const ml_node *n, int i)
{
    return i >= 0 && i < n->n_in ? n->in[i] : NULL;
}

const ml_tensor *ml_op_output(const ml_node *n)
{
    return n->out;
}

const void *ml_op_saved(const ml_node *n)
{
    return n->saved;
}

const ml_real *ml_op_dout(const ml_node *n)
{
    return mli_dout(n);
}

ml_dx ml_op_din(ml_tape *t, const ml_node *n, int i)
{
    return i >= 0 && i < n->n_in ? mli_din(t, n, i) : (ml_dx){NULL, false};
}
