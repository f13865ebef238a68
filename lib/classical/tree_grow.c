/* tree_grow.c -- a decision tree from the root down.
 *
 * Problem   a tree of questions "is feature j <= t?" whose leaves are as pure as can be, found greedily
 * Given     features as ranks, labels or numbers, weights, and the rules when to stop
 * Returns   the nodes in preorder, with what lies in each
 * Paper     Breiman, Friedman, Olshen, Stone 1984, Classification and Regression Trees, chapter 2
 *
 * The rows of a node are a stretch of one list; a split parts the stretch, stably. So every node reads its columns from low rows to
 * high ones. Large nodes share their features out among lanes.
 */
#include "classical/tree.h"

#include <math.h>
#include <string.h>

enum { LANES = 4, LARGE = 8192 }; /* rows x features from which a node is worth waking a thread */

typedef struct waiting {
    int64_t begin, n;
    int32_t parent, depth;
} waiting;

typedef struct grower {
    mli_tree *t;
    const mli_tree_data *d;
    const mli_tree_rules *rules;
    ml_rng rng;
    int32_t *row;
    mli_sample *sample;
    uint32_t *payload;
    void *parted; /* rows or samples that go right, while a stretch is parted */
    int64_t n;
    bool packed;
    waiting *stack;
    int64_t waits, room;
    int lanes; /* how many of them have memory */
    mli_searcher lane[LANES];
    mli_split found[LANES];
    bool varies[LANES];
    int64_t *feature; /* a permutation, drawn anew for each node as far as it is needed */
    double *u;        /* two a feature drawn: place and side of a random split */
} grower;

/* ---- memory ---- */

static ml_status add_lane(grower *g)
{
    size_t out = (size_t)g->t->outputs * sizeof(double);
    mli_searcher *s = &g->lane[g->lanes];
    *s = (mli_searcher){.d = g->d, .rules = g->rules, .keys = mli_alloc((size_t)g->n * sizeof(mli_key))};
    s->spare = mli_alloc((size_t)g->n * sizeof(mli_key));
    s->left = mli_alloc(out);
    s->right = mli_alloc(out);
    s->missing = mli_alloc(out);
    g->lanes++;
    return s->keys && s->spare && s->left && s->right && s->missing ? ML_OK : ML_ENOMEM;
}

static ml_status begin(grower *g)
{
    size_t n = (size_t)g->n, D = (size_t)g->d->features;
    g->row = mli_alloc(n * sizeof *g->row);
    g->sample = mli_alloc(n * sizeof *g->sample);
    g->payload = mli_alloc(n * sizeof *g->payload);
    g->parted = mli_alloc(n * sizeof *g->sample);
    g->feature = mli_alloc(D * sizeof *g->feature);
    g->u = mli_alloc(2 * D * sizeof *g->u);
    if (!g->row || !g->sample || !g->payload || !g->parted || !g->feature || !g->u)
        return ML_ENOMEM;
    for (size_t j = 0; j < D; j++)
        g->feature[j] = (int64_t)j;
    ml_status s = add_lane(g);
    while (!s && g->lanes < LANES && g->lanes < g->d->features && g->n * g->d->features >= LARGE)
        s = add_lane(g);
    return s;
}

static void end(grower *g)
{
    for (int l = 0; l < g->lanes; l++) {
        mli_free(g->lane[l].keys);
        mli_free(g->lane[l].spare);
        mli_free(g->lane[l].left);
        mli_free(g->lane[l].right);
        mli_free(g->lane[l].missing);
    }
    mli_free(g->row);
    mli_free(g->sample);
    mli_free(g->payload);
    mli_free(g->parted);
    mli_free(g->feature);
    mli_free(g->u);
    mli_free(g->stack);
}

static ml_status push(grower *g, waiting w)
{
    if (g->waits == g->room) {
        int64_t room = g->room ? 2 * g->room : 64;
        waiting *more = mli_alloc((size_t)room * sizeof *more);
        if (!more)
            return ML_ENOMEM;
        if (g->waits)
            memcpy(more, g->stack, (size_t)g->waits * sizeof *more);
        mli_free(g->stack);
        g->stack = more;
        g->room = room;
    }
    g->stack[g->waits++] = w;
    return ML_OK;
}

/* ---- rows ---- */

static double weight_of(const mli_tree_data *d, const int32_t *count, int64_t i)
{
    return count ? d->weight[i] * count[i] : d->weight[i];
}

/* The rows that count. Labels and weights that are whole and small travel with the keys, and need not be looked up. */
static void take_rows(grower *g, const int32_t *count)
{
    const mli_tree_data *d = g->d;
    int64_t n = 0;
    g->packed = d->classes > 0 && d->classes <= 0x10000;
    for (int64_t i = 0; i < d->rows; i++) {
        double w = weight_of(d, count, i);
        if (!(w > 0))
            continue;
        g->packed = g->packed && w == floor(w) && w <= 0xffff;
        g->row[n] = (int32_t)i;
        g->sample[n].weight = w;
        if (d->classes)
            g->sample[n].is.label = d->label[i];
        else
            g->sample[n].is.y = d->y[i];
        n++;
    }
}

