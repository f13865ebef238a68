/* train.c -- gradient descent on XOR from random weights: part 4, two thousand times.
 *
 * Two hidden units are only just enough. From some first weights descent ends in a valley that is not the lowest; then
 * other first weights are drawn.
 */
#include "week01-backprop-by-hand/week01.h"

#include <mlcore/nn.h>

#include <math.h>

enum { DRAWS = 20 };
static const double RATE = 0.5;

typedef struct net {
    ml_params *params;
    ml_tensor *w1, *b1, *w2, *b2;
} net;

/* Adds the nine numbers to a list. */
static bool net_init(net *n, ml_params *params)
{
    *n = (net){.params = params};
    if (!params)
        return false;
    n->w1 = ml_param(n->params, "w1", 2, (int64_t[]){2, 2});
    n->b1 = ml_param(n->params, "b1", 1, (int64_t[]){2});
    n->w2 = ml_param(n->params, "w2", 2, (int64_t[]){1, 2});
    n->b2 = ml_param(n->params, "b2", 1, (int64_t[]){1});
    return n->w1 && n->b1 && n->w2 && n->b2;
}

static ml_tensor *logits_of(ml_tape *t, const net *n, ml_tensor *x)
{
    return ml_linear(t, ml_tanh(t, ml_linear(t, x, n->w1, n->b1)), n->w2, n->b2);
}

static ml_tensor *table(ml_tape *t)
{
    ml_real x[8];
    for (int i = 0; i < 8; i++)
        x[i] = (ml_real)TABLE[i / 2][i % 2];
    return ml_constant(t, 2, (int64_t[]){4, 2}, x);
}

static ml_status descend(ml_tape *t, const net *n, double rate, double *loss)
{
    ml_tape_reset(t);
    ml_tensor *want = ml_constant(t, 2, (int64_t[]){4, 1}, (ml_real[]){0, 1, 1, 0});
    ml_tensor *l = ml_bce_logits(t, logits_of(t, n, table(t)), want);
    ml_status bad = ml_backward(t, l);
    if (bad)
        return bad;
    *loss = (double)l->data[0];
    for (int k = 0; k < ml_params_count(n->params); k++) {
        ml_tensor *p = ml_params_at(n->params, k);
        for (int64_t i = 0; i < p->size; i++)
            p->data[i] -= (ml_real)rate * p->grad[i]; /* downhill */
    }
    ml_zero_grad(n->params); /* else the next backward adds to these */
    return ML_OK;
}

static bool is_milestone(int64_t epoch, int64_t last)
{
    while (epoch >= 10 && epoch % 10 == 0)
        epoch /= 10;
    return epoch == 1 || epoch == last;
}

static ml_status draw_weights(const lesson *l, const net *n, int draw)
{
    ml_rng rng = ml_rng_split(ml_rng_seed(l->seed), 1, (uint64_t)draw);
    for (int k = 0; k < ml_params_count(n->params); k++)
        if (ml_init_uniform(ml_params_at(n->params, k), &rng, -1, 1))
            return ml_error_status();
    return ML_OK;
}

static ml_status train_from(const lesson *l, ml_tape *t, const net *n, int draw, solution *s)
{
    if (draw_weights(l, n, draw))
        return ml_error_status();
    for (int64_t e = 1; e <= l->epochs; e++) {
        ml_status bad = descend(t, n, RATE, &s->loss);
        if (bad)
            return bad;
        if (is_milestone(e, l->epochs) || e == l->epochs)
            fprintf(l->board, "  epoch %6lld   loss %.4f\n", (long long)e, s->loss);
    }
    s->epochs = l->epochs;
    return ML_OK;
}

static double probability(ml_tape *t, const net *n, double x1, double x2)
{
    ml_tensor *x = ml_constant(t, 2, (int64_t[]){1, 2}, (ml_real[]){(ml_real)x1, (ml_real)x2});
    ml_tensor *y = ml_sigmoid(t, logits_of(t, n, x));
    return y ? (double)y->data[0] : NAN;
}

