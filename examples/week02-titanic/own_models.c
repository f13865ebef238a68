/* own_models.c -- what is tried on a table of one's own where --model does not say. */
#include "week02-titanic/week02.h"

#include <string.h>

#define LIST(values) (values), sizeof(values) / sizeof *(values)
#define LENGTH(list) (int)(sizeof(list) / sizeof *(list))

static const double PENALTIES[] = {0.1, 1}, SHRINKS[] = {0, 0.1}, DEPTHS[] = {3, 6}, LEAVES[] = {1, 5}, TREE_LEAVES[] = {4, 16};
static const ml_choice LOGISTIC[] = {{"C", LIST(PENALTIES), 0, 0, false, false}};
static const ml_choice LINEAR[] = {{"alpha", LIST(SHRINKS), 0, 0, false, false}};
static const ml_choice TREE[] = {{"max_depth", LIST(DEPTHS), 0, 0, false, false}};
static const ml_choice FOREST[] = {{"min_samples_leaf", LIST(LEAVES), 0, 0, false, false}};
static const ml_choice BOOST[] = {{"max_leaves", LIST(TREE_LEAVES), 0, 0, false, false}};
static const contender OF_CLASSES[] = {{"logistic", "logistic", LOGISTIC, 1},
                                       {"tree", "tree:min_samples_leaf=5", TREE, 1},
                                       {"forest", "forest:trees=60", FOREST, 1},
                                       {"boosting", "boost:learning_rate=0.1,rounds=60", BOOST, 1}};
static const contender OF_NUMBERS[] = {{"linear", "linear", LINEAR, 1},
                                       {"tree", "tree:min_samples_leaf=5", TREE, 1},
                                       {"forest", "forest:trees=60", FOREST, 1},
                                       {"boosting", "boost:learning_rate=0.1,rounds=60", BOOST, 1}};

static bool wants_scale(const char *learner)
{
    return strcmp(learner, "logistic") == 0 || strcmp(learner, "linear") == 0;
}

ml_recipe own_recipe(const char *learner)
{
    ml_recipe r = ML_RECIPE(ml_learner_named(learner), ML_IMPUTE("*number", .how = ML_IMPUTE_MEDIAN));
    if (wants_scale(ml_learner_name(r.learner)))
        ml_recipe_add(&r, ML_SCALE("*number"));
    ml_recipe_add(&r, ML_ONE_HOT("*category", .unseen = ML_UNSEEN_IGNORE, .missing = true, .max_categories = 50));
    return r;
}

contest own_contest(const char *target, bool classes)
{
    if (classes)
        return (contest){OF_CLASSES, LENGTH(OF_CLASSES), own_recipe, target, target, "accuracy"};
    return (contest){OF_NUMBERS, LENGTH(OF_NUMBERS), own_recipe, target, NULL, "r2,rmse"};
}
