/* conv2d_winograd_tiles.c -- the transforms of Winograd's convolution: patches of pictures to slabs and back, weights to slabs and
 * back, a vector of channels or filters at a time. The arithmetic is in conv2d_winograd_lines.h.
 *
 * Derivation docs/math/winograd.md
 */
#include "kernels/conv2d_winograd_lines.h"

#include <string.h>

mlk_wino mlk_wino_of(const mlk_conv2d *g, int m)
{
    mlk_wino w = {.g = *g, .m = m, .t = m + 2, .e = (m + 2) * (m + 2)};
    w.down = mlk_ceil_div(g->p, m), w.across = mlk_ceil_div(g->q, m), w.n = g->n * w.down * w.across;
    return w;
}

int64_t mlk_wino_row(int64_t channels)
{
    int64_t row = mlk_ceil_div(channels, NR) * NR;
    return row * (int64_t)sizeof(ml_real) % 1024 ? row : row + 64 / (int64_t)sizeof(ml_real);
}

/* VL numbers, or the first n of them and zeros. */
INLINE vec load(const ml_real *from, int64_t n)
{
    if (n >= VL)
        return *(const loose *)from;
    vec v = {0};
    memcpy(&v, from, (size_t)n * sizeof *from);
    return v;
}

/* ---- inputs, and gradients of outputs: patches of a picture to slabs ---- */

typedef struct patch {
    const ml_real *at[MLK_WINO_E]; /* its pixels; those outside are zeros */
} patch;

/* The size x size pixels of picture x (N,H,W,C) from `origin` on in steps of a tile. */
static void find(patch *p, const mlk_wino *w, const ml_real *x, int64_t h, int64_t width, int64_t c, int64_t pad_h, int64_t pad_w,
                 int size, const ml_real *zeros, int64_t tile)
{
    const int64_t image = tile / (w->down * w->across), left = tile % w->across * w->m - pad_w;
    const int64_t top = tile / w->across % w->down * w->m - pad_h;
    for (int i = 0; i < size; i++)
        for (int j = 0; j < size; j++) {
            bool inside = top + i >= 0 && top + i < h && left + j >= 0 && left + j < width;
            p->at[i * size + j] = inside ? x + ((image * h + top + i) * width + left + j) * c : zeros;
        }
}

INLINE void put(ml_real *v, int64_t slab, vec o[T][T], const int t)
{
    MLK_UNROLL
    for (int i = 0; i < t; i++)
        MLK_UNROLL
        for (int j = 0; j < t; j++)
            *(vec *)(v + (i * t + j) * slab) = o[i][j];
}

INLINE void input_tile(ml_real *v, int64_t slab, const patch *p, int64_t c, int64_t n, const int m)
{
    vec d[T][T], o[T][T];
    MLK_UNROLL
    for (int i = 0; i < m + 2; i++)
        MLK_UNROLL
        for (int j = 0; j < m + 2; j++)
            d[i][j] = load(p->at[i * (m + 2) + j] + c, n);
    BOTH_WAYS(o, m + 2, d, m + 2, input_line, m);
    put(v, slab, o, m + 2);
}

INLINE void gradient_tile(ml_real *v, int64_t slab, const patch *p, int64_t c, int64_t n, const int m)
{
    vec d[T][T], o[T][T];
    MLK_UNROLL
    for (int i = 0; i < m; i++)
        MLK_UNROLL
        for (int j = 0; j < m; j++)
            d[i][j] = load(p->at[i * m + j] + c, n);
    BOTH_WAYS(o, m + 2, d, m, gradient_line, m);
    put(v, slab, o, m + 2);
}

/* All channels of a patch. */
#define EVERY_VECTOR(tile, v, slab, p, channels, m)                                                            \
    do {                                                                                                           \
        int64_t c_ = 0;                                                                                            \
        for (; c_ + VL <= (channels); c_ += VL)                                                                    \
            tile((v) + c_, slab, p, c_, VL, m);                                                                    \
        if (c_ < (channels))                                                                                       \
            tile((v) + c_, slab, p, c_, (channels) - c_, m);                                                       \
    } while (0)

void mlk_wino_inputs(ml_real *v, int64_t slab, int64_t row, const mlk_wino *w, const ml_real *x, const ml_real *zeros,
                     int64_t first, int64_t n)
{
    const mlk_conv2d *g = &w->g;
    patch p;
    for (int64_t i = 0; i < n; i++, v += row) {
        find(&p, w, x, g->h, g->w, g->c, g->pad[0], g->pad[1], w->t, zeros, first + i);
        if (w->m == 4)
            EVERY_VECTOR(input_tile, v, slab, &p, g->c, 4);
        else
            EVERY_VECTOR(input_tile, v, slab, &p, g->c, 2);
    }
}

void mlk_wino_gradients(ml_real *v, int64_t slab, int64_t row, const mlk_wino *w, const ml_real *dy, const ml_real *zeros,
                        int64_t first, int64_t n)
{
    const mlk_conv2d *g = &w->g;
    patch p;
    for (int64_t i = 0; i < n; i++, v += row) {
        find(&p, w, dy, g->p, g->q, g->f, 0, 0, w->m, zeros, first + i);
        if (w->m == 4)
            EVERY_VECTOR(gradient_tile, v, slab, &p, g->f, 4);
        else
            EVERY_VECTOR(gradient_tile, v, slab, &p, g->f, 2);
    }
}

/* ---- outputs ---- */

typedef struct output {
    const mlk_conv2d_args *a;
    int64_t pixel, line; /* of y: where the tile begins, in pixels, and pixels a line */
    int rows, columns;   /* of the tile that lie in the picture */
} output;

