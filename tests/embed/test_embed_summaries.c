/* Memory that fails, in summaries and reports: each request of each of them is refused in turn, which must end in an error of
 * memory, with nothing made and every block given back. */
#include "support/check.h"

#include <mlcore/memory.h>

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

static _Atomic int64_t asked, live;
static int64_t refuse; /* the request that gets nothing; 0: none */

static void *take(void *user, size_t bytes)
{
    (void)user;
    void *p = atomic_fetch_add(&asked, 1) + 1 == refuse ? NULL : malloc(bytes);
    if (p)
        atomic_fetch_add(&live, 1);
    return p;
}

static void give(void *user, void *block)
{
    (void)user;
    atomic_fetch_sub(&live, 1);
    free(block);
}

enum { ROWS = 12 };

static ml_frame *made(void)
{
    double x[ROWS];
    int64_t i[ROWS], w[ROWS];
    const char *t[ROWS];
    int32_t c[ROWS];
    for (int r = 0; r < ROWS; r++) {
        x[r] = r % 5 ? r * 0.5 : (double)NAN;
        i[r] = r % 3, w[r] = r % 4 * INT64_C(86400000000);
        t[r] = r % 4 ? (const char *[]){"a", "b", "c"}[r % 3] : NULL;
        c[r] = r % 3 - 1;
    }
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_numbers(f, "x", x, ROWS), ML_OK);
    assert_int_equal(ml_frame_put_integers(f, "i", i, ROWS), ML_OK);
    assert_int_equal(ml_frame_put_times(f, "w", w, ROWS), ML_OK);
    assert_int_equal(ml_frame_put_texts(f, "t", t, ROWS), ML_OK);
    assert_int_equal(ml_frame_put_categories(f, "c", (ml_ints){c, ROWS}, (const char *[]){"n", "m"}, 2), ML_OK);
    return f;
}

static double half(const double *v, int64_t n, void *user)
{
    (void)user;
    return n ? v[0] / 2 : 0;
}

