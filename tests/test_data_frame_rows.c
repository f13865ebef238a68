/* Masks, order, duplicates, concat; intervals against pandas (tests/golden/make_frame_rows.py). */
#include "support/frames.h"
#include "support/tmp.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static ml_frame *people(void)
{
    ml_frame *f = ml_frame_new();
    put_words(f, "name", "Ann Bob - Dora Émile");
    put_category(f, "sex", "female male male female -");
    put_values(f, "age", "29 0.9 - 40.5 17");
    put_values(f, "class", "1 3 2 - 3");
    return f;
}

/* ---- masks ---- */

/* "10010" */
static void assert_mask(ml_mask *m, const char *expected)
{
    char is[64] = "";
    if (!m)
        fail_msg("%s", ml_error());
    for (int64_t i = 0; i < m->n; i++)
        is[i] = m->v[i] ? '1' : '0';
    assert_string_equal(is, expected);
    ml_mask_free(m);
}

static void masks_compare(void **state)
{
    (void)state;
    ml_frame *f = people();
    static const struct {
        ml_compare how;
        const char *age, *sex;
    } cases[] = {{ML_LESS, "01001", "10010"},     {ML_AT_MOST, "11001", "11110"}, {ML_EQUAL, "10000", "01100"},
                 {ML_NOT_EQUAL, "01111", "10011"}, {ML_AT_LEAST, "10010", "01100"}, {ML_GREATER, "00010", "00000"}};
    for (int k = 0; k < 6; k++) {
        assert_mask(ml_mask_number(f, "age", cases[k].how, 29), cases[k].age);
        assert_mask(ml_mask_text(f, "sex", cases[k].how, "male"), cases[k].sex);
        assert_mask(ml_mask_number(f, "age", cases[k].how, NAN), cases[k].how == ML_NOT_EQUAL ? "11111" : "00000");
    }
    assert_mask(ml_mask_missing(f, "age"), "00100");
    assert_mask(ml_mask_missing(f, "sex"), "00001");
    assert_mask(ml_mask_in(f, "name", (const char *[]){"Bob", "Eve", "Ann"}, 3), "11000");
    assert_mask(ml_mask_in(f, "sex", NULL, 0), "00000");
    assert_mask(ml_mask_contains(f, "name", "o"), "01010");
    assert_mask(ml_mask_contains(f, "sex", ""), "11110");
    assert_mask(ml_mask_matches(f, "name", "^.{5}$"), "00001"); /* a character is not a byte */
    assert_mask(ml_mask_matches(f, "sex", "^m|x$"), "01100");
    assert_mask(ml_mask_not(ml_mask_matches(f, "sex", "fe")), "01101");
    assert_mask(ml_mask_or(ml_mask_number(f, "age", ML_LESS, 18), ml_mask_and(ml_mask_text(f, "sex", ML_EQUAL, "female"),
                                                                             ml_mask_not(ml_mask_missing(f, "class")))), "11001");
    ml_frame_free(f);
}

/* Doubles cannot tell neighbours of 2^62 apart. */
static void integers_compare_exactly(void **state)
{
    (void)state;
    const int64_t big = INT64_C(1) << 62, v[] = {big - 1, big, big + 1, INT64_MAX, INT64_MIN + 1, ML_MISSING};
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_integers(f, "v", v, 6), ML_OK);
    assert_mask(ml_mask_number(f, "v", ML_EQUAL, (double)big), "010000");
    assert_mask(ml_mask_number(f, "v", ML_LESS, (double)big), "100010");
    assert_mask(ml_mask_number(f, "v", ML_GREATER, (double)big), "001100");
    assert_mask(ml_mask_number(f, "v", ML_LESS, INFINITY), "111110");
    assert_mask(ml_mask_number(f, "v", ML_GREATER, -INFINITY), "111110");
    assert_mask(ml_mask_number(f, "v", ML_AT_LEAST, 9223372036854775808.0), "000000");
    const int64_t small[] = {-1, 0, 1};
    ml_frame *g = ml_frame_new();
    assert_int_equal(ml_frame_put_integers(g, "v", small, 3), ML_OK);
    assert_mask(ml_mask_number(g, "v", ML_LESS, 0.5), "110");
    assert_mask(ml_mask_number(g, "v", ML_GREATER, -0.5), "011");
    assert_mask(ml_mask_number(g, "v", ML_GREATER, -1.5), "111");
    ml_frame_free(f);
    ml_frame_free(g);
}

