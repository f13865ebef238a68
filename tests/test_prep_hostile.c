/* test_prep_hostile.c -- files of steps in which any byte is wrong, and memory that fails at any request. */
#include "support/prep.h"
#include "support/tmp.h"

#include <mlcore/memory.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

static ml_frame *table(void)
{
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_numbers(f, "x", (double[]){1, NAN, 4, 2, 8, 5}, 6), ML_OK);
    assert_int_equal(ml_frame_put_integers(f, "k", (int64_t[]){3, 1, ML_MISSING, 1, 2, 3}, 6), ML_OK);
    assert_int_equal(ml_frame_put_texts(f, "w", (const char *[]){"a", "b", NULL, "a", "c", "b"}, 6), ML_OK);
    assert_int_equal(ml_frame_put_categories(f, "c", (ml_ints){(int32_t[]){0, 1, -1, 1, 0, 1}, 6}, (const char *[]){"q", "p"}, 2),
                     ML_OK);
    assert_int_equal(ml_frame_put_integers(f, "y", (int64_t[]){0, 1, 1, 0, 1, 0}, 6), ML_OK);
    return f;
}

static ml_frame *copied(const ml_frame *f, void *arg)
{
    (void)arg;
    return ml_frame_copy(f);
}

enum { STEPS = 12 };
static ml_prep_step step_number(int k)
{
    const ml_prep_step steps[STEPS] = {
        ML_IMPUTE("*", .how = ML_IMPUTE_MODE),
        ML_INDICATE("x"),
        ML_SCALE("x,k"),
        ML_LOG("x"),
        ML_BIN("x,k", .bins = 3),
        ML_POLYNOMIAL("x,k", .degree = 3),
        ML_ONE_HOT("k,w,c", .unseen = ML_UNSEEN_OTHER, .missing = true),
        ML_ORDINAL("k,w,c"),
        ML_GROUP_RATE("k", .also = {"w,c"}, .count = true),
        ML_DROP("w"),
        ML_KEEP("x,c"),
        ML_APPLY("copied", copied, NULL),
    };
    return steps[k];
}

/* The bytes of a file with a step, for free. */
static uint8_t *bytes_of(const ml_prep *p, size_t *n)
{
    mli_store *s = mli_store_new("prep");
    assert_int_equal(mli_prep_put(p, s, "s"), ML_OK);
    assert_int_equal(mli_store_write(s, tmp_path("hostile.safetensors")), ML_OK);
    mli_store_free(s);
    return slurp(tmp_path("hostile.safetensors"), n);
}

/* Loads what it can; what loads, transforms without harm. */
static bool loads(const uint8_t *bytes, size_t n, const ml_frame *f)
{
    mli_store *s = mli_store_parse("hostile", bytes, n, "prep");
    ml_prep *p = s ? mli_prep_take(s, "s") : NULL;
    const bool whole = p != NULL;
    if (p)
        ml_frame_free(ml_prep_transform(p, f));
    ml_prep_free(p);
    mli_store_free(s);
    return whole;
}

static void test_any_byte_may_be_wrong(void **state)
{
    (void)state;
    static const uint8_t changes[] = {0x01, 0x02, 0x04, 0x10, 0x80, 0xff};
    ml_frame *f = table();
    assert_int_equal(ml_prep_register("copied", copied, NULL), ML_OK);
    for (int k = 0; k < STEPS; k++) {
        size_t n;
        int64_t refused = 0;
        ml_prep *p = ml_prep_fit(step_number(k), f, "y");
        uint8_t *bytes = bytes_of(p, &n);
        assert_true(loads(bytes, n, f));
        for (size_t i = 0; i < n; i++)
            for (size_t c = 0; c < sizeof changes; c++) {
                bytes[i] ^= changes[c];
                refused += !loads(bytes, n, f);
                bytes[i] ^= changes[c];
            }
        for (size_t m = 0; m < n; m += 7)
            assert_false(loads(bytes, m, f));
        assert_true(refused > (int64_t)n); /* most of it is names and structure */
        free(bytes);
        ml_prep_free(p);
    }
    ml_frame_free(f);
}

/* ---- a file that is well formed, and wrong ---- */

static ml_prep *taken(mli_store *s)
{
    const char *path = tmp_path("wrong.safetensors");
    assert_int_equal(mli_store_write(s, path), ML_OK);
    mli_store_free(s);
    s = mli_store_read(path, "prep");
    ml_prep *p = mli_prep_take(s, "s");
    mli_store_free(s);
    return p;
}

/* What all steps have, of one column. */
static mli_store *begun(const char *kind, const char *type)
{
    mli_store *s = mli_store_new("prep");
    assert_int_equal(mli_store_put_json(s, "s", "step", json_string(kind)), ML_OK);
    assert_int_equal(mli_store_put_texts(s, "s", "names", (const char *[]){"x"}, 1), ML_OK);
    assert_int_equal(mli_store_put_texts(s, "s", "types", &type, 1), ML_OK);
    assert_int_equal(mli_store_put_texts(s, "s", "target", NULL, 0), ML_OK);
    return s;
}

static void assert_wrong(mli_store *s, const char *part)
{
    assert_null(taken(s));
    assert_says(part);
}

