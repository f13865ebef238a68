/* Scores with their noise: against a bootstrap written out, and in words. */
#include "support/check.h"

#include "linalg/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 300 };

static int32_t truth[N], good[N], alike[N], major[N];
static double p_good[2 * N], p_alike[2 * N], p_major[2 * N];

/* Two models of one mind that differ in few samples, and the majority. */
static int setup(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(8);
    for (int i = 0; i < N; i++) {
        truth[i] = ml_rng_uniform(&rng) < 0.4;
        const double q = fmin(0.99, fmax(0.01, 0.5 + 0.25 * (2 * truth[i] - 1) + 0.25 * ml_rng_normal(&rng)));
        const double near = fmin(0.99, fmax(0.01, q + 0.05 * ml_rng_normal(&rng)));
        p_good[2 * i + 1] = q, p_good[2 * i] = 1 - q;
        p_alike[2 * i + 1] = near, p_alike[2 * i] = 1 - near;
        p_major[2 * i + 1] = 0.4, p_major[2 * i] = 0.6;
        good[i] = q > 0.5, alike[i] = near > 0.5;
    }
    return 0;
}

static ml_outcome true_labels(void)
{
    return (ml_outcome){.label = {truth, N}};
}
static ml_outcome outcome(const char *name, const double *p)
{
    return (ml_outcome){.name = name, .p = {p, N, 2}};
}

static ml_report *report_of(ml_outcome t, ml_outcome model, ml_outcome other, ml_report_opts opts)
{
    ml_report *r = ml_report_new(t, model, other, opts);
    if (!r)
        fail_msg("%s", ml_error());
    return r;
}

static const ml_report_row *row(const ml_report *r, const char *score)
{
    for (int k = 0; k < r->rows; k++)
        if (strcmp(r->row[k].score, score) == 0)
            return &r->row[k];
    fail_msg("no %s", score);
    return NULL;
}

static void values_are_those_of_the_metrics(void **state)
{
    (void)state;
    ml_report *r = report_of(true_labels(), outcome("forest", p_good), outcome("majority", p_major), (ml_report_opts){.rounds = 10});
    const ml_ints t = {truth, N};
    const ml_scores p = {p_good, N, 2};
    double value;
    int64_t counts[4];
    assert_int_equal(r->rows, 7);
    assert_int_equal(ml_accuracy(t, (ml_ints){good, N}, &value), ML_OK);
    assert_true(row(r, "accuracy")->value == value);
    assert_int_equal(ml_confusion(t, (ml_ints){major, N}, 2, counts), ML_OK);
    assert_int_equal(ml_balanced_accuracy(counts, 2, &value), ML_OK);
    assert_true(row(r, "balanced_accuracy")->other == value);
    assert_int_equal(ml_roc_auc(t, p, (ml_auc_opts){0}, &value), ML_OK);
    assert_true(row(r, "roc_auc")->value == value);
    assert_true(row(r, "roc_auc")->other == 0.5);
    assert_int_equal(ml_average_precision(t, p, &value), ML_OK);
    assert_true(row(r, "average_precision")->value == value);
    assert_int_equal(ml_brier_score(t, p, &value), ML_OK);
    assert_true(row(r, "brier")->value == value && row(r, "brier")->loss);
    assert_int_equal(ml_log_loss(t, p, &value), ML_OK);
    assert_true(row(r, "log_loss")->value == value);
    ml_report_free(r);
}

/* The bootstrap as its definition says it, for accuracy. */
static void intervals_by_their_definition(void **state)
{
    (void)state;
    enum { ROUNDS = 101 };
    double mine[ROUNDS], difference[ROUNDS];
    for (int r = 0; r < ROUNDS; r++) {
        ml_rng rng = ml_rng_split(ml_rng_seed(17), (uint64_t)r, 0);
        int right = 0, other = 0;
        for (int i = 0; i < N; i++) {
            const int64_t k = ml_rng_below(&rng, N);
            right += good[k] == truth[k], other += alike[k] == truth[k];
        }
        mine[r] = right / (double)N;
        difference[r] = mine[r] - other / (double)N;
    }
    ml_report *r = report_of(true_labels(), outcome("a", p_good), outcome("b", p_alike),
                             (ml_report_opts){.rounds = ROUNDS, .level = 0.9, .seed = 17});
    const ml_report_row *x = row(r, "accuracy");
    assert_true(x->low == mli_quantile(mine, ROUNDS, (1 - 0.9) / 2));
    assert_true(x->high == mli_quantile(mine, ROUNDS, 1 - (1 - 0.9) / 2));
    assert_true(x->difference_low == mli_quantile(difference, ROUNDS, (1 - 0.9) / 2));
    assert_int_equal(x->rounds, ROUNDS);
    ml_report_free(r);
}

