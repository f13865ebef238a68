/* vocabulary.h -- the values that a column of categories, texts or integers had, and a number for each. Internal. */
#ifndef MLI_PREP_VOCABULARY_H
#define MLI_PREP_VOCABULARY_H

#include "prep/prep.h"

/* Different values in sorted order: texts by their bytes, integers by value. */
typedef struct mli_vocabulary {
    int64_t n;
    char **word;    /* as texts, one block; integers as digits */
    int64_t *whole; /* of integers their values; else NULL */
} mli_vocabulary;

/* The values of a column, and, where count is not NULL, how many rows have each: for mli_free. On error *v is empty. */
ml_status mli_vocabulary_of(const ml_column *c, mli_vocabulary *v, int64_t **count);
/* The place of a text, or -1. */
int64_t mli_vocabulary_find(const mli_vocabulary *v, const char *text);

enum { MLI_IS_MISSING = -1, MLI_IS_UNSEEN = -2 };
/* For each row of a column the place of its value, MLI_IS_MISSING or MLI_IS_UNSEEN: for mli_free. */
int64_t *mli_vocabulary_places(const mli_vocabulary *v, const ml_column *c);

/* The part "<at>.<name>.<number>" of a file. */
ml_status mli_vocabulary_put(const mli_vocabulary *v, mli_store *s, const char *at, const char *name, int number);
ml_status mli_vocabulary_take(mli_vocabulary *v, mli_store *s, const char *at, const char *name, int number, ml_type type);
void mli_vocabulary_free(mli_vocabulary *v);

/* ---- a number for each value ---- */

enum { MLI_NOTHING = -1, MLI_REFUSE = -2 };
typedef struct mli_encoding {
    mli_vocabulary values;
    int32_t *to;             /* of each value a number >= 0, or MLI_NOTHING */
    int32_t missing, unseen; /* the same of what is missing and of what is no value; unseen may be MLI_REFUSE, an error */
} mli_encoding;

/* The numbers of all rows, for mli_free; NULL with an error that names column, row and value where one is refused. */
int32_t *mli_encode(const mli_encoding *e, const ml_column *c);
ml_status mli_encoding_put(const mli_encoding *e, mli_store *s, const char *at, int number);
/* Numbers are below `most`. */
ml_status mli_encoding_take(mli_encoding *e, mli_store *s, const char *at, int number, ml_type type, int32_t most);
void mli_encoding_free(mli_encoding *e);

#endif
