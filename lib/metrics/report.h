/* report.h -- which scores there are for what is given, and what they are of some of the samples. Internal. */
#ifndef MLI_REPORT_H
#define MLI_REPORT_H

#include "base/base.h"

#include <mlcore/metrics.h>

/* One kind of score. */
typedef struct mli_scorer {
    const char *name;
    bool loss, share; /* smaller is better; told in hundredths */
    bool probabilities, binary; /* what it wants */
} mli_scorer;

enum { MLI_MOST_SCORES = 8 };
/* What is true, and what two models say of it; checked. */
typedef struct mli_case {
    ml_outcome truth, model[2];
    int models;
    int32_t classes; /* 0: numbers */
    int64_t n;
    const mli_scorer *scorer[MLI_MOST_SCORES];
    int scorers;
} mli_case;

/* Checks outcomes, and finds the scores that all models can have. labels of models that give none are made: *made[i] is for mli_free. */
ml_status mli_case_of(mli_case *c, const ml_outcome *truth, const ml_outcome *model, const ml_outcome *other, int32_t *made[2]);

/* Room for one draw of c->n samples. */
typedef struct mli_draw {
    int64_t *rows;
    int32_t *truth, *label;
    double *y, *numbers; /* of regression; `numbers` are probabilities too */
    int64_t *counts;     /* classes x classes */
    ml_class_score *each;
} mli_draw;
ml_status mli_draw_new(mli_draw *d, const mli_case *c);
void mli_draw_free(mli_draw *d);
/* The scores of model m on the samples d->rows: c->scorers numbers; NaN where one is undefined on them. */
ml_status mli_draw_scores(mli_draw *d, const mli_case *c, int m, double *score);

#endif
