/* idx.c -- IDX files of unsigned bytes, the format of MNIST, plain or gzipped.
 *
 * Format   00 00 <type> <rank>, then rank extents (uint32, big-endian), then the elements, the last axis fastest.
 *          Types: 08 unsigned bytes, 09 signed bytes, 0b shorts, 0c ints, 0d floats, 0e doubles.
 * Source   Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits"; gzip: RFC 1952
 *
 * Nothing that the header says is believed: memory grows as data comes, so a lying header reserves none.
 */
#include "io/io.h"

#include <limits.h>
#include <string.h>
#include <zlib.h>

/* More than any data set that this library trains on in memory; stops a gzip bomb. */
#define LARGEST ((int64_t)4 << 30)
/* Deflate cannot do better than 258 bytes from 2 bits. */
enum { DEFLATE_BEST = 1032 };

/* Bytes that come one stretch after another: from the file as it is, or decompressed on the way. */
typedef struct source {
    const char *name;
    const uint8_t *in;
    size_t left;
    bool gzip, ended;
    z_stream z;
} source;

static ml_status source_open(source *s, const char *name, const uint8_t *bytes, size_t n)
{
    *s = (source){.name = name, .in = bytes, .left = n};
    s->gzip = n >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
    if (s->gzip && inflateInit2(&s->z, 15 + 16) != Z_OK) /* 16: expect gzip's header and check its CRC */
        return mli_fail(ML_ENOMEM, "%s: no memory to decompress", name);
    return ML_OK;
}

static void source_close(source *s)
{
    if (s->gzip)
        inflateEnd(&s->z);
}

/* One gzip member has ended: another may follow, as in files made by `cat a.gz b.gz` or by parallel compressors. */
static ml_status next_member(source *s)
{
    if (s->left == 0) {
        s->ended = true;
        return ML_OK;
    }
    if (s->left < 2 || s->in[0] != 0x1f || s->in[1] != 0x8b)
        return mli_fail(ML_EFORMAT, "%s: %zu bytes follow the end of the gzip data", s->name, s->left);
    inflateReset(&s->z);
    return ML_OK;
}

static ml_status inflate_some(source *s, uint8_t *out, size_t want, size_t *got)
{
    size_t in = s->left < INT_MAX ? s->left : INT_MAX, room = want < INT_MAX ? want : INT_MAX;
    s->z.next_in = (z_const Bytef *)s->in;
    s->z.avail_in = (uInt)in;
    s->z.next_out = out;
    s->z.avail_out = (uInt)room;
    int code = inflate(&s->z, Z_NO_FLUSH);
    size_t used = in - s->z.avail_in;
    s->in += used;
    s->left -= used;
    *got = room - s->z.avail_out;
    if (code == Z_STREAM_END)
        return next_member(s);
    if (code == Z_MEM_ERROR)
        return mli_fail(ML_ENOMEM, "%s: no memory to decompress", s->name);
    if (code != Z_OK && code != Z_BUF_ERROR)
        return mli_fail(ML_EFORMAT, "%s: corrupt gzip data: %s", s->name, s->z.msg ? s->z.msg : "not readable");
    if (*got == 0 && s->left == 0)
        return mli_fail(ML_EFORMAT, "%s: the gzip data is cut short", s->name);
    return ML_OK;
}

/* Reads up to want bytes; *got is less only at the end of the data. */
static ml_status source_read(source *s, uint8_t *out, size_t want, size_t *got)
{
    *got = 0;
    if (!s->gzip) {
        *got = want < s->left ? want : s->left;
        if (*got)
            memcpy(out, s->in, *got);
        s->in += *got;
        s->left -= *got;
        return ML_OK;
    }
    while (*got < want && !s->ended) {
        size_t some;
        ml_status e = inflate_some(s, out + *got, want - *got, &some);
        if (e)
            return e;
        *got += some;
    }
    return ML_OK;
}

static const char *type_name(uint8_t type)
{
    switch (type) {
    case 0x09: return "signed bytes";
    case 0x0b: return "16-bit integers";
    case 0x0c: return "32-bit integers";
    case 0x0d: return "floats";
    case 0x0e: return "doubles";
    default: return NULL;
    }
}

static ml_status check_magic(const char *name, const uint8_t m[4])
{
    if (m[0] == 0 && m[1] == 0 && type_name(m[2]))
        return mli_fail(ML_EFORMAT, "%s: an IDX file of %s (type %02x): this reader takes unsigned bytes (type 08)", name,
                        type_name(m[2]), m[2]);
    if (m[0] != 0 || m[1] != 0 || m[2] != 8)
        return mli_fail(ML_EFORMAT,
                        "%s: not an IDX file: it begins with %02x %02x %02x %02x, expected 00 00 08 and a rank of 01 to %02x",
                        name, m[0], m[1], m[2], m[3], ML_MAX_RANK);
    if (m[3] < 1 || m[3] > ML_MAX_RANK)
        return mli_fail(ML_EFORMAT, "%s: an IDX file of rank %d: this reader takes 1 to %d", name, m[3], ML_MAX_RANK);
    return ML_OK;
}

