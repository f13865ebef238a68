/* test_autograd_random_graphs.c -- a thousand graphs that nobody thought of, against the gradient check.
 *
 * A graph grows from its seed and from shapes alone, never from values, so each call builds the same one. With
 * every tensor goes a bound on its size; what grows too large is scaled or squashed, and what goes into log, sqrt
 * and the denominator is kept away from 0.
 */
#include "autograd/terms.h"
#include "support/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_VALUES = 64, MAX_LABELS = 64, LARGEST = 48 };

typedef struct value {
    ml_tensor *x;
    double bound; /* |x| is not above it */
} value;

typedef struct graph {
    uint64_t seed;
    ml_tape *t;
    ml_rng rng;
    value v[MAX_VALUES];
    int n;
    int32_t label
        [4][MAX_LABELS]; /* labels below 1, 2, 3; ops keep the pointer, so none is written twice */
} graph;

static int below(graph *g, int64_t n)
{
    return (int)ml_rng_below(&g->rng, n);
}

static value pick(graph *g)
{
    return g->v[below(g, g->n)];
}

static ml_tensor *number(graph *g, double v)
{
    return ml_constant(g->t, 0, NULL, &(ml_real){(ml_real)v});
}

static bool same_shape(const ml_tensor *a, const ml_tensor *b)
{
    return a->rank == b->rank &&
           memcmp(a->shape, b->shape, (size_t)a->rank * sizeof a->shape[0]) == 0;
}

/* A tensor of a's shape, another one where there is one. */
static value twin(graph *g, value a)
{
    int start = below(g, g->n);
    for (int i = 0; i < g->n; i++) {
        value b = g->v[(start + i) % g->n];
        if (b.x != a.x && same_shape(a.x, b.x))
            return b;
    }
    return a;
}

/* A tensor that broadcasts with a. */
static value partner(graph *g, value a)
{
    int axis = a.x->rank ? below(g, a.x->rank) : 0;
    switch (a.x->rank ? below(g, 6) : 0) {
    case 0:
        return (value){ml_mean(g->t, pick(g).x, ML_ALL, false), 6};
    case 1:
        return (value){ml_mean(g->t, a.x, axis, true), a.bound};
    case 2:
        return (value){ml_max(g->t, a.x, 0, false), a.bound};
    case 3:
        return (value){ml_slice(g->t, a.x, axis, a.x->shape[axis] - 1, a.x->shape[axis]), a.bound};
    default:
        return twin(g, a);
    }
}

/* Any tensor as a matrix. */
static value matrix(graph *g)
{
    value a = pick(g);
    if (a.x->rank == 0)
        a.x = ml_reshape(g->t, a.x, 2, (int64_t[]){1, 1});
    else if (a.x->rank != 2)
        a.x = ml_flatten(g->t, a.x);
    return a;
}

/* x^2 + 0.3 */
static value positive(graph *g, value a)
{
    return (value){ml_add(g->t, ml_mul(g->t, a.x, a.x), number(g, 0.3)), a.bound * a.bound + 0.3};
}

/* Spread, length, smooth maximum. What has a kink where it is 0 is kept away from there. */
static value moment(graph *g, value a, int axis, bool keep, double n)
{
    ml_tape *t = g->t;
    value b = positive(g, a);
    switch (below(g, 4)) {
    case 0:
        return (value){ml_var(t, a.x, axis, keep, n > 1 ? below(g, 2) : 0), 2 * a.bound * a.bound};
    case 1:
        return (value){ml_norm(t, b.x, 1 + below(g, 3), axis, keep), b.bound * n};
    case 2:
        return (value){ml_min(t, a.x, axis, keep), a.bound};
    default:
        return (value){ml_logsumexp(t, a.x, axis, keep), a.bound + log(n)};
    }
}

