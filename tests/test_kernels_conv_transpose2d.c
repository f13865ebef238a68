/* test_kernels_conv_transpose2d.c -- the transposed convolution equals its definition in every body, and is the adjoint of the
 * convolution. */
#include "support/check.h"

#include "kernels/conv_transpose2d.h"

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

/* How far the stamps reach; below 1 where nothing is left. */
static int64_t outputs(int64_t extent, int64_t window, int64_t stride, int64_t pad, int64_t dil, int64_t more)
{
    return (extent - 1) * stride - 2 * pad + dil * (window - 1) + more + 1;
}

/* A shape that nobody would choose; p or q is below 1 where padding cuts off all of it. */
static mlk_conv2d draw(ml_rng *rng)
{
    mlk_conv2d g = {.n = ONE_OF(0, 1, 1, 2, 3), .h = ONE_OF(1, 2, 5, 7), .w = ONE_OF(1, 3, 6, 13), .c = ONE_OF(1, 1, 2, 3, 4, 7, 16, 33),
                    .f = ONE_OF(1, 2, 3, 6, 15, 16, 17, 40), .r = ONE_OF(1, 2, 3, 5), .s = ONE_OF(1, 2, 3, 4), .groups = 1};
    for (int i = 0; i < 2; i++) {
        g.stride[i] = ONE_OF(1, 1, 2, 2, 3);
        g.pad[i] = ONE_OF(0, 0, 1, 2, 4);
        g.dil[i] = ONE_OF(1, 1, 1, 2, 3);
    }
    if (ml_rng_below(rng, 10) == 0)
        g.r = g.s = g.stride[0] = g.stride[1] = 1, g.pad[0] = g.pad[1] = 0; /* 1x1 */
    if (ml_rng_below(rng, 6) == 0)
        g.groups = g.c, g.f = g.c * ONE_OF(1, 1, 2); /* depthwise */
    else if (g.c % 2 == 0 && g.f % 2 == 0)
        g.groups = ONE_OF(1, 1, 2);
    int64_t more[2];
    for (int i = 0; i < 2; i++)
        more[i] = ml_rng_below(rng, g.stride[i] > g.dil[i] ? g.stride[i] : g.dil[i]);
    g.p = outputs(g.h, g.r, g.stride[0], g.pad[0], g.dil[0], more[0]);
    g.q = outputs(g.w, g.s, g.stride[1], g.pad[1], g.dil[1], more[1]);
    return g;
}

typedef struct sizes {
    int64_t x, w, y;
} sizes;

static sizes sizes_of(const mlk_conv2d *g)
{
    return (sizes){g->n * g->h * g->w * g->c, g->c * g->r * g->s * (g->f / g->groups), mlk_conv2d_pixels(g) * g->f};
}

/* Runs a pass over what `out` held, and compares with the definition run in the same way. */
static void compare(const char *what, const mlk_conv2d_args *a, void (*pass)(const mlk_conv2d_args *),
                    void (*ref)(const mlk_conv2d_args *), int64_t size, int64_t terms, ml_rng *rng)
{
    ml_real *got = numbers(rng, size), *want = mli_alloc((size_t)(size + 8) * sizeof *want);
    memcpy(want, got, (size_t)(size + 8) * sizeof *want);
    mlk_conv2d_args b = *a;
    b.out = got + 1; /* off its alignment by one number; what lies before and after must stay */
    pass(&b);
    b.out = want + 1;
    ref(&b);
    double bound = (sizeof(ml_real) == 8 ? 1e-14 : 3e-7) * (double)(terms + 10);
    for (int64_t i = 0; i < size + 8; i++) {
        const mlk_conv2d *g = &a->g;
        bool inside = i >= 1 && i < size + 1;
        if (!(fabs((double)got[i] - (double)want[i]) <= (inside ? bound : 0)))
            fail_msg("%s kernel %d add %d, N %d H %d W %d C %d F %d R %d S %d P %d Q %d stride %d,%d pad %d,%d dil %d,%d groups %d: "
                     "number %d is %.9g, expected %.9g", what, (int)a->kernel, a->add, (int)g->n, (int)g->h, (int)g->w,
                     (int)g->c, (int)g->f, (int)g->r, (int)g->s, (int)g->p, (int)g->q, (int)g->stride[0], (int)g->stride[1],
                     (int)g->pad[0], (int)g->pad[1], (int)g->dil[0], (int)g->dil[1], (int)g->groups, (int)i - 1,
                     (double)got[i], (double)want[i]);
    }
    mli_free(got), mli_free(want);
}

