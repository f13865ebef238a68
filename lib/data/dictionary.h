/* dictionary.h -- different texts, numbered as they come. Internal. */
#ifndef MLI_DICTIONARY_H
#define MLI_DICTIONARY_H

#include "base/base.h"

typedef struct mli_dictionary {
    int32_t count;
    int64_t *at;   /* text k begins at bytes + at[k], and ends with a zero byte; at[count] is where the next will */
    char *bytes;
    int32_t *slot; /* a power of two of them: a number, or -1 */
    int64_t slots, room_at, room_bytes;
} mli_dictionary;

/* 64 bits of a text of n bytes, the lowest as good as any. */
uint64_t mli_text_hash(const char *text, size_t n);

/* The number of a text of n bytes, or -1. */
int32_t mli_dictionary_find(const mli_dictionary *d, const char *text, size_t n);
/* The same; a new one gets the next number. -1 with an error set where memory lacks. All zero is an empty dictionary. */
int32_t mli_dictionary_add(mli_dictionary *d, const char *text, size_t n);
static inline const char *mli_dictionary_text(const mli_dictionary *d, int32_t k)
{
    return d->bytes + d->at[k];
}
void mli_dictionary_free(mli_dictionary *d);

#endif
