/* folds.h -- what the makers of folds share. Internal. */
#ifndef MLI_FOLDS_H
#define MLI_FOLDS_H

#include "base/base.h"

#include <mlcore/select.h>

enum { MLI_MAX_FOLDS = 10000 };

/* Puts the default of k in; an error where k is out of range or above the number of rows. */
ml_status mli_folds_check(const char *where, int64_t rows, ml_fold_opts *opts);

/* The folds 0 .. k-1 in which rows are held; -1 is in none. An error where a fold holds none of the rows, or all. */
ml_folds *mli_folds_of_rows(ml_ints fold_of_row, int64_t k);

#endif
