/* photo.c -- paper, ink, light and a camera. A scene is drawn at random around one of a few situations that people who try
 * the program are in. */
#include "render.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- scenes ---- */

typedef struct range {
    float low, high;
} range;

typedef struct situation {
    const char *name;
    int long_side[2];
    range size, pen;    /* of the shorter side; of the digit's height */
    range opacity, grain;
    float ink[3], paper[3], line[3];
    rule rule;
    range spacing;      /* of the digit's height */
    float line_opacity;
    range texture, gradient, vignette, shadow, blur, noise; /* blur: in thousandths of the longer side */
} situation;

static const situation situations[SCENES] = {
    {"blue ballpoint, white paper", {900, 1600}, {.3, .6}, {.018, .03}, {.75, .9}, {.2, .4}, {.12, .16, .45},
     {.88, .88, .86}, {0}, BLANK, {0, 0}, 0, {.01, .02}, {.1, .4}, {0, .2}, {0, 0}, {.6, 1.2}, {2, 5}},
    {"pencil, squared paper", {900, 1600}, {.35, .6}, {.02, .03}, {.55, .75}, {.4, .6}, {.25, .25, .27},
     {.9, .9, .87}, {.5, .62, .8}, SQUARED, {.16, .3}, .4, {.01, .02}, {.1, .3}, {0, .2}, {0, 0}, {.5, 1.}, {2, 4}},
    {"black marker, close", {600, 1200}, {.72, .85}, {.09, .15}, {.95, 1.}, {0, .05}, {.06, .06, .07},
     {.92, .91, .9}, {0}, BLANK, {0, 0}, 0, {.005, .02}, {0, .25}, {0, .2}, {0, 0}, {.5, 1.5}, {1, 4}},
    {"chalk, green board", {800, 1600}, {.3, .65}, {.07, .11}, {.75, .95}, {.5, .8}, {.85, .86, .82},
     {.1, .2, .16}, {0}, BLANK, {0, 0}, 0, {.01, .03}, {.1, .4}, {.1, .3}, {0, 0}, {.6, 1.2}, {2, 5}},
    {"blue ballpoint, ruled paper, shadow of a hand", {1000, 1600}, {.3, .5}, {.02, .03}, {.8, .95}, {.2, .3}, {.1, .13, .4},
     {.88, .87, .84}, {.45, .55, .75}, RULED, {.3, .6}, .45, {.01, .02}, {.1, .3}, {0, .2}, {.25, .5}, {.6, 1.}, {2, 4}},
    {"drawn white on black, 28 x 28", {28, 28}, {.6, .75}, {.1, .15}, {1., 1.}, {0, 0}, {1, 1, 1},
     {0, 0, 0}, {0}, BLANK, {0, 0}, 0, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}},
    {"drawn black on white", {200, 500}, {.4, .8}, {.02, .1}, {1., 1.}, {0, 0}, {0, 0, 0},
     {1, 1, 1}, {0}, BLANK, {0, 0}, 0, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}},
    {"fountain pen, cream paper, large", {2000, 2000}, {.2, .5}, {.03, .05}, {.85, .95}, {.1, .3}, {.08, .1, .3},
     {.9, .85, .72}, {0}, BLANK, {0, 0}, 0, {.02, .04}, {.1, .3}, {.2, .45}, {0, 0}, {.5, 1.}, {3, 6}},
    {"pencil, white paper, shadow of a hand", {900, 1600}, {.3, .55}, {.02, .035}, {.55, .75}, {.4, .6}, {.25, .25, .27},
     {.9, .9, .88}, {0}, BLANK, {0, 0}, 0, {.01, .02}, {.1, .3}, {0, .2}, {.3, .6}, {.6, 1.}, {2, 5}},
    {"red felt pen, yellow note", {600, 1200}, {.45, .7}, {.04, .07}, {.9, 1.}, {0, .15}, {.75, .1, .12},
     {.95, .88, .4}, {0}, BLANK, {0, 0}, 0, {.01, .02}, {.1, .35}, {0, .2}, {0, 0}, {.6, 1.4}, {2, 4}},
    {"green marker, whiteboard", {800, 1600}, {.3, .6}, {.05, .08}, {.8, .95}, {.1, .3}, {.05, .4, .25},
     {.93, .94, .95}, {0}, BLANK, {0, 0}, 0, {.005, .01}, {.2, .5}, {.1, .3}, {0, 0}, {.6, 1.2}, {2, 4}},
    {"finger on a touch screen, white on black", {240, 400}, {.45, .8}, {.06, .14}, {1., 1.}, {0, 0}, {1, 1, 1},
     {.02, .02, .03}, {0}, BLANK, {0, 0}, 0, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {.5, 3.}, {0, 0}},
    {"black marker, squared paper, lamp at one side", {900, 1500}, {.4, .65}, {.07, .11}, {.95, 1.}, {0, .1}, {.07, .07, .08},
     {.95, .82, .62}, {.55, .55, .6}, SQUARED, {.15, .25}, .35, {.01, .02}, {.4, .65}, {.1, .3}, {0, 0}, {.6, 1.4}, {3, 6}},
    {"felt pen, small noisy picture", {160, 240}, {.45, .75}, {.05, .08}, {.85, 1.}, {0, .2}, {.15, .13, .2},
     {.8, .78, .75}, {0}, BLANK, {0, 0}, 0, {.01, .02}, {.1, .4}, {.1, .3}, {0, .3}, {3., 5.}, {5, 9}},
    {"thin pencil, ruled paper", {1000, 1800}, {.4, .65}, {.012, .02}, {.6, .8}, {.3, .5}, {.25, .25, .27},
     {.9, .9, .88}, {.5, .6, .78}, RULED, {.25, .5}, .3, {.01, .02}, {.05, .25}, {0, .2}, {0, 0}, {.5, .9}, {2, 4}},
    {"white gel pen, black card", {700, 1400}, {.35, .65}, {.03, .05}, {.8, .95}, {.1, .3}, {.9, .9, .88},
     {.09, .09, .1}, {0}, BLANK, {0, 0}, 0, {.02, .04}, {.1, .4}, {.1, .35}, {0, 0}, {.6, 1.2}, {3, 6}},
};

