/* models.h -- nets that others have built and everybody knows, under the names that PyTorch's torchvision gives their
 * parameters: a safetensors file of its weights loads with ml_params_load. docs/models.md.
 *
 *     ml_net *net = ml_resnet18(&rng, (ml_resnet_opts){.classes = 10});
 *
 * Each is an ml_net like any other: a row of layers, initial values as torchvision draws them, for ml_net_free. NULL, with a
 * sentence, where an option is out of range or memory lacks. Pictures are H x W x C; what comes out are logits.
 */
#ifndef MLCORE_MODELS_H
#define MLCORE_MODELS_H

#include <mlcore/nn.h>

ML_BEGIN

/* Residual networks (He, Zhang, Ren, Sun 2016, table 1), with the stride in the first convolution of a block: 18 and 34 layers
 * that learn, 11.7 and 21.8 million parameters with the default options. */
typedef struct ml_resnet_opts {
    int64_t height, width; /* of a picture; default 224 each. Any size will do: five steps halve it, rounding up */
    int64_t channels;      /* default 3 */
    int64_t classes;       /* default 1000 */
} ml_resnet_opts;
ML_API ml_net *ml_resnet18(ml_rng *rng, ml_resnet_opts opts);
ML_API ml_net *ml_resnet34(ml_rng *rng, ml_resnet_opts opts);

/* VGG with 11 layers that learn (Simonyan, Zisserman 2015, table 1, column A), plain and with a batch norm behind each
 * convolution: 132.9 million parameters with the default options, of which the classifier has 123.6. */
typedef struct ml_vgg_opts {
    int64_t height, width; /* of a picture; default 224 each, at least 32: five steps halve it, rounding down */
    int64_t channels;      /* default 3 */
    int64_t classes;       /* default 1000 */
    int64_t hidden;        /* units of each of the classifier's two hidden layers; default 4096 */
    double dropout;        /* behind each of the two; default 0.5, ML_ZERO for 0 */
} ml_vgg_opts;
ML_API ml_net *ml_vgg11(ml_rng *rng, ml_vgg_opts opts);
ML_API ml_net *ml_vgg11_bn(ml_rng *rng, ml_vgg_opts opts);

ML_END
#endif
