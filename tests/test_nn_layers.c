/* Layers of images, norms: shapes, names, initial values, what they cost, errors; a small net that trains as PyTorch's. */
#include "support/check.h"
#include "support/tmp.h"

#include "nn/nn.h"

#include <math.h>
#include <pthread.h>
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

/* What one layer makes of a sample of 9 x 7 x 6. */
static void assert_gives(ml_layer layer, const char *shape, int64_t params, int64_t buffers, int64_t macs)
{
    char text[160];
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = made(ml_net_new(&rng, ML_INPUT(9, 7, 6), layer));
    const mli_layer *l = &net->self->layers[1];
    assert_string_equal(mli_sample_text(&l->out, text, sizeof text), shape);
    assert_int_equal(l->params, params);
    assert_int_equal(l->buffers, buffers);
    assert_int_equal(ml_net_macs(net), macs);
    ml_tensor *x = ml_tensor_new(4, (int64_t[]){2, 9, 7, 6}); /* and so does the forward */
    ml_init_normal(x, &rng, 0, 1);
    ml_tape *t = ml_tape_new();
    ml_tensor *y = ml_net_forward(net, t, x);
    assert_non_null(y);
    assert_int_equal(y->size, 2 * ml_net_outputs(net));
    assert_true(y->shape[0] == 2 && y->rank == l->out.rank + 1);
    assert_memory_equal(y->shape + 1, l->out.extent, (size_t)l->out.rank * sizeof *y->shape);
    ml_tape_free(t);
    ml_tensor_free(x);
    ml_net_free(net);
}

static void shapes(void **state)
{
    (void)state;
    assert_gives(ML_CONV(4, .k = 3), "7x5x4", 4 * 3 * 3 * 6 + 4, 0, 7 * 5 * 4 * 54);
    assert_gives(ML_CONV(4, .k = 3, .pad = 1, .no_bias = true), "9x7x4", 4 * 3 * 3 * 6, 0, 9 * 7 * 4 * 54);
    assert_gives(ML_CONV(4, .k = 5, .k_w = 1, .stride = 2, .stride_w = 3, .pad = 2, .pad_w = ML_NONE), "5x3x4", 4 * 5 * 6 + 4, 0,
                 5 * 3 * 4 * 30);
    assert_gives(ML_CONV(4, .k = 3, .dilation = 2, .dilation_w = 3), "5x1x4", 4 * 54 + 4, 0, 5 * 4 * 54);
    assert_gives(ML_CONV(4, .k = 3, .groups = 2), "7x5x4", 4 * 27 + 4, 0, 7 * 5 * 4 * 27);
    assert_gives(ML_CONV(12, .k = 3, .pad = 1, .groups = 6), "9x7x12", 12 * 9 + 12, 0, 9 * 7 * 12 * 9);
    assert_gives(ML_POOL(2), "4x3x6", 0, 0, 0);
    assert_gives(ML_POOL(3, .stride = 2, .pad = 1), "5x4x6", 0, 0, 0);
    assert_gives(ML_POOL(2, .ceil_mode = true), "5x4x6", 0, 0, 0);
    assert_gives(ML_AVG_POOL(3, .k_w = 2, .stride = 1), "7x6x6", 0, 0, 0);
    assert_gives(ML_GLOBAL_AVG_POOL(), "1x1x6", 0, 0, 0);
    assert_gives(ML_ADAPTIVE_AVG_POOL(3, 2), "3x2x6", 0, 0, 0);
    assert_gives(ML_UPSAMPLE(3), "27x21x6", 0, 0, 0);
    assert_gives(ML_BATCH_NORM(), "9x7x6", 12, 12, 0);
    assert_gives(ML_BATCH_NORM(.eps = 1e-3, .no_affine = true), "9x7x6", 0, 12, 0);
    assert_gives(ML_LAYER_NORM(), "9x7x6", 12, 0, 0);
    assert_gives(ML_LAYER_NORM(.no_affine = true), "9x7x6", 0, 0, 0);
    assert_gives(ML_GROUP_NORM(3), "9x7x6", 12, 0, 0);
    assert_gives(ML_GROUP_NORM(6, .eps = 1e-3, .no_affine = true), "9x7x6", 0, 0, 0);
}

