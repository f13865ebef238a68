/* tree_split.c -- the best threshold of one feature in one node.
 *
 * Problem   cut n rows in two at a threshold, so that the sum of  weight x impurity  of the halves is smallest
 * Given     the ranks of the feature, the weight and label (or number) of each row
 * Returns   the cut with the largest score. A score is what remains of the sum when its constant part and sign are dropped:
 *           Gini             sum_k l_k^2 / l + sum_k r_k^2 / r                 l_k, r_k: weight of class k left and right; l, r: of all
 *           entropy          sum_k h(l_k) - h(l) + sum_k h(r_k) - h(r)         h(x) = x log2 x
 *           squared error    s^2 (l + r) / (l r)                               s: sum of w (y - mean of the node) on the left
 * Missing   all right, all left, and, as a cut of its own, missing against the rest
 * Paper     Breiman, Friedman, Olshen, Stone 1984, Classification and Regression Trees, chapters 4 and 8; thresholds at
 *           random: Geurts, Ernst, Wehenkel 2006, Extremely randomized trees
 *
 * The rows pass from right to left in the order of the feature; of the sums only what belongs to the one class changes.
 */
#include "classical/tree.h"

#include <math.h>
#include <string.h>

/* ---- one side and the other ---- */

/* What passes from right to left. Of classes `left` and `right` count by class, and sl, sr are their sums of squares or of h. */
typedef struct sides {
    double l, r, sl, sr;
    double *left, *right;
} sides;

static double h(double x)
{
    return x > 0 ? x * log2(x) : 0;
}

static inline void move_class(sides *a, bool entropy, int64_t k, double w)
{
    double lk = a->left[k], rk = a->right[k];
    a->left[k] = lk + w;
    a->right[k] = rk - w;
    a->l += w;
    a->r -= w;
    a->sl += entropy ? h(lk + w) - h(lk) : w * (2 * lk + w);
    a->sr += entropy ? h(rk - w) - h(rk) : w * (w - 2 * rk);
}

static inline void move_number(sides *a, double mean, double w, double y)
{
    a->l += w;
    a->r -= w;
    a->sl += w * (y - mean);
}

/* Two classes by Gini need no lists: here sl and sr are the weight of class 1. */
static inline void move_two(sides *a, int64_t k, double w)
{
    double w1 = k ? w : 0;
    a->l += w;
    a->r -= w;
    a->sl += w1;
    a->sr -= w1;
}

static inline double score_two(const sides *a)
{
    double l0 = a->l - a->sl, r0 = a->r - a->sr;
    return ((l0 * l0 + a->sl * a->sl) * a->r + (r0 * r0 + a->sr * a->sr) * a->l) / (a->l * a->r);
}

static inline double score_classes(const sides *a, bool entropy)
{
    return entropy ? a->sl - h(a->l) + a->sr - h(a->r) : (a->sl * a->r + a->sr * a->l) / (a->l * a->r);
}

static inline double score_numbers(const sides *a)
{
    return a->sl * a->sl * (a->l + a->r) / (a->l * a->r);
}

/* ---- a search ---- */

typedef struct scan {
    const mli_searcher *s;
    const mli_node *n;
    const mli_key *key; /* the rows that have a value, in order */
    int64_t known;
    bool missing_left;
    sides at_first;
    double score;
    int64_t after; /* the best cut lies after so many of the keys */
} scan;

enum { PACKED = 1, ENTROPY = 2, NUMBERS = 4, TWO = 8 };

static inline void move(sides *a, int mode, const mli_node *n, uint32_t payload)
{
    if (mode & NUMBERS)
        move_number(a, n->total[0], n->sample[payload].weight, n->sample[payload].is.y);
    else if (mode & TWO)
        move_two(a, payload >> 16, payload & 0xffff);
    else if (mode & PACKED)
        move_class(a, mode & ENTROPY, payload >> 16, payload & 0xffff);
    else
        move_class(a, mode & ENTROPY, n->sample[payload].is.label, n->sample[payload].weight);
}

/* Tries every cut between different ranks, and, where missing rows stay on the right, the one after the last. The mode is a constant
 * of each caller, so that each gets a loop of its own. */
