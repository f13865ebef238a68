/* number_read.c -- the double that is nearest to a decimal number w * 10^q.
 *
 * Clinger   w <= 2^53 and |q| <= 22: both are doubles, so that one product or quotient rounds once, and that is the answer.
 * Lemire    else the first 64 bits of w times the first 128 bits of 5^q, by the table: a product whose error is so small that
 *           it tells how to round.
 * Exact     where w has more than 19 digits, and w cut off and w + 1 round to different doubles: number_exact.c.
 * Source    W. Clinger 1990, How to read floating point numbers accurately; D. Lemire 2021, Number parsing at a gigabyte per
 *           second, algorithm 1; N. Mushtak, D. Lemire 2023, Fast number parsing without fallback: why no other case is left.
 */
#include "base/number_parts.h"

#include <float.h>
#include <math.h>

enum { FRACTION = 52, LARGEST_EXPONENT = 2047 };
#define INFINITE ((uint64_t)LARGEST_EXPONENT << FRACTION)

/* The first 128 bits of w * 5^q, w from 2^63 on; the low word is looked at only where the high one does not tell. */
static mli_wide product(uint64_t w, int q)
{
    const uint64_t *power = mli_powers[q - MLI_POWER_FIRST];
    mli_wide first = (mli_wide)w * power[0];
    if (((uint64_t)(first >> 64) & 0x1ff) == 0x1ff)
        first += (mli_wide)w * power[1] >> 64;
    return first;
}

/* A double below 2^-1022: fewer bits, rounded once. */
static uint64_t small_double(uint64_t mantissa, int shift)
{
    if (shift >= 64)
        return 0;
    mantissa >>= shift;
    return (mantissa + (mantissa & 1)) >> 1; /* with 2^52 it has become the smallest of the others by itself */
}

/* The bits of the double nearest to w * 10^q. */
static uint64_t nearest(uint64_t w, int64_t q)
{
    if (w == 0 || q < MLI_POWER_FIRST)
        return 0;
    if (q > 308)
        return INFINITE;
    const int zeros = __builtin_clzll(w), power = (int)q;
    const mli_wide p = product(w << zeros, power);
    const uint64_t high = (uint64_t)(p >> 64), low = (uint64_t)p;
    const int top = (int)(high >> 63), shift = top + 64 - FRACTION - 3;
    uint64_t mantissa = high >> shift; /* one bit more than there is room for */
    /* 217706 / 2^16 is log2(10), close enough for these q. */
    int exponent = ((217706 * power) >> 16) + 63 + top - zeros + 1023;
    if (exponent <= 0)
        return small_double(mantissa, 1 - exponent);
    /* Half way exactly, which only these q can be: to even is down. */
    if (low <= 1 && power >= -4 && power <= 23 && (mantissa & 3) == 1 && mantissa << shift == high)
        mantissa &= ~(uint64_t)1;
    mantissa = (mantissa + (mantissa & 1)) >> 1;
    if (mantissa >> (FRACTION + 1)) {
        mantissa >>= 1;
        exponent++;
    }
    if (exponent >= LARGEST_EXPONENT)
        return INFINITE;
    return (uint64_t)exponent << FRACTION | (mantissa & (((uint64_t)1 << FRACTION) - 1));
}

static double value_of(uint64_t w, int64_t q)
{
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (FLT_EVAL_METHOD == 0 && w <= (uint64_t)1 << 53 && q >= -22 && q <= 22)
        return q < 0 ? (double)w / tens[-q] : (double)w * tens[q];
    return mli_double_of_bits(nearest(w, q));
}

/* ---- the text ---- */

typedef struct scan {
    mli_decimal d;
    uint64_t w;    /* the first 19 digits */
    int64_t extra; /* how many follow */
    int64_t behind; /* digits behind the point */
    bool any, pointed;
} scan;

static const char *scan_digits(const char *p, const char *end, scan *s)
{
    int taken = 0;
    for (; p < end; p++) {
        const unsigned digit = (unsigned)(*p - '0');
        if (digit > 9) {
            if (*p != s->d.point || s->pointed)
                break;
            s->pointed = true;
            continue;
        }
        s->any = true;
        s->behind += s->pointed;
        if (!taken && !digit)
            continue;
        if (!taken)
            s->d.digits = p;
        if (taken < 19) {
            s->w = 10 * s->w + digit;
            taken++;
        } else {
            s->extra++;
        }
    }
    s->d.end = p;
    return p;
}

/* e[+-]digits, where there is such a thing. More than a file can outweigh by zeros is as good as infinite. */
static const char *scan_exponent(const char *p, const char *end, int64_t *exponent)
{
    const char *at = p + 1;
    *exponent = 0;
    if (p == end || (*p != 'e' && *p != 'E'))
        return p;
    const bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if (at == end || (unsigned)(*at - '0') > 9)
        return p;
    for (; at < end && (unsigned)(*at - '0') <= 9; at++)
        if (*exponent < INT64_MAX / 100)
            *exponent = 10 * *exponent + (*at - '0');
    if (negative)
        *exponent = -*exponent;
    return at;
}

static const char *read_word(const char *p, const char *end, double *v)
{
    static const char word[] = "infinity";
    size_t n = 0;
    while (n < sizeof word - 1 && p + n < end && (p[n] | 0x20) == word[n])
        n++;
    *v = INFINITY;
    return n == 8 ? p + 8 : n >= 3 ? p + 3 : NULL;
}

static double long_value(const scan *s, int64_t q)
{
    const uint64_t below = nearest(s->w, q), above = nearest(s->w + 1, q);
    if (below == above)
        return mli_double_of_bits(below);
    return mli_number_exact(s->d, mli_double_of_bits(below == INFINITE ? below - 1 : below));
}

const char *mli_number_read(const char *p, const char *end, char point, double *v)
{
    scan s = {.d = {.point = point}};
    int64_t exponent;
    const bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    const char *at = scan_digits(p, end, &s);
    if (!s.any) {
        at = read_word(p, end, v);
    } else {
        at = scan_exponent(at, end, &exponent);
        s.d.power = exponent - s.behind;
        *v = s.extra ? long_value(&s, s.d.power + s.extra) : value_of(s.w, s.d.power);
    }
    if (negative)
        *v = -*v;
    return at;
}

const char *mli_integer_read(const char *p, const char *end, int64_t *v)
{
    uint64_t w = 0;
    const bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    if (p == end || (unsigned)(*p - '0') > 9)
        return NULL;
    for (; p < end && (unsigned)(*p - '0') <= 9; p++) {
        const uint64_t digit = (uint64_t)(*p - '0');
        if (w > (INT64_MAX - digit) / 10)
            return NULL;
        w = 10 * w + digit;
    }
    if (negative && w == 0)
        return NULL;
    *v = negative ? -(int64_t)w : (int64_t)w;
    return p;
}
