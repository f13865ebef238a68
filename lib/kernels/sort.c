/* sort.c -- numbers in order:  sort, top-k, argmax
 *
 * Shapes     x (O,n,I): the axis has n entries   y (O,k,I): the first k in order, k = n for a sort   at (O,k,I): where in x
 * Forward    "a before b": a < b (descending: a > b); NaN counts as the largest; of equals the one that stood first.
 *            The place of x_l is the number of entries before it. y[place] = x_l, at[place] = l, for the places below k.
 * Backward   dx[o, at[o,j,i], i] = dy[o,j,i], 0 where x did not make it into y: a scatter-add of dy (gather.c)
 *            Check by meaning: a small step of x changes no place, so y is x with its numbers moved, and the gradient is
 *            moved back. Where two are equal there is no derivative; the order that was chosen gives one.
 * Saves      at              Cost  sort n log n comparisons a run, top-k n log k at worst and about n, argmax n
 * Source     merging: von Neumann 1945 (Knuth, vol. 3, section 5.2.4); the heap: Williams 1964; NaN as in PyTorch
 * Derivation docs/math/sort-topk.md
 */
#include "kernels/sort.h"

#include "kernels/lanes.h"

#include <string.h>

/* Does a come before b by its value? Only NaN differs from itself. */
static inline bool before(ml_real a, ml_real b, bool descending)
{
    return descending ? (a > b) | ((a != a) & (b == b)) : (a < b) | ((b != b) & (a == a));
}

/* ---- the definition ---- */

/* The place of entry l of a run: how many come before it. */
static int64_t place_of(const ml_real *x, int64_t l, const mlk_order *p)
{
    int64_t place = 0, step = p->s.inner;
    for (int64_t k = 0; k < p->s.n; k++)
        place += before(x[k * step], x[l * step], p->descending) ||
                 (k < l && !before(x[l * step], x[k * step], p->descending));
    return place;
}

void mlk_order_ref(ml_real *y, int32_t *at, const ml_real *x, const mlk_order *p)
{
    for (int64_t o = 0; o < p->s.outer; o++)
        for (int64_t i = 0; i < p->s.inner; i++)
            for (int64_t l = 0; l < p->s.n; l++) {
                const ml_real *run = x + o * p->s.n * p->s.inner + i;
                int64_t place = place_of(run, l, p), to = (o * p->k + place) * p->s.inner + i;
                if (place >= p->k)
                    continue;
                y[to] = run[l * p->s.inner];
                if (at)
                    at[to] = (int32_t)l;
            }
}

/* ---- runs, shared by the threads ---- */

/* A number that remembers where it stood. */
typedef struct entry {
    ml_real v;
    int32_t at;
} entry;

typedef struct job {
    ml_real *y;
    int32_t *at;
    const ml_real *x;
    const mlk_order *p;
    entry *work; /* `room` entries a lane */
    int64_t room;
    const entry *(*sort_run)(const ml_real *x, const mlk_order *p, entry *work);
} job;

/* Entries of scratch that all lanes together may have: lanes beyond the first are worth a few tens of megabytes. */
enum { SCRATCH = 1 << 22 };

static int64_t lanes_of(const mlk_order *p, int64_t room)
{
    int64_t most = SCRATCH / (room > 1 ? room : 1), least = 4096 / (p->s.n + 1); /* short runs: many are worth a thread */
    return mlk_lanes(p->s.outer * p->s.inner, least, most < 1 ? 1 : most < MLK_LANES_MAX ? most : MLK_LANES_MAX);
}

static void runs_of_lane(void *arg, mlk_lane l)
{
    const job *j = arg;
    const int64_t inner = j->p->s.inner, k = j->p->k;
    for (int64_t r = l.begin; r < l.end; r++) {
        const entry *e = j->sort_run(j->x + r / inner * j->p->s.n * inner + r % inner, j->p, j->work + l.index * j->room);
        int64_t to = r / inner * k * inner + r % inner;
        for (int64_t i = 0; i < k; i++, to += inner) {
            j->y[to] = e[i].v;
            if (j->at)
                j->at[to] = e[i].at;
        }
    }
}

static void share(job *j)
{
    mlk_run_lanes(j->p->s.outer * j->p->s.inner, lanes_of(j->p, j->room), runs_of_lane, j);
}

/* ---- sort: insertion in short stretches, then merging from one half of the scratch to the other ---- */

enum { STRETCH = 16 };

static void insert(entry *e, int64_t n, bool descending)
{
    for (int64_t i = 1; i < n; i++) {
        entry now = e[i];
        int64_t to = i;
        for (; to > 0 && before(now.v, e[to - 1].v, descending); to--)
            e[to] = e[to - 1];
        e[to] = now;
    }
}

