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

/* One label a sample: what is called wrongly for one class is missing from another, so that over all classes precision and
 * recall have one denominator, the number of samples. */
static ml_class_score micro_score(const int64_t *counts, int32_t classes)
{
    int64_t hits = 0, samples = 0;
    for (int64_t i = 0; i < (int64_t)classes * classes; i++) {
        samples += counts[i];
        hits += i % ((int64_t)classes + 1) == 0 ? counts[i] : 0; /* the diagonal */
    }
    double share = ratio(hits, samples);
    return (ml_class_score){share, share, share, samples};
}

static ml_class_score weighted_score(const ml_class_score *scores, int32_t classes)
{
    ml_class_score sum = {0};
    for (int32_t k = 0; k < classes; k++) {
        double support = (double)scores[k].support;
        sum.precision += support * scores[k].precision;
        sum.recall += support * scores[k].recall;
        sum.f1 += support * scores[k].f1;
        sum.support += scores[k].support;
    }
    double samples = sum.support > 0 ? (double)sum.support : 1;
    return (ml_class_score){sum.precision / samples, sum.recall / samples, sum.f1 / samples, sum.support};
}

ml_status ml_average_score(const int64_t *counts, int32_t classes, ml_average average, ml_class_score *score)
{
    if (!score || average < ML_MACRO || average > ML_WEIGHTED)
        return mli_fail(ML_EINVAL, "average score: average %d is unknown, or score is NULL", (int)average);
    if (!counts || classes < 1)
        return mli_fail(ML_EINVAL, "average score: %ld classes: wants at least 1, and counts", (long)classes);
    if (average == ML_MICRO) {
        *score = micro_score(counts, classes);
        return ML_OK;
    }
    ml_class_score *scores = mli_alloc((size_t)classes * sizeof *scores);
    if (!scores)
        return ML_ENOMEM;
    ml_status s = ml_class_scores(counts, classes, scores);
    *score = average == ML_MACRO ? ml_macro_score(scores, classes) : weighted_score(scores, classes);
    mli_free(scores);
    return s;
}
