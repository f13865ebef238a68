/* matrix.h -- numbers in rows and columns, in double, looked at where they lie; and what data is for. */
#ifndef MLCORE_MATRIX_H
#define MLCORE_MATRIX_H

#include <mlcore/error.h>

ML_BEGIN

/* What a set is for. Training on what is meant for testing is an error that explains leakage. */
typedef enum ml_role { ML_ROLE_NONE = 0, ML_ROLE_TRAIN, ML_ROLE_VALIDATION, ML_ROLE_TEST } ml_role;

/* n numbers that the caller owns. */
typedef struct ml_doubles {
    const double *v;
    int64_t n;
} ml_doubles;

/* A view: number (i, j) is v[i * row_stride + j * column_stride]. NaN is a missing value. */
typedef struct ml_matrix {
    const double *v;
    int64_t rows, columns;
    int64_t row_stride, column_stride; /* both 0: row after row, without a gap */
    const char *const *names;          /* of the columns, for sentences and reports; NULL: x0, x1, ... */
    ml_role role;
} ml_matrix;

/* A matrix that owns its numbers (zeros at first, column after column) and, once named, its names. NULL where it would not fit. */
ML_API ml_matrix *ml_matrix_new(int64_t rows, int64_t columns);
/* Its numbers, to write: number (i, j) at [i + j * rows]. Only of what ml_matrix_new made. */
ML_API double *ml_matrix_values(ml_matrix *m);
/* Copies the names. */
ML_API ml_status ml_matrix_name(ml_matrix *m, const char *const *names);
ML_API void ml_matrix_free(ml_matrix *m);

/* Number (i, j), wherever it lies. */
static inline double ml_matrix_at(const ml_matrix *m, int64_t i, int64_t j)
{
    return m->row_stride || m->column_stride ? m->v[i * m->row_stride + j * m->column_stride] : m->v[i * m->columns + j];
}

ML_END
#endif
