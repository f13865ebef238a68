/* Blocks and names: the names that PyTorch gives, sequences, residuals and branches, their errors, the table. */
#include "support/check.h"

#include "nn/nn.h"

#include <string.h>

static ml_net *made(ml_net *net)
{
    if (!net)
        fail_msg("%s", ml_error());
    return net;
}

static void assert_names(const ml_net *net, const char *const *names, int n)
{
    assert_int_equal(ml_params_count(net->params), n);
    for (int i = 0; i < n; i++)
        assert_string_equal(ml_params_at(net->params, i)->name, names[i]);
}
#define NAMES(net, ...)                                                                                    \
    assert_names(net, (const char *const[]){__VA_ARGS__}, (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)))

/* ---- names ---- */

static void named_as_in_pytorch(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = made(ml_net_new(&rng, ML_INPUT(4), ML_NAME("features", ML_SEQ(ML_DENSE(5), ML_RELU(), ML_DENSE(6))),
                                  ML_SEQ(ML_NAME("inner", ML_DENSE(3, .no_bias = true)), ML_DENSE(3)),
                                  ML_NAME("fc1", ML_DENSE(2))));
    NAMES(net, "features.0.weight", "features.0.bias", "features.2.weight", "features.2.bias", "1.inner.weight", "1.1.weight",
          "1.1.bias", "fc1.weight", "fc1.bias");
    assert_int_equal(ml_params_freeze(net->params, "features.", true), 4);
    assert_int_equal(ml_net_outputs(net), 2);
    assert_int_equal(ml_net_macs(net), 4 * 5 + 5 * 6 + 6 * 3 + 3 * 3 + 3 * 2);
    ml_net_free(net);
}

static void an_empty_name_adds_nothing(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = made(ml_net_new(
        &rng, ML_INPUT(4),
        ML_NAME("layer1", ML_SEQ(ML_NAME("", ML_SEQ(ML_NAME("a", ML_DENSE(5)), ML_NAME("", ML_SEQ(ML_NAME("b", ML_DENSE(4)))))),
                                 ML_DENSE(3))),
        ML_NAME("", ML_DENSE(2, .no_bias = true))));
    NAMES(net, "layer1.a.weight", "layer1.a.bias", "layer1.b.weight", "layer1.b.bias", "layer1.1.weight", "layer1.1.bias",
          "weight");
    ml_net_free(net);
}

static void the_last_name_given_counts(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    char name[] = "fc";
    ml_layer layer = ML_NAME(name, ML_NAME("old", ML_DENSE(2, .no_bias = true)));
    ml_net *net = made(ml_net_new(&rng, ML_INPUT(4), layer));
    memset(name, 'x', 2); /* the net has a copy */
    NAMES(net, "fc.weight");
    assert_string_equal(net->self->layers[1].spec.name, "fc");
    ml_net_free(net);
}

/* ---- what blocks compute ---- */

static ml_tensor *input(ml_rng *rng, int64_t n, int64_t d)
{
    ml_tensor *x = ml_tensor_new(2, (int64_t[]){n, d});
    assert_non_null(x);
    ml_init_normal(x, rng, 0, 1);
    return x;
}

static void a_seq_is_its_layers(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1), again = rng;
    ml_net *nested = made(ml_net_new(&rng, ML_INPUT(4), ML_SEQ(ML_DENSE(5), ML_SEQ(ML_TANH(), ML_DENSE(6))), ML_RELU()));
    ml_net *plain = made(ml_net_new(&again, ML_INPUT(4), ML_DENSE(5), ML_TANH(), ML_DENSE(6), ML_RELU()));
    ml_tensor *x = input(&rng, 3, 4);
    ml_real a[18], b[18];
    assert_int_equal(ml_predict(nested, x->data, 3, a), ML_OK);
    assert_int_equal(ml_predict(plain, x->data, 3, b), ML_OK);
    assert_memory_equal(a, b, sizeof a);
    ml_tensor_free(x);
    ml_net_free(nested);
    ml_net_free(plain);
}

