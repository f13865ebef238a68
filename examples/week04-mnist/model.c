/* model.c -- the networks. Without hidden layers, a dense layer under softmax cross-entropy is softmax regression. */
#include "week04-mnist/week04.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

const char *const MODEL_NAMES[] = {"softmax", "mlp", "lenet", "cnn"};

static ml_status add_all(ml_net *net, const ml_layer *layers, int n)
{
    ml_status bad = ML_OK;
    for (int i = 0; i < n && !bad; i++)
        bad = ml_net_add(net, layers[i]);
    return bad;
}
#define ADD(net, ...)                                                                                          \
    add_all((net), (const ml_layer[]){__VA_ARGS__}, (int)(sizeof((const ml_layer[]){__VA_ARGS__}) / sizeof(ml_layer)))

/* Softmax regression where hidden is empty. */
static ml_status add_mlp(const settings *s, ml_net *net, const ml_dataset *ds)
{
    ml_status bad = ml_net_add(net, ML_FLATTEN());
    for (int i = 0; !bad && i < s->hidden.n; i++) {
        bad = ADD(net, ML_DENSE(s->hidden.v[i]), ML_RELU());
        if (!bad && s->dropout > 0)
            bad = ml_net_add(net, ML_DROPOUT(s->dropout));
    }
    return bad ? bad : ml_net_add(net, ML_DENSE(ds->classes));
}

/* LeCun et al. 1998, figure 2, with relu for tanh and max pooling for trained averages. */
static ml_status add_lenet(const settings *s, ml_net *net, const ml_dataset *ds)
{
    ml_status bad = ADD(net, ML_CONV(6, .k = 5, .pad = 2), ML_RELU(), ML_POOL(2), ML_CONV(16, .k = 5), ML_RELU(), ML_POOL(2),
                        ML_FLATTEN(), ML_DENSE(120), ML_RELU(), ML_DENSE(84), ML_RELU());
    if (!bad && s->dropout > 0)
        bad = ml_net_add(net, ML_DROPOUT(s->dropout));
    return bad ? bad : ml_net_add(net, ML_DENSE(ds->classes));
}

/* Four convolutions of 3x3, each with batch norm, until one pixel is left of 28 x 28: four million multiply-adds a digit. */
static ml_status add_cnn(const settings *s, ml_net *net, const ml_dataset *ds)
{
    int64_t side = ds->shape[0] < ds->shape[1] ? ds->shape[0] : ds->shape[1];
    int64_t last_pad = side / 8 < 3; /* smaller pictures end in less than a window */
    ml_status bad = ADD(net, ML_CONV(24, .k = 3, .pad = 1, .no_bias = true), ML_BATCH_NORM(), ML_RELU(), ML_POOL(2),
                        ML_CONV(48, .k = 3, .pad = 1, .no_bias = true), ML_BATCH_NORM(), ML_RELU(), ML_POOL(2),
                        ML_CONV(96, .k = 3, .pad = 1, .no_bias = true), ML_BATCH_NORM(), ML_RELU(), ML_POOL(2),
                        ML_CONV(192, .k = 3, .pad = last_pad, .no_bias = true), ML_BATCH_NORM(), ML_RELU(), ML_FLATTEN());
    if (!bad && s->dropout > 0)
        bad = ml_net_add(net, ML_DROPOUT(s->dropout));
    return bad ? bad : ml_net_add(net, ML_DENSE(ds->classes));
}

ml_net *model_new(const settings *s, const ml_dataset *ds)
{
    static ml_status (*const add[])(const settings *, ml_net *, const ml_dataset *) = {add_mlp, add_mlp, add_lenet, add_cnn};
    ml_rng rng = ml_rng_seed((uint64_t)s->c.seed);
    ml_net *net = ml_net_empty(&rng);
    if (!net)
        return NULL;
    ml_input_opts input = {{0}};
    memcpy(input.shape, ds->shape, (size_t)ds->rank * sizeof *ds->shape);
    if (!ml_net_add(net, ml_layer_input(input)) && !add[s->model](s, net, ds) &&
        !ml_net_set_kernel(net, (ml_kernel)s->c.kernel))
        return net;
    ml_net_free(net);
    return NULL;
}

/* No times and no threads: equal training gives equal bytes. */
char *model_extra(const settings *s, const ml_dataset *ds, double test_accuracy)
{
    json_t *all = json_pack("{s:s, s:{s:f, s:f}, s:i, s:I, s:{s:f}}", "program", s->c.program, "preprocessing", "mean",
                            ds->mean, "scale", ds->scale, "classes", (int)ds->classes, "seed", (json_int_t)s->c.seed,
                            "metrics", "test_accuracy", test_accuracy);
    char *text = all ? json_dumps(all, JSON_COMPACT) : NULL;
    json_decref(all);
    return text;
}
