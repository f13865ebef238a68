/* Nets as files: rebuilt from the file alone with the same bits; whatever else a file says gets one sentence. */
#include "support/check.h"
#include "support/tmp.h"

#include "io/io.h"
#include "nn/nn.h"

#include <stdlib.h>
#include <string.h>

static ml_net *made(ml_net *net)
{
    if (!net)
        fail_msg("%s", ml_error());
    return net;
}

/* One layer of each kind that there is for rows. */
static ml_net *every_row_layer(uint64_t seed)
{
    ml_rng rng = ml_rng_seed(seed);
    return made(ml_net_new(
        &rng, ML_INPUT(2, 3), ML_FLATTEN(), ML_NAME("features", ML_SEQ(ML_DENSE(5), ML_RELU(), ML_DROPOUT(0.25), ML_DROPOUT(ML_ZERO))),
        ML_RESIDUAL(ML_SEQ(ML_DENSE(5, .no_bias = true, .init = ML_INIT_HE), ML_SIGMOID()), ML_IDENTITY()),
        ML_BRANCH(ML_TANH(), ML_NAME("", ML_SEQ(ML_NAME("fc1", ML_DENSE(2))))), ML_DROPOUT(0), ML_NAME("\xc3\xa9\"", ML_DENSE(3))));
}

static void assert_same_net(ml_net *a, ml_net *b)
{
    assert_int_equal(ml_params_count(a->params), ml_params_count(b->params));
    assert_int_equal(ml_buffers_count(a->params), ml_buffers_count(b->params));
    for (int i = 0; i < ml_params_count(a->params); i++) {
        const ml_tensor *p = ml_params_at(a->params, i), *q = ml_params_at(b->params, i);
        assert_string_equal(p->name, q->name);
        assert_int_equal(p->size, q->size);
        assert_memory_equal(p->data, q->data, (size_t)p->size * sizeof(ml_real));
    }
    int64_t inputs = ml_net_inputs(a), outputs = ml_net_outputs(a);
    assert_int_equal(ml_net_inputs(b), inputs);
    assert_int_equal(ml_net_outputs(b), outputs);
    ml_rng rng = ml_rng_seed(3);
    ml_tensor *x = ml_tensor_new(2, (int64_t[]){4, inputs}), *y = ml_tensor_new(2, (int64_t[]){4, outputs}),
              *z = ml_tensor_new(2, (int64_t[]){4, outputs});
    ml_init_normal(x, &rng, 0, 1);
    assert_int_equal(ml_predict(a, x->data, 4, y->data), ML_OK);
    assert_int_equal(ml_predict(b, x->data, 4, z->data), ML_OK);
    assert_memory_equal(y->data, z->data, (size_t)y->size * sizeof(ml_real));
    ml_tensor_free(x);
    ml_tensor_free(y);
    ml_tensor_free(z);
}

static void rebuilt_from_the_file_alone(void **state)
{
    (void)state;
    ml_net *net = every_row_layer(5);
    const char *path = tmp_path("net.safetensors"), *again = tmp_path("again.safetensors");
    char *extra = (char *)"";
    assert_int_equal(ml_net_save(net, path, NULL), ML_OK);
    ml_net *back = made(ml_net_load(path, &extra));
    assert_null(extra);
    assert_same_net(net, back);
    assert_int_equal(ml_net_save(back, again, NULL), ML_OK);
    size_t n;
    uint8_t *bytes = slurp(path, &n);
    assert_true(same_file(again, bytes, n));
    free(bytes);
    assert_int_equal(ml_net_add(back, ML_DENSE(2)), ML_OK); /* a net like any other */
    assert_string_equal(ml_params_at(back->params, ml_params_count(back->params) - 1)->name, "6.bias");
    ml_net_free(back);
    ml_net_free(net);
}

static void the_text_is_the_callers(void **state)
{
    (void)state;
    ml_net *net = every_row_layer(5);
    char *text = mli_net_architecture(net);
    assert_string_equal(
        text,
        "[{\"kind\":\"input\",\"shape\":[2,3]},{\"kind\":\"flatten\"},"
        "{\"kind\":\"seq\",\"name\":\"features\",\"layers\":[{\"kind\":\"dense\",\"out\":5},{\"kind\":\"relu\"},"
        "{\"kind\":\"dropout\",\"p\":0.25},{\"kind\":\"dropout\",\"p\":0.0}]},"
        "{\"kind\":\"residual\",\"layers\":[{\"kind\":\"seq\",\"layers\":[{\"kind\":\"dense\",\"out\":5,\"no_bias\":true},"
        "{\"kind\":\"sigmoid\"}]},{\"kind\":\"identity\"}]},"
        "{\"kind\":\"branch\",\"layers\":[{\"kind\":\"tanh\"},{\"kind\":\"seq\",\"name\":\"\",\"layers\":[{\"kind\":\"dense\","
        "\"name\":\"fc1\",\"out\":2}]}]},{\"kind\":\"dropout\"},{\"kind\":\"dense\",\"name\":\"\xc3\xa9\\\"\",\"out\":3}]");
    free(text);
    ml_net_free(net);
}

