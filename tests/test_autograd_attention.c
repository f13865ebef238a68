/* test_autograd_attention.c -- attention on the tape: PyTorch's numbers, gradients, memory, errors. */
#include "base/base.h"
#include "support/check.h"

#include <math.h>
#include <string.h>

/* ---- golden values: tests/golden/make_attention.py ---- */

typedef struct reader {
    golden g;
    int64_t at;
} reader;

static ml_tensor *next_tensor(reader *r, int rank, const int64_t *shape)
{
    ml_tensor *x = ml_tensor_new(rank, shape);
    assert_non_null(x);
    assert_int_equal(ml_requires_grad(x), ML_OK);
    for (int64_t i = 0; i < x->size; i++)
        x->data[i] = (ml_real)r->g.v[r->at + i];
    r->at += x->size;
    return x;
}

static void assert_next(reader *r, const ml_real *v, int64_t n, double tol)
{
    assert_close(v, r->g.v + r->at, n, tol, tol);
    r->at += n;
}

/* sum(w y): its gradient by y is w */
static ml_tensor *weighed(ml_tape *t, ml_tensor *y, ml_tensor *w)
{
    return ml_sum(t, ml_mul(t, y, w), ML_ALL, false);
}

typedef struct attention_case {
    int rank;
    int64_t before[2], t, s, d, m;
    double scale;
    bool causal;
    int masks; /* rank of the mask, 0: none */
    double tol;
} attention_case;

static const attention_case CASES[] = {
    {2, {0}, 5, 5, 3, 3, 0, false, 0, TOL_REAL},       {4, {2, 2}, 4, 6, 3, 5, 0, false, 0, TOL_REAL},
    {3, {2}, 5, 5, 4, 4, 0, true, 0, TOL_REAL},        {2, {0}, 7, 4, 2, 3, 0.3, true, 0, TOL_REAL},
    {3, {2}, 3, 6, 2, 3, -1.25, true, 0, TOL_REAL},    {3, {2}, 4, 5, 3, 2, 0, false, 2, TOL_REAL},
    {3, {2}, 4, 5, 3, 2, 0, false, 3, TOL_REAL},       {3, {2}, 4, 5, 3, 2, 0.5, true, 2, TOL_REAL},
    {3, {2}, 4, 4, 3, 2, 0, false, 0, 100 * TOL_REAL}, /* scores in the hundreds */
};

static ml_tensor *next_with(reader *r, const attention_case *c, int rank, int64_t rows, int64_t columns)
{
    int64_t shape[4] = {c->before[0], c->before[1]};
    shape[rank - 2] = rows;
    shape[rank - 1] = columns;
    return next_tensor(r, rank, shape);
}

static void check_case(reader *r, const attention_case *c, ml_kernel kernel)
{
    ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = kernel});
    ml_tensor *q = next_with(r, c, c->rank, c->t, c->d), *k = next_with(r, c, c->rank, c->s, c->d);
    ml_tensor *v = next_with(r, c, c->rank, c->s, c->m);
    ml_tensor *mask = c->masks ? next_with(r, c, c->masks, c->t, c->s) : NULL;
    ml_tensor *w = next_with(r, c, c->rank, c->t, c->m);
    ml_tensor *y = ml_attention(t, q, k, v, (ml_attention_opts){c->scale, c->causal, mask});
    if (!y || ml_backward(t, weighed(t, y, w)))
        fail_msg("%s", ml_tape_error_text(t));
    assert_next(r, y->data, y->size, c->tol);
    assert_next(r, q->grad, q->size, c->tol);
    assert_next(r, k->grad, k->size, c->tol);
    assert_next(r, v->grad, v->size, c->tol);
    ml_tensor_free(q), ml_tensor_free(k), ml_tensor_free(v), ml_tensor_free(mask), ml_tensor_free(w);
    ml_tape_free(t);
}

static void attention_is_that_of_pytorch(void **state)
{
    (void)state;
    for (int kernel = 0; kernel < 3; kernel++) {
        reader r = {golden_read("attention_cases"), 0};
        for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
            check_case(&r, &CASES[i], (ml_kernel)kernel);
        assert_int_equal(r.at, r.g.size);
        golden_free(&r.g);
    }
}

/* ---- gradient checks ---- */

enum { CAUSAL = 1, MASK = 2, ONE = 4, VIEWS = 8, TWICE = 16 };

