/* builder.c -- see builder.h. */
#include "data/builder.h"
#include "data/dictionary.h"

#include <string.h>

ml_status mli_builder_begin(mli_builder *b, int64_t n)
{
    *b = (mli_builder){.n = n, .at = mli_alloc((size_t)n * sizeof *b->at)};
    return b->at && (b->bytes = mli_alloc(1)) ? ML_OK : ML_ENOMEM; /* free takes what there is */
}

ml_status mli_builder_add(mli_builder *b, const char *bytes, size_t size)
{
    size_t wanted, room;
    if (!mli_add_size(b->used, size, &wanted) || !mli_add_size(wanted, wanted, &room))
        return mli_fail(ML_ENOMEM, "out of memory: texts of more than %zu bytes", b->used);
    if (wanted > b->room) {
        char *larger = mli_alloc(room);
        if (!larger)
            return ML_ENOMEM;
        memcpy(larger, b->bytes, b->used);
        mli_free(b->bytes);
        b->bytes = larger;
        b->room = room;
    }
    memcpy(b->bytes + b->used, bytes, size);
    b->used = wanted;
    return ML_OK;
}

ml_status mli_builder_end(mli_builder *b)
{
    ml_status s = mli_builder_add(b, "", 1);
    b->at[b->done++] = (int64_t)b->begin;
    b->begin = b->used;
    return s;
}

void mli_builder_missing(mli_builder *b)
{
    b->used = b->begin;
    b->at[b->done++] = -1;
}

ml_status mli_builder_text(mli_builder *b, const char *text)
{
    if (!text) {
        mli_builder_missing(b);
        return ML_OK;
    }
    ml_status s = mli_builder_add(b, text, strlen(text));
    return s ? s : mli_builder_end(b);
}

ml_status mli_builder_column(mli_builder *b, ml_status s, ml_column *c)
{
    if (s) {
        mli_builder_free(b);
        return s;
    }
    *c = (ml_column){.type = ML_TEXT, .n = b->n, .at = b->at, .bytes = b->bytes};
    *b = (mli_builder){0};
    return ML_OK;
}

void mli_builder_free(mli_builder *b)
{
    mli_free(b->at);
    mli_free(b->bytes);
    *b = (mli_builder){0};
}

/* ---- text by text ---- */

/* Text i of `from`, or its category i. */
static const char *text_at(const ml_column *from, int64_t i)
{
    return from->type == ML_CATEGORY ? from->category[i] : ml_column_text(from, i);
}

/* A text column of what map makes of each text, or of each category. */
static ml_status map_all(ml_column *to, const ml_column *from, mli_text_map map, void *user)
{
    mli_builder b;
    const int64_t n = from->type == ML_CATEGORY ? from->categories : from->n;
    ml_status s = mli_builder_begin(&b, n);
    for (int64_t i = 0; i < n && !s; i++) {
        const char *text = text_at(from, i);
        bool missing = !text;
        s = missing ? ML_OK : map(text, &b, &missing, user);
        if (!s && missing)
            mli_builder_missing(&b);
        else if (!s)
            s = mli_builder_end(&b);
    }
    return mli_builder_column(&b, s, to);
}

/* Numbers the texts of a list as they come, equal ones alike; missing is -1. */
static ml_status number_texts(mli_dictionary *d, const ml_column *list, int32_t *number)
{
    for (int64_t k = 0; k < list->n; k++) {
        const char *text = ml_column_text(list, k);
        number[k] = text ? mli_dictionary_add(d, text, strlen(text)) : -1;
        if (text && number[k] < 0)
            return ML_ENOMEM;
    }
    return ML_OK;
}

static char **dictionary_texts(const mli_dictionary *d)
{
    const char **texts = mli_alloc((size_t)d->count * sizeof *texts);
    for (int32_t k = 0; texts && k < d->count; k++)
        texts[k] = mli_dictionary_text(d, k);
    char **copy = texts ? mli_texts_copy(texts, d->count) : NULL;
    mli_free(texts);
    return copy;
}

ml_status mli_column_regroup(ml_column *to, const ml_column *like, const ml_column *list)
{
    mli_dictionary d = {0};
    int32_t *number = mli_alloc((size_t)list->n * sizeof *number), *code = mli_alloc((size_t)like->n * sizeof *code);
    const bool good = number && code && number_texts(&d, list, number) == ML_OK;
    *to = (ml_column){.type = ML_CATEGORY, .n = like->n, .code = code, .categories = d.count};
    if (good)
        to->category = (const char *const *)dictionary_texts(&d);
    for (int64_t i = 0; good && i < like->n; i++)
        code[i] = like->code[i] < 0 ? -1 : number[like->code[i]];
    mli_free(number);
    mli_dictionary_free(&d);
    if (to->category)
        return ML_OK;
    mli_column_free(to);
    return ml_error_status();
}

ml_status mli_column_map(ml_column *to, const ml_column *from, mli_text_map map, void *user)
{
    ml_column list;
    if (from->type == ML_TEXT)
        return map_all(to, from, map, user);
    ml_status s = map_all(&list, from, map, user);
    if (s)
        return s;
    s = mli_column_regroup(to, from, &list);
    mli_column_free(&list);
    return s;
}

ml_status mli_verb_map(const char *where, ml_frame *f, const char *column, const char *as, mli_text_map map, void *user)
{
    ml_column made;
    const ml_column *c = mli_verb_column(where, f, column, MLI_TEXTUAL);
    ml_status s = c ? mli_column_map(&made, c, map, user) : ml_error_status();
    return s ? s : mli_verb_give(where, f, as ? as : column, &made);
}
