/* design.c -- see design.h.
 *
 * Sums are of what is left when the first row is taken away: a constant column leaves exact zeros, however large it is, and
 * of one with a large mean no digit of its spread is lost.
 */
#include "linalg/design.h"

#include <math.h>
#include <string.h>

enum { LANES = 32, LEAST_ROWS = 2048, SCRATCH = 1 << 23, ROWS = 32 };

int64_t mli_row_lanes(int64_t n, int64_t size)
{
    int64_t most = size < SCRATCH / LANES ? LANES : size < SCRATCH / 4 ? SCRATCH / size : 4, lanes = n / LEAST_ROWS;
    return lanes < 1 ? 1 : lanes > most ? most : lanes;
}

int64_t mli_lane_begin(int64_t n, int64_t lanes, int64_t i)
{
    int64_t rest = n % lanes;
    return i * (n / lanes) + (i < rest ? i : rest);
}

/* Rows as they are, one after the other: where they lie, or copied to `copy`. */
static const double *raw_rows(const ml_matrix *x, int64_t first, int64_t n, double *copy, int64_t *stride)
{
    if (x->column_stride == 1) {
        *stride = x->row_stride;
        return x->v + first * x->row_stride;
    }
    for (int64_t j = 0; j < x->columns; j++) {
        const double *v = x->v + first * x->row_stride + j * x->column_stride;
        for (int64_t i = 0; i < n; i++)
            copy[i * x->columns + j] = v[i * x->row_stride];
    }
    *stride = x->columns;
    return copy;
}

static void one_row(double *restrict out, const double *restrict v, const double *restrict shift, const double *restrict inverse,
                    int64_t n)
{
    for (int64_t j = 0; j < n; j++)
        out[j] = (v[j] - shift[j]) * inverse[j];
}

void mli_design_rows(const mli_design *d, int64_t first, int64_t n, double *out)
{
    const ml_matrix *x = &d->x;
    const double *v = x->v + first * x->row_stride;
    for (int64_t i = 0; i < n && x->column_stride == 1; i++)
        one_row(out + i * x->columns, v + i * x->row_stride, d->shift, d->inverse, x->columns);
    for (int64_t j = 0; j < x->columns && x->column_stride != 1; j++)
        for (int64_t i = 0; i < n; i++)
            out[i * x->columns + j] = (v[i * x->row_stride + j * x->column_stride] - d->shift[j]) * d->inverse[j];
}

/* ---- shift and scale ---- */

typedef struct spread {
    const mli_design *d;
    const double *origin; /* the first row that counts */
    int64_t lanes, size;  /* of a lane's scratch */
    double *scratch;      /* of each: D sums, D sums of squares, the sum of weights, copied rows */
} spread;

static void add_row(double *restrict sum, double *restrict squares, const double *restrict v, const double *restrict origin, double w,
                    int64_t n)
{
    for (int64_t j = 0; j < n; j++) {
        double off = v[j] - origin[j];
        sum[j] += w * off;
        squares[j] += w * off * off;
    }
}

static ml_status add_up(void *arg, int64_t lane)
{
    const spread *s = arg;
    const ml_matrix *x = &s->d->x;
    int64_t columns = x->columns, end = mli_lane_begin(x->rows, s->lanes, lane + 1);
    double *sum = s->scratch + lane * s->size, *squares = sum + columns, *weights = squares + columns, *copy = weights + 1;
    memset(sum, 0, (size_t)(2 * columns + 1) * sizeof *sum);
    for (int64_t i = mli_lane_begin(x->rows, s->lanes, lane); i < end;) {
        int64_t n = end - i < ROWS ? end - i : ROWS, stride;
        const double *v = raw_rows(x, i, n, copy, &stride);
        for (int64_t r = 0; r < n; r++, i++, v += stride) {
            double w = s->d->weight ? s->d->weight[i] : 1;
            *weights += w;
            add_row(sum, squares, v, s->origin, w, columns);
        }
    }
    return ML_OK;
}

static ml_status settle(mli_design *d, const spread *s, bool centre)
{
    int64_t columns = d->x.columns;
    double *total = s->scratch;
    for (int64_t lane = 1; lane < s->lanes; lane++)
        for (int64_t j = 0; j < 2 * columns + 1; j++)
            total[j] += s->scratch[lane * s->size + j];
    d->total = total[2 * columns];
    for (int64_t j = 0; j < columns; j++) {
        double mean = total[j] / d->total, square = total[columns + j] / d->total, at = s->origin[j] + mean;
        /* The mean square about the shift. Its cancellation is harmless: a rough scale does. */
        double about = centre ? fmax(square - mean * mean, 1e-12 * square) : at * at + fmax(square - mean * mean, 0);
        if (!isfinite(square) || !isfinite(about)) {
            char number[24];
            snprintf(number, sizeof number, "x%lld", (long long)j);
            return mli_fail(ML_EINVAL, "column '%s' holds numbers whose squares do not fit a double: scale it down",
                            d->x.names ? d->x.names[j] : number);
        }
        int power = 0;
        frexp(sqrt(about), &power);
        d->shift[j] = centre ? at : 0;
        d->inverse[j] = about > 0 ? ldexp(1, -power) : 0;
    }
    return ML_OK;
}

ml_status mli_design_init(mli_design *d, const ml_matrix *x, const double *weight, bool centre)
{
    *d = (mli_design){.x = *x, .weight = weight};
    if (!x->row_stride && !x->column_stride)
        d->x.row_stride = x->columns, d->x.column_stride = 1;
    int64_t columns = x->columns, origin = 0;
    spread s = {.d = d, .size = (2 + ROWS) * columns + 1};
    s.lanes = mli_row_lanes(x->rows, s.size);
    double *room = mli_calloc(3 * (size_t)columns + 1, sizeof *room);
    s.scratch = mli_calloc((size_t)(s.lanes * s.size), sizeof *s.scratch);
    d->shift = room;
    if (!room || !s.scratch) {
        mli_free(s.scratch);
        return ML_ENOMEM;
    }
    d->inverse = room + columns;
    while (weight && origin + 1 < x->rows && weight[origin] == 0)
        origin++;
    for (int64_t j = 0; j < columns; j++)
        room[2 * columns + j] = ml_matrix_at(&d->x, origin, j);
    s.origin = room + 2 * columns;
    ml_parallel_for(s.lanes, add_up, &s); /* add_up cannot fail */
    ml_status status = settle(d, &s, centre);
    mli_free(s.scratch);
    return status;
}

void mli_design_free(mli_design *d)
{
    mli_free(d->shift);
    *d = (mli_design){0};
}
