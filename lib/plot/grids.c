/* grids.c -- what fills a plot: heat maps, confusion matrices, pictures side by side. */
#include "plot/plot.h"

#include "base/texts.h"

#include <math.h>
#include <string.h>

enum { MOST_CELLS = 250000, MOST_NUMBERS = 400, MOST_SIDE = 256, MOST_PIXELS = 4000000 };

/* A plot whose places are whole numbers, the first row on top, and nothing else on it. */
static ml_status fill(ml_plot *p, const char *who, int64_t n, bool there)
{
    ml_status s = mli_plot_check(p, who, n, there);
    if (!s && p->layer)
        s = mli_plot_fail(p, ML_EINVAL, "%s: it wants a plot of its own", who);
    if (s)
        return s;
    p->y_down = p->x_tight = p->y_tight = true;
    return ML_OK;
}

/* ---- heat ---- */

/* Where a number lies between low and high, 0 .. 1. */
static double place(const ml_plot *p, double v)
{
    double at = (v - p->low) / (p->high - p->low);
    return at < 0 ? 0 : at > 1 ? 1 : at;
}

static void range_of_colours(ml_plot *p, const ml_heat *h)
{
    p->low = mli_option(h->low, 0);
    p->high = mli_option(h->high, 0);
    if (h->low == 0 && h->high == 0) {
        p->low = INFINITY;
        p->high = -INFINITY;
        for (int64_t i = 0; i < h->rows * h->columns; i++)
            if (fabs(h->v[i]) <= 1e300) {
                p->low = fmin(p->low, h->v[i]);
                p->high = fmax(p->high, h->v[i]);
            }
        if (p->low > p->high)
            p->low = p->high = 0;
        if (h->diverging) {
            p->high = fmax(fabs(p->low), fabs(p->high));
            p->low = -p->high;
        }
    }
    double width = fmax(fabs(p->low), fabs(p->high));
    if (p->high - p->low <= 1e-9 * width || p->low == p->high) {
        p->low -= width > 1e-300 ? width / 2 : 0.5;
        p->high += width > 1e-300 ? width / 2 : 0.5;
    }
}

static void cell(mli_layer *l, int64_t at, int64_t row, int64_t column, double v)
{
    double *box = l->v + 5 * at;
    box[0] = (double)column + 0.5;
    box[1] = (double)column + 1.5;
    box[2] = (double)row + 0.5;
    box[3] = (double)row + 1.5;
    box[4] = v;
}

/* Numbers in two layers: ink on light cells, paper on dark ones. text(arg, i, b) puts that of cell i. */
static void put_numbers(ml_plot *p, const ml_heat *h, void (*text)(const void *arg, int64_t i, mli_buffer *b), const void *arg)
{
    const int64_t n = h->rows * h->columns;
    for (int dark = 0; dark < 2; dark++) {
        int64_t k = 0;
        const char **texts = mli_calloc((size_t)n, sizeof *texts);
        mli_buffer all = {0};
        mli_layer *l = texts ? mli_plot_layer(p, MLI_TEXTS, dark ? MLI_PAPER : MLI_INK, NULL, n) : NULL;
        if (!l) {
            mli_plot_failed(p);
            mli_free(texts);
            return;
        }
        size_t *at = mli_calloc((size_t)n, sizeof *at);
        for (int64_t i = 0; at && i < n; i++) {
            double where = place(p, h->v[i]);
            bool is_dark = h->diverging ? fabs(where - 0.5) > 0.36 : where > 0.55;
            if (!(fabs(h->v[i]) <= 1e300) || is_dark != dark)
                continue;
            l->v[2 * k] = (double)(i % h->columns + 1);
            l->v[2 * k + 1] = (double)(i / h->columns + 1);
            at[k++] = all.n;
            text(arg, i, &all);
            mli_put_bytes(&all, "", 1);
        }
        for (int64_t i = 0; at && !all.failed && i < k; i++)
            texts[i] = all.v + at[i];
        l->n = k;
        if (!at || mli_buffer_status(&all) || !(l->text = mli_texts_copy(texts, k)))
            mli_plot_failed(p);
        mli_free(at);
        mli_free(texts);
        mli_buffer_free(&all);
    }
}

static void put_value(const void *arg, int64_t i, mli_buffer *b)
{
    const ml_heat *h = arg;
    bool plain = fabs(h->v[i]) < 1e6;
    mli_put_number(b, plain ? 'f' : 'g', plain ? (int)h->decimals : 3, h->v[i]);
}

static ml_status add_cells(ml_plot *p, const ml_heat *h)
{
    mli_layer *l = mli_plot_layer(p, MLI_CELLS, 0, NULL, h->rows * h->columns);
    for (int64_t i = 0; l && i < l->n; i++)
        cell(l, i, i / h->columns, i % h->columns, h->v[i]);
    p->diverging = h->diverging;
    return l ? ML_OK : p->failed;
}