static ml_status read_header(source *s, ml_idx *idx)
{
    uint8_t raw[4 * ML_MAX_RANK];
    size_t got, rank;
    ml_status e = source_read(s, raw, 4, &got);
    if (e)
        return e;
    if (got < 4)
        return mli_fail(ML_EFORMAT, "%s: not an IDX file: %zu bytes, too few for its header", s->name, got);
    if ((e = check_magic(s->name, raw)))
        return e;
    rank = raw[3];
    if ((e = source_read(s, raw, 4 * rank, &got)))
        return e;
    if (got < 4 * rank)
        return mli_fail(ML_EFORMAT, "%s: cut short: rank %zu needs a header of %zu bytes, it has %zu", s->name, rank,
                        4 + 4 * rank, 4 + got);
    idx->rank = (int)rank;
    for (size_t i = 0; i < rank; i++)
        idx->shape[i] = (int64_t)raw[4 * i] << 24 | raw[4 * i + 1] << 16 | raw[4 * i + 2] << 8 | raw[4 * i + 3];
    char text[96];
    mli_shape_text(idx->rank, idx->shape, text, sizeof text);
    if (!mli_shape_size(idx->rank, idx->shape, &idx->size) || idx->size > LARGEST)
        return mli_fail(ML_EFORMAT, "%s: the header says %s bytes, more than the %lld that are read", s->name, text,
                        (long long)LARGEST);
    return ML_OK;
}

/* "10x28x28 = 7840 bytes" into buf, which it returns. */
static char *promise(const ml_idx *idx, char buf[128])
{
    mli_shape_text(idx->rank, idx->shape, buf, 96);
    size_t n = strlen(buf);
    if (idx->rank > 1)
        snprintf(buf + n, 128 - n, " = %lld bytes", (long long)idx->size);
    else
        snprintf(buf + n, 128 - n, " bytes");
    return buf;
}

/* Doubles the room, up to the size that the header says. */
static ml_status grow(ml_idx *idx, size_t have, size_t *room, size_t size)
{
    *room = *room > size / 2 ? size : 2 * *room;
    uint8_t *wider = mli_alloc(*room);
    if (!wider)
        return ML_ENOMEM;
    memcpy(wider, idx->bytes, have);
    mli_free(idx->bytes);
    idx->bytes = wider;
    return ML_OK;
}

/* How much to reserve at first: all of it where the file is long enough for that, or likely to be when decompressed. */
static size_t first_room(const source *s, size_t size)
{
    size_t likely = s->gzip ? 65536 + 8 * s->left : s->left;
    return size < likely ? size : likely;
}

static ml_status read_elements(source *s, ml_idx *idx)
{
    size_t size = (size_t)idx->size, have = 0, got, room = first_room(s, size);
    idx->bytes = mli_alloc(room);
    if (!idx->bytes)
        return mli_fail_in(s->name);
    for (;;) {
        ml_status e = source_read(s, idx->bytes + have, room - have, &got);
        if (e)
            return e;
        have += got;
        if (have < room || room == size)
            break;
        if (grow(idx, have, &room, size))
            return mli_fail_in(s->name);
    }
    char text[128];
    if (have < size)
        return mli_fail(ML_EFORMAT, "%s: cut short: the header says %s, %zu follow", s->name, promise(idx, text), have);
    uint8_t extra;
    ml_status e = source_read(s, &extra, 1, &got); /* for gzip this reads the CRC, too */
    if (!e && got)
        e = mli_fail(ML_EFORMAT, "%s: the header says %s, but more follow", s->name, promise(idx, text));
    return e;
}

static ml_status check_promise(const source *s, const ml_idx *idx, size_t n)
{
    char text[128];
    if (!s->gzip && (uint64_t)idx->size > s->left)
        return mli_fail(ML_EFORMAT, "%s: cut short: the header says %s, %zu follow", s->name, promise(idx, text), s->left);
    if (s->gzip && idx->size / DEFLATE_BEST > (int64_t)n)
        return mli_fail(ML_EFORMAT, "%s: the header says %s, more than %zu gzipped bytes can hold", s->name,
                        promise(idx, text), n);
    return ML_OK;
}

ml_status mli_idx_parse(const char *name, const uint8_t *bytes, size_t n, ml_idx *idx)
{
    source s;
    *idx = (ml_idx){0};
    if (n == 0)
        return mli_fail(ML_EFORMAT, "%s: not an IDX file: it is empty", name);
    ml_status e = source_open(&s, name, bytes, n);
    if (e)
        return e;
    e = read_header(&s, idx);
    if (!e)
        e = check_promise(&s, idx, n);
    if (!e)
        e = read_elements(&s, idx);
    source_close(&s);
    if (e)
        ml_idx_free(idx);
    return e;
}

ml_status ml_idx_read(const char *path, ml_idx *idx)
{
    uint8_t *bytes;
    size_t n;
    if (!path || !idx)
        return mli_fail(ML_EINVAL, "idx_read: %s is NULL", path ? "idx" : "path");
    *idx = (ml_idx){0};
    ml_status e = mli_read_file(path, (size_t)LARGEST + 4 + 4 * ML_MAX_RANK, &bytes, &n);
    if (e)
        return e;
    e = mli_idx_parse(path, bytes, n, idx);
    mli_free(bytes);
    return e;
}

void ml_idx_free(ml_idx *idx)
{
    if (!idx)
        return;
    mli_free(idx->bytes);
    *idx = (ml_idx){0};
}