static value elementwise(graph *g)
{
    ml_tape *t = g->t;
    value a = pick(g), b, d;
    switch (below(g, 13)) {
    case 0:
        b = partner(g, a);
        return (value){ml_add(t, a.x, b.x), a.bound + b.bound};
    case 1:
        b = partner(g, a);
        return (value){ml_sub(t, b.x, a.x), a.bound + b.bound};
    case 2:
        b = partner(g, a);
        return (value){ml_mul(t, a.x, b.x), a.bound * b.bound};
    case 3:
        b = partner(g, a);
        return (value){ml_mul(t, b.x, a.x), a.bound * b.bound};
    case 4:
        b = partner(g, a);
        if (!b.x)
            return b;
        d = positive(g, b);
        return (value){ml_div(t, a.x, d.x), a.bound / 0.3};
    case 5:
        return (value){ml_scale(t, a.x, -0.7), a.bound};
    case 6:
        return (value){ml_exp(t, a.bound > 2 ? ml_tanh(t, a.x) : a.x), exp(fmin(a.bound, 2))};
    case 7:
        return (value){ml_log(t, positive(g, a).x), fmax(1.3, log(a.bound * a.bound + 0.3))};
    case 8:
        return (value){ml_sqrt(t, positive(g, a).x), sqrt(a.bound * a.bound + 0.3)};
    case 9:
        return (value){ml_abs(t, a.x), a.bound};
    case 10:
        return (value){ml_relu(t, a.x), a.bound};
    case 11:
        return (value){ml_sigmoid(t, a.x), 1};
    default:
        return (value){ml_tanh(t, a.x), 1};
    }
}

/* Powers, choices and bends; corners are few and kink_ok excuses them. */
static value bent(graph *g)
{
    ml_tape *t = g->t;
    value a = pick(g), b;
    switch (below(g, 13)) {
    case 0:
        return (value){ml_neg(t, a.x), a.bound};
    case 1:
        return (value){ml_sin(t, a.x), 1};
    case 2:
        return (value){ml_cos(t, a.x), 1};
    case 3:
        return (value){ml_pow(t, a.x, 3), pow(a.bound, 3)};
    case 4: /* between 0.3 and 5.3, to a power between -1 and 1 */
        b = partner(g, a);
        return (value){ml_pow_tensors(t, positive(g, (value){ml_tanh(t, a.x), 1}).x, ml_tanh(t, b.x)), 1 / 0.3};
    case 5:
        b = partner(g, a);
        return (value){ml_maximum(t, a.x, b.x), fmax(a.bound, b.bound)};
    case 6:
        b = partner(g, a);
        return (value){ml_minimum(t, b.x, a.x), fmax(a.bound, b.bound)};
    case 7: /* by the seed, not by a value, which the difference quotient would move */
        b = partner(g, a);
        return (value){ml_where(t, ml_constant(t, 1, (int64_t[]){1}, &(ml_real){(ml_real)below(g, 2)}), a.x, b.x),
                       fmax(a.bound, b.bound)};
    case 8:
        return (value){ml_clamp(t, a.x, -0.6 * a.bound, 0.7 * a.bound), a.bound};
    case 9:
        return (value){ml_leaky_relu(t, a.x, -0.3), a.bound};
    case 10:
        return (value){ml_elu(t, a.x, 0.8), fmax(a.bound, 0.8)};
    case 11:
        return (value){below(g, 2) ? ml_gelu(t, a.x) : ml_gelu_tanh(t, a.x), a.bound};
    default:
        return (value){below(g, 2) ? ml_silu(t, a.x) : ml_softplus(t, a.x), a.bound + 1};
    }
}

static value along_an_axis(graph *g)
{
    ml_tape *t = g->t;
    value a = pick(g);
    bool all = a.x->rank == 0 || below(g, 4) == 0, keep = below(g, 2);
    int axis = all ? ML_ALL : below(g, 2 * a.x->rank) - a.x->rank; /* negative ones too */
    double n = all ? (double)a.x->size : (double)a.x->shape[axis < 0 ? axis + a.x->rank : axis];
    switch (below(g, all ? 4 : 6)) {
    case 0:
        return (value){ml_sum(t, a.x, axis, keep), a.bound * n};
    case 1:
        return (value){ml_mean(t, a.x, axis, keep), a.bound};
    case 2:
        return (value){ml_max(t, a.x, axis, keep), a.bound};
    case 3:
        return moment(g, a, axis, keep, n);
    case 4:
        return (value){ml_softmax(t, a.x, axis), 1};
    default:
        return (value){ml_log_softmax(t, a.x, axis), 2 * a.bound + log(n)};
    }
}

