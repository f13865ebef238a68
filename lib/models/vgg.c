/* vgg.c -- VGG, as torchvision has it: 3x3 convolutions and nothing else, then three dense layers.
 *
 *     features    conv 64, pool | conv 128, pool | conv 256, 256, pool | conv 512, 512, pool | conv 512, 512, pool
 *     avgpool     to 7x7, whatever came in
 *     classifier  dense, relu, dropout | dense, relu, dropout | dense
 *
 * Two 3x3 convolutions see as far as one of 5x5, and three as far as 7x7, with fewer weights (27 C^2 beside 49 C^2) and a relu
 * between them.
 *
 * Source: Simonyan and Zisserman 2015, table 1, column A. Parameters: torchvision/models/vgg.py.
 */
#include "models/models.h"

#include <mlcore/error.h>

enum { POOL = -1, MOST_LAYERS = 8 * 3 + 5 }; /* convolutions with norm and relu, pools */

static int features(ml_layer *layers, bool norm)
{
    static const int filters[] = {64, POOL, 128, POOL, 256, 256, POOL, 512, 512, POOL, 512, 512, POOL};
    int n = 0;
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        if (filters[i] == POOL) {
            layers[n++] = ML_POOL(2);
            continue;
        }
        layers[n++] = ML_CONV(filters[i], .k = 3, .pad = 1, .init = ML_INIT_HE_OUT);
        if (norm)
            layers[n++] = ML_BATCH_NORM();
        layers[n++] = ML_RELU();
    }
    return n;
}

static ml_net *build(ml_rng *rng, const ml_vgg_opts *o, bool norm)
{
    ml_layer layers[MOST_LAYERS];
    int n = features(layers, norm);
    ml_layer hidden = ML_DENSE(o->hidden, .init = ML_INIT_NORMAL);
    return ml_net_new(rng, ML_INPUT(o->height, o->width, o->channels), ML_NAME("features", ml_layer_seq(layers, n)),
                      ML_NAME("avgpool", ML_ADAPTIVE_AVG_POOL(7, 7)), ML_NAME("flatten", ML_FLATTEN()),
                      ML_NAME("classifier", ML_SEQ(hidden, ML_RELU(), ML_DROPOUT(o->dropout), hidden, ML_RELU(),
                                                   ML_DROPOUT(o->dropout), ML_DENSE(o->classes, .init = ML_INIT_NORMAL))));
}

static ml_net *vgg(const char *name, ml_rng *rng, ml_vgg_opts opts, bool norm)
{
    ml_net *net = NULL;
    if (!mli_model_option("height", &opts.height, 224) && !mli_model_option("width", &opts.width, 224) &&
        !mli_model_option("channels", &opts.channels, 3) && !mli_model_option("classes", &opts.classes, 1000) &&
        !mli_model_option("hidden", &opts.hidden, 4096))
        net = build(rng, &opts, norm);
    if (!net)
        mli_fail_in(name);
    return net;
}

ml_net *ml_vgg11(ml_rng *rng, ml_vgg_opts opts)
{
    return vgg("vgg11", rng, opts, false);
}

ml_net *ml_vgg11_bn(ml_rng *rng, ml_vgg_opts opts)
{
    return vgg("vgg11_bn", rng, opts, true);
}
