/* agreement.c -- one number of a confusion matrix that a frequent class does not buy: balanced accuracy, Matthews, Cohen's kappa.
 *
 * With counts c[i,j], rows r[i], columns s[j], and n in all,
 *     balanced   the mean of c[k,k] / r[k] over classes with r[k] > 0
 *     Matthews   (n sum c[k,k] - sum r[k] s[k]) / sqrt((n^2 - sum r[k]^2)(n^2 - sum s[k]^2))
 *     kappa      1 - sum w[i,j] c[i,j] / sum w[i,j] r[i] s[j] / n,   w[i,j] = 0 or 1, |i - j|, (i - j)^2
 * Source     Matthews 1975, Gorodkin 2004; Cohen 1960, 1968; scikit-learn's functions of these names
 */
#include "base/base.h"

#include <mlcore/metrics.h>

#include <math.h>

typedef struct sums {
    double *row, *column, all, hits;
} sums;

static void free_sums(sums *s)
{
    mli_free(s->row);
    mli_free(s->column);
}

static ml_status sums_of(const char *name, const int64_t *counts, int32_t classes, const double *out, sums *s)
{
    *s = (sums){0};
    if (!counts || !out || classes < 1)
        return mli_fail(ML_EINVAL, "%s: %ld classes: wants at least 1, counts, and where to put the score", name, (long)classes);
    s->row = mli_calloc((size_t)classes, sizeof *s->row);
    s->column = mli_calloc((size_t)classes, sizeof *s->column);
    ml_status status = s->row && s->column ? ML_OK : ML_ENOMEM;
    for (int64_t i = 0; !status && i < classes; i++)
        for (int64_t j = 0; j < classes; j++) {
            const double c = (double)counts[i * classes + j];
            s->row[i] += c;
            s->column[j] += c;
            s->all += c;
            s->hits += i == j ? c : 0;
        }
    if (!status && s->all == 0)
        status = mli_fail(ML_EINVAL, "%s: of no samples", name);
    if (status)
        free_sums(s);
    return status;
}

ml_status ml_balanced_accuracy(const int64_t *counts, int32_t classes, double *accuracy)
{
    sums s;
    if (sums_of("balanced accuracy", counts, classes, accuracy, &s))
        return ml_error_status();
    double sum = 0, seen = 0;
    for (int64_t k = 0; k < classes; k++)
        if (s.row[k] > 0) {
            sum += (double)counts[k * classes + k] / s.row[k];
            seen++;
        }
    *accuracy = sum / seen;
    free_sums(&s);
    return ML_OK;
}

ml_status ml_matthews(const int64_t *counts, int32_t classes, double *r)
{
    sums s;
    if (sums_of("matthews", counts, classes, r, &s))
        return ml_error_status();
    double both = 0, rows = 0, columns = 0;
    for (int32_t k = 0; k < classes; k++) {
        both += s.row[k] * s.column[k];
        rows += s.row[k] * s.row[k];
        columns += s.column[k] * s.column[k];
    }
    const double scale = sqrt(s.all * s.all - rows) * sqrt(s.all * s.all - columns);
    *r = scale > 0 ? (s.hits * s.all - both) / scale : 0;
    free_sums(&s);
    return ML_OK;
}

static double weight_of(ml_kappa_weight w, int64_t i, int64_t j)
{
    const double d = fabs((double)(i - j));
    return w == ML_KAPPA_PLAIN ? d > 0 : w == ML_KAPPA_LINEAR ? d : d * d;
}

ml_status ml_cohen_kappa(const int64_t *counts, int32_t classes, ml_kappa_weight weight, double *kappa)
{
    sums s;
    if ((unsigned)weight > ML_KAPPA_QUADRATIC)
        return mli_fail(ML_EINVAL, "kappa: weight %d is unknown", (int)weight);
    if (sums_of("kappa", counts, classes, kappa, &s))
        return ml_error_status();
    double seen = 0, chance = 0;
    for (int64_t i = 0; i < classes; i++)
        for (int64_t j = 0; j < classes; j++) {
            seen += weight_of(weight, i, j) * (double)counts[i * classes + j];
            chance += weight_of(weight, i, j) * (s.row[i] * s.column[j] / s.all);
        }
    free_sums(&s);
    if (chance == 0)
        return mli_fail(ML_EINVAL, "kappa: all samples are and are called one class: chance agrees fully, and nothing is beyond it");
    *kappa = 1 - seen / chance;
    return ML_OK;
}
