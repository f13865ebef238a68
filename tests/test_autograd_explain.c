/* ml_explain: the printed numbers multiply and add up to the gradients that backward gave, in every block of the text; and
 * those of the perceptron of week 1 are the ones on paper. */
#include "autograd/inspect.h"
#include "autograd/terms.h"
#include "support/check.h"
#include "support/tiny_ops.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SHAPE(...) (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (int64_t[]){__VA_ARGS__}

static ml_tape *open_tape(void)
{
    ml_tape *t = ml_tape_open((ml_tape_opts){.inspect = true});
    assert_non_null(t);
    return t;
}

static char *explained(ml_tape *t, const ml_tensor *x, int64_t i)
{
    char *text = ml_explain(t, x, i);
    if (!text)
        fail_msg("%s", ml_error());
    return text;
}

static void has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("the text lacks \"%s\":\n%s", part, text);
}

static void lacks(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("the text has \"%s\":\n%s", part, text);
}

/* ---- a reader of the text ---- */

/* Six digits are printed, and a float has seven: products and sums agree to this, on the scale of the largest term. */
static const double PRINTED = 2e-5;

typedef struct block {
    double gradient, sum, scale; /* as the head says; of the terms; the largest of them */
    int terms;
    int64_t others;
    bool exact; /* the number of others is */
} block;

static double last_number(const char *line)
{
    const char *sign = strrchr(line, '=');
    assert_non_null(sign);
    return strtod(sign + 1, NULL);
}

static void read_term(const char *line, block *b, const char *text)
{
    const char *times = strstr(line, " * "), *from = times;
    double product = last_number(line), partial = strtod(times + 3, NULL);
    while (from > line && from[-1] != ' ')
        from--;
    double upstream = strtod(from, NULL);
    if (!(fabs(upstream * partial - product) <= PRINTED * fabs(product) + 1e-300))
        fail_msg("%g * %g is not %g in:\n%s", upstream, partial, product, text);
    b->sum += product;
    b->scale = fmax(b->scale, fabs(product));
    b->terms++;
}

static void read_others(const char *line, block *b)
{
    b->exact = strncmp(line, "  at most ", 10) != 0;
    b->others = strtoll(line + (b->exact ? 2 : 10), NULL, 10);
    b->sum += last_number(line);
    b->scale = fmax(b->scale, fabs(last_number(line)));
}

/* Reads the block at *at, checks it, and goes on to the next. False where there is none. */
static bool read_block(const char **at, block *b, const char *text)
{
    char line[1024];
    *b = (block){.exact = true};
    if (strncmp(*at, "dL/d ", 5) != 0)
        return false;
    for (bool head = true; **at && **at != '\n'; head = false) {
        size_t n = strcspn(*at, "\n");
        assert_true(n < sizeof line);
        memcpy(line, *at, n);
        line[n] = 0;
        *at += n + 1;
        if (head)
            b->gradient = strtod(strchr(line, '=') + 1, NULL);
        else if (strstr(line, " * "))
            read_term(line, b, text);
        else if (strstr(line, " other"))
            read_others(line, b);
        else if (strstr(line, "this is the loss"))
            b->sum += 1, b->scale = fmax(b->scale, 1);
    }
    *at += **at == '\n';
    if (!(fabs(b->sum - b->gradient) <= 4 * PRINTED * fmax(b->scale, fabs(b->gradient))))
        fail_msg("the terms make %g, the gradient is %g in:\n%s", b->sum, b->gradient, text);
    return true;
}

/* Checks a whole text against the gradient that backward left in x. Returns how many blocks it has. */
static int check_text(const char *text, const ml_tensor *x, int64_t i, block *first)
{
    const char *at = text;
    block b;
    int n = 0;
    for (; read_block(&at, &b, text); n++)
        if (n == 0)
            *first = b;
    assert_true(n > 0);
    double g = (double)x->grad[i];
    if (!(fabs(first->gradient - g) <= PRINTED * fmax(fabs(g), 1e-3 * first->scale)))
        fail_msg("backward gave %g, the text says %g:\n%s", g, first->gradient, text);
    return n;
}

/* ---- by hand ---- */

typedef struct hand {
    ml_tape *t;
    ml_params *ps;
    ml_tensor *w, *b, *v, *c, *loss;
} hand;

