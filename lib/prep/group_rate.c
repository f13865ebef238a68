/* group_rate.c -- the mean target of a row's companions: the training rows that agree with it in one of several keys
 *
 * Given     keys 1 .. A, a list of columns each; training rows j with target y_j; a row i of any frame
 * Companions C(i) = all j that agree with i in key 1, or in key 2, ..., without i itself where it is a training row
 * Rate      r(i) = (sum_C y_j + m p) / (n_C + m),   p the mean of all y_j, m the smoothing;  p where that is 0 / 0
 * Unions    are had from sums over plain groups, by inclusion and exclusion: with two keys
 *               sum_C = sum(key 1) + sum(key 2) - sum(key 1 and key 2)
 *           and so the groups of each of the 2^A - 1 sets of keys are kept, with the sign + where the set is of odd size
 * Learns    sum and count of each group, and p
 * Source    Micci-Barreca 2001, eq. 3 (the rate with smoothing); the row itself is left out as in Prokhorenkova et al. 2018, 3.2
 */
#include "linalg/statistics.h"
#include "prep/groups.h"

#include <math.h>
#include <string.h>

enum { MOST_KEYS = 1 + ML_ALSO, MOST_SETS = (1 << MOST_KEYS) - 1 };

static const mli_field FIELDS[] = {
    MLI_FIELD(ml_group_rate_opts, smoothing, MLI_FROM_ZERO, 0),
    MLI_FIELD(ml_group_rate_opts, count, MLI_FLAG, 0),
    {0},
};

typedef struct rates {
    int keys;
    bool *in[MOST_KEYS];        /* of each of p->n columns, whether it is in the key */
    mli_groups set[MOST_SETS];  /* set[b - 1]: the rows that agree in all keys whose bits are in b */
    ml_group_rate_opts opts;    /* its texts are not used */
    double prior;
    char **name; /* of the rate and of the count */
} rates;

static int sets_of(const rates *s)
{
    return (1 << s->keys) - 1;
}

static void free_rates(void *state)
{
    rates *s = state;
    if (!s)
        return;
    for (int k = 0; k < MOST_KEYS; k++)
        mli_free(s->in[k]);
    for (int b = 0; b < MOST_SETS; b++)
        mli_groups_free(&s->set[b]);
    mli_free(s->name);
    mli_free(s);
}

static int more(const ml_prep_step *step, const char **list)
{
    int n = 1;
    for (int k = 0; k < ML_ALSO; k++)
        if (step->opts.group_rate.also[k])
            list[n++] = step->opts.group_rate.also[k];
    return n;
}

static ml_status check(const ml_prep_step *step)
{
    const ml_group_rate_opts *o = &step->opts.group_rate;
    if (o->name && (!*o->name || !mli_is_utf8(o->name)))
        return mli_fail(ML_EINVAL, "name must be UTF-8, and not empty");
    return ML_OK;
}

/* ---- keys and sets of them ---- */

/* used[i]: whether column i is in one of the keys of the set b. */
static void columns_in(const rates *s, int b, bool *used, int n)
{
    for (int i = 0; i < n; i++) {
        used[i] = false;
        for (int k = 0; k < s->keys; k++)
            used[i] = used[i] || (b >> k & 1 && s->in[k][i]);
    }
}

static ml_status keys_in(const ml_prep *p, const mli_prep_rows *g, int b, ml_column *keys)
{
    bool *used = mli_alloc((size_t)p->n * sizeof *used);
    if (!used)
        return ML_ENOMEM;
    columns_in(p->state, b, used, p->n);
    ml_status e = mli_groups_keys(g, used, p->n, keys);
    mli_free(used);
    return e;
}

/* Inclusion and exclusion. */
static double sign_of(int b)
{
    double sign = -1;
    for (; b; b >>= 1)
        sign = b & 1 ? -sign : sign;
    return sign;
}

/* ---- fitting ---- */

static ml_status fit_key(ml_prep *p, rates *s, const char *list)
{
    int n;
    int *number = mli_prep_columns_of(p, list, &n);
    bool *in = number ? mli_calloc((size_t)p->n, sizeof *in) : NULL;
    for (int i = 0; in && i < n; i++)
        in[number[i]] = true;
    mli_free(number);
    s->in[s->keys] = in;
    s->keys += in != NULL;
    return in ? ML_OK : ml_error_status();
}

