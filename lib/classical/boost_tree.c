/* boost_tree.c -- one tree of gradient boosting, grown best leaf first.
 *
 * Problem   A function of few steps that lowers the loss the most, given its slopes g and h at every row
 * Given     rows with binned features; how many leaves there may be
 * Returns   a tree; a leaf's value is -rate G / (H + l2), a step of Newton's
 * Source    Friedman 2001, "Greedy function approximation"; Ke and others 2017, "LightGBM": leaves by best gain, and the
 *           histogram of one child is its parent's less its sibling's
 *
 * Sums run over the rows of a node in their order, a feature after another, so the bits do not depend on threads.
 */
#include "classical/boost_histogram.h"

#include <math.h>
#include <string.h>

enum { ROWS_A_CHUNK = 8192 };

typedef struct leaf {
    int64_t begin, n; /* its rows */
    double g, h;
    mli_split best;
    mli_bin_sum *histogram; /* NULL where it cannot be split */
    int32_t node;
    int64_t depth;
} leaf;

struct mli_grower {
    const mli_bins *bins;
    mli_split_rules rules;
    int64_t max_leaves, max_depth;
    double rate;
    int64_t *at;      /* where a feature's bins begin in a histogram */
    int64_t numbers;  /* bins of all features */
    mli_bin_sum *histograms; /* max_leaves + 1 of them */
    mli_bin_sum **spare;
    int64_t n_spare;
    mli_slope *gathered; /* of a node's rows, in their order */
    int32_t *scratch;    /* as many as rows */
    int64_t *left_of;    /* rows that go left, of each chunk */
    mli_split *best_of;  /* of each feature, for two leaves */
    leaf *leaves;
    int64_t n_leaves;
    /* the tree that grows */
    mli_boost *out;
    const mli_slope *slope;
    int32_t *row;
    int64_t rows;
    const int32_t *feature;
    int64_t n_features;
};

mli_grower *mli_grower_new(const mli_bins *bins, const ml_boost_opts *opts)
{
    mli_grower *g = mli_calloc(1, sizeof *g);
    if (!g)
        return NULL;
    const size_t d = (size_t)bins->features, n = (size_t)bins->rows;
    g->bins = bins;
    g->rules = (mli_split_rules){.l2 = opts->l2, .min_gain = opts->min_gain, .min_rows = opts->min_samples_leaf};
    g->max_leaves = opts->max_leaves < bins->rows ? opts->max_leaves : bins->rows;
    g->max_depth = opts->max_depth;
    g->rate = opts->learning_rate;
    g->at = mli_alloc(d * sizeof *g->at);
    for (size_t j = 0; g->at && j < d; j++) {
        g->at[j] = g->numbers;
        g->numbers += mli_bins_of(bins, (int64_t)j);
    }
    const size_t slots = (size_t)g->max_leaves + 1;
    size_t bins_of_all = 0;
    if (g->at && mli_mul_size((size_t)g->numbers * sizeof(mli_bin_sum), slots, &bins_of_all)) {
        g->histograms = mli_alloc(bins_of_all);
        g->spare = mli_alloc(slots * sizeof(mli_bin_sum *));
        g->gathered = mli_alloc(n * sizeof *g->gathered);
        g->scratch = mli_alloc(n * sizeof *g->scratch);
        g->left_of = mli_alloc((n / ROWS_A_CHUNK + 1) * sizeof *g->left_of);
        g->best_of = mli_alloc(2 * d * sizeof *g->best_of);
        g->leaves = mli_alloc(slots * sizeof *g->leaves);
    }
    if (g->histograms && g->spare && g->gathered && g->scratch && g->left_of && g->best_of && g->leaves)
        return g;
    mli_grower_free(g);
    return mli_null(ML_ENOMEM, "boost: no memory for the histograms of %lld leaves over %lld bins", (long long)g->max_leaves,
                    (long long)g->numbers);
}

