/* own.c -- any table: --target says what is to be predicted, and its type says whether that is classes or a number. */
#include "week02-titanic/week02.h"

#include <stdlib.h>
#include <string.h>

/* A table without texts: they have to become something first, and what is not for a program to guess. */
static int refuse_texts(const study *s, const ml_frame *f)
{
    char plain[64];
    for (int j = 0; j < f->columns; j++) {
        const ml_column *c = &f->column[j];
        if (strcmp(c->name, s->target) == 0 || (c->type != ML_TEXT && c->type != ML_TIME))
            continue;
        return cli_fail(&s->c, "column '%s' is %s with %lld values: name others with --features, or make a category or a number "
                        "of it first", plain_text(c->name, plain, sizeof plain), ml_type_name(c->type), (long long)(c->n - c->missing));
    }
    return -1;
}

/* The features and, last, the target, of rows that have a target. Empties *f on error. */
static int pick_columns(const study *s, ml_frame **f)
{
    ml_frame *all = *f, *picked = NULL, *kept = NULL;
    *f = NULL;
    const ml_column *target = ml_frame_column(all, s->target);
    int status = target ? -1 : cli_fail(&s->c, "--target: %s", ml_error());
    if (status < 0) {
        picked = s->features ? ml_frame_select(all, s->features) : ml_frame_copy(all);
        if (picked && ml_frame_has(picked, s->target) && s->features)
            status = cli_fail(&s->c, "--features: '%s' is the target", s->target);
        else if (!picked || (!s->features && ml_frame_remove(picked, s->target)) || ml_frame_put(picked, NULL, target))
            status = cli_fail(&s->c, "--features: %s", ml_error());
    }
    if (status < 0 && !(kept = ml_frame_where(picked, ml_mask_not(ml_mask_missing(picked, s->target)))))
        status = cli_fail_ml(&s->c);
    if (status < 0 && kept->rows < picked->rows)
        fprintf(s->board, "without a value of %s, and left out: %lld row%s\n", s->target, (long long)(picked->rows - kept->rows),
                picked->rows - kept->rows == 1 ? "" : "s");
    ml_frame_free(all);
    ml_frame_free(picked);
    *f = kept;
    return status;
}

/* How many different values the target has; -1 where that cannot be said. */
static int64_t different(const ml_frame *f, const char *target)
{
    ml_frame *u = ml_frame_unique(f, target);
    int64_t n = u ? u->rows : -1;
    ml_frame_free(u);
    return n;
}

static int check_target(const study *s, ml_frame *f, ml_learner learner)
{
    const ml_column *c = ml_frame_column(f, s->target);
    int64_t n = different(f, s->target);
    if (f->rows < 20)
        return cli_fail(&s->c, "%lld rows with a target are too few: there must be 20", (long long)f->rows);
    if (n < 2)
        return cli_fail(&s->c, "column '%s' has a single value in all rows: there is nothing to learn", s->target);
    if (c->type == ML_TIME || (c->type == ML_TEXT && n > 100))
        return cli_fail(&s->c, "column '%s' is %s with %lld different values, which are neither classes nor numbers", s->target,
                        ml_type_name(c->type), (long long)n);
    if (s->model && strcmp(ml_learner_name(learner), "linear") == 0 && c->type == ML_INTEGER &&
        ml_frame_convert(f, s->target, NULL, ML_NUMBER, (ml_convert_opts){0}))
        return cli_fail_ml(&s->c);
    return -1;
}

/* One shuffle of five folds on the training rows. */
static int cross_validate(study *s, ml_recipe recipe, const ml_frame *train, bool classes)
{
    const ml_fold_opts cut = {.shuffle = true, .seed = (uint64_t)s->c.seed, .stratify = classes ? s->target : NULL};
    const ml_cv_opts opts = {.scores = classes ? "accuracy" : "r2,rmse"};
    ml_folds *folds = ml_folds_of(train, cut);
    ml_cv *cv = folds ? ml_cross_validate(recipe, train, s->target, folds, opts) : NULL;
    ml_folds_free(folds);
    ml_frame *all = cv ? ml_cv_frame(cv) : NULL, *scores = all ? ml_frame_without(all, "fit_seconds,predict_seconds") : NULL;
    ml_frame_free(all);
    if (!scores) {
        ml_cv_free(cv);
        return cli_fail_ml(&s->c);
    }
    ml_html_section(s->page, "Cross-validation");
    fprintf(s->board, "\n");
    ml_html_table(s->page, "Five folds of the training rows", scores, 0);
    for (int i = 0; i < cv->scores; i++) {
        char name[64], line[160];
        snprintf(name, sizeof name, "cv_%s", cv->score[i]);
        cli_metric(&s->c, name, ml_cv_mean(cv, cv->score[i]));
        snprintf(line, sizeof line, "five folds of the training rows: %s %.4g +- %.2g", cv->score[i], ml_cv_mean(cv, cv->score[i]),
                 ml_cv_spread(cv, cv->score[i]));
        fprintf(s->board, "%s\n", line);
        ml_html_text(s->page, line);
    }
    ml_frame_free(scores);
    ml_cv_free(cv);
    return -1;
}

