/* ops.c -- the ops of the lab: what each takes, how it is called, what it costs. An op is a line of the table at the end. */
#include "lab.h"

#include <stdlib.h>

/* ---- inputs ---- */

/* The next input: uniform in -1 .. 1. */
static ml_status add(lab *l, ml_rng *rng, const char *name, int rank, const int64_t *shape)
{
    int64_t size;
    char text[160];
    if (!mli_shape_size(rank, shape, &size) || size > LAB_NUMBERS)
        return mli_fail(ML_EINVAL, "%s would be %s: the lab takes %d numbers at most", name,
                        mli_shape_text(rank, shape, text, sizeof text), LAB_NUMBERS);
    ml_tensor *x = ml_tensor_new(rank, shape);
    if (!x)
        return ml_error_status();
    l->name[l->n_in] = name;
    l->in[l->n_in++] = x;
    ml_status bad = ml_init_uniform(x, rng, -1, 1);
    return bad ? bad : ml_requires_grad(x);
}

static ml_status make_x(lab *l, ml_rng *rng)
{
    return add(l, rng, "x", l->shape[0].rank, l->shape[0].extent);
}

static double numbers(const lab_shape *s)
{
    double n = 1;
    for (int i = 0; i < s->rank; i++)
        n *= (double)s->extent[i];
    return n;
}

static int64_t given(int64_t value, int64_t standard)
{
    return value ? value : standard;
}

static void cost(lab *l, double flops, double flops_back, double terms)
{
    l->flops = flops, l->flops_back = flops_back, l->terms = terms;
}

/* ---- products ---- */

static ml_status make_matmul(lab *l, ml_rng *rng)
{
    ml_status bad = add(l, rng, "a", 2, l->shape[0].extent);
    return bad ? bad : add(l, rng, "b", 2, l->shape[1].extent);
}

static ml_tensor *run_matmul(const lab *l, ml_tape *t, ml_tensor *const *in)
{
    (void)l;
    return ml_matmul(t, in[0], in[1]);
}

static void cost_matmul(lab *l, const ml_tensor *y)
{
    double n = (double)y->shape[0], m = (double)y->shape[1], d = (double)l->shape[0].extent[1];
    cost(l, 2 * n * m * d, 4 * n * m * d, n + m + d);
}

static ml_status make_linear(lab *l, ml_rng *rng)
{
    int64_t w[] = {l->value[LAB_OUT], l->shape[0].extent[1]};
    ml_status bad = make_x(l, rng);
    if (!bad)
        bad = add(l, rng, "w", 2, w);
    return bad ? bad : add(l, rng, "b", 1, w);
}

static ml_tensor *run_linear(const lab *l, ml_tape *t, ml_tensor *const *in)
{
    (void)l;
    return ml_linear(t, in[0], in[1], in[2]);
}

/* Each shape with all of its axes. */
static ml_status make_bmm(lab *l, ml_rng *rng)
{
    ml_status bad = add(l, rng, "a", l->shape[0].rank, l->shape[0].extent);
    return bad ? bad : add(l, rng, "b", l->shape[1].rank, l->shape[1].extent);
}

static ml_tensor *run_bmm(const lab *l, ml_tape *t, ml_tensor *const *in)
{
    (void)l;
    return ml_bmm(t, in[0], in[1], false, false);
}

static void cost_bmm(lab *l, const ml_tensor *y)
{
    double n = (double)y->size, d = (double)l->shape[0].extent[l->shape[0].rank - 1];
    cost(l, 2 * n * d, 4 * n * d, d + n / (double)y->shape[y->rank - 1]);
}

/* q, k and v of one shape. */
static ml_status make_attention(lab *l, ml_rng *rng)
{
    static const char *const names[] = {"q", "k", "v"};
    ml_status bad = ML_OK;
    for (int i = 0; i < 3 && !bad; i++)
        bad = add(l, rng, names[i], l->shape[0].rank, l->shape[0].extent);
    return bad;
}

static ml_tensor *run_attention(const lab *l, ml_tape *t, ml_tensor *const *in)
{
    (void)l;
    return ml_attention(t, in[0], in[1], in[2], (ml_attention_opts){0});
}

/* Scores and their product with v, T numbers of each of y; back, the scores once more and four products. */
static void cost_attention(lab *l, const ml_tensor *y)
{
    double n = (double)y->size * (double)y->shape[y->rank - 2];
    cost(l, 4 * n, 10 * n, (double)(y->shape[y->rank - 2] + y->shape[y->rank - 1]));
}

