/* tiny_ops.c -- see tiny_ops.h. */
#include "support/tiny_ops.h"

static void put(mli_dx dx, int64_t i, ml_real v)
{
    dx.v[i] = dx.add ? dx.v[i] + v : v;
}

static void square_with(ml_tape *t, const ml_node *n, ml_real sign)
{
    const ml_real *dy = mli_dout(n);
    mli_dx dx = mli_din(t, n, 0);
    for (int64_t i = 0; dx.v && i < n->out->size; i++)
        put(dx, i, sign * 2 * n->in[0]->data[i] * dy[i]);
}

static void square_backward(ml_tape *t, const ml_node *n)
{
    square_with(t, n, 1);
}

static void square_wrong_backward(ml_tape *t, const ml_node *n)
{
    square_with(t, n, -1);
}

static ml_tensor *square_as(ml_tape *t, ml_tensor *x, const ml_op *op)
{
    if (!mli_ready(t, op->name, 1, x))
        return NULL;
    ml_tensor *y = mli_out(t, x->rank, x->shape);
    if (!y)
        return NULL;
    for (int64_t i = 0; i < x->size; i++)
        y->data[i] = x->data[i] * x->data[i];
    return mli_record(t, op, y, 1, &x) ? y : NULL;
}

ml_tensor *tiny_square(ml_tape *t, ml_tensor *x)
{
    static const ml_op op = {"square", square_backward};
    return square_as(t, x, &op);
}

ml_tensor *tiny_square_wrong(ml_tape *t, ml_tensor *x)
{
    static const ml_op op = {"square_wrong", square_wrong_backward};
    return square_as(t, x, &op);
}

static void add_backward(ml_tape *t, const ml_node *n)
{
    const ml_real *dy = mli_dout(n);
    for (int k = 0; k < 2; k++) {
        mli_dx dx = mli_din(t, n, k);
        for (int64_t i = 0; dx.v && i < n->out->size; i++)
            put(dx, i, dy[i]);
    }
}

ml_tensor *tiny_add(ml_tape *t, ml_tensor *a, ml_tensor *b)
{
    static const ml_op op = {"add", add_backward};
    if (!mli_ready(t, "add", 2, a, b))
        return NULL;
    if (a->size != b->size)
        return mli_stick(t, ML_EINVAL, "add: a has %lld numbers, b %lld", (long long)a->size, (long long)b->size);
    ml_tensor *y = mli_out(t, a->rank, a->shape), *in[] = {a, b};
    if (!y)
        return NULL;
    for (int64_t i = 0; i < a->size; i++)
        y->data[i] = a->data[i] + b->data[i];
    return mli_record(t, &op, y, 2, in) ? y : NULL;
}

static void sum_backward(ml_tape *t, const ml_node *n)
{
    mli_dx dx = mli_din(t, n, 0);
    ml_real dy = 0; /* of every copy of the sum */
    for (int64_t i = 0; i < n->out->size; i++)
        dy += mli_dout(n)[i];
    for (int64_t i = 0; dx.v && i < n->in[0]->size; i++)
        put(dx, i, dy);
}

static ml_tensor *sum_copies(ml_tape *t, const ml_op *op, ml_tensor *x, int rank, int64_t size)
{
    if (!mli_ready(t, op->name, 1, x))
        return NULL;
    ml_tensor *y = mli_out(t, rank, &size);
    if (!y)
        return NULL;
    for (int64_t k = 0; k < y->size; k++) {
        y->data[k] = 0;
        for (int64_t i = 0; i < x->size; i++)
            y->data[k] += x->data[i];
    }
    return mli_record(t, op, y, 1, &x) ? y : NULL;
}

ml_tensor *tiny_sum(ml_tape *t, ml_tensor *x)
{
    static const ml_op op = {"sum", sum_backward};
    return sum_copies(t, &op, x, 0, 1);
}

ml_tensor *tiny_fat(ml_tape *t, ml_tensor *x, int64_t size)
{
    static const ml_op op = {"fat", sum_backward};
    return sum_copies(t, &op, x, 1, size);
}

ml_tensor *tiny_part(ml_tape *t, ml_tensor *x, int64_t begin, int64_t size)
{
    static const ml_op op = {"part", NULL};
    if (!mli_ready(t, "part", 1, x))
        return NULL;
    ml_tensor *y = mli_view(t, x, begin, 1, &size);
    return y && mli_record(t, &op, y, 1, &x) ? y : NULL;
}