static inline void try_cuts(scan *c, int mode)
{
    const mli_key *key = c->key;
    int64_t missing = c->n->n - c->known, least = c->s->rules->min_samples_leaf;
    int64_t on_left = c->missing_left ? missing : 0;
    int64_t first = least - on_left > 1 ? least - on_left : 1, last = c->n->n - on_left - least;
    if (last > c->known)
        last = c->known;
    sides a = c->at_first;
    if (mode & TWO) {
        a.sl = a.left[1];
        a.sr = a.right[1];
    }
    for (int64_t i = 1; i <= last; i++) {
        move(&a, mode, c->n, (uint32_t)key[i - 1]);
        if (i < first || (i < c->known && mli_rank_of(key[i]) == mli_rank_of(key[i - 1])) || !(a.l > 0 && a.r > 0))
            continue;
        double score = mode & NUMBERS ? score_numbers(&a) : mode & TWO ? score_two(&a) : score_classes(&a, mode & ENTROPY);
        if (score > c->score) {
            c->score = score;
            c->after = i;
        }
    }
}

static void try_all_cuts(scan *c)
{
    const mli_node *n = c->n;
    if (!c->s->d->classes)
        try_cuts(c, NUMBERS);
    else if (c->s->rules->entropy)
        n->packed ? try_cuts(c, PACKED | ENTROPY) : try_cuts(c, ENTROPY);
    else if (n->packed && c->s->d->classes == 2)
        try_cuts(c, TWO);
    else
        n->packed ? try_cuts(c, PACKED) : try_cuts(c, 0);
}

/* Everything else of two sides whose left one is counted: by class, or by weight and sum. */
static void settle(sides *a, const mli_searcher *s, const mli_node *n)
{
    int32_t K = s->d->classes;
    bool entropy = s->rules->entropy;
    a->r = n->weight - a->l;
    if (!K)
        return;
    a->sl = a->sr = 0;
    for (int32_t k = 0; k < K; k++) {
        double lk = a->left[k], rk = a->right[k] = n->total[k] - lk;
        a->sl += entropy ? h(lk) : lk * lk;
        a->sr += entropy ? h(rk) : rk * rk;
    }
}

/* All on the right, but for the missing rows where they go left. */
static sides begin(const mli_searcher *s, const mli_node *n, const double *missing, double missing_weight)
{
    sides a = {.l = missing ? missing_weight : 0, .sl = missing ? missing[0] : 0, .left = s->left, .right = s->right};
    size_t bytes = (size_t)s->d->classes * sizeof *a.left;
    if (missing)
        memcpy(a.left, missing, bytes);
    else
        memset(a.left, 0, bytes);
    settle(&a, s, n);
    return a;
}

/* Of a < b, halved first so that the sum cannot overflow. */
static double midpoint(double a, double b)
{
    double m = a / 2 + b / 2;
    return m >= a && m < b ? m : a; /* neighbours have nothing between them */
}

static void keep(const scan *c, int64_t feature, mli_split *best)
{
    const mli_ranks *x = &c->s->d->x[feature];
    int64_t missing = c->n->n - c->known, i = c->after;
    uint32_t cut = mli_rank_of(c->key[i - 1]);
    *best = (mli_split){.score = c->score,
                        .feature = feature,
                        .cut = cut,
                        .threshold = i == c->known ? INFINITY : midpoint(x->value[cut], x->value[mli_rank_of(c->key[i])]),
                        .missing_seen = missing > 0,
                        .missing_left = missing ? c->missing_left : i > c->n->n - i};
}

static void try_best(const mli_searcher *s, const mli_node *n, int64_t feature, const mli_key *key, int64_t known,
                     double missing_weight, mli_split *best)
{
    for (int left = 0; left <= (known < n->n); left++) {
        scan c = {s, n, key, known, left, begin(s, n, left ? s->missing : NULL, missing_weight), best->score, 0};
        try_all_cuts(&c);
        if (c.after)
            keep(&c, feature, best);
    }
}

/* ---- a cut at random ---- */

/* The largest rank of the known rows, which lie in least .. most, whose value is not above the threshold. Few rows are looked at one by
 * one: that waits for memory once, halving waits at each step. */
static uint32_t rank_at(const mli_searcher *s, const mli_ranks *x, int64_t known, double threshold, uint32_t least, uint32_t most)
{
    enum { FEW = 64 };
    uint32_t cut = least;
    for (int64_t i = 0; i < known && known <= FEW; i++) {
        uint32_t r = mli_rank_of(s->keys[i]);
        cut = x->value[r] <= threshold && r > cut ? r : cut;
    }
    while (known > FEW && cut < most) {
        uint32_t middle = most - (most - cut) / 2;
        if (x->value[middle] <= threshold)
            cut = middle;
        else
            most = middle - 1;
    }
    return cut;
}

