/* twenty_steps.c -- see twenty_steps.h. */
#include "support/twenty_steps.h"

#include "nn/nn.h"

twenty_steps twenty_start(void)
{
    twenty_steps t = {.ps = ml_params_new()};
    for (int k = 0; k < PARAMS; k++) {
        char name[64], letter[] = {(char)('a' + k), 0};
        snprintf(name, sizeof name, "optim_start%d", k);
        golden start = golden_read(name);
        ml_tensor *x = ml_param(t.ps, letter, start.rank, start.shape);
        assert_non_null(x);
        for (int64_t i = 0; i < x->size; i++)
            x->data[i] = (ml_real)start.v[i];
        golden_free(&start);
        snprintf(name, sizeof name, "optim_grad%d", k);
        t.grads[k] = golden_read(name);
    }
    return t;
}

void twenty_gradients(twenty_steps *t, int step)
{
    for (int k = 0; k < PARAMS; k++) {
        ml_tensor *x = ml_params_at(t->ps, k);
        if (k == 2 && step % 3 == 1)
            continue;
        for (int64_t i = 0; i < x->size; i++)
            x->grad[i] = (ml_real)t->grads[k].v[step * x->size + i];
        x->has_grad = true;
    }
}

void assert_twenty(const twenty_steps *t, const char *name)
{
    golden end = golden_read(name);
    int64_t at = 0;
    for (int k = 0; k < PARAMS; k++) {
        const mli_param *e = &t->ps->entries[k];
        assert_close(e->x->data, end.v + at, e->x->size, TOL, TOL);
        at += e->x->size;
        for (int64_t i = e->at + e->x->size; i % MLI_ALIGN; i++)
            assert_true(t->ps->data[i] == 0);
    }
    assert_int_equal(at, end.size);
    golden_free(&end);
}

void twenty_free(twenty_steps *t)
{
    ml_params_free(t->ps);
    for (int k = 0; k < PARAMS; k++)
        golden_free(&t->grads[k]);
}
