/* init.c -- initial values.
 *
 * A sum of D products has D times the variance of one. So that the signal neither fades nor grows from layer to layer, a
 * weight's variance is one over the number of its inputs, times a gain for what the activation throws away.
 *
 *     Xavier   var = 2 / (fan_in + fan_out)   a compromise of forward and backward; Glorot and Bengio 2010, eq. 12, 16
 *     He       var = 2 / fan_in               relu drops half of the signal, hence the 2; He et al. 2015, eq. 10
 *              var = 2 / fan_out              the same for the gradient on its way back; eq. 14
 *     uniform on +-a has variance a^2 / 3, hence a = sqrt(3 var)
 *
 * Fans of (M,D): in D, out M. Of (F,R,S,C): in R*S*C, out R*S*F.          Derivation  docs/math/init.md
 */
#include "nn/init.h"

#include <math.h>

/* One Philox block, where two calls of ml_rng_uniform would compute four. A net of half a million weights starts in
 * milliseconds. */
void mli_draw_two(ml_rng *rng, double u[2])
{
    uint32_t w[4];
    uint64_t block = (rng->counter + 3) / 4; /* a block that was begun is left behind */
    mli_philox(rng->seed, rng->stream, block, w);
    rng->counter = (block + 1) * 4;
    u[0] = (double)(((uint64_t)w[0] << 32 | w[1]) >> 11) * 0x1p-53;
    u[1] = (double)(((uint64_t)w[2] << 32 | w[3]) >> 11) * 0x1p-53;
}

/* Box and Muller 1958: two uniforms make two independent normals. 1 - u is never 0. */
void mli_draw_normals(ml_rng *rng, double std, double z[2])
{
    double u[2];
    mli_draw_two(rng, u);
    double radius = sqrt(-2 * log(1 - u[0])), angle = 6.283185307179586477 * u[1];
    z[0] = std * radius * cos(angle);
    z[1] = std * radius * sin(angle);
}

ml_status mli_init_check(const ml_tensor *x, const ml_rng *rng)
{
    if (!x || !rng)
        return mli_fail(ML_EINVAL, "init: the tensor or the rng is NULL");
    return ML_OK;
}

ml_status ml_init_constant(ml_tensor *x, double value)
{
    if (!x)
        return mli_fail(ML_EINVAL, "init: the tensor is NULL");
    for (int64_t i = 0; i < x->size; i++)
        x->data[i] = (ml_real)value;
    return ML_OK;
}

ml_status ml_init_uniform(ml_tensor *x, ml_rng *rng, double low, double high)
{
    if (mli_init_check(x, rng))
        return ML_EINVAL;
    if (!(low <= high) || !isfinite(high - low))
        return mli_fail(ML_EINVAL, "init: uniform on %g .. %g is no range", low, high);
    for (int64_t i = 0; i < x->size; i += 2) {
        double u[2];
        mli_draw_two(rng, u);
        x->data[i] = (ml_real)(low + (high - low) * u[0]);
        if (i + 1 < x->size)
            x->data[i + 1] = (ml_real)(low + (high - low) * u[1]);
    }
    return ML_OK;
}

ml_status ml_init_normal(ml_tensor *x, ml_rng *rng, double mean, double std)
{
    if (mli_init_check(x, rng))
        return ML_EINVAL;
    if (!isfinite(mean) || !isfinite(std) || std < 0)
        return mli_fail(ML_EINVAL, "init: normal of mean %g and standard deviation %g", mean, std);
    for (int64_t i = 0; i < x->size; i += 2) {
        double z[2];
        mli_draw_normals(rng, std, z);
        x->data[i] = (ml_real)(mean + z[0]);
        if (i + 1 < x->size)
            x->data[i + 1] = (ml_real)(mean + z[1]);
    }
    return ML_OK;
}

/* ---- from the fans ---- */

static ml_status fans(const ml_tensor *x, double *in, double *out)
{
    if (!x || x->rank < 2) {
        char text[160];
        return mli_fail(ML_EINVAL, "init: fans want an (M,D) or (F,R,S,C) weight, this is %s",
                        ml_shape_text(x, text, sizeof text));
    }
    double field = 1; /* R * S */
    for (int i = 1; i < x->rank - 1; i++)
        field *= (double)x->shape[i];
    *in = field * (double)x->shape[x->rank - 1];
    *out = field * (double)x->shape[0];
    return ML_OK;
}

/* Uniform or normal of variance gain / fan, nothing where there is nothing to fill. */
static ml_status fill(ml_tensor *x, ml_rng *rng, double gain, double fan, bool normal)
{
    if (x->size == 0)
        return ML_OK;
    double var = gain / fan, a = sqrt(3 * var);
    return normal ? ml_init_normal(x, rng, 0, sqrt(var)) : ml_init_uniform(x, rng, -a, a);
}

static ml_status xavier(ml_tensor *x, ml_rng *rng, bool normal)
{
    double in = 0, out = 0;
    return fans(x, &in, &out) ? ML_EINVAL : fill(x, rng, 2, in + out, normal);
}

static ml_status he(ml_tensor *x, ml_rng *rng, bool normal)
{
    double in = 0, out = 0;
    return fans(x, &in, &out) ? ML_EINVAL : fill(x, rng, 2, in, normal);
}

ml_status ml_init_he_normal_out(ml_tensor *x, ml_rng *rng)
{
    double in = 0, out = 0;
    return fans(x, &in, &out) ? ML_EINVAL : fill(x, rng, 2, out, true);
}

ml_status ml_init_xavier_uniform(ml_tensor *x, ml_rng *rng)
{
    return xavier(x, rng, false);
}

ml_status ml_init_xavier_normal(ml_tensor *x, ml_rng *rng)
{
    return xavier(x, rng, true);
}

ml_status ml_init_he_uniform(ml_tensor *x, ml_rng *rng)
{
    return he(x, rng, false);
}

ml_status ml_init_he_normal(ml_tensor *x, ml_rng *rng)
{
    return he(x, rng, true);
}