typedef __typeof__((vec){0} < (vec){0}) lanes; /* all bits or none */

/* n of VL filters from f on. */
INLINE void finish(const output *to, vec o[T][T], int64_t f, int64_t n)
{
    const mlk_conv2d_args *a = to->a;
    const vec bias = a->b ? load(a->b + f, n) : (vec){0};
    for (int i = 0; i < to->rows; i++)
        for (int j = 0; j < to->columns; j++) {
            const int64_t at = (to->pixel + i * to->line + j) * a->g.f + f;
            vec y = o[i][j] + bias;
            if (a->add)
                y += load(a->out + at, n);
            if (a->plus)
                y += load(a->plus + at, n);
            if (a->relu)
                y = (vec)((lanes)y & ~(y < 0)); /* NaN is not below 0 */
            if (n >= VL)
                *(loose *)(a->out + at) = y;
            else
                memcpy(a->out + at, &y, (size_t)n * sizeof *a->out);
        }
}

INLINE void output_tile(const output *to, const ml_real *products, int64_t slab, int64_t f, int64_t n, const int m)
{
    vec p[T][T], o[T][T];
    MLK_UNROLL
    for (int i = 0; i < m + 2; i++)
        MLK_UNROLL
        for (int j = 0; j < m + 2; j++)
            p[i][j] = *(const vec *)(products + (i * (m + 2) + j) * slab);
    BOTH_WAYS(o, m, p, m + 2, output_line, m);
    finish(to, o, f, n);
}

void mlk_wino_outputs(const mlk_conv2d_args *a, const mlk_wino *w, const ml_real *products, int64_t slab, int64_t f, int64_t first,
                      int64_t n)
{
    const mlk_conv2d *g = &w->g;
    for (int64_t tile = first; tile < first + n; tile++, products += NR) {
        int64_t p = tile / w->across % w->down * w->m, q = tile % w->across * w->m, image = tile / (w->down * w->across);
        output to = {a, (image * g->p + p) * g->q + q, g->q, g->p - p < w->m ? (int)(g->p - p) : w->m,
                     g->q - q < w->m ? (int)(g->q - q) : w->m};
        for (int v = 0; v < NV && f + v * VL < g->f; v++)
            if (w->m == 4)
                output_tile(&to, products + v * VL, slab, f + v * VL, g->f - f - v * VL, 4);
            else
                output_tile(&to, products + v * VL, slab, f + v * VL, g->f - f - v * VL, 2);
    }
}

/* ---- what comes next ---- */

static int64_t inside(int64_t v, int64_t extent)
{
    return v < 0 ? 0 : v < extent ? v : extent - 1;
}

void mlk_wino_ask(mlk_wino_tile *t, const mlk_conv2d_args *a, const mlk_wino *w, int64_t tile, int line)
{
    const mlk_conv2d *g = &w->g;
    const int64_t left = tile % w->across * w->m, top = tile / w->across % w->down * w->m + line, image = tile / (w->down * w->across);
    /* A patch shares its first two lines and columns with the patches before it. */
    const int64_t x = (image * g->h + inside(top - g->pad[0] + 2, g->h)) * g->w + inside(left - g->pad[1] + 2, g->w);
    const int64_t y = (image * g->p + inside(top, g->p)) * g->q + left;
    t->to_read = (const char *)(a->x + x * g->c), t->read_step = w->m * g->c * (int64_t)sizeof(ml_real) / t->k;
    t->to_write = (const char *)(a->out + y * g->f), t->write_step = w->m * g->f * (int64_t)sizeof(ml_real) / t->k;
}

/* ---- weights ---- */

INLINE void weight_vector(ml_real *u, int64_t slab, const ml_real *packed, int64_t taps, const int m)
{
    vec g[T][T], o[T][T];
    MLK_UNROLL
    for (int i = 0; i < 3; i++)
        MLK_UNROLL
        for (int j = 0; j < 3; j++)
            g[i][j] = *(const vec *)(packed + (i * 3 + j) * taps);
    BOTH_WAYS(o, m + 2, g, 3, weight_line, m);
    put(u, slab, o, m + 2);
}

void mlk_wino_weights(ml_real *u, int64_t slab, const ml_real *packed, int64_t taps, int64_t c, int m)
{
    for (int64_t at = 0; at < c * NR; at += VL)
        if (m == 4)
            weight_vector(u + at, slab, packed + at, taps, 4);
        else
            weight_vector(u + at, slab, packed + at, taps, 2);
}

INLINE void weight_gradient_vector(ml_real *dw, int64_t tap, bool add, const ml_real *du, int64_t slab, int64_t n, const int m)
{
    vec u[T][T], o[T][T];
    MLK_UNROLL
    for (int i = 0; i < m + 2; i++)
        MLK_UNROLL
        for (int j = 0; j < m + 2; j++)
            u[i][j] = *(const vec *)(du + (i * (m + 2) + j) * slab);
    BOTH_WAYS(o, 3, u, m + 2, weight_gradient_line, m);
    for (int i = 0; i < 9; i++) {
        vec y = o[i / 3][i % 3];
        if (add)
            y += load(dw + i * tap, n);
        memcpy(dw + i * tap, &y, (size_t)(n < VL ? n : VL) * sizeof *dw);
    }
}

void mlk_wino_weight_gradients(ml_real *dw, bool add, const ml_real *du, int64_t slab, int64_t c, int m)
{
    for (int64_t at = 0; at < c; at += VL)
        if (m == 4)
            weight_gradient_vector(dw + at, c, add, du + at, slab, c - at, 4);
        else
            weight_gradient_vector(dw + at, c, add, du + at, slab, c - at, 2);
}
