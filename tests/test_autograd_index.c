/* test_autograd_index.c -- picking and moving on the tape: PyTorch's numbers, gradients, memory, errors. */
#include "support/check.h"

#include "base/base.h"

#include <math.h>
#include <string.h>

enum { GATHER, SCATTER_ADD, SELECT, EMBEDDING, PAD, STACK, TILE, CUMSUM, SORT, TOP_K, N_OPS };
static const char *const NAMES[] = {"gather", "scatter_add", "select", "embedding", "pad",
                                    "stack",  "tile",        "cumsum", "sort",      "top_k"};

/* One call of an op. Which of the others it reads depends on op. */
typedef struct call {
    int op;
    int axis;
    int64_t a[ML_MAX_RANK], b[ML_MAX_RANK]; /* pad: before, after; tile: times; top_k: a[0] is k */
    double value;
    bool descending;
    const int32_t *index;
    int64_t n;
} call;

static ml_tensor *run(ml_tape *t, ml_tensor *const *in, const call *c, int32_t *order)
{
    ml_ints index = {c->index, c->n};
    switch (c->op) {
    case GATHER:
        return ml_gather(t, in[0], c->axis, index);
    case SCATTER_ADD:
        return ml_scatter_add(t, in[0], c->axis, index, in[1]);
    case SELECT:
        return ml_select(t, in[0], c->axis, index);
    case EMBEDDING:
        return ml_embedding(t, in[0], index);
    case PAD:
        return ml_pad(t, in[0], c->a, c->b, c->value);
    case STACK:
        return ml_stack(t, (ml_tensor *[]){in[0], in[1], in[0]}, 3, c->axis);
    case TILE:
        return ml_tile(t, in[0], c->a);
    case CUMSUM:
        return ml_cumsum(t, in[0], c->axis);
    case SORT:
        return ml_sort(t, in[0], c->axis, c->descending, order);
    default:
        return ml_top_k(t, in[0], c->axis, c->a[0], order);
    }
}

static int inputs_of(const call *c)
{
    return c->op == SCATTER_ADD || c->op == STACK ? 2 : 1;
}

/* Any numbers below extent, many of them more than once. */
static const int32_t *some_index(int32_t *v, int64_t n, int64_t extent)
{
    for (int64_t k = 0; k < n; k++)
        v[k] = (int32_t)((k * 7 + k / 5) % extent);
    return v;
}

/* sum of y * w */
static ml_tensor *weighted(ml_tape *t, ml_tensor *y, const ml_real *w)
{
    return y ? ml_sum(t, ml_mul(t, y, ml_constant(t, y->rank, y->shape, w)), ML_ALL, false) : NULL;
}

/* ---- PyTorch: tests/golden/make_index.py, case by case ---- */

static golden values;
static int64_t value_at;
static ml_tensor *w;

static double next_value(const char *what)
{
    if (value_at >= values.size)
        fail_msg("%s: the golden values end", what);
    return values.v[value_at++];
}

static void compare(const char *what, const ml_real *v, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        double got = (double)v[i], right = next_value(what);
        bool same = isnan(right) ? isnan(got) : got == right || fabs(got - right) <= TOL_REAL * (1 + fabs(right));
        if (!same)
            fail_msg("%s: number %d is %.12g, expected %.12g", what, (int)i, got, right);
    }
}

static void compare_ints(const char *what, const int32_t *v, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        double right = next_value(what);
        if ((double)v[i] != right)
            fail_msg("%s: number %d is %d, expected %g", what, (int)i, (int)v[i], right);
    }
}

static void check_golden(ml_tensor *const *in, call c)
{
    int64_t begin = value_at;
    for (int body = 0; body < 3; body++) {
        int32_t order[512];
        ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = (ml_kernel)body});
        value_at = begin;
        ml_tensor *y = run(t, in, &c, order);
        if (!y)
            fail_msg("%s", ml_tape_error_text(t));
        compare(NAMES[c.op], y->data, y->size);
        if (c.op == SORT || c.op == TOP_K)
            compare_ints(NAMES[c.op], order, y->size);
        for (int i = 0; i < inputs_of(&c); i++)
            in[i]->has_grad = false;
        assert_int_equal(ml_backward(t, weighted(t, y, w->data)), ML_OK);
        for (int i = 0; i < inputs_of(&c); i++)
            compare(NAMES[c.op], in[i]->grad, in[i]->size);
        ml_tape_free(t);
    }
}

