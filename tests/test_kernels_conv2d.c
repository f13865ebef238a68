/* test_kernels_conv2d.c -- all bodies of the convolution agree with its definition, over awkward shapes. */
#include "support/check.h"

#include "kernels/conv2d.h"

#include <math.h>
#include <string.h>

static ml_real *numbers(ml_rng *rng, int64_t n)
{
    ml_real *v = mli_alloc((size_t)(n + 8) * sizeof *v);
    for (int64_t i = 0; i < n + 8; i++)
        v[i] = (ml_real)(ml_rng_uniform(rng) - 0.5);
    return v;
}

static int64_t one_of(ml_rng *rng, const int64_t *v, int n)
{
    return v[ml_rng_below(rng, n)];
}
#define ONE_OF(...) one_of(rng, (const int64_t[]){__VA_ARGS__}, (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)))

static int64_t outputs(int64_t extent, int64_t window, int64_t stride, int64_t pad, int64_t dil)
{
    int64_t room = extent + 2 * pad - dil * (window - 1) - 1;
    return room < 0 ? 0 : room / stride + 1;
}

/* A shape that nobody would choose; p or q is 0 where the window does not fit. */
static mlk_conv2d draw(ml_rng *rng)
{
    mlk_conv2d g = {.n = ONE_OF(0, 1, 1, 2, 3), .h = ONE_OF(1, 2, 5, 7, 13), .w = ONE_OF(1, 3, 6, 11, 29),
                    .c = ONE_OF(1, 1, 2, 3, 4, 7, 16, 33), .f = ONE_OF(1, 2, 3, 6, 15, 16, 17, 40), .r = ONE_OF(1, 2, 3, 5),
                    .s = ONE_OF(1, 2, 3, 4), .groups = 1};
    for (int i = 0; i < 2; i++) {
        g.stride[i] = ONE_OF(1, 1, 1, 2, 3);
        g.pad[i] = ONE_OF(0, 0, 1, 2, 6);
        g.dil[i] = ONE_OF(1, 1, 1, 2, 3);
    }
    if (ml_rng_below(rng, 10) == 0)
        g.r = g.s = g.stride[0] = g.stride[1] = 1, g.pad[0] = g.pad[1] = 0; /* 1x1 */
    if (ml_rng_below(rng, 4) == 0) /* that Winograd's bodies can do */
        g.r = g.s = 3, g.stride[0] = g.stride[1] = g.dil[0] = g.dil[1] = 1;
    else if (ml_rng_below(rng, 6) == 0) { /* depthwise; of 512 channels pixels lie 2 KB apart, of 7 x 7 taps no tile holds all */
        g.n = ONE_OF(0, 1, 2), g.c = ONE_OF(g.c, 20, 40, 512), g.r = ONE_OF(g.r, 3, 7), g.s = ONE_OF(g.s, 3, 7);
        g.groups = g.c, g.f = g.c * ONE_OF(1, 1, 2);
    }
    else if (g.c % 2 == 0 && g.f % 2 == 0)
        g.groups = ONE_OF(1, 1, 2);
    g.p = outputs(g.h, g.r, g.stride[0], g.pad[0], g.dil[0]);
    g.q = outputs(g.w, g.s, g.stride[1], g.pad[1], g.dil[1]);
    return g;
}

typedef struct sizes {
    int64_t x, w, y;
} sizes;

static sizes sizes_of(const mlk_conv2d *g)
{
    return (sizes){g->n * g->h * g->w * g->c, g->f * g->r * g->s * (g->c / g->groups), mlk_conv2d_pixels(g) * g->f};
}

/* Runs a pass in a body, over what `out` held, and compares with the definition run in the same way. */
static void compare(const char *what, const mlk_conv2d_args *a, void (*pass)(const mlk_conv2d_args *),
                    void (*ref)(const mlk_conv2d_args *), int64_t size, int64_t terms, ml_rng *rng)
{
    ml_real *got = numbers(rng, size), *want = mli_alloc((size_t)(size + 8) * sizeof *want);
    memcpy(want, got, (size_t)(size + 8) * sizeof *want);
    mlk_conv2d_args b = *a;
    /* Off its alignment by one number; what lies before and after must stay. */
    b.out = got + 1;
    pass(&b);
    b.out = want + 1;
    ref(&b);
    double bound = (sizeof(ml_real) == 8 ? 1e-14 : 3e-7) * (double)(terms + 10);
    for (int64_t i = 0; i < size + 8; i++) {
        const mlk_conv2d *g = &a->g;
        bool inside = i >= 1 && i < size + 1;
        if (!(fabs((double)got[i] - (double)want[i]) <= (inside ? bound : 0)))
            fail_msg("%s kernel %d add %d, N %d H %d W %d C %d F %d R %d S %d stride %d,%d pad %d,%d dil %d,%d groups %d: "
                     "number %d is %.9g, expected %.9g", what, (int)a->kernel, a->add, (int)g->n, (int)g->h, (int)g->w,
                     (int)g->c, (int)g->f, (int)g->r, (int)g->s, (int)g->stride[0], (int)g->stride[1], (int)g->pad[0],
                     (int)g->pad[1], (int)g->dil[0], (int)g->dil[1], (int)g->groups, (int)i - 1, (double)got[i],
                     (double)want[i]);
    }
    mli_free(got), mli_free(want);
}

