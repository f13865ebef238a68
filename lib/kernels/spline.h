/* spline.h -- a smooth field from numbers on a coarse grid. Internal; the lesson is in spline.c. */
#ifndef MLK_SPLINE_H
#define MLK_SPLINE_H

#include <mlcore/real.h>

/* How many nodes, `step` >= 1 apart, bear on n pixels in a row. */
int64_t mlk_spline_nodes(int64_t n, double step);
/* field (h,w) from node (rows,columns), rows and columns as mlk_spline_nodes says for h and w; scratch: rows * w numbers. */
void mlk_spline_field(ml_real *field, const ml_real *node, int64_t h, int64_t w, double step, ml_real *scratch);
/* The same by its definition. */
void mlk_spline_field_ref(ml_real *field, const ml_real *node, int64_t h, int64_t w, double step);

#endif
