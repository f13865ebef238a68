/* eigen.c -- A = V^T diag(values) V, for symmetric A
 *
 * Shapes     A (N,N) symmetric     values (N), rising     V (N,N): row k is the unit vector with A v = values[k] v
 * Mirrors    H = I - v v^T, v.v = 2, on both sides, column after column, leave a diagonal d and the numbers e beside it:
 *            T = H .. A .. H. A mirror that clears column j below e_j touches only what is right of it: nothing cleared
 *            comes back. For B the rest:  p = B v,  q = p - (v.p)/2 v,   H B H = B - v q^T - q v^T
 * QL         T - m I = Q L, then L Q + m I = Q^T T Q: similar, and e shrinks, the faster the nearer m is to a value.
 *            Q is a product of turns in planes (i, i+1), made and used one by one from the bottom (`chase`).
 *            m by Wilkinson: of the 2 x 2 block at the top, the value nearer to its corner. About two sweeps a value
 * Vectors    the rows of V begin as the mirrors' product and are turned along
 * Cost       4/3 N^3 for T, as many for the mirrors' product, about 3 N^3 for the turns
 * Source     Bowdler, Martin, Reinsch, Wilkinson 1968; Golub and Van Loan 2013, 8.3    Derivation  docs/math/eigen.md
 */
#include "linalg/eigen.h"

#include "linalg/vector.h"

#include <float.h>
#include <string.h>

/* Numbers of the scaled matrix are about 1, and so is what rounding did to them: where d is next to nothing, e need not be less. */
static const double TRACE = 1e-3;
enum { SWEEPS = 60 }; /* for one value: two or three are the rule, and no matrix is known that needs ten */

/* c, the n numbers of a column below its diagonal, becomes the v of the mirror that leaves the first of them. Returns that one. */
static double mirror(double *c, int64_t n)
{
    double most = mli_largest(c, n);
    if (most == 0)
        return 0;
    for (int64_t i = 0; i < n; i++)
        c[i] /= most;
    double length = sqrt(mli_dot(c, c, n)), r = c[0] > 0 ? -length : length;
    c[0] -= r;
    double size = sqrt(mli_dot(c, c, n) / 2);
    for (int64_t i = 0; i < n; i++)
        c[i] /= size;
    return r * most;
}

/* B <- B - v q^T - q v^T, B the last n rows and columns of a, whole; q is room for n numbers. */
static void both_sides(double *b, int64_t row, const double *v, double *q, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        q[i] = mli_dot(b + i * row, v, n);
    mli_axpy(q, -mli_dot(v, q, n) / 2, v, n);
    for (int64_t i = 0; i < n; i++) {
        mli_axpy(b + i * row, -v[i], q, n);
        mli_axpy(b + i * row, -q[i], v, n);
    }
}

/* a becomes: in row j, right of the diagonal, the v of mirror j. d and e (n numbers, e[n-1] = 0) are T. */
static void tridiagonal(double *a, int64_t n, double *d, double *e, double *q)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++)
            a[j * n + i] = a[i * n + j];
    for (int64_t j = 0; j < n; j++) {
        double *v = a + j * n + j + 1;
        int64_t rest = n - j - 1;
        d[j] = a[j * n + j];
        e[j] = 0;
        if (rest == 1)
            e[j] = v[0], v[0] = 0;
        else if (rest > 1) {
            e[j] = mirror(v, rest);
            both_sides(a + (j + 1) * (n + 1), n, v, q, rest);
        }
    }
}

/* a becomes the mirrors' product H_0 H_1 ..., turned: rows of V before any sweep. From the last mirror to the first; those after
 * j leave the rows and columns up to j alone. */
static void product(double *a, int64_t n, double *v)
{
    for (int64_t j = n - 1; j >= 0; j--) {
        int64_t rest = n - j - 1;
        memcpy(v, a + j * n + j + 1, (size_t)rest * sizeof *v);
        for (int64_t i = j + 1; i < n; i++) {
            double *b = a + i * n + j + 1;
            mli_axpy(b, -mli_dot(b, v, rest), v, rest);
        }
        a[j * n + j] = 1;
        for (int64_t i = j + 1; i < n; i++)
            a[j * n + i] = a[i * n + j] = 0;
    }
}