/* "surname_pclass_rate", unless another name is given. */
static char *rate_name(const ml_prep *p, const rates *s, const char *given)
{
    char *name = given ? mli_strdup(given) : NULL;
    for (int i = 0; i < p->n && !given; i++) {
        if (!s->in[0][i])
            continue;
        char *longer = name ? mli_joined(name, "_", p->name[i]) : mli_strdup(p->name[i]);
        mli_free(name);
        name = longer;
        if (!name)
            return NULL;
    }
    char *whole = name && !given ? mli_joined(name, "_", "rate") : name;
    if (whole != name)
        mli_free(name);
    return whole;
}

static ml_status fit_names(const ml_prep *p, rates *s, const char *given)
{
    char *rate = rate_name(p, s, given), *count = rate ? mli_joined(rate, "_", "count") : NULL;
    const char *names[] = {rate, count};
    if (count)
        s->name = mli_texts_copy(names, 2);
    mli_free(rate);
    mli_free(count);
    return s->name ? ML_OK : ML_ENOMEM;
}

static ml_status fit_set(const ml_prep *p, rates *s, const mli_prep_rows *g, int b)
{
    ml_column keys;
    if (keys_in(p, g, b, &keys))
        return ml_error_status();
    ml_status e = mli_groups_of(&keys, g->y, &s->set[b - 1]);
    mli_column_free(&keys);
    return e;
}

static ml_status fit_prior(rates *s, const mli_prep_rows *g)
{
    s->prior = mli_mean(g->y, g->rows);
    return isfinite(s->prior) ? ML_OK : mli_fail(ML_EINVAL, "the targets are too large: their sum is no double");
}

static ml_status fit(ml_prep *p, const ml_prep_step *step, const mli_prep_rows *g)
{
    const char *list[MOST_KEYS] = {step->opts.columns};
    const int keys = more(step, list);
    rates *s = mli_calloc(1, sizeof *s);
    p->state = s;
    if (!s)
        return ML_ENOMEM;
    s->opts.smoothing = step->opts.group_rate.smoothing;
    s->opts.count = step->opts.group_rate.count;
    ml_status e = ML_OK;
    for (int k = 0; k < keys && !e; k++)
        e = fit_key(p, s, list[k]);
    if (!e)
        e = fit_names(p, s, step->opts.group_rate.name);
    if (!e)
        e = fit_prior(s, g);
    for (int b = 1; !e && b <= sets_of(s); b++)
        e = fit_set(p, s, g, b);
    return e;
}

/* ---- transforming ---- */

/* Of each row the companions and the sum of their targets; training rows do not count themselves. */
static ml_status companions(const ml_prep *p, const mli_prep_rows *g, double *sum, double *count)
{
    const rates *s = p->state;
    ml_column keys;
    for (int b = 1; b <= sets_of(s); b++) {
        if (keys_in(p, g, b, &keys))
            return ml_error_status();
        ml_status e = mli_groups_add(&s->set[b - 1], &keys, sign_of(b), sum, count);
        mli_column_free(&keys);
        if (e)
            return e;
    }
    for (int64_t i = 0; g->y && i < g->rows; i++)
        if (count[i] > 0) {
            sum[i] -= g->y[i];
            count[i] -= 1;
        }
    return ML_OK;
}

/* Sums become rates in their place. */
static void divide(const rates *s, double *sum, const double *count, int64_t n)
{
    const double m = s->opts.smoothing;
    for (int64_t i = 0; i < n; i++)
        sum[i] = count[i] > 0 ? (sum[i] + m * s->prior) / (count[i] + m) : s->prior;
}

static ml_status add(const ml_prep *p, const mli_prep_rows *g, ml_frame *out)
{
    const rates *s = p->state;
    double *sum = mli_calloc((size_t)g->rows, sizeof *sum), *count = mli_calloc((size_t)g->rows, sizeof *count);
    ml_status e = sum && count ? companions(p, g, sum, count) : ML_ENOMEM;
    if (!e)
        divide(s, sum, count, g->rows);
    if (!e) {
        e = mli_add_numbers(out, s->name[0], sum, g->rows);
        sum = NULL;
    }
    if (!e && s->opts.count) {
        e = mli_add_numbers(out, s->name[1], count, g->rows);
        count = NULL;
    }
    mli_free(sum);
    mli_free(count);
    return e;
}

