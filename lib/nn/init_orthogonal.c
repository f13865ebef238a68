/* init_orthogonal.c -- a weight that turns and mirrors its input, and changes no length
 *
 * Draw       A, as tall as the longer side and as wide as the shorter, of standard normal numbers: no direction is preferred
 * Factor     A = Q R, Q^T Q = I                         linalg/qr.c
 * Sign       Q[:,j] <- Q[:,j] sign(R_jj): only so is every orthogonal matrix equally likely (Mezzadri 2007, section 4)
 * Shapes     W (M,D), or (F,R,S,C) as F rows of R*S*C.  M >= D: W = gain Q, W^T W = gain^2 I, |W x| = gain |x|
 *                                                       M < D:  W = gain Q^T, W W^T = gain^2 I
 * Source     Saxe, McClelland, Ganguli 2014, section 3; torch.nn.init.orthogonal_   Derivation  docs/math/init.md
 */
#include "linalg/qr.h"
#include "nn/init.h"

#include <math.h>

/* The short side's columns of Q, each as tall as the long side, in q; a is as large, r has room for the diagonal. */
static void orthonormal(double *q, double *a, double *r, int64_t tall, int64_t wide, ml_rng *rng)
{
    double z[2];
    for (int64_t i = 0; i < tall * wide; i += 2) {
        mli_draw_normals(rng, 1, z);
        a[i] = z[0];
        if (i + 1 < tall * wide)
            a[i + 1] = z[1];
    }
    mli_qr(a, tall, wide, r);
    mli_qr_q(q, a, tall, wide);
    for (int64_t j = 0; j < wide; j++)
        for (int64_t i = 0; i < tall && r[j] < 0; i++)
            q[j * tall + i] = -q[j * tall + i];
}

static void fill(ml_tensor *x, const double *q, int64_t m, int64_t d, double gain)
{
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < d; j++)
            x->data[i * d + j] = (ml_real)(gain * (m >= d ? q[j * m + i] : q[i * d + j]));
}

ml_status ml_init_orthogonal(ml_tensor *x, ml_rng *rng, double gain)
{
    if (mli_init_check(x, rng))
        return ML_EINVAL;
    char text[160];
    if (x->rank < 2)
        return mli_fail(ML_EINVAL, "init: orthogonal wants an (M,D) or (F,R,S,C) weight, this is %s",
                        ml_shape_text(x, text, sizeof text));
    if (!isfinite(gain))
        return mli_fail(ML_EINVAL, "init: orthogonal of gain %g", gain);
    if (x->size == 0)
        return ML_OK;
    int64_t m = x->shape[0], d = x->size / m, tall = m > d ? m : d, wide = m > d ? d : m;
    double *q = mli_calloc((size_t)x->size, 2 * sizeof *q), *r = mli_calloc((size_t)wide, sizeof *r);
    ml_status s = q && r ? ML_OK : ML_ENOMEM;
    if (!s) {
        orthonormal(q, q + x->size, r, tall, wide, rng);
        fill(x, q, m, d, gain);
    }
    mli_free(q);
    mli_free(r);
    return s;
}
