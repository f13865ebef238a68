/* strokes.c -- a hand that writes digits: splines through points that shake a little. */
#include "render.h"

#include <math.h>

/* A point of the path: where a stroke begins, where it bends, where it turns sharply. */
typedef enum knot_kind { END = 0, MOVE, BEND, TURN } knot_kind;
typedef struct knot {
    double x, y;
    knot_kind kind;
} knot;
enum { KNOTS = 16, FORMS = 2 };

static const knot shapes[10][FORMS][KNOTS] = {
    {{{.36, .02, MOVE}, {.12, .16, BEND}, {.02, .52, BEND}, {.12, .88, BEND}, {.34, .99, BEND}, {.56, .82, BEND},
      {.62, .46, BEND}, {.54, .12, BEND}, {.34, .01, BEND}, {.2, .08, BEND}},
     {{.44, .08, MOVE}, {.26, .02, BEND}, {.08, .22, BEND}, {.03, .58, BEND}, {.14, .92, BEND}, {.34, .98, BEND},
      {.48, .74, BEND}, {.52, .4, BEND}, {.44, .14, BEND}, {.32, .04, BEND}}},
    {{{.24, .0, MOVE}, {.23, .5, BEND}, {.2, 1., BEND}},
     {{.0, .3, MOVE}, {.14, .16, BEND}, {.26, .0, TURN}, {.26, .5, BEND}, {.25, 1., BEND}}},
    {{{.06, .24, MOVE}, {.2, .05, BEND}, {.42, .04, BEND}, {.56, .22, BEND}, {.47, .48, BEND}, {.22, .78, BEND},
      {.03, .97, TURN}, {.3, .97, BEND}, {.62, .95, BEND}},
     {{.08, .2, MOVE}, {.28, .01, BEND}, {.51, .16, BEND}, {.46, .44, BEND}, {.26, .76, BEND}, {.1, .94, BEND},
      {.03, .86, BEND}, {.14, .79, BEND}, {.32, .92, BEND}, {.48, .98, BEND}, {.64, .88, BEND}}},
    {{{.06, .13, MOVE}, {.28, .01, BEND}, {.51, .15, BEND}, {.43, .38, BEND}, {.22, .47, TURN}, {.48, .54, BEND},
      {.58, .76, BEND}, {.36, .99, BEND}, {.03, .88, BEND}},
     {{.06, .03, MOVE}, {.3, .04, BEND}, {.54, .03, TURN}, {.4, .22, BEND}, {.25, .42, TURN}, {.5, .5, BEND},
      {.57, .77, BEND}, {.33, 1., BEND}, {.03, .9, BEND}}},
    {{{.47, .0, MOVE}, {.24, .32, BEND}, {.0, .66, TURN}, {.32, .66, BEND}, {.66, .64, BEND}, {.47, .0, MOVE},
      {.46, .5, BEND}, {.45, 1., BEND}},
     {{.13, .02, MOVE}, {.08, .3, BEND}, {.03, .56, TURN}, {.3, .56, BEND}, {.62, .53, BEND}, {.5, .08, MOVE},
      {.47, .5, BEND}, {.43, 1., BEND}}},
    {{{.16, .04, MOVE}, {.12, .24, BEND}, {.1, .44, TURN}, {.32, .36, BEND}, {.56, .54, BEND}, {.52, .86, BEND},
      {.26, 1., BEND}, {.02, .9, BEND}, {.15, .04, MOVE}, {.36, .04, BEND}, {.6, .02, BEND}},
     {{.57, .02, MOVE}, {.36, .03, BEND}, {.15, .05, TURN}, {.12, .24, BEND}, {.09, .45, TURN}, {.3, .38, BEND},
      {.53, .52, BEND}, {.54, .8, BEND}, {.32, .98, BEND}, {.04, .93, BEND}}},
    {{{.47, .0, MOVE}, {.22, .22, BEND}, {.05, .6, BEND}, {.12, .92, BEND}, {.36, .99, BEND}, {.54, .78, BEND},
      {.42, .55, BEND}, {.2, .58, BEND}, {.08, .76, BEND}},
     {{.32, .0, MOVE}, {.14, .3, BEND}, {.04, .68, BEND}, {.14, .95, BEND}, {.36, .98, BEND}, {.5, .8, BEND},
      {.44, .64, BEND}, {.24, .64, BEND}, {.09, .82, BEND}}},
    {{{.02, .05, MOVE}, {.3, .04, BEND}, {.58, .02, TURN}, {.38, .48, BEND}, {.22, 1., BEND}},
     {{.03, .14, MOVE}, {.05, .04, TURN}, {.3, .05, BEND}, {.6, .02, TURN}, {.38, .46, BEND}, {.26, 1., BEND},
      {.12, .52, MOVE}, {.34, .5, BEND}, {.54, .49, BEND}}},
    {{{.5, .16, MOVE}, {.32, .01, BEND}, {.11, .15, BEND}, {.2, .38, BEND}, {.44, .58, BEND}, {.54, .82, BEND},
      {.3, 1., BEND}, {.06, .83, BEND}, {.17, .6, BEND}, {.4, .4, BEND}, {.5, .2, BEND}, {.42, .06, BEND}},
     {{.32, .45, MOVE}, {.12, .3, BEND}, {.17, .07, BEND}, {.36, .01, BEND}, {.5, .18, BEND}, {.42, .38, BEND},
      {.26, .47, BEND}, {.08, .64, BEND}, {.08, .88, BEND}, {.3, 1., BEND}, {.53, .88, BEND}, {.54, .64, BEND},
      {.32, .45, BEND}}},
    {{{.52, .14, MOVE}, {.32, .01, BEND}, {.09, .16, BEND}, {.1, .4, BEND}, {.3, .48, BEND}, {.49, .3, BEND},
      {.53, .1, TURN}, {.52, .5, BEND}, {.48, 1., BEND}},
     {{.5, .18, MOVE}, {.34, .02, BEND}, {.11, .12, BEND}, {.08, .36, BEND}, {.26, .48, BEND}, {.46, .34, BEND},
      {.53, .12, TURN}, {.55, .46, BEND}, {.5, .8, BEND}, {.34, .98, BEND}, {.1, .95, BEND}}},
};

