/* Hooks: who is shown what and when, that nothing else changes, errors, taking off, custom nets. */
#include "support/check.h"

#include "nn/nn.h"

#include <math.h>
#include <string.h>

/* ---- a hook that writes down what it is shown ---- */

enum { MOST = 64, N = 5 };

typedef struct event {
    char layer[64], kind[16];
    bool back;
    double x, y, dy; /* sums of squares */
} event;

typedef struct diary {
    int n;
    event e[MOST];
    char mark;        /* joins the marks of all, where several write into one text */
    char *marks;
    ml_status answer; /* what the hook returns */
    ml_net *net;      /* where not NULL, the hook takes itself off */
    int64_t id;
} diary;

static double squares(const ml_real *v, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; v && i < n; i++)
        sum += (double)v[i] * (double)v[i];
    return sum;
}

static ml_status note(void *user, const ml_hook_view *at)
{
    diary *d = user;
    assert_true(d->n < MOST);
    event *e = &d->e[d->n++];
    *e = (event){.back = at->dy != NULL, .x = squares(at->x->data, at->x->size), .y = squares(at->y->data, at->y->size),
                 .dy = squares(at->dy, at->y->size)};
    snprintf(e->layer, sizeof e->layer, "%s", at->layer);
    snprintf(e->kind, sizeof e->kind, "%s", at->kind);
    if (d->marks)
        strncat(d->marks, &d->mark, 1);
    if (d->net)
        assert_int_equal(ml_net_unhook(d->net, d->id), ML_OK);
    return d->answer;
}

static ml_hook both(diary *d)
{
    return (ml_hook){note, note, d};
}

static void assert_event(const diary *d, int i, const char *layer, const char *kind, bool back)
{
    assert_true(i < d->n);
    assert_string_equal(d->e[i].layer, layer);
    assert_string_equal(d->e[i].kind, kind);
    assert_true(d->e[i].back == back);
}

/* ---- nets ---- */

static ml_net *small(void)
{
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = ml_net_new(&rng, ML_INPUT(4), ML_NAME("body", ML_SEQ(ML_DENSE(6), ML_TANH())), ML_DROPOUT(0.5),
                             ML_NAME("head", ML_DENSE(3)));
    assert_non_null(net);
    return net;
}

/* Convolution, norm, residual, branch, flatten, dropout: all ways a layer may be inside another. */
static ml_net *rich(void)
{
    ml_rng rng = ml_rng_seed(2);
    ml_net *net = ml_net_new(&rng, ML_INPUT(6, 6, 2), ML_CONV(4, .k = 3, .pad = 1), ML_BATCH_NORM(), ML_RELU(),
                             ML_RESIDUAL(ML_SEQ(ML_CONV(4, .k = 3, .pad = 1), ML_TANH(), ML_DROPOUT(0.3))),
                             ML_RESIDUAL(ML_IDENTITY()), ML_BRANCH(ML_IDENTITY(), ML_POOL(3, .stride = 1, .pad = 1)), ML_POOL(2),
                             ML_FLATTEN(), ML_DROPOUT(0.2), ML_DENSE(3));
    assert_non_null(net);
    return net;
}

static ml_tensor *batch(const ml_net *net)
{
    ml_rng rng = ml_rng_seed(3);
    int64_t shape[ML_MAX_RANK] = {N};
    for (int i = 0; i < net->self->in.rank; i++)
        shape[i + 1] = net->self->in.extent[i];
    ml_tensor *x = ml_tensor_new(net->self->in.rank + 1, shape);
    ml_init_normal(x, &rng, 0, 1);
    return x;
}

static const int32_t LABELS[N] = {0, 1, 2, 1, 0};

static ml_status learn(ml_net *net, ml_tape *t, ml_tensor *x)
{
    ml_tape_reset(t);
    return ml_backward(t, ml_softmax_xent(t, ml_net_forward(net, t, x), (ml_ints){LABELS, N}));
}

/* ---- what is shown ---- */