/* Something of each kind of aggregate. */
static ml_frame *groups(const ml_frame *f)
{
    const ml_aggregate a[] = {{.column = "x"},
                              {.kind = ML_AGG_MEDIAN, .column = "i"},
                              {.kind = ML_AGG_FUNCTION, .column = "x", .of = half},
                              {.kind = ML_AGG_SUM, .column = "i"},
                              {.kind = ML_AGG_MAX, .column = "t"},
                              {.kind = ML_AGG_FIRST, .column = "c"},
                              {.kind = ML_AGG_COUNT, .column = "t"},
                              {.kind = ML_AGG_NUNIQUE, .column = "t"},
                              {.kind = ML_AGG_SIZE}};
    return ml_frame_group(f, "t,c", a, 9, (ml_frame_group_opts){.missing = true});
}
static ml_frame *transformed(const ml_frame *f)
{
    ml_frame *g = ml_frame_copy(f);
    if (g && ml_frame_transform(g, "i", (ml_aggregate){.column = "x"}, (ml_frame_group_opts){0})) {
        ml_frame_free(g);
        return NULL;
    }
    return g;
}
static ml_frame *statistic(const ml_frame *f)
{
    double value;
    return ml_frame_statistic(f, "x", ML_AGG_STD, &value) ? NULL : ml_frame_new();
}
static ml_frame *quantiles(const ml_frame *f)
{
    return ml_frame_quantiles(f, (double[]){0.1, 0.9}, 2);
}
static ml_frame *unique(const ml_frame *f)
{
    return ml_frame_unique(f, "t");
}
static ml_frame *value_counts(const ml_frame *f)
{
    return ml_frame_value_counts(f, "c", (ml_value_counts_opts){.missing = true, .normalise = true});
}
static ml_frame *pivot(const ml_frame *f)
{
    return ml_frame_pivot(f, "t,i", "c", (ml_aggregate){.column = "x"}, (ml_pivot_opts){.margins = true, .fill = ML_ZERO});
}
static ml_frame *crosstab(const ml_frame *f)
{
    return ml_frame_crosstab(f, "t", "w", (ml_crosstab_opts){.margins = true, .normalise = ML_NORMALISE_COLUMNS});
}
static ml_frame *merge(const ml_frame *f)
{
    return ml_frame_merge(f, f, "c,t,i", (ml_merge_opts){.how = ML_JOIN_OUTER, .right_on = "c,c,x"});
}
static ml_frame *spearman(const ml_frame *f)
{
    return ml_frame_correlation(f, NULL, ML_SPEARMAN);
}
static ml_frame *kendall(const ml_frame *f)
{
    return ml_frame_correlation(f, "x,i", ML_KENDALL);
}
static ml_frame *reported(const ml_frame *f)
{
    (void)f;
    const int32_t truth[] = {0, 1, 0, 1, 1};
    const double p[] = {0.7, 0.3, 0.2, 0.8, 0.4, 0.6, 0.1, 0.9, 0.6, 0.4}, q[] = {0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5};
    ml_report *r = ml_report_new((ml_outcome){.label = {truth, 5}}, (ml_outcome){.p = {p, 5, 2}}, (ml_outcome){.p = {q, 5, 2}},
                                 (ml_report_opts){.rounds = 3});
    ml_report_free(r);
    return r ? ml_frame_new() : NULL;
}
static ml_frame *curves(const ml_frame *f)
{
    (void)f;
    const ml_ints truth = {(int32_t[]){0, 1, 0, 1, 1}, 5};
    const ml_scores p = {(double[]){0.3, 0.8, 0.6, 0.9, 0.4}, 5, 1};
    ml_regression_score errors;
    ml_threshold best;
    ml_curve *c[] = {NULL, NULL, NULL};
    double value;
    const bool good = (c[0] = ml_roc_curve(truth, p)) && (c[1] = ml_precision_recall_curve(truth, p)) &&
                      (c[2] = ml_calibration_curve(truth, p, 3, true)) && !ml_average_precision(truth, p, &value) &&
                      !ml_brier_score(truth, p, &value) && !ml_best_threshold(truth, p, (ml_costs){0, 1, 1, 0}, &best) &&
                      !ml_matthews((int64_t[]){1, 2, 3, 4}, 2, &value) &&
                      !ml_regression_scores((ml_doubles){p.v, 5}, (ml_doubles){p.v, 5}, (ml_doubles){0}, &errors);
    for (int i = 0; i < 3; i++)
        ml_curve_free(c[i]);
    return good ? ml_frame_new() : NULL;
}

static void every_request_refused(void **state)
{
    (void)state;
    static ml_frame *(*const calls[])(const ml_frame *) = {
        ml_frame_describe, ml_frame_describe_texts, ml_frame_null_counts, groups, transformed, statistic, quantiles, unique, value_counts,
        pivot, crosstab, merge, spearman, kendall, reported, curves};
    assert_int_equal(ml_set_threads(1), ML_OK); /* requests come in one order */
    assert_int_equal(ml_set_allocator((ml_allocator){.alloc = take, .free = give}), ML_OK);
    for (size_t k = 0; k < sizeof calls / sizeof *calls; k++) {
        ml_frame *f = made(), *out = NULL;
        const int64_t before = live;
        int64_t refusals = 0;
        while (!out) {
            ml_error_clear();
            refuse = asked + ++refusals;
            out = calls[k](f);
            refuse = 0;
            if (!out && (ml_error_status() != ML_ENOMEM || live != before))
                fail_msg("call %zu, request %lld: status %d, %lld blocks more: %s", k, (long long)refusals, (int)ml_error_status(),
                         (long long)(live - before), ml_error());
        }
        assert_true(refusals > 2);
        ml_frame_free(out), ml_frame_free(f);
        assert_int_equal(live, 0);
    }
    assert_int_equal(ml_set_allocator((ml_allocator){0}), ML_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_request_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