/* in[0]: q; in[1]: k; in[2]: v. ONE: q is all three. VIEWS: neighbouring parts of in[0], which share sequences. */
static ml_tensor *trial_loss(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n;
    int what = *(const int *)user;
    ml_tensor *q = in[0], *k = what & ONE ? q : in[1], *v = what & ONE ? q : in[2];
    ml_real w[512], hidden[2500];
    if (what & VIEWS) {
        q = ml_slice(t, in[0], 0, 0, 2);
        k = ml_slice(t, in[0], 0, 1, 3);
        v = ml_slice(t, in[0], 0, 0, 2);
    }
    for (int i = 0; i < 512; i++)
        w[i] = (ml_real)(0.3 + 0.7 * (i * 37 % 11) / 11 - i % 2);
    for (int i = 0; i < 2500; i++)
        hidden[i] = i % 4 == 1 ? (ml_real)-INFINITY : (ml_real)(i % 3);
    ml_tensor *mask = NULL;
    if (q && what & MASK)
        mask = ml_constant(t, 2, (int64_t[]){q->shape[q->rank - 2], k->shape[k->rank - 2]}, hidden);
    ml_tensor *y = ml_attention(t, q, k, v, (ml_attention_opts){.causal = what & CAUSAL, .mask = mask});
    if (what & TWICE) /* gradients of both uses add, one of them before and one after */
        y = ml_attention(t, ml_add(t, y, q), k, ml_mul(t, v, v), (ml_attention_opts){0});
    if (!y || y->size > 512)
        return NULL;
    return weighed(t, y, ml_constant(t, y->rank, y->shape, w));
}

static void gradients_of_every_kind(void **state)
{
    (void)state;
    static const struct {
        int rank;
        int64_t shape[4], keys;
    } SHAPES[] = {{2, {1, 1}, 1}, {2, {4, 3}, 5}, {3, {3, 4, 2}, 4}, {3, {5, 3, 2}, 2}, {4, {2, 2, 3, 2}, 5}, {2, {50, 2}, 50}};
    static const int CHOICES[] = {0, CAUSAL, MASK, CAUSAL | MASK, TWICE, ONE, ONE | CAUSAL, ONE | TWICE, VIEWS, VIEWS | CAUSAL};
    ml_rng rng = ml_rng_seed(41);
    for (size_t s = 0; s < sizeof SHAPES / sizeof SHAPES[0]; s++) {
        int rank = SHAPES[s].rank;
        int64_t keys[4];
        memcpy(keys, SHAPES[s].shape, sizeof keys);
        keys[rank - 2] = SHAPES[s].keys;
        ml_tensor *in[] = {random_tensor(&rng, rank, SHAPES[s].shape, -1, 1), random_tensor(&rng, rank, keys, -1, 1),
                           random_tensor(&rng, rank, keys, -1, 1)};
        for (size_t k = 0; k < sizeof CHOICES / sizeof CHOICES[0]; k++) {
            int what = CHOICES[k];
            if (what & VIEWS && (rank != 3 || in[0]->shape[0] < 3))
                continue;
            if (in[0]->size < 100 || what == (CAUSAL | MASK)) /* the last shape has two blocks of queries */
                assert_gradients(trial_loss, in, what & (ONE | VIEWS) ? 1 : 3, &what);
        }
        for (int i = 0; i < 3; i++)
            ml_tensor_free(in[i]);
    }
}

/* ---- edges ---- */

/* The example of docs/math/attention.md, worked out on paper there. */
static void the_example_on_paper(void **state)
{
    (void)state;
    const ml_real ln3 = (ml_real)1.0986123;
    ml_tape *t = ml_tape_new();
    ml_tensor *q = ml_tensor_from(2, (int64_t[]){2, 1}, (ml_real[]){ln3, 0}),
              *k = ml_tensor_from(2, (int64_t[]){2, 1}, (ml_real[]){0, 1}),
              *v = ml_tensor_from(2, (int64_t[]){2, 1}, (ml_real[]){4, 8});
    ml_requires_grad(q), ml_requires_grad(k), ml_requires_grad(v);
    ml_tensor *y = ml_attention(t, q, k, v, (ml_attention_opts){0});
    assert_reals_close(y->data, (ml_real[]){7, 6}, 2, 1e-6, 0);
    assert_int_equal(ml_backward(t, ml_sum(t, y, ML_ALL, false)), ML_OK);
    const ml_real h = (ml_real)0.5, e = h * h * h * 6; /* 3/4 */
    assert_reals_close(q->grad, (ml_real[]){e, 1}, 2, 1e-6, 0);
    assert_reals_close(k->grad, (ml_real[]){-e * ln3, e * ln3}, 2, 1e-6, 0);
    assert_reals_close(v->grad, (ml_real[]){e, 1 + h * h}, 2, 1e-6, 0);
    y = ml_attention(t, q, k, v, (ml_attention_opts){.causal = true}); /* the first query sees the first key alone */
    assert_reals_close(y->data, (ml_real[]){4, 6}, 2, 1e-6, 0);
    ml_tensor_free(q), ml_tensor_free(k), ml_tensor_free(v);
    ml_tape_free(t);
}