static value reshaped(graph *g, value a)
{
    int64_t shape[4] = {-1, 1, 1, 1}, rest = a.x->size;
    int rank = 1 + below(g, 4);
    for (int d = 1; d < rank; d++)
        for (int64_t f = 2; f <= 3; f++)
            if (rest % f == 0 && below(g, 2)) {
                shape[d] *= f;
                rest /= f;
            }
    return (value){ml_reshape(g->t, a.x, rank, shape), a.bound};
}

static value moved(graph *g)
{
    ml_tape *t = g->t;
    value a = pick(g), b;
    if (a.x->rank == 0 || a.x->rank > 4)
        return reshaped(g, a);
    int axis = below(g, a.x->rank), order[ML_MAX_RANK];
    int64_t shuffled[ML_MAX_RANK], n = a.x->shape[axis], begin = below(g, n),
                                   end = begin + 1 + below(g, n - begin);
    switch (below(g, 5)) {
    case 0:
        return reshaped(g, a);
    case 1:
        return (value){ml_flatten(t, a.x), a.bound};
    case 2:
        for (int d = 0; d < a.x->rank; d++)
            shuffled[d] = d;
        ml_rng_shuffle(&g->rng, shuffled, a.x->rank);
        for (int d = 0; d < a.x->rank; d++)
            order[d] = (int)shuffled[d];
        return (value){ml_transpose(t, a.x, order), a.bound};
    case 3:
        return (value){ml_slice(t, a.x, axis, begin, end), a.bound};
    default:
        b = twin(g, a);
        return (value){ml_concat(t, (ml_tensor *[]){b.x, ml_slice(t, a.x, axis, begin, end), b.x},
                                 2 + below(g, 2), axis),
                       fmax(a.bound, b.bound)};
    }
}

/* n numbers below extent, most of them more than once. */
static ml_ints some_index(graph *g, int64_t extent, int64_t n)
{
    int k = extent < 3 ? (int)extent : 3;
    for (int i = 0; i < MAX_LABELS; i++)
        g->label[k][i] = i % k;
    return (ml_ints){g->label[k], n};
}

/* Numbers picked, repeated, surrounded, summed and put in order along an axis. */
static value picked(graph *g)
{
    ml_tape *t = g->t;
    value a = pick(g), b = twin(g, a);
    if (a.x->rank == 0 || a.x->rank > 4)
        return reshaped(g, a);
    int axis = below(g, a.x->rank);
    int64_t n = a.x->shape[axis], one[ML_MAX_RANK] = {0}, none[ML_MAX_RANK] = {0}, times[] = {1, 1, 1, 1};
    one[axis] = 1;
    times[axis] = 2;
    switch (below(g, 10)) {
    case 0:
        return (value){ml_gather(t, a.x, axis, some_index(g, n, a.x->size)), a.bound};
    case 1:
        return (value){ml_scatter_add(t, a.x, axis, some_index(g, n, b.x->size), b.x), a.bound + b.bound * (double)n};
    case 2:
        return (value){ml_select(t, a.x, axis, some_index(g, n, 4)), a.bound};
    case 3:
        a = matrix(g);
        return (value){a.x ? ml_embedding(t, a.x, some_index(g, a.x->shape[0], 5)) : NULL, a.bound};
    case 4:
        return (value){ml_pad(t, a.x, one, none, 0.4), fmax(a.bound, 0.4)};
    case 5:
        return (value){ml_stack(t, (ml_tensor *[]){a.x, b.x}, 2, axis), fmax(a.bound, b.bound)};
    case 6:
        return (value){ml_tile(t, a.x, times), a.bound};
    case 7:
        return (value){ml_cumsum(t, a.x, axis), a.bound * (double)n};
    case 8:
        return (value){ml_sort(t, a.x, axis, below(g, 2), NULL), a.bound};
    default:
        return (value){ml_top_k(t, a.x, axis, 1 + below(g, n), NULL), a.bound};
    }
}

