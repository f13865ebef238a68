/* ops_norm.c -- batch, layer and group normalization on the tape: check, allocate, record, call the
 * kernel. Recording comes before computing, so that an op that fails leaves the running statistics
 * alone.
 */
#include "autograd/tape.h"
#include "kernels/batch_norm.h"
#include "kernels/group_norm.h"
#include "kernels/layer_norm.h"

#include <mlcore/ops.h>

#include <math.h>
#include <string.h>

/* ---- all of them ---- */

typedef struct kind {
    ml_op op;
    size_t (*work)(int64_t rows, int64_t n);
    void (*backward)(const mlk_norm_grads *g, const ml_real *dy, const ml_real *x,
                     const mlk_norm *n, void *work);
    void (*backward_ref)(const mlk_norm_grads *g, const ml_real *dy, const ml_real *x,
                         const mlk_norm *n);
} kind;

/* Backward needs to know by what x was normalised. */
typedef struct norm {
    mlk_norm n;
    double numbers[]; /* mean, then scale */
} norm;

static void norm_backward(ml_tape *t, const ml_node *node)
{
    const kind *k = (const kind *)node->op;
    const ml_real *x = node->in[0]->data, *dy = mli_dout(node);
    mlk_norm n = ((const norm *)node->saved)->n;
    n.gamma = node->in[1] ? node->in[1]->data : NULL;
    mli_dx dx = mli_din(t, node, 0), dgamma = mli_din(t, node, 1), dbeta = mli_din(t, node, 2);
    mlk_norm_grads g = {dx.v, dgamma.v, dbeta.v, dx.add, dgamma.add, dbeta.add};
    if (mli_kernel(t) == ML_KERNEL_REF) {
        k->backward_ref(&g, dy, x, &n);
        return;
    }
    void *work = mli_workspace(t, k->work(n.rows, n.n));
    if (work)
        k->backward(&g, dy, x, &n, work);
}

static const kind BATCH_NORM = {{"batch_norm", norm_backward},
                                mlk_batch_norm_work,
                                mlk_batch_norm_backward,
                                mlk_batch_norm_backward_ref};
static const kind LAYER_NORM = {{"layer_norm", norm_backward},
                                mlk_layer_norm_work,
                                mlk_layer_norm_backward,
                                mlk_layer_norm_backward_ref};
static const kind GROUP_NORM = {{"group_norm", norm_backward},
                                mlk_group_norm_work,
                                mlk_group_norm_backward,
                                mlk_group_norm_backward_ref};

/* An op about to be computed. work is NULL where the reference bodies run: they want none, and are
 * as good for an empty x. */
typedef struct plan {
    ml_tensor *y;
    norm *saved;
    void *work;
} plan;

/* Output, what is saved (`count` means and scales), scratch and record; false (sticking) where one
 * cannot be had. */
static bool prepare(ml_tape *t, plan *p, const kind *k, ml_tensor *const in[3], const mlk_norm *n,
                    int64_t count)
{
    const ml_tensor *x = in[0];
    p->work = NULL;
    p->y = mli_out(t, x->rank, x->shape);
    p->saved = p->y ? mli_saved(t, sizeof *p->saved + 2 * (size_t)count * sizeof(double)) : NULL;
    if (!p->saved)
        return false;
    if (x->size > 0 && mli_kernel(t) != ML_KERNEL_REF &&
        !(p->work = mli_workspace(t, k->work(n->rows, n->n))))
        return false;
    p->saved->n = *n;
    p->saved->n.mean = p->saved->numbers;
    p->saved->n.scale = p->saved->numbers + count;
    p->saved->n.gamma = in[1] ? in[1]->data : NULL;
    p->saved->n.beta = in[2] ? in[2]->data : NULL;
    return mli_record_early(t, &k->op, p->y, 3, in, p->saved);
}

static bool check_eps(ml_tape *t, const char *op, double eps)
{
    if (eps >= 0 && eps < INFINITY) /* so asked, NaN fails too */
        return true;
    return mli_stick(t, ML_EINVAL, "%s: eps is %g: it must be a number >= 0", op, eps);
}

/* v is NULL or has a number for each channel of x, which has an axis at least. */
static bool check_channels(ml_tape *t, const char *op, const ml_tensor *x, const char *name,
                           const ml_tensor *v)
{
    char sx[160], sv[160];
    int64_t channels = x->shape[x->rank - 1];
    if (!v || (v->rank == 1 && v->shape[0] == channels))
        return true;
    return mli_stick(t, ML_EINVAL, "%s: %s is %s but x is %s: wanted (%lld)", op, name,
                     ml_shape_text(v, sv, sizeof sv), ml_shape_text(x, sx, sizeof sx),
                     (long long)channels);
}

