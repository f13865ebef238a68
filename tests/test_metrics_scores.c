/* Top-k accuracy, log loss, ROC AUC, averages against scikit-learn (tests/golden/make_scores.py), and by hand. */
#include "support/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CLASSES = 5 };

typedef struct golden_scores {
    int64_t n;
    int32_t *truth;
    double *p, *values;
    golden rows, g;
} golden_scores;

static golden_scores read_golden(void)
{
    golden_scores s = {.rows = golden_read("scores_p"), .g = golden_read("scores_values")};
    s.n = s.rows.shape[0];
    s.truth = malloc((size_t)s.n * sizeof *s.truth);
    s.p = malloc((size_t)s.n * CLASSES * sizeof *s.p);
    assert_non_null(s.truth);
    assert_non_null(s.p);
    for (int64_t i = 0; i < s.n; i++) {
        s.truth[i] = (int32_t)s.rows.v[i * (CLASSES + 1)];
        memcpy(s.p + i * CLASSES, s.rows.v + i * (CLASSES + 1) + 1, CLASSES * sizeof *s.p);
    }
    s.values = s.g.v;
    return s;
}

static void free_golden(golden_scores *s)
{
    free(s->truth), free(s->p);
    golden_free(&s->rows), golden_free(&s->g);
}

static void assert_same(double a, double b)
{
    if (!(fabs(a - b) <= 1e-12))
        fail_msg("%.17g, expected %.17g", a, b);
}

static void equal_scikit_learn(void **state)
{
    (void)state;
    golden_scores s = read_golden();
    ml_ints truth = {s.truth, s.n};
    ml_scores p = {s.p, s.n, CLASSES};
    double value;
    const int32_t k[] = {1, 2, 3, 5};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(ml_top_k_accuracy(truth, p, k[i], &value), ML_OK);
        assert_same(value, s.values[i]);
    }
    assert_int_equal(ml_log_loss(truth, p, &value), ML_OK);
    assert_same(value, s.values[4]);
    for (int i = 0; i < 4; i++) {
        ml_auc_opts opts = {.one_vs_one = i >= 2, .weighted = i % 2};
        assert_int_equal(ml_roc_auc(truth, p, opts, &value), ML_OK);
        assert_same(value, s.values[6 + i]);
    }
    free_golden(&s);
}

/* Of classes 0 and 1 alone: as one column, as the second of two, and on another scale. */
static void binary_auc_equals_scikit_learn(void **state)
{
    (void)state;
    golden_scores s = read_golden();
    int32_t truth[200];
    double one[200], two[400], far[200], value;
    int64_t n = 0;
    for (int64_t i = 0; i < s.n; i++)
        if (s.truth[i] < 2) {
            truth[n] = s.truth[i];
            one[n] = two[2 * n + 1] = s.p[i * CLASSES + 1];
            two[2 * n] = 7;
            far[n] = one[n] == 0 ? (double)-INFINITY : 1e6 * log(one[n]);
            n++;
        }
    const ml_scores scores[] = {{one, n, 1}, {two, n, 2}, {far, n, 1}};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ml_roc_auc((ml_ints){truth, n}, scores[i], (ml_auc_opts){0}, &value), ML_OK);
        assert_same(value, s.values[5]);
    }
    free_golden(&s);
}

static void averages_equal_scikit_learn(void **state)
{
    (void)state;
    golden truth = golden_read("metrics_truth"), predicted = golden_read("metrics_predicted"), g = golden_read("scores_values");
    int32_t t[300], p[300];
    int64_t counts[36];
    assert_int_equal(truth.size, 300);
    for (int i = 0; i < 300; i++)
        t[i] = (int32_t)truth.v[i], p[i] = (int32_t)predicted.v[i];
    assert_int_equal(ml_confusion((ml_ints){t, 300}, (ml_ints){p, 300}, 6, counts), ML_OK);
    for (int i = 0; i < 3; i++) {
        ml_class_score score;
        assert_int_equal(ml_average_score(counts, 6, (ml_average)i, &score), ML_OK);
        assert_same(score.precision, g.v[10 + 3 * i]);
        assert_same(score.recall, g.v[11 + 3 * i]);
        assert_same(score.f1, g.v[12 + 3 * i]);
        assert_int_equal(score.support, 300);
    }
    golden_free(&truth), golden_free(&predicted), golden_free(&g);
}