/* The same matrix twice, or two of one shape, in the orders that fit. */
static value product(graph *g)
{
    ml_tape *t = g->t;
    value a = matrix(g), b;
    if (!a.x)
        return a;
    b = twin(g, a);
    int64_t rows = a.x->shape[0], columns = a.x->shape[1];
    switch (below(g, 5)) {
    case 0:
        return (value){ml_matmul_t(t, a.x, b.x, false, true), a.bound * b.bound * (double)columns};
    case 1:
        return (value){ml_matmul_t(t, a.x, b.x, true, false), a.bound * b.bound * (double)rows};
    case 2:
        return (value){ml_matmul(t, a.x, ml_transpose(t, b.x, NULL)),
                       a.bound * b.bound * (double)columns};
    case 3:
        return (value){ml_linear(t, a.x, b.x, NULL), a.bound * b.bound * (double)columns};
    default:
        return (value){ml_linear(t, a.x, b.x, ml_mean(t, b.x, 1, false)),
                       a.bound * b.bound * (double)columns + b.bound};
    }
}

/* Pooling of any tensor as an image one pixel high, with windows that may overlap. */
static value pooled(graph *g)
{
    ml_tape *t = g->t;
    value a = pick(g);
    int64_t n = a.x->size, k = n < 2 ? 1 : 2 + below(g, n < 3 ? 1 : 2);
    ml_tensor *image = ml_reshape(t, a.x, 4, (int64_t[]){1, 1, n, 1});
    ml_pool2d_opts o = {.k = 1, .k_w = k, .stride = 1, .stride_w = 1 + below(g, 2), .pad_w = below(g, (int)(k / 2) + 1), .exclude_pad = below(g, 2)};
    o.pad_w = o.pad_w ? o.pad_w : ML_NONE;
    switch (below(g, 4)) {
    case 0:
        return (value){ml_max_pool2d(t, image, o), a.bound};
    case 1:
        return (value){ml_avg_pool2d(t, image, o), a.bound};
    case 2:
        return (value){ml_adaptive_avg_pool2d(t, image, 1, 1 + below(g, n < 4 ? n : 4)), a.bound};
    default:
        return (value){ml_upsample_nearest(t, image, 2), a.bound};
    }
}

/* Convolutions and resizing, of any two tensors taken as a sequence or an image of one channel and a short window. */
static value convolution(graph *g)
{
    ml_tape *t = g->t;
    value a = pick(g), b = pick(g);
    int64_t n = a.x->size, k = b.x->size < 3 ? b.x->size : 3, stride = 1 + below(g, 2);
    ml_tensor *window = ml_slice(t, ml_reshape(t, b.x, 1, (int64_t[]){b.x->size}), 0, 0, k);
    ml_tensor *image = ml_reshape(t, a.x, 4, (int64_t[]){1, 1, n, 1}), *w = ml_reshape(t, window, 4, (int64_t[]){1, 1, k, 1});
    double bound = a.bound * b.bound * (double)k;
    switch (below(g, 4)) {
    case 0:
        return (value){ml_conv2d(t, image, w, NULL, (ml_conv2d_opts){.stride_w = stride, .pad_w = 1}), bound};
    case 1:
        return (value){ml_conv1d(t, ml_reshape(t, a.x, 3, (int64_t[]){1, n, 1}), ml_reshape(t, window, 3, (int64_t[]){1, k, 1}), NULL,
                                 (ml_conv1d_opts){.stride = stride, .pad = 1}), bound};
    case 2:
        return (value){ml_conv_transpose2d(t, image, w, NULL, (ml_conv_transpose2d_opts){.stride_w = stride}), bound};
    default:
        return (value){ml_upsample_bilinear(t, image, stride, n + 2, below(g, 2)), a.bound};
    }
}