typedef struct one_body {
    mlk_conv2d_body body;
    mlk_conv2d_pass pass;
} one_body;
static one_body under_test;

static void run_one_body(const mlk_conv2d_args *a)
{
    mlk_conv2d_run(under_test.body, under_test.pass, a);
}

static void compare_body(mlk_conv2d_body body, mlk_conv2d_pass pass, const mlk_conv2d_args *a, void (*ref)(const mlk_conv2d_args *),
                         int64_t size, int64_t terms, ml_rng *rng)
{
    under_test = (one_body){body, pass};
    compare(mlk_conv2d_body_name(body), a, run_one_body, ref, size, terms, rng);
}

static void compare_passes(const mlk_conv2d *g, ml_kernel kernel, bool add, ml_rng *rng)
{
    sizes n = sizes_of(g);
    ml_real *x = numbers(rng, n.x), *w = numbers(rng, n.w), *b = numbers(rng, g->f), *dy = numbers(rng, n.y);
    size_t bytes = mlk_conv2d_workspace(kernel, g);
    unsigned char *work = mli_alloc(bytes + 64);
    memset(work, 0xFF, bytes); /* NaN, so that what was never written is seen */
    memset(work + bytes, 0xA5, 64);
    mlk_conv2d_args a = {.g = *g, .kernel = kernel, .x = x + 1, .w = w + 1, .b = add ? b + 1 : NULL, .dy = dy + 1, .work = work};
    int64_t window = g->r * g->s * (g->c / g->groups);
    compare("forward", &a, mlk_conv2d_forward, mlk_conv2d_ref, n.y, window, rng);
    a.add = add, a.b = NULL;
    memset(work, 0xFF, bytes);
    compare("forward without bias", &a, mlk_conv2d_forward, mlk_conv2d_ref, n.y, window, rng);
    memset(work, 0xFF, bytes);
    compare("dx", &a, mlk_conv2d_dx, mlk_conv2d_dx_ref, n.x, g->r * g->s * g->f, rng);
    memset(work, 0xFF, bytes);
    compare("dw", &a, mlk_conv2d_dw, mlk_conv2d_dw_ref, n.w, mlk_conv2d_pixels(g), rng);
    for (int i = 0; i < 64; i++)
        assert_int_equal(work[bytes + i], 0xA5);
    mli_free(x), mli_free(w), mli_free(b), mli_free(dy), mli_free(work);
}

static void bodies_agree(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    int seen[MLK_CONV2D_BODIES] = {0};
    for (int trial = 0; trial < 1200; trial++) {
        mlk_conv2d g = draw(&rng);
        if (g.p == 0 || g.q == 0)
            continue;
        ml_kernel kernel = trial % 3 == 2 ? ML_KERNEL_BLAS : ML_KERNEL_FAST;
        for (int pass = MLK_FORWARD; pass <= MLK_DW; pass++)
            seen[mlk_conv2d_choose(kernel, &g, (mlk_conv2d_pass)pass)]++;
        compare_passes(&g, kernel, trial & 1, &rng);
    }
    for (int body = MLK_CONV2D_GEMM; body < MLK_CONV2D_WINOGRAD4; body++)
        assert_true(seen[body] > 20);
}

