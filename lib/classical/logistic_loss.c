/* logistic_loss.c -- what a row costs, by its scores
 *
 * Two classes    z the score of class 1, p = 1 / (1 + e^-z)
 *                loss = log(1 + e^-z) of class 1, log(1 + e^z) of class 0        dloss/dz = p - [label is 1]
 * K classes      p_k = e^z_k / sum_j e^z_j     loss = -log p_label               dloss/dz_k = p_k - [label is k]
 * No overflow    e^-|z| <= 1, and of K scores the largest is taken away first
 * Derivation     docs/math/logistic-regression.md
 */
#include "classical/logistic.h"

#include <math.h>

void mli_logistic_softmax(double *z, int64_t n, int64_t k)
{
    for (int64_t i = 0; i < n; i++, z += k) {
        double most = z[0], sum = 0;
        for (int64_t c = 1; c < k; c++)
            most = fmax(most, z[c]);
        for (int64_t c = 0; c < k; c++)
            sum += z[c] = exp(z[c] - most);
        for (int64_t c = 0; c < k; c++)
            z[c] /= sum;
    }
}

void mli_logistic_two(double *p, int64_t n)
{
    for (int64_t i = n - 1; i >= 0; i--) { /* from the end, so that no score is overwritten before it is read */
        double z = p[i], e = exp(-fabs(z)), likely = 1 / (1 + e), unlikely = e / (1 + e);
        p[2 * i] = z >= 0 ? unlikely : likely;
        p[2 * i + 1] = z >= 0 ? likely : unlikely;
    }
}

static double two_classes(const mli_logistic *p, int64_t first, int64_t n, double *z)
{
    double total = 0;
    for (int64_t i = 0; i < n; i++) {
        bool is = p->label[first + i] == 1;
        double share = p->share[first + i], e = exp(-fabs(z[i])), one = (z[i] >= 0 ? 1 : e) / (1 + e);
        total += share * (log1p(e) + ((z[i] < 0) == is ? fabs(z[i]) : 0));
        if (p->p)
            p->p[first + i] = one;
        z[i] = share * (is ? -(z[i] >= 0 ? e : 1) / (1 + e) : one); /* p - 1 without cancellation */
    }
    return total;
}

static double more_classes(const mli_logistic *p, int64_t first, int64_t n, double *z)
{
    double total = 0;
    for (int64_t i = first; i < first + n; i++, z += p->k) {
        double most = z[0], sum = 0, own = z[p->label[i]];
        for (int64_t c = 1; c < p->k; c++)
            most = fmax(most, z[c]);
        for (int64_t c = 0; c < p->k; c++)
            sum += z[c] = exp(z[c] - most);
        total += p->share[i] * (log(sum) + most - own);
        for (int64_t c = 0; c < p->k; c++) {
            double one = z[c] / sum;
            if (p->p)
                p->p[i * p->k + c] = one;
            z[c] = p->share[i] * (one - (p->label[i] == c));
        }
    }
    return total;
}

static double row_losses(void *user, int64_t first, int64_t n, double *z)
{
    const mli_logistic *p = user;
    return p->k == 1 ? two_classes(p, first, n, z) : more_classes(p, first, n, z);
}

ml_status mli_logistic_objective(void *problem, const double *u, double *value, double *gradient)
{
    mli_logistic *p = problem;
    ml_status s = mli_design_pass(&p->design, u, p->k, row_losses, p, value, gradient);
    for (int64_t c = 0; c < p->k && !s; c++, u += p->width, gradient += p->width) {
        for (int64_t j = 0; j + 1 < p->width; j++) {
            *value += p->l2[j] * u[j] * u[j] / 2;
            gradient[j] += p->l2[j] * u[j];
        }
        if (p->opts->no_intercept)
            gradient[p->width - 1] = 0; /* so it stays 0 */
    }
    return s;
}
