/* pair_sum.h -- the sum of what each prediction costs, which most losses of two tensors are. Internal.
 *
 * cost is known where these are called, so a compiler puts it in place of the call. The fast one has sixteen sums side by
 * side, as rows.h explains; both add in double.
 */
#ifndef MLK_PAIR_SUM_H
#define MLK_PAIR_SUM_H

#include "kernels/losses.h"
#include "kernels/rows.h"

typedef double mlk_cost(double p, double y, double shape);

static inline double mlk_pair_sum_ref(const mlk_pair *v, mlk_cost *cost)
{
    double total = 0;
    for (int64_t i = 0; i < v->n; i++)
        total += cost((double)v->p[i], (double)v->y[i], v->shape);
    return total;
}

static inline double mlk_pair_sum(const mlk_pair *v, mlk_cost *cost)
{
    const ml_real *p = v->p, *y = v->y;
    double lane[MLK_LANES] = {0}, shape = v->shape;
    int64_t i = 0;
    for (; i + MLK_LANES <= v->n; i += MLK_LANES)
        for (int j = 0; j < MLK_LANES; j++)
            lane[j] += cost((double)p[i + j], (double)y[i + j], shape);
    double total = mlk_add_lanes(lane);
    for (; i < v->n; i++)
        total += cost((double)p[i], (double)y[i], shape);
    return total;
}

#endif
