/* columns.h -- which columns of a frame a step works on, when it is fitted and when it transforms. Internal. */
#ifndef MLI_PREP_COLUMNS_H
#define MLI_PREP_COLUMNS_H

#include "prep/prep.h"

/* Adds to p->name and p->type the columns that the lists mean, each once, in the order of the lists. p->kind says which types it
 * takes. */
ml_status mli_columns_choose(ml_prep *p, const ml_frame *f, const char *target, const char *const *list, int lists);

/* The columns of f that were chosen: (*column)[i] for p->name[i], for mli_free, NULL where one lacks and may. Columns of another
 * type that will do are converted into *aside, which the caller frees. */
ml_status mli_columns_look_up(const ml_prep *p, const ml_frame *f, const ml_column ***column, ml_frame **aside);

#endif
