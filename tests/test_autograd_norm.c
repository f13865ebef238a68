/* test_autograd_norm.c -- batch, layer and group normalization on the tape: PyTorch's numbers, gradients,
 * running statistics, errors. */
#include "base/base.h"
#include "support/check.h"

#include <math.h>
#include <string.h>

/* ---- golden values ---- */

/* A reader of the flat files that make_norm.py writes. */
typedef struct reader {
    golden g;
    int64_t at;
    double tol;
} reader;

static reader reader_open(const char *name)
{
    char file[64];
    snprintf(file, sizeof file, "norm_%s", name);
    bool far =
        strstr(name, "far"); /* 1e4 and a noise of 0.1: of 16 digits PyTorch itself has spent 5 */
    return (reader){golden_read(file), 0, far ? fmax((double)TOL_REAL, 1e-10) : (double)TOL_REAL};
}

static ml_tensor *next_tensor(reader *r, int rank, const int64_t *shape)
{
    ml_tensor *x = ml_tensor_new(rank, shape);
    assert_non_null(x);
    for (int64_t i = 0; i < x->size; i++)
        x->data[i] = (ml_real)r->g.v[r->at + i];
    r->at += x->size;
    return x;
}

static ml_tensor *next_leaf(reader *r, int rank, const int64_t *shape)
{
    ml_tensor *x = next_tensor(r, rank, shape);
    assert_int_equal(ml_requires_grad(x), ML_OK);
    return x;
}

static void assert_next(reader *r, const ml_real *v, int64_t n)
{
    double most = 1;
    for (int64_t i = 0; i < n; i++)
        most = fmax(most, isnan(r->g.v[r->at + i]) ? 0 : fabs(r->g.v[r->at + i]));
    assert_close(v, r->g.v + r->at, n, r->tol, r->tol * most);
    r->at += n;
}

static void reader_close(reader *r)
{
    assert_int_equal(r->at, r->g.size);
    golden_free(&r->g);
}

/* sum(w y): its gradient by y is w */
static ml_tensor *weighed(ml_tape *t, ml_tensor *y, ml_tensor *w)
{
    return ml_sum(t, ml_mul(t, y, w), ML_ALL, false);
}

typedef struct batch_case {
    const char *name;
    int rank;
    int64_t shape[4];
    ml_batch_norm_opts opts;
    bool gamma, beta;
} batch_case;

static const batch_case BATCH_CASES[] = {
    {"bn_image", 4, {3, 2, 4, 5}, {.eps = 0}, true, true},
    {"bn_rows", 2, {7, 3}, {.momentum = 0.3, .eps = 1e-3}, false, false},
    {"bn_sequence", 3, {2, 3, 4}, {.momentum = 1, .eps = 1e-12}, true, false},
    {"bn_one", 2, {2, 1}, {.momentum = ML_ZERO, .eps = 0.5}, false, true},
    {"bn_far", 2, {50, 2}, {.momentum = 0.1, .eps = 1e-5}, true, true},
    {"bn_nan", 2, {4, 3}, {.eps = 0}, true, true},
};

/* What a case holds on to over its steps. */
typedef struct batch_run {
    const batch_case *c;
    ml_tape *t;
    ml_tensor *gamma, *beta, *mean, *var, *x, *w;
} batch_run;

/* One step, compared with the next numbers of the reader. */
static void check_step(batch_run *b, reader *r, ml_batch_norm_opts opts)
{
    const batch_case *c = b->c;
    ml_tape_reset(b->t);
    b->x->has_grad = b->gamma->has_grad = b->beta->has_grad = false;
    ml_tensor *y = ml_batch_norm(b->t, b->x, c->gamma ? b->gamma : NULL, c->beta ? b->beta : NULL,
                                 b->mean, b->var, opts);
    if (!y || ml_backward(b->t, weighed(b->t, y, b->w)))
        fail_msg("%s: %s", c->name, ml_tape_error_text(b->t));
    assert_int_equal(y->rank, c->rank);
    assert_memory_equal(y->shape, c->shape, (size_t)c->rank * sizeof y->shape[0]);
    assert_next(r, y->data, y->size);
    assert_next(r, b->x->grad, b->x->size);
    assert_next(r, b->gamma->grad, b->gamma->size);
    assert_next(r, b->beta->grad, b->beta->size);
}

