/* frame_duplicates.c -- rows that are there more than once. */
#include "data/codes.h"
#include "data/verbs.h"

/* Marks rows that are not the one of their code to keep. seen: for each code the row to keep, or with none how many there are. */
static void mark(const mli_codes *c, ml_keep keep, int64_t *seen, bool *drop)
{
    for (int64_t i = 0; i < c->n; i++)
        seen[c->code[i]] = keep == ML_KEEP_NONE ? seen[c->code[i]] + 1 : keep == ML_KEEP_LAST ? i : c->first[c->code[i]];
    for (int64_t i = 0; i < c->n; i++)
        drop[i] = keep == ML_KEEP_NONE ? seen[c->code[i]] > 1 : seen[c->code[i]] != i;
}

static ml_mask *mask_of(int64_t rows, const ml_column *const *keys, int n, ml_keep keep)
{
    mli_codes c;
    ml_mask *m = ml_mask_new(rows);
    if (!m || n == 0) /* of no columns no row equals another */
        return m;
    int64_t *seen = mli_codes_of_keys(&c, keys, n, true) ? NULL : mli_calloc((size_t)c.count, sizeof *seen);
    if (seen)
        mark(&c, keep, seen, m->v);
    mli_codes_free(&c);
    if (!seen) {
        ml_mask_free(m);
        return NULL;
    }
    mli_free(seen);
    return m;
}

static ml_mask *duplicated(const char *where, const ml_frame *f, const char *columns, ml_keep keep)
{
    int n;
    if ((unsigned)keep > ML_KEEP_NONE)
        return mli_null(ML_EINVAL, "%s: there is no way %d to keep", where, (int)keep);
    const ml_column **keys = mli_verb_columns(where, f, columns, &n);
    ml_mask *m = keys ? mask_of(f->rows, keys, n, keep) : NULL;
    mli_free(keys);
    return m;
}

ml_mask *ml_mask_duplicated(const ml_frame *f, const char *columns, ml_keep keep)
{
    return duplicated("mask_duplicated", f, columns, keep);
}

ml_frame *ml_frame_drop_duplicates(const ml_frame *f, const char *columns, ml_keep keep)
{
    return ml_frame_where(f, ml_mask_not(duplicated("frame_drop_duplicates", f, columns, keep)));
}
