/* matrix.c -- a matrix that owns its numbers. */
#include "base/texts.h"

#include <mlcore/matrix.h>

#include <string.h>

/* The view first, so that a pointer to it is one to the whole. */
typedef struct owned {
    ml_matrix view;
    double *v;
    char **names;
} owned;

ml_matrix *ml_matrix_new(int64_t rows, int64_t columns)
{
    int64_t size;
    if (rows < 0 || columns < 0 || !mli_shape_size(2, (int64_t[]){rows, columns}, &size) || size > INT64_MAX / 16)
        return mli_null(ML_EINVAL, "matrix: %lld x %lld numbers would not fit", (long long)rows, (long long)columns);
    owned *m = mli_calloc(1, sizeof *m);
    if (!m)
        return NULL;
    m->v = mli_calloc((size_t)size, sizeof *m->v);
    m->view = (ml_matrix){.v = m->v, .rows = rows, .columns = columns, .row_stride = 1, .column_stride = rows};
    if (m->v)
        return &m->view;
    mli_free(m);
    return NULL;
}

double *ml_matrix_values(ml_matrix *m)
{
    return m ? ((owned *)m)->v : NULL;
}

ml_status ml_matrix_name(ml_matrix *m, const char *const *names)
{
    if (!m || !names)
        return mli_fail(ML_EINVAL, "matrix_name: m and names must not be NULL");
    for (int64_t j = 0; j < m->columns; j++)
        if (!names[j])
            return mli_fail(ML_EINVAL, "matrix_name: name %lld is NULL", (long long)j);
    owned *o = (owned *)m;
    char **copy = mli_texts_copy(names, m->columns);
    if (!copy)
        return ML_ENOMEM;
    mli_free(o->names);
    o->names = copy;
    m->names = (const char *const *)copy;
    return ML_OK;
}

void ml_matrix_free(ml_matrix *m)
{
    if (!m)
        return;
    mli_free(((owned *)m)->v);
    mli_free(((owned *)m)->names);
    mli_free(m);
}