/* What one person's writing has in common with itself: the same for all knots of a digit. */
typedef struct hand {
    double wide, slant, shake;
    double phase[4]; /* of a slow drift along the way, in x and y, and of pressure */
} hand;

static hand hand_draw(ml_rng *rng)
{
    hand h = {.wide = 0.85 + 0.4 * ml_rng_uniform(rng), .slant = -0.08 + 0.36 * ml_rng_uniform(rng), .shake = 0.017};
    for (int i = 0; i < 4; i++)
        h.phase[i] = 6.2832 * ml_rng_uniform(rng);
    return h;
}

/* A spline through four points, from p[1] to p[2] (Catmull and Rom 1974). */
static double spline(double a, double b, double c, double d, double t)
{
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t * t * t);
}

static int between(const hand *h, const knot *k, bool first, bool last, dot *out, int n, double *way)
{
    const knot *a = first ? k : k - 1, *b = k, *c = k + 1, *d = last ? c : k + 2;
    double step = 1.0 / (4 + 900 * hypot(c->x - b->x, c->y - b->y));
    for (double t = 0; t < 1 && n < DOTS_MAX; t += step, n++) {
        double x = spline(a->x, b->x, c->x, d->x, t), y = spline(a->y, b->y, c->y, d->y, t);
        *way += step * hypot(c->x - b->x, c->y - b->y);
        x += 0.012 * sin(5 * *way + h->phase[0]) + 0.0025 * sin(31 * *way + h->phase[1]);
        y += 0.012 * sin(4 * *way + h->phase[2]) + 0.0025 * sin(37 * *way + h->phase[3]);
        out[n] = (dot){h->wide * (x - 0.3) + h->slant * (0.5 - y), y, 1 + 0.12 * sin(6 * *way + h->phase[3])};
    }
    return n;
}

int strokes_write(int digit, int form, ml_rng *rng, dot out[DOTS_MAX])
{
    knot k[KNOTS];
    hand h = hand_draw(rng);
    int knots = 0, n = 0;
    double way = 0;
    for (; knots < KNOTS && shapes[digit][form][knots].kind; knots++) {
        k[knots] = shapes[digit][form][knots];
        k[knots].x += h.shake * ml_rng_normal(rng);
        k[knots].y += h.shake * ml_rng_normal(rng);
    }
    for (int i = 0; i + 1 < knots; i++)
        if (k[i + 1].kind != MOVE)
            n = between(&h, &k[i], k[i].kind != BEND, i + 2 >= knots || k[i + 1].kind != BEND || k[i + 2].kind == MOVE, out, n,
                        &way);
    return n;
}
