/* frame_cut.c -- numbers as intervals: between edges, of equal width, or of about as many values each.
 *
 * Edges and the texts of intervals are pandas' to the last digit, so that a value on an edge falls to the same side.
 */
#include "base/number.h"
#include "data/verbs.h"
#include "io/io.h"
#include "linalg/statistics.h"

#include <math.h>
#include <string.h>

enum { MOST_BINS = 1 << 20 };

/* ---- edges ---- */

static ml_status check_bins(const char *where, int64_t bins)
{
    if (bins >= 1 && bins <= MOST_BINS)
        return ML_OK;
    return mli_fail(ML_EINVAL, "%s: %lld bins: wants 1 to %d", where, (long long)bins, (int)MOST_BINS);
}

/* The n values that are there, for mli_free; an error where there are none. */
static double *values_of(const char *where, const ml_column *c, int64_t *n)
{
    char shown[MLI_SHOWN];
    if (c->missing == c->n)
        return mli_null(ML_EINVAL, "%s: column '%s' has no values to take edges from", where, mli_shown(c->name, shown));
    double *v = mli_alloc((size_t)c->n * sizeof *v);
    *n = 0;
    for (int64_t i = 0; v && i < c->n; i++)
        if (!ml_column_missing(c, i))
            v[(*n)++] = ml_column_number(c, i);
    return v;
}

/* The outermost edge is moved by a thousandth, so that the value on the open end is inside. */
static void equal_widths(double low, double high, int64_t bins, bool left, double *edges)
{
    const bool constant = low == high;
    if (constant) {
        low -= low != 0 ? 0.001 * fabs(low) : 0.001;
        high += high != 0 ? 0.001 * fabs(high) : 0.001;
    }
    const double step = (high - low) / (double)bins, more = (high - low) * 0.001;
    for (int64_t k = 0; k < bins; k++)
        edges[k] = (double)k * step + low;
    edges[bins] = high;
    if (!constant)
        edges[left ? bins : 0] += left ? more : -more;
}

static ml_status width_edges(const char *where, const ml_column *c, int64_t bins, bool left, double *edges)
{
    int64_t n;
    char shown[MLI_SHOWN];
    double *v = values_of(where, c, &n);
    if (!v)
        return ml_error_status();
    double low = v[0], high = v[0];
    for (int64_t i = 1; i < n; i++) {
        low = v[i] < low ? v[i] : low;
        high = v[i] > high ? v[i] : high;
    }
    mli_free(v);
    if (!isfinite(high - low))
        return mli_fail(ML_EINVAL, "%s: column '%s' goes from %g to %g: such a stretch has no parts of equal width", where,
                        mli_shown(c->name, shown), low, high);
    equal_widths(low, high, bins, left, edges);
    return ML_OK;
}

/* share NULL: of 0, 1/bins, 2/bins, ... 1, where a share that is not exact is the next double above, as in pandas. */
static ml_status quantile_edges(const char *where, const ml_column *c, int64_t bins, const double *share, double *edges)
{
    int64_t n;
    double *v = values_of(where, c, &n);
    if (!v)
        return ml_error_status();
    const double step = 1.0 / (double)bins;
    for (int64_t k = 0; k <= bins; k++) {
        double q = share ? share[k] : k == bins ? 1 : (double)k * step;
        if (!share && (double)bins * q != (double)k)
            q = nextafter(q, 1);
        edges[k] = mli_quantile(v, n, q);
    }
    mli_free(v);
    return ML_OK;
}

/* What both functions for edges check first. */
static const ml_column *edges_column(const char *where, const ml_frame *f, const char *column, int64_t bins, const double *edges)
{
    const ml_column *c = mli_verb_column(where, f, column, MLI_NUMERIC);
    if (!c || check_bins(where, bins) || mli_verb_may_learn(where, f, "edges"))
        return NULL;
    return edges ? c : mli_null(ML_EINVAL, "%s: edges is NULL", where);
}

ml_status ml_frame_cut_edges(const ml_frame *f, const char *column, int64_t bins, bool left, double *edges)
{
    const ml_column *c = edges_column("frame_cut_edges", f, column, bins, edges);
    return c ? width_edges("frame_cut_edges", c, bins, left, edges) : ml_error_status();
}

