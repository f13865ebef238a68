/* target.c -- see target.h. */
#include "prep/target.h"

#include "base/texts.h"
#include "data/frame.h"
#include "io/io.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

void mli_target_free(mli_target *t)
{
    mli_free(t->text);
    mli_free(t->label);
    mli_free(t->y);
    *t = (mli_target){0};
}

static ml_status check(const ml_column *c)
{
    char shown[MLI_SHOWN];
    if (c->type == ML_TIME)
        return mli_fail(ML_EINVAL, "target: column '%s' is of times: predict a number made of it", mli_shown(c->name, shown));
    for (int64_t i = 0; i < c->n; i++) {
        if (ml_column_missing(c, i))
            return mli_fail(ML_EINVAL, "target: column '%s' has no value in row %lld (and %lld are missing): drop rows without "
                            "a target",
                            mli_shown(c->name, shown), (long long)i, (long long)c->missing);
        if (c->type == ML_NUMBER && isinf(c->number[i]))
            return mli_fail(ML_EINVAL, "target: column '%s' is infinite in row %lld", mli_shown(c->name, shown), (long long)i);
    }
    return ML_OK;
}

/* ---- regression ---- */

static ml_status take_numbers(const ml_column *c, mli_target *t)
{
    t->y = mli_alloc((size_t)c->n * sizeof *t->y);
    for (int64_t i = 0; t->y && i < c->n; i++)
        t->y[i] = ml_column_number(c, i);
    return t->y ? ML_OK : ML_ENOMEM;
}

/* ---- classification ---- */

/* Value i as the text of a class; an integer's digits go into buf. */
static const char *class_text(const ml_column *c, int64_t i, char buf[24])
{
    if (c->type != ML_INTEGER)
        return ml_column_text(c, i);
    snprintf(buf, 24, "%" PRId64, c->integer[i]);
    return buf;
}

/* One block as mli_texts_copy makes it: of each class the text of any row that has it. */
static ml_status take_texts(const ml_column *c, mli_target *t)
{
    char (*digits)[24] = mli_alloc((size_t)t->classes * sizeof *digits);
    const char **text = mli_calloc((size_t)t->classes, sizeof *text);
    for (int64_t i = 0; digits && text && i < c->n; i++)
        if (!text[t->label[i]])
            text[t->label[i]] = class_text(c, i, digits[t->label[i]]);
    if (digits && text)
        t->text = mli_texts_copy(text, t->classes);
    mli_free(digits);
    mli_free(text);
    return t->text ? ML_OK : ML_ENOMEM;
}

/* t->label and t->classes; the sorted order of values is that of classes. */
static ml_status take_labels(const ml_column *c, mli_target *t)
{
    t->label = mli_alloc((size_t)c->n * sizeof *t->label);
    return t->label ? mli_column_codes(c, t->label, &t->classes) : ML_ENOMEM;
}

static ml_status take(const ml_column *c, mli_target *t)
{
    if (c->type == ML_NUMBER)
        return take_numbers(c, t);
    if (take_labels(c, t))
        return ml_error_status();
    if (c->type != ML_INTEGER || t->classes <= MLI_MOST_INTEGER_CLASSES)
        return take_texts(c, t);
    mli_free(t->label);
    t->label = NULL;
    t->classes = 0;
    return take_numbers(c, t);
}

ml_status mli_target_of(const ml_frame *f, const char *name, mli_target *t)
{
    *t = (mli_target){0};
    const ml_column *c = ml_frame_column(f, name);
    if (!c)
        return mli_fail_in("target");
    if (c->n == 0)
        return mli_fail(ML_EINVAL, "target: the frame has no rows");
    t->n = c->n;
    ml_status s = check(c);
    if (!s)
        s = take(c, t);
    if (s)
        mli_target_free(t);
    return s;
}

ml_status mli_target_labels(const ml_frame *f, const char *name, const char *const *text, int32_t classes, int32_t *label)
{
    char digits[24], shown[MLI_SHOWN], value[MLI_SHOWN];
    const ml_column *c = ml_frame_column(f, name);
    if (!c)
        return mli_fail_in("target");
    if (c->type == ML_NUMBER)
        return mli_fail(ML_EINVAL, "target: column '%s' is of numbers, and the model knows classes", mli_shown(name, shown));
    if (check(c))
        return ml_error_status();
    for (int64_t i = 0; i < c->n; i++) {
        const char *it = class_text(c, i, digits);
        int32_t k = 0;
        while (k < classes && strcmp(text[k], it) != 0)
            k++;
        if (k == classes)
            return mli_fail(ML_EINVAL, "target: row %lld of '%s' is '%s', which is none of the %ld classes", (long long)i,
                            mli_shown(name, shown), mli_shown(it, value), (long)classes);
        label[i] = k;
    }
    return ML_OK;
}