/* Two classes, packed: sums of whole numbers, which need no order. */
static int64_t count_two(const mli_searcher *s, int64_t known, uint32_t cut, sides *a)
{
    int64_t rows = 0, weight = 0, second = 0;
    for (int64_t i = 0; i < known; i++) {
        int64_t left = mli_rank_of(s->keys[i]) <= cut, w = (int64_t)(s->keys[i] & 0xffff) & -left;
        rows += left;
        weight += w;
        second += w & -(int64_t)(s->keys[i] >> 16 & 1);
    }
    a->l += (double)weight;
    a->left[0] += (double)(weight - second);
    a->left[1] += (double)second;
    return rows;
}

/* Counts on the left those of the known rows whose rank is not above the cut; how many they are. */
static int64_t count_left(const mli_searcher *s, const mli_node *n, int64_t known, uint32_t cut, sides *a)
{
    int64_t rows = 0;
    if (n->packed && s->d->classes == 2)
        return count_two(s, known, cut, a);
    for (int64_t i = 0; i < known; i++) {
        uint32_t payload = (uint32_t)s->keys[i];
        bool left = mli_rank_of(s->keys[i]) <= cut;
        double w = n->packed ? payload & 0xffff : n->sample[payload].weight;
        w = left ? w : 0;
        rows += left;
        a->l += w;
        if (n->packed)
            a->left[payload >> 16] += w;
        else if (s->d->classes)
            a->left[n->sample[payload].is.label] += w;
        else
            a->sl += w * (n->sample[payload].is.y - n->total[0]);
    }
    return rows;
}

/* The known rows have ranks least .. most. */
static void try_random(const mli_searcher *s, const mli_node *n, int64_t feature, uint32_t least, uint32_t most, int64_t known,
                       double missing_weight, const double u[2], mli_split *best)
{
    const mli_ranks *x = &s->d->x[feature];
    int64_t missing = n->n - known;
    bool to_left = missing && least < most && u[1] < 0.5; /* beside one number only all of them on the right is a split */
    double low = x->value[least], high = x->value[most], threshold = low * (1 - u[0]) + high * u[0];
    if (!(threshold >= low && threshold < high)) /* rounded out */
        threshold = low;
    uint32_t cut = rank_at(s, x, known, threshold, least, most);
    sides a = begin(s, n, to_left ? s->missing : NULL, missing_weight);
    int64_t on_left = count_left(s, n, known, cut, &a) + (to_left ? missing : 0), on_right = n->n - on_left;
    settle(&a, s, n);
    if (on_left < s->rules->min_samples_leaf || on_right < s->rules->min_samples_leaf || !(a.l > 0 && a.r > 0))
        return;
    double score = s->d->classes ? score_classes(&a, s->rules->entropy) : score_numbers(&a);
    if (score > best->score)
        *best = (mli_split){score, threshold, feature, cut, missing > 0, missing ? to_left : on_left > on_right};
}

/* ---- a feature ---- */

/* What is missing adds up in s->missing: weights by class, or the sum of w (y - mean). */
static double add_missing(const mli_searcher *s, const mli_node *n, const uint32_t *rank, uint32_t levels)
{
    double weight = 0;
    memset(s->missing, 0, (size_t)(s->d->classes ? s->d->classes : 1) * sizeof *s->missing);
    for (int64_t i = 0; i < n->n; i++) {
        const mli_sample *p = &n->sample[i];
        if (rank[n->row[i]] != levels)
            continue;
        weight += p->weight;
        if (s->d->classes)
            s->missing[p->is.label] += p->weight;
        else
            s->missing[0] += p->weight * (p->is.y - n->total[0]);
    }
    return weight;
}

bool mli_split_try(const mli_searcher *s, const mli_node *n, int64_t feature, const double u[2], mli_split *best)
{
    const mli_ranks *x = &s->d->x[feature];
    uint32_t least = UINT32_MAX, most = 0, levels = x->levels;
    int64_t known = 0;
    for (int64_t i = 0; i < n->n; i++) {
        uint32_t r = x->rank[n->row[i]];
        s->keys[known] = (mli_key)r << 32 | n->payload[i];
        known += r != levels;
        least = r < least ? r : least;
        most = r > most && r != levels ? r : most;
    }
    int64_t missing = n->n - known;
    if (!known || (least == most && !missing))
        return false;
    double missing_weight = missing ? add_missing(s, n, x->rank, levels) : 0;
    if (s->rules->random_splits)
        try_random(s, n, feature, least, most, known, missing_weight, u, best);
    else
        try_best(s, n, feature, mli_sort_keys(s->keys, s->spare, known, least, most), known, missing_weight, best);
    return true;
}
