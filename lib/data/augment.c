/* augment.c -- a digit shifted, turned, scaled, sheared and bent is still that digit: more of them for free.
 *
 * A picture turned and scaled about its middle c by s R K, R a rotation and K a shear, then shifted by t, shows at p' what
 * was at p = c + K^-1 R^-1 (p' - c - t) / s. docs/math/warp.md derives it, and the elastic field (Simard, Steinkraus, Platt
 * 2003, section 2), whose root mean square is the option `elastic`.
 */
#include "data/augment.h"

#include "data/dataset.h"
#include "kernels/spline.h"
#include "kernels/warp.h"

#include <math.h>

static const double PI = 3.14159265358979323846;
enum { STREAM = 0x617567 }; /* apart from that of the order, which begins at the same seed */

ml_rng mli_sample_rng(uint64_t seed, int64_t epoch, int64_t i, uint64_t which)
{
    return ml_rng_split(ml_rng_split(ml_rng_seed(seed), STREAM, (uint64_t)epoch), (uint64_t)i, which);
}

bool mli_augment_wanted(const ml_augment_opts *o)
{
    /* As "not equal to 0", which NaN is too: wrong options are looked at, and refused. */
    return o->shift != 0 || o->rotate != 0 || o->scale != 0 || o->shear != 0 || o->elastic != 0;
}

static ml_status check_range(const char *name, double value, double low, double high, const char *unit)
{
    if (value >= low && value <= high)
        return ML_OK;
    return mli_fail(ML_EINVAL, "augment: %s is %g: wants %g to %g%s", name, value, low, high, unit);
}

static ml_status check(const mli_augment *a)
{
    const ml_augment_opts *o = &a->opts;
    const double extent = (double)(a->h > a->w ? a->h : a->w);
    if (check_range("shift", o->shift, 0, extent, " pixels, the larger side of a picture") ||
        check_range("rotate", o->rotate, 0, 180, " degrees") ||
        check_range("scale", o->scale, 0, 0.99, ", so that the factors 1 - scale to 1 + scale are above 0") ||
        check_range("shear", o->shear, 0, 10, " pixels sideways for one upwards") ||
        check_range("elastic", o->elastic, 0, extent, " pixels, the larger side of a picture") ||
        check_range("elastic_sigma", o->elastic_sigma, 1, extent > 4 ? extent : 4, " pixels"))
        return ml_error_status();
    return ML_OK;
}

ml_status mli_augment_init(mli_augment *a, const ml_dataset *ds, const ml_augment_opts *opts)
{
    char text[128];
    if (ds->rank != 2 && ds->rank != 3)
        return mli_fail(ML_EINVAL, "augment: a sample is %s: wants pictures, height x width x channels",
                        mli_shape_text(ds->rank, ds->shape, text, sizeof text));
    *a = (mli_augment){.opts = *opts, .h = ds->shape[0], .w = ds->shape[1], .channels = ds->rank == 3 ? ds->shape[2] : 1};
    if (a->opts.elastic_sigma == 0)
        a->opts.elastic_sigma = 4;
    if (check(a))
        return ml_error_status();
    a->step = sqrt(3) * a->opts.elastic_sigma;
    a->rows = mlk_spline_nodes(a->h, a->step);
    a->columns = mlk_spline_nodes(a->w, a->step);
    return ML_OK;
}

/* Two fields, the nodes of one, and room to widen them. */
size_t mli_augment_scratch(const mli_augment *a)
{
    if (a->opts.elastic == 0)
        return 0;
    return (size_t)(2 * a->h * a->w + a->rows * a->columns + a->rows * a->w) * sizeof(ml_real);
}

static double around_zero(ml_rng *rng)
{
    return 2 * ml_rng_uniform(rng) - 1;
}

/* All five numbers are drawn whichever are wanted: an option more leaves the others' draws as they were. */
static void draw_map(double m[6], const mli_augment *a, ml_rng *rng)
{
    const ml_augment_opts *o = &a->opts;
    const double angle = o->rotate * PI / 180 * around_zero(rng), s = 1 + o->scale * around_zero(rng);
    const double k = o->shear * around_zero(rng), right = o->shift * around_zero(rng), down = o->shift * around_zero(rng);
    const double x = 0.5 * (double)a->w, y = 0.5 * (double)a->h;
    m[0] = (cos(angle) + k * sin(angle)) / s;
    m[1] = (sin(angle) - k * cos(angle)) / s;
    m[3] = -sin(angle) / s;
    m[4] = cos(angle) / s;
    m[2] = x - m[0] * (x + right) - m[1] * (y + down);
    m[5] = y - m[3] * (x + right) - m[4] * (y + down);
}

static void draw_field(ml_real *field, const mli_augment *a, ml_rng *rng, ml_real *work)
{
    const double most = a->opts.elastic * sqrt(3) * 315 / 151; /* of a node: then the field's root mean square is elastic */
    ml_real *node = work, *wide = work + a->rows * a->columns;
    for (int64_t i = 0; i < a->rows * a->columns; i++)
        node[i] = (ml_real)(most * ((double)ml_rng_u32(rng) * 0x1p-31 - 1));
    mlk_spline_field(field, node, a->h, a->w, a->step, wide);
}

void mli_augment_picture(const mli_augment *a, uint8_t *out, const uint8_t *in, ml_rng rng, void *scratch)
{
    double m[6];
    draw_map(m, a, &rng);
    if (a->opts.elastic == 0) {
        mlk_warp_affine(out, a->h, a->w, in, a->h, a->w, a->channels, m, a->opts.fill);
        return;
    }
    ml_real *right = scratch, *down = right + a->h * a->w, *work = down + a->h * a->w;
    draw_field(right, a, &rng, work);
    draw_field(down, a, &rng, work);
    mlk_warp_field(out, in, a->h, a->w, a->channels, m, right, down, a->opts.fill);
}

ml_status ml_dataset_augmented(const ml_dataset *ds, int64_t i, ml_augment_opts opts, uint64_t seed, int64_t epoch,
                               uint8_t *out)
{
    mli_augment a;
    if (!ds || !out)
        return mli_fail(ML_EINVAL, "augmented: ds and out must not be NULL");
    if (i < 0 || i >= ds->n)
        return mli_fail(ML_EINVAL, "augmented: sample %lld of a set of %lld", (long long)i, (long long)ds->n);
    if (mli_augment_init(&a, ds, &opts))
        return ml_error_status();
    void *scratch = mli_alloc(mli_augment_scratch(&a));
    if (!scratch)
        return ML_ENOMEM;
    mli_augment_picture(&a, out, mli_dataset_bytes(ds, i), mli_sample_rng(seed, epoch, i, 0), scratch);
    mli_free(scratch);
    return ML_OK;
}