/* Not only the one that is chosen: each that fits. */
static void every_body_that_fits_agrees(void **state)
{
    (void)state;
    void (*const refs[])(const mlk_conv2d_args *) = {mlk_conv2d_ref, mlk_conv2d_dx_ref, mlk_conv2d_dw_ref};
    ml_rng rng = ml_rng_seed(6);
    int seen[MLK_CONV2D_BODIES][3] = {{0}};
    for (int trial = 0; trial < 400; trial++) {
        mlk_conv2d g = draw(&rng);
        if (g.p == 0 || g.q == 0)
            continue;
        sizes n = sizes_of(&g);
        ml_real *x = numbers(&rng, n.x), *w = numbers(&rng, n.w), *dy = numbers(&rng, n.y), *plus = numbers(&rng, n.y);
        const int64_t size[] = {n.y, n.x, n.w}, terms[] = {g.r * g.s * g.c, g.r * g.s * g.f, mlk_conv2d_pixels(&g)};
        for (int p = MLK_FORWARD; p <= MLK_DW; p++) {
            mlk_conv2d_pass pass = (mlk_conv2d_pass)p;
            assert_true(mlk_conv2d_fits(mlk_conv2d_choose(ML_KERNEL_FAST, &g, pass), &g));
            assert_true(mlk_conv2d_fits(mlk_conv2d_choose(ML_KERNEL_BLAS, &g, pass), &g));
            for (int b = MLK_CONV2D_GEMM; b < MLK_CONV2D_BODIES; b++) {
                mlk_conv2d_body body = (mlk_conv2d_body)b;
                if (!mlk_conv2d_fits(body, &g))
                    continue;
                mlk_conv2d_args a = {.g = g, .kernel = ML_KERNEL_FAST, .x = x, .w = w, .dy = dy, .add = trial & 1};
                a.work = mli_alloc(mlk_conv2d_body_workspace(body, a.kernel, &g, pass) + 1);
                void *packed = mli_alloc(mlk_conv2d_body_packed_size(body, &g) + 1);
                if (pass == MLK_FORWARD) { /* as a net that predicts has it */
                    a.plus = trial & 2 ? plus : NULL, a.relu = trial & 4;
                    if (trial & 8 && mlk_conv2d_body_packed_size(body, &g)) {
                        mlk_conv2d_body_pack(body, &a, packed);
                        a.packed = packed;
                    }
                }
                compare_body(body, pass, &a, refs[p], size[p], terms[p], &rng);
                mli_free(a.work), mli_free(packed);
                seen[b][p]++;
            }
        }
        mli_free(x), mli_free(w), mli_free(dy), mli_free(plus);
    }
    for (int b = MLK_CONV2D_GEMM; b < MLK_CONV2D_BODIES; b++)
        for (int p = 0; p < 3; p++)
            assert_true(seen[b][p] > 10);
}

/* Shapes that cut every loop: many blocks, columns in several pieces, sums that are split by pixels and by columns. */
static void larger_shapes_agree(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(2);
    const mlk_conv2d shapes[] = {
        {.n = 5, .h = 20, .w = 21, .c = 1, .f = 32, .r = 3, .s = 3, .p = 18, .q = 19, .stride = {1, 1}, .dil = {1, 1}, .groups = 1},
        {.n = 4, .h = 12, .w = 13, .c = 32, .f = 40, .r = 3, .s = 3, .p = 12, .q = 13, .stride = {1, 1}, .pad = {1, 1}, .dil = {1, 1}, .groups = 1},
        {.n = 1, .h = 6, .w = 5, .c = 150, .f = 20, .r = 3, .s = 3, .p = 6, .q = 5, .stride = {1, 1}, .pad = {1, 1}, .dil = {1, 1}, .groups = 1},
        {.n = 1, .h = 4, .w = 4, .c = 400, .f = 500, .r = 2, .s = 2, .p = 3, .q = 3, .stride = {1, 1}, .dil = {1, 1}, .groups = 1},
        {.n = 4, .h = 12, .w = 13, .c = 150, .f = 2, .r = 3, .s = 3, .p = 12, .q = 13, .stride = {1, 1}, .pad = {1, 1}, .dil = {1, 1}, .groups = 1},
        {.n = 2, .h = 28, .w = 28, .c = 1, .f = 6, .r = 5, .s = 5, .p = 28, .q = 28, .stride = {1, 1}, .pad = {2, 2}, .dil = {1, 1}, .groups = 1},
        /* Winograd: dU of several lanes, each of several blocks; and V of more tiles than the threads share at a time. */
        {.n = 15, .h = 34, .w = 33, .c = 9, .f = 16, .r = 3, .s = 3, .p = 34, .q = 33, .stride = {1, 1}, .pad = {1, 1}, .dil = {1, 1}, .groups = 1},
        {.n = 6, .h = 36, .w = 36, .c = 170, .f = 8, .r = 3, .s = 3, .p = 36, .q = 36, .stride = {1, 1}, .pad = {1, 1}, .dil = {1, 1}, .groups = 1},
        {.n = 3, .h = 24, .w = 24, .c = 3, .f = 16, .r = 7, .s = 7, .p = 12, .q = 12, .stride = {2, 2}, .pad = {3, 3}, .dil = {1, 1}, .groups = 1},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int k = 0; k < 4; k++)
            compare_passes(&shapes[i], k & 1 ? ML_KERNEL_BLAS : ML_KERNEL_FAST, k & 2, &rng);
}

