/* Layers that bend: each is its op, costs nothing, keeps the shape, and comes back from a file; bad options get a sentence. */
#include "support/check.h"
#include "support/tmp.h"

#include "nn/nn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static ml_net *made(ml_net *net)
{
    if (!net)
        fail_msg("%s", ml_error());
    return net;
}

typedef ml_tensor *(*op)(ml_tape *, ml_tensor *);
static ml_tensor *leaky(ml_tape *t, ml_tensor *x) { return ml_leaky_relu(t, x, 0.01); }
static ml_tensor *leaky_half(ml_tape *t, ml_tensor *x) { return ml_leaky_relu(t, x, 0.5); }
static ml_tensor *leaky_zero(ml_tape *t, ml_tensor *x) { return ml_leaky_relu(t, x, 0); }
static ml_tensor *elu(ml_tape *t, ml_tensor *x) { return ml_elu(t, x, 1); }
static ml_tensor *elu_2(ml_tape *t, ml_tensor *x) { return ml_elu(t, x, 2); }
static ml_tensor *elu_zero(ml_tape *t, ml_tensor *x) { return ml_elu(t, x, 0); }
static ml_tensor *softmax(ml_tape *t, ml_tensor *x) { return ml_softmax(t, x, -1); }
static ml_tensor *log_softmax(ml_tape *t, ml_tensor *x) { return ml_log_softmax(t, x, -1); }

static void assert_is_op(ml_net *net, op f)
{
    ml_rng rng = ml_rng_seed(2);
    ml_tensor *x = random_tensor(&rng, 3, (int64_t[]){5, 2, 3}, -3, 3);
    ml_tape *t = ml_tape_new();
    ml_tensor *y = ml_net_forward(net, t, x), *z = f(t, x);
    assert_true(y && z && y->rank == 3 && y->size == x->size);
    assert_memory_equal(y->shape, x->shape, 3 * sizeof *x->shape);
    assert_memory_equal(y->data, z->data, (size_t)x->size * sizeof *x->data);
    assert_int_equal(ml_backward(t, ml_sum(t, ml_mul(t, y, y), ML_ALL, false)), ML_OK);
    ml_tape_free(t);
    ml_tensor_free(x);
}

/* json: what the file says of it. */
static void check_layer(ml_layer layer, op f, const char *json)
{
    char want[160];
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = made(ml_net_new(&rng, ML_INPUT(2, 3), layer));
    assert_int_equal(ml_net_macs(net), 0);
    assert_int_equal(ml_params_size(net->params), 0);
    assert_is_op(net, f);
    char *text = mli_net_architecture(net);
    snprintf(want, sizeof want, "[{\"kind\":\"input\",\"shape\":[2,3]},%s]", json);
    assert_string_equal(text, want);
    free(text);
    assert_int_equal(ml_net_save(net, tmp_path("net.safetensors"), NULL), ML_OK);
    ml_net *back = made(ml_net_load(tmp_path("net.safetensors"), NULL));
    assert_is_op(back, f);
    ml_net_free(net);
    ml_net_free(back);
}

static void each_is_its_op_and_comes_back_from_a_file(void **state)
{
    (void)state;
    check_layer(ML_RELU(), ml_relu, "{\"kind\":\"relu\"}");
    check_layer(ML_SIGMOID(), ml_sigmoid, "{\"kind\":\"sigmoid\"}");
    check_layer(ML_TANH(), ml_tanh, "{\"kind\":\"tanh\"}");
    check_layer(ML_LEAKY_RELU(0), leaky, "{\"kind\":\"leaky_relu\"}");
    check_layer(ML_LEAKY_RELU(0.5), leaky_half, "{\"kind\":\"leaky_relu\",\"slope\":0.5}");
    check_layer(ML_LEAKY_RELU(ML_ZERO), leaky_zero, "{\"kind\":\"leaky_relu\",\"slope\":0.0}");
    check_layer(ML_ELU(), elu, "{\"kind\":\"elu\"}");
    check_layer(ML_ELU(.alpha = 2), elu_2, "{\"kind\":\"elu\",\"alpha\":2.0}");
    check_layer(ML_ELU(.alpha = ML_ZERO), elu_zero, "{\"kind\":\"elu\",\"alpha\":0.0}");
    check_layer(ML_GELU(), ml_gelu, "{\"kind\":\"gelu\"}");
    check_layer(ML_GELU_TANH(), ml_gelu_tanh, "{\"kind\":\"gelu_tanh\"}");
    check_layer(ML_SILU(), ml_silu, "{\"kind\":\"silu\"}");
    check_layer(ML_SOFTPLUS(), ml_softplus, "{\"kind\":\"softplus\"}");
    check_layer(ML_SOFTMAX(), softmax, "{\"kind\":\"softmax\"}");
    check_layer(ML_LOG_SOFTMAX(), log_softmax, "{\"kind\":\"log_softmax\"}");
}

static void the_table_shows_the_numbers(void **state)
{
    (void)state;
    char text[2048] = "";
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = made(ml_net_new(&rng, ML_INPUT(4), ML_LEAKY_RELU(0), ML_LEAKY_RELU(0.25), ML_ELU(), ML_ELU(.alpha = ML_ZERO), ML_GELU()));
    FILE *f = tmpfile();
    ml_net_print(f, net);
    rewind(f);
    assert_true(fread(text, 1, sizeof text - 1, f) > 0);
    fclose(f);
    const char *const rows[] = {"0 leaky_relu, slope 0.01 ", "1 leaky_relu, slope 0.25 ", "2 elu, alpha 1 ", "3 elu, alpha 0 ", "4 gelu "};
    for (int i = 0; i < 5; i++)
        if (!strstr(text, rows[i]))
            fail_msg("no \"%s\" in\n%s", rows[i], text);
    ml_net_free(net);
}

static void assert_refused(ml_layer layer, const char *sentence)
{
    ml_rng rng = ml_rng_seed(1);
    assert_null(ml_net_new(&rng, ML_INPUT(9, 7, 6), layer));
    assert_int_equal(ml_error_status(), ML_EINVAL);
    assert_string_equal(ml_error(), sentence);
}

static void bad_options_get_a_sentence(void **state)
{
    (void)state;
    assert_refused(ML_LEAKY_RELU(NAN), "net: layer 0 (leaky_relu): leaky_relu: slope is nan, not a finite " ML_REAL_NAME);
    assert_refused(ML_LEAKY_RELU(INFINITY), "net: layer 0 (leaky_relu): leaky_relu: slope is inf, not a finite " ML_REAL_NAME);
    assert_refused(ML_ELU(.alpha = -0.5), "net: layer 0 (elu): elu: alpha is -0.5, not a finite " ML_REAL_NAME " of 0 or more");
    assert_refused(ML_ELU(.alpha = NAN), "net: layer 0 (elu): elu: alpha is nan, not a finite " ML_REAL_NAME " of 0 or more");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_is_its_op_and_comes_back_from_a_file, tmp_setup, tmp_teardown),
        cmocka_unit_test(the_table_shows_the_numbers),
        cmocka_unit_test(bad_options_get_a_sentence),
    };
    return cmocka_run_group_tests_name("nn/activations", tests, NULL, NULL);
}