/* ---- batch norm ---- */

static bool check_all_channels(ml_tape *t, ml_tensor *x, ml_tensor *gamma, ml_tensor *beta,
                               ml_tensor *mean, ml_tensor *var)
{
    if (x->rank == 0)
        return mli_stick(t, ML_EINVAL, "batch_norm: x is a scalar: wanted (..., C)");
    return check_channels(t, "batch_norm", x, "gamma", gamma) &&
           check_channels(t, "batch_norm", x, "beta", beta) &&
           check_channels(t, "batch_norm", x, "mean", mean) &&
           check_channels(t, "batch_norm", x, "var", var);
}

static bool check_opts(ml_tape *t, const ml_batch_norm_opts *o, const ml_tensor *mean,
                       const ml_tensor *var)
{
    if (!mean != !var)
        return mli_stick(t, ML_EINVAL,
                         "batch_norm: %s is NULL but %s is not: wanted both or neither",
                         mean ? "var" : "mean", mean ? "mean" : "var");
    if (o->use_running && !mean)
        return mli_stick(
            t, ML_EINVAL,
            "batch_norm: use_running, but there are no running statistics: mean is NULL");
    if (!(o->momentum >= 0 && o->momentum <= 1))
        return mli_stick(t, ML_EINVAL, "batch_norm: momentum is %g, not in 0 <= momentum <= 1",
                         o->momentum);
    return check_eps(t, "batch_norm", o->eps);
}

/* Can x be normalised by statistics of its own? In eval an empty batch can: there is no work. */
static bool check_rows(ml_tape *t, const ml_tensor *x, int64_t rows)
{
    char text[160];
    ml_shape_text(x, text, sizeof text);
    if (x->size == 0 && mli_mode(t) == ML_TRAIN)
        return mli_stick(t, ML_EINVAL,
                         "batch_norm: x is %s: an empty batch has no mean to train with", text);
    if (rows == 1)
        return mli_stick(t, ML_EINVAL,
                         "batch_norm: x is %s: one row has no variance, it takes 2 rows at least",
                         text);
    return true;
}

/* Mean, and variance in place of the scale, of the batch. */
static void batch_moments(const plan *p, const ml_tensor *x)
{
    const mlk_norm *n = &p->saved->n;
    if (p->work)
        mlk_batch_norm_moments(n->mean, n->scale, x->data, n->rows, n->n, p->work);
    else if (x->size > 0)
        mlk_batch_norm_moments_ref(n->mean, n->scale, x->data, n->rows, n->n);
    else
        memset(p->saved->numbers, 0, 2 * (size_t)n->n * sizeof(double));
}

static void running_moments(const mlk_norm *n, const ml_tensor *mean, const ml_tensor *var)
{
    for (int64_t c = 0; c < n->n; c++) {
        n->mean[c] = (double)mean->data[c];
        n->scale[c] = (double)var->data[c];
    }
}

/* Called while the variance stands in place of the scale. */
static void track(const mlk_norm *n, ml_tensor *mean, ml_tensor *var, double momentum)
{
    mlk_batch_norm_track(mean->data, n->mean, n->n, momentum, 1);
    mlk_batch_norm_track(var->data, n->scale, n->n, momentum,
                         (double)n->rows / (double)(n->rows - 1));
}

ml_tensor *ml_batch_norm(ml_tape *t, ml_tensor *x, ml_tensor *gamma, ml_tensor *beta,
                         ml_tensor *mean, ml_tensor *var, ml_batch_norm_opts opts)
{
    if (!mli_ready(t, "batch_norm", 1, x))
        return NULL;
    opts.momentum = mli_option(opts.momentum, 0.1);
    opts.eps = mli_option(opts.eps, 1e-5);
    if (!check_all_channels(t, x, gamma, beta, mean, var) || !check_opts(t, &opts, mean, var))
        return NULL;
    int64_t channels = x->shape[x->rank - 1], rows = channels ? x->size / channels : 0;
    bool train = mli_mode(t) == ML_TRAIN, of_batch = !mean || (train && !opts.use_running);
    plan p;
    ml_tensor *in[] = {x, gamma, beta};
    if ((of_batch && !check_rows(t, x, rows)) ||
        !prepare(t, &p, &BATCH_NORM, in,
                 &(mlk_norm){.rows = rows, .n = channels, .constant = !of_batch}, channels))
        return NULL;
    const mlk_norm *n = &p.saved->n;
    if (of_batch)
        batch_moments(&p, x);
    else
        running_moments(n, mean, var);
    if (of_batch && train && mean)
        track(n, mean, var, opts.momentum);
    mlk_batch_norm_scale(n->scale, channels, opts.eps);
    if (p.work)
        mlk_batch_norm_forward(p.y->data, x->data, n, p.work);
    else
        mlk_batch_norm_ref(p.y->data, x->data, n);
    return mli_computed(t, &BATCH_NORM.op, p.y, 3, in) ? p.y : NULL;
}

