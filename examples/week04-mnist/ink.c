/* ink.c -- what is written, apart from what it is written on.
 *
 * Ink is what is darker than the noise of the paper and than what stands at the margin (lines, shadows), where no digit is. Of
 * the pieces that hang together the largest is the digit; others that are near and no specks belong to it: the bar of a 5.
 */
#include "week04-mnist/digit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LONG_SIDE = 640, SHORT_SIDE = 8 };
static const float FAINTEST = 0.12f; /* ink is so much darker than paper, or it is none */

static int64_t max_i(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t min_i(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- grey, dark on bright ---- */

static ml_image *replace(ml_image *old, ml_image *new)
{
    ml_image_free(old);
    return new;
}

static ml_image *small_and_grey(const ml_image *photo)
{
    ml_image *grey = ml_image_grey(photo);
    int64_t longer = max_i(photo->h, photo->w);
    if (!grey || longer <= LONG_SIDE)
        return grey;
    return replace(grey, ml_image_resize(grey, max_i(photo->h * LONG_SIDE / longer, 1), max_i(photo->w * LONG_SIDE / longer, 1),
                                         ML_AREA));
}

/* ---- how dark? ---- */

static bool close_ink(const ml_image *grey, int64_t r, plane *paper)
{
    for (int64_t i = 0; i < grey->h * grey->w; i++)
        paper->v[i] = grey->px[i];
    /* Smoothed first: else the largest would be the noisiest. */
    return plane_mean(paper, max_i(grey->h, grey->w) >= 100) && plane_closing(paper, r);
}

/* The step between two neighbours, squared, where the darker is a hole in the paper that is at least half as deep. */
static double step(const ml_image *grey, const plane *paper, int64_t i, int64_t j)
{
    int a = grey->px[i], b = grey->px[j], step = abs(a - b);
    float depth = a < b ? paper->v[i] - (float)a : paper->v[j] - (float)b;
    return 2 * depth > (float)step ? step * step : 0;
}

/* How sharp everything is that a closing with radius r fills. A shadow may be as dark as a pencil, but its edges are soft. */
static double sharpness(const ml_image *grey, int64_t r, plane *paper)
{
    double sum = 0;
    if (!close_ink(grey, r, paper))
        return -1;
    for (int64_t i = 0; i < grey->h * grey->w; i++) {
        if (i % grey->w)
            sum += step(grey, paper, i, i - 1);
        if (i >= grey->w)
            sum += step(grey, paper, i, i - grey->w);
    }
    return sum;
}

/* Brightness in logarithms, in which a shadow takes as much from ink as from paper. */
static void to_logarithms(const ml_image *grey, ml_image *out)
{
    uint8_t table[256];
    for (int v = 0; v < 256; v++)
        table[v] = (uint8_t)(255 * log1p(v / 16.0) / log1p(255 / 16.0) + 0.5);
    for (int64_t i = 0; i < grey->h * grey->w; i++)
        out->px[i] = table[grey->px[i]];
}

enum { WINDOWS = 5 };

/* Radius of window i: from a 96th of the picture to a sixth. */
static int64_t radius(const plane *p, int i)
{
    return max_i(max_i(p->h, p->w) >> (WINDOWS - 1 - i), 6) / 6;
}

/* Inverts *grey where the ink is brighter than the paper, and finds the window of the closing that is paper: its radius, or 0 where
 * memory lacks.
 *
 * Both ways something dark is filled: strokes, or what they enclose in part. But strokes have an edge all around, and are
 * seen by narrower windows. The window must be wider than the pen; the narrower it is, the better it follows the edges of
 * shadows. So it is the one after the first that sees nearly all that is sharp. */
static int64_t darken_ink(ml_image **grey, plane *paper)
{
    double sharp[2][WINDOWS], lean = 0, most = 0;
    ml_image *relative[2] = {ml_image_new(paper->h, paper->w, 1), NULL};
    if (relative[0]) {
        to_logarithms(*grey, relative[0]);
        relative[1] = ml_image_invert(relative[0]);
    }
    for (int i = 0; i < WINDOWS && relative[1]; i++) {
        for (int k = 0; k < 2; k++)
            sharp[k][i] = sharpness(relative[k], radius(paper, i), paper);
        lean += sharp[1][i] - sharp[0][i];
    }
    ml_image_free(relative[0]);
    ml_image_free(relative[1]);
    if (!relative[1])
        return 0;
    int ink = lean > 0, first = 0;
    double noise = sharp[!ink][0]; /* what is no stroke */
    for (int i = 0; i < WINDOWS; i++)
        most = fmax(most, sharp[ink][i] - noise);
    while (first < WINDOWS - 1 && sharp[ink][first] - noise < 0.8 * most)
        first++;
    if (first < WINDOWS - 1)
        first++;
    if (ink)
        *grey = replace(*grey, ml_image_invert(*grey));
    return !*grey ? 0 : radius(paper, max_i(paper->h, paper->w) < 100 ? WINDOWS - 1 : first);
}

/* Paper becomes darkness: what a pixel lacks to it, and then the median of that, paper itself, becomes 0. Returns the noise of the
 * paper. v: room for all pixels. */
static float paper_to_darkness(const ml_image *grey, plane *d, float *v)
{
    int64_t n = d->h * d->w;
    for (int64_t i = 0; i < n; i++)
        v[i] = d->v[i] = d->v[i] > 1 ? 1 - grey->px[i] / d->v[i] : 0;
    float paper = quantile(v, n, 0.5);
    for (int64_t i = 0; i < n; i++) {
        v[i] = fabsf(d->v[i] - paper);
        d->v[i] = d->v[i] > paper ? d->v[i] - paper : 0;
    }
    return 1.4826f * quantile(v, n, 0.5);
}

static bool darkness(ml_image **grey, plane *d, float *v, float *noise)
{
    int64_t r = darken_ink(grey, d);
    if (r == 0 || !close_ink(*grey, r, d))
        return false;
    *noise = paper_to_darkness(*grey, d, v);
    return true;
}

typedef struct levels {
    float noise, floor, pen, full; /* of the paper; where ink begins; the pen's; where a pixel counts as all ink */
} levels;

static void find_levels(const plane *d, float *v, levels *l)
{
    int64_t n = d->h * d->w, ring = min_i(d->h, d->w) / 16 + 1, count = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t y = i / d->w, x = i % d->w;
        if (y < ring || x < ring || y >= d->h - ring || x >= d->w - ring)
            v[count++] = d->v[i];
    }
    l->floor = fmaxf(4 * l->noise, 1.15f * quantile(v, count, 0.98));
    l->floor = fminf(l->floor, 0.45f * quantile(d->v, n, 0.9995));
    count = 0;
    for (int64_t i = 0; i < n; i++)
        if (d->v[i] > l->floor)
            v[count++] = d->v[i];
    l->pen = quantile(v, count, 0.85);
    l->full = l->pen;
    if (l->noise > 0) { /* greys of a drawing are parts of a stroke; those of a photograph, grain and blur */
        l->floor = fmaxf(l->floor, 0.25f * l->pen);
        l->full = 0.75f * l->pen;
    }
}

/* ---- pieces ---- */

typedef struct box {
    int64_t top, left, bottom, right; /* the last two are inside */
} box;

typedef struct piece {
    box box;
    float darkest;
    double sharp; /* a shadow may be as dark as a pencil, but it is soft */
    bool margin, kept;
} piece;

typedef struct pieces {
    piece *v;
    int32_t n, room;
    int32_t *label; /* of each pixel: its piece + 1 */
    int64_t *stack;
} pieces;

static int64_t extent(const box *b)
{
    return max_i(b->bottom - b->top, b->right - b->left) + 1;
}

static box united(box a, box b)
{
    return (box){min_i(a.top, b.top), min_i(a.left, b.left), max_i(a.bottom, b.bottom), max_i(a.right, b.right)};
}

static bool overlap(const box *a, const box *b, int64_t gap)
{
    return a->top <= b->bottom + gap && b->top <= a->bottom + gap && a->left <= b->right + gap && b->left <= a->right + gap;
}

/* The squared steps to the neighbours above and before. */
static double steps(const plane *d, int64_t i, int64_t x, int64_t y)
{
    double dx = x > 0 ? d->v[i] - d->v[i - 1] : 0, dy = y > 0 ? d->v[i] - d->v[i - d->w] : 0;
    return dx * dx + dy * dy;
}

/* Everything that can be reached from pixel `seed` over pixels of the mask. */
static piece flood(pieces *all, const plane *mask, const plane *d, float floor, int64_t seed, int32_t label)
{
    int64_t w = mask->w, h = mask->h, top = 0;
    piece p = {.box = {h, w, -1, -1}};
    all->stack[top++] = seed;
    all->label[seed] = label;
    while (top > 0) {
        int64_t i = all->stack[--top], y = i / w, x = i % w;
        if (d->v[i] > floor) {
            p.box = united(p.box, (box){y, x, y, x});
            p.sharp += steps(d, i, x, y);
            p.darkest = fmaxf(p.darkest, d->v[i]);
            p.margin |= y == 0 || x == 0 || y == h - 1 || x == w - 1;
        }
        for (int64_t j = max_i(y - 1, 0); j <= min_i(y + 1, h - 1); j++)
            for (int64_t k = max_i(x - 1, 0); k <= min_i(x + 1, w - 1); k++)
                if (mask->v[j * w + k] > 0 && !all->label[j * w + k]) {
                    all->label[j * w + k] = label;
                    all->stack[top++] = j * w + k;
                }
    }
    return p;
}

static bool find_pieces(pieces *all, const plane *mask, const plane *d, const levels *l)
{
    for (int64_t i = 0; i < mask->h * mask->w; i++) {
        if (!(mask->v[i] > 0) || all->label[i])
            continue;
        if (all->n == all->room) {
            int32_t room = 2 * all->room + 64;
            piece *v = realloc(all->v, (size_t)room * sizeof *v);
            if (!v)
                return false;
            all->v = v;
            all->room = room;
        }
        piece p = flood(all, mask, d, l->floor, i, all->n + 1);
        all->v[all->n++] = p;
    }
    return true;
}

/* Marks what belongs to the digit; its box, or nothing where no piece is large enough. */
static bool choose(pieces *all, const plane *d, const levels *l, box *where)
{
    int64_t shorter = min_i(d->h, d->w), least = max_i(shorter / 25, 4);
    const piece *digit = NULL;
    double best = 0;
    for (int32_t i = 0; i < all->n; i++) {
        const piece *p = &all->v[i];
        double score = p->sharp * (p->margin ? 0.05 : 1);
        if (score > best && p->darkest >= 0.5f * l->pen && extent(&p->box) >= least) {
            best = score;
            digit = p;
        }
    }
    if (!digit)
        return false;
    *where = digit->box;
    all->v[digit - all->v].kept = true;
    for (bool more = true; more;) {
        more = false;
        for (int32_t i = 0; i < all->n; i++) {
            piece *p = &all->v[i];
            bool large = p->sharp >= 0.03 * digit->sharp && p->darkest >= 0.5f * l->pen && p->margin <= digit->margin;
            if (p->kept || !large || !overlap(&p->box, where, extent(where) / 8))
                continue;
            p->kept = more = true;
            *where = united(*where, p->box);
        }
    }
    return true;
}

static ml_image *cut(const pieces *all, const plane *d, const levels *l, const box *where)
{
    int64_t h = where->bottom - where->top + 1, w = where->right - where->left + 1;
    ml_image *out = ml_image_new(h, w, 1);
    for (int64_t i = 0; out && i < h * w; i++) {
        int64_t at = (where->top + i / w) * d->w + where->left + i % w;
        int32_t label = all->label[at];
        if (label && all->v[label - 1].kept && d->v[at] > l->floor)
            out->px[i] = (uint8_t)(255 * fminf(1, d->v[at] / l->full) + 0.5f);
    }
    return out;
}

static const char NO_MEMORY[] = "out of memory";
static const char NO_INK[] = "no ink found: the picture wants one digit, clearly darker or brighter than what is around it";

/* mask: a plane of the same size. */
static ml_image *separate(ml_image **grey, plane *d, plane *mask, pieces *all, const char **why)
{
    box where;
    levels l = {0};
    *why = NO_MEMORY;
    if (!darkness(grey, d, mask->v, &l.noise) || (max_i(d->h, d->w) >= 100 && !lines_remove(d, fmaxf(2.5f * l.noise, 0.02f))))
        return NULL;
    find_levels(d, mask->v, &l);
    *why = NO_INK;
    if (l.pen < FAINTEST || l.pen < 9 * l.noise)
        return NULL;
    for (int64_t i = 0; i < d->h * d->w; i++)
        mask->v[i] = d->v[i] > l.floor;
    *why = NO_MEMORY;
    if (!plane_largest(mask, max_i(d->h, d->w) / 200) || !find_pieces(all, mask, d, &l))
        return NULL;
    if (!choose(all, d, &l, &where)) {
        *why = NO_INK;
        return NULL;
    }
    return cut(all, d, &l, &where);
}

ml_image *ink_find(const ml_image *photo, const char **why)
{
    plane d = {0}, mask = {0};
    pieces all = {0};
    ml_image *out = NULL, *grey = NULL;
    *why = "the picture is too small: it wants 8 pixels each way, better 100";
    if (photo->h < SHORT_SIDE || photo->w < SHORT_SIDE)
        return NULL;
    *why = NO_MEMORY;
    grey = small_and_grey(photo);
    if (grey && plane_new(&d, grey->h, grey->w) && plane_new(&mask, d.h, d.w)) {
        all.label = calloc((size_t)(d.h * d.w), sizeof *all.label);
        all.stack = malloc((size_t)(d.h * d.w) * sizeof *all.stack);
        if (all.label && all.stack)
            out = separate(&grey, &d, &mask, &all, why);
    }
    free(all.v);
    free(all.label);
    free(all.stack);
    plane_free(&mask);
    plane_free(&d);
    ml_image_free(grey);
    return out;
}
