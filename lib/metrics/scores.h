/* scores.h -- what the metrics of scores check. Internal. */
#ifndef MLI_SCORES_H
#define MLI_SCORES_H

#include "base/base.h"

#include <mlcore/metrics.h>

/* As many labels as rows, at least one, each in 0 .. classes-1, and no NaN among the scores; name is for the sentence. */
ml_status mli_check_scores(const char *name, ml_ints truth, ml_scores s, int32_t classes);
/* Besides: each number in 0 .. 1, each row 1 together. */
ml_status mli_check_probabilities(const char *name, ml_ints truth, ml_scores s);

/* Labels 0 and 1, scores of one or two columns: binary->score is that of class 1, n of them, for mli_free, in the order of the samples. */
typedef struct mli_binary {
    const int32_t *truth;
    double *score;
    int64_t n, positives;
} mli_binary;
ml_status mli_binary_of(const char *name, ml_ints truth, ml_scores s, mli_binary *b);
/* The same, both classes being there. */
ml_status mli_both_of(const char *name, ml_ints truth, ml_scores s, mli_binary *b);
/* The same as mli_binary_of, scores being in 0 .. 1. */
ml_status mli_probable_of(const char *name, ml_ints truth, ml_scores s, mli_binary *b);

/* A curve with room for n points, and n of 0; NULL where memory lacks. */
ml_curve *mli_curve_new(int64_t room);

#endif