/* ---- layer norm ---- */

/* v, gamma or beta, names the trailing axes of x. */
static bool check_trailing(ml_tape *t, const ml_tensor *x, const char *name, const ml_tensor *v)
{
    char sx[160], sv[160];
    if (v->rank >= 1 && v->rank <= x->rank &&
        memcmp(v->shape, x->shape + (x->rank - v->rank), (size_t)v->rank * sizeof v->shape[0]) == 0)
        return true;
    return mli_stick(t, ML_EINVAL,
                     "layer_norm: %s is %s but x is %s: wanted the last axes of x, one at least",
                     name, ml_shape_text(v, sv, sizeof sv), ml_shape_text(x, sx, sizeof sx));
}

static bool check_layer_norm(ml_tape *t, const ml_tensor *x, const ml_tensor *gamma,
                             const ml_tensor *beta)
{
    char sg[160], sb[160];
    if (x->rank == 0)
        return mli_stick(t, ML_EINVAL,
                         "layer_norm: x is a scalar: it has no axis to normalise over");
    if ((gamma && !check_trailing(t, x, "gamma", gamma)) ||
        (beta && !check_trailing(t, x, "beta", beta)))
        return false;
    if (gamma && beta && gamma->rank != beta->rank)
        return mli_stick(t, ML_EINVAL, "layer_norm: gamma is %s but beta is %s: the shapes differ",
                         ml_shape_text(gamma, sg, sizeof sg), ml_shape_text(beta, sb, sizeof sb));
    return true;
}

ml_tensor *ml_layer_norm(ml_tape *t, ml_tensor *x, ml_tensor *gamma, ml_tensor *beta, double eps)
{
    if (!mli_ready(t, "layer_norm", 1, x))
        return NULL;
    eps = mli_option(eps, 1e-5);
    if (!check_layer_norm(t, x, gamma, beta) || !check_eps(t, "layer_norm", eps))
        return NULL;
    const ml_tensor *like = gamma ? gamma : beta;
    int64_t n = like ? like->size : x->shape[x->rank - 1], rows = n ? x->size / n : 0;
    plan p;
    ml_tensor *in[] = {x, gamma, beta};
    if (!prepare(t, &p, &LAYER_NORM, in, &(mlk_norm){.rows = rows, .n = n}, rows))
        return NULL;
    if (p.work)
        mlk_layer_norm_forward(p.y->data, x->data, &p.saved->n, eps, p.work);
    else
        mlk_layer_norm_ref(p.y->data, x->data, &p.saved->n, eps);
    return mli_computed(t, &LAYER_NORM.op, p.y, 3, in) ? p.y : NULL;
}

/* ---- group norm ---- */

static bool check_group_norm(ml_tape *t, const ml_tensor *x, int64_t groups, const ml_tensor *gamma,
                             const ml_tensor *beta)
{
    char text[160];
    ml_shape_text(x, text, sizeof text);
    if (x->rank < 2)
        return mli_stick(t, ML_EINVAL, "group_norm: x is %s: wanted (N, ..., C)", text);
    int64_t channels = x->shape[x->rank - 1];
    if (groups < 1 || groups > channels || channels % groups != 0)
        return mli_stick(t, ML_EINVAL,
                         "group_norm: x is %s: its %lld channels do not fall into %lld groups", text,
                         (long long)channels, (long long)groups);
    return check_channels(t, "group_norm", x, "gamma", gamma) &&
           check_channels(t, "group_norm", x, "beta", beta);
}

ml_tensor *ml_group_norm(ml_tape *t, ml_tensor *x, int64_t groups, ml_tensor *gamma,
                         ml_tensor *beta, double eps)
{
    if (!mli_ready(t, "group_norm", 1, x))
        return NULL;
    eps = mli_option(eps, 1e-5);
    if (!check_group_norm(t, x, groups, gamma, beta) || !check_eps(t, "group_norm", eps))
        return NULL;
    int64_t n = x->shape[x->rank - 1], samples = x->size ? x->shape[0] : 0;
    mlk_norm g = {.rows = x->size / n, .n = n, .samples = samples, .groups = groups};
    plan p;
    if (!prepare(t, &p, &GROUP_NORM, (ml_tensor *[]){x, gamma, beta}, &g, samples * groups))
        return NULL;
    if (p.work)
        mlk_group_norm_forward(p.y->data, x->data, &p.saved->n, eps, p.work);
    else
        mlk_group_norm_ref(p.y->data, x->data, &p.saved->n, eps);
    return p.y;
}
