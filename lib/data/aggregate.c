/* aggregate.c -- see aggregate.h. Sums and means are added up in one pass; of what wants all numbers at once, those of a group are put
 * side by side, and each group's stretch goes to one function; what keeps the type of its column is a row of it for each group; what
 * counts is counted.
 */
#include "data/aggregate.h"
#include "io/io.h"
#include "linalg/statistics.h"

#include <math.h>
#include <string.h>

/* ---- kinds ---- */

typedef ml_status aggregate_fn(ml_column *out, const mli_codes *g, const ml_column *column, const ml_aggregate *a);
static aggregate_fn sums, stretches, picks, counts, uniques, sizes;

static double std_of(double *v, int64_t n, const ml_aggregate *a)
{
    (void)a;
    return sqrt(mli_variance(v, n));
}
static double var_of(double *v, int64_t n, const ml_aggregate *a)
{
    (void)a;
    return mli_variance(v, n);
}
static double median_of(double *v, int64_t n, const ml_aggregate *a)
{
    (void)a;
    return mli_median(v, n);
}
static double callers(double *v, int64_t n, const ml_aggregate *a)
{
    return a->of(v, n, a->user);
}

typedef struct kind {
    const char *name;
    bool numeric; /* of numbers and integers alone */
    aggregate_fn *body;
    double (*of)(double *v, int64_t n, const ml_aggregate *a); /* for stretches */
} kind;

static const kind kinds[] = {
    [ML_AGG_MEAN] = {"mean", true, sums, NULL},
    [ML_AGG_MEDIAN] = {"median", true, stretches, median_of},
    [ML_AGG_STD] = {"std", true, stretches, std_of},
    [ML_AGG_VAR] = {"var", true, stretches, var_of},
    [ML_AGG_FUNCTION] = {"function", true, stretches, callers},
    [ML_AGG_SUM] = {"sum", true, sums, NULL},
    [ML_AGG_MIN] = {"min", false, picks, NULL},
    [ML_AGG_MAX] = {"max", false, picks, NULL},
    [ML_AGG_FIRST] = {"first", false, picks, NULL},
    [ML_AGG_LAST] = {"last", false, picks, NULL},
    [ML_AGG_COUNT] = {"count", false, counts, NULL},
    [ML_AGG_NUNIQUE] = {"nunique", false, uniques, NULL},
    [ML_AGG_SIZE] = {"size", false, sizes, NULL},
};

ml_status mli_aggregate_check(const char *where, const ml_frame *f, const ml_aggregate *a, const ml_column **column)
{
    char shown[MLI_SHOWN];
    *column = NULL;
    if ((unsigned)a->kind >= sizeof kinds / sizeof *kinds)
        return mli_fail(ML_EINVAL, "%s: aggregate %d is unknown", where, (int)a->kind);
    const kind *k = &kinds[a->kind];
    if (a->name && !*a->name)
        return mli_fail(ML_EINVAL, "%s: the name of the %s must not be empty", where, k->name);
    if (a->kind == ML_AGG_SIZE)
        return ML_OK;
    if (!a->column)
        return mli_fail(ML_EINVAL, "%s: the %s wants a column", where, k->name);
    if (a->kind == ML_AGG_FUNCTION && !a->of)
        return mli_fail(ML_EINVAL, "%s: the function of '%s' is NULL", where, mli_shown(a->column, shown));
    *column = ml_frame_column(f, a->column);
    if (!*column)
        return mli_fail_in(where);
    if (k->numeric && !mli_is_numeric(*column))
        return mli_fail(ML_EINVAL, "%s: '%s' is of type %s, of which there is no %s: only of number and integer", where,
                        mli_shown(a->column, shown), ml_type_name((*column)->type), k->name);
    return ML_OK;
}

char *mli_aggregate_name(const ml_aggregate *a)
{
    if (a->name)
        return mli_strdup(a->name);
    if (a->kind == ML_AGG_SIZE)
        return mli_strdup("size");
    const size_t size = strlen(a->column) + strlen(kinds[a->kind].name) + 2;
    char *name = mli_alloc(size);
    if (name)
        snprintf(name, size, "%s_%s", a->column, kinds[a->kind].name);
    return name;
}