static void a_residual_adds(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = made(ml_net_new(&rng, ML_INPUT(4), ML_RESIDUAL(ML_SEQ(ML_DENSE(7), ML_RELU(), ML_DENSE(4))),
                                  ML_RESIDUAL(ML_NAME("main", ML_DENSE(3)), ML_NAME("shortcut", ML_DENSE(3)))));
    NAMES(net, "0.0.0.weight", "0.0.0.bias", "0.0.2.weight", "0.0.2.bias", "1.main.weight", "1.main.bias", "1.shortcut.weight",
          "1.shortcut.bias");
    assert_int_equal(ml_net_macs(net), 4 * 7 + 7 * 4 + 2 * 4 * 3);
    ml_tensor *x = input(&rng, 2, 4), *p[8];
    for (int i = 0; i < 8; i++)
        p[i] = ml_params_at(net->params, i);
    ml_tape *t = ml_tape_new();
    ml_tensor *y = ml_net_forward(net, t, x);
    ml_tensor *h = ml_add(t, ml_linear(t, ml_relu(t, ml_linear(t, x, p[0], p[1])), p[2], p[3]), x);
    ml_tensor *z = ml_add(t, ml_linear(t, h, p[4], p[5]), ml_linear(t, h, p[6], p[7]));
    assert_non_null(y);
    assert_memory_equal(y->data, z->data, 6 * sizeof(ml_real));
    ml_tape_free(t);
    ml_tensor_free(x);
    ml_net_free(net);
}

static void a_branch_puts_side_by_side(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = made(ml_net_new(&rng, ML_INPUT(2, 4), ML_BRANCH(ML_IDENTITY(), ML_SEQ(ML_TANH(), ML_SIGMOID()), ML_RELU())));
    ml_tensor *x = ml_tensor_new(3, (int64_t[]){3, 2, 4});
    ml_init_normal(x, &rng, 0, 1);
    ml_tape *t = ml_tape_new();
    ml_tensor *y = ml_net_forward(net, t, x), *s = ml_sigmoid(t, ml_tanh(t, x)), *r = ml_relu(t, x);
    assert_non_null(y);
    assert_true(y->rank == 3 && y->shape[1] == 2 && y->shape[2] == 12);
    assert_int_equal(ml_net_outputs(net), 24);
    for (int i = 0; i < 6; i++) {
        assert_memory_equal(y->data + 12 * i, x->data + 4 * i, 4 * sizeof(ml_real));
        assert_memory_equal(y->data + 12 * i + 4, s->data + 4 * i, 4 * sizeof(ml_real));
        assert_memory_equal(y->data + 12 * i + 8, r->data + 4 * i, 4 * sizeof(ml_real));
    }
    ml_tape_free(t);
    ml_tensor_free(x);
    ml_net_free(net);
}

static ml_tensor *loss_of(ml_tape *t, ml_tensor *const *inputs, int n, void *user)
{
    (void)inputs, (void)n;
    ml_net *net = user;
    ml_rng rng = ml_rng_seed(9);
    int64_t shape[] = {3, 4};
    ml_real v[12];
    for (int i = 0; i < 12; i++)
        v[i] = (ml_real)ml_rng_normal(&rng);
    ml_tensor *y = ml_net_forward(net, t, ml_constant(t, 2, shape, v));
    return ml_mean(t, ml_mul(t, y, y), ML_ALL, false);
}

static void gradients_pass_through_blocks(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(3);
    ml_net *net = made(ml_net_new(
        &rng, ML_INPUT(4), ML_RESIDUAL(ML_SEQ(ML_DENSE(5), ML_TANH(), ML_DENSE(4))),
        ML_BRANCH(ML_DENSE(2), ML_SEQ(ML_TANH(), ML_RESIDUAL(ML_DENSE(3), ML_DENSE(3, .no_bias = true))), ML_IDENTITY())));
    ml_tensor *p[16];
    int n = ml_params_count(net->params);
    assert_in_range(n, 1, 16);
    for (int i = 0; i < n; i++)
        p[i] = ml_params_at(net->params, i);
    assert_int_equal(ml_params_seal(net->params), ML_OK);
    assert_gradients(loss_of, p, n, net);
    ml_net_free(net);
}

