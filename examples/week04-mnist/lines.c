/* lines.c -- ruled and squared paper: finds printed lines, which cross the whole picture, and takes them off.
 *
 * For each slope, pixels that are not quite paper are counted along all lines of that slope (a Radon transform; Hough 1962). Of
 * a printed line most pixels count; of a stroke, which ends where the digit ends, few.
 */
#include "week04-mnist/digit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EVERY = 3, SLOPES = 161, LINES_MIN = 2, PARTS = 3 };
static const double SLOPE_MAX = 0.27, COVERED = 0.5; /* 15 degrees; share of a line's pixels */

/* Lines that run along one axis, nearly: `along` pixels that are step apart, on `across` tracks. */
typedef struct course {
    plane *p;
    int64_t along, across, step, next, span; /* span: tracks that slopes add at each side */
    float threshold;
    int32_t *hits, *seen; /* of each track's PARTS: the first eighth, the middle, the last eighth */
    float *values;
} course;

/* How far a line of this slope has moved across at place i. */
static int64_t drift(const course *c, double slope, int64_t i)
{
    return (int64_t)floor(slope * ((double)i - (double)c->along / 2) + 0.5);
}

static int64_t tracks(const course *c)
{
    return c->across + 2 * c->span;
}

static void count(course *c, double slope)
{
    memset(c->hits, 0, (size_t)(PARTS * tracks(c)) * sizeof *c->hits);
    memset(c->seen, 0, (size_t)(PARTS * tracks(c)) * sizeof *c->seen);
    for (int64_t i = EVERY / 2; i < c->along; i += EVERY) {
        const float *at = c->p->v + i * c->step;
        int64_t part = i < c->along / 8 ? 0 : i < c->along - c->along / 8 ? 1 : 2;
        int64_t first = part * tracks(c) + c->span - drift(c, slope, i);
        for (int64_t j = 0; j < c->across; j++) {
            c->hits[first + j] += at[j * c->next] > c->threshold;
            c->seen[first + j]++;
        }
    }
}

/* Of the part that is covered least: strokes do not reach the margins, lines do. */
static double covered(const course *c, int64_t track)
{
    double least = 1;
    int64_t seen = 0;
    if (track < 0 || track >= tracks(c))
        return 0;
    for (int64_t t = track; t < PARTS * tracks(c); t += tracks(c)) {
        seen += c->seen[t];
        least = c->seen[t] ? fmin(least, (double)c->hits[t] / c->seen[t]) : least;
    }
    return seen * EVERY < c->along * 2 / 3 ? 0 : least;
}

static bool is_line(const course *c, int64_t track)
{
    double here = covered(c, track);
    return here >= COVERED && here >= covered(c, track - 1) && here > covered(c, track + 1);
}

/* The slope at which lines are covered best, and how many there are. */
static int best_slope(course *c, double *slope)
{
    double best = 0;
    int lines = 0;
    for (int s = 0; s < SLOPES; s++) {
        double try = SLOPE_MAX * (2.0 * s / (SLOPES - 1) - 1), score = 0;
        int n = 0;
        count(c, try);
        for (int64_t t = 0; t < tracks(c); t++)
            if (is_line(c, t)) {
                score += covered(c, t);
                n++;
            }
        if (score > best) {
            best = score;
            lines = n;
            *slope = try;
        }
    }
    return lines;
}

/* Along one track, what is not clearly darker than the line itself becomes paper. */
static void erase(course *c, double slope, int64_t track)
{
    int64_t n = 0;
    for (int pass = 0; pass < 2; pass++) {
        float line = pass ? 1.4f * quantile(c->values, n, 0.7) : 0;
        for (int64_t i = 0; i < c->along; i++) {
            int64_t j = track - c->span + drift(c, slope, i);
            if (j < 0 || j >= c->across)
                continue;
            float *at = &c->p->v[i * c->step + j * c->next];
            if (!pass)
                c->values[n++] = *at;
            else if (*at < line)
                *at = 0;
        }
    }
}

static void take_off(course *c)
{
    double slope = 0;
    if (best_slope(c, &slope) < LINES_MIN)
        return;
    count(c, slope);
    for (int64_t t = 0; t < tracks(c); t++)
        if (covered(c, t) > COVERED / 2 && (covered(c, t - 1) > COVERED || covered(c, t) > COVERED || covered(c, t + 1) > COVERED))
            erase(c, slope, t);
}

bool lines_remove(plane *p, float threshold)
{
    for (int axis = 0; axis < 2; axis++) {
        course c = {.p = p, .along = axis ? p->h : p->w, .across = axis ? p->w : p->h, .step = axis ? p->w : 1,
                    .next = axis ? 1 : p->w, .threshold = threshold};
        c.span = (int64_t)(SLOPE_MAX * (double)c.along / 2) + 2;
        c.hits = malloc((size_t)(PARTS * tracks(&c)) * sizeof *c.hits);
        c.seen = malloc((size_t)(PARTS * tracks(&c)) * sizeof *c.seen);
        c.values = malloc((size_t)c.along * sizeof *c.values);
        bool ok = c.hits && c.seen && c.values;
        if (ok)
            take_off(&c);
        free(c.hits);
        free(c.seen);
        free(c.values);
        if (!ok)
            return false;
    }
    return true;
}