static bool is_adult(const ml_frame *f, int64_t row, void *user)
{
    return ml_column_number(ml_frame_column(f, "age"), row) >= *(double *)user;
}

static void rows_are_filtered(void **state)
{
    (void)state;
    double limit = 18;
    ml_frame *f = people();
    assert_int_equal(ml_frame_set_role(f, ML_ROLE_TEST), ML_OK);
    ml_frame *adults = ml_frame_filter(f, is_adult, &limit);
    assert_words(adults, "name", ML_TEXT, "Ann Dora");
    assert_int_equal(adults->role, ML_ROLE_TEST);
    assert_mask(ml_mask_rows(f, is_adult, &limit), "10010");
    ml_frame *women = ml_frame_where(f, ml_mask_and(ml_mask_rows(f, is_adult, &limit), ml_mask_text(f, "sex", ML_EQUAL, "female")));
    assert_words(women, "name", ML_TEXT, "Ann Dora");
    ml_frame_free(women);
    ml_frame *none = ml_frame_where(f, ml_mask_new(5));
    assert_int_equal(none->rows, 0);
    assert_int_equal(none->columns, 4);
    assert_int_equal(ml_frame_put_mask(f, "child", ml_mask_number(f, "age", ML_LESS, 18)), ML_OK);
    assert_values(f, "child", ML_INTEGER, "0 1 0 0 1");
    ml_frame_free(adults);
    ml_frame_free(none);
    ml_frame_free(f);
}

/* What is given to a function is eaten also where it fails: the leak checker looks. */
static void masks_refuse(void **state)
{
    (void)state;
    ml_frame *f = people();
    assert_null(ml_mask_number(f, "name", ML_LESS, 1));
    assert_error_has("column 'name' is text: wants number or integer or time");
    assert_null(ml_mask_text(f, "age", ML_LESS, "x"));
    assert_null(ml_mask_text(f, "sex", (ml_compare)6, "x"));
    assert_null(ml_mask_number(f, "nothing", ML_LESS, 1));
    assert_null(ml_mask_matches(f, "name", "a(b"));
    assert_error_has("the pattern 'a(b'");
    assert_null(ml_mask_matches(f, "name", NULL));
    assert_null(ml_mask_and(ml_mask_new(2), ml_mask_new(3)));
    assert_error_has("masks of 2 and 3 rows");
    assert_null(ml_mask_and(NULL, ml_mask_new(3)));
    assert_null(ml_mask_or(ml_mask_new(3), NULL));
    assert_null(ml_mask_not(NULL));
    assert_null(ml_frame_where(f, ml_mask_new(4)));
    assert_error_has("the mask has 4 rows, the frame 5");
    assert_null(ml_frame_where(NULL, ml_mask_new(4)));
    assert_null(ml_frame_where(f, NULL));
    assert_null(ml_frame_filter(f, NULL, NULL));
    assert_null(ml_mask_rows(f, NULL, NULL));
    assert_null(ml_mask_rows(NULL, is_adult, NULL));
    assert_int_equal(ml_frame_put_mask(f, "", ml_mask_new(5)), ML_EINVAL);
    assert_null(ml_mask_new(-1));
    assert_int_equal(ml_mask_count(NULL), 0);
    ml_frame_free(f);
}

/* ---- order ---- */

static ml_frame *golden_keys(void)
{
    golden g = golden_read("frame_rows_keys");
    double rows[60];
    ml_frame *f = ml_frame_new();
    for (int k = 0; k < 3; k++)
        assert_int_equal(ml_frame_put_numbers(f, (const char *[]){"a", "b", "c"}[k], g.v + 60 * k, 60), ML_OK);
    for (int i = 0; i < 60; i++)
        rows[i] = i;
    assert_int_equal(ml_frame_put_numbers(f, "row", rows, 60), ML_OK);
    golden_free(&g);
    return f;
}

static void order_equals_pandas(void **state)
{
    (void)state;
    static const char *const down[] = {NULL, "a", "b", "a,b", "c", "c,a", "b,c", "b,a,c"};
    golden g = golden_read("frame_rows_order");
    ml_frame *f = golden_keys();
    for (int k = 0; k < 8; k++) {
        ml_frame *sorted = ml_frame_sort(f, "a,b,c", down[k]);
        assert_column_close(sorted, "row", g.v + 60 * k, 60, 0);
        ml_frame_free(sorted);
    }
    golden_free(&g);
    ml_frame_free(f);
}

