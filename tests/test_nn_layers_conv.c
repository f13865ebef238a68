/* test_nn_layers_conv.c -- layers of sequences and those that make images larger: shapes, names, costs, errors, files of
 * PyTorch's. Convolutions and pooling of images: test_nn_layers.c. */
#include "support/check.h"
#include "support/tmp.h"

#include "nn/nn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN MLCORE_SOURCE_DIR "/tests/golden/"

static ml_net *made(ml_net *net)
{
    if (!net)
        fail_msg("%s", ml_error());
    return net;
}

/* ---- shapes, names, costs ---- */

static void assert_gives(ml_layer input, ml_layer layer, const char *shape, int64_t params, int64_t macs)
{
    char text[160];
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = made(ml_net_new(&rng, input, layer));
    const mli_layer *l = &net->self->layers[1];
    assert_string_equal(mli_sample_text(&l->out, text, sizeof text), shape);
    assert_int_equal(l->params, params);
    assert_int_equal(ml_net_macs(net), macs);
    ml_tensor *x = ml_tensor_new(2, (int64_t[]){2, ml_net_inputs(net)}), *y = ml_tensor_new(2, (int64_t[]){2, ml_net_outputs(net)});
    ml_init_normal(x, &rng, 0, 1);
    assert_int_equal(ml_predict(net, x->data, 2, y->data), ML_OK); /* and so does the forward */
    ml_tensor_free(x), ml_tensor_free(y);
    ml_net_free(net);
}

static void shapes(void **state)
{
    (void)state;
    ml_layer sequence = ML_INPUT(20, 6), image = ML_INPUT(9, 7, 6);
    assert_gives(sequence, ML_CONV1D(4, .k = 3), "18x4", 4 * 3 * 6 + 4, 18 * 4 * 18);
    assert_gives(sequence, ML_CONV1D(4, .k = 3, .stride = 2, .pad = 1, .no_bias = true), "10x4", 72, 10 * 72);
    assert_gives(sequence, ML_CONV1D(12, .k = 5, .dilation = 3, .groups = 6), "8x12", 12 * 5 + 12, 8 * 12 * 5);
    assert_gives(image, ML_CONV_TRANSPOSE(4, .k = 2, .stride = 2), "18x14x4", 6 * 4 * 4 + 4, 9 * 7 * 96);
    assert_gives(image, ML_CONV_TRANSPOSE(4, .k = 3, .stride = 2, .pad = 1, .output_pad = 1), "18x14x4", 6 * 9 * 4 + 4, 63 * 216);
    assert_gives(image, ML_CONV_TRANSPOSE(4, .k = 3, .k_w = 1, .stride_w = 3, .output_pad_w = 2, .no_bias = true), "11x21x4", 72,
                 63 * 72);
    assert_gives(image, ML_CONV_TRANSPOSE(3, .k = 3, .dilation = 2, .groups = 3), "13x11x3", 6 * 9 + 3, 63 * 54);
    assert_gives(image, ML_UPSAMPLE_BILINEAR(3), "27x21x6", 0, 0);
    assert_gives(image, ML_UPSAMPLE_BILINEAR(2, .align_corners = true), "18x14x6", 0, 0);
}

static void first_values_are_pytorchs(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    ml_net *nets[] = {made(ml_net_new(&rng, ML_INPUT(20, 8), ML_CONV1D(64, .k = 9, .groups = 2))),
                      made(ml_net_new(&rng, ML_INPUT(8, 8, 64), ML_CONV_TRANSPOSE(8, .k = 3, .groups = 2)))};
    for (int n = 0; n < 2; n++) { /* uniform on +-1/sqrt(9 * 8/2), the bias too */
        double high = 0, high_bias = 0;
        const ml_tensor *w = ml_params_find(nets[n]->params, "0.weight"), *b = ml_params_find(nets[n]->params, "0.bias");
        for (int64_t i = 0; i < w->size; i++)
            high = fmax(high, fabs((double)w->data[i]));
        for (int64_t i = 0; i < b->size; i++)
            high_bias = fmax(high_bias, fabs((double)b->data[i]));
        assert_true(high <= 1.0 / 6 + 1e-7 && high > 0.16 && high_bias <= 1.0 / 6 + 1e-7 && high_bias > 0.08);
        ml_net_free(nets[n]);
    }
}

