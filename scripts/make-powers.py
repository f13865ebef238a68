"""Writes lib/base/number_powers.c: the first 128 bits of 5^q, for reading and writing decimal numbers.

    python3 scripts/make-powers.py > lib/base/number_powers.c

Lemire's recipe (Number Parsing at a Gigabyte per Second, section 5): cut off, but for -27 <= q < 0, where 1 / 5^-q is rounded up."""

FIRST, LAST = -342, 324


def power(q):
    if q >= 0:
        v = 5**q
        return v << (128 - v.bit_length()) if v.bit_length() <= 128 else v >> (v.bit_length() - 128)
    divisor = 5**-q
    bits = divisor.bit_length()
    if q >= -27:
        return (1 << (bits + 127)) // divisor + 1
    v = (1 << (2 * bits + 128)) // divisor + 1
    return v >> (v.bit_length() - 128)


print(f"""/* number_powers.c -- the first 128 bits of 5^q, q = {FIRST} .. {LAST}, high word first.
 *
 * Made by scripts/make-powers.py; how they are rounded stands there. */
#include "base/number_parts.h"

const uint64_t mli_powers[MLI_POWER_LAST - MLI_POWER_FIRST + 1][2] = {{""")
row = []
for q in range(FIRST, LAST + 1):
    v = power(q)
    assert v.bit_length() == 128
    row.append(f"{{0x{v >> 64:016x}, 0x{v & (2**64 - 1):016x}}}")
    if len(row) == 2 or q == LAST:
        print("    " + ", ".join(row) + ",")
        row = []
print("};")
