/* finish.c -- one pipeline: chosen on four fifths of the passengers, judged once on the fifth that is left, and saved. */
#include "week02-titanic/week02.h"

int draw_tree(study *s, const ml_pipeline *p, const char *caption, const char *const *names)
{
    char path[CLI_PATH];
    if (ml_tree_dot(ml_pipeline_model(p), cli_out_path(&s->c, "tree.dot", path), names))
        return cli_fail_ml(&s->c);
    fprintf(s->board, "\n%s\n", caption);
    ml_tree_print(s->board, ml_pipeline_model(p), names, 0);
    ml_html_graph(s->page, path, caption, "Questions, and at the leaves what is said");
    return -1;
}

/* A tree of three questions: not the best model, but one that can be read. */
static int small_tree(study *s, const ml_frame *train)
{
    static const char *const names[] = {"died", "survived"};
    ml_pipeline *p = ml_pipeline_fit(titanic_recipe("tree:max_depth=3,min_samples_leaf=8", true), train, TARGET);
    int status = p ? draw_tree(s, p, "A small tree", names) : cli_fail_ml(&s->c);
    ml_pipeline_free(p);
    return status;
}

int save(study *s, ml_pipeline *p, const ml_frame *test)
{
    char path[CLI_PATH];
    const bool classes = ml_pipeline_classes(p) > 0;
    double score = 0;
    if (ml_pipeline_score(p, test, classes ? "accuracy" : "r2", &score) ||
        (isfinite(score) && ml_pipeline_note(p, classes ? "test_accuracy" : "test_r2", score)) || /* an r2 of equal numbers is not */
        ml_pipeline_note(p, "seed", (double)s->c.seed) || ml_pipeline_save(p, cli_out_path(&s->c, "model.safetensors", path)))
        return cli_fail_ml(&s->c);
    return -1;
}

static int fit_and_judge(study *s, const ml_frame *train, const ml_frame *test)
{
    ml_recipe recipe = {0};
    int status = choose(s, &PASSENGERS, train, &recipe);
    if (status >= 0)
        return status;
    double start = cli_seconds();
    ml_pipeline *p = ml_pipeline_fit(recipe, train, TARGET);
    cli_metric(&s->c, "train_seconds", cli_seconds() - start);
    ml_pipeline *baseline = p ? ml_pipeline_fit(titanic_recipe("dummy", false), train, TARGET) : NULL;
    fprintf(s->board, "\nOn the %lld rows held out\n", (long long)test->rows);
    ml_html_section(s->page, "The model, on rows held out");
    status = baseline ? judge(s, p, baseline, test) : cli_fail_ml(&s->c);
    if (status < 0)
        status = small_tree(s, train);
    if (status < 0)
        status = save(s, p, test);
    ml_pipeline_free(p);
    ml_pipeline_free(baseline);
    return status;
}

int finish(study *s, const ml_frame *all)
{
    ml_frame *train, *test;
    if (ml_frame_split(all, 0.2, (uint64_t)s->c.seed, ML_ROLE_TEST, TARGET, &train, &test))
        return cli_fail_ml(&s->c);
    int status = fit_and_judge(s, train, test);
    ml_frame_free(train);
    ml_frame_free(test);
    return status;
}
