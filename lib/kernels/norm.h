/* norm.h -- what batch, layer and group normalization share. Internal. */
#ifndef MLK_NORM_H
#define MLK_NORM_H

#include <mlcore/real.h>

/* y = gamma (x - mean) scale + beta over x of rows x n numbers. mean and scale have a number for
 * each of the n columns (batch norm), for each of the rows (layer norm), or for each group of each
 * sample (group norm). They are double in every build: a float near 10,000 is off by up to 0.0005,
 * which is much where the standard deviation is 0.01. */
typedef struct mlk_norm {
    int64_t rows, n;
    double *mean, *scale;        /* scale = 1 / sqrt(variance + eps) */
    const ml_real *gamma, *beta; /* n each; NULL: 1 and 0 */
    bool constant;               /* mean and scale do not depend on x: running statistics */
    int64_t samples, groups;     /* of a group norm: of rows / samples rows, n / groups columns each */
} mlk_norm;

/* Where gradients go: NULL where none is wanted; added to what is there where its add says so. */
typedef struct mlk_norm_grads {
    ml_real *dx, *dgamma, *dbeta;
    bool add_dx, add_dgamma, add_dbeta;
} mlk_norm_grads;

static inline double mlk_gamma(const mlk_norm *n, int64_t i)
{
    return n->gamma ? (double)n->gamma[i] : 1;
}

static inline double mlk_beta(const mlk_norm *n, int64_t i)
{
    return n->beta ? (double)n->beta[i] : 0;
}

/* A gradient that is ready: it overwrites or adds, or nobody wants it. */
static inline void mlk_give(ml_real *to, bool add, int64_t at, double value)
{
    if (to)
        to[at] = (ml_real)((add ? (double)to[at] : 0) + value);
}

#endif
