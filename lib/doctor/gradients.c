/* gradients.c -- gradients at the start, layer by layer, and the first loss.
 *
 * Gradients of weights (rank 2 and more) are compared by their root mean square: so many layers apart, so much smaller or
 * larger. Those of biases and of scales are listed, but tell little.
 */
#include "doctor/doctor.h"

#include <math.h>

/* Between two layers of healthy nets there is a factor of a hundred, rarely a thousand. */
static const double VANISHED = 1e-5, EXPLODED = 1e4;
/* He's initial weights in every layer, the last one too, begin about 1 above ln K. */
static const double SURE = 1.5, FAR_OFF = 100;

ml_status mli_doctor_gradients_open(mli_doctor *d)
{
    const ml_params *ps = d->net->params;
    ml_doctor_report *r = d->r;
    if (!(r->layers = mli_calloc((size_t)ps->n, sizeof *r->layers)))
        return ML_ENOMEM;
    r->n_layers = ps->n;
    for (int i = 0; i < ps->n; i++) {
        const ml_tensor *x = ps->entries[i].x;
        ml_doctor_layer *l = &r->layers[i];
        *l = (ml_doctor_layer){.size = x->size, .frozen = x->frozen, .weight = mli_rms(x->data, x->size), .update = NAN};
        snprintf(l->name, sizeof l->name, "%s", x->name);
    }
    return ML_OK;
}

void mli_doctor_gradients_gather(mli_doctor *d)
{
    const ml_params *ps = d->net->params;
    for (int i = 0; i < ps->n; i++) {
        const ml_tensor *x = ps->entries[i].x;
        double rms = x->has_grad ? mli_rms(x->grad, x->size) : 0;
        d->r->layers[i].gradient += rms * rms;
    }
}

/* The pair of weights, the one nearer the input first, with the largest and the smallest quotient of gradients. */
static void compare_layers(mli_doctor *d)
{
    const ml_params *ps = d->net->params;
    const ml_doctor_layer *v[2] = {NULL, NULL}, *e[2] = {NULL, NULL};
    double smallest = VANISHED, largest = EXPLODED;
    for (int i = 0; i < ps->n; i++)
        for (int j = i + 1; j < ps->n; j++) {
            const ml_doctor_layer *a = &d->r->layers[i], *b = &d->r->layers[j];
            if (ps->entries[i].x->rank < 2 || ps->entries[j].x->rank < 2 || !(a->gradient > 0) || !(b->gradient > 0))
                continue;
            double ratio = a->gradient / b->gradient;
            if (ratio < smallest) {
                smallest = ratio;
                v[0] = a, v[1] = b;
            }
            if (ratio > largest) {
                largest = ratio;
                e[0] = a, e[1] = b;
            }
        }
    if (v[0])
        mli_doctor_find(d, ML_DOCTOR_GRADIENT_VANISHES,
                        "The gradient of %s is %.2g, that of %s %.2g: on the way back it has shrunk to %.1g of "
                        "itself.", v[0]->name, v[0]->gradient, v[1]->name, v[1]->gradient, smallest);
    if (e[0])
        mli_doctor_find(d, ML_DOCTOR_GRADIENT_EXPLODES,
                        "The gradient of %s is %.2g, that of %s %.2g: on the way back it has grown by a "
                        "factor of %.2g.", e[0]->name, e[0]->gradient, e[1]->name, e[1]->gradient, largest);
}

/* Cross-entropy: far above ln K means sure and wrong; N ln K is a sum over the batch. Below, it can only be a loss of the
 * caller's that is no mean, for nobody guesses better than the classes are frequent. */
static void first_loss(mli_doctor *d)
{
    ml_doctor_report *r = d->r;
    double excess = r->first_loss - r->chance_loss;
    if (r->trained || !isfinite(r->chance_loss))
        return;
    if (d->o.loss == ML_DOCTOR_MSE) {
        if (r->first_loss > FAR_OFF * r->chance_loss && r->chance_loss > 0)
            mli_doctor_find(d, ML_DOCTOR_FIRST_LOSS,
                            "The first loss is %.3g, that of always saying 0 would be %.3g.", r->first_loss,
                            r->chance_loss);
    } else if (d->o.loss_fn && d->batch >= 8 && fabs(r->first_loss / (double)d->batch / r->chance_loss - 1) < 0.5) {
        mli_doctor_find(d, ML_DOCTOR_FIRST_LOSS,
                        "The first loss is %.3g, and that of a net that knows nothing %.3g: %lld times less, one for "
                        "each sample of the batch. Is it a sum where a mean was meant?", r->first_loss, r->chance_loss,
                        (long long)llround(r->first_loss / r->chance_loss));
    } else if (excess > SURE) {
        mli_doctor_find(d, ML_DOCTOR_FIRST_LOSS,
                        "The first loss is %.3g; a net that knows nothing has %.3g (by the frequency of the classes "
                        "%.3g). This one is sure, and wrong.", r->first_loss, r->chance_loss, r->frequency_loss);
    } else if (r->first_loss < 0.5 * r->frequency_loss) {
        mli_doctor_find(d, ML_DOCTOR_FIRST_LOSS,
                        "The first loss is %.3g, and who only knows how frequent the classes are has %.3g; yet the "
                        "answers are no better than chance.", r->first_loss, r->frequency_loss);
    }
}

void mli_doctor_gradients_judge(mli_doctor *d, int64_t batches)
{
    for (int i = 0; i < d->r->n_layers; i++)
        d->r->layers[i].gradient = sqrt(d->r->layers[i].gradient / (double)batches);
    first_loss(d);
    if (!mli_doctor_found(d, ML_DOCTOR_UNITS_SYMMETRIC)) /* whose gradients cancel out */
        compare_layers(d);
}