static void names_and_first_values(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = made(ml_net_new(&rng, ML_INPUT(8, 8, 8), ML_CONV(64, .k = 3, .groups = 2), ML_NAME("bn", ML_BATCH_NORM()),
                                  ML_LAYER_NORM(), ML_CONV(64, .k = 3, .init = ML_INIT_HE)));
    const char *const names[] = {"0.weight", "0.bias", "bn.weight", "bn.bias", "2.weight", "2.bias", "3.weight", "3.bias"};
    assert_int_equal(ml_params_count(net->params), 8);
    for (int i = 0; i < 8; i++)
        assert_string_equal(ml_params_at(net->params, i)->name, names[i]);
    assert_string_equal(ml_buffers_at(net->params, 0)->name, "bn.running_mean");
    assert_string_equal(ml_buffers_at(net->params, 1)->name, "bn.running_var");
    for (int i = 0; i < 64; i++) {
        assert_true(ml_params_at(net->params, 2)->data[i] == 1 && ml_params_at(net->params, 3)->data[i] == 0);
        assert_true(ml_params_at(net->params, 4)->data[i] == 1 && ml_params_at(net->params, 5)->data[i] == 0);
        assert_true(ml_buffers_at(net->params, 0)->data[i] == 0 && ml_buffers_at(net->params, 1)->data[i] == 1);
    }
    /* PyTorch's: uniform on +-1/sqrt(3 * 3 * 8/2), the bias too; He: variance 2 / (3 * 3 * 64). */
    double high = 0, high_bias = 0, he = 0;
    for (int i = 0; i < 64 * 36; i++)
        high = fmax(high, fabs((double)ml_params_at(net->params, 0)->data[i]));
    for (int i = 0; i < 64; i++)
        high_bias = fmax(high_bias, fabs((double)ml_params_at(net->params, 1)->data[i]));
    for (int i = 0; i < 64 * 576; i++)
        he += pow((double)ml_params_at(net->params, 6)->data[i], 2) / (64 * 576);
    assert_true(high <= 1.0 / 6 + 1e-7 && high > 0.16 && high_bias <= 1.0 / 6 + 1e-7 && high_bias > 0.14);
    assert_true(fabs(he - 2.0 / 576) < 1e-4);
    ml_net_free(net);
}

static void the_table(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = made(ml_net_new(&rng, ML_INPUT(8, 8, 3), ML_CONV(4, .k = 3, .stride = 2, .pad = 1, .pad_w = ML_NONE, .no_bias = true),
                                  ML_BATCH_NORM(.no_affine = true), ML_CONV(4, .k = 1, .dilation = 2, .groups = 4), ML_POOL(2),
                                  ML_GLOBAL_AVG_POOL(), ML_FLATTEN(), ML_LAYER_NORM()));
    FILE *f = tmpfile();
    char text[2048] = "";
    ml_net_print(f, net);
    rewind(f);
    assert_true(fread(text, 1, sizeof text - 1, f) > 0);
    fclose(f);
    if (sizeof(ml_real) == 4)
        assert_string_equal(text, "layer                                    output  params   MACs  bytes\n"
                                  "---------------------------------------  ------  ------  -----  -----\n"
                                  "input                                    8x8x3        0      0      0\n"
                                  "0 conv, 3x3, stride 2, pad 1x0, no bias  4x3x4      108  1,296    432\n"
                                  "1 batch_norm, no affine                  4x3x4        0      0     32\n"
                                  "2 conv, 1x1, dilation 2, groups 4        4x3x4        8     48     32\n"
                                  "3 max_pool, 2x2                          2x1x4        0      0      0\n"
                                  "4 adaptive_avg_pool                      1x1x4        0      0      0\n"
                                  "5 flatten                                4            0      0      0\n"
                                  "6 layer_norm                             4            8      0     32\n"
                                  "---------------------------------------  ------  ------  -----  -----\n"
                                  "total                                               124  1,344    528\n");
    ml_net_free(net);
}