static ml_tensor *leaf(ml_tensor *x)
{
    assert_int_equal(ml_requires_grad(x), ML_OK);
    return x;
}

static void golden_picks(ml_tensor *x)
{
    int32_t v[512], ids[] = {3, 11, 3, 0, 3, 7};
    for (int axis = 0; axis < 3; axis++) {
        int64_t shape[] = {3, 4, 5}, n = x->shape[axis];
        shape[axis] = 6;
        ml_tensor *src = leaf(ml_tensor_from(3, shape, w->data + 100)), *in[] = {x, src};
        check_golden(in, (call){.op = GATHER, .axis = axis, .index = some_index(v, src->size, n), .n = src->size});
        check_golden(in, (call){.op = SCATTER_ADD, .axis = axis - 3, .index = v, .n = src->size});
        check_golden(in, (call){.op = SELECT, .axis = axis, .index = some_index(v, 6, n), .n = 6});
        ml_tensor_free(src);
    }
    ml_tensor *table = leaf(ml_tensor_from(2, (int64_t[]){12, 5}, x->data));
    check_golden(&table, (call){.op = EMBEDDING, .index = ids, .n = 6});
    ml_tensor_free(table);
    ml_tape *t = ml_tape_new();
    compare("one_hot", ml_one_hot(t, (ml_ints){(int32_t[]){2, 0, 1, 2}, 4}, 4)->data, 16);
    assert_int_equal(ml_tape_ops(t), 0);
    ml_tape_free(t);
}

static void golden_growth(ml_tensor *x)
{
    ml_tensor *z = leaf(ml_tensor_from(3, x->shape, w->data)), *in[] = {x, z};
    check_golden(in, (call){.op = PAD, .a = {1, 0, 2}, .b = {2, 1, 0}, .value = 0.5});
    check_golden(in, (call){.op = PAD, .a = {0, 1, 0}, .b = {0, 2, 0}, .value = -INFINITY});
    check_golden(in, (call){.op = PAD, .a = {0, 0, 3}, .b = {0, 0, 1}, .value = NAN});
    for (int axis = 0; axis < 4; axis++)
        check_golden(in, (call){.op = STACK, .axis = axis % 2 ? axis : axis - 4});
    check_golden(in, (call){.op = TILE, .a = {2, 1, 3}});
    check_golden(in, (call){.op = TILE, .a = {1, 4, 1}});
    check_golden(in, (call){.op = TILE, .a = {2, 2, 2}});
    ml_tensor_free(z);
}

static void golden_order(ml_tensor *x)
{
    ml_tensor *hard = leaf(golden_tensor("index_hard")), *few = leaf(golden_tensor("index_few"));
    for (int axis = 0; axis < 3; axis++)
        check_golden(&x, (call){.op = CUMSUM, .axis = axis});
    for (int axis = 0; axis < 2; axis++)
        check_golden(&hard, (call){.op = CUMSUM, .axis = axis});
    for (int descending = 0; descending < 2; descending++) {
        for (int axis = 0; axis < 3; axis++)
            check_golden(&x, (call){.op = SORT, .axis = axis, .descending = descending});
        for (int axis = 0; axis < 2; axis++)
            check_golden(&hard, (call){.op = SORT, .axis = axis - 2, .descending = descending});
    }
    for (int k = 1; k <= 3; k++) {
        for (int axis = 0; axis < 3; axis++)
            check_golden(&x, (call){.op = TOP_K, .axis = axis, .a = {k}});
        check_golden(&few, (call){.op = TOP_K, .axis = 1, .a = {k}});
    }
    int32_t at[8];
    for (int axis = 0; axis < 3; axis++) {
        assert_int_equal(ml_argmax(hard, axis < 2 ? axis - 2 : ML_ALL, at), ML_OK);
        compare_ints("argmax", at, axis == 0 ? 8 : axis == 1 ? 5 : 1);
    }
    ml_tensor_free(hard), ml_tensor_free(few);
}