static void the_table(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    ml_net *nets[] = {made(ml_net_new(&rng, ML_INPUT(20, 2), ML_CONV1D(4, .k = 3, .stride = 2, .pad = 1, .no_bias = true),
                                      ML_CONV1D(4, .k = 2, .dilation = 2, .groups = 4))),
                      made(ml_net_new(&rng, ML_INPUT(3, 4, 2), ML_CONV_TRANSPOSE(4, .k = 3, .k_w = 2, .stride = 2, .output_pad = 1, .groups = 2),
                                      ML_UPSAMPLE_BILINEAR(2), ML_UPSAMPLE_BILINEAR(2, .align_corners = true)))};
    const char *const lines[2][3] = {
        {"0 conv1d, 3, stride 2, pad 1, no bias  ", "1 conv1d, 2, dilation 2, groups 4      ", "total "},
        {"0 conv_transpose, 3x2, stride 2, output pad 1, groups 2  ", "1 upsample_bilinear  ", "2 upsample_bilinear, corners aligned  "}};
    for (int n = 0; n < 2; n++) {
        FILE *f = tmpfile();
        char text[4096] = "";
        ml_net_print(f, nets[n]);
        rewind(f);
        assert_true(fread(text, 1, sizeof text - 1, f) > 0);
        fclose(f);
        for (int i = 0; i < 3; i++)
            if (!strstr(text, lines[n][i]))
                fail_msg("no \"%s\" in\n%s", lines[n][i], text);
        ml_net_free(nets[n]);
    }
}

/* ---- errors ---- */

static void assert_refused(ml_layer input, ml_layer layer, const char *sentence)
{
    ml_rng rng = ml_rng_seed(1);
    assert_null(ml_net_new(&rng, input, layer));
    assert_int_equal(ml_error_status(), ML_EINVAL);
    if (!strstr(ml_error(), sentence))
        fail_msg("\"%s\" should say \"%s\"", ml_error(), sentence);
}

static void options_out_of_range(void **state)
{
    (void)state;
    ml_layer sequence = ML_INPUT(20, 6), image = ML_INPUT(9, 7, 6);
    assert_refused(sequence, ML_CONV1D(0, .k = 3), "net: layer 0 (conv1d): out is 0: say how many filters, 1 or more");
    assert_refused(sequence, ML_CONV1D(4), "net: layer 0 (conv1d): k is 0: say the size of the window, as in ML_CONV1D(16, .k = 3)");
    assert_refused(sequence, ML_CONV1D(4, .k = INT64_MAX), "net: layer 0 (conv1d): ");
    assert_refused(sequence, ML_CONV1D(4, .k = 21), "net: layer 0 (conv1d): conv1d: along T the input is 20");
    assert_refused(sequence, ML_CONV1D(4, .k = 3, .groups = 4), "6 channels in and 4 filters do not fall into 4 groups");
    assert_refused(sequence, ML_CONV1D(4, .k = 3, .stride = -2), "net: layer 0 (conv1d): conv1d: along T the window is 3, stride -2");
    assert_refused(sequence, ML_CONV1D(4, .k = 3, .pad = INT64_MAX), "net: layer 0 (conv1d): conv1d: along T");
    assert_refused(sequence, ML_CONV1D(4, .k = 3, .init = (ml_init)8), "net: layer 0 (conv1d): init is 8");
    assert_refused(image, ML_CONV1D(4, .k = 3), "net: layer 0 (conv1d): a sample is 9x7x6 here, not T x C: begin with "
                                                "ML_INPUT(steps, channels)");
    assert_refused(image, ML_CONV_TRANSPOSE(-1, .k = 3), "net: layer 0 (conv_transpose): out is -1");
    assert_refused(image, ML_CONV_TRANSPOSE(4), "k is 0 and k_w 0: say the size of the window, as in ML_CONV_TRANSPOSE(16, .k = 2, "
                                                ".stride = 2)");
    assert_refused(image, ML_CONV_TRANSPOSE(4, .k = 3, .groups = INT64_MIN), "do not fall into -9223372036854775808 groups");
    assert_refused(image, ML_CONV_TRANSPOSE(4, .k = 3, .output_pad = 1), "conv_transpose2d: output_pad along H is 1, not in 0 .. 0");
    assert_refused(image, ML_CONV_TRANSPOSE(4, .k = 3, .pad = 9), "conv_transpose2d: along H nothing is left");
    assert_refused(image, ML_CONV_TRANSPOSE(4, .k = 3, .stride = INT64_MAX), "conv_transpose2d: along H the window is 3");
    assert_refused(image, ML_CONV_TRANSPOSE(4, .k = 3, .stride = INT32_MAX), "too large");
    assert_refused(sequence, ML_CONV_TRANSPOSE(4, .k = 3), "a sample is 20x6 here, not H x W x C");
    assert_refused(image, ML_UPSAMPLE_BILINEAR(0), "net: layer 0 (upsample_bilinear): factor is 0: it must be 1 or more");
    assert_refused(image, ML_UPSAMPLE_BILINEAR(-3), "factor is -3: it must be 1 or more");
    assert_refused(image, ML_UPSAMPLE_BILINEAR(INT64_MAX), "factor is 9223372036854775807: it must be 1 or more, and the image not");
    assert_refused(sequence, ML_UPSAMPLE_BILINEAR(2), "a sample is 20x6 here, not H x W x C");
}

