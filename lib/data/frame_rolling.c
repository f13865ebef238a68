/* frame_rolling.c -- what a window that slides over the rows holds: its mean, sum, least, largest, deviation, median.
 *
 * A window of w rows is the end of one block of w rows and the beginning of the next (van Herk 1992; Gil and Werman 1993). So two
 * summaries, each grown row by row, are merged for each window: linear in n whatever w is, and nothing is ever subtracted, as a
 * sum that values enter and leave would do, whose rounding errors stay behind.
 */
#include "data/verbs.h"

#include <math.h>
#include <string.h>

/* A summary of rows. Two are merged as in Chan, Golub, LeVeque 1979, "Updating formulae and a pairwise algorithm"; the sum is
 * kept in two doubles, since of numbers far from zero the difference of two means is what their rounding leaves. */
typedef struct summary {
    double rows, n;        /* n of the rows have a value */
    double sum, low;       /* low: what the sum lost by rounding */
    double squares;        /* sum (x - mean)^2 */
    double least, largest;
} summary;

static const summary EMPTY = {.least = INFINITY, .largest = -INFINITY};

static summary of_row(double x)
{
    if (isnan(x))
        return (summary){.rows = 1, .least = INFINITY, .largest = -INFINITY};
    return (summary){.rows = 1, .n = 1, .sum = x, .least = x, .largest = x};
}

/* mean(b) - mean(a), the remainders of both divisions too. */
static double mean_difference(const summary *a, const summary *b)
{
    const double p = a->sum / a->n, q = b->sum / b->n;
    const double rest_p = (fma(-p, a->n, a->sum) + a->low) / a->n, rest_q = (fma(-q, b->n, b->sum) + b->low) / b->n;
    return (q - p) + (rest_q - rest_p);
}

static summary merged(summary a, summary b)
{
    const double n = a.n + b.n, rows = a.rows + b.rows;
    if (a.n == 0 || b.n == 0) {
        summary s = a.n == 0 ? b : a;
        s.rows = rows;
        return s;
    }
    const double sum = a.sum + b.sum, back = sum - a.sum, lost = (a.sum - (sum - back)) + (b.sum - back); /* Knuth's two-sum */
    const double delta = mean_difference(&a, &b);
    return (summary){.rows = rows,
                     .n = n,
                     .sum = sum,
                     .low = isfinite(sum) ? a.low + b.low + lost : 0,
                     .squares = a.squares + b.squares + delta * delta * (a.n * b.n / n),
                     .least = a.least < b.least ? a.least : b.least,
                     .largest = a.largest > b.largest ? a.largest : b.largest};
}

static double asked(const summary *s, ml_roll what, double least)
{
    const bool equal = s->least == s->largest; /* then mean and deviation are exact */
    if ((what == ML_ROLL_COUNT ? s->rows : s->n) < least)
        return NAN;
    switch (what) {
    case ML_ROLL_SUM:
        return s->sum + s->low;
    case ML_ROLL_COUNT:
        return s->n;
    case ML_ROLL_STD:
        return s->n < 2 ? (double)NAN : equal ? 0 : sqrt(s->squares / (s->n - 1));
    case ML_ROLL_MEAN:
        return s->n < 1 ? (double)NAN : equal ? s->least : (s->sum + s->low) / s->n;
    case ML_ROLL_MIN:
        return s->n < 1 ? (double)NAN : s->least;
    default:
        return s->n < 1 ? (double)NAN : s->largest;
    }
}

/* Rows first .. last of the window of row i; both ends cut to 0 .. n-1. */
typedef struct window {
    int64_t size, offset, n;
} window;

static int64_t first_of(const window *w, int64_t i)
{
    const int64_t first = i + w->offset - w->size + 1;
    return first > 0 ? first : 0;
}

static int64_t last_of(const window *w, int64_t i)
{
    const int64_t last = i + w->offset;
    return last < w->n ? last : w->n - 1;
}

/* Summaries of rows i .. end of the block, for all i of a block that begins at `begin`. */
static void fill_ends(summary *ends, const double *x, int64_t begin, int64_t size, int64_t n)
{
    summary s = EMPTY;
    for (int64_t k = (begin + size < n ? size : n - begin) - 1; k >= 0; k--)
        ends[k] = s = merged(of_row(x[begin + k]), s);
}

/* A window ends in the block whose beginning is `start`, and begins there, or in the block before, of which `ends` are kept.
 * At the last rows a window in the middle may begin behind the beginning of the last block, whose ends are then the window. */
