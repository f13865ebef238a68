/* number_write.c -- the shortest decimal number that reads back as a double; the nearest of those.
 *
 * A double c * 2^q owns the numbers up to half way to its neighbours. Scaled by a power of ten, so that between 2 and 20
 * integers lie in that stretch, its two ends and its middle are known to 2 bits behind the point, and whether anything
 * follows, from one product each with the table of powers: enough to choose the integer, with one digit less where one fits.
 * Source     R. Giulietti 2020, The Schubfach way to render doubles
 */
#include "base/number_parts.h"

#include <math.h>

typedef struct shortest {
    uint64_t digits;
    int power; /* of ten */
} shortest;

/* floor(e * log2(10)), floor(e * log10(2)), and of three quarters of 2^e, for every e of a double. */
static int log2_of_10(int e)
{
    return (e * 1741647) >> 19;
}
static int log10_of_2(int e, bool three_quarters)
{
    return (e * 1262611 - (three_quarters ? 524031 : 0)) >> 22;
}

/* cp * 10^power, scaled by the table; the last bit is set where anything was cut off. */
static uint64_t scaled(uint64_t cp, int power)
{
    const uint64_t *entry = mli_powers[power - MLI_POWER_FIRST];
    mli_wide g = (mli_wide)entry[0] << 64 | entry[1];
    g += power < -27 || power > 55; /* rounded up wherever the table cuts off */
    const uint64_t low = (uint64_t)((mli_wide)(uint64_t)g * cp >> 64);
    const mli_wide sum = (mli_wide)(uint64_t)(g >> 64) * cp + low;
    return (uint64_t)(sum >> 64) | ((uint64_t)sum > 1);
}

/* Of a finite double above 0. */
static shortest digits_of(uint64_t bits)
{
    const uint64_t fraction = bits & (((uint64_t)1 << 52) - 1);
    const int exponent = (int)(bits >> 52);
    const uint64_t c = exponent ? fraction | (uint64_t)1 << 52 : fraction;
    const int q = (exponent ? exponent : 1) - 1075;
    if (q <= 0 && q > -53 && (c & (((uint64_t)1 << -q) - 1)) == 0)
        return (shortest){c >> -q, 0};
    const bool closer = fraction == 0 && exponent > 1; /* the neighbour below is only half as far */
    const uint64_t odd = c & 1;                        /* then the ends belong to the neighbours */
    const int k = log10_of_2(q, closer), h = q + log2_of_10(-k) + 1;
    const uint64_t low = scaled((4 * c - 2 + closer) << h, -k) + odd, middle = scaled(4 * c << h, -k),
                   high = scaled((4 * c + 2) << h, -k) - odd, s = middle / 4;
    if (s >= 10) {
        const uint64_t tens = s / 10;
        const bool down = low <= 40 * tens, up = 40 * tens + 40 <= high;
        if (down != up)
            return (shortest){tens + up, k + 1};
    }
    const bool down = low <= 4 * s, up = 4 * s + 4 <= high;
    if (down != up)
        return (shortest){s + up, k};
    return (shortest){s + (middle > 4 * s + 2 || (middle == 4 * s + 2 && s & 1)), k};
}

/* Digits into to, none of them a zero at the end; *power becomes the power of ten of the last. */
static int write_digits(shortest v, char *to, int *power)
{
    char turned[24];
    int n = 0;
    for (; v.digits % 10 == 0; v.digits /= 10)
        v.power++;
    for (; v.digits; v.digits /= 10)
        turned[n++] = (char)('0' + v.digits % 10);
    for (int i = 0; i < n; i++)
        to[i] = turned[n - 1 - i];
    *power = v.power;
    return n;
}

/* n digits, the point behind the first `whole` of them, with zeros before or behind where those are too few. */
static char *write_fixed(char *to, const char *digits, int n, int whole, char point)
{
    if (whole <= 0) {
        *to++ = '0';
        *to++ = point;
    }
    for (int i = whole; i < 0; i++)
        *to++ = '0';
    for (int i = 0; i < n || i < whole; i++) {
        if (i > 0 && i == whole)
            *to++ = point;
        *to++ = (char)(i < n ? digits[i] : '0');
    }
    if (n <= whole) {
        *to++ = point;
        *to++ = '0';
    }
    return to;
}

static char *write_scientific(char *to, const char *digits, int n, int exponent, char point)
{
    *to++ = digits[0];
    if (n > 1)
        *to++ = point;
    for (int i = 1; i < n; i++)
        *to++ = digits[i];
    *to++ = 'e';
    *to++ = exponent < 0 ? '-' : '+';
    exponent = exponent < 0 ? -exponent : exponent;
    if (exponent >= 100)
        *to++ = (char)('0' + exponent / 100);
    *to++ = (char)('0' + exponent / 10 % 10);
    *to++ = (char)('0' + exponent % 10);
    return to;
}

int mli_number_text(double v, char point, char buf[MLI_NUMBER_TEXT])
{
    char digits[24] = {0}, *to = buf;
    int power = 0;
    if (signbit(v) && !isnan(v))
        *to++ = '-';
    if (!isfinite(v) || v == 0) {
        const char zero[] = {'0', point, '0', 0};
        strcpy(to, isnan(v) ? "nan" : v == 0 ? zero : "inf");
        return (int)strlen(buf);
    }
    const int n = write_digits(digits_of(mli_bits_of_double(fabs(v))), digits, &power);
    const int exponent = n + power - 1;
    to = exponent >= -4 && exponent < 16 ? write_fixed(to, digits, n, exponent + 1, point)
                                         : write_scientific(to, digits, n, exponent, point);
    *to = 0;
    return (int)(to - buf);
}
