/* make_model_seeds.c -- writes tests/fuzz/seeds/model: a file of each learner, a pipeline of each, and a text as fuzz_model.c takes it.
 *
 * Run from the top of the tree, after a debug build:
 *     cc -std=c11 -D_POSIX_C_SOURCE=200809L -Iinclude -Ilib tests/fuzz/make_model_seeds.c build/debug/libmlcore.a \
 *         $(pkg-config --libs jansson zlib libzip openblas) -lm -lpthread -o build/make_model_seeds && build/make_model_seeds
 */
#include "fuzz_model.c"

static void save_model(const char *name, ml_learner learner, bool classify)
{
    enum { N = 12 };
    double x[2 * N], y[N];
    int32_t label[N];
    char path[128];
    for (int i = 0; i < N; i++) {
        x[2 * i] = i;
        x[2 * i + 1] = i * 5 % 7;
        y[i] = i * 0.5 + i % 2;
        label[i] = i % 4 == 0 ? 2 : i > 5;
    }
    ml_xy data = {.x = {.v = x, .rows = N, .columns = 2}};
    if (classify)
        data.label = (ml_ints){label, N};
    else
        data.y = (ml_doubles){y, N};
    ml_model *m = ml_fit(learner, data);
    snprintf(path, sizeof path, "tests/fuzz/seeds/model/%s", name);
    fm_must(m && ml_model_save(m, path) == ML_OK);
    ml_model_free(m);
}

static void save_pipeline(const char *name, ml_learner learner)
{
    char path[128];
    ml_pipeline *p = fm_fit(learner);
    snprintf(path, sizeof path, "tests/fuzz/seeds/model/%s", name);
    fm_must(ml_pipeline_save(p, path) == ML_OK);
    ml_pipeline_free(p);
}

static void save_text(const char *from, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "tests/fuzz/seeds/model/%s", from);
    ml_safetensors *st = ml_safetensors_read(path);
    fm_must(st != NULL);
    snprintf(path, sizeof path, "tests/fuzz/seeds/model/%s", name);
    FILE *out = fopen(path, "wb");
    fm_must(out && fputs(ml_safetensors_meta(st, MLI_META_KEY), out) >= 0 && fclose(out) == 0);
    ml_safetensors_free(st);
}

int main(void)
{
    const ml_learner small[] = {ML_DUMMY(),  ML_LINEAR(),         ML_LOGISTIC(), ML_TREE(.max_depth = 2),
                                ML_FOREST(.trees = 2, .max_depth = 2), ML_BOOST(.rounds = 2, .max_leaves = 3, .min_samples_leaf = 2)};
    char name[64];
    for (size_t i = 0; i < sizeof small / sizeof *small; i++) {
        const bool classifies = small[i].kind->classifies, regresses = small[i].kind->regresses;
        snprintf(name, sizeof name, "%s_classes", ml_learner_name(small[i]));
        if (classifies)
            save_model(name, small[i], true);
        snprintf(name, sizeof name, "%s_numbers", ml_learner_name(small[i]));
        if (regresses)
            save_model(name, small[i], false);
    }
    save_pipeline("pipeline", ML_TREE());
    save_text("pipeline", "pipeline.json");
    save_pipeline("pipeline", ML_DUMMY());
    return 0;
}
