/* boost.c -- gradient boosting of trees over histograms.
 *
 * Problem   A sum of small trees, each of which corrects those before it
 * Given     rows of features, NaN allowed, with labels or numbers
 * Returns   the trees, and the scores at which they begin
 * Source    Friedman 2001, "Greedy function approximation: a gradient boosting machine"; Friedman 2002 for rows drawn at random;
 *           Ke and others 2017, "LightGBM", for histograms and best-first leaves
 *
 * Each round grows one tree (of more than two classes one for each) on the slopes of the loss at the scores so far.
 */
#include "classical/boost_loss.h"

#include "data/dataset.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a fit holds. Of validation there may be none. */
typedef struct fitting {
    const ml_boost_opts *opts;
    mli_boost *b;
    mli_bins bins;
    ml_matrix x, x_held; /* x may be a copy of some rows */
    mli_aim aim, held;
    double *score, *score_held, *softmax, *step;
    mli_slope *slope;
    int32_t *row, *feature;
    int64_t n_features;
    mli_grower *grower;
    double *weight;
    void *owned[8]; /* copies of rows */
    int n_owned;
} fitting;

/* ---- the rows that are held back ---- */

static void *own(fitting *f, size_t bytes)
{
    return f->owned[f->n_owned++] = mli_alloc(bytes);
}

static ml_status copy_rows(fitting *f, const ml_matrix *x, const int64_t *row, int64_t n, ml_matrix *out)
{
    double *v = own(f, (size_t)n * (size_t)x->columns * sizeof *v);
    *out = (ml_matrix){.v = v, .rows = n, .columns = x->columns, .row_stride = 1, .column_stride = n};
    for (int64_t j = 0; v && j < x->columns; j++)
        for (int64_t i = 0; i < n; i++)
            v[j * n + i] = ml_matrix_at(x, row[i], j);
    return v ? ML_OK : ML_ENOMEM;
}

static ml_status copy_aim(fitting *f, const mli_aim *from, const int64_t *row, int64_t n, mli_aim *to)
{
    int32_t *label = from->label ? own(f, (size_t)n * sizeof *label) : NULL;
    double *y = from->y ? own(f, (size_t)n * sizeof *y) : NULL, *weight = own(f, (size_t)n * sizeof *weight);
    if ((from->label && !label) || (from->y && !y) || !weight)
        return ML_ENOMEM;
    for (int64_t i = 0; i < n; i++) {
        if (label)
            label[i] = from->label[row[i]];
        if (y)
            y[i] = from->y[row[i]];
        weight[i] = from->weight ? from->weight[row[i]] : 1;
    }
    *to = (mli_aim){.n = n, .classes = from->classes, .label = label, .y = y, .weight = weight};
    return ML_OK;
}

