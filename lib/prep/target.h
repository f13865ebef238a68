/* target.h -- the column that is to be predicted, as learners take it. Internal: prep and select share it.
 *
 * Categories and texts are classes; so are integers of at most 20 different values. Integers of more, and numbers, are for
 * regression. Classes are numbered in sorted order: texts by their bytes, integers by value; their texts are those of the column,
 * or the digits. A missing value is an error that names the row; so is an infinity, and a time.
 */
#ifndef MLI_TARGET_H
#define MLI_TARGET_H

#include "base/base.h"

#include <mlcore/frame.h>

enum { MLI_MOST_INTEGER_CLASSES = 20 };

typedef struct mli_target {
    int64_t n;
    int32_t classes; /* 0: regression */
    char **text;     /* of the classes */
    int32_t *label;  /* n, of a classification; else NULL */
    double *y;       /* n, of a regression; else NULL */
} mli_target;

/* The column of that name; on error *t is empty. */
ml_status mli_target_of(const ml_frame *f, const char *name, mli_target *t);
/* Labels of another frame's column by these classes, f->rows numbers. A value that is none of the classes is an error that
 * names it, and so is a missing one. */
ml_status mli_target_labels(const ml_frame *f, const char *name, const char *const *text, int32_t classes, int32_t *label);
void mli_target_free(mli_target *t);

#endif