static void extra_comes_back(void **state)
{
    (void)state;
    ml_net *net = every_row_layer(5);
    const char *path = tmp_path("net.safetensors");
    char *extra = NULL;
    assert_int_equal(ml_net_save(net, path, "{\"classes\": [\"cat\", \"dog\"],\n \"mean\": 0.125}"), ML_OK);
    ml_net_free(made(ml_net_load(path, NULL)));
    ml_net_free(made(ml_net_load(path, &extra)));
    assert_string_equal(extra, "{\"classes\":[\"cat\",\"dog\"],\"mean\":0.125}");
    free(extra);
    ml_net_free(net);
}

static void what_cannot_be_saved(void **state)
{
    (void)state;
    ml_net *net = every_row_layer(5);
    const char *path = tmp_path("net.safetensors");
    ml_rng rng = ml_rng_seed(1);
    ml_net *none = ml_net_empty(&rng);
    assert_int_equal(ml_net_save(net, path, "[1]"), ML_EINVAL);
    assert_string_equal(ml_error(), "net_save: extra is not a JSON object");
    assert_int_equal(ml_net_save(net, path, "{\"a\":"), ML_EINVAL);
    assert_non_null(strstr(ml_error(), "net_save: extra is not valid JSON: "));
    assert_int_equal(ml_net_save(net, path, "{\"a\":1,\"a\":2}"), ML_EINVAL);
    assert_int_equal(ml_net_save(net, NULL, NULL), ML_EINVAL);
    assert_int_equal(ml_net_save(NULL, path, NULL), ML_EINVAL);
    assert_int_equal(ml_net_save(none, path, NULL), ML_ESTATE);
    assert_string_equal(ml_error(), "net: it has no layers yet");
    assert_non_null(ml_param(net->params, "mine", 1, (int64_t[]){2}));
    assert_int_equal(ml_net_save(net, path, NULL), ML_ESTATE);
    assert_non_null(strstr(ml_error(), "parameters or buffers that belong to none of its layers"));
    assert_int_equal(tmp_count(), 0);
    ml_net_free(net);
    ml_net_free(none);

    ml_net *latin = made(ml_net_new(&rng, ML_INPUT(2), ML_NAME("\xe9", ML_RELU())));
    assert_int_equal(ml_net_save(latin, path, NULL), ML_EINVAL);
    assert_string_equal(ml_error(), "net: the name of a layer is not UTF-8, or memory lacks");
    ml_net_free(latin);
}

static ml_tensor *same(void *user, ml_tape *t, ml_tensor *x)
{
    (void)user, (void)t;
    return x;
}

static void custom_nets_are_referred_to_ml_params_save(void **state)
{
    (void)state;
    ml_net *net = made(ml_net_custom(same, NULL, 1, (int64_t[]){4}));
    assert_int_equal(ml_net_save(net, tmp_path("net.safetensors"), NULL), ML_ESTATE);
    assert_string_equal(ml_error(), "net: no file can hold the function of a custom net: save its numbers by ml_params_save");
    assert_null(mli_net_architecture(net));
    ml_net_free(net);
}

/* ---- files that are not such ---- */

static const float ZEROS[64];

/* The net of a file with a 2x3 weight and a bias of 2 under this metadata. */
static ml_net *load(const char *metadata)
{
    const ml_safetensor t[] = {{"0.weight", "F32", 2, {2, 3}, ZEROS, 24}, {"0.bias", "F32", 1, {2}, ZEROS, 8}};
    const char *path = tmp_path("net.safetensors"), *key = "mlcore";
    assert_int_equal(ml_safetensors_write(path, t, 2, &key, &metadata, metadata != NULL), ML_OK);
    return ml_net_load(path, NULL);
}

