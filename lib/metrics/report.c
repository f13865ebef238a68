/* report.c -- scores with their noise: the percentile bootstrap.
 *
 * Draw N of the N samples with replacement, score the draw, and do so many times: the middle 95 % of these scores are the interval. Two
 * models are scored on the same draws, and it is their difference whose middle 95 % are looked at: samples that are hard for both
 * move both scores, and leave the difference alone.
 * Source     Efron 1979, "Bootstrap methods: another look at the jackknife"; Efron and Tibshirani 1993, chapter 13
 * Derivation docs/math/bootstrap.md
 */
#include "linalg/statistics.h"
#include "metrics/report.h"

#include <math.h>
#include <string.h>

enum { STRETCH = 8, MOST_ROUNDS = 1000000 }; /* rounds a chunk */

typedef struct bootstrap {
    const mli_case *c;
    int64_t rounds;
    uint64_t seed;
    double *score; /* of model m, scorer k, round r: [(m * scorers + k) * rounds + r] */
} bootstrap;

static ml_status one_round(const bootstrap *b, mli_draw *d, int64_t round)
{
    const mli_case *c = b->c;
    ml_rng rng = ml_rng_split(ml_rng_seed(b->seed), (uint64_t)round, 0);
    for (int64_t i = 0; i < c->n; i++)
        d->rows[i] = ml_rng_below(&rng, c->n);
    for (int m = 0; m < c->models; m++) {
        double score[MLI_MOST_SCORES];
        if (mli_draw_scores(d, c, m, score))
            return ml_error_status();
        for (int k = 0; k < c->scorers; k++)
            b->score[((int64_t)m * c->scorers + k) * b->rounds + round] = score[k];
    }
    return ML_OK;
}

static ml_status some_rounds(void *arg, int64_t chunk)
{
    const bootstrap *b = arg;
    mli_draw d;
    ml_status s = mli_draw_new(&d, b->c);
    if (s)
        return s;
    for (int64_t r = chunk * STRETCH; !s && r < b->rounds && r < (chunk + 1) * STRETCH; r++)
        s = one_round(b, &d, r);
    mli_draw_free(&d);
    return s;
}

/* The middle of `defined` numbers, which it reorders; NaN where less than half of the rounds have one. */
static void interval(double *v, int64_t defined, int64_t rounds, double level, double *low, double *high)
{
    const bool enough = 2 * defined >= rounds;
    *low = enough ? mli_quantile(v, defined, (1 - level) / 2) : NAN;
    *high = enough ? mli_quantile(v, defined, 1 - (1 - level) / 2) : NAN;
}

/* Moves what is not NaN of `rounds` differences a - b (b NULL: of a) to `to`, and returns how many. */
static int64_t gather(const double *a, const double *b, int64_t rounds, double *to)
{
    int64_t n = 0;
    for (int64_t r = 0; r < rounds; r++) {
        const double v = b ? a[r] - b[r] : a[r];
        if (!isnan(v))
            to[n++] = v;
    }
    return n;
}

/* The row of scorer k; room is for as many numbers as there are rounds. */
static ml_report_row row_of(const bootstrap *b, int k, double level, const double value[2], double *room)
{
    const mli_case *c = b->c;
    const double *mine = b->score + k * b->rounds, *other = c->models > 1 ? b->score + (c->scorers + k) * b->rounds : NULL;
    ml_report_row row = {.score = c->scorer[k]->name, .loss = c->scorer[k]->loss, .value = value[0], .other = NAN, .difference = NAN,
                         .difference_low = NAN, .difference_high = NAN};
    row.rounds = gather(mine, NULL, b->rounds, room);
    interval(room, row.rounds, b->rounds, level, &row.low, &row.high);
    if (!other)
        return row;
    row.other = value[1];
    row.difference = value[0] - value[1];
    interval(room, gather(mine, other, b->rounds, room), b->rounds, level, &row.difference_low, &row.difference_high);
    row.noise = !(row.difference_low > 0 || row.difference_high < 0);
    return row;
}

/* Scores on the samples as they are. */
static ml_status plain_scores(const mli_case *c, double value[2][MLI_MOST_SCORES])
{
    mli_draw d;
    ml_status s = mli_draw_new(&d, c);
    if (s)
        return s;
    for (int64_t i = 0; i < c->n; i++)
        d.rows[i] = i;
    for (int m = 0; !s && m < c->models; m++)
        s = mli_draw_scores(&d, c, m, value[m]);
    mli_draw_free(&d);
    return s;
}

static ml_status fill(ml_report *r, const bootstrap *b)
{
    const mli_case *c = b->c;
    double value[2][MLI_MOST_SCORES] = {{0}};
    ml_status s = plain_scores(c, value);
    if (!s)
        s = ml_parallel_for((b->rounds + STRETCH - 1) / STRETCH, some_rounds, (void *)b);
    double *room = s ? NULL : mli_alloc((size_t)b->rounds * sizeof *room);
    if (!s && !room)
        s = ML_ENOMEM;
    for (int k = 0; !s && k < c->scorers; k++)
        r->row[k] = row_of(b, k, r->level, (double[]){value[0][k], value[1][k]}, room);
    mli_free(room);
    return s;
}

static ml_report *empty_report(const mli_case *c, double level)
{
    const char *model = c->model[0].name, *other = c->model[1].name;
    ml_report *r = mli_calloc(1, sizeof *r);
    if (!r)
        return NULL;
    *r = (ml_report){.rows = c->scorers, .samples = c->n, .level = level};
    r->row = mli_calloc((size_t)c->scorers, sizeof *r->row);
    r->model = mli_strdup(model ? model : "model");
    r->other = c->models > 1 ? mli_strdup(other ? other : "baseline") : NULL;
    if (r->row && r->model && (r->other || c->models == 1))
        return r;
    ml_report_free(r);
    return NULL;
}

static ml_report *reported(const mli_case *c, int64_t rounds, double level, uint64_t seed)
{
    bootstrap b = {.c = c, .rounds = rounds, .seed = seed};
    ml_report *r = empty_report(c, level);
    b.score = r ? mli_calloc((size_t)rounds, (size_t)(c->models * c->scorers) * sizeof *b.score) : NULL;
    if (r && (!b.score || fill(r, &b))) {
        ml_report_free(r);
        r = NULL;
    }
    mli_free(b.score);
    return r;
}

ml_report *ml_report_new(ml_outcome truth, ml_outcome model, ml_outcome other, ml_report_opts opts)
{
    const double level = mli_option(opts.level, 0.95);
    const int64_t rounds = mli_given(opts.rounds, 1000);
    if (!(level > 0 && level < 1) || rounds < 1 || rounds > MOST_ROUNDS)
        return mli_null(ML_EINVAL, "report: level is %g, and %lld rounds: wants a level in (0, 1), and 1 .. %d rounds", level,
                        (long long)rounds, (int)MOST_ROUNDS);
    mli_case c;
    int32_t *made[2] = {NULL, NULL};
    ml_report *r = mli_case_of(&c, &truth, &model, &other, made) ? NULL : reported(&c, rounds, level, opts.seed);
    mli_free(made[0]);
    mli_free(made[1]);
    return r;
}

void ml_report_free(ml_report *r)
{
    if (!r)
        return;
    mli_free(r->row);
    mli_free(r->model);
    mli_free(r->other);
    mli_free(r);
}