void mli_grower_free(mli_grower *g)
{
    if (!g)
        return;
    mli_free(g->at);
    mli_free(g->histograms);
    mli_free(g->spare);
    mli_free(g->gathered);
    mli_free(g->scratch);
    mli_free(g->left_of);
    mli_free(g->best_of);
    mli_free(g->leaves);
    mli_free(g);
}

/* ---- histograms ---- */

static mli_bin_sum *histogram_of(mli_grower *g)
{
    return g->spare[--g->n_spare];
}

/* What is done feature by feature for a new leaf, or for the two children of one that was split. */
typedef struct survey {
    mli_grower *g;
    leaf *small, *large; /* large NULL: the root */
    bool all;            /* small has the rows 0 .. n-1 in order */
} survey;

static void split_of(mli_grower *g, leaf *l, int32_t j, mli_split *best)
{
    *best = (mli_split){0};
    if (!l || !l->histogram)
        return;
    *best = mli_histogram_split(l->histogram + g->at[j], g->bins->edges[j], &g->rules, l->g, l->h, l->n);
    best->feature = j;
}

static ml_status survey_features(void *arg, int64_t chunk)
{
    const survey *s = arg;
    mli_grower *g = s->g;
    const int64_t first = 2 * chunk, count = g->n_features - first < 2 ? 1 : 2, n = g->bins->rows;
    const int32_t a = g->feature[first], b = count == 2 ? g->feature[first + 1] : -1;
    mli_bin_sum *h = s->small->histogram;
    for (int64_t k = 0; k < count; k++)
        memset(h + g->at[g->feature[first + k]], 0, (size_t)mli_bins_of(g->bins, g->feature[first + k]) * sizeof *h);
    mli_histogram_add(h + g->at[a], b < 0 ? NULL : h + g->at[b], g->bins->bin + a * n, b < 0 ? NULL : g->bins->bin + b * n,
                      s->all ? NULL : g->row + s->small->begin, g->gathered, s->small->n);
    for (int64_t k = 0; k < count; k++) {
        const int32_t j = g->feature[first + k];
        if (s->large && s->large->histogram)
            for (int32_t i = 0; i < mli_bins_of(g->bins, j); i++) /* it still holds the parent's */
                s->large->histogram[g->at[j] + i] -= h[g->at[j] + i];
        split_of(g, s->small, j, &g->best_of[2 * (first + k)]);
        split_of(g, s->large, j, &g->best_of[2 * (first + k) + 1]);
    }
    return ML_OK;
}

/* The slopes of a leaf's rows, in their order. */
typedef struct gathering {
    const mli_grower *g;
    const leaf *l;
} gathering;

static ml_status gather_chunk(void *arg, int64_t chunk)
{
    const gathering *w = arg;
    const int64_t first = chunk * ROWS_A_CHUNK, end = first + ROWS_A_CHUNK < w->l->n ? first + ROWS_A_CHUNK : w->l->n;
    const int32_t *row = w->g->row + w->l->begin;
    for (int64_t i = first; i < end; i++)
        w->g->gathered[i] = w->g->slope[row[i]];
    return ML_OK;
}

static int64_t chunks_of(int64_t n)
{
    return (n + ROWS_A_CHUNK - 1) / ROWS_A_CHUNK;
}

static ml_status find_splits(mli_grower *g, leaf *small, leaf *large)
{
    survey s = {.g = g, .small = small, .large = large, .all = !large && small->n == g->bins->rows};
    ml_status e = ml_parallel_for(chunks_of(small->n), gather_chunk, &(gathering){g, small});
    if (!e)
        e = ml_parallel_for((g->n_features + 1) / 2, survey_features, &s);
    small->best = (mli_split){0};
    if (large)
        large->best = (mli_split){0};
    for (int64_t k = 0; k < g->n_features && !e; k++) { /* of equal gains the first feature's */
        if (g->best_of[2 * k].gain > small->best.gain)
            small->best = g->best_of[2 * k];
        if (large && g->best_of[2 * k + 1].gain > large->best.gain)
            large->best = g->best_of[2 * k + 1];
    }
    return e;
}