static void forward_then_backward(void **state)
{
    (void)state;
    ml_net *net = small();
    ml_tensor *x = batch(net);
    ml_tape *t = ml_tape_new();
    diary d = {0};
    assert_true(ml_net_hook(net, NULL, both(&d)) > 0);
    assert_int_equal(learn(net, t, x), ML_OK);
    const char *names[] = {"body.0", "body.1", "body", "1", "head"}, *kinds[] = {"dense", "tanh", "seq", "dropout", "dense"};
    assert_int_equal(d.n, 10);
    for (int i = 0; i < 5; i++) {
        assert_event(&d, i, names[i], kinds[i], false);
        assert_true(d.e[i].y > 0 && d.e[i].dy == 0);
    }
    assert_true(d.e[0].x == squares(x->data, x->size) && d.e[1].x == d.e[0].y && d.e[2].x == d.e[0].x && d.e[2].y == d.e[1].y);
    const int order[] = {4, 3, 1, 2, 0}; /* the seq gives back its last layer's output: one gradient, the inner hook first */
    for (int i = 0; i < 5; i++) {
        assert_event(&d, 5 + i, names[order[i]], kinds[order[i]], true);
        assert_true(d.e[5 + i].dy > 0 && d.e[5 + i].y == d.e[order[i]].y);
    }
    ml_tape_free(t);
    ml_tensor_free(x);
    ml_net_free(net);
}

/* dy against what the tape keeps for the same tensor. */
typedef struct keeper {
    const ml_tensor *y;
    ml_real dy[N * 6];
} keeper;

static ml_status keep(void *user, const ml_hook_view *at)
{
    keeper *k = user;
    if (at->dy)
        memcpy(k->dy, at->dy, (size_t)at->y->size * sizeof *k->dy);
    else
        k->y = at->y;
    return ML_OK;
}

static void the_gradient_is_the_tapes(void **state)
{
    (void)state;
    ml_net *net = small();
    ml_tensor *x = batch(net);
    ml_tape *t = ml_tape_open((ml_tape_opts){.inspect = true});
    const char *layers[] = {"body.0", "body", "1", "head"};
    for (int k = 0; k < 4; k++) {
        keeper seen = {0};
        int64_t id = ml_net_hook(net, layers[k], (ml_hook){keep, keep, &seen});
        assert_int_equal(learn(net, t, x), ML_OK);
        assert_memory_equal(seen.dy, seen.y->grad, (size_t)seen.y->size * sizeof(ml_real));
        assert_int_equal(ml_net_unhook(net, id), ML_OK);
    }
    ml_tape_free(t);
    ml_tensor_free(x);
    ml_net_free(net);
}

/* Weights after three steps and predictions, with hooks on everything and without. */
static void train(bool hooked, ml_real *weights, ml_real *out)
{
    ml_net *net = rich();
    ml_tensor *x = batch(net);
    ml_tape *t = ml_tape_new();
    ml_optim *opt = ml_adam(net->params, (ml_adam_opts){.lr = 0.01});
    diary d = {0};
    if (hooked)
        assert_true(ml_net_hook(net, NULL, both(&d)) > 0);
    for (int step = 0; step < 3; step++) {
        d.n = 0;
        assert_int_equal(learn(net, t, x), ML_OK);
        assert_int_equal(ml_step(opt), ML_OK);
    }
    assert_true(!hooked || d.n == 2 * 17);
    d.n = 0;
    memcpy(weights, net->params->data, (size_t)net->params->length * sizeof *weights);
    assert_int_equal(ml_predict(net, x->data, N, out), ML_OK);
    assert_true(d.n == (hooked ? 17 : 0)); /* no gradient, no backward */
    for (int i = 0; i < d.n; i++)
        assert_false(d.e[i].back);
    ml_optim_free(opt);
    ml_tape_free(t);
    ml_tensor_free(x);
    ml_net_free(net);
}

static void a_watched_net_computes_the_same_bits(void **state)
{
    (void)state;
    static ml_real w[4096], v[4096], a[3 * N], b[3 * N];
    train(false, w, a);
    train(true, v, b);
    assert_memory_equal(w, v, sizeof w);
    assert_memory_equal(a, b, sizeof a);
}

static ml_status quiet(void *user, const ml_hook_view *at)
{
    (void)user, (void)at;
    return ML_OK;
}