/* torchvision's basic block: conv1, bn1, relu, conv2, bn2, added to the shortcut, and relu. Names "" so that main and shortcut
 * are called as if they stood in the block itself. */
#define CONV(f, ...) ML_CONV(f, .no_bias = true, .init = ML_INIT_ZERO, __VA_ARGS__)
#define MAIN(f, s)                                                                                          \
    ML_NAME("", ML_SEQ(ML_NAME("conv1", CONV(f, .k = 3, .stride = s, .pad = 1)), ML_NAME("bn1", ML_BATCH_NORM()), ML_RELU(), \
                       ML_NAME("conv2", CONV(f, .k = 3, .pad = 1)), ML_NAME("bn2", ML_BATCH_NORM())))
#define DOWN(f, s) ML_NAME("downsample", ML_SEQ(CONV(f, .k = 1, .stride = s), ML_BATCH_NORM()))
#define BLOCK(...) ML_SEQ(ML_NAME("", ML_RESIDUAL(__VA_ARGS__)), ML_RELU())
#define STAGE(name, f) ML_NAME(name, ML_SEQ(BLOCK(MAIN(f, 2), DOWN(f, 2)), BLOCK(MAIN(f, 1))))

/* He et al. 2016, table 1: 1.8 thousand million multiply-adds; torchvision's has 11,689,512 parameters. */
static void resnet18_costs_what_it_should(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = made(ml_net_new(
        &rng, ML_INPUT(224, 224, 3), ML_NAME("conv1", CONV(64, .k = 7, .stride = 2, .pad = 3)), ML_NAME("bn1", ML_BATCH_NORM()),
        ML_RELU(), ML_POOL(3, .stride = 2, .pad = 1), ML_NAME("layer1", ML_SEQ(BLOCK(MAIN(64, 1)), BLOCK(MAIN(64, 1)))),
        STAGE("layer2", 128), STAGE("layer3", 256), STAGE("layer4", 512), ML_GLOBAL_AVG_POOL(), ML_FLATTEN(),
        ML_NAME("fc", ML_DENSE(1000, .init = ML_INIT_ZERO))));
    assert_int_equal(ml_params_size(net->params), 11689512);
    assert_int_equal(ml_net_macs(net), 1814073344);
    assert_int_equal(ml_params_count(net->params), 62);
    assert_int_equal(ml_buffers_count(net->params), 40);
    assert_non_null(ml_params_find(net->params, "layer4.0.downsample.0.weight"));
    ml_net_free(net);
}

/* ---- errors ---- */

static void assert_refused(ml_layer layer, const char *sentence)
{
    ml_rng rng = ml_rng_seed(1);
    assert_null(ml_net_new(&rng, ML_INPUT(9, 7, 6), layer));
    assert_int_equal(ml_error_status(), ML_EINVAL);
    if (!strstr(ml_error(), sentence))
        fail_msg("\"%s\" should say \"%s\"", ml_error(), sentence);
}