/* Week 1: two inputs, two hidden units (relu), one output, squared error. */
static hand perceptron(ml_real b2)
{
    hand h = {.t = open_tape(), .ps = ml_params_new()};
    h.w = ml_param(h.ps, "W", SHAPE(2, 2)), h.b = ml_param(h.ps, "b", SHAPE(2));
    h.v = ml_param(h.ps, "V", SHAPE(1, 2)), h.c = ml_param(h.ps, "c", SHAPE(1));
    const ml_real w[] = {1, (ml_real)0.5, (ml_real)0.5, 1};
    memcpy(h.w->data, w, sizeof w);
    h.b->data[1] = b2, h.v->data[0] = 1, h.v->data[1] = -1;
    ml_tensor *x = ml_constant(h.t, SHAPE(1, 2), (ml_real[]){1, 1}), *target = ml_constant(h.t, SHAPE(1, 1), (ml_real[]){0});
    ml_tensor *y = ml_linear(h.t, ml_relu(h.t, ml_linear(h.t, x, h.w, h.b)), h.v, h.c);
    h.loss = ml_mse(h.t, y, target);
    assert_int_equal(ml_backward(h.t, h.loss), ML_OK);
    return h;
}

static void hand_free(hand *h)
{
    ml_tape_free(h->t);
    ml_params_free(h->ps);
}

static void the_chain_of_week_1(void **state)
{
    (void)state;
    hand h = perceptron(-1);
    char *text = explained(h.t, h.w, 3);
    assert_string_equal(text, "dL/d W[1,1] = -2                                W[1,1] = 1\n"
                              "  #0 linear[0,1]                         -2 * 1            = -2\n"
                              "\n"
                              "dL/d #0[0,1] = -2                               #0 linear[0,1] = 0.5\n"
                              "  #1 relu[0,1]                           -2 * 1            = -2\n"
                              "\n"
                              "dL/d #1[0,1] = -2                               #1 relu[0,1] = 0.5\n"
                              "  #2 linear[0,0]                          2 * -1           = -2\n"
                              "\n"
                              "dL/d #2[0,0] = 2                                #2 linear[0,0] = 1\n"
                              "  #3 mse                                  1 * 2            = 2\n"
                              "\n"
                              "dL/d #3 = 1                                     #3 mse = 1\n"
                              "  this is the loss, and dL/dL                              = 1\n"
                              "\n"
                              "Along this path the partials make 2 * -1 * 1 * 1 = -2: the whole gradient.\n");
    free(text);
    /* All nine, as docs/weeks/1.md has them on paper. */
    const double paper[] = {2, 2, -2, -2, 2, -2, 3, 1, 2};
    ml_tensor *all[] = {h.w, h.b, h.v, h.c};
    for (int k = 0, n = 0; k < 4; k++) {
        for (int64_t i = 0; i < all[k]->size; i++, n++) {
            block first;
            text = explained(h.t, all[k], i);
            assert_int_equal(check_text(text, all[k], i, &first), k < 2 ? 5 : 3);
            assert_true(first.gradient == paper[n] && first.terms == 1);
            has(text, ": the whole gradient.");
            free(text);
        }
    }
    /* A value in the middle, and the loss itself. */
    text = explained(h.t, h.loss, 0);
    assert_string_equal(text, "dL/d #3 = 1                                     #3 mse = 1\n"
                              "  this is the loss, and dL/dL                              = 1\n");
    free(text);
    hand_free(&h);
}

static void why_a_gradient_is_zero(void **state)
{
    (void)state;
    hand h = perceptron(-2); /* the second unit is silent */
    char *text = explained(h.t, h.w, 2);
    has(text, "dL/d W[1,0] = 0  ");
    has(text, "  #0 linear[0,1]                          0 * 1            = 0\n");
    has(text, "  every partial is 0 in #1 relu: the path ends\n");
    free(text);
    /* v2's path is whole, but h2 is 0. */
    text = explained(h.t, h.v, 1);
    has(text, "dL/d V[0,1] = 0  ");
    has(text, "  every partial is 0 in #2 linear: the path ends\n");
    free(text);
    ml_tensor *aside = ml_zeros(3);
    ml_requires_grad(aside);
    text = explained(h.t, aside, 1);
    has(text, "dL/d leaf[1] = 0 ");
    has(text, "  the loss does not depend on it\n");
    free(text);
    ml_tensor_free(aside);
    hand_free(&h);
}