static void compare_passes(const mlk_conv2d *g, ml_kernel kernel, bool add, ml_rng *rng)
{
    sizes n = sizes_of(g);
    ml_real *x = numbers(rng, n.x), *w = numbers(rng, n.w), *b = numbers(rng, g->f), *dy = numbers(rng, n.y);
    size_t bytes = mlk_conv_transpose2d_workspace(kernel, g);
    unsigned char *work = mli_alloc(bytes + 64);
    memset(work, 0xFF, bytes); /* NaN, so that what was never written is seen */
    memset(work + bytes, 0xA5, 64);
    mlk_conv2d_args a = {.g = *g, .kernel = kernel, .x = x + 1, .w = w + 1, .b = add ? b + 1 : NULL, .dy = dy + 1, .work = work};
    compare("forward", &a, mlk_conv_transpose2d_forward, mlk_conv_transpose2d_ref, n.y, g->r * g->s * g->c, rng);
    a.add = add;
    memset(work, 0xFF, bytes);
    compare("dx", &a, mlk_conv_transpose2d_dx, mlk_conv_transpose2d_dx_ref, n.x, g->r * g->s * g->f, rng);
    memset(work, 0xFF, bytes);
    compare("dw", &a, mlk_conv_transpose2d_dw, mlk_conv_transpose2d_dw_ref, n.w, g->n * g->h * g->w, rng);
    for (int i = 0; i < 64; i++)
        assert_int_equal(work[bytes + i], 0xA5);
    mli_free(x), mli_free(w), mli_free(b), mli_free(dy), mli_free(work);
}

static void bodies_agree(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    const ml_kernel kernels[] = {ML_KERNEL_FAST, ML_KERNEL_BLAS, ML_KERNEL_FAST, ML_KERNEL_REF};
    int tried = 0;
    for (int trial = 0; trial < 800; trial++) {
        mlk_conv2d g = draw(&rng);
        if (g.p < 1 || g.q < 1)
            continue;
        compare_passes(&g, kernels[trial % 4], trial & 4, &rng);
        tried++;
    }
    assert_true(tried > 500);
}

static void larger_shapes_agree(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(2);
    const mlk_conv2d shapes[] = {
        {.n = 3, .h = 14, .w = 15, .c = 32, .f = 16, .r = 2, .s = 2, .p = 28, .q = 30, .stride = {2, 2}, .dil = {1, 1}, .groups = 1},
        {.n = 2, .h = 9, .w = 8, .c = 24, .f = 40, .r = 4, .s = 4, .p = 18, .q = 16, .stride = {2, 2}, .pad = {1, 1}, .dil = {1, 1}, .groups = 1},
        {.n = 2, .h = 12, .w = 13, .c = 150, .f = 20, .r = 3, .s = 3, .p = 12, .q = 13, .stride = {1, 1}, .pad = {1, 1}, .dil = {1, 1}, .groups = 1},
        {.n = 4, .h = 20, .w = 21, .c = 16, .f = 1, .r = 5, .s = 5, .p = 20, .q = 21, .stride = {1, 1}, .pad = {2, 2}, .dil = {1, 1}, .groups = 1},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int k = 0; k < 4; k++)
            compare_passes(&shapes[i], k & 1 ? ML_KERNEL_BLAS : ML_KERNEL_FAST, k & 2, &rng);
}

static double dot(const ml_real *a, const ml_real *b, int64_t n, double *scale)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i], *scale += fabs((double)a[i] * (double)b[i]);
    return sum;
}

/* <transposed(x), z> = <x, convolution(z)>, where the convolution is that of conv2d.c in its own plain loops: the two files
 * know nothing of each other there. And the three passes are one trilinear form. */