/* Parts a stretch of rows and samples; the number that goes left. */
static int64_t part(grower *g, int64_t begin, int64_t n, const mli_split *split)
{
    const mli_ranks *x = &g->d->x[split->feature];
    int32_t *row = g->row + begin, *right_row = g->parted;
    mli_sample *sample = g->sample + begin, *right_sample = g->parted;
    uint32_t *payload = g->payload; /* 1 where the row goes left */
    int64_t l = 0, r = 0;
    for (int64_t i = 0; i < n; i++) {
        uint32_t rank = x->rank[row[i]];
        payload[i] = rank == x->levels ? split->missing_left : rank <= split->cut;
    }
    for (int64_t i = 0; i < n; i++) {
        right_sample[r] = sample[i];
        sample[l] = sample[i];
        l += payload[i];
        r += !payload[i];
    }
    memcpy(sample + l, right_sample, (size_t)r * sizeof *sample);
    l = r = 0;
    for (int64_t i = 0; i < n; i++) {
        right_row[r] = row[i];
        row[l] = row[i];
        l += payload[i];
        r += !payload[i];
    }
    memcpy(row + l, right_row, (size_t)r * sizeof *row);
    return l;
}

/* ---- what lies in a node ---- */

/* Gini: 1 - sum p^2. Entropy: - sum p log2 p. */
static double impurity_of_classes(const double *total, int32_t K, double weight, bool entropy)
{
    double sum = 0;
    for (int32_t k = 0; k < K; k++) {
        double p = total[k] / weight;
        sum += entropy ? (p > 0 ? -p * log2(p) : 0) : p * p;
    }
    return entropy ? sum : 1 - sum;
}

/* Totals, weight and impurity of a stretch; whether it holds more than one class or number. */
static bool measure(const grower *g, int64_t begin, int64_t n, double *total, double *weight, double *impurity)
{
    const mli_sample *s = g->sample + begin;
    int32_t K = g->d->classes;
    double w = 0, sum = 0, squares = 0;
    bool mixed = false;
    for (int32_t k = 0; k < K; k++)
        total[k] = 0;
    for (int64_t i = 0; i < n; i++) {
        w += s[i].weight;
        if (K) {
            total[s[i].is.label] += s[i].weight;
            mixed = mixed || s[i].is.label != s[0].is.label;
        } else {
            sum += s[i].weight * (s[i].is.y - s[0].is.y); /* beside the first: what all have in common takes no digits */
            mixed = mixed || s[i].is.y != s[0].is.y;
        }
    }
    *weight = w;
    if (K) {
        *impurity = mixed ? impurity_of_classes(total, K, w, g->rules->entropy) : 0;
        return mixed;
    }
    double mean = total[0] = s[0].is.y + sum / w;
    for (int64_t i = 0; i < n && mixed; i++)
        squares += s[i].weight * (s[i].is.y - mean) * (s[i].is.y - mean);
    *impurity = squares / w;
    return mixed;
}

/* ---- a split ---- */

typedef struct search {
    grower *g;
    const mli_node *n;
    int64_t first, features, lanes; /* of those drawn */
} search;

static ml_status search_lane(void *arg, int64_t lane)
{
    const search *s = arg;
    grower *g = s->g;
    g->found[lane] = (mli_split){.score = -INFINITY};
    g->varies[lane] = false;
    for (int64_t i = s->first + lane; i < s->first + s->features; i += s->lanes)
        if (mli_split_try(&g->lane[lane], s->n, g->feature[i], g->u + 2 * i, &g->found[lane]))
            g->varies[lane] = true;
    return ML_OK;
}

/* Of two splits the one that scores more; of equals the one of the lower feature, whatever the lane. */
static bool beats(const mli_split *a, const mli_split *b)
{
    return a->score > b->score || (a->score == b->score && a->score > -INFINITY && a->feature < b->feature);
}

/* Tries drawn features first .. first + features - 1; whether one of them varies. */
static bool search_features(grower *g, const mli_node *n, int64_t first, int64_t features, mli_split *best)
{
    int64_t lanes = n->n * features < LARGE || g->lanes > features ? 1 : g->lanes;
    bool varies = false;
    search s = {g, n, first, features, lanes};
    if (lanes == 1)
        search_lane(&s, 0);
    else
        ml_parallel_for(lanes, search_lane, &s); /* a lane cannot fail */
    for (int64_t l = 0; l < lanes; l++) {
        varies = varies || g->varies[l];
        if (beats(&g->found[l], best))
            *best = g->found[l];
    }
    return varies;
}

static void swap(int64_t *a, int64_t *b)
{
    int64_t held = *a;
    *a = *b;
    *b = held;
}

