/* pool2d.h -- windows that slide over images, N H W C: what max and average pooling share. Internal; the lessons are
 * in pool2d_max.c and pool2d_avg.c. */
#ifndef MLK_POOL2D_H
#define MLK_POOL2D_H

#include "kernels/lanes.h"

/* The windows along one axis: `out` of them over `in` pixels. Window i has k pixels from i * stride - pad on; what
 * lies outside the image is cut off, and something is left of each. k = 0: adaptive, `out` parts as equal as whole
 * pixels allow. No number is above 2^31 - 1, so no product of two overflows. */
typedef struct mlk_pool_axis {
    int64_t in, out, k, stride, pad;
} mlk_pool_axis;

/* x (N,H,W,C) -> y (N,P,Q,C): H and P are h.in and h.out, W and Q are w.in and w.out. */
typedef struct mlk_pool2d {
    int64_t n, c;
    mlk_pool_axis h, w;
    bool exclude_pad; /* an average divides by the pixels that lie in the image; else the padding counts too */
} mlk_pool2d;

/* The pixels of window i. */
static inline mlk_span mlk_pool_window(const mlk_pool_axis *a, int64_t i)
{
    if (a->k == 0) /* floor(i in / out) .. ceil((i + 1) in / out) - 1 */
        return (mlk_span){i * a->in / a->out, ((i + 1) * a->in - 1) / a->out + 1};
    int64_t begin = i * a->stride - a->pad, end = begin + a->k;
    return (mlk_span){begin > 0 ? begin : 0, end < a->in ? end : a->in};
}

static inline bool mlk_pool_axis_tiles(const mlk_pool_axis *a)
{
    return a->k == 0 ? a->in % a->out == 0 : a->k == a->stride && a->pad == 0 && a->in == a->out * a->k;
}

/* Whether each pixel lies in just one window: then backward may write where it would have to clear, then add. */
static inline bool mlk_pool_tiles(const mlk_pool2d *s)
{
    return mlk_pool_axis_tiles(&s->h) && mlk_pool_axis_tiles(&s->w);
}

static inline int64_t mlk_pool_x_size(const mlk_pool2d *s)
{
    return s->n * s->h.in * s->w.in * s->c;
}

static inline int64_t mlk_pool_y_size(const mlk_pool2d *s)
{
    return s->n * s->h.out * s->w.out * s->c;
}

/* How many windows fit: a->out from the other four; below 1 where none does. ceil_mode lets the last one stick out of
 * the padded image, if it begins in the image or in the padding before it. */
int64_t mlk_pool_count(const mlk_pool_axis *a, bool ceil_mode);

/* ---- what the bodies are made of ---- */

/* Calls body(arg, begin, end) over ranges that cover `items` things of `size` numbers each. The cut depends on these
 * two alone, so results have the same bits on any number of threads. */
typedef void mlk_pool_range_fn(void *arg, int64_t begin, int64_t end);
void mlk_pool_ranges(int64_t items, int64_t size, mlk_pool_range_fn *body, void *arg);

/* Forward: the same over the rows of windows, 0 .. N P - 1. */
void mlk_pool_forward(const mlk_pool2d *s, mlk_pool_range_fn *rows, void *arg);

/* Backward: calls row(arg, image, i, h) for each row i of windows; image is where dx of its image begins, h the rows of
 * pixels that the windows see. With clear, dx is zeroed before the first window writes. Windows may overlap, images do
 * not: one thread has the whole of an image. */
typedef void mlk_pool_row_fn(void *arg, ml_real *image, int64_t i, mlk_span h);
void mlk_pool_backward(ml_real *dx, bool clear, const mlk_pool2d *s, mlk_pool_row_fn *row, void *arg);

/* Channels that are worked on side by side. A loop of so many steps becomes a few vector instructions, and its arrays
 * stay in registers, if it is still a loop when the compiler looks for vectors: it must not be unrolled before. */
enum { MLK_POOL_LANES = 16 };
#ifdef __clang__
#define MLK_ROLLED _Pragma("clang loop unroll(disable)")
#else
#define MLK_ROLLED _Pragma("GCC unroll 1")
#endif
#define MLK_INLINE static inline __attribute__((always_inline))

/* rows x cols pixels of an image: x is the first of them; numbers from row to row, and from pixel to pixel. */
typedef struct mlk_patch {
    const ml_real *x;
    int64_t rows, cols, row, pixel;
} mlk_patch;

/* sum[i] = the sum of the patch's first `count` channels, a constant where it is MLK_POOL_LANES. */
MLK_INLINE void mlk_patch_sum(double sum[MLK_POOL_LANES], mlk_patch p, const int count)
{
    MLK_ROLLED
    for (int i = 0; i < MLK_POOL_LANES; i++)
        sum[i] = 0;
    for (int64_t r = 0; r < p.rows; r++)
        for (int64_t k = 0; k < p.cols; k++) {
            const ml_real *x = p.x + r * p.row + k * p.pixel;
            MLK_ROLLED
            for (int i = 0; i < count; i++)
                sum[i] += (double)x[i];
        }
}

/* ---- max ---- */

void mlk_max_pool2d_ref(ml_real *y, const ml_real *x, const mlk_pool2d *s);
void mlk_max_pool2d_backward_ref(ml_real *dx, bool add, const ml_real *dy, const ml_real *x, const mlk_pool2d *s);
/* Whether the winner of a window has a number that fits a byte; if not, H W must be below 2^31. */
bool mlk_max_pool2d_in_bytes(const mlk_pool2d *s);
/* The bytes of `at`, which forward leaves for backward, on a 4-byte boundary: who won. */
size_t mlk_max_pool2d_saved(const mlk_pool2d *s);
/* at may be NULL: nobody will ask. */
void mlk_max_pool2d_forward(ml_real *y, void *at, const ml_real *x, const mlk_pool2d *s);
void mlk_max_pool2d_backward(ml_real *dx, bool add, const ml_real *dy, const void *at, const mlk_pool2d *s);

/* ---- average ---- */

void mlk_avg_pool2d_ref(ml_real *y, const ml_real *x, const mlk_pool2d *s);
void mlk_avg_pool2d_backward_ref(ml_real *dx, bool add, const ml_real *dy, const mlk_pool2d *s);
void mlk_avg_pool2d_forward(ml_real *y, const ml_real *x, const mlk_pool2d *s);
void mlk_avg_pool2d_backward(ml_real *dx, bool add, const ml_real *dy, const mlk_pool2d *s);

#endif
