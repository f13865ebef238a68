/* test_kernels_index.c -- picking, moving and ordering: the fast bodies against the definitions; the same bits on any
 * number of threads. */
#include "kernels/cumsum.h"
#include "kernels/embedding.h"
#include "kernels/pad.h"
#include "kernels/sort.h"
#include "kernels/tile.h"
#include "support/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The last ones are work for several threads. */
static const mlk_axis AXES[] = {
    {1, 1, 1}, {1, 7, 1},  {3, 1, 5},   {5, 16, 1}, {2, 17, 1},   {3, 31, 2},     {1, 13, 64},   {2, 5, 65},
    {0, 4, 3}, {4, 3, 0},  {2, 33, 3},  {1, 500, 1}, {7, 129, 17}, {1, 1000, 100}, {9, 40, 1000}, {200, 300, 1}, {300, 13, 9},
};
enum { N_AXES = sizeof AXES / sizeof AXES[0] };

static int64_t size_of(mlk_axis s)
{
    return s.outer * s.n * s.inner;
}

/* Random numbers at an address that no vector would choose; freed by free(p - 1). */
static ml_real *numbers(ml_rng *rng, int64_t n)
{
    ml_real *p = malloc((size_t)(n + 1) * sizeof *p);
    assert_non_null(p);
    for (int64_t i = 0; i <= n; i++)
        p[i] = (ml_real)(4 * ml_rng_uniform(rng) - 2);
    return p + 1;
}

static ml_real *copy_of(const ml_real *x, int64_t n)
{
    ml_real *p = malloc((size_t)(n + 1) * sizeof *p);
    assert_non_null(p);
    if (n)
        memcpy(p + 1, x, (size_t)n * sizeof *p);
    return p + 1;
}

/* The bits of b are those of a: these kernels compute the same sums in the same order, whatever the body and the threads. */
static void assert_same(const ml_real *a, const ml_real *b, int64_t n)
{
    if (n)
        assert_memory_equal(a, b, (size_t)n * sizeof *a);
}

static const int THREADS[] = {1, 2, 4};
enum { N_THREADS = sizeof THREADS / sizeof THREADS[0] };

/* ---- picking ---- */

static int32_t *random_index(ml_rng *rng, int64_t n, int64_t extent)
{
    int32_t *v = malloc((size_t)(n + 1) * sizeof *v);
    assert_non_null(v);
    for (int64_t i = 0; i < n; i++) /* half of them the same one */
        v[i] = (int32_t)(i % 2 ? extent / 2 : ml_rng_below(rng, extent));
    return v;
}

static void check_picks(ml_rng *rng, mlk_axis s, int64_t m, bool add)
{
    int64_t in = size_of(s), out = s.outer * m * s.inner;
    ml_real *x = numbers(rng, in), *y = numbers(rng, out), *a[4], *b[4];
    int32_t *each = random_index(rng, out, s.n), *slices = random_index(rng, m, s.n);
    mlk_pick gather = {s, m, each}, select = {s, m, slices};
    const int64_t sizes[] = {out, in, out, in};
    for (int k = 0; k < 4; k++) {
        a[k] = copy_of(sizes[k] == in ? x : y, sizes[k]);
        b[k] = copy_of(a[k], sizes[k]);
    }
    mlk_gather_ref(a[0], add, x, &gather);
    mlk_scatter_add_ref(a[1], y, &gather);
    mlk_select_ref(a[2], x, &select);
    mlk_select_backward_ref(a[3], add, y, &select);
    mlk_gather_forward(b[0], add, x, &gather);
    mlk_scatter_add_forward(b[1], y, &gather);
    mlk_select_forward(b[2], x, &select);
    mlk_select_backward(b[3], add, y, &select);
    for (int k = 0; k < 4; k++) {
        assert_same(a[k], b[k], sizes[k]);
        free(a[k] - 1), free(b[k] - 1);
    }
    free(x - 1), free(y - 1), free(each), free(slices);
}

static void picks_agree(void **state)
{
    (void)state;
    int threads = ml_threads();
    ml_rng rng = ml_rng_seed(1);
    for (int c = 0; c < N_AXES; c++)
        for (int k = 0; k < N_THREADS; k++) {
            ml_set_threads(THREADS[k]);
            for (int add = 0; add < 2; add++) {
                check_picks(&rng, AXES[c], AXES[c].n / 2, add);
                check_picks(&rng, AXES[c], AXES[c].n + 3, add);
            }
        }
    ml_set_threads(threads);
}