/* Draws the features in places first .. first + n - 1 from those that were not drawn for this node yet. */
static void draw(grower *g, int64_t first, int64_t n)
{
    bool all = g->rules->max_features >= g->d->features;
    for (int64_t i = first; i < first + n; i++) {
        if (!all)
            swap(&g->feature[i], &g->feature[i + ml_rng_below(&g->rng, g->d->features - i)]);
        if (g->rules->random_splits) {
            g->u[2 * i] = ml_rng_uniform(&g->rng);
            g->u[2 * i + 1] = ml_rng_uniform(&g->rng);
        }
    }
}

/* max_features of them, and more, one at a time, where all of these are constant in the node. */
static mli_split best_split(grower *g, const mli_node *n)
{
    mli_split best = {.score = -INFINITY};
    int64_t m = g->rules->max_features;
    bool varies = false;
    for (int64_t first = 0; first < g->d->features && !varies; first += m, m = 1) {
        draw(g, first, m);
        varies = search_features(g, n, first, m, &best);
    }
    return best;
}

/* By how much the split lessens the impurity of the whole tree. */
static double decrease(const grower *g, int32_t node, int64_t begin, int64_t n, int64_t left)
{
    const mli_tree *t = g->t;
    double *total = g->lane[0].left, w[2], impurity[2];
    measure(g, begin, left, total, &w[0], &impurity[0]);
    measure(g, begin + left, n - left, total, &w[1], &impurity[1]);
    return (t->weight[node] * t->impurity[node] - w[0] * impurity[0] - w[1] * impurity[1]) / t->weight[0];
}

static ml_status add_node(grower *g, int32_t parent)
{
    mli_tree *t = g->t;
    ml_status s = t->nodes < t->room ? ML_OK : mli_tree_reserve(t, t->room ? 2 * (int64_t)t->room : 64);
    if (s)
        return s;
    int32_t i = t->nodes++;
    t->fork[i] = (mli_fork){.threshold = -INFINITY, .right = i};
    if (parent >= 0 && parent != i - 1)
        t->fork[parent].right = i;
    return ML_OK;
}

/* Splits node i, the stretch w, and lets its halves wait; or leaves it a leaf. */
static ml_status split(grower *g, int32_t i, waiting w)
{
    const mli_tree_rules *r = g->rules;
    mli_tree *t = g->t;
    mli_node n = {.n = w.n,
                  .row = g->row + w.begin,
                  .sample = g->sample + w.begin,
                  .payload = g->payload,
                  .packed = g->packed,
                  .weight = t->weight[i],
                  .total = t->value + (int64_t)i * t->outputs};
    for (int64_t k = 0; k < w.n; k++)
        g->payload[k] = g->packed ? (uint32_t)n.sample[k].is.label << 16 | (uint32_t)n.sample[k].weight : (uint32_t)k;
    mli_split best = best_split(g, &n);
    if (best.score == -INFINITY)
        return ML_OK;
    int64_t left = part(g, w.begin, w.n, &best);
    if (r->min_impurity_decrease > 0 && decrease(g, i, w.begin, w.n, left) < r->min_impurity_decrease)
        return ML_OK;
    t->fork[i] = (mli_fork){best.threshold, i, (int32_t)(best.feature << 2) | best.missing_seen << 1 | best.missing_left};
    ml_status s = push(g, (waiting){w.begin + left, w.n - left, i, w.depth + 1});
    return s ? s : push(g, (waiting){w.begin, left, i, w.depth + 1});
}

static ml_status grow(grower *g)
{
    const mli_tree_rules *r = g->rules;
    mli_tree *t = g->t;
    ml_status s = push(g, (waiting){0, g->n, -1, 0});
    while (!s && g->waits) {
        waiting w = g->stack[--g->waits];
        s = add_node(g, w.parent);
        if (s)
            break;
        int32_t i = t->nodes - 1;
        bool mixed = measure(g, w.begin, w.n, t->value + (int64_t)i * t->outputs, &t->weight[i], &t->impurity[i]);
        t->samples[i] = (int32_t)w.n;
        if (mixed && (!r->max_depth || w.depth < r->max_depth) && w.n >= r->min_samples_split && w.n / 2 >= r->min_samples_leaf)
            s = split(g, i, w);
    }
    return s;
}

ml_status mli_tree_grow(mli_tree *t, const mli_tree_data *d, const mli_tree_rules *rules, const int32_t *count, ml_rng rng)
{
    grower g = {.t = t, .d = d, .rules = rules, .rng = rng};
    for (int64_t i = 0; i < d->rows; i++)
        g.n += weight_of(d, count, i) > 0;
    ml_status s = begin(&g);
    if (!s) {
        take_rows(&g, count);
        s = grow(&g);
    }
    end(&g);
    if (!s && rules->ccp_alpha > 0)
        s = mli_tree_prune(t, rules->ccp_alpha);
    return s ? s : mli_tree_reserve(t, t->nodes);
}
