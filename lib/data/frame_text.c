/* frame_text.c -- verbs on texts: what is at their ends, in them, between separators; their length; groups of a pattern. */
#include "data/builder.h"
#include "data/letters.h"
#include "data/pattern.h"
#include "io/io.h"

#include <string.h>

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static ml_status strip(const char *text, mli_builder *b, bool *missing, void *user)
{
    (void)missing, (void)user;
    size_t n = strlen(text);
    for (; n > 0 && is_space(*text); n--)
        text++;
    while (n > 0 && is_space(text[n - 1]))
        n--;
    return mli_builder_add(b, text, n);
}

ml_status ml_frame_strip(ml_frame *f, const char *column, const char *as)
{
    return mli_verb_map("frame_strip", f, column, as, strip, NULL);
}

/* ---- letters ---- */

static ml_status change_case(const char *text, mli_builder *b, bool *missing, void *user)
{
    uint32_t (*const change)(uint32_t) = *(uint32_t(**)(uint32_t))user;
    (void)missing;
    ml_status s = ML_OK;
    while (*text && !s) {
        char bytes[4];
        s = mli_builder_add(b, bytes, mli_utf8_put(change(mli_utf8_next(&text)), bytes));
    }
    return s;
}

ml_status ml_frame_lower(ml_frame *f, const char *column, const char *as)
{
    uint32_t (*change)(uint32_t) = mli_letter_lower;
    return mli_verb_map("frame_lower", f, column, as, change_case, &change);
}

ml_status ml_frame_upper(ml_frame *f, const char *column, const char *as)
{
    uint32_t (*change)(uint32_t) = mli_letter_upper;
    return mli_verb_map("frame_upper", f, column, as, change_case, &change);
}

/* ---- parts ---- */

typedef struct replacement {
    const char *part, *with;
} replacement;

static ml_status replace(const char *text, mli_builder *b, bool *missing, void *user)
{
    const replacement *r = user;
    (void)missing;
    ml_status s = ML_OK;
    for (const char *at; !s && (at = strstr(text, r->part)); text = at + strlen(r->part))
        if (!(s = mli_builder_add(b, text, (size_t)(at - text))))
            s = mli_builder_add(b, r->with, strlen(r->with));
    return s ? s : mli_builder_add(b, text, strlen(text));
}

/* Texts that are put in or looked for must be whole characters. */
static ml_status check_part(const char *where, const char *what, const char *part)
{
    if (!part || !*part)
        return mli_fail(ML_EINVAL, "%s: the %s must not be empty", where, what);
    return mli_is_utf8(part) ? ML_OK : mli_fail(ML_EINVAL, "%s: the %s is not UTF-8", where, what);
}

ml_status ml_frame_replace_part(ml_frame *f, const char *column, const char *as, const char *part, const char *with)
{
    ml_status s = check_part("frame_replace_part", "part", part);
    if (s)
        return s;
    if (!with || !mli_is_utf8(with))
        return mli_fail(ML_EINVAL, "frame_replace_part: what is put in is %s", with ? "not UTF-8" : "NULL");
    return mli_verb_map("frame_replace_part", f, column, as, replace, &(replacement){part, with});
}

typedef struct splitter {
    const char *separator;
    int64_t k;
} splitter;

static int64_t count_separators(const char *text, const char *separator)
{
    int64_t n = 0;
    for (const char *at; (at = strstr(text, separator)); text = at + strlen(separator))
        n++;
    return n;
}

static ml_status split(const char *text, mli_builder *b, bool *missing, void *user)
{
    const splitter *p = user;
    int64_t k = p->k < 0 ? count_separators(text, p->separator) + 1 + p->k : p->k;
    const char *end = strstr(text, p->separator);
    for (; k > 0 && end; k--) {
        text = end + strlen(p->separator);
        end = strstr(text, p->separator);
    }
    *missing = k != 0;
    return *missing ? ML_OK : mli_builder_add(b, text, end ? (size_t)(end - text) : strlen(text));
}

ml_status ml_frame_split_part(ml_frame *f, const char *column, const char *as, const char *separator, int64_t k)
{
    ml_status s = check_part("frame_split_part", "separator", separator);
    return s ? s : mli_verb_map("frame_split_part", f, column, as, split, &(splitter){separator, k});
}