/* The examples of docs/metrics.md. */
static void by_hand(void **state)
{
    (void)state;
    ml_ints truth = {(int32_t[]){0, 0, 1, 1}, 4};
    double value, scores[] = {0.1, 0.4, 0.35, 0.8};
    assert_int_equal(ml_roc_auc(truth, (ml_scores){scores, 4, 1}, (ml_auc_opts){0}, &value), ML_OK);
    assert_same(value, 0.75); /* of four pairs three are in order */
    double level[] = {1, 1, 1, 1};
    assert_int_equal(ml_roc_auc(truth, (ml_scores){level, 4, 1}, (ml_auc_opts){0}, &value), ML_OK);
    assert_same(value, 0.5);
    double p[] = {0.9, 0.1, 0.6, 0.4, 0.2, 0.8, 0.5, 0.5};
    assert_int_equal(ml_log_loss(truth, (ml_scores){p, 4, 2}, &value), ML_OK);
    assert_same(value, -(log(0.9) + log(0.6) + log(0.8) + log(0.5)) / 4);
    double sure[] = {0, 1};
    assert_int_equal(ml_log_loss((ml_ints){(int32_t[]){0}, 1}, (ml_scores){sure, 1, 2}, &value), ML_OK);
    assert_same(value, 52 * log(2)); /* a probability of 0 is taken for 2^-52 */
    double rows[] = {3, 2, 1, 1, 1, 0};
    ml_scores three = {rows, 2, 3};
    ml_ints labels = {(int32_t[]){1, 0}, 2};
    assert_int_equal(ml_top_k_accuracy(labels, three, 1, &value), ML_OK);
    assert_same(value, 0); /* class 0 of the second ties with class 1, which comes first */
    assert_int_equal(ml_top_k_accuracy(labels, three, 2, &value), ML_OK);
    assert_same(value, 1);
    const int64_t counts[] = {90, 0, 10, 0};
    ml_class_score score;
    assert_int_equal(ml_average_score(counts, 2, ML_MICRO, &score), ML_OK);
    assert_same(score.f1, 0.9);
    assert_int_equal(ml_average_score(counts, 2, ML_MACRO, &score), ML_OK);
    assert_same(score.f1, 90.0 / 190);
    assert_int_equal(ml_average_score(counts, 2, ML_WEIGHTED, &score), ML_OK);
    assert_same(score.f1, 0.9 * 180 / 190);
}

/* More samples than a double counts pairs of in an int; all scores different. */
static void many_samples(void **state)
{
    (void)state;
    enum { N = 200000 };
    int32_t *truth = malloc(N * sizeof *truth);
    double *scores = malloc(N * sizeof *scores), value;
    assert_non_null(truth);
    assert_non_null(scores);
    for (int i = 0; i < N; i++) {
        truth[i] = i % 2;
        scores[i] = (double)(i * 7919LL % N);
    }
    assert_int_equal(ml_roc_auc((ml_ints){truth, N}, (ml_scores){scores, N, 1}, (ml_auc_opts){0}, &value), ML_OK);
    assert_same(value, 0.500005); /* odd ones are higher by 1 than the even one below: (N/2 + 1) / N */
    free(truth), free(scores);
}

static void assert_refused(ml_status got, const char *sentence)
{
    assert_int_equal(got, ML_EINVAL);
    assert_string_equal(ml_error(), sentence);
}

