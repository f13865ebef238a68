/* scores.h -- what the metrics of scores check. Internal. */
#ifndef MLI_SCORES_H
#define MLI_SCORES_H

#include "base/base.h"

#include <mlcore/metrics.h>

/* As many labels as rows, at least one, each in 0 .. classes-1, and no NaN among the scores; name is for the sentence. */
ml_status mli_check_scores(const char *name, ml_ints truth, ml_scores s, int32_t classes);
/* Besides: each number in 0 .. 1, each row 1 together. */
ml_status mli_check_probabilities(const char *name, ml_ints truth, ml_scores s);

#endif