/* Batches of matrices, which may be one and the same tensor: products, attention, normalization of groups. */
static value batches(graph *g)
{
    ml_tape *t = g->t;
    value a = matrix(g), b;
    if (!a.x)
        return a;
    if (a.x->shape[0] % 2 == 0)
        a.x = ml_reshape(t, a.x, 3, (int64_t[]){2, -1, a.x->shape[1]});
    b = twin(g, a);
    double n = (double)a.x->shape[a.x->rank - 1];
    int64_t columns = a.x->shape[a.x->rank - 1];
    ml_tensor *gamma = ml_mean(t, ml_reshape(t, b.x, 2, (int64_t[]){-1, columns}), 0, false), *beta = ml_neg(t, gamma);
    switch (below(g, 6)) {
    case 0:
        return (value){ml_bmm(t, a.x, b.x, false, true), a.bound * b.bound * n};
    case 1:
        return (value){ml_bmm(t, b.x, a.x, true, false), a.bound * b.bound * (double)a.x->shape[a.x->rank - 2]};
    case 2:
        return (value){ml_attention(t, a.x, b.x, a.x, (ml_attention_opts){.causal = below(g, 2)}), a.bound};
    case 3:
        return (value){ml_layer_norm(t, a.x, gamma, beta, 1), 9 * b.bound};
    case 4: /* one row has no variance */
        if (a.x->size > columns)
            return (value){ml_batch_norm(t, ml_reshape(t, a.x, 2, (int64_t[]){-1, columns}), gamma, beta, NULL, NULL,
                                         (ml_batch_norm_opts){.eps = 1}), 9 * b.bound};
        /* fall through */
    default:
        return (value){ml_group_norm(t, a.x, 1, NULL, NULL, 1), 8};
    }
}

/* Losses with a kink where a difference is 0: gradcheck excuses what falls on it. */
static value distance(graph *g)
{
    value a = pick(g), b = twin(g, a);
    double bound = a.bound + b.bound;
    switch (below(g, 3)) {
    case 0:
        return (value){ml_mae(g->t, a.x, b.x), bound};
    case 1:
        return (value){ml_huber(g->t, a.x, b.x, 0.5), bound / 2};
    default:
        return (value){ml_pinball(g->t, a.x, b.x, 0.3), bound};
    }
}

/* Cross-entropy in all its forms. Class 1 may be ignored, which is never all of a batch: its first label is 0. */
static value of_labels(graph *g)
{
    ml_tape *t = g->t;
    value a = matrix(g);
    if (!a.x)
        return a;
    int64_t classes = a.x->shape[1];
    int k = classes < 3 ? (int)classes : 3;
    ml_real weight[LARGEST * 2];
    for (int i = 0; i < MAX_LABELS; i++)
        g->label[k][i] = i % k;
    for (int i = 0; i < LARGEST * 2; i++)
        weight[i] = (ml_real)(1 + i % 3) / 2;
    ml_ints labels = {g->label[k], a.x->shape[0]};
    ml_xent_opts o = {.ignore = 1};
    o.has_ignore = below(g, 2);
    o.label_smoothing = 0.2 * below(g, 2);
    if (below(g, 2))
        o.class_weight = ml_constant(t, 1, &classes, weight);
    double bound = 3 * (2 * a.bound + 4); /* the largest weight is three times the smallest */
    switch (below(g, 3)) {
    case 0:
        return (value){ml_softmax_xent(t, a.x, labels), 2 * a.bound + 4};
    case 1:
        return (value){ml_cross_entropy(t, a.x, labels, o), bound};
    default:
        return (value){ml_nll(t, a.x, labels, o), 3 * a.bound};
    }
}

