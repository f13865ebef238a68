/* forest.c -- many trees, each from its own draw of the rows and of the features at each split; together they say the mean.
 *
 * Problem   one deep tree fits its training rows by heart; what it got wrong by chance differs from tree to tree, and averages out
 * Given     as for a tree; how many
 * Returns   the trees; out-of-bag predictions
 * Paper     Breiman 2001, Random forests; Geurts, Ernst, Wehenkel 2006, Extremely randomized trees
 *
 * What tree k draws is a function of (seed, k): so threads may grow them in any order, and which rows a tree saw need not be kept.
 */
#include "classical/tree.h"

#include <mlcore/metrics.h>

#include <math.h>
#include <string.h>

enum { ROWS, SPLITS }; /* streams of a tree */

#define FIELD(name, kind, standard) MLI_FIELD(ml_forest_opts, name, kind, standard)
static const mli_field FIELDS[] = {FIELD(trees, MLI_COUNT, 100),
                                   MLI_FIELD_CHOICE(ml_forest_opts, criterion, mli_criterion_names),
                                   FIELD(max_depth, MLI_COUNT, 0),
                                   FIELD(min_samples_split, MLI_COUNT, 2),
                                   FIELD(min_samples_leaf, MLI_COUNT, 1),
                                   FIELD(max_features, MLI_FINITE, 0), /* by the kind of data, see fit */
                                   FIELD(min_impurity_decrease, MLI_FROM_ZERO, 0),
                                   FIELD(ccp_alpha, MLI_FROM_ZERO, 0),
                                   FIELD(balanced, MLI_FLAG, 0),
                                   FIELD(extra, MLI_FLAG, 0),
                                   FIELD(no_bootstrap, MLI_FLAG, 0),
                                   FIELD(seed, MLI_WORD, 0),
                                   {0}};

static const char *check(const ml_learner *learner)
{
    const ml_forest_opts *o = &learner->opts.forest;
    if (o->trees < 1 || o->trees > MLI_MOST_TREES) {
        mli_fail(ML_EINVAL, "forest: trees is %lld: it must be 1 .. %d", (long long)o->trees, MLI_MOST_TREES);
        return ml_error();
    }
    return mli_tree_options_check("forest", o->max_features == 0 ? 1 : o->max_features, o->min_samples_split, o->min_samples_leaf);
}

/* ---- bootstrap ---- */

/* The rows of weight above 0: only these are drawn. */
typedef struct bag {
    ml_rng rng;
    int64_t rows, n;
    int32_t *row;
} bag;

static ml_status bag_init(bag *b, const double *weight, int64_t rows, uint64_t seed)
{
    *b = (bag){.rng = ml_rng_seed(seed), .rows = rows, .row = mli_alloc((size_t)rows * sizeof *b->row)};
    if (!b->row)
        return ML_ENOMEM;
    for (int64_t i = 0; i < rows; i++)
        if (!weight || weight[i] > 0)
            b->row[b->n++] = (int32_t)i;
    return ML_OK;
}

/* As many as there are, with replacement: how often each came. */
static void draw(const bag *b, int64_t tree, int32_t *count)
{
    ml_rng rng = ml_rng_split(b->rng, (uint64_t)tree, ROWS);
    memset(count, 0, (size_t)b->rows * sizeof *count);
    for (int64_t i = 0; i < b->n; i++)
        count[b->row[ml_rng_below(&rng, b->n)]]++;
}

static bool has_bag(const ml_forest_opts *o)
{
    return !o->extra && !o->no_bootstrap;
}

/* ---- fitting ---- */

typedef struct planting {
    mli_trees *all;
    const mli_tree_data *d;
    const mli_tree_rules *rules;
    const bag *bag;
    bool bootstrap;
} planting;

