/* conv2d_blocks.c -- see conv2d_blocks.h. */
#include "kernels/conv2d_blocks.h"

#include "kernels/conv2d_windows.h"

#include <string.h>

/* Numbers of a patch at most, where a window allows; blocks that a batch has at least, so that they can be shared. */
enum { PATCH = 1 << 14, BLOCKS = 8 };

/* Pixels that n outputs see along an axis. */
static int64_t seen(const mlk_conv2d *g, int axis, int64_t n)
{
    int64_t window = axis == 0 ? g->r : g->s;
    return (n - 1) * g->stride[axis] + g->dil[axis] * (window - 1) + 1;
}

/* Outputs that see no more than that many pixels, but one at least. */
static int64_t outputs(const mlk_conv2d *g, int axis, int64_t pixels)
{
    int64_t room = pixels - seen(g, axis, 1);
    return room < 0 ? 1 : room / g->stride[axis] + 1;
}

/* n cut into equal parts of at most `most`. */
static int64_t part(int64_t n, int64_t most)
{
    return n > 0 ? mlk_ceil_div(n, mlk_ceil_div(n, most)) : 1;
}

mlk_blocks mlk_blocks_for(const mlk_conv2d *g, int64_t pitch)
{
    int64_t pixels = PATCH / pitch, share = mlk_ceil_div(g->n * g->p, BLOCKS);
    mlk_blocks b = {.g = *g, .pitch = pitch};
    b.cols = part(g->q, outputs(g, 1, pixels / seen(g, 0, 1)));
    b.line = seen(g, 1, b.cols) * pitch;
    b.rows = part(g->p, mlk_least(outputs(g, 0, PATCH / b.line), share > 1 ? share : 1));
    b.down = mlk_ceil_div(g->p, b.rows);
    b.across = mlk_ceil_div(g->q, b.cols);
    b.size = mlk_aligned(seen(g, 0, b.rows) * b.line);
    return b;
}

int64_t mlk_blocks_count(const mlk_blocks *b)
{
    return b->g.n * b->down * b->across;
}

mlk_block mlk_block_of(const mlk_blocks *b, int64_t i)
{
    mlk_block at = {.image = i / (b->down * b->across), .p = i / b->across % b->down * b->rows, .q = i % b->across * b->cols};
    at.rows = mlk_least(b->rows, b->g.p - at.p);
    at.cols = mlk_least(b->cols, b->g.q - at.q);
    return at;
}

/* n numbers of each of some pixels. */
static void copy_pixels(ml_real *to, const ml_real *from, int64_t pixels, int64_t n, int64_t pitch, int64_t c)
{
    if (n == pitch && n == c) {
        memcpy(to, from, (size_t)(pixels * n) * sizeof *to);
        return;
    }
    for (int64_t i = 0; i < pixels; i++)
        for (int64_t k = 0; k < n; k++)
            to[i * pitch + k] = from[i * c + k];
}

void mlk_patch_fill(ml_real *patch, const mlk_blocks *b, const mlk_block *at, const ml_real *x, int64_t first, int64_t n)
{
    const mlk_conv2d *g = &b->g;
    int64_t lines = seen(g, 0, at->rows), pixels = seen(g, 1, at->cols);
    int64_t top = at->p * g->stride[0] - g->pad[0], left = at->q * g->stride[1] - g->pad[1];
    int64_t before = left < 0 ? mlk_least(-left, pixels) : 0, inside = mlk_least(g->w - left, pixels) - before;
    if (inside < 0)
        inside = 0;
    for (int64_t i = 0; i < lines; i++, patch += b->line) {
        int64_t h = top + i, there = h >= 0 && h < g->h ? inside : 0, zeros = there ? before : pixels;
        memset(patch, 0, (size_t)(zeros * b->pitch) * sizeof *patch);
        if (!there)
            continue;
        copy_pixels(patch + before * b->pitch, x + ((at->image * g->h + h) * g->w + left + before) * g->c + first, there, n, b->pitch,
                    g->c);
        memset(patch + (before + there) * b->pitch, 0, (size_t)((pixels - before - there) * b->pitch) * sizeof *patch);
    }
}

void mlk_patch_offsets(int64_t *offset, const mlk_blocks *b, int64_t n)
{
    const mlk_conv2d *g = &b->g;
    for (int64_t r = 0; r < g->r; r++)
        for (int64_t s = 0; s < g->s; s++)
            for (int64_t i = 0; i < n; i++)
                *offset++ = r * g->dil[0] * b->line + s * g->dil[1] * b->pitch + i;
}
