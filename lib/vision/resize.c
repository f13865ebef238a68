/* resize.c -- a picture in another size: nearest, bilinear, area. Derivation and examples: docs/math/resize.md
 *
 * Bilinear and area treat rows and columns apart: what output row y takes from the input rows, and output column x from
 * the columns, are two small tables of whole numbers, made once. So a pixel is a sum of bytes times whole weights,
 *
 *     out[y][x] = sum_i sum_j a[y][i] b[x][j] in[i][j] / (A B)        sum_i a[y][i] = A,  sum_j b[x][j] = B
 *
 * and every number on the way is exact: one row of sums over i fits 32 bits (255 A < 2^25), the sum of both fits the 53
 * bits of a double (255 A B < 2^36), and only the division at the end rounds. The result does not depend on the compiler,
 * the CPU, or how many threads there are.
 *
 * Columns of a row lie side by side, so adding up rows is what a CPU does fastest: rows first. A row that has been added
 * up then has the full width only once for each row of the output.
 */
#include "vision/vision.h"

#include <string.h>

/* Where one output takes from along an axis: inputs first .. first+count-1, with weights from `at` on in the table. */
typedef struct tap {
    int32_t first, count, at;
} tap;

typedef struct axis {
    tap *tap;
    int32_t *weight;
    int32_t total; /* of the weights of each output */
} axis;

/* Middle of output i, in pixels of the input: (i + 1/2) in/out - 1/2, which in multiples of 1/(2 out) is whole. */
static void bilinear_axis(axis *a, int64_t in, int64_t out)
{
    int64_t unit = 2 * out;
    for (int64_t i = 0; i < out; i++) {
        int64_t place = (2 * i + 1) * in - out;
        int64_t first = place < 0 ? -1 : place / unit, right = place - first * unit;
        bool edge = first < 0 || first + 1 >= in; /* beyond the outermost middles: the outermost pixel */
        a->tap[i] = (tap){(int32_t)(first < 0 ? 0 : first), edge ? 1 : 2, (int32_t)(2 * i)};
        a->weight[2 * i] = (int32_t)(edge ? unit : unit - right);
        a->weight[2 * i + 1] = (int32_t)right;
    }
    a->total = (int32_t)unit;
}

/* Output i covers i in .. (i+1) in, and input j covers j out .. (j+1) out, in multiples of 1/out pixel. */
static void area_axis(axis *a, int64_t in, int64_t out)
{
    int64_t at = 0;
    for (int64_t i = 0; i < out; i++) {
        int64_t begin = i * in, end = begin + in, first = begin / out, last = (end - 1) / out;
        a->tap[i] = (tap){(int32_t)first, (int32_t)(last - first + 1), (int32_t)at};
        for (int64_t j = first; j <= last; j++) {
            int64_t left = j * out > begin ? j * out : begin, right = (j + 1) * out < end ? (j + 1) * out : end;
            a->weight[at++] = (int32_t)(right - left);
        }
    }
    a->total = (int32_t)in;
}

static void axis_free(axis *a)
{
    mli_free(a->tap);
    mli_free(a->weight);
}

static ml_status axis_make(axis *a, int64_t in, int64_t out, ml_interpolation how)
{
    a->tap = mli_alloc((size_t)out * sizeof *a->tap);
    a->weight = mli_alloc((size_t)(in + 2 * out) * sizeof *a->weight); /* area needs in + out, bilinear 2 out */
    if (!a->tap || !a->weight)
        return mli_fail_in("resize");
    if (how == ML_AREA)
        area_axis(a, in, out);
    else
        bilinear_axis(a, in, out);
    return ML_OK;
}

typedef struct resize_job {
    ml_image *out;
    const ml_image *in;
    axis rows, columns;
} resize_job;

/* sums[i] = sum over rows of weight times byte. */
static void add_rows(int32_t *restrict sums, const uint8_t *restrict in, int64_t n, const int32_t *weight, int64_t count)
{
    for (int64_t i = 0; i < n; i++)
        sums[i] = weight[0] * in[i];
    for (int64_t r = 1; r < count; r++) {
        const int32_t w = weight[r];
        in += n;
        for (int64_t i = 0; i < n; i++)
            sums[i] += w * in[i];
    }
}

/* Called with constant c. Half a level is added, and the cast cuts: sums lie either on a half exactly, which so goes up, or
 * at least 1/(2 total) > 2^-30 beside it, far more than the rounding of the division. */
