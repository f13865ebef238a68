/* boost_model.c -- the trees of a boosted model: memory, scores, and their way to a file and back. */
#include "classical/boost.h"

#include <math.h>
#include <string.h>

void mli_boost_free(void *state)
{
    mli_boost *b = state;
    if (!b)
        return;
    mli_free(b->first), mli_free(b->feature), mli_free(b->left), mli_free(b->right), mli_free(b->missing_left);
    mli_free(b->threshold), mli_free(b->value), mli_free(b->gain), mli_free(b->base);
    mli_free(b);
}

/* A longer copy of n elements; the old one is freed. */
static ml_status grow_list(void **list, size_t size, int64_t n, int64_t room)
{
    void *longer = mli_calloc((size_t)room, size);
    if (!longer)
        return ML_ENOMEM;
    if (n)
        memcpy(longer, *list, (size_t)n * size);
    mli_free(*list);
    *list = longer;
    return ML_OK;
}

#define GROW(list, n, room) (longer = (list), e = e ? e : grow_list(&longer, sizeof *(list), (n), (room)), (list) = longer)

ml_status mli_boost_room(mli_boost *b, int64_t nodes)
{
    ml_status e = ML_OK;
    void *longer;
    if (b->trees + 2 > b->trees_room) {
        const int64_t room = 2 * b->trees + 64;
        GROW(b->first, b->trees ? b->trees + 1 : 0, room);
        b->trees_room = e ? b->trees_room : room;
    }
    if (e || b->nodes + nodes <= b->room)
        return e;
    const int64_t room = 2 * (b->nodes + nodes);
    GROW(b->feature, b->nodes, room);
    GROW(b->left, b->nodes, room);
    GROW(b->right, b->nodes, room);
    GROW(b->missing_left, b->nodes, room);
    GROW(b->threshold, b->nodes, room);
    GROW(b->value, b->nodes, room);
    GROW(b->gain, b->nodes, room);
    b->room = e ? b->room : room;
    return e;
}

void mli_boost_cut(mli_boost *b, int64_t trees)
{
    if (trees >= b->trees)
        return;
    b->trees = trees;
    b->nodes = b->first[trees];
}

/* ---- scores ---- */

enum { ROWS_A_CHUNK = 256 };

typedef struct job {
    const mli_boost *b;
    const ml_matrix *x;
    double *out;
} job;

static double leaf_of(const mli_boost *b, int64_t tree, const ml_matrix *x, int64_t row)
{
    const int64_t first = b->first[tree];
    int64_t i = first;
    while (b->left[i] >= 0) {
        const double v = ml_matrix_at(x, row, b->feature[i]);
        const bool left = isnan(v) ? b->missing_left[i] : v <= b->threshold[i];
        i = first + (left ? b->left[i] : b->right[i]);
    }
    return b->value[i];
}

static ml_status scores_chunk(void *arg, int64_t chunk)
{
    const job *j = arg;
    const mli_boost *b = j->b;
    const int64_t begin = chunk * ROWS_A_CHUNK, end = begin + ROWS_A_CHUNK < j->x->rows ? begin + ROWS_A_CHUNK : j->x->rows;
    for (int64_t i = begin; i < end; i++)
        memcpy(j->out + i * b->scores, b->base, (size_t)b->scores * sizeof *b->base);
    for (int64_t t = 0; t < b->trees; t++) /* a tree for all rows of the chunk: its nodes stay in cache */
        for (int64_t i = begin; i < end; i++)
            j->out[i * b->scores + t % b->scores] += leaf_of(b, t, j->x, i);
    return ML_OK;
}

ml_status mli_boost_scores(const mli_boost *b, const ml_matrix *x, double *out)
{
    return ml_parallel_for((x->rows + ROWS_A_CHUNK - 1) / ROWS_A_CHUNK, scores_chunk, &(job){b, x, out});
}

/* ---- files ---- */

ml_status mli_boost_save(const ml_model *m, mli_store *s, const char *at)
{
    const mli_boost *b = m->state;
    static const int64_t none;
    ml_status e = mli_store_put_longs(s, at, "first", b->first ? b->first : &none, b->trees + 1);
    e = e ? e : mli_store_put_ints(s, at, "feature", b->feature, b->nodes);
    e = e ? e : mli_store_put_ints(s, at, "left", b->left, b->nodes);
    e = e ? e : mli_store_put_ints(s, at, "right", b->right, b->nodes);
    e = e ? e : mli_store_put_bytes(s, at, "missing_left", b->missing_left, b->nodes);
    e = e ? e : mli_store_put_doubles(s, at, "threshold", b->threshold, b->nodes);
    e = e ? e : mli_store_put_doubles(s, at, "value", b->value, b->nodes);
    e = e ? e : mli_store_put_doubles(s, at, "gain", b->gain, b->nodes);
    return e ? e : mli_store_put_doubles(s, at, "base", b->base, b->scores);
}

/* Children come after their parent and inside the tree: so a walk ends. */
static ml_status check_nodes(const ml_model *m, mli_store *s, const char *at, const mli_boost *b)
{
    if (b->first[0] != 0 || b->first[b->trees] != b->nodes)
        return mli_store_fail(s, at, "first", "does not cover the %lld nodes", (long long)b->nodes);
    for (int64_t t = 0; t < b->trees; t++) {
        const int64_t n = b->first[t + 1] - b->first[t];
        if (n < 1 || n > b->nodes)
            return mli_store_fail(s, at, "first", "gives tree %lld %lld nodes", (long long)t, (long long)n);
        for (int64_t k = 0; k < n; k++) {
            const int64_t i = b->first[t] + k;
            if (b->left[i] < 0)
                continue;
            if (b->left[i] <= k || b->left[i] >= n || b->right[i] <= k || b->right[i] >= n)
                return mli_store_fail(s, at, "left", "and right of node %lld of tree %lld lead out of it, or back", (long long)k,
                                      (long long)t);
            if (b->feature[i] < 0 || b->feature[i] >= m->features)
                return mli_store_fail(s, at, "feature", "of node %lld of tree %lld is %ld", (long long)k, (long long)t,
                                      (long)b->feature[i]);
        }
    }
    return ML_OK;
}

ml_status mli_boost_load(ml_model *m, mli_store *s, const char *at)
{
    mli_boost *b = m->state = mli_calloc(1, sizeof *b);
    if (!b)
        return ML_ENOMEM;
    int64_t firsts = 0;
    b->scores = m->classes > 2 ? m->classes : 1;
    ml_status e = mli_store_longs(s, at, "first", 1, INT32_MAX, &b->first, &firsts);
    b->trees = firsts - 1;
    e = e ? e : mli_store_ints(s, at, "feature", 0, INT64_MAX, &b->feature, &b->nodes);
    e = e ? e : mli_store_ints(s, at, "left", b->nodes, b->nodes, &b->left, NULL);
    e = e ? e : mli_store_ints(s, at, "right", b->nodes, b->nodes, &b->right, NULL);
    e = e ? e : mli_store_bytes(s, at, "missing_left", b->nodes, b->nodes, &b->missing_left, NULL);
    e = e ? e : mli_store_doubles(s, at, "threshold", b->nodes, b->nodes, &b->threshold, NULL);
    e = e ? e : mli_store_doubles(s, at, "value", b->nodes, b->nodes, &b->value, NULL);
    e = e ? e : mli_store_doubles(s, at, "gain", b->nodes, b->nodes, &b->gain, NULL);
    e = e ? e : mli_store_doubles(s, at, "base", b->scores, b->scores, &b->base, NULL);
    return e ? e : check_nodes(m, s, at, b);
}
