/* csv_texts.c -- a column's fields as categories or texts, one block after the other.
 *
 * A first pass gives each different text a code and counts the bytes of all. Where there are few different ones, the column is
 * a category and done; else a second pass copies the texts into memory of just that size.
 */
#include "data/csv.h"
#include "data/times.h"

#include <string.h>

static ml_status check_text(const ml_csv *csv, const mli_csv_column *c, const mli_csv_part *p, int64_t row,
                            const mli_csv_value *v)
{
    if (mli_texts_valid(v->text, v->n))
        return ML_OK;
    if (memchr(v->text, 0, v->n))
        return mli_csv_fail_at(csv, c, p, row, "there is a zero byte in the text");
    return mli_csv_fail_at(csv, c, p, row, "the text is not UTF-8");
}

static int64_t most_categories(const ml_csv *csv)
{
    return csv->opts.categories == ML_NONE ? 0 : mli_given(csv->opts.categories, 50);
}

void mli_csv_forget_codes(mli_csv_column *c)
{
    if (c->different)
        mli_dictionary_free(c->different);
    mli_free(c->different);
    c->different = NULL;
    mli_free(c->values);
    c->values = NULL;
}

/* Gives the text of a row its code, as long as there are not too many. */
static ml_status number_text(const ml_csv *csv, mli_csv_column *c, const mli_csv_part *p, int64_t row, const mli_csv_value *v)
{
    const int32_t before = c->different->count, k = mli_dictionary_add(c->different, v->text, v->n);
    if (k < 0)
        return ML_ENOMEM;
    if (k == before && check_text(csv, c, p, row, v))
        return ML_EFORMAT;
    ((int32_t *)c->values)[p->block->row + row] = k;
    if (!c->fixed && c->different->count > most_categories(csv))
        mli_csv_forget_codes(c);
    return ML_OK;
}

static ml_status count_text(const ml_csv *csv, mli_csv_column *c, const mli_csv_part *p, int64_t row, const mli_csv_value *v)
{
    int64_t time;
    if (v->missing) {
        c->missing++;
        if (c->different)
            ((int32_t *)c->values)[p->block->row + row] = -1;
        return ML_OK;
    }
    c->size += (int64_t)v->n + 1;
    if (c->times) {
        mli_csv_value bare = *v;
        mli_csv_trim(&bare);
        c->times = mli_time_read(bare.text, bare.n, &time);
    }
    return c->different ? number_text(csv, c, p, row, v) : ML_OK;
}

static ml_status copy_text(const ml_csv *csv, mli_csv_column *c, const mli_csv_part *p, int64_t row, const mli_csv_value *v)
{
    int64_t *at = &c->at[p->block->row + row];
    *at = -1;
    if (v->missing)
        return ML_OK;
    if (check_text(csv, c, p, row, v))
        return ML_EFORMAT;
    if ((int64_t)v->n + 1 > c->room - c->size)
        return mli_fail(ML_EIO, "%s: the file changed while it was read", csv->path);
    *at = c->size;
    if (v->n)
        memcpy(c->bytes + c->size, v->text, v->n);
    c->bytes[c->size + (int64_t)v->n] = 0;
    c->size += (int64_t)v->n + 1;
    return ML_OK;
}

ml_status mli_csv_texts(const ml_csv *csv, mli_csv_column *c, const mli_csv_part *p, mli_csv_scratch *scratch)
{
    const int64_t fields = csv->dialect.fields;
    ml_status s = ML_OK;
    for (int64_t row = 0; !s && row < p->tokens.rows; row++) {
        mli_csv_value v;
        s = mli_csv_value_of(csv, mli_csv_field_begin(p, fields, row, c->field), mli_csv_field_end(p, fields, row, c->field),
                             scratch, &v);
        if (!s)
            s = c->work == MLI_CSV_TEXTS ? copy_text(csv, c, p, row, &v) : count_text(csv, c, p, row, &v);
    }
    return s;
}

/* Codes in the order of their texts, byte by byte, so that the order of the rows says nothing. */
static ml_status sort_categories(mli_csv_column *c, int64_t rows)
{
    const int32_t count = c->different->count;
    const size_t n = (size_t)count;
    const char **text = mli_alloc(n * sizeof *text), **sorted = mli_alloc(n * sizeof *sorted);
    int32_t *rank = mli_alloc(n * sizeof *rank), *code = c->values;
    for (int32_t k = 0; text && rank && k < count; k++) {
        text[k] = mli_dictionary_text(c->different, k);
        rank[k] = k;
    }
    ml_column all = {.type = ML_CATEGORY, .n = count, .code = rank, .category = text, .categories = count};
    int64_t *order = text && rank && sorted ? mli_column_sorted(&all) : NULL;
    for (int32_t k = 0; order && k < count; k++) {
        sorted[k] = text[order[k]];
        rank[order[k]] = k;
    }
    for (int64_t i = 0; order && i < rows; i++)
        code[i] = code[i] < 0 ? -1 : rank[code[i]];
    c->category = order ? mli_texts_copy(sorted, count) : NULL;
    c->categories = count;
    mli_free(order);
    mli_free(rank);
    mli_free(sorted);
    mli_free(text);
    return c->category ? ML_OK : ML_ENOMEM;
}

ml_status mli_csv_settle_texts(mli_csv_column *c, int64_t rows)
{
    const int64_t present = rows - c->missing;
    if (c->different && (c->fixed || 2 * (int64_t)c->different->count <= present))
        return sort_categories(c, rows);
    mli_csv_forget_codes(c);
    return ML_OK;
}
