/* verbs.h -- what the verbs of <mlcore/wrangle.h> share: finding the column that they read, giving the one that they made.
 * Internal. */
#ifndef MLI_VERBS_H
#define MLI_VERBS_H

#include "data/frame.h"

#include <mlcore/wrangle.h>

/* Sets of types. */
enum {
    MLI_NUMERIC = 1 << ML_NUMBER | 1 << ML_INTEGER,
    MLI_TEXTUAL = 1 << ML_CATEGORY | 1 << ML_TEXT,
    MLI_TIMES = 1 << ML_TIME,
    MLI_ANY = MLI_NUMERIC | MLI_TEXTUAL | MLI_TIMES
};

/* The column of that name, if its type is in the set; else NULL with an error that begins with `where`. */
const ml_column *mli_verb_column(const char *where, const ml_frame *f, const char *name, unsigned types);

/* The n >= 0 columns of a list (NULL: all), no name twice, for mli_free; NULL on error. */
const ml_column **mli_verb_columns(const char *where, const ml_frame *f, const char *list, int *n);

/* Gives the arrays of *c, from mli_alloc, to the frame under a name, which is checked and copied. On error they are freed. */
ml_status mli_verb_give(const char *where, ml_frame *f, const char *name, ml_column *c);
/* The same of f->rows numbers, or integers; NULL is an error of memory that is set already. */
ml_status mli_verb_numbers(const char *where, ml_frame *f, const char *name, double *v);
ml_status mli_verb_integers(const char *where, ml_frame *f, const char *name, int64_t *v);

/* Gives a copy of a column, whose value i is the one of row rows[i] of `from`, missing where that is -1. */
ml_status mli_verb_pick(const char *where, ml_frame *f, const char *name, const ml_column *from, const int64_t *rows);

/* OK, or an error that explains leakage, where a verb would learn `what` ("a mean") from a TEST frame. */
ml_status mli_verb_may_learn(const char *where, const ml_frame *f, const char *what);

/* "text", "number or integer": the types of a set. */
const char *mli_types_text(unsigned types, char *buf, size_t size);

#endif