/* ---- PyTorch's files and outputs: tests/golden/make_conv_more.py ---- */

static ml_net *sequences(void)
{
    ml_rng rng = ml_rng_seed(1);
    return made(ml_net_new(&rng, ML_INPUT(9, 3), ML_NAME("conv1", ML_CONV1D(4, .k = 3, .pad = 1)), ML_RELU(),
                           ML_NAME("conv2", ML_CONV1D(6, .k = 2, .stride = 2, .dilation = 2, .groups = 2, .no_bias = true)),
                           ML_FLATTEN(), ML_NAME("fc", ML_DENSE(2))));
}

static ml_net *pictures(void)
{
    ml_rng rng = ml_rng_seed(1);
    return made(ml_net_new(
        &rng, ML_INPUT(3, 4, 2), ML_CONV_TRANSPOSE(4, .k = 3, .stride = 2, .pad = 1, .output_pad = 1, .groups = 2), ML_RELU(),
        ML_UPSAMPLE_BILINEAR(2),
        ML_CONV_TRANSPOSE(3, .k = 2, .k_w = 3, .stride = 1, .stride_w = 2, .pad = 1, .pad_w = ML_NONE, .dilation = 2, .dilation_w = 1,
                          .no_bias = true),
        ML_UPSAMPLE_BILINEAR(3, .align_corners = true), ML_ADAPTIVE_AVG_POOL(3, 2), ML_FLATTEN(), ML_DENSE(2)));
}

/* A net of one's own, with two parameters of three axes: positions, and the weight of a convolution. */
typedef struct positions {
    ml_tensor *where, *w, *b;
} positions;

static ml_tensor *positions_forward(void *user, ml_tape *t, ml_tensor *x)
{
    const positions *p = user;
    return ml_flatten(t, ml_conv1d(t, ml_add(t, x, p->where), p->w, p->b, (ml_conv1d_opts){.pad = 1}));
}

static ml_net *net_of(positions *p)
{
    const int64_t c = 3, square[] = {3, 3, 3}, once[] = {1, 3, 3};
    ml_net *net = made(ml_net_custom(positions_forward, p, 2, once + 1));
    p->where = ml_param(net->params, "where", 3, once);
    p->w = ml_param_conv1d(net->params, "conv.weight", square);
    p->b = ml_param(net->params, "conv.bias", 1, &c);
    assert_true(p->where && p->w && p->b);
    return net;
}

/* x and y of the net lie one after another in g, from *at on. */
static void assert_predicts(ml_net *net, const golden *g, int64_t *at)
{
    enum { N = 2 };
    int64_t in = ml_net_inputs(net), out = ml_net_outputs(net);
    ml_tensor *x = ml_tensor_new(2, (int64_t[]){N, in}), *y = ml_tensor_new(2, (int64_t[]){N, out});
    for (int64_t i = 0; i < x->size; i++)
        x->data[i] = (ml_real)g->v[(*at)++];
    assert_int_equal(ml_predict(net, x->data, N, y->data), ML_OK);
    assert_close(y->data, g->v + *at, y->size, TOL_REAL, TOL_REAL);
    *at += y->size;
    ml_tensor_free(x), ml_tensor_free(y);
}