/* ---- convolutions ---- */

/* An option of an axis W: 0 said aloud is 0, where 0 left out is as along H. */
static int64_t pad_w(const lab *l)
{
    return l->given[LAB_PAD_W] && l->value[LAB_PAD_W] == 0 ? ML_NONE : l->value[LAB_PAD_W];
}

ml_conv2d_opts lab_conv2d_opts(const lab *l)
{
    const int64_t *v = l->value;
    return (ml_conv2d_opts){.stride = v[LAB_STRIDE], .pad = v[LAB_PAD], .dilation = v[LAB_DILATION], .groups = v[LAB_GROUPS],
                            .stride_w = v[LAB_STRIDE_W], .pad_w = pad_w(l)};
}

/* x, and a weight and a bias of so many axes and filters. */
static ml_status make_convolution(lab *l, ml_rng *rng, int rank, const int64_t *w, int64_t filters)
{
    ml_status bad = make_x(l, rng);
    if (!bad)
        bad = add(l, rng, "w", rank, w);
    return bad ? bad : add(l, rng, "b", 1, &filters);
}

/* Channels that do not fall into groups are the op's to refuse. */
static int64_t of_a_group(const lab *l, int64_t channels)
{
    return channels / given(l->value[LAB_GROUPS], 1);
}

static ml_status make_conv2d(lab *l, ml_rng *rng)
{
    const int64_t *v = l->value;
    int64_t w[] = {v[LAB_FILTERS], v[LAB_K], given(v[LAB_K_W], v[LAB_K]), of_a_group(l, l->shape[0].extent[3])};
    return make_convolution(l, rng, 4, w, v[LAB_FILTERS]);
}

static ml_tensor *run_conv2d(const lab *l, ml_tape *t, ml_tensor *const *in)
{
    return ml_conv2d(t, in[0], in[1], in[2], lab_conv2d_opts(l));
}

static ml_status make_conv1d(lab *l, ml_rng *rng)
{
    const int64_t *v = l->value;
    int64_t w[] = {v[LAB_FILTERS], v[LAB_K], of_a_group(l, l->shape[0].extent[2])};
    return make_convolution(l, rng, 3, w, v[LAB_FILTERS]);
}

static ml_tensor *run_conv1d(const lab *l, ml_tape *t, ml_tensor *const *in)
{
    const int64_t *v = l->value;
    return ml_conv1d(t, in[0], in[1], in[2],
                     (ml_conv1d_opts){.stride = v[LAB_STRIDE], .pad = v[LAB_PAD], .dilation = v[LAB_DILATION], .groups = v[LAB_GROUPS]});
}

/* Each number of w meets one of x in each place of the window. */
static void cost_convolution(lab *l, const ml_tensor *y)
{
    double places = (double)(y->size / y->shape[y->rank - 1]), w = (double)l->in[1]->size;
    cost(l, 2 * places * w, 4 * places * w, places + w / (double)l->in[1]->shape[0]);
}

static ml_status make_conv_transpose(lab *l, ml_rng *rng)
{
    const int64_t *v = l->value;
    int64_t w[] = {l->shape[0].extent[3], v[LAB_K], given(v[LAB_K_W], v[LAB_K]), of_a_group(l, v[LAB_FILTERS])};
    return make_convolution(l, rng, 4, w, v[LAB_FILTERS]);
}

static ml_tensor *run_conv_transpose(const lab *l, ml_tape *t, ml_tensor *const *in)
{
    const int64_t *v = l->value;
    return ml_conv_transpose2d(t, in[0], in[1], in[2],
                               (ml_conv_transpose2d_opts){.stride = v[LAB_STRIDE], .pad = v[LAB_PAD], .output_pad = v[LAB_OUTPUT_PAD],
                                                          .dilation = v[LAB_DILATION], .groups = v[LAB_GROUPS],
                                                          .stride_w = v[LAB_STRIDE_W], .pad_w = pad_w(l)});
}

static void cost_conv_transpose(lab *l, const ml_tensor *y)
{
    double places = (double)(l->in[0]->size / l->in[0]->shape[3]), w = (double)l->in[1]->size;
    cost(l, 2 * places * w, 4 * places * w, (double)(y->size / y->shape[3]) + w);
}

/* ---- windows ---- */

static ml_pool2d_opts pool_opts(const lab *l)
{
    const int64_t *v = l->value;
    return (ml_pool2d_opts){.k = v[LAB_K], .k_w = v[LAB_K_W], .stride = v[LAB_STRIDE], .stride_w = v[LAB_STRIDE_W],
                            .pad = v[LAB_PAD], .pad_w = pad_w(l)};
}

