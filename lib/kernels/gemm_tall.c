/* gemm_tall.c -- the matrix product where B or C is small: pixels times the weights of a 1x1 convolution, and the gradient by those
 * weights. Other plans for the tile and the packing of gemm_fast.c. Derivation: docs/math/matmul.md
 *
 *   tall  C has many rows and B is small. B is packed once, by all. A lane packs a few strips of A, which stay in the cache while
 *         they meet all of B, and goes on to the next. (To pack all of A first, as gemm_fast.c does, sends it to memory and back, and
 *         where few columns use it that is not made good.)
 *
 *   deep  C is small and K is long. Each lane has a part of the steps and a C of its own, which stays in the cache; at the end the lanes'
 *         sums are added up in order.
 */
#include "kernels/gemm_fast.h"

#include "kernels/lanes.h"

enum {
    STRIPS = 8,              /* packed at a time */
    SMALL = 1 << 16,         /* numbers of a B that is small, or of a C */
    TALL = 32 * STRIPS * MR, /* rows of C from which a plan of its own pays */
    DEEP = 1 << 13,          /* and steps of K */
    BLOCK = 128              /* steps of a deep product at a time: the next block has room in the cache beside them */
};

/* k cut into equal parts of at most `most`. */
static int64_t part(int64_t k, int64_t most)
{
    return mlk_ceil_div(k, mlk_ceil_div(k, most));
}

/* What the CPU is asked to bring while a block is multiplied, so that it need not be waited for when it is packed: stretches of the
 * two operands, in equal parts, one to a tile. */
typedef struct soon {
    const ml_real *from[2];
    int64_t n[2], parts;
} soon;

static void bring(mlk_tile *t, const soon *s, int64_t tile)
{
    const int64_t all = s->n[0] + s->n[1], at = tile * all / s->parts, second = at >= s->n[0];
    t->ahead = all ? (const char *)(s->from[second] + at - second * s->n[0]) : NULL;
    t->ahead_step = all * (int64_t)sizeof(ml_real) / (s->parts * t->k);
}

static int64_t tiles_of(int64_t rows, int64_t cols)
{
    return mlk_ceil_div(rows, MR) * mlk_ceil_div(cols, NR);
}

/* rows of C by one panel of columns: packed strips, k steps each, and a packed panel. tile: the number of the first, in its
 * block. */
static void run_panel(const mlk_gemm_args *g, mlk_tile t, int64_t row, int64_t rows, int64_t col, const soon *s, int64_t tile)
{
    const ml_real *a = t.a;
    ml_real *c = t.c;
    for (int64_t i = 0; i < rows; i += MR) {
        t.a = a + i * t.k;
        t.c = c + (row + i) * t.c_row + col;
        bring(&t, s, tile + i / MR);
        mlk_tile_run(&t, (int)mlk_least(MR, rows - i), mlk_least(NR, g->n - col));
    }
}

static void pack_strips(ml_real *to, const mlk_gemm_args *g, int64_t row, int64_t rows, int64_t p, int64_t k)
{
    for (int64_t i = 0; i < rows; i += MR)
        mlk_pack_strip(to + i * k, g, row + i, p, k);
}

typedef struct job {
    const mlk_gemm_args *g;
    int64_t kc, size; /* steps of a block; numbers of a lane's scratch */
    ml_real *b, *c;   /* tall: packed B, panel after panel. deep: a C for each lane */
    ml_real *scratch;
} job;

/* ---- tall ---- */

bool mlk_gemm_is_tall(const mlk_gemm_args *g)
{
    return g->m >= TALL && g->k > 0 && g->n * g->k <= SMALL;
}

static job tall_job(const mlk_gemm_args *g)
{
    int64_t kc = part(g->k, KC);
    return (job){.g = g, .kc = kc, .size = mlk_aligned(STRIPS * MR * kc)};
}

static int64_t b_size(const mlk_gemm_args *g)
{
    return mlk_aligned(mlk_ceil_div(g->n, NR) * NR * g->k);
}

size_t mlk_gemm_tall_workspace(const mlk_gemm_args *g)
{
    job j = tall_job(g);
    return (size_t)(b_size(g) + MLK_LANES_MAX * j.size) * sizeof(ml_real);
}

static void pack_b(void *arg, mlk_lane l)
{
    const job *j = arg;
    for (int64_t i = l.begin; i < l.end; i++)
        mlk_pack_panel(j->b + i * NR * j->g->k, j->g, i * NR, 0, j->g->k);
}