/* ---- numbers ---- */

/* The column as doubles: its own, or a copy that goes to *copy. */
static const double *doubles_of(const ml_column *c, double **copy)
{
    *copy = NULL;
    if (c->type == ML_NUMBER)
        return c->number;
    *copy = mli_alloc((size_t)c->n * sizeof **copy);
    for (int64_t i = 0; *copy && i < c->n; i++)
        (*copy)[i] = c->integer[i] == ML_MISSING ? NAN : (double)c->integer[i];
    return *copy;
}

/* A sum that remembers what rounding took from it (Knuth, The Art of Computer Programming 2, 4.2.2, theorem B). */
typedef struct running {
    double sum, rest;
    int64_t n;
} running;

static inline void add_number(running *r, double v)
{
    const double sum = r->sum + v, of_v = sum - r->sum;
    r->rest += (r->sum - (sum - of_v)) + (v - of_v);
    r->sum = sum;
    r->n++;
}

static double total(const running *r)
{
    return isfinite(r->rest) ? r->sum + r->rest : r->sum; /* of infinities the rest is NaN */
}

static ml_status number_sums(ml_column *out, const mli_codes *g, const ml_column *column, bool mean)
{
    double *copy, *result = mli_alloc((size_t)g->count * sizeof *result);
    const double *v = doubles_of(column, &copy);
    running *r = mli_calloc((size_t)g->count, sizeof *r);
    out->number = result;
    const bool had = result && v && r;
    for (int64_t i = 0; had && i < g->n; i++)
        if (g->code[i] >= 0 && !isnan(v[i]))
            add_number(&r[g->code[i]], v[i]);
    for (int32_t k = 0; had && k < g->count; k++)
        result[k] = !mean ? total(&r[k]) : r[k].n ? total(&r[k]) / (double)r[k].n : NAN;
    mli_free(copy);
    mli_free(r);
    return had ? ML_OK : ML_ENOMEM;
}

static bool add(int64_t *sum, int64_t x)
{
    if (x > 0 ? *sum > INT64_MAX - x : *sum < -INT64_MAX - x) /* INT64_MIN is ML_MISSING */
        return false;
    *sum += x;
    return true;
}

static ml_status integer_sums(ml_column *out, const mli_codes *g, const ml_column *column)
{
    char shown[MLI_SHOWN];
    int64_t *sum = mli_calloc((size_t)g->count, sizeof *sum);
    out->type = ML_INTEGER;
    out->integer = sum;
    for (int64_t i = 0; sum && i < g->n; i++)
        if (g->code[i] >= 0 && column->integer[i] != ML_MISSING && !add(&sum[g->code[i]], column->integer[i]))
            return mli_fail(ML_EINVAL, "the sum of '%s' does not fit an integer: it overflows in row %lld", mli_shown(column->name, shown),
                            (long long)i);
    return sum ? ML_OK : ML_ENOMEM;
}

static ml_status sums(ml_column *out, const mli_codes *g, const ml_column *column, const ml_aggregate *a)
{
    return a->kind == ML_AGG_SUM && column->type == ML_INTEGER ? integer_sums(out, g, column)
                                                               : number_sums(out, g, column, a->kind == ML_AGG_MEAN);
}

/* The values that are there, those of a group together: of group k from side[end[k - 1]] on, from 0 of the first. */
static void side_by_side(const mli_codes *g, const double *v, int64_t *end, double *side)
{
    int64_t before = 0;
    for (int64_t i = 0; i < g->n; i++)
        if (g->code[i] >= 0 && !isnan(v[i]))
            end[g->code[i]]++;
    for (int32_t k = 0; k < g->count; k++) { /* where they begin; placing them moves that to where they end */
        const int64_t n = end[k];
        end[k] = before;
        before += n;
    }
    for (int64_t i = 0; i < g->n; i++)
        if (g->code[i] >= 0 && !isnan(v[i]))
            side[end[g->code[i]]++] = v[i];
}

