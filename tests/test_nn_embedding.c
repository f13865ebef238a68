/* The embedding layer: shapes, names, initial values, gradients, what it refuses; a net with one, trained, saved and loaded. */
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

static void rows_of_a_table(void **state)
{
    (void)state;
    char text[160];
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = made(ml_net_new(&rng, ML_INPUT(2, 3), ML_EMBEDDING(10, 4)));
    const mli_layer *l = &net->self->layers[1];
    assert_string_equal(mli_sample_text(&l->out, text, sizeof text), "2x3x4");
    assert_int_equal(l->params, 40);
    assert_int_equal(ml_net_macs(net), 0);
    assert_string_equal(ml_params_at(net->params, 0)->name, "0.weight");
    const ml_real ids[] = {0, 9, 3, 3, 3, -0.0f, 1, 2, 4, 5, 6, 7};
    ml_tensor *w = ml_params_at(net->params, 0), *x = ml_tensor_from(3, (int64_t[]){2, 2, 3}, ids);
    for (int body = 0; body < 3; body++) {
        ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = (ml_kernel)body});
        ml_tensor *y = ml_net_forward(net, t, x);
        assert_string_equal(ml_shape_text(y, text, sizeof text), "2x2x3x4");
        for (int i = 0; i < 12; i++)
            assert_memory_equal(y->data + 4 * i, w->data + 4 * (int)x->data[i], 4 * sizeof *y->data);
        ml_zero_grad(net->params);
        assert_int_equal(ml_backward(t, ml_sum(t, y, ML_ALL, false)), ML_OK);
        assert_true(w->grad[0] == 2 && w->grad[4 * 3] == 3 && w->grad[4 * 8] == 0 && w->grad[4 * 9 + 3] == 1);
        ml_tape_free(t);
    }
    ml_real out[24];
    assert_int_equal(ml_predict(net, x->data, 1, out), ML_OK);
    assert_memory_equal(out + 4, w->data + 36, 4 * sizeof *out);
    ml_tensor_free(x);
    ml_net_free(net);
}

/* As PyTorch's: normal, mean 0, deviation 1. */
static void first_values(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(2);
    ml_net *net = made(ml_net_new(&rng, ML_INPUT(1), ML_EMBEDDING(500, 40)));
    const ml_tensor *w = ml_params_at(net->params, 0);
    double mean = 0, square = 0;
    for (int64_t i = 0; i < w->size; i++) {
        mean += (double)w->data[i] / (double)w->size;
        square += pow((double)w->data[i], 2) / (double)w->size;
    }
    assert_true(fabs(mean) < 0.03 && fabs(square - 1) < 0.05);
    ml_net_free(net);
}

static void the_table(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = made(ml_net_new(&rng, ML_INPUT(20), ML_NAME("words", ML_EMBEDDING(1000, 16)), ML_FLATTEN(), ML_DENSE(2)));
    FILE *f = tmpfile();
    char text[2048] = "";
    ml_net_print(f, net);
    rewind(f);
    assert_true(fread(text, 1, sizeof text - 1, f) > 0);
    fclose(f);
    if (sizeof(ml_real) == 4)
        assert_string_equal(text, "layer                       output  params  MACs   bytes\n"
                                  "--------------------------  ------  ------  ----  ------\n"
                                  "input                       20           0     0       0\n"
                                  "words embedding, 1000 rows  20x16   16,000     0  64,000\n"
                                  "1 flatten                   320          0     0       0\n"
                                  "2 dense                     2          642   640   2,568\n"
                                  "--------------------------  ------  ------  ----  ------\n"
                                  "total                               16,642   640  66,568\n");
    ml_net_free(net);
}

/* ---- training: which of 12 words a sentence of 5 has, learnt by the row of each ---- */

static ml_net *words(uint64_t seed)
{
    ml_rng rng = ml_rng_seed(seed);
    return made(ml_net_new(&rng, ML_INPUT(5), ML_EMBEDDING(12, 3), ML_FLATTEN(), ML_DENSE(2)));
}

static double train(ml_net *net, int steps)
{
    enum { N = 64 };
    ml_real x[N * 5];
    int32_t label[N];
    ml_rng rng = ml_rng_seed(7);
    for (int i = 0; i < N; i++) {
        label[i] = 0;
        for (int k = 0; k < 5; k++) {
            x[5 * i + k] = (ml_real)ml_rng_below(&rng, 12);
            label[i] |= x[5 * i + k] == 4 || x[5 * i + k] == 9;
        }
    }
    ml_tape *t = ml_tape_new();
    ml_optim *opt = ml_adam(net->params, (ml_adam_opts){.lr = 0.05});
    double loss = 0;
    for (int i = 0; i < steps; i++) {
        ml_tape_reset(t);
        ml_tensor *logits = ml_net_forward(net, t, ml_constant(t, 2, (int64_t[]){N, 5}, x));
        ml_tensor *l = ml_softmax_xent(t, logits, (ml_ints){label, N});
        if (ml_backward(t, l) || ml_step(opt))
            fail_msg("%s", ml_error());
        loss = (double)l->data[0];
    }
    ml_optim_free(opt);
    ml_tape_free(t);
    return loss;
}

