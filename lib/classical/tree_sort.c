/* tree_sort.c -- whole numbers in order, stably: by insertion where they are few, else digit by digit from the lowest.
 *
 * Source   Knuth, The Art of Computer Programming 3, 5.2.1 and 5.2.5 (least significant digit first)
 * Cost     passes x 2 n moves; the digits are as wide as n makes worth while, since each pass also clears its counters
 */
#include "classical/tree.h"

#include <string.h>

enum { FEW = 24, WIDEST = 11 };

static void insert(mli_key *keys, int64_t n)
{
    for (int64_t i = 1; i < n; i++) {
        mli_key k = keys[i];
        int64_t j = i;
        for (; j > 0 && mli_rank_of(keys[j - 1]) > mli_rank_of(k); j--)
            keys[j] = keys[j - 1];
        keys[j] = k;
    }
}

/* One pass, by the digit of `width` bits at `shift`; false, and nothing moved, where all have the same. */
static bool pass(const mli_key *from, mli_key *to, int64_t n, uint32_t least, int shift, int width)
{
    uint32_t count[1 << WIDEST], mask = (1u << width) - 1, at = 0;
    memset(count, 0, sizeof *count << width);
    for (int64_t i = 0; i < n; i++)
        count[(mli_rank_of(from[i]) - least) >> shift & mask]++;
    if (count[(mli_rank_of(from[0]) - least) >> shift & mask] == n)
        return false;
    for (uint32_t v = 0; v <= mask; v++) {
        uint32_t held = count[v];
        count[v] = at;
        at += held;
    }
    for (int64_t i = 0; i < n; i++)
        to[count[(mli_rank_of(from[i]) - least) >> shift & mask]++] = from[i];
    return true;
}

mli_key *mli_sort_keys(mli_key *keys, mli_key *spare, int64_t n, uint32_t least, uint32_t most)
{
    int bits = 0, widest = n < 128 ? 5 : n < 512 ? 7 : n < 4096 ? 9 : WIDEST;
    if (n <= FEW) {
        insert(keys, n);
        return keys;
    }
    while (bits < 32 && (most - least) >> bits)
        bits++;
    int passes = (bits + widest - 1) / widest, width = passes ? (bits + passes - 1) / passes : 0;
    for (int p = 0; p < passes; p++) {
        if (!pass(keys, spare, n, least, p * width, width))
            continue;
        mli_key *held = keys;
        keys = spare;
        spare = held;
    }
    return keys;
}