static ml_status plant(void *arg, int64_t k)
{
    const planting *p = arg;
    int32_t *count = p->bootstrap ? mli_alloc((size_t)p->d->rows * sizeof *count) : NULL;
    if (p->bootstrap && !count)
        return ML_ENOMEM;
    if (p->bootstrap)
        draw(p->bag, k, count);
    ml_status s = mli_tree_grow(&p->all->tree[k], p->d, p->rules, count, ml_rng_split(p->bag->rng, (uint64_t)k, SPLITS));
    mli_free(count);
    return s;
}

static ml_status fit(ml_model *m, const ml_xy *data)
{
    ml_forest_opts *o = &m->learner.opts.forest;
    if (o->max_features == 0)
        o->max_features = m->classes ? ML_SQRT : 1;
    mli_tree_rules rules = {.max_depth = o->max_depth,
                            .min_samples_split = o->min_samples_split,
                            .min_samples_leaf = o->min_samples_leaf,
                            .max_features = mli_tree_features(o->max_features, m->features),
                            .min_impurity_decrease = o->min_impurity_decrease,
                            .ccp_alpha = o->ccp_alpha,
                            .random_splits = o->extra};
    mli_tree_data d;
    bag b = {0};
    if (mli_tree_criterion("forest", o->criterion, m->classes, &rules.entropy))
        return ML_EINVAL;
    mli_trees *all = m->state = mli_trees_new(o->trees, m->classes, data->x.rows);
    if (!all)
        return ML_ENOMEM;
    ml_status s = mli_tree_data_init(&d, data, m->classes, o->balanced);
    if (!s)
        s = bag_init(&b, data->weight.v, d.rows, o->seed);
    if (!s)
        s = ml_parallel_for(o->trees, plant, &(planting){all, &d, &rules, &b, has_bag(o)});
    mli_free(b.row);
    mli_tree_data_clear(&d);
    return s;
}

/* ---- out of bag ---- */

enum { BLOCK = 512 };

typedef struct outside {
    const mli_trees *all;
    const ml_matrix *x;
    const bag *bag;
    uint8_t *seen; /* a bit a row, trees one after the other */
    int64_t bytes; /* of one tree */
    double *out;
} outside;

static ml_status mark_seen(void *arg, int64_t k)
{
    const outside *o = arg;
    int32_t *count = mli_alloc((size_t)o->bag->rows * sizeof *count);
    if (!count)
        return ML_ENOMEM;
    draw(o->bag, k, count);
    for (int64_t i = 0; i < o->bag->rows; i++)
        o->seen[k * o->bytes + i / 8] |= (uint8_t)((count[i] > 0) << i % 8);
    mli_free(count);
    return ML_OK;
}

static ml_status predict_outside(void *arg, int64_t block)
{
    const outside *o = arg;
    int32_t leaf[BLOCK], trees[BLOCK] = {0}, outputs = o->all->tree[0].outputs;
    int64_t first = block * BLOCK, n = o->x->rows - first < BLOCK ? o->x->rows - first : BLOCK;
    double *out = o->out + first * outputs, *x = mli_matrix_rows(o->x, first, n);
    if (!x)
        return ML_ENOMEM;
    memset(out, 0, (size_t)(n * outputs) * sizeof *out);
    for (int64_t k = 0; k < o->all->trees; k++) {
        const uint8_t *seen = o->seen + k * o->bytes;
        mli_tree_walk(&o->all->tree[k], x, n, o->x->columns, leaf);
        for (int64_t i = 0; i < n; i++) {
            if (seen[(first + i) / 8] >> (first + i) % 8 & 1)
                continue;
            mli_tree_add(&o->all->tree[k], leaf[i], out + i * outputs);
            trees[i]++;
        }
    }
    for (int64_t i = 0; i < n * outputs; i++)
        out[i] = trees[i / outputs] ? out[i] / trees[i / outputs] : NAN;
    mli_free(x);
    return ML_OK;
}

