/* test_io_store.c -- what was fitted goes to a file and comes back; what a file gets wrong is said. */
#include "io/store.h"
#include "support/check.h"
#include "support/tmp.h"

#include <math.h>
#include <string.h>

static void assert_says(const char *part)
{
    if (!strstr(ml_error(), part))
        fail_msg("the sentence '%s' does not say '%s'", ml_error(), part);
}

static const char *written(void)
{
    const char *path = tmp_path("one.safetensors");
    mli_store *s = mli_store_new("model");
    assert_int_equal(mli_store_put_doubles(s, "steps.0", "mean", (double[]){1, NAN, -INFINITY}, 3), ML_OK);
    assert_int_equal(mli_store_put_floats(s, "model", "v", (float[]){1.5f}, 1), ML_OK);
    assert_int_equal(mli_store_put_ints(s, "model", "child", (int32_t[]){-1, 7}, 2), ML_OK);
    assert_int_equal(mli_store_put_longs(s, "model", "n", (int64_t[]){INT64_MIN}, 1), ML_OK);
    assert_int_equal(mli_store_put_bytes(s, "model", "b", (uint8_t[]){255}, 1), ML_OK);
    assert_int_equal(mli_store_put_doubles(s, "model", "none", NULL, 0), ML_OK);
    assert_int_equal(mli_store_put_texts(s, "steps.0", "names", (const char *[]){"a,b", "\"", ""}, 3), ML_OK);
    assert_int_equal(mli_store_put_json(s, "model", "depth", json_integer(4)), ML_OK);
    assert_int_equal(mli_store_put_texts(s, "model", "bad", (const char *[]){"\xff"}, 1), ML_EINVAL);
    assert_int_equal(mli_store_write(s, path), ML_OK);
    mli_store_free(s);
    return path;
}

static void test_there_and_back(void **state)
{
    (void)state;
    mli_store *s = mli_store_read(written(), "model");
    double *d, *none;
    float *v;
    int32_t *child;
    int64_t *n, length;
    uint8_t *b;
    char **names;
    assert_non_null(s);
    assert_int_equal(mli_store_doubles(s, "steps.0", "mean", 3, 3, &d, NULL), ML_OK);
    assert_true(d[0] == 1 && isnan(d[1]) && d[2] == -INFINITY);
    assert_int_equal(mli_store_floats(s, "model", "v", 0, 9, &v, &length), ML_OK);
    assert_true(length == 1 && v[0] == 1.5f);
    assert_int_equal(mli_store_ints(s, "model", "child", 2, 2, &child, NULL), ML_OK);
    assert_true(child[0] == -1 && child[1] == 7);
    assert_int_equal(mli_store_longs(s, "model", "n", 1, 1, &n, NULL), ML_OK);
    assert_true(n[0] == INT64_MIN);
    assert_int_equal(mli_store_bytes(s, "model", "b", 1, 1, &b, NULL), ML_OK);
    assert_true(b[0] == 255);
    assert_int_equal(mli_store_doubles(s, "model", "none", 0, 0, &none, &length), ML_OK);
    assert_int_equal(length, 0);
    assert_int_equal(mli_store_texts(s, "steps.0", "names", 0, 5, &names, &length), ML_OK);
    assert_int_equal(length, 3);
    assert_string_equal(names[0], "a,b");
    assert_string_equal(names[2], "");
    assert_int_equal(json_integer_value(mli_store_json(s, "model", "depth")), 4);
    mli_free(d), mli_free(v), mli_free(child), mli_free(n), mli_free(b), mli_free(none), mli_free(names);
    mli_store_free(s);
}

static void test_what_is_not_there_is_said(void **state)
{
    (void)state;
    const char *path = written();
    mli_store *s = mli_store_read(path, "model");
    double *d;
    int32_t *k;
    char **names;
    assert_int_equal(mli_store_doubles(s, "model", "mean", 3, 3, &d, NULL), ML_EFORMAT);
    assert_says("one.safetensors: model.mean is missing");
    assert_int_equal(mli_store_doubles(s, "steps.0", "mean", 4, 4, &d, NULL), ML_EFORMAT);
    assert_says("steps.0.mean has length 3, not 4");
    assert_int_equal(mli_store_ints(s, "steps.0", "mean", 3, 3, &k, NULL), ML_EFORMAT);
    assert_says("is F64 of 1 axes, not a list of I32");
    assert_int_equal(mli_store_texts(s, "model", "depth", 0, 5, &names, NULL), ML_EFORMAT);
    assert_says("not a list of texts");
    assert_int_equal(mli_store_texts(s, "steps.0", "names", 0, 2, &names, NULL), ML_EFORMAT);
    assert_says("has length 3, not 0 to 2");
    assert_null(mli_store_json(s, "nowhere", "x"));
    mli_store_free(s);
    assert_null(mli_store_read(path, "pipeline"));
    assert_says("it holds a model, not a pipeline");
    assert_null(mli_store_read(tmp_path("none"), "model"));
    assert_null(mli_store_read(NULL, "model"));
}

/* A safetensors file of no tensors with this under "mlcore". */
static mli_store *of_settings(const char *text)
{
    static const char *const key = "mlcore";
    assert_int_equal(ml_safetensors_write(tmp_path("s"), NULL, 0, &key, &text, text != NULL), ML_OK);
    return mli_store_read(tmp_path("s"), "model");
}

static void test_settings_of_others(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } table[] = {
        {NULL, "it has no metadata \"mlcore\""},
        {"{", "not valid JSON"},
        {"[]", "says neither format nor kind"},
        {"{\"format\":1,\"architecture\":[]}", "says neither format nor kind"},
        {"{\"format\":2,\"kind\":\"model\",\"parts\":{}}", "its format is 2, and this version reads format 1"},
        {"{\"format\":1,\"kind\":\"model\",\"parts\":[]}", "has no parts"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        assert_null(of_settings(table[i].text));
        assert_says(table[i].says);
    }
    mli_store *s = of_settings("{\"format\":1,\"kind\":\"model\",\"parts\":{\"a\":{\"t\":[\"x\",1]}}}");
    char **names;
    assert_int_equal(mli_store_texts(s, "a", "t", 0, 9, &names, NULL), ML_EFORMAT);
    assert_says("a.t has at place 1 what is no text");
    mli_store_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_there_and_back, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(test_what_is_not_there_is_said, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(test_settings_of_others, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