/* <gather x, y> = <x, scatter y>: the one is the other's adjoint. Likewise select and its backward. */
static void picking_and_adding_are_adjoint(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(2);
    const mlk_axis s = {3, 11, 5};
    int64_t m = 17, in = size_of(s), out = s.outer * m * s.inner;
    ml_real *x = numbers(&rng, in), *y = numbers(&rng, out), *up = numbers(&rng, out), *down = numbers(&rng, in);
    int32_t *index = random_index(&rng, out, s.n);
    mlk_pick p = {s, m, index};
    for (int slices = 0; slices < 2; slices++) {
        double left = 0, right = 0;
        memset(down, 0, (size_t)in * sizeof *down);
        if (slices) {
            mlk_select_forward(up, x, &p);
            mlk_select_backward(down, false, y, &p);
        } else {
            mlk_gather_forward(up, false, x, &p);
            mlk_scatter_add_forward(down, y, &p);
        }
        for (int64_t i = 0; i < out; i++)
            left += (double)up[i] * (double)y[i];
        for (int64_t i = 0; i < in; i++)
            right += (double)x[i] * (double)down[i];
        assert_true(fabs(left - right) < 1e-4);
    }
    free(x - 1), free(y - 1), free(up - 1), free(down - 1), free(index);
}

/* ---- pad, tile ---- */

typedef struct box {
    int rank;
    int64_t x[6], before[6], after[6], times[6];
} box;

static const box BOXES[] = {
    {0, {0}, {0}, {0}, {0}},
    {1, {1}, {0}, {0}, {1}},
    {1, {7}, {2}, {3}, {3}},
    {2, {4, 5}, {0, 1}, {2, 0}, {2, 1}},
    {2, {4, 5}, {1, 0}, {1, 0}, {1, 3}},
    {3, {3, 1, 4}, {0, 2, 0}, {0, 1, 0}, {1, 4, 1}},
    {4, {2, 3, 4, 5}, {0, 1, 1, 0}, {0, 1, 1, 0}, {1, 2, 2, 1}},
    {6, {2, 1, 3, 2, 1, 2}, {1, 1, 1, 1, 1, 1}, {1, 0, 2, 0, 1, 0}, {2, 3, 1, 2, 2, 2}},
    {6, {2, 1, 3, 2, 1, 2}, {0, 0, 1, 0, 0, 0}, {0}, {1, 1, 2, 1, 1, 3}},
    {2, {0, 3}, {2, 1}, {1, 1}, {2, 2}},
    {2, {3, 0}, {0, 1}, {0, 1}, {1, 3}},
    {2, {3, 2}, {0, 0}, {0, 0}, {0, 2}},
    {2, {3, 2}, {0, 0}, {0, 0}, {2, 0}},
    {4, {8, 30, 31, 16}, {0, 1, 2, 0}, {0, 2, 1, 0}, {1, 1, 2, 1}}, /* several threads from here on */
    {2, {500, 1}, {3, 4}, {0, 100}, {1, 200}},
    {1, {70001}, {5}, {5}, {3}},
    {3, {3, 1, 5000}, {1, 0, 0}, {0, 7, 0}, {2, 5, 1}},
};
enum { N_BOXES = sizeof BOXES / sizeof BOXES[0] };

static mlk_pad pad_of(const box *b)
{
    mlk_pad p = {.rank = b->rank};
    for (int d = 0; d < b->rank; d++) {
        p.x[d] = b->x[d];
        p.before[d] = b->before[d];
        p.y[d] = b->before[d] + b->x[d] + b->after[d];
    }
    return p;
}

static mlk_tile tile_of(const box *b)
{
    mlk_tile p = {.rank = b->rank};
    memcpy(p.x, b->x, sizeof p.x);
    memcpy(p.times, b->times, sizeof p.times);
    return p;
}

static int64_t count(int rank, const int64_t *a, const int64_t *b)
{
    int64_t n = 1;
    for (int d = 0; d < rank; d++)
        n *= a[d] * (b ? b[d] : 1);
    return n;
}

/* Forward against the definition; of backward, that it gives each number of x back and adds nothing to it. */
static void check_pad(ml_rng *rng, const box *b)
{
    mlk_pad p = pad_of(b);
    int64_t in = count(p.rank, p.x, NULL), out = count(p.rank, p.y, NULL);
    ml_real *x = numbers(rng, in), *y = numbers(rng, out), *z = numbers(rng, out), *dx = numbers(rng, in);
    mlk_pad_ref(y, x, (ml_real)0.25, &p);
    mlk_pad_forward(z, x, (ml_real)0.25, &p);
    assert_same(y, z, out);
    mlk_pad_backward(dx, false, y, &p);
    assert_same(dx, x, in);
    mlk_pad_backward(dx, true, y, &p);
    for (int64_t i = 0; i < in; i++)
        assert_true(dx[i] == 2 * x[i]);
    free(x - 1), free(y - 1), free(z - 1), free(dx - 1);
}

