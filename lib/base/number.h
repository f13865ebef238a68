/* number.h -- decimal numbers to doubles and back: correctly rounded, shortest, whatever the locale. Internal. */
#ifndef MLI_NUMBER_H
#define MLI_NUMBER_H

#include "base/base.h"

/* Reads the number at the start of p .. end-1 into *v, rounded to the nearest double, ties to even, and returns where it
 * ends; NULL where there is none. A number is [+-] digits with at most one decimal point among, before or behind them, then
 * perhaps e or E and a whole number; or [+-] inf or infinity, in any case. Beyond the largest double it is infinite, below half
 * the smallest zero, as by strtod. */
const char *mli_number_read(const char *p, const char *end, char point, double *v);

/* The same for [+-] digits; NULL, too, where it does not fit, or is the smallest of all, which stands for a missing value;
 * "-0" is no integer: only a double keeps its sign. */
const char *mli_integer_read(const char *p, const char *end, int64_t *v);

/* The fewest digits that read back as v, of those the nearest to it, written as Python's repr does: "0.1", "1.0", "1e+16",
 * "-inf", "nan". Returns their count; a zero follows. */
enum { MLI_NUMBER_TEXT = 32 };
int mli_number_text(double v, char point, char buf[MLI_NUMBER_TEXT]);

#endif