static int by_place(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static ml_status hold_back(fitting *f)
{
    int64_t *row, n_held;
    const ml_matrix all = f->x;
    const mli_aim aim = f->aim;
    if (mli_split_order("boost: validation", all.rows, aim.label, aim.classes, f->opts->validation, f->opts->seed, &row, &n_held))
        return ml_error_status();
    const int64_t n = all.rows - n_held;
    qsort(row + n_held, (size_t)n, sizeof *row, by_place);
    ml_status e = copy_rows(f, &all, row + n_held, n, &f->x);
    if (!e)
        e = copy_rows(f, &all, row, n_held, &f->x_held);
    if (!e)
        e = copy_aim(f, &aim, row + n_held, n, &f->aim);
    if (!e)
        e = copy_aim(f, &aim, row, n_held, &f->held);
    mli_free(row);
    return e;
}

/* ---- rounds ---- */

/* `share` of n numbers 0, 1, ..., in order, by chance: Knuth's selection sampling (1969, algorithm S). Returns how many. */
static int64_t draw(int32_t *out, int64_t n, double share, ml_rng rng)
{
    int64_t wanted = share < 1 ? (int64_t)ceil(share * (double)n) : n, taken = 0;
    for (int64_t i = 0; i < n && taken < wanted; i++)
        if (wanted - taken == n - i || ml_rng_uniform(&rng) * (double)(n - i) < (double)(wanted - taken))
            out[taken++] = (int32_t)i;
    return taken;
}

/* Rows that the tree was not grown on get its values too. */
static ml_status score_rest(fitting *f, int64_t k, int64_t n_rows)
{
    mli_boost *b = f->b, one = *b;
    if (n_rows == f->x.rows)
        return ML_OK;
    /* All rows anew, from this tree alone; those it was grown on have its value already. */
    int64_t first[2] = {b->first[b->trees - 1], b->first[b->trees]};
    one.first = first, one.trees = 1, one.scores = 1;
    double zero = 0;
    one.base = &zero;
    if (mli_boost_scores(&one, &f->x, f->step))
        return ml_error_status();
    for (int64_t i = 0; i < n_rows; i++)
        f->step[f->row[i]] = 0;
    for (int64_t i = 0; i < f->x.rows; i++)
        f->score[i * b->scores + k] += f->step[i];
    return ML_OK;
}

static ml_status one_tree(fitting *f, int64_t round, int64_t k)
{
    const ml_rng rng = ml_rng_seed(f->opts->seed);
    if (mli_loss_slopes(&f->aim, f->score, k, f->softmax, f->slope))
        return ml_error_status();
    const uint64_t tree = (uint64_t)(round * f->b->scores + k);
    const int64_t n = draw(f->row, f->x.rows, f->opts->subsample, ml_rng_split(rng, 1, (uint64_t)round));
    f->n_features = draw(f->feature, f->x.columns, f->opts->columns, ml_rng_split(rng, 2, tree));
    if (mli_grow(f->grower, f->b, f->slope, f->row, n, f->feature, f->n_features, f->score + k, f->b->scores))
        return ml_error_status();
    return score_rest(f, k, n);
}

/* Adds this round's trees to the scores of the rows held back. */
static ml_status score_held(fitting *f)
{
    mli_boost round = *f->b;
    const int64_t s = round.scores, n = f->held.n * s;
    double *zero = mli_calloc((size_t)s + (size_t)n, sizeof *zero), *step = zero + s;
    if (!zero)
        return ML_ENOMEM;
    round.base = zero, round.first += round.trees - s, round.trees = s;
    ml_status e = mli_boost_scores(&round, &f->x_held, step);
    for (int64_t i = 0; i < n && !e; i++)
        f->score_held[i] += step[i];
    mli_free(zero);
    return e;
}

static ml_status rounds(fitting *f)
{
    mli_boost *b = f->b;
    double best = INFINITY;
    int64_t best_round = 0;
    for (int64_t round = 0; round < f->opts->rounds; round++) {
        if (f->softmax && mli_loss_softmax(&f->aim, f->score, f->softmax))
            return ml_error_status();
        for (int64_t k = 0; k < b->scores; k++)
            if (one_tree(f, round, k))
                return ml_error_status();
        if (!f->held.n)
            continue;
        if (score_held(f))
            return ml_error_status();
        const double loss = mli_loss_mean(&f->held, f->score_held);
        if (loss < best) {
            best = loss;
            best_round = round + 1;
        } else if (round + 1 - best_round >= f->opts->patience) {
            break;
        }
    }
    if (f->held.n)
        mli_boost_cut(b, best_round * b->scores);
    return ML_OK;
}

/* ---- fitting ---- */

static void begin_at(const double *base, int64_t n, int64_t scores, double *score)
{
    for (int64_t i = 0; i < n; i++)
        memcpy(score + i * scores, base, (size_t)scores * sizeof *score);
}

static ml_status prepare(fitting *f)
{
    mli_boost *b = f->b;
    const size_t n = (size_t)f->x.rows, s = (size_t)b->scores;
    if (mli_bins_make(&f->bins, &f->x, f->opts->max_bins))
        return ml_error_status();
    f->score = mli_alloc(n * s * sizeof *f->score);
    f->score_held = mli_alloc((size_t)f->held.n * s * sizeof *f->score_held);
    f->softmax = s > 1 ? mli_alloc(n * s * sizeof *f->softmax) : NULL;
    f->step = f->opts->subsample < 1 ? mli_alloc(n * sizeof *f->step) : NULL;
    f->slope = mli_alloc(n * sizeof *f->slope);
    f->row = mli_alloc(n * sizeof *f->row);
    f->feature = mli_alloc((size_t)f->x.columns * sizeof *f->feature);
    f->grower = mli_grower_new(&f->bins, f->opts);
    if (!f->score || !f->score_held || (s > 1 && !f->softmax) || (f->opts->subsample < 1 && !f->step) || !f->slope || !f->row ||
        !f->feature || !f->grower)
        return ML_ENOMEM;
    mli_loss_base(&f->aim, b->base);
    begin_at(b->base, f->x.rows, b->scores, f->score);
    begin_at(b->base, f->held.n, b->scores, f->score_held);
    return ML_OK;
}

static void done(fitting *f)
{
    mli_bins_free(&f->bins);
    mli_free(f->score), mli_free(f->score_held), mli_free(f->softmax), mli_free(f->step), mli_free(f->slope);
    mli_free(f->row), mli_free(f->feature), mli_free(f->weight);
    mli_grower_free(f->grower);
    for (int i = 0; i < f->n_owned; i++)
        mli_free(f->owned[i]);
}

static ml_status fit(ml_model *m, const ml_xy *data)
{
    const ml_boost_opts *o = &m->learner.opts.boost;
    mli_boost *b = m->state = mli_calloc(1, sizeof *b);
    if (!b)
        return ML_ENOMEM;
    if (data->x.rows > INT32_MAX)
        return mli_fail(ML_EINVAL, "boost: %lld rows are more than 2^31 - 1", (long long)data->x.rows);
    b->scores = m->classes > 2 ? m->classes : 1;
    b->base = mli_calloc((size_t)b->scores, sizeof *b->base);
    fitting f = {.opts = o, .b = b, .x = data->x};
    f.aim = (mli_aim){.n = data->x.rows, .classes = m->classes, .label = data->label.v, .y = data->y.v};
    f.weight = data->weight.v || o->balanced ? mli_alloc((size_t)data->x.rows * sizeof *f.weight) : NULL;
    ml_status e = b->base && (f.weight || !(data->weight.v || o->balanced)) ? ML_OK : ML_ENOMEM;
    if (!e && f.weight)
        e = mli_row_weights(data, o->balanced, NULL, f.weight);
    f.aim.weight = f.weight;
    if (!e && o->patience > 0)
        e = hold_back(&f);
    if (!e)
        e = prepare(&f);
    if (!e)
        e = rounds(&f);
    done(&f);
    return e;
}

/* ---- predicting ---- */

static ml_status predict(const ml_model *m, const ml_matrix *x, double *out)
{
    const mli_boost *b = m->state;
    if (m->classes == 0 || m->classes > 2) {
        if (mli_boost_scores(b, x, out))
            return ml_error_status();
        for (int64_t i = 0; m->classes && i < x->rows; i++)
            mli_loss_probabilities(m->classes, out + i * m->classes, out + i * m->classes);
        return ML_OK;
    }
    double *score = mli_alloc((size_t)x->rows * sizeof *score);
    if (!score || mli_boost_scores(b, x, score)) {
        mli_free(score);
        return ml_error_status();
    }
    for (int64_t i = 0; i < x->rows; i++)
        mli_loss_probabilities(m->classes, score + i, out + i * m->classes);
    mli_free(score);
    return ML_OK;
}

static ml_status importances(const ml_model *m, double *importance)
{
    const mli_boost *b = m->state;
    double sum = 0;
    memset(importance, 0, (size_t)m->features * sizeof *importance);
    for (int64_t i = 0; i < b->nodes; i++)
        if (b->left[i] >= 0) {
            importance[b->feature[i]] += b->gain[i];
            sum += b->gain[i];
        }
    for (int64_t j = 0; j < m->features && sum > 0; j++)
        importance[j] /= sum;
    return ML_OK;
}

static const mli_field FIELDS[] = {
    MLI_FIELD(ml_boost_opts, rounds, MLI_COUNT, 100),
    MLI_FIELD(ml_boost_opts, learning_rate, MLI_FROM_ZERO, 0.1),
    MLI_FIELD(ml_boost_opts, max_leaves, MLI_COUNT, 31),
    MLI_FIELD(ml_boost_opts, max_depth, MLI_COUNT, 0),
    MLI_FIELD(ml_boost_opts, min_samples_leaf, MLI_COUNT, 20),
    MLI_FIELD(ml_boost_opts, l2, MLI_FROM_ZERO, 0),
    MLI_FIELD(ml_boost_opts, min_gain, MLI_FROM_ZERO, 0),
    MLI_FIELD(ml_boost_opts, max_bins, MLI_COUNT, 255),
    MLI_FIELD(ml_boost_opts, subsample, MLI_FROM_ZERO, 1),
    MLI_FIELD(ml_boost_opts, columns, MLI_FROM_ZERO, 1),
    MLI_FIELD(ml_boost_opts, patience, MLI_COUNT, 0),
    MLI_FIELD(ml_boost_opts, validation, MLI_BELOW_ONE, 0.1),
    MLI_FIELD(ml_boost_opts, balanced, MLI_FLAG, 0),
    MLI_FIELD(ml_boost_opts, seed, MLI_WORD, 0),
    {0},
};

static const char *check(const ml_learner *learner)
{
    enum { MOST_ROUNDS = 1 << 20, MOST_LEAVES = 1 << 16 };
    const ml_boost_opts *o = &learner->opts.boost;
    const char *what = o->rounds < 1 || o->rounds > MOST_ROUNDS           ? "rounds must be in 1 .. 2^20"
                       : o->max_leaves < 2 || o->max_leaves > MOST_LEAVES ? "max_leaves must be in 2 .. 65536"
                       : o->max_bins < 2 || o->max_bins > 255             ? "max_bins must be in 2 .. 255"
                       : !(o->subsample > 0 && o->subsample <= 1)         ? "subsample must be in (0, 1]"
                       : !(o->columns > 0 && o->columns <= 1)             ? "columns must be in (0, 1]"
                       : o->min_samples_leaf < 1                          ? "min_samples_leaf must be at least 1"
                       : !(o->learning_rate > 0)                          ? "learning_rate must be above 0"
                                                                          : NULL;
    if (what)
        mli_fail(ML_EINVAL, "boost: %s", what);
    return what ? ml_error() : NULL;
}

const ml_learner_kind mli_boost_kind = {
    .name = "boost", .fields = FIELDS, .missing = true, .classifies = true, .regresses = true, .check = check, .fit = fit,
    .predict = predict, .importances = importances, .save = mli_boost_save, .load = mli_boost_load, .free = mli_boost_free,
};
