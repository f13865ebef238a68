/* number_parts.h -- what reading and writing decimal numbers share. Internal to the files number_*.c. */
#ifndef MLI_NUMBER_PARTS_H
#define MLI_NUMBER_PARTS_H

#include "base/number.h"

#include <string.h>

/* The first 128 bits of 5^q, high word first: row q - MLI_POWER_FIRST. */
enum { MLI_POWER_FIRST = -342, MLI_POWER_LAST = 324 };
extern const uint64_t mli_powers[MLI_POWER_LAST - MLI_POWER_FIRST + 1][2];

__extension__ typedef unsigned __int128 mli_wide;

/* A decimal number as it was found: digits, perhaps with a point among them, times ten to a power. */
typedef struct mli_decimal {
    const char *digits, *end; /* from the first digit that is not 0 */
    char point;
    int64_t power; /* of ten, of the last digit */
} mli_decimal;

/* The double nearest to d, ties to even, by exact arithmetic; `near` is finite, and at most a few steps away. */
double mli_number_exact(mli_decimal d, double near);

static inline double mli_double_of_bits(uint64_t bits)
{
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static inline uint64_t mli_bits_of_double(double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

#endif
