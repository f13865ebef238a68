/* bilinear.c -- an image of another size: each new pixel is a mean of the four old ones around it, by nearness
 *
 * Shapes     x (N,H,W,C)   y (N,P,Q,C)
 * Forward    row p of y lies at u = (p + 1/2) H / P - 1/2 among the rows of x, or, corners aligned, at u = p (H - 1) / (P - 1);
 *            below 0 counts as 0. With i = floor(u), j = i + 1 (the last row at most), and l = u - i, it is (1 - l) of row i
 *            and l of row j. Column q lies between columns k and m alike, and the two weights of a pixel are multiplied:
 *            y[n,p,q,c] = (1-l) (1-g) x[n,i,k,c] + (1-l) g x[n,i,m,c] + l (1-g) x[n,j,k,c] + l g x[n,j,m,c]
 * Backward   each number of x gets back its share of all the numbers that it went into:
 *            dx[n,h,w,c] = sum over p, q of share(h,p) share(w,q) dy[n,p,q,c]
 *            where share(h,p) is 1 - l if h is the i of row p, l if it is its j, else 0. Check by sum: the shares in a number
 *            of y sum to 1, so dx and dy have one sum.
 * Saves      nothing         Cost  8 N P Q C flops forward, as many backward; for few channels, finding the places
 * Source     PyTorch's Upsample(mode="bilinear"); in nets: Long, Shelhamer, Darrell 2015
 * Derivation docs/math/bilinear.md
 */
#include "kernels/bilinear.h"

#include "kernels/pool2d.h"

#include <string.h>

/* ---- places ---- */

mlk_bilinear_axis mlk_bilinear_axis_of(int64_t in, int64_t out, bool align_corners)
{
    if (in == out)
        return (mlk_bilinear_axis){in, out, 0, 1, 1};
    if (!align_corners)
        return (mlk_bilinear_axis){in, out, in - out, 2 * in, 2 * out}; /* ((2 p + 1) H - P) / 2 P */
    return out == 1 ? (mlk_bilinear_axis){in, out, 0, 0, 1} : (mlk_bilinear_axis){in, out, 0, in - 1, out - 1};
}

/* Between which pixels of the input one of the output lies, and how near it is to each. */
typedef struct place {
    int64_t low, high;
    ml_real at_low, at_high; /* weights; they sum to 1 */
} place;

static inline place place_of(const mlk_bilinear_axis *a, int64_t i)
{
    int64_t u = a->start + i * a->step;
    if (u < 0)
        u = 0;
    place p = {.low = u / a->unit};
    bool alone = a->in == a->out || p.low == a->in - 1; /* nothing lies between */
    p.high = alone ? p.low : p.low + 1;
    p.at_high = (ml_real)((double)(u - p.low * a->unit) / (double)a->unit);
    p.at_low = 1 - p.at_high;
    return p;
}

/* The first of the output that lies at pixel - 1 or after it: the first that may look at `pixel`. */
static int64_t first_after(const mlk_bilinear_axis *a, int64_t pixel)
{
    int64_t before = (pixel - 1) * a->unit - a->start; /* what the steps must reach */
    return pixel < 2 || before <= 0 || a->step == 0 ? 0 : (before - 1) / a->step + 1;
}

/* The four pixels of x that one of y is made of: the first of their numbers, and their weights. */
typedef struct four {
    int64_t at[4];
    ml_real weight[4];
} four;

static inline four four_of(const mlk_bilinear *s, int64_t n, place row, place col)
{
    const int64_t low = (n * s->h.in + row.low) * s->w.in, high = (n * s->h.in + row.high) * s->w.in;
    return (four){{(low + col.low) * s->c, (low + col.high) * s->c, (high + col.low) * s->c, (high + col.high) * s->c},
                  {row.at_low * col.at_low, row.at_low * col.at_high, row.at_high * col.at_low, row.at_high * col.at_high}};
}

/* ---- the definition ---- */

/* Calls body for each number of y, `to`, with the pixels that it is made of. */
#define FOR_EACH_NUMBER(s, body)                                                                               \
    for (int64_t to = 0; to < (s)->n * (s)->h.out * (s)->w.out * (s)->c; to++) {                                   \
        const int64_t c = to % (s)->c, q = to / (s)->c % (s)->w.out, row = to / (s)->c / (s)->w.out;               \
        const four x4 = four_of(s, row / (s)->h.out, place_of(&(s)->h, row % (s)->h.out), place_of(&(s)->w, q));   \
        for (int i = 0; i < 4; i++)                                                                                \
            body;                                                                                                  \
    }