static void values_and_gradients_are_those_of_pytorch(void **state)
{
    (void)state;
    values = golden_read("index_values");
    value_at = 0;
    w = golden_tensor("index_w");
    ml_tensor *x = leaf(golden_tensor("index_x"));
    golden_picks(x);
    golden_growth(x);
    golden_order(x);
    assert_int_equal(value_at, values.size);
    ml_tensor_free(x), ml_tensor_free(w);
    golden_free(&values);
}

/* ---- gradients by difference ---- */

/* An op along an axis, and memory for the index of each of its two uses. */
typedef struct trial {
    int op, axis;
    bool descending;
    int32_t index[2][512];
} trial;

/* The op on x, with whatever else it wants made from x. */
static ml_tensor *apply(ml_tape *t, ml_tensor *x, trial *u, int use)
{
    if (!x)
        return NULL;
    call c = {.op = u->op, .axis = u->axis, .value = 0.5, .descending = u->descending, .index = u->index[use]};
    int64_t extent = x->rank ? x->shape[u->axis] : 1;
    c.n = u->op == GATHER ? x->size / extent * 3 : u->op == SCATTER_ADD ? x->size : 5;
    if (u->op == EMBEDDING)
        x = ml_flatten(t, x), extent = x->shape[0];
    assert_true(c.n <= 512);
    some_index(u->index[use], c.n, extent);
    for (int d = 0; d < x->rank; d++) {
        c.a[d] = u->op == TILE ? 1 + (d == u->axis) + 2 * (d == x->rank - 1) : u->op == TOP_K ? (extent + 1) / 2 : d % 2;
        c.b[d] = d == u->axis;
    }
    ml_tensor *in[] = {x, u->op == SCATTER_ADD || u->op == STACK ? ml_scale(t, x, 0.7) : NULL};
    return run(t, in, &c, NULL);
}

static ml_tensor *with_weights(ml_tape *t, ml_tensor *y)
{
    ml_real weight[4096];
    assert_true(!y || y->size <= 4096);
    for (int64_t i = 0; i < 4096; i++)
        weight[i] = (ml_real)(i % 13) / 4 - 1;
    return weighted(t, y, weight);
}

static ml_tensor *loss(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n;
    return with_weights(t, apply(t, in[0], user, 0));
}

/* The same on a view that begins in the middle, and on the whole beside it: every gradient but the first adds. */
static ml_tensor *loss_of_views(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n;
    ml_tensor *part = ml_slice(t, in[0], 0, in[0]->shape[0] / 2, in[0]->shape[0]);
    ml_tensor *a = with_weights(t, apply(t, part, user, 0)), *b = with_weights(t, apply(t, in[0], user, 1));
    return ml_add(t, ml_add(t, a, b), ml_scale(t, with_weights(t, part), 0.5));
}

/* Distinct numbers in random order, further apart than a difference moves them: no two change places. */
static ml_tensor *distinct(ml_rng *rng, int rank, const int64_t *shape)
{
    ml_tensor *x = random_tensor(rng, rank, shape, 0, 1);
    for (int64_t i = 0; i < x->size; i++) {
        int64_t j = ml_rng_below(rng, i + 1);
        x->data[i] = x->data[j];
        x->data[j] = (ml_real)(i - x->size / 2) / 16;
    }
    return x;
}

