/* tape.c -- the same models as a net of one layer: forward, backward, a step down; nothing is known but the gradient. */
#include "week02-regression/week02.h"

#include <math.h>
#include <stdlib.h>

typedef struct net {
    ml_params *params;
    ml_tensor *w, *b, *x, *y;
} net;

static ml_tensor *as_tensor(const double *v, int64_t rows, int64_t columns)
{
    ml_tensor *x = ml_zeros(rows, columns);
    for (int64_t i = 0; x && i < x->size; i++)
        x->data[i] = (ml_real)v[i];
    return x;
}

static bool net_init(net *n, const task *t)
{
    *n = (net){.params = ml_params_new(), .x = as_tensor(t->x, t->rows, t->columns), .y = as_tensor(t->y, t->rows, 1)};
    if (!n->params || !n->x || !n->y)
        return false;
    n->w = ml_param(n->params, "w", 2, (int64_t[]){1, t->columns}); /* zeros */
    n->b = ml_param(n->params, "b", 1, (int64_t[]){1});
    return n->w && n->b;
}

static void net_free(net *n)
{
    ml_params_free(n->params);
    ml_tensor_free(n->x);
    ml_tensor_free(n->y);
}

/* The task's loss on the tape. */
static ml_tensor *loss_on(ml_tape *tape, const net *n, const task *t)
{
    ml_tensor *z = ml_linear(tape, n->x, n->w, n->b);
    if (!t->classes)
        return ml_mse(tape, z, n->y);
    ml_tensor *penalty = ml_scale(tape, ml_sum(tape, ml_mul(tape, n->w, n->w), ML_ALL, false), 0.5 / (double)t->rows);
    return ml_add(tape, ml_bce_logits(tape, z, n->y), penalty);
}

static void read_out(const net *n, const task *t, double *w)
{
    for (int64_t j = 0; j < t->columns; j++)
        w[j] = (double)n->w->data[j];
    w[t->columns] = (double)n->b->data[0];
}

static double largest_gradient(const net *n)
{
    double most = fabs((double)n->b->grad[0]);
    for (int64_t j = 0; j < n->w->size; j++)
        most = fmax(most, fabs((double)n->w->grad[j]));
    return most;
}

static ml_status run(const task *t, const net *n, ml_tape *tape, ml_optim *opt, int64_t steps, answer *a)
{
    const double still = sizeof(ml_real) == sizeof(float) ? 1e-7 : 1e-10; /* a float knows no better */
    double most = INFINITY;
    int next = 0;
    for (a->steps = 0; a->steps < steps && most > still;) {
        ml_tape_reset(tape);
        if (ml_backward(tape, loss_on(tape, n, t)))
            return ml_error_status();
        most = largest_gradient(n);
        if (ml_step(opt))
            return ml_error_status();
        if (++a->steps == (next < MILESTONES ? MILESTONE[next] : 0)) {
            read_out(n, t, a->w);
            a->loss[next++] = loss_of(t, a->w);
        }
    }
    read_out(n, t, a->w);
    while (next < MILESTONES)
        a->loss[next++] = loss_of(t, a->w);
    return ML_OK;
}

ml_status descend(const task *t, int64_t steps, ml_kernel kernel, answer *a)
{
    net n;
    ml_tape *tape = ml_tape_open((ml_tape_opts){.kernel = kernel});
    ml_optim *opt = net_init(&n, t) ? ml_sgd(n.params, (ml_sgd_opts){.lr = t->rate}) : NULL;
    ml_status s = tape && opt ? run(t, &n, tape, opt, steps, a) : ml_error_status();
    ml_optim_free(opt);
    ml_tape_free(tape);
    net_free(&n);
    return s;
}
