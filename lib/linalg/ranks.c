/* ranks.c -- order instead of size.
 *
 * Kendall's tau-b of n pairs: with P pairs of rows in the same order in x as in y, Q in the other, T_x tied in x, T_y in y,
 *     tau = (P - Q) / sqrt((n(n-1)/2 - T_x) (n(n-1)/2 - T_y))
 * Sorted by x, and by y where x is equal, the pairs in the other order are the exchanges that sorting by y then makes, which merging counts
 * in n log n; what is neither tied nor in the other order is in the same:
 *     P = n(n-1)/2 - T_x - T_y + T_xy - Q
 * Source     Knight 1966, "A computer method for calculating Kendall's tau with ungrouped data"
 */
#include "linalg/ranks.h"

#include <math.h>
#include <stdlib.h>

typedef struct pair {
    double x, y;
} pair;

static int by_x_then_y(const void *p, const void *q)
{
    const pair *a = p, *b = q;
    const int x = (a->x > b->x) - (a->x < b->x);
    return x ? x : (a->y > b->y) - (a->y < b->y);
}

ml_status mli_ranks(double *v, int64_t n)
{
    pair *p = mli_alloc((size_t)n * sizeof *p); /* the number, and where it stands */
    if (!p)
        return ML_ENOMEM;
    for (int64_t i = 0; i < n; i++)
        p[i] = (pair){v[i], (double)i};
    qsort(p, (size_t)n, sizeof *p, by_x_then_y);
    for (int64_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && p[end].x == p[i].x; end++)
            ;
        for (int64_t k = i; k < end; k++)
            v[(int64_t)p[k].y] = (double)(i + 1 + end) / 2;
    }
    mli_free(p);
    return ML_OK;
}

/* Pairs among n; in double, since their number may not fit 64 bits. */
static double pairs_of(int64_t n)
{
    return (double)n * (double)(n - 1) / 2;
}

/* How many of the sorted pairs are tied in x, or where `both`, in x and y. */
static double ties(const pair *p, int64_t n, bool both)
{
    double sum = 0;
    for (int64_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && p[end].x == p[i].x && (!both || p[end].y == p[i].y); end++)
            ;
        sum += pairs_of(end - i);
    }
    return sum;
}

/* Sorts v, and says how many pairs stood in the wrong order. */
static double exchanges(double *v, double *other, int64_t n)
{
    if (n < 2)
        return 0;
    const int64_t half = n / 2;
    double count = exchanges(v, other, half) + exchanges(v + half, other, n - half);
    int64_t a = 0, b = half;
    for (int64_t i = 0; i < n; i++)
        if (b == n || (a < half && v[a] <= v[b])) {
            other[i] = v[a++];
        } else {
            count += (double)(half - a);
            other[i] = v[b++];
        }
    for (int64_t i = 0; i < n; i++)
        v[i] = other[i];
    return count;
}

ml_status mli_kendall(double *x, double *y, int64_t n, double *tau)
{
    pair *p = mli_alloc((size_t)n * sizeof *p);
    if (!p)
        return ML_ENOMEM;
    for (int64_t i = 0; i < n; i++)
        p[i] = (pair){x[i], y[i]};
    qsort(p, (size_t)n, sizeof *p, by_x_then_y);
    const double tied_x = ties(p, n, false), tied_both = ties(p, n, true);
    for (int64_t i = 0; i < n; i++)
        y[i] = p[i].y;
    const double other_order = exchanges(y, x, n);
    for (int64_t i = 0; i < n; i++)
        p[i].x = y[i];
    const double tied_y = ties(p, n, false), all = n < 2 ? 0 : pairs_of(n);
    const double same_order = all - tied_x - tied_y + tied_both - other_order;
    *tau = all > tied_x && all > tied_y ? (same_order - other_order) / sqrt(all - tied_x) / sqrt(all - tied_y) : NAN;
    *tau = *tau > 1 ? 1 : *tau < -1 ? -1 : *tau;
    mli_free(p);
    return ML_OK;
}
