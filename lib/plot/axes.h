/* axes.h -- from where to where a plot reaches. Internal. */
#ifndef MLI_AXES_H
#define MLI_AXES_H

#include "plot/plot.h"

typedef struct mli_axis {
    double low, high;
    bool any; /* there is a number to draw; else 0 .. 1 */
} mli_axis;

typedef struct mli_axes {
    mli_axis x, y;
    int64_t series; /* of bars, side by side */
} mli_axes;

mli_axes mli_plot_axes(const ml_plot *p);
/* Whether a number has no place on an axis: NaN, infinite, beyond 1e300, below 1e-300 where the axis is logarithmic. */
bool mli_is_gap(double v, bool log);
/* Bar i of series k, across: from *low to *high. */
void mli_bar_sides(const mli_axes *a, int64_t i, int64_t k, double *low, double *high);

#endif
