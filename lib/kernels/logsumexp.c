/* logsumexp.c -- a smooth maximum:  y = log sum_k exp(x_k)
 *
 * Shapes     x (O,n,I): along the axis of n entries.  y (O,I)
 * Forward    m = max_k x[k]        y = m + log sum_k exp(x[k] - m)
 *            exp(x) itself overflows from 89 on in float; with m taken out no exponent is above 0, and
 *            one is 0, so the sum lies in 1 .. n. An infinite m is left in: infinity - infinity is NaN.
 * Backward   dx[k] = dy exp(x[k] - y): the softmax of x
 *            Check by sum: a constant added to x is added to y, so sum_k dx[k] = dy.
 * Saves      y as a double: near 1000 a float is off by 3e-5, and so would be all of dx
 * Cost       one exp an element, forward and backward
 * Source     Blanchard, Higham, Higham 2021, "Accurately computing the log-sum-exp and softmax functions"
 * Derivation docs/math/logsumexp.md
 */
#include "kernels/logsumexp.h"

#include "kernels/rows.h"

enum { BLOCK = 64, STRETCH = 256 }; /* columns side by side; numbers of a row at a time */

/* ---- the definition ---- */

void mlk_logsumexp_ref(ml_real *y, double *exact, const ml_real *x, mlk_axis s)
{
    for (int64_t o = 0; o < s.outer; o++)
        for (int64_t i = 0; i < s.inner; i++) {
            const ml_real *line = x + o * s.n * s.inner + i;
            double m = -INFINITY, sum = 0;
            for (int64_t k = 0; k < s.n; k++)
                m = (double)line[k * s.inner] > m ? (double)line[k * s.inner] : m;
            m = isinf(m) ? 0 : m;
            for (int64_t k = 0; k < s.n; k++)
                sum += exp((double)line[k * s.inner] - m);
            exact[o * s.inner + i] = m + log(sum);
            y[o * s.inner + i] = (ml_real)exact[o * s.inner + i];
        }
}

/* ---- fast ---- */

static double row(const ml_real *x, int64_t n)
{
    ml_real m = mlk_row_max(x, n), e[STRETCH]; /* a NaN passed over here makes the sum NaN below */
    double sum = 0;
    m = isinf(m) ? 0 : m;
    for (int64_t at = 0; at < n; at += STRETCH) {
        int64_t count = n - at < STRETCH ? n - at : STRETCH;
        for (int64_t i = 0; i < count; i++)
            e[i] = x[at + i] - m;
        mlk_exp_row(e, e, count);
        sum += mlk_row_sum(e, count);
    }
    return (double)m + log(sum);
}

/* exact[i] of a few columns: reads x row by row, as it lies. */
static void columns(double *exact, const ml_real *x, mlk_axis s, int64_t count)
{
    ml_real m[BLOCK];
    double sum[BLOCK] = {0};
    for (int64_t i = 0; i < count; i++)
        m[i] = (ml_real)-INFINITY;
    for (int64_t k = 0; k < s.n; k++)
        for (int64_t i = 0; i < count; i++)
            m[i] = x[k * s.inner + i] > m[i] ? x[k * s.inner + i] : m[i];
    for (int64_t i = 0; i < count; i++)
        m[i] = isinf(m[i]) ? 0 : m[i];
    for (int64_t k = 0; k < s.n; k++)
        for (int64_t i = 0; i < count; i++)
            sum[i] += (double)mlk_exp(x[k * s.inner + i] - m[i]);
    for (int64_t i = 0; i < count; i++)
        exact[i] = (double)m[i] + log(sum[i]);
}

void mlk_logsumexp_forward(ml_real *y, double *exact, const ml_real *x, mlk_axis s)
{
    for (int64_t o = 0; o < s.outer; o++, x += s.n * s.inner, y += s.inner, exact += s.inner) {
        if (s.inner == 1)
            exact[0] = row(x, s.n);
        for (int64_t i = 0; i < s.inner && s.inner > 1; i += BLOCK)
            columns(exact + i, x + i, s, s.inner - i < BLOCK ? s.inner - i : BLOCK);
        for (int64_t i = 0; i < s.inner; i++)
            y[i] = (ml_real)exact[i];
    }
}

/* ---- backward ---- */

/* n numbers that lie side by side: of one line (step 0), or one of each of n lines (step 1) */
static inline void back(ml_real *dx, bool add, const ml_real *dy, const ml_real *x,
                        const double *exact, int64_t n, int64_t step)
{
    ml_real p[STRETCH];
    for (int64_t at = 0; at < n; at += STRETCH) {
        int64_t count = n - at < STRETCH ? n - at : STRETCH;
        for (int64_t i = 0; i < count; i++)
            p[i] = (ml_real)((double)x[at + i] - exact[(at + i) * step]);
        mlk_exp_row(p, p, count);
        for (int64_t i = at; i < at + count; i++) /* dx = dy exp(x - y) */
            dx[i] = (add ? dx[i] : 0) + dy[i * step] * p[i - at];
    }
}

void mlk_logsumexp_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *x,
                            const double *exact, mlk_axis s)
{
    if (s.inner == 1) {
        for (int64_t o = 0; o < s.outer; o++, dx += s.n, x += s.n)
            back(dx, add, dy + o, x, exact + o, s.n, 0);
        return;
    }
    for (int64_t o = 0; o < s.outer; o++, dy += s.inner, exact += s.inner)
        for (int64_t k = 0; k < s.n; k++, dx += s.inner, x += s.inner)
            back(dx, add, dy, x, exact, s.inner, 1);
}
