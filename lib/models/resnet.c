/* resnet.c -- residual networks of basic blocks, as torchvision has them.
 *
 *     x -+-> conv1 bn1 relu conv2 bn2 -+-> + -> relu
 *        +-> x, or downsample(x) ------+
 *
 * A block learns what to add to x: F(x), where y = relu(F(x) + x). To change nothing it has to learn F = 0, which is easy, and
 * the gradient of x contains that of y as it is, however deep the net: dx = dy + dy dF/dx. Where a block halves the picture and
 * doubles the channels, a 1x1 convolution of stride 2 and a batch norm bring x to the shape of F(x).
 *
 * Source: He, Zhang, Ren, Sun 2016, eq. 1 and 2, table 1, option B of the shortcuts. Parameters: torchvision/models/resnet.py.
 */
#include "models/models.h"

#include <mlcore/error.h>

enum { STAGES = 4, MOST_BLOCKS = 6 };

/* The layers of a block: a net copies them only when the outermost joins, so until then they need a place. */
typedef struct block {
    ml_layer conv[5], down[2], ways[2], all[2];
} block;

static ml_layer conv(int64_t filters, int64_t k, int64_t stride)
{
    return ML_CONV(filters, .k = k, .stride = stride, .pad = k / 2, .no_bias = true, .init = ML_INIT_HE_OUT);
}

static ml_layer basic_block(block *b, int64_t filters, int64_t stride, bool project)
{
    b->conv[0] = ML_NAME("conv1", conv(filters, 3, stride));
    b->conv[1] = ML_NAME("bn1", ML_BATCH_NORM());
    b->conv[2] = ML_NAME("relu", ML_RELU());
    b->conv[3] = ML_NAME("conv2", conv(filters, 3, 1));
    b->conv[4] = ML_NAME("bn2", ML_BATCH_NORM());
    b->down[0] = conv(filters, 1, stride);
    b->down[1] = ML_BATCH_NORM();
    b->ways[0] = ML_NAME("", ml_layer_seq(b->conv, 5));
    b->ways[1] = ML_NAME("downsample", ml_layer_seq(b->down, 2));
    b->all[0] = ML_NAME("", ml_layer_residual(b->ways, project ? 2 : 1));
    b->all[1] = ML_NAME("relu", ML_RELU());
    return ml_layer_seq(b->all, 2);
}

/* Stage i has n blocks of 64 * 2^i filters; each but the first stage begins by halving the picture. */
static ml_layer stage(block *blocks, ml_layer *layers, int i, int n)
{
    static const char *const names[STAGES] = {"layer1", "layer2", "layer3", "layer4"};
    for (int k = 0; k < n; k++) {
        bool halve = i > 0 && k == 0;
        layers[k] = basic_block(&blocks[k], (int64_t)64 << i, halve ? 2 : 1, halve);
    }
    return ML_NAME(names[i], ml_layer_seq(layers, n));
}

static ml_net *build(ml_rng *rng, const ml_resnet_opts *o, const int blocks[STAGES])
{
    block room[STAGES][MOST_BLOCKS];
    ml_layer inside[STAGES][MOST_BLOCKS], stages[STAGES];
    for (int i = 0; i < STAGES; i++)
        stages[i] = stage(room[i], inside[i], i, blocks[i]);
    return ml_net_new(rng, ML_INPUT(o->height, o->width, o->channels), ML_NAME("conv1", conv(64, 7, 2)),
                      ML_NAME("bn1", ML_BATCH_NORM()), ML_NAME("relu", ML_RELU()),
                      ML_NAME("maxpool", ML_POOL(3, .stride = 2, .pad = 1)), stages[0], stages[1], stages[2], stages[3],
                      ML_NAME("avgpool", ML_GLOBAL_AVG_POOL()), ML_NAME("flatten", ML_FLATTEN()),
                      ML_NAME("fc", ML_DENSE(o->classes)));
}

static ml_net *resnet(const char *name, ml_rng *rng, ml_resnet_opts opts, const int blocks[STAGES])
{
    ml_net *net = NULL;
    if (!mli_model_option("height", &opts.height, 224) && !mli_model_option("width", &opts.width, 224) &&
        !mli_model_option("channels", &opts.channels, 3) && !mli_model_option("classes", &opts.classes, 1000))
        net = build(rng, &opts, blocks);
    if (!net)
        mli_fail_in(name);
    return net;
}

ml_net *ml_resnet18(ml_rng *rng, ml_resnet_opts opts)
{
    return resnet("resnet18", rng, opts, (const int[STAGES]){2, 2, 2, 2});
}

ml_net *ml_resnet34(ml_rng *rng, ml_resnet_opts opts)
{
    return resnet("resnet34", rng, opts, (const int[STAGES]){3, 4, 6, 3});
}