/* Of a share p of N samples the standard error is known: sqrt(p (1 - p) / N). */
static void intervals_are_as_wide_as_theory_says(void **state)
{
    (void)state;
    ml_report *r = report_of(true_labels(), outcome("a", p_good), (ml_outcome){0}, (ml_report_opts){.rounds = 4000});
    const ml_report_row *x = row(r, "accuracy");
    const double width = 2 * 1.959964 * sqrt(x->value * (1 - x->value) / N);
    assert_true(fabs((x->high - x->low) / width - 1) < 0.08);
    assert_true(isnan(x->other) && isnan(x->difference) && !x->noise && !r->other);
    ml_report_free(r);
}

static void same_bits_on_any_number_of_threads(void **state)
{
    (void)state;
    const int threads = ml_threads();
    ml_report *r[2];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ml_set_threads(i ? 4 : 1), ML_OK);
        r[i] = report_of(true_labels(), outcome("a", p_good), outcome("b", p_major), (ml_report_opts){.rounds = 50, .seed = 3});
    }
    assert_int_equal(ml_set_threads(threads), ML_OK);
    for (int k = 0; k < r[0]->rows; k++) {
        const ml_report_row *a = &r[0]->row[k], *b = &r[1]->row[k];
        assert_true(a->low == b->low && a->high == b->high && a->difference_low == b->difference_low && a->difference_high == b->difference_high);
    }
    ml_report_free(r[0]), ml_report_free(r[1]);
}

static void assert_sentence(const ml_report *r, const char *score, const char *beginning)
{
    char buf[200];
    ml_report_sentence(r, (int)(row(r, score) - r->row), buf, sizeof buf);
    if (strncmp(buf, beginning, strlen(beginning)) != 0)
        fail_msg("%s", buf);
}

static void plain_words(void **state)
{
    (void)state;
    char buf[200];
    ml_report *r = report_of(true_labels(), outcome("forest", p_good), outcome("boosting", p_alike), (ml_report_opts){0});
    assert_true(row(r, "accuracy")->noise);
    assert_sentence(r, "accuracy", "the difference of ");
    assert_non_null(strstr(ml_report_sentence(r, 0, buf, sizeof buf), " points is within the noise (95 % interval "));
    ml_report_free(r);
    r = report_of(true_labels(), outcome("forest", p_good), outcome("majority", p_major), (ml_report_opts){.level = 0.995});
    assert_sentence(r, "accuracy", "better than majority by ");
    assert_sentence(r, "log_loss", "better than majority by 0.");
    assert_non_null(strstr(ml_report_sentence(r, 0, buf, sizeof buf), "(99.5 % interval "));
    ml_report_free(r);
    r = report_of(true_labels(), outcome(NULL, p_major), outcome("forest", p_good), (ml_report_opts){0});
    assert_sentence(r, "accuracy", "worse than forest by ");
    assert_sentence(r, "brier", "worse than forest by 0.");
    assert_true(row(r, "brier")->difference > 0);
    assert_string_equal(ml_report_sentence(r, 99, buf, sizeof buf), "there is nothing to compare with");
    ml_report_free(r);
}

