/* csv_numbers.c -- a column's fields in one block as integers, numbers or times.
 *
 * Most numbers in tables are short. Up to 16 digits are made a number without a loop: the point is squeezed out of the word
 * that holds them, and neighbours are added pairwise, 1 digit and 1, 2 and 2, 4 and 4. Two of such size and a power of ten up
 * to 10^15 make a double with one rounding (lib/base/number_read.c, Clinger). Everything else takes the general way.
 */
#include "base/number.h"
#include "data/csv.h"
#include "data/times.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define EACH(byte) (0x0101010101010101u * (unsigned char)(byte))

__extension__ typedef unsigned __int128 wide;

static uint64_t word_at(const char *p)
{
    uint64_t w;
    memcpy(&w, p, sizeof w);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    w = __builtin_bswap64(w);
#endif
    return w;
}

/* The lowest byte of w that equals c, in bits from the bottom; 64 where there is none. */
static unsigned find_byte(uint64_t w, char c)
{
    const uint64_t x = w ^ EACH(c), zeros = (x - EACH(1)) & ~x & EACH(0x80);
    return zeros ? (unsigned)__builtin_ctzll(zeros) & ~7u : 64;
}

static bool all_digits(uint64_t w)
{
    return ((w & EACH(0xf0)) | (((w + EACH(6)) & EACH(0xf0)) >> 4)) == EACH(0x33);
}

/* Of eight digits, the first in the lowest byte. */
static uint64_t eight_digits(uint64_t w)
{
    w = ((w & EACH(0x0f)) * 2561) >> 8; /* 10 * 256 + 1, and so on */
    w = ((w & 0x00ff00ff00ff00ff) * 6553601) >> 16;
    return ((w & 0x0000ffff0000ffff) * 42949672960001) >> 32;
}

typedef struct short_number {
    uint64_t digits;
    unsigned behind; /* how many of them are behind the point */
} short_number;

/* n <= 8 characters, a point among them or none. */
static inline bool read_8(const char *p, size_t n, char point, short_number *v)
{
    uint64_t w = word_at(p);
    const unsigned bits = 8 * (unsigned)n, at = find_byte(w, point);
    unsigned digits = bits;
    v->behind = 0;
    if (at < bits) {
        const uint64_t before = ((uint64_t)1 << at) - 1;
        w = (w & before) | ((w >> 8) & ~before);
        digits -= 8;
        v->behind = (digits - at) / 8;
    }
    if (digits == 0)
        return false;
    w = w << (64 - digits) | EACH('0') >> (digits / 2) >> (digits / 2);
    v->digits = eight_digits(w);
    return all_digits(w);
}

/* n <= 16 characters, more than 8 of them. */
static inline bool read_16(const char *p, size_t n, char point, short_number *v)
{
    const uint64_t low = word_at(p), high = word_at(p + 8);
    const wide zeros = (wide)EACH('0') << 64 | EACH('0');
    wide w = (wide)high << 64 | low;
    const unsigned bits = 8 * (unsigned)n;
    unsigned at = find_byte(low, point), digits = bits;
    if (at == 64)
        at += find_byte(high, point);
    v->behind = 0;
    if (at < bits) {
        const wide before = ((wide)1 << at) - 1;
        w = (w & before) | ((w >> 8) & ~before);
        digits -= 8;
        v->behind = (digits - at) / 8;
    }
    w = w << (128 - digits) | zeros >> (digits / 2) >> (digits / 2);
    v->digits = eight_digits((uint64_t)w) * 100000000 + eight_digits((uint64_t)(w >> 64));
    return all_digits((uint64_t)w) && all_digits((uint64_t)(w >> 64));
}

/* Without a sign; at least 16 bytes from p on may be read. */
static inline bool read_short(const char *p, int64_t n, char point, short_number *v)
{
    if (n <= 0 || n > 16)
        return false;
    return n <= 8 ? read_8(p, (size_t)n, point, v) : read_16(p, (size_t)n, point, v);
}

/* ---- one value, the general way ---- */

typedef enum found { FOUND, MISSING, UNFIT } found;

static ml_status bare_value(const ml_csv *csv, const char *begin, const char *end, mli_csv_scratch *scratch, mli_csv_value *v)
{
    const ml_status s = mli_csv_value_of(csv, begin, end, scratch, v);
    mli_csv_trim(v);
    v->missing = v->missing || v->n == 0;
    return s;
}

static ml_status find_integer(const ml_csv *csv, const char *begin, const char *end, mli_csv_scratch *scratch, int64_t *out,
                              found *what)
{
    mli_csv_value v;
    const ml_status s = bare_value(csv, begin, end, scratch, &v);
    const bool fits = !v.missing && mli_integer_read(v.text, v.text + v.n, out) == v.text + v.n;
    *what = v.missing ? MISSING : fits ? FOUND : UNFIT;
    return s;
}

static ml_status find_number(const ml_csv *csv, const char *begin, const char *end, mli_csv_scratch *scratch, double *out,
                             found *what)
{
    mli_csv_value v;
    const ml_status s = bare_value(csv, begin, end, scratch, &v);
    const bool fits = !v.missing && mli_number_read(v.text, v.text + v.n, csv->dialect.point, out) == v.text + v.n;
    *what = v.missing ? MISSING : fits ? FOUND : UNFIT;
    return s;
}

