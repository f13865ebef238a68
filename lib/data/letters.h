/* letters.h -- characters of UTF-8: which come next, how wide they are on a terminal, their lower and upper case. Internal.
 * Texts are known to be UTF-8. */
#ifndef MLI_LETTERS_H
#define MLI_LETTERS_H

#include <stddef.h>
#include <stdint.h>

/* The code point at *text, which moves behind it; 0 at the end, where it stays. */
uint32_t mli_utf8_next(const char **text);
/* Writes a code point, returns how many bytes. */
size_t mli_utf8_put(uint32_t c, char bytes[4]);
/* How many code points. */
int64_t mli_utf8_length(const char *text);

/* Columns on a terminal: 0 of marks that combine with the letter before, 2 of East Asian wide characters and emoji, else 1. */
int mli_letter_width(uint32_t c);
/* Characters that may change more of a terminal than their own place: controls, marks of direction, separators of lines. */
int mli_letter_is_control(uint32_t c);

uint32_t mli_letter_lower(uint32_t c);
uint32_t mli_letter_upper(uint32_t c);

#endif