static int show_answers(const lesson *l, ml_tape *t, const net *n)
{
    int right = 0;
    fprintf(l->board, "\n  x1 x2   want   the net says\n");
    for (int i = 0; i < 4; i++) {
        double p = probability(t, n, TABLE[i][0], TABLE[i][1]);
        fprintf(l->board, "   %d  %d   %4d   %.3f\n", TABLE[i][0], TABLE[i][1], XOR[i], p);
        right += (p > 0.5) == XOR[i];
    }
    return right;
}

/* What it says between and around the four points. */
static void draw_plane(const lesson *l, ml_tape *t, const net *n)
{
    fprintf(l->board, "\nThe plane, x1 to the right, x2 up, each from -0.5 to 1.5. '#': it says 1:\n\n");
    for (int row = 0; row <= 12; row++) {
        fputs("    ", l->board);
        for (int column = 0; column <= 32; column++) {
            double x1 = -0.5 + column / 16.0, x2 = 1.5 - row / 6.0;
            bool corner = (column == 8 || column == 24) && (row == 3 || row == 9);
            bool one = probability(t, n, x1, x2) > 0.5;
            fputc(corner ? (one ? '1' : '0') : one ? '#' : '.', l->board);
        }
        fputc('\n', l->board);
    }
    fprintf(l->board, "\nNot one line but a band: that is what the hidden layer bought.\n\n");
}

static ml_status train_until_solved(const lesson *l, ml_tape *t, const net *n, solution *s)
{
    for (s->draws = 1; s->draws <= DRAWS; s->draws++) {
        if (train_from(l, t, n, s->draws, s))
            return ml_error_status();
        ml_tape_reset(t);
        ml_no_grad(t, true);
        s->right = show_answers(l, t, n);
        if (s->right == 4) {
            draw_plane(l, t, n);
            return ml_tape_error(t);
        }
        ml_no_grad(t, false);
        if (s->draws < DRAWS)
            fprintf(l->board, "\n%d of 4: a valley that is not the lowest. Other first weights:\n\n", s->right);
    }
    s->draws = DRAWS;
    return ML_OK;
}

int train_xor(const lesson *l, solution *s)
{
    net n;
    heading(l, 7, "Training XOR from random weights");
    fprintf(l->board, "Two tanh units, one logit, cross-entropy, all four rows a step, rate %g.\n\n", RATE);
    ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = l->kernel});
    int status = !net_init(&n, ml_params_new()) || train_until_solved(l, t, &n, s) != ML_OK;
    ml_params_free(n.params);
    ml_tape_free(t);
    return status;
}

/* ---- --doctor: the same net and the same loop, told to the doctor ---- */

static ml_tensor *forward(void *user, ml_tape *t, ml_tensor *x)
{
    return logits_of(t, user, x);
}

int examine_xor(cli *c, const lesson *l)
{
    net n;
    ml_net *whole = ml_net_custom(forward, &n, 1, (int64_t[]){2});
    ml_tensor *x = ml_zeros(4, 2), *want = ml_zeros(4, 1);
    int status = 2;
    for (int i = 0; i < 4 && x && want; i++) {
        x->data[2 * i] = (ml_real)TABLE[i][0];
        x->data[2 * i + 1] = (ml_real)TABLE[i][1];
        want->data[i] = (ml_real)XOR[i];
    }
    if (whole && x && want && net_init(&n, whole->params) && draw_weights(l, &n, 1) == ML_OK)
        status = cli_doctor(c, whole, NULL, (ml_doctor_opts){.x = x, .target = want, .loss = ML_DOCTOR_BCE,
                                                             .rule = ML_DOCTOR_SGD, .lr = RATE});
    else
        cli_fail_ml(c);
    ml_tensor_free(x);
    ml_tensor_free(want);
    ml_net_free(whole);
    return status;
}