static void watching_allocates_nothing(void **state)
{
    (void)state;
    ml_net *net = rich();
    ml_tensor *x = batch(net);
    ml_tape *t = ml_tape_new();
    assert_true(ml_net_hook(net, NULL, (ml_hook){quiet, quiet, NULL}) > 0);
    for (int step = 0; step < 2; step++)
        assert_int_equal(learn(net, t, x), ML_OK);
    int64_t asked = mli_alloc_count();
    for (int step = 0; step < 3; step++)
        assert_int_equal(learn(net, t, x), ML_OK);
    assert_int_equal(mli_alloc_count(), asked);
    ml_tape_free(t);
    ml_tensor_free(x);
    ml_net_free(net);
}

static void nothing_comes_back_where_nothing_flows(void **state)
{
    (void)state;
    ml_net *net = small();
    ml_tensor *x = batch(net);
    ml_tape *t = ml_tape_new();
    diary d = {0};
    assert_true(ml_net_hook(net, "body.0", (ml_hook){NULL, note, &d}) > 0);
    ml_params_freeze(net->params, "body.", true); /* no gradient is wanted below the head */
    assert_int_equal(learn(net, t, x), ML_OK);
    assert_int_equal(d.n, 0);
    ml_params_freeze(net->params, "body.", false);
    ml_tape_reset(t); /* a forward that the loss does not use */
    ml_net_forward(net, t, x);
    ml_tensor *w = ml_params_at(net->params, 0);
    assert_int_equal(ml_backward(t, ml_sum(t, ml_mul(t, w, w), ML_ALL, false)), ML_OK);
    assert_int_equal(d.n, 0);
    assert_int_equal(learn(net, t, x), ML_OK);
    assert_int_equal(d.n, 1);
    ml_tape_free(t);
    ml_tensor_free(x);
    ml_net_free(net);
}

/* ---- several, and taking off ---- */

static void several_in_their_order(void **state)
{
    (void)state;
    char marks[MOST] = "";
    ml_net *net = small();
    ml_tensor *x = batch(net);
    ml_tape *t = ml_tape_new();
    diary a = {.mark = 'a', .marks = marks}, b = {.mark = 'b', .marks = marks}, c = {.mark = 'c', .marks = marks};
    int64_t ia = ml_net_hook(net, "head", both(&a)), ib = ml_net_hook(net, NULL, (ml_hook){note, NULL, &b});
    int64_t ic = ml_net_hook(net, "head", both(&c));
    assert_true(ia > 0 && ib > ia && ic > ib);
    assert_int_equal(learn(net, t, x), ML_OK);
    assert_string_equal(marks, "bbbbabcac");
    marks[0] = 0;
    assert_int_equal(ml_net_unhook(net, ia), ML_OK);
    assert_int_equal(learn(net, t, x), ML_OK);
    assert_string_equal(marks, "bbbbbcc");
    marks[0] = 0;
    assert_int_equal(ml_net_unhook(net, ib), ML_OK);
    assert_null(net->self->layers[1].hooks); /* nothing to compare with but NULL */
    diary e = {.mark = 'e', .marks = marks};
    assert_true(ml_net_hook(net, "head", both(&e)) > ic);
    assert_int_equal(learn(net, t, x), ML_OK);
    assert_string_equal(marks, "cece");
    assert_int_equal(ml_net_unhook(net, ia), ML_EINVAL);
    assert_int_equal(ml_net_unhook(net, 0), ML_EINVAL);
    assert_int_equal(ml_net_unhook(net, 12345), ML_EINVAL);
    assert_string_equal(ml_error(), "unhook: there is no hook 12345");
    assert_int_equal(ml_net_unhook(NULL, 1), ML_EINVAL);
    ml_tape_free(t);
    ml_tensor_free(x);
    ml_net_free(net); /* with hooks on it */
}

static void off_between_forward_and_backward(void **state)
{
    (void)state;
    ml_net *net = small();
    ml_tensor *x = batch(net);
    ml_tape *t = ml_tape_new();
    diary a = {0}, b = {0};
    int64_t id = ml_net_hook(net, "body", both(&a));
    ml_tensor *loss = ml_softmax_xent(t, ml_net_forward(net, t, x), (ml_ints){LABELS, N});
    assert_int_equal(ml_net_unhook(net, id), ML_OK);
    assert_true(ml_net_hook(net, "body", both(&b)) > id); /* in the room of the other, which must not be taken for it */
    assert_int_equal(ml_backward(t, loss), ML_OK);
    assert_true(a.n == 1 && b.n == 0);
    ml_tape_free(t);
    ml_tensor_free(x);
    ml_net_free(net);
}