/* <conv(x), dy> = <x, dx(dy)> = <w, dw(dy)>: forward and both backwards are one trilinear form. Sees what a forward and a
 * backward that are wrong together hide from a gradient check. */
static void passes_are_adjoint(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(3);
    for (int trial = 0; trial < 60; trial++) {
        mlk_conv2d g = draw(&rng);
        if (g.p == 0 || g.q == 0)
            continue;
        sizes n = sizes_of(&g);
        ml_real *x = numbers(&rng, n.x), *w = numbers(&rng, n.w), *dy = numbers(&rng, n.y);
        ml_real *y = numbers(&rng, n.y), *dx = numbers(&rng, n.x), *dw = numbers(&rng, n.w);
        ml_kernel kernel = (ml_kernel)(trial % 3);
        void *work = mli_alloc(mlk_conv2d_workspace(kernel, &g));
        mlk_conv2d_args a = {.g = g, .kernel = kernel, .x = x, .w = w, .dy = dy, .work = work};
        a.out = y, mlk_conv2d_forward(&a);
        a.out = dx, mlk_conv2d_dx(&a);
        a.out = dw, mlk_conv2d_dw(&a);
        double by_y = 0, by_x = 0, by_w = 0, scale = 1;
        for (int64_t i = 0; i < n.y; i++)
            by_y += (double)y[i] * (double)dy[i], scale += fabs((double)y[i] * (double)dy[i]);
        for (int64_t i = 0; i < n.x; i++)
            by_x += (double)x[i] * (double)dx[i];
        for (int64_t i = 0; i < n.w; i++)
            by_w += (double)w[i] * (double)dw[i];
        double bound = (sizeof(ml_real) == 8 ? 1e-13 : 1e-5) * scale;
        assert_true(fabs(by_y - by_x) <= bound && fabs(by_y - by_w) <= bound);
        mli_free(x), mli_free(w), mli_free(dy), mli_free(y), mli_free(dx), mli_free(dw), mli_free(work);
    }
}

/* The largest error of a body, forward, relative to the largest y; what is right is summed in double. */
static double error_of(mlk_conv2d_body body, const mlk_conv2d *g, const ml_real *x, const ml_real *w)
{
    const int64_t n = mlk_conv2d_pixels(g) * g->f;
    ml_real *y = mli_alloc((size_t)n * sizeof *y);
    mlk_conv2d_args a = {.g = *g, .x = x, .w = w, .out = y};
    a.work = mli_alloc(mlk_conv2d_body_workspace(body, a.kernel, g, MLK_FORWARD));
    mlk_conv2d_run(body, MLK_FORWARD, &a);
    double most = 0, off = 0;
    for (int64_t i = 0; i < n; i++) {
        const int64_t f = i % g->f, q = i / g->f % g->q, p = i / g->f / g->q;
        double right = 0;
        for (int64_t r = 0; r < g->r; r++)
            for (int64_t s = 0; s < g->s; s++)
                for (int64_t c = 0; c < g->c; c++)
                    right += (double)x[((p + r) * g->w + q + s) * g->c + c] * (double)w[((f * g->r + r) * g->s + s) * g->c + c];
        most = fmax(most, fabs(right));
        off = fmax(off, fabs((double)y[i] - right));
    }
    mli_free(y), mli_free(a.work);
    return off / most;
}

/* What Winograd's transforms cost in precision, beside the plain sum. The bounds are about twice what was seen. */
static void winograd_loses_few_bits(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(7);
    const double unit = sizeof(ml_real) == 8 ? 2.2e-16 : 6e-8;
    for (int64_t c = 16; c <= 256; c *= 4) {
        mlk_conv2d g = {.n = 1, .h = 18, .w = 18, .c = c, .f = 16, .r = 3, .s = 3, .p = 16, .q = 16, .stride = {1, 1}, .dil = {1, 1}, .groups = 1};
        ml_real *x = numbers(&rng, sizes_of(&g).x), *w = numbers(&rng, sizes_of(&g).w);
        double plain = error_of(MLK_CONV2D_IMPLICIT, &g, x, w);
        double four = error_of(MLK_CONV2D_WINOGRAD4, &g, x, w), two = error_of(MLK_CONV2D_WINOGRAD2, &g, x, w);
        print_message("C %3d: largest error by the largest y: plain %.1e, tiles of 2 %.1e, tiles of 4 %.1e\n", (int)c, plain, two, four);
        assert_true(plain < 64 * unit && two < 16 * unit && four < 64 * unit);
        mli_free(x), mli_free(w);
    }
}

