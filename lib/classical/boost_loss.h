/* boost_loss.h -- losses of scores and their slopes. Internal. */
#ifndef MLI_BOOST_LOSS_H
#define MLI_BOOST_LOSS_H

#include "classical/boost.h"

/* What the scores are to come near: labels, or numbers. weight may be NULL. */
typedef struct mli_aim {
    int64_t n;
    int32_t classes; /* 0: regression */
    const int32_t *label;
    const double *y, *weight;
} mli_aim;

/* Where boosting begins: for each score the constant of least loss. */
void mli_loss_base(const mli_aim *aim, double *base);
/* The slopes by score k of every row, at score (n x scores). softmax: room for n x scores numbers, as mli_loss_softmax left them. */
ml_status mli_loss_slopes(const mli_aim *aim, const double *score, int64_t k, const double *softmax, mli_slope *slope);
/* The softmax of each row's scores; of more than two classes only. */
ml_status mli_loss_softmax(const mli_aim *aim, const double *score, double *softmax);
/* The mean loss, by weight. */
double mli_loss_mean(const mli_aim *aim, const double *score);

/* Probabilities of a row out of its scores: of two classes from one score. */
void mli_loss_probabilities(int32_t classes, const double *score, double *p);

#endif
