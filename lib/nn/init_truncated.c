/* init_truncated.c -- normal numbers between two bounds
 *
 * Wanted     density in proportion to exp(-z^2/2) on a <= z <= b, and 0 elsewhere; then x = mean + std z
 * Rejection  draw z with a density q that is easy, keep it with probability exp(-z^2/2) / (c q(z)), where c makes that at most 1;
 *            else draw again. What is kept has the wanted density exactly, whatever q was: q only decides how often
 * Mirror     where b < 0, draw between -b and -a. Then m = max(a, 0) is where the density is largest, w = b - a
 * Uniform    on a .. b, kept with exp((m^2 - z^2)/2)               where w is small: at most 2, or 1/m where m > 1/2
 * Tail       z = m + e/m, e exponential, kept with exp(-(z - m)^2/2) and z <= b, since
 *            z^2/2 = m^2/2 + m (z - m) + (z - m)^2/2               where m > 1/2: right of it there are few normal numbers
 * Normal     kept where it lies between                            elsewhere
 * Cost       at least one in four is kept, wherever the bounds are; of +-2, 19 in 20
 * Source     Robert 1995, section 2, with a rate of m for the tail   Derivation  docs/math/init.md
 */
#include "nn/init.h"

#include <math.h>

/* Between a and b with a <= b, b >= 0, a finite where it is above 0. */
static double draw(ml_rng *rng, double a, double b)
{
    double m = a > 0 ? a : 0, u[2], z[2];
    for (;;) {
        if (b - a <= (m > 0.5 ? 1 / m : 2)) {
            mli_draw_two(rng, u);
            z[0] = a + (b - a) * u[0];
            if (u[1] < exp((m - z[0]) * (m + z[0]) / 2))
                return z[0];
        } else if (m > 0.5) {
            mli_draw_two(rng, u);
            double beyond = -log(1 - u[0]) / m;
            if (m + beyond <= b && u[1] < exp(-beyond * beyond / 2))
                return m + beyond;
        } else {
            mli_draw_normals(rng, 1, z);
            if (a <= z[0] && z[0] <= b)
                return z[0];
        }
    }
}

ml_status ml_init_trunc_normal(ml_tensor *x, ml_rng *rng, double mean, double std, double low, double high)
{
    if (mli_init_check(x, rng))
        return ML_EINVAL;
    double a = (low - mean) / std, b = (high - mean) / std;
    if (!isfinite(mean) || !(std > 0 && std < INFINITY) || !(low <= high))
        return mli_fail(ML_EINVAL, "init: normal of mean %g and standard deviation %g, between %g and %g", mean, std, low, high);
    if (!(a < INFINITY) || !(b > -INFINITY))
        return mli_fail(ML_EINVAL, "init: %g .. %g is infinitely many standard deviations (%g) away from the mean %g", low, high,
                        std, mean);
    for (int64_t i = 0; i < x->size; i++) {
        double z = b < 0 ? -draw(rng, -b, -a) : draw(rng, a, b);
        x->data[i] = (ml_real)fmin(fmax(mean + std * z, low), high); /* rounding must not pass a bound */
    }
    return ML_OK;
}
