/* pool2d_max.c -- the largest number of each window, channel by channel
 *
 * Shapes     x (N,H,W,C)   windows of R x S pixels   y (N,P,Q,C),  P = floor((H + 2 pad - R) / stride) + 1, Q alike
 * Forward    y[n,p,q,c] = max over r < R, s < S of x[n, p stride - pad + r, q stride - pad + s, c], as far as that lies
 *            in the image. Of equals the first wins, row by row; NaN beats numbers, and the last NaN the others
 * Backward   dx[n,h,w,c] = the sum of dy[n,p,q,c] over the windows (p,q) that pixel (h,w) won, 0 where it won none
 *            Check by meaning: a little more on the winner is as much more on the maximum; the losers do not count.
 * Saves      who won, a byte an output, or four where a window has more than 256 pixels
 * Cost       forward R S comparisons an output; backward one addition an output, whatever the window; memory is the limit
 * Source     Ranzato, Huang, Boureau, LeCun 2007; Scherer, Mueller, Behnke 2010; ties and NaN as in PyTorch
 * Derivation docs/math/pooling.md
 */
#include "kernels/pool2d.h"

#include "kernels/lanes.h"

#include <math.h>
#include <string.h>

enum { LANES = MLK_POOL_LANES };

/* Does v take the place of the largest so far? NaN is the one that differs from itself. */
static inline bool beats(ml_real v, ml_real most)
{
    return (v > most) | (v != v);
}

/* ---- the definition ---- */

/* Where in x the winner is, for number i of y. */
static int64_t winner(const ml_real *x, const mlk_pool2d *s, int64_t i)
{
    int64_t c = i % s->c, q = i / s->c % s->w.out, row = i / s->c / s->w.out, best = -1;
    mlk_span h = mlk_pool_window(&s->h, row % s->h.out), w = mlk_pool_window(&s->w, q);
    for (int64_t r = h.begin; r < h.end; r++)
        for (int64_t k = w.begin; k < w.end; k++) {
            int64_t at = ((row / s->h.out * s->h.in + r) * s->w.in + k) * s->c + c;
            if (best < 0 || beats(x[at], x[best]))
                best = at;
        }
    return best;
}

void mlk_max_pool2d_ref(ml_real *y, const ml_real *x, const mlk_pool2d *s)
{
    for (int64_t i = 0; i < mlk_pool_y_size(s); i++)
        y[i] = x[winner(x, s, i)];
}

void mlk_max_pool2d_backward_ref(ml_real *dx, bool add, const ml_real *dy, const ml_real *x, const mlk_pool2d *s)
{
    if (!add)
        memset(dx, 0, (size_t)mlk_pool_x_size(s) * sizeof *dx);
    for (int64_t i = 0; i < mlk_pool_y_size(s); i++)
        dx[winner(x, s, i)] += dy[i];
}

/* ---- fast forward ----
 *
 * The pixels of a window are numbered from the first that lies in the image, `pitch` of them a row, and the winner's
 * number is saved: in a byte, where windows are that small; else in four, and then it is the way to go in the image. */

bool mlk_max_pool2d_in_bytes(const mlk_pool2d *s)
{
    return mlk_least(s->h.k, s->h.in) * mlk_least(s->w.k, s->w.in) <= UINT8_MAX + 1;
}

static int64_t pitch(const mlk_pool2d *s)
{
    return mlk_max_pool2d_in_bytes(s) ? mlk_least(s->w.k, s->w.in) : s->w.in;
}

static int64_t width(const mlk_pool2d *s)
{
    return mlk_max_pool2d_in_bytes(s) ? sizeof(uint8_t) : sizeof(int32_t);
}

size_t mlk_max_pool2d_saved(const mlk_pool2d *s)
{
    return (size_t)(mlk_pool_y_size(s) * width(s));
}

/* Where y and the numbers of the winners go, from some window on. */
typedef struct target {
    ml_real *y;
    void *at; /* may be NULL */
    bool in_bytes;
    int64_t pitch;
} target;

