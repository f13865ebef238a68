/* candidates.h -- what a search tries. Internal. */
#ifndef MLI_CANDIDATES_H
#define MLI_CANDIDATES_H

#include "base/base.h"

#include <mlcore/select.h>

typedef struct mli_candidates {
    int64_t n;
    int choices;
    const ml_choice *choice; /* the caller's */
    double *value;           /* n x choices */
} mli_candidates;

/* All of a grid, or so many drawn; each is set in a copy of the recipe and checked, so that none fails for its options when
 * others have been fitted for an hour. On error *c is empty. */
ml_status mli_candidates_make(mli_candidates *c, const ml_recipe *recipe, const ml_search_opts *opts);
void mli_candidates_free(mli_candidates *c);
/* Sets the options of candidate i. */
ml_status mli_candidate_set(const mli_candidates *c, int64_t i, ml_recipe *recipe);
/* "C=0.1, l1_ratio=0" into buf, which it returns. */
const char *mli_candidate_text(const mli_candidates *c, int64_t i, char *buf, size_t size);

#endif