static double within(range r, ml_rng *rng)
{
    return r.low + (r.high - r.low) * ml_rng_uniform(rng);
}

scene scene_draw(int which, ml_rng *rng)
{
    const situation *t = &situations[which];
    scene s = {.name = t->name, .rule = t->rule, .line_opacity = t->line_opacity};
    int64_t side = t->long_side[0] + ml_rng_below(rng, t->long_side[1] - t->long_side[0] + 1);
    bool upright = ml_rng_below(rng, 2), square = side < 600;
    s.h = square || upright ? side : side * 3 / 4;
    s.w = square || !upright ? side : side * 3 / 4;
    s.size = within(t->size, rng);
    s.tilt = -12 + 24 * ml_rng_uniform(rng);
    double free = (1 - s.size) * 0.6; /* of the way to the margin */
    s.x = 0.5 + free * (ml_rng_uniform(rng) - 0.5);
    s.y = 0.5 + free * (ml_rng_uniform(rng) - 0.5);
    s.pen = s.size * within(t->pen, rng);
    s.opacity = within(t->opacity, rng);
    s.grain = within(t->grain, rng);
    memcpy(s.ink, t->ink, sizeof s.ink);
    memcpy(s.line, t->line, sizeof s.line);
    for (int k = 0; k < 3; k++)
        s.paper[k] = t->paper[k] * (float)(side < 600 ? 1 : 0.92 + 0.08 * ml_rng_uniform(rng));
    s.spacing = s.size * within(t->spacing, rng);
    s.line_width = 0.05 * s.spacing > 0.004 ? 0.004 : 0.05 * s.spacing;
    s.texture = within(t->texture, rng);
    s.smear = s.paper[1] < 0.3f && t->texture.high > 0 ? 0.04 : 0;
    s.gradient = within(t->gradient, rng);
    s.vignette = within(t->vignette, rng);
    s.shadow = within(t->shadow, rng);
    s.blur = within(t->blur, rng) * (double)side / 1000;
    s.noise = within(t->noise, rng);
    return s;
}

