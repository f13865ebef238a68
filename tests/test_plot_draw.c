/* test_plot_draw.c -- plots as gnuplot draws them: each kind, texts that would be commands, numbers that are none, files and terminals.
 * Without gnuplot, that there is a sentence. */
#include "plot/plot.h"
#include "support/check.h"
#include "support/tmp.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool have(const char *program)
{
    char line[64];
    snprintf(line, sizeof line, "command -v %s >/dev/null 2>&1", program);
    return system(line) == 0;
}

static void wants_gnuplot(void)
{
    if (!have("gnuplot"))
        skip();
}

/* The SVG, which must have these texts. */
static void assert_svg_has(const ml_plot *p, const char *const *texts, int n)
{
    char *svg = ml_plot_svg(p);
    if (!svg)
        fail_msg("%s", ml_error());
    for (int i = 0; i < n; i++)
        if (!strstr(svg, texts[i]))
            fail_msg("the drawing lacks '%s'", texts[i]);
    assert_memory_equal(svg, "<?xml", 5);
    assert_null(strstr(svg, "<title>"));
    free(svg);
}
#define ASSERT_SVG_HAS(p, ...) \
    assert_svg_has(p, (const char *const[]){__VA_ARGS__}, (int)(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)))

/* ---- texts ---- */

/* Each runs a command, ends a block of data, is a macro, or markup, where it is not taken as the text that it is. */
static const char *const HOSTILE[] = {
    "`touch pwned`", "$(touch pwned)", "\"; system('touch pwned') #", "'; !touch pwned", "\\", "\\\"", "@x $T |T|", "{/Bold b} a_b^c",
    "<script>alert(1)</script>", "&lt;b&amp;", "]]>", "ML_END_OF_DATA", "line\n!touch pwned\nEOD", "5 % %g %s %%", "\xff\xfe", "\xc3\xbc\xe2\x82\xac",
    "", " ", "\t", "#comment", ";exit", "set output 'pwned'",
};
enum { N_HOSTILE = sizeof HOSTILE / sizeof *HOSTILE };

static void fill_with(ml_plot *p, const char *text, int kind)
{
    const char *const names[] = {text, "second"};
    const double v[] = {1, 2}, heat[] = {0.25, 0.5, 0.75, 1};
    uint8_t px[] = {0, 255, 128, 64};
    const ml_image im = {2, 2, 1, px}, *const images[] = {&im, &im};
    if (kind == 0) {
        ml_plot_line(p, text, NULL, v, 2);
        ml_plot_bars(p, text, names, v, 2);
        ml_plot_box(p, text, v, 2);
    } else if (kind == 1) {
        ml_plot_heat(p, (ml_heat){.v = heat, .rows = 2, .columns = 2, .row_names = names, .column_names = names});
    } else if (kind == 2) {
        ml_plot_pictures(p, images, names, 2, 0);
    } else {
        ml_plot_importances(p, names, v, v, 2, 0);
    }
}

static void no_text_is_a_command(void **state)
{
    (void)state;
    wants_gnuplot();
    char here[4096];
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(tmp_path(".")), 0);
    for (int i = 0; i < N_HOSTILE; i++) {
        const char *t = HOSTILE[i];
        ml_plot *p[4];
        for (int kind = 0; kind < 4; kind++) {
            p[kind] = ml_plot_new((ml_plot_opts){.title = t, .x_label = t, .y_label = t});
            fill_with(p[kind], t, kind);
        }
        ml_plot *all = ml_plot_panels((const ml_plot *const *)p, 4, 0, (ml_plot_opts){.title = t});
        char *svg = ml_plot_svg(all);
        if (!svg)
            fail_msg("'%s': %s", t, ml_error());
        assert_null(strstr(svg, "<script"));
        free(svg);
        ml_plot_free(all);
        for (int kind = 0; kind < 4; kind++)
            ml_plot_free(p[kind]);
    }
    assert_int_equal(tmp_count(), 0);
    assert_int_equal(chdir(here), 0);
}