static void assert_refused(const char *metadata, const char *sentence)
{
    char *extra = (char *)"";
    assert_null(load(metadata));
    assert_int_equal(ml_error_status(), ML_EFORMAT);
    if (!strstr(ml_error(), sentence) || strchr(ml_error(), '\n'))
        fail_msg("\"%s\" should say \"%s\"", ml_error(), sentence);
    assert_null(ml_net_load(tmp_path("net.safetensors"), &extra));
    assert_null(extra);
}

#define NET(layers) "{\"format\":1,\"architecture\":[{\"kind\":\"input\",\"shape\":[3]}," layers "]}"
#define DENSE "{\"kind\":\"dense\",\"out\":2}"

static void refuses_what_is_no_net(void **state)
{
    (void)state;
    ml_net_free(made(load(NET(DENSE))));
    assert_refused(NULL, "net.safetensors: it does not describe a net: it has no metadata \"mlcore\"");
    assert_refused("", "the description of its net is not valid JSON");
    assert_refused("{\"format\":1", "the description of its net is not valid JSON");
    assert_refused("[1]", "it does not describe a net: its metadata has no \"format\"");
    assert_refused("{\"architecture\":[]}", "its metadata has no \"format\"");
    assert_refused("{\"format\":2}", "its format is 2, and this version reads format 1: a newer one may have written it");
    assert_refused("{\"format\":1}", "architecture: its layers are not a list");
    assert_refused("{\"format\":1,\"architecture\":{}}", "architecture: its layers are not a list");
    assert_refused("{\"format\":1,\"architecture\":[]}", "its net has no layers");
    assert_refused("{\"format\":1,\"architecture\":[" DENSE "]}", "net: the first layer is dense: it must be ML_INPUT");
    assert_refused("{\"format\":1,\"extra\":3,\"architecture\":[]}", "its \"extra\" is not a JSON object");
    assert_refused("{\"format\":1,\"format\":1}", "duplicate object key");
}

static void refuses_wrong_layers(void **state)
{
    (void)state;
    assert_refused(NET("3"), "architecture[1]: it is not a layer: it has no \"kind\"");
    assert_refused(NET("{\"kind\":3}"), "architecture[1]: it is not a layer");
    assert_refused(NET("{\"kind\":\"attention\"}"), "architecture[1]: unknown kind \"attention\"");
    assert_refused(NET("{\"kind\":\"dense\",\"out\":\"2\"}"), "architecture[1]: \"out\" is not a whole number");
    assert_refused(NET("{\"kind\":\"dense\",\"out\":2.5}"), "architecture[1]: \"out\" is not a whole number");
    assert_refused(NET("{\"kind\":\"dense\",\"out\":99999999999999999999}"), "not valid JSON: too big integer");
    assert_refused(NET("{\"kind\":\"dense\",\"no_bias\":1}"), "\"no_bias\" is neither true nor false");
    assert_refused(NET("{\"kind\":\"dropout\",\"p\":true}"), "\"p\" is not a number");
    assert_refused(NET("{\"kind\":\"dropout\",\"p\":1}"), "net: layer 0 (dropout): p is 1: it must be in [0, 1)");
    assert_refused(NET("{\"kind\":\"dropout\",\"p\":-1e300}"), "\"0.bias\" is in the file but not in the net"); /* ML_ZERO */
    assert_refused(NET("{\"kind\":\"dense\",\"name\":3}"), "architecture[1]: its name is not a string");
    assert_refused(NET("{\"kind\":\"dense\",\"outs\":3}"), "a layer of kind dense has no \"outs\"");
    assert_refused(NET("{\"kind\":\"relu\",\"layers\":[]}"), "a layer of kind relu has no \"layers\"");
    assert_refused(NET("{\"kind\":\"seq\"}"), "architecture[1].layers: its layers are not a list");
    assert_refused(NET("{\"kind\":\"seq\",\"layers\":[]}"), "net: layer 0 (seq): it has no layers inside");
    assert_refused(NET("{\"kind\":\"seq\",\"layers\":[{\"kind\":\"relu\"},{\"kind\":\"nothing\"}]}"),
                   "architecture[1].layers[1]: unknown kind \"nothing\"");
    assert_refused("{\"format\":1,\"architecture\":[{\"kind\":\"input\",\"shape\":3}]}",
                   "architecture[0]: \"shape\" is not a list of 1 to 5 extents");
    assert_refused("{\"format\":1,\"architecture\":[{\"kind\":\"input\",\"shape\":[]}]}", "\"shape\" is not a list of 1 to 5 extents");
    assert_refused("{\"format\":1,\"architecture\":[{\"kind\":\"input\",\"shape\":[1,\"a\"]}]}",
                   "\"shape\" has an extent that is not a whole number");
    assert_refused("{\"format\":1,\"architecture\":[{\"kind\":\"input\",\"shape\":[-1]}]}", "net: input: extent 0 is -1");
    assert_refused(NET(DENSE "," DENSE), "net: layer 1 (dense): its weight would be 2x2: the file has only 0 numbers more");
    assert_refused(NET("{\"kind\":\"dense\",\"name\":\"fc\",\"out\":2}"), "tensor \"fc.weight\" of the net is not in the file");
    assert_refused(NET("{\"kind\":\"dense\",\"no_bias\":true,\"out\":2}"), "tensor \"0.bias\" is in the file but not in the net");
}