static void check_tile(ml_rng *rng, const box *b)
{
    mlk_tile p = tile_of(b);
    int64_t in = count(p.rank, p.x, NULL), out = count(p.rank, p.x, p.times);
    ml_real *x = numbers(rng, in), *y = numbers(rng, out), *z = numbers(rng, out);
    mlk_tile_ref(y, x, &p);
    mlk_tile_forward(z, x, &p);
    assert_same(y, z, out);
    for (int add = 0; add < 2; add++) {
        ml_real *dx = numbers(rng, in), *dz = copy_of(dx, in), *dy = numbers(rng, out);
        mlk_tile_backward_ref(dx, add, dy, &p);
        mlk_tile_backward(dz, add, dy, &p);
        assert_reals_close(dz, dx, in, 10 * TOL_REAL, 10 * TOL_REAL); /* the definition adds in ml_real */
        free(dx - 1), free(dz - 1), free(dy - 1);
    }
    free(x - 1), free(y - 1), free(z - 1);
}

static void pads_and_tiles_agree(void **state)
{
    (void)state;
    int threads = ml_threads();
    ml_rng rng = ml_rng_seed(3);
    for (int c = 0; c < N_BOXES; c++)
        for (int k = 0; k < N_THREADS; k++) {
            ml_set_threads(THREADS[k]);
            check_pad(&rng, &BOXES[c]);
            check_tile(&rng, &BOXES[c]);
        }
    ml_set_threads(threads);
}

static void tile_backward_has_the_same_bits_on_any_number_of_threads(void **state)
{
    (void)state;
    int threads = ml_threads();
    ml_rng rng = ml_rng_seed(4);
    for (int c = 0; c < N_BOXES; c++) {
        mlk_tile p = tile_of(&BOXES[c]);
        int64_t in = count(p.rank, p.x, NULL), out = count(p.rank, p.x, p.times);
        ml_real *dy = numbers(&rng, out), *dx = numbers(&rng, in), *first = numbers(&rng, in);
        for (int k = 0; k < N_THREADS; k++) {
            ml_set_threads(THREADS[k]);
            mlk_tile_backward(k ? dx : first, false, dy, &p);
            if (k)
                assert_same(dx, first, in);
        }
        free(dy - 1), free(dx - 1), free(first - 1);
    }
    ml_set_threads(threads);
}

/* ---- running sums ---- */

/* Where number i is when the axis is turned round. */
static int64_t mirror(mlk_axis s, int64_t i)
{
    int64_t row = i / s.inner, k = row % s.n;
    return (row - k + s.n - 1 - k) * s.inner + i % s.inner;
}

static void cumsums_agree(void **state)
{
    (void)state;
    int threads = ml_threads();
    ml_rng rng = ml_rng_seed(5);
    for (int c = 0; c < N_AXES; c++)
        for (int k = 0; k < N_THREADS; k++) {
            mlk_axis s = AXES[c];
            int64_t n = size_of(s);
            ml_real *x = numbers(&rng, n), *a = numbers(&rng, n), *b = numbers(&rng, n), *turned = numbers(&rng, n);
            ml_set_threads(THREADS[k]);
            mlk_cumsum_ref(a, x, s);
            mlk_cumsum_forward(b, x, s);
            assert_same(a, b, n);
            /* Backward is the same sum of the axis turned round. */
            for (int64_t i = 0; i < n; i++)
                turned[i] = x[mirror(s, i)];
            mlk_cumsum_ref(a, turned, s);
            mlk_cumsum_backward(b, false, x, s);
            memcpy(turned, b, (size_t)n * sizeof *b);
            mlk_cumsum_backward(b, true, x, s);
            for (int64_t i = 0; i < n; i++)
                if (turned[i] != a[mirror(s, i)] || b[i] != 2 * turned[i])
                    fail_msg("axis %d: number %d", c, (int)i);
            free(x - 1), free(a - 1), free(b - 1), free(turned - 1);
        }
    ml_set_threads(threads);
}

/* ---- order ---- */

/* kind 0: numbers as they come; 1: many equals; 2: NaN and infinities too. */
static ml_real *to_sort(ml_rng *rng, int64_t n, int kind)
{
    ml_real *x = numbers(rng, n);
    for (int64_t i = 0; kind && i < n; i++)
        x[i] = (ml_real)floor(2 * (double)x[i]);
    for (int64_t i = 0; kind == 2 && i < n; i += 1 + ml_rng_below(rng, 5))
        x[i] = (ml_real)(i % 3 == 0 ? NAN : i % 3 == 1 ? INFINITY : -INFINITY);
    return x;
}