static ml_tensor *run_max_pool(const lab *l, ml_tape *t, ml_tensor *const *in)
{
    return ml_max_pool2d(t, in[0], pool_opts(l));
}

static ml_tensor *run_avg_pool(const lab *l, ml_tape *t, ml_tensor *const *in)
{
    return ml_avg_pool2d(t, in[0], pool_opts(l));
}

static double window(const lab *l)
{
    return (double)l->value[LAB_K] * (double)given(l->value[LAB_K_W], l->value[LAB_K]);
}

/* A comparison for each pixel of a window; back, one addition a window. */
static void cost_max_pool(lab *l, const ml_tensor *y)
{
    cost(l, (double)y->size * window(l), (double)y->size, window(l));
}

static void cost_avg_pool(lab *l, const ml_tensor *y)
{
    cost(l, (double)y->size * window(l), (double)y->size * window(l), window(l));
}

/* ---- one number a number ---- */

static ml_tensor *run_relu(const lab *l, ml_tape *t, ml_tensor *const *in)
{
    (void)l;
    return ml_relu(t, in[0]);
}

static void cost_relu(lab *l, const ml_tensor *y)
{
    cost(l, (double)y->size, (double)y->size, 1);
}

static ml_tensor *run_tanh(const lab *l, ml_tape *t, ml_tensor *const *in)
{
    (void)l;
    return ml_tanh(t, in[0]);
}

static void cost_tanh(lab *l, const ml_tensor *y)
{
    cost(l, (double)y->size, 3 * (double)y->size, 1);
}

static ml_tensor *run_gelu(const lab *l, ml_tape *t, ml_tensor *const *in)
{
    (void)l;
    return ml_gelu(t, in[0]);
}

/* ---- along an axis, and over the batch ---- */

/* --axis, else the last. */
static int axis(const lab *l)
{
    return l->given[LAB_AXIS] ? (int)l->value[LAB_AXIS] : -1;
}

static double along(const lab *l)
{
    const lab_shape *s = &l->shape[0];
    int a = axis(l) < 0 ? axis(l) + s->rank : axis(l);
    return a >= 0 && a < s->rank ? (double)s->extent[a] : 1;
}

static ml_tensor *run_sum(const lab *l, ml_tape *t, ml_tensor *const *in)
{
    return ml_sum(t, in[0], l->given[LAB_AXIS] ? axis(l) : ML_ALL, false);
}

static void cost_sum(lab *l, const ml_tensor *y)
{
    cost(l, numbers(&l->shape[0]), numbers(&l->shape[0]), numbers(&l->shape[0]) / (double)y->size);
}

static ml_tensor *run_softmax(const lab *l, ml_tape *t, ml_tensor *const *in)
{
    return ml_softmax(t, in[0], axis(l));
}

static ml_tensor *run_log_softmax(const lab *l, ml_tape *t, ml_tensor *const *in)
{
    return ml_log_softmax(t, in[0], axis(l));
}

/* Largest, difference, exponential (counted as one), sum, quotient; back, the four of dz = p (dp - sum p dp). */
static void cost_softmax(lab *l, const ml_tensor *y)
{
    cost(l, 5 * (double)y->size, 4 * (double)y->size, along(l));
}

static ml_tensor *run_logsumexp(const lab *l, ml_tape *t, ml_tensor *const *in)
{
    return ml_logsumexp(t, in[0], axis(l), false);
}

static void cost_logsumexp(lab *l, const ml_tensor *y)
{
    (void)y;
    cost(l, 4 * numbers(&l->shape[0]), 3 * numbers(&l->shape[0]), along(l));
}

static ml_status make_xent(lab *l, ml_rng *rng)
{
    int64_t n = l->shape[0].extent[0], k = l->shape[0].extent[1];
    if (!(l->labels = malloc((size_t)n * sizeof *l->labels)))
        return ML_ENOMEM;
    for (int64_t i = 0; i < n; i++)
        l->labels[i] = (int32_t)ml_rng_below(rng, k);
    return make_x(l, rng);
}

static ml_tensor *run_xent(const lab *l, ml_tape *t, ml_tensor *const *in)
{
    return ml_softmax_xent(t, in[0], (ml_ints){l->labels, l->shape[0].extent[0]});
}

static void cost_xent(lab *l, const ml_tensor *y)
{
    (void)y;
    cost(l, 5 * numbers(&l->shape[0]), 2 * numbers(&l->shape[0]), numbers(&l->shape[0]));
}