ml_status ml_frame_length(ml_frame *f, const char *column, const char *as)
{
    const ml_column *c = mli_verb_column("frame_length", f, column, MLI_TEXTUAL);
    int64_t *v = c ? mli_alloc((size_t)c->n * sizeof *v) : NULL;
    for (int64_t i = 0; v && i < c->n; i++) {
        const char *text = ml_column_text(c, i);
        v[i] = text ? mli_utf8_length(text) : ML_MISSING;
    }
    return mli_verb_integers("frame_length", f, as ? as : column, v);
}

/* ---- patterns ---- */

typedef struct extractor {
    const mli_pattern *pattern;
    size_t group;
    regmatch_t *match; /* room for all groups up to it */
} extractor;

/* Whether the byte is inside a character, where no match of whole characters begins or ends. */
static bool inside(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

static ml_status extract(const char *text, mli_builder *b, bool *missing, void *user)
{
    const extractor *e = user;
    bool found;
    char shown[MLI_SHOWN];
    ml_status s = mli_pattern_find(e->pattern, text, e->group + 1, e->match, &found);
    const regmatch_t m = e->match[e->group];
    *missing = s || !found || m.rm_so < 0;
    if (*missing)
        return s;
    if (inside(text[m.rm_so]) || inside(text[m.rm_eo])) /* where the system knows no UTF-8 */
        return mli_fail(ML_EINVAL, "frame_extract: a character of '%s' would be cut in two: write out what '.' stands for",
                        mli_shown(text, shown));
    return mli_builder_add(b, text + m.rm_so, (size_t)(m.rm_eo - m.rm_so));
}

static ml_status check_names(char *const *names, int n)
{
    char shown[MLI_SHOWN];
    for (int k = 0; k < n; k++) {
        if (!mli_is_utf8(names[k]))
            return mli_fail(ML_EINVAL, "frame_extract: name %d is not UTF-8", k);
        for (int l = 0; l < k; l++)
            if (strcmp(names[k], names[l]) == 0)
                return mli_fail(ML_EINVAL, "frame_extract: two columns are to be '%s'", mli_shown(names[k], shown));
    }
    return ML_OK;
}

/* The columns of all groups are made before the first is given, so that on error the frame is as it was. */
static ml_status extract_groups(ml_frame *f, const ml_column *c, const mli_pattern *p, char *const *names, int n)
{
    ml_column *made = mli_calloc((size_t)n, sizeof *made);
    regmatch_t *match = mli_calloc((size_t)n + 1, sizeof *match);
    ml_status s = made && match ? check_names(names, n) : ML_ENOMEM;
    for (int k = 0; k < n && !s; k++) {
        s = mli_column_map(&made[k], c, extract, &(extractor){p, (size_t)k + 1, match});
        if (!s && !(made[k].name = mli_strdup(names[k])))
            s = ML_ENOMEM;
    }
    if (!s)
        s = mli_frame_room(f, n);
    for (int k = 0; k < n && !s; k++)
        s = mli_frame_give(f, &made[k]);
    for (int k = 0; made && k < n; k++)
        mli_column_free(&made[k]);
    mli_free(made);
    mli_free(match);
    return s;
}

ml_status ml_frame_extract(ml_frame *f, const char *column, const char *as, const char *pattern)
{
    int n;
    mli_pattern p;
    char shown[MLI_SHOWN];
    const ml_column *c = mli_verb_column("frame_extract", f, column, MLI_TEXTUAL);
    char **names = c ? mli_names_parse("frame_extract", as ? as : "", &n) : NULL;
    if (!names)
        return ml_error_status();
    ml_status s = mli_pattern_open(&p, "frame_extract", pattern);
    if (!s) {
        if (!p.regex.re_nsub)
            s = mli_fail(ML_EINVAL, "frame_extract: the pattern '%s' has no group: put what is wanted in parentheses",
                         mli_shown(pattern, shown));
        else if (p.regex.re_nsub != (size_t)n)
            s = mli_fail(ML_EINVAL, "frame_extract: the pattern '%s' has %zu groups, but %d names are given",
                         mli_shown(pattern, shown), p.regex.re_nsub, n);
        else
            s = extract_groups(f, c, &p, names, n);
        mli_pattern_close(&p);
    }
    mli_free(names);
    return s;
}