static void it_disturbs_nothing(void **state)
{
    (void)state;
    hand h = perceptron(-1);
    ml_real grads[9];
    ml_tensor *all[] = {h.w, h.b, h.v, h.c, h.loss};
    for (int round = 0; round < 2; round++) {
        for (int k = 0, n = 0; k < 4; k++)
            for (int64_t i = 0; i < all[k]->size; i++, n++) {
                if (!round)
                    grads[n] = all[k]->grad[i];
                assert_true(all[k]->grad[i] == grads[n] && all[k]->has_grad);
                free(explained(h.t, all[k], i));
            }
        assert_true(h.loss->grad[0] == 1);
        assert_int_equal(ml_tape_error(h.t), ML_OK);
        assert_int_equal(ml_tape_ops(h.t), 4);
    }
    /* A second backward adds in the leaves: the text says so, and explains this tape's share. */
    assert_int_equal(ml_backward(h.t, h.loss), ML_OK);
    char *text = explained(h.t, h.w, 0);
    has(text, "dL/d W[0,0] = 2 ");
    has(text, "(its grad holds 4: earlier backwards have left their share)");
    free(text);
    hand_free(&h);
}

static void refused_with_a_sentence(void **state)
{
    (void)state;
    hand h = perceptron(-1);
    assert_null(ml_explain(NULL, h.w, 0));
    assert_string_equal(ml_error(), "explain: the tape is NULL");
    assert_null(ml_explain(h.t, NULL, 0));
    assert_string_equal(ml_error(), "explain: the tensor is NULL");
    assert_null(ml_explain(h.t, h.w, 4));
    assert_string_equal(ml_error(), "explain: element 4 of 2x2, which has 4");
    assert_null(ml_explain(h.t, h.w, -1));
    assert_null(ml_explain(h.t, h.w, INT64_MAX));
    ml_tape_reset(h.t);
    assert_null(ml_explain(h.t, h.w, 0));
    assert_int_equal(ml_error_status(), ML_ESTATE);
    assert_string_equal(ml_error(), "explain: nothing has been differentiated yet: call ml_backward first");
    ml_matmul(h.t, h.w, h.c);
    assert_null(ml_explain(h.t, h.w, 0));
    has(ml_error(), "explain: the tape has an error: matmul: ");
    ml_tape *plain = ml_tape_new();
    ml_backward(plain, ml_sum(plain, h.w, ML_ALL, false));
    assert_null(ml_explain(plain, h.w, 0));
    assert_int_equal(ml_error_status(), ML_ESTATE);
    assert_string_equal(ml_error(), "explain: the gradients in the middle are gone: open the tape with .inspect = true");
    ml_tape_free(plain);
    /* A rewind that takes the loss away takes its gradients. */
    ml_tape_reset(h.t);
    ml_mark mark = ml_tape_mark(h.t);
    assert_int_equal(ml_backward(h.t, ml_sum(h.t, h.w, ML_ALL, false)), ML_OK);
    assert_int_equal(ml_tape_rewind(h.t, mark), ML_OK);
    assert_null(ml_explain(h.t, h.w, 0));
    hand_free(&h);
}

/* ---- sums ---- */

static void used_twice_viewed_and_shared(void **state)
{
    (void)state;
    ml_tape *t = open_tape();
    block first;
    ml_tensor *x = ml_tensor_from(SHAPE(4), (ml_real[]){1, 2, 3, 4});
    ml_requires_grad(x);
    /* x^2 + 5x + x[2..3] * x[2..3] summed: 2x + 5, and 2x more in the second half. */
    ml_tensor *half = ml_slice(t, x, 0, 2, 4);
    ml_tensor *a = ml_sum(t, ml_mul(t, x, x), ML_ALL, false), *b = ml_sum(t, ml_scale(t, x, 5), ML_ALL, false);
    ml_tensor *c = ml_sum(t, ml_mul(t, half, half), ML_ALL, false);
    assert_int_equal(ml_backward(t, ml_add(t, ml_add(t, a, b), c)), ML_OK);
    char *text = explained(t, x, 0);
    check_text(text, x, 0, &first);
    assert_true(first.gradient == 7 && first.terms == 2 && first.others == 0);
    has(text, "  #3 scale[0]                             1 * 5            = 5\n"
              "  #1 mul[0]                               1 * 2            = 2\n"
              "  sum                                                      = 7\n");
    free(text);
    text = explained(t, x, 3); /* by the whole and by the view */
    check_text(text, x, 3, &first);
    assert_true(first.gradient == 21 && first.terms == 3);
    free(text);
    char *same = explained(t, half, 1); /* asked by the view: it looks into x */
    has(same, "dL/d leaf[3] = 21");
    free(same);
    ml_tape_free(t);
    ml_tensor_free(x);
}

