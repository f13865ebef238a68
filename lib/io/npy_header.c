/* npy_header.c -- the header of a .npy file: a Python literal, read by a parser that knows no other.
 *
 * Format   \x93NUMPY <major> <minor>, length of the header (little-endian; uint16 in version 1.0, uint32 in 2.0 and 3.0),
 *          header, data. The header is a dict of three keys in any order, with blanks after it:
 *          {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
 * Source   NumPy, numpy/lib/format.py
 *
 * Stricter than Python: no escapes in a string, no key twice, no number but digits.
 */
#include "io/io.h"

#include <stdarg.h>
#include <string.h>

static const char *const TYPES[] = {"b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"};
#define TYPES_TEXT "b1, i1 to i8, u1 to u8, f2, f4 and f8"

const char *mli_npy_dtype(const char *name)
{
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++)
        if (strcmp(TYPES[i], name) == 0)
            return TYPES[i];
    return NULL;
}

size_t mli_npy_width(const char *dtype)
{
    return (size_t)(dtype[1] - '0');
}

/* Where we are in the header, and what it has said so far. */
typedef struct walk {
    const char *file;
    const char *start, *at, *end;
    ml_npy *npy;
    mli_npy_layout *layout;
    bool has_dtype, has_order, has_shape;
} walk;

static ml_status bad(const walk *w, const char *format, ...) ML_PRINTF(2, 3);
static ml_status bad(const walk *w, const char *format, ...)
{
    char text[320];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return mli_fail(ML_EFORMAT, "%s: %s", w->file, text);
}

static char next_char(walk *w)
{
    while (w->at < w->end && (*w->at == ' ' || *w->at == '\t' || *w->at == '\n' || *w->at == '\r'))
        w->at++;
    return w->at < w->end ? *w->at : 0;
}

static ml_status unexpected(walk *w, const char *what)
{
    next_char(w);
    if (w->at == w->end)
        return bad(w, "the header ends early: %s expected", what);
    return bad(w, "the header is not valid: %s expected at byte %zu", what, (size_t)(w->at - w->start));
}

static bool take(walk *w, char c)
{
    bool there = next_char(w) == c && w->at < w->end;
    w->at += there;
    return there;
}

/* A string in either kind of quotes; longer ones than any that we know are cut. */
static ml_status read_string(walk *w, char text[MLI_SHOWN], const char *what)
{
    char quote = next_char(w);
    if (quote != '\'' && quote != '"')
        return unexpected(w, what);
    size_t n = 0;
    for (w->at++; w->at < w->end && *w->at != quote; w->at++) {
        if (*w->at == '\\' || (unsigned char)*w->at < 0x20)
            return bad(w, "the header is not valid: a string with escapes, at byte %zu", (size_t)(w->at - w->start));
        if (n < MLI_SHOWN - 1)
            text[n++] = (unsigned char)*w->at < 0x7f ? *w->at : '?';
    }
    text[n] = 0;
    return take(w, quote) ? ML_OK : unexpected(w, "the end of a string");
}

/* What NumPy has and this reader does not take; NULL where NumPy has no such kind either. */
static const char *kind_text(char kind)
{
    switch (kind) {
    case 'O': return "Python objects";
    case 'c': return "complex numbers";
    case 'U': return "text";
    case 'S':
    case 'a': return "strings of bytes";
    case 'V': return "raw records";
    case 'M': return "dates";
    case 'm': return "spans of time";
    default: return NULL;
    }
}

static ml_status read_dtype(walk *w)
{
    char text[MLI_SHOWN] = "";
    if (next_char(w) == '[' || next_char(w) == '(')
        return bad(w, "holds structured records: this reader takes " TYPES_TEXT);
    ml_status e = read_string(w, text, "a dtype");
    if (e)
        return e;
    const char *kind = text + (*text && strchr("<>|=", *text) != NULL);
    if (kind > text && (w->npy->dtype = mli_npy_dtype(kind))) {
        w->layout->swapped = *text == '>';
        return ML_OK;
    }
    if (kind_text(*kind))
        return bad(w, "holds %s (dtype '%s'): this reader takes " TYPES_TEXT, kind_text(*kind), text);
    return bad(w, "dtype '%s' is not known: this reader takes " TYPES_TEXT, text);
}

static ml_status read_order(walk *w)
{
    static const char *const words[] = {"False", "True"};
    next_char(w);
    for (int i = 0; i < 2; i++) {
        size_t n = strlen(words[i]);
        if ((size_t)(w->end - w->at) >= n && memcmp(w->at, words[i], n) == 0) {
            w->layout->fortran = i;
            w->at += n;
            return ML_OK;
        }
    }
    return unexpected(w, "True or False");
}

