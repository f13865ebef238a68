/* buffer.h -- text that grows at its end. Internal.
 *
 * A buffer of {0} is empty. Where memory lacks it remembers that and takes nothing more, so that a page of puts needs one check,
 * mli_buffer_status, at the end.
 */
#ifndef MLI_BUFFER_H
#define MLI_BUFFER_H

#include "base/base.h"

typedef struct mli_buffer {
    char *v;  /* n bytes and a zero; NULL before the first put */
    size_t n; /* without the zero */
    size_t room;
    bool failed;
} mli_buffer;

void mli_put_bytes(mli_buffer *b, const void *bytes, size_t n);
void mli_put(mli_buffer *b, const char *text);
/* As printf; for numbers with a fraction take mli_put_number, which no locale changes. */
void mli_putf(mli_buffer *b, const char *format, ...) ML_PRINTF(2, 3);
/* %.<digits>g or %.<digits>f, with a point whatever the locale: "nan", "inf" and "-inf" where it is no number. */
void mli_put_number(mli_buffer *b, char kind, int digits, double v);

/* Bytes of the UTF-8 letter at text; 0 where it is none: overlong, a surrogate, beyond U+10FFFF, or U+FFFE and U+FFFF, which XML
 * does not take. A zero byte is no letter. */
int mli_letter(const char *text);
/* Text from outside as letters that every reader of UTF-8 and XML takes: what is no letter becomes U+FFFD, a control
 * character a blank, but for those in `keep` ("\n\t"). Stops after `most` letters, with three dots where there is more. */
void mli_put_clean(mli_buffer *b, const char *text, const char *keep, int64_t most);

ml_status mli_buffer_status(const mli_buffer *b);
/* The text from malloc, for a caller to free(), and the buffer freed. NULL with an error set where memory lacked. */
char *mli_buffer_for_caller(mli_buffer *b);
void mli_buffer_free(mli_buffer *b);

#endif
