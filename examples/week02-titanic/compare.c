/* compare.c -- five learners, with and without the fate of companions, by cross-validation over five shuffles of the folds. */
#include "week02-titanic/week02.h"

#include <math.h>

#define LIST(values) (values), sizeof(values) / sizeof *(values)

enum { FOLDS = 5, SEEDS = 5, INNER = 3 };

static const double PENALTIES[] = {0.1, 0.3}, DEPTHS[] = {3, 4, 5}, LEAVES[] = {2, 4}, TREE_LEAVES[] = {4, 6};
static const ml_choice LOGISTIC[] = {{"C", LIST(PENALTIES), 0, 0, false, false}};
static const ml_choice TREE[] = {{"max_depth", LIST(DEPTHS), 0, 0, false, false}};
static const ml_choice FOREST[] = {{"min_samples_leaf", LIST(LEAVES), 0, 0, false, false}};
static const ml_choice BOOST[] = {{"max_leaves", LIST(TREE_LEAVES), 0, 0, false, false}};
static const contender CONTENDER[] = {
    {"majority", "dummy", NULL, 0},
    {"logistic", "logistic", LOGISTIC, 1},
    {"tree", "tree:min_samples_leaf=8", TREE, 1},
    {"forest", "forest:trees=60", FOREST, 1},
    {"boosting", "boost:learning_rate=0.05,rounds=120,min_samples_leaf=5,subsample=0.5,columns=0.3", BOOST, 1},
};
enum { MODELS = sizeof CONTENDER / sizeof *CONTENDER };

static ml_recipe with_companions(const char *learner)
{
    return titanic_recipe(learner, true);
}

const contest PASSENGERS = {CONTENDER, MODELS, with_companions, TARGET, TARGET, "roc_auc,accuracy"};

typedef struct cv_score {
    double accuracy, roc_auc;
    double spread; /* of the accuracy, over the shuffles */
} cv_score;

/* The mean over SEEDS times FOLDS folds, each of which chooses for itself. */
static ml_status cross_validate(const study *s, const ml_frame *f, const contender *m, bool companions, cv_score *score)
{
    double squares = 0;
    *score = (cv_score){0};
    for (int i = 0; i < SEEDS; i++) {
        uint64_t seed = (uint64_t)(s->c.seed + i);
        ml_folds *folds = ml_folds_of(f, (ml_fold_opts){.k = FOLDS, .shuffle = true, .seed = seed, .stratify = TARGET});
        ml_search_opts search = search_of(&PASSENGERS, m, INNER, seed);
        ml_cv_opts opts = {.scores = "accuracy,roc_auc", .search = m->choices ? &search : NULL};
        ml_cv *cv = folds ? ml_cross_validate(titanic_recipe(m->learner, companions), f, TARGET, folds, opts) : NULL;
        ml_folds_free(folds);
        if (!cv)
            return ml_error_status();
        double accuracy = ml_cv_mean(cv, "accuracy");
        score->accuracy += accuracy / SEEDS;
        score->roc_auc += ml_cv_mean(cv, "roc_auc") / SEEDS;
        squares += accuracy * accuracy / SEEDS;
        ml_cv_free(cv);
    }
    score->spread = sqrt(fmax(0, squares - score->accuracy * score->accuracy) * SEEDS / (SEEDS - 1));
    return ML_OK;
}

static void note(study *s, const char *model, const char *score, bool companions, double value)
{
    char name[96];
    snprintf(name, sizeof name, "%s_%s%s", model, score, companions ? "" : "_without_companions");
    cli_metric(&s->c, name, value);
}

/* The scores as a frame, for the page. */
static void put_table(study *s, cv_score score[MODELS][2])
{
    const char *names[MODELS];
    double column[6][MODELS];
    static const char *const titles[] = {"accuracy without", "spread without", "ROC AUC without",
                                         "accuracy with",    "spread with",    "ROC AUC with"};
    ml_frame *f = ml_frame_new();
    for (int i = 0; i < MODELS; i++) {
        names[i] = CONTENDER[i].name;
        for (int with = 0; with < 2; with++) {
            const cv_score *v = &score[i][with];
            column[3 * with][i] = four_digits(v->accuracy);
            column[3 * with + 1][i] = four_digits(v->spread);
            column[3 * with + 2][i] = four_digits(v->roc_auc);
        }
    }
    bool good = f && !ml_frame_put_texts(f, "model", names, MODELS);
    for (int k = 0; k < 6 && good; k++)
        good = !ml_frame_put_numbers(f, titles[k], column[k], MODELS);
    ml_html_section(s->page, "Five models");
    ml_html_text(s->page, "Five-fold stratified cross-validation, the mean over five shuffles of the folds; options are chosen "
                          "inside of each fold by three folds of its own. With and without: the survival rate of companions, that "
                          "is of those on the same ticket and of relatives of the same name, class and family size, among the "
                          "training rows.");
    if (good)
        ml_html_table(s->page, "Mean over five shuffles, and the spread of the accuracy over them", f, MODELS);
    ml_frame_free(f);
}

int compare(study *s, const ml_frame *all)
{
    cv_score score[MODELS][2];
    int best[2] = {0};
    double start = cli_seconds();
    fprintf(s->board, "\n%d-fold cross-validation, mean of %d shuffles\n\n%-10s  %21s  %21s\n", FOLDS, SEEDS, "",
            "without companions", "with companions");
    fprintf(s->board, "%-10s  %12s  %7s  %12s  %7s  %7s\n", "", "accuracy", "ROC AUC", "accuracy", "ROC AUC", "seconds");
    for (int i = 0; i < MODELS; i++) {
        double before = cli_seconds();
        for (int with = 0; with < 2; with++) {
            if (cross_validate(s, all, &CONTENDER[i], with, &score[i][with]))
                return cli_fail_ml(&s->c);
            note(s, CONTENDER[i].name, "cv_accuracy", with, score[i][with].accuracy);
            note(s, CONTENDER[i].name, "cv_roc_auc", with, score[i][with].roc_auc);
            if (score[i][with].roc_auc > score[best[with]][with].roc_auc)
                best[with] = i;
        }
        const cv_score *a = &score[i][0], *b = &score[i][1];
        fprintf(s->board, "%-10s  %.3f +- %.3f  %7.3f  %.3f +- %.3f  %7.3f  %7.1f\n", CONTENDER[i].name, a->accuracy, a->spread,
                a->roc_auc, b->accuracy, b->spread, b->roc_auc, cli_seconds() - before);
        fflush(s->board);
    }
    put_table(s, score);
    cli_metric_text(&s->c, "best_model", CONTENDER[best[1]].name);
    cli_metric(&s->c, "cv_accuracy", score[best[1]][1].accuracy);
    cli_metric(&s->c, "cv_roc_auc", score[best[1]][1].roc_auc);
    cli_metric(&s->c, "cv_accuracy_without_companions", score[best[0]][0].accuracy);
    cli_metric(&s->c, "cv_roc_auc_without_companions", score[best[0]][0].roc_auc);
    cli_metric(&s->c, "cv_seconds", cli_seconds() - start);
    return -1;
}
