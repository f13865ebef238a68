/* texts.c -- see texts.h. */
#include "base/texts.h"

#include <string.h>

char **mli_texts_copy(const char *const *v, int64_t n)
{
    size_t bytes = (size_t)n * sizeof(char *);
    for (int64_t i = 0; i < n; i++)
        bytes += v[i] ? strlen(v[i]) + 1 : 0;
    char **block = mli_alloc(bytes);
    if (!block)
        return NULL;
    char *at = (char *)(block + n);
    for (int64_t i = 0; i < n; i++) {
        size_t size = v[i] ? strlen(v[i]) + 1 : 0;
        block[i] = v[i] ? memcpy(at, v[i], size) : NULL;
        at += size;
    }
    return block;
}

/* Commas that separate, and so one name more than those. */
static int64_t count_names(const char *list)
{
    int64_t n = *list != 0;
    for (const char *p = list; *p; p++) {
        if (*p == '\\' && p[1])
            p++;
        else
            n += *p == ',';
    }
    return n;
}

char **mli_names_parse(const char *where, const char *list, int *n)
{
    *n = 0;
    if (!list)
        return mli_null(ML_EINVAL, "%s: the list of names is NULL", where);
    const int64_t count = count_names(list);
    if (count > INT32_MAX)
        return mli_null(ML_EINVAL, "%s: %lld names are too many", where, (long long)count);
    char **block = mli_alloc((size_t)count * sizeof *block + strlen(list) + 1);
    if (!block)
        return NULL;
    char *to = (char *)(block + count);
    const char *from = list;
    for (int64_t i = 0; i < count; i++, from++) {
        block[i] = to;
        for (; *from && *from != ','; from++) {
            from += *from == '\\' && from[1];
            *to++ = *from;
        }
        if (to == block[i]) {
            mli_free(block);
            return mli_null(ML_EINVAL, "%s: name %lld of '%s' is empty", where, (long long)i + 1, list);
        }
        *to++ = 0;
    }
    *n = (int)count;
    return block;
}

/* The length of the UTF-8 character at p, 0 where it is none. */
static size_t character(const unsigned char *p, size_t n)
{
    const unsigned c = p[0];
    const size_t length = c < 0x80 ? c > 0 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;
    if (length < 2 || length > n)
        return length < 2 ? length : 0;
    const unsigned least = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80, most = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    if (p[1] < least || p[1] > most)
        return 0;
    for (size_t i = 2; i < length; i++)
        if (p[i] >> 6 != 2)
            return 0;
    return length;
}

bool mli_texts_valid(const char *bytes, size_t n)
{
    for (size_t i = 0, length; i < n; i += length)
        if (!(length = character((const unsigned char *)bytes + i, n - i)))
            return false;
    return true;
}
