/* Accuracy, confusion, precision, recall, F1 against scikit-learn (tests/golden/make_metrics.py). */
#include "support/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int32_t *golden_labels(const char *name, int64_t *n)
{
    golden g = golden_read(name);
    int32_t *v = malloc((size_t)g.size * sizeof *v);
    for (int64_t i = 0; i < g.size; i++)
        v[i] = (int32_t)g.v[i];
    *n = g.size;
    golden_free(&g);
    return v;
}

static void assert_same(double a, double b)
{
    if (!(fabs(a - b) <= 1e-12))
        fail_msg("%.17g, expected %.17g", a, b);
}

static void equals_scikit_learn(void **state)
{
    (void)state;
    int64_t n, m;
    int32_t *truth = golden_labels("metrics_truth", &n), *predicted = golden_labels("metrics_predicted", &m);
    ml_ints t = {truth, n}, p = {predicted, m};

    double accuracy;
    golden g = golden_read("metrics_accuracy");
    assert_int_equal(ml_accuracy(t, p, &accuracy), ML_OK);
    assert_same(accuracy, g.v[0]);
    golden_free(&g);

    int64_t counts[36];
    g = golden_read("metrics_confusion");
    assert_int_equal(ml_confusion(t, p, 6, counts), ML_OK);
    for (int i = 0; i < 36; i++)
        assert_int_equal(counts[i], (int64_t)g.v[i]);
    golden_free(&g);

    ml_class_score scores[6];
    g = golden_read("metrics_scores");
    assert_int_equal(ml_class_scores(counts, 6, scores), ML_OK);
    for (int k = 0; k < 6; k++) {
        assert_same(scores[k].precision, g.v[4 * k]);
        assert_same(scores[k].recall, g.v[4 * k + 1]);
        assert_same(scores[k].f1, g.v[4 * k + 2]);
        assert_int_equal(scores[k].support, (int64_t)g.v[4 * k + 3]);
    }
    golden_free(&g);

    ml_class_score macro = ml_macro_score(scores, 6);
    g = golden_read("metrics_macro");
    assert_same(macro.precision, g.v[0]);
    assert_same(macro.recall, g.v[1]);
    assert_same(macro.f1, g.v[2]);
    assert_int_equal(macro.support, n);
    golden_free(&g);
    free(truth);
    free(predicted);
}

static void wrong_input_is_an_error(void **state)
{
    (void)state;
    int32_t a[] = {0, 1, 2}, b[] = {0, 1, 3};
    int64_t counts[9];
    double value;
    assert_int_equal(ml_confusion((ml_ints){a, 3}, (ml_ints){b, 2}, 3, counts), ML_EINVAL);
    assert_string_equal(ml_error(), "confusion: 3 true labels but 2 predicted");
    assert_int_equal(ml_confusion((ml_ints){a, 3}, (ml_ints){b, 3}, 3, counts), ML_EINVAL);
    assert_string_equal(ml_error(), "confusion: sample 2 has the label 2 and the prediction 3: outside 0 .. 2");
    assert_int_equal(ml_confusion((ml_ints){a, 3}, (ml_ints){b, 3}, 0, counts), ML_EINVAL);
    assert_int_equal(ml_accuracy((ml_ints){a, 3}, (ml_ints){b, 2}, &value), ML_EINVAL);
    assert_int_equal(ml_accuracy((ml_ints){NULL, 0}, (ml_ints){NULL, 0}, &value), ML_EINVAL);
    assert_int_equal(ml_accuracy((ml_ints){NULL, 3}, (ml_ints){a, 3}, &value), ML_EINVAL);
    assert_int_equal(ml_class_scores(counts, 0, NULL), ML_EINVAL);
}

static void prints_a_table(void **state)
{
    (void)state;
    const int64_t counts[] = {90, 10, 0, 20, 70, 10, 0, 0, 0};
    const char *names[] = {"cat", "averylongnames", "\xC3\xA9lan"};
    char text[4096] = "";
    FILE *out = fmemopen(text, sizeof text, "w");
    ml_confusion_print(out, counts, 3, names);
    fclose(out);
    const char *expected = "              predicted\n"
                           "       truth          cat averylongnam         \xC3\xA9lan   total recall %\n"
                           "         cat           90           10            .     100     90.0\n"
                           "averylongnam           20           70           10     100     70.0\n"
                           "        \xC3\xA9lan            .            .            .       0      0.0\n"
                           " precision %         81.8         87.5          0.0     200     80.0\n";
    assert_string_equal(text, expected);

    memset(text, 0, sizeof text);
    out = fmemopen(text, sizeof text, "w");
    ml_confusion_print(out, counts, 3, NULL);
    fclose(out);
    assert_non_null(strstr(text, "      truth    0    1    2   total recall %\n"));
}

static void a_perfect_table_has_gaps(void **state)
{
    (void)state;
    char text[1024] = "";
    FILE *out = fmemopen(text, sizeof text, "w");
    ml_confusion_print(out, (int64_t[]){5, 0, 0, 5}, 2, NULL);
    fclose(out);
    assert_string_equal(text, "             predicted\n"
                              "      truth     0     1   total recall %\n"
                              "          0     5     .       5    100.0\n"
                              "          1     .     5       5    100.0\n"
                              "precision % 100.0 100.0      10    100.0\n");
}

/* Names come from files: none may recolour the terminal or break a line. */
static void names_do_not_steer_the_terminal(void **state)
{
    (void)state;
    const char *names[] = {"\033[31mred", "a\nb\tc", ("\xc2\x9b" "31m")};
    char text[1024] = "";
    FILE *out = fmemopen(text, sizeof text, "w");
    ml_confusion_print(out, (int64_t[]){5, 0, 0, 0, 5, 1, 0, 0, 1}, 3, names);
    fclose(out);
    assert_string_equal(text, "             predicted\n"
                              "      truth ?[31mred    a?b?c     ?31m   total recall %\n"
                              "   ?[31mred        5        .        .       5    100.0\n"
                              "      a?b?c        .        5        1       6     83.3\n"
                              "       ?31m        .        .        1       1    100.0\n"
                              "precision %    100.0    100.0     50.0      12     91.7\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_scikit_learn),
        cmocka_unit_test(wrong_input_is_an_error),
        cmocka_unit_test(prints_a_table),
        cmocka_unit_test(a_perfect_table_has_gaps),
        cmocka_unit_test(names_do_not_steer_the_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