/* Some rows of C, while those after them, up to end, are brought. */
static void tall_rows(const job *j, ml_real *a, int64_t row, int64_t rows, int64_t end)
{
    const mlk_gemm_args *g = j->g;
    const int64_t next = row + rows, left = g->a_col == 1 ? mlk_least(rows, end - next) : 0;
    const soon s = {.from = {g->a + next * g->a_row}, .n = {left * g->a_row}, .parts = tiles_of(rows, g->n)};
    for (int64_t p = 0; p < g->k; p += j->kc) {
        mlk_tile t = {.k = mlk_least(j->kc, g->k - p), .a = a, .c = g->c, .c_row = g->c_row,
                      .start = p || g->add ? FROM_C : g->bias ? FROM_BIAS : FROM_ZERO};
        pack_strips(a, g, row, rows, p, t.k);
        for (int64_t col = 0; col < g->n; col += NR) {
            t.b = j->b + col * g->k + p * NR;
            t.bias = g->bias ? g->bias + col : NULL;
            run_panel(g, t, row, rows, col, &s, tiles_of(rows, col));
        }
    }
}

static void tall_lane(void *arg, mlk_lane l)
{
    const job *j = arg;
    int64_t end = mlk_least(l.end * STRIPS * MR, j->g->m);
    for (int64_t row = l.begin * STRIPS * MR; row < end; row += STRIPS * MR)
        tall_rows(j, j->scratch + l.index * j->size, row, mlk_least(STRIPS * MR, end - row), end);
}

void mlk_gemm_tall(const mlk_gemm_args *g, void *work)
{
    job j = tall_job(g);
    int64_t blocks = mlk_ceil_div(g->m, STRIPS * MR);
    j.b = work;
    j.scratch = j.b + b_size(g);
    mlk_run_items(mlk_ceil_div(g->n, NR), NR * g->k, pack_b, &j);
    mlk_run_lanes(blocks, mlk_lanes(blocks, 1, MLK_LANES_MAX), tall_lane, &j);
}

/* ---- deep ---- */

bool mlk_gemm_is_deep(const mlk_gemm_args *g)
{
    return g->k >= DEEP && g->m * g->n <= SMALL && g->c_row == g->n && !g->bias;
}

static int64_t deep_lanes(const mlk_gemm_args *g)
{
    return mlk_lanes(g->k, DEEP / 4, 16);
}

static job deep_job(const mlk_gemm_args *g)
{
    job j = {.g = g, .kc = part(mlk_ceil_div(g->k, deep_lanes(g)), BLOCK)};
    j.size = mlk_aligned(mlk_least(MC, mlk_ceil_div(g->m, MR) * MR) * j.kc) + mlk_aligned(NR * j.kc);
    return j;
}

size_t mlk_gemm_deep_workspace(const mlk_gemm_args *g)
{
    job j = deep_job(g);
    return (size_t)(deep_lanes(g) * (mlk_aligned(g->m * g->n) + j.size)) * sizeof(ml_real);
}

/* k steps of both operands from step p on. */
static soon steps_of(const mlk_gemm_args *g, int64_t p, int64_t k)
{
    return (soon){.from = {g->a + p * g->a_col, g->b + p * g->b_row},
                  .n = {g->a_row == 1 ? k * g->a_col : 0, g->b_col == 1 ? k * g->b_row : 0},
                  .parts = tiles_of(g->m, g->n)};
}

static void deep_lane(void *arg, mlk_lane l)
{
    const job *j = arg;
    const mlk_gemm_args *g = j->g;
    ml_real *a = j->scratch + l.index * j->size, *b = a + j->size - mlk_aligned(NR * j->kc);
    for (int64_t p = l.begin; p < l.end; p += j->kc) {
        const int64_t k = mlk_least(j->kc, l.end - p);
        const soon s = steps_of(g, p + k, mlk_least(k, l.end - p - k));
        mlk_tile t = {.k = k, .a = a, .b = b, .c = j->c + l.index * g->m * g->n, .c_row = g->n,
                      .start = p > l.begin ? FROM_C : FROM_ZERO};
        for (int64_t row = 0; row < g->m; row += MC) {
            const int64_t rows = mlk_least(MC, g->m - row);
            pack_strips(a, g, row, rows, p, k);
            for (int64_t col = 0; col < g->n; col += NR) {
                mlk_pack_panel(b, g, col, p, k);
                run_panel(g, t, row, rows, col, &s, tiles_of(row, g->n) + tiles_of(rows, col));
            }
        }
    }
}

void mlk_gemm_deep(const mlk_gemm_args *g, void *work)
{
    job j = deep_job(g);
    int64_t lanes = deep_lanes(g);
    j.c = work;
    j.scratch = j.c + lanes * mlk_aligned(g->m * g->n);
    mlk_run_lanes(g->k, lanes, deep_lane, &j);
    mlk_sum_parts(g->c, g->add, j.c, lanes, g->m * g->n);
}
