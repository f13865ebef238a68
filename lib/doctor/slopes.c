/* slopes.c -- is backward the derivative of forward? Along the gradient g of one weight the loss must change by |g|^2 for each
 * unit of the way:
 *
 *     (L(w + h g) - L(w - h g)) / 2h  =  |g|^2        their quotient is 1
 *
 * This is a gradient check with one number a layer in place of one a weight, good enough in float32: h is chosen so that the
 * loss should change by a small share of itself, far more than rounding. Kinks of relu and curvature bend the quotient, but
 * differently for each h; only a quotient that is far from 1 and the same for all h accuses backward. */
#include "doctor/doctor.h"

#include <math.h>
#include <string.h>

enum { SAMPLES = 16, MOST_LAYERS = 24, SCALES = 3 };
static const double CHANGE[SCALES] = {1e-3, 3e-3, 1e-2}; /* of the loss, as a share of it */
static const double FAR = 0.2;   /* no step is longer than this share of the weights */
static const double LOW = 0.5, HIGH = 2, AGREE = 0.2;

typedef struct probe {
    ml_tensor *x;
    ml_real *weight; /* as it was */
    double square;   /* |g|^2 */
    double loss;     /* at w */
    int64_t samples;
} probe;

/* Dropout draws the same masks each time. */
static ml_status forward(mli_doctor *d, int64_t n, ml_tensor **loss)
{
    ml_set_stream(d->tape, d->o.seed, 0);
    return mli_doctor_forward(d, n, loss);
}

static ml_status loss_at(mli_doctor *d, const probe *p, double h, double *value)
{
    ml_tensor *loss;
    for (int64_t i = 0; i < p->x->size; i++)
        p->x->data[i] = p->weight[i] + (ml_real)h * p->x->grad[i];
    ml_status s = forward(d, p->samples, &loss);
    memcpy(p->x->data, p->weight, (size_t)p->x->size * sizeof *p->weight);
    if (!s)
        *value = (double)loss->data[0];
    return s;
}

/* The quotients that could be measured; *n of them. */
static ml_status measure(mli_doctor *d, const probe *p, double q[SCALES], int *n)
{
    double size = mli_rms(p->weight, p->x->size) * sqrt((double)p->x->size);
    *n = 0;
    for (int k = 0; k < SCALES; k++) {
        double above, below, h = CHANGE[k] * p->loss / 2 / p->square;
        if (h * sqrt(p->square) > FAR * size)
            continue;
        if (loss_at(d, p, h, &above) || loss_at(d, p, -h, &below))
            return ml_error_status();
        q[(*n)++] = (above - below) / (CHANGE[k] * p->loss);
    }
    return ML_OK;
}

/* False also where a quotient is NaN. */
static bool is_wrong(const double *q, int n)
{
    double low = INFINITY, high = -INFINITY;
    for (int k = 0; k < n; k++) {
        if (!(q[k] < LOW || q[k] > HIGH))
            return false;
        low = fmin(low, q[k]);
        high = fmax(high, q[k]);
    }
    return n >= 2 && high - low <= AGREE * fmax(1, fmax(fabs(low), fabs(high)));
}

static bool can_be_probed(const ml_tensor *x)
{
    return x->rank >= 2 && x->requires_grad && !x->frozen && x->has_grad;
}

/* From the last weight to the first: the wrong one that is nearest to the loss is behind the op that is wrong. */
static ml_status probe_all(mli_doctor *d, probe *p)
{
    const ml_params *ps = d->net->params;
    double q[SCALES], worst = 0;
    char others[32];
    const char *name = NULL;
    int n, wrong = 0, left = MOST_LAYERS;
    for (int i = ps->n - 1; i >= 0 && left > 0; i--) {
        p->x = ps->entries[i].x;
        double g = can_be_probed(p->x) ? mli_rms(p->x->grad, p->x->size) : 0;
        p->square = g * g * (double)p->x->size;
        if (!(p->square > 0))
            continue;
        left--;
        memcpy(p->weight, p->x->data, (size_t)p->x->size * sizeof *p->weight);
        if (measure(d, p, q, &n))
            return ml_error_status();
        if (is_wrong(q, n) && wrong++ == 0) {
            name = p->x->name;
            worst = q[0];
        }
    }
    if (wrong)
        mli_doctor_find(d, ML_DOCTOR_GRADIENT_WRONG,
                        "Along its gradient, %s changes the loss by %.3g times what backward says%s.", name, worst,
                        mli_doctor_others(wrong - 1, others));
    return ML_OK;
}

static int64_t largest_param(const ml_params *ps)
{
    int64_t size = 0;
    for (int i = 0; i < ps->n; i++)
        size = ps->entries[i].x->size > size ? ps->entries[i].x->size : size;
    return size;
}

ml_status mli_doctor_slopes(mli_doctor *d)
{
    ml_tensor *loss;
    probe p = {.samples = d->batch < SAMPLES ? d->batch : SAMPLES};
    mli_doctor_rewind(d);
    if (mli_doctor_fetch(d, 0, p.samples) || forward(d, p.samples, &loss) || ml_backward(d->tape, loss))
        return ml_error_status();
    p.loss = fabs((double)loss->data[0]);
    p.weight = mli_alloc((size_t)largest_param(d->net->params) * sizeof *p.weight);
    ml_status s = p.weight ? probe_all(d, &p) : ML_ENOMEM;
    mli_free(p.weight);
    return s;
}