static void a_loss_that_is_a_view(void **state)
{
    (void)state;
    ml_tape *t = open_tape();
    ml_tensor *x = ml_tensor_from(SHAPE(2), (ml_real[]){1, 2});
    ml_requires_grad(x);
    ml_tensor *y = ml_scale(t, x, 3);
    assert_int_equal(ml_backward(t, ml_slice(t, y, 0, 1, 2)), ML_OK);
    block first;
    char *text = explained(t, x, 1);
    assert_int_equal(check_text(text, x, 1, &first), 2);
    has(text, "dL/d #0[1] = 1 ");
    free(text);
    text = explained(t, x, 0); /* the other element is not looked at */
    has(text, "dL/d leaf[0] = 0 ");
    free(text);
    ml_tape_free(t);
    ml_tensor_free(x);
}

/* How many terms there are in truth, one backward an output. */
static int64_t count_terms(ml_tape *t, const ml_tensor *x, int64_t e, double *largest)
{
    int64_t count = 0;
    *largest = 0;
    for (int64_t i = 0; i < ml_tape_ops(t); i++) {
        const ml_node *n = mli_tape_node(t, i);
        if (!mli_reads(n, x, e))
            continue;
        ml_real *dy = calloc((size_t)n->out->size, sizeof *dy), *dx = calloc((size_t)x->size, sizeof *dx);
        for (int64_t o = 0; o < n->out->size; o++) {
            dy[o] = mli_dout(n)[o];
            assert_int_equal(mli_ask(t, n, x, dy, dx), ML_OK);
            count += dx[e] != 0;
            *largest = fmax(*largest, fabs((double)dx[e]));
            dy[o] = 0;
        }
        free(dy), free(dx);
    }
    return count;
}

/* A perceptron on a batch: a weight acts on 40 rows, a hidden value on 30 units. */
static void all_terms_of_a_perceptron(void **state)
{
    (void)state;
    enum { N = 40 };
    ml_rng rng = ml_rng_seed(11);
    ml_net *net = ml_net_new(&rng, ML_INPUT(7), ML_DENSE(30), ML_TANH(), ML_DENSE(30), ML_TANH(), ML_DENSE(3));
    ml_tensor *x = random_tensor(&rng, SHAPE(N, 7), -1, 1);
    int32_t labels[N];
    for (int i = 0; i < N; i++)
        labels[i] = (int32_t)ml_rng_below(&rng, 3);
    ml_tape *t = open_tape();
    assert_int_equal(ml_backward(t, ml_softmax_xent(t, ml_net_forward(net, t, x), (ml_ints){labels, N})), ML_OK);
    for (int k = 0; k < ml_params_count(net->params); k++) {
        ml_tensor *p = ml_params_at(net->params, k);
        for (int64_t i = 0; i < p->size; i += 1 + p->size / 5) {
            block first;
            double largest;
            char *text = explained(t, p, i);
            int blocks = check_text(text, p, i, &first);
            assert_in_range(blocks, 3, 7);
            assert_true(first.exact);
            assert_int_equal(first.terms + first.others, count_terms(t, p, i, &largest));
            lacks(text, "at most");
            free(text);
        }
    }
    ml_tape_free(t);
    ml_tensor_free(x);
    ml_net_free(net);
}

/* ---- LeNet ---- */