static void slide(double *out, const double *x, const window *w, ml_roll what, double least, summary *ends)
{
    summary start = EMPTY;
    int64_t grown = 0, kept = -1; /* rows that start has come to; the block that ends are of */
    for (int64_t i = 0; i < w->n; i++) {
        const int64_t first = first_of(w, i), last = last_of(w, i), block = last / w->size * w->size;
        for (; grown <= last; grown++)
            start = merged(grown % w->size ? start : EMPTY, of_row(x[grown]));
        summary s = start;
        if (first != block) {
            if (kept != first / w->size)
                fill_ends(ends, x, first / w->size * w->size, w->size, w->n);
            kept = first / w->size;
            s = first < block ? merged(ends[first % w->size], start) : ends[first % w->size];
        }
        out[i] = asked(&s, what, least);
    }
}

/* ---- the median: values of the window in order ---- */

/* How many of n sorted values are below x. */
static int64_t place_of(const double *sorted, int64_t n, double x)
{
    int64_t low = 0;
    while (low < n) {
        const int64_t middle = low + (n - low) / 2;
        if (sorted[middle] < x)
            low = middle + 1;
        else
            n = middle;
    }
    return low;
}

static void slide_median(double *out, const double *x, const window *w, double least, double *sorted)
{
    int64_t n = 0, in = 0, gone = 0; /* values in the window; rows that came, and went */
    for (int64_t i = 0; i < w->n; i++) {
        for (; gone < first_of(w, i); gone++)
            if (!isnan(x[gone])) {
                const int64_t at = place_of(sorted, n--, x[gone]);
                memmove(sorted + at, sorted + at + 1, (size_t)(n - at) * sizeof *sorted);
            }
        for (; in <= last_of(w, i); in++)
            if (!isnan(x[in])) {
                const int64_t at = place_of(sorted, n, x[in]);
                memmove(sorted + at + 1, sorted + at, (size_t)(n++ - at) * sizeof *sorted);
                sorted[at] = x[in];
            }
        out[i] = n == 0 || (double)n < least ? NAN : n % 2 ? sorted[n / 2] : sorted[n / 2 - 1] / 2 + sorted[n / 2] / 2;
    }
}

/* ---- the verb ---- */

static ml_status check(int64_t window, ml_roll what, int64_t min_periods)
{
    if (window < 1)
        return mli_fail(ML_EINVAL, "frame_rolling: a window of %lld rows: wants 1 or more", (long long)window);
    if ((unsigned)what > ML_ROLL_COUNT)
        return mli_fail(ML_EINVAL, "frame_rolling: there is nothing %d to ask of a window", (int)what);
    if (min_periods < ML_NONE || min_periods > window)
        return mli_fail(ML_EINVAL, "frame_rolling: min_periods is %lld, and the window %lld rows",
                        (long long)min_periods, (long long)window);
    return ML_OK;
}

/* The column as numbers, what is infinite as missing, but to be counted. */
static double *finite_values(const ml_column *c, ml_roll what)
{
    double *x = mli_alloc((size_t)c->n * sizeof *x);
    for (int64_t i = 0; x && i < c->n; i++) {
        x[i] = ml_column_number(c, i);
        if (isinf(x[i]))
            x[i] = what == ML_ROLL_COUNT ? 0 : (double)NAN;
    }
    return x;
}

ml_status ml_frame_rolling(ml_frame *f, const char *column, const char *as, int64_t size, ml_roll what, ml_roll_opts opts)
{
    const ml_column *c = mli_verb_column("frame_rolling", f, column, MLI_NUMERIC);
    if (!c || check(size, what, opts.min_periods))
        return ml_error_status();
    const double least = opts.min_periods == ML_NONE ? 0 : (double)mli_given(opts.min_periods, size);
    window w = {.size = size > 2 * c->n ? 2 * c->n + 1 : size, .n = c->n}; /* beyond, every window is the whole */
    w.offset = opts.center ? (w.size - 1) / 2 : 0;
    const size_t room = (size_t)(w.size < c->n ? w.size : c->n);
    double *x = finite_values(c, what), *out = x ? mli_alloc((size_t)c->n * sizeof *out) : NULL;
    void *scratch = out ? mli_alloc(room * (what == ML_ROLL_MEDIAN ? sizeof(double) : sizeof(summary))) : NULL;
    if (scratch && what == ML_ROLL_MEDIAN)
        slide_median(out, x, &w, least, scratch);
    else if (scratch)
        slide(out, x, &w, what, least, scratch);
    mli_free(x);
    mli_free(scratch);
    if (!scratch) {
        mli_free(out);
        return ML_ENOMEM;
    }
    return mli_verb_numbers("frame_rolling", f, as ? as : column, out);
}