static ml_status stretches(ml_column *out, const mli_codes *g, const ml_column *column, const ml_aggregate *a)
{
    double *copy, *result = mli_alloc((size_t)g->count * sizeof *result);
    const double *v = doubles_of(column, &copy);
    double *side = mli_alloc((size_t)g->n * sizeof *side);
    int64_t *end = mli_calloc((size_t)g->count, sizeof *end);
    out->number = result;
    const bool had = result && v && side && end;
    if (had) {
        side_by_side(g, v, end, side);
        for (int32_t k = 0; k < g->count; k++) {
            const int64_t begin = k ? end[k - 1] : 0;
            result[k] = kinds[a->kind].of(side + begin, end[k] - begin, a);
        }
    }
    mli_free(copy);
    mli_free(side);
    mli_free(end);
    return had ? ML_OK : ML_ENOMEM;
}

/* ---- rows ---- */

/* Whether row i is to take the place of row of a group. */
static bool better(const ml_column *c, ml_aggregate_kind by, int64_t i, int64_t row)
{
    if (by == ML_AGG_FIRST || by == ML_AGG_LAST)
        return by == ML_AGG_LAST;
    if (c->type == ML_NUMBER)
        return by == ML_AGG_MIN ? c->number[i] < c->number[row] : c->number[i] > c->number[row];
    const int order = mli_column_order(c, i, row);
    return by == ML_AGG_MIN ? order < 0 : order > 0;
}

static ml_status picks(ml_column *out, const mli_codes *g, const ml_column *column, const ml_aggregate *a)
{
    int64_t *row = mli_alloc((size_t)g->count * sizeof *row);
    if (!row)
        return ML_ENOMEM;
    for (int32_t k = 0; k < g->count; k++)
        row[k] = -1;
    for (int64_t i = 0; i < g->n; i++) {
        const int32_t k = g->code[i];
        if (k >= 0 && !ml_column_missing(column, i) && (row[k] < 0 || better(column, a->kind, i, row[k])))
            row[k] = i;
    }
    ml_column picked;
    ml_status s = mli_column_pick(&picked, out->name, column, row, g->count);
    mli_free(row);
    if (s)
        return s;
    mli_column_free(out);
    *out = picked;
    return ML_OK;
}

/* ---- counts ---- */

static int64_t *zeros(ml_column *out, const mli_codes *g)
{
    int64_t *count = mli_calloc((size_t)g->count, sizeof *count);
    out->type = ML_INTEGER;
    out->integer = count;
    return count;
}

static ml_status sizes(ml_column *out, const mli_codes *g, const ml_column *column, const ml_aggregate *a)
{
    (void)column, (void)a;
    int64_t *count = zeros(out, g);
    for (int64_t i = 0; count && i < g->n; i++)
        if (g->code[i] >= 0)
            count[g->code[i]]++;
    return count ? ML_OK : ML_ENOMEM;
}

static ml_status counts(ml_column *out, const mli_codes *g, const ml_column *column, const ml_aggregate *a)
{
    (void)a;
    int64_t *count = zeros(out, g);
    for (int64_t i = 0; count && i < g->n; i++)
        if (g->code[i] >= 0 && !ml_column_missing(column, i))
            count[g->code[i]]++;
    return count ? ML_OK : ML_ENOMEM;
}

/* Each pair of a value and a group is seen for the first time once. */
static ml_status uniques(ml_column *out, const mli_codes *g, const ml_column *column, const ml_aggregate *a)
{
    (void)a;
    int64_t *count = zeros(out, g);
    mli_codes pairs;
    ml_status s = count ? mli_codes_of(&pairs, column, false) : ML_ENOMEM;
    if (!s) {
        s = mli_codes_pair(&pairs, g);
        for (int32_t k = 0; !s && k < pairs.count; k++)
            count[g->code[pairs.first[k]]]++;
        mli_codes_free(&pairs);
    }
    return s;
}

ml_status mli_aggregate(ml_column *out, const char *name, const mli_codes *g, const ml_column *column, const ml_aggregate *a)
{
    *out = (ml_column){.name = mli_strdup(name), .type = ML_NUMBER, .n = g->count};
    ml_status s = out->name ? kinds[a->kind].body(out, g, column, a) : ML_ENOMEM;
    if (s)
        mli_column_free(out);
    return s;
}