static ml_net *lenet(ml_rng *rng)
{
    return ml_net_new(rng, ML_INPUT(28, 28, 1), ML_CONV(6, .k = 5, .pad = 2), ML_RELU(), ML_POOL(2), ML_CONV(16, .k = 5), ML_RELU(),
                      ML_POOL(2), ML_FLATTEN(), ML_DENSE(120), ML_RELU(), ML_DENSE(84), ML_RELU(), ML_DENSE(10));
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int lines(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static void a_lenet_in_bounded_time_and_length(void **state)
{
    (void)state;
    enum { N = 4 }; /* valgrind and the sanitizers come here too */
    ml_rng rng = ml_rng_seed(4);
    ml_net *net = lenet(&rng);
    ml_tensor *x = random_tensor(&rng, SHAPE(N, 28, 28, 1), 0, 1);
    x->requires_grad = false; /* a batch */
    int32_t labels[N];
    for (int i = 0; i < N; i++)
        labels[i] = i % 10;
    ml_tape *t = open_tape();
    assert_int_equal(ml_backward(t, ml_softmax_xent(t, ml_net_forward(net, t, x), (ml_ints){labels, N})), ML_OK);
    double worst = 0;
    for (int k = 0; k < ml_params_count(net->params); k += 2) { /* the weights */
        ml_tensor *p = ml_params_at(net->params, k);
        block first;
        double begun = seconds();
        char *text = explained(t, p, p->size / 2), *again;
        worst = fmax(worst, seconds() - begun);
        int blocks = check_text(text, p, p->size / 2, &first);
        assert_in_range(blocks, 2, 16);
        assert_in_range(lines(text), 4, 120);
        /* On another number of threads the same text. */
        int threads = ml_threads();
        ml_set_threads(threads == 1 ? 2 : 1);
        again = k == 2 ? explained(t, p, p->size / 2) : NULL;
        ml_set_threads(threads);
        if (again)
            assert_string_equal(text, again);
        free(text), free(again);
    }
    print_message("LeNet, batch of %d: the longest explanation took %.2f s\n", N, worst);
    ml_tape_free(t);
    ml_tensor_free(x);
    ml_net_free(net);
}

/* Many terms of one op: those shown are among the largest, and one that towers is found. */
static void the_largest_is_found(void **state)
{
    (void)state;
    enum { N = 50000 };
    ml_tape *t = open_tape();
    ml_rng rng = ml_rng_seed(2);
    ml_tensor *s = ml_tensor_from(0, NULL, (ml_real[]){2}), *x = random_tensor(&rng, SHAPE(N), -1, 1);
    ml_requires_grad(s);
    x->requires_grad = false;
    for (int round = 0; round < 10; round++) {
        int64_t at = ml_rng_below(&rng, N);
        ml_real held = x->data[at];
        x->data[at] = 3000;
        ml_tape_reset(t);
        s->has_grad = false;
        assert_int_equal(ml_backward(t, ml_mean(t, ml_mul(t, s, x), ML_ALL, false)), ML_OK);
        mli_terms all;
        assert_int_equal(mli_terms_of(t, s, 0, &all), ML_OK);
        assert_int_equal(all.most[0].out, at);
        assert_int_equal(all.n, MLI_SHOWN);
        assert_false(all.counted);
        for (int k = 0; k + 1 < all.n; k++)
            assert_true(fabs(all.most[k].partial) >= fabs(all.most[k + 1].partial));
        assert_true(fabs(all.most[MLI_SHOWN - 1].partial) > 0.5); /* of 50,000 in 0 .. 1, shown are large ones */
        char *text = explained(t, s, 0);
        block first;
        check_text(text, s, 0, &first);
        has(text, "at most ");
        free(text);
        x->data[at] = held;
    }
    ml_tape_free(t);
    ml_tensor_free(s), ml_tensor_free(x);
}

static void a_long_chain_is_cut(void **state)
{
    (void)state;
    ml_tape *t = open_tape();
    ml_tensor *x = ml_tensor_from(0, NULL, (ml_real[]){1}), *y = x;
    ml_requires_grad(x);
    for (int i = 0; i < 1000; i++)
        y = ml_scale(t, y, 1);
    assert_int_equal(ml_backward(t, y), ML_OK);
    char *text = explained(t, x, 0);
    has(text, "64 stops are printed, the loss is #999.\n");
    assert_in_range(lines(text), 100, 260);
    free(text);
    ml_tape_free(t);
    ml_tensor_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_chain_of_week_1),
        cmocka_unit_test(why_a_gradient_is_zero),
        cmocka_unit_test(it_disturbs_nothing),
        cmocka_unit_test(refused_with_a_sentence),
        cmocka_unit_test(used_twice_viewed_and_shared),
        cmocka_unit_test(a_loss_that_is_a_view),
        cmocka_unit_test(all_terms_of_a_perceptron),
        cmocka_unit_test(a_lenet_in_bounded_time_and_length),
        cmocka_unit_test(the_largest_is_found),
        cmocka_unit_test(a_long_chain_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
