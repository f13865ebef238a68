/* placeholder.c -- stands in for learners that are being written; gone when all are there. */
#include "classical/model.h"

static const mli_field NONE[] = {{0}};
static ml_status no_fit(ml_model *m, const ml_xy *data)
{
    (void)data;
    return mli_fail(ML_ESTATE, "%s: not written yet", m->learner.kind->name);
}
static ml_status no_predict(const ml_model *m, const ml_matrix *x, double *out)
{
    (void)x, (void)out;
    return mli_fail(ML_ESTATE, "%s: not written yet", m->learner.kind->name);
}
static ml_status no_save(const ml_model *m, mli_store *s, const char *at)
{
    (void)s, (void)at;
    return mli_fail(ML_ESTATE, "%s: not written yet", m->learner.kind->name);
}
static ml_status no_load(ml_model *m, mli_store *s, const char *at)
{
    return no_save(m, s, at);
}
static void no_free(void *state)
{
    (void)state;
}
#define STAND_IN(id, text)                                                                                                        \
    const ml_learner_kind id = {.name = text, .fields = NONE, .classifies = true, .regresses = true,        \
                                                      .fit = no_fit, .predict = no_predict, .save = no_save, .load = no_load,     \
                                                      .free = no_free}
#if !__has_include("classical/dummy.c")
STAND_IN(mli_dummy_kind, "dummy");
#endif
#if !__has_include("classical/linear.c")
STAND_IN(mli_linear_kind, "linear");
#endif
#if !__has_include("classical/logistic.c")
STAND_IN(mli_logistic_kind, "logistic");
#endif
#if !__has_include("classical/tree.c")
STAND_IN(mli_tree_kind, "tree");
#endif
#if !__has_include("classical/forest.c")
STAND_IN(mli_forest_kind, "forest");
#endif
#if !__has_include("classical/boost.c")
STAND_IN(mli_boost_kind, "boost");
#endif