static void every_gradient_over_every_axis(void **state)
{
    (void)state;
    static const struct {
        int rank;
        int64_t shape[5];
    } SHAPES[] = {{1, {1}}, {1, {7}}, {2, {4, 3}}, {3, {2, 3, 4}}, {3, {3, 1, 17}}, {5, {2, 1, 3, 1, 2}}};
    ml_rng rng = ml_rng_seed(1);
    for (size_t s = 0; s < sizeof SHAPES / sizeof *SHAPES; s++) {
        ml_tensor *x = distinct(&rng, SHAPES[s].rank, SHAPES[s].shape);
        for (trial u = {0}; u.op < N_OPS; u.op++)
            for (u.axis = 0; u.axis < x->rank; u.axis++)
                for (int k = 0; k < 2; k++) {
                    u.descending = k;
                    assert_gradients(k ? loss_of_views : loss, &x, 1, &u);
                }
        ml_tensor_free(x);
    }
}

/* ---- meaning ---- */

/* The examples of docs/math. */
static void by_numbers(void **state)
{
    (void)state;
    const ml_real dy[] = {1, 2, 3, 4, 5, 6, 7, 8};
    const struct {
        call c;
        int64_t n;
        ml_real y[8], dx[4];
    } want[] = {
        {{.op = GATHER, .axis = 1, .index = (int32_t[]){1, 1, 0, 1, 0, 0}, .n = 6}, 6, {3, 3, 5, 2, 4, 4}, {3, 3, 11, 4}},
        {{.op = EMBEDDING, .index = (int32_t[]){1, 0, 1}, .n = 3}, 6, {4, 2, 5, 3, 4, 2}, {3, 4, 6, 8}},
        {{.op = PAD, .a = {0, 1}, .b = {0, 1}, .value = 9}, 8, {9, 5, 3, 9, 9, 4, 2, 9}, {2, 3, 6, 7}},
        {{.op = TILE, .a = {1, 2}}, 8, {5, 3, 5, 3, 4, 2, 4, 2}, {4, 6, 12, 14}},
        {{.op = CUMSUM, .axis = 1}, 4, {5, 8, 4, 6}, {3, 2, 7, 4}},
        {{.op = SORT, .axis = 1}, 4, {3, 5, 2, 4}, {2, 1, 4, 3}},
        {{.op = TOP_K, .axis = 0, .a = {1}}, 2, {5, 3}, {1, 2, 0, 0}},
    };
    ml_tensor *x = leaf(ml_tensor_from(2, (int64_t[]){2, 2}, (ml_real[]){5, 3, 4, 2}));
    ml_tape *t = ml_tape_new();
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        ml_tape_reset(t);
        x->has_grad = false;
        ml_tensor *y = run(t, &x, &want[i].c, NULL);
        assert_non_null(y);
        assert_int_equal(y->size, want[i].n);
        assert_reals_close(y->data, want[i].y, y->size, 0, 0);
        assert_int_equal(ml_backward(t, weighted(t, y, dy)), ML_OK);
        assert_reals_close(x->grad, want[i].dx, 4, 0, 0);
    }
    ml_tape_free(t), ml_tensor_free(x);
}

/* An embedding is the product with one-hot rows, that nobody has to make. */
static void an_embedding_is_a_product(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(3);
    ml_tensor *table = random_tensor(&rng, 2, (int64_t[]){7, 5}, -1, 1);
    const ml_ints ids = {(int32_t[]){6, 0, 3, 3, 6, 6, 1}, 7};
    ml_real grad[35];
    ml_tape *t = ml_tape_new();
    ml_tensor *a = ml_embedding(t, table, ids), *b = ml_matmul(t, ml_one_hot(t, ids, 7), table);
    assert_reals_close(a->data, b->data, 35, 1e-6, 1e-6);
    assert_int_equal(ml_backward(t, with_weights(t, a)), ML_OK);
    memcpy(grad, table->grad, sizeof grad);
    table->has_grad = false;
    assert_int_equal(ml_backward(t, with_weights(t, b)), ML_OK);
    assert_reals_close(grad, table->grad, 35, 1e-5, 1e-5);
    ml_tape_free(t), ml_tensor_free(table);
}