/* ---- files ---- */

static ml_status save_key(const rates *s, int k, int n, mli_store *store, const char *at)
{
    char name[32];
    uint8_t *in = mli_alloc((size_t)n);
    for (int i = 0; in && i < n; i++)
        in[i] = s->in[k][i];
    snprintf(name, sizeof name, "in.%d", k);
    ml_status e = in ? mli_store_put_bytes(store, at, name, in, n) : ML_ENOMEM;
    mli_free(in);
    return e;
}

static ml_status save(const ml_prep *p, mli_store *store, const char *at)
{
    const rates *s = p->state;
    ml_status e = mli_store_put_json(store, at, "options", mli_json_of(FIELDS, &s->opts));
    if (!e)
        e = mli_store_put_json(store, at, "keys", json_integer(s->keys));
    if (!e)
        e = mli_store_put_texts(store, at, "adds", (const char *const *)s->name, 2);
    if (!e)
        e = mli_store_put_doubles(store, at, "prior", &s->prior, 1);
    for (int k = 0; k < s->keys && !e; k++)
        e = save_key(s, k, p->n, store, at);
    for (int b = 1; !e && b <= sets_of(s); b++)
        e = mli_groups_put(&s->set[b - 1], store, at, b);
    return e;
}

static ml_status load_key(rates *s, int k, int n, mli_store *store, const char *at)
{
    char name[32];
    uint8_t *in = NULL;
    snprintf(name, sizeof name, "in.%d", k);
    ml_status e = mli_store_bytes(store, at, name, n, n, &in, NULL);
    if (!e && !(s->in[k] = mli_alloc((size_t)n * sizeof **s->in)))
        e = ML_ENOMEM;
    for (int i = 0; i < n && !e; i++)
        s->in[k][i] = in[i] != 0;
    mli_free(in);
    return e;
}

static ml_status load_numbers(rates *s, mli_store *store, const char *at)
{
    double *prior = NULL;
    ml_status e = mli_store_doubles(store, at, "prior", 1, 1, &prior, NULL);
    if (!e && !isfinite(prior[0]))
        e = mli_store_fail(store, at, "prior", "is not finite");
    if (!e)
        s->prior = prior[0];
    mli_free(prior);
    const json_t *options = e ? NULL : mli_store_json(store, at, "options");
    if (!options)
        return ml_error_status();
    return mli_fields_take(mli_store_path(store), at, options, FIELDS, &s->opts);
}

static ml_status load_keys(ml_prep *p, rates *s, mli_store *store, const char *at)
{
    const json_t *v = mli_store_json(store, at, "keys");
    if (!v)
        return ml_error_status();
    if (!json_is_integer(v) || json_integer_value(v) < 1 || json_integer_value(v) > MOST_KEYS)
        return mli_store_fail(store, at, "keys", "is not in 1 .. %d", MOST_KEYS);
    s->keys = (int)json_integer_value(v);
    ml_status e = ML_OK;
    for (int k = 0; k < s->keys && !e; k++)
        e = load_key(s, k, p->n, store, at);
    for (int b = 1; !e && b <= sets_of(s); b++)
        e = mli_groups_take(&s->set[b - 1], store, at, b);
    return e;
}

static ml_status load(ml_prep *p, mli_store *store, const char *at)
{
    rates *s = mli_calloc(1, sizeof *s);
    p->state = s;
    ml_status e = s ? load_numbers(s, store, at) : ML_ENOMEM;
    if (!e)
        e = mli_store_texts(store, at, "adds", 2, 2, &s->name, NULL);
    if (!e && (!*s->name[0] || !*s->name[1]))
        e = mli_store_fail(store, at, "adds", "has an empty name");
    return e ? e : load_keys(p, s, store, at);
}

const ml_prep_kind mli_group_rate_kind = {
    .name = "group_rate",
    .fields = FIELDS,
    .takes = MLI_TAKES_KEYS,
    .wants_y = true,
    .check = check,
    .more = more,
    .fit = fit,
    .add = add,
    .save = save,
    .load = load,
    .free = free_rates,
};

ml_prep_step ml_group_rate_step(ml_group_rate_opts opts)
{
    return (ml_prep_step){.kind = &mli_group_rate_kind, .opts.group_rate = opts};
}
