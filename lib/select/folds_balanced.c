/* folds_balanced.c -- folds that are alike in their classes, and folds that do not cut groups apart.
 *
 * Stratified  sort the rows by class and deal them out as cards: fold j gets rows j, j + k, j + 2k, ... So no class's numbers, and
 *             no fold's, differ by more than one. Which rows of a class go where follows their order, or the shuffle.
 * Group       the largest group first, each to the fold with the fewest rows: Graham's rule of 1969 for jobs on machines, at most
 *             4/3 of the best there is.
 * Both        the groups whose classes are most uneven first, each to the fold where afterwards the share of each class differs
 *             least among the folds.
 * Source      scikit-learn's StratifiedKFold, GroupKFold, StratifiedGroupKFold, whose folds these are without a shuffle. (Of groups
 *             of one size, ours come in the order of their numbers.)
 */
#include "select/folds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The values 0 .. count-1 of a list; an error of what is negative, or leaves large gaps. */
static ml_status count_values(const char *where, const char *what, ml_ints v, int32_t *count)
{
    enum { FEW = 1 << 16 };
    *count = 0;
    if (v.n < 1 || !v.v)
        return mli_fail(ML_EINVAL, "%s: %lld rows: wants at least 1, and a %s of each", where, (long long)v.n, what);
    for (int64_t i = 0; i < v.n; i++) {
        if (v.v[i] < 0)
            return mli_fail(ML_EINVAL, "%s: row %lld has no %s", where, (long long)i, what);
        if (v.v[i] >= v.n && v.v[i] >= FEW) /* memory goes with the rows there are, not with the values of their numbers */
            return mli_fail(ML_EINVAL, "%s: row %lld has %s %ld of only %lld rows: number them 0, 1, 2, ... without large gaps",
                            where, (long long)i, what, (long)v.v[i], (long long)v.n);
        *count = v.v[i] >= *count ? v.v[i] + 1 : *count;
    }
    return ML_OK;
}

/* ---- stratified ---- */

/* For each class its place in the order of first appearance, by which scikit-learn deals, and how many rows it has. */
typedef struct deal {
    int64_t *n, *place;
    int32_t classes, present;
} deal;

static void look(deal *d, ml_ints label)
{
    for (int64_t i = 0; i < label.n; i++)
        if (d->n[label.v[i]]++ == 0)
            d->place[label.v[i]] = d->present++;
}

static ml_status enough(const deal *d, int64_t k)
{
    int64_t most = 0;
    for (int32_t c = 0; c < d->classes; c++)
        most = d->n[c] > most ? d->n[c] : most;
    return most >= k ? ML_OK
                     : mli_fail(ML_EINVAL, "stratified folds: the largest class has %lld rows, too few for %lld folds",
                                (long long)most, (long long)k);
}

/* The folds of one class's rows, in the order of the folds: those of cards first .. first + n - 1. */
static void deal_class(int32_t *card, int64_t first, int64_t n, int64_t k)
{
    int64_t at = 0;
    for (int64_t j = 0; j < k; j++)
        for (int64_t i = (j - first % k + k) % k; i < n; i += k)
            card[at++] = (int32_t)j;
}

static void shuffle_cards(int32_t *card, int64_t n, ml_rng rng)
{
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t j = ml_rng_below(&rng, i + 1);
        int32_t swap = card[i];
        card[i] = card[j];
        card[j] = swap;
    }
}

/* Row by row the next card of its class. d->place becomes where the cards of each class begin. */
static void deal_rows(deal *d, ml_ints label, const ml_fold_opts *opts, int64_t *start, int32_t *card, int32_t *fold)
{
    memset(start, 0, ((size_t)d->present + 1) * sizeof *start);
    for (int32_t c = 0; c < d->classes; c++)
        if (d->n[c])
            start[d->place[c] + 1] = d->n[c];
    for (int32_t p = 0; p < d->present; p++)
        start[p + 1] += start[p];
    for (int32_t p = 0; p < d->present; p++) {
        deal_class(card + start[p], start[p], start[p + 1] - start[p], opts->k);
        if (opts->shuffle)
            shuffle_cards(card + start[p], start[p + 1] - start[p], ml_rng_split(ml_rng_seed(opts->seed), (uint64_t)p, 0));
    }
    for (int64_t i = 0; i < label.n; i++)
        fold[i] = card[start[d->place[label.v[i]]]++];
}

