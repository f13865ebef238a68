/* ops_moments.c -- variance, standard deviation, norms and log-sum-exp on the tape. */
#include "autograd/axis.h"
#include "kernels/logsumexp.h"
#include "kernels/variance.h"
#include "kernels/vector_norm.h"

#include <mlcore/ops.h>

#include <math.h>

/* ---- variance, standard deviation ---- */

typedef struct spread {
    mlk_variance v;
    double mean[];
} spread;

static void spread_backward(ml_tape *t, const ml_node *n)
{
    const spread *s = n->saved;
    const ml_real *dy = mli_dout(n);
    mli_dx dx = mli_din(t, n, 0);
    if (dx.v)
        mlk_variance_backward(dx.v, dx.add, dy, n->in[0]->data, n->out->data, &s->v);
}

static const ml_op VAR = {"var", spread_backward};
static const ml_op STD = {"std", spread_backward};

/* Are there more than `correction` of n elements? */
static bool check_count(ml_tape *t, const char *op, const ml_tensor *x, int axis, int64_t n,
                        int correction)
{
    char text[160], where[32] = "";
    if (correction < 0)
        return mli_stick(t, ML_EINVAL, "%s: correction is %d: it must be 0 or more", op, correction);
    if (n == 0)
        return mli_nothing_to(t, op, x, axis);
    if (n > correction)
        return true;
    if (axis != ML_ALL)
        snprintf(where, sizeof where, "axis %d of ", axis);
    return mli_stick(t, ML_EINVAL, "%s: %s%s has %lld elements: with correction %d it takes %lld at least",
                     op, where, ml_shape_text(x, text, sizeof text), (long long)n, correction,
                     (long long)correction + 1);
}

static ml_tensor *var_or_std(ml_tape *t, const ml_op *op, ml_tensor *x, int axis, bool keep_dim,
                             int correction)
{
    mlk_axis s;
    if (!mli_ready(t, op->name, 1, x))
        return NULL;
    ml_tensor *y = mli_reduced(t, op->name, x, axis, keep_dim, &s);
    if (!y || !check_count(t, op->name, x, axis, s.n, correction))
        return NULL;
    spread *saved = mli_saved(t, sizeof *saved + (size_t)y->size * sizeof saved->mean[0]);
    if (!saved)
        return NULL;
    saved->v = (mlk_variance){s, (double)(s.n - correction), op == &STD, saved->mean};
    if (mli_kernel(t) == ML_KERNEL_REF)
        mlk_variance_ref(y->data, x->data, &saved->v);
    else
        mlk_variance_forward(y->data, x->data, &saved->v);
    return mli_record_saved(t, op, y, 1, &x, saved) ? y : NULL;
}

ml_tensor *ml_var(ml_tape *t, ml_tensor *x, int axis, bool keep_dim, int correction)
{
    return var_or_std(t, &VAR, x, axis, keep_dim, correction);
}

ml_tensor *ml_std(ml_tape *t, ml_tensor *x, int axis, bool keep_dim, int correction)
{
    return var_or_std(t, &STD, x, axis, keep_dim, correction);
}

/* ---- norm ---- */

static void norm_backward(ml_tape *t, const ml_node *n)
{
    const mlk_vector_norm *v = n->saved;
    const ml_real *dy = mli_dout(n);
    mli_dx dx = mli_din(t, n, 0);
    if (dx.v)
        mlk_vector_norm_backward(dx.v, dx.add, dy, n->in[0]->data, n->out->data, v);
}

static const ml_op NORM = {"norm", norm_backward};

ml_tensor *ml_norm(ml_tape *t, ml_tensor *x, double p, int axis, bool keep_dim)
{
    if (!mli_ready(t, "norm", 1, x))
        return NULL;
    if (!(p > 0)) /* so asked, NaN fails too */
        return mli_stick(t, ML_EINVAL, "norm: p is %g: it must be above 0, or INFINITY", p);
    mlk_vector_norm *v = mli_saved(t, sizeof *v);
    ml_tensor *y = v ? mli_reduced(t, "norm", x, axis, keep_dim, &v->s) : NULL;
    if (!y)
        return NULL;
    v->p = p;
    if (p == INFINITY && v->s.n == 0)
        return mli_nothing_to(t, "norm", x, axis);
    if (mli_kernel(t) == ML_KERNEL_REF)
        mlk_vector_norm_ref(y->data, x->data, v);
    else
        mlk_vector_norm_forward(y->data, x->data, v);
    return mli_record_saved(t, &NORM, y, 1, &x, v) ? y : NULL;
}

/* ---- logsumexp ---- */

typedef struct smooth {
    mlk_axis s;
    double exact[]; /* the output, not rounded */
} smooth;

static void logsumexp_backward(ml_tape *t, const ml_node *n)
{
    const smooth *l = n->saved;
    const ml_real *dy = mli_dout(n);
    mli_dx dx = mli_din(t, n, 0);
    if (dx.v)
        mlk_logsumexp_backward(dx.v, dx.add, dy, n->in[0]->data, l->exact, l->s);
}

static const ml_op LOGSUMEXP = {"logsumexp", logsumexp_backward};

ml_tensor *ml_logsumexp(ml_tape *t, ml_tensor *x, int axis, bool keep_dim)
{
    mlk_axis s;
    if (!mli_ready(t, "logsumexp", 1, x))
        return NULL;
    ml_tensor *y = mli_reduced(t, "logsumexp", x, axis, keep_dim, &s);
    smooth *l = y ? mli_saved(t, sizeof *l + (size_t)y->size * sizeof l->exact[0]) : NULL;
    if (!l)
        return NULL;
    l->s = s;
    if (mli_kernel(t) == ML_KERNEL_REF)
        mlk_logsumexp_ref(y->data, l->exact, x->data, s);
    else
        mlk_logsumexp_forward(y->data, l->exact, x->data, s);
    return mli_record_saved(t, &LOGSUMEXP, y, 1, &x, l) ? y : NULL;
}
