/* chi_square.c -- the distribution of a sum of k squares of standard normal numbers
 *
 * Density    x^(a-1) e^-x / Gamma(a), with a = k/2, of half the sum, x
 * Weight     w = x^a e^-x / Gamma(a+1). For a large a its parts are huge and cancel; then Stirling's formula for Gamma leaves
 *            w = exp(-a (t - 1 - log t) - 1/(12a) + ...) / sqrt(2 pi a),  t = x/a
 * Below      x < a + 1:  w sum_n x^n / ((a+1) ... (a+n))              by parts, again and again; all terms positive
 * Above      x >= a + 1: a w / (x+1-a - 1(1-a)/(x+3-a - 2(2-a)/(x+5-a - ...)))       Legendre's continued fraction
 * Quantile   Newton on whichever tail is the smaller, kept between bounds, from Wilson and Hilferty's cube of a normal number
 * Source     Loader 2000 (weight); Press and others 2007, 6.2; Wilson, Hilferty 1931    Derivation  docs/math/quantiles.md
 */
#include "linalg/quantiles.h"

#include <float.h>
#include <stdbool.h>

enum { TERMS = 100000, STEPS = 200 };

/* t - 1 - log t, without cancellation near 1: with v = (t-1)/(t+1), log t = 2 (v + v^3/3 + v^5/5 + ...). */
static double bend(double t)
{
    double d = t - 1, v = d / (t + 1);
    if (fabs(v) > 0.1)
        return d - log(t);
    double sum = d * v, power = 2 * v; /* d - 2v = d v */
    for (int n = 3; n < 40; n += 2) {
        power *= v * v;
        sum -= power / n;
    }
    return sum;
}

static double weight(double a, double x)
{
    if (a < 20)
        return pow(x, a) * exp(-x) / tgamma(a + 1);
    double s = 1 / (a * a), rest = (1.0 / 12 - s * (1.0 / 360 - s * (1.0 / 1260 - s * (1.0 / 1680 - s / 1188)))) / a;
    return exp(-a * bend(x / a) - rest) / sqrt(2 * 3.14159265358979323846 * a);
}

static double below(double a, double x)
{
    double term = 1, sum = 1;
    for (int n = 1; n < TERMS && term > sum * DBL_EPSILON / 4; n++) {
        term *= x / (a + n);
        sum += term;
    }
    return weight(a, x) * sum;
}

/* Lentz's way to evaluate it from the front. */
static double above(double a, double x)
{
    double b = x + 1 - a, c = 1 / DBL_MIN, d = 1 / b, f = d;
    for (int n = 1; n < TERMS; n++) {
        double an = -n * (n - a);
        b += 2;
        d = an * d + b;
        c = b + an / c;
        d = 1 / (fabs(d) < DBL_MIN ? DBL_MIN : d);
        c = fabs(c) < DBL_MIN ? DBL_MIN : c;
        f *= d * c;
        if (fabs(d * c - 1) < DBL_EPSILON)
            break;
    }
    return a * weight(a, x) * f;
}

/* Either tail of half the sum. */
static double tail(double a, double x, bool upper)
{
    if (x <= 0 || x > DBL_MAX)
        return (x <= 0) == upper;
    bool fraction = x >= a + 1;
    double p = fraction ? above(a, x) : below(a, x);
    return upper == fraction ? p : 1 - p;
}

static bool is_in_range(double x, double k)
{
    return x >= 0 && k > 0 && k < INFINITY;
}

double mli_chi_square_cdf(double x, double k)
{
    return is_in_range(x, k) ? tail(k / 2, x / 2, false) : NAN;
}

double mli_chi_square_above(double x, double k)
{
    return is_in_range(x, k) ? tail(k / 2, x / 2, true) : NAN;
}

/* Half the sum below which about p lies. */
static double guess(double p, double a)
{
    double c = 1 / (9 * a), cube = 1 - c + mli_normal_quantile(p) * sqrt(c), x = a * cube * cube * cube;
    /* Near 0 the density is that of a power. */
    return cube > 0.2 ? x : exp((log(p) + (a < 20 ? log(tgamma(a + 1)) : a * log(a) - a)) / a);
}

double mli_chi_square_quantile(double p, double k)
{
    if (!is_in_range(p, k) || p > 1)
        return NAN;
    if (p == 0 || p == 1)
        return p == 0 ? 0 : INFINITY;
    bool upper = p > 0.5;
    double a = k / 2, x = fmax(guess(p, a), DBL_MIN), least = 0, most = INFINITY, want = upper ? 1 - p : p;
    for (int step = 0; step < STEPS; step++) {
        double off = upper ? want - tail(a, x, true) : tail(a, x, false) - want;
        if (off == 0)
            break;
        *(off > 0 ? &most : &least) = x;
        double next = x - off * x / (a * weight(a, x));
        if (!(next > least && next < most))
            next = most < INFINITY ? (least + most) / 2 : 2 * x;
        bool settled = fabs(next - x) <= 2 * DBL_EPSILON * x;
        x = next;
        if (settled)
            break;
    }
    return 2 * x;
}
