/* texts.h -- lists of texts in one block of memory, and names written as one text. Internal. */
#ifndef MLI_TEXTS_H
#define MLI_TEXTS_H

#include "base/base.h"

/* Copies n texts into one block, pointers first, for one mli_free; NULL stays NULL. NULL where memory lacks. */
char **mli_texts_copy(const char *const *v, int64_t n);

/* "age,fare" as n >= 0 names, one block for mli_free: between commas, blanks kept; "\," and "\\" stand for a comma and a
 * backslash. An empty name is an error, which begins with `where`; an empty text is no name at all. */
char **mli_names_parse(const char *where, const char *list, int *n);

/* Whether n bytes are UTF-8 (RFC 3629: no overlong forms, no surrogates) without a zero byte. */
bool mli_texts_valid(const char *bytes, size_t n);

#endif
