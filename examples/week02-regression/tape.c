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

static bool net_init(net *n, ml_params *params, const task *t)
{
    *n = (net){.params = params, .x = as_tensor(t->x, t->rows, t->columns), .y = as_tensor(t->y, t->rows, 1)};
    if (!n->params || !n->x || !n->y)
        return false;
    n->w = ml_param(n->params, "w", 2, (int64_t[]){1, t->columns}); /* zeros */
    n->b = ml_param(n->params, "b", 1, (int64_t[]){1});
    return n->w && n->b;
}

static void net_free(net *n)
{
    ml_tensor_free(n->x);
    ml_tensor_free(n->y);
}

/* The task's loss on the tape. */
static ml_tensor *loss_on(ml_tape *tape, const net *n, const task *t, ml_tensor *x, ml_tensor *y)
{
    ml_tensor *z = ml_linear(tape, x, n->w, n->b);
    if (!t->classes)
        return ml_mse(tape, z, y);
    ml_tensor *penalty = ml_scale(tape, ml_sum(tape, ml_mul(tape, n->w, n->w), ML_ALL, false), 0.5 / (double)t->rows);
    return ml_add(tape, ml_bce_logits(tape, z, y), penalty);
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
        if (ml_backward(tape, loss_on(tape, n, t, n->x, n->y)))
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
    ml_optim *opt = net_init(&n, ml_params_new(), t) ? ml_sgd(n.params, (ml_sgd_opts){.lr = t->rate}) : NULL;
    ml_status s = tape && opt ? run(t, &n, tape, opt, steps, a) : ml_error_status();
    ml_optim_free(opt);
    ml_tape_free(tape);
    ml_params_free(n.params);
    net_free(&n);
    return s;
}

/* ---- --doctor ---- */

typedef struct patient {
    const task *t;
    net n;
} patient;

static ml_tensor *forward(void *user, ml_tape *tape, ml_tensor *x)
{
    const patient *p = user;
    return ml_linear(tape, x, p->n.w, p->n.b);
}

static ml_tensor *batch_loss(void *user, ml_net *whole, ml_tape *tape, const ml_doctor_batch *b)
{
    const patient *p = user;
    (void)whole;
    return loss_on(tape, &p->n, p->t, b->x, b->target);
}

int examine(cli *c, const task *t)
{
    patient p = {.t = t};
    ml_net *whole = ml_net_custom(forward, &p, 1, (int64_t[]){t->columns});
    int status = whole && net_init(&p.n, whole->params, t)
                     ? cli_doctor(c, whole, NULL, (ml_doctor_opts){.x = p.n.x, .target = p.n.y, .batch = t->rows, .lr = t->rate,
                                                                   .rule = ML_DOCTOR_SGD, .loss = t->classes ? ML_DOCTOR_BCE : ML_DOCTOR_MSE,
                                                                   .loss_fn = batch_loss, .user = &p})
                     : cli_fail_ml(c);
    ml_net_free(whole);
    net_free(&p.n);
    return status;
}
