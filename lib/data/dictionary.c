/* dictionary.c -- a hash table with open addressing, at most half full. */
#include "data/dictionary.h"

#include <string.h>

/* Eight bytes at a time; the multiplier is 2^64 over the golden ratio, odd. */
uint64_t mli_text_hash(const char *text, size_t n)
{
    const uint64_t odd = 0x9E3779B97F4A7C15u;
    uint64_t h = n * odd, word;
    for (; n >= 8; n -= 8, text += 8) {
        memcpy(&word, text, 8);
        h = (h ^ word) * odd;
        h ^= h >> 32;
    }
    word = 0;
    for (size_t i = 0; i < n; i++)
        word = word << 8 | (unsigned char)text[i];
    h = (h ^ word) * odd;
    return h ^ h >> 29;
}

static bool is_text(const mli_dictionary *d, int32_t k, const char *text, size_t n)
{
    const int64_t size = d->at[k + 1] - d->at[k] - 1;
    return (size_t)size == n && memcmp(d->bytes + d->at[k], text, n) == 0;
}

/* The slot that has the text, or the empty one where it would go. */
static int64_t slot_of(const mli_dictionary *d, const char *text, size_t n)
{
    int64_t i = (int64_t)(mli_text_hash(text, n) & (uint64_t)(d->slots - 1));
    while (d->slot[i] >= 0 && !is_text(d, d->slot[i], text, n))
        i = (i + 1) & (d->slots - 1);
    return i;
}

int32_t mli_dictionary_find(const mli_dictionary *d, const char *text, size_t n)
{
    return d->slots ? d->slot[slot_of(d, text, n)] : -1;
}

/* A copy of `used` bytes in a block of `bytes`, in the place of *block. */
static ml_status regrow(void **block, size_t used, size_t bytes)
{
    void *wider = mli_alloc(bytes);
    if (!wider)
        return ML_ENOMEM;
    if (used)
        memcpy(wider, *block, used);
    mli_free(*block);
    *block = wider;
    return ML_OK;
}

static ml_status more_slots(mli_dictionary *d)
{
    const int64_t slots = d->slots ? 2 * d->slots : 64;
    int32_t *slot = mli_alloc((size_t)slots * sizeof *slot);
    if (!slot)
        return ML_ENOMEM;
    memset(slot, 0xff, (size_t)slots * sizeof *slot);
    mli_free(d->slot);
    d->slot = slot;
    d->slots = slots;
    for (int32_t k = 0; k < d->count; k++) {
        const char *text = mli_dictionary_text(d, k);
        d->slot[slot_of(d, text, (size_t)(d->at[k + 1] - d->at[k] - 1))] = k;
    }
    return ML_OK;
}

static ml_status make_room(mli_dictionary *d, size_t n)
{
    void *at = d->at, *bytes = d->bytes;
    const int64_t used = d->count ? d->at[d->count] : 0, need = used + (int64_t)n + 1;
    ml_status s = ML_OK;
    if (d->count == INT32_MAX - 1)
        return mli_fail(ML_ENOMEM, "more than %d different texts", INT32_MAX - 1);
    if (2 * (int64_t)d->count >= d->slots)
        s = more_slots(d);
    if (!s && d->count + 2 > d->room_at) {
        const int64_t room = d->room_at ? 2 * d->room_at : 32;
        s = regrow(&at, d->count ? (size_t)(d->count + 1) * sizeof *d->at : 0, (size_t)room * sizeof *d->at);
        d->at = at;
        d->room_at = s ? d->room_at : room;
    }
    if (!s && need > d->room_bytes) {
        const int64_t room = need > 2 * d->room_bytes ? need + 256 : 2 * d->room_bytes;
        s = regrow(&bytes, (size_t)used, (size_t)room);
        d->bytes = bytes;
        d->room_bytes = s ? d->room_bytes : room;
    }
    return s;
}

int32_t mli_dictionary_add(mli_dictionary *d, const char *text, size_t n)
{
    int32_t k = mli_dictionary_find(d, text, n);
    if (k >= 0)
        return k;
    if (make_room(d, n))
        return -1;
    k = d->count;
    if (k == 0)
        d->at[0] = 0;
    if (n)
        memcpy(d->bytes + d->at[k], text, n);
    d->bytes[d->at[k] + (int64_t)n] = 0;
    d->at[k + 1] = d->at[k] + (int64_t)n + 1;
    d->slot[slot_of(d, text, n)] = k;
    d->count++;
    return k;
}

void mli_dictionary_free(mli_dictionary *d)
{
    mli_free(d->at);
    mli_free(d->bytes);
    mli_free(d->slot);
    *d = (mli_dictionary){0};
}
