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

void mlk_windows_strip(ml_real *to, const mlk_windows *x, const mlk_spot *spot, int64_t r, int64_t from, int64_t k)
{
    const ml_real *line[MLK_LINES];
    for (int i = 0; i < MLK_LINES; i++)
        line[i] = i < MR ? run_of(x, &spot[i], r, from, k, x->patch + i * x->g->s * x->g->c) : line[0];
    mlk_pack_lines(to, line, k);
}

static void find_runs(mlk_runs *runs, const mlk_windows *x, int64_t r)
{
    const mlk_conv2d *g = x->g;
    const int64_t run = g->s * g->c, step = g->stride[1] * g->c;
    for (int64_t i = 0; i < runs->n; i++) {
        const mlk_spot *at = &runs->spot[i];
        const ml_real *line = runs->line[i] = run_of(x, at, r, 0, run, x->patch + i * run);
        if (line == x->zeros || g->dil[1] > 1 || at->w < 0)
            continue;
        /* Neighbours whose runs are inside too lie a step further on each: no need to ask again. */
        int64_t inside = (g->w - g->s - at->w) / g->stride[1], row = i + inside < runs->n ? i + inside : runs->n - 1;
        for (; i < row && runs->spot[i + 1].w > runs->spot[i].w; i++)
            runs->line[i + 1] = line += step;
    }
    runs->r = r;
}

#define COPY(size)                                                                                             \
    case size:                                                                                                     \
        for (int64_t i = 0; i < runs->n; i++)                                                                      \
            memcpy(to + i * NR + at, runs->line[i] + from, (size) * sizeof *to);                                   \
        break;

/* Numbers from .. from+k-1 of each line to columns at .. of the panel. */
static void copy_columns(ml_real *to, const mlk_runs *runs, int64_t at, int64_t from, int64_t k)
{
    if (k == NR) {
        for (int64_t i = 0; i < runs->n; i++)
            memcpy(to + i * NR, runs->line[i] + from, NR * sizeof *to);
        return;
    }
    switch (k) { /* of a size that is known a copy is a move or two */
        COPY(1) COPY(2) COPY(3) COPY(4) COPY(5) COPY(6) COPY(7) COPY(9)
    default:
        for (int64_t i = 0; i < runs->n; i++)
            memcpy(to + i * NR + at, runs->line[i] + from, (size_t)k * sizeof *to);
    }
}

void mlk_windows_panel(ml_real *to, const mlk_windows *x, mlk_runs *runs, int64_t j)
{
    const int64_t run = x->g->s * x->g->c, left = x->g->r * run - j, have = left < NR ? left : NR;
    if (have < NR)
        memset(to, 0, (size_t)(runs->n * NR) * sizeof *to);
    for (int64_t at = 0, k; at < have; at += k) { /* a panel may lie across the ends of runs: part by part */
        int64_t r = (j + at) / run, from = (j + at) % run;
        k = run - from < have - at ? run - from : have - at;
        if (r != runs->r)
            find_runs(runs, x, r);
        copy_columns(to, runs, at, from, k);
    }
}