static void check_batch_case(const batch_case *c, ml_kernel kernel)
{
    reader r = reader_open(c->name);
    int64_t channels = c->shape[c->rank - 1];
    batch_run b = {.c = c, .t = ml_tape_open((ml_tape_opts){.kernel = kernel})};
    b.gamma = next_leaf(&r, 1, &channels);
    b.beta = next_leaf(&r, 1, &channels);
    b.mean = ml_tensor_new(1, &channels);
    b.var = ml_tensor_new(1, &channels);
    for (int64_t i = 0; i < channels; i++)
        b.var->data[i] = 1;
    for (int step = 0; step < 3; step++) {
        ml_tensor_free(b.x), ml_tensor_free(b.w);
        b.x = next_leaf(&r, c->rank, c->shape);
        b.w = next_tensor(&r, c->rank, c->shape);
        check_step(&b, &r, c->opts);
        assert_next(&r, b.mean->data, channels);
        assert_next(&r, b.var->data, channels);
    }
    ml_batch_norm_opts frozen = c->opts;
    frozen.use_running = true;
    reader eval = r; /* eval, and frozen in training, are one */
    ml_set_mode(b.t, ML_EVAL);
    check_step(&b, &eval, c->opts);
    ml_set_mode(b.t, ML_TRAIN);
    check_step(&b, &r, frozen);
    reader_close(&r);
    ml_tensor *all[] = {b.x, b.w, b.gamma, b.beta, b.mean, b.var};
    for (int i = 0; i < 6; i++)
        ml_tensor_free(all[i]);
    ml_tape_free(b.t);
}

static void batch_norm_is_that_of_pytorch(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof BATCH_CASES / sizeof BATCH_CASES[0]; i++) {
        check_batch_case(&BATCH_CASES[i], ML_KERNEL_REF);
        check_batch_case(&BATCH_CASES[i], ML_KERNEL_FAST);
    }
}

typedef struct layer_case {
    const char *name;
    int rank, axes;
    int64_t shape[4];
    double eps;
    bool gamma, beta;
    int64_t groups; /* of a group norm; 0: a layer norm */
} layer_case;

static const layer_case LAYER_CASES[] = {
    {"ln_rows", 2, 1, {4, 5}, 0, true, true, 0},
    {"ln_images", 4, 3, {2, 3, 4, 2}, 1e-3, true, true, 0},
    {"ln_bare", 3, 1, {2, 3, 7}, ML_ZERO, false, false, 0},
    {"ln_far", 2, 1, {3, 40}, 1e-5, true, false, 0},
    {"ln_nan", 2, 1, {3, 4}, 0, false, true, 0},
    {"gn_images", 4, 1, {2, 3, 4, 6}, 0, true, true, 3},
    {"gn_rows", 2, 1, {4, 6}, 1e-3, true, true, 2},
    {"gn_instance", 3, 1, {2, 5, 4}, 1e-5, false, true, 4},
    {"gn_one", 4, 1, {2, 3, 3, 2}, ML_ZERO, true, false, 1},
    {"gn_far", 3, 1, {3, 20, 4}, 1e-5, true, true, 2},
    {"gn_nan", 3, 1, {3, 2, 4}, 0, false, false, 2},
};

static void check_layer_case(const layer_case *c, ml_kernel kernel)
{
    reader r = reader_open(c->name);
    ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = kernel});
    const int64_t *inner = c->shape + (c->rank - c->axes);
    ml_tensor *gamma = next_leaf(&r, c->axes, inner), *beta = next_leaf(&r, c->axes, inner);
    ml_tensor *x = next_leaf(&r, c->rank, c->shape), *w = next_tensor(&r, c->rank, c->shape);
    ml_tensor *g = c->gamma ? gamma : NULL, *b = c->beta ? beta : NULL;
    ml_tensor *y = c->groups ? ml_group_norm(t, x, c->groups, g, b, c->eps)
                             : ml_layer_norm(t, x, g, b, c->eps);
    if (!y || ml_backward(t, weighed(t, y, w)))
        fail_msg("%s: %s", c->name, ml_tape_error_text(t));
    assert_memory_equal(y->shape, c->shape, (size_t)c->rank * sizeof y->shape[0]);
    assert_next(&r, y->data, y->size);
    assert_next(&r, x->grad, x->size);
    assert_next(&r, gamma->grad, gamma->size);
    assert_next(&r, beta->grad, beta->size);
    reader_close(&r);
    ml_tensor_free(gamma), ml_tensor_free(beta), ml_tensor_free(x), ml_tensor_free(w);
    ml_tape_free(t);
}

static void layer_and_group_norm_are_those_of_pytorch(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof LAYER_CASES / sizeof LAYER_CASES[0]; i++) {
        check_layer_case(&LAYER_CASES[i], ML_KERNEL_REF);
        check_layer_case(&LAYER_CASES[i], ML_KERNEL_FAST);
    }
}

/* ---- gradient checks ---- */

enum { LAYER = 1, TWICE = 2, FROZEN = 4, NO_STATISTICS = 8, NO_GAMMA = 16, NO_BETA = 32, GROUP = 64 };

/* x, then gamma and beta as the two halves of one leaf: views of it. */
typedef struct trial {
    int what;
    ml_tensor *mean, *var;
} trial;