static void any_type_is_sorted(void **state)
{
    (void)state;
    ml_frame *f = people(), *g = ml_frame_sort(f, "name", "name");
    assert_words(g, "name", ML_TEXT, "Émile Dora Bob Ann -");
    ml_frame_free(g);
    put_category(f, "size", "small huge small - tiny"); /* by its list: small, huge, tiny */
    g = ml_frame_sort(f, "size", NULL);
    assert_words(g, "size", ML_CATEGORY, "small small huge tiny -");
    assert_words(g, "name", ML_TEXT, "Ann - Bob Émile Dora");
    ml_frame_free(g);
    g = ml_frame_sort(f, "size", "size");
    assert_words(g, "size", ML_CATEGORY, "tiny huge small small -");
    ml_frame_free(g);
    put_values(f, "zero", "-0.0 inf 0.0 - -inf");
    g = ml_frame_sort(f, "zero", NULL);
    assert_values(g, "age", ML_NUMBER, "17 29 - 0.9 40.5");
    ml_frame_free(g);
    assert_null(ml_frame_sort(f, "size", "age"));
    assert_error_has("'age' is to be descending, but it is not sorted by");
    assert_null(ml_frame_sort(f, "size,nothing", NULL));
    assert_null(ml_frame_sort(f, "size,size", NULL));
    assert_error_has("'size' is named twice");
    assert_null(ml_frame_sort(f, NULL, NULL));
    ml_frame_free(f);
    f = ml_frame_new();
    assert_int_equal(ml_frame_put_numbers(f, "x", NULL, 0), ML_OK);
    g = ml_frame_sort(f, "x", "x");
    assert_int_equal(g->rows, 0);
    ml_frame_free(g);
    ml_frame_free(f);
}

static void duplicates_equal_pandas(void **state)
{
    (void)state;
    golden g = golden_read("frame_rows_twice");
    ml_frame *f = golden_keys();
    assert_int_equal(ml_frame_remove(f, "row"), ML_OK);
    for (int k = 0; k < 6; k++) {
        ml_mask *m = ml_mask_duplicated(f, k < 3 ? "a,b" : NULL, (ml_keep)(k % 3));
        ml_frame *left = ml_frame_drop_duplicates(f, k < 3 ? "a,b" : NULL, (ml_keep)(k % 3));
        for (int i = 0; i < 60; i++)
            assert_int_equal(m->v[i], g.v[60 * k + i] != 0);
        assert_int_equal(left->rows, 60 - ml_mask_count(m));
        ml_mask_free(m);
        ml_frame_free(left);
    }
    assert_null(ml_frame_drop_duplicates(f, NULL, (ml_keep)3));
    golden_free(&g);
    ml_frame_free(f);
}

static void holes_are_dropped(void **state)
{
    (void)state;
    ml_frame *f = ml_frame_new();
    put_values(f, "a", "1 - 3 -");
    put_words(f, "b", "x y - -");
    put_values(f, "c", "- 0.5 1.5 -");
    static const struct {
        ml_drop_opts opts;
        const char *rows;
    } cases[] = {{{0}, ""}, {{.columns = "a"}, "1 3"}, {{.columns = "a,b"}, "1"}, {{.all = true}, "1 - 3"},
                 {{.least = 2}, "1 - 3"}, {{.least = 3}, ""}, {{.columns = "b,c", .all = true}, "1 - 3"},
                 {{.columns = "b,c", .least = 2}, "-"}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        ml_frame *g = ml_frame_drop_missing(f, cases[k].opts);
        assert_values(g, "a", ML_INTEGER, cases[k].rows);
        ml_frame_free(g);
    }
    assert_null(ml_frame_drop_missing(f, (ml_drop_opts){.all = true, .least = 1}));
    assert_null(ml_frame_drop_missing(f, (ml_drop_opts){.least = -1}));
    assert_null(ml_frame_drop_missing(f, (ml_drop_opts){.columns = "z"}));
    ml_frame_free(f);
}

/* ---- concat ---- */