/* A tape that will not be differentiated sorts as well, and need not remember. */
static void order_without_a_backward(void **state)
{
    (void)state;
    ml_tensor *x = ml_tensor_from(1, (int64_t[]){4}, (ml_real[]){2, 9, 2, 4});
    int32_t order[4] = {-1, -1, -1, -1};
    ml_tape *t = ml_tape_new();
    ml_tensor *y = ml_sort(t, x, 0, true, order);
    assert_reals_close(y->data, (ml_real[]){9, 4, 2, 2}, 4, 0, 0);
    assert_memory_equal(order, ((int32_t[]){1, 3, 0, 2}), sizeof order);
    assert_non_null(ml_sort(t, x, 0, false, NULL));
    y = ml_top_k(t, x, 0, 3, order);
    assert_memory_equal(order, ((int32_t[]){1, 3, 0, 2}), sizeof order); /* the fourth is left alone */
    assert_reals_close(y->data, (ml_real[]){9, 4, 2}, 3, 0, 0);
    assert_int_equal(ml_top_k(t, x, 0, 0, order)->size, 0);
    ml_tape_free(t), ml_tensor_free(x);
}

/* ---- memory, and nothing to do ---- */

static void step(ml_tape *t, ml_tensor *table, int64_t batch)
{
    static int32_t ids[32], index[32 * 8];
    ml_tape_reset(t);
    some_index(ids, batch, 40), some_index(index, batch * 8, 24);
    ml_tensor *x = ml_embedding(t, table, (ml_ints){ids, batch}); /* batch x 24 */
    x = ml_sort(t, ml_cumsum(t, x, 1), 1, true, NULL);
    ml_tensor *y = ml_gather(t, x, 1, (ml_ints){index, batch * 8}), *z = ml_top_k(t, x, 1, 8, NULL);
    ml_tensor *both = ml_stack(t, (ml_tensor *[]){y, z}, 2, 1); /* batch x 2 x 8 */
    both = ml_pad(t, ml_tile(t, both, (int64_t[]){1, 2, 1}), (int64_t[]){0, 1, 0}, (int64_t[]){0, 0, 1}, 1);
    x = ml_scatter_add(t, x, 1, (ml_ints){index, batch * 8}, y);
    table->has_grad = false;
    if (ml_backward(t, ml_add(t, ml_sum(t, both, ML_ALL, false), ml_sum(t, x, ML_ALL, false))))
        fail_msg("%s", ml_error());
}

static void no_allocation_after_the_first_step(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(3);
    ml_tape *t = ml_tape_new();
    ml_tensor *table = random_tensor(&rng, 2, (int64_t[]){40, 24}, -1, 1);
    step(t, table, 32);
    int64_t asked = mli_alloc_count();
    for (int k = 0; k < 20; k++)
        step(t, table, k % 4 == 3 ? 5 : 32);
    assert_int_equal(mli_alloc_count(), asked);
    ml_tape_free(t), ml_tensor_free(table);
}

static void an_empty_batch_is_no_error(void **state)
{
    (void)state;
    for (int op = 0; op < N_OPS; op++)
        for (int body = 0; body < 3; body++) {
            ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = (ml_kernel)body});
            ml_tensor *x = leaf(ml_zeros(0, 4)), *in[] = {x, x};
            call c = {.op = op, .axis = 1, .a = {0, 2}, .b = {0, 1}, .index = (int32_t[]){0}};
            c.n = op == SELECT;
            ml_tensor *y = run(t, in, &c, NULL);
            if (!y)
                fail_msg("%s", ml_tape_error_text(t));
            assert_int_equal(y->size, 0);
            assert_int_equal(ml_backward(t, ml_sum(t, y, ML_ALL, false)), ML_OK);
            ml_tape_free(t), ml_tensor_free(x);
        }
    ml_tape *t = ml_tape_new();
    char text[160];
    ml_tensor *x = leaf(ml_zeros(2, 3)), *none = ml_zeros(0, 4), *y = ml_tile(t, x, (int64_t[]){2, 0});
    assert_string_equal(ml_shape_text(y, text, sizeof text), "4x0");
    assert_int_equal(ml_backward(t, ml_sum(t, y, ML_ALL, false)), ML_OK);
    assert_reals_close(x->grad, (ml_real[6]){0}, 6, 0, 0);
    y = ml_gather(t, none, 1, (ml_ints){NULL, 0});
    assert_string_equal(ml_shape_text(y, text, sizeof text), "0x1");
    y = ml_pad(t, none, (int64_t[]){1, 0}, (int64_t[]){0, 0}, 3); /* of nothing only the frame is left */
    assert_reals_close(y->data, (ml_real[]){3, 3, 3, 3}, 4, 0, 0);
    y = ml_select(t, x, 0, (ml_ints){NULL, 0});
    assert_string_equal(ml_shape_text(y, text, sizeof text), "0x3");
    assert_int_equal(ml_one_hot(t, (ml_ints){NULL, 0}, 3)->size, 0);
    assert_int_equal(ml_argmax(none, 1, &(int32_t){7}), ML_OK);
    ml_tape_free(t), ml_tensor_free(x), ml_tensor_free(none);
}

