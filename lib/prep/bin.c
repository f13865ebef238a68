/* bin.c -- numbers become the numbers of the bins in which they lie
 *
 * Uniform   B bins of one width between the smallest and the largest value
 * Quantile  edges at the quantiles 0, 1/B, ..., 1: as many rows in each, as far as equal values allow
 * Bin       of x is how many of the inner edges are <= x, so what lies outside is in the first or last one
 * Learns    the inner edges of each column. Quantiles at most 1e-8 above the one before are no edge; a constant column has one bin
 */
#include "prep/prep.h"
#include "prep/statistics.h"

#include <math.h>

enum { MOST_BINS = 1000000 };
static const double NARROW = 1e-8;

static const char *const HOW[] = {"quantile", "uniform", NULL};
static const mli_field FIELDS[] = {
    MLI_FIELD_CHOICE(ml_bin_opts, how, HOW),
    MLI_FIELD(ml_bin_opts, bins, MLI_COUNT, 5),
    {0},
};

/* Inner edges of all columns, upwards within each: those of column i are edge[begin[i] .. begin[i+1]-1]. */
typedef struct bins {
    double *edge;
    int64_t *begin; /* p->n + 1 */
} bins;

static void free_bins(void *state)
{
    bins *s = state;
    if (!s)
        return;
    mli_free(s->edge);
    mli_free(s->begin);
    mli_free(s);
}

static ml_status check(const ml_prep_step *step)
{
    const int64_t bins = step->opts.bin.bins;
    if (bins < 2 || bins > MOST_BINS)
        return mli_fail(ML_EINVAL, "bins is %lld: it must be in 2 .. %d", (long long)bins, MOST_BINS);
    return ML_OK;
}

/* ---- fitting ---- */

/* Writes the inner edges of n >= 1 numbers between low and high to edge, and says how many. It reorders v. */
static int64_t edges_of(double *v, int64_t n, double low, double high, const ml_bin_opts *o, double *edge)
{
    const bool quantile = o->how == ML_BIN_QUANTILE;
    const double narrow = quantile ? NARROW : 0, width = (high - low) / (double)o->bins;
    double last = low;
    int64_t count = 0;
    for (int64_t k = 1; k < o->bins; k++) {
        const double e = quantile ? mli_quantile(v, n, (double)k / (double)o->bins) : low + (double)k * width;
        if (e - last > narrow)
            edge[count++] = last = e;
    }
    return count - (count && high - last <= narrow);
}

static ml_status fit_column(bins *s, int i, const ml_column *c, const ml_bin_opts *o)
{
    char shown[MLI_SHOWN];
    const int64_t n = c->n - c->missing;
    double *v = mli_known(c);
    if (!v)
        return ml_error_status();
    const double low = n ? mli_select(v, n, 0) : 0, high = n ? mli_select(v, n, n - 1) : 0;
    const bool fits = isfinite(high - low);
    s->begin[i + 1] = s->begin[i] + (n && fits ? edges_of(v, n, low, high, o, s->edge + s->begin[i]) : 0);
    mli_free(v);
    return fits ? ML_OK : mli_fail(ML_EINVAL, "the values of column '%s' are too far apart: their range is no double",
                                   mli_shown(c->name, shown));
}

static ml_status fit(ml_prep *p, const ml_prep_step *step, const mli_prep_rows *g)
{
    const ml_bin_opts *o = &step->opts.bin;
    bins *s = mli_calloc(1, sizeof *s);
    p->state = s;
    if (!s)
        return ML_ENOMEM;
    s->begin = mli_calloc((size_t)p->n + 1, sizeof *s->begin);
    s->edge = mli_calloc((size_t)p->n, (size_t)o->bins * sizeof *s->edge);
    ml_status e = s->begin && s->edge ? ML_OK : ML_ENOMEM;
    for (int i = 0; i < p->n && !e; i++)
        e = fit_column(s, i, g->column[i], o);
    return e;
}

/* ---- transforming ---- */

/* How many of n sorted edges are <= x. */
static int64_t bin_of(const double *edge, int64_t n, double x)
{
    int64_t low = 0, high = n;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (edge[middle] <= x)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static ml_status replace(const ml_prep *p, int i, const ml_column *c, ml_frame *out)
{
    const bins *s = p->state;
    int64_t *v = mli_alloc((size_t)c->n * sizeof *v);
    for (int64_t k = 0; v && k < c->n; k++)
        v[k] = ml_column_missing(c, k) ? ML_MISSING
                                       : bin_of(s->edge + s->begin[i], s->begin[i + 1] - s->begin[i], ml_column_number(c, k));
    return mli_add_integers(out, c->name, v, c->n);
}

/* ---- files ---- */

static ml_status save(const ml_prep *p, mli_store *store, const char *at)
{
    const bins *s = p->state;
    ml_status e = mli_store_put_longs(store, at, "begin", s->begin, p->n + 1);
    return e ? e : mli_store_put_doubles(store, at, "edge", s->edge, s->begin[p->n]);
}

static ml_status load(ml_prep *p, mli_store *store, const char *at)
{
    bins *s = mli_calloc(1, sizeof *s);
    int64_t edges = 0;
    p->state = s;
    ml_status e = s ? mli_store_longs(store, at, "begin", p->n + 1, p->n + 1, &s->begin, NULL) : ML_ENOMEM;
    if (!e)
        e = mli_store_doubles(store, at, "edge", 0, INT64_MAX, &s->edge, &edges);
    if (!e && (s->begin[0] != 0 || s->begin[p->n] != edges))
        e = mli_store_fail(store, at, "begin", "does not cover the %lld edges", (long long)edges);
    for (int i = 0; i < p->n && !e; i++)
        if (s->begin[i + 1] < s->begin[i])
            e = mli_store_fail(store, at, "begin", "goes down at place %d", i + 1);
    return e;
}

const ml_prep_kind mli_bin_kind = {
    .name = "bin",
    .fields = FIELDS,
    .takes = MLI_TAKES_NUMBERS,
    .check = check,
    .fit = fit,
    .replace = replace,
    .save = save,
    .load = load,
    .free = free_bins,
};

ml_prep_step ml_bin_step(ml_bin_opts opts)
{
    return (ml_prep_step){.kind = &mli_bin_kind, .opts.bin = opts};
}