static inline void add_columns(uint8_t *restrict out, const int32_t *restrict sums, const axis *a, int64_t n, double total,
                               const int64_t c)
{
    for (int64_t x = 0; x < n; x++) {
        const tap t = a->tap[x];
        const int32_t *weight = a->weight + t.at, *from = sums + t.first * c;
        double sum[4] = {0};
        for (int64_t j = 0; j < t.count; j++)
            for (int64_t k = 0; k < c; k++)
                sum[k] += (double)weight[j] * from[j * c + k];
        for (int64_t k = 0; k < c; k++)
            out[x * c + k] = (uint8_t)(sum[k] / total + 0.5);
    }
}

static ml_status separable_rows(void *arg, int64_t begin, int64_t end)
{
    const resize_job *j = arg;
    const int64_t c = j->in->c, wide = j->in->w * c, w = j->out->w;
    const double total = (double)j->rows.total * j->columns.total;
    int32_t *sums = mli_alloc((size_t)wide * sizeof *sums);
    if (!sums)
        return mli_fail_in("resize");
    for (int64_t y = begin; y < end; y++) {
        const tap t = j->rows.tap[y];
        uint8_t *out = j->out->px + y * w * c;
        add_rows(sums, j->in->px + t.first * wide, wide, j->rows.weight + t.at, t.count);
        if (c == 1)
            add_columns(out, sums, &j->columns, w, total, 1);
        else if (c == 3)
            add_columns(out, sums, &j->columns, w, total, 3);
        else
            add_columns(out, sums, &j->columns, w, total, 4);
    }
    mli_free(sums);
    return ML_OK;
}

static ml_status separable(ml_image *out, const ml_image *im, ml_interpolation how)
{
    resize_job job = {.out = out, .in = im};
    ml_status s = axis_make(&job.rows, im->h, out->h, how);
    if (!s)
        s = axis_make(&job.columns, im->w, out->w, how);
    int64_t taps = how == ML_AREA ? im->h / out->h + 1 : 2;
    if (!s)
        s = mli_rows(out->h, taps * im->w * im->c + out->w * out->c, separable_rows, &job);
    axis_free(&job.rows);
    axis_free(&job.columns);
    return s;
}

/* ---- nearest ---- */

/* The pixel under the middle of output i. Pillow adds up its step where we could divide, and where a middle falls between
 * two pixels the rounding of its sum decides: to be its equal we add up too. */
static void nearest_axis(int32_t *from, int64_t in, int64_t out)
{
    double step = (double)in / (double)out, at = step * 0.5;
    for (int64_t i = 0; i < out; i++, at += step)
        from[i] = at < (double)in ? (int32_t)at : (int32_t)(in - 1);
}

typedef struct nearest_job {
    ml_image *out;
    const ml_image *in;
    const int32_t *rows, *columns;
} nearest_job;

static inline void nearest_row(uint8_t *out, const uint8_t *in, const int32_t *from, int64_t n, const int64_t c)
{
    for (int64_t x = 0; x < n; x++)
        memcpy(out + x * c, in + from[x] * c, (size_t)c);
}

static ml_status nearest_rows(void *arg, int64_t begin, int64_t end)
{
    const nearest_job *j = arg;
    const int64_t c = j->in->c, w = j->out->w;
    for (int64_t y = begin; y < end; y++) {
        uint8_t *out = j->out->px + y * w * c;
        const uint8_t *in = j->in->px + j->rows[y] * j->in->w * c;
        if (c == 1)
            nearest_row(out, in, j->columns, w, 1);
        else if (c == 3)
            nearest_row(out, in, j->columns, w, 3);
        else
            nearest_row(out, in, j->columns, w, 4);
    }
    return ML_OK;
}

static ml_status nearest(ml_image *out, const ml_image *im)
{
    int32_t *from = mli_alloc((size_t)(out->h + out->w) * sizeof *from);
    if (!from)
        return mli_fail_in("resize");
    nearest_axis(from, im->h, out->h);
    nearest_axis(from + out->h, im->w, out->w);
    ml_status s = mli_rows(out->h, out->w * out->c, nearest_rows, &(nearest_job){out, im, from, from + out->h});
    mli_free(from);
    return s;
}

ml_image *ml_image_resize(const ml_image *im, int64_t h, int64_t w, ml_interpolation how)
{
    if (mli_image_check("resize", im))
        return NULL;
    if (how != ML_NEAREST && how != ML_BILINEAR && how != ML_AREA)
        return mli_null(ML_EINVAL, "resize: interpolation %d is none of ML_NEAREST, ML_BILINEAR, ML_AREA", (int)how);
    ml_image *out = mli_image_blank("resize", h, w, im->c);
    if (out && (how == ML_NEAREST ? nearest(out, im) : separable(out, im, how))) {
        ml_image_free(out);
        return NULL;
    }
    return out;
}