static ml_tensor *trial_loss(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n;
    const trial *c = user;
    ml_real w[512];
    int64_t channels = in[1]->shape[0] / 2;
    ml_tensor *gamma = c->what & NO_GAMMA ? NULL : ml_slice(t, in[1], 0, 0, channels);
    ml_tensor *beta = c->what & NO_BETA ? NULL : ml_slice(t, in[1], 0, channels, 2 * channels);
    ml_batch_norm_opts opts = {.eps = 0.1, .use_running = c->what & FROZEN};
    bool kept = !(c->what & NO_STATISTICS);
    /* eps is large, so that two rows are not at 1 and -1 whatever x is */
    ml_tensor *x = in[0], *y;
    if (c->what & LAYER)
        y = ml_layer_norm(t, x, gamma, beta, 0.1);
    else if (c->what & GROUP) /* 1, 3 or many groups */
        y = ml_group_norm(t, x, channels % 3 == 0 ? 3 : channels % 2 == 0 ? channels / 2 : 1, gamma, beta, 0.1);
    else
        y = ml_batch_norm(t, x, gamma, beta, kept ? c->mean : NULL, kept ? c->var : NULL, opts);
    if (c->what & TWICE) /* gradients of both uses add, one of them before and one after */
        y = ml_mul(t, ml_add(t, y, x), x);
    for (int i = 0; i < 512; i++)
        w[i] = (ml_real)(0.3 + 0.7 * (i * 37 % 11) / 11 - i % 2);
    if (!y || y->size > 512)
        return NULL;
    return weighed(t, y, ml_constant(t, y->rank, y->shape, w));
}

static void check_trial(trial *c, ml_tensor *const *in)
{
    ml_kernel bodies[] = {ML_KERNEL_REF, ML_KERNEL_FAST};
    for (int k = 0; k < 4; k++)
        if (ml_gradcheck(trial_loss, in, 2, c,
                         (ml_gradcheck_opts){.kernel = bodies[k % 2], .mode = (ml_mode)(k / 2)},
                         NULL))
            fail_msg("%d, mode %d: %s", c->what, k / 2, ml_error());
}

static void gradients_of_every_kind(void **state)
{
    (void)state;
    static const struct {
        int rank;
        int64_t shape[4];
    } SHAPES[] = {{2, {2, 1}},    {2, {2, 3}},       {2, {7, 16}},     {2, {3, 33}},
                  {3, {2, 2, 3}}, {4, {2, 3, 2, 5}}, {4, {7, 1, 2, 1}}};
    static const int CHOICES[] = {0,
                                  TWICE,
                                  FROZEN,
                                  FROZEN | TWICE,
                                  NO_STATISTICS,
                                  NO_GAMMA,
                                  NO_BETA | TWICE,
                                  NO_GAMMA | NO_BETA,
                                  FROZEN | NO_GAMMA | NO_BETA,
                                  LAYER,
                                  LAYER | TWICE,
                                  LAYER | NO_GAMMA,
                                  LAYER | NO_BETA,
                                  LAYER | NO_GAMMA | NO_BETA | TWICE,
                                  GROUP,
                                  GROUP | TWICE,
                                  GROUP | NO_GAMMA,
                                  GROUP | NO_BETA,
                                  GROUP | NO_GAMMA | NO_BETA | TWICE};
    ml_rng rng = ml_rng_seed(31);
    for (size_t s = 0; s < sizeof SHAPES / sizeof SHAPES[0]; s++) {
        int64_t channels = SHAPES[s].shape[SHAPES[s].rank - 1];
        ml_tensor *in[] = {random_tensor(&rng, SHAPES[s].rank, SHAPES[s].shape, -1, 1),
                           random_tensor(&rng, 1, (int64_t[]){2 * channels}, 0.5, 1.5)};
        trial c = {0, random_tensor(&rng, 1, &channels, -0.5, 0.5),
                   random_tensor(&rng, 1, &channels, 0.5, 2)};
        for (size_t k = 0; k < sizeof CHOICES / sizeof CHOICES[0]; k++) {
            c.what = CHOICES[k];
            check_trial(&c, in);
        }
        ml_tensor_free(in[0]), ml_tensor_free(in[1]), ml_tensor_free(c.mean), ml_tensor_free(c.var);
    }
}

/* x is part of a larger tensor; a layer norm over two axes; one norm after another; one tensor as x,
 * gamma and beta. */
