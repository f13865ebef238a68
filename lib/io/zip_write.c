/* zip_write.c -- a zip archive of stored members, record by record.
 *
 * Format   for each member a local header and its bytes; then the directory, one record a member; then its end.
 *          A number too large for its field is written as all ones, and follows in a zip64 field.
 * Source   PKWARE, APPNOTE.TXT 6.3; the choices among what it allows are those of Python's zipfile, under numpy.savez
 *
 * By hand, because sizes and checksums are known beforehand, so that a plain stream does; and because the bytes of a
 * library change with its version.
 */
#include "io/io.h"

#include <string.h>
#include <zlib.h>

#define ZIP64_FROM ((uint64_t)1 << 31) /* Python's limit; the format's own is twice as much */
enum { VERSION = 45, MADE_ON_UNIX = 3, UTF8 = 0x800, ZIP64 = 1, FIRST_DAY = 1 << 5 | 1 /* 1 January 1980 */ };
#define MODE ((uint64_t)0600 << 16)

/* A record that is being put together, little-endian. */
typedef struct record {
    uint8_t b[128];
    size_t n;
} record;

static void put(record *r, int bytes, uint64_t v)
{
    for (; bytes > 0; bytes--, v >>= 8)
        r->b[r->n++] = (uint8_t)v;
}

static void put_signature(record *r, const char *two)
{
    r->b[r->n++] = 'P';
    r->b[r->n++] = 'K';
    r->b[r->n++] = (uint8_t)two[0];
    r->b[r->n++] = (uint8_t)two[1];
}

static uint64_t short_or_ones(uint64_t v)
{
    return v < ZIP64_FROM ? v : 0xffffffff;
}

static ml_status write_bytes(mli_zip *z, const void *bytes, size_t n)
{
    z->at += n;
    return mli_writer_put(z->w, bytes, n);
}

/* Flags, method, time, date, checksum: alike in both headers of a member. */
static void put_description(record *r, const mli_zip_member *m)
{
    bool ascii = true;
    for (const char *c = m->name; *c; c++)
        ascii &= (unsigned char)*c < 0x80;
    put(r, 2, ascii ? 0 : UTF8);
    put(r, 2, 0); /* stored */
    put(r, 2, 0); /* midnight */
    put(r, 2, FIRST_DAY);
    put(r, 4, m->crc);
}

static ml_status write_local_header(mli_zip *z, const mli_zip_member *m)
{
    record r = {.n = 0}, extra = {.n = 0};
    put_signature(&r, "\3\4");
    put(&r, 2, VERSION);
    put_description(&r, m);
    put(&r, 4, 0xffffffff);
    put(&r, 4, 0xffffffff);
    put(&r, 2, strlen(m->name));
    put(&r, 2, 20);
    put(&extra, 2, ZIP64);
    put(&extra, 2, 16);
    put(&extra, 8, m->bytes);
    put(&extra, 8, m->bytes);
    ml_status e = write_bytes(z, r.b, r.n);
    if (!e)
        e = write_bytes(z, m->name, strlen(m->name));
    return e ? e : write_bytes(z, extra.b, extra.n);
}

ml_status mli_zip_add(mli_zip *z, const char *name, const void *head, size_t n_head, const void *data, size_t n_data)
{
    mli_zip_member *m = &z->members[z->count++];
    uLong crc = crc32_z(crc32_z(0, NULL, 0), head, n_head);
    *m = (mli_zip_member){.name = name, .bytes = n_head + n_data, .offset = z->at};
    m->crc = (uint32_t)(n_data ? crc32_z(crc, data, n_data) : crc);
    ml_status e = write_local_header(z, m);
    if (!e)
        e = write_bytes(z, head, n_head);
    return e ? e : write_bytes(z, data, n_data);
}

static ml_status write_entry(mli_zip *z, const mli_zip_member *m)
{
    record r = {.n = 0}, extra = {.n = 0}; /* its length comes before it */
    if (m->bytes >= ZIP64_FROM) {
        put(&extra, 8, m->bytes);
        put(&extra, 8, m->bytes);
    }
    if (m->offset >= ZIP64_FROM)
        put(&extra, 8, m->offset);
    put_signature(&r, "\1\2");
    put(&r, 1, VERSION);
    put(&r, 1, MADE_ON_UNIX);
    put(&r, 2, VERSION);
    put_description(&r, m);
    put(&r, 4, short_or_ones(m->bytes));
    put(&r, 4, short_or_ones(m->bytes));
    put(&r, 2, strlen(m->name));
    put(&r, 2, extra.n ? 4 + extra.n : 0);
    put(&r, 6, 0); /* no comment, on disk 0, not text */
    put(&r, 4, MODE);
    put(&r, 4, short_or_ones(m->offset));
    ml_status e = write_bytes(z, r.b, r.n);
    if (!e)
        e = write_bytes(z, m->name, strlen(m->name));
    if (e || !extra.n)
        return e;
    r.n = 0;
    put(&r, 2, ZIP64);
    put(&r, 2, extra.n);
    e = write_bytes(z, r.b, r.n);
    return e ? e : write_bytes(z, extra.b, extra.n);
}

/* The end of the directory in full, and where it is. */
static void put_zip64_end(record *r, uint64_t count, uint64_t begin, uint64_t end)
{
    put_signature(r, "\6\6");
    put(r, 8, 44); /* bytes from here on */
    put(r, 2, VERSION);
    put(r, 2, VERSION);
    put(r, 8, 0); /* on disk 0, as is the directory */
    put(r, 8, count);
    put(r, 8, count);
    put(r, 8, end - begin);
    put(r, 8, begin);
    put_signature(r, "\6\7");
    put(r, 4, 0);
    put(r, 8, end);
    put(r, 4, 1); /* of one disk */
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

ml_status mli_zip_end(mli_zip *z)
{
    record r = {.n = 0};
    uint64_t begin = z->at, count = z->count;
    for (size_t i = 0; i < z->count; i++) {
        ml_status e = write_entry(z, &z->members[i]);
        if (e)
            return e;
    }
    if (count > 0xffff || begin >= ZIP64_FROM || z->at - begin >= ZIP64_FROM)
        put_zip64_end(&r, count, begin, z->at);
    put_signature(&r, "\5\6");
    put(&r, 4, 0); /* on disk 0, as is the directory */
    put(&r, 2, least(count, 0xffff));
    put(&r, 2, least(count, 0xffff));
    put(&r, 4, least(z->at - begin, 0xffffffff));
    put(&r, 4, least(begin, 0xffffffff));
    put(&r, 2, 0); /* no comment */
    return write_bytes(z, r.b, r.n);
}
