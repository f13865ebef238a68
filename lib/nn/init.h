/* init.h -- what the files of initial values share. Internal. */
#ifndef MLI_INIT_H
#define MLI_INIT_H

#include "base/base.h"

#include <mlcore/nn.h>

/* Two uniform numbers in [0, 1) of 53 bits; two normal ones of mean 0 from two of these. */
void mli_draw_two(ml_rng *rng, double u[2]);
void mli_draw_normals(ml_rng *rng, double std, double z[2]);

/* An error where either is NULL. */
ml_status mli_init_check(const ml_tensor *x, const ml_rng *rng);

#endif
