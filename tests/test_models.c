/* ResNet and VGG: torchvision's names, sizes and initial values; PyTorch's files load, and outputs, gradients and running statistics
 * are PyTorch's, by tests/golden/make_models.py, which has the formula of the weights too. */
#include "support/check.h"
#include "support/tmp.h"

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

/* ---- weights by a formula ---- */

/* offset + uniform on +-scale, of the hash of a name and the index: FNV-1a, then splitmix64, 12 bits of it. Exact in float. */
static void draw(const char *name, float *v, int64_t n, double scale, double offset)
{
    uint64_t h = 0xcbf29ce484222325;
    for (const char *c = name; *c; c++)
        h = (h ^ (unsigned char)*c) * 0x100000001b3;
    int64_t m = (int64_t)(scale * 2048);
    for (int64_t i = 0; i < n; i++) {
        uint64_t z = h + (uint64_t)(i + 1) * 0x9e3779b97f4a7c15;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        z ^= z >> 31;
        v[i] = (float)(offset + (double)(((int64_t)(z >> 52) - 2048) * m) * 0x1p-22);
    }
}

/* N pictures of side x side x 3. */
static ml_tensor *pictures(int64_t n, int64_t side)
{
    ml_tensor *x = ml_tensor_new(4, (int64_t[]){n, side, side, 3});
    float *v = malloc((size_t)x->size * sizeof *v);
    draw("x", v, x->size, 2, 0);
    for (int64_t i = 0; i < x->size; i++)
        x->data[i] = (ml_real)v[i];
    free(v);
    return x;
}

/* ---- a state dict of PyTorch's ---- */

enum { MOST = 256 };

/* Names and shapes, as PyTorch lists them. The texts of the tensors' names are in `names`. */
typedef struct state_dict {
    ml_safetensor t[MOST];
    char names[MOST][64];
    int n;
} state_dict;

static bool ends(const char *name, const char *with)
{
    size_t n = strlen(name), m = strlen(with);
    return n >= m && strcmp(name + n - m, with) == 0;
}

static void parse(state_dict *d, char *line)
{
    ml_safetensor *t = &d->t[d->n];
    char *word = strtok(line, " \n");
    snprintf(d->names[d->n], sizeof d->names[0], "%s", word);
    *t = (ml_safetensor){.name = d->names[d->n], .dtype = "F32", .bytes = 4};
    while ((word = strtok(NULL, " \n"))) {
        t->shape[t->rank] = atoll(word);
        t->bytes *= (size_t)t->shape[t->rank++];
    }
    if (ends(t->name, "num_batches_tracked")) {
        t->dtype = "I64";
        t->bytes = 8;
    }
    d->n++;
}

/* From models_<file>.txt; the last layer with as many classes as wanted. For free(). */
static state_dict *read_state(const char *file)
{
    char path[512], line[256];
    state_dict *d = calloc(1, sizeof *d);
    snprintf(path, sizeof path, GOLDEN "models_%s.txt", file);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f) && d->n < MOST)
        parse(d, line);
    fclose(f);
    return d;
}

/* The head of fewer classes. */
static void set_classes(state_dict *d, const char *head, int64_t classes)
{
    for (int i = 0; i < d->n; i++)
        if (strncmp(d->t[i].name, head, strlen(head)) == 0) {
            d->t[i].bytes = d->t[i].bytes / (size_t)d->t[i].shape[0] * (size_t)classes;
            d->t[i].shape[0] = classes;
        }
}

/* Numbers by the formula, in PyTorch's order of axes. */
static void *numbers_of(const ml_safetensor *t)
{
    float *v = calloc(1, t->bytes);
    int64_t n = (int64_t)(t->bytes / 4);
    if (strcmp(t->dtype, "I64") == 0)
        return v;
    if (t->rank > 1)
        draw(t->name, v, n, sqrt(6.0 / (double)(n / t->shape[0])), 0);
    else if (ends(t->name, "running_var"))
        draw(t->name, v, n, 0.5, 1);
    else if (ends(t->name, "weight"))
        draw(t->name, v, n, 0.25, 1);
    else
        draw(t->name, v, n, 0.125, 0);
    return v;
}

