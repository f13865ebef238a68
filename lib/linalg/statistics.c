/* statistics.c -- see statistics.h. */
#include "linalg/statistics.h"

#include <math.h>
#include <stdbool.h>

enum { BLOCK = 256, LANES = 8 };

/* A block in eight sums side by side, so that an addition need not wait for the one before. */
static double block_sum(const double *v, int64_t n)
{
    double lane[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++)
            lane[j] += v[i + j];
    double sum = ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
    for (; i < n; i++)
        sum += v[i];
    return sum;
}

static double block_products(const double *v, double a, const double *w, double b, int64_t n)
{
    double lane[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++)
            lane[j] += (v[i + j] - a) * (w[i + j] - b);
    double sum = ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
    for (; i < n; i++)
        sum += (v[i] - a) * (w[i] - b);
    return sum;
}

static int64_t half_of(int64_t n)
{
    return n / 2 / LANES * LANES;
}

double mli_sum(const double *v, int64_t n)
{
    if (n <= BLOCK)
        return block_sum(v, n);
    const int64_t half = half_of(n);
    return mli_sum(v, half) + mli_sum(v + half, n - half);
}

double mli_sum_products(const double *v, double a, const double *w, double b, int64_t n)
{
    if (n <= BLOCK)
        return block_products(v, a, w, b, n);
    const int64_t half = half_of(n);
    return mli_sum_products(v, a, w, b, half) + mli_sum_products(v + half, a, w + half, b, n - half);
}

double mli_mean(const double *v, int64_t n)
{
    return n > 0 ? mli_sum(v, n) / (double)n : NAN;
}

/* The mean of equal numbers may round to a neighbour of theirs, so that they would seem to vary. */
static bool constant(const double *v, int64_t n)
{
    int64_t i = 1;
    while (i < n && v[i] == v[0])
        i++;
    return i == n && isfinite(v[0]);
}

double mli_covariance(const double *v, const double *w, int64_t n)
{
    if (n < 2)
        return NAN;
    if (constant(v, n) || constant(w, n))
        return 0;
    return mli_sum_products(v, mli_mean(v, n), w, mli_mean(w, n), n) / (double)(n - 1);
}

double mli_variance(const double *v, int64_t n)
{
    return mli_covariance(v, v, n);
}

static void swap(double *a, double *b)
{
    const double x = *a;
    *a = *b;
    *b = x;
}

double mli_select(double *v, int64_t n, int64_t k)
{
    uint64_t draw = 1; /* a pivot anywhere: no order of v is a bad one for long */
    int64_t low = 0, high = n - 1;
    while (low < high) {
        draw = draw * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX */
        const double pivot = v[low + (int64_t)((draw >> 33) % (uint64_t)(high - low + 1))];
        int64_t below = low, i = low, above = high; /* v[low..below-1] < pivot, v[below..i-1] equal, v[above+1..high] larger */
        while (i <= above) {
            if (v[i] < pivot)
                swap(&v[below++], &v[i++]);
            else if (v[i] > pivot)
                swap(&v[i], &v[above--]);
            else
                i++;
        }
        if (k < below)
            high = below - 1;
        else if (k > above)
            low = above + 1;
        else
            return pivot;
    }
    return v[k];
}

/* The smallest of v[k + 1 .. n-1], which after mli_select of k is the next larger place. */
static double next_larger(const double *v, int64_t n, int64_t k)
{
    double least = v[k + 1];
    for (int64_t i = k + 2; i < n; i++)
        least = v[i] < least ? v[i] : least;
    return least;
}

double mli_quantile(double *v, int64_t n, double share)
{
    if (n < 1)
        return NAN;
    const double place = share * (double)(n - 1);
    const int64_t k = (int64_t)place;
    const double t = place - (double)k, a = mli_select(v, n, k);
    if (t == 0 || k == n - 1)
        return a;
    const double b = next_larger(v, n, k);
    if (a == b)
        return a; /* of two infinities the difference is none */
    return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t); /* exact at both ends, as NumPy's */
}

double mli_median(double *v, int64_t n)
{
    if (n < 1)
        return NAN;
    const double a = mli_select(v, n, (n - 1) / 2);
    return n % 2 ? a : a / 2 + next_larger(v, n, (n - 1) / 2) / 2;
}
