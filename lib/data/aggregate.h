/* aggregate.h -- many values become one: a column of one value a group. Internal. */
#ifndef MLI_AGGREGATE_H
#define MLI_AGGREGATE_H

#include "data/codes.h"

#include <mlcore/summary.h>

/* Whether the kind can be had of this column of the frame, which goes to *column (NULL for ML_AGG_SIZE); the error begins with `where`. */
ml_status mli_aggregate_check(const char *where, const ml_frame *f, const ml_aggregate *a, const ml_column **column);
/* The name of the result, for mli_free. */
char *mli_aggregate_name(const ml_aggregate *a);
/* A column of its own: one value for each of g->count groups. On error *out is empty. */
ml_status mli_aggregate(ml_column *out, const char *name, const mli_codes *g, const ml_column *column, const ml_aggregate *a);

#endif