static void it_is_the_adjoint_of_the_convolution(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(3);
    for (int trial = 0; trial < 90; trial++) {
        mlk_conv2d g = draw(&rng);
        if (g.p < 1 || g.q < 1)
            continue;
        sizes n = sizes_of(&g);
        ml_real *x = numbers(&rng, n.x), *w = numbers(&rng, n.w), *z = numbers(&rng, n.y), *y = numbers(&rng, n.y);
        ml_real *dx = numbers(&rng, n.x), *dw = numbers(&rng, n.w), *back = numbers(&rng, n.x);
        ml_kernel kernel = (ml_kernel)(trial % 3);
        void *work = mli_alloc(mlk_conv_transpose2d_workspace(kernel, &g));
        mlk_conv2d_args a = {.g = g, .kernel = kernel, .x = x, .w = w, .dy = z, .work = work};
        a.out = y, mlk_conv_transpose2d_forward(&a);
        a.out = dx, mlk_conv_transpose2d_dx(&a);
        a.out = dw, mlk_conv_transpose2d_dw(&a);
        mlk_conv2d_args c = {.g = g, .x = z, .w = w, .out = back};
        c.g.h = g.p, c.g.w = g.q, c.g.c = g.f, c.g.p = g.h, c.g.q = g.w, c.g.f = g.c;
        mlk_conv2d_ref(&c);
        double scale = 1, by_y = dot(y, z, n.y, &scale);
        double bound = (sizeof(ml_real) == 8 ? 1e-13 : 1e-5) * scale;
        assert_true(fabs(by_y - dot(x, back, n.x, &scale)) <= bound);
        assert_true(fabs(by_y - dot(x, dx, n.x, &scale)) <= bound);
        assert_true(fabs(by_y - dot(w, dw, n.w, &scale)) <= bound);
        mli_free(x), mli_free(w), mli_free(z), mli_free(y), mli_free(dx), mli_free(dw), mli_free(back), mli_free(work);
    }
}

static void same_bits_on_any_number_of_threads(void **state)
{
    (void)state;
    const mlk_conv2d shapes[] = {
        {.n = 6, .h = 14, .w = 15, .c = 20, .f = 8, .r = 3, .s = 3, .p = 14, .q = 15, .stride = {1, 1}, .pad = {1, 1}, .dil = {1, 1}, .groups = 1},
        {.n = 6, .h = 14, .w = 15, .c = 20, .f = 8, .r = 3, .s = 3, .p = 28, .q = 30, .stride = {2, 2}, .pad = {1, 1}, .dil = {1, 1}, .groups = 2},
    };
    ml_rng rng = ml_rng_seed(5);
    for (int i = 0; i < 4; i++) {
        const mlk_conv2d *g = &shapes[i % 2];
        ml_kernel kernel = i < 2 ? ML_KERNEL_FAST : ML_KERNEL_BLAS;
        sizes n = sizes_of(g);
        int64_t all = n.x + n.w + n.y + g->f;
        ml_real *x = numbers(&rng, n.x), *w = numbers(&rng, n.w), *b = numbers(&rng, g->f), *dy = numbers(&rng, n.y);
        ml_real *out = numbers(&rng, all), *first = numbers(&rng, all);
        void *work = mli_alloc(mlk_conv_transpose2d_workspace(kernel, g));
        for (int threads = 1; threads <= 8; threads *= 2) {
            assert_int_equal(ml_set_threads(threads), ML_OK);
            ml_real *to = threads == 1 ? first : out;
            mlk_conv2d_args a = {.g = *g, .kernel = kernel, .x = x, .w = w, .b = b, .dy = dy, .work = work};
            a.out = to, mlk_conv_transpose2d_forward(&a);
            a.out = to + n.y, mlk_conv_transpose2d_dx(&a);
            a.out = to + n.y + n.x, mlk_conv_transpose2d_dw(&a);
            a.out = to + n.y + n.x + n.w, mlk_conv2d_db(&a);
            if (threads > 1)
                assert_memory_equal(out, first, (size_t)all * sizeof *out);
        }
        mli_free(x), mli_free(w), mli_free(b), mli_free(dy), mli_free(out), mli_free(first), mli_free(work);
    }
    assert_int_equal(ml_set_threads(2), ML_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_agree),
        cmocka_unit_test(larger_shapes_agree),
        cmocka_unit_test(it_is_the_adjoint_of_the_convolution),
        cmocka_unit_test(same_bits_on_any_number_of_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
