/* tape.c -- the net of network.c again, but only its forward is written: the tape does the rest. Then a third opinion,
 * from differences. */
#include "week01-backprop-by-hand/week01.h"

#include <mlcore/nn.h>

#include <math.h>
#include <stdlib.h>

typedef struct net {
    ml_params *params;
    ml_tensor *w, *b, *v, *c;
    const paper *paper;
} net;

static bool net_init(net *n, const paper *p)
{
    *n = (net){.params = ml_params_new(), .paper = p};
    if (!n->params)
        return false;
    n->w = ml_param(n->params, "W", 2, (int64_t[]){2, 2});
    n->b = ml_param(n->params, "b", 1, (int64_t[]){2});
    n->v = ml_param(n->params, "V", 2, (int64_t[]){1, 2});
    n->c = ml_param(n->params, "c", 1, (int64_t[]){1});
    if (!n->w || !n->b || !n->v || !n->c)
        return false;
    for (int i = 0, k = 0; k < ml_params_count(n->params); k++)
        for (int64_t e = 0; e < ml_params_at(n->params, k)->size; e++)
            ml_params_at(n->params, k)->data[e] = (ml_real)p->at[i++];
    return true;
}

/* The forward of network.c in four ops. */
static ml_tensor *loss_of(ml_tape *t, const net *n)
{
    const paper *p = n->paper;
    ml_tensor *x = ml_constant(t, 2, (int64_t[]){1, 2}, (ml_real[]){(ml_real)p->x[0], (ml_real)p->x[1]});
    ml_tensor *target = ml_constant(t, 2, (int64_t[]){1, 1}, (ml_real[]){(ml_real)p->target});
    ml_tensor *h = ml_relu(t, ml_linear(t, x, n->w, n->b));
    ml_tensor *y = ml_linear(t, h, n->v, n->c);
    return ml_mse(t, y, target);
}

/* Equal to rounding: a few units in the last place of an ml_real. */
static int compare(const lesson *l, const net *n, double *largest)
{
    const double rounding = sizeof(ml_real) == 8 ? 1e-14 : 1e-6;
    *largest = 0;
    fprintf(l->board, "            by hand   by the tape\n");
    for (int i = 0, k = 0; k < ml_params_count(n->params); k++) {
        const ml_tensor *p = ml_params_at(n->params, k);
        for (int64_t e = 0; e < p->size; e++, i++) {
            double hand = n->paper->gradient[i], tape = (double)p->grad[e];
            fprintf(l->board, "  dL/d%-4s %9g %13g\n", NAMES[i], hand, tape);
            *largest = fmax(*largest, fabs(hand - tape) / fmax(1, fabs(hand)));
        }
    }
    if (!(*largest <= rounding)) {
        fprintf(l->board, "\nThey differ by %.3g: more than rounding.\n", *largest);
        return 1;
    }
    fprintf(l->board, "\nThe nine gradients are equal; largest difference %.3g.\n", *largest);
    return 0;
}

/* Part 4 once more, for one of the nine numbers, and not by us. */
static int show_chain(const lesson *l, ml_tape *t, const net *n)
{
    char *chain = ml_explain(t, n->w, 0);
    if (!chain)
        return 1;
    fprintf(l->board, "\nAny of them can be asked where it comes from. ml_explain on w11, which is\n"
                      "W[0,0], prints the chain of part 4: what arrived, times the local slope.\n\n%s", chain);
    free(chain);
    return l->draw && cli_draw_tape(l->draw, t, l->board) != ML_OK;
}

int tape_agrees(const lesson *l, const paper *p, double *largest)
{
    net n;
    int status = 1;
    *largest = 0;
    heading(l, 5, "The tape does the same");
    /* inspect: keep the gradients in the middle too, for printing. */
    ml_tape *t = ml_tape_open((ml_tape_opts){.inspect = true, .kernel = l->kernel});
    if (net_init(&n, p) && ml_backward(t, loss_of(t, &n)) == ML_OK) {
        fprintf(l->board, "Forward wrote these lines from the top; backward read them from the bottom and\n"
                          "filled in |grad|. (|.| is the length of a vector: h = (%g, %g) has %.4g.)\n\n",
                p->h[0], p->h[1], hypot(p->h[0], p->h[1]));
        ml_tape_print(l->board, t);
        fputc('\n', l->board);
        status = compare(l, &n, largest) || show_chain(l, t, &n);
    }
    ml_params_free(n.params);
    ml_tape_free(t);
    return status;
}

static ml_tensor *checked_loss(ml_tape *t, ml_tensor *const *inputs, int count, void *user)
{
    (void)inputs, (void)count; /* they are the parameters of the net */
    return loss_of(t, user);
}

int gradcheck_agrees(const lesson *l, const paper *p, ml_gradcheck_result *result)
{
    net n;
    int status = 1;
    heading(l, 6, "A third opinion: differences");
    fprintf(l->board, "ml_gradcheck moves each number by a small h both ways, and looks at the loss:\n"
                      "(L(w + h) - L(w - h)) / 2h. It knows nothing of the chain rule.\n\n");
    if (net_init(&n, p)) {
        ml_tensor *inputs[] = {n.w, n.b, n.v, n.c};
        ml_gradcheck_opts opts = {.kernel = l->kernel};
        status = ml_gradcheck(checked_loss, inputs, 4, &n, opts, result) != ML_OK;
    }
    if (!status)
        fprintf(l->board, "  %lld numbers checked, largest error %.2g in %s: hand, tape and\n"
                          "  differences agree.\n",
                (long long)result->checked, result->worst, ML_REAL_NAME);
    ml_params_free(n.params);
    return status;
}