/* The numbers of the issue, put into a report by hand. */
static void as_a_table(void **state)
{
    (void)state;
    char text[2000] = {0}, model[] = "tree", other[] = "majority", buf[200];
    ml_report_row rows[] = {
        {"accuracy", false, 0.8171, 0.7709, 0.8631, 0.8091, 0.008, -0.005, 0.021, true, 1000},
        {"log_loss", true, 0.4312, 0.3801, 0.48, 0.6602, -0.229, -0.3, -0.16, false, 1000},
    };
    ml_report r = {rows, 2, 262, 0.95, model, other};
    assert_string_equal(ml_report_sentence(&r, 0, buf, sizeof buf),
                        "the difference of 0.8 points is within the noise (95 % interval -0.5 .. 2.1)");
    FILE *f = tmpfile();
    assert_non_null(f);
    ml_report_print(f, &r);
    rewind(f);
    assert_true(fread(text, 1, sizeof text - 1, f) > 0);
    fclose(f);
    assert_string_equal(text, "                          tree             95 % interval    majority\n"
                              "accuracy                  81.7 %            77.1 .. 86.3        80.9 %\n"
                              "log_loss                0.4312          0.3801 .. 0.4800      0.6602  \n"
                              "accuracy: the difference of 0.8 points is within the noise (95 % interval -0.5 .. 2.1)\n"
                              "log_loss: better than majority by 0.2290 (95 % interval 0.1600 .. 0.3000)\n");
    ml_report_print(NULL, &r);

    char bold[] = "\033[1mtree", broken[] = "a\nb"; /* names that would steer a terminal */
    r.model = bold;
    r.other = broken;
    memset(text, 0, sizeof text);
    f = fmemopen(text, sizeof text, "w");
    ml_report_print(f, &r);
    fclose(f);
    assert_non_null(strstr(text, "  ?[1mtree "));
    assert_non_null(strstr(text, "  a?b\n"));
    assert_non_null(strstr(text, "log_loss: better than a?b by 0.2290"));
    assert_null(strchr(text, '\033'));
}

static void numbers_too(void **state)
{
    (void)state;
    double y[N], near[N], mean[N] = {0};
    ml_rng rng = ml_rng_seed(1);
    for (int i = 0; i < N; i++)
        y[i] = ml_rng_normal(&rng), near[i] = y[i] + 0.5 * ml_rng_normal(&rng);
    ml_report *r = report_of((ml_outcome){.y = {y, N}}, (ml_outcome){.y = {near, N}}, (ml_outcome){.y = {mean, N}}, (ml_report_opts){0});
    assert_int_equal(r->rows, 3);
    assert_string_equal(r->model, "model");
    assert_string_equal(r->other, "baseline");
    assert_sentence(r, "rmse", "better than baseline by 0.");
    assert_sentence(r, "r2", "better than baseline by 0.");
    ml_report_free(r);
    r = report_of((ml_outcome){.y = {y, 1}}, (ml_outcome){.y = {near, 1}}, (ml_outcome){.y = {mean, 1}}, (ml_report_opts){0});
    assert_true(isnan(row(r, "r2")->low) && row(r, "r2")->noise);
    assert_sentence(r, "r2", "the difference to baseline cannot be judged: few draws of 1 samples have this score");
    ml_report_free(r);
}

/* Three classes, labels alone; and a truth of one class, which has no curve. */
static void what_there_is(void **state)
{
    (void)state;
    const int32_t three[] = {0, 1, 2, 2}, said[] = {0, 2, 2, 1}, ones[] = {1, 1, 1, 1};
    const double p[] = {0.9, 0.1, 0.2, 0.8, 0.5, 0.5, 0.4, 0.6};
    ml_report *r = report_of((ml_outcome){.label = {three, 4}}, (ml_outcome){.label = {said, 4}}, (ml_outcome){0}, (ml_report_opts){0});
    assert_int_equal(r->rows, 3);
    assert_true(row(r, "accuracy")->value == 0.5 && row(r, "accuracy")->low == 0 && row(r, "accuracy")->high == 1);
    ml_report_free(r);
    r = report_of((ml_outcome){.label = {ones, 4}}, (ml_outcome){.label = {ones, 4}}, (ml_outcome){0}, (ml_report_opts){0});
    assert_true(row(r, "f1_macro")->value == 1); /* class 0 is neither there nor said */
    ml_report_free(r);
    r = report_of((ml_outcome){.label = {ones, 4}}, (ml_outcome){.p = {p, 4, 2}}, (ml_outcome){0}, (ml_report_opts){0});
    assert_true(row(r, "accuracy")->value == 0.5); /* of equals the first: row 2 is called 0 */
    assert_true(row(r, "f1_macro")->value == (0 + 2.0 / 3) / 2);
    assert_true(isnan(row(r, "roc_auc")->value) && isnan(row(r, "roc_auc")->low) && row(r, "roc_auc")->rounds == 0);
    ml_report_free(r);
}