static ml_status make_norm(lab *l, ml_rng *rng)
{
    const lab_shape *s = &l->shape[0];
    ml_status bad = make_x(l, rng);
    if (!bad)
        bad = add(l, rng, "gamma", 1, &s->extent[s->rank - 1]);
    return bad ? bad : add(l, rng, "beta", 1, &s->extent[s->rank - 1]);
}

static ml_tensor *run_batch_norm(const lab *l, ml_tape *t, ml_tensor *const *in)
{
    (void)l;
    return ml_batch_norm(t, in[0], in[1], in[2], NULL, NULL, (ml_batch_norm_opts){0});
}

static ml_tensor *run_layer_norm(const lab *l, ml_tape *t, ml_tensor *const *in)
{
    (void)l;
    return ml_layer_norm(t, in[0], in[1], in[2], 0);
}

static ml_tensor *run_group_norm(const lab *l, ml_tape *t, ml_tensor *const *in)
{
    return ml_group_norm(t, in[0], given(l->value[LAB_GROUPS], 1), in[1], in[2], 0);
}

/* Mean 1, variance 3, y 3; back, the two sums 4, dx 5. The terms are of a channel's, and of a row's, sums. */
static void cost_batch_norm(lab *l, const ml_tensor *y)
{
    cost(l, 7 * (double)y->size, 9 * (double)y->size, (double)y->size / (double)y->shape[y->rank - 1]);
}

static void cost_layer_norm(lab *l, const ml_tensor *y)
{
    double d = (double)y->shape[y->rank - 1];
    cost(l, 7 * (double)y->size, 9 * (double)y->size, d + (double)y->size / d);
}

static ml_tensor *run_bilinear(const lab *l, ml_tape *t, ml_tensor *const *in)
{
    return ml_upsample_bilinear(t, in[0], 2 * l->shape[0].extent[1], 2 * l->shape[0].extent[2], false);
}

static void cost_bilinear(lab *l, const ml_tensor *y)
{
    cost(l, 7 * (double)y->size, 8 * (double)y->size, 16);
}

/* ---- the table ---- */

#define FLAGS(...) (const lab_flag[]){__VA_ARGS__, LAB_FLAGS}
#define NO_FLAGS (const lab_flag[]){LAB_FLAGS}
enum { X = 1, X_AND_B = 1 | 4, W_AND_B = 2 | 4 }; /* for .linear: inputs are x, w, b */
#define WINDOWS LAB_K, LAB_K_W, LAB_STRIDE, LAB_STRIDE_W, LAB_PAD, LAB_PAD_W

