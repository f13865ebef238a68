/* pool2d_avg.c -- the mean of each window, channel by channel; of parts of an image, and of the whole
 *
 * Shapes     x (N,H,W,C)   windows of R x S pixels   y (N,P,Q,C)
 * Forward    y[n,p,q,c] = (1/d) sum over the pixels (h,w) of window (p,q) of x[n,h,w,c]
 *            d is R S, the padding counted in as zeros; with exclude_pad, the pixels that lie in the image. Where a
 *            window sticks out of the padding as well (ceil mode), what sticks out never counts
 *            adaptive: window p is rows floor(p H / P) .. ceil((p + 1) H / P) - 1; P = Q = 1 is the mean of the image
 * Backward   dx[n,h,w,c] = sum over the windows (p,q) that hold (h,w) of dy[n,p,q,c] / d
 *            Check by sum: without padding each dy is handed out whole, so dx and dy have one sum.
 * Saves      nothing         Cost  one addition a pixel of a window, both ways; memory is the limit
 * Source     LeCun, Bottou, Bengio, Haffner 1998, section II (subsampling, without its weights); global: Lin, Chen,
 *            Yan 2013, "Network in network"; adaptive: He, Zhang, Ren, Sun 2014, "Spatial pyramid pooling"; what the
 *            padding counts: PyTorch
 * Derivation docs/math/pooling.md
 */
#include "kernels/pool2d.h"

#include <string.h>

/* How many pixels of window i count along an axis. */
static int64_t counted(const mlk_pool_axis *a, int64_t i, bool exclude_pad)
{
    mlk_span inside = mlk_pool_window(a, i);
    if (exclude_pad || a->k == 0)
        return inside.end - inside.begin;
    int64_t begin = i * a->stride - a->pad, end = begin + a->k, last = a->in + a->pad;
    return (end < last ? end : last) - begin;
}

/* ---- the definition ---- */

void mlk_avg_pool2d_ref(ml_real *y, const ml_real *x, const mlk_pool2d *s)
{
    for (int64_t i = 0; i < mlk_pool_y_size(s); i++) {
        int64_t c = i % s->c, q = i / s->c % s->w.out, row = i / s->c / s->w.out, p = row % s->h.out;
        mlk_span h = mlk_pool_window(&s->h, p), w = mlk_pool_window(&s->w, q);
        double sum = 0;
        for (int64_t r = h.begin; r < h.end; r++)
            for (int64_t k = w.begin; k < w.end; k++)
                sum += (double)x[((row / s->h.out * s->h.in + r) * s->w.in + k) * s->c + c];
        y[i] = (ml_real)(sum / (double)(counted(&s->h, p, s->exclude_pad) * counted(&s->w, q, s->exclude_pad)));
    }
}

void mlk_avg_pool2d_backward_ref(ml_real *dx, bool add, const ml_real *dy, const mlk_pool2d *s)
{
    if (!add)
        memset(dx, 0, (size_t)mlk_pool_x_size(s) * sizeof *dx);
    for (int64_t i = 0; i < mlk_pool_y_size(s); i++) {
        int64_t c = i % s->c, q = i / s->c % s->w.out, row = i / s->c / s->w.out, p = row % s->h.out;
        mlk_span h = mlk_pool_window(&s->h, p), w = mlk_pool_window(&s->w, q);
        ml_real share = dy[i] / (ml_real)(counted(&s->h, p, s->exclude_pad) * counted(&s->w, q, s->exclude_pad));
        for (int64_t r = h.begin; r < h.end; r++)
            for (int64_t k = w.begin; k < w.end; k++)
                dx[((row / s->h.out * s->h.in + r) * s->w.in + k) * s->c + c] += share;
    }
}

/* ---- fast: channels side by side, sums in double ---- */

typedef struct job {
    ml_real *y;
    const ml_real *x;
    const mlk_pool2d *s;
} job;

MLK_INLINE void mean(ml_real *y, mlk_patch p, double scale, const int count)
{
    double sum[MLK_POOL_LANES];
    mlk_patch_sum(sum, p, count);
    MLK_ROLLED
    for (int i = 0; i < count; i++)
        y[i] = (ml_real)(sum[i] * scale);
}

/* All channels of one window. The commonest is worth loops of constant length: they are twice as fast. */
static void mean_of_window(ml_real *y, mlk_patch p, double scale)
{
    const int64_t channels = p.pixel, whole = channels - channels % MLK_POOL_LANES;
    for (int64_t c = 0; c < whole; c += MLK_POOL_LANES, p.x += MLK_POOL_LANES)
        if (p.rows == 2 && p.cols == 2)
            mean(y + c, (mlk_patch){p.x, 2, 2, p.row, p.pixel}, scale, MLK_POOL_LANES);
        else
            mean(y + c, p, scale, MLK_POOL_LANES);
    if (whole < channels)
        mean(y + whole, p, scale, (int)(channels - whole));
}

/* Rows of windows. */
static void forward_rows(void *arg, int64_t begin, int64_t end)
{
    const job *j = arg;
    const mlk_pool2d *s = j->s;
    for (int64_t i = begin; i < end; i++) {
        int64_t row = i / s->h.out * s->h.in, height = counted(&s->h, i % s->h.out, s->exclude_pad);
        mlk_span h = mlk_pool_window(&s->h, i % s->h.out);
        for (int64_t q = 0; q < s->w.out; q++) {
            mlk_span w = mlk_pool_window(&s->w, q);
            const ml_real *x = j->x + ((row + h.begin) * s->w.in + w.begin) * s->c;
            mlk_patch p = {x, h.end - h.begin, w.end - w.begin, s->w.in * s->c, s->c};
            int64_t divisor = height * counted(&s->w, q, s->exclude_pad);
            mean_of_window(j->y + (i * s->w.out + q) * s->c, p, 1 / (double)divisor);
        }
    }
}

void mlk_avg_pool2d_forward(ml_real *y, const ml_real *x, const mlk_pool2d *s)
{
    mlk_pool_forward(s, forward_rows, &(job){y, x, s});
}

typedef struct back_job {
    const ml_real *dy;
    const mlk_pool2d *s;
    bool write; /* nothing is there to be added to */
} back_job;

/* One pixel's share of dy: dx = dy / d, or added. */
static void give(ml_real *restrict dx, bool write, const ml_real *restrict dy, ml_real scale, int64_t n)
{
    if (write)
        for (int64_t i = 0; i < n; i++)
            dx[i] = dy[i] * scale;
    else
        for (int64_t i = 0; i < n; i++)
            dx[i] += dy[i] * scale;
}

static void backward_row(void *arg, ml_real *image, int64_t i, mlk_span h)
{
    const back_job *j = arg;
    const mlk_pool2d *s = j->s;
    int64_t height = counted(&s->h, i % s->h.out, s->exclude_pad);
    for (int64_t q = 0; q < s->w.out; q++) {
        mlk_span w = mlk_pool_window(&s->w, q);
        const ml_real *dy = j->dy + (i * s->w.out + q) * s->c;
        ml_real scale = (ml_real)(1 / (double)(height * counted(&s->w, q, s->exclude_pad)));
        for (int64_t r = h.begin; r < h.end; r++)
            for (int64_t k = w.begin; k < w.end; k++)
                give(image + (r * s->w.in + k) * s->c, j->write, dy, scale, s->c);
    }
}

void mlk_avg_pool2d_backward(ml_real *dx, bool add, const ml_real *dy, const mlk_pool2d *s)
{
    bool write = !add && mlk_pool_tiles(s);
    mlk_pool_backward(dx, !add && !write, s, backward_row, &(back_job){dy, s, write});
}