/* The file that safetensors.torch.save_file(net.state_dict()) writes. */
static const char *write_file(state_dict *d)
{
    const char *path = tmp_path("weights.safetensors");
    for (int i = 0; i < d->n; i++)
        d->t[i].data = numbers_of(&d->t[i]);
    assert_int_equal(ml_safetensors_write(path, d->t, d->n, NULL, NULL, 0), ML_OK);
    for (int i = 0; i < d->n; i++)
        free((void *)d->t[i].data);
    return path;
}

/* The net with the formula's weights, by way of such a file. */
static ml_net *loaded(ml_net *net, const char *file, const char *head, int64_t classes)
{
    state_dict *d = read_state(file);
    set_classes(d, head, classes);
    if (ml_params_load(made(net)->params, write_file(d), NULL))
        fail_msg("%s", ml_error());
    free(d);
    return net;
}

/* ---- names and sizes ---- */

/* A weight of four axes lies F R S C in memory, F C R S in the state dict. */
static void assert_same_shape(const ml_tensor *x, const ml_safetensor *t)
{
    static const int turned[] = {0, 2, 3, 1};
    assert_string_equal(x->name, t->name);
    assert_int_equal(x->rank, t->rank);
    for (int i = 0; i < x->rank; i++)
        assert_int_equal(x->shape[i], t->shape[x->rank == 4 ? turned[i] : i]);
}

/* The same parameters and buffers in the same order. */
static void assert_state(const ml_net *net, const char *file, int64_t numbers)
{
    state_dict *d = read_state(file);
    int params = 0, buffers = 0;
    for (int i = 0; i < d->n; i++) {
        const ml_safetensor *t = &d->t[i];
        if (strstr(t->name, "running_"))
            assert_same_shape(ml_buffers_at(net->params, buffers++), t);
        else if (!ends(t->name, "num_batches_tracked"))
            assert_same_shape(ml_params_at(net->params, params++), t);
    }
    assert_int_equal(ml_params_count(net->params), params);
    assert_int_equal(ml_buffers_count(net->params), buffers);
    assert_int_equal(ml_params_size(net->params), numbers);
    free(d);
}

#define ASSERT_HAS(net, ...)                                                                               \
    for (const char *const *name = (const char *const[]){__VA_ARGS__, NULL}; *name; name++)                \
    assert_non_null(ml_params_find((net)->params, *name))

/* Sizes are torchvision's. A few names are said here too, so that the lists beside the golden values are not alone. */
static void resnets_have_torchvisions_names(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = made(ml_resnet18(&rng, (ml_resnet_opts){0}));
    assert_state(net, "resnet18", 11689512);
    ASSERT_HAS(net, "conv1.weight", "bn1.weight", "layer1.0.conv1.weight", "layer1.1.bn2.bias", "layer2.0.downsample.0.weight",
               "layer2.0.downsample.1.bias", "layer4.1.conv2.weight", "fc.weight", "fc.bias");
    assert_non_null(ml_buffers_find(net->params, "layer4.0.downsample.1.running_var"));
    assert_null(ml_params_find(net->params, "layer1.0.downsample.0.weight"));
    assert_int_equal(ml_net_macs(net), 1814073344); /* He et al. 2016, table 1: 1.8e9 */
    ml_net_free(net);
    net = made(ml_resnet34(&rng, (ml_resnet_opts){0}));
    assert_state(net, "resnet34", 21797672);
    ml_net_free(net);
}

/* The classifier of the full size is left out, for time and memory, and so from torchvision's numbers. */
static void vggs_have_torchvisions_names(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    const int64_t h = 64, less = 25088 * (4096 - h) + 4096 * 4096 - h * h + 2 * (4096 - h) + 1000 * (4096 - h);
    ml_net *net = made(ml_vgg11(&rng, (ml_vgg_opts){.hidden = h}));
    assert_state(net, "vgg11", 132863336 - less);
    ASSERT_HAS(net, "features.0.weight", "features.3.bias", "features.18.weight", "classifier.0.weight", "classifier.3.bias",
               "classifier.6.bias");
    ml_net_free(net);
    net = made(ml_vgg11_bn(&rng, (ml_vgg_opts){.hidden = h}));
    assert_state(net, "vgg11_bn", 132868840 - less);
    ml_net_free(net);
}