/* ---- cutting the rows of a leaf in two ---- */

typedef struct cutting {
    mli_grower *g;
    const leaf *l;
    int64_t total_left;
} cutting;

static inline bool goes_left(uint8_t bin, const mli_split *s, uint8_t missing)
{
    return bin == missing ? s->missing_left : bin <= s->bin;
}

/* Rows of a chunk that go left to its front in scratch, the others behind them, both in their order. */
static ml_status cut_chunk(void *arg, int64_t chunk)
{
    const cutting *w = arg;
    mli_grower *g = w->g;
    const mli_split *s = &w->l->best;
    const uint8_t *bin = g->bins->bin + s->feature * g->bins->rows, missing = (uint8_t)(g->bins->edges[s->feature] + 1);
    const int64_t first = chunk * ROWS_A_CHUNK, end = first + ROWS_A_CHUNK < w->l->n ? first + ROWS_A_CHUNK : w->l->n;
    int32_t right[ROWS_A_CHUNK], *left = g->scratch + first;
    const int32_t *row = g->row + w->l->begin;
    int64_t n_left = 0, n_right = 0;
    for (int64_t i = first; i < end; i++) {
        const bool is_left = goes_left(bin[row[i]], s, missing);
        left[n_left] = row[i]; /* both are written, one of them counts: no branch to guess */
        right[n_right] = row[i];
        n_left += is_left;
        n_right += !is_left;
    }
    memcpy(left + n_left, right, (size_t)n_right * sizeof *right);
    g->left_of[chunk] = n_left;
    return ML_OK;
}

static ml_status copy_chunk(void *arg, int64_t chunk)
{
    const cutting *w = arg;
    mli_grower *g = w->g;
    const int64_t first = chunk * ROWS_A_CHUNK, end = first + ROWS_A_CHUNK < w->l->n ? first + ROWS_A_CHUNK : w->l->n;
    int64_t before = 0;
    for (int64_t c = 0; c < chunk; c++)
        before += g->left_of[c];
    int32_t *row = g->row + w->l->begin;
    const int64_t n_left = g->left_of[chunk];
    memcpy(row + before, g->scratch + first, (size_t)n_left * sizeof *row);
    memcpy(row + w->total_left + first - before, g->scratch + first + n_left, (size_t)(end - first - n_left) * sizeof *row);
    return ML_OK;
}

static ml_status cut_rows(mli_grower *g, const leaf *l)
{
    cutting w = {g, l, 0};
    ml_status e = ml_parallel_for(chunks_of(l->n), cut_chunk, &w);
    for (int64_t c = 0; c < chunks_of(l->n); c++)
        w.total_left += g->left_of[c];
    return e ? e : ml_parallel_for(chunks_of(l->n), copy_chunk, &w);
}

/* ---- nodes ---- */

static int32_t add_node(mli_grower *g)
{
    mli_boost *b = g->out;
    const int64_t i = b->nodes++;
    b->feature[i] = b->left[i] = b->right[i] = -1;
    b->threshold[i] = b->value[i] = b->gain[i] = 0;
    b->missing_left[i] = 0;
    return (int32_t)(i - b->first[b->trees]);
}

static void describe_split(mli_grower *g, const leaf *l, int32_t left, int32_t right)
{
    mli_boost *b = g->out;
    const mli_split *s = &l->best;
    const int64_t i = b->first[b->trees] + l->node;
    const int32_t edges = g->bins->edges[s->feature];
    b->feature[i] = s->feature;
    b->left[i] = left;
    b->right[i] = right;
    b->missing_left[i] = s->missing_left;
    b->threshold[i] = s->bin < edges ? g->bins->edge[s->feature * g->bins->most + s->bin] : INFINITY; /* all numbers left of NaN */
    b->gain[i] = s->gain;
}

static bool may_split(const mli_grower *g, const leaf *l)
{
    return l->n >= 2 * g->rules.min_rows && l->n >= 2 && (g->max_depth == 0 || l->depth < g->max_depth);
}

