/* candidates.c -- what a search tries: every combination of some lists, or numbers drawn at random.
 *
 * A number that is drawn is a function of (seed, candidate, choice) alone: with more draws the first ones stay.
 */
#include "select/candidates.h"

#include <math.h>
#include <string.h>

enum { MOST_CHOICES = 32, MOST_CANDIDATES = 100000 };

static ml_status check_range(const ml_choice *c)
{
    if (!(isfinite(c->low) && isfinite(c->high) && c->low <= c->high))
        return mli_fail(ML_EINVAL, "%s: %g .. %g is no range", c->option, c->low, c->high);
    if (c->log && !(c->low > 0))
        return mli_fail(ML_EINVAL, "%s: %g .. %g has no logarithm: low must be above 0", c->option, c->low, c->high);
    if (c->whole && !(ceil(c->low) <= floor(c->high) && fabs(c->low) <= 1e15 && fabs(c->high) <= 1e15))
        return mli_fail(ML_EINVAL, "%s: %g .. %g has no whole number, or those beyond 1e15", c->option, c->low, c->high);
    return ML_OK;
}

static ml_status check_choice(const ml_search_opts *opts, int j)
{
    const ml_choice *c = &opts->choice[j];
    if (!c->option || !*c->option)
        return mli_fail(ML_EINVAL, "choice %d names no option", j);
    for (int i = 0; i < j; i++)
        if (strcmp(opts->choice[i].option, c->option) == 0)
            return mli_fail(ML_EINVAL, "%s is there twice", c->option);
    if (c->v ? c->n < 1 : c->n != 0)
        return mli_fail(ML_EINVAL, "%s: a list of %d values", c->option, c->n);
    if (!c->v && opts->draws == 0)
        return mli_fail(ML_EINVAL, "%s: a range has no end of values: give draws, or a list", c->option);
    return c->v ? ML_OK : check_range(c);
}

static ml_status count(const ml_search_opts *opts, int64_t *n)
{
    if (opts->draws < 0 || opts->draws > MOST_CANDIDATES)
        return mli_fail(ML_EINVAL, "draws is %lld, not in 0 .. %d", (long long)opts->draws, MOST_CANDIDATES);
    if (opts->choices < 1 || opts->choices > MOST_CHOICES || !opts->choice)
        return mli_fail(ML_EINVAL, "%d choices, not 1 .. %d", opts->choices, MOST_CHOICES);
    *n = opts->draws ? opts->draws : 1;
    for (int j = 0; j < opts->choices; j++) {
        if (check_choice(opts, j))
            return ML_EINVAL;
        *n *= opts->draws ? 1 : opts->choice[j].n; /* at most 10^5 times 2^31: no overflow */
        if (*n > MOST_CANDIDATES)
            return mli_fail(ML_EINVAL, "the grid has more than %d candidates: draw some at random", MOST_CANDIDATES);
    }
    return ML_OK;
}

/* ---- values ---- */

/* The last option is the fastest. */
static void fill_grid(mli_candidates *c)
{
    for (int64_t i = 0; i < c->n; i++) {
        int64_t left = i;
        for (int j = c->choices - 1; j >= 0; j--) {
            c->value[i * c->choices + j] = c->choice[j].v[left % c->choice[j].n];
            left /= c->choice[j].n;
        }
    }
}

static double draw(const ml_choice *c, ml_rng rng)
{
    if (c->v)
        return c->v[ml_rng_below(&rng, c->n)];
    if (c->whole && !c->log)
        return ceil(c->low) + (double)ml_rng_below(&rng, (int64_t)(floor(c->high) - ceil(c->low)) + 1);
    const double u = ml_rng_uniform(&rng);
    double v = c->log ? exp(log(c->low) + u * (log(c->high) - log(c->low))) : c->low + u * (c->high - c->low);
    if (c->whole)
        v = fmin(fmax(round(v), ceil(c->low)), floor(c->high));
    return fmin(fmax(v, c->low), c->high); /* exp of a log may miss an end by a bit */
}

static void fill_draws(mli_candidates *c, uint64_t seed)
{
    for (int64_t i = 0; i < c->n; i++)
        for (int j = 0; j < c->choices; j++)
            c->value[i * c->choices + j] = draw(&c->choice[j], ml_rng_split(ml_rng_seed(seed), (uint64_t)i, (uint64_t)j));
}

static ml_status try_all(const mli_candidates *c, const ml_recipe *recipe)
{
    for (int64_t i = 0; i < c->n; i++) {
        ml_recipe r = *recipe;
        if (mli_candidate_set(c, i, &r) || ml_recipe_check(&r))
            return ML_EINVAL;
    }
    return ML_OK;
}

ml_status mli_candidates_make(mli_candidates *c, const ml_recipe *recipe, const ml_search_opts *opts)
{
    *c = (mli_candidates){.choices = opts->choices, .choice = opts->choice};
    ml_status s = count(opts, &c->n);
    if (!s && !(c->value = mli_alloc((size_t)c->n * (size_t)c->choices * sizeof *c->value)))
        s = ML_ENOMEM;
    if (!s && opts->draws)
        fill_draws(c, opts->seed);
    else if (!s)
        fill_grid(c);
    if (!s)
        s = try_all(c, recipe);
    if (s)
        mli_candidates_free(c);
    return s;
}

void mli_candidates_free(mli_candidates *c)
{
    mli_free(c->value);
    *c = (mli_candidates){0};
}

ml_status mli_candidate_set(const mli_candidates *c, int64_t i, ml_recipe *recipe)
{
    for (int j = 0; j < c->choices; j++)
        if (ml_recipe_set(recipe, c->choice[j].option, c->value[i * c->choices + j]))
            return ml_error_status();
    return ML_OK;
}

const char *mli_candidate_text(const mli_candidates *c, int64_t i, char *buf, size_t size)
{
    size_t used = 0;
    buf[0] = 0;
    for (int j = 0; j < c->choices && used < size; j++)
        used += (size_t)snprintf(buf + used, size - used, "%s%s=%g", j ? ", " : "", c->choice[j].option,
                                 c->value[i * c->choices + j]);
    return buf;
}