/* ---- options and initial values ---- */

static void assert_deviation(const ml_net *net, const char *name, double want)
{
    const ml_tensor *w = ml_params_find(net->params, name);
    double squares = 0;
    assert_non_null(w);
    for (int64_t i = 0; i < w->size; i++)
        squares += (double)w->data[i] * (double)w->data[i];
    double got = sqrt(squares / (double)w->size);
    if (fabs(got - want) > 5 * want / sqrt(2.0 * (double)w->size)) /* five standard errors */
        fail_msg("%s has deviation %g, wanted %g", name, got, want);
}

static void assert_constant(const ml_net *net, const char *name, ml_real value)
{
    const ml_tensor *w = ml_params_find(net->params, name);
    assert_non_null(w);
    for (int64_t i = 0; i < w->size; i++)
        assert_true(w->data[i] == value);
}

static void options_of_resnet(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(3);
    ml_net *net = made(ml_resnet18(&rng, (ml_resnet_opts){.height = 33, .width = 1, .channels = 1, .classes = 7}));
    assert_int_equal(ml_net_inputs(net), 33);
    assert_int_equal(ml_net_outputs(net), 7);
    assert_deviation(net, "conv1.weight", sqrt(2.0 / (49 * 64)));
    assert_deviation(net, "layer2.0.conv1.weight", sqrt(2.0 / (9 * 128)));
    assert_deviation(net, "layer2.0.downsample.0.weight", sqrt(2.0 / 128));
    assert_deviation(net, "fc.weight", 1 / sqrt(3.0 * 512)); /* uniform on +-1/sqrt(512) */
    assert_constant(net, "layer4.1.bn2.weight", 1);
    assert_constant(net, "layer4.1.bn2.bias", 0);
    ml_net_free(net);
}

static void options_of_vgg(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(3);
    ml_vgg_opts opts = {.height = 40, .width = 33, .channels = 1, .classes = 7, .hidden = 32, .dropout = ML_ZERO};
    ml_net *net = made(ml_vgg11_bn(&rng, opts));
    assert_int_equal(ml_net_inputs(net), 40 * 33);
    assert_int_equal(ml_net_outputs(net), 7);
    assert_deviation(net, "features.4.weight", sqrt(2.0 / (9 * 128)));
    assert_deviation(net, "classifier.0.weight", 0.01);
    assert_deviation(net, "classifier.6.weight", 0.01);
    assert_constant(net, "features.4.bias", 0);
    assert_constant(net, "features.5.weight", 1);
    assert_constant(net, "classifier.0.bias", 0);
    ml_net_free(net);
}

static void refused(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    assert_null(ml_resnet18(&rng, (ml_resnet_opts){.height = -3}));
    assert_string_equal(ml_error(), "resnet18: height is -3: it must be 1 or more, or 0 for the default, 224");
    assert_null(ml_resnet34(&rng, (ml_resnet_opts){.classes = -1}));
    assert_string_equal(ml_error(), "resnet34: classes is -1: it must be 1 or more, or 0 for the default, 1000");
    assert_null(ml_resnet18(NULL, (ml_resnet_opts){0}));
    assert_string_equal(ml_error(), "resnet18: net: rng is NULL: initial values are drawn from it, say ml_rng_seed(42)");
    assert_null(ml_resnet18(&rng, (ml_resnet_opts){.width = INT64_MAX}));
    assert_int_equal(ml_error_status(), ML_EINVAL);
    assert_null(ml_vgg11(&rng, (ml_vgg_opts){.hidden = -4}));
    assert_string_equal(ml_error(), "vgg11: hidden is -4: it must be 1 or more, or 0 for the default, 4096");
    assert_null(ml_vgg11_bn(&rng, (ml_vgg_opts){.hidden = 8, .dropout = 1}));
    assert_string_equal(ml_error(), "vgg11_bn: net: layer classifier.2 (dropout): p is 1: it must be in [0, 1)");
    assert_null(ml_vgg11(&rng, (ml_vgg_opts){.hidden = 8, .height = 31}));
    assert_non_null(strstr(ml_error(), "vgg11: net: layer features.20 (max_pool): "));
}

