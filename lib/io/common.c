/* common.c -- the element types of safetensors; names: their encoding, and what is fit for a sentence; JSON as text. */
#include "io/io.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const mli_dtype DTYPES[] = {
    {"BOOL", 1}, {"U8", 1},  {"I8", 1},   {"F8_E5M2", 1}, {"F8_E4M3", 1}, {"I16", 2}, {"U16", 2}, {"F16", 2},
    {"BF16", 2}, {"I32", 4}, {"U32", 4}, {"F32", 4},     {"C64", 8},     {"F64", 8}, {"I64", 8}, {"U64", 8},
};

const mli_dtype *mli_dtype_find(const char *name)
{
    for (size_t i = 0; i < sizeof DTYPES / sizeof *DTYPES; i++)
        if (strcmp(DTYPES[i].name, name) == 0)
            return &DTYPES[i];
    return NULL;
}

bool mli_is_utf8(const char *text)
{
    json_t *v = json_string(text);
    bool good = v != NULL;
    json_decref(v);
    return good;
}

char *mli_json_text(const json_t *v, size_t flags)
{
    size_t n = json_dumpb(v, NULL, 0, flags);
    char *text = n ? malloc(n + 1) : NULL;
    if (!text || json_dumpb(v, text, n, flags) != n) {
        free(text);
        return mli_null(ML_ENOMEM, "out of memory while JSON was written");
    }
    text[n] = 0;
    return text;
}

char *mli_shown(const char *text, char buf[MLI_SHOWN])
{
    size_t n = strlen(text), keep = n;
    if (n > 64) {
        keep = 61;
        while (keep > 0 && ((unsigned char)text[keep] & 0xc0) == 0x80) /* not inside a UTF-8 character */
            keep--;
    }
    char *to = buf;
    for (size_t i = 0; i < keep; i++) {
        const unsigned char c = (unsigned char)text[i];
        const bool high = c == 0xc2 && ((unsigned char)text[i + 1] & 0xe0) == 0x80; /* U+0080 to U+009F, in two bytes */
        *to++ = c < 0x20 || c == 0x7f || high ? '?' : text[i];
        i += high;
    }
    strcpy(to, n > keep ? "..." : "");
    return buf;
}
