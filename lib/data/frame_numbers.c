/* frame_numbers.c -- columns of a frame as numbers side by side: a matrix, a tensor. */
#include "data/verbs.h"
#include "io/io.h"

/* The columns of a list (NULL: all), none of them text, for mli_free; NULL on error. */
static const ml_column **numeric(const char *where, const ml_frame *f, const char *names, int *n)
{
    char shown[MLI_SHOWN];
    const ml_column **c = mli_verb_columns(where, f, names, n);
    for (int j = 0; c && j < *n; j++)
        if (c[j]->type == ML_TEXT) {
            mli_fail(ML_EINVAL, "%s: column '%s' is text: encode it, or leave it out", where, mli_shown(c[j]->name, shown));
            mli_free(c);
            return NULL;
        }
    return c;
}

ml_matrix *ml_frame_matrix(const ml_frame *f, const char *names)
{
    int n;
    const ml_column **c = numeric("frame_matrix", f, names, &n);
    const char **name = c ? mli_alloc((size_t)n * sizeof *name) : NULL;
    ml_matrix *m = name ? ml_matrix_new(f->rows, n) : NULL;
    for (int j = 0; m && j < n; j++) {
        name[j] = c[j]->name;
        for (int64_t i = 0; i < f->rows; i++)
            ml_matrix_values(m)[j * f->rows + i] = ml_column_number(c[j], i);
    }
    if (m)
        m->role = f->role;
    if (m && ml_matrix_name(m, name)) {
        ml_matrix_free(m);
        m = NULL;
    }
    mli_free(name);
    mli_free(c);
    return m;
}

ml_tensor *ml_frame_tensor(const ml_frame *f, const char *names)
{
    int n;
    const ml_column **c = numeric("frame_tensor", f, names, &n);
    ml_tensor *x = c ? ml_tensor_new(2, (int64_t[]){f->rows, n}) : NULL;
    for (int j = 0; x && j < n; j++)
        for (int64_t i = 0; i < f->rows; i++)
            x->data[i * n + j] = (ml_real)ml_column_number(c[j], i);
    mli_free(c);
    return x;
}