/* ---- ink ---- */

/* Turns the picture's pixels into parts of its shorter side, with (0, 0) the digit's middle and the tilt taken off. */
typedef struct frame {
    double cx, cy, unit, cos, sin;
} frame;

static frame frame_of(const scene *s)
{
    double angle = s->tilt * 3.14159265358979 / 180, unit = (double)(s->h < s->w ? s->h : s->w);
    return (frame){s->x * (double)s->w, s->y * (double)s->h, unit, cos(angle), sin(angle)};
}

static void stamp(const scene *s, double x, double y, double r, float *cover)
{
    int64_t top = (int64_t)floor(y - r - 1), left = (int64_t)floor(x - r - 1);
    for (int64_t i = top < 0 ? 0 : top; i < s->h && (double)i <= y + r + 1; i++)
        for (int64_t j = left < 0 ? 0 : left; j < s->w && (double)j <= x + r + 1; j++) {
            double in = r + 0.5 - hypot((double)i + 0.5 - y, (double)j + 0.5 - x);
            float c = (float)(in < 0 ? 0 : in > 1 ? 1 : in), *at = &cover[i * s->w + j];
            *at = c > *at ? c : *at;
        }
}

void photo_cover_pen(const scene *s, const dot *dots, int n, float *cover)
{
    frame f = frame_of(s);
    memset(cover, 0, (size_t)(s->h * s->w) * sizeof *cover);
    for (int i = 0; i < n; i++) {
        double u = s->size * f.unit * dots[i].x, v = s->size * f.unit * (dots[i].y - 0.5);
        stamp(s, f.cx + f.cos * u - f.sin * v, f.cy + f.sin * u + f.cos * v, s->pen * f.unit / 2 * dots[i].pressure, cover);
    }
}

static double at(const uint8_t *bytes, int side, int64_t y, int64_t x)
{
    return y < 0 || x < 0 || y >= side || x >= side ? 0 : bytes[y * side + x];
}

void photo_cover_image(const scene *s, const uint8_t *bytes, int side, float *cover)
{
    frame f = frame_of(s);
    double scale = 20 / (s->size * f.unit); /* MNIST's digits are 20 pixels high or wide */
    for (int64_t i = 0; i < s->h; i++)
        for (int64_t j = 0; j < s->w; j++) {
            double dx = (double)j + 0.5 - f.cx, dy = (double)i + 0.5 - f.cy;
            double x = scale * (f.cos * dx + f.sin * dy) + side / 2.0 - 0.5, y = scale * (f.cos * dy - f.sin * dx) + side / 2.0 - 0.5;
            int64_t l = (int64_t)floor(x), t = (int64_t)floor(y);
            double rx = x - (double)l, ry = y - (double)t;
            double v = (1 - ry) * ((1 - rx) * at(bytes, side, t, l) + rx * at(bytes, side, t, l + 1)) +
                       ry * ((1 - rx) * at(bytes, side, t + 1, l) + rx * at(bytes, side, t + 1, l + 1));
            double edge = (v - 110) / 80 / (scale < 1 ? scale : 1) + 0.5; /* as sharp as the picture is large */
            cover[i * s->w + j] = (float)(edge < 0 ? 0 : edge > 1 ? 1 : edge);
        }
}

/* ---- paper and light ---- */

/* 32 bits for each place: ml_rng would be as good, but a photograph has ten million places. */
static uint32_t bits(int64_t x, int64_t y, uint32_t salt)
{
    uint32_t v = (uint32_t)x * 0x9E3779B1u ^ (uint32_t)y * 0x85EBCA77u ^ salt * 0xC2B2AE3Du;
    v = (v ^ v >> 15) * 0x2C1B3C6Du;
    v = (v ^ v >> 12) * 0x297A2D39u;
    return v ^ v >> 15;
}