static void options_out_of_range(void **state)
{
    (void)state;
    assert_refused(ML_CONV(0, .k = 3), "net: layer 0 (conv): out is 0: say how many filters, 1 or more");
    assert_refused(ML_CONV(-1, .k = 3), "out is -1");
    assert_refused(ML_CONV(4), "net: layer 0 (conv): k is 0 and k_w 0: say the size of the window, as in ML_CONV(16, .k = 3)");
    assert_refused(ML_CONV(4, .k = 3, .k_w = -3), "k is 3 and k_w -3");
    assert_refused(ML_CONV(4, .k = 3, .groups = 4), "net: layer 0 (conv): 6 channels in and 4 filters do not fall into 4 groups");
    assert_refused(ML_CONV(4, .k = 3, .groups = 3), "6 channels in and 4 filters do not fall into 3 groups");
    assert_refused(ML_CONV(4, .k = 3, .groups = -1), "do not fall into -1 groups");
    assert_refused(ML_CONV(4, .k = 8), "net: layer 0 (conv): conv2d: along W the input is 7");
    assert_refused(ML_CONV(4, .k = 3, .stride = -1), "net: layer 0 (conv): conv2d: along H the window is 3, stride 0");
    assert_refused(ML_CONV(4, .k = 3, .pad = INT64_MAX), "net: layer 0 (conv): conv2d: along H");
    assert_refused(ML_CONV(4, .k = 3, .dilation_w = INT64_MAX), "net: layer 0 (conv): conv2d: along W");
    assert_refused(ML_CONV(4, .k = INT64_MAX), "net: layer 0 (conv): ");
    assert_refused(ML_CONV(INT64_MAX, .k = 3), "net: layer 0 (conv): ");
    assert_refused(ML_CONV(4, .k = 3, .init = (ml_init)8), "net: layer 0 (conv): init is 8");
    assert_refused(ML_POOL(0), "net: layer 0 (max_pool): max_pool2d: k along H is 0");
    assert_refused(ML_POOL(8), "net: layer 0 (max_pool): max_pool2d: along W the window has 8 pixels");
    assert_refused(ML_AVG_POOL(2, .pad = 2), "net: layer 0 (avg_pool): avg_pool2d: pad along H is 2");
    assert_refused(ML_AVG_POOL(INT64_MAX), "net: layer 0 (avg_pool): avg_pool2d: ");
    assert_refused(ML_ADAPTIVE_AVG_POOL(0, 2), "net: layer 0 (adaptive_avg_pool): adaptive_avg_pool2d: ");
    assert_refused(ML_ADAPTIVE_AVG_POOL(2, INT64_MAX), "net: layer 0 (adaptive_avg_pool): adaptive_avg_pool2d: ");
    assert_refused(ML_UPSAMPLE(0), "net: layer 0 (upsample): upsample_nearest: factor 0");
    assert_refused(ML_UPSAMPLE(INT64_MAX), "net: layer 0 (upsample): upsample_nearest: factor");
    assert_refused(ML_BATCH_NORM(.eps = -1), "net: layer 0 (batch_norm): batch_norm: ");
    assert_refused(ML_BATCH_NORM(.momentum = NAN), "net: layer 0 (batch_norm): batch_norm: ");
    assert_refused(ML_BATCH_NORM(.momentum = 1.5), "net: layer 0 (batch_norm): batch_norm: ");
    assert_refused(ML_LAYER_NORM(.eps = NAN), "net: layer 0 (layer_norm): layer_norm: ");
    assert_refused(ML_LAYER_NORM(.momentum = 0.1), "net: layer 0 (layer_norm): momentum is an option of a batch norm");
    assert_refused(ML_GROUP_NORM(0), "net: layer 0 (group_norm): group_norm: x is 0x9x7x6: its 6 channels do not fall into 0 groups");
    assert_refused(ML_GROUP_NORM(4), "its 6 channels do not fall into 4 groups");
    assert_refused(ML_GROUP_NORM(INT64_MAX), "do not fall into 9223372036854775807 groups");
    assert_refused(ML_GROUP_NORM(-2), "do not fall into -2 groups");
    assert_refused(ML_GROUP_NORM(2, .eps = -1), "net: layer 0 (group_norm): group_norm: eps is -1");
}