/* ---- errors ---- */

static void assert_fails(ml_net *net, const char *sentence)
{
    assert_null(net);
    assert_string_equal(ml_error(), sentence);
    assert_int_equal(ml_error_status(), ML_EINVAL);
}

static void blocks_that_do_not_fit(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    const ml_layer none = {0};
    assert_fails(ml_net_new(&rng, ML_INPUT(4), ML_NAME("net", ML_SEQ(ML_RELU(), ML_SEQ(ML_DENSE(0))))),
                 "net: layer net.1.0 (dense): out is 0: say how many features out");
    assert_fails(ml_net_new(&rng, ML_INPUT(4), ML_RESIDUAL(ML_DENSE(5))),
                 "net: layer 0 (residual): main gives 5 but 4 comes in: they are added, so give a shortcut that makes one of the "
                 "other");
    assert_fails(ml_net_new(&rng, ML_INPUT(2, 4), ML_RESIDUAL(ML_FLATTEN(), ML_IDENTITY())),
                 "net: layer 0 (residual): main gives 8 but the shortcut 2x4: they are added, so both must have one shape");
    assert_fails(ml_net_new(&rng, ML_INPUT(4), ML_RESIDUAL(ML_RELU(), ML_RELU(), ML_RELU())),
                 "net: layer 0 (residual): it has 3 layers inside: there may be two, main and shortcut, each of which may be "
                 "ML_SEQ(...)");
    assert_fails(ml_net_new(&rng, ML_INPUT(2, 4), ML_BRANCH(ML_RELU(), ML_TANH(), ML_FLATTEN())),
                 "net: layer 0 (branch): inside, layer 2 gives 8 but those before it together 2x8: only the last axis may differ");
    assert_fails(ml_net_new(&rng, ML_INPUT(4), ML_SEQ(ML_RELU(), ML_INPUT(4))),
                 "net: layer 0.1 (input): only the first layer of a net may be an input");
    assert_fails(ml_net_new(&rng, ML_INPUT(4), ml_layer_seq(NULL, 3)), "net: layer 0 (seq): it has no layers inside");
    assert_fails(ml_net_new(&rng, ML_INPUT(4), ml_layer_branch(&none, -1)), "net: layer 0 (branch): it has no layers inside");
    assert_fails(ml_net_new(&rng, ML_INPUT(4), ml_layer_seq(&none, 1)), "net: layer 0.0 (?): it is not one of ml_layer_...");
    assert_fails(ml_net_new(&rng, ML_INPUT(4), ML_BRANCH(ML_NAME("a", ML_DENSE(1)), ML_NAME("a", ML_DENSE(1)))),
                 "net: layer 0.a (dense): param: there is already one named \"0.a.weight\"");
    assert_fails(ml_net_new(&rng, ML_INPUT(4), ML_NAME("", ML_SEQ(ML_DENSE(-1)))),
                 "net: layer 0 (dense): out is -1: it must be >= 1");
    assert_fails(ml_net_new(&rng, ML_INPUT(4), ML_NAME("", ML_DENSE(-1))),
                 "net: layer \"\" (dense): out is -1: it must be >= 1");
    assert_true(rng.counter == 0);
}

static void names_that_cannot_be(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    char name[256];
    memset(name, 'a', sizeof name);
    name[255] = 0;
    ml_net *net = made(ml_net_new(&rng, ML_INPUT(4), ML_NAME(name, ML_DENSE(1, .no_bias = true))));
    assert_int_equal(strlen(ml_params_at(net->params, 0)->name), 255 + strlen(".weight"));
    ml_net_free(net);
    assert_fails(ml_net_new(&rng, ML_INPUT(4), ML_NAME("block", ML_SEQ(ML_NAME("a\nb", ML_DENSE(1))))),
                 "net: layer block (dense): its name has a control character, such as a line end");
    name[253] = 0;
    assert_fails(ml_net_new(&rng, ML_INPUT(4), ML_NAME("abc", ML_SEQ(ML_NAME(name, ML_DENSE(1))))),
                 "net: layer abc (dense): its name has 253 bytes: with the names around it there may be 255");
}

