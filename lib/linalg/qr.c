/* qr.c -- A = Q R by reflections
 *
 * Shapes     A (M,D), M >= D    Q (M,D), Q^T Q = I    R (D,D), zero below its diagonal
 * Reflect    H = I - 2 v v^T, |v| = 1: a mirror across the plane that v stands on. H^T = H, H H = I
 * Column j   of what the mirrors before it left, from row j on, is c. The mirror with v along c - r e_1, r = +-|c|, takes c to
 *            (r, 0, 0, ...). The sign of r is against that of c_1, so that nothing cancels in c_1 - r
 * So         H_(D-1) ... H_0 A = R, hence Q = H_0 ... H_(D-1), of which the first D columns are wanted: the mirrors, from
 *            the last to the first, of e_0, ..., e_(D-1). Mirror j leaves e_k alone where k < j
 * Sign       with r < 0 where c_1 > 0 the diagonal of R has any signs; Q R with R_jj > 0 is unique: Q[:,j] sign(R_jj)
 * Cost       2MD^2 - 2D^3/3 flops for R, as many for Q
 * Source     Householder 1958; Golub and Van Loan 2013, algorithms 5.1.1, 5.2.1     Derivation  docs/math/qr.md
 */
#include "linalg/qr.h"

#include "linalg/vector.h"

/* |c|, by its largest number: squares of neither huge nor tiny numbers get lost. */
static double length(const double *c, int64_t n)
{
    double most = mli_largest(c, n), sum = 0;
    if (most == 0 || !isfinite(most))
        return most;
    for (int64_t i = 0; i < n; i++)
        sum += (c[i] / most) * (c[i] / most);
    return most * sqrt(sum);
}

/* c -= 2 v (v . c) */
static void reflect(double *c, const double *v, int64_t n)
{
    mli_axpy(c, -2 * mli_dot(v, c, n), v, n);
}

/* Turns c into the v that takes it to (r, 0, ...), and returns r. Of a column of zeros v is zero: no mirror. */
static double mirror(double *c, int64_t n)
{
    double r = c[0] > 0 ? -length(c, n) : length(c, n);
    c[0] -= r;
    double size = length(c, n);
    for (int64_t i = 0; i < n && size > 0; i++)
        c[i] /= size;
    return r;
}

void mli_qr(double *a, int64_t m, int64_t d, double *diagonal)
{
    for (int64_t j = 0; j < d; j++) {
        double *v = a + j * m + j;
        diagonal[j] = mirror(v, m - j);
        for (int64_t k = j + 1; k < d; k++)
            reflect(a + k * m + j, v, m - j);
    }
}

void mli_qr_q(double *q, const double *a, int64_t m, int64_t d)
{
    for (int64_t k = 0; k < d; k++) {
        double *c = q + k * m;
        for (int64_t i = 0; i < m; i++)
            c[i] = i == k;
        for (int64_t j = k; j >= 0; j--)
            reflect(c + j, a + j * m + j, m - j);
    }
}