static ml_tensor *tangle(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n, (void)user;
    ml_tensor *part = ml_slice(t, in[0], 0, 1, 4); /* 3 of 5 rows of 2 x 4 */
    ml_tensor *a =
        ml_batch_norm(t, part, in[1], NULL, NULL, NULL, (ml_batch_norm_opts){.eps = 0.1});
    ml_tensor *b = ml_layer_norm(t, part, ml_reshape(t, in[2], 2, (int64_t[]){2, 4}), NULL, 0.1);
    ml_tensor *c = ml_layer_norm(t, ml_mul(t, a, b), NULL, in[1], 0.1);
    c = ml_add(t, c, ml_layer_norm(t, in[1], in[1], in[1], 0.1));
    c = ml_group_norm(t, c, 2, in[1], ml_slice(t, in[2], 0, 3, 7), 0.1);
    c = ml_batch_norm(t, ml_add(t, c, part), in[1], in[1], NULL, NULL,
                      (ml_batch_norm_opts){.eps = 0.1});
    return ml_add(t, ml_sum(t, ml_mul(t, c, c), ML_ALL, false),
                  ml_mean(t, ml_mul(t, c, part), ML_ALL, false));
}

static void gradients_through_views_and_one_another(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(32);
    ml_tensor *in[] = {random_tensor(&rng, 3, (int64_t[]){5, 2, 4}, -1, 1),
                       random_tensor(&rng, 1, (int64_t[]){4}, 0.5, 1.5),
                       random_tensor(&rng, 1, (int64_t[]){8}, 0.5, 1.5)};
    assert_gradients(tangle, in, 3, NULL);
    for (int i = 0; i < 3; i++)
        ml_tensor_free(in[i]);
}

static ml_tensor *leaf(int64_t rows, int64_t n, const ml_real *v)
{
    ml_tensor *x = rows ? ml_tensor_from(2, (int64_t[]){rows, n}, v) : ml_tensor_from(1, &n, v);
    assert_int_equal(ml_requires_grad(x), ML_OK);
    return x;
}

#define REALS(...) ((const ml_real[]){__VA_ARGS__})
#define HALF (ml_real)0.5

/* The examples of docs/math/batch-norm.md, layer-norm.md and group-norm.md, worked out on paper there. */
static void the_examples_on_paper(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = leaf(4, 1, REALS(1, 1, 1, 9)), *gamma = leaf(0, 1, REALS(2)),
              *beta = leaf(0, 1, REALS(1));
    ml_tensor *mean = ml_zeros(1), *var = ml_zeros(1), *dy = leaf(4, 1, REALS(0, 4, 0, 4));
    var->data[0] = 1;
    ml_batch_norm_opts opts = {.momentum = 0.5, .eps = 4};
    ml_tensor *y = ml_batch_norm(t, x, gamma, beta, mean, var, opts);
    assert_int_equal(ml_backward(t, weighed(t, y, dy)), ML_OK);
    assert_reals_close(y->data, REALS(0, 0, 0, 4), 4, 0, 1e-6);
    assert_reals_close(x->grad,
                       REALS(-HALF * HALF * 3, 1 + HALF * HALF, -HALF * HALF * 3, HALF * HALF), 4,
                       1e-6, 0);
    assert_true(gamma->grad[0] == 4 && beta->grad[0] == 8);
    assert_true(mean->data[0] == 1 + HALF && var->data[0] == 8 + HALF);

    ml_tensor *row = leaf(1, 4, REALS(1, 1, 1, 9)), *scale = leaf(0, 4, REALS(2, 1, 1, 2)),
              *shift = leaf(0, 4, REALS(0, 0, 0, 0));
    ml_tensor *d_row = leaf(1, 4, REALS(4, 0, 0, 4));
    y = ml_layer_norm(t, row, scale, shift, 4);
    assert_int_equal(ml_backward(t, weighed(t, y, d_row)), ML_OK);
    assert_reals_close(y->data, REALS(-1, -HALF, -HALF, 3), 4, 1e-6, 0);
    assert_reals_close(row->grad,
                       REALS(1 + HALF * HALF, -HALF * HALF * 3, -HALF * HALF * 3, HALF * HALF), 4,
                       1e-6, 0);
    assert_reals_close(scale->grad, REALS(-2, 0, 0, 6), 4, 1e-6, 0);
    assert_reals_close(shift->grad, REALS(4, 0, 0, 4), 4, 0, 0);

    /* Two pixels of two channels, in one group: the same four numbers, but gamma belongs to the channels. */
    ml_tensor *image = ml_tensor_from(3, (int64_t[]){1, 2, 2}, REALS(1, 1, 1, 9)),
              *channels = leaf(0, 2, REALS(2, 1)), *d_image = ml_tensor_from(3, (int64_t[]){1, 2, 2}, REALS(4, 0, 0, 4));
    assert_int_equal(ml_requires_grad(image), ML_OK);
    y = ml_group_norm(t, image, 1, channels, NULL, 4);
    assert_int_equal(ml_backward(t, weighed(t, y, d_image)), ML_OK);
    assert_reals_close(y->data, REALS(-1, -HALF, -1, 1 + HALF), 4, 1e-6, 0);
    const ml_real sixteenth = HALF * HALF * HALF * HALF;
    assert_reals_close(image->grad, REALS(21 * sixteenth, -11 * sixteenth, -11 * sixteenth, sixteenth), 4, 1e-6, 0);
    assert_reals_close(channels->grad, REALS(-2, 6), 2, 1e-6, 0);
    ml_tensor *all[] = {x, gamma, beta, mean, var, dy, row, scale, shift, d_row, image, channels, d_image};
    for (int i = 0; i < 13; i++)
        ml_tensor_free(all[i]);
    ml_tape_free(t);
}