/* Nearly normal, of deviation 1: the sum of four bytes. */
static float speckle(int64_t x, int64_t y, uint32_t salt)
{
    uint32_t v = bits(x, y, salt);
    return ((float)((v & 255) + (v >> 8 & 255) + (v >> 16 & 255) + (v >> 24)) - 510) / 147.8f;
}

static double lattice(int64_t x, int64_t y, uint32_t salt)
{
    return (double)bits(x, y, salt) / 2147483648.0 - 1;
}

/* In [-1, 1], smooth over one unit: paper and chalk are no white noise. */
static double rough(double x, double y, uint32_t salt)
{
    double fx = floor(x), fy = floor(y), rx = x - fx, ry = y - fy;
    int64_t i = (int64_t)fx, j = (int64_t)fy;
    rx *= rx * (3 - 2 * rx);
    ry *= ry * (3 - 2 * ry);
    return (1 - ry) * ((1 - rx) * lattice(i, j, salt) + rx * lattice(i + 1, j, salt)) +
           ry * ((1 - rx) * lattice(i, j + 1, salt) + rx * lattice(i + 1, j + 1, salt));
}

static double clamp01(double v)
{
    return v < 0 ? 0 : v > 1 ? 1 : v;
}

/* How much of a pixel is under a printed line at distance d, all in parts of the shorter side. */
static double on_line(double place, double spacing, double width, double pixel)
{
    double d = fabs(place - spacing * floor(place / spacing + 0.5));
    return clamp01((width / 2 - d) / pixel + 0.5) * clamp01(width / pixel);
}

typedef struct lamp {
    double gx, gy;             /* which way it gets darker */
    double nx, ny, at, soft;   /* the shadow's edge */
    double tint[3];
    uint32_t salt;
} lamp;

static lamp lamp_draw(const scene *s, ml_rng *rng)
{
    double a = 6.2832 * ml_rng_uniform(rng), b = 6.2832 * ml_rng_uniform(rng), warm = s->noise > 0 ? 0.08 * ml_rng_uniform(rng) : 0;
    lamp l = {.gx = cos(a), .gy = sin(a), .nx = cos(b), .ny = sin(b), .at = -0.1 + 0.3 * ml_rng_uniform(rng),
              .soft = 0.01 + 0.1 * ml_rng_uniform(rng), .tint = {1, 1 - warm / 2, 1 - warm}, .salt = ml_rng_u32(rng)};
    return l;
}

/* The light at (x, y), parts of the shorter side from the picture's middle. */
static double light(const scene *s, const lamp *l, double x, double y)
{
    double across = 0.5 + 0.7 * (x * l->gx + y * l->gy), r2 = x * x + y * y;
    double edge = x * l->nx + y * l->ny - l->at + 0.08 * rough(4 * x, 4 * y, l->salt);
    double t = clamp01(edge / l->soft + 0.5);
    return (1 - s->gradient * clamp01(across)) * (1 - s->vignette * r2 / 0.7) * (1 - s->shadow * t * t * (3 - 2 * t));
}

