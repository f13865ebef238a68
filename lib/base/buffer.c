/* buffer.c -- text that grows at its end, by doubling. */
#include "base/buffer.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

/* Room for n more bytes and a zero. */
static bool reserve(mli_buffer *b, size_t n)
{
    size_t least, room = b->room ? b->room : 256;
    if (b->failed || !mli_add_size(b->n, n, &least) || !mli_add_size(least, 1, &least) || least > SIZE_MAX / 4) {
        b->failed = true;
        return false;
    }
    if (least <= b->room)
        return true;
    while (room < least)
        room *= 2;
    char *v = mli_alloc(room);
    if (!v) {
        b->failed = true;
        return false;
    }
    if (b->n)
        memcpy(v, b->v, b->n);
    mli_free(b->v);
    b->v = v;
    b->room = room;
    return true;
}

void mli_put_bytes(mli_buffer *b, const void *bytes, size_t n)
{
    if (!reserve(b, n))
        return;
    if (n)
        memcpy(b->v + b->n, bytes, n);
    b->n += n;
    b->v[b->n] = 0;
}

void mli_put(mli_buffer *b, const char *text)
{
    mli_put_bytes(b, text, strlen(text));
}

void mli_putf(mli_buffer *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n < 0)
        b->failed = true;
    else if (reserve(b, (size_t)n)) {
        vsnprintf(b->v + b->n, (size_t)n + 1, format, again);
        b->n += (size_t)n;
    }
    va_end(again);
    va_end(args);
}

void mli_put_number(mli_buffer *b, char kind, int digits, double v)
{
    char text[512]; /* 309 digits before the point at most */
    if (!isfinite(v)) {
        mli_put(b, isnan(v) ? "nan" : v > 0 ? "inf" : "-inf");
        return;
    }
    digits = digits < 0 ? 0 : digits > 100 ? 100 : digits;
    int n = kind == 'f' ? snprintf(text, sizeof text, "%.*f", digits, v) : snprintf(text, sizeof text, "%.*g", digits, v);
    bool point = false;
    for (int i = 0; i < n; i++) {
        bool plain = strchr("0123456789+-e", text[i]);
        if (plain)
            mli_put_bytes(b, text + i, 1);
        else if (!point)
            mli_put(b, "."); /* the locale's own may have several bytes */
        point |= !plain;
    }
}

int mli_letter(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    uint32_t code = *p;
    int n = code < 0x80 ? 1 : code >= 0xc2 && code < 0xe0 ? 2 : code >= 0xe0 && code < 0xf0 ? 3 : code >= 0xf0 && code < 0xf5 ? 4 : 0;
    if (n == 0 || code == 0)
        return 0;
    code &= n == 1 ? 0x7fu : 0x7fu >> n;
    for (int i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (p[i] & 0x3fu);
    }
    bool overlong = (n == 3 && code < 0x800) || (n == 4 && code < 0x10000);
    bool surrogate = code >= 0xd800 && code < 0xe000;
    return overlong || surrogate || code > 0x10ffff || code == 0xfffe || code == 0xffff ? 0 : n;
}

void mli_put_clean(mli_buffer *b, const char *text, const char *keep, int64_t most)
{
    while (*text) {
        if (most-- <= 0) {
            mli_put(b, "...");
            return;
        }
        int n = mli_letter(text);
        bool control = n == 1 && ((unsigned char)*text < 0x20 || *text == 0x7f) && !strchr(keep, *text);
        if (n && !control)
            mli_put_bytes(b, text, (size_t)n);
        else
            mli_put(b, control ? " " : "\xef\xbf\xbd");
        text += n ? n : 1;
    }
}

ml_status mli_buffer_status(const mli_buffer *b)
{
    return b->failed ? mli_fail(ML_ENOMEM, "out of memory: a text of more than %zu bytes", b->n) : ML_OK;
}

char *mli_buffer_for_caller(mli_buffer *b)
{
    char *text = mli_buffer_status(b) ? NULL : mli_text_for_caller(b->v ? b->v : "");
    mli_buffer_free(b);
    return text;
}

void mli_buffer_free(mli_buffer *b)
{
    mli_free(b->v);
    *b = (mli_buffer){0};
}