static void empty_inputs(void **state)
{
    (void)state;
    static const int64_t SIZES[][5] = {{0, 3, 4, 2, 2}, {2, 0, 4, 2, 2}, {2, 3, 0, 2, 2}, {2, 3, 4, 2, 0}, {0, (int64_t)1 << 40, 3, 2, 2}};
    for (int i = 0; i < 15; i++) {
        const int64_t *n = SIZES[i / 3];
        ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = (ml_kernel)(i % 3)});
        ml_tensor *q = ml_tensor_new(3, (int64_t[]){n[0], n[1], n[3]}), *k = ml_tensor_new(3, (int64_t[]){n[0], n[2], n[3]}),
                  *v = ml_tensor_new(3, (int64_t[]){n[0], n[2], n[4]});
        ml_requires_grad(q), ml_requires_grad(k), ml_requires_grad(v);
        ml_tensor *all[] = {q, k, v};
        for (int j = 0; j < 3; j++)
            for (int64_t e = 0; e < all[j]->size; e++)
                all[j]->grad[e] = 7; /* an old gradient, to be overwritten */
        ml_tensor *y = ml_attention(t, q, k, v, (ml_attention_opts){.causal = true});
        assert_true(y && y->rank == 3 && y->shape[0] == n[0] && y->shape[1] == n[1] && y->shape[2] == n[4]);
        for (int64_t e = 0; e < y->size; e++)
            assert_true(y->data[e] == 0);
        assert_int_equal(ml_backward(t, ml_sum(t, y, ML_ALL, false)), ML_OK);
        for (int j = 0; j < 3; j++)
            for (int64_t e = 0; e < all[j]->size; e++)
                assert_true(all[j]->grad[e] == 0);
        ml_tensor_free(q), ml_tensor_free(k), ml_tensor_free(v);
        ml_tape_free(t);
    }
}

static void step(ml_tape *t, ml_tensor *const *w, int64_t batch)
{
    static ml_real values[8 * 60 * 16];
    for (int i = 0; i < 8 * 60 * 16; i++)
        values[i] = (ml_real)(i % 17) / 17;
    ml_tape_reset(t);
    ml_tensor *x = ml_constant(t, 3, (int64_t[]){batch, 60, 16}, values);
    ml_tensor *y = ml_attention(t, ml_bmm(t, x, w[0], false, false), ml_bmm(t, x, w[1], false, true),
                                ml_bmm(t, x, w[2], false, false), (ml_attention_opts){.causal = true});
    for (int i = 0; i < 3; i++)
        w[i]->has_grad = false;
    if (ml_backward(t, ml_sum(t, ml_mul(t, y, y), ML_ALL, false)))
        fail_msg("%s", ml_error());
}

static void no_allocation_after_the_first_step(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(44);
    ml_tensor *w[3];
    for (int i = 0; i < 3; i++)
        w[i] = random_tensor(&rng, 2, (int64_t[]){16, 16}, -0.5, 0.5);
    for (int kernel = 0; kernel < 3; kernel++) {
        ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = (ml_kernel)kernel});
        step(t, w, 8);
        int64_t asked = mli_alloc_count();
        for (int k = 0; k < 10; k++)
            step(t, w, k % 3 == 2 ? 5 : 8);
        assert_int_equal(mli_alloc_count(), asked);
        ml_tape_free(t);
    }
    for (int i = 0; i < 3; i++)
        ml_tensor_free(w[i]);
}

static void assert_sticks(ml_tape *t, const ml_tensor *y, const char *sentence)
{
    assert_null(y);
    assert_string_equal(ml_tape_error_text(t), sentence);
    ml_tape_reset(t);
}

