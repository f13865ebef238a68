/* prep.c -- see prep.h. */
#include "support/prep.h"
#include "support/tmp.h"

#include <math.h>
#include <string.h>

void assert_says(const char *part)
{
    if (!strstr(ml_error(), part))
        fail_msg("the sentence '%s' does not say '%s'", ml_error(), part);
}

static void assert_same_values(const ml_column *a, const ml_column *b)
{
    for (int64_t i = 0; i < a->n; i++) {
        const double x = ml_column_number(a, i), y = ml_column_number(b, i);
        assert_int_equal(ml_column_missing(a, i), ml_column_missing(b, i));
        if (a->type == ML_CATEGORY || a->type == ML_TEXT) {
            if (!ml_column_missing(a, i))
                assert_string_equal(ml_column_text(a, i), ml_column_text(b, i));
        } else {
            assert_memory_equal(&x, &y, sizeof x);
        }
    }
}

void assert_same_frames(const ml_frame *a, const ml_frame *b)
{
    assert_int_equal(a->rows, b->rows);
    assert_int_equal(a->columns, b->columns);
    assert_int_equal(a->role, b->role);
    for (int j = 0; j < a->columns; j++) {
        assert_string_equal(a->column[j].name, b->column[j].name);
        assert_int_equal(a->column[j].type, b->column[j].type);
        assert_same_values(&a->column[j], &b->column[j]);
    }
}

void assert_column(const ml_frame *f, const char *name, const double *v)
{
    const ml_column *c = ml_frame_column(f, name);
    if (!c)
        fail_msg("%s", ml_error());
    for (int64_t i = 0; i < c->n; i++) {
        const double x = ml_column_number(c, i);
        const bool close = x == v[i] || fabs(x - v[i]) <= 1e-12 * fmax(1, fabs(v[i])) || (isnan(x) && isnan(v[i]));
        if (!close)
            fail_msg("row %lld of %s is %.17g, not %.17g", (long long)i, name, x, v[i]);
    }
}

void assert_names(const ml_frame *f, const char *names)
{
    char all[2000];
    size_t used = 0;
    all[0] = 0;
    for (int j = 0; j < f->columns; j++)
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", j ? " " : "", f->column[j].name);
    assert_string_equal(all, names);
}

ml_prep *reloaded(const ml_prep *p)
{
    const char *path = tmp_path("step.safetensors");
    mli_store *s = mli_store_new("prep");
    if (mli_prep_put(p, s, "steps.0") || mli_store_write(s, path))
        fail_msg("%s", ml_error());
    mli_store_free(s);
    s = mli_store_read(path, "prep");
    ml_prep *q = s ? mli_prep_take(s, "steps.0") : NULL;
    if (!q)
        fail_msg("%s", ml_error());
    mli_store_free(s);
    return q;
}

ml_frame *transformed(ml_prep_step step, const ml_frame *f, const char *target, const ml_frame *also)
{
    ml_prep *p = ml_prep_fit(step, f, target), *q = p ? reloaded(p) : NULL;
    ml_frame *a = q ? ml_prep_transform(p, also ? also : f) : NULL, *b = a ? ml_prep_transform(q, also ? also : f) : NULL;
    if (!b)
        fail_msg("%s", ml_error());
    assert_same_frames(a, b);
    assert_string_equal(ml_prep_name(q), ml_prep_step_name(step));
    ml_frame_free(b);
    ml_prep_free(p);
    ml_prep_free(q);
    return a;
}

void assert_refused(ml_prep_step step, const ml_frame *f, const char *target, const char *part)
{
    ml_prep *p = ml_prep_fit(step, f, target);
    if (p)
        fail_msg("no error, where it should say '%s'", part);
    assert_says(part);
}