/* An allocator with no room for the classifier's first weight: its sentence says how large that would have been. */
static void *little(void *user, size_t bytes)
{
    (void)user;
    return bytes > 100000000 ? NULL : malloc(bytes);
}

static void give_back(void *user, void *p)
{
    (void)user;
    free(p);
}

static void vgg_needs_memory(void **state)
{
    (void)state;
    char wanted[32];
    ml_rng rng = ml_rng_seed(1);
    int64_t blocks = ml_memory_blocks();
    snprintf(wanted, sizeof wanted, "%zu bytes", (size_t)25088 * 4096 * sizeof(ml_real)); /* 512 * 7 * 7 to 4096 */
    assert_int_equal(ml_set_allocator((ml_allocator){.alloc = little, .free = give_back}), ML_OK);
    assert_null(ml_vgg11(&rng, (ml_vgg_opts){0}));
    assert_int_equal(ml_error_status(), ML_ENOMEM);
    if (!strstr(ml_error(), wanted))
        fail_msg("\"%s\" does not say \"%s\"", ml_error(), wanted);
    assert_int_equal(ml_memory_blocks(), blocks);
    assert_int_equal(ml_set_allocator((ml_allocator){0}), ML_OK);
}

/* ---- golden ---- */

#ifdef MLCORE_DOUBLE
#define TOLERANCE 1e-10
#define GRADIENT_TOLERANCE 1e-9
#else
#define TOLERANCE 1e-4 /* of the largest */
/* A relu whose input lies within rounding of 0 lets its gradient through in one body of the convolution and not in another; behind the
 * eight pixels of the last block one such unit makes a hundredth. The double build, where none lies so near, is the judge. */
#define GRADIENT_TOLERANCE 3e-2
#endif

/* Every so many of n numbers agree with g from *at on, but for a part of the largest of them. */
static void assert_agree(const char *what, const ml_real *v, const int64_t *order, int64_t n, int64_t every, const golden *g,
                         int64_t *at, double tolerance)
{
    double largest = 0, worst = 0;
    int64_t count = (n + every - 1) / every;
    for (int64_t i = 0; i < count; i++) {
        double want = g->v[*at + i], got = (double)v[order ? order[i * every] : i * every];
        largest = fmax(largest, fabs(want));
        worst = isnan(got) ? INFINITY : fmax(worst, fabs(got - want));
    }
    *at += count;
    if (!(worst <= tolerance * largest))
        fail_msg("%s differs by %g, of the largest, %g", what, worst / largest, largest);
}

/* Where the numbers of a weight F C R S lie in F R S C; NULL for others. */
static int64_t *file_order(const ml_tensor *x)
{
    if (x->rank != 4)
        return NULL;
    int64_t *order = malloc((size_t)x->size * sizeof *order), n = 0;
    const int64_t *s = x->shape;
    for (int64_t f = 0; f < s[0]; f++)
        for (int64_t c = 0; c < s[3]; c++)
            for (int64_t k = 0; k < s[1] * s[2]; k++)
                order[n++] = (f * s[1] * s[2] + k) * s[3] + c;
    return order;
}

static void assert_gradient(const ml_net *net, const char *name, const golden *g, int64_t *at)
{
    const ml_tensor *x = ml_params_find(net->params, name);
    assert_non_null(x);
    int64_t *order = file_order(x);
    assert_agree(name, x->grad, order, x->size, x->size / 512 + 1, g, at, GRADIENT_TOLERANCE);
    free(order);
}

/* One step of training at 64x64: logits and loss, then the gradients. */
static void assert_step(ml_net *net, const char *const *grads, int n, const golden *g, int64_t *at)
{
    int32_t labels[] = {3, 7};
    ml_tensor *x = pictures(2, 64);
    ml_real *out = malloc(20 * sizeof *out);
    assert_int_equal(ml_predict(net, x->data, 2, out), ML_OK);
    assert_agree("logits, eval", out, NULL, 20, 1, g, at, TOLERANCE);
    ml_tape *t = ml_tape_new();
    ml_tensor *logits = ml_net_forward(net, t, x), *loss = ml_softmax_xent(t, logits, (ml_ints){labels, 2});
    assert_int_equal(ml_backward(t, loss), ML_OK);
    assert_agree("logits, train", logits->data, NULL, 20, 1, g, at, TOLERANCE);
    assert_agree("loss", loss->data, NULL, 1, 1, g, at, TOLERANCE);
    for (int i = 0; i < n; i++)
        assert_gradient(net, grads[i], g, at);
    ml_tape_free(t);
    ml_tensor_free(x);
    free(out);
}