/* The model itself where it is a tree that can be read, else a small one beside it. */
static int show_tree(study *s, const ml_pipeline *p, const ml_frame *train)
{
    enum { MOST_LEAVES = 16 };
    const ml_model *m = ml_pipeline_model(p);
    const int32_t classes = ml_pipeline_classes(p);
    int64_t leaves = 0;
    bool itself = ml_model_trees(m) == 1 && !ml_model_tree_size(m, 0, NULL, &leaves, NULL) && leaves <= MOST_LEAVES;
    ml_pipeline *small = itself ? NULL : ml_pipeline_fit(own_recipe("tree:max_depth=3,min_samples_leaf=5"), train, s->target);
    const char **names = calloc((size_t)classes + 1, sizeof *names);
    int status = !names ? cli_fail(&s->c, "out of memory") : !itself && !small ? cli_fail_ml(&s->c) : -1;
    for (int32_t k = 0; k < classes && names; k++)
        names[k] = ml_pipeline_class(p, k);
    if (status < 0)
        status = draw_tree(s, itself ? p : small, itself ? "The model" : "A small tree, beside the model", classes ? names : NULL);
    free(names);
    ml_pipeline_free(small);
    return status;
}

static int fit_and_judge(study *s, ml_recipe recipe, const ml_frame *train, const ml_frame *test)
{
    double start = cli_seconds();
    ml_pipeline *p = ml_pipeline_fit(recipe, train, s->target);
    cli_metric(&s->c, "train_seconds", cli_seconds() - start);
    ml_pipeline *baseline = p ? ml_pipeline_fit(own_recipe("dummy"), train, s->target) : NULL;
    if (!baseline) {
        ml_pipeline_free(p);
        return cli_fail_ml(&s->c);
    }
    int status = cross_validate(s, recipe, train, ml_pipeline_classes(p) > 0);
    fprintf(s->board, "\nOn the %lld rows held out\n", (long long)test->rows);
    ml_html_section(s->page, "The model, on rows held out");
    if (status < 0)
        status = judge(s, p, baseline, test);
    if (status < 0)
        status = show_tree(s, p, train);
    if (status < 0)
        status = save(s, p, test);
    ml_pipeline_free(p);
    ml_pipeline_free(baseline);
    return status;
}

/* A fifth is held out; of classes, of each its share. The model is the one that was asked for, or else chosen by the others. */
static int split_and_go(study *s, const ml_frame *f)
{
    ml_frame *train = NULL, *test = NULL;
    ml_pipeline *dummy = ml_pipeline_fit(own_recipe("dummy"), f, s->target); /* it knows whether these are classes */
    bool classes = dummy && ml_pipeline_classes(dummy) > 0;
    ml_recipe recipe = {0};
    int status = -1;
    if (!dummy || ml_frame_split(f, 0.2, (uint64_t)s->c.seed, ML_ROLE_TEST, classes ? s->target : NULL, &train, &test))
        status = cli_fail_ml(&s->c);
    ml_pipeline_free(dummy);
    const contest c = own_contest(s->target, classes);
    if (status < 0 && s->model)
        recipe = own_recipe(s->model);
    else if (status < 0)
        status = choose(s, &c, train, &recipe);
    if (status < 0)
        status = fit_and_judge(s, recipe, train, test);
    ml_frame_free(train);
    ml_frame_free(test);
    return status;
}

int study_own(study *s)
{
    ml_learner learner = {0};
    if (s->model) {
        learner = ml_learner_named(s->model);
        if (!learner.kind)
            return cli_fail(&s->c, "--model: %s", ml_error());
        snprintf(s->chosen, sizeof s->chosen, "%s", s->model);
        cli_metric_text(&s->c, "model", s->model);
    }
    ml_frame *f = read_table(s, (ml_csv_opts){0});
    int status = f ? pick_columns(s, &f) : 2;
    if (status < 0)
        status = check_target(s, f, learner);
    if (status < 0)
        status = refuse_texts(s, f);
    if (status < 0)
        status = explore_own(s, f);
    if (status < 0)
        status = split_and_go(s, f);
    ml_frame_free(f);
    return status;
}
