/* number_exact.c -- rounding a decimal number by exact arithmetic: the judge where its first 19 digits do not tell.
 *
 * A double is right when the number lies between the points half way to its neighbours. Such a point is m * 2^k, the number
 * D * 10^p; both become integers by multiplying by powers of 5 and 2, and are compared digit by digit.
 * Source     W. Clinger 1990, section 4 (AlgorithmR)
 */
#include "base/number_parts.h"

enum {
    LIMBS = 56,  /* 3584 bits; 5^1144 times 54 bits, or 801 digits, need less than 2800 */
    DIGITS = 800 /* half-way points have at most 767; what follows can only break a tie */
};

typedef struct big {
    uint64_t limb[LIMBS]; /* the lowest first */
    int n;
} big;

/* b * factor + add */
static void big_multiply(big *b, uint64_t factor, uint64_t add)
{
    uint64_t carry = add;
    for (int i = 0; i < b->n; i++) {
        const mli_wide p = (mli_wide)b->limb[i] * factor + carry;
        b->limb[i] = (uint64_t)p;
        carry = (uint64_t)(p >> 64);
    }
    if (carry && b->n < LIMBS)
        b->limb[b->n++] = carry;
}

static void big_times_power_of_five(big *b, int64_t power)
{
    const uint64_t five27 = 7450580596923828125u; /* the largest that fits */
    for (; power >= 27; power -= 27)
        big_multiply(b, five27, 0);
    for (; power > 0; power--)
        big_multiply(b, 5, 0);
}

static void big_shift(big *b, int64_t bits)
{
    for (; bits >= 32; bits -= 32)
        big_multiply(b, (uint64_t)1 << 32, 0);
    big_multiply(b, (uint64_t)1 << bits, 0);
}

static int big_compare(const big *a, const big *b)
{
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    for (int i = a->n - 1; i >= 0; i--)
        if (a->limb[i] != b->limb[i])
            return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

/* The digits as an integer, and the power of ten of its last one. What lies beyond DIGITS becomes one digit, 1, where any of
 * it is not 0. */
static int64_t big_of_decimal(big *b, mli_decimal d)
{
    int64_t taken = 0, power = d.power;
    bool rest = false;
    b->n = 0;
    for (const char *p = d.digits; p < d.end; p++) {
        if (*p == d.point)
            continue;
        if (taken++ < DIGITS) {
            big_multiply(b, 10, (uint64_t)(*p - '0'));
        } else {
            rest = rest || *p != '0';
            power++;
        }
    }
    if (rest) {
        big_multiply(b, 10, 1);
        power--;
    }
    return power;
}

/* The order of number * 10^power and the point half way from the double of these bits up to the next. */
static int compare_half(const big *number, int64_t power, uint64_t bits)
{
    const uint64_t fraction = bits & (((uint64_t)1 << 52) - 1), exponent = bits >> 52;
    const uint64_t c = exponent ? fraction | (uint64_t)1 << 52 : fraction;
    const int64_t k = (int64_t)(exponent ? exponent : 1) - 1075 - 1;
    big left = *number, right = {.limb = {2 * c + 1}, .n = 1};
    big_times_power_of_five(power > 0 ? &left : &right, power > 0 ? power : -power);
    if (power > k)
        big_shift(&left, power - k);
    else
        big_shift(&right, k - power);
    return big_compare(&left, &right);
}

double mli_number_exact(mli_decimal d, double near)
{
    const uint64_t infinite = (uint64_t)2047 << 52;
    big number;
    const int64_t power = big_of_decimal(&number, d);
    uint64_t bits = mli_bits_of_double(near);
    while (bits < infinite) {
        const int up = compare_half(&number, power, bits);
        if (up < 0 || (up == 0 && bits % 2 == 0))
            break;
        bits++;
    }
    while (bits > 0) {
        const int down = compare_half(&number, power, bits - 1);
        if (down > 0 || (down == 0 && bits % 2 == 0))
            break;
        bits--;
    }
    return mli_double_of_bits(bits);
}
