/* gradient.c -- three ways to see that a gradient is right, the sharpest that the size allows.
 *
 * Small:   ml_gradcheck moves each number of each input and looks what it does to the loss.
 * Linear:  an op that is linear in x has y = A x and dx = A^T dy, so <y, dy> = <x, dx>: no differences, so no error but
 *          rounding. (relu and max pooling too: where they bend, they bend at 0, so y is still J x.)
 * Other:   along a random direction v the loss grows by <v, gradient>; three directions. A wrong gradient is at right angles to
 *          none of them.
 */
#include "lab.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Steps of ml_gradcheck, each a forward, and their flops in the plain loops: about a second. */
#define FLOPS_MOST 5e8
enum { ELEMENTS_MOST = 2000 };

static double dot(const ml_real *a, const ml_real *b, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

static int64_t elements(const lab *l)
{
    int64_t n = 0;
    for (int i = 0; i < l->n_in; i++)
        n += l->in[i]->size;
    return n;
}

/* ---- small ---- */

static ml_tensor *loss(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    const lab *l = user;
    (void)n;
    ml_tensor *y = l->op->run(l, t, in), *dy = ml_constant(t, l->dy->rank, l->dy->shape, l->dy->data);
    return ml_sum(t, ml_mul(t, y, dy), ML_ALL, false);
}

static bool every_element(lab *l, ml_kernel kernel, char *said, size_t size)
{
    ml_gradcheck_result r;
    ml_status bad = ml_gradcheck(loss, l->in, l->n_in, l, (ml_gradcheck_opts){.kernel = kernel, .kink_ok = true}, &r);
    if (bad)
        snprintf(said, size, "%s", ml_error());
    else
        snprintf(said, size, "ml_gradcheck, %lld numbers, the worst off by %.1e%s", (long long)(r.checked + r.skipped), r.worst,
                 r.skipped ? " (some lie on a kink)" : "");
    return !bad;
}

/* ---- linear ---- */

static bool adjoint(const lab *l, const ml_tensor *y, char *said, size_t size)
{
    double left = dot(y->data, l->dy->data, y->size), scale = 0, worst = 0;
    for (int64_t i = 0; i < y->size; i++)
        scale += fabs((double)y->data[i] * (double)l->dy->data[i]);
    size_t used = (size_t)snprintf(said, size, "adjoint identity, <y,dy>");
    for (int k = 0; k < LAB_INPUTS && l->op->linear[k]; k++) {
        double right = 0;
        const char *sign = " =";
        for (int i = 0; i < l->n_in; i++)
            if (l->op->linear[k] >> i & 1) {
                right += dot(l->in[i]->data, l->in[i]->grad, l->in[i]->size);
                used += (size_t)snprintf(said + used, size - used, "%s <%s,d%s>", sign, l->name[i], l->name[i]);
                sign = " +";
            }
        double off = fabs(left - right) / (scale > 1 ? scale : 1);
        worst = off > worst ? off : worst;
    }
    snprintf(said + used, size - used, ", off by %.1e", worst);
    return worst <= lab_tolerance(l);
}

/* ---- random directions ---- */

/* <y, dy>, in double. */
static double value(const lab *l, ml_tape *t)
{
    ml_tape_reset(t);
    const ml_tensor *y = l->op->run(l, t, l->in);
    return y ? dot(y->data, l->dy->data, y->size) : NAN;
}

/* in = at + h v, for all inputs, which lie one after another in at and v. */
static void move(const lab *l, const ml_real *at, const ml_real *v, double h)
{
    for (int i = 0; i < l->n_in; at += l->in[i]->size, v += l->in[i]->size, i++)
        for (int64_t k = 0; k < l->in[i]->size; k++)
            l->in[i]->data[k] = (ml_real)((double)at[k] + h * (double)v[k]);
}

/* (f(x + h v) - f(x - h v)) / 2h against <v, gradient>, off by how much of the larger, or of the size that a random direction
 * gives where they happen to be small. */
static double along(const lab *l, ml_tape *t, const ml_real *at, const ml_real *v)
{
    const double h = sizeof(ml_real) == 8 ? 1e-5 : 3e-3;
    const ml_real *part = v;
    double slope = 0, norm = 0;
    for (int i = 0; i < l->n_in; part += l->in[i]->size, i++) {
        slope += dot(part, l->in[i]->grad, l->in[i]->size);
        norm += dot(l->in[i]->grad, l->in[i]->grad, l->in[i]->size);
    }
    move(l, at, v, h);
    double right = value(l, t);
    move(l, at, v, -h);
    double left = value(l, t);
    move(l, at, v, 0);
    double quotient = (right - left) / (2 * h), most = fmax(fmax(fabs(slope), fabs(quotient)), sqrt(norm));
    return fabs(slope - quotient) / (most > 0 ? most : 1);
}

static bool directions(lab *l, ml_tape *t, char *said, size_t size)
{
    enum { DIRECTIONS = 3 };
    int64_t n = elements(l);
    ml_real *at = malloc((size_t)n * sizeof *at), *v = malloc((size_t)n * sizeof *v), *end = at;
    ml_rng rng = ml_rng_seed((uint64_t)l->value[LAB_SEED] + 1);
    double worst = at && v ? 0 : NAN;
    for (int i = 0; at && i < l->n_in; end += l->in[i]->size, i++)
        memcpy(end, l->in[i]->data, (size_t)l->in[i]->size * sizeof *at);
    for (int k = 0; k < DIRECTIONS && !isnan(worst); k++) {
        for (int64_t i = 0; i < n; i++)
            v[i] = (ml_real)(2 * ml_rng_uniform(&rng) - 1);
        double off = along(l, t, at, v);
        worst = off > worst || isnan(off) ? off : worst;
    }
    free(at), free(v);
    snprintf(said, size, "along %d random directions, difference quotient against gradient: off by %.1e", DIRECTIONS, worst);
    return worst <= (sizeof(ml_real) == 8 ? 1e-6 : 2e-2);
}

bool lab_gradient(lab *l, ml_tape *t, const ml_tensor *y, ml_kernel kernel, char *said, size_t size)
{
    if (elements(l) <= ELEMENTS_MOST && 2 * (double)elements(l) * l->flops <= FLOPS_MOST)
        return every_element(l, kernel, said, size);
    return l->op->linear[0] ? adjoint(l, y, said, size) : directions(l, t, said, size);
}
