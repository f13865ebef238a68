/* boost_histogram.h -- sums of slopes by bin, and the best split that they show. Internal. */
#ifndef MLI_BOOST_HISTOGRAM_H
#define MLI_BOOST_HISTOGRAM_H

#include "classical/boost.h"

/* One bin: sums of g and h, and how many rows; one addition for all. */
typedef double mli_bin_sum __attribute__((vector_size(32)));
enum { MLI_SUM_G, MLI_SUM_H, MLI_SUM_N };

typedef struct mli_split {
    double gain; /* 0: none */
    int32_t feature, bin; /* bins up to this go left */
    bool missing_left;
    double g, h;  /* of the left side */
    int64_t n;
} mli_split;

/* What a split must satisfy. */
typedef struct mli_split_rules {
    double l2, min_gain;
    int64_t min_rows;
} mli_split_rules;

/* Adds the rows to a histogram of one feature, or of two side by side (bin_b NULL: one). row NULL: rows 0 .. n-1, and slope in the
 * order of rows; else slope[i] is that of row[i]. */
void mli_histogram_add(mli_bin_sum *a, mli_bin_sum *b, const uint8_t *bin_a, const uint8_t *bin_b, const int32_t *row,
                       const mli_slope *slope, int64_t n);

/* The best split of one feature with so many edges; total: of all its bins. */
mli_split mli_histogram_split(const mli_bin_sum *sum, int32_t edges, const mli_split_rules *rules, double g, double h, int64_t n);

#endif