static void a_hook_takes_itself_off(void **state)
{
    (void)state;
    ml_net *net = small();
    ml_tensor *x = batch(net);
    ml_tape *t = ml_tape_new();
    diary once = {.net = net}, after = {0};
    once.id = ml_net_hook(net, NULL, both(&once));
    assert_true(ml_net_hook(net, "head", both(&after)) > 0);
    assert_int_equal(learn(net, t, x), ML_OK);
    assert_true(once.n == 1 && after.n == 2);
    diary back = {.net = net};
    back.id = ml_net_hook(net, "body", (ml_hook){NULL, note, &back});
    assert_int_equal(learn(net, t, x), ML_OK);
    assert_int_equal(learn(net, t, x), ML_OK);
    assert_true(back.n == 1 && after.n == 6);
    for (int i = 0; i < 1000; i++) { /* room is used again */
        int64_t id = ml_net_hook(net, "body", both(&once));
        assert_int_equal(ml_net_unhook(net, id), ML_OK);
    }
    int length = 0;
    for (const mli_hook *h = net->self->hooks.first; h; h = h->next)
        length++;
    assert_true(length <= 3);
    ml_tape_free(t);
    ml_tensor_free(x);
    ml_net_free(net);
}

static void layers_that_join_later(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = ml_net_new(&rng, ML_INPUT(4), ML_DENSE(3));
    diary d = {0}, named = {0};
    assert_true(ml_net_hook(net, NULL, both(&d)) > 0);
    assert_int_equal(ml_net_hook(net, "1", both(&named)), 0);
    for (int i = 0; i < 20; i++) /* the array of layers moves */
        assert_int_equal(ml_net_add(net, ml_layer_relu()), ML_OK);
    assert_true(ml_net_hook(net, "1", both(&named)) > 0);
    ml_tensor *x = batch(net);
    ml_real out[3 * N];
    assert_int_equal(ml_predict(net, x->data, N, out), ML_OK);
    assert_true(d.n == 21 && named.n == 1);
    ml_tensor_free(x);
    ml_net_free(net);
}

/* ---- errors ---- */

static void a_hook_that_stops(void **state)
{
    (void)state;
    ml_net *net = small();
    ml_tensor *x = batch(net);
    ml_tape *t = ml_tape_new();
    ml_real out[3 * N];
    diary d = {.answer = ML_ESTATE};
    ml_error_clear();
    int64_t id = ml_net_hook(net, "body.1", (ml_hook){note, NULL, &d});
    assert_null(ml_net_forward(net, t, x));
    assert_int_equal(ml_tape_error(t), ML_ESTATE);
    assert_string_equal(ml_tape_error_text(t), "net: the hook on layer body.1 (tanh) stopped forward with status 5");
    assert_int_equal(ml_predict(net, x->data, N, out), ML_ESTATE);
    assert_int_equal(ml_net_unhook(net, id), ML_OK);
    id = ml_net_hook(net, "body.1", (ml_hook){NULL, note, &d});
    ml_error_clear();
    assert_int_equal(learn(net, t, x), ML_ESTATE);
    assert_string_equal(ml_error(), "net: the hook on layer body.1 (tanh) stopped backward with status 5");
    assert_int_equal(ml_tape_error(t), ML_ESTATE);
    assert_int_equal(ml_net_unhook(net, id), ML_OK);
    d.answer = ML_EIO;
    assert_true(ml_net_hook(net, "head", (ml_hook){note, NULL, &d}) > 0);
    ml_npy npy;
    assert_int_equal(ml_npy_read("there is no such file", &npy), ML_EIO);
    assert_int_equal(learn(net, t, x), ML_EIO);
    assert_non_null(strstr(ml_error(), "stopped forward with status 3; the last error is: "));
    assert_non_null(strstr(ml_error(), "there is no such file"));
    ml_tape_free(t);
    ml_tensor_free(x);
    ml_net_free(net);
}

