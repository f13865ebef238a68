/* score.c -- scores by name, of what a pipeline says against what is true. */
#include "base/texts.h"
#include "select/select.h"

#include <mlcore/metrics.h>

#include <math.h>
#include <string.h>

/* ---- of classes ---- */

static ml_ints labels_of(const int32_t *v, int64_t n)
{
    return (ml_ints){v, n};
}

static ml_status accuracy(const mli_truth *t, const mli_answers *a, double *out)
{
    return ml_accuracy(labels_of(t->label, t->n), labels_of(a->label, a->n), out);
}

static ml_status log_loss(const mli_truth *t, const mli_answers *a, double *out)
{
    return ml_log_loss(labels_of(t->label, t->n), (ml_scores){a->p, a->n, a->classes}, out);
}

static ml_status roc_auc(const mli_truth *t, const mli_answers *a, double *out)
{
    return ml_roc_auc(labels_of(t->label, t->n), (ml_scores){a->p, a->n, a->classes}, (ml_auc_opts){0}, out);
}

/* The confusion matrix, for mli_free; NULL with an error set. */
static int64_t *confusion(const mli_truth *t, const mli_answers *a)
{
    int64_t cells;
    if (t->n < 1)
        return mli_null(ML_EINVAL, "there are no rows");
    if (!mli_shape_size(2, (int64_t[]){t->classes, t->classes}, &cells))
        return mli_null(ML_EINVAL, "%ld classes are too many", (long)t->classes);
    int64_t *counts = mli_alloc((size_t)cells * sizeof *counts);
    if (counts && !ml_confusion(labels_of(t->label, t->n), labels_of(a->label, a->n), t->classes, counts))
        return counts;
    mli_free(counts);
    return NULL;
}

static ml_status balanced_accuracy(const mli_truth *t, const mli_answers *a, double *out)
{
    int64_t *counts = confusion(t, a);
    ml_status s = counts ? ml_balanced_accuracy(counts, t->classes, out) : ml_error_status();
    mli_free(counts);
    return s;
}

/* F1 of each class; of two the second's, else the mean of the classes that are true of a row or were said of one, as
 * scikit-learn's f1_score has it with average="macro". */
static ml_status f1_of(const mli_truth *t, const mli_answers *a, bool macro, double *out)
{
    int64_t *counts = confusion(t, a);
    ml_class_score *scores = counts ? mli_alloc((size_t)t->classes * sizeof *scores) : NULL;
    ml_status s = scores ? ml_class_scores(counts, t->classes, scores) : ml_error_status();
    double sum = 0;
    int32_t present = 0;
    for (int32_t k = 0; !s && k < t->classes; k++) {
        int64_t said = 0;
        for (int32_t truth = 0; truth < t->classes; truth++)
            said += counts[(int64_t)truth * t->classes + k];
        sum += scores[k].f1;
        present += scores[k].support > 0 || said > 0;
    }
    if (!s)
        *out = macro ? sum / present : scores[1].f1;
    mli_free(counts);
    mli_free(scores);
    return s;
}

static ml_status f1_macro(const mli_truth *t, const mli_answers *a, double *out)
{
    return f1_of(t, a, true, out);
}

static ml_status f1(const mli_truth *t, const mli_answers *a, double *out)
{
    return f1_of(t, a, t->classes != 2, out);
}

/* ---- of numbers ---- */

static ml_status regression(const mli_truth *t, const mli_answers *a, ml_regression_score *score)
{
    return ml_regression_scores((ml_doubles){t->value, t->n}, (ml_doubles){a->value, a->n}, (ml_doubles){0}, score);
}

static ml_status rmse(const mli_truth *t, const mli_answers *a, double *out)
{
    ml_regression_score score;
    ml_status s = regression(t, a, &score);
    *out = s ? NAN : score.rmse;
    return s;
}

static ml_status mae(const mli_truth *t, const mli_answers *a, double *out)
{
    ml_regression_score score;
    ml_status s = regression(t, a, &score);
    *out = s ? NAN : score.mae;
    return s;
}

static ml_status r2(const mli_truth *t, const mli_answers *a, double *out)
{
    ml_regression_score score;
    if (t->n < 2)
        return mli_fail(ML_EINVAL, "%lld rows are too few: it wants 2", (long long)t->n);
    ml_status s = regression(t, a, &score);
    *out = s ? NAN : score.r2;
    return s;
}

/* ---- by name ---- */

static const mli_score SCORES[] = {
    {"accuracy", true, false, accuracy}, {"balanced_accuracy", true, false, balanced_accuracy},
    {"f1", true, false, f1},             {"f1_macro", true, false, f1_macro},
    {"log_loss", true, true, log_loss},  {"roc_auc", true, false, roc_auc},
    {"r2", false, false, r2},            {"rmse", false, true, rmse},
    {"mae", false, true, mae},
};
enum { SCORE_COUNT = sizeof SCORES / sizeof *SCORES };

static const mli_score *find_score(const char *name)
{
    for (int i = 0; i < SCORE_COUNT; i++)
        if (strcmp(SCORES[i].name, name) == 0)
            return &SCORES[i];
    return NULL;
}

bool ml_score_is_loss(const char *score)
{
    const mli_score *s = score ? find_score(score) : NULL;
    return s && s->loss;
}

static ml_status refuse_score(const char *name, bool classify)
{
    char names[256];
    size_t used = 0;
    for (int i = 0; i < SCORE_COUNT; i++)
        if (SCORES[i].classify == classify)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", SCORES[i].name);
    return mli_fail(ML_EINVAL, "'%.60s' is no score of %s; there are: %s", name, classify ? "classes" : "numbers", names);
}

static ml_status add_score(mli_score_list *scores, const char *name, bool classify)
{
    const mli_score *s = find_score(name);
    if (!s || s->classify != classify)
        return refuse_score(name, classify);
    for (int i = 0; i < scores->n; i++)
        if (scores->v[i] == s)
            return mli_fail(ML_EINVAL, "the score %s is asked for twice", s->name);
    scores->v[scores->n++] = s;
    return ML_OK;
}

ml_status mli_scores_of(mli_score_list *scores, const char *names, bool classify, int most)
{
    int n;
    char **name = mli_names_parse("scores", names ? names : classify ? "accuracy" : "r2", &n);
    if (!name)
        return ml_error_status();
    *scores = (mli_score_list){0};
    ml_status s = n >= 1 && n <= most ? ML_OK : mli_fail(ML_EINVAL, "%d scores, not 1 .. %d", n, most);
    for (int i = 0; i < n && !s; i++)
        s = add_score(scores, name[i], classify);
    mli_free(name);
    return s;
}

ml_status mli_scores_value(const mli_score_list *scores, const mli_truth *t, const mli_answers *a, double *out)
{
    for (int i = 0; i < scores->n; i++)
        if (scores->v[i]->value(t, a, &out[i]))
            return mli_fail_in(scores->v[i]->name);
    return ML_OK;
}