/* A scalar has no axis, but a frame of no axes and copies along none. */
static void scalars(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = leaf(ml_tensor_from(0, NULL, (ml_real[]){3}));
    ml_tensor *y = ml_tile(t, ml_pad(t, x, NULL, NULL, 1), NULL), *both = ml_stack(t, (ml_tensor *[]){y, x}, 2, -1);
    assert_reals_close(both->data, (ml_real[]){3, 3}, 2, 0, 0);
    assert_int_equal(ml_backward(t, ml_sum(t, both, ML_ALL, false)), ML_OK);
    assert_true(x->grad[0] == 2);
    ml_tape_free(t), ml_tensor_free(x);
}

/* ---- errors ---- */

static void assert_sticks(ml_tape *t, const ml_tensor *y, const char *sentence)
{
    assert_null(y);
    assert_string_equal(ml_tape_error_text(t), sentence);
    assert_null(ml_cumsum(t, NULL, 0)); /* the first error stays */
    assert_string_equal(ml_tape_error_text(t), sentence);
    ml_tape_reset(t);
}

#define INTS(...) ((ml_ints){(int32_t[]){__VA_ARGS__}, (int64_t)(sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t))})

static void an_index_out_of_range_is_named(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = ml_zeros(2, 3), *src = ml_zeros(2, 2), *thin = ml_zeros(2, 0);
    assert_sticks(t, ml_gather(t, x, 1, INTS(0, 1, 2, 3)),
                  "gather: entry 3 of the index is 3: axis 1 of 2x3 has 3 entries, counted from 0");
    assert_sticks(t, ml_gather(t, x, -2, INTS(0, -1, 1)),
                  "gather: entry 1 of the index is -1: axis 0 of 2x3 has 2 entries, counted from 0");
    assert_sticks(t, ml_gather(t, x, 1, INTS(0, 1, 2)),
                  "gather: the index has 3 entries: for axis 1 of 2x3 it must be a multiple of 2");
    assert_sticks(t, ml_gather(t, x, 1, (ml_ints){NULL, 4}), "gather: the index has 4 entries, or is NULL");
    assert_sticks(t, ml_gather(t, x, 1, (ml_ints){(int32_t[]){0}, -4}), "gather: the index has -4 entries, or is NULL");
    assert_sticks(t, ml_gather(t, thin, 0, INTS(0)),
                  "gather: the index has 1 entries: for axis 0 of 2x0 it must be a multiple of 0");
    assert_sticks(t, ml_gather(t, thin, 1, INTS(0, 0)),
                  "gather: entry 0 of the index is 0: axis 1 of 2x0 has 0 entries, counted from 0");
    assert_sticks(t, ml_gather(t, x, 2, INTS(0)), "gather: axis 2 is not in -2 .. 1 of 2x3");
    assert_sticks(t, ml_scatter_add(t, x, 1, INTS(0, 1, 2, INT32_MIN), src),
                  "scatter_add: entry 3 of the index is -2147483648: axis 1 of 2x3 has 3 entries, counted from 0");
    assert_sticks(t, ml_scatter_add(t, x, 1, INTS(0, 1, 2), src),
                  "scatter_add: src is 2x2 but the index has 3 entries: one for each number");
    assert_sticks(t, ml_scatter_add(t, x, 0, INTS(0, 1, 2), src),
                  "scatter_add: src is 2x2 but x is 2x3: they may differ in axis 0 only");
    assert_sticks(t, ml_scatter_add(t, x, 0, INTS(0), NULL), "scatter_add: input 1 is NULL");
    assert_sticks(t, ml_select(t, x, 1, INTS(2, INT32_MAX)),
                  "select: entry 1 of the index is 2147483647: axis 1 of 2x3 has 3 entries, counted from 0");
    assert_sticks(t, ml_embedding(t, x, INTS(1, 0, 2)),
                  "embedding: entry 2 of ids is 2: axis 0 of 2x3 has 2 entries, counted from 0");
    ml_tensor *flat = ml_reshape(t, x, 1, (int64_t[]){6});
    assert_sticks(t, ml_embedding(t, flat, INTS(1)), "embedding: w is 6, not (rows, dims)");
    assert_sticks(t, ml_one_hot(t, INTS(0, 3), 3), "one_hot: label 3 of sample 1 is not in 0 .. 2");
    assert_sticks(t, ml_one_hot(t, INTS(0, 3), 0),
                  "one_hot: 2 labels of 0 classes: there must be one class at least, and room");
    assert_sticks(t, ml_one_hot(t, INTS(0, 3), INT64_MAX),
                  "one_hot: 2 labels of 9223372036854775807 classes: there must be one class at least, and room");
    assert_sticks(t, ml_one_hot(t, (ml_ints){NULL, 2}, 3),
                  "one_hot: 2 labels, which are NULL, of 3 classes: there must be one class at least, and room");
    assert_null(ml_one_hot(NULL, INTS(0), 3));
    assert_null(ml_select(NULL, x, 0, INTS(0)));
    assert_string_equal(ml_error(), "select: the tape is NULL");
    ml_tensor_free(x), ml_tensor_free(src), ml_tensor_free(thin);
    ml_tape_free(t);
}