ml_folds *ml_folds_stratified(ml_ints label, ml_fold_opts opts)
{
    deal d = {0};
    if (count_values("stratified folds", "class", label, &d.classes) || mli_folds_check("stratified folds", label.n, &opts))
        return NULL;
    d.n = mli_calloc((size_t)d.classes, sizeof *d.n);
    d.place = mli_calloc((size_t)d.classes, sizeof *d.place);
    int64_t *start = mli_alloc(((size_t)d.classes + 1) * sizeof *start);
    int32_t *card = mli_alloc((size_t)label.n * sizeof *card), *fold = mli_alloc((size_t)label.n * sizeof *fold);
    ml_folds *folds = NULL;
    if (d.n && d.place && start && card && fold) {
        look(&d, label);
        if (!enough(&d, opts.k)) {
            deal_rows(&d, label, &opts, start, card, fold);
            folds = mli_folds_of_rows((ml_ints){fold, label.n}, opts.k);
        }
    }
    mli_free(d.n);
    mli_free(d.place);
    mli_free(start);
    mli_free(card);
    mli_free(fold);
    return folds;
}

/* ---- groups ---- */

typedef struct party {
    int64_t rows, *of_class; /* how many, in all and of each class */
    double uneven;           /* the larger, the earlier it is dealt */
    int64_t turn;            /* among equals */
    int32_t group, fold;
} party;

static int by_unevenness(const void *a, const void *b)
{
    const party *x = a, *y = b;
    if (x->uneven != y->uneven)
        return x->uneven < y->uneven ? 1 : -1;
    return x->turn < y->turn ? -1 : x->turn > y->turn;
}

static int by_group(const void *a, const void *b)
{
    const party *x = a, *y = b;
    return (x->group > y->group) - (x->group < y->group);
}

/* The standard deviation of n numbers that lie `stride` apart. */
static double deviation(const double *v, int64_t n, int64_t stride)
{
    double mean = 0, sum = 0;
    for (int64_t i = 0; i < n; i++)
        mean += v[i * stride];
    mean /= (double)n;
    for (int64_t i = 0; i < n; i++)
        sum += (v[i * stride] - mean) * (v[i * stride] - mean);
    return sqrt(sum / (double)n);
}

/* Everything that dealing groups needs; freed at the end, whatever came of it. */
typedef struct table {
    int64_t k;
    int32_t groups, classes;
    party *party;
    int64_t *counts;   /* groups x classes */
    double *total;     /* rows of each class */
    double *in_fold;   /* k x classes: rows of each class so far; after rows_in_fold, k of all */
    double *share;     /* k: scratch */
    int64_t *rows_in_fold;
} table;

static void count_parties(table *t, ml_ints label, ml_ints group)
{
    for (int32_t g = 0; g < t->groups; g++)
        t->party[g] = (party){.group = g, .turn = g, .of_class = t->counts + (int64_t)g * t->classes};
    for (int64_t i = 0; i < group.n; i++) {
        int32_t c = label.v ? label.v[i] : 0;
        party *p = &t->party[group.v[i]];
        p->rows++;
        p->of_class[c]++;
        t->total[c]++;
    }
}

/* How uneven the folds would be with this party in fold j: the deviation of the share of each class, in the mean over classes. */
static double unevenness(table *t, const party *p, int64_t j)
{
    double sum = 0;
    int32_t present = 0;
    for (int32_t c = 0; c < t->classes; c++) {
        if (t->total[c] == 0)
            continue;
        for (int64_t i = 0; i < t->k; i++)
            t->share[i] = (t->in_fold[i * t->classes + c] + (i == j ? (double)p->of_class[c] : 0)) / t->total[c];
        sum += deviation(t->share, t->k, 1);
        present++;
    }
    return sum / present;
}

/* scikit-learn's rule, its notion of equal (numpy.isclose) included. */
static int64_t most_even_fold(table *t, const party *p)
{
    double least = INFINITY;
    int64_t best = 0, fewest = INT64_MAX;
    for (int64_t j = 0; j < t->k; j++) {
        double uneven = unevenness(t, p, j);
        bool equal = isfinite(least) && fabs(uneven - least) <= 1e-8 + 1e-5 * fabs(least);
        if (uneven < least || (equal && t->rows_in_fold[j] + p->rows < fewest)) {
            least = uneven;
            fewest = t->rows_in_fold[j] + p->rows;
            best = j;
        }
    }
    return best;
}

static int64_t emptiest_fold(const table *t)
{
    int64_t best = 0;
    for (int64_t j = 1; j < t->k; j++)
        best = t->rows_in_fold[j] < t->rows_in_fold[best] ? j : best;
    return best;
}

