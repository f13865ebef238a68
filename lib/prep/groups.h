/* groups.h -- sums of the target over rows that agree in some columns, for group rates. Internal. */
#ifndef MLI_PREP_GROUPS_H
#define MLI_PREP_GROUPS_H

#include "prep/vocabulary.h"

/* The groups of rows that agree in all columns of a key. */
typedef struct mli_groups {
    mli_vocabulary key;
    double *sum, *count; /* of the target, and of rows: a number a group */
} mli_groups;

/* A text for each row that is equal where all columns of the key are; missing where one of them is. used[i] says whether column i
 * of the n is in the key. The caller frees it by mli_column_free. */
ml_status mli_groups_keys(const mli_prep_rows *g, const bool *used, int n, ml_column *keys);
/* Groups of the rows of `keys`, with the target y of each. */
ml_status mli_groups_of(const ml_column *keys, const double *y, mli_groups *groups);
/* Adds sign times the sum and the count of each row's group to sum and count; of a row without a group nothing. */
ml_status mli_groups_add(const mli_groups *groups, const ml_column *keys, double sign, double *sum, double *count);

ml_status mli_groups_put(const mli_groups *groups, mli_store *s, const char *at, int number);
ml_status mli_groups_take(mli_groups *groups, mli_store *s, const char *at, int number);
void mli_groups_free(mli_groups *groups);

#endif