static void texts_are_drawn_as_they_are(void **state)
{
    (void)state;
    wants_gnuplot();
    const char *const names[] = {"`id`", "50 % %g", "a_b^{c}", "<b>&amp;"};
    const double v[] = {1, 2, 3, 4};
    ml_plot *p = ml_plot_new((ml_plot_opts){.title = "`touch x` \"q\" '\\' $T[1] @m \xc3\xbc", .x_label = "a\nb", .y_label = "\xff!"});
    assert_int_equal(ml_plot_bars(p, "{/Bold no} ML_END_OF_DATA", names, v, 4), ML_OK);
    ASSERT_SVG_HAS(p, "<text>`touch x` \"q\" '\\' $T[1] @m \xc3\xbc</text>", "<text>a b</text>", "<text>\xef\xbf\xbd!</text>", "<text>`id`</text>",
                   "<text>50 % %g</text>", "<text>a_b^{c}</text>", "<text>&lt;b>&amp;amp;</text>", "<text>{/Bold no} ML_END_OF_DATA</text>");
    ml_plot_free(p);
    char long_text[2000];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = 0;
    p = ml_plot_new((ml_plot_opts){.title = long_text});
    ASSERT_SVG_HAS(p, "xxx...</text>");
    ml_plot_free(p);
}

/* ---- numbers ---- */

static void awkward_numbers_are_drawn(void **state)
{
    (void)state;
    wants_gnuplot();
    static const double sets[][4] = {
        {NAN, NAN, NAN, NAN}, {INFINITY, -INFINITY, NAN, 1}, {0, 0, 0, 0}, {-5, -5, -5, -5}, {1e308, -1e308, 1.7e308, 1},
        {1e300, -1e300, 0, 1}, {5e-324, 0, 0, 0}, {1, 1 + 1e-15, 1, 1}, {1e15, 1e15 + 1, 1e15 + 2, 1e15}, {-1, 0, 1, NAN},
    };
    for (size_t k = 0; k < sizeof sets / sizeof *sets; k++)
        for (int log = 0; log < 2; log++) {
            const double *v = sets[k];
            ml_plot *p[5];
            for (int i = 0; i < 5; i++)
                p[i] = ml_plot_new((ml_plot_opts){.log_x = log && i < 4, .log_y = log && i < 4});
            ml_plot_line(p[0], "line", v, v, 4);
            ml_plot_curve(p[0], "curve", v, v, v, 4);
            ml_plot_points(p[1], "points", v, v, 4);
            ml_plot_bars(p[1], "bars", NULL, v, 4);
            ml_plot_histogram(p[2], "histogram", v, 4, 0);
            ml_plot_density(p[2], "density", v, 4);
            ml_plot_box(p[3], "box", v, 4);
            ml_plot_heat(p[4], (ml_heat){.v = v, .rows = 2, .columns = 2, .diverging = log});
            for (int i = 0; i < 5; i++) {
                char *svg = ml_plot_svg(p[i]);
                if (!svg)
                    fail_msg("set %zu, plot %d: %s", k, i, ml_error());
                free(svg);
                ml_plot_free(p[i]);
            }
        }
}

static void gaps_break_a_line(void **state)
{
    (void)state;
    const double y[] = {1, NAN, 3, 4};
    ml_plot *p = ml_plot_new((ml_plot_opts){0});
    mli_buffer script = {0};
    ml_plot_line(p, NULL, NULL, y, 4);
    mli_plot_script(p, MLI_SVG, 640, 400, &script);
    assert_non_null(strstr(script.v, "1 1 \n2 NaN \n3 3 \n4 4 \n"));
    mli_buffer_free(&script);
    ml_plot_free(p);
}

static void long_lines_keep_their_peaks(void **state)
{
    (void)state;
    enum { N = 100000 };
    double *y = calloc(N, sizeof *y);
    assert_non_null(y);
    y[12345] = 7;
    y[77777] = -7;
    y[50000] = NAN;
    ml_plot *p = ml_plot_new((ml_plot_opts){0});
    assert_int_equal(ml_plot_line(p, NULL, NULL, y, N), ML_OK);
    assert_int_equal(ml_plot_points(p, NULL, NULL, y, N), ML_OK);
    const mli_layer *line = p->layer, *points = line->next;
    int peaks = 0, gaps = 0;
    assert_int_equal(line->n, 8000);
    assert_int_equal(points->n, 20000);
    for (int64_t i = 0; i < line->n; i++) {
        peaks += (line->v[2 * i] == 12346 && line->v[2 * i + 1] == 7) + (line->v[2 * i] == 77778 && line->v[2 * i + 1] == -7);
        gaps += isnan(line->v[2 * i + 1]);
        assert_true(i == 0 || line->v[2 * i] >= line->v[2 * i - 2]);
    }
    assert_int_equal(peaks, 2);
    assert_true(gaps >= 1);
    ml_plot_free(p);
    free(y);
}

