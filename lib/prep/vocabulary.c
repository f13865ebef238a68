/* vocabulary.c -- see vocabulary.h. */
#include "prep/vocabulary.h"

#include <inttypes.h>
#include <string.h>

enum { DIGITS = 24, LONGEST_NAME = 64 };

void mli_vocabulary_free(mli_vocabulary *v)
{
    mli_free(v->word);
    mli_free(v->whole);
    *v = (mli_vocabulary){0};
}

/* ---- from a column ---- */

/* v->word out of v->whole. */
static ml_status write_digits(mli_vocabulary *v)
{
    char (*digits)[DIGITS] = mli_alloc((size_t)v->n * sizeof *digits);
    const char **word = mli_alloc((size_t)v->n * sizeof *word);
    for (int64_t k = 0; digits && word && k < v->n; k++) {
        snprintf(digits[k], DIGITS, "%" PRId64, v->whole[k]);
        word[k] = digits[k];
    }
    if (digits && word)
        v->word = mli_texts_copy(word, v->n);
    mli_free(digits);
    mli_free(word);
    return v->word ? ML_OK : ML_ENOMEM;
}

/* Values out of a row that has each. */
static ml_status take_values(mli_vocabulary *v, const ml_column *c, const int64_t *row)
{
    if (c->type == ML_INTEGER) {
        v->whole = mli_alloc((size_t)v->n * sizeof *v->whole);
        for (int64_t k = 0; v->whole && k < v->n; k++)
            v->whole[k] = c->integer[row[k]];
        return v->whole ? write_digits(v) : ML_ENOMEM;
    }
    const char **word = mli_alloc((size_t)v->n * sizeof *word);
    for (int64_t k = 0; word && k < v->n; k++)
        word[k] = ml_column_text(c, row[k]);
    if (word)
        v->word = mli_texts_copy(word, v->n);
    mli_free(word);
    return v->word ? ML_OK : ML_ENOMEM;
}

static ml_status take_rows(mli_vocabulary *v, const ml_column *c, const int32_t *code, int64_t **count)
{
    int64_t *rows = mli_calloc((size_t)v->n, sizeof *rows), *row = mli_alloc((size_t)v->n * sizeof *row);
    ml_status s = rows && row ? ML_OK : ML_ENOMEM;
    for (int64_t i = 0; i < c->n && !s; i++)
        if (code[i] >= 0) {
            rows[code[i]]++;
            row[code[i]] = i;
        }
    if (!s)
        s = take_values(v, c, row);
    mli_free(row);
    if (!s && count)
        *count = rows;
    else
        mli_free(rows);
    return s;
}

ml_status mli_vocabulary_of(const ml_column *c, mli_vocabulary *v, int64_t **count)
{
    int32_t *code = mli_alloc((size_t)c->n * sizeof *code), n = 0;
    *v = (mli_vocabulary){0};
    ml_status s = code ? mli_column_codes(c, code, &n) : ML_ENOMEM;
    v->n = n;
    if (!s)
        s = take_rows(v, c, code, count);
    mli_free(code);
    if (s)
        mli_vocabulary_free(v);
    return s;
}

/* ---- finding ---- */

