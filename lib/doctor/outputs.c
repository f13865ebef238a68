/* outputs.c -- what goes into the loss: logits, and not what an activation has made of them. */
#include "doctor/doctor.h"

#include <math.h>

/* Whether each of n rows of k numbers is positive and sums to 1: probabilities, whoever made them. */
static bool probabilities(const ml_real *v, int64_t n, int64_t k)
{
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t j = 0; j < k; j++) {
            if (!(v[i * k + j] > 0))
                return false;
            sum += (double)v[i * k + j];
        }
        if (!(fabs(sum - 1) < 1e-4))
            return false;
    }
    return n > 1 && k > 1;
}

/* Activations that have a lower bound, or two: what lies beyond is lost. Not leaky relu, which has none. */
static bool squashes(const ml_node *n)
{
    static const char *const names[] = {"relu", "tanh", "sigmoid", "gelu", "gelu_tanh", "silu", "softplus", "elu"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (mli_graph_is(n, names[i]))
            return true;
    return false;
}

/* log softmax is none of these: the loss of log probabilities is that of the logits they came from. */
static void judge(mli_doctor *d, const ml_node *loss)
{
    const ml_tensor *z = loss->in[0];
    const ml_node *last = mli_graph_maker(d->tape, z);
    bool bce = mli_graph_is(loss, "bce_logits") || mli_graph_is(loss, "binary_cross_entropy");
    if (bce && mli_graph_is(last, "sigmoid"))
        mli_doctor_find(d, ML_DOCTOR_SOFTMAX_TWICE,
                        "%s applies sigmoid, and gets what sigmoid has already brought between 0 and 1: no "
                        "loss can fall below %.3g.", loss->op->name, log1p(exp(-1)));
    else if (mli_graph_is(last, "softmax") || (!bce && z->rank == 2 && probabilities(z->data, z->shape[0], z->shape[1])))
        mli_doctor_find(d, ML_DOCTOR_SOFTMAX_TWICE,
                        "%s applies softmax, and gets rows that are positive and sum to 1: softmax was applied "
                        "before. With %lld classes no loss can fall below %.3g.", loss->op->name, (long long)z->shape[z->rank - 1],
                        log1p((double)(z->shape[z->rank - 1] - 1) * exp(-1)));
    else if (squashes(last))
        mli_doctor_find(d, ML_DOCTOR_LOGITS_SQUASHED,
                        "%s takes logits of any size and sign, and gets what %s has left of them.",
                        loss->op->name, last->op->name);
}

void mli_doctor_outputs(mli_doctor *d)
{
    const ml_node *loss = mli_graph_loss(d->tape);
    if (loss)
        judge(d, loss);
}