static void not_an_image(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    const ml_layer layers[] = {ML_CONV(4, .k = 3), ML_POOL(2), ML_AVG_POOL(2), ML_GLOBAL_AVG_POOL(), ML_UPSAMPLE(2)};
    const char *const kinds[] = {"conv", "max_pool", "avg_pool", "adaptive_avg_pool", "upsample"};
    for (int i = 0; i < 5; i++) {
        char want[160];
        snprintf(want, sizeof want,
                 "net: layer 0 (%s): a sample is 784 here, not H x W x C: begin with ML_INPUT(height, width, channels)", kinds[i]);
        assert_null(ml_net_new(&rng, ML_INPUT(784), layers[i]));
        assert_string_equal(ml_error(), want);
    }
    assert_null(ml_net_new(&rng, ML_INPUT(28, 28), ML_CONV(4, .k = 3)));
    assert_non_null(strstr(ml_error(), "a sample is 28x28 here, not H x W x C"));
    ml_net_free(made(ml_net_new(&rng, ML_INPUT(5), ML_BATCH_NORM(), ML_LAYER_NORM()))); /* norms take rows too */
}

/* ---- training, as PyTorch: tests/golden/make_nn_conv.py ---- */

static ml_net *golden_net(void)
{
    ml_rng rng = ml_rng_seed(1);
    return made(ml_net_new(
        &rng, ML_INPUT(12, 8, 3), ML_NAME("conv1", ML_CONV(4, .k = 3, .pad = 1, .no_bias = true)), ML_NAME("bn1", ML_BATCH_NORM()),
        ML_RELU(), ML_POOL(3, .stride = 2, .pad = 1),
        ML_NAME("layer1", ML_SEQ(BLOCK(MAIN(4, 1)), BLOCK(MAIN(6, 2), DOWN(6, 2)))),
        ML_NAME("mixed", ML_BRANCH(ML_CONV(2, .k = 1),
                                   ML_SEQ(ML_UPSAMPLE(2),
                                          ML_CONV(6, .k = 3, .k_w = 1, .stride = 2, .stride_w = 1, .pad = 1, .pad_w = ML_NONE, .groups = 3),
                                          ML_AVG_POOL(1, .k_w = 2)),
                                   ML_SEQ(ML_AVG_POOL(3, .stride = 1, .pad = 1, .exclude_pad = true),
                                          ML_BATCH_NORM(.eps = 1e-3, .momentum = 0.2, .no_affine = true),
                                          ML_CONV(2, .k = 3, .pad = 2, .dilation = 2)))),
        ML_ADAPTIVE_AVG_POOL(2, 1), ML_FLATTEN(), ML_NAME("norm", ML_LAYER_NORM()), ML_NAME("fc", ML_DENSE(3))));
}

typedef struct batch {
    ml_tensor *x;
    int32_t label[5];
} batch;

static batch golden_batch(void)
{
    batch b = {.x = golden_tensor("nn_conv_x")};
    golden labels = golden_read("nn_conv_labels");
    for (int i = 0; i < 5; i++)
        b.label[i] = (int32_t)labels.v[i];
    golden_free(&labels);
    return b;
}

static void torchvisions_names(void **state)
{
    (void)state;
    ml_net *net = golden_net();
    const char *const some[] = {"conv1.weight", "bn1.bias", "layer1.0.conv1.weight", "layer1.0.bn1.weight", "layer1.0.bn2.bias",
                                "layer1.1.conv2.weight", "layer1.1.downsample.0.weight", "layer1.1.downsample.1.bias",
                                "mixed.0.weight", "mixed.1.1.bias", "mixed.2.2.weight", "norm.weight", "fc.bias"};
    for (size_t i = 0; i < sizeof some / sizeof *some; i++)
        assert_non_null(ml_params_find(net->params, some[i]));
    assert_non_null(ml_buffers_find(net->params, "layer1.1.downsample.1.running_var"));
    assert_non_null(ml_buffers_find(net->params, "mixed.2.1.running_mean"));
    ml_net_free(net);
}

static void load(ml_net *net, const char *path)
{
    if (ml_params_load(net->params, path, NULL)) /* names, shapes and order of axes are PyTorch's, all of them */
        fail_msg("%s", ml_error());
}