static void check_order(const ml_real *x, mlk_order p)
{
    int64_t out = p.s.outer * p.k * p.s.inner;
    ml_real *a = malloc((size_t)(out + 1) * sizeof *a), *b = malloc((size_t)(out + 1) * sizeof *b);
    int32_t *at[] = {malloc((size_t)(out + 1) * sizeof **at), malloc((size_t)(out + 1) * sizeof **at)};
    void *work = malloc(mlk_sort_work(&p) + mlk_top_k_work(&p) + 1);
    assert_true(a && b && at[0] && at[1] && work);
    mlk_order_ref(a, at[0], x, &p);
    for (int trial = 0; trial < 2 * N_THREADS; trial++) {
        bool heap = trial % 2;
        if (!heap && p.k < p.s.n) /* the heap can sort all, the merge cannot leave any out */
            continue;
        ml_set_threads(THREADS[trial / 2]);
        memset(b, 0, (size_t)(out + 1) * sizeof *b);
        memset(at[1], 0, (size_t)(out + 1) * sizeof *at[1]);
        (heap ? mlk_top_k_forward : mlk_sort_forward)(b, at[1], x, &p, work);
        assert_same(a, b, out); /* -0 and 0 too: they are equal, and stay in their order */
        if (out)
            assert_memory_equal(at[0], at[1], (size_t)out * sizeof *at[0]);
        memset(b, 0, (size_t)(out + 1) * sizeof *b);
        (heap ? mlk_top_k_forward : mlk_sort_forward)(b, NULL, x, &p, work);
        assert_same(a, b, out);
    }
    free(a), free(b), free(at[0]), free(at[1]), free(work);
}

static void orders_agree(void **state)
{
    (void)state;
    int threads = ml_threads();
    ml_rng rng = ml_rng_seed(6);
    for (int c = 0; c < N_AXES; c++)
        for (int kind = 0; kind < 3; kind++) {
            mlk_axis s = AXES[c];
            if (size_of(s) * s.n > 4000000) /* the definition is quadratic */
                s.outer = 1, s.inner = s.inner < 4 ? s.inner : 4;
            ml_real *x = to_sort(&rng, size_of(s), kind);
            for (int descending = 0; descending < 2; descending++) {
                check_order(x, (mlk_order){s, s.n, descending});
                check_order(x, (mlk_order){s, s.n / 2, descending});
                check_order(x, (mlk_order){s, s.n < 3 ? s.n : 3, descending});
                check_order(x, (mlk_order){s, 0, descending});
            }
            free(x - 1);
        }
    ml_set_threads(threads);
}

/* Long runs that are sorted already, in either direction, and all alike. */
static void long_runs_sort(void **state)
{
    (void)state;
    enum { N = 100003 };
    ml_real *x = malloc(N * sizeof *x), *y = malloc(N * sizeof *y);
    int32_t *at = malloc(N * sizeof *at);
    mlk_order p = {{1, N, 1}, N, false};
    void *work = malloc(mlk_sort_work(&p));
    assert_true(x && y && at && work);
    for (int kind = 0; kind < 3; kind++)
        for (int descending = 0; descending < 2; descending++) {
            for (int i = 0; i < N; i++)
                x[i] = (ml_real)(kind == 0 ? i : kind == 1 ? N - i : 7);
            p.descending = descending;
            mlk_sort_forward(y, at, x, &p, work);
            bool turned = kind < 2 && kind != descending;
            for (int i = 0; i < N; i++)
                assert_true(at[i] == (turned ? N - 1 - i : i) && y[i] == x[at[i]]);
        }
    free(x), free(y), free(at), free(work);
}

/* The first of the largest, as the max that has a gradient finds it. */
static void argmax_agrees_with_max(void **state)
{
    (void)state;
    int threads = ml_threads();
    ml_rng rng = ml_rng_seed(7);
    for (int c = 0; c < N_AXES; c++)
        for (int kind = 0; kind < 3; kind++) {
            mlk_axis s = AXES[c];
            int64_t out = s.outer * s.inner;
            ml_real *x = to_sort(&rng, size_of(s), kind), *y = numbers(&rng, out);
            int64_t *right = malloc((size_t)(out + 1) * sizeof *right);
            int32_t *at = malloc((size_t)(out + 1) * sizeof *at);
            assert_true(right && at);
            mlk_max_ref(y, right, x, s);
            for (int k = 0; k < N_THREADS; k++) {
                ml_set_threads(THREADS[k]);
                memset(at, -1, (size_t)(out + 1) * sizeof *at);
                mlk_argmax(at, x, s);
                for (int64_t i = 0; i < out; i++)
                    assert_int_equal(at[i], right[i]);
            }
            free(x - 1), free(y - 1), free(right), free(at);
        }
    ml_set_threads(threads);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(picks_agree),
        cmocka_unit_test(picking_and_adding_are_adjoint),
        cmocka_unit_test(pads_and_tiles_agree),
        cmocka_unit_test(tile_backward_has_the_same_bits_on_any_number_of_threads),
        cmocka_unit_test(cumsums_agree),
        cmocka_unit_test(orders_agree),
        cmocka_unit_test(long_runs_sort),
        cmocka_unit_test(argmax_agrees_with_max),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
