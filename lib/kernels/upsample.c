/* upsample.c -- each pixel becomes a square of f x f pixels like it: the nearest neighbour, by a whole factor
 *
 * Shapes     x (N,H,W,C)   y (N,fH,fW,C)
 * Forward    y[n,h,w,c] = x[n, floor(h / f), floor(w / f), c]
 * Backward   dx[n,h,w,c] = sum over r < f, s < f of dy[n, f h + r, f w + s, c]
 *            Check by meaning: a number that was copied f f times is asked for the gradients of all its copies. It is
 *            the sum of a window: average pooling with k = stride = f, times f f. Each is the other's adjoint.
 * Saves      nothing         Cost  f f copies, or additions, a number of x; memory is the limit
 * Source     PyTorch's Upsample(scale_factor=f, mode="nearest"); in nets: Lin et al. 2017, "Feature
 *            pyramid networks", section 3
 * Derivation docs/math/upsample.md
 */
#include "kernels/upsample.h"

#include "kernels/pool2d.h"

#include <string.h>

/* ---- the definition ---- */

/* Where in x number i of y comes from. */
static int64_t origin(const mlk_upsample *s, int64_t i)
{
    int64_t f = s->factor, c = i % s->c, w = i / s->c % (f * s->w), row = i / s->c / (f * s->w); /* n f H + h */
    return (row / f * s->w + w / f) * s->c + c;
}

void mlk_upsample_ref(ml_real *y, const ml_real *x, const mlk_upsample *s)
{
    int64_t size = s->n * s->h * s->w * s->c * s->factor * s->factor;
    for (int64_t i = 0; i < size; i++)
        y[i] = x[origin(s, i)];
}

void mlk_upsample_backward_ref(ml_real *dx, bool add, const ml_real *dy, const mlk_upsample *s)
{
    int64_t size = s->n * s->h * s->w * s->c, copies = s->factor * s->factor;
    if (!add)
        memset(dx, 0, (size_t)size * sizeof *dx);
    for (int64_t i = 0; i < size * copies; i++)
        dx[origin(s, i)] += dy[i];
}

/* ---- fast: a row of x at a time ---- */

typedef struct job {
    ml_real *out; /* y or dx */
    bool add;
    const ml_real *in; /* x or dy */
    const mlk_upsample *s;
} job;

/* The first of f rows of y is put together pixel by pixel, the others are copies of it. */
static void forward_rows(void *arg, int64_t begin, int64_t end)
{
    const job *j = arg;
    const int64_t f = j->s->factor, c = j->s->c, length = f * j->s->w * c;
    for (int64_t row = begin; row < end; row++) {
        const ml_real *x = j->in + row * j->s->w * c;
        ml_real *first = j->out + row * f * length, *y = first;
        for (int64_t w = 0; w < j->s->w; w++, x += c)
            for (int64_t k = 0; k < f; k++, y += c)
                memcpy(y, x, (size_t)c * sizeof *y);
        for (int64_t r = 1; r < f; r++)
            memcpy(first + r * length, first, (size_t)length * sizeof *y);
    }
}

MLK_INLINE void give(ml_real *dx, bool add, mlk_patch dy, const int count)
{
    double sum[MLK_POOL_LANES];
    mlk_patch_sum(sum, dy, count);
    MLK_ROLLED
    for (int i = 0; i < count; i++)
        dx[i] = (add ? dx[i] : 0) + (ml_real)sum[i]; /* dx = sum of dy over the copies */
}

/* f is a constant where it is 2. */
MLK_INLINE void give_rows(const job *j, int64_t begin, int64_t end, const int64_t f)
{
    const int64_t channels = j->s->c, width = j->s->w, whole = channels - channels % MLK_POOL_LANES;
    for (int64_t pixel = begin * width; pixel < end * width; pixel++) {
        const ml_real *dy = j->in + (pixel / width * f * width + pixel % width) * f * channels;
        ml_real *dx = j->out + pixel * channels;
        mlk_patch copies = {dy, f, f, f * width * channels, channels};
        for (int64_t c = 0; c < whole; c += MLK_POOL_LANES, copies.x += MLK_POOL_LANES)
            give(dx + c, j->add, copies, MLK_POOL_LANES);
        if (whole < channels)
            give(dx + whole, j->add, copies, (int)(channels - whole));
    }
}

static void backward_rows(void *arg, int64_t begin, int64_t end)
{
    const job *j = arg;
    if (j->s->factor == 2)
        give_rows(j, begin, end, 2);
    else
        give_rows(j, begin, end, j->s->factor);
}

void mlk_upsample_forward(ml_real *y, const ml_real *x, const mlk_upsample *s)
{
    mlk_pool_ranges(s->n * s->h, s->factor * s->factor * s->w * s->c, forward_rows, &(job){y, false, x, s});
}

void mlk_upsample_backward(ml_real *dx, bool add, const ml_real *dy, const mlk_upsample *s)
{
    mlk_pool_ranges(s->n * s->h, s->factor * s->factor * s->w * s->c, backward_rows, &(job){dx, add, dy, s});
}
