/* test_io_params.c -- parameters to a file and back: the same bits, or nothing changed. */
#include "io/io.h"
#include "support/check.h"
#include "support/tmp.h"

#include <mlcore/nn.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define GOLDEN MLCORE_SOURCE_DIR "/tests/golden/"

static ml_params *golden_params(bool filled)
{
    ml_params *ps = ml_params_new();
    assert_non_null(ps);
    ml_tensor *w = ml_param(ps, "0.weight", 2, (int64_t[]){2, 3}), *b = ml_param(ps, "0.bias", 1, (int64_t[]){2});
    assert_non_null(w);
    assert_non_null(b);
    for (int i = 0; filled && i < 6; i++)
        w->data[i] = (ml_real)(i + 1) / 8;
    if (filled)
        b->data[0] = -1, b->data[1] = (ml_real)0.5;
    return ps;
}

static void assert_golden(const ml_params *ps)
{
    ml_params *expected = golden_params(true);
    for (int i = 0; i < 2; i++)
        assert_memory_equal(ml_params_at(ps, i)->data, ml_params_at(expected, i)->data,
                            (size_t)ml_params_at(ps, i)->size * sizeof(ml_real));
    ml_params_free(expected);
}

static void loads_either_width(void **state)
{
    (void)state;
    const char *files[] = {GOLDEN "params_f32.safetensors", GOLDEN "params_f64.safetensors"};
    for (int i = 0; i < 2; i++)
        for (int sealed = 0; sealed < 2; sealed++) {
            ml_params *ps = golden_params(false);
            char *metadata = (char *)"";
            if (sealed)
                assert_int_equal(ml_params_seal(ps), ML_OK);
            if (ml_params_load(ps, files[i], &metadata))
                fail_msg("%s", ml_error());
            assert_golden(ps);
            if (i == 0)
                assert_string_equal(metadata, "{\"net\":\"\xc3\xa9\\n\",\"n\":1}");
            else
                assert_null(metadata);
            free(metadata);
            assert_int_equal(ml_params_load(ps, files[i], NULL), ML_OK);
            ml_params_free(ps);
        }
}

static void saves_what_python_saves(void **state)
{
    (void)state;
    ml_params *ps = golden_params(true);
    const char *path = tmp_path("m");
    const char *metadata = sizeof(ml_real) == 4 ? "{\"net\":\"\xc3\xa9\\n\",\"n\":1}" : NULL;
    assert_int_equal(ml_params_save(ps, path, metadata), ML_OK);
    size_t n;
    uint8_t *python = slurp(sizeof(ml_real) == 4 ? GOLDEN "params_f32.safetensors" : GOLDEN "params_f64.safetensors", &n);
    assert_non_null(python);
    assert_true(same_file(path, python, n));
    assert_int_equal(ml_params_seal(ps), ML_OK); /* the block has padding, the file has not */
    assert_int_equal(ml_params_save(ps, path, metadata), ML_OK);
    assert_true(same_file(path, python, n));
    free(python);
    ml_params_free(ps);
}

static void every_bit_comes_back(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(7);
    ml_params *ps = ml_params_new(), *back = ml_params_new();
    const int64_t shapes[3][3] = {{17, 1, 0}, {3, 5, 0}, {2, 3, 4}};
    for (int k = 0; k < 3; k++) {
        char name[16];
        snprintf(name, sizeof name, "layer.%d", k);
        ml_tensor *x = ml_param(ps, name, k + 1, shapes[k]);
        assert_non_null(x);
        assert_non_null(ml_param(back, name, k + 1, shapes[k]));
        for (int64_t i = 0; i < x->size; i++) /* any bits: NaN with a payload, denormals, minus zero */
            for (size_t b = 0; b < sizeof(ml_real); b++)
                ((uint8_t *)&x->data[i])[b] = (uint8_t)ml_rng_u32(&rng);
    }
    ml_tensor *scalar = ml_param(ps, "a", 0, NULL), *empty = ml_param(ps, "b", 2, (int64_t[]){0, 3});
    assert_non_null(scalar);
    assert_non_null(empty);
    scalar->data[0] = (ml_real)-0.0;
    assert_non_null(ml_param(back, "b", 2, (int64_t[]){0, 3})); /* in another order */
    assert_non_null(ml_param(back, "a", 0, NULL));
    const char *path = tmp_path("m");
    assert_int_equal(ml_params_save(ps, path, "{}"), ML_OK);
    char *metadata = NULL;
    if (ml_params_load(back, path, &metadata))
        fail_msg("%s", ml_error());
    assert_string_equal(metadata, "{}");
    free(metadata);
    for (int i = 0; i < ml_params_count(ps); i++) {
        const ml_tensor *p = ml_params_at(ps, i), *q = ml_params_find(back, p->name);
        assert_non_null(q);
        assert_memory_equal(p->data, q->data, (size_t)p->size * sizeof(ml_real));
    }
    ml_params_free(ps);
    ml_params_free(back);
}

