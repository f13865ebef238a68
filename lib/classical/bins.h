/* bins.h -- features cut into at most 255 bins: what histograms are made of. Internal. */
#ifndef MLI_BINS_H
#define MLI_BINS_H

#include "base/base.h"

#include <mlcore/matrix.h>

/* One feature has edges e[0] < e[1] < ... : a value v is in bin b where e[b-1] < v <= e[b], above all edges in bin `edges`; NaN has
 * the bin after that, edges + 1. */
typedef struct mli_bins {
    int64_t rows, features;
    uint8_t *bin;   /* bin of row i in feature j: bin[j * rows + i] */
    double *edge;   /* of feature j: from edge[j * most] on */
    int32_t *edges; /* how many it has */
    int64_t most;   /* bins without that of NaN, at most 255 */
} mli_bins;

/* Edges of x's features, in their midpoints where there are few different values, else by quantiles of the rows. max_bins in
 * 2 .. 255. Infinities are not looked for. */
ml_status mli_bins_make(mli_bins *b, const ml_matrix *x, int64_t max_bins);
void mli_bins_free(mli_bins *b);

/* Bins of feature j, that of NaN included. */
static inline int32_t mli_bins_of(const mli_bins *b, int64_t j)
{
    return b->edges[j] + 2;
}

#endif