static void trains_with_the_same_bits_on_any_number_of_threads(void **state)
{
    (void)state;
    int threads = ml_threads();
    double losses[3];
    for (int k = 0; k < 3; k++) {
        ml_net *net = words(3);
        ml_set_threads(1 << k);
        losses[k] = train(net, 60);
        ml_net_free(net);
    }
    ml_set_threads(threads);
    assert_true(losses[0] < 0.05);
    assert_memory_equal(&losses[0], &losses[1], sizeof(double));
    assert_memory_equal(&losses[0], &losses[2], sizeof(double));
}

static void saved_and_loaded(void **state)
{
    (void)state;
    ml_net *net = words(3);
    train(net, 5);
    const char *path = tmp_path("net.safetensors");
    assert_int_equal(ml_net_save(net, path, NULL), ML_OK);
    ml_net *back = made(ml_net_load(path, NULL));
    char *text = mli_net_architecture(back);
    assert_string_equal(text, "[{\"kind\":\"input\",\"shape\":[5]},{\"kind\":\"embedding\",\"rows\":12,\"dims\":3},"
                              "{\"kind\":\"flatten\"},{\"kind\":\"dense\",\"out\":2}]");
    ml_real x[] = {0, 11, 3, 3, 9, 1, 2, 4, 5, 6}, y[4], z[4];
    assert_int_equal(ml_predict(net, x, 2, y), ML_OK);
    assert_int_equal(ml_predict(back, x, 2, z), ML_OK);
    assert_memory_equal(y, z, sizeof y);
    free(text);
    ml_net_free(net), ml_net_free(back);
}

/* ---- errors ---- */

static void assert_refused(ml_layer layer, const char *sentence)
{
    ml_rng rng = ml_rng_seed(1);
    assert_null(ml_net_new(&rng, ML_INPUT(4), layer));
    assert_int_equal(ml_error_status(), ML_EINVAL);
    if (!strstr(ml_error(), sentence))
        fail_msg("\"%s\" should say \"%s\"", ml_error(), sentence);
}

static void options_out_of_range(void **state)
{
    (void)state;
    assert_refused(ML_EMBEDDING(0, 4), "net: layer 0 (embedding): rows is 0: it must be in 1 .. ");
    assert_refused(ML_EMBEDDING(-5, 4), "rows is -5");
    assert_refused(ML_EMBEDDING(INT64_MAX, 4), "net: layer 0 (embedding): rows is 9223372036854775807: it must be in 1 .. ");
    if (sizeof(ml_real) == 4)
        assert_refused(ML_EMBEDDING((1 << 24) + 1, 1),
                       "rows is 16777217: it must be in 1 .. 16777216, as whole numbers of a float32 are");
    assert_refused(ML_EMBEDDING(4, 0), "net: layer 0 (embedding): dims is 0: it must be >= 1");
    assert_refused(ML_EMBEDDING(4, INT64_MIN), "dims is -9223372036854775808: it must be >= 1");
    assert_refused(ML_EMBEDDING(4, INT64_MAX), "net: layer 0 (embedding): ");
    assert_refused(ML_SEQ(ML_EMBEDDING(4, 1), ML_EMBEDDING(4, 1), ML_EMBEDDING(4, 1), ML_EMBEDDING(4, 1), ML_EMBEDDING(4, 1)),
                   "net: layer 0.4 (embedding): a sample is 4x1x1x1x1 here: there is no room for an axis more");
}

static void what_is_no_row_is_named(void **state)
{
    (void)state;
    ml_net *net = words(1);
    ml_tape *t = ml_tape_new();
    const struct {
        ml_real v;
        const char *text;
    } bad[] = {{12, "12"}, {-1, "-1"}, {(ml_real)2.5, "2.5"}, {(ml_real)NAN, "nan"}, {(ml_real)INFINITY, "inf"}};
    for (int i = 0; i < 5; i++) {
        char want[160];
        ml_real x[15] = {0};
        x[13] = bad[i].v;
        snprintf(want, sizeof want, "embedding: number 3 of sample 2 is %s, not a whole number in 0 .. 11", bad[i].text);
        ml_tape_reset(t);
        assert_null(ml_net_forward(net, t, ml_constant(t, 2, (int64_t[]){3, 5}, x)));
        if (i != 3) /* a NaN may be printed with its sign */
            assert_string_equal(ml_tape_error_text(t), want);
        assert_int_equal(ml_tape_error(t), ML_EINVAL);
    }
    ml_tape_reset(t);
    ml_tensor *none = ml_zeros(0, 5), *y = ml_net_forward(net, t, none);
    assert_true(y && y->shape[0] == 0 && y->shape[1] == 2);
    ml_tensor_free(none);
    ml_tape_free(t);
    ml_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_a_table),
        cmocka_unit_test(first_values),
        cmocka_unit_test(the_table),
        cmocka_unit_test(trains_with_the_same_bits_on_any_number_of_threads),
        cmocka_unit_test_setup_teardown(saved_and_loaded, tmp_setup, tmp_teardown),
        cmocka_unit_test(options_out_of_range),
        cmocka_unit_test(what_is_no_row_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