/* Weights of convolutions: F R S C in memory, F C R S on file. Element (f, r, s, c) is 1000 f + 100 r + 10 s + c. */
static void four_axes_lie_as_pytorchs(void **state)
{
    (void)state;
    enum { F = 2, R = 3, S = 4, C = 5, N = F * R * S * C };
    ml_params *ps = ml_params_new(), *back = ml_params_new();
    ml_tensor *w = ml_param(ps, "w", 4, (int64_t[]){F, R, S, C}), *v = ml_param(ps, "v", 4, (int64_t[]){F, 1, S, C});
    ml_tensor *kept = ml_buffer(ps, "b", 4, (int64_t[]){F, R, S, C}); /* a buffer is no weight: it lies as it is */
    for (int i = 0; i < N; i++)
        w->data[i] = kept->data[i] = (ml_real)(i / (R * S * C) * 1000 + i / (S * C) % R * 100 + i / C % S * 10 + i % C);
    for (int i = 0; i < v->size; i++)
        v->data[i] = (ml_real)i;
    const char *path = tmp_path("m");
    assert_int_equal(ml_params_save(ps, path, NULL), ML_OK);

    ml_safetensors *st = ml_safetensors_read(path);
    ml_safetensor b = ml_safetensors_at(st, 0), t = ml_safetensors_at(st, 2);
    assert_string_equal(t.name, "w");
    assert_memory_equal(t.shape, ((int64_t[]){F, C, R, S}), 4 * sizeof(int64_t));
    assert_memory_equal(b.shape, ((int64_t[]){F, R, S, C}), 4 * sizeof(int64_t));
    for (int i = 0; i < N; i++) {
        ml_real x;
        memcpy(&x, (const uint8_t *)t.data + (size_t)i * sizeof x, sizeof x);
        assert_true(x == (ml_real)(i / (C * R * S) * 1000 + i / (R * S) % C + i / S % R * 100 + i % S * 10));
    }
    ml_safetensors_free(st);

    assert_non_null(ml_param(back, "w", 4, (int64_t[]){F, R, S, C}));
    assert_non_null(ml_param(back, "v", 4, (int64_t[]){F, 1, S, C}));
    assert_non_null(ml_buffer(back, "b", 4, (int64_t[]){F, R, S, C}));
    assert_int_equal(ml_params_load(back, path, NULL), ML_OK);
    assert_memory_equal(ml_params_at(back, 0)->data, w->data, N * sizeof(ml_real));
    assert_memory_equal(ml_params_at(back, 1)->data, v->data, (size_t)v->size * sizeof(ml_real));
    assert_memory_equal(ml_buffers_at(back, 0)->data, w->data, N * sizeof(ml_real));
    ml_params_free(ps);
    ml_params_free(back);

    ml_params *other = ml_params_new(); /* the sentence has both shapes as on file */
    assert_non_null(ml_param(other, "w", 4, (int64_t[]){F, S, R, C}));
    assert_int_equal(ml_params_load(other, path, NULL), ML_EFORMAT);
    assert_non_null(strstr(ml_error(), "tensor \"w\" is 2x5x3x4 in the file but 2x5x4x3 in the net"));
    ml_params_free(other);
}

/* Of three axes, the weight of a 1-d convolution says what it is: F R C in memory, F C R on file. Others lie as they are, even
 * where their shape would let them be taken for one. Element (f, r, c) is 100 f + 10 r + c. */
static void three_axes_lie_as_they_say(void **state)
{
    (void)state;
    enum { F = 2, R = 4, N = F * R * R };
    const int64_t shape[] = {F, R, R};
    ml_params *ps = ml_params_new(), *back = ml_params_new();
    ml_tensor *w = ml_param_conv1d(ps, "w", shape), *other = ml_param(ps, "other", 3, shape);
    assert_true(w && other && w->conv1d && !other->conv1d);
    for (int i = 0; i < N; i++)
        w->data[i] = other->data[i] = (ml_real)(i / (R * R) * 100 + i / R % R * 10 + i % R);
    const char *path = tmp_path("m");
    assert_int_equal(ml_params_save(ps, path, NULL), ML_OK);

    ml_safetensors *st = ml_safetensors_read(path);
    const uint8_t *straight = ml_safetensors_at(st, 0).data, *turned = ml_safetensors_at(st, 1).data;
    for (int i = 0; i < N; i++) {
        ml_real x, y;
        memcpy(&x, straight + (size_t)i * sizeof x, sizeof x);
        memcpy(&y, turned + (size_t)i * sizeof y, sizeof y);
        assert_true(x == (ml_real)(i / (R * R) * 100 + i / R % R * 10 + i % R));
        assert_true(y == (ml_real)(i / (R * R) * 100 + i / R % R + i % R * 10));
    }
    ml_safetensors_free(st);

    assert_true(ml_param_conv1d(back, "w", shape) && ml_param(back, "other", 3, shape));
    assert_int_equal(ml_params_load(back, path, NULL), ML_OK);
    for (int i = 0; i < 2; i++)
        assert_memory_equal(ml_params_at(back, i)->data, w->data, N * sizeof(ml_real));
    ml_params_free(ps);
    ml_params_free(back);
    assert_null(ml_param_conv1d(NULL, "w", shape));
}

