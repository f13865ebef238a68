/* frame.h -- a table whose columns have names and types, and may have holes. */
#ifndef MLCORE_FRAME_H
#define MLCORE_FRAME_H

#include <mlcore/matrix.h>
#include <mlcore/rng.h>
#include <mlcore/tensor.h>

ML_BEGIN

typedef enum ml_type {
    ML_NUMBER = 0, /* double; NaN is missing */
    ML_INTEGER,    /* int64_t; ML_MISSING is missing */
    ML_CATEGORY,   /* one of a list of texts; code -1 is missing */
    ML_TEXT,       /* UTF-8, without zero bytes */
    ML_TIME        /* microseconds since 1970-01-01 00:00 UTC, as int64_t; ML_MISSING is missing */
} ml_type;
#define ML_MISSING INT64_MIN
/* "number", "integer", "category", "text", "time". */
ML_API const char *ml_type_name(ml_type type);

/* One column. Its fields may be read; they belong to the frame, and hold until it changes. */
typedef struct ml_column {
    const char *name;
    ml_type type;
    int64_t n;
    int64_t missing;             /* how many of the n */
    const double *number;        /* of a number: n */
    const int64_t *integer;      /* of an integer or a time: n */
    const int32_t *code;         /* of a category: n, each below categories, or -1 */
    const char *const *category; /* the texts of its codes, all different */
    int32_t categories;
    const int64_t *at; /* of a text: n; text i begins at bytes + at[i], -1 is missing */
    const char *bytes;
} ml_column;

/* Fields may be read. Columns lie in the order in which they were put; no two have the same name. */
typedef struct ml_frame {
    int64_t rows;
    int columns;
    const ml_column *column;
    ml_role role; /* of all its rows: it follows what is made of the frame, and what has a part for testing is for testing */
    struct mli_frame *self;
} ml_frame;

/* ---- making one ---- */

/* Without columns; the first that is put says how many rows there are. */
ML_API ml_frame *ml_frame_new(void);
ML_API ml_frame *ml_frame_copy(const ml_frame *f);
ML_API void ml_frame_free(ml_frame *f);
/* Copies n values into a column at the end, or in the place of the column of that name. n must be the frame's number of rows. A name
 * is UTF-8, not empty. */
ML_API ml_status ml_frame_put_numbers(ml_frame *f, const char *name, const double *v, int64_t n);
ML_API ml_status ml_frame_put_integers(ml_frame *f, const char *name, const int64_t *v, int64_t n);
ML_API ml_status ml_frame_put_times(ml_frame *f, const char *name, const int64_t *v, int64_t n);
/* Codes are below `categories` or -1; category has so many texts, all different. */
ML_API ml_status ml_frame_put_categories(ml_frame *f, const char *name, ml_ints codes, const char *const *category,
                                         int32_t categories);
/* NULL is missing. */
ML_API ml_status ml_frame_put_texts(ml_frame *f, const char *name, const char *const *v, int64_t n);
/* Copies a column of any frame with as many rows, under a name (NULL: its own). */
ML_API ml_status ml_frame_put(ml_frame *f, const char *name, const ml_column *c);

/* ---- columns ---- */

/* NULL with an error that lists the names there are, where it has none of that name. */
ML_API const ml_column *ml_frame_column(const ml_frame *f, const char *name);
ML_API bool ml_frame_has(const ml_frame *f, const char *name);
ML_API ml_status ml_frame_remove(ml_frame *f, const char *name);
ML_API ml_status ml_frame_rename(ml_frame *f, const char *name, const char *now);
/* A new frame of these columns, in this order. A list of names is one text, separated by commas: "age,fare"; a name that has
 * a comma or a backslash of its own is written with a backslash before it. */
ML_API ml_frame *ml_frame_select(const ml_frame *f, const char *names);
/* A new frame of all columns but these. */
ML_API ml_frame *ml_frame_without(const ml_frame *f, const char *names);

/* ---- values ---- */

ML_API bool ml_column_missing(const ml_column *c, int64_t i);
/* Value i as a number: a category's code, a time's microseconds; NaN where it is missing, and of a text. */
ML_API double ml_column_number(const ml_column *c, int64_t i);
/* Value i of a text or category; NULL where it is missing, and of other types. */
ML_API const char *ml_column_text(const ml_column *c, int64_t i);

/* ---- rows ---- */

/* A new frame of rows rows[0 .. n-1], in this order; a row may come twice. */
ML_API ml_frame *ml_frame_take(const ml_frame *f, const int64_t *rows, int64_t n);
ML_API ml_frame *ml_frame_head(const ml_frame *f, int64_t n);
ML_API ml_frame *ml_frame_tail(const ml_frame *f, int64_t n);
/* n rows at random without replacement, in random order. */
ML_API ml_frame *ml_frame_sample(const ml_frame *f, int64_t n, ml_rng *rng);

/* Splits by a shuffle with this seed: *held gets round(rows * fraction) rows with the role given, *rest the others, as TRAIN. With
 * the name of a column in `stratify` (NULL: none), each of its values keeps its share. A TEST frame cannot be split. */
ML_API ml_status ml_frame_split(const ml_frame *f, double fraction, uint64_t seed, ml_role held_role, const char *stratify,
                                ml_frame **rest, ml_frame **held);
ML_API ml_status ml_frame_set_role(ml_frame *f, ml_role role);
/* The door for the final fit on all rows: a TEST frame becomes NONE. The reason, a sentence, is wanted so that a reader sees it. */
ML_API ml_status ml_frame_forget_role(ml_frame *f, const char *reason);

/* ---- out of it ---- */

/* A new matrix of these columns (NULL: all), by ml_column_number; a text column is an error. It has their names, and the role. */
ML_API ml_matrix *ml_frame_matrix(const ml_frame *f, const char *names);
/* The same as a new tensor (N,D) of f's N rows and D columns, for nets: each number rounded to ml_real, missing is NaN. For
 * ml_tensor_free. A tensor has no role: that its rows are for testing is from here on the caller's to know. */
ML_API ml_tensor *ml_frame_tensor(const ml_frame *f, const char *names);

ML_END
#endif