static void load(ml_net *net, const char *path)
{
    if (ml_params_load(net->params, path, NULL)) /* names, shapes and order of axes are PyTorch's, all of them */
        fail_msg("%s", ml_error());
}

static void assert_same_tensors(const char *a, const char *b)
{
    ml_safetensors *s = ml_safetensors_read(a), *t = ml_safetensors_read(b);
    assert_true(s && t && ml_safetensors_count(s) == ml_safetensors_count(t));
    for (int i = 0; i < ml_safetensors_count(s); i++) {
        ml_safetensor p = ml_safetensors_at(s, i), q = ml_safetensors_at(t, i);
        assert_string_equal(p.name, q.name);
        assert_int_equal(p.rank, q.rank);
        assert_memory_equal(p.shape, q.shape, (size_t)p.rank * sizeof *p.shape);
        if (sizeof(ml_real) == 8) /* the golden files hold doubles */
            assert_memory_equal(p.data, q.data, p.bytes);
    }
    ml_safetensors_free(s), ml_safetensors_free(t);
}

static void pytorchs_files_and_outputs(void **state)
{
    (void)state;
    positions p;
    ml_net *nets[] = {sequences(), net_of(&p), pictures()};
    const char *const files[] = {GOLDEN "conv_sequences.safetensors", GOLDEN "conv_positions.safetensors",
                                 GOLDEN "conv_pictures.safetensors"};
    golden g = golden_read("conv_nets");
    int64_t at = 0;
    for (int i = 0; i < 3; i++) {
        load(nets[i], files[i]);
        assert_predicts(nets[i], &g, &at);
        const char *path = tmp_path("back.safetensors"); /* and back: the tensors of the same file */
        assert_int_equal(ml_params_save(nets[i]->params, path, NULL), ML_OK);
        assert_same_tensors(path, files[i]);
        ml_net_free(nets[i]);
    }
    assert_int_equal(at, g.size);
    golden_free(&g);
}

/* ---- files of our own ---- */

static void saved_and_rebuilt(void **state)
{
    (void)state;
    ml_net *nets[] = {sequences(), pictures()};
    const char *path = tmp_path("net.safetensors"), *again = tmp_path("again.safetensors");
    for (int k = 0; k < 2; k++) {
        assert_int_equal(ml_net_save(nets[k], path, NULL), ML_OK);
        ml_net *back = made(ml_net_load(path, NULL));
        for (int i = 0; i < ml_params_count(back->params); i++) {
            const ml_tensor *p = ml_params_at(nets[k]->params, i), *q = ml_params_at(back->params, i);
            assert_string_equal(p->name, q->name);
            assert_memory_equal(p->data, q->data, (size_t)p->size * sizeof(ml_real));
        }
        assert_int_equal(ml_net_save(back, again, NULL), ML_OK);
        size_t n;
        uint8_t *bytes = slurp(path, &n);
        assert_true(same_file(again, bytes, n));
        free(bytes);
        ml_net_free(back), ml_net_free(nets[k]);
    }
}

static void the_text(void **state)
{
    (void)state;
    ml_net *net = pictures();
    char *text = mli_net_architecture(net);
    const char *const parts[] = {
        "{\"kind\":\"conv_transpose\",\"out\":4,\"k\":3,\"stride\":2,\"pad\":1,\"output_pad\":1,\"groups\":2}",
        "{\"kind\":\"upsample_bilinear\",\"factor\":2}",
        "\"out\":3,\"k\":2,\"k_w\":3,\"stride\":1,\"stride_w\":2,\"pad\":1,\"pad_w\":-1,\"dilation\":2,\"dilation_w\":1,\"no_bias\":true}",
        "{\"kind\":\"upsample_bilinear\",\"factor\":3,\"align_corners\":true}"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (!strstr(text, parts[i]))
            fail_msg("no %s in %s", parts[i], text);
    free(text);
    ml_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes),
        cmocka_unit_test(first_values_are_pytorchs),
        cmocka_unit_test(the_table),
        cmocka_unit_test(options_out_of_range),
        cmocka_unit_test_setup_teardown(pytorchs_files_and_outputs, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(saved_and_rebuilt, tmp_setup, tmp_teardown),
        cmocka_unit_test(the_text),
    };
    return cmocka_run_group_tests_name("nn/layers_conv", tests, NULL, NULL);
}
