/* where.c -- choosing:  y = cond ? a : b
 *
 * Shapes     y: the shape of cond, a and b broadcast together
 * Forward    y[i] = a[i] where cond[i] is not 0, else b[i], each read as if stretched to the shape of y
 * Backward   da = dy where cond is not 0, else 0        db = dy where cond is 0, else 0
 *            then each is summed over the axes along which it was stretched. A product with the mask, cond dy, would be wrong:
 *            a NaN or an infinity in dy times 0 is NaN, and the operand that was not chosen must not hear of it.
 * Saves      the condition in y's shape: itself, or a stretched copy         Cost  one or two passes over memory each way
 * Source     NumPy's where                            Derivation  docs/math/compare-where-clamp.md
 *
 * broadcast.c knows two operands, and here are three. So the condition is brought to the shape of y first; then a meets it,
 * and then b does.
 */
#include "kernels/compare.h"

static inline ml_real second(ml_real a, ml_real b)
{
    (void)a;
    return b;
}

static void stretch_run(ml_real *y, const ml_real *shape, const ml_real *x, const mlk_run *r)
{
    mlk_each(y, shape, x, r, second);
}

void mlk_stretch(ml_real *y, const ml_real *x, const mlk_broadcast *p)
{
    mlk_broadcast_forward(y, y, x, p, stretch_run); /* of the first operand only the shape counts */
}

/* y = b where mask is 0; elsewhere y stays. The mask always moves. */
static void fill_run(ml_real *y, const ml_real *mask, const ml_real *b, const mlk_run *r)
{
    if (r->moves[1])
        for (int64_t i = 0; i < r->n; i++)
            y[i] = mask[i] != 0 ? y[i] : b[i];
    else
        for (int64_t i = 0; i < r->n; i++)
            y[i] = mask[i] != 0 ? y[i] : b[0];
}

void mlk_where_forward(ml_real *y, const ml_real *mask, const ml_real *a, const mlk_broadcast *pa, const ml_real *b,
                       const mlk_broadcast *pb)
{
    mlk_stretch(y, a, pa);
    mlk_broadcast_forward(y, mask, b, pb, fill_run);
}

/* da before it is summed. */
static void where_set(ml_real *g, const mlk_terms *m, const mlk_run *r)
{
    const ml_real *dy = m->dy + r->at, *mask = m->a + r->at;
    for (int64_t i = 0; i < r->n; i++)
        g[i] = mask[i] != 0 ? dy[i] : 0;
}

/* db before it is summed. */
static void where_not_set(ml_real *g, const mlk_terms *m, const mlk_run *r)
{
    const ml_real *dy = m->dy + r->at, *mask = m->a + r->at;
    for (int64_t i = 0; i < r->n; i++)
        g[i] = mask[i] != 0 ? 0 : dy[i];
}

void mlk_where_backward(ml_real *dx, bool add, const mlk_terms *m, const mlk_broadcast *p, bool chosen)
{
    mlk_broadcast_backward(dx, add, m, p, 1, chosen ? where_set : where_not_set);
}
