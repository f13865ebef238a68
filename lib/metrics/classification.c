/* classification.c -- how often the labels were right: accuracy, the confusion matrix, precision, recall, F1.
 *
 * counts[i,j] is how many samples of class i were called j. For one class k
 *     recall    = counts[k,k] / sum_j counts[k,j]        of those that are k, the share that was found
 *     precision = counts[k,k] / sum_i counts[i,k]        of those called k, the share that is
 *     F1        = 2 precision recall / (precision + recall)
 * and each is 0 where it would be 0 / 0, as in scikit-learn with zero_division=0.
 */
#include "base/base.h"

#include <mlcore/metrics.h>

#include <string.h>

static ml_status check_lengths(const char *name, ml_ints truth, ml_ints predicted)
{
    if (truth.n != predicted.n)
        return mli_fail(ML_EINVAL, "%s: %lld true labels but %lld predicted", name, (long long)truth.n,
                        (long long)predicted.n);
    if (truth.n < 0 || (truth.n > 0 && (!truth.v || !predicted.v)))
        return mli_fail(ML_EINVAL, "%s: the labels are NULL, but %lld of them are announced", name, (long long)truth.n);
    return ML_OK;
}

ml_status ml_confusion(ml_ints truth, ml_ints predicted, int32_t classes, int64_t *counts)
{
    if (check_lengths("confusion", truth, predicted))
        return ml_error_status();
    if (classes < 1 || !counts)
        return mli_fail(ML_EINVAL, "confusion: %ld classes: wants at least 1, and counts", (long)classes);
    for (int64_t i = 0; i < truth.n; i++) {
        int32_t t = truth.v[i], p = predicted.v[i];
        if (t < 0 || t >= classes || p < 0 || p >= classes)
            return mli_fail(ML_EINVAL, "confusion: sample %lld has the label %ld and the prediction %ld: outside 0 .. %ld",
                            (long long)i, (long)t, (long)p, (long)classes - 1);
    }
    memset(counts, 0, (size_t)classes * (size_t)classes * sizeof *counts);
    for (int64_t i = 0; i < truth.n; i++)
        counts[(int64_t)truth.v[i] * classes + predicted.v[i]]++;
    return ML_OK;
}

ml_status ml_accuracy(ml_ints truth, ml_ints predicted, double *accuracy)
{
    if (check_lengths("accuracy", truth, predicted))
        return ml_error_status();
    if (truth.n == 0 || !accuracy)
        return mli_fail(ML_EINVAL, "accuracy: of no labels: the share of none is undefined");
    int64_t right = 0;
    for (int64_t i = 0; i < truth.n; i++)
        right += truth.v[i] == predicted.v[i];
    *accuracy = (double)right / (double)truth.n;
    return ML_OK;
}

static double ratio(int64_t part, int64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : 0;
}

ml_status ml_class_scores(const int64_t *counts, int32_t classes, ml_class_score *scores)
{
    if (!counts || !scores || classes < 1)
        return mli_fail(ML_EINVAL, "class scores: %ld classes: wants at least 1, counts and scores", (long)classes);
    for (int32_t k = 0; k < classes; k++) {
        int64_t hit = counts[(int64_t)k * classes + k], row = 0, column = 0;
        for (int32_t j = 0; j < classes; j++) {
            row += counts[(int64_t)k * classes + j];
            column += counts[(int64_t)j * classes + k];
        }
        /* 2pr / (p + r) with both fractions cleared: 2 hit / (row + column). */
        scores[k] = (ml_class_score){.precision = ratio(hit, column), .recall = ratio(hit, row),
                                     .f1 = ratio(2 * hit, row + column), .support = row};
    }
    return ML_OK;
}

ml_class_score ml_macro_score(const ml_class_score *scores, int32_t classes)
{
    ml_class_score mean = {0};
    for (int32_t k = 0; scores && k < classes; k++) {
        mean.precision += scores[k].precision / classes;
        mean.recall += scores[k].recall / classes;
        mean.f1 += scores[k].f1 / classes;
        mean.support += scores[k].support;
    }
    return mean;
}
