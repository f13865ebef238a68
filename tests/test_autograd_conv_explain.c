/* Which body of the convolution runs: what ml_conv_explain says, and what MLCORE_CONV_ALGO asks for. */
#include "support/check.h"

#include "autograd/conv.h"

#include <stdlib.h>
#include <string.h>

static const int64_t X[] = {2, 9, 8, 12}, W3[] = {16, 3, 3, 12}, W1[] = {16, 1, 1, 12}, ALONE[] = {12, 3, 3, 1};

/* As a process that was started under it. NULL: none. */
static void ask_for(const char *name)
{
    if (name)
        setenv("MLCORE_CONV_ALGO", name, 1);
    else
        unsetenv("MLCORE_CONV_ALGO");
    mlk_conv2d_asked_forget();
}

static int ask_for_nothing(void **state)
{
    (void)state;
    ask_for(NULL);
    return 0;
}

static mlk_conv2d geometry(const int64_t w_shape[4], ml_conv2d_opts opts)
{
    mlk_conv2d g;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = ml_tensor_new(4, X), *w = ml_tensor_new(4, w_shape);
    assert_true(mli_conv2d_geometry(t, &g, x, w, NULL, opts));
    ml_tensor_free(x), ml_tensor_free(w), ml_tape_free(t);
    return g;
}

/* The line of a pass, without its end. */
static void line_of(char line[512], const char *text, int pass)
{
    for (; pass > 0; pass--)
        text = strchr(text, '\n') + 1;
    snprintf(line, 512, "%.*s", (int)strcspn(text, "\n"), text);
}

static const char *const PASSES[] = {"forward", "gradient by input", "gradient by weight"};

static void assert_line(const char *text, int pass, const char *body, const char *end)
{
    char line[512], begin[128];
    line_of(line, text, pass);
    snprintf(begin, sizeof begin, "%s: %s, since ", PASSES[pass], body);
    if (strncmp(line, begin, strlen(begin)) != 0 || strlen(line) < strlen(begin) + 5 ||
        strcmp(line + strlen(line) - strlen(end), end) != 0)
        fail_msg("\"%s\" is not \"%s ... %s\"", line, begin, end);
}

static char *explained(const int64_t w[4], ml_conv2d_opts opts, ml_kernel kernel)
{
    char *text = ml_conv_explain(X, w, opts, kernel);
    if (!text)
        fail_msg("%s", ml_error());
    return text;
}

/* ---- nobody asks ---- */

static void says_what_the_choice_picks(void **state)
{
    (void)state;
    const struct {
        const int64_t *w;
        ml_conv2d_opts opts;
    } cases[] = {{W3, {.pad = 1}}, {W3, {.stride = 2}}, {W1, {0}}, {ALONE, {.groups = 12, .pad = 1}}, {W3, {.dilation = 2}}};
    ask_for("auto");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int kernel = ML_KERNEL_FAST; kernel <= ML_KERNEL_REF; kernel++) {
            mlk_conv2d g = geometry(cases[i].w, cases[i].opts);
            char *text = explained(cases[i].w, cases[i].opts, (ml_kernel)kernel);
            for (int pass = MLK_FORWARD; pass <= MLK_DW; pass++)
                assert_line(text, pass, mlk_conv2d_body_name(mlk_conv2d_choose((ml_kernel)kernel, &g, (mlk_conv2d_pass)pass)), "");
            free(text);
        }
    char *text = explained(W1, (ml_conv2d_opts){0}, ML_KERNEL_FAST);
    assert_string_equal(text, "forward: gemm, since the window is one pixel: the picture is a matrix already\n"
                              "gradient by input: gemm, since the window is one pixel: the picture is a matrix already\n"
                              "gradient by weight: gemm, since the window is one pixel: the picture is a matrix already\n");
    free(text);
}

static void wrong_shapes_get_a_sentence(void **state)
{
    (void)state;
    ask_for(NULL);
    assert_null(ml_conv_explain(X, ALONE, (ml_conv2d_opts){0}, ML_KERNEL_FAST));
    assert_string_equal(ml_error(), "conv2d: x is 2x9x8x12 (N,H,W,C) with 1 groups, so a filter sees 12 channels, but w is 12x3x3x1 "
                                    "(F,R,S,C/groups)");
    assert_null(ml_conv_explain(X, (int64_t[]){4, 11, 3, 12}, (ml_conv2d_opts){0}, ML_KERNEL_FAST));
    assert_non_null(strstr(ml_error(), "the window spans 11"));
    assert_null(ml_conv_explain(NULL, W3, (ml_conv2d_opts){0}, ML_KERNEL_FAST));
    assert_int_equal(ml_error_status(), ML_EINVAL);
    assert_null(ml_conv_explain(X, W3, (ml_conv2d_opts){0}, (ml_kernel)7));
    assert_non_null(strstr(ml_error(), "kernel 7"));
}

/* ---- MLCORE_CONV_ALGO ---- */