static void nothing_is_an_empty_frame(void **state)
{
    (void)state;
    wants_gnuplot();
    ml_plot *p = ml_plot_new((ml_plot_opts){.title = "Nothing"}), *heat = ml_plot_new((ml_plot_opts){0}),
            *pictures = ml_plot_new((ml_plot_opts){0});
    assert_int_equal(ml_plot_line(p, "none", NULL, NULL, 0), ML_OK);
    assert_int_equal(ml_plot_points(p, NULL, NULL, NULL, 0), ML_OK);
    assert_int_equal(ml_plot_bars(p, NULL, NULL, NULL, 0), ML_OK);
    assert_int_equal(ml_plot_histogram(p, NULL, NULL, 0, 0), ML_OK);
    assert_int_equal(ml_plot_density(p, NULL, NULL, 0), ML_OK);
    assert_int_equal(ml_plot_box(p, NULL, NULL, 0), ML_OK);
    ASSERT_SVG_HAS(p, "<text>Nothing</text>");
    assert_int_equal(ml_plot_heat(heat, (ml_heat){0}), ML_OK);
    ASSERT_SVG_HAS(heat, "</svg>");
    assert_int_equal(ml_plot_pictures(pictures, NULL, NULL, 0, 0), ML_OK);
    ASSERT_SVG_HAS(pictures, "</svg>");
    ml_plot_free(p), ml_plot_free(heat), ml_plot_free(pictures);
}

/* ---- scores ---- */

static void roc_is_the_curve(void **state)
{
    (void)state;
    const int32_t truth[] = {1, 0, 1, 1, 0, 0, 1, 0}, ones[] = {1, 1};
    const double score[] = {0.9, 0.9, 0.8, 0.7, 0.6, 0.4, 0.4, 0.1}, bad[] = {0.5, NAN};
    double auc;
    ml_plot *p = ml_plot_new((ml_plot_opts){0});
    assert_int_equal(ml_plot_roc(p, "model", (ml_ints){truth, 8}, score), ML_OK);
    assert_int_equal(ml_roc_auc((ml_ints){truth, 8}, (ml_scores){score, 8, 1}, (ml_auc_opts){0}, &auc), ML_OK);
    char label[32];
    snprintf(label, sizeof label, "model (area %.3f)", auc);
    const mli_layer *curve = p->layer->next; /* behind the diagonal */
    assert_string_equal(curve->label, label);
    const double x[] = {0, 0.25, 0.25, 0.5, 0.75, 1}, y[] = {0, 0.25, 0.75, 0.75, 1, 1}; /* what is straight has no point inside */
    assert_int_equal(curve->n, 6);
    for (int i = 0; i < 6; i++)
        assert_true(curve->v[2 * i] == x[i] && curve->v[2 * i + 1] == y[i]);
    assert_int_equal(ml_plot_roc(p, "other", (ml_ints){ones, 2}, score), ML_EINVAL);
    assert_string_equal(ml_error(), "roc auc: none of the 2 samples is of class 0: a curve wants both kinds");
    ml_plot_free(p);
    p = ml_plot_new((ml_plot_opts){0});
    assert_int_equal(ml_plot_roc(p, NULL, (ml_ints){truth, 2}, bad), ML_EINVAL);
    ml_plot_free(p);
}