void mlk_bilinear_ref(ml_real *y, const ml_real *x, const mlk_bilinear *s)
{
    memset(y, 0, (size_t)(s->n * s->h.out * s->w.out * s->c) * sizeof *y);
    FOR_EACH_NUMBER(s, y[to] += x4.weight[i] * x[x4.at[i] + c])
}

void mlk_bilinear_backward_ref(ml_real *dx, bool add, const ml_real *dy, const mlk_bilinear *s)
{
    if (!add)
        memset(dx, 0, (size_t)(s->n * s->h.in * s->w.in * s->c) * sizeof *dx);
    FOR_EACH_NUMBER(s, dx[x4.at[i] + c] += x4.weight[i] * dy[to])
}

/* ---- fast: vectors of channels ---- */

typedef struct job {
    ml_real *out; /* y or dx */
    bool add;
    const ml_real *in; /* x or dy */
    const mlk_bilinear *s;
} job;

static inline void mix(ml_real *restrict y, const ml_real *x, const four *f, int64_t channels)
{
    const ml_real *a = x + f->at[0], *b = x + f->at[1], *c = x + f->at[2], *d = x + f->at[3];
    const ml_real wa = f->weight[0], wb = f->weight[1], wc = f->weight[2], wd = f->weight[3];
    for (int64_t i = 0; i < channels; i++)
        y[i] = (wa * a[i] + wb * b[i]) + (wc * c[i] + wd * d[i]);
}

/* Rows of y. */
static void forward_rows(void *arg, int64_t begin, int64_t end)
{
    const job *j = arg;
    const mlk_bilinear *s = j->s;
    for (int64_t r = begin; r < end; r++) {
        const place row = place_of(&s->h, r % s->h.out);
        for (int64_t q = 0; q < s->w.out; q++) {
            const four f = four_of(s, r / s->h.out, row, place_of(&s->w, q));
            mix(j->out + (r * s->w.out + q) * s->c, j->in, &f, s->c);
        }
    }
}

/* dx[c] += weight dy[c] */
static inline void give(ml_real *restrict dx, const ml_real *restrict dy, ml_real weight, int64_t n)
{
    for (int64_t c = 0; c < n; c++)
        dx[c] += weight * dy[c];
}

/* What row dy, of which `part` is for row dx, gives to its pixels. */
static void give_row(ml_real *dx, const ml_real *dy, ml_real part, const mlk_bilinear *s)
{
    for (int64_t q = 0; q < s->w.out; q++) {
        const place col = place_of(&s->w, q);
        give(dx + col.low * s->c, dy + q * s->c, part * col.at_low, s->c);
        give(dx + col.high * s->c, dy + q * s->c, part * col.at_high, s->c);
    }
}

/* Rows of dx: each asks the rows of dy that lie around it, so that each number is written by one thread. */
static void backward_rows(void *arg, int64_t begin, int64_t end)
{
    const job *j = arg;
    const mlk_bilinear *s = j->s;
    const int64_t length = s->w.in * s->c;
    for (int64_t r = begin; r < end; r++) {
        const int64_t h = r % s->h.in;
        ml_real *dx = j->out + r * length;
        if (!j->add)
            memset(dx, 0, (size_t)length * sizeof *dx);
        for (int64_t p = first_after(&s->h, h); p < s->h.out; p++) {
            const place row = place_of(&s->h, p);
            if (row.low > h) /* and so are all that follow */
                break;
            const ml_real *dy = j->in + (r / s->h.in * s->h.out + p) * s->w.out * s->c;
            if (row.low == h)
                give_row(dx, dy, row.at_low, s);
            if (row.high == h)
                give_row(dx, dy, row.at_high, s);
        }
    }
}

void mlk_bilinear_forward(ml_real *y, const ml_real *x, const mlk_bilinear *s)
{
    mlk_pool_ranges(s->n * s->h.out, s->w.out * s->c, forward_rows, &(job){y, false, x, s});
}

void mlk_bilinear_backward(ml_real *dx, bool add, const ml_real *dy, const mlk_bilinear *s)
{
    int64_t size = (s->h.out / s->h.in + 1) * s->w.out * s->c + s->w.in * s->c; /* numbers read and written, about */
    mlk_pool_ranges(s->n * s->h.in, size, backward_rows, &(job){dx, add, dy, s});
}