/* The score of the rows that some tree has not seen: accuracy, or r2. Of no such row it is NaN. */
static ml_status score_outside(const double *p, const ml_xy *data, int32_t classes, double *score)
{
    const int64_t n = data->x.rows;
    int32_t *truth = mli_alloc((size_t)n * 2 * sizeof *truth), *said = truth + n;
    double *y = mli_alloc((size_t)n * 2 * sizeof *y), *value = y + n;
    int64_t counted = 0;
    ml_regression_score r;
    ml_status s = truth && y ? ML_OK : ML_ENOMEM;
    for (int64_t i = 0; i < n && !s; i++) {
        if (isnan(p[i * (classes ? classes : 1)]))
            continue;
        if (classes) {
            truth[counted] = data->label.v[i];
            mli_largest_class(p + i * classes, 1, classes, &said[counted++]);
        } else {
            y[counted] = data->y.v[i];
            value[counted++] = p[i];
        }
    }
    *score = NAN;
    if (!s && counted && classes)
        s = ml_accuracy((ml_ints){truth, counted}, (ml_ints){said, counted}, score);
    else if (!s && counted && !(s = ml_regression_scores((ml_doubles){y, counted}, (ml_doubles){value, counted}, (ml_doubles){0}, &r)))
        *score = r.r2;
    mli_free(truth);
    mli_free(y);
    return s;
}

static ml_status check_oob(const ml_model *m, const ml_xy *data)
{
    const mli_trees *all = m && m->learner.kind == &mli_forest_kind ? m->state : NULL;
    if (!all)
        return mli_fail(ML_EINVAL, "oob: the model is %s", m ? "no forest" : "NULL");
    if (!has_bag(&m->learner.opts.forest))
        return mli_fail(ML_EINVAL, "oob: each tree of this forest saw all rows: fit it with bootstrap");
    if (data->x.rows != all->rows || data->x.columns != m->features || !data->x.v)
        return mli_fail(ML_EINVAL, "oob: x is %lld x %lld, and the forest was fitted to %lld x %lld", (long long)data->x.rows,
                        (long long)data->x.columns, (long long)all->rows, (long long)m->features);
    int64_t n = m->classes ? data->label.n : data->y.n;
    if (n != all->rows || !(m->classes ? (const void *)data->label.v : (const void *)data->y.v))
        return mli_fail(ML_EINVAL, "oob: the forest was fitted to %lld %s: these are %lld", (long long)all->rows,
                        m->classes ? "labels" : "numbers y", (long long)n);
    return ML_OK;
}

ml_status ml_forest_oob(const ml_model *m, ml_xy data, double *prediction, double *score)
{
    if (check_oob(m, &data))
        return ML_EINVAL;
    int64_t rows = data.x.rows, bytes = (rows + 7) / 8, outputs = m->classes ? m->classes : 1;
    const mli_trees *all = m->state;
    double *out = prediction ? prediction : mli_calloc((size_t)rows, (size_t)outputs * sizeof *out);
    uint8_t *seen = mli_calloc((size_t)all->trees, (size_t)bytes);
    bag b = {0};
    ml_status s = out && seen ? bag_init(&b, data.weight.v, rows, m->learner.opts.forest.seed) : ML_ENOMEM;
    outside o = {all, &data.x, &b, seen, bytes, out};
    if (!s)
        s = ml_parallel_for(all->trees, mark_seen, &o);
    if (!s)
        s = ml_parallel_for((rows + BLOCK - 1) / BLOCK, predict_outside, &o);
    if (!s && score)
        s = score_outside(out, &data, m->classes, score);
    mli_free(b.row);
    mli_free(seen);
    mli_free(prediction ? NULL : out);
    return s;
}

const ml_learner_kind mli_forest_kind = {.name = "forest",
                                         .fields = FIELDS,
                                         .missing = true,
                                         .classifies = true,
                                         .regresses = true,
                                         .check = check,
                                         .fit = fit,
                                         .predict = mli_trees_predict,
                                         .importances = mli_trees_importances,
                                         .save = mli_trees_save,
                                         .load = mli_trees_load,
                                         .free = mli_trees_free};