static void rows_join(void **state)
{
    (void)state;
    ml_frame *a = ml_frame_new(), *b = ml_frame_new();
    put_values(a, "n", "1 2");
    put_category(a, "k", "x y");
    put_category(a, "m", "p q");
    put_words(a, "only", "u v");
    put_values(a, "gone", "- -");
    put_values(b, "n", "0.5 - 3");
    put_category(b, "k", "z - x");
    put_words(b, "m", "q r -");
    put_words(b, "gone", "t - t");
    ml_frame *both = ml_frame_concat((const ml_frame *[]){a, b}, 2, false);
    assert_values(both, "n", ML_NUMBER, "1 2 0.5 - 3");
    assert_words(both, "k", ML_CATEGORY, "x y z - x");
    assert_int_equal(ml_frame_column(both, "k")->categories, 3);
    assert_words(both, "m", ML_TEXT, "p q q r -");
    assert_words(both, "only", ML_TEXT, "u v - - -");
    assert_words(both, "gone", ML_TEXT, "- - t - t");
    ml_frame_free(both);
    both = ml_frame_concat((const ml_frame *[]){b, a}, 2, true);
    assert_int_equal(both->columns, 4);
    assert_false(ml_frame_has(both, "only"));
    assert_words(both, "k", ML_CATEGORY, "z - x x y");
    assert_words(both, "gone", ML_TEXT, "t - t - -");
    ml_frame_free(both);
    assert_int_equal(ml_frame_put_times(b, "only", (int64_t[]){1, 2, 3}, 3), ML_OK);
    assert_null(ml_frame_concat((const ml_frame *[]){a, b}, 2, false));
    assert_error_has("column 'only' is text in one frame and time in frame 1");
    assert_null(ml_frame_concat(NULL, 2, false));
    assert_null(ml_frame_concat((const ml_frame *[]){a, NULL}, 2, false));
    assert_null(ml_frame_concat((const ml_frame *[]){a}, 0, false));
    ml_frame_free(a);
    ml_frame_free(b);
}

static void roles_join(void **state)
{
    (void)state;
    static const ml_role roles[][4] = {{ML_ROLE_TRAIN, ML_ROLE_TRAIN, ML_ROLE_TRAIN, ML_ROLE_TRAIN},
                                       {ML_ROLE_TRAIN, ML_ROLE_VALIDATION, ML_ROLE_NONE, ML_ROLE_NONE},
                                       {ML_ROLE_NONE, ML_ROLE_TRAIN, ML_ROLE_TEST, ML_ROLE_TEST},
                                       {ML_ROLE_TEST, ML_ROLE_NONE, ML_ROLE_VALIDATION, ML_ROLE_TEST}};
    for (size_t k = 0; k < 4; k++) {
        ml_frame *f[3];
        for (int i = 0; i < 3; i++) {
            f[i] = ml_frame_new();
            put_values(f[i], (const char *[]){"a", "b", "c"}[i], "1 2");
            assert_int_equal(ml_frame_set_role(f[i], roles[k][i]), ML_OK);
        }
        ml_frame *down = ml_frame_concat((const ml_frame *const *)f, 3, false);
        ml_frame *side = ml_frame_concat_columns((const ml_frame *const *)f, 3);
        assert_int_equal(down->role, roles[k][3]);
        assert_int_equal(side->role, roles[k][3]);
        assert_values(down, "b", ML_INTEGER, "- - 1 2 - -");
        assert_values(side, "c", ML_INTEGER, "1 2");
        ml_frame_free(down);
        ml_frame_free(side);
        assert_null(ml_frame_concat_columns((const ml_frame *[]){f[0], f[1], f[0]}, 3));
        assert_error_has("column 'a' is in two frames");
        for (int i = 0; i < 3; i++)
            ml_frame_free(f[i]);
    }
    ml_frame *a = ml_frame_new(), *b = ml_frame_new();
    put_values(a, "a", "1 2");
    put_values(b, "b", "1 2 3");
    assert_null(ml_frame_concat_columns((const ml_frame *[]){a, b}, 2));
    assert_error_has("frame 1 has 3 rows, the first 2");
    ml_frame_free(a);
    ml_frame_free(b);
}

/* ---- intervals ---- */

enum { N = 40, CUTS = 12, EDGES = 8 };

static const double rising[] = {-3, 0, 0.1, 2.5}, lowest[] = {-2.4, 0, 0.1, 2.5}, open_ends[] = {-INFINITY, 0.1, 0.10001, INFINITY},
                    twice[] = {-5, 0, 0, 5}, shares[] = {0, 0.1, 0.5, 1};
