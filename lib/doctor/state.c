/* state.c -- the net as it was given, kept, so that an examination may train it and leave no trace. */
#include "doctor/doctor.h"

#include <string.h>

static size_t bytes(int64_t n)
{
    return (size_t)n * sizeof(ml_real);
}

static int64_t buffer_numbers(const ml_params *ps)
{
    int64_t n = 0;
    for (int i = 0; i < ps->n_buffers; i++)
        n += ps->buffers[i]->size;
    return n;
}

static void state_free(mli_doctor_state *s)
{
    mli_free(s->data);
    mli_free(s->grad);
    mli_free(s->has_grad);
    mli_free(s->buffers);
    *s = (mli_doctor_state){0};
}

ml_status mli_doctor_state_take(mli_doctor_state *s, ml_params *ps)
{
    if (ml_params_seal(ps))
        return ml_error_status();
    s->data = mli_alloc(bytes(ps->length));
    s->grad = mli_alloc(bytes(ps->length));
    s->has_grad = mli_alloc((size_t)ps->n * sizeof *s->has_grad);
    s->buffers = mli_alloc(bytes(buffer_numbers(ps)));
    if (!s->data || !s->grad || !s->has_grad || !s->buffers) {
        state_free(s);
        return ML_ENOMEM;
    }
    memcpy(s->data, ps->data, bytes(ps->length));
    memcpy(s->grad, ps->grad, bytes(ps->length));
    for (int i = 0; i < ps->n; i++)
        s->has_grad[i] = ps->entries[i].x->has_grad;
    ml_real *to = s->buffers;
    for (int i = 0; i < ps->n_buffers; to += ps->buffers[i++]->size)
        memcpy(to, ps->buffers[i]->data, bytes(ps->buffers[i]->size));
    return ML_OK;
}

static void put_back_values(const mli_doctor_state *s, ml_params *ps)
{
    memcpy(ps->data, s->data, bytes(ps->length));
    const ml_real *from = s->buffers;
    for (int i = 0; i < ps->n_buffers; from += ps->buffers[i++]->size)
        memcpy(ps->buffers[i]->data, from, bytes(ps->buffers[i]->size));
}

void mli_doctor_rewind(mli_doctor *d)
{
    put_back_values(&d->state, d->net->params);
    ml_zero_grad(d->net->params);
}

void mli_doctor_state_give_back(mli_doctor_state *s, ml_params *ps)
{
    if (!s->data)
        return;
    put_back_values(s, ps);
    memcpy(ps->grad, s->grad, bytes(ps->length));
    for (int i = 0; i < ps->n; i++)
        ps->entries[i].x->has_grad = s->has_grad[i];
    state_free(s);
}
