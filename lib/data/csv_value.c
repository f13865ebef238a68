/* csv_value.c -- the text of one field, and whether it stands for a missing value; sentences about it. */
#include "base/number.h"
#include "data/csv.h"
#include "io/io.h"

#include <stdarg.h>
#include <string.h>

/* Those of pandas 3, and the question mark of older collections. An empty field is missing without a word. */
static const char *const DEFAULT_NA =
    "?,#N/A,#N/A N/A,#NA,-1.#IND,-1.#QNAN,-NaN,-nan,1.#IND,1.#QNAN,<NA>,N/A,NA,NULL,NaN,None,n/a,nan,null";

static ml_status add_words(const char *list, char ***word, int *n)
{
    *word = mli_names_parse("csv: na", list, n);
    return *word ? ML_OK : ml_error_status();
}

/* Both lists in one. */
static ml_status join_words(mli_csv_na *na, char **standard, int n_standard, char **more, int n_more)
{
    const int n = n_standard + n_more;
    char **all = mli_alloc((size_t)n * sizeof *all);
    for (int i = 0; all && i < n; i++)
        all[i] = i < n_standard ? standard[i] : more[i - n_standard];
    na->word = all ? mli_texts_copy((const char *const *)all, n) : NULL;
    na->n = n;
    mli_free(all);
    return na->word ? ML_OK : ML_ENOMEM;
}

ml_status mli_csv_na_make(mli_csv_na *na, const char *list, bool no_default, char point)
{
    char **standard = NULL, **more = NULL;
    int n_standard, n_more;
    ml_status s = add_words(no_default ? "" : DEFAULT_NA, &standard, &n_standard);
    if (!s)
        s = add_words(list ? list : "", &more, &n_more);
    if (!s)
        s = join_words(na, standard, n_standard, more, n_more);
    mli_free(standard);
    mli_free(more);
    for (int i = 0; !s && i < na->n; i++) {
        double v;
        const char *w = na->word[i], *end = w + strlen(w);
        na->begins[(unsigned char)w[0]] = true;
        na->like_a_number = na->like_a_number || mli_number_read(w, end, point, &v) == end;
    }
    return s;
}

bool mli_csv_is_na(const mli_csv_na *na, const char *text, size_t n)
{
    if (n == 0 || !na->begins[(unsigned char)text[0]])
        return n == 0;
    for (int i = 0; i < na->n; i++)
        if (strlen(na->word[i]) == n && memcmp(na->word[i], text, n) == 0)
            return true;
    return false;
}

void mli_csv_trim(mli_csv_value *v)
{
    for (; v->n && (v->text[0] == ' ' || v->text[0] == '\t'); v->n--)
        v->text++;
    while (v->n && (v->text[v->n - 1] == ' ' || v->text[v->n - 1] == '\t'))
        v->n--;
}

static ml_status scratch_room(mli_csv_scratch *s, size_t n)
{
    if (n <= s->room)
        return ML_OK;
    mli_free(s->bytes);
    s->room = 2 * n + 64;
    s->bytes = mli_alloc(s->room);
    if (!s->bytes)
        s->room = 0;
    return s->bytes ? ML_OK : ML_ENOMEM;
}

/* The field begins with a quote. Two in a row are one; what follows behind the closing one belongs to the text as it is. */
static ml_status unquote(char quote, const char *begin, const char *end, mli_csv_scratch *scratch, mli_csv_value *v)
{
    const char *p = begin + 1, *next = memchr(p, quote, (size_t)(end - p));
    v->quoted = true;
    v->text = p;
    v->n = (size_t)((next ? next : end) - p);
    if (!next || next + 1 == end)
        return ML_OK;
    if (scratch_room(scratch, (size_t)(end - begin)))
        return ML_ENOMEM;
    char *to = scratch->bytes;
    bool inside = true;
    for (; p < end; p++) {
        if (inside && *p == quote && !(p + 1 < end && p[1] == quote)) {
            inside = false;
            continue;
        }
        p += inside && *p == quote;
        *to++ = *p;
    }
    v->text = scratch->bytes;
    v->n = (size_t)(to - scratch->bytes);
    return ML_OK;
}

ml_status mli_csv_value_of(const ml_csv *csv, const char *begin, const char *end, mli_csv_scratch *scratch, mli_csv_value *v)
{
    *v = (mli_csv_value){.text = begin, .n = (size_t)(end - begin)};
    if (csv->dialect.quote && v->n && *begin == csv->dialect.quote && unquote(csv->dialect.quote, begin, end, scratch, v))
        return ML_ENOMEM;
    if (v->quoted && csv->opts.quoted_present)
        return ML_OK;
    mli_csv_value bare = *v;
    mli_csv_trim(&bare);
    v->missing = mli_csv_is_na(&csv->na, bare.text, bare.n);
    return ML_OK;
}

ml_status mli_csv_fail_at(const ml_csv *csv, const mli_csv_column *c, const mli_csv_part *p, int64_t row,
                          const char *format, ...)
{
    char sentence[256], shown[MLI_SHOWN];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    const int64_t line = p->block->line + mli_csv_count_lines(p->bytes, p->tokens.begin[row]);
    return mli_fail(ML_EFORMAT, "%s: line %lld: column '%s': %s", csv->path, (long long)line, mli_shown(c->name, shown),
                    sentence);
}
