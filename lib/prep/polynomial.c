/* polynomial.c -- products of columns, so that what is linear in its features can bend
 *
 * Adds     for each choice of 2 .. degree of the columns (with repetition, unless interactions_only) their product
 * Order    by the number of factors, then as in a dictionary: a^2, a b, b^2, a^3, a^2 b, a b^2, b^3
 * Learns   nothing. scikit-learn's PolynomialFeatures(include_bias=False), whose first columns are those that stay
 */
#include "prep/prep.h"

#include <inttypes.h>
#include <string.h>

enum { MOST_DEGREE = 16, MOST_PRODUCTS = 100000 };

static const mli_field FIELDS[] = {
    MLI_FIELD(ml_polynomial_opts, degree, MLI_COUNT, 2),
    MLI_FIELD(ml_polynomial_opts, interactions_only, MLI_FLAG, 0),
    {0},
};

static ml_status check_degree(const ml_polynomial_opts *o)
{
    if (o->degree < 1 || o->degree > MOST_DEGREE)
        return mli_fail(ML_EINVAL, "degree is %" PRId64 ": it must be in 1 .. %d", o->degree, MOST_DEGREE);
    return ML_OK;
}

static ml_status check(const ml_prep_step *step)
{
    return check_degree(&step->opts.polynomial);
}

/* Factors, upwards; strictly so where none may come twice. */
typedef struct choice {
    int factor[MOST_DEGREE];
    int n; /* factors */
    bool once;
} choice;

/* The first choice of n out of d columns, or false where there is none. */
static bool first(choice *c, int n, int d, bool once)
{
    *c = (choice){.n = n, .once = once};
    for (int k = 0; k < n; k++)
        c->factor[k] = once ? k : 0;
    return d > 0 && (!once || n <= d);
}

/* The next one, in the order of a dictionary. */
static bool next(choice *c, int d)
{
    int k = c->n - 1;
    while (k >= 0 && c->factor[k] == (c->once ? d - c->n + k : d - 1))
        k--;
    if (k < 0)
        return false;
    c->factor[k]++;
    for (int j = k + 1; j < c->n; j++)
        c->factor[j] = c->once ? c->factor[j - 1] + 1 : c->factor[j - 1];
    return true;
}

static ml_status check_count(const ml_polynomial_opts *o, int d)
{
    int64_t count = 0;
    choice c;
    for (int n = 2; n <= o->degree; n++)
        for (bool more = first(&c, n, d, o->interactions_only); more; more = next(&c, d))
            if (++count > MOST_PRODUCTS)
                return mli_fail(ML_EINVAL, "%d columns have more than %d products of up to %" PRId64 " factors: name fewer, or "
                                           "lower the degree", d, MOST_PRODUCTS, o->degree);
    return ML_OK;
}

static ml_status fit(ml_prep *p, const ml_prep_step *step, const mli_prep_rows *g)
{
    (void)g;
    ml_polynomial_opts *o = mli_alloc(sizeof *o);
    p->state = o;
    if (!o)
        return ML_ENOMEM;
    *o = step->opts.polynomial;
    o->columns = NULL; /* the caller's */
    return check_count(o, p->n);
}

/* ---- transforming ---- */

/* "a^2 b", for mli_free. */
static char *name_of(const ml_prep *p, const choice *c)
{
    size_t size = 1, used = 0;
    for (int k = 0; k < c->n; k++)
        size += strlen(p->name[c->factor[k]]) + 4;
    char *text = mli_alloc(size);
    for (int k = 0, times; text && k < c->n; k += times) {
        times = 1;
        while (k + times < c->n && c->factor[k + times] == c->factor[k])
            times++;
        used += (size_t)snprintf(text + used, size - used, "%s%s", k ? " " : "", p->name[c->factor[k]]);
        if (times > 1)
            used += (size_t)snprintf(text + used, size - used, "^%d", times);
    }
    return text;
}

static ml_status add_product(const ml_prep *p, const mli_prep_rows *g, const choice *c, ml_frame *out)
{
    char *name = name_of(p, c);
    double *v = name ? mli_alloc((size_t)g->rows * sizeof *v) : NULL;
    for (int64_t i = 0; v && i < g->rows; i++) {
        v[i] = ml_column_number(g->column[c->factor[0]], i);
        for (int k = 1; k < c->n; k++)
            v[i] *= ml_column_number(g->column[c->factor[k]], i);
    }
    ml_status e = mli_add_numbers(out, name, v, g->rows);
    mli_free(name);
    return e;
}

static ml_status add(const ml_prep *p, const mli_prep_rows *g, ml_frame *out)
{
    const ml_polynomial_opts *o = p->state;
    choice c;
    ml_status e = ML_OK;
    for (int n = 2; n <= o->degree && !e; n++)
        for (bool more = first(&c, n, p->n, o->interactions_only); more && !e; more = next(&c, p->n))
            e = add_product(p, g, &c, out);
    return e;
}

/* ---- files ---- */

static ml_status save(const ml_prep *p, mli_store *store, const char *at)
{
    return mli_store_put_json(store, at, "options", mli_json_of(FIELDS, p->state));
}

static ml_status load(ml_prep *p, mli_store *store, const char *at)
{
    ml_polynomial_opts *o = mli_calloc(1, sizeof *o);
    const json_t *options = mli_store_json(store, at, "options");
    p->state = o;
    if (!o || !options || mli_fields_take(mli_store_path(store), at, options, FIELDS, o))
        return ml_error_status();
    return check_degree(o) || check_count(o, p->n) ? mli_store_fail(store, at, "options", "cannot be: %s", ml_error()) : ML_OK;
}

const ml_prep_kind mli_polynomial_kind = {
    .name = "polynomial",
    .fields = FIELDS,
    .takes = MLI_TAKES_NUMBERS,
    .check = check,
    .fit = fit,
    .add = add,
    .save = save,
    .load = load,
    .free = mli_free,
};

ml_prep_step ml_polynomial_step(ml_polynomial_opts opts)
{
    return (ml_prep_step){.kind = &mli_polynomial_kind, .opts.polynomial = opts};
}