static const struct {
    bool far, quantiles;
    ml_cut_opts opts;
} CASES[CUTS] = {
    {false, false, {.bins = 4}},
    {false, false, {.bins = 7, .left = true}},
    {false, false, {.edges = rising, .n_edges = 4}},
    {false, false, {.edges = rising, .n_edges = 4, .left = true}},
    {false, false, {.edges = lowest, .n_edges = 4, .include_lowest = true}},
    {false, false, {.edges = open_ends, .n_edges = 4}},
    {false, false, {.edges = twice, .n_edges = 4, .drop_duplicates = true}},
    {false, true, {.bins = 4}},
    {false, true, {.bins = 7, .drop_duplicates = true}},
    {true, true, {.bins = 5}},
    {false, true, {.edges = shares, .n_edges = 4}},
    {true, false, {.bins = 3}},
};

static ml_status do_cut(ml_frame *f, int k, bool codes)
{
    ml_cut_opts o = CASES[k].opts;
    const char *column = CASES[k].far ? "far" : "near";
    o.codes = codes;
    return CASES[k].quantiles ? ml_frame_qcut(f, column, "out", o) : ml_frame_cut(f, column, "out", o);
}

static ml_frame *cut_frame(void)
{
    golden x = golden_read("frame_rows_x");
    ml_frame *f = ml_frame_new();
    for (int i = 0; i < N; i++)
        x.v[i] = isinf(x.v[i]) ? 2.0 : x.v[i];
    assert_int_equal(ml_frame_put_numbers(f, "near", x.v, N), ML_OK);
    assert_int_equal(ml_frame_put_numbers(f, "far", x.v + N, N), ML_OK);
    golden_free(&x);
    return f;
}

static void intervals_equal_pandas(void **state)
{
    (void)state;
    golden codes = golden_read("frame_rows_cut");
    size_t n;
    char *texts = (char *)slurp(MLCORE_SOURCE_DIR "/tests/golden/frame_rows_cut.txt", &n), *text = texts;
    ml_frame *f = cut_frame();
    for (int k = 0; k < CUTS; k++) {
        double expected[N];
        for (int i = 0; i < N; i++)
            expected[i] = codes.v[N * k + i] < 0 ? (double)NAN : codes.v[N * k + i];
        assert_int_equal(do_cut(f, k, true), ML_OK);
        assert_column_close(f, "out", expected, N, 0);
        assert_int_equal(do_cut(f, k, false), ML_OK);
        assert_column_close(f, "out", expected, N, 0);
        const ml_column *c = ml_frame_column(f, "out");
        for (int32_t i = 0; i < c->categories; i++) {
            const size_t length = strcspn(text, "|\n");
            assert_true(text[length] == (i + 1 < c->categories ? '|' : '\n'));
            text[length] = 0;
            assert_string_equal(c->category[i], text);
            text += length + 1;
        }
    }
    free(texts);
    golden_free(&codes);
    ml_frame_free(f);
}

static void edges_equal_pandas(void **state)
{
    (void)state;
    golden g = golden_read("frame_rows_cut_edges");
    double edges[EDGES + 1];
    ml_frame *f = cut_frame();
    static const int of[] = {0, 1, 7, 9, 11};
    for (int k = 0; k < 5; k++) {
        const ml_cut_opts *o = &CASES[of[k]].opts;
        const char *column = CASES[of[k]].far ? "far" : "near";
        if (CASES[of[k]].quantiles)
            assert_int_equal(ml_frame_qcut_edges(f, column, o->bins, edges), ML_OK);
        else
            assert_int_equal(ml_frame_cut_edges(f, column, o->bins, o->left, edges), ML_OK);
        for (int64_t i = 0; i <= o->bins; i++)
            assert_true(edges[i] == g.v[EDGES * of[k] + i]);
        /* Another frame is cut alike. */
        ml_frame *copy = ml_frame_copy(f);
        assert_int_equal(ml_frame_set_role(copy, ML_ROLE_TEST), ML_OK);
        assert_int_equal(do_cut(copy, of[k], true), ML_EINVAL);
        assert_error_has("leak");
        ml_cut_opts like = {.edges = edges, .n_edges = o->bins + 1, .left = o->left, .include_lowest = CASES[of[k]].quantiles};
        assert_int_equal(ml_frame_cut(copy, column, "like", like), ML_OK);
        assert_int_equal(do_cut(f, of[k], false), ML_OK);
        for (int i = 0; i < N; i++)
            assert_int_equal(ml_frame_column(f, "out")->code[i], ml_frame_column(copy, "like")->code[i]);
        ml_frame_free(copy);
    }
    golden_free(&g);
    ml_frame_free(f);
}