static void resnet18_is_pytorchs(void **state)
{
    (void)state;
    static const char *const grads[] = {"conv1.weight", "bn1.weight", "layer1.1.bn2.bias", "layer2.0.downsample.0.weight",
                                        "layer3.0.conv1.weight", "layer4.1.conv2.weight", "fc.weight", "fc.bias"};
    static const char *const statistics[] = {"bn1.running_mean", "bn1.running_var", "layer2.0.downsample.1.running_mean",
                                             "layer4.1.bn2.running_var"};
    ml_rng rng = ml_rng_seed(1);
    golden g = golden_read("models_resnet18");
    int64_t at = 0;
    ml_net *net = loaded(ml_resnet18(&rng, (ml_resnet_opts){.height = 64, .width = 64, .classes = 10}), "resnet18", "fc", 10);
    assert_step(net, grads, sizeof grads / sizeof *grads, &g, &at);
    for (size_t i = 0; i < sizeof statistics / sizeof *statistics; i++) {
        const ml_tensor *x = ml_buffers_find(net->params, statistics[i]);
        assert_agree(statistics[i], x->data, NULL, x->size, 1, &g, &at, TOLERANCE);
    }
    assert_int_equal(at, g.size);
    golden_free(&g);
    ml_net_free(net);
}

static void vgg11_is_pytorchs(void **state)
{
    (void)state;
    static const char *const grads[] = {"features.0.weight", "features.0.bias", "features.11.weight", "features.18.weight",
                                        "classifier.0.weight", "classifier.6.weight", "classifier.6.bias"};
    ml_rng rng = ml_rng_seed(1);
    golden g = golden_read("models_vgg11");
    int64_t at = 0;
    ml_vgg_opts opts = {.height = 64, .width = 64, .classes = 10, .hidden = 64, .dropout = ML_ZERO};
    ml_net *net = loaded(ml_vgg11(&rng, opts), "vgg11", "classifier.6", 10);
    assert_step(net, grads, sizeof grads / sizeof *grads, &g, &at);
    assert_int_equal(at, g.size);
    golden_free(&g);
    ml_net_free(net);
}

/* The default options: 224x224, 1000 classes, one picture, in both modes. And a file of the net's own gives the same bits. */
static void resnet18_at_full_size(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    golden g = golden_read("models_resnet18_224");
    int64_t at = 0;
    ml_net *net = loaded(ml_resnet18(&rng, (ml_resnet_opts){0}), "resnet18", "fc", 1000);
    const char *path = tmp_path("net.safetensors");
    assert_int_equal(ml_net_save(net, path, NULL), ML_OK);
    ml_net *back = made(ml_net_load(path, NULL));
    ml_tensor *x = pictures(1, 224);
    ml_real *out = malloc(2000 * sizeof *out);
    assert_int_equal(ml_predict(net, x->data, 1, out), ML_OK);
    assert_agree("logits at 224, eval", out, NULL, 1000, 1, &g, &at, TOLERANCE);
    assert_int_equal(ml_predict(back, x->data, 1, out + 1000), ML_OK);
    assert_memory_equal(out, out + 1000, 1000 * sizeof *out);
    ml_tape *t = ml_tape_open((ml_tape_opts){.no_grad = true});
    assert_agree("logits at 224, train", ml_net_forward(net, t, x)->data, NULL, 1000, 1, &g, &at, TOLERANCE);
    ml_tape_free(t);
    ml_tensor_free(x);
    golden_free(&g);
    ml_net_free(net), ml_net_free(back);
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resnets_have_torchvisions_names),
        cmocka_unit_test(vggs_have_torchvisions_names),
        cmocka_unit_test(options_of_resnet),
        cmocka_unit_test(options_of_vgg),
        cmocka_unit_test(refused),
        cmocka_unit_test(vgg_needs_memory),
        cmocka_unit_test_setup_teardown(resnet18_is_pytorchs, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(vgg11_is_pytorchs, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(resnet18_at_full_size, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
