/* plane.c -- filters over a picture of floats, each a pass along the rows and a pass along the columns. */
#include "week04-mnist/digit.h"

#include <stdlib.h>

bool plane_new(plane *p, int64_t h, int64_t w)
{
    *p = (plane){h, w, calloc((size_t)(h * w), sizeof(float))};
    return p->v != NULL;
}

void plane_free(plane *p)
{
    free(p->v);
    *p = (plane){0};
}

/* A row or column with r values more at each end, and the results for it. */
typedef struct line {
    float *in, *out;
    int64_t *queue;
    int64_t n, r;
} line;

typedef void filter(line *l);

/* Copies each row, then each column, out; filters it; copies it back. */
static bool each_line(plane *p, int64_t r, filter *apply)
{
    int64_t longer = p->h > p->w ? p->h : p->w, size = longer + 2 * r;
    line l = {.in = malloc((size_t)size * sizeof *l.in), .out = malloc((size_t)longer * sizeof *l.out),
              .queue = malloc((size_t)size * sizeof *l.queue), .r = r};
    bool ok = l.in && l.out && l.queue;
    for (int axis = 0; axis < 2 && ok; axis++) {
        int64_t lines = axis ? p->w : p->h, step = axis ? p->w : 1, next = axis ? 1 : p->w;
        l.n = axis ? p->h : p->w;
        for (int64_t k = 0; k < lines; k++) {
            float *at = p->v + k * next;
            for (int64_t i = 0; i < l.n; i++)
                l.in[r + i] = at[i * step];
            apply(&l);
            for (int64_t i = 0; i < l.n; i++)
                at[i * step] = l.out[i];
        }
    }
    free(l.in);
    free(l.out);
    free(l.queue);
    return ok;
}

static void mean(line *l)
{
    double sum = 0;
    int64_t count = 0;
    for (int64_t i = -l->r; i < l->n; i++) {
        if (i + l->r < l->n)
            sum += l->in[i + 2 * l->r], count++;
        if (i > l->r)
            sum -= l->in[i - 1], count--;
        if (i >= 0)
            l->out[i] = (float)(sum / (double)count);
    }
}

bool plane_mean(plane *p, int64_t r)
{
    return each_line(p, r, mean);
}

/* The largest of sign * value in each window of 2r+1 values of in. The queue holds those that may yet be it, each smaller than the one
 * before: each value is looked at twice, however wide the window (Lemire 2006). */
static void extreme(line *l, float sign)
{
    int64_t head = 0, tail = 0;
    for (int64_t i = 0; i < l->n + 2 * l->r; i++) {
        while (tail > head && sign * l->in[l->queue[tail - 1]] <= sign * l->in[i])
            tail--;
        l->queue[tail++] = i;
        if (l->queue[head] < i - 2 * l->r)
            head++;
        if (i >= 2 * l->r)
            l->out[i - 2 * l->r] = l->in[l->queue[head]];
    }
}

/* Beyond the margins nothing is larger than there. */
static void largest(line *l)
{
    for (int64_t i = 0; i < l->r; i++) {
        l->in[i] = l->in[l->r];
        l->in[l->r + l->n + i] = l->in[l->r + l->n - 1];
    }
    extreme(l, 1);
}

/* Beyond the margins it goes on as it came: towards dark corners it gets darker still. */
static void smallest(line *l)
{
    float *first = l->in + l->r, *last = first + l->n - 1;
    for (int64_t i = 1; i <= l->r; i++) {
        int64_t inside = i < l->n ? i : l->n - 1;
        first[-i] = 2 * first[0] - first[inside];
        last[i] = 2 * last[0] - last[-inside];
    }
    extreme(l, -1);
}

bool plane_largest(plane *p, int64_t r)
{
    return each_line(p, r, largest);
}

bool plane_closing(plane *p, int64_t r)
{
    return each_line(p, r, largest) && each_line(p, r, smallest);
}

float quantile(const float *v, int64_t n, double share)
{
    enum { BINS = 4096 };
    int64_t count[BINS + 1] = {0}, below = 0;
    int bin = 0;
    for (int64_t i = 0; i < n; i++)
        count[v[i] > 0 ? v[i] < 1 ? (int)(v[i] * BINS) : BINS : 0]++;
    while (bin < BINS && (double)(below + count[bin]) <= share * (double)n)
        below += count[bin++];
    return (float)bin / BINS;
}