static void shade(const scene *s, const frame *f, const lamp *l, int64_t i, int64_t j, double cover, float rgb[3])
{
    double dx = ((double)j + 0.5 - f->cx) / f->unit, dy = ((double)i + 0.5 - f->cy) / f->unit;
    double u = f->cos * dx + f->sin * dy, v = f->cos * dy - f->sin * dx, pixel = 1 / f->unit, line = 0;
    if (s->rule != BLANK)
        line = on_line(v + 0.3 * s->spacing, s->spacing, s->line_width, pixel);
    if (s->rule == SQUARED)
        line = fmax(line, on_line(u + 0.4 * s->spacing, s->spacing, s->line_width, pixel));
    double paper = 1 + s->texture * (rough(250 * u, 250 * v, l->salt) + rough(30 * u, 30 * v, l->salt + 1));
    double bite = 0.5 + 0.5 * rough(180 * u, 180 * v, l->salt + 2); /* of the pen on rough paper */
    double ink = cover * s->opacity * (1 - s->grain * bite * bite);
    double wiped = s->smear * (1 + rough(3 * u + v, 9 * v, l->salt + 3));
    double lit = light(s, l, ((double)j + 0.5) / f->unit - 0.5 * (double)s->w / f->unit,
                       ((double)i + 0.5) / f->unit - 0.5 * (double)s->h / f->unit);
    for (int k = 0; k < 3; k++) {
        double c = paper * s->paper[k] + wiped;
        c += s->line_opacity * line * (s->line[k] - c);
        c += ink * (s->ink[k] - c);
        rgb[k] = (float)(clamp01(c) * lit * l->tint[k]);
    }
}

/* ---- the camera ---- */

enum { BLUR_MAX = 24 };

/* One pass of a Gaussian along n values, `step` apart. */
static void blur_line(float *v, int64_t n, int64_t step, const float *weight, int radius, float *copy)
{
    for (int64_t i = 0; i < n; i++)
        copy[i] = v[i * step];
    for (int64_t i = 0; i < n; i++) {
        float sum = weight[0] * copy[i];
        for (int r = 1; r <= radius; r++)
            sum += weight[r] * (copy[i < r ? 0 : i - r] + copy[i + r < n ? i + r : n - 1]);
        v[i * step] = sum;
    }
}

static void blur(const scene *s, float *rgb, float *copy)
{
    float weight[BLUR_MAX + 1], sum = 0;
    int radius = (int)ceil(2.5 * s->blur);
    if (s->blur <= 0)
        return;
    radius = radius < BLUR_MAX ? radius : BLUR_MAX;
    for (int r = 0; r <= radius; r++)
        weight[r] = (float)exp(-0.5 * r * r / (s->blur * s->blur)), sum += r ? 2 * weight[r] : weight[r];
    for (int r = 0; r <= radius; r++)
        weight[r] /= sum;
    for (int64_t i = 0; i < s->h; i++)
        for (int k = 0; k < 3; k++)
            blur_line(rgb + i * s->w * 3 + k, s->w, 3, weight, radius, copy);
    for (int64_t j = 0; j < s->w * 3; j++)
        blur_line(rgb + j, s->h, s->w * 3, weight, radius, copy);
}

static void expose(const scene *s, const float *rgb, uint32_t salt, uint8_t *px)
{
    float noise = (float)s->noise / 255;
    for (int64_t i = 0; i < s->h * s->w; i++) {
        float grey = 0.8f * noise * speckle(i, 3, salt);
        for (int k = 0; k < 3; k++) {
            float v = rgb[i * 3 + k] + grey + 0.6f * noise * speckle(i, k, salt);
            px[i * 3 + k] = (uint8_t)(255 * (v < 0 ? 0 : v > 1 ? 1 : v) + 0.5f);
        }
    }
}

ml_image *photo_take(const scene *s, const float *cover, ml_rng *rng)
{
    frame f = frame_of(s);
    lamp l = lamp_draw(s, rng);
    ml_image *im = ml_image_new(s->h, s->w, 3);
    float *rgb = malloc((size_t)(s->h * s->w) * 3 * sizeof *rgb), *copy = malloc((size_t)(s->h + s->w) * sizeof *copy);
    if (im && rgb && copy) {
        for (int64_t i = 0; i < s->h; i++)
            for (int64_t j = 0; j < s->w; j++)
                shade(s, &f, &l, i, j, cover[i * s->w + j], rgb + (i * s->w + j) * 3);
        blur(s, rgb, copy);
        expose(s, rgb, l.salt + 4, im->px);
    } else {
        ml_image_free(im);
        im = NULL;
    }
    free(rgb);
    free(copy);
    return im;
}