static void runs_where_it_fits_and_says_so(void **state)
{
    (void)state;
    const ml_conv2d_opts opts[] = {{.pad = 1}, {.stride = 2, .pad = 1}, {0}, {.groups = 12, .pad = 1}};
    const int64_t *const weights[] = {W3, W3, W1, ALONE};
    int fitting = 0, refused = 0;
    for (int body = 0; body < MLK_CONV2D_BODIES; body++)
        for (int i = 0; i < 4; i++) {
            const char *name = mlk_conv2d_body_name((mlk_conv2d_body)body);
            mlk_conv2d g = geometry(weights[i], opts[i]);
            ask_for(NULL);
            mlk_conv2d_body usual[3];
            for (int pass = 0; pass < 3; pass++)
                usual[pass] = mlk_conv2d_choose(ML_KERNEL_FAST, &g, (mlk_conv2d_pass)pass);
            ask_for(name);
            char *text = explained(weights[i], opts[i], ML_KERNEL_FAST), excuse[96];
            snprintf(excuse, sizeof excuse, " (MLCORE_CONV_ALGO asks for %s, which does not fit)", name);
            for (int pass = 0; pass < 3; pass++) {
                bool fits = mlk_conv2d_fits((mlk_conv2d_body)body, &g);
                mlk_conv2d_body chosen = mlk_conv2d_choose(ML_KERNEL_FAST, &g, (mlk_conv2d_pass)pass);
                assert_int_equal(chosen, fits ? (mlk_conv2d_body)body : usual[pass]);
                assert_line(text, pass, mlk_conv2d_body_name(chosen), fits ? "MLCORE_CONV_ALGO asks for it" : excuse);
                fitting += fits, refused += !fits;
            }
            free(text);
        }
    assert_true(fitting > 20 && refused > 10);
}

/* Values and both gradients of a convolution on a tape of this kernel, one after another. */
static void run(ml_real *to, ml_tensor *const in[3], ml_kernel kernel)
{
    ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = kernel});
    ml_tensor *y = ml_conv2d(t, in[0], in[1], in[2], (ml_conv2d_opts){.pad = 1});
    if (ml_backward(t, ml_sum(t, ml_mul(t, y, y), ML_ALL, false)))
        fail_msg("%s", ml_error());
    memcpy(to, y->data, (size_t)y->size * sizeof *to);
    to += y->size;
    for (int i = 0; i < 2; i++) {
        memcpy(to, in[i]->grad, (size_t)in[i]->size * sizeof *to);
        to += in[i]->size;
        memset(in[i]->grad, 0, (size_t)in[i]->size * sizeof *to);
    }
    ml_tape_free(t);
}

/* Under every name a convolution and its gradients are what the definition says. */
static void ops_compute_the_same_under_every_name(void **state)
{
    (void)state;
    enum { SIZE = 2 * 9 * 8 * 16 + 2 * 9 * 8 * 12 + 16 * 9 * 12 };
    static ml_real want[SIZE], got[SIZE];
    ml_rng rng = ml_rng_seed(3);
    ml_tensor *in[] = {random_tensor(&rng, 4, X, -1, 1), random_tensor(&rng, 4, W3, -0.1, 0.1), NULL};
    ask_for(NULL);
    run(want, in, ML_KERNEL_REF);
    for (int body = 0; body < MLK_CONV2D_BODIES; body++) {
        ask_for(mlk_conv2d_body_name((mlk_conv2d_body)body));
        run(got, in, ML_KERNEL_FAST);
        assert_reals_close(got, want, SIZE, 10 * TOL_REAL, 100 * TOL_REAL);
        run(got, in, ML_KERNEL_REF); /* the judge stays the judge */
        assert_memory_equal(got, want, sizeof got);
    }
    ml_tensor_free(in[0]), ml_tensor_free(in[1]);
}

static void an_unknown_name_is_refused(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(3);
    ml_tensor *x = random_tensor(&rng, 4, X, -1, 1), *w = random_tensor(&rng, 4, W3, -1, 1);
    ml_tape *t = ml_tape_new();
    ask_for("winograd9");
    assert_null(ml_conv2d(t, x, w, NULL, (ml_conv2d_opts){0}));
    assert_int_equal(ml_tape_error(t), ML_EINVAL);
    const char *begin = "conv2d: MLCORE_CONV_ALGO names no body of the convolution: it may be one of auto, ref, gemm, im2col";
    assert_int_equal(strncmp(ml_tape_error_text(t), begin, strlen(begin)), 0);
    assert_null(ml_relu(t, x)); /* it sticks */
    assert_null(ml_conv_explain(X, W3, (ml_conv2d_opts){0}, ML_KERNEL_FAST));
    assert_int_equal(strncmp(ml_error(), "conv_explain: MLCORE_CONV_ALGO names", 36), 0);
    assert_null(ml_net_new(&rng, ML_INPUT(9, 8, 12), ML_CONV(16, .k = 3)));
    assert_int_equal(strncmp(ml_error(), "net: layer 0 (conv): conv2d: MLCORE_CONV_ALGO", 45), 0);
    ask_for("");
    ml_tape_reset(t);
    assert_non_null(ml_conv2d(t, x, w, NULL, (ml_conv2d_opts){0})); /* an empty one asks for nothing */
    ml_tape_free(t), ml_tensor_free(x), ml_tensor_free(w);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, ask_for_nothing)
    const struct CMUnitTest tests[] = {
        TEST(says_what_the_choice_picks),
        TEST(wrong_shapes_get_a_sentence),
        TEST(runs_where_it_fits_and_says_so),
        TEST(ops_compute_the_same_under_every_name),
        TEST(an_unknown_name_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