static void assert_refused(ml_outcome t, ml_outcome model, ml_outcome other, ml_report_opts opts, const char *sentence)
{
    assert_null(ml_report_new(t, model, other, opts));
    assert_string_equal(ml_error(), sentence);
}

static void wrong_outcomes_are_errors(void **state)
{
    (void)state;
    const ml_report_opts o = {0};
    const ml_outcome none = {0}, t = true_labels(), a = outcome("a", p_good);
    double far[2 * N], hole = (double)NAN, one = 1;
    int32_t negative = -1, zero = 0, huge = INT32_MAX;
    memcpy(far, p_good, sizeof far);
    far[7] = 2;
    assert_refused(none, a, none, o, "report: the truth is either labels or numbers, and has no probabilities");
    assert_refused(a, a, none, o, "report: the truth is either labels or numbers, and has no probabilities");
    assert_refused((ml_outcome){.label = {truth, 0}}, a, none, o, "report: of 0 samples");
    assert_refused(t, none, none, o, "report: the model has 0 labels of 300 samples");
    assert_refused(t, (ml_outcome){.label = {good, 5}}, none, o, "report: the model has 5 labels of 300 samples");
    assert_refused(t, a, (ml_outcome){.y = {far, N}}, o, "report: the other model has 0 labels of 300 samples");
    assert_refused(t, (ml_outcome){.p = {p_good, N, 1}}, none, o, "report: the model has 1 columns of probabilities for 2 classes");
    assert_refused(t, outcome("a", far), none, o,
                   "report: the model: log loss: sample 3 has 2 for class 1: no probability, which is in 0 .. 1");
    assert_refused((ml_outcome){.label = {&negative, 1}}, (ml_outcome){.label = {&zero, 1}}, none, o,
                   "report: the truth: sample 0 has the label -1: outside 0 .. 1");
    assert_refused((ml_outcome){.label = {&zero, 1}}, (ml_outcome){.label = {&negative, 1}}, none, o,
                   "report: the model: sample 0 has the label -1: outside 0 .. 1");
    assert_refused((ml_outcome){.label = {&huge, 1}}, (ml_outcome){.label = {&zero, 1}}, none, o,
                   "report: labels go up to 2147483647 classes: at most 10000");
    assert_refused((ml_outcome){.y = {&one, 1}}, (ml_outcome){.y = {&hole, 1}}, none, o, "report: the model: sample 0 is nan: it must be finite");
    assert_refused((ml_outcome){.y = {&one, 1}}, (ml_outcome){.label = {&zero, 1}}, none, o, "report: the model has 0 numbers of 1 samples");
    assert_refused(t, a, none, (ml_report_opts){.level = 1}, "report: level is 1, and 1000 rounds: wants a level in (0, 1), and 1 .. 1000000 rounds");
    assert_refused(t, a, none, (ml_report_opts){.level = hole},
                   "report: level is nan, and 1000 rounds: wants a level in (0, 1), and 1 .. 1000000 rounds");
    assert_refused(t, a, none, (ml_report_opts){.rounds = INT64_MAX},
                   "report: level is 0.95, and 9223372036854775807 rounds: wants a level in (0, 1), and 1 .. 1000000 rounds");
    assert_refused(t, a, none, (ml_report_opts){.rounds = -5},
                   "report: level is 0.95, and -5 rounds: wants a level in (0, 1), and 1 .. 1000000 rounds");
    ml_report_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_those_of_the_metrics),
        cmocka_unit_test(intervals_by_their_definition),
        cmocka_unit_test(intervals_are_as_wide_as_theory_says),
        cmocka_unit_test(same_bits_on_any_number_of_threads),
        cmocka_unit_test(plain_words),
        cmocka_unit_test(as_a_table),
        cmocka_unit_test(numbers_too),
        cmocka_unit_test(what_there_is),
        cmocka_unit_test(wrong_outcomes_are_errors),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