static void intervals_of_one_value(void **state)
{
    (void)state;
    ml_frame *f = ml_frame_new();
    put_values(f, "x", "5 5 -");
    assert_int_equal(ml_frame_cut(f, "x", "c", (ml_cut_opts){.bins = 2}), ML_OK);
    assert_string_equal(ml_frame_column(f, "c")->category[0], "(4.995, 5.0]"); /* as pandas */
    assert_values(f, "c", ML_CATEGORY, "0 0 -");
    assert_int_equal(ml_frame_qcut(f, "x", "c", (ml_cut_opts){.bins = 2}), ML_EINVAL);
    assert_error_has("two edges are 5");
    assert_int_equal(ml_frame_qcut(f, "x", "c", (ml_cut_opts){.bins = 2, .drop_duplicates = true}), ML_EINVAL);
    assert_error_has("there is no interval");
    const char *labels[] = {"low", "high"};
    const ml_cut_opts named = {.edges = (double[]){0, 5, 9}, .n_edges = 3, .labels = labels};
    assert_int_equal(ml_frame_cut(f, "x", NULL, named), ML_OK);
    assert_words(f, "x", ML_CATEGORY, "low low -");
    put_values(f, "x", "5 5 7");
    assert_int_equal(ml_frame_qcut(f, "x", NULL, (ml_cut_opts){.bins = 2, .labels = labels, .drop_duplicates = true}), ML_EINVAL);
    assert_error_has("equal edges leave 1 intervals, and there are 2 labels");
    ml_frame_free(f);
}

static void cuts_refuse(void **state)
{
    (void)state;
    ml_frame *f = ml_frame_new();
    put_values(f, "x", "1 2 -");
    put_values(f, "none", "- - -");
    put_values(f, "far", "-1.7e308 1.7e308 0.0");
    put_words(f, "t", "a b c");
    const char *labels[] = {"low", "low"};
    const ml_cut_opts bad[] = {
        {0},
        {.bins = -1},
        {.bins = INT64_MAX},
        {.bins = 2, .edges = rising, .n_edges = 4},
        {.edges = rising, .n_edges = 1},
        {.edges = rising, .n_edges = INT64_MIN},
        {.edges = (double[]){0, NAN}, .n_edges = 2},
        {.edges = (double[]){1, 0}, .n_edges = 2},
        {.edges = (double[]){0, 0}, .n_edges = 2},
        {.edges = twice, .n_edges = 4},
        {.bins = 2, .labels = labels},
        {.bins = 2, .labels = labels, .codes = true},
    };
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
        assert_int_equal(ml_frame_cut(f, "x", NULL, bad[k]), ML_EINVAL);
    assert_int_equal(ml_frame_qcut(f, "x", NULL, (ml_cut_opts){.bins = 2, .left = true}), ML_EINVAL);
    assert_int_equal(ml_frame_qcut(f, "x", NULL, (ml_cut_opts){.edges = rising, .n_edges = 4}), ML_EINVAL);
    assert_error_has("quantile 0 is -3, not in 0 .. 1");
    assert_int_equal(ml_frame_cut(f, "none", NULL, (ml_cut_opts){.bins = 2}), ML_EINVAL);
    assert_error_has("'none' has no values");
    assert_int_equal(ml_frame_cut(f, "far", NULL, (ml_cut_opts){.bins = 2}), ML_EINVAL);
    assert_int_equal(ml_frame_cut(f, "t", NULL, (ml_cut_opts){.bins = 2}), ML_EINVAL);
    assert_int_equal(ml_frame_cut_edges(f, "x", 2, false, NULL), ML_EINVAL);
    assert_int_equal(ml_frame_column(f, "x")->type, ML_INTEGER);
    ml_frame_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masks_compare),          cmocka_unit_test(integers_compare_exactly), cmocka_unit_test(rows_are_filtered),
        cmocka_unit_test(masks_refuse),           cmocka_unit_test(order_equals_pandas),      cmocka_unit_test(any_type_is_sorted),
        cmocka_unit_test(duplicates_equal_pandas), cmocka_unit_test(holes_are_dropped),       cmocka_unit_test(rows_join),
        cmocka_unit_test(roles_join),             cmocka_unit_test(intervals_equal_pandas),   cmocka_unit_test(edges_equal_pandas),
        cmocka_unit_test(intervals_of_one_value), cmocka_unit_test(cuts_refuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
