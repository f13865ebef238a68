/* prep.h -- what a step has to bring, and what all of them share. Internal.
 *
 * A step is a struct with a name and a few functions; it is known by its line in MLI_PREP_KINDS. Fitting reads the step's columns
 * of a frame into a state of its own. Transforming walks over the columns of a frame: what the step works on is replaced by what it
 * puts into the new frame, the others are copied; then it may add columns at the end.
 */
#ifndef MLI_PREP_H
#define MLI_PREP_H

#include "base/texts.h"
#include "data/frame.h"
#include "io/io.h"
#include "io/store.h"

#include <mlcore/prep.h>

struct ml_prep {
    const ml_prep_kind *kind;
    int n;         /* columns that it works on */
    char **name;   /* theirs, one block */
    ml_type *type; /* what they were when it was fitted */
    char *target;  /* NULL: none */
    void *state;   /* the step's own: what fit leaves and transform reads; NULL where it needs none */
};

/* What a step is given of a frame, to fit or to transform. */
typedef struct mli_prep_rows {
    int64_t rows;
    const ml_column **column; /* p->n, in the order of p->name, of the types p->type */
    const double *y;          /* the target, where the step wants it and these are the rows of the fit; else NULL */
} mli_prep_rows;

/* Types of columns, as bits. */
#define MLI_TAKES(type) (1u << (type))
enum {
    MLI_TAKES_NUMBERS = 1 << ML_NUMBER | 1 << ML_INTEGER,
    MLI_TAKES_KEYS = 1 << ML_INTEGER | 1 << ML_CATEGORY | 1 << ML_TEXT,
    MLI_TAKES_ALL = MLI_TAKES_NUMBERS | MLI_TAKES_KEYS | 1 << ML_TIME
};

/* Functions may be NULL, but for load where there is save. On error fit and load may leave a state half-made: free is called. */
struct ml_prep_kind {
    const char *name;
    const mli_field *fields; /* of its options that are no texts, which lie at step->opts */
    unsigned takes;          /* types that it can work on */
    bool others_go;          /* columns that it does not work on are not copied, but for the target */
    bool may_lack;           /* what it works on may be absent when transforming */
    bool wants_y;            /* fit is given the target */
    /* What the table cannot say of options, which are resolved here and in fit. */
    ml_status (*check)(const ml_prep_step *step);
    /* Writes lists of columns beside opts.columns to list[1 .. ML_ALSO]; how many there are, with the first. */
    int (*more)(const ml_prep_step *step, const char **list);
    ml_status (*fit)(ml_prep *p, const ml_prep_step *step, const mli_prep_rows *g);
    /* Puts into `out` what stands for column i; NULL: the column itself. */
    ml_status (*replace)(const ml_prep *p, int i, const ml_column *c, ml_frame *out);
    ml_status (*add)(const ml_prep *p, const mli_prep_rows *g, ml_frame *out);
    /* In the place of all that: a new frame out of one without the target. */
    ml_frame *(*whole)(const ml_prep *p, const ml_frame *f);
    ml_status (*save)(const ml_prep *p, mli_store *s, const char *at);
    ml_status (*load)(ml_prep *p, mli_store *s, const char *at);
    void (*free)(void *state); /* takes NULL */
};

/* All kinds, by name: mli_impute_kind is one. */
#define MLI_PREP_KINDS(KIND)                                                                              \
    KIND(impute) KIND(indicate) KIND(scale) KIND(log) KIND(bin) KIND(polynomial) KIND(one_hot) KIND(ordinal) \
    KIND(group_rate) KIND(drop) KIND(keep) KIND(apply)
#define MLI_DECLARE_PREP_KIND(name) extern const ml_prep_kind mli_##name##_kind;
MLI_PREP_KINDS(MLI_DECLARE_PREP_KIND)

/* ---- for fit functions ---- */

/* Which of p->name one of the lists names: *n numbers, for mli_free; NULL with an error set where it names a class. */
int *mli_prep_columns_of(const ml_prep *p, const char *list, int *n);

/* ---- for replace and add functions: new columns, which must not be there yet ---- */

/* Takes v, n values from mli_alloc, also on error. NULL is an error of memory. */
ml_status mli_add_numbers(ml_frame *out, const char *name, double *v, int64_t n);
ml_status mli_add_integers(ml_frame *out, const char *name, int64_t *v, int64_t n);
/* Copies. */
ml_status mli_add_column(ml_frame *out, const ml_column *c);
/* "<a><between><b>", for mli_free; NULL where memory lacks. */
char *mli_joined(const char *a, const char *between, const char *b);

/* ---- files ---- */

/* A list of n types, by their names. */
ml_status mli_prep_put_types(mli_store *s, const char *at, const char *name, const ml_type *type, int n);
ml_status mli_prep_take_types(mli_store *s, const char *at, const char *name, int n, ml_type **type);
/* A fitted step among other things in one file, as a pipeline keeps it. Taking believes nothing. */
ml_status mli_prep_put(const ml_prep *p, mli_store *s, const char *at);
ml_prep *mli_prep_take(mli_store *s, const char *at);

#endif
