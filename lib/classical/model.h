/* model.h -- what a learner has to bring, and what all of them share. Internal.
 *
 * A learner is a struct with a name, a table of options and five functions; it is known by its line in KINDS (learner.c).
 * Data reaches fit checked: lengths, labels, weights and finite numbers, see ml_fit.
 */
#ifndef MLI_MODEL_H
#define MLI_MODEL_H

#include "io/fields.h"
#include "io/store.h"

#include <mlcore/classical.h>

struct ml_model {
    ml_learner learner; /* options resolved: defaults put in */
    int32_t classes;    /* 0: regression */
    int64_t features;
    char **name; /* of the features, in one block */
    bool named;  /* by the matrix it was fitted on; else x0, x1, ... */
    void *state; /* the learner's own: what fit leaves and predict reads */
};

struct ml_learner_kind {
    const char *name;
    const mli_field *fields; /* of its options, which lie at ml_learner.opts */
    bool missing;            /* NaN in a feature is fine */
    bool notices;            /* fit fails where a feature is not finite: ml_fit need not look at every number before */
    bool classifies, regresses;
    /* What the table cannot say of resolved options: NULL or the sentence, which is then ml_error too. May be NULL. */
    const char *(*check)(const ml_learner *learner);
    /* Sets m->state; on error it may leave it half-made: free is called. */
    ml_status (*fit)(ml_model *m, const ml_xy *data);
    /* Rows x classes probabilities, or rows numbers. x has been checked. Cuts its own work into chunks. */
    ml_status (*predict)(const ml_model *m, const ml_matrix *x, double *out);
    ml_status (*importances)(const ml_model *m, double *importance); /* may be NULL */
    /* Arrays and settings under `at` of a file; load believes nothing that it reads. */
    ml_status (*save)(const ml_model *m, mli_store *s, const char *at);
    ml_status (*load)(ml_model *m, mli_store *s, const char *at);
    void (*free)(void *state); /* takes NULL */
};

extern const ml_learner_kind mli_dummy_kind, mli_linear_kind, mli_logistic_kind, mli_tree_kind, mli_forest_kind, mli_boost_kind;

/* By name; NULL where there is none. */
const ml_learner_kind *mli_learner_kind(const char *name);
/* "dummy, linear, ..." into buf, which it returns. */
char *mli_learner_names(char *buf, size_t size);
/* Puts defaults in, and checks. */
ml_status mli_learner_resolve(ml_learner *learner);
/* Without state and names; free it by ml_model_free. */
ml_model *mli_model_blank(const ml_learner *learner);

/* A model among other things in one file, as a pipeline keeps it. */
ml_status mli_model_put(const ml_model *m, mli_store *s, const char *at);
ml_model *mli_model_take(mli_store *s, const char *at);

/* Whether the data is fit for the learner, but for x's numbers; data->classes 0 becomes the largest label + 1. */
ml_status mli_check_data(const ml_learner *learner, ml_xy *data);
/* Whether all numbers of x are finite, or NaN where `missing`; the sentence names row and feature. */
ml_status mli_check_features(const char *who, const ml_matrix *x, bool missing);

/* Of each of n rows of probabilities the class of the largest, the first of equals. */
void mli_largest_class(const double *p, int64_t n, int32_t classes, int32_t *label);

/* Weights of the rows: the given times, with `balanced` or class_weight, those of the classes; n numbers to out. */
ml_status mli_row_weights(const ml_xy *data, bool balanced, const double *class_weight, double *out);

#endif
