/* scores.c -- how good the numbers behind the labels were: top-k accuracy, log loss.
 *
 *     top-k     the share of samples n with fewer than k classes before label n in the order of their scores
 *     log loss  -(1/N) sum_n log p[n, label n]
 * Source     scikit-learn's top_k_accuracy_score and log_loss, of which the rule for ties and the clipping are
 */
#include "metrics/scores.h"

#include <float.h>
#include <math.h>

ml_status mli_check_scores(const char *name, ml_ints truth, ml_scores s, int32_t classes)
{
    if (truth.n != s.rows)
        return mli_fail(ML_EINVAL, "%s: %lld true labels but %lld rows of scores", name, (long long)truth.n,
                        (long long)s.rows);
    if (truth.n < 1 || !truth.v || !s.v || s.columns < 1)
        return mli_fail(ML_EINVAL, "%s: %lld samples and %ld columns: wants at least 1 of each, and none NULL", name,
                        (long long)truth.n, (long)s.columns);
    for (int64_t i = 0; i < truth.n; i++) {
        if (truth.v[i] < 0 || truth.v[i] >= classes)
            return mli_fail(ML_EINVAL, "%s: sample %lld has the label %ld: outside 0 .. %ld", name, (long long)i,
                            (long)truth.v[i], (long)classes - 1);
        for (int32_t k = 0; k < s.columns; k++)
            if (isnan(s.v[i * s.columns + k]))
                return mli_fail(ML_EINVAL, "%s: sample %lld has NaN for column %ld", name, (long long)i, (long)k);
    }
    return ML_OK;
}

ml_status mli_check_probabilities(const char *name, ml_ints truth, ml_scores s)
{
    if (mli_check_scores(name, truth, s, s.columns))
        return ml_error_status();
    for (int64_t i = 0; i < s.rows; i++) {
        const double *p = s.v + i * s.columns;
        double sum = 0;
        for (int32_t k = 0; k < s.columns; k++) {
            if (!(p[k] >= 0 && p[k] <= 1))
                return mli_fail(ML_EINVAL, "%s: sample %lld has %g for class %ld: no probability, which is in 0 .. 1",
                                name, (long long)i, p[k], (long)k);
            sum += p[k];
        }
        if (fabs(sum - 1) > 1e-3)
            return mli_fail(ML_EINVAL, "%s: the probabilities of sample %lld are %g together, not 1", name, (long long)i,
                            sum);
    }
    return ML_OK;
}

ml_status ml_top_k_accuracy(ml_ints truth, ml_scores scores, int32_t k, double *accuracy)
{
    if (mli_check_scores("top-k accuracy", truth, scores, scores.columns))
        return ml_error_status();
    if (k < 1 || k > scores.columns || !accuracy)
        return mli_fail(ML_EINVAL, "top-k accuracy: k is %ld, not in 1 .. %ld, or accuracy is NULL", (long)k,
                        (long)scores.columns);
    int64_t hits = 0;
    for (int64_t i = 0; i < truth.n; i++) {
        const double *row = scores.v + i * scores.columns;
        int32_t label = truth.v[i], before = 0;
        for (int32_t j = 0; j < scores.columns; j++)
            before += row[j] > row[label] || (row[j] == row[label] && j > label);
        hits += before < k;
    }
    *accuracy = (double)hits / (double)truth.n;
    return ML_OK;
}

ml_status ml_log_loss(ml_ints truth, ml_scores p, double *loss)
{
    if (mli_check_probabilities("log loss", truth, p))
        return ml_error_status();
    if (!loss)
        return mli_fail(ML_EINVAL, "log loss: loss is NULL");
    double sum = 0;
    for (int64_t i = 0; i < truth.n; i++) {
        double said = p.v[i * p.columns + truth.v[i]];
        sum -= log(fmin(fmax(said, DBL_EPSILON), 1 - DBL_EPSILON));
    }
    *loss = sum / (double)truth.n;
    return ML_OK;
}
