// A C++17 program: a net layer by layer, training, a file and back, errors that become exceptions. Every function of the library
// that it calls is declared extern "C" by the headers, and every macro that it would miss has a function beside it.
#include <mlcore/mlcore.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

template <auto Free> struct deleter {
    template <class T> void operator()(T *p) const { Free(p); }
};
using net_ptr = std::unique_ptr<ml_net, deleter<ml_net_free>>;
using tape_ptr = std::unique_ptr<ml_tape, deleter<ml_tape_free>>;
using optim_ptr = std::unique_ptr<ml_optim, deleter<ml_optim_free>>;
using set_ptr = std::unique_ptr<ml_dataset, deleter<ml_dataset_free>>;
using text_ptr = std::unique_ptr<char, deleter<std::free>>;
using frame_ptr = std::unique_ptr<ml_frame, deleter<ml_frame_free>>;
using pipeline_ptr = std::unique_ptr<ml_pipeline, deleter<ml_pipeline_free>>;
using search_ptr = std::unique_ptr<ml_search, deleter<ml_search_free>>;

struct error : std::runtime_error {
    ml_status status;
    error() : std::runtime_error(ml_error()), status(ml_error_status()) {}
};

void check(ml_status s)
{
    if (s)
        throw error();
}
template <class T> T *check(T *p)
{
    if (!p)
        throw error();
    return p;
}
void want(bool good, const char *what)
{
    if (!good)
        throw std::logic_error(what);
}

ml_layer conv(std::int64_t out)
{
    ml_conv_opts o = {};
    o.out = out;
    o.k = 3;
    o.pad = 1;
    return ml_layer_conv(o);
}
ml_layer dense(std::int64_t out)
{
    ml_dense_opts o = {};
    o.out = out;
    o.init = ML_INIT_ORTHOGONAL;
    return ml_layer_dense(o);
}

// Pictures with a bright stripe: rows for class 0, columns for class 1.
set_ptr stripes(int n)
{
    const std::int64_t shape[] = {6, 6, 1};
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(n) * 36);
    std::vector<std::int32_t> labels(static_cast<std::size_t>(n));
    ml_rng rng = ml_rng_seed(7);
    for (std::size_t i = 0; i < labels.size(); i++) {
        labels[i] = static_cast<std::int32_t>(i % 2);
        auto at = static_cast<std::size_t>(ml_rng_below(&rng, 6));
        for (std::size_t k = 0; k < 6; k++)
            bytes[i * 36 + (labels[i] ? k * 6 + at : at * 6 + k)] = 255;
    }
    return set_ptr(check(ml_dataset_new(n, 3, shape, bytes.data(), labels.data(), 2)));
}

net_ptr build()
{
    ml_rng rng = ml_rng_seed(1);
    net_ptr net(check(ml_net_empty(&rng)));
    ml_input_opts sample = {};
    sample.shape[0] = sample.shape[1] = 6;
    sample.shape[2] = 1;
    const ml_layer inside[] = {conv(4), ml_layer_tanh()}; // a block's layers live until it joins
    ml_pool2d_opts pool = {};
    pool.k = 2;
    ml_norm_opts norm = {};
    for (const ml_layer &l : {ml_layer_input(sample), conv(4), ml_layer_batch_norm(norm), ml_layer_relu(),
                              ml_layer_named("block", ml_layer_seq(inside, 2)), ml_layer_max_pool(pool), ml_layer_flatten(), dense(2)})
        check(ml_net_add(net.get(), l));
    return net;
}

struct gradients {
    int calls = 0;
    double largest = 0;
};

// Watches the gradients of a layer where one is named.
void train(ml_net *net, ml_dataset *set, const char *watched)
{
    ml_adam_opts o = {};
    o.lr = 0.02;
    optim_ptr opt(check(ml_adamw(net->params, o)));
    tape_ptr t(check(ml_tape_new()));
    ml_rng rng = ml_rng_seed(3);
    gradients seen;
    ml_hook hook = {};
    hook.user = &seen;
    hook.backward = [](void *user, const ml_hook_view *at) {
        auto *g = static_cast<gradients *>(user);
        g->calls++;
        for (std::int64_t i = 0; i < at->y->size; i++)
            g->largest = std::fmax(g->largest, std::fabs(static_cast<double>(at->dy[i])));
        return ML_OK;
    };
    std::int64_t id = watched ? ml_net_hook(net, watched, hook) : 0;
    want(!watched || id > 0, "the hook was not set");
    for (int epoch = 0; epoch < 12; epoch++) {
        ml_loader it = ml_batches(set, 16, &rng);
        for (ml_batch b; ml_next(&it, &b);) {
            ml_tape_reset(t.get());
            ml_tensor *loss = ml_softmax_xent(t.get(), ml_net_forward(net, t.get(), b.x), b.label);
            check(ml_backward(t.get(), loss));
            check(ml_step(opt.get()));
        }
        check(it.status);
    }
    if (watched) {
        check(ml_net_unhook(net, id));
        want(seen.calls == 12 * 4 && seen.largest > 0, "the hook saw no gradients");
    }
    double accuracy = 0;
    check(ml_evaluate(net, set, ML_ACCURACY, &accuracy));
    std::printf("accuracy %.2f %%\n", 100 * accuracy);
    want(accuracy > 0.95, "it did not learn");
}

std::vector<ml_real> predict(ml_net *net, const ml_dataset *set)
{
    std::vector<ml_real> x(static_cast<std::size_t>(set->n) * 36), out(static_cast<std::size_t>(set->n) * 2);
    for (std::int64_t i = 0; i < set->n; i++)
        check(ml_dataset_sample(set, i, x.data() + i * 36, nullptr));
    check(ml_predict(net, x.data(), set->n, out.data()));
    return out;
}