ml_status ml_plot_heat(ml_plot *p, ml_heat h)
{
    bool fits = h.rows >= 0 && h.columns >= 0 && (h.columns == 0 || h.rows <= MOST_CELLS / h.columns);
    ml_status s = fill(p, "heat", fits ? h.rows * h.columns : 0, h.v);
    h.decimals = h.decimals == ML_NONE ? 0 : mli_given(h.decimals, 2);
    if (s)
        return s;
    if (!fits)
        return mli_plot_fail(p, ML_EINVAL, "heat: %lld x %lld cells: at most %d are drawn", (long long)h.rows,
                             (long long)h.columns, MOST_CELLS);
    if (h.decimals < 0 || h.decimals > 10 || !isfinite(h.low) || !isfinite(h.high) ||
        mli_option(h.low, 0) > mli_option(h.high, 0))
        return mli_plot_fail(p, ML_EINVAL, "heat: %lld decimals of 0 .. 10, colours from %g to %g", (long long)h.decimals, h.low,
                             h.high);
    range_of_colours(p, &h);
    p->scale = h.no_numbers || h.rows * h.columns > MOST_NUMBERS;
    if (mli_plot_names(p, &p->x_names, h.column_names, h.columns) || mli_plot_names(p, &p->y_names, h.row_names, h.rows) ||
        add_cells(p, &h))
        return p->failed;
    if (!p->scale)
        put_numbers(p, &h, put_value, &h);
    return p->failed;
}

/* ---- confusion ---- */

static void put_count(const void *arg, int64_t i, mli_buffer *b)
{
    mli_putf(b, "%lld", (long long)((const int64_t *)arg)[i]);
}

/* Classes are counted from 0. */
static ml_status number_classes(ml_plot *p, int64_t k)
{
    enum { WIDTH = 12 };
    char *text = mli_alloc((size_t)k * WIDTH);
    const char **names = mli_calloc((size_t)k, sizeof *names);
    for (int64_t i = 0; text && names && i < k; i++) {
        snprintf(text + WIDTH * i, WIDTH, "%d", (int)i);
        names[i] = text + WIDTH * i;
    }
    if (!text || !names || mli_plot_names(p, &p->x_names, names, k) || mli_plot_names(p, &p->y_names, names, k))
        mli_plot_failed(p);
    mli_free(names);
    mli_free(text);
    return p->failed;
}

static ml_status add_confusion(ml_plot *p, const int64_t *counts, int64_t k, const char *const *names, double *share)
{
    for (int64_t i = 0; i < k; i++) {
        double sum = 0;
        for (int64_t j = 0; j < k; j++)
            sum += (double)counts[i * k + j];
        for (int64_t j = 0; j < k; j++)
            share[i * k + j] = sum > 0 ? (double)counts[i * k + j] / sum : 0;
    }
    ml_heat h = {.v = share, .rows = k, .columns = k};
    p->high = 1;
    p->square = true;
    mli_plot_labels(p, "predicted", "truth");
    if (names && !mli_plot_names(p, &p->x_names, names, k))
        mli_plot_names(p, &p->y_names, names, k);
    else if (!names)
        number_classes(p, k);
    if (!p->failed && !add_cells(p, &h) && k * k <= 4 * MOST_NUMBERS)
        put_numbers(p, &h, put_count, counts);
    return p->failed;
}

ml_status ml_plot_confusion(ml_plot *p, const int64_t *counts, int32_t classes, const char *const *names)
{
    const int64_t k = classes, most = 500;
    ml_status s = fill(p, "confusion", k, counts);
    if (s)
        return s;
    if (k < 1 || k > most)
        return mli_plot_fail(p, ML_EINVAL, "confusion: %lld classes: 1 to %lld are drawn", (long long)k, (long long)most);
    for (int64_t i = 0; i < k * k; i++)
        if (counts[i] < 0)
            return mli_plot_fail(p, ML_EINVAL, "confusion: count %lld is %lld", (long long)i, (long long)counts[i]);
    double *share = mli_calloc((size_t)(k * k), sizeof *share);
    s = share ? add_confusion(p, counts, k, names, share) : mli_plot_failed(p);
    mli_free(share);
    return s;
}

/* ---- pictures ---- */

/* A canvas of pixels, -1 where there is none. */
typedef struct canvas {
    int64_t h, w;
    int64_t cell_h, cell_w, gap, head; /* a cell, what is between two, and above each for its caption */
    int64_t columns;
} canvas;