static void absurd_sizes_ask_for_no_memory(void **state)
{
    (void)state;
    assert_refused(NET("{\"kind\":\"dense\",\"out\":1000000000000}"),
                   "net: layer 0 (dense): its weight would be 1000000000000x3: the file has only 8 numbers more");
    assert_refused(NET("{\"kind\":\"dense\",\"out\":9223372036854775807}"), "net: layer 0 (dense): ");
    assert_refused("{\"format\":1,\"architecture\":[{\"kind\":\"input\",\"shape\":[9223372036854775807,2]}]}",
                   "net: input: the shape of one sample is too large");
    assert_refused("{\"format\":1,\"architecture\":[{\"kind\":\"input\",\"shape\":[1000000000000]}," DENSE "]}",
                   "its weight would be 2x1000000000000: the file has only 8 numbers more");
}

static void endless_nesting_has_an_end(void **state)
{
    (void)state;
    static const char open[] = "{\"kind\":\"seq\",\"layers\":[", close[] = "]}";
    const int depths[] = {33, 60, 3000};
    const char *const sentences[] = {"it is inside of 33 blocks: there may be 32", "too many layers inside of layers",
                                     "maximum parsing depth reached"};
    for (int k = 0; k < 3; k++) {
        char *text = calloc(1, 200 + (size_t)depths[k] * sizeof open + (size_t)depths[k] * sizeof close);
        assert_non_null(text);
        strcpy(text, "{\"format\":1,\"architecture\":[{\"kind\":\"input\",\"shape\":[3]},");
        for (int i = 0; i < depths[k]; i++)
            strcat(text, open);
        strcat(text, "{\"kind\":\"relu\"}");
        for (int i = 0; i < depths[k]; i++)
            strcat(text, close);
        strcat(text, "]}");
        assert_refused(text, sentences[k]);
        free(text);
    }
}

static void a_description_has_a_limit(void **state)
{
    (void)state;
    size_t n = (size_t)5 << 20;
    char *text = malloc(n + 128);
    assert_non_null(text);
    memset(text, ' ', n);
    strcpy(text + n, NET(DENSE));
    assert_refused(text, "the description of its net is 5242");
    text[0] = '{', text[1] = '"', text[n] = 0;
    memset(text + 2, 'a', n - 2);
    strcpy(text + n, "\":1}");
    ml_net *net = every_row_layer(1);
    assert_int_equal(ml_net_save(net, tmp_path("other"), text), ML_EINVAL);
    assert_non_null(strstr(ml_error(), "net_save: the layers and extra are 52"));
    ml_net_free(net);
    free(text);
}

static void broken_files(void **state)
{
    (void)state;
    ml_net *net = every_row_layer(5);
    size_t n;
    assert_int_equal(ml_net_save(net, tmp_path("net"), "{}"), ML_OK);
    uint8_t *bytes = slurp(tmp_path("net"), &n);
    assert_non_null(bytes);
    for (size_t cut = 0; cut < n; cut += cut < 64 ? 1 : 37) {
        assert_null(ml_net_load(tmp_file("cut", bytes, cut), NULL));
        assert_int_equal(ml_error_status(), ML_EFORMAT);
    }
    assert_null(ml_net_load(tmp_path("missing"), NULL));
    assert_int_equal(ml_error_status(), ML_EIO);
    assert_null(ml_net_load(NULL, NULL));
    free(bytes);
    ml_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rebuilt_from_the_file_alone, tmp_setup, tmp_teardown),
        cmocka_unit_test(the_text_is_the_callers),
        cmocka_unit_test_setup_teardown(extra_comes_back, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_saved, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(custom_nets_are_referred_to_ml_params_save, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(refuses_what_is_no_net, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(refuses_wrong_layers, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(absurd_sizes_ask_for_no_memory, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(endless_nesting_has_an_end, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(a_description_has_a_limit, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(broken_files, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests_name("nn/save", tests, NULL, NULL);
}