/* The turns of parties among equals, drawn. */
static ml_status draw_turns(table *t, uint64_t seed)
{
    int64_t *turn = mli_alloc((size_t)t->groups * sizeof *turn);
    if (!turn)
        return ML_ENOMEM;
    for (int32_t g = 0; g < t->groups; g++)
        turn[g] = g;
    ml_rng rng = ml_rng_seed(seed);
    ml_rng_shuffle(&rng, turn, t->groups);
    for (int32_t g = 0; g < t->groups; g++)
        t->party[g].turn = turn[g];
    mli_free(turn);
    return ML_OK;
}

static double class_deviation(const table *t, const party *p)
{
    double mean = (double)p->rows / t->classes, sum = 0;
    for (int32_t c = 0; c < t->classes; c++)
        sum += ((double)p->of_class[c] - mean) * ((double)p->of_class[c] - mean);
    return sqrt(sum / t->classes);
}

static void deal_parties(table *t, bool by_class)
{
    for (int32_t g = 0; g < t->groups; g++)
        t->party[g].uneven = by_class ? class_deviation(t, &t->party[g]) : (double)t->party[g].rows;
    qsort(t->party, (size_t)t->groups, sizeof *t->party, by_unevenness);
    for (party *p = t->party; p < t->party + t->groups; p++) {
        p->fold = (int32_t)(by_class ? most_even_fold(t, p) : emptiest_fold(t));
        t->rows_in_fold[p->fold] += p->rows;
        for (int32_t c = 0; c < t->classes; c++)
            t->in_fold[p->fold * (int64_t)t->classes + c] += (double)p->of_class[c];
    }
    qsort(t->party, (size_t)t->groups, sizeof *t->party, by_group);
}

static ml_status open_table(table *t)
{
    int64_t cells, shares;
    if (!mli_shape_size(2, (int64_t[]){t->groups, t->classes}, &cells) ||
        !mli_shape_size(2, (int64_t[]){t->k, t->classes}, &shares))
        return mli_fail(ML_EINVAL, "folds: %ld groups of %ld classes are too many", (long)t->groups, (long)t->classes);
    t->party = mli_alloc((size_t)t->groups * sizeof *t->party);
    t->counts = mli_calloc((size_t)cells, sizeof *t->counts);
    t->total = mli_calloc((size_t)t->classes, sizeof *t->total);
    t->in_fold = mli_calloc((size_t)shares, sizeof *t->in_fold);
    t->share = mli_alloc((size_t)t->k * sizeof *t->share);
    t->rows_in_fold = mli_calloc((size_t)t->k, sizeof *t->rows_in_fold);
    return t->party && t->counts && t->total && t->in_fold && t->share && t->rows_in_fold ? ML_OK : ML_ENOMEM;
}

static void close_table(table *t)
{
    mli_free(t->party);
    mli_free(t->counts);
    mli_free(t->total);
    mli_free(t->in_fold);
    mli_free(t->share);
    mli_free(t->rows_in_fold);
}

/* label.v NULL: classes do not count. */
static ml_folds *group_folds(const char *where, ml_ints label, ml_ints group, ml_fold_opts opts)
{
    table t = {.classes = 1};
    if (count_values(where, "group", group, &t.groups) || (label.v && count_values(where, "class", label, &t.classes)) ||
        mli_folds_check(where, group.n, &opts))
        return NULL;
    if (label.v && label.n != group.n)
        return mli_null(ML_EINVAL, "%s: %lld classes but %lld groups", where, (long long)label.n, (long long)group.n);
    t.k = opts.k;
    int32_t *fold = mli_alloc((size_t)group.n * sizeof *fold);
    ml_folds *folds = NULL;
    if (fold && !open_table(&t)) {
        count_parties(&t, label, group);
        if (!opts.shuffle || !draw_turns(&t, opts.seed)) {
            deal_parties(&t, label.v != NULL);
            for (int64_t i = 0; i < group.n; i++)
                fold[i] = t.party[group.v[i]].fold;
            folds = mli_folds_of_rows((ml_ints){fold, group.n}, opts.k);
        }
    }
    close_table(&t);
    mli_free(fold);
    return folds;
}

ml_folds *ml_folds_group(ml_ints group, ml_fold_opts opts)
{
    return group_folds("group folds", (ml_ints){NULL, 0}, group, opts);
}

ml_folds *ml_folds_stratified_group(ml_ints label, ml_ints group, ml_fold_opts opts)
{
    if (!label.v)
        return mli_null(ML_EINVAL, "stratified group folds: the classes are NULL");
    return group_folds("stratified group folds", label, group, opts);
}
