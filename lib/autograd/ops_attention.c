/* ops_attention.c -- scaled dot-product attention on the tape. */
#include "autograd/inspect.h"
#include "autograd/tape.h"
#include "kernels/attention.h"

#include <mlcore/ops.h>

#include <math.h>
#include <string.h>

typedef struct attention {
    mlk_attention a;
    double level[];
} attention;

/* Do gradients of a and b lie in the same memory? So it is when they are one tensor, or parts of one. */
static bool overlap(const ml_tensor *a, const ml_tensor *b)
{
    return mli_root(a) == mli_root(b) && a->offset < b->offset + b->size && b->offset < a->offset + a->size;
}

/* The numbers of tensors may have moved since forward, so they are looked up again. */
static void look_up(mlk_attention *a, ml_tensor *const *in)
{
    a->q = in[0]->data;
    a->k = in[1]->data;
    a->v = in[2]->data;
    a->mask = in[3] ? in[3]->data : NULL;
}

static void attention_backward(ml_tape *t, const ml_node *n)
{
    mlk_attention a = ((const attention *)n->saved)->a;
    const ml_real *dy = mli_dout(n), *y = n->out->data;
    const ml_tensor *q = n->in[0], *k = n->in[1], *v = n->in[2];
    mli_dx dq = mli_din(t, n, 0), dk = mli_din(t, n, 1), dv = mli_din(t, n, 2);
    mlk_attention_grads g = {dq.v,   dk.v,   dv.v, dq.add,
                             dk.add, dv.add, overlap(q, k) || overlap(q, v) || overlap(k, v)};
    look_up(&a, n->in);
    if (mli_kernel(t) == ML_KERNEL_REF) {
        mlk_attention_backward_ref(&g, dy, y, &a);
        return;
    }
    void *work = mli_workspace(t, mlk_attention_work(mli_kernel(t), &a));
    if (work)
        mlk_attention_backward(mli_kernel(t), &g, dy, y, &a, work);
}

static const ml_op ATTENTION = {"attention", attention_backward};

/* ---- checks ---- */

static bool same_leading(const ml_tensor *a, const ml_tensor *b)
{
    return a->rank == b->rank &&
           memcmp(a->shape, b->shape, (size_t)(a->rank - 2) * sizeof a->shape[0]) == 0;
}

static bool check_shapes(ml_tape *t, const ml_tensor *q, const ml_tensor *k, const ml_tensor *v)
{
    char sq[160], sk[160], sv[160];
    int last = q->rank - 1;
    ml_shape_text(q, sq, sizeof sq);
    ml_shape_text(k, sk, sizeof sk);
    ml_shape_text(v, sv, sizeof sv);
    if (q->rank < 2 || !same_leading(q, k) || !same_leading(q, v) ||
        q->shape[last] != k->shape[last] || k->shape[last - 1] != v->shape[last - 1])
        return mli_stick(t, ML_EINVAL,
                         "attention: q is %s, k is %s and v is %s: wanted (..., T, D), (..., S, D) "
                         "and (..., S, M)",
                         sq, sk, sv);
    if (q->shape[last] == 0)
        return mli_stick(t, ML_EINVAL, "attention: q is %s: without features nothing fits", sq);
    return true;
}

/* (T,S), or the axes before those of q as well. */
static bool check_mask(ml_tape *t, const ml_tensor *mask, const ml_tensor *q, const ml_tensor *k)
{
    char text[160], sq[160], sk[160];
    if (mask->rank >= 2 && mask->shape[mask->rank - 2] == q->shape[q->rank - 2] &&
        mask->shape[mask->rank - 1] == k->shape[k->rank - 2] &&
        (mask->rank == 2 || same_leading(mask, q)))
        return true;
    return mli_stick(t, ML_EINVAL,
                     "attention: mask is %s but q is %s and k is %s: wanted (%lld, %lld), or the "
                     "same with the axes before",
                     ml_shape_text(mask, text, sizeof text), ml_shape_text(q, sq, sizeof sq),
                     ml_shape_text(k, sk, sizeof sk), (long long)q->shape[q->rank - 2],
                     (long long)k->shape[k->rank - 2]);
}

static bool check_scale(ml_tape *t, double scale)
{
    if (fabs(scale) < INFINITY) /* so asked, NaN fails too */
        return true;
    return mli_stick(t, ML_EINVAL, "attention: scale is %g: it must be a number", scale);
}

/* ---- forward ---- */

static mlk_attention describe(const ml_tensor *q, const ml_tensor *k, const ml_tensor *v,
                              const ml_attention_opts *o)
{
    int last = q->rank - 1;
    mlk_attention a = {.batch = 1,
                       .t = q->shape[last - 1],
                       .s = k->shape[last - 1],
                       .d = q->shape[last],
                       .m = v->shape[last],
                       .scale = o->scale,
                       .causal = o->causal};
    for (int i = 0; i < last - 1; i++)
        a.batch *= q->shape[i];
    a.mask_next = o->mask && o->mask->rank > 2 ? a.t * a.s : 0;
    return a;
}

static bool run(ml_tape *t, ml_tensor *y, const mlk_attention *a)
{
    if (mli_kernel(t) == ML_KERNEL_REF) {
        mlk_attention_ref(y->data, a);
        return true;
    }
    void *work = mli_workspace(t, mlk_attention_work(mli_kernel(t), a));
    if (work)
        mlk_attention_forward(mli_kernel(t), y->data, a, work);
    return work != NULL;
}

ml_tensor *ml_attention(ml_tape *t, ml_tensor *q, ml_tensor *k, ml_tensor *v, ml_attention_opts o)
{
    if (!mli_ready(t, "attention", 3, q, k, v) || !check_shapes(t, q, k, v) ||
        (o.mask && !check_mask(t, o.mask, q, k)))
        return NULL;
    o.scale = mli_option(o.scale, 1 / sqrt((double)q->shape[q->rank - 1]));
    if (!check_scale(t, o.scale))
        return NULL;
    mlk_attention a = describe(q, k, v, &o);
    int64_t shape[ML_MAX_RANK];
    memcpy(shape, q->shape, sizeof shape);
    shape[q->rank - 1] = a.m;
    ml_tensor *y = mli_out(t, q->rank, shape), *in[] = {q, k, v, o.mask};
    attention *saved =
        y ? mli_saved(t, sizeof *saved + (size_t)(a.batch * a.t) * sizeof saved->level[0]) : NULL;
    if (!saved)
        return NULL;
    a.level = saved->level;
    look_up(&a, in);
    saved->a = a;
    if (!run(t, y, &a) || !mli_record_saved(t, &ATTENTION, y, 4, in, saved))
        return NULL;
    y->requires_grad = mli_wants_grad(t, 3, in); /* the mask gets none */
    return y;
}