void through_a_file(ml_net *net, const ml_dataset *set, const std::string &path)
{
    check(ml_net_save(net, path.c_str(), "{\"classes\": [\"rows\", \"columns\"]}"));
    char *text = nullptr;
    net_ptr back(check(ml_net_load(path.c_str(), &text)));
    text_ptr extra(text);
    std::remove(path.c_str());
    want(extra && std::string(extra.get()).find("columns") != std::string::npos, "extra did not come back");
    want(predict(net, set) == predict(back.get(), set), "the loaded net gives other numbers");
}

// f must throw, with this status and these words.
template <class F> void must_throw(F f, ml_status status, const char *words)
{
    try {
        f();
    } catch (const error &e) {
        want(e.status == status, "another status");
        want(std::string(e.what()).find(words) != std::string::npos, e.what());
        return;
    }
    throw std::logic_error("nothing was thrown");
}

// The forward of a custom net is a lambda: y = V tanh(W x + b).
struct model {
    ml_tensor *w, *b, *v;
};

void from_a_lambda(ml_dataset *set)
{
    const std::int64_t sample[] = {6, 6, 1}, w[] = {8, 36}, b = 8, v[] = {2, 8};
    ml_rng rng = ml_rng_seed(2);
    model m = {};
    ml_forward_fn forward = [](void *user, ml_tape *t, ml_tensor *x) {
        auto *m = static_cast<model *>(user);
        return ml_linear(t, ml_tanh(t, ml_linear(t, ml_flatten(t, x), m->w, m->b)), m->v, nullptr);
    };
    net_ptr net(check(ml_net_custom(forward, &m, 3, sample)));
    m.w = check(ml_param(net->params, "w", 2, w));
    m.b = check(ml_param(net->params, "b", 1, &b));
    m.v = check(ml_param(net->params, "v", 2, v));
    check(ml_init_xavier_normal(m.w, &rng));
    check(ml_init_xavier_normal(m.v, &rng));
    train(net.get(), set, nullptr);
}

// A table, a recipe step by step, a search, a pipeline.
void from_a_table()
{
    const std::size_t n = 80;
    std::vector<double> age(n);
    std::vector<const char *> sex(n);
    std::vector<std::int64_t> survived(n);
    ml_rng rng = ml_rng_seed(5);
    for (std::size_t i = 0; i < n; i++) {
        age[i] = i % 9 ? 80 * ml_rng_uniform(&rng) : std::nan("");
        sex[i] = ml_rng_below(&rng, 2) ? "female" : "male";
        survived[i] = sex[i][0] == 'f';
    }
    frame_ptr f(check(ml_frame_new()));
    check(ml_frame_put_numbers(f.get(), "age", age.data(), static_cast<std::int64_t>(n)));
    check(ml_frame_put_texts(f.get(), "sex", sex.data(), static_cast<std::int64_t>(n)));
    check(ml_frame_put_integers(f.get(), "survived", survived.data(), static_cast<std::int64_t>(n)));

    ml_recipe recipe = ml_recipe_of(ml_logistic_learner({}), nullptr, 0);
    ml_impute_opts impute = {};
    impute.columns = "age";
    ml_one_hot_opts one_hot = {};
    one_hot.columns = "sex";
    for (const ml_prep_step &step : {ml_impute_step(impute), ml_one_hot_step(one_hot)})
        check(ml_recipe_add(&recipe, step));
    const double values[] = {0.01, 1};
    ml_choice c = {};
    c.option = "C";
    c.v = values;
    c.n = 2;
    ml_search_opts opts = {};
    opts.choice = &c;
    opts.choices = 1;
    opts.folds.stratify = "survived";
    search_ptr search(check(ml_search_fit(recipe, f.get(), "survived", opts)));
    pipeline_ptr p(check(ml_pipeline_fit(search->best, f.get(), "survived")));
    double accuracy = 0;
    check(ml_pipeline_score(p.get(), f.get(), "accuracy", &accuracy));
    want(accuracy > 0.95, "the pipeline did not learn");
}

void errors(ml_net *net)
{
    ml_rng rng = ml_rng_seed(1);
    net_ptr empty(check(ml_net_empty(&rng)));
    must_throw([&] { check(ml_net_add(empty.get(), dense(4))); }, ML_EINVAL, "the first layer is dense");
    must_throw([&] { check(ml_net_add(net, conv(4))); }, ML_EINVAL, "conv");
    must_throw([&] { check(ml_net_load("no-such-file", nullptr)); }, ML_EIO, "no-such-file");
    must_throw([&] { check(ml_net_unhook(net, 999)); }, ML_EINVAL, "999");
    must_throw(
        [&] {
            const std::int64_t shape[] = {2, 5};
            const ml_real zeros[10] = {};
            tape_ptr t(check(ml_tape_new()));
            ml_tensor *x = check(ml_constant(t.get(), 2, shape, zeros));
            check(ml_net_forward(net, t.get(), x));
        },
        ML_EINVAL, "input is 2x5, expected Nx6x6x1");
}

} // namespace

int main(int argc, char **argv)
try {
    set_ptr set = stripes(64);
    net_ptr net = build();
    train(net.get(), set.get(), "block");
    from_a_table();
    from_a_lambda(set.get());
    through_a_file(net.get(), set.get(), std::string(argc > 0 ? argv[0] : "embed") + ".safetensors");
    errors(net.get());
    return 0;
} catch (const std::exception &e) {
    std::fprintf(stderr, "embed: %s\n", e.what());
    return 1;
}