/* Rows x and y turned in their plane. */
static void turn(double *x, double *y, double c, double s, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        double f = y[i];
        y[i] = s * x[i] + c * f;
        x[i] = c * x[i] - s * f;
    }
}

/* One sweep with a shift over rows first .. last of T. */
static void chase(double *a, int64_t n, double *d, double *e, int64_t first, int64_t last)
{
    double half = (d[first + 1] - d[first]) / (2 * e[first]), root = hypot(half, 1);
    double g = d[last] - d[first] + e[first] / (half + copysign(root, half));
    double s = 1, c = 1, p = 0;
    int64_t i = last - 1;
    for (; i >= first; i--) {
        double f = s * e[i], b = c * e[i], r = hypot(f, g);
        e[i + 1] = r;
        if (r == 0) { /* T falls apart here */
            d[i + 1] -= p;
            e[last] = 0;
            return;
        }
        s = f / r, c = g / r;
        g = d[i + 1] - p;
        r = (d[i] - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
        turn(a + i * n, a + (i + 1) * n, c, s, n);
    }
    d[first] -= p;
    e[first] = g;
    e[last] = 0;
}

static ml_status diagonalize(double *a, int64_t n, double *d, double *e)
{
    for (int64_t first = 0; first < n; first++)
        for (int sweep = 0;; sweep++) {
            int64_t last = first;
            while (last + 1 < n && fabs(e[last]) > DBL_EPSILON * (fabs(d[last]) + fabs(d[last + 1]) + TRACE))
                last++;
            if (last == first)
                break;
            if (sweep == SWEEPS)
                return mli_fail(ML_ESTATE, "eigen: value %lld of %lld does not settle in %d sweeps", (long long)first,
                                (long long)n, SWEEPS);
            chase(a, n, d, e, first, last);
        }
    return ML_OK;
}

/* Values rise, and signs are settled. */
static void order(double *a, int64_t n, double *d)
{
    for (int64_t k = 0; k < n; k++) {
        int64_t least = k;
        for (int64_t i = k + 1; i < n; i++)
            if (d[i] < d[least])
                least = i;
        double value = d[least];
        d[least] = d[k], d[k] = value;
        double *v = a + k * n, *w = a + least * n;
        int64_t most = 0;
        for (int64_t i = 0; i < n; i++) {
            double f = w[i];
            w[i] = v[i], v[i] = f;
            if (fabs(v[i]) > fabs(v[most]))
                most = i;
        }
        for (int64_t i = 0; i < n && v[most] < 0; i++)
            v[i] = i == most ? v[i] : -v[i];
        v[most] = fabs(v[most]);
    }
}

ml_status mli_symmetric_eigen(double *a, int64_t n, double *values)
{
    double most = 0;
    for (int64_t i = 0; i < n; i++)
        most = fmax(most, mli_largest(a + i * n, i + 1));
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(mli_largest(a + i * n, i + 1)))
            return mli_fail(ML_EINVAL, "eigen: row %lld has a number that is not finite", (long long)i);
    /* Between 1/2 and 1, without rounding: neither squares nor sums get lost. */
    int scale = 0;
    frexp(most, &scale);
    for (int64_t i = 0; i < n * n; i++)
        a[i] = ldexp(a[i], -scale);
    double *e = mli_calloc(2 * (size_t)n + 1, sizeof *e);
    if (!e)
        return ML_ENOMEM;
    tridiagonal(a, n, values, e, e + n);
    product(a, n, e + n);
    ml_status s = diagonalize(a, n, values, e);
    mli_free(e);
    if (s)
        return s;
    order(a, n, values);
    for (int64_t i = 0; i < n; i++)
        values[i] = ldexp(values[i], scale);
    return ML_OK;
}
