/* network.c -- the chain rule by hand, each partial with its numbers.
 *
 *     x1 ---w11--> h1 --v1--\                 z1 = w11 x1 + w12 x2 + b1      h1 = max(z1, 0)
 *        \ /                 > y --> L        z2 = w21 x1 + w22 x2 + b2      h2 = max(z2, 0)
 *        / \                /                 y  = v1 h1 + v2 h2 + c         L  = (y - t)^2
 *     x2 ---w22--> h2 --v2--
 *
 * relu, a linear output and a square keep every number short. Source of the method: Rumelhart, Hinton, Williams 1986.
 */
#include "week01-backprop-by-hand/week01.h"

const char *const NAMES[NUMBERS] = {"w11", "w12", "w21", "w22", "b1", "b2", "v1", "v2", "c"};

enum { W = 0, B = 4, V = 6, C = 8 };

static double forward(paper *p)
{
    p->y = p->at[C];
    for (int j = 0; j < 2; j++) {
        p->z[j] = p->at[W + 2 * j] * p->x[0] + p->at[W + 2 * j + 1] * p->x[1] + p->at[B + j];
        p->h[j] = p->z[j] > 0 ? p->z[j] : 0;
        p->y += p->at[V + j] * p->h[j];
    }
    p->loss = (p->y - p->target) * (p->y - p->target);
    return p->loss;
}

static void show_forward(const lesson *l, const paper *p)
{
    const double *a = p->at;
    for (int j = 0; j < 2; j++)
        fprintf(l->board, "  z%d = w%d1 x1 + w%d2 x2 + b%d  = %g*%g + %g*%g %+g = %g        h%d = max(z%d, 0) = %g\n", j + 1, j + 1,
                j + 1, j + 1, a[W + 2 * j], p->x[0], a[W + 2 * j + 1], p->x[1], a[B + j], p->z[j], j + 1, j + 1, p->h[j]);
    fprintf(l->board, "  y  = v1 h1 + v2 h2 + c     = %g*%g + %g*%g %+g = %g\n", a[V], p->h[0], a[V + 1], p->h[1], a[C],
            p->y);
    fprintf(l->board, "  L  = (y - t)^2             = (%g - %g)^2 = %g\n", p->y, p->target, p->loss);
}

/* One link: d L / d what = d L / d via * d via / d what. `local` says in letters what the second factor is. */
static double link(const lesson *l, const char *what, const char *via, double upstream, const char *local, double slope)
{
    double product = upstream * slope + 0.0; /* -3 * 0 is -0, which nobody writes on paper */
    char fraction[16];
    snprintf(fraction, sizeof fraction, "d%s/d%s", via, what);
    fprintf(l->board, "  dL/d%-3s = dL/d%-2s * %-8s [%-9s] = %4g * %-4g = %4g\n", what, via, fraction, local, upstream, slope,
            product);
    return product;
}

static void backward(const lesson *l, paper *p)
{
    static const char *const z[] = {"z1", "z2"}, *const h[] = {"h1", "h2"}, *const x[] = {"x1", "x2"};
    double *g = p->gradient;
    double dy = 2 * (p->y - p->target);
    fprintf(l->board, "  dL/dy   = 2 (y - t)                    = 2 * (%g - %g)  = %4g\n\n", p->y, p->target, dy);
    g[C] = link(l, "c", "y", dy, "1", 1);
    for (int j = 0; j < 2; j++)
        g[V + j] = link(l, NAMES[V + j], "y", dy, h[j], p->h[j]);
    for (int j = 0; j < 2; j++) {
        fputc('\n', l->board);
        double dh = link(l, h[j], "y", dy, NAMES[V + j], p->at[V + j]);
        double dz = link(l, z[j], h[j], dh, p->z[j] > 0 ? "1: z > 0" : "0: z <= 0", p->z[j] > 0);
        g[B + j] = link(l, NAMES[B + j], z[j], dz, "1", 1);
        for (int i = 0; i < 2; i++)
            g[W + 2 * j + i] = link(l, NAMES[W + 2 * j + i], z[j], dz, x[i], p->x[i]);
    }
}

/* Is it of any use? Walk a little against the gradient, and look. */
static void show_step(const lesson *l, const paper *p)
{
    const double rate = 0.05;
    paper q = *p;
    for (int i = 0; i < NUMBERS; i++)
        q.at[i] -= rate * p->gradient[i];
    forward(&q);
    fprintf(l->board, "\nOne step against it, each number less %g times its gradient:\n ", rate);
    for (int i = 0; i < NUMBERS; i++)
        fprintf(l->board, " %s %g", NAMES[i], q.at[i]);
    fprintf(l->board, "\nThe loss falls from %g to %.4g.\n", p->loss, q.loss);
}

void chain_rule_by_hand(const lesson *l, paper *p)
{
    *p = (paper){.at = {1, 0.5, 0.5, 1, 0, -1, 1, -1, 0}, .x = {1, 1}, .target = 0};
    heading(l, 4, "The chain rule, by hand");
    fprintf(l->board, "Two inputs, two hidden units (relu), one output, squared error. One row of XOR:\n"
                      "x = (%g, %g), want t = %g.\n\nForward:\n",
            p->x[0], p->x[1], p->target);
    forward(p);
    show_forward(l, p);
    fprintf(l->board, "\nBackward. Each line: the gradient that has arrived, times one local slope.\n");
    backward(l, p);
    fprintf(l->board, "\nNine gradients; dL/dy was computed once and used by all. That is the trick: from\n"
                      "the end, what has arrived is known, and nothing is computed twice.\n");
    show_step(l, p);
}
