/* conv2d_windows.c -- see conv2d_windows.h. */
#include "kernels/conv2d_windows.h"

#include <string.h>

void mlk_windows_spots(const mlk_windows *x, mlk_spot *spot, int64_t pixel, int64_t n, int64_t end)
{
    const mlk_conv2d *g = x->g;
    int64_t q = pixel % g->q, p = pixel / g->q % g->p, image = pixel / g->q / g->p;
    for (int64_t i = 0; i < n; i++) {
        bool there = pixel + i < end;
        spot[i] = (mlk_spot){there ? x->x + image * g->h * g->w * g->c : NULL, p * g->stride[0] - g->pad[0],
                             q * g->stride[1] - g->pad[1]};
        if (++q == g->q) {
            q = 0;
            if (++p == g->p)
                p = 0, image++;
        }
    }
}

/* Numbers from .. from+k-1 of run r of a window: where they lie, or a copy in patch with zeros for what is outside. */
static const ml_real *run_of(const mlk_windows *x, const mlk_spot *at, int64_t r, int64_t from, int64_t k, ml_real *patch)
{
    const mlk_conv2d *g = x->g;
    int64_t h = at->h + r * g->dil[0];
    if (!at->image || h < 0 || h >= g->h)
        return x->zeros;
    const ml_real *line = at->image + h * g->w * g->c;
    if (g->dil[1] == 1 && at->w >= 0 && at->w + g->s <= g->w)
        return line + at->w * g->c + from;
    for (int64_t s = from / g->c; s * g->c < from + k; s++) {
        int64_t w = at->w + s * g->dil[1], first = s * g->c > from ? s * g->c : from;
        int64_t last = (s + 1) * g->c < from + k ? (s + 1) * g->c : from + k;
        if (w >= 0 && w < g->w)
            memcpy(patch + first - from, line + w * g->c + first - s * g->c, (size_t)(last - first) * sizeof *patch);
        else
            memset(patch + first - from, 0, (size_t)(last - first) * sizeof *patch);
    }
    return patch;
}

/* With one channel and a stride of 1, windows that are neighbours are one run, each a number further on. */
static bool are_neighbours(const mlk_conv2d *g, const mlk_spot *spot)
{
    return g->c == 1 && g->stride[1] == 1 && spot[MR - 1].image == spot[0].image && spot[MR - 1].h == spot[0].h &&
           spot[0].w >= 0 && spot[MR - 1].w + (g->s - 1) * g->dil[1] < g->w;
}

void mlk_windows_strip(ml_real *to, const mlk_windows *x, const mlk_spot *spot, int64_t r, int64_t from, int64_t k)
{
    const mlk_conv2d *g = x->g;
    int64_t h = spot[0].h + r * g->dil[0];
    if (spot[0].image && h >= 0 && h < g->h && are_neighbours(g, spot)) {
        const ml_real *line = spot[0].image + h * g->w + spot[0].w;
        for (int64_t s = from; s < from + k; s++, to += MR)
            memcpy(to, line + s * g->dil[1], MR * sizeof *to);
        return;
    }
    const ml_real *line[MLK_LINES];
    for (int i = 0; i < MR; i++)
        line[i] = run_of(x, &spot[i], r, from, k, x->patch + i * g->s * g->c);
    for (int i = MR; i < MLK_LINES; i++)
        line[i] = line[0];
    mlk_pack_lines(to, line, k);
}

void mlk_windows_panel(ml_real *to, const mlk_windows *x, const mlk_spot *spot, int64_t n, int64_t j)
{
    const mlk_conv2d *g = x->g;
    int64_t run = g->s * g->c, columns = g->r * run;
    /* A panel may lie across the ends of runs: part by part. */
    for (int64_t at = 0; at < NR; ) {
        int64_t r = (j + at) / run, from = (j + at) % run, k = run - from < NR - at ? run - from : NR - at;
        if (j + at >= columns) {
            for (int64_t i = 0; i < n; i++)
                memset(to + i * NR + at, 0, (size_t)(NR - at) * sizeof *to);
            return;
        }
        for (int64_t i = 0; i < n; i++) {
            const ml_real *line = run_of(x, &spot[i], r, from, k, x->patch);
            if (k == NR)
                memcpy(to + i * NR, line, NR * sizeof *to); /* of a size that is known: two loads and two stores */
            else
                for (int64_t c = 0; c < k; c++)
                    to[i * NR + at + c] = line[c];
        }
        at += k;
    }
}