#define SHAPE(...) ((int64_t[]){__VA_ARGS__})

static void errors_say_the_numbers(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = ml_zeros(2, 3), *y = ml_zeros(3, 2), *deep = ml_zeros(1, 1, 1, 1, 1, 1), *none = ml_zeros(0, 0, 0);
    ml_tensor *wide = ml_tensor_new(2, SHAPE(0, (int64_t)INT32_MAX + 1)), *long_ = ml_tensor_new(3, SHAPE(0, 1, (int64_t)1 << 56));
    int32_t at[2];
    assert_sticks(t, ml_pad(t, x, SHAPE(0, -1), SHAPE(0, 0), 0),
                  "pad: -1 before and 0 after axis 1 of 2x3: neither may be below 0, nor y too large");
    assert_sticks(t, ml_pad(t, x, SHAPE(1, 0), SHAPE(INT64_MAX, 0), 0),
                  "pad: 1 before and 9223372036854775807 after axis 0 of 2x3: neither may be below 0, nor y too large");
    assert_sticks(t, ml_pad(t, x, SHAPE(INT64_MAX - 2, 0), SHAPE(0, 0), 0),
                  "pad: the output, 9223372036854775807x3, is too large");
    assert_sticks(t, ml_pad(t, x, NULL, SHAPE(0, 0), 0),
                  "pad: before or after is NULL: each has a number for every axis");
    assert_sticks(t, ml_tile(t, x, SHAPE(1, -2)), "tile: 2x3 times 1x-2: a number of times is negative or too large");
    assert_sticks(t, ml_tile(t, none, SHAPE(INT64_MAX / 2, 4, 1)),
                  "tile: 0x0x0 times 4611686018427387903x4x1: a number of times is negative or too large");
    assert_sticks(t, ml_tile(t, x, SHAPE((int64_t)1 << 57, 1)), "tile: the output, 288230376151711744x3, is too large");
    assert_sticks(t, ml_tile(t, wide, SHAPE(1, (int64_t)1 << 40)), "tile: axis 1 of 0x2147483648 grows too long, 1099511627776 times");
    assert_sticks(t, ml_tile(t, x, NULL), "tile: times is NULL: it has a number for every axis");
    assert_sticks(t, ml_stack(t, (ml_tensor *[]){x, y}, 2, 0),
                  "stack: input 1 is 3x2 but input 0 is 2x3: they must have one shape");
    assert_sticks(t, ml_stack(t, (ml_tensor *[]){x, x}, 2, 3),
                  "stack: the new axis 3 of inputs that are 2x3 is not in -3 .. 2");
    assert_sticks(t, ml_stack(t, (ml_tensor *[]){x, x}, 2, INT32_MIN),
                  "stack: the new axis -2147483648 of inputs that are 2x3 is not in -3 .. 2");
    assert_sticks(t, ml_stack(t, &deep, 1, 0),
                  "stack: the inputs are 1x1x1x1x1x1: there is no room for one axis more than 6");
    assert_sticks(t, ml_stack(t, (ml_tensor *[]){x, NULL}, 2, 0), "stack: input 1 is NULL");
    assert_sticks(t, ml_stack(t, NULL, 2, 0), "stack: 0 inputs: there must be one at least");
    assert_sticks(t, ml_stack(t, &x, -1, 0), "stack: -1 inputs: there must be one at least");
    assert_sticks(t, ml_select(t, long_, 1, INTS(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)),
                  "select: the output, 0x16x72057594037927936, is too large");
    assert_sticks(t, ml_cumsum(t, x, ML_ALL), "cumsum: axis 1000 is not in -2 .. 1 of 2x3");
    assert_sticks(t, ml_sort(t, x, -3, false, NULL), "sort: axis -3 is not in -2 .. 1 of 2x3");
    assert_sticks(t, ml_sort(t, wide, 1, false, NULL),
                  "sort: axis 1 of 0x2147483648 is longer than 2147483647 entries");
    assert_sticks(t, ml_top_k(t, x, 1, 4, NULL), "top_k: k is 4, not in 0 .. 3, axis 1 of 2x3");
    assert_sticks(t, ml_top_k(t, x, 1, INT64_MIN, NULL),
                  "top_k: k is -9223372036854775808, not in 0 .. 3, axis 1 of 2x3");
    assert_sticks(t, ml_sort(t, ml_cumsum(t, x, 7), 0, false, NULL), "cumsum: axis 7 is not in -2 .. 1 of 2x3");
    assert_int_equal(ml_argmax(x, 2, at), ML_EINVAL);
    assert_string_equal(ml_error(), "argmax: axis 2 is not in -2 .. 1 of 2x3");
    assert_int_equal(ml_argmax(none, ML_ALL, at), ML_EINVAL);
    assert_string_equal(ml_error(), "argmax: 0 numbers of 0x0x0 to choose from: there must be 1 to 2147483647");
    assert_int_equal(ml_argmax(wide, 1, at), ML_EINVAL);
    assert_int_equal(ml_argmax(NULL, 0, at), ML_EINVAL);
    assert_int_equal(ml_argmax(x, 0, NULL), ML_EINVAL);
    assert_null(ml_sort(NULL, x, 0, false, NULL));
    ml_tensor_free(x), ml_tensor_free(y), ml_tensor_free(deep), ml_tensor_free(none), ml_tensor_free(wide);
    ml_tensor_free(long_);
    ml_tape_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_gradients_are_those_of_pytorch),
        cmocka_unit_test(every_gradient_over_every_axis),
        cmocka_unit_test(by_numbers),
        cmocka_unit_test(an_embedding_is_a_product),
        cmocka_unit_test(order_without_a_backward),
        cmocka_unit_test(no_allocation_after_the_first_step),
        cmocka_unit_test(an_empty_batch_is_no_error),
        cmocka_unit_test(scalars),
        cmocka_unit_test(an_index_out_of_range_is_named),
        cmocka_unit_test(errors_say_the_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