static ml_status read_extent(walk *w)
{
    int axis = w->npy->rank;
    int64_t extent = 0;
    char c = next_char(w);
    if (c == '-')
        return bad(w, "extent %d of its shape is negative", axis);
    if (c < '0' || c > '9')
        return unexpected(w, "a whole number");
    if (axis == ML_MAX_RANK)
        return bad(w, "an array of more than %d axes: this reader takes at most %d", ML_MAX_RANK, ML_MAX_RANK);
    if (c == '0' && w->end - w->at > 1 && w->at[1] >= '0' && w->at[1] <= '9')
        return bad(w, "the header is not valid: a number begins with 0, at byte %zu", (size_t)(w->at - w->start));
    for (; w->at < w->end && *w->at >= '0' && *w->at <= '9'; w->at++) {
        int digit = *w->at - '0';
        if (extent > (INT64_MAX - digit) / 10)
            return bad(w, "extent %d of its shape is larger than %lld", axis, (long long)INT64_MAX);
        extent = 10 * extent + digit;
    }
    if (w->at < w->end && *w->at == 'L') /* Python 2 wrote its long integers so */
        w->at++;
    w->npy->shape[w->npy->rank++] = extent;
    return ML_OK;
}

static ml_status read_shape(walk *w)
{
    if (!take(w, '('))
        return unexpected(w, "a tuple");
    bool comma = false;
    while (!take(w, ')')) {
        if (w->npy->rank && !comma)
            return unexpected(w, "',' or ')'");
        ml_status e = read_extent(w);
        if (e)
            return e;
        comma = take(w, ',');
    }
    if (w->npy->rank == 1 && !comma)
        return bad(w, "its shape is not a tuple: (%lld) is a number in Python, (%lld,) one extent",
                   (long long)w->npy->shape[0], (long long)w->npy->shape[0]);
    return ML_OK;
}

static ml_status read_entry(walk *w)
{
    static const char *const keys[] = {"descr", "fortran_order", "shape"};
    ml_status (*const readers[])(walk *) = {read_dtype, read_order, read_shape};
    bool *seen[] = {&w->has_dtype, &w->has_order, &w->has_shape};
    char key[MLI_SHOWN] = "";
    ml_status e = read_string(w, key, "a key");
    if (e)
        return e;
    if (!take(w, ':'))
        return unexpected(w, "':'");
    for (int i = 0; i < 3; i++)
        if (strcmp(key, keys[i]) == 0) {
            if (*seen[i])
                return bad(w, "the header has '%s' twice", key);
            *seen[i] = true;
            return readers[i](w);
        }
    return bad(w, "the header has a key that is not known: '%s'", key);
}

static ml_status read_dict(walk *w)
{
    if (!take(w, '{'))
        return unexpected(w, "'{'");
    for (bool comma = true; !take(w, '}'); comma = take(w, ',')) {
        ml_status e = comma ? read_entry(w) : unexpected(w, "',' or '}'");
        if (e)
            return e;
    }
    if (next_char(w) || w->at < w->end)
        return bad(w, "something follows the end of the header's dict, at byte %zu", (size_t)(w->at - w->start));
    if (!w->has_dtype || !w->has_order || !w->has_shape)
        return bad(w, "the header has no '%s'", !w->has_dtype ? "descr" : !w->has_order ? "fortran_order" : "shape");
    char shape[160];
    if (!mli_shape_size(w->npy->rank, w->npy->shape, &w->npy->size))
        return bad(w, "its shape %s is too large", mli_shape_text(w->npy->rank, w->npy->shape, shape, sizeof shape));
    return ML_OK;
}

/* The bytes before the header: magic, version, length. */
static ml_status read_start(walk *w, const uint8_t *bytes, size_t n)
{
    if (n < 6 || memcmp(bytes, "\x93NUMPY", 6) != 0)
        return bad(w, "not a .npy file: it does not begin with \\x93NUMPY");
    if (n >= 8 && !(bytes[6] >= 1 && bytes[6] <= 3 && bytes[7] == 0))
        return bad(w, "version %d.%d of the .npy format: this reader knows 1.0, 2.0 and 3.0", bytes[6], bytes[7]);
    size_t wide = n >= 8 && bytes[6] > 1 ? 4 : 2, begin = 8 + wide, length = 0;
    if (n < begin)
        return bad(w, "cut short: %zu bytes, too few for the length of the header", n);
    for (size_t i = wide; i > 0; i--)
        length = length << 8 | bytes[7 + i];
    if (length > n - begin)
        return bad(w, "cut short: the header says that it is %zu bytes, %zu follow", length, n - begin);
    w->start = w->at = (const char *)bytes + begin;
    w->end = w->start + length;
    w->layout->begin = begin + length;
    return ML_OK;
}

ml_status mli_npy_read_header(const char *name, const uint8_t *bytes, size_t n, ml_npy *npy, mli_npy_layout *layout)
{
    walk w = {.file = name, .npy = npy, .layout = layout};
    *npy = (ml_npy){0};
    *layout = (mli_npy_layout){0};
    ml_status e = read_start(&w, bytes, n);
    return e ? e : read_dict(&w);
}
