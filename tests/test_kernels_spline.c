/* test_kernels_spline.c -- the smooth field is its definition, and has the properties that name a cubic B-spline. */
#include "support/check.h"

#include "base/base.h"
#include "kernels/spline.h"

#include <math.h>

typedef struct grid {
    int64_t h, w, rows, columns;
    ml_real *node, *field, *scratch;
} grid;

static grid grid_new(int64_t h, int64_t w, double step)
{
    grid g = {h, w, mlk_spline_nodes(h, step), mlk_spline_nodes(w, step), NULL, NULL, NULL};
    g.node = mli_alloc((size_t)(g.rows * g.columns) * sizeof(ml_real));
    g.field = mli_alloc((size_t)(h * w) * sizeof(ml_real));
    g.scratch = mli_alloc((size_t)(g.rows * w) * sizeof(ml_real));
    assert_true(g.node && g.field && g.scratch);
    return g;
}

static void grid_free(grid *g)
{
    mli_free(g->node);
    mli_free(g->field);
    mli_free(g->scratch);
}

static void fast_is_the_definition(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    const int64_t sizes[] = {1, 2, 3, 7, 8, 28, 29, 31};
    const double steps[] = {1, 1.5, 4, 6.928203230275509, 40};
    for (int trial = 0; trial < 8 * 8 * 5; trial++) {
        double step = steps[trial / 64];
        grid g = grid_new(sizes[trial % 8], sizes[trial / 8 % 8], step);
        ml_real *want = mli_alloc((size_t)(g.h * g.w) * sizeof *want);
        for (int64_t i = 0; i < g.rows * g.columns; i++)
            g.node[i] = (ml_real)(ml_rng_uniform(&rng) - 0.5);
        mlk_spline_field_ref(want, g.node, g.h, g.w, step);
        mlk_spline_field(g.field, g.node, g.h, g.w, step, g.scratch);
        assert_reals_close(g.field, want, g.h * g.w, TOL_REAL, sizeof(ml_real) == 8 ? 1e-15 : 3e-7);
        mli_free(want);
        grid_free(&g);
    }
    assert_int_equal(mlk_spline_nodes(0, 3), 0);
}

/* Equal nodes give that number, nodes on a plane give the plane; one node alone gives 4/6, 1/6, 0 along its row. */
static void is_a_cubic_b_spline(void **state)
{
    (void)state;
    const double step = 4;
    grid g = grid_new(13, 21, step);
    for (int64_t a = 0; a < g.rows; a++)
        for (int64_t b = 0; b < g.columns; b++)
            g.node[a * g.columns + b] = (ml_real)(3 + 0.5 * (double)(a - 1) * step - 0.25 * (double)(b - 1) * step);
    mlk_spline_field(g.field, g.node, g.h, g.w, step, g.scratch);
    for (int64_t y = 0; y < g.h; y++)
        for (int64_t x = 0; x < g.w; x++)
            assert_float_equal((double)g.field[y * g.w + x], 3 + 0.5 * (double)y - 0.25 * (double)x, 1e-5);

    for (int64_t i = 0; i < g.rows * g.columns; i++)
        g.node[i] = 0;
    g.node[2 * g.columns + 3] = 36; /* its middle is pixel (4, 8) */
    mlk_spline_field(g.field, g.node, g.h, g.w, step, g.scratch);
    const double want[] = {0, 4, 16, 4, 0};
    for (int64_t k = 0; k < 5; k++)
        assert_float_equal((double)g.field[4 * g.w + 4 * k], want[k], 1e-5);
    assert_float_equal((double)g.field[4 * g.w + 6], 4 * 36 * (23.0 / 48) / 6, 1e-5);
    grid_free(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fast_is_the_definition),
        cmocka_unit_test(is_a_cubic_b_spline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