static void hooks_that_cannot_be(void **state)
{
    (void)state;
    ml_net *net = small();
    diary d = {0};
    assert_int_equal(ml_net_hook(net, "body.7", both(&d)), 0);
    assert_string_equal(ml_error(), "hook: no layer of the net is named \"body.7\"");
    assert_int_equal(ml_net_hook(net, "", both(&d)), 0);
    assert_int_equal(ml_net_hook(net, "-1", both(&d)), 0); /* the input */
    assert_int_equal(ml_net_hook(net, "head", (ml_hook){NULL, NULL, &d}), 0);
    assert_string_equal(ml_error(), "hook: both functions are NULL");
    assert_int_equal(ml_net_hook(NULL, "head", both(&d)), 0);
    for (int i = 0; i < net->self->n; i++)
        assert_null(net->self->layers[i].hooks);
    ml_net_free(net);
}

/* ---- custom nets ---- */

typedef struct model {
    ml_net *net;
    ml_tensor *w, *v;
} model;

static ml_tensor *model_forward(void *user, ml_tape *t, ml_tensor *x)
{
    model *m = user;
    ml_tensor *h = ml_net_point(m->net, t, "hidden", x, ml_tanh(t, ml_linear(t, x, m->w, NULL)));
    return ml_linear(t, h, m->v, NULL);
}

static void custom_nets(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(4);
    int64_t four = 4, w[] = {6, 4}, v[] = {3, 6};
    model m;
    m.net = ml_net_custom(model_forward, &m, 1, &four);
    m.w = ml_param(m.net->params, "w", 2, w), m.v = ml_param(m.net->params, "v", 2, v);
    ml_init_normal(m.w, &rng, 0, 1), ml_init_normal(m.v, &rng, 0, 1);
    diary all = {0}, hidden = {0}, whole = {0}, nobody = {0};
    assert_true(ml_net_hook(m.net, NULL, both(&all)) > 0);
    assert_true(ml_net_hook(m.net, "hidden", both(&hidden)) > 0);
    assert_true(ml_net_hook(m.net, "", both(&whole)) > 0);
    assert_true(ml_net_hook(m.net, "no such point", both(&nobody)) > 0); /* the net cannot know */
    ml_tensor *x = batch(m.net);
    ml_tape *t = ml_tape_new();
    assert_int_equal(learn(m.net, t, x), ML_OK);
    assert_int_equal(all.n, 4);
    assert_event(&all, 0, "hidden", "point", false);
    assert_event(&all, 1, "", "custom", false);
    assert_event(&all, 2, "", "custom", true);
    assert_event(&all, 3, "hidden", "point", true);
    assert_true(hidden.n == 2 && whole.n == 2 && nobody.n == 0);
    assert_true(all.e[1].x == all.e[0].x && all.e[0].y > 0 && all.e[3].dy > 0);

    assert_null(ml_net_point(NULL, t, "a", x, x));
    assert_int_equal(ml_tape_error(t), ML_EINVAL);
    assert_null(ml_net_point(m.net, t, "a", x, NULL)); /* the first error stays */
    assert_string_equal(ml_tape_error_text(t), "net_point: the net is NULL");
    hidden.answer = ML_EINVAL;
    assert_int_equal(learn(m.net, t, x), ML_EINVAL);
    assert_non_null(strstr(ml_error(), "net: the hook on layer hidden (point) stopped forward with status 1"));
    ml_tape_free(t);
    ml_tensor_free(x);
    ml_net_free(m.net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forward_then_backward),
        cmocka_unit_test(the_gradient_is_the_tapes),
        cmocka_unit_test(a_watched_net_computes_the_same_bits),
        cmocka_unit_test(watching_allocates_nothing),
        cmocka_unit_test(nothing_comes_back_where_nothing_flows),
        cmocka_unit_test(several_in_their_order),
        cmocka_unit_test(off_between_forward_and_backward),
        cmocka_unit_test(a_hook_takes_itself_off),
        cmocka_unit_test(layers_that_join_later),
        cmocka_unit_test(a_hook_that_stops),
        cmocka_unit_test(hooks_that_cannot_be),
        cmocka_unit_test(custom_nets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