/* Loads into the golden parameters from a file with these tensors; nothing may change. */
static void assert_not_loaded(const ml_safetensor *t, int n, const char *sentence)
{
    const char *path = tmp_path("m.safetensors");
    assert_int_equal(ml_safetensors_write(path, t, n, NULL, NULL, 0), ML_OK);
    ml_params *ps = golden_params(true);
    char *metadata = (char *)"";
    assert_int_equal(ml_params_load(ps, path, &metadata), ML_EFORMAT);
    assert_null(metadata);
    if (strncmp(ml_error(), path, strlen(path)) != 0 || !strstr(ml_error(), sentence))
        fail_msg("\"%s\" should say \"%s\"", ml_error(), sentence);
    assert_golden(ps);
    ml_params_free(ps);
}

static void refuses_other_nets(void **state)
{
    (void)state;
    static const double z[12];
    const ml_safetensor w = {"0.weight", "F32", 2, {2, 3}, z, 24}, b = {"0.bias", "F64", 1, {2}, z, 16},
                        extra = {"1.bias", "F32", 1, {2}, z, 8}, wide = {"0.weight", "F32", 2, {3, 2}, z, 24},
                        flat = {"0.bias", "F32", 2, {2, 1}, z, 8}, scalar = {"0.bias", "F32", 0, {0}, z, 4},
                        whole = {"0.bias", "I64", 1, {2}, z, 16};
    assert_not_loaded((ml_safetensor[]){w}, 1, "m.safetensors: tensor \"0.bias\" of the net is not in the file");
    assert_not_loaded(NULL, 0, "m.safetensors: tensor \"0.weight\" of the net is not in the file");
    assert_not_loaded((ml_safetensor[]){w, b, extra}, 3, "m.safetensors: tensor \"1.bias\" is in the file but not in the net");
    assert_not_loaded((ml_safetensor[]){wide, b}, 2, "m.safetensors: tensor \"0.weight\" is 3x2 in the file but 2x3 in the net");
    assert_not_loaded((ml_safetensor[]){w, flat}, 2, "m.safetensors: tensor \"0.bias\" is 2x1 in the file but 2 in the net");
    assert_not_loaded((ml_safetensor[]){w, scalar}, 2, "tensor \"0.bias\" is scalar in the file but 2 in the net");
    assert_not_loaded((ml_safetensor[]){w, whole}, 2, "tensor \"0.bias\" is I64 in the file: parameters are read from F32 or F64");
}

static void refuses_broken_files(void **state)
{
    (void)state;
    size_t n;
    uint8_t *bytes = slurp(GOLDEN "params_f32.safetensors", &n);
    assert_non_null(bytes);
    ml_params *ps = golden_params(true);
    for (size_t cut = 0; cut < n; cut++) {
        assert_int_equal(ml_params_load(ps, tmp_file("cut", bytes, cut), NULL), ML_EFORMAT);
        assert_non_null(strstr(ml_error(), "cut: "));
    }
    assert_int_equal(ml_params_load(ps, tmp_path("missing"), NULL), ML_EIO);
    assert_int_equal(ml_params_load(NULL, "x", NULL), ML_EINVAL);
    assert_int_equal(ml_params_load(ps, NULL, NULL), ML_EINVAL);
    assert_golden(ps);
    ml_params_free(ps);
    free(bytes);
}

static void a_full_disk_keeps_the_old_file(void **state)
{
    (void)state;
    ml_params *ps = ml_params_new();
    assert_non_null(ml_param(ps, "w", 2, (int64_t[]){100, 100}));
    const char *path = tmp_file("m", "old", 3);
    struct rlimit old, small;
    getrlimit(RLIMIT_FSIZE, &old);
    small = (struct rlimit){.rlim_cur = 10000, .rlim_max = old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    ml_status s = ml_params_save(ps, path, NULL);
    setrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(s, ML_EIO);
    assert_non_null(strstr(ml_error(), "m: cannot be written: File too large"));
    assert_true(same_file(path, "old", 3));
    assert_int_equal(tmp_count(), 1);
    assert_int_equal(ml_params_save(ps, path, "\xff"), ML_EINVAL);
    assert_int_equal(ml_params_save(ps, NULL, NULL), ML_EINVAL);
    assert_int_equal(ml_params_save(NULL, path, NULL), ML_EINVAL);
    assert_true(same_file(path, "old", 3));
    ml_params_free(ps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads_either_width),
        cmocka_unit_test_setup_teardown(saves_what_python_saves, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(every_bit_comes_back, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(four_axes_lie_as_pytorchs, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(three_axes_lie_as_they_say, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(refuses_other_nets, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(refuses_broken_files, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_keeps_the_old_file, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests_name("io/params", tests, NULL, NULL);
}
