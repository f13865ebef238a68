/* syrk.c -- C += P^T P, of which one half is enough
 *
 * Shapes     P (K,N), packed in panels     C (N,N), symmetric: the half below the diagonal
 * Tile       a strip of S columns of P against a panel of S V: S x V vectors of sums stay in registers for all K, each step
 *            loads V vectors and S single numbers for S V multiply-adds
 * Half       strip i meets the panels left of its own, and of its own the vectors up to the diagonal
 * Source     Goto and van de Geijn 2008                                        Derivation  docs/math/cholesky.md
 */
#include "linalg/syrk.h"

#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

enum { S = MLI_SYRK_STRIP, V = MLI_SYRK_VECTORS, WIDE = MLI_SYRK_WIDE };
typedef double vec __attribute__((vector_size(S * sizeof(double))));
typedef double loose __attribute__((vector_size(S * sizeof(double)), aligned(sizeof(double)), may_alias));

typedef struct tile {
    const double *a, *b; /* the strip and the panel, WIDE numbers a step */
    int64_t k;
    double sign;
    double *c;
    int64_t c_row;
    int rows; /* S, or fewer at the end */
} tile;

/* vectors is a constant where this is inlined. */
static inline __attribute__((always_inline)) void run(const tile *t, const int vectors)
{
    vec sum[S][V];
    UNROLL
    for (int i = 0; i < S; i++)
        UNROLL
        for (int v = 0; v < vectors; v++)
            sum[i][v] = (vec){0};
    const double *a = t->a, *b = t->b;
    for (int64_t p = 0; p < t->k; p++, a += WIDE, b += WIDE) {
        vec bv[V];
        UNROLL
        for (int v = 0; v < vectors; v++)
            bv[v] = *(const vec *)(b + v * S);
        UNROLL
        for (int i = 0; i < S; i++)
            UNROLL
            for (int v = 0; v < vectors; v++)
                sum[i][v] += a[i] * bv[v];
    }
    if (t->rows == S) {
        UNROLL
        for (int i = 0; i < S; i++)
            UNROLL
            for (int v = 0; v < vectors; v++)
                *(loose *)(t->c + i * t->c_row + v * S) += t->sign * sum[i][v];
        return;
    }
    /* The last strip: its last vector is as wide as it has rows. */
    for (int i = 0; i < t->rows; i++)
        for (int v = 0; v < vectors; v++)
            for (int l = 0; l < (v + 1 < vectors ? S : t->rows); l++)
                t->c[i * t->c_row + v * S + l] += t->sign * sum[i][v][l];
}

static void full_panel(const tile *t)
{
    tile whole = *t; /* left of the strip's own panel no column is missing, though rows may be */
    if (t->rows == S) {
        run(&whole, V);
        return;
    }
    double c[S * WIDE] = {0};
    whole.rows = S, whole.c = c, whole.c_row = WIDE;
    run(&whole, V);
    for (int i = 0; i < t->rows; i++)
        for (int j = 0; j < WIDE; j++)
            t->c[i * t->c_row + j] += c[i * WIDE + j];
}

#define CASE(n)                                                                                                \
    case n:                                                                                                        \
        run(t, n <= V ? n : V);                                                                                    \
        break;

static void own_panel(const tile *t, int vectors)
{
    switch (vectors) {
        CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6)
    }
}

void mli_syrk(double *c, int64_t c_row, int64_t n, const double *packed, int64_t k, double sign, int64_t first, int64_t last)
{
    for (int64_t s = first; s < last; s++) {
        int64_t i = s * S, own = i / WIDE;
        tile t = {.a = packed + mli_syrk_at(k, 0, i), .k = k, .sign = sign, .c_row = c_row, .rows = n - i < S ? (int)(n - i) : S};
        for (int64_t panel = 0; panel <= own; panel++) {
            t.b = packed + mli_syrk_at(k, 0, panel * WIDE);
            t.c = c + i * c_row + panel * WIDE;
            if (panel < own)
                full_panel(&t);
            else
                own_panel(&t, (int)(s % V) + 1);
        }
    }
}
