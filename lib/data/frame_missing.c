/* frame_missing.c -- rows without those that have holes. What fills holes is in frame_fill.c. */
#include "data/verbs.h"

static int64_t count_values(const ml_column *const *columns, int n, int64_t row)
{
    int64_t count = 0;
    for (int k = 0; k < n; k++)
        count += !ml_column_missing(columns[k], row);
    return count;
}

ml_frame *ml_frame_drop_missing(const ml_frame *f, ml_drop_opts opts)
{
    int n;
    if (opts.least < 0 || (opts.all && opts.least))
        return mli_null(ML_EINVAL, "frame_drop_missing: least is %lld%s", (long long)opts.least,
                        opts.all ? ", together with all: give one of them" : ": wants 0 or more");
    const ml_column **columns = mli_verb_columns("frame_drop_missing", f, opts.columns, &n);
    if (!columns)
        return NULL;
    const int64_t least = opts.all && n > 0 ? 1 : opts.least ? opts.least : n;
    ml_mask *m = ml_mask_new(f->rows);
    for (int64_t i = 0; m && i < f->rows; i++)
        m->v[i] = count_values(columns, n, i) >= least;
    mli_free(columns);
    return ml_frame_where(f, m);
}
