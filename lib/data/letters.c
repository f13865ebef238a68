/* letters.c -- see letters.h. Sources: Unicode's blocks of scripts, UnicodeData.txt for case, EastAsianWidth.txt for width. */
#include "data/letters.h"

uint32_t mli_utf8_next(const char **text)
{
    const unsigned char *p = (const unsigned char *)*text;
    const int more = *p >= 0xf0 ? 3 : *p >= 0xe0 ? 2 : *p >= 0xc0 ? 1 : 0;
    uint32_t c = more ? *p & (0x3fu >> more) : *p;
    for (int i = 1; i <= more; i++)
        c = c << 6 | (p[i] & 0x3fu);
    *text += *p ? more + 1 : 0;
    return c;
}

size_t mli_utf8_put(uint32_t c, char bytes[4])
{
    if (c < 0x80) {
        bytes[0] = (char)c;
        return 1;
    }
    const size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        bytes[i] = (char)(0x80 | (c & 0x3f));
    bytes[0] = (char)((n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0) | c);
    return n;
}

int64_t mli_utf8_length(const char *text)
{
    int64_t n = 0;
    while (mli_utf8_next(&text))
        n++;
    return n;
}

/* ---- stretches of code points ---- */

typedef struct stretch {
    uint32_t from, to;
} stretch;

static int is_in(uint32_t c, const stretch *s, int n)
{
    for (int i = 0; i < n; i++)
        if (c >= s[i].from && c <= s[i].to)
            return 1;
    return 0;
}
#define IS_IN(c, stretches) is_in(c, stretches, (int)(sizeof(stretches) / sizeof *(stretches)))

int mli_letter_is_control(uint32_t c)
{
    static const stretch controls[] = {{0, 0x1f}, {0x7f, 0x9f}, {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069}};
    return IS_IN(c, controls);
}

int mli_letter_width(uint32_t c)
{
    static const stretch combining[] = {
        {0x300, 0x36f}, {0x483, 0x489}, {0x591, 0x5bd}, {0x610, 0x61a}, {0x64b, 0x65f}, {0x900, 0x902},   {0x93c, 0x93c},
        {0x941, 0x948}, {0xe31, 0xe31}, {0xe34, 0xe3a}, {0xe47, 0xe4e}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200d},
        {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff},
    };
    static const stretch wide[] = {
        {0x1100, 0x115f}, {0x231a, 0x231b}, {0x2e80, 0x303e}, {0x3041, 0x33ff}, {0x3400, 0x4dbf},   {0x4e00, 0x9fff},
        {0xa000, 0xa4cf}, {0xa960, 0xa97f}, {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f},   {0xff00, 0xff60},
        {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
    };
    if (c < 0x300)
        return 1;
    return IS_IN(c, combining) ? 0 : IS_IN(c, wide) ? 2 : 1;
}

/* ---- case ---- */

/* Capitals from .. to; their small letters lie `by` behind. by 1: capital and small letter take turns. */
typedef struct letters {
    uint32_t from, to, by;
} letters;

static const letters CAPITALS[] = {
    {'A', 'Z', 32},      {0xc0, 0xd6, 32},    {0xd8, 0xde, 32},    {0x100, 0x12e, 1},   {0x132, 0x136, 1},
    {0x139, 0x147, 1},   {0x14a, 0x176, 1},   {0x179, 0x17d, 1},   {0x218, 0x21e, 1},   {0x391, 0x3a1, 32},
    {0x3a3, 0x3ab, 32},  {0x388, 0x38a, 37},  {0x386, 0x386, 38},  {0x38c, 0x38c, 64},  {0x38e, 0x38f, 63},
    {0x400, 0x40f, 80},  {0x410, 0x42f, 32},  {0x460, 0x480, 1},   {0x48a, 0x4be, 1},   {0x4d0, 0x52e, 1},
    {0x1e00, 0x1e94, 1}, {0x1ea0, 0x1efe, 1}, {0x178, 0x178, (uint32_t)-121},
};

uint32_t mli_letter_lower(uint32_t c)
{
    for (unsigned i = 0; i < sizeof CAPITALS / sizeof *CAPITALS; i++) {
        const letters l = CAPITALS[i];
        if (c >= l.from && c <= l.to && (l.by != 1 || (c - l.from) % 2 == 0))
            return c + l.by;
    }
    return c;
}

uint32_t mli_letter_upper(uint32_t c)
{
    for (unsigned i = 0; i < sizeof CAPITALS / sizeof *CAPITALS; i++) {
        const letters l = CAPITALS[i];
        const uint32_t capital = c - l.by;
        if (capital >= l.from && capital <= l.to && (l.by != 1 || (capital - l.from) % 2 == 0))
            return capital;
    }
    return c;
}
