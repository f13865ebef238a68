/* prep.h -- what the tests of steps share. */
#ifndef TESTS_PREP_H
#define TESTS_PREP_H

#include "prep/prep.h"
#include "support/check.h"

/* Fails unless ml_error says this part. */
void assert_says(const char *part);
/* Columns of the same names, types and bits, in one order, and roles. */
void assert_same_frames(const ml_frame *a, const ml_frame *b);
/* Numbers of a column to 1e-12, relative where they are large; NaN equals NaN. */
void assert_column(const ml_frame *f, const char *name, const double *v);
/* The names of all columns, with blanks between. */
void assert_names(const ml_frame *f, const char *names);

/* Fits on f and transforms `also` (NULL: f). The step goes to a file and back and must then do the same, bit by bit; the folder of
 * tmp.h is needed. */
ml_frame *transformed(ml_prep_step step, const ml_frame *f, const char *target, const ml_frame *also);
/* The step out of a file to which it went. */
ml_prep *reloaded(const ml_prep *p);
/* Fitting fails, and the sentence has this part. */
void assert_refused(ml_prep_step step, const ml_frame *f, const char *target, const char *part);

#endif