static void assert_same_numbers(const ml_net *a, const ml_net *b, double tolerance)
{
    for (int i = 0; i < ml_params_count(a->params); i++) {
        const ml_tensor *p = ml_params_at(a->params, i);
        assert_reals_close(p->data, ml_params_at(b->params, i)->data, p->size, tolerance, tolerance);
    }
    for (int i = 0; i < ml_buffers_count(a->params); i++) {
        const ml_tensor *p = ml_buffers_at(a->params, i);
        assert_reals_close(p->data, ml_buffers_at(b->params, i)->data, p->size, tolerance, tolerance);
    }
}

static void train_step(ml_net *net, ml_optim *opt, ml_tape *t, const batch *b, ml_real *loss, ml_real *logits)
{
    ml_tape_reset(t);
    ml_tensor *y = ml_net_forward(net, t, b->x), *l = ml_softmax_xent(t, y, (ml_ints){b->label, 5});
    if (ml_backward(t, l) || ml_step(opt))
        fail_msg("%s", ml_error());
    *loss = l->data[0];
    if (logits)
        memcpy(logits, y->data, (size_t)y->size * sizeof *logits);
}

static void trains_as_pytorch(void **state)
{
    (void)state;
    const double tolerance = 10 * TOL_REAL;
    golden logits = golden_read("nn_conv_logits"), losses = golden_read("nn_conv_losses"), eval = golden_read("nn_conv_eval");
    batch b = golden_batch();
    ml_net *net = golden_net(), *end = golden_net();
    load(net, GOLDEN "nn_conv_start.safetensors");
    load(end, GOLDEN "nn_conv_end.safetensors");
    ml_optim *opt = ml_sgd(net->params, (ml_sgd_opts){.lr = 0.1, .momentum = 0.9});
    ml_tape *t = ml_tape_new();
    ml_real loss, first[15], out[15];
    for (int step = 0; step < 3; step++) {
        train_step(net, opt, t, &b, &loss, step ? NULL : first);
        assert_close(&loss, losses.v + step, 1, tolerance, tolerance);
    }
    assert_close(first, logits.v, 15, tolerance, tolerance);
    assert_same_numbers(net, end, tolerance);
    assert_int_equal(ml_predict(net, b.x->data, 5, out), ML_OK);
    assert_close(out, eval.v, 15, tolerance, tolerance);
    const char *keep = getenv("MLCORE_KEEP_NET"); /* for tests/golden/check_net.py */
    if (keep && ml_net_save(net, keep, NULL))
        fail_msg("%s", ml_error());
    ml_tape_free(t);
    ml_optim_free(opt);
    ml_net_free(net);
    ml_net_free(end);
    ml_tensor_free(b.x);
    golden_free(&logits);
    golden_free(&losses);
    golden_free(&eval);
}

static void a_step_allocates_nothing(void **state)
{
    (void)state;
    batch b = golden_batch();
    ml_net *net = golden_net();
    ml_optim *opt = ml_sgd(net->params, (ml_sgd_opts){.momentum = 0.9});
    ml_tape *t = ml_tape_new();
    ml_real loss;
    int64_t asked = 0;
    for (int step = 0; step < 4; step++) {
        train_step(net, opt, t, &b, &loss, NULL);
        if (step == 0)
            asked = mli_alloc_count();
    }
    assert_int_equal(mli_alloc_count(), asked);
    ml_tape_free(t);
    ml_optim_free(opt);
    ml_net_free(net);
    ml_tensor_free(b.x);
}

/* ---- freezing ---- */

/* The numbers of a list, one after another, to see whether a step moved them. */
static void copy_numbers(const ml_net *net, bool buffers, const char *prefix, ml_real *to)
{
    int n = buffers ? ml_buffers_count(net->params) : ml_params_count(net->params);
    for (int i = 0; i < n; i++) {
        const ml_tensor *x = buffers ? ml_buffers_at(net->params, i) : ml_params_at(net->params, i);
        if (strncmp(x->name, prefix, strlen(prefix)) != 0)
            continue;
        memcpy(to, x->data, (size_t)x->size * sizeof *to);
        to += x->size;
    }
}

