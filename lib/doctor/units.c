/* units.c -- activations: relus that are 0 for every sample, sigmoids and tanhs at the ends of their range.
 *
 * A unit is a place along the last axis: a feature of a dense layer, a channel of a convolution. It is dead when it is 0 for every
 * sample and at every pixel: then no gradient reaches its weights, and nothing will wake it but luck.
 */
#include "doctor/doctor.h"

#include <math.h>

/* Dead units are usual in a healthy net, a third of them where inputs are all positive. */
static const double MANY_DEAD = 2.0 / 3, MANY_SATURATED = 0.5;
/* Where the slope is a twenty-fifth of the steepest or less: sigmoid'(4.6) = 0.01, 1 - tanh(2.3)^2 = 0.04. */
static const double SIGMOID_END = 0.01, TANH_END = 0.98;

typedef enum kind { NONE, RELU, SIGMOID, TANH } kind;

static kind kind_of(const ml_node *n)
{
    kind k = mli_graph_is(n, "relu") ? RELU : mli_graph_is(n, "sigmoid") ? SIGMOID : mli_graph_is(n, "tanh") ? TANH : NONE;
    return n->out->rank < 2 || n->out->size == 0 ? NONE : k;
}

static int activations(const ml_tape *t)
{
    int n = 0;
    for (int64_t i = 0; i < ml_tape_ops(t); i++)
        n += kind_of(mli_tape_node(t, i)) != NONE;
    return n;
}

/* Room for those of the first batch. */
static ml_status open_units(mli_doctor *d)
{
    int k = 0, n = activations(d->tape);
    d->r->units = mli_calloc((size_t)n, sizeof *d->r->units);
    d->alive = mli_calloc((size_t)n, sizeof *d->alive);
    if (!d->r->units || !d->alive)
        return ML_ENOMEM;
    d->r->n_units = n;
    for (int64_t i = 0; i < ml_tape_ops(d->tape); i++) {
        const ml_node *node = mli_tape_node(d->tape, i);
        if (kind_of(node) == NONE)
            continue;
        ml_doctor_units *u = &d->r->units[k];
        mli_graph_name(d->tape, node, u->name, sizeof u->name);
        u->units = node->out->shape[node->out->rank - 1];
        if (kind_of(node) == RELU && !(d->alive[k] = mli_calloc((size_t)u->units, sizeof **d->alive)))
            return ML_ENOMEM;
        k++;
    }
    return ML_OK;
}

static void wake(bool *alive, int64_t units, const ml_tensor *y)
{
    for (int64_t i = 0; i < y->size; i += units)
        for (int64_t u = 0; u < units; u++)
            alive[u] |= y->data[i + u] > 0;
}

static double share_at_the_end(const ml_tensor *y, kind k)
{
    int64_t n = 0;
    for (int64_t i = 0; i < y->size; i++) {
        double v = (double)y->data[i];
        n += k == TANH ? fabs(v) > TANH_END : v < SIGMOID_END || v > 1 - SIGMOID_END;
    }
    return (double)n / (double)y->size;
}

/* A node of a later batch, where the graph is the same as in the first. */
static void gather(mli_doctor *d, int k, const ml_node *node)
{
    ml_doctor_units *u = &d->r->units[k];
    bool relu = kind_of(node) == RELU;
    if (u->units != node->out->shape[node->out->rank - 1] || relu != (d->alive[k] != NULL))
        return;
    if (relu)
        wake(d->alive[k], u->units, node->out);
    else /* the largest of the batches will do */
        u->saturated = fmax(u->saturated, share_at_the_end(node->out, kind_of(node)));
}

ml_status mli_doctor_units_gather(mli_doctor *d)
{
    ml_doctor_report *r = d->r;
    if (!d->alive && open_units(d))
        return ml_error_status();
    int k = 0;
    for (int64_t i = 0; i < ml_tape_ops(d->tape) && k < r->n_units; i++) {
        const ml_node *node = mli_tape_node(d->tape, i);
        if (kind_of(node) != NONE)
            gather(d, k++, node);
    }
    return ML_OK;
}

static double dead_share(const ml_doctor_units *u)
{
    return (double)u->dead / (double)u->units;
}

static double saturated_share(const ml_doctor_units *u)
{
    return u->saturated;
}

/* The activation with the largest share, or NULL where none passes the limit; how many others do, into *others. */
static const ml_doctor_units *worst(const ml_doctor_report *r, double (*share)(const ml_doctor_units *), double limit, int *others)
{
    const ml_doctor_units *u = NULL;
    *others = -1;
    for (int k = 0; k < r->n_units; k++) {
        if (!(share(&r->units[k]) > limit))
            continue;
        ++*others;
        if (!u || share(&r->units[k]) > share(u))
            u = &r->units[k];
    }
    return u;
}

void mli_doctor_units_judge(mli_doctor *d)
{
    char text[32];
    int others;
    for (int k = 0; k < d->r->n_units; k++)
        for (int64_t i = 0; d->alive[k] && i < d->r->units[k].units; i++)
            d->r->units[k].dead += !d->alive[k][i];
    const ml_doctor_units *u = worst(d->r, dead_share, MANY_DEAD, &others);
    if (u)
        mli_doctor_find(d, ML_DOCTOR_UNITS_DEAD,
                        "%lld of %lld units of the %s are 0 for every sample%s.", (long long)u->dead,
                        (long long)u->units, u->name, mli_doctor_others(others, text));
    u = worst(d->r, saturated_share, MANY_SATURATED, &others);
    if (u && !d->r->trained) /* a net that is sure of what it knows may be at the ends */
        mli_doctor_find(d, ML_DOCTOR_UNITS_SATURATED,
                        "%.0f %% of what the %s gives lies at the ends of its range%s.", 100 * u->saturated,
                        u->name, mli_doctor_others(others, text));
}

void mli_doctor_units_close(mli_doctor *d)
{
    for (int k = 0; d->alive && k < d->r->n_units; k++)
        mli_free(d->alive[k]);
    mli_free(d->alive);
    d->alive = NULL;
}
