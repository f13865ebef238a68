/* xml.c -- see xml.h. */
#include "base/xml.h"

/* Bytes of the UTF-8 letter at p; 0 where it is none. Overlong forms and surrogates need not be told apart to be drawn. */
static int letter(const unsigned char *p)
{
    int n = *p < 0x80 ? 1 : *p >= 0xc2 && *p < 0xe0 ? 2 : *p >= 0xe0 && *p < 0xf0 ? 3 : *p >= 0xf0 && *p < 0xf5 ? 4 : 0;
    for (int i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return n == 1 && (*p < 0x20 || *p == 0x7f) ? 0 : n;
}

void mli_xml_print(FILE *out, const char *text, size_t length)
{
    static const char *const special[][2] = {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}};
    for (const unsigned char *p = (const unsigned char *)text, *end = p + length; p < end;) {
        const char *as = NULL;
        for (int i = 0; i < 4; i++)
            if (*p == (unsigned char)special[i][0][0])
                as = special[i][1];
        int n = letter(p);
        if (as)
            fputs(as, out);
        else if (n)
            fwrite(p, 1, (size_t)n, out);
        else
            fputc('?', out);
        p += n ? n : 1;
    }
}
