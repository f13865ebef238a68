/* Plots and a page on memory that fails: with each request refused in turn, all is given back, the error is that of memory, and no page is
 * written half. gnuplot is kept out of sight, so that what is drawn is its script. */
#include "support/check.h"
#include "support/tmp.h"

#include <mlcore/memory.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct memory {
    int64_t asked, refuse; /* the request that gets nothing, from 1; 0: none */
} memory;

static void *take(void *user, size_t bytes)
{
    memory *m = user;
    return ++m->asked == m->refuse ? NULL : malloc(bytes);
}

static void give(void *user, void *block)
{
    (void)user;
    free(block);
}

enum { PLOTS = 6, N = 5 };

static ml_status fill(ml_plot *const *p)
{
    static const double v[N] = {1, 2, 3, 4, 40}, share[N] = {0.1, 0.4, 0.35, 0.8, 0.9}, cells[4] = {0, 0.25, 0.75, NAN};
    static const int32_t truth[N] = {0, 0, 1, 1, 1};
    static const int64_t counts[4] = {5, 1, 0, 7};
    static const char *const names[N] = {"a", "b", "c", "d", "e"};
    uint8_t px[4] = {0, 1, 2, 3};
    const ml_image im = {2, 2, 1, px}, *const images[2] = {&im, &im};
    bool bad = ml_plot_line(p[0], "line", NULL, v, N) || ml_plot_curve(p[0], "curve", v, v, share, N) ||
               ml_plot_points(p[0], NULL, v, v, N) || ml_plot_bars(p[1], "bars", names, v, N) ||
               ml_plot_histogram(p[1], "histogram", v, N, 0) || ml_plot_density(p[1], "density", v, N) || ml_plot_box(p[1], "box", v, N) ||
               ml_plot_heat(p[2], (ml_heat){.v = cells, .rows = 2, .columns = 2, .row_names = names, .column_names = names}) ||
               ml_plot_confusion(p[3], counts, 2, NULL) || ml_plot_pictures(p[4], images, names, 2, 0) ||
               ml_plot_importances(p[5], names, v, share, N, 0);
    ml_plot *roc = ml_plot_new((ml_plot_opts){.title = "roc"});
    bad = bad || !roc || ml_plot_roc(roc, "model", (ml_ints){truth, N}, share) ||
          ml_plot_calibration(roc, "model", (ml_ints){truth, N}, share, 0);
    ml_plot_free(roc);
    return bad ? ml_error_status() : ML_OK;
}

static ml_status put(ml_html *h, ml_plot *const *p)
{
    uint8_t px[4] = {0, 1, 2, 3};
    const ml_image im = {2, 2, 1, px}, *const images[2] = {&im, &im};
    const ml_pair pair = {"name", "value <>"};
    const double v[2] = {1, 2};
    ml_plot *both = ml_plot_panels((const ml_plot *const *)p, PLOTS, 0, (ml_plot_opts){.title = "all"});
    ml_frame *f = ml_frame_new();
    bool bad = !both || !f || ml_frame_put_numbers(f, "x", v, 2) || ml_html_section(h, "one") || ml_html_text(h, "a\n\nb") ||
               ml_html_code(h, "c") || ml_html_facts(h, &pair, 1) || ml_html_pairs(h, "pairs", &pair, 1) || ml_html_environment(h) ||
               ml_html_table(h, "table", f, 0) || ml_html_pictures(h, "pictures", images, NULL, 2) || ml_html_plot(h, p[0], "plot", NULL) ||
               ml_html_plot(h, both, "panels", NULL) || ml_html_write(h, tmp_path("page.html"));
    ml_status s = bad ? ml_error_status() : ML_OK;
    ml_plot_free(both);
    ml_frame_free(f);
    return s;
}

static ml_status all(void)
{
    ml_plot *p[PLOTS];
    int made = 0;
    ml_error_clear();
    while (made < PLOTS && (p[made] = ml_plot_new((ml_plot_opts){.title = "title", .x_label = "x"})))
        made++;
    ml_html *h = made == PLOTS ? ml_html_new("page", "of all") : NULL;
    ml_status s = !h ? ml_error_status() : fill(p);
    if (!s)
        s = put(h, p);
    ml_html_free(h);
    while (made)
        ml_plot_free(p[--made]);
    return s;
}

static void each_request_refused(void **state)
{
    (void)state;
    memory m = {0};
    const char *had = getenv("PATH");
    char *path = had ? strdup(had) : NULL;
    setenv("PATH", tmp_path("."), 1);
    assert_int_equal(ml_set_allocator((ml_allocator){take, give, &m}), ML_OK);
    assert_int_equal(all(), ML_OK);
    int64_t most = m.asked;
    assert_true(most > 100);
    for (int64_t k = 1; k <= most; k++) {
        remove(tmp_path("page.html"));
        m = (memory){.refuse = k};
        ml_status s = all();
        if (s != ML_ENOMEM)
            fail_msg("request %lld of %lld: status %d: %s", (long long)k, (long long)most, (int)s, ml_error());
        assert_int_equal(ml_memory_blocks(), 0);
        assert_int_equal(tmp_count(), 0);
    }
    assert_int_equal(ml_set_allocator((ml_allocator){0}), ML_OK);
    if (path)
        setenv("PATH", path, 1);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_request_refused, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