static void calibration_is_the_share_of_each_group(void **state)
{
    (void)state;
    const int32_t truth[] = {0, 1, 0, 1, 1, 1};
    const double said[] = {0.1, 0.2, 0.5, 0.6, 1, 0.9}, beyond[] = {1.5};
    ml_plot *p = ml_plot_new((ml_plot_opts){0});
    assert_int_equal(ml_plot_calibration(p, "model", (ml_ints){truth, 6}, said, 2), ML_OK);
    const mli_layer *curve = p->layer->next;
    assert_int_equal(curve->n, 2);
    assert_true(fabs(curve->v[0] - 0.8 / 3) < 1e-15 && fabs(curve->v[1] - 1.0 / 3) < 1e-15); /* 0.5 is in the first, as scikit-learn's */
    assert_true(fabs(curve->v[2] - 2.5 / 3) < 1e-15 && curve->v[3] == 1);
    assert_int_equal(ml_plot_calibration(p, "model", (ml_ints){truth, 1}, beyond, 0), ML_EINVAL);
    ml_plot_free(p);
}

static void importances_are_ranked(void **state)
{
    (void)state;
    const char *const names[] = {"a", "b", "c", "d"};
    const double v[] = {0.1, NAN, 0.3, 0.3};
    ml_plot *p = ml_plot_new((ml_plot_opts){0});
    assert_int_equal(ml_plot_importances(p, names, v, NULL, 4, 3), ML_OK);
    assert_int_equal(p->layer->n, 3);
    assert_true(p->layer->v[0] == 0.3 && p->layer->v[1] == 0.3 && p->layer->v[2] == 0.1);
    assert_string_equal(p->y_names.v[0], "c");
    assert_string_equal(p->y_names.v[1], "d");
    assert_string_equal(p->y_names.v[2], "a");
    ml_plot_free(p);
}

/* A square has less room for names than a page: those that would touch there lean, short ones do not. */
static void names_below_a_square_lean_in_time(void **state)
{
    (void)state;
    wants_gnuplot();
    const int64_t counts[9] = {9, 1, 0, 2, 8, 1, 0, 0, 7};
    const char *const names[][3] = {{"yes", "no", "perhaps"}, {"the wholly first one", "the only other one", "what nobody expected"}};
    for (int k = 0; k < 2; k++) {
        ml_plot *p = ml_plot_new((ml_plot_opts){0});
        assert_int_equal(ml_plot_confusion(p, counts, 3, names[k]), ML_OK);
        char *svg = ml_plot_svg(p);
        assert_non_null(svg);
        assert_true((strstr(svg, "rotate(-35") != NULL) == (k == 1));
        free(svg);
        ml_plot_free(p);
    }
}

/* ---- what is refused ---- */

static void options_that_cannot_be(void **state)
{
    (void)state;
    const ml_plot_opts bad[] = {
        {.width = 99}, {.height = 10001}, {.width = INT64_MAX}, {.height = INT64_MIN}, {.x_min = NAN}, {.y_max = INFINITY},
        {.x_min = 2, .x_max = 1}, {.y_min = 1, .y_max = 1}, {.y_min = 1, .y_max = ML_ZERO}, {.log_x = true, .x_min = -1},
        {.log_y = true, .y_max = ML_ZERO},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_null(ml_plot_new(bad[i]));
        assert_int_equal(ml_error_status(), ML_EINVAL);
    }
    ml_plot_free(NULL);
}

