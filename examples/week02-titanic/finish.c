/* finish.c -- one pipeline: chosen on four fifths of the passengers, judged once on the fifth that is left, and saved. */
#include "week02-titanic/week02.h"

/* A tree of three questions: not the best model, but one that can be read. */
static int small_tree(study *s, const ml_frame *train)
{
    static const char *const names[] = {"died", "survived"};
    char path[CLI_PATH];
    ml_pipeline *p = ml_pipeline_fit(titanic_recipe("tree:max_depth=3,min_samples_leaf=8", true), train, TARGET);
    cli_out_path(&s->c, "tree.dot", path);
    if (!p || ml_tree_dot(ml_pipeline_model(p), path, names)) {
        ml_pipeline_free(p);
        return cli_fail_ml(&s->c);
    }
    fprintf(s->board, "\nA small tree\n");
    ml_tree_print(s->board, ml_pipeline_model(p), names, 0);
    ml_html_graph(s->page, path, "A small tree", "Questions, and at the leaves who survived");
    ml_pipeline_free(p);
    return -1;
}

static int save(study *s, ml_pipeline *p, const ml_frame *test)
{
    char path[CLI_PATH];
    double accuracy = 0;
    if (ml_pipeline_score(p, test, "accuracy", &accuracy) || ml_pipeline_note(p, "test_accuracy", accuracy) ||
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