static value loss(graph *g)
{
    ml_tape *t = g->t;
    value a = pick(g), b;
    ml_real target[LARGEST * 2];
    for (int i = 0; i < LARGEST * 2; i++)
        target[i] = (ml_real)(i % 5) / 4;
    ml_real side[LARGEST * 2];
    for (int i = 0; i < LARGEST * 2; i++)
        side[i] = (ml_real)(i % 2 ? -1 : 1);
    switch (below(g, 8)) {
    case 0:
        b = twin(g, a);
        return (value){ml_mse(t, a.x, b.x), pow(a.bound + b.bound, 2)};
    case 1:
        return (value){ml_bce_logits(t, a.x, ml_constant(t, a.x->rank, a.x->shape, target)),
                       a.bound + 1};
    case 2:
        return (value){ml_dropout(t, a.x, 0.25), a.bound * 1.34};
    case 3:
        a = matrix(g);
        return (value){a.x ? ml_kl_div(t, a.x, ml_constant(t, 2, a.x->shape, target)) : NULL,
                       LARGEST * (a.bound + 1)};
    case 4:
        return distance(g);
    case 5:
        return (value){ml_hinge(t, a.x, ml_constant(t, a.x->rank, a.x->shape, side)), a.bound + 1};
    case 6:
        return (value){ml_binary_cross_entropy(t, a.x, ml_constant(t, a.x->rank, a.x->shape, target), (ml_bce_opts){0}), a.bound + 1};
    default:
        return of_labels(g);
    }
}

/* Takes a value in, made small where it is large; false after an error. */
static bool take(graph *g, value a)
{
    while (a.x && a.x->size > LARGEST)
        a.x = ml_mean(g->t, a.x, below(g, a.x->rank), true);
    if (a.x && a.bound > 5) {
        bool squash = below(g, 2);
        a.x = squash ? ml_tanh(g->t, a.x) : ml_scale(g->t, a.x, 2 / a.bound);
        a.bound = squash ? 1 : 2;
    }
    if (a.x && g->n < MAX_VALUES)
        g->v[g->n++] = a;
    return a.x != NULL;
}

static ml_tensor *grow(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    graph *g = user;
    g->t = t;
    g->rng = ml_rng_seed(g->seed);
    g->n = 0;
    for (int i = 0; i < n; i++)
        g->v[g->n++] = (value){in[i], 1.5};
    for (int steps = 4 + below(g, 16); steps > 0; steps--) {
        value (*kinds[])(graph *) = {elementwise, elementwise, bent, along_an_axis, moved, moved, picked, product,
                                     batches, convolution, pooled, loss};
        if (!take(g, kinds[below(g, sizeof kinds / sizeof kinds[0])](g)))
            return NULL;
    }
    ml_tensor *ends[3]; /* the newest and two others; what none of them uses is an unused branch */
    for (int i = 0; i < 3; i++) {
        value a = i ? pick(g) : g->v[g->n - 1];
        ends[i] = ml_reshape(t, ml_mean(t, ml_mul(t, a.x, a.x), ML_ALL, false), 1, (int64_t[]){1});
    }
    return ml_sum(t, ml_concat(t, ends, 3, 0), ML_ALL, false);
}

/* Two or three leaves; the second often shares the shape of the first. */
static int leaves(uint64_t seed, ml_tensor **in)
{
    ml_rng rng = ml_rng_split(ml_rng_seed(seed), 1, 0);
    int n = 2 + (int)ml_rng_below(&rng, 2);
    for (int i = 0; i < n; i++) {
        int64_t shape[3];
        int rank = (int)ml_rng_below(&rng, 4);
        for (int d = 0; d < rank; d++)
            shape[d] = 1 + ml_rng_below(&rng, 3);
        bool same = i == 1 && ml_rng_below(&rng, 2);
        in[i] = same ? random_tensor(&rng, in[0]->rank, in[0]->shape, -1.5, 1.5)
                     : random_tensor(&rng, rank, shape, -1.5, 1.5);
    }
    return n;
}

