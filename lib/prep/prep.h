/* prep.h -- what a step has to bring, and what all of them share. Internal.
 *
 * A step is a struct with a name and a few functions; it is known by its line in MLI_STEP_KINDS. To fit is to read the columns of a
 * frame into a state of the step's own; to transform is to walk over the columns of a frame and to put into a new one what becomes
 * of each.
 */
#ifndef MLI_PREP_H
#define MLI_PREP_H

#include "io/store.h"

#include <mlcore/prep.h>

/* A fitted step among other things in one file, as a pipeline keeps it. Taking believes nothing. */
ml_status mli_prep_put(const ml_prep *p, mli_store *s, const char *at);
ml_prep *mli_prep_take(mli_store *s, const char *at);

#endif