/* a[begin .. middle-1] and a[middle .. end-1] in order into b. Of equals the left one first: that keeps the order stable. */
static void merge(entry *b, const entry *a, int64_t begin, int64_t middle, int64_t end, bool descending)
{
    int64_t left = begin, right = middle;
    for (int64_t i = begin; i < end; i++) {
        bool take_right = left == middle || (right < end && before(a[right].v, a[left].v, descending));
        b[i] = a[take_right ? right : left];
        right += take_right;
        left += !take_right;
    }
}

static const entry *sort_all(const ml_real *x, const mlk_order *p, entry *work)
{
    const int64_t n = p->s.n;
    entry *a = work, *b = work + n;
    for (int64_t k = 0; k < n; k++)
        a[k] = (entry){x[k * p->s.inner], (int32_t)k};
    for (int64_t k = 0; k < n; k += STRETCH)
        insert(a + k, n - k < STRETCH ? n - k : STRETCH, p->descending);
    for (int64_t width = STRETCH; width < n; width *= 2) {
        for (int64_t k = 0; k < n; k += 2 * width) {
            int64_t middle = k + width < n ? k + width : n, end = middle + width < n ? middle + width : n;
            merge(b, a, k, middle, end, p->descending);
        }
        entry *swap = a;
        a = b;
        b = swap;
    }
    return a;
}

size_t mlk_sort_work(const mlk_order *p)
{
    return (size_t)(lanes_of(p, 2 * p->s.n) * 2 * p->s.n) * sizeof(entry);
}

void mlk_sort_forward(ml_real *y, int32_t *at, const ml_real *x, const mlk_order *p, void *work)
{
    share(&(job){y, at, x, p, work, 2 * p->s.n, sort_all});
}

/* ---- top-k: a heap of the k best so far, the worst of them on top, so that one look tells whether a number gets in ---- */

static inline bool entry_before(entry a, entry b, bool descending)
{
    return before(a.v, b.v, descending) || (!before(b.v, a.v, descending) && a.at < b.at);
}

/* Entry `at` sinks until no child of it is worse. */
static void sink(entry *e, int64_t n, int64_t at, bool descending)
{
    entry now = e[at];
    for (int64_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && entry_before(e[child], e[child + 1], descending))
            child++;
        if (entry_before(e[child], now, descending))
            break;
        e[at] = e[child];
    }
    e[at] = now;
}

static const entry *sort_first(const ml_real *x, const mlk_order *p, entry *e)
{
    const int64_t n = p->k;
    for (int64_t k = 0; k < n; k++)
        e[k] = (entry){x[k * p->s.inner], (int32_t)k};
    for (int64_t at = n / 2 - 1; at >= 0; at--)
        sink(e, n, at, p->descending);
    for (int64_t k = n; n && k < p->s.n; k++)
        if (before(x[k * p->s.inner], e[0].v, p->descending)) { /* an equal one that comes later is worse */
            e[0] = (entry){x[k * p->s.inner], (int32_t)k};
            sink(e, n, 0, p->descending);
        }
    for (int64_t left = n - 1; left > 0; left--) { /* the worst to the end, one after another */
        entry worst = e[0];
        e[0] = e[left];
        e[left] = worst;
        sink(e, left, 0, p->descending);
    }
    return e;
}

size_t mlk_top_k_work(const mlk_order *p)
{
    return (size_t)(lanes_of(p, p->k) * p->k) * sizeof(entry);
}

void mlk_top_k_forward(ml_real *y, int32_t *at, const ml_real *x, const mlk_order *p, void *work)
{
    share(&(job){y, at, x, p, work, p->k, sort_first});
}

/* ---- argmax ---- */

typedef struct argmax_job {
    int32_t *at;
    const ml_real *x;
    mlk_axis s;
} argmax_job;

static void argmax_runs(void *arg, mlk_lane l)
{
    const argmax_job *j = arg;
    const int64_t inner = j->s.inner;
    for (int64_t r = l.begin; r < l.end; r++) {
        const ml_real *x = j->x + r / inner * j->s.n * inner + r % inner;
        int64_t best = 0;
        for (int64_t k = 1; k < j->s.n; k++)
            if (before(x[k * inner], x[best * inner], true))
                best = k;
        j->at[r] = (int32_t)best;
    }
}

void mlk_argmax(int32_t *at, const ml_real *x, mlk_axis s)
{
    mlk_run_items(s.outer * s.inner, s.n, argmax_runs, &(argmax_job){at, x, s});
}