ml_status ml_frame_qcut_edges(const ml_frame *f, const char *column, int64_t bins, double *edges)
{
    const ml_column *c = edges_column("frame_qcut_edges", f, column, bins, edges);
    return c ? quantile_edges("frame_qcut_edges", c, bins, NULL, edges) : ml_error_status();
}

/* ---- the texts of intervals ---- */

/* Rounded behind the point, or where nothing is before it, behind its first digit. */
static double rounded(double x, int precision)
{
    double whole;
    if (!isfinite(x) || x == 0)
        return x;
    const double fraction = modf(x, &whole);
    const int digits = whole == 0 ? precision - 1 - (int)floor(log10(fabs(fraction))) : precision;
    const double scale = pow(10, digits), y = rint(x * scale) / scale;
    return isfinite(y) ? y : x;
}

/* The fewest digits, from 3 on, with which all edges still differ. */
static int precision_of(const double *edges, int64_t n)
{
    for (int p = 3; p < 20; p++) {
        bool differ = true;
        for (int64_t k = 1; k < n && differ; k++)
            differ = rounded(edges[k - 1], p) != rounded(edges[k], p);
        if (differ)
            return p;
    }
    return 3;
}

/* "(0.5, 10.0]" for each interval, one block for mli_free. */
static char **interval_texts(const double *edges, int64_t n, const ml_cut_opts *o)
{
    enum { ROOM = 2 * MLI_NUMBER_TEXT + 8 };
    const int precision = precision_of(edges, n);
    char **texts = mli_alloc((size_t)(n - 1) * (sizeof *texts + ROOM));
    for (int64_t k = 0; texts && k + 1 < n; k++) {
        char low[MLI_NUMBER_TEXT], high[MLI_NUMBER_TEXT];
        double first = rounded(edges[k], precision);
        if (k == 0 && o->include_lowest && !o->left)
            first -= pow(10, -precision); /* the way to say with one kind of bracket that the edge is inside */
        mli_number_text(first, '.', low);
        mli_number_text(rounded(edges[k + 1], precision), '.', high);
        texts[k] = (char *)(texts + n - 1) + k * ROOM;
        snprintf(texts[k], ROOM, "%c%s, %s%c", o->left ? '[' : '(', low, high, o->left ? ')' : ']');
    }
    return texts;
}

/* ---- cutting ---- */

static ml_status check_opts(const char *where, const ml_cut_opts *o, bool quantiles)
{
    if (!o->bins == !o->edges)
        return mli_fail(ML_EINVAL, "%s: wants either bins or edges", where);
    if (o->codes && o->labels)
        return mli_fail(ML_EINVAL, "%s: labels are for a category, and codes for whole numbers: wants one of them", where);
    if (quantiles && o->left)
        return mli_fail(ML_EINVAL, "%s: intervals between quantiles are closed on the right", where);
    if (!o->edges)
        return check_bins(where, o->bins);
    if (o->n_edges < 2 || o->n_edges > MOST_BINS + 1)
        return mli_fail(ML_EINVAL, "%s: %lld edges: wants 2 to %d", where, (long long)o->n_edges, (int)MOST_BINS + 1);
    for (int64_t k = 0; k < o->n_edges; k++) {
        if (isnan(o->edges[k]) || (k > 0 && o->edges[k] < o->edges[k - 1]))
            return mli_fail(ML_EINVAL, "%s: edge %lld is %g: edges must rise", where, (long long)k, o->edges[k]);
        if (quantiles && !(o->edges[k] >= 0 && o->edges[k] <= 1))
            return mli_fail(ML_EINVAL, "%s: quantile %lld is %g, not in 0 .. 1", where, (long long)k, o->edges[k]);
    }
    return ML_OK;
}