/* ---- a block ---- */

/* Integers from row 0 on; r->row becomes the first that does not fit, or the number of rows. */
static ml_status integers(const ml_csv *csv, const mli_csv_column *c, const mli_csv_part *p, mli_csv_scratch *scratch,
                          mli_csv_result *r)
{
    int64_t *out = (int64_t *)c->values + p->block->row;
    const bool general = csv->na.like_a_number;
    for (r->row = 0; r->row < p->tokens.rows; r->row++) {
        const char *begin = mli_csv_field_begin(p, csv->dialect.fields, r->row, c->field);
        const char *end = mli_csv_field_end(p, csv->dialect.fields, r->row, c->field);
        const bool negative = begin < end && *begin == '-';
        short_number v;
        /* No newline is inside a field without quotes, so none is taken for a point. */
        if (!general && read_short(begin + negative, end - begin - negative, '\n', &v) && (v.digits || !negative)) {
            out[r->row] = negative ? -(int64_t)v.digits : (int64_t)v.digits;
            continue;
        }
        found what;
        if (find_integer(csv, begin, end, scratch, &out[r->row], &what))
            return ML_ENOMEM;
        if (what == UNFIT)
            return ML_OK;
        if (what == MISSING) {
            out[r->row] = ML_MISSING;
            r->missing++;
        }
    }
    return ML_OK;
}

/* Numbers from row r->row on, in the same way. */
static ml_status numbers(const ml_csv *csv, const mli_csv_column *c, const mli_csv_part *p, mli_csv_scratch *scratch,
                         mli_csv_result *r)
{
    static const double sign[] = {1, -1}; /* a product is exact, and a branch on signs is guessed wrong half of the time */
    static const double tens[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    double *out = (double *)c->values + p->block->row;
    const bool general = csv->na.like_a_number || FLT_EVAL_METHOD != 0;
    const char point = csv->dialect.point;
    for (; r->row < p->tokens.rows; r->row++) {
        const char *begin = mli_csv_field_begin(p, csv->dialect.fields, r->row, c->field);
        const char *end = mli_csv_field_end(p, csv->dialect.fields, r->row, c->field);
        const bool negative = begin < end && *begin == '-';
        short_number v;
        if (!general && read_short(begin + negative, end - begin - negative, point, &v) && v.digits <= (uint64_t)1 << 53) {
            out[r->row] = sign[negative] * ((double)(int64_t)v.digits / tens[v.behind]);
            continue;
        }
        found what;
        if (find_number(csv, begin, end, scratch, &out[r->row], &what))
            return ML_ENOMEM;
        if (what == UNFIT)
            return ML_OK;
        if (what == MISSING) {
            out[r->row] = NAN;
            r->missing++;
        }
    }
    return ML_OK;
}

static ml_status times(const ml_csv *csv, const mli_csv_column *c, const mli_csv_part *p, mli_csv_scratch *scratch,
                       mli_csv_result *r)
{
    int64_t *out = (int64_t *)c->values + p->block->row;
    for (; r->row < p->tokens.rows; r->row++) {
        mli_csv_value v;
        if (bare_value(csv, mli_csv_field_begin(p, csv->dialect.fields, r->row, c->field),
                       mli_csv_field_end(p, csv->dialect.fields, r->row, c->field), scratch, &v))
            return ML_ENOMEM;
        if (!v.missing && !mli_time_read_as(c->format, v.text, v.n, &out[r->row]))
            return ML_OK;
        if (v.missing) {
            out[r->row] = ML_MISSING;
            r->missing++;
        }
    }
    return ML_OK;
}

void mli_csv_integers_to_numbers(void *values, int64_t n)
{
    char *at = values; /* an integer becomes a double in its place */
    for (int64_t i = 0; i < n; i++, at += sizeof(double)) {
        int64_t v;
        memcpy(&v, at, sizeof v);
        const double number = v == ML_MISSING ? NAN : (double)v;
        memcpy(at, &number, sizeof number);
    }
}

ml_status mli_csv_numbers(const ml_csv *csv, const mli_csv_column *c, const mli_csv_part *p, mli_csv_scratch *scratch,
                          mli_csv_result *r)
{
    const int64_t rows = p->tokens.rows;
    *r = (mli_csv_result){.as = c->work};
    ml_status s = c->work == MLI_CSV_TIMES ? times(csv, c, p, scratch, r) : ML_OK;
    if (c->work == MLI_CSV_INTEGERS)
        s = integers(csv, c, p, scratch, r);
    if (!s && c->work == MLI_CSV_INTEGERS && r->row < rows && !c->fixed) {
        mli_csv_integers_to_numbers((int64_t *)c->values + p->block->row, r->row);
        r->as = MLI_CSV_NUMBERS;
    }
    if (!s && r->as == MLI_CSV_NUMBERS)
        s = numbers(csv, c, p, scratch, r);
    if (r->row < rows)
        r->as = MLI_CSV_CODES;
    return s;
}