static void errors_say_the_numbers(void **state)
{
    (void)state;
    const char *shapes = "attention: q is %s, k is %s and v is %s: wanted (..., T, D), (..., S, D) and (..., S, M)";
    char text[256];
    ml_tape *t = ml_tape_new();
    ml_tensor *q = ml_zeros(2, 4, 3), *k = ml_zeros(2, 5, 3), *v = ml_zeros(2, 5, 6), *row = ml_zeros(3), *flat = ml_zeros(5, 3),
              *other = ml_zeros(3, 5, 3), *none = ml_zeros(2, 4, 0), *mask = ml_zeros(5, 4), *masks = ml_zeros(3, 4, 5);
    ml_attention_opts o = {0};
    assert_sticks(t, ml_attention(t, q, NULL, v, o), "attention: input 1 is NULL");
    snprintf(text, sizeof text, shapes, "3", "2x5x3", "2x5x6");
    assert_sticks(t, ml_attention(t, row, k, v, o), text);
    snprintf(text, sizeof text, shapes, "2x4x3", "5x3", "2x5x6");
    assert_sticks(t, ml_attention(t, q, flat, v, o), text);
    snprintf(text, sizeof text, shapes, "2x4x3", "3x5x3", "2x5x6");
    assert_sticks(t, ml_attention(t, q, other, v, o), text);
    snprintf(text, sizeof text, shapes, "2x4x3", "2x5x3", "3x5x3");
    assert_sticks(t, ml_attention(t, q, k, other, o), text);
    snprintf(text, sizeof text, shapes, "2x4x3", "2x5x6", "2x5x3");
    assert_sticks(t, ml_attention(t, q, v, k, o), text);
    snprintf(text, sizeof text, shapes, "2x4x3", "2x5x3", "2x4x3");
    assert_sticks(t, ml_attention(t, q, k, q, o), text);
    assert_sticks(t, ml_attention(t, none, none, q, o), "attention: q is 2x4x0: without features nothing fits");
    o.mask = mask;
    assert_sticks(t, ml_attention(t, q, k, v, o),
                  "attention: mask is 5x4 but q is 2x4x3 and k is 2x5x3: wanted (4, 5), or the same with the axes before");
    o.mask = masks;
    assert_sticks(t, ml_attention(t, q, k, v, o),
                  "attention: mask is 3x4x5 but q is 2x4x3 and k is 2x5x3: wanted (4, 5), or the same with the axes before");
    o.mask = row;
    assert_sticks(t, ml_attention(t, q, k, v, o),
                  "attention: mask is 3 but q is 2x4x3 and k is 2x5x3: wanted (4, 5), or the same with the axes before");
    assert_sticks(t, ml_attention(t, q, k, v, (ml_attention_opts){.scale = NAN}), "attention: scale is nan: it must be a number");
    assert_sticks(t, ml_attention(t, q, k, v, (ml_attention_opts){.scale = -INFINITY}),
                  "attention: scale is -inf: it must be a number");
    assert_null(ml_attention(NULL, q, k, v, (ml_attention_opts){0}));
    assert_string_equal(ml_error(), "attention: the tape is NULL");
    assert_non_null(ml_attention(t, q, k, v, (ml_attention_opts){.scale = ML_ZERO})); /* the plain mean */
    ml_tensor *all[] = {q, k, v, row, flat, other, none, mask, masks};
    for (int i = 0; i < 9; i++)
        ml_tensor_free(all[i]);
    ml_tape_free(t);
}

/* A mask that wants a gradient gets none, and alone gives backward nothing to do. */
static void the_mask_is_a_constant(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_rng rng = ml_rng_seed(45);
    ml_tensor *q = random_tensor(&rng, 2, (int64_t[]){3, 2}, -1, 1), *mask = random_tensor(&rng, 2, (int64_t[]){3, 3}, -1, 1);
    ml_tensor *c = ml_detach(t, q);
    ml_attention_opts o = {.mask = mask};
    assert_int_equal(ml_backward(t, ml_sum(t, ml_attention(t, q, c, c, o), ML_ALL, false)), ML_OK);
    assert_true(q->has_grad && !mask->has_grad);
    assert_false(ml_attention(t, c, c, c, o)->requires_grad);
    ml_tensor_free(q), ml_tensor_free(mask);
    ml_tape_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attention_is_that_of_pytorch),
        cmocka_unit_test(gradients_of_every_kind),
        cmocka_unit_test(the_example_on_paper),
        cmocka_unit_test(empty_inputs),
        cmocka_unit_test(no_allocation_after_the_first_step),
        cmocka_unit_test(errors_say_the_numbers),
        cmocka_unit_test(the_mask_is_a_constant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
