/* frame.h -- what the inside of a frame looks like. Internal: frames, CSV, and what is made of columns share it.
 *
 * A column owns its arrays, each from mli_alloc; the texts of a category are one block (mli_texts_copy).
 */
#ifndef MLI_FRAME_H
#define MLI_FRAME_H

#include "base/texts.h"

#include <mlcore/frame.h>

struct mli_frame {
    ml_column *columns; /* the same as frame->column */
    int room;
    int32_t *slot; /* columns by name: frame_index.c */
    int64_t slots; /* 0, or a power of two of at least twice the room */
};

/* The number of the column of that name, or -1. */
int mli_frame_find(const ml_frame *f, const char *name);
/* Room in the index for so many columns in all. */
ml_status mli_index_room(ml_frame *f, int columns);
/* Enters column j, for which there is room; takes it out, while it still has its name; gives those behind it their numbers once it has
 * gone. */
void mli_index_add(ml_frame *f, int j);
void mli_index_remove(ml_frame *f, int j);
void mli_index_close_up(ml_frame *f, int j);

/* Puts *c at the end, or in the place of the column of its name. Its name and arrays must come from mli_alloc (and
 * mli_texts_copy) and now belong to the frame; on error they are freed. It counts what is missing, and believes the rest. */
ml_status mli_frame_give(ml_frame *f, ml_column *c);

/* Room for so many more columns, so that giving these cannot fail. */
ml_status mli_frame_room(ml_frame *f, int more);

/* Takes n columns of different names for a frame that has none yet, in one piece and with what is missing counted: `columns` must come
 * from mli_alloc, and its n >= 0 entries own what mli_frame_give wants of one. On error they remain the caller's. */
ml_status mli_frame_give_all(ml_frame *f, ml_column *columns, int n, int64_t rows);

/* A column of its own with a copy of rows rows[0 .. n-1]; rows NULL: the first n. Its name is a copy of `name`. Of a row -1 all is
 * missing. On error *to is empty. */
ml_status mli_column_pick(ml_column *to, const char *name, const ml_column *from, const int64_t *rows, int64_t n);
/* Frees what it owns; empty is fine. */
void mli_column_free(ml_column *c);

/* How many of the values are missing. */
int64_t mli_column_count_missing(const ml_column *c);

/* The order of two values of one column: below 0, 0, above 0. Missing values are last, and equal; numbers by size, texts byte by
 * byte, categories by their list. */
int mli_column_order(const ml_column *c, int64_t i, int64_t j);
/* The same, but categories by their texts: for whatever must not depend on how a list happens to lie. */
int mli_column_order_of_texts(const ml_column *c, int64_t i, int64_t j);

/* Rows in the order of mli_column_order_of_texts, those of equal values as they come: n row numbers, for mli_free. */
int64_t *mli_column_sorted(const ml_column *c);

/* A number for each row, so that equal values have equal numbers 0, 1, ... in the order of mli_column_order_of_texts; missing is
 * -1. */
ml_status mli_column_codes(const ml_column *c, int32_t *code, int32_t *count);

/* An error about a frame or column that is NULL, NULL where it is not: for the first line of every public function. */
bool mli_frame_is(const char *where, const ml_frame *f);

/* The type that ml_type_name calls so; false where there is none, or name is NULL. */
bool mli_type_named(const char *name, ml_type *type);

/* An empty frame with this one's role. */
ml_frame *mli_frame_like(const ml_frame *f);

/* The role of what is made of two: TEST where a part is TEST, else that of both where they agree, else NONE. */
ml_role mli_role_join(ml_role a, ml_role b);

#endif
