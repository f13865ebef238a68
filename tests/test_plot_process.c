/* test_plot_process.c -- another program: its answer, its death, its silence; nothing of it ends us or holds us up. */
#include "plot/process.h"
#include "support/check.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static const char *const GET_IT = "get it";

static ml_status run(const char *script, const mli_buffer *input, double seconds, mli_buffer *out)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    return mli_program_run(&(mli_program){argv, GET_IT, input, seconds}, out);
}

static void its_answer_is_read_while_it_is_fed(void **state)
{
    (void)state;
    mli_buffer in = {0}, out = {0};
    /* More than any pipe holds: who writes all before he reads would wait for ever. */
    for (int i = 0; i < 300000; i++)
        mli_putf(&in, "line %d\n", i);
    assert_int_equal(run("cat", &in, 60, &out), ML_OK);
    assert_int_equal(out.n, in.n);
    assert_memory_equal(out.v, in.v, in.n);
    mli_buffer_free(&out);
    assert_int_equal(run("cat", NULL, 60, &out), ML_OK);
    assert_int_equal(out.n, 0);
    mli_buffer_free(&in), mli_buffer_free(&out);
}

static void its_end_is_told(void **state)
{
    (void)state;
    mli_buffer out = {0};
    assert_int_equal(run("echo first >&2; echo '  last words ' >&2; exit 3", NULL, 60, &out), ML_EIO);
    assert_string_equal(ml_error(), "sh failed (status 3): last words");
    assert_int_equal(run("exit 4", NULL, 60, &out), ML_EIO);
    assert_string_equal(ml_error(), "sh failed (status 4): it does not say why");
    assert_int_equal(run("kill -9 $$", NULL, 60, &out), ML_EIO);
    assert_non_null(strstr(ml_error(), "ended by signal 9"));
    mli_buffer_free(&out);
}

static void who_does_not_read_does_not_end_us(void **state)
{
    (void)state;
    mli_buffer in = {0}, out = {0};
    struct sigaction now;
    for (int i = 0; i < 300000; i++)
        mli_put(&in, "nobody reads this\n");
    assert_int_equal(run("exec <&-; echo done", &in, 60, &out), ML_OK);
    assert_string_equal(out.v, "done\n");
    sigset_t waiting;
    sigpending(&waiting);
    assert_false(sigismember(&waiting, SIGPIPE));
    assert_int_equal(sigaction(SIGPIPE, NULL, &now), 0);
    assert_true(now.sa_handler == SIG_DFL);
    mli_buffer_free(&in), mli_buffer_free(&out);
}

static void who_hangs_is_ended(void **state)
{
    (void)state;
    mli_buffer out = {0};
    double begin = mli_seconds();
    /* The sleeper holds the pipes: it has to end too. */
    assert_int_equal(run("sleep 100 & sleep 100", NULL, 0.3, &out), ML_EIO);
    assert_non_null(strstr(ml_error(), "sh took too long, and was ended"));
    /* Closed pipes, and still there. */
    assert_int_equal(run("exec >&- 2>&-; sleep 100", NULL, 0.3, &out), ML_EIO);
    assert_true(mli_seconds() - begin < 30);
    mli_buffer_free(&out);
}

static void who_is_not_there(void **state)
{
    (void)state;
    const char *const argv[] = {"no-such-program-of-mlcore", NULL};
    mli_buffer out = {0};
    assert_int_equal(mli_program_run(&(mli_program){argv, GET_IT, NULL, 60}, &out), ML_ESTATE);
    assert_string_equal(ml_error(), "no-such-program-of-mlcore is not installed (no such program in PATH): get it");
    assert_null(out.v);
    assert_int_equal(run("no-such-program-of-mlcore", NULL, 60, &out), ML_ESTATE);
}

static void no_file_is_left_open(void **state)
{
    (void)state;
    int before = dup(0), after;
    mli_buffer out = {0};
    close(before);
    for (int i = 0; i < 5; i++) {
        run("echo x", NULL, 60, &out);
        run("exit 1", NULL, 60, &out);
    }
    after = dup(0);
    close(after);
    assert_int_equal(before, after);
    mli_buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_answer_is_read_while_it_is_fed),
        cmocka_unit_test(its_end_is_told),
        cmocka_unit_test(who_does_not_read_does_not_end_us),
        cmocka_unit_test(who_hangs_is_ended),
        cmocka_unit_test(who_is_not_there),
        cmocka_unit_test(no_file_is_left_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