/* ---- running statistics ---- */

/* Statistics of two channels over a batch of three rows. */
typedef struct keeper {
    ml_tape *t;
    ml_tensor *x, *mean, *var;
} keeper;

static keeper keeper_new(void)
{
    ml_rng rng = ml_rng_seed(33);
    keeper k = {ml_tape_new(), random_tensor(&rng, 2, (int64_t[]){3, 2}, -1, 1), ml_zeros(2),
                ml_zeros(2)};
    k.var->data[0] = k.var->data[1] = 1;
    return k;
}

static void keeper_free(keeper *k)
{
    ml_tensor_free(k->x), ml_tensor_free(k->mean), ml_tensor_free(k->var);
    ml_tape_free(k->t);
}

static bool untouched(const keeper *k)
{
    return k->mean->data[0] == 0 && k->mean->data[1] == 0 && k->var->data[0] == 1 &&
           k->var->data[1] == 1;
}

static void statistics_move_in_training_only(void **state)
{
    (void)state;
    keeper k = keeper_new();
    ml_batch_norm_opts plain = {0}, frozen = {.use_running = true};
    ml_set_mode(k.t, ML_EVAL);
    assert_non_null(ml_batch_norm(k.t, k.x, NULL, NULL, k.mean, k.var, plain));
    assert_true(untouched(&k));
    ml_set_mode(k.t, ML_TRAIN);
    assert_non_null(ml_batch_norm(k.t, k.x, NULL, NULL, k.mean, k.var, frozen));
    assert_true(untouched(&k));
    ml_no_grad(k.t,
               true); /* nothing is recorded, but it is training: PyTorch's statistics move too */
    assert_non_null(ml_batch_norm(k.t, k.x, NULL, NULL, k.mean, k.var, plain));
    assert_false(untouched(&k));
    assert_true(k.var->data[0] < 1 && k.mean->data[0] != 0);
    keeper_free(&k);
}

static void a_failed_op_leaves_the_statistics_alone(void **state)
{
    (void)state;
    keeper k = keeper_new();
    ml_tape *other = ml_tape_new();
    ml_tensor *stranger = ml_exp(other, k.x);
    assert_null(ml_batch_norm(k.t, stranger, NULL, NULL, k.mean, k.var, (ml_batch_norm_opts){0}));
    assert_non_null(
        strstr(ml_tape_error_text(k.t), "batch_norm: input 0 was computed on another tape"));
    assert_true(untouched(&k));
    ml_tape_free(other);
    keeper_free(&k);
}

/* Without running statistics eval uses the batch's, as PyTorch with track_running_stats=False. */
static void without_statistics_eval_is_as_training(void **state)
{
    (void)state;
    keeper k = keeper_new();
    ml_tensor *trained = ml_batch_norm(k.t, k.x, NULL, NULL, NULL, NULL, (ml_batch_norm_opts){0});
    ml_set_mode(k.t, ML_EVAL);
    ml_tensor *y = ml_batch_norm(k.t, k.x, NULL, NULL, NULL, NULL, (ml_batch_norm_opts){0});
    assert_memory_equal(trained->data, y->data, (size_t)y->size * sizeof(ml_real));
    assert_int_equal(ml_backward(k.t, ml_sum(k.t, ml_mul(k.t, y, y), ML_ALL, false)), ML_OK);
    keeper_free(&k);
}

/* ---- memory, edges, errors ---- */

static void norm_step(ml_tape *t, ml_tensor *const *w, int64_t batch)
{
    static ml_real values[64 * 7 * 33];
    for (int i = 0; i < 64 * 7 * 33; i++)
        values[i] = (ml_real)(i % 17);
    ml_tape_reset(t);
    ml_tensor *x = ml_constant(t, 3, (int64_t[]){batch, 7, 33}, values);
    ml_tensor *y =
        ml_batch_norm(t, ml_mul(t, x, w[0]), w[0], w[1], w[2], w[3], (ml_batch_norm_opts){0});
    y = ml_layer_norm(t, y, w[0], w[1], 0);
    y = ml_group_norm(t, y, 11, w[0], w[1], 0);
    w[0]->has_grad = w[1]->has_grad = false;
    if (ml_backward(t, ml_sum(t, ml_mul(t, y, y), ML_ALL, false)))
        fail_msg("%s", ml_error());
}