const lab_op lab_ops[] = {
    {.name = "matmul", .usage = "NxD DxM", .example = "256x784 784x128", .shapes = 2, .rank = 2, .flags = NO_FLAGS, .blas = true,
     .ref = true, .linear = {1, 2}, .make = make_matmul, .run = run_matmul, .cost = cost_matmul},
    {.name = "linear", .usage = "NxD --out M", .example = "64x784 --out 128", .shapes = 1, .rank = 2, .flags = FLAGS(LAB_OUT),
     .blas = true, .ref = true, .linear = {X_AND_B, W_AND_B}, .make = make_linear, .run = run_linear, .cost = cost_matmul},
    {.name = "bmm", .usage = "BxNxD BxDxM", .example = "16x128x64 16x64x128", .shapes = 2, .flags = NO_FLAGS, .blas = true, .ref = true,
     .linear = {1, 2}, .make = make_bmm, .run = run_bmm, .cost = cost_bmm},
    {.name = "attention", .usage = "BxTxD (q, k and v)", .example = "8x256x64", .shapes = 1, .flags = NO_FLAGS, .blas = true,
     .ref = true, .make = make_attention, .run = run_attention, .cost = cost_attention},
    {.name = "conv2d", .usage = "NxHxWxC --filters F --k R", .example = "8x56x56x64 --filters 64 --k 3 --pad 1", .shapes = 1,
     .rank = 4, .flags = FLAGS(LAB_FILTERS, WINDOWS, LAB_DILATION, LAB_GROUPS), .blas = true, .ref = true,
     .linear = {X_AND_B, W_AND_B}, .make = make_conv2d, .run = run_conv2d, .cost = cost_convolution},
    {.name = "conv1d", .usage = "NxTxC --filters F --k R", .example = "16x1000x32 --filters 64 --k 5 --pad 2", .shapes = 1, .rank = 3,
     .flags = FLAGS(LAB_FILTERS, LAB_K, LAB_STRIDE, LAB_PAD, LAB_DILATION, LAB_GROUPS), .blas = true, .ref = true,
     .linear = {X_AND_B, W_AND_B}, .make = make_conv1d, .run = run_conv1d, .cost = cost_convolution},
    {.name = "conv_transpose2d", .usage = "NxHxWxC --filters F --k R", .example = "8x28x28x64 --filters 32 --k 2 --stride 2",
     .shapes = 1, .rank = 4, .flags = FLAGS(LAB_FILTERS, WINDOWS, LAB_OUTPUT_PAD, LAB_DILATION, LAB_GROUPS), .blas = true,
     .ref = true, .linear = {X_AND_B, W_AND_B}, .make = make_conv_transpose, .run = run_conv_transpose, .cost = cost_conv_transpose},
    {.name = "max_pool2d", .usage = "NxHxWxC --k R", .example = "32x28x28x32 --k 2", .shapes = 1, .rank = 4, .flags = FLAGS(WINDOWS),
     .ref = true, .linear = {X}, .make = make_x, .run = run_max_pool, .cost = cost_max_pool},
    {.name = "avg_pool2d", .usage = "NxHxWxC --k R", .example = "32x28x28x32 --k 2", .shapes = 1, .rank = 4, .flags = FLAGS(WINDOWS),
     .ref = true, .linear = {X}, .make = make_x, .run = run_avg_pool, .cost = cost_avg_pool},
    {.name = "upsample_bilinear", .usage = "NxHxWxC (to twice the size)", .example = "8x28x28x64", .shapes = 1, .rank = 4,
     .flags = NO_FLAGS, .ref = true, .linear = {X}, .make = make_x, .run = run_bilinear, .cost = cost_bilinear},
    {.name = "softmax", .usage = "SHAPE [--axis A]", .example = "256x1000", .shapes = 1, .flags = FLAGS(LAB_AXIS), .ref = true,
     .one_back = true, .make = make_x, .run = run_softmax, .cost = cost_softmax},
    {.name = "log_softmax", .usage = "SHAPE [--axis A]", .example = "256x1000", .shapes = 1, .flags = FLAGS(LAB_AXIS), .ref = true,
     .one_back = true, .make = make_x, .run = run_log_softmax, .cost = cost_softmax},
    {.name = "softmax_xent", .usage = "NxK", .example = "256x1000", .shapes = 1, .rank = 2, .flags = NO_FLAGS, .ref = true,
     .one_back = true, .make = make_xent, .run = run_xent, .cost = cost_xent},
    {.name = "logsumexp", .usage = "SHAPE [--axis A]", .example = "256x1000", .shapes = 1, .flags = FLAGS(LAB_AXIS), .ref = true,
     .one_back = true, .make = make_x, .run = run_logsumexp, .cost = cost_logsumexp},
    {.name = "batch_norm", .usage = "...xC", .example = "32x28x28x64", .shapes = 1, .flags = NO_FLAGS, .ref = true, .make = make_norm,
     .run = run_batch_norm, .cost = cost_batch_norm},
    {.name = "layer_norm", .usage = "...xD", .example = "512x768", .shapes = 1, .flags = NO_FLAGS, .ref = true, .make = make_norm,
     .run = run_layer_norm, .cost = cost_layer_norm},
    {.name = "group_norm", .usage = "NxHxWxC --groups G", .example = "32x28x28x64 --groups 8", .shapes = 1, .flags = FLAGS(LAB_GROUPS),
     .ref = true, .make = make_norm, .run = run_group_norm, .cost = cost_batch_norm},
    {.name = "relu", .usage = "SHAPE", .example = "64x28x28x32", .shapes = 1, .flags = NO_FLAGS, .linear = {X}, .make = make_x,
     .run = run_relu, .cost = cost_relu},
    {.name = "tanh", .usage = "SHAPE", .example = "64x28x28x32", .shapes = 1, .flags = NO_FLAGS, .make = make_x, .run = run_tanh,
     .cost = cost_tanh},
    {.name = "gelu", .usage = "SHAPE", .example = "64x28x28x32", .shapes = 1, .flags = NO_FLAGS, .make = make_x, .run = run_gelu,
     .cost = cost_tanh},
    {.name = "sum", .usage = "SHAPE [--axis A]", .example = "64x28x28x32", .shapes = 1, .flags = FLAGS(LAB_AXIS), .ref = true,
     .one_back = true, .linear = {X}, .make = make_x, .run = run_sum, .cost = cost_sum},
    {0},
};