static void calls_that_cannot_be(void **state)
{
    (void)state;
    const double v[] = {1, 2, 3, 4};
    const int64_t counts[] = {1, -1, 0, 0};
    const ml_image none = {0};
    const ml_image *const images[] = {&none, NULL};
    const int32_t label[] = {2};
#define REFUSED(call) \
    do { \
        ml_plot *p = ml_plot_new((ml_plot_opts){0}); \
        assert_int_equal(call, ML_EINVAL); \
        assert_int_equal(ml_plot_line(p, "later", NULL, v, 2), ML_EINVAL); /* it sticks */ \
        assert_int_equal(ml_plot_save(p, tmp_path("no.svg")), ML_EINVAL); \
        ml_plot_free(p); \
    } while (0)
    REFUSED(ml_plot_line(p, NULL, NULL, NULL, 3));
    REFUSED(ml_plot_line(p, NULL, NULL, v, -1));
    REFUSED(ml_plot_points(p, NULL, NULL, v, INT64_MAX));
    REFUSED(ml_plot_bars(p, NULL, NULL, v, INT64_MIN));
    REFUSED(ml_plot_histogram(p, NULL, v, 4, -1));
    REFUSED(ml_plot_histogram(p, NULL, v, 4, INT64_MAX));
    REFUSED(ml_plot_heat(p, (ml_heat){.v = v, .rows = -1, .columns = 2}));
    REFUSED(ml_plot_heat(p, (ml_heat){.v = v, .rows = INT64_MAX, .columns = INT64_MAX}));
    REFUSED(ml_plot_heat(p, (ml_heat){.v = v, .rows = 2, .columns = 2, .low = 2, .high = 1}));
    REFUSED(ml_plot_heat(p, (ml_heat){.v = v, .rows = 2, .columns = 2, .low = NAN}));
    REFUSED(ml_plot_heat(p, (ml_heat){.v = v, .rows = 2, .columns = 2, .decimals = INT64_MAX}));
    REFUSED(ml_plot_heat(p, (ml_heat){.rows = 2, .columns = 2}));
    REFUSED(ml_plot_confusion(p, counts, 2, NULL));
    REFUSED(ml_plot_confusion(p, counts, 0, NULL));
    REFUSED(ml_plot_confusion(p, counts, INT32_MAX, NULL));
    REFUSED(ml_plot_pictures(p, images, NULL, 1, 0));
    REFUSED(ml_plot_pictures(p, images + 1, NULL, 1, 0));
    REFUSED(ml_plot_pictures(p, images, NULL, 1, INT64_MIN));
    REFUSED(ml_plot_pictures(p, images, NULL, INT32_MAX, 0));
    REFUSED(ml_plot_roc(p, NULL, (ml_ints){label, 1}, v));
    REFUSED(ml_plot_calibration(p, NULL, (ml_ints){label, 1}, v, 0));
    REFUSED(ml_plot_calibration(p, NULL, (ml_ints){label, 1}, v, INT64_MAX));
    REFUSED(ml_plot_importances(p, NULL, v, NULL, 4, -1));
    assert_int_equal(ml_plot_line(NULL, NULL, NULL, v, 2), ML_EINVAL);
    assert_int_equal(ml_plot_bars(NULL, NULL, NULL, v, 2), ML_EINVAL);
    assert_null(ml_plot_svg(NULL));
    assert_int_equal(ml_plot_print(stdout, NULL, 0), ML_EINVAL);
    ml_plot *p = ml_plot_new((ml_plot_opts){0});
    assert_null(ml_plot_panels(NULL, 1, 0, (ml_plot_opts){0}));
    assert_null(ml_plot_panels((const ml_plot *const[]){p}, 0, 0, (ml_plot_opts){0}));
    assert_null(ml_plot_panels((const ml_plot *const[]){p, NULL}, 2, 0, (ml_plot_opts){0}));
    assert_null(ml_plot_panels((const ml_plot *const[]){p}, 1, -1, (ml_plot_opts){0}));
    assert_int_equal(ml_plot_save(p, "picture.gif"), ML_EINVAL);
    assert_int_equal(ml_plot_save(p, NULL), ML_EINVAL);
    assert_int_equal(ml_plot_print(stdout, p, 39), ML_EINVAL);
    assert_int_equal(ml_plot_print(stdout, p, INT64_MAX), ML_EINVAL);
    assert_int_equal(ml_plot_print(NULL, p, 0), ML_EINVAL);
    assert_int_equal(tmp_count(), 0);
    ml_plot_free(p);
}

/* ---- where it goes ---- */

