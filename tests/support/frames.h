/* frames.h -- what tests of frames share: frames from texts, and columns that are as they should be. */
#ifndef TESTS_FRAMES_H
#define TESTS_FRAMES_H

#include "support/check.h"

/* A text column from words between blanks; "-" is missing, and "_" a text without letters. */
void put_words(ml_frame *f, const char *name, const char *words);
/* The same as a category, whose list has the words in the order in which they first come. */
void put_category(ml_frame *f, const char *name, const char *words);
/* Numbers between blanks, "-" is missing; integers where all are written so. */
void put_values(ml_frame *f, const char *name, const char *numbers);

/* Fails unless the column has this type, and these values, written as above. */
void assert_words(const ml_frame *f, const char *name, ml_type type, const char *words);
void assert_values(const ml_frame *f, const char *name, ml_type type, const char *numbers);
/* Fails unless the column is as these n numbers, within rtol; NaN is missing. */
void assert_column_close(const ml_frame *f, const char *name, const double *v, int64_t n, double rtol);

/* Fails unless the last error has this part. */
void assert_error_has(const char *part);

#endif