static void wrong_scores_are_errors(void **state)
{
    (void)state;
    double v[] = {0.2, 0.3, 0.5, 0.1, 0.8, 0.1, 0.3, 0.3, 0.4}, value;
    ml_ints truth = {(int32_t[]){0, 1, 2}, 3}, far = {(int32_t[]){0, 3, 2}, 3};
    ml_scores s = {v, 3, 3};
    ml_auc_opts none = {0};
    assert_refused(ml_log_loss((ml_ints){truth.v, 2}, s, &value), "log loss: 2 true labels but 3 rows of scores");
    assert_refused(ml_top_k_accuracy(truth, (ml_scores){v, 2, 3}, 1, &value),
                   "top-k accuracy: 3 true labels but 2 rows of scores");
    assert_refused(ml_roc_auc((ml_ints){NULL, 0}, (ml_scores){v, 0, 3}, none, &value),
                   "roc auc: 0 samples and 3 columns: wants at least 1 of each, and none NULL");
    assert_refused(ml_roc_auc(truth, (ml_scores){NULL, 3, 1}, none, &value),
                   "roc auc: 3 samples and 1 columns: wants at least 1 of each, and none NULL");
    assert_refused(ml_log_loss(far, s, &value), "log loss: sample 1 has the label 3: outside 0 .. 2");
    assert_refused(ml_roc_auc(truth, (ml_scores){v, 3, 1}, none, &value),
                   "roc auc: sample 2 has the label 2: outside 0 .. 1");
    assert_refused(ml_top_k_accuracy(truth, s, 0, &value), "top-k accuracy: k is 0, not in 1 .. 3, or accuracy is NULL");
    assert_refused(ml_top_k_accuracy(truth, s, 4, &value), "top-k accuracy: k is 4, not in 1 .. 3, or accuracy is NULL");
    assert_refused(ml_top_k_accuracy(truth, s, 1, NULL), "top-k accuracy: k is 1, not in 1 .. 3, or accuracy is NULL");
    assert_refused(ml_log_loss(truth, s, NULL), "log loss: loss is NULL");
    assert_refused(ml_roc_auc(truth, s, none, NULL), "roc auc: auc is NULL");
    v[4] = (double)NAN;
    assert_refused(ml_top_k_accuracy(truth, s, 1, &value), "top-k accuracy: sample 1 has NaN for column 1");
    assert_refused(ml_log_loss(truth, s, &value), "log loss: sample 1 has NaN for column 1");
    assert_refused(ml_roc_auc(truth, s, none, &value), "roc auc: sample 1 has NaN for column 1");
    v[4] = -0.25;
    assert_refused(ml_log_loss(truth, s, &value),
                   "log loss: sample 1 has -0.25 for class 1: no probability, which is in 0 .. 1");
    v[4] = (double)INFINITY;
    assert_refused(ml_roc_auc(truth, s, none, &value),
                   "roc auc: sample 1 has inf for class 1: no probability, which is in 0 .. 1");
    v[4] = 0.5;
    assert_refused(ml_roc_auc(truth, s, none, &value), "roc auc: the probabilities of sample 1 are 0.7 together, not 1");
}

static void one_class_has_no_curve(void **state)
{
    (void)state;
    double v[] = {0.2, 0.3, 0.5, 0.1, 0.8, 0.1, 0.3, 0.3, 0.4}, value;
    ml_auc_opts none = {0};
    assert_refused(ml_roc_auc((ml_ints){(int32_t[]){1, 1, 1}, 3}, (ml_scores){v, 3, 1}, none, &value),
                   "roc auc: none of the 3 samples is of class 0: a curve wants both kinds");
    assert_refused(ml_roc_auc((ml_ints){(int32_t[]){0, 0, 0}, 3}, (ml_scores){v, 3, 1}, none, &value),
                   "roc auc: none of the 3 samples is of class 1: a curve wants both kinds");
    assert_refused(ml_roc_auc((ml_ints){(int32_t[]){0, 2, 2}, 3}, (ml_scores){v, 3, 3}, (ml_auc_opts){.one_vs_one = true}, &value),
                   "roc auc: none of the 3 samples is of class 1: a curve wants both kinds");
}

static void averages_of_nothing(void **state)
{
    (void)state;
    const int64_t counts[4] = {0};
    ml_class_score score = {1, 1, 1, 1};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ml_average_score(counts, 2, (ml_average)i, &score), ML_OK);
        assert_true(score.precision == 0 && score.recall == 0 && score.f1 == 0 && score.support == 0);
    }
    assert_refused(ml_average_score(counts, 2, (ml_average)3, &score), "average score: average 3 is unknown, or score is NULL");
    assert_refused(ml_average_score(counts, 2, ML_MICRO, NULL), "average score: average 1 is unknown, or score is NULL");
    assert_refused(ml_average_score(counts, 0, ML_MICRO, &score), "average score: 0 classes: wants at least 1, and counts");
    assert_refused(ml_average_score(NULL, 2, ML_MACRO, &score), "average score: 2 classes: wants at least 1, and counts");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_scikit_learn),      cmocka_unit_test(binary_auc_equals_scikit_learn),
        cmocka_unit_test(averages_equal_scikit_learn), cmocka_unit_test(by_hand),
        cmocka_unit_test(many_samples),            cmocka_unit_test(wrong_scores_are_errors),
        cmocka_unit_test(one_class_has_no_curve),  cmocka_unit_test(averages_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