static void a_frozen_norm_stops_its_statistics(void **state)
{
    (void)state;
    enum { ROOM = 2048 };
    static ml_real before[3][ROOM], after[3][ROOM];
    const char *const prefixes[3] = {"layer1.", "mixed.2.", "bn1."}; /* frozen: weights and statistics; statistics alone; not */
    batch b = golden_batch();
    ml_net *net = golden_net();
    ml_optim *opt = ml_sgd(net->params, (ml_sgd_opts){.lr = 0.1});
    ml_tape *t = ml_tape_new();
    ml_real loss;
    assert_int_equal(ml_params_freeze(net->params, "layer1.", true), 6 + 4 + 9 + 6); /* of two blocks, with buffers */
    assert_int_equal(ml_params_freeze(net->params, "mixed.2.1.", true), 2); /* it has no weight to look at */
    for (int i = 0; i < 3; i++)
        copy_numbers(net, true, prefixes[i], before[i]);
    train_step(net, opt, t, &b, &loss, NULL);
    for (int i = 0; i < 3; i++)
        copy_numbers(net, true, prefixes[i], after[i]);
    assert_memory_equal(before[0], after[0], sizeof after[0]);
    assert_memory_equal(before[1], after[1], sizeof after[1]);
    assert_memory_not_equal(before[2], after[2], sizeof after[2]);
    ml_params_freeze(net->params, "", false);
    train_step(net, opt, t, &b, &loss, NULL);
    copy_numbers(net, true, prefixes[0], after[0]);
    copy_numbers(net, true, prefixes[1], after[1]);
    assert_memory_not_equal(before[0], after[0], sizeof after[0]);
    assert_memory_not_equal(before[1], after[1], sizeof after[1]);

    ml_params_freeze(net->params, "bn1.weight", true); /* its weight alone is enough */
    copy_numbers(net, true, prefixes[2], before[2]);
    train_step(net, opt, t, &b, &loss, NULL);
    copy_numbers(net, true, prefixes[2], after[2]);
    assert_memory_equal(before[2], after[2], sizeof after[2]);
    ml_tape_free(t);
    ml_optim_free(opt);
    ml_net_free(net);
    ml_tensor_free(b.x);
}

/* A frozen norm gives in training what it gives in eval mode. */
static void a_frozen_norm_uses_its_statistics(void **state)
{
    (void)state;
    batch b = golden_batch();
    ml_net *net = golden_net();
    load(net, GOLDEN "nn_conv_end.safetensors");
    ml_params_freeze(net->params, "", true);
    ml_tape *t = ml_tape_new();
    ml_tensor *y = ml_net_forward(net, t, b.x);
    ml_set_mode(t, ML_EVAL);
    ml_tensor *z = ml_net_forward(net, t, b.x);
    assert_non_null(z);
    assert_memory_equal(y->data, z->data, (size_t)y->size * sizeof(ml_real));
    ml_tape_free(t);
    ml_net_free(net);
    ml_tensor_free(b.x);
}

/* ---- prediction from threads ---- */

typedef struct caller {
    ml_net *net;
    const ml_real *x;
    ml_real out[15];
    ml_status status;
} caller;

static void *predicts(void *arg)
{
    caller *c = arg;
    for (int i = 0; i < 20 && !c->status; i++)
        c->status = ml_predict(c->net, c->x, 5, c->out);
    return NULL;
}

static void predict_from_threads(void **state)
{
    (void)state;
    batch b = golden_batch();
    ml_net *net = golden_net(), *before = golden_net();
    load(net, GOLDEN "nn_conv_end.safetensors");
    load(before, GOLDEN "nn_conv_end.safetensors");
    assert_int_equal(ml_net_prepare(net), ML_OK);
    caller callers[2];
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        callers[i] = (caller){.net = net, .x = b.x->data};
        assert_int_equal(pthread_create(&threads[i], NULL, predicts, &callers[i]), 0);
    }
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_true(callers[0].status == ML_OK && callers[1].status == ML_OK && callers[0].out[0] != 0);
    assert_memory_equal(callers[0].out, callers[1].out, sizeof callers[0].out);
    assert_same_numbers(net, before, 0); /* nothing was written */
    ml_net_free(net);
    ml_net_free(before);
    ml_tensor_free(b.x);
}