/* Channels c .. c + count - 1 of one window. count is a constant where it is LANES. */
MLK_INLINE void best_of(target t, mlk_patch p, int64_t c, const int count)
{
    ml_real best[LANES];
    int32_t at[LANES];
    MLK_ROLLED
    for (int i = 0; i < LANES; i++) {
        best[i] = (ml_real)-INFINITY;
        at[i] = 0;
    }
    for (int64_t r = 0; r < p.rows; r++)
        for (int64_t k = 0; k < p.cols; k++) {
            const ml_real *x = p.x + r * p.row + k * p.pixel + c;
            const int32_t number = (int32_t)(r * t.pitch + k);
            MLK_ROLLED
            for (int i = 0; i < count; i++) { /* all values at hand, then choices: no branch */
                ml_real v = x[i], most = best[i];
                int32_t yet = at[i];
                bool more = beats(v, most);
                best[i] = more ? v : most;
                at[i] = more ? number : yet;
            }
        }
    ml_real *y = t.y + c;
    MLK_ROLLED
    for (int i = 0; i < count; i++)
        y[i] = best[i];
    if (t.at && t.in_bytes) {
        uint8_t *bytes = (uint8_t *)t.at + c;
        MLK_ROLLED
        for (int i = 0; i < count; i++)
            bytes[i] = (uint8_t)at[i];
    } else if (t.at) {
        int32_t *words = (int32_t *)t.at + c;
        MLK_ROLLED
        for (int i = 0; i < count; i++)
            words[i] = at[i];
    }
}

/* One window, which the edge of the image may cut. */
static void one(target t, mlk_patch p)
{
    const int64_t channels = p.pixel, whole = channels - channels % LANES;
    for (int64_t c = 0; c < whole; c += LANES)
        best_of(t, p, c, LANES);
    if (whole < channels)
        best_of(t, p, whole, (int)(channels - whole));
}

/* n windows side by side, `step` numbers apart in x, in whole steps of LANES. Where LANES does not divide C, the last
 * lanes of a window reach into the next pixel: they read what has nothing to do with it, and write what the next
 * window then overwrites. */
MLK_INLINE void run(target t, mlk_patch p, int64_t step, int64_t n)
{
    const int64_t channels = p.pixel, width = t.in_bytes ? sizeof(uint8_t) : sizeof(int32_t), bytes = channels * width;
    for (int64_t q = 0; q < n; q++) {
        target to = {t.y + q * channels, t.at ? (char *)t.at + q * bytes : NULL, t.in_bytes, t.pitch};
        mlk_patch from = {p.x + q * step, p.rows, p.cols, p.row, p.pixel};
        for (int64_t c = 0; c < channels; c += LANES)
            best_of(to, from, c, LANES);
    }
}

static __attribute__((noinline)) void run_any(target t, mlk_patch p, int64_t step, int64_t n)
{
    run(t, p, step, n);
}

/* The commonest window: with so much constant it is done at the speed of a copy. */
static __attribute__((noinline)) void run_2x2(target t, mlk_patch p, int64_t step, int64_t n)
{
    t.in_bytes = true;
    t.pitch = p.rows = p.cols = 2;
    run(t, p, step, n);
}

typedef struct job {
    ml_real *y;
    char *at;
    const ml_real *x;
    const mlk_pool2d *s;
} job;

/* Which windows of row i make a run: those that are not cut, and whose last lanes stay in x, and in y before y_end,
 * so that no thread writes where another does. */
static mlk_span whole_windows(const mlk_pool2d *s, int64_t i, int64_t y_end)
{
    const mlk_pool_axis *w = &s->w;
    const int64_t reach = (s->c + LANES - 1) / LANES * LANES;
    const int64_t last_row = i / s->h.out * s->h.in + mlk_pool_window(&s->h, i % s->h.out).end - 1;
    mlk_span q = {mlk_least((w->pad + w->stride - 1) / w->stride, w->out), w->out};
    for (; q.end > q.begin; q.end--) {
        int64_t window = q.end - 1, end = window * w->stride - w->pad + w->k;
        if (end <= w->in && (i * w->out + window) * s->c + reach <= y_end &&
            (last_row * w->in + end - 1) * s->c + reach <= mlk_pool_x_size(s))
            break;
    }
    return q;
}

