/* symmetry.c -- units that are one unit: equal weights that get equal gradients stay equal for ever. */
#include "doctor/doctor.h"

#include <math.h>

static const double SAME = 1e-3;    /* gradients that differ by less of their size are equal but for rounding */
static const double NOTHING = 1e-6; /* of the largest gradient: rounding alone, which Adam would blow up to steps */

/* Whether all rows of a parameter (units, ...) are equal, but for a share of the largest number. */
static bool rows_are_equal(const ml_real *v, int64_t rows, int64_t n, double share)
{
    double most = 0;
    for (int64_t i = 0; i < n; i++)
        most = fabs((double)v[i]) > most ? fabs((double)v[i]) : most; /* (gcc 12 for arm64 breaks down over fmax here) */
    for (int64_t i = n; i < rows * n; i++)
        if (fabs((double)v[i] - (double)v[i % n]) > share * most)
            return false;
    return true;
}

static bool has_units(const ml_tensor *x)
{
    return x->requires_grad && !x->frozen && x->rank >= 2 && x->shape[0] >= 2 && x->size > 0;
}

ml_status mli_doctor_symmetry_open(mli_doctor *d)
{
    const ml_params *ps = d->net->params;
    if (!(d->alike = mli_alloc((size_t)ps->n * sizeof *d->alike)))
        return ML_ENOMEM;
    for (int i = 0; i < ps->n; i++) {
        const ml_tensor *x = ps->entries[i].x;
        d->alike[i] = has_units(x) && rows_are_equal(x->data, x->shape[0], x->size / x->shape[0], 0);
    }
    return ML_OK;
}

/* Gradients that are rounding alone say nothing either way. */
void mli_doctor_symmetry_gather(mli_doctor *d)
{
    const ml_params *ps = d->net->params;
    double most = 0;
    for (int i = 0; i < ps->n; i++)
        most = fmax(most, ps->entries[i].x->has_grad ? mli_rms(ps->entries[i].x->grad, ps->entries[i].x->size) : 0);
    for (int i = 0; i < ps->n; i++) {
        const ml_tensor *x = ps->entries[i].x;
        if (d->alike[i] && x->has_grad && mli_rms(x->grad, x->size) > NOTHING * most)
            d->alike[i] = rows_are_equal(x->grad, x->shape[0], x->size / x->shape[0], SAME);
    }
}

void mli_doctor_symmetry_judge(mli_doctor *d)
{
    const ml_params *ps = d->net->params;
    const ml_tensor *first = NULL;
    char others[32];
    int n = 0;
    for (int i = 0; i < ps->n; i++)
        if (d->alike[i] && n++ == 0)
            first = ps->entries[i].x;
    if (first)
        mli_doctor_find(d, ML_DOCTOR_UNITS_SYMMETRIC,
                        "All %lld units of %s have the same weights and get the same gradients%s.",
                        (long long)first->shape[0], first->name, mli_doctor_others(n - 1, others));
}