static void test_files_that_say_what_cannot_be(void **state)
{
    (void)state;
    assert_wrong(begun("shred", "number"), "wrong.safetensors: s.step is 'shred', which this version does not know");
    assert_wrong(begun("scale", "text"), "s.types says that 'x' is text, which a step scale does not take");
    assert_wrong(begun("scale", "real"), "s.types has 'real', which is no type of a column");
    assert_wrong(begun("scale", "number"), "s.centre is missing");

    mli_store *s = begun("scale", "number");
    mli_store_put_doubles(s, "s", "centre", (double[]){0}, 1);
    mli_store_put_doubles(s, "s", "scale", (double[]){0}, 1);
    mli_store_put_doubles(s, "s", "shift", (double[]){0}, 1);
    assert_wrong(s, "s.scale has at place 0 what is no scale");

    s = begun("impute", "text");
    mli_store_put_texts(s, "s", "becomes", (const char *[]){"number"}, 1);
    mli_store_put_doubles(s, "s", "number", (double[]){0}, 1);
    mli_store_put_longs(s, "s", "whole", (int64_t[]){0}, 1);
    mli_store_put_texts(s, "s", "text", (const char *[]){""}, 1);
    assert_wrong(s, "s.becomes makes number of text");

    s = begun("bin", "number");
    mli_store_put_longs(s, "s", "begin", (int64_t[]){0, 2}, 2);
    mli_store_put_doubles(s, "s", "edge", (double[]){1}, 1);
    assert_wrong(s, "s.begin does not cover the 1 edges");

    s = begun("ordinal", "text");
    mli_store_put_texts(s, "s", "values.0", (const char *[]){"b", "a"}, 2);
    assert_wrong(s, "s.values.0 is not sorted at place 1");

    s = begun("one_hot", "integer");
    mli_store_put_longs(s, "s", "values.0", (int64_t[]){1, 2}, 2);
    mli_store_put_texts(s, "s", "columns.0", (const char *[]){"x_1"}, 1);
    mli_store_put_ints(s, "s", "to.0", (int32_t[]){0, 1}, 2);
    assert_wrong(s, "s.to.0 has 1 at place 1, not -1 to 0");

    s = begun("one_hot", "integer");
    mli_store_put_longs(s, "s", "values.0", (int64_t[]){1, 2}, 2);
    mli_store_put_texts(s, "s", "columns.0", (const char *[]){"x_1"}, 1);
    mli_store_put_ints(s, "s", "to.0", (int32_t[]){0, -1}, 2);
    mli_store_put_ints(s, "s", "others.0", (int32_t[]){-2, 0}, 2);
    assert_wrong(s, "s.others.0 is outside of -2 to 0");

    s = begun("polynomial", "number");
    mli_store_put_json(s, "s", "options", json_pack("{s:i, s:b}", "degree", 99, "interactions_only", 0));
    assert_wrong(s, "degree is 99: it must be in 1 .. 16");
}

/* ---- memory ---- */

typedef struct scarce {
    int64_t left; /* requests that are still granted */
} scarce;

static void *grant(void *user, size_t bytes)
{
    scarce *s = user;
    return s->left-- > 0 ? malloc(bytes) : NULL;
}

static void release(void *user, void *block)
{
    (void)user;
    free(block);
}

/* Fits, transforms, saves and loads; true where all went well. */
static bool life(ml_prep_step step, const ml_frame *f)
{
    ml_prep *p = NULL, *q = NULL;
    ml_frame *g = ml_prep_fit_transform(step, f, "y", &p), *h = NULL;
    mli_store *s = g ? mli_store_new("prep") : NULL;
    bool well = s && !mli_prep_put(p, s, "s") && !mli_store_write(s, tmp_path("scarce.safetensors"));
    mli_store_free(s);
    s = well ? mli_store_read(tmp_path("scarce.safetensors"), "prep") : NULL;
    q = s ? mli_prep_take(s, "s") : NULL;
    h = q ? ml_prep_transform(q, f) : NULL;
    mli_store_free(s);
    ml_prep_free(p), ml_prep_free(q);
    ml_frame_free(g);
    well = h != NULL;
    ml_frame_free(h);
    return well;
}

static void test_any_request_may_fail(void **state)
{
    (void)state;
    assert_int_equal(ml_prep_register("copied", copied, NULL), ML_OK);
    for (int k = 0; k < STEPS; k++) {
        scarce s = {INT64_MAX};
        assert_int_equal(ml_memory_blocks(), 0);
        assert_int_equal(ml_set_allocator((ml_allocator){grant, release, &s}), ML_OK);
        ml_frame *f = table();
        const int64_t held = ml_memory_blocks();
        bool well = false;
        for (int64_t n = 0; !well; n++) {
            s.left = n;
            ml_error_clear();
            well = life(step_number(k), f);
            s.left = INT64_MAX;
            assert_int_equal(ml_memory_blocks(), held);
            if (!well && ml_error_status() != ML_ENOMEM)
                fail_msg("step %d, request %lld: '%s'", k, (long long)n, ml_error());
            assert_true(n < 5000);
        }
        ml_frame_free(f);
        assert_int_equal(ml_set_allocator((ml_allocator){0}), ML_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_byte_may_be_wrong),
        cmocka_unit_test(test_files_that_say_what_cannot_be),
        cmocka_unit_test(test_any_request_may_fail),
    };
    return cmocka_run_group_tests(tests, tmp_setup, tmp_teardown);
}
