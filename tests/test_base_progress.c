/* The progress line: never wider than the terminal, whole plain lines in a pipe. */
#define _XOPEN_SOURCE 700 /* pseudo terminals */
#include "support/check.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static char text[16384];

/* Runs as if on a terminal of so many columns, writing into text. */
static void on_terminal(int width, const char *locale, const char *label, int64_t done, int64_t total, double loss)
{
    setenv("LC_ALL", locale, 1);
    memset(text, 0, sizeof text);
    FILE *out = fmemopen(text, sizeof text, "w");
    ml_progress p = ml_progress_start(out, total, label);
    assert_false(p.terminal);
    p.terminal = true;
    p.width = width;
    p.started -= 2; /* two seconds ago, so that rate and time left are known numbers */
    p.shown -= 2;
    ml_progress_update(&p, done, loss);
    fclose(out);
}

static int columns(const char *line)
{
    int n = 0;
    for (const char *c = line; *c && *c != '\033'; c++)
        n += *c != '\r' && ((unsigned char)*c & 0xC0) != 0x80;
    return n;
}

static void shows_the_facts(void **state)
{
    (void)state;
    on_terminal(80, "C", "epoch 1/5", 31200, 60000, 0.3120);
    assert_non_null(strstr(text, "\repoch 1/5 [#####"));
    assert_non_null(strstr(text, ".] 31200/60000  16k/s  loss 0.3120  eta 2 s\033[K"));
    assert_int_equal(text[0], '\r');
    int full = 0, empty = 0;
    for (const char *c = strchr(text, '['); *c && *c != ']'; c++)
        full += *c == '#', empty += *c == '.';
    assert_int_equal(full, (int)((full + empty) * 0.52));

    on_terminal(80, "C", "epoch 1/5", 31200, 60000, NAN);
    assert_null(strstr(text, "loss"));
    on_terminal(80, "C.UTF-8", "epoch 1/5", 31200, 60000, NAN);
    assert_non_null(strstr(text, "\xE2\x96\x88"));
    assert_null(strchr(text, '#'));
    on_terminal(80, "C", "loading", 150, 0, NAN); /* total unknown: neither bar nor time left */
    assert_null(strstr(text, "[."));
    assert_null(strstr(text, "eta"));
    assert_non_null(strstr(text, "loading 150  75/s"));
}

static void never_wraps(void **state)
{
    (void)state;
    for (int width = 1; width < 120; width++) {
        on_terminal(width, "C", "epoch 1/5", 31200, 60000, 0.3120);
        assert_in_range(columns(text), 0, width - 1);
        on_terminal(width, "C.UTF-8", "\xC3\xA9poque 1/5", 61200, 60000, 0.3120);
        assert_in_range(columns(text), 0, width - 1);
    }
}

static void long_labels_are_cut(void **state)
{
    (void)state;
    char label[101] = "";
    for (int i = 0; i < 50; i++)
        strcat(label, "\xC3\xA9"); /* two bytes each: 47 of them do not end between characters */
    ml_progress p = ml_progress_start(NULL, 10, label);
    assert_int_equal(strlen(p.label), 46);
    assert_int_equal((unsigned char)p.label[45], 0xA9);
    p = ml_progress_start(NULL, 10, NULL);
    assert_string_equal(p.label, "");
    ml_progress_update(&p, 5, 1); /* silent */
    ml_progress_end(&p, "done");
}

static void redraws_twenty_times_a_second(void **state)
{
    (void)state;
    memset(text, 0, sizeof text);
    FILE *out = fmemopen(text, sizeof text, "w");
    ml_progress p = ml_progress_start(out, 1000, "x");
    p.terminal = true;
    double begun = p.started;
    for (int i = 0; i <= 1000; i++)
        ml_progress_update(&p, i, NAN);
    ml_progress now = ml_progress_start(NULL, 1, "");
    double seconds = now.started - begun;
    fclose(out);
    int drawn = 0;
    for (const char *c = text; *c; c++)
        drawn += *c == '\r';
    assert_in_range(drawn, 0, (int)(seconds * 20) + 1);
}

static void plain_lines_in_a_pipe(void **state)
{
    (void)state;
    memset(text, 0, sizeof text);
    FILE *out = fmemopen(text, sizeof text, "w");
    ml_progress p = ml_progress_start(out, 60000, "epoch 2/5");
    for (int64_t i = 0; i <= 60000; i += 100) {
        p.shown -= 5; /* as if each took five seconds */
        ml_progress_update(&p, i, 0.5);
    }
    p.started -= 10;
    ml_progress_end(&p, "validation 97.1 %");
    ml_progress_end(&p, "again");
    fclose(out);
    assert_null(strchr(text, '\r'));
    assert_null(strchr(text, '\033'));
    int lines = 0;
    for (const char *c = text; *c; c++)
        lines += *c == '\n';
    assert_int_equal(lines, 10); /* 10 %, ..., 90 %, and the end */
    const char *last = strstr(text, "epoch 2/5  60000/60000  ");
    assert_non_null(last);
    assert_non_null(strstr(last, "/s  loss 0.5000  10.0 s  validation 97.1 %\n"));
    assert_null(strstr(text, "again"));
}

static void fast_work_prints_only_its_end(void **state)
{
    (void)state;
    memset(text, 0, sizeof text);
    FILE *out = fmemopen(text, sizeof text, "w");
    ml_progress p = ml_progress_start(out, 100, "quick");
    for (int i = 0; i <= 100; i++)
        ml_progress_update(&p, i, NAN);
    ml_progress_end(&p, NULL);
    fclose(out);
    assert_int_equal(strncmp(text, "quick  100/100", 14), 0);
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

/* A real terminal, whose width is asked for. */
static void follows_the_window(void **state)
{
    (void)state;
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) || unlockpt(master))
        skip();
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    struct winsize size = {.ws_row = 24, .ws_col = 40};
    if (slave < 0 || ioctl(slave, TIOCSWINSZ, &size) != 0)
        skip();
    setenv("LC_ALL", "C", 1);
    setenv("TERM", "xterm", 1);
    FILE *out = fdopen(slave, "w");
    ml_progress p = ml_progress_start(out, 60000, "epoch 1/5");
    assert_true(p.terminal);
    p.started -= 2;
    p.shown -= 2;
    ml_progress_update(&p, 31200, 0.25);
    assert_int_equal(p.width, 40);
    char got[4096] = "";
    ssize_t n = read(master, got, sizeof got - 1);
    assert_true(n > 0);
    assert_non_null(strstr(got, "epoch 1/5 "));
    assert_in_range(columns(strrchr(got, '\r')), 1, 39);
    fclose(out);
    close(master);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_the_facts),
        cmocka_unit_test(never_wraps),
        cmocka_unit_test(long_labels_are_cut),
        cmocka_unit_test(redraws_twenty_times_a_second),
        cmocka_unit_test(plain_lines_in_a_pipe),
        cmocka_unit_test(fast_work_prints_only_its_end),
        cmocka_unit_test(follows_the_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
