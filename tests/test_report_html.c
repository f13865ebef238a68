/* test_report_html.c -- a page of all parts, and of nothing: well-formed, nothing of a text is markup, nothing from outside, ids told apart. */
#include "support/check.h"
#include "support/tmp.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char HOSTILE[] = "<script>alert(1)</script> & \"q\" 'a' <img src=x onerror=alert(1)> \xff \xc3\xbc";
static const char ESCAPED[] = "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;q&quot; &#39;a&#39; &lt;img src=x onerror=alert(1)&gt; \xef\xbf\xbd \xc3\xbc";

static bool have_gnuplot(void)
{
    return system("command -v gnuplot >/dev/null 2>&1") == 0;
}

/* The page as text, for free. */
static char *written(const ml_html *h)
{
    size_t n;
    if (ml_html_write(h, tmp_path("page.html")))
        fail_msg("%s", ml_error());
    char *text = (char *)slurp(tmp_path("page.html"), &n);
    assert_non_null(text);
    text = realloc(text, n + 1);
    assert_non_null(text);
    text[n] = 0;
    return text;
}

static int count(const char *text, const char *part)
{
    int n = 0;
    for (const char *p = text; (p = strstr(p, part)); p += strlen(part))
        n++;
    return n;
}

static void assert_balanced(const char *page)
{
    static const char *const elements[] = {"html", "head", "body", "main", "nav", "table", "tbody", "tr", "figure", "figcaption", "caption",
                                           "dl", "pre", "svg", "div"};
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++) {
        char open[32], open_with[32], close[32];
        snprintf(open, sizeof open, "<%s>", elements[i]);
        snprintf(open_with, sizeof open_with, "<%s ", elements[i]);
        snprintf(close, sizeof close, "</%s>", elements[i]);
        if (count(page, open) + count(page, open_with) != count(page, close))
            fail_msg("<%s> is not closed as often as opened", elements[i]);
    }
}

static void assert_closed_world(const char *page)
{
    static const char *const never[] = {"<script", "onerror=alert(1)>", "<img src=x", "<link rel=\"stylesheet", "@import", "src=\"http", "url(http"};
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (strstr(page, never[i]))
            fail_msg("the page has '%s'", never[i]);
}

static ml_frame *hostile_frame(void)
{
    const char *const names[] = {"<b>&'\"", NULL, "plain"}, *const words[] = {"`touch x`", "<i>"};
    const double numbers[] = {1.5, NAN, 1e9 / 3};
    const int64_t whole[] = {1, ML_MISSING, INT64_MAX}, times[] = {-1821294000000000, ML_MISSING, 951868799000000};
    const int32_t codes[] = {0, 1, -1};
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_texts(f, "<script>", names, 3), ML_OK);
    assert_int_equal(ml_frame_put_numbers(f, "number", numbers, 3), ML_OK);
    assert_int_equal(ml_frame_put_integers(f, "whole", whole, 3), ML_OK);
    assert_int_equal(ml_frame_put_times(f, "time", times, 3), ML_OK);
    assert_int_equal(ml_frame_put_categories(f, "category", (ml_ints){codes, 3}, words, 2), ML_OK);
    return f;
}

