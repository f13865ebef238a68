/* Errors are values: one sentence a thread, and sizes that do not overflow in silence. */
#include "base/base.h"
#include "support/check.h"

#include <mlcore/build.h>

#include <pthread.h>
#include <string.h>
#include <unistd.h>

static void before_the_first(void **state)
{
    (void)state;
    assert_string_equal(ml_error(), "");
    assert_int_equal(ml_error_status(), ML_OK);
}

static void the_last_sentence_stays(void **state)
{
    (void)state;
    assert_int_equal(mli_fail(ML_EIO, "%s: line %d", "a.csv", 7), ML_EIO);
    assert_string_equal(ml_error(), "a.csv: line 7");
    assert_null(mli_null(ML_EFORMAT, "second"));
    assert_string_equal(ml_error(), "second");
    assert_int_equal(ml_error_status(), ML_EFORMAT);
    ml_error_clear();
    assert_string_equal(ml_error(), "");
    assert_int_equal(ml_error_status(), ML_OK);
}

static void a_prefix_keeps_sentence_and_status(void **state)
{
    (void)state;
    mli_fail(ML_ENOMEM, "no room");
    assert_int_equal(mli_fail_in("load"), ML_ENOMEM);
    assert_string_equal(ml_error(), "load: no room");
    /* The sentence as its own argument. */
    mli_fail(ML_EIO, "outer: %s", ml_error());
    assert_string_equal(ml_error(), "outer: load: no room");
}

static void a_long_sentence_is_cut(void **state)
{
    (void)state;
    char text[5000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    mli_fail(ML_EINVAL, "%s", text);
    assert_int_equal(strlen(ml_error()), 1023);
}

static void *other_thread(void *arg)
{
    *(bool *)arg = ml_error()[0] == 0;
    mli_fail(ML_EIO, "theirs");
    return NULL;
}

static void each_thread_has_its_own(void **state)
{
    (void)state;
    bool empty = false;
    pthread_t thread;
    mli_fail(ML_EINVAL, "mine");
    assert_int_equal(pthread_create(&thread, NULL, other_thread, &empty), 0);
    pthread_join(thread, NULL);
    assert_true(empty);
    assert_string_equal(ml_error(), "mine");
}

static void perror_writes_one_line_to_stderr(void **state)
{
    (void)state;
    char line[100] = "";
    FILE *file = tmpfile();
    assert_non_null(file);
    fflush(stderr);
    int held = dup(2);
    dup2(fileno(file), 2);
    mli_fail(ML_EINVAL, "k is 0");
    int got = ml_perror("fit");
    dup2(held, 2);
    close(held);
    assert_int_equal(got, 1);
    rewind(file);
    assert_true(fread(line, 1, sizeof line - 1, file) > 0);
    fclose(file);
    assert_string_equal(line, "fit: k is 0\n");
}

static void sizes_do_not_overflow(void **state)
{
    (void)state;
    size_t n = 0;
    assert_true(mli_mul_size(SIZE_MAX / 2, 2, &n));
    assert_false(mli_mul_size(SIZE_MAX / 2 + 1, 2, &n));
    assert_true(mli_mul_size(SIZE_MAX, 0, &n));
    assert_int_equal(n, 0);
    assert_true(mli_add_size(SIZE_MAX - 1, 1, &n));
    assert_false(mli_add_size(SIZE_MAX, 1, &n));
    int64_t size = -1;
    assert_true(mli_shape_size(3, (int64_t[]){2, 0, 5}, &size));
    assert_int_equal(size, 0);
    assert_true(mli_shape_size(0, NULL, &size));
    assert_int_equal(size, 1);
    assert_false(mli_shape_size(2, (int64_t[]){3, -1}, &size));
    assert_false(mli_shape_size(2, (int64_t[]){INT64_MAX, 2}, &size));
    assert_false(mli_shape_size(1, (int64_t[]){INT64_MAX / 2}, &size));
    assert_false(mli_shape_size(3, (int64_t[]){0, INT64_MAX, 2}, &size)); /* a zero does not hide it */
}

static void memory_is_aligned_counted_and_refused(void **state)
{
    (void)state;
    int64_t before = mli_alloc_count();
    void *p = mli_alloc(0);
    assert_non_null(p);
    assert_int_equal((uintptr_t)p % 64, 0);
    mli_free(p);
    double *zeros = mli_calloc(100, sizeof *zeros);
    for (int i = 0; i < 100; i++)
        assert_true(zeros[i] == 0);
    mli_free(zeros);
    assert_int_equal(mli_alloc_count() - before, 2);
    assert_null(mli_alloc(SIZE_MAX - 10));
    assert_int_equal(ml_error_status(), ML_ENOMEM);
    assert_non_null(strstr(ml_error(), "18446744073709551605 bytes"));
    assert_null(mli_calloc(SIZE_MAX / 2, 3));
    assert_int_equal(ml_error_status(), ML_ENOMEM);
    mli_free(NULL);
}

static void build_info_is_one_line(void **state)
{
    (void)state;
    const char *info = ml_build_info();
    assert_non_null(strstr(info, "mlcore " ML_VERSION));
    assert_non_null(strstr(info, ML_REAL_NAME));
    assert_non_null(strstr(info, "thread"));
    assert_null(strchr(info, '\n'));
    assert_string_equal(ml_version(), ML_VERSION);
    assert_null(ml_cpu_check()); /* built here, runs here */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_the_first),
        cmocka_unit_test(the_last_sentence_stays),
        cmocka_unit_test(a_prefix_keeps_sentence_and_status),
        cmocka_unit_test(a_long_sentence_is_cut),
        cmocka_unit_test(each_thread_has_its_own),
        cmocka_unit_test(perror_writes_one_line_to_stderr),
        cmocka_unit_test(sizes_do_not_overflow),
        cmocka_unit_test(memory_is_aligned_counted_and_refused),
        cmocka_unit_test(build_info_is_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
