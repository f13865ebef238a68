/* linear_solvers.c -- least squares with a square penalty, three ways
 *
 * Problem    minimize over u  1/2 sum_n weight[n] (y[n] - A[n,:] u)^2 + 1/2 sum_d l2[d] u[d]^2
 * Given      the design A (N,D), y (N), l2 (D)
 * Returns    u (D)
 * QR         of the rows of A, and of sqrt(l2) under them: about as exact as the data; the shortest w of many
 * Cholesky   (A^T W A + L2) u = A^T W y: a quarter of the work or less, once through the data, but the square of the condition
 * L-BFGS     from value and gradient alone: nothing of size D^2
 * Paper      Golub 1965; Liu, Nocedal 1989                                     docs/math/linear-regression.md
 */
#include "classical/linear.h"

#include "linalg/cholesky.h"
#include "linalg/lbfgs.h"
#include "linalg/least_squares.h"

#include <math.h>
#include <string.h>

ml_status mli_linear_qr(mli_linear *p)
{
    int64_t d = p->design.x.columns;
    double *root = NULL;
    if (p->opts->alpha > 0 && !(root = mli_alloc((size_t)d * sizeof *root)))
        return ML_ENOMEM;
    for (int64_t j = 0; j < d && root; j++)
        root[j] = sqrt(p->l2[j]);
    ml_status s = mli_least_squares(&p->design, p->y, root, p->u, NULL);
    mli_free(root);
    return s;
}

ml_status mli_linear_cholesky(mli_linear *p, double least, int64_t *column)
{
    int64_t d = p->design.x.columns, m = d + 1, size;
    double *g = NULL;
    *column = -1;
    if (!mli_shape_size(2, (int64_t[]){m, m}, &size))
        return mli_fail(ML_ENOMEM, "linear: the normal equations of %lld features are too large", (long long)d);
    if (!(g = mli_alloc((size_t)size * sizeof *g)))
        return ML_ENOMEM;
    const mli_beside y = {p->y};
    ml_status s = mli_gram(&p->design, NULL, &y, 1, g);
    memcpy(p->u, g + d * m, (size_t)d * sizeof *g);
    for (int64_t i = 0; i < d; i++) { /* together, without y */
        memmove(g + i * d, g + i * m, (size_t)d * sizeof *g);
        g[i * d + i] += p->l2[i];
        if (p->design.inverse[i] == 0)
            g[i * d + i] = 1; /* a constant column has no part in anything: u = 0 */
    }
    if (!s)
        s = mli_cholesky(g, d, least, column);
    if (!s)
        mli_cholesky_solve(g, d, p->u);
    mli_free(g);
    return s;
}

/* ---- L-BFGS ---- */

static double row_losses(void *user, int64_t first, int64_t n, double *z)
{
    const mli_linear *p = user;
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        double weight = p->design.weight ? p->design.weight[first + i] : 1, off = z[i] - p->y[first + i];
        sum += weight * off * off / 2;
        z[i] = weight * off;
    }
    return sum;
}

static ml_status objective(void *user, const double *u, double *value, double *gradient)
{
    mli_linear *p = user;
    int64_t d = p->design.x.columns;
    ml_status s = mli_design_pass(&p->design, u, 1, row_losses, p, value, gradient);
    if (s)
        return s;
    for (int64_t j = 0; j < d; j++) {
        *value += p->l2[j] * u[j] * u[j] / 2;
        gradient[j] = (gradient[j] + p->l2[j] * u[j]) / p->design.total;
    }
    gradient[d] = 0; /* the intercept stays where it is */
    *value /= p->design.total;
    return ML_OK;
}

ml_status mli_linear_lbfgs(mli_linear *p)
{
    enum { HISTORY = 20 };
    const mli_lbfgs_opts opts = {.rate = 1,
                                 .iterations = p->opts->max_iter,
                                 .evaluations = 2 * p->opts->max_iter + 20,
                                 .gradient = p->opts->tol > 0 ? p->opts->tol : 1e-10,
                                 .change = 1e-18, /* a value that stands still */
                                 .strong_wolfe = true};
    mli_lbfgs_result r;
    mli_lbfgs *m = mli_lbfgs_new(p->design.x.columns + 1, HISTORY);
    ml_status s = m ? mli_lbfgs_run(m, &opts, objective, p, p->u, &r) : ML_ENOMEM;
    mli_lbfgs_free(m);
    if (s)
        return s;
    p->steps = r.iterations;
    p->settled = r.end == MLI_LBFGS_GRADIENT || r.end == MLI_LBFGS_CHANGE;
    return ML_OK;
}
