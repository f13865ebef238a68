/* builder.h -- a column of texts, made piece by piece; and verbs that make a text of each text. Internal. */
#ifndef MLI_BUILDER_H
#define MLI_BUILDER_H

#include "data/verbs.h"

typedef struct mli_builder {
    int64_t *at;       /* of n texts, `done` of which are finished */
    int64_t n, done;
    char *bytes;
    size_t used, room; /* of bytes */
    size_t begin;      /* of the text being made */
} mli_builder;

ml_status mli_builder_begin(mli_builder *b, int64_t n);
/* Adds size bytes to the text being made. */
ml_status mli_builder_add(mli_builder *b, const char *bytes, size_t size);
/* The text is finished. */
ml_status mli_builder_end(mli_builder *b);
/* What there is of it is forgotten, and the value missing. */
void mli_builder_missing(mli_builder *b);
/* A whole text, begun and finished; NULL is missing. */
ml_status mli_builder_text(mli_builder *b, const char *text);
/* Where s, what went before, is ML_OK, n finished texts become the arrays of *c, type and n too. b is empty; returns s. */
ml_status mli_builder_column(mli_builder *b, ml_status s, ml_column *c);
void mli_builder_free(mli_builder *b);

/* Makes one text of another: adds its pieces, and does not end it; or sets *missing. */
typedef ml_status (*mli_text_map)(const char *text, mli_builder *b, bool *missing, void *user);
/* Maps each text of a text or category column `from`, whose type it keeps; of a category, each of its list once. Missing stays. */
ml_status mli_column_map(ml_column *to, const ml_column *from, mli_text_map map, void *user);
/* The same as a whole verb. */
ml_status mli_verb_map(const char *where, ml_frame *f, const char *column, const char *as, mli_text_map map, void *user);

/* A category of `like` with codes of the texts of `list`, a text column of like's categories in which some are equal or missing. */
ml_status mli_column_regroup(ml_column *to, const ml_column *like, const ml_column *list);

#endif
