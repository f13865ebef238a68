/* check.h -- what tests share: cmocka, golden .npy files, random tensors, the three oracles. */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <mlcore/mlcore.h>

/* Reads tests/golden/<name>.npy (little-endian f8, f4, i8, i4 or u1, C order) as doubles; fails the test when it cannot. */
typedef struct golden {
    int rank;
    int64_t shape[8];
    int64_t size;
    double *v;
} golden;
golden golden_read(const char *name);
void golden_free(golden *g);
/* A new tensor with the golden values. */
ml_tensor *golden_tensor(const char *name);

/* Fails unless |a - b| <= atol + rtol * |b| for all n, with the index and numbers; NaN equals NaN only. */
void assert_close(const ml_real *a, const double *b, int64_t n, double rtol, double atol);
void assert_reals_close(const ml_real *a, const ml_real *b, int64_t n, double rtol, double atol);

/* Runs f on inputs and compares: values with golden `<name>`; then every gradient by ml_gradcheck. */
void assert_gradients(ml_scalar_fn f, ml_tensor *const *inputs, int n, void *user);

/* A new tensor of uniform numbers in low .. high, requiring grad. */
ml_tensor *random_tensor(ml_rng *rng, int rank, const int64_t *shape, double low, double high);

/* ML_DOUBLE builds compare tighter. */
#ifdef MLCORE_DOUBLE
#define TOL_REAL 1e-12
#else
#define TOL_REAL 2e-5
#endif

#endif