static void files_and_terminals(void **state)
{
    (void)state;
    wants_gnuplot();
    const double y[] = {3, 1, 2};
    size_t n;
    ml_plot *p = ml_plot_new((ml_plot_opts){.title = "Loss", .y_label = "nats", .width = 300, .height = 200});
    ml_plot_line(p, "training", NULL, y, 3);
    assert_int_equal(ml_plot_save(p, tmp_path("a.svg")), ML_OK);
    assert_int_equal(ml_plot_save(p, tmp_path("a.png")), ML_OK);
    ml_image *im = ml_image_read(tmp_path("a.png"), 3);
    assert_non_null(im);
    assert_true(im->w == 600 && im->h == 400);
    ml_image_free(im);
    FILE *f = fopen(tmp_path("a.txt"), "w+");
    assert_int_equal(ml_plot_print(f, p, 60), ML_OK);
    fclose(f);
    char *text = (char *)slurp(tmp_path("a.txt"), &n);
    assert_non_null(text);
    text = realloc(text, n + 1);
    assert_non_null(text);
    text[n] = 0;
    assert_null(strchr(text, '\033'));
    assert_non_null(strstr(text, "Loss"));
    assert_non_null(strstr(text, "training"));
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        assert_true(strlen(line) <= 60);
    free(text);
    assert_int_equal(tmp_count(), 3);
    assert_int_equal(ml_plot_save(p, tmp_path("none/a.svg")), ML_EIO);
    ml_plot_free(p);
}

static void graphs(void **state)
{
    (void)state;
    if (!have("dot"))
        skip();
    const char *good = tmp_file("a.dot", "digraph { a -> b }", 18), *bad = tmp_file("b.dot", "digraph { a -> ", 15);
    char *svg = ml_graphviz_svg(good);
    assert_non_null(svg);
    assert_non_null(strstr(svg, "<svg"));
    free(svg);
    assert_int_equal(ml_graphviz_save(good, tmp_path("a.svg")), ML_OK);
    assert_null(ml_graphviz_svg(bad));
    assert_non_null(strstr(ml_error(), "b.dot: dot failed (status 1): "));
    assert_int_equal(ml_graphviz_save(tmp_path("none.dot"), tmp_path("b.svg")), ML_EIO);
    assert_int_equal(ml_graphviz_save(good, NULL), ML_EINVAL);
    assert_null(ml_graphviz_svg(NULL));
    assert_int_equal(tmp_count(), 3);
}

/* A gnuplot that is not there, and one that cannot draw: a sentence, and no file. */
static void without_gnuplot(void **state)
{
    (void)state;
    const char *had = getenv("PATH");
    char *path = had ? strdup(had) : NULL, with[4200];
    const double y[] = {1, 2};
    ml_plot *p = ml_plot_new((ml_plot_opts){0});
    ml_plot_line(p, NULL, NULL, y, 2);
    setenv("PATH", tmp_path("."), 1);
    assert_int_equal(ml_plot_save(p, tmp_path("a.svg")), ML_ESTATE);
    assert_string_equal(ml_error(), "gnuplot is not installed (no such program in PATH): install gnuplot (Debian: apt install "
                                    "gnuplot-nox) to have pictures");
    assert_int_equal(ml_graphviz_save(tmp_file("a.dot", "graph {}", 8), tmp_path("a.svg")), ML_ESTATE);
    chmod(tmp_file("gnuplot", "#!/bin/sh\necho '  line 3: no terminal' >&2\nexit 1\n", 51), 0755);
    snprintf(with, sizeof with, "%s:%s", tmp_path("."), path ? path : "/bin");
    setenv("PATH", with, 1);
    assert_int_equal(ml_plot_save(p, tmp_path("a.png")), ML_EIO);
    assert_string_equal(ml_error(), "gnuplot failed (status 1): line 3: no terminal");
    if (path)
        setenv("PATH", path, 1);
    assert_int_equal(tmp_count(), 2);
    ml_plot_free(p);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_text_is_a_command, tmp_setup, tmp_teardown),
        cmocka_unit_test(texts_are_drawn_as_they_are),
        cmocka_unit_test(awkward_numbers_are_drawn),
        cmocka_unit_test(gaps_break_a_line),
        cmocka_unit_test(long_lines_keep_their_peaks),
        cmocka_unit_test(nothing_is_an_empty_frame),
        cmocka_unit_test(roc_is_the_curve),
        cmocka_unit_test(calibration_is_the_share_of_each_group),
        cmocka_unit_test(importances_are_ranked),
        cmocka_unit_test(names_below_a_square_lean_in_time),
        cmocka_unit_test(options_that_cannot_be),
        cmocka_unit_test_setup_teardown(calls_that_cannot_be, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(files_and_terminals, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(graphs, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(without_gnuplot, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