static ml_status split_leaf(mli_grower *g, leaf *l)
{
    leaf *right = &g->leaves[g->n_leaves++], parent = *l;
    const mli_split *s = &parent.best;
    if (cut_rows(g, &parent))
        return ml_error_status();
    *l = (leaf){.begin = parent.begin, .n = s->n, .g = s->g, .h = s->h, .depth = parent.depth + 1, .node = add_node(g)};
    *right = (leaf){.begin = parent.begin + s->n, .n = parent.n - s->n, .g = parent.g - s->g, .h = parent.h - s->h,
                    .depth = parent.depth + 1, .node = add_node(g)};
    describe_split(g, &parent, l->node, right->node);
    leaf *small = l->n <= right->n ? l : right, *large = small == l ? right : l;
    const bool small_may = may_split(g, small), large_may = may_split(g, large);
    if (!large_may) { /* then neither may: rows and depth decide */
        g->spare[g->n_spare++] = parent.histogram;
        return ML_OK;
    }
    large->histogram = parent.histogram;
    small->histogram = histogram_of(g);
    ml_status e = find_splits(g, small, large);
    if (!small_may) {
        small->best.gain = 0;
        g->spare[g->n_spare++] = small->histogram;
        small->histogram = NULL;
    }
    return e;
}

static leaf *best_leaf(mli_grower *g)
{
    leaf *best = NULL;
    for (leaf *l = g->leaves; l < g->leaves + g->n_leaves; l++)
        if (l->best.gain > (best ? best->best.gain : 0))
            best = l;
    return best;
}

static void plant(mli_grower *g)
{
    double sum_g = 0, sum_h = 0;
    for (int64_t i = 0; i < g->rows; i++) {
        sum_g += (double)g->slope[g->row[i]].g;
        sum_h += (double)g->slope[g->row[i]].h;
    }
    g->n_spare = 0;
    for (int64_t k = 0; k <= g->max_leaves; k++)
        g->spare[g->n_spare++] = g->histograms + k * g->numbers;
    g->leaves[0] = (leaf){.n = g->rows, .g = sum_g, .h = sum_h, .node = add_node(g)};
    g->n_leaves = 1;
}

/* ---- what the leaves add ---- */

typedef struct adding {
    const mli_grower *g;
    double *score;
    int64_t stride;
} adding;

static ml_status add_leaf(void *arg, int64_t i)
{
    const adding *w = arg;
    const leaf *l = &w->g->leaves[i];
    const mli_boost *b = w->g->out;
    const double value = b->value[b->first[b->trees] + l->node];
    for (int64_t k = l->begin; k < l->begin + l->n; k++)
        w->score[w->g->row[k] * w->stride] += value;
    return ML_OK;
}

ml_status mli_grow(mli_grower *g, mli_boost *b, const mli_slope *slope, int32_t *row, int64_t n, const int32_t *feature,
                   int64_t n_features, double *score, int64_t stride)
{
    if (mli_boost_room(b, 2 * g->max_leaves))
        return ML_ENOMEM;
    g->out = b, g->slope = slope, g->row = row, g->rows = n, g->feature = feature, g->n_features = n_features;
    plant(g);
    ml_status e = ML_OK;
    if (may_split(g, g->leaves) && n_features > 0 && g->max_leaves > 1) {
        g->leaves[0].histogram = histogram_of(g);
        e = find_splits(g, g->leaves, NULL);
    }
    for (leaf *l; !e && g->n_leaves < g->max_leaves && (l = best_leaf(g));)
        e = split_leaf(g, l);
    if (e)
        return e;
    for (int64_t i = 0; i < g->n_leaves; i++) {
        const leaf *l = &g->leaves[i];
        const double h = l->h + g->rules.l2;
        b->value[b->first[b->trees] + l->node] = h > 0 ? -g->rate * l->g / h : 0;
    }
    e = ml_parallel_for(g->n_leaves, add_leaf, &(adding){g, score, stride});
    b->trees++;
    b->first[b->trees] = b->nodes;
    return e;
}
