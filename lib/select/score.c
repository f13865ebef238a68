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

/* A score a class. *predicted[k] is whether k was ever said. */
static ml_class_score *class_scores(const mli_truth *t, const mli_answers *a, bool **predicted)
{
    int64_t cells;
    *predicted = NULL;
    if (t->n < 1)
        return mli_null(ML_EINVAL, "there are no rows");
    if (!mli_shape_size(2, (int64_t[]){t->classes, t->classes}, &cells))
        return mli_null(ML_EINVAL, "%ld classes are too many", (long)t->classes);
    int64_t *counts = mli_alloc((size_t)cells * sizeof *counts);
    ml_class_score *scores = mli_alloc((size_t)t->classes * sizeof *scores);
    *predicted = mli_calloc((size_t)t->classes, sizeof **predicted);
    if (counts && scores && *predicted &&
        !ml_confusion(labels_of(t->label, t->n), labels_of(a->label, a->n), t->classes, counts) &&
        !ml_class_scores(counts, t->classes, scores)) {
        for (int64_t i = 0; i < a->n; i++)
            (*predicted)[a->label[i]] = true;
        mli_free(counts);
        return scores;
    }
    mli_free(counts);
    mli_free(scores);
    mli_free(*predicted);
    *predicted = NULL;
    return NULL;
}

/* The mean recall of the classes that there are: scikit-learn's balanced_accuracy_score. */
static ml_status balanced_accuracy(const mli_truth *t, const mli_answers *a, double *out)
{
    bool *predicted;
    ml_class_score *scores = class_scores(t, a, &predicted);
    double sum = 0;
    int32_t present = 0;
    for (int32_t k = 0; scores && k < t->classes; k++) {
        sum += scores[k].recall;
        present += scores[k].support > 0;
    }
    ml_status s = scores ? ML_OK : ml_error_status();
    if (!s)
        *out = sum / present;
    mli_free(scores);
    mli_free(predicted);
    return s;
}

/* The mean F1 of the classes that are true of a row or were said of one: scikit-learn's f1_score, average="macro". */
static ml_status f1_macro(const mli_truth *t, const mli_answers *a, double *out)
{
    bool *predicted;
    ml_class_score *scores = class_scores(t, a, &predicted);
    double sum = 0;
    int32_t present = 0;
    for (int32_t k = 0; scores && k < t->classes; k++) {
        sum += scores[k].f1;
        present += scores[k].support > 0 || predicted[k];
    }
    ml_status s = scores ? ML_OK : ml_error_status();
    if (!s)
        *out = sum / present;
    mli_free(scores);
    mli_free(predicted);
    return s;
}

static ml_status f1(const mli_truth *t, const mli_answers *a, double *out)
{
    if (t->classes != 2)
        return f1_macro(t, a, out);
    bool *predicted;
    ml_class_score *scores = class_scores(t, a, &predicted);
    ml_status s = scores ? ML_OK : ml_error_status();
    if (!s)
        *out = scores[1].f1;
    mli_free(scores);
    mli_free(predicted);
    return s;
}

/* ---- of numbers ---- */

static ml_status some_rows(const mli_truth *t, int64_t least)
{
    return t->n >= least ? ML_OK : mli_fail(ML_EINVAL, "%lld rows are too few: it wants %lld", (long long)t->n, (long long)least);
}

static ml_status rmse(const mli_truth *t, const mli_answers *a, double *out)
{
    double sum = 0;
    for (int64_t i = 0; i < t->n; i++)
        sum += (t->value[i] - a->value[i]) * (t->value[i] - a->value[i]);
    *out = sqrt(sum / (double)t->n);
    return some_rows(t, 1);
}

static ml_status mae(const mli_truth *t, const mli_answers *a, double *out)
{
    double sum = 0;
    for (int64_t i = 0; i < t->n; i++)
        sum += fabs(t->value[i] - a->value[i]);
    *out = sum / (double)t->n;
    return some_rows(t, 1);
}

/* 1 - sum (y - value)^2 / sum (y - mean)^2. Of rows that are all alike: 1 where each is met, else 0, as scikit-learn. */
static ml_status r2(const mli_truth *t, const mli_answers *a, double *out)
{
    double mean = 0, around = 0, left = 0;
    if (some_rows(t, 2))
        return ML_EINVAL;
    for (int64_t i = 0; i < t->n; i++)
        mean += t->value[i] / (double)t->n;
    for (int64_t i = 0; i < t->n; i++) {
        around += (t->value[i] - mean) * (t->value[i] - mean);
        left += (t->value[i] - a->value[i]) * (t->value[i] - a->value[i]);
    }
    *out = around > 0 ? 1 - left / around : left > 0 ? 0 : 1;
    return ML_OK;
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