static void every_part(void **state)
{
    (void)state;
    ml_html *h = ml_html_new(HOSTILE, HOSTILE);
    const ml_pair pairs[] = {{HOSTILE, HOSTILE}, {"empty", NULL}};
    uint8_t px[4] = {0, 255, 128, 64};
    const ml_image im = {2, 2, 1, px}, *const images[] = {&im, &im};
    const char *const captions[] = {HOSTILE, NULL};
    ml_frame *f = hostile_frame();
    assert_int_equal(ml_html_section(h, HOSTILE), ML_OK);
    assert_int_equal(ml_html_section(h, "two"), ML_OK);
    assert_int_equal(ml_html_section(h, "three"), ML_OK);
    assert_int_equal(ml_html_text(h, "one\n\ntwo\nlines\n\n\n"), ML_OK);
    assert_int_equal(ml_html_text(h, HOSTILE), ML_OK);
    assert_int_equal(ml_html_text(h, NULL), ML_OK);
    assert_int_equal(ml_html_code(h, "a\n  b\t<c>"), ML_OK);
    assert_int_equal(ml_html_facts(h, pairs, 2), ML_OK);
    assert_int_equal(ml_html_pairs(h, HOSTILE, pairs, 2), ML_OK);
    assert_int_equal(ml_html_environment(h), ML_OK);
    assert_int_equal(ml_html_table(h, HOSTILE, f, 2), ML_OK);
    assert_int_equal(ml_html_pictures(h, HOSTILE, images, captions, 2), ML_OK);
    char *page = written(h);
    assert_balanced(page);
    assert_closed_world(page);
    assert_non_null(strstr(page, ESCAPED));
    assert_int_equal(count(page, "<p>"), 3);
    assert_non_null(strstr(page, "<pre tabindex=\"0\">a\n  b\t&lt;c&gt;</pre>"));
    assert_non_null(strstr(page, "<a href=\"#s3\">three</a>"));
    assert_non_null(strstr(page, ml_version()));
    assert_int_equal(count(page, "data:image/png;base64,iVBORw0KGgo"), 2);
    assert_null(ml_html_missing(h));
    free(page);
    ml_html_free(h);
    ml_frame_free(f);
}

static void cells_of_every_type(void **state)
{
    (void)state;
    ml_html *h = ml_html_new("Table", NULL);
    ml_frame *f = hostile_frame(), *none = ml_frame_new();
    assert_int_equal(ml_html_table(h, "all", f, 0), ML_OK);
    assert_int_equal(ml_html_table(h, NULL, none, 0), ML_OK);
    assert_int_equal(ml_html_table(h, "none of them", f, ML_NONE), ML_EINVAL);
    ml_html_free(h);
    h = ml_html_new("Table", NULL);
    assert_int_equal(ml_html_table(h, "all", f, 0), ML_OK);
    char *page = written(h);
    assert_non_null(strstr(page, "<td class=\"number\">1.5</td><td class=\"number\">1</td><td class=\"time\">1912-04-15 05:00:00</td>"
                                 "<td class=\"text\">`touch x`</td>"));
    assert_non_null(strstr(page, "<td class=\"number none\">&ndash;</td><td class=\"number none\">&ndash;</td><td class=\"time none\">"));
    assert_non_null(strstr(page, "<td class=\"number\">3.33333e+08</td><td class=\"number\">9223372036854775807</td>"
                                 "<td class=\"time\">2000-02-29 23:59:59</td><td class=\"text none\">"));
    assert_non_null(strstr(page, "<caption>Table 1. all</caption>"));
    free(page);
    ml_html_free(h), ml_frame_free(f), ml_frame_free(none);
}

static void ids_are_of_their_figure(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    const double y[] = {1, 2};
    ml_html *h = ml_html_new("Plots", NULL);
    ml_plot *p = ml_plot_new((ml_plot_opts){.title = "id='x' url(#y) href='#z'"});
    ml_plot_curve(p, "curve", NULL, y, NULL, 2);
    assert_int_equal(ml_html_plot(h, p, "first", HOSTILE), ML_OK);
    assert_int_equal(ml_html_plot(h, p, NULL, NULL), ML_OK);
    assert_int_equal(ml_html_plot(h, p, "third", NULL), ML_OK);
    char *page = written(h);
    assert_balanced(page);
    assert_closed_world(page);
    assert_int_equal(count(page, "<text>id='x' url(#y) href='#z'</text>"), 3);
    for (int i = 1; i <= 3; i++) {
        char id[32], mention[32];
        snprintf(id, sizeof id, " id='f%d-gpPt6'", i);
        snprintf(mention, sizeof mention, "href='#f%d-gpPt6'", i);
        assert_int_equal(count(page, id), 1);
        assert_true(count(page, mention) >= 2);
    }
    assert_int_equal(count(page, " id='gp"), 0);
    assert_int_equal(count(page, "<?xml"), 0);
    assert_non_null(strstr(page, "Figure 3. third"));
    free(page);
    ml_plot_free(p);
    ml_html_free(h);
}