static void forward_rows(void *arg, int64_t begin, int64_t end)
{
    const job *j = arg;
    const mlk_pool2d *s = j->s;
    for (int64_t i = begin; i < end; i++) {
        mlk_span h = mlk_pool_window(&s->h, i % s->h.out), whole = whole_windows(s, i, end * s->w.out * s->c);
        int64_t row = i / s->h.out * s->h.in + h.begin;
        for (int64_t q = 0, n; q < s->w.out; q += n) {
            mlk_span w = mlk_pool_window(&s->w, q);
            int64_t y = (i * s->w.out + q) * s->c, x = (row * s->w.in + w.begin) * s->c;
            target t = {j->y + y, j->at ? j->at + y * width(s) : NULL, mlk_max_pool2d_in_bytes(s), pitch(s)};
            mlk_patch p = {j->x + x, h.end - h.begin, w.end - w.begin, s->w.in * s->c, s->c};
            n = q >= whole.begin && q < whole.end ? whole.end - q : 1;
            if (n == 1)
                one(t, p);
            else if (t.in_bytes && t.pitch == 2 && p.rows == 2 && p.cols == 2)
                run_2x2(t, p, s->w.stride * s->c, n);
            else
                run_any(t, p, s->w.stride * s->c, n);
        }
    }
}

void mlk_max_pool2d_forward(ml_real *y, void *at, const ml_real *x, const mlk_pool2d *s)
{
    mlk_pool_forward(s, forward_rows, &(job){y, at, x, s});
}

/* ---- backward: dx[winner] += dy ---- */

typedef struct back_job {
    const ml_real *dy;
    const void *at;
    const mlk_pool2d *s;
    bool in_bytes;
    bool write;                   /* each pixel lies in one window: dx is written, not added to */
    int64_t place[UINT8_MAX + 1]; /* from the first number of a window to that of its pixel i */
} back_job;

static inline void give_bytes(ml_real *restrict dx, const ml_real *restrict dy, const uint8_t *restrict at,
                              const int64_t *restrict place, int64_t channels)
{
    for (int64_t c = 0; c < channels; c++)
        dx[place[at[c]] + c] += dy[c];
}

static inline void give_words(ml_real *restrict dx, const ml_real *restrict dy, const int32_t *restrict at,
                              int64_t channels)
{
    for (int64_t c = 0; c < channels; c++)
        dx[at[c] * channels + c] += dy[c];
}

/* Of one pixel of the window: dy where it is the winner, else 0. Becomes vector code, where the two above cannot. */
static inline void write_pixel(ml_real *restrict dx, const ml_real *restrict dy, const uint8_t *restrict at,
                               int32_t pixel, int64_t channels)
{
    for (int64_t c = 0; c < channels; c++)
        dx[c] = at[c] == pixel ? dy[c] : 0;
}

static void backward_row(void *arg, ml_real *image, int64_t i, mlk_span h)
{
    const back_job *j = arg;
    const mlk_pool2d *s = j->s;
    for (int64_t q = 0; q < s->w.out; q++) {
        int64_t first = (h.begin * s->w.in + mlk_pool_window(&s->w, q).begin) * s->c, y = (i * s->w.out + q) * s->c;
        const uint8_t *bytes = (const uint8_t *)j->at + y;
        if (j->write)
            for (int32_t pixel = 0; pixel < s->h.k * s->w.k; pixel++)
                write_pixel(image + first + j->place[pixel], j->dy + y, bytes, pixel, s->c);
        else if (j->in_bytes)
            give_bytes(image + first, j->dy + y, bytes, j->place, s->c);
        else
            give_words(image + first, j->dy + y, (const int32_t *)j->at + y, s->c);
    }
}

/* Where windows are small and channels fill a vector, to write all pixels is faster than to add at the winners. */
static bool should_write(const mlk_pool2d *s)
{
    return mlk_pool_tiles(s) && s->h.k * s->w.k <= 16 && s->c >= LANES;
}

void mlk_max_pool2d_backward(ml_real *dx, bool add, const ml_real *dy, const void *at, const mlk_pool2d *s)
{
    back_job j = {dy, at, s, mlk_max_pool2d_in_bytes(s), !add && should_write(s), {0}};
    for (int64_t i = 0; i <= UINT8_MAX; i++)
        j.place[i] = (i / pitch(s) * s->w.in + i % pitch(s)) * s->c;
    mlk_pool_backward(dx, !add && !j.write, s, backward_row, &j);
}
