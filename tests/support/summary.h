/* summary.h -- what the tests of summaries share: the frame of tests/golden/make_summary.py, and columns as numbers. */
#ifndef TESTS_SUMMARY_H
#define TESTS_SUMMARY_H

#include "support/check.h"

/* Columns a (text, one of "e" "b" "a" "d" "c"), b, x, z (numbers), y (integer), c (0.1 in every row). */
ml_frame *summary_frame(void);
/* The place of value i in "e b a d c"; NaN where it is missing. */
double summary_place(const ml_column *c, int64_t i);

/* The column of a frame that must have it. */
const ml_column *column(const ml_frame *f, const char *name);
/* Fails unless value i, as a number (of a text its place), is v to 1e-12 of its size; NaN equals NaN only. */
void assert_value(const ml_column *c, int64_t i, double v);
/* Fails unless the values of the column are these n. */
void assert_numbers(const ml_frame *f, const char *name, const double *v, int64_t n);
void assert_texts(const ml_frame *f, const char *name, const char *const *v, int64_t n);
/* Fails unless there is no frame, and the sentence is this. */
void assert_no_frame(const ml_frame *f, const char *sentence);

#endif