static void db_is_the_sum(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(4);
    mlk_conv2d g = {.n = 9, .h = 30, .w = 31, .c = 1, .f = 13, .r = 1, .s = 1, .p = 30, .q = 31, .stride = {1, 1}, .dil = {1, 1}, .groups = 1};
    int64_t rows = mlk_conv2d_pixels(&g);
    ml_real *dy = numbers(&rng, rows * g.f), *db = numbers(&rng, g.f), before[13];
    double want[13];
    void *work = mli_alloc(mlk_conv2d_workspace(ML_KERNEL_FAST, &g));
    memcpy(before, db, sizeof before);
    for (int add = 0; add < 2; add++) {
        for (int64_t f = 0; f < g.f; f++) {
            want[f] = add ? (double)db[f] : 0;
            for (int64_t i = 0; i < rows; i++)
                want[f] += (double)dy[i * g.f + f];
        }
        mlk_conv2d_args a = {.g = g, .dy = dy, .out = db, .add = add, .work = work};
        mlk_conv2d_db(&a);
        assert_close(db, want, g.f, 1e-4, 1e-3);
    }
    mli_free(dy), mli_free(db), mli_free(work);
}

static void same_bits_on_any_number_of_threads(void **state)
{
    (void)state;
    const mlk_conv2d shapes[] = {
        {.n = 6, .h = 14, .w = 15, .c = 8, .f = 20, .r = 3, .s = 3, .p = 14, .q = 15, .stride = {1, 1}, .pad = {1, 1}, .dil = {1, 1}, .groups = 1},
        {.n = 15, .h = 34, .w = 33, .c = 9, .f = 16, .r = 3, .s = 3, .p = 34, .q = 33, .stride = {1, 1}, .pad = {1, 1}, .dil = {1, 1}, .groups = 1},
        {.n = 6, .h = 14, .w = 15, .c = 8, .f = 20, .r = 3, .s = 3, .p = 7, .q = 8, .stride = {2, 2}, .pad = {1, 1}, .dil = {1, 1}, .groups = 2},
        {.n = 6, .h = 14, .w = 15, .c = 8, .f = 8, .r = 3, .s = 3, .p = 14, .q = 15, .stride = {1, 1}, .pad = {1, 1}, .dil = {1, 1}, .groups = 8},
    };
    ml_rng rng = ml_rng_seed(5);
    for (int i = 0; i < 8; i++) {
        const mlk_conv2d *g = &shapes[i % 4];
        ml_kernel kernel = i < 4 ? ML_KERNEL_FAST : ML_KERNEL_BLAS;
        sizes n = sizes_of(g);
        ml_real *x = numbers(&rng, n.x), *w = numbers(&rng, n.w), *dy = numbers(&rng, n.y);
        ml_real *out = numbers(&rng, n.x + n.w + n.y + g->f), *first = numbers(&rng, n.x + n.w + n.y + g->f);
        void *work = mli_alloc(mlk_conv2d_workspace(kernel, g));
        for (int threads = 1; threads <= 8; threads *= 2) {
            assert_int_equal(ml_set_threads(threads), ML_OK);
            ml_real *to = threads == 1 ? first : out;
            mlk_conv2d_args a = {.g = *g, .kernel = kernel, .x = x, .w = w, .dy = dy, .work = work};
            a.out = to, mlk_conv2d_forward(&a);
            a.out = to + n.y, mlk_conv2d_dx(&a);
            a.out = to + n.y + n.x, mlk_conv2d_dw(&a);
            a.out = to + n.y + n.x + n.w, mlk_conv2d_db(&a);
            if (threads > 1)
                assert_memory_equal(out, first, (size_t)(n.x + n.w + n.y + g->f) * sizeof *out);
        }
        mli_free(x), mli_free(w), mli_free(dy), mli_free(out), mli_free(first), mli_free(work);
    }
    assert_int_equal(ml_set_threads(2), ML_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_agree),
        cmocka_unit_test(every_body_that_fits_agrees),
        cmocka_unit_test(larger_shapes_agree),
        cmocka_unit_test(passes_are_adjoint),
        cmocka_unit_test(winograd_loses_few_bits),
        cmocka_unit_test(db_is_the_sum),
        cmocka_unit_test(same_bits_on_any_number_of_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
