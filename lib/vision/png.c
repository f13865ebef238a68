/* png.c -- writes PNG: 8 bits a channel; grey, RGB or RGBA.
 *
 * Format   89 "PNG" 0d 0a 1a 0a, then chunks: <length> <name> <data> <CRC of name and data>, numbers big-endian.
 *          IHDR: sizes, depth, kind of colour. IDAT: rows, each after a byte that names its filter, deflated. IEND.
 * Source   W3C, "Portable Network Graphics (PNG) Specification", second edition; zlib: RFC 1950
 *
 * Each byte is written as the difference to the one above it (filter 2, Up): what changes slowly deflates well.
 */
#include "vision/vision.h"

#include <string.h>
#include <zlib.h>

enum { UP = 2, CHUNK_EXTRA = 12, HEADER = 13 };

static uint8_t *put_u32(uint8_t *to, uint32_t v)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        *to++ = (uint8_t)(v >> shift);
    return to;
}

/* Completes a chunk whose data, n bytes, lies at to + 8 already; returns what follows it. */
static uint8_t *put_chunk(uint8_t *to, const char *name, size_t n)
{
    put_u32(to, (uint32_t)n);
    memcpy(to + 4, name, 4);
    uint32_t crc = (uint32_t)crc32(crc32(0, NULL, 0), to + 4, (uInt)(n + 4));
    return put_u32(to + 8 + n, crc);
}

static void filter_rows(uint8_t *to, const ml_image *im)
{
    const int64_t n = im->w * im->c;
    for (int64_t y = 0; y < im->h; y++) {
        const uint8_t *row = im->px + y * n;
        *to++ = UP;
        for (int64_t i = 0; i < n; i++)
            to[i] = (uint8_t)(row[i] - (y ? row[i - n] : 0));
        to += n;
    }
}

ml_status mli_png_encode(const ml_image *im, uint8_t **bytes, size_t *n)
{
    static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    static const uint8_t kinds[5] = {0, 0, 0, 2, 6}; /* by channels: grey, RGB, RGBA */
    size_t raw = (size_t)(im->h * (im->w * im->c + 1));
    uLongf packed = compressBound((uLong)raw);
    uint8_t *rows = mli_alloc(raw), *out = mli_alloc(sizeof signature + 3 * CHUNK_EXTRA + HEADER + packed);
    if (!rows || !out) {
        mli_free(rows);
        mli_free(out);
        return ML_ENOMEM;
    }
    uint8_t *to = out;
    memcpy(to, signature, sizeof signature);
    to += sizeof signature;
    const uint8_t rest[5] = {8, kinds[im->c], 0, 0, 0}; /* bits; kind; deflate, the one set of filters, not interlaced */
    memcpy(put_u32(put_u32(to + 8, (uint32_t)im->w), (uint32_t)im->h), rest, sizeof rest);
    to = put_chunk(to, "IHDR", HEADER);
    filter_rows(rows, im);
    int code = compress2(to + 8, &packed, rows, (uLong)raw, Z_DEFAULT_COMPRESSION);
    mli_free(rows);
    if (code != Z_OK) {
        mli_free(out);
        return mli_fail(ML_ENOMEM, "no memory to compress %zu bytes", raw);
    }
    to = put_chunk(to, "IDAT", packed);
    to = put_chunk(to, "IEND", 0);
    *bytes = out;
    *n = (size_t)(to - out);
    return ML_OK;
}

ml_status ml_image_write_png(const ml_image *im, const char *path)
{
    uint8_t *bytes;
    size_t n;
    mli_writer w;
    ml_status s = mli_image_check("write", im);
    if (s)
        return s;
    if (!path)
        return mli_fail(ML_EINVAL, "write: path is NULL");
    if (mli_png_encode(im, &bytes, &n))
        return mli_fail_in(path);
    s = mli_writer_open(&w, path);
    if (!s) {
        (void)mli_writer_put(&w, bytes, n); /* commit reports it */
        s = mli_writer_commit(&w);
    }
    mli_free(bytes);
    return s;
}