static void no_allocation_after_the_first_step(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_rng rng = ml_rng_seed(34);
    ml_tensor *w[4];
    for (int i = 0; i < 4; i++)
        w[i] = random_tensor(&rng, 1, (int64_t[]){33}, 0.5, 1);
    norm_step(t, w, 64);
    int64_t asked = mli_alloc_count();
    size_t bytes = ml_tape_bytes(t);
    for (int k = 0; k < 20; k++) {
        norm_step(t, w, k % 7 == 6 ? 17 : 64);
        assert_int_equal(mli_alloc_count(), asked);
        assert_int_equal(ml_tape_bytes(t), bytes);
    }
    for (int i = 0; i < 4; i++)
        ml_tensor_free(w[i]);
    ml_tape_free(t);
}

/* An empty batch gives an empty tensor, and gradients that are zero. */
static void empty_batches(void **state)
{
    (void)state;
    const int64_t huge = (int64_t)1 << 40;
    ml_kernel bodies[] = {ML_KERNEL_REF, ML_KERNEL_FAST};
    for (int k = 0; k < 2; k++) {
        ml_tape *t = ml_tape_open((ml_tape_opts){.mode = ML_EVAL, .kernel = bodies[k]});
        ml_tensor *x = ml_zeros(0, 4, 2), *none = ml_zeros(3, 0), *gamma = leaf(0, 2, REALS(1, 2)),
                  *beta = leaf(0, 2, REALS(3, 4));
        ml_tensor *stats[] = {ml_zeros(2), NULL};
        for (int i = 0; i < 4; i++) {
            gamma->grad[0] = beta->grad[1] = 7; /* an old gradient, to be overwritten */
            gamma->has_grad = beta->has_grad = false;
            ml_tensor *y = i == 3   ? ml_group_norm(t, x, 2, gamma, beta, 0)
                           : i == 2 ? ml_layer_norm(t, x, gamma, beta, 0)
                                    : ml_batch_norm(t, x, gamma, beta, stats[i], stats[i],
                                                    (ml_batch_norm_opts){0});
            assert_true(y && y->size == 0 && y->rank == 3 && y->shape[1] == 4);
            assert_int_equal(ml_backward(t, ml_sum(t, y, ML_ALL, false)), ML_OK);
            assert_reals_close(gamma->grad, REALS(0, 0), 2, 0, 0);
            assert_reals_close(beta->grad, REALS(0, 0), 2, 0, 0);
        }
        assert_non_null(ml_batch_norm(t, none, NULL, NULL, NULL, NULL, (ml_batch_norm_opts){0}));
        assert_non_null(ml_layer_norm(t, none, NULL, NULL, 0));
        assert_non_null(
            ml_layer_norm(t, ml_reshape(t, none, 2, (int64_t[]){huge, 0}), NULL, NULL, 0));
        assert_int_equal(ml_tape_error(t), ML_OK);
        ml_tensor_free(x), ml_tensor_free(none), ml_tensor_free(gamma), ml_tensor_free(beta),
            ml_tensor_free(stats[0]);
        ml_tape_free(t);
    }
}

static void assert_sticks(ml_tape *t, const ml_tensor *y, const char *sentence)
{
    assert_null(y);
    assert_string_equal(ml_tape_error_text(t), sentence);
    ml_tape_reset(t);
}

