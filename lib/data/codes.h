/* codes.h -- equal values get equal numbers: what grouping, joining and counting stand on. Internal. */
#ifndef MLI_CODES_H
#define MLI_CODES_H

#include "data/frame.h"

/* For each of n rows its code in 0 .. count-1, or -1; and the row in which each code is first seen. */
typedef struct mli_codes {
    int64_t n;
    int32_t count;
    int32_t *code;
    int64_t *first;
} mli_codes;

/* Codes of the values of one column in the order in which they are first seen; what is missing is a value too where `missing`, else -1.
 * Linear in time, by hashing. On error *c is empty, here and below. */
ml_status mli_codes_of(mli_codes *c, const ml_column *column, bool missing);
/* *a becomes the codes of pairs (a, b) that occur, as they are first seen; -1 where either is. */
ml_status mli_codes_pair(mli_codes *a, const mli_codes *b);
/* Codes of the combinations of several columns, as they are first seen. */
ml_status mli_codes_of_keys(mli_codes *c, const ml_column *const *keys, int n, bool missing);
/* Numbers codes anew, so that they follow the order of the values of the columns: that of mli_column_order. */
ml_status mli_codes_sort(mli_codes *c, const ml_column *const *keys, int n);
/* Rows by their codes, of one code as they come: those of code k are (*rows)[(*start)[k]] .. (*rows)[(*start)[k + 1] - 1]. Both for
 * mli_free. */
ml_status mli_codes_rows(const mli_codes *c, int64_t **start, int64_t **rows);
void mli_codes_free(mli_codes *c);

static inline bool mli_is_numeric(const ml_column *c)
{
    return c->type == ML_NUMBER || c->type == ML_INTEGER;
}

/* The columns of a list of names, at least one, for mli_free; an error begins with `where`. */
const ml_column **mli_keys_find(const char *where, const ml_frame *f, const char *names, int *n);

#endif