/* The picture as it is drawn, for ml_image_free; NULL with an error set. */
static ml_image *small(const ml_image *im)
{
    if (!im || !im->px || im->h < 1 || im->w < 1)
        return mli_null(ML_EINVAL, "pictures: a picture is NULL, or empty");
    double by = (double)MOST_SIDE / (double)(im->h > im->w ? im->h : im->w);
    if (by >= 1)
        return ml_image_crop(im, 0, 0, im->h, im->w);
    int64_t h = (int64_t)(by * (double)im->h), w = (int64_t)(by * (double)im->w);
    return ml_image_resize(im, h > 0 ? h : 1, w > 0 ? w : 1, ML_AREA);
}

static void put_pixels(mli_layer *l, int64_t *at, const ml_image *im, int64_t top, int64_t left)
{
    for (int64_t i = 0; i < im->h * im->w; i++) {
        const uint8_t *px = im->px + i * im->c;
        double *out = l->v + 5 * (*at)++, alpha = im->c == 4 ? px[3] / 255.0 : 1;
        out[0] = (double)(left + i % im->w);
        out[1] = (double)(top + i / im->w);
        for (int k = 0; k < 3; k++)
            out[2 + k] = 255 * (1 - alpha) + alpha * px[im->c == 1 ? 0 : k];
    }
}

static ml_status add_captions(ml_plot *p, const canvas *c, const char *const *captions, int64_t n)
{
    mli_layer *l = mli_plot_layer(p, MLI_TEXTS, MLI_INK, NULL, n);
    if (!l)
        return p->failed;
    for (int64_t i = 0; i < n; i++) {
        l->v[2 * i] = (double)(i % c->columns * (c->cell_w + c->gap)) + (double)(c->cell_w - 1) / 2;
        l->v[2 * i + 1] = (double)(i / c->columns * (c->cell_h + c->head)) - (double)c->head / 2.2;
    }
    l->text = mli_texts_copy(captions, n);
    return l->text ? ML_OK : mli_plot_failed(p);
}

static ml_status add_pictures(ml_plot *p, const canvas *c, ml_image *const *small, int64_t n)
{
    int64_t total = 0, at = 0;
    for (int64_t i = 0; i < n; i++)
        total += small[i]->h * small[i]->w;
    if (total > MOST_PIXELS)
        return mli_plot_fail(p, ML_EINVAL, "pictures: %lld pixels: at most %d are drawn", (long long)total, MOST_PIXELS);
    for (int64_t i = 0; i < n; i++) {
        mli_layer *l = mli_plot_layer(p, MLI_PIXELS, 0, NULL, small[i]->h * small[i]->w);
        if (!l)
            return p->failed;
        put_pixels(l, &at, small[i], i / c->columns * (c->cell_h + c->head) + (c->cell_h - small[i]->h) / 2,
                   i % c->columns * (c->cell_w + c->gap) + (c->cell_w - small[i]->w) / 2);
        at = 0;
    }
    return ML_OK;
}

ml_status ml_plot_pictures(ml_plot *p, const ml_image *const *pictures, const char *const *captions, int64_t n, int64_t columns)
{
    const int64_t most = 1000;
    ml_status s = fill(p, "pictures", n, pictures);
    if (s)
        return s;
    if (n > most || columns < 0)
        return mli_plot_fail(p, ML_EINVAL, "pictures: %lld pictures in %lld columns: at most %lld are drawn", (long long)n,
                             (long long)columns, (long long)most);
    ml_image **drawn = mli_calloc((size_t)n, sizeof(ml_image *));
    canvas c = {.columns = columns ? columns : (int64_t)ceil(sqrt((double)n))};
    p->bare = p->square = true;
    for (int64_t i = 0; drawn && i < n && (drawn[i] = small(pictures[i])); i++) {
        c.cell_h = drawn[i]->h > c.cell_h ? drawn[i]->h : c.cell_h;
        c.cell_w = drawn[i]->w > c.cell_w ? drawn[i]->w : c.cell_w;
    }
    c.gap = 1 + c.cell_w / 8;
    c.head = captions ? 1 + c.cell_h / 3 : 1 + c.cell_h / 8;
    if (!drawn || (n && !drawn[n - 1]))
        s = mli_plot_failed(p);
    if (!s)
        s = add_pictures(p, &c, drawn, n);
    if (!s && captions)
        s = add_captions(p, &c, captions, n);
    /* to the outer sides of the outermost pixels */
    p->opts.x_min = p->opts.y_min = -0.5;
    p->opts.x_max = (double)(c.columns * (c.cell_w + c.gap) - c.gap) - 0.5;
    p->opts.y_max = (double)((n + c.columns - 1) / (c.columns ? c.columns : 1) * (c.cell_h + c.head) - c.head) - 0.5;
    if (captions)
        p->opts.y_min -= (double)c.head;
    for (int64_t i = 0; drawn && i < n; i++)
        ml_image_free(drawn[i]);
    mli_free(drawn);
    return s;
}