static void batch_norm_errors_say_the_numbers(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = ml_zeros(4, 2, 5), *c = ml_zeros(5), *d = ml_zeros(4), *row = ml_zeros(1, 5),
              *empty = ml_zeros(0, 5);
    ml_tensor *one = ml_tensor_new(0, NULL), *matrix = ml_zeros(1, 5);
    ml_batch_norm_opts o = {0};
    assert_sticks(t, ml_batch_norm(t, NULL, NULL, NULL, NULL, NULL, o),
                  "batch_norm: input 0 is NULL");
    assert_sticks(t, ml_batch_norm(t, one, NULL, NULL, NULL, NULL, o),
                  "batch_norm: x is a scalar: wanted (..., C)");
    assert_sticks(t, ml_batch_norm(t, x, d, c, NULL, NULL, o),
                  "batch_norm: gamma is 4 but x is 4x2x5: wanted (5)");
    assert_sticks(t, ml_batch_norm(t, x, c, matrix, NULL, NULL, o),
                  "batch_norm: beta is 1x5 but x is 4x2x5: wanted (5)");
    assert_sticks(t, ml_batch_norm(t, x, c, c, d, c, o),
                  "batch_norm: mean is 4 but x is 4x2x5: wanted (5)");
    assert_sticks(t, ml_batch_norm(t, x, c, c, c, one, o),
                  "batch_norm: var is scalar but x is 4x2x5: wanted (5)");
    assert_sticks(t, ml_batch_norm(t, x, c, c, c, NULL, o),
                  "batch_norm: var is NULL but mean is not: wanted both or neither");
    assert_sticks(t, ml_batch_norm(t, x, c, c, NULL, c, o),
                  "batch_norm: mean is NULL but var is not: wanted both or neither");
    assert_sticks(t, ml_batch_norm(t, row, c, c, c, c, o),
                  "batch_norm: x is 1x5: one row has no variance, it takes 2 rows at least");
    assert_sticks(t, ml_batch_norm(t, empty, c, c, c, c, o),
                  "batch_norm: x is 0x5: an empty batch has no mean to train with");
    o.use_running = true;
    assert_sticks(t, ml_batch_norm(t, x, c, c, NULL, NULL, o),
                  "batch_norm: use_running, but there are no running statistics: mean is NULL");
    assert_non_null(
        ml_batch_norm(t, row, c, c, c, c, o)); /* constants do for one row, and for none */
    assert_non_null(ml_batch_norm(t, empty, c, c, c, c, o));
    assert_null(ml_batch_norm(NULL, x, c, c, c, c, o));
    assert_string_equal(ml_error(), "batch_norm: the tape is NULL");
    ml_tensor *failed =
        ml_sum(t, c, 3, false); /* a gamma that an error made NULL is not a gamma left out */
    assert_sticks(t, ml_batch_norm(t, x, failed, c, c, c, o), "sum: axis 3 is not in -1 .. 0 of 5");
    ml_set_mode(t, ML_EVAL);
    assert_non_null(ml_batch_norm(t, row, c, c, c, c, (ml_batch_norm_opts){0}));
    assert_sticks(t, ml_batch_norm(t, row, c, c, NULL, NULL, (ml_batch_norm_opts){0}),
                  "batch_norm: x is 1x5: one row has no variance, it takes 2 rows at least");
    ml_tensor *all[] = {x, c, d, row, empty, one, matrix};
    for (int i = 0; i < 7; i++)
        ml_tensor_free(all[i]);
    ml_tape_free(t);
}

static void layer_norm_errors_say_the_numbers(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = ml_zeros(2, 3, 5), *c = ml_zeros(5), *d = ml_zeros(3), *e = ml_zeros(3, 5),
              *one = ml_tensor_new(0, NULL);
    ml_tensor *deep = ml_zeros(1, 2, 3, 5);
    assert_sticks(t, ml_layer_norm(t, NULL, c, c, 0), "layer_norm: input 0 is NULL");
    assert_sticks(t, ml_layer_norm(t, one, NULL, NULL, 0),
                  "layer_norm: x is a scalar: it has no axis to normalise over");
    assert_sticks(t, ml_layer_norm(t, x, d, d, 0),
                  "layer_norm: gamma is 3 but x is 2x3x5: wanted the last axes of x, one at least");
    assert_sticks(
        t, ml_layer_norm(t, x, NULL, one, 0),
        "layer_norm: beta is scalar but x is 2x3x5: wanted the last axes of x, one at least");
    assert_sticks(
        t, ml_layer_norm(t, x, deep, NULL, 0),
        "layer_norm: gamma is 1x2x3x5 but x is 2x3x5: wanted the last axes of x, one at least");
    assert_sticks(t, ml_layer_norm(t, x, e, c, 0),
                  "layer_norm: gamma is 3x5 but beta is 5: the shapes differ");
    assert_non_null(ml_layer_norm(t, x, e, e, 0));
    assert_non_null(ml_layer_norm(t, x, x, NULL, 0)); /* over everything */
    assert_null(ml_layer_norm(NULL, x, c, c, 0));
    ml_tensor *all[] = {x, c, d, e, one, deep};
    for (int i = 0; i < 6; i++)
        ml_tensor_free(all[i]);
    ml_tape_free(t);
}