int64_t mli_vocabulary_find(const mli_vocabulary *v, const char *text)
{
    int64_t low = 0, high = v->n;
    if (v->whole) /* the digits are not in their bytes' order */
        while (low < high && strcmp(v->word[low], text) != 0)
            low++;
    while (!v->whole && low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (strcmp(v->word[middle], text) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < v->n && strcmp(v->word[low], text) == 0 ? low : -1;
}

static int64_t find_whole(const mli_vocabulary *v, int64_t x)
{
    int64_t low = 0, high = v->n;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (v->whole[middle] < x)
            low = middle + 1;
        else
            high = middle;
    }
    return low < v->n && v->whole[low] == x ? low : MLI_IS_UNSEEN;
}

static int64_t place_of_text(const mli_vocabulary *v, const char *text)
{
    const int64_t k = mli_vocabulary_find(v, text);
    return k < 0 ? MLI_IS_UNSEEN : k;
}

/* Each category is looked up once. */
static ml_status places_of_codes(const mli_vocabulary *v, const ml_column *c, int64_t *place)
{
    int64_t *of = mli_alloc((size_t)c->categories * sizeof *of);
    for (int32_t k = 0; of && k < c->categories; k++)
        of[k] = place_of_text(v, c->category[k]);
    for (int64_t i = 0; of && i < c->n; i++)
        place[i] = c->code[i] < 0 ? MLI_IS_MISSING : of[c->code[i]];
    mli_free(of);
    return of ? ML_OK : ML_ENOMEM;
}

int64_t *mli_vocabulary_places(const mli_vocabulary *v, const ml_column *c)
{
    int64_t *place = mli_alloc((size_t)c->n * sizeof *place);
    if (place && c->type == ML_CATEGORY && places_of_codes(v, c, place)) {
        mli_free(place);
        return NULL;
    }
    for (int64_t i = 0; place && c->type != ML_CATEGORY && i < c->n; i++) {
        if (ml_column_missing(c, i))
            place[i] = MLI_IS_MISSING;
        else
            place[i] = c->type == ML_INTEGER ? find_whole(v, c->integer[i]) : place_of_text(v, ml_column_text(c, i));
    }
    return place;
}

/* ---- files ---- */

ml_status mli_vocabulary_put(const mli_vocabulary *v, mli_store *s, const char *at, const char *name, int number)
{
    char full[LONGEST_NAME];
    snprintf(full, sizeof full, "%s.%d", name, number);
    return v->whole ? mli_store_put_longs(s, at, full, v->whole, v->n)
                    : mli_store_put_texts(s, at, full, (const char *const *)v->word, v->n);
}

static ml_status check_sorted(const mli_vocabulary *v, const mli_store *s, const char *at, const char *name)
{
    for (int64_t k = 1; k < v->n; k++)
        if (v->whole ? v->whole[k - 1] >= v->whole[k] : strcmp(v->word[k - 1], v->word[k]) >= 0)
            return mli_store_fail(s, at, name, "is not sorted at place %lld", (long long)k);
    return ML_OK;
}

ml_status mli_vocabulary_take(mli_vocabulary *v, mli_store *s, const char *at, const char *name, int number, ml_type type)
{
    char full[LONGEST_NAME];
    snprintf(full, sizeof full, "%s.%d", name, number);
    *v = (mli_vocabulary){0};
    ml_status e = type == ML_INTEGER ? mli_store_longs(s, at, full, 0, INT32_MAX, &v->whole, &v->n)
                                     : mli_store_texts(s, at, full, 0, INT32_MAX, &v->word, &v->n);
    if (!e && v->whole)
        e = write_digits(v);
    if (!e)
        e = check_sorted(v, s, at, full);
    if (e)
        mli_vocabulary_free(v);
    return e;
}

/* ---- a number for each value ---- */

void mli_encoding_free(mli_encoding *e)
{
    mli_vocabulary_free(&e->values);
    mli_free(e->to);
    e->to = NULL;
}

static void refuse(const ml_column *c, int64_t i)
{
    char shown[MLI_SHOWN], value[MLI_SHOWN], digits[DIGITS];
    const char *text = ml_column_text(c, i);
    if (!text) {
        snprintf(digits, sizeof digits, "%" PRId64, c->integer[i]);
        text = digits;
    }
    mli_fail(ML_EINVAL, "column '%s' has '%s' in row %lld, which is none of the values that the step knows (.unseen says what "
                        "becomes of such a value)", mli_shown(c->name, shown), mli_shown(text, value), (long long)i);
}

int32_t *mli_encode(const mli_encoding *e, const ml_column *c)
{
    int64_t *place = mli_vocabulary_places(&e->values, c);
    int32_t *code = place ? mli_alloc((size_t)c->n * sizeof *code) : NULL;
    for (int64_t i = 0; code && i < c->n; i++) {
        code[i] = place[i] >= 0 ? e->to[place[i]] : place[i] == MLI_IS_MISSING ? e->missing : e->unseen;
        if (code[i] == MLI_REFUSE) {
            refuse(c, i);
            mli_free(code);
            code = NULL;
        }
    }
    mli_free(place);
    return code;
}

ml_status mli_encoding_put(const mli_encoding *e, mli_store *s, const char *at, int number)
{
    char name[LONGEST_NAME];
    const int32_t others[] = {e->missing, e->unseen};
    ml_status status = mli_vocabulary_put(&e->values, s, at, "values", number);
    snprintf(name, sizeof name, "to.%d", number);
    if (!status)
        status = mli_store_put_ints(s, at, name, e->to, e->values.n);
    snprintf(name, sizeof name, "others.%d", number);
    return status ? status : mli_store_put_ints(s, at, name, others, 2);
}

ml_status mli_encoding_take(mli_encoding *e, mli_store *s, const char *at, int number, ml_type type, int32_t most)
{
    char name[LONGEST_NAME];
    int32_t *others = NULL;
    ml_status status = mli_vocabulary_take(&e->values, s, at, "values", number, type);
    snprintf(name, sizeof name, "to.%d", number);
    if (!status)
        status = mli_store_ints(s, at, name, e->values.n, e->values.n, &e->to, NULL);
    for (int64_t k = 0; k < e->values.n && !status; k++)
        if (e->to[k] < MLI_NOTHING || e->to[k] >= most)
            status = mli_store_fail(s, at, name, "has %ld at place %lld, not -1 to %ld", (long)e->to[k], (long long)k,
                                    (long)most - 1);
    snprintf(name, sizeof name, "others.%d", number);
    if (!status)
        status = mli_store_ints(s, at, name, 2, 2, &others, NULL);
    if (!status) {
        e->missing = others[0];
        e->unseen = others[1];
        if (e->missing < MLI_NOTHING || e->missing >= most || e->unseen < MLI_REFUSE || e->unseen >= most)
            status = mli_store_fail(s, at, name, "is outside of -2 to %ld", (long)most - 1);
    }
    mli_free(others);
    return status;
}
