/* broadcast_plan.c -- how two arrays of different shape lie under their output; broadcast.c is the op.
 *
 * Merging makes the common cases fast without naming them. Each axis is one of three kinds: both operands full, a
 * stretched, b stretched. Neighbours of one kind are one axis. Equal shapes become one axis and one run; a scalar operand
 * too; a bias under a batch, (N,P,Q,C) and (C), becomes two axes (NPQ, C) and a run a row.
 */
#include "kernels/broadcast.h"

#include <string.h>

static int64_t extent(int rank, const int64_t *shape, int axis, int out_rank)
{
    int i = axis - (out_rank - rank);
    return i < 0 ? 1 : shape[i];
}

static void merge(mlk_broadcast *p, int64_t n, bool full_a, bool full_b)
{
    int last = p->rank - 1;
    /* While planning, stride holds only full (1) or stretched (0). */
    if (last >= 0 && p->stride[0][last] == full_a && p->stride[1][last] == full_b) {
        p->shape[last] *= n;
        return;
    }
    p->shape[p->rank] = n;
    p->stride[0][p->rank] = full_a;
    p->stride[1][p->rank] = full_b;
    p->rank++;
}

static void set_strides(const mlk_broadcast *p, int64_t *stride, int64_t *size)
{
    *size = 1;
    for (int i = p->rank - 1; i >= 0; i--)
        if (stride[i]) {
            stride[i] = *size;
            *size *= p->shape[i];
        }
}

/* Of equal shapes, as most are: one axis, one run, and nothing to merge. */
static int plan_equal(mlk_broadcast *p, int rank, const int64_t *shape)
{
    p->out_rank = rank;
    for (int i = 0; i < rank; i++)
        p->out_shape[i] = shape[i];
    if (!mli_shape_size(rank, shape, &p->size))
        return MLK_TOO_LARGE;
    p->rank = 1;
    p->shape[0] = p->in_size[0] = p->in_size[1] = p->size;
    p->stride[0][0] = p->stride[1][0] = 1;
    return MLK_FITS;
}

static bool are_equal(int rank_a, const int64_t *shape_a, int rank_b, const int64_t *shape_b)
{
    if (rank_a != rank_b)
        return false;
    for (int i = 0; i < rank_a; i++)
        if (shape_a[i] != shape_b[i])
            return false;
    return true;
}

int mlk_broadcast_plan(mlk_broadcast *p, int rank_a, const int64_t *shape_a, int rank_b, const int64_t *shape_b)
{
    if (are_equal(rank_a, shape_a, rank_b, shape_b))
        return plan_equal(p, rank_a, shape_a);
    memset(p, 0, sizeof *p);
    p->out_rank = rank_a > rank_b ? rank_a : rank_b;
    for (int i = 0; i < p->out_rank; i++) {
        int64_t a = extent(rank_a, shape_a, i, p->out_rank), b = extent(rank_b, shape_b, i, p->out_rank);
        if (a != b && a != 1 && b != 1)
            return i;
        p->out_shape[i] = a == 1 ? b : a; /* not the larger: 1 stretches to 0 as well */
    }
    if (!mli_shape_size(p->out_rank, p->out_shape, &p->size))
        return MLK_TOO_LARGE;
    if (p->size == 0) { /* nothing to walk: merging would only multiply extents whose product may not fit */
        p->rank = 1;
        mli_shape_size(rank_a, shape_a, &p->in_size[0]);
        mli_shape_size(rank_b, shape_b, &p->in_size[1]);
        return MLK_FITS;
    }
    for (int i = 0; i < p->out_rank; i++)
        if (p->out_shape[i] != 1) {
            int64_t a = extent(rank_a, shape_a, i, p->out_rank), b = extent(rank_b, shape_b, i, p->out_rank);
            merge(p, p->out_shape[i], a != 1, b != 1);
        }
    if (p->rank == 0) /* one number and one number */
        merge(p, 1, true, true);
    set_strides(p, p->stride[0], &p->in_size[0]);
    set_strides(p, p->stride[1], &p->in_size[1]);
    return MLK_FITS;
}
