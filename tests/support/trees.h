/* trees.h -- data that the tests of trees share. */
#ifndef TESTS_TREES_H
#define TESTS_TREES_H

#include "support/check.h"

/* Rows with labels or numbers, which the struct owns. */
typedef struct tree_data {
    ml_xy xy;
    double *x, *y, *weight;
    int32_t *label;
} tree_data;
/* tests/golden/trees_<name>.npy: x0 .. x5, class, number, weight. */
tree_data tree_data_golden(const char *name, bool classes, bool weighted);
/* n rows of `features` numbers on a coarse grid, so that many are equal, some of them NaN; labels of 3 classes or numbers, which
 * depend on the first two; weights in 0 .. 3, whole ones or not. */
tree_data tree_data_random(int64_t n, int64_t features, bool classes, bool whole, uint64_t seed);
void tree_data_free(tree_data *d);

#endif