/* ---- files ---- */

static void saved_and_rebuilt(void **state)
{
    (void)state;
    batch b = golden_batch();
    ml_net *net = golden_net();
    load(net, GOLDEN "nn_conv_end.safetensors");
    const char *path = tmp_path("net.safetensors"), *again = tmp_path("again.safetensors");
    assert_int_equal(ml_net_save(net, path, "{\"classes\":3}"), ML_OK);
    char *extra = NULL;
    ml_net *back = made(ml_net_load(path, &extra));
    assert_string_equal(extra, "{\"classes\":3}");
    assert_same_numbers(net, back, 0);
    ml_real y[15], z[15];
    assert_int_equal(ml_predict(net, b.x->data, 5, y), ML_OK);
    assert_int_equal(ml_predict(back, b.x->data, 5, z), ML_OK);
    assert_memory_equal(y, z, sizeof y);
    size_t n;
    assert_int_equal(ml_net_save(back, again, extra), ML_OK);
    uint8_t *bytes = slurp(path, &n);
    assert_true(same_file(again, bytes, n));
    free(bytes);
    free(extra);
    ml_net_free(back);
    ml_net_free(net);
    ml_tensor_free(b.x);
}

/* A group norm has PyTorch's names and values to begin with; it is told in the table and comes back from a file. */
static void group_norms(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = made(ml_net_new(&rng, ML_INPUT(4, 3, 6), ML_CONV(8, .k = 3), ML_NAME("gn", ML_GROUP_NORM(4, .eps = ML_ZERO)), ML_FLATTEN(),
                                  ML_GROUP_NORM(2, .no_affine = true))); /* of rows too */
    assert_int_equal(ml_params_count(net->params), 4);
    const ml_tensor *w = ml_params_find(net->params, "gn.weight"), *b = ml_params_find(net->params, "gn.bias");
    assert_true(w && b && w->size == 8 && w->data[7] == 1 && b->data[7] == 0);
    char text[4096] = "";
    FILE *f = tmpfile();
    ml_net_print(f, net);
    rewind(f);
    assert_true(fread(text, 1, sizeof text - 1, f) > 0);
    fclose(f);
    assert_non_null(strstr(text, "gn group_norm, groups 4 "));
    assert_non_null(strstr(text, "3 group_norm, groups 2, no affine "));
    ml_real x[2 * 72], y[2 * 16], z[2 * 16];
    for (int i = 0; i < 2 * 72; i++)
        x[i] = (ml_real)(i * 37 % 23) / 7;
    assert_int_equal(ml_net_save(net, tmp_path("net.safetensors"), NULL), ML_OK);
    ml_net *back = made(ml_net_load(tmp_path("net.safetensors"), NULL));
    assert_int_equal(ml_predict(net, x, 2, y), ML_OK);
    assert_int_equal(ml_predict(back, x, 2, z), ML_OK);
    assert_memory_equal(y, z, sizeof y);
    ml_net_free(net);
    ml_net_free(back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes),
        cmocka_unit_test(names_and_first_values),
        cmocka_unit_test(the_table),
        cmocka_unit_test(resnet18_costs_what_it_should),
        cmocka_unit_test(options_out_of_range),
        cmocka_unit_test(not_an_image),
        cmocka_unit_test(torchvisions_names),
        cmocka_unit_test(trains_as_pytorch),
        cmocka_unit_test(a_step_allocates_nothing),
        cmocka_unit_test(a_frozen_norm_stops_its_statistics),
        cmocka_unit_test(a_frozen_norm_uses_its_statistics),
        cmocka_unit_test(predict_from_threads),
        cmocka_unit_test_setup_teardown(saved_and_rebuilt, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(group_norms, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests_name("nn/layers", tests, NULL, NULL);
}