static void nesting_has_an_end(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    ml_layer deep[40] = {ML_DENSE(3)}, pair[2] = {{0}, {0}};
    for (int i = 1; i < 40; i++)
        deep[i] = ml_layer_seq(&deep[i - 1], 1);
    ml_net *net = made(ml_net_new(&rng, ML_INPUT(4), deep[32]));
    ml_tensor *x = input(&rng, 2, 4);
    ml_real y[6];
    assert_int_equal(ml_predict(net, x->data, 2, y), ML_OK);
    ml_tensor_free(x);
    ml_net_free(net);
    assert_null(ml_net_new(&rng, ML_INPUT(4), deep[33]));
    assert_non_null(strstr(ml_error(), "(dense): it is inside of 33 blocks: there may be 32"));
    pair[0] = ml_layer_seq(pair, 1); /* a block inside itself ends too */
    assert_null(ml_net_build(&rng, (ml_layer[]){ML_INPUT(4), pair[0]}, 2));
    assert_non_null(strstr(ml_error(), "it is inside of 33 blocks"));
}

static void a_failed_block_changes_nothing(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = made(ml_net_new(&rng, ML_INPUT(4), ML_DENSE(5)));
    assert_int_equal(ml_net_add(net, ML_SEQ(ML_DENSE(6), ML_SEQ(ML_DENSE(7), ML_DENSE(-1)))), ML_EINVAL);
    assert_int_equal(ml_params_count(net->params), 2);
    assert_int_equal(ml_net_outputs(net), 5);
    assert_int_equal(ml_net_add(net, ML_SEQ(ML_DENSE(6), ML_SEQ(ML_DENSE(7)))), ML_OK);
    NAMES(net, "0.weight", "0.bias", "1.0.weight", "1.0.bias", "1.1.0.weight", "1.1.0.bias");
    ml_net_free(net);
}

/* ---- the table ---- */

static void the_table_shows_the_tree(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = made(ml_net_new(
        &rng, ML_INPUT(4), ML_NAME("features", ML_SEQ(ML_DENSE(6), ML_RELU())),
        ML_NAME("", ML_RESIDUAL(ML_NAME("", ML_SEQ(ML_NAME("a", ML_DENSE(6, .no_bias = true)))))), ML_NAME("fc", ML_DENSE(1))));
    FILE *f = tmpfile();
    char text[2048] = "";
    ml_net_print(f, net);
    rewind(f);
    assert_true(fread(text, 1, sizeof text - 1, f) > 0);
    fclose(f);
    if (sizeof(ml_real) == 4)
        assert_string_equal(text, "layer                 output  params  MACs  bytes\n"
                                  "--------------------  ------  ------  ----  -----\n"
                                  "input                 4            0     0      0\n"
                                  "features seq          6\n"
                                  "  0 dense             6           30    24    120\n"
                                  "  1 relu              6            0     0      0\n"
                                  "residual              6\n"
                                  "  seq                 6\n"
                                  "    a dense, no bias  6           36    36    144\n"
                                  "fc dense              1            7     6     28\n"
                                  "--------------------  ------  ------  ----  -----\n"
                                  "total                             73    66    292\n");
    ml_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(named_as_in_pytorch),
        cmocka_unit_test(an_empty_name_adds_nothing),
        cmocka_unit_test(the_last_name_given_counts),
        cmocka_unit_test(a_seq_is_its_layers),
        cmocka_unit_test(a_residual_adds),
        cmocka_unit_test(a_branch_puts_side_by_side),
        cmocka_unit_test(gradients_pass_through_blocks),
        cmocka_unit_test(blocks_that_do_not_fit),
        cmocka_unit_test(names_that_cannot_be),
        cmocka_unit_test(nesting_has_an_end),
        cmocka_unit_test(a_failed_block_changes_nothing),
        cmocka_unit_test(the_table_shows_the_tree),
    };
    return cmocka_run_group_tests_name("nn/blocks", tests, NULL, NULL);
}