static void what_cannot_be_drawn_is_said(void **state)
{
    (void)state;
    const char *had = getenv("PATH");
    char *path = had ? strdup(had) : NULL;
    const double y[] = {1, 2};
    ml_html *h = ml_html_new("Plots", NULL);
    ml_plot *p = ml_plot_new((ml_plot_opts){0}), *bad = ml_plot_new((ml_plot_opts){0});
    ml_plot_line(p, NULL, NULL, y, 2);
    ml_plot_line(bad, NULL, NULL, y, -1);
    setenv("PATH", tmp_path("."), 1);
    assert_int_equal(ml_html_plot(h, p, "a line", NULL), ML_OK);
    assert_int_equal(ml_html_graph(h, tmp_file("a.dot", "graph {}", 8), "a tree", NULL), ML_OK);
    assert_int_equal(ml_html_plot(h, bad, "a line", NULL), ML_EINVAL);
    if (path)
        setenv("PATH", path, 1);
    assert_non_null(strstr(ml_html_missing(h), "gnuplot is not installed"));
    char *page = written(h);
    assert_balanced(page);
    assert_non_null(strstr(page, "<p class=\"missing\">gnuplot is not installed"));
    assert_non_null(strstr(page, "a.dot: dot is not installed"));
    assert_non_null(strstr(page, "<p class=\"missing\">line: -1 values"));
    assert_non_null(strstr(page, "Figure 3. a line"));
    free(page), free(path);
    ml_plot_free(p), ml_plot_free(bad);
    ml_html_free(h);
}

static void nothing_and_wrong_calls(void **state)
{
    (void)state;
    ml_html *h = ml_html_new(NULL, NULL);
    char *page = written(h);
    assert_balanced(page);
    assert_non_null(strstr(page, "<h1>Report</h1>"));
    free(page);
    assert_int_equal(ml_html_write(h, NULL), ML_EINVAL);
    assert_int_equal(ml_html_write(h, tmp_path("none/page.html")), ML_EIO);
    assert_int_equal(tmp_count(), 1);
    assert_int_equal(ml_html_facts(h, NULL, 0), ML_OK);
    assert_int_equal(ml_html_facts(h, NULL, 1), ML_EINVAL);
    assert_int_equal(ml_html_text(h, "later"), ML_EINVAL); /* it sticks */
    assert_int_equal(ml_html_write(h, tmp_path("page.html")), ML_EINVAL);
    ml_html_free(h);
    const ml_image none = {0}, *const images[] = {&none};
    const ml_pair pair = {"a", "b"};
#define REFUSED(call) \
    do { \
        h = ml_html_new("x", NULL); \
        assert_int_equal(call, ML_EINVAL); \
        ml_html_free(h); \
    } while (0)
    REFUSED(ml_html_pairs(h, NULL, &pair, -1));
    REFUSED(ml_html_table(h, NULL, NULL, 0));
    REFUSED(ml_html_pictures(h, NULL, images, NULL, 1));
    REFUSED(ml_html_pictures(h, NULL, images, NULL, INT64_MAX));
    REFUSED(ml_html_pictures(h, NULL, NULL, NULL, 1));
    assert_int_equal(ml_html_section(NULL, "x"), ML_EINVAL);
    assert_int_equal(ml_html_plot(NULL, NULL, NULL, NULL), ML_EINVAL);
    assert_int_equal(ml_html_graph(NULL, NULL, NULL, NULL), ML_EINVAL);
    assert_int_equal(ml_html_environment(NULL), ML_EINVAL);
    assert_int_equal(ml_html_write(NULL, "x"), ML_EINVAL);
    assert_null(ml_html_missing(NULL));
    ml_html_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_part, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(cells_of_every_type, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(ids_are_of_their_figure, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_drawn_is_said, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(nothing_and_wrong_calls, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