/* Leaves one of equal edges; an error where they may not be dropped, one alone remains, or labels are for more intervals. */
static ml_status drop_equal(const char *where, const ml_column *c, const ml_cut_opts *o, double *edges, int64_t *n)
{
    int64_t kept = 1;
    char shown[MLI_SHOWN];
    for (int64_t k = 1; k < *n; k++) {
        if (edges[k] != edges[kept - 1])
            edges[kept++] = edges[k];
        else if (!o->drop_duplicates)
            return mli_fail(ML_EINVAL, "%s: column '%s': two edges are %g: ask for fewer intervals, or drop_duplicates", where,
                            mli_shown(c->name, shown), edges[k]);
    }
    if (kept == 1)
        return mli_fail(ML_EINVAL, "%s: column '%s': all edges are %g: there is no interval", where, mli_shown(c->name, shown),
                        edges[0]);
    if (kept < *n && o->labels)
        return mli_fail(ML_EINVAL, "%s: column '%s': equal edges leave %lld intervals, and there are %lld labels", where,
                        mli_shown(c->name, shown), (long long)kept - 1, (long long)*n - 1);
    *n = kept;
    return ML_OK;
}

/* Which interval x is in, or -1: how many edges are below it (to the left: not above it), less one. */
static int32_t interval_of(double x, const double *edges, int64_t n, const ml_cut_opts *o)
{
    int64_t low = 0, high = n;
    if (isnan(x))
        return -1;
    if (o->include_lowest && x == edges[0])
        return 0;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (o->left ? edges[middle] <= x : edges[middle] < x)
            low = middle + 1;
        else
            high = middle;
    }
    return low == n ? -1 : (int32_t)low - 1;
}

static ml_status give_codes(const char *where, ml_frame *f, const char *name, const int32_t *code)
{
    int64_t *v = mli_alloc((size_t)f->rows * sizeof *v);
    for (int64_t i = 0; v && i < f->rows; i++)
        v[i] = code[i] < 0 ? ML_MISSING : code[i];
    return mli_verb_integers(where, f, name, v);
}

static ml_status cut(const char *where, ml_frame *f, const ml_column *c, const char *name, const ml_cut_opts *o,
                     const double *edges, int64_t n)
{
    int32_t *code = mli_alloc((size_t)c->n * sizeof *code);
    char **texts = o->codes || o->labels ? NULL : interval_texts(edges, n, o);
    if (!code || !(texts || o->codes || o->labels)) {
        mli_free(code);
        mli_free(texts);
        return ML_ENOMEM;
    }
    for (int64_t i = 0; i < c->n; i++)
        code[i] = interval_of(ml_column_number(c, i), edges, n, o);
    const char *const *labels = o->labels ? o->labels : (const char *const *)texts;
    ml_status s = o->codes ? give_codes(where, f, name, code)
                           : ml_frame_put_categories(f, name, (ml_ints){code, c->n}, labels, (int32_t)(n - 1));
    mli_free(code);
    mli_free(texts);
    return s;
}

static ml_status find_edges(const char *where, const ml_column *c, const ml_cut_opts *o, bool quantiles, double *edges)
{
    if (quantiles)
        return quantile_edges(where, c, o->edges ? o->n_edges - 1 : o->bins, o->edges, edges);
    if (!o->edges)
        return width_edges(where, c, o->bins, o->left, edges);
    memcpy(edges, o->edges, (size_t)o->n_edges * sizeof *edges);
    return ML_OK;
}

static ml_status cut_column(const char *where, ml_frame *f, const char *column, const char *as, ml_cut_opts *o, bool quantiles)
{
    const ml_column *c = mli_verb_column(where, f, column, MLI_NUMERIC);
    if (!c || check_opts(where, o, quantiles) || ((quantiles || !o->edges) && mli_verb_may_learn(where, f, "edges")))
        return ml_error_status();
    int64_t n = o->edges ? o->n_edges : o->bins + 1;
    double *edges = mli_alloc((size_t)n * sizeof *edges);
    ml_status s = edges ? find_edges(where, c, o, quantiles, edges) : ML_ENOMEM;
    if (!s)
        s = drop_equal(where, c, o, edges, &n);
    if (!s)
        s = cut(where, f, c, as ? as : column, o, edges, n);
    mli_free(edges);
    return s;
}

ml_status ml_frame_cut(ml_frame *f, const char *column, const char *as, ml_cut_opts opts)
{
    return cut_column("frame_cut", f, column, as, &opts, false);
}

ml_status ml_frame_qcut(ml_frame *f, const char *column, const char *as, ml_cut_opts opts)
{
    opts.include_lowest = true;
    return cut_column("frame_qcut", f, column, as, &opts, true);
}
