/* real.h -- the number type of tensors, and the macros that every public header needs.
 *
 * ml_real is float, or double in the library built with MLCORE_DOUBLE (installed as mlcore-double), where gradient
 * checks hold to 1e-6. A program compiled for one kind and linked to the other fails at link time: the functions
 * through which every program enters have another name in the double build (see the end of this file).
 */
#ifndef MLCORE_REAL_H
#define MLCORE_REAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
#define ML_BEGIN extern "C" {
#define ML_END }
#else
#define ML_BEGIN
#define ML_END
#endif

#if defined(__GNUC__) || defined(__clang__)
#define ML_API __attribute__((visibility("default")))
#define ML_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define ML_API
#define ML_PRINTF(fmt, args)
#endif

#ifdef MLCORE_DOUBLE
typedef double ml_real;
#define ML_REAL_NAME "float64"
#else
typedef float ml_real;
#define ML_REAL_NAME "float32"
#endif

enum { ML_MAX_RANK = 6 };

/* Which body of a kernel runs: the fastest, the one made of BLAS calls, or the plain loops of the definition. */
typedef enum ml_kernel { ML_KERNEL_FAST = 0, ML_KERNEL_BLAS, ML_KERNEL_REF } ml_kernel;

/* Labels and indices: n values that the caller owns. Ops check their range. */
typedef struct ml_ints {
    const int32_t *v;
    int64_t n;
} ml_ints;

/* In an options struct zero means "the documented default". Where zero itself is a meaningful value and not the
 * default (a momentum decay of 0, say), write ML_ZERO to ask for it. */
#define ML_ZERO (-1e300)
enum { ML_NONE = -1 }; /* in an options struct of integers: none at all, where 0 means the default */

#ifdef MLCORE_DOUBLE
#define ml_tensor_new ml_tensor_new_double
#define ml_tensor_from ml_tensor_from_double
#define ml_tape_new ml_tape_new_double
#define ml_tape_open ml_tape_open_double
#define ml_params_new ml_params_new_double
#define ml_net_empty ml_net_empty_double
#define ml_predict ml_predict_double
#define ml_gradcheck ml_gradcheck_double
#define ml_npy_tensor ml_npy_tensor_double
#define ml_tensor_of_npy ml_tensor_of_npy_double
#endif

#endif
