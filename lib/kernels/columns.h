/* columns.h -- passes over the rows of a matrix (R,C) that know, or sum, a few numbers of each
 * column. Internal.
 *
 * Rows are cut into chunks for the threads, and columns lie side by side for the vectors. Where
 * columns are few they would waste the vectors: 8 or 64 rows are then read as one folded row.
 */
#ifndef MLK_COLUMNS_H
#define MLK_COLUMNS_H

#include <mlcore/real.h>

typedef struct mlk_columns mlk_columns;

/* One stretch of a chunk: `rows` folded rows of `width` numbers from number `at` of the matrix on.
 * Where the body sums, its sums are added to s[0 .. width-1] and q[0 .. width-1]; else s and q are
 * NULL. */
typedef void mlk_columns_fn(const mlk_columns *p, double *s, double *q, int64_t at, int64_t rows,
                            int64_t width);

struct mlk_columns {
    int64_t rows, columns;
    int64_t width;          /* columns of a folded row */
    int64_t length, chunks; /* rows of a chunk, and how many chunks */
    ml_real *v[4];          /* what the body must know of each column, width numbers each */
    double *sum[2];         /* the two sums of each column */
    double *sheets;         /* the same of each chunk, folded */
    mlk_columns_fn *body;
    const ml_real *x, *dy; /* what the body reads and writes */
    ml_real *out;
    bool add;
};

/* A plan over scratch of mlk_columns_work bytes. */
mlk_columns mlk_columns_plan(int64_t rows, int64_t columns, void *work);
size_t mlk_columns_work(int64_t rows, int64_t columns);

/* Copies v[k][0 .. columns-1] along the folded row; to be called when they are set. */
void mlk_columns_fold(mlk_columns *p);

/* Calls body over the whole matrix. */
void mlk_columns_run(mlk_columns *p, mlk_columns_fn *body);
/* The same for a body that sums, into sum[0] and sum[1]: the same bits on any number of threads. */
void mlk_columns_sum(mlk_columns *p, mlk_columns_fn *body);

#endif
