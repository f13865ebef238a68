/* builder.c -- see builder.h. */
#include "data/builder.h"

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

void mli_builder_column(mli_builder *b, ml_column *c)
{
    *c = (ml_column){.type = ML_TEXT, .n = b->n, .at = b->at, .bytes = b->bytes};
    *b = (mli_builder){0};
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
    if (s)
        mli_builder_free(&b);
    else
        mli_builder_column(&b, to);
    return s;
}

/* Numbers the different texts 0, 1, ... as they first come: into first[k] where text k is first seen, and into code[i] the number of
 * text i. Returns how many, -1 where memory lacks. */
static int32_t number_texts(const ml_column *list, int32_t *code, int32_t *first)
{
    int32_t count, found = 0;
    if (mli_column_codes(list, code, &count))
        return -1;
    int32_t *number = mli_alloc((size_t)count * sizeof *number);
    if (!number)
        return -1;
    for (int32_t k = 0; k < count; k++)
        number[k] = -1;
    for (int64_t i = 0; i < list->n; i++) {
        if (code[i] < 0)
            continue;
        if (number[code[i]] < 0) {
            first[found] = (int32_t)i;
            number[code[i]] = found++;
        }
        code[i] = number[code[i]];
    }
    mli_free(number);
    return found;
}

ml_status mli_column_regroup(ml_column *to, const ml_column *like, const ml_column *list)
{
    int32_t *code = mli_alloc((size_t)list->n * sizeof *code), *first = mli_alloc((size_t)list->n * sizeof *first);
    const char **texts = mli_alloc((size_t)list->n * sizeof *texts);
    int32_t *codes = mli_alloc((size_t)like->n * sizeof *codes);
    const int32_t n = code && first && texts && codes ? number_texts(list, code, first) : -1;
    for (int32_t k = 0; k < n; k++)
        texts[k] = ml_column_text(list, first[k]);
    for (int64_t i = 0; n >= 0 && i < like->n; i++)
        codes[i] = like->code[i] < 0 ? -1 : code[like->code[i]];
    *to = (ml_column){.type = ML_CATEGORY, .n = like->n, .code = codes, .categories = n};
    if (n >= 0)
        to->category = (const char *const *)mli_texts_copy(texts, n);
    mli_free(code);
    mli_free(first);
    mli_free(texts);
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