static void check_gradients(graph *g, ml_tensor *const *in, int n, int64_t *checked,
                            int64_t *skipped)
{
    ml_gradcheck_result r;
    ml_gradcheck_opts o = {.kernel = (ml_kernel)(g->seed % 3), .kink_ok = true, .seed = g->seed};
    if (ml_gradcheck(grow, in, n, g, o, &r))
        fail_msg("graph %d: %s", (int)g->seed, ml_error());
    *checked += r.checked;
    *skipped += r.skipped;
}

/* ml_explain's numbers: the terms of each element of each leaf, one backward of one op a number, make the gradient. */
static void check_terms(const graph *g, ml_tensor *const *in, int n)
{
    const double rounding = sizeof(ml_real) == 8 ? 1e-10 : 1e-3;
    for (int i = 0; i < n; i++)
        for (int64_t e = 0; e < in[i]->size; e++) {
            mli_terms all;
            if (mli_terms_of(g->t, in[i], e, &all))
                fail_msg("graph %d: %s", (int)g->seed, ml_error());
            double sum = 0, scale = fmax(fabs(all.sum), 1e-3); /* less is a gradient of 0 and rounding */
            for (int k = 0; k < all.n; k++) {
                sum += all.most[k].upstream * all.most[k].partial;
                scale = fmax(scale, fabs(all.most[k].upstream * all.most[k].partial));
            }
            if (fabs(all.sum - (double)in[i]->grad[e]) > rounding * scale ||
                (all.others == 0 && fabs(sum - all.sum) > rounding * scale))
                fail_msg("graph %d: input %d element %d: gradient %g, all terms %g, those shown %g", (int)g->seed, i, (int)e,
                         (double)in[i]->grad[e], all.sum, sum);
        }
}

/* Loss and gradients, one after another, by one choice of kernels. */
static int64_t run(graph *g, ml_kernel kernel, ml_tensor *const *in, int n, ml_real *out)
{
    bool look = kernel == ML_KERNEL_FAST; /* inside, too: with all gradients kept and every number looked at */
    ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = kernel, .seed = g->seed, .inspect = look, .check_finite = look});
    int64_t at = 0;
    for (int i = 0; i < n; i++) {
        in[i]->has_grad = false;
        memset(in[i]->grad, 0, (size_t)in[i]->size * sizeof(ml_real));
    }
    ml_tensor *y = grow(t, in, n, g);
    if (!y || (y->requires_grad && ml_backward(t, y)))
        fail_msg("graph %d: %s", (int)g->seed, ml_tape_error_text(t));
    out[at++] = y->data[0];
    for (int i = 0; i < n; i++)
        for (int64_t e = 0; e < in[i]->size; e++)
            out[at++] = in[i]->grad[e];
    if (look && y->requires_grad)
        check_terms(g, in, n);
    ml_tape_free(t);
    for (int64_t i = 0; i < at; i++)
        if (!isfinite(out[i]))
            fail_msg("graph %d: number %d is %g", (int)g->seed, (int)i, (double)out[i]);
    return at;
}

static void a_thousand_random_graphs(void **state)
{
    (void)state;
    bool fine = sizeof(ml_real) == 8;
    int graphs = fine ? 1000 : 200;
    int64_t checked = 0, skipped = 0;
    for (int i = 0; i < graphs; i++) {
        graph g = {.seed = (uint64_t)i};
        ml_tensor *in[3];
        ml_real ref[128], fast[128];
        int n = leaves(g.seed, in);
        int64_t count = run(&g, ML_KERNEL_REF, in, n, ref);
        assert_int_equal(run(&g, ML_KERNEL_FAST, in, n, fast), count);
        assert_reals_close(fast, ref, count, fine ? 1e-9 : 1e-2, fine ? 1e-11 : 1e-3);
        if (fine)
            check_gradients(&g, in, n, &checked, &skipped);
        for (int k = 0; k < n; k++)
            ml_tensor_free(in[k]);
    }
    if (fine && (checked < 9000 || skipped * 1000 > checked))
        fail_msg("%lld elements checked, %lld skipped as kinks", (long long)checked,
                 (long long)skipped);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_thousand_random_graphs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
