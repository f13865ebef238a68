/* model.c -- the network. Without hidden layers, a dense layer under softmax cross-entropy is softmax regression. */
#include "week04-mnist/week04.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

ml_net *model_new(const settings *s, const ml_dataset *ds)
{
    ml_rng rng = ml_rng_seed((uint64_t)s->c.seed);
    ml_net *net = ml_net_empty(&rng);
    if (!net)
        return NULL;
    ml_input_opts input = {{0}};
    memcpy(input.shape, ds->shape, (size_t)ds->rank * sizeof *ds->shape);
    ml_status bad = ml_net_add(net, ml_layer_input(input));
    if (!bad)
        bad = ml_net_add(net, ML_FLATTEN());
    for (int i = 0; !bad && i < s->hidden.n; i++) {
        bad = ml_net_add(net, ML_DENSE(s->hidden.v[i]));
        if (!bad)
            bad = ml_net_add(net, ML_RELU());
        if (!bad && s->dropout > 0)
            bad = ml_net_add(net, ML_DROPOUT(s->dropout));
    }
    if (!bad)
        bad = ml_net_add(net, ML_DENSE(ds->classes));
    if (!bad)
        return net;
    ml_net_free(net);
    return NULL;
}

char *model_metadata(const settings *s, const ml_dataset *ds, double test_accuracy)
{
    json_t *shape = json_array(), *layers = json_array();
    for (int i = 0; i < ds->rank; i++)
        json_array_append_new(shape, json_integer(ds->shape[i]));
    json_array_append_new(layers, json_pack("{s:s, s:o}", "kind", "input", "shape", shape));
    json_array_append_new(layers, json_pack("{s:s}", "kind", "flatten"));
    for (int i = 0; i < s->hidden.n; i++) {
        json_array_append_new(layers, json_pack("{s:s, s:I}", "kind", "dense", "out", (json_int_t)s->hidden.v[i]));
        json_array_append_new(layers, json_pack("{s:s}", "kind", "relu"));
        if (s->dropout > 0)
            json_array_append_new(layers, json_pack("{s:s, s:f}", "kind", "dropout", "p", s->dropout));
    }
    json_array_append_new(layers, json_pack("{s:s, s:i}", "kind", "dense", "out", (int)ds->classes));
    /* No times and no threads: equal training gives equal bytes. */
    json_t *all = json_pack("{s:s, s:o, s:{s:f, s:f}, s:i, s:I, s:{s:f}}", "program", s->c.program, "architecture", layers,
                            "preprocessing", "mean", ds->mean, "scale", ds->scale, "classes", (int)ds->classes, "seed",
                            (json_int_t)s->c.seed, "metrics", "test_accuracy", test_accuracy);
    char *text = all ? json_dumps(all, JSON_COMPACT) : NULL;
    json_decref(all);
    return text;
}