static void group_norm_errors_say_the_numbers(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = ml_zeros(2, 3, 6), *c = ml_zeros(6), *d = ml_zeros(3), *row = ml_zeros(5), *none = ml_zeros(3, 0),
              *wide = ml_tensor_new(3, (int64_t[]){(int64_t)1 << 50, 0, 4});
    const int64_t counts[] = {4, 0, -1, INT64_MIN, INT64_MAX, 12};
    char sentence[160];
    assert_sticks(t, ml_group_norm(t, NULL, 2, c, c, 0), "group_norm: input 0 is NULL");
    assert_sticks(t, ml_group_norm(t, row, 1, NULL, NULL, 0), "group_norm: x is 5: wanted (N, ..., C)");
    for (int i = 0; i < 6; i++) {
        snprintf(sentence, sizeof sentence, "group_norm: x is 2x3x6: its 6 channels do not fall into %lld groups",
                 (long long)counts[i]);
        assert_sticks(t, ml_group_norm(t, x, counts[i], c, c, 0), sentence);
    }
    assert_sticks(t, ml_group_norm(t, none, 1, NULL, NULL, 0),
                  "group_norm: x is 3x0: its 0 channels do not fall into 1 groups");
    assert_sticks(t, ml_group_norm(t, x, 2, d, c, 0), "group_norm: gamma is 3 but x is 2x3x6: wanted (6)");
    assert_sticks(t, ml_group_norm(t, x, 2, c, x, 0), "group_norm: beta is 2x3x6 but x is 2x3x6: wanted (6)");
    assert_sticks(t, ml_group_norm(t, x, 2, c, c, NAN), "group_norm: eps is nan: it must be a number >= 0");
    assert_sticks(t, ml_group_norm(t, x, 2, c, c, -1), "group_norm: eps is -1: it must be a number >= 0");
    assert_null(ml_group_norm(NULL, x, 2, c, c, 0));
    assert_true(ml_group_norm(t, x, 2, NULL, NULL, 0)->data[0] == 0); /* without variance, by eps */
    assert_true(isnan((double)ml_group_norm(t, x, 2, NULL, NULL, ML_ZERO)->data[0]));
    assert_non_null(ml_group_norm(t, wide, 2, NULL, NULL, 0));
    ml_tensor *all[] = {x, c, d, row, none, wide};
    for (int i = 0; i < 6; i++)
        ml_tensor_free(all[i]);
    ml_tape_free(t);
}

static void options_out_of_range_are_named(void **state)
{
    (void)state;
    const double bad_eps[] = {-1, NAN, INFINITY, -INFINITY, -1e299},
                 bad_momentum[] = {-0.1, 1.5, NAN, INFINITY, 1e300};
    char sentence[160];
    ml_tape *t = ml_tape_new();
    ml_tensor *x = ml_zeros(4, 5);
    for (int i = 0; i < 5; i++) {
        snprintf(sentence, sizeof sentence, "batch_norm: eps is %g: it must be a number >= 0",
                 bad_eps[i]);
        assert_sticks(
            t, ml_batch_norm(t, x, NULL, NULL, NULL, NULL, (ml_batch_norm_opts){.eps = bad_eps[i]}),
            sentence);
        snprintf(sentence, sizeof sentence, "layer_norm: eps is %g: it must be a number >= 0",
                 bad_eps[i]);
        assert_sticks(t, ml_layer_norm(t, x, NULL, NULL, bad_eps[i]), sentence);
        snprintf(sentence, sizeof sentence, "batch_norm: momentum is %g, not in 0 <= momentum <= 1",
                 bad_momentum[i]);
        assert_sticks(t,
                      ml_batch_norm(t, x, NULL, NULL, NULL, NULL,
                                    (ml_batch_norm_opts){.momentum = bad_momentum[i]}),
                      sentence);
    }
    /* Zeros: with eps 0 a channel without variance is 0 / 0, with the default it is 0 */
    assert_true(ml_batch_norm(t, x, NULL, NULL, NULL, NULL, (ml_batch_norm_opts){0})->data[0] == 0);
    assert_true(ml_layer_norm(t, x, NULL, NULL, 0)->data[0] == 0);
    assert_true(isnan(
        (double)ml_batch_norm(t, x, NULL, NULL, NULL, NULL, (ml_batch_norm_opts){.eps = ML_ZERO})
            ->data[0]));
    assert_true(isnan((double)ml_layer_norm(t, x, NULL, NULL, ML_ZERO)->data[0]));
    ml_tensor_free(x);
    ml_tape_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batch_norm_is_that_of_pytorch),
        cmocka_unit_test(layer_and_group_norm_are_those_of_pytorch),
        cmocka_unit_test(gradients_of_every_kind),
        cmocka_unit_test(gradients_through_views_and_one_another),
        cmocka_unit_test(the_examples_on_paper),
        cmocka_unit_test(statistics_move_in_training_only),
        cmocka_unit_test(a_failed_op_leaves_the_statistics_alone),
        cmocka_unit_test(without_statistics_eval_is_as_training),
        cmocka_unit_test(no_allocation_after_the_first_step),
        cmocka_unit_test(empty_batches),
        cmocka_unit_test(batch_norm_errors_say_the_numbers),
        cmocka_unit_test(layer_norm_errors_say_the_numbers),
        cmocka_unit_test(group_norm_errors_say_the_numbers),
        cmocka_unit_test(options_out_of_range_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
