/* csv_source.c -- the bytes of a text file, as it is or gzipped, as often as they are wanted. */
#include "data/csv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { GZIP_BUFFER = 65536 };

struct mli_csv_source {
    char *path;
    int fd; /* -1: bytes in memory */
    const uint8_t *bytes;
    size_t n, at; /* of memory */
    bool gzip, ended;
    z_stream z;
    uint8_t *buffer; /* of gzipped bytes */
};

/* Bytes as they lie in the file; 0 at its end. */
static ml_status read_raw(mli_csv_source *s, void *out, size_t want, size_t *got)
{
    *got = 0;
    if (s->fd < 0) {
        *got = want < s->n - s->at ? want : s->n - s->at;
        if (*got)
            memcpy(out, s->bytes + s->at, *got);
        s->at += *got;
        return ML_OK;
    }
    while (*got < want) {
        const ssize_t some = read(s->fd, (char *)out + *got, want - *got);
        if (some < 0 && errno == EINTR)
            continue;
        if (some < 0)
            return mli_fail(ML_EIO, "%s: cannot be read: %s", s->path, strerror(errno));
        if (some == 0)
            break;
        *got += (size_t)some;
    }
    return ML_OK;
}

static ml_status refill(mli_csv_source *s)
{
    size_t got;
    const ml_status e = read_raw(s, s->buffer, GZIP_BUFFER, &got);
    s->z.next_in = s->buffer;
    s->z.avail_in = (uInt)got;
    return e;
}

/* A gzip member has ended: the text goes on where another one follows. */
static ml_status next_member(mli_csv_source *s)
{
    ml_status e = s->z.avail_in ? ML_OK : refill(s);
    s->ended = !e && s->z.avail_in == 0;
    if (e || s->ended)
        return e;
    return inflateReset(&s->z) == Z_OK ? ML_OK : mli_fail(ML_ENOMEM, "%s: no memory to decompress", s->path);
}

static ml_status inflate_some(mli_csv_source *s, char *out, size_t want, size_t *got)
{
    *got = 0;
    if (s->z.avail_in == 0 && refill(s))
        return ml_error_status();
    if (s->z.avail_in == 0)
        return mli_fail(ML_EFORMAT, "%s: the gzip data is cut short", s->path);
    const size_t room = want < 1 << 30 ? want : 1 << 30;
    s->z.next_out = (Bytef *)out;
    s->z.avail_out = (uInt)room;
    const int code = inflate(&s->z, Z_NO_FLUSH);
    *got = room - s->z.avail_out;
    if (code == Z_STREAM_END)
        return next_member(s);
    if (code == Z_MEM_ERROR)
        return mli_fail(ML_ENOMEM, "%s: no memory to decompress", s->path);
    if (code != Z_OK && code != Z_BUF_ERROR)
        return mli_fail(ML_EFORMAT, "%s: corrupt gzip data: %s", s->path, s->z.msg ? s->z.msg : "not readable");
    return ML_OK;
}

ml_status mli_csv_source_read(mli_csv_source *s, char *out, size_t want, size_t *got)
{
    if (!s->gzip)
        return read_raw(s, out, want, got);
    *got = 0;
    while (*got < want && !s->ended) {
        size_t some;
        const ml_status e = inflate_some(s, out + *got, want - *got, &some);
        if (e)
            return e;
        *got += some;
    }
    return ML_OK;
}

static ml_status rewind_raw(mli_csv_source *s, int64_t at)
{
    if (s->fd >= 0)
        return lseek(s->fd, at, SEEK_SET) < 0 ? mli_fail(ML_EIO, "%s: cannot be read: %s", s->path, strerror(errno)) : ML_OK;
    s->at = (uint64_t)at < s->n ? (size_t)at : s->n;
    return ML_OK;
}

ml_status mli_csv_source_seek(mli_csv_source *s, int64_t at)
{
    char skipped[4096];
    ml_status e = rewind_raw(s, s->gzip ? 0 : at);
    if (!s->gzip || e)
        return e;
    s->ended = false;
    s->z.avail_in = 0;
    if (inflateReset(&s->z) != Z_OK)
        return mli_fail(ML_ENOMEM, "%s: no memory to decompress", s->path);
    for (size_t got = 1; !e && at > 0 && got; at -= (int64_t)got)
        e = mli_csv_source_read(s, skipped, at < (int64_t)sizeof skipped ? (size_t)at : sizeof skipped, &got);
    return e;
}

void mli_csv_source_close(mli_csv_source *s)
{
    if (!s)
        return;
    if (s->fd >= 0)
        close(s->fd);
    if (s->gzip)
        inflateEnd(&s->z);
    mli_free(s->buffer);
    mli_free(s->path);
    mli_free(s);
}

/* Finds out whether it is gzipped. */
static mli_csv_source *opened(mli_csv_source *s)
{
    uint8_t magic[2];
    size_t got;
    ml_status e = read_raw(s, magic, 2, &got);
    if (!e)
        e = rewind_raw(s, 0);
    if (!e && got == 2 && magic[0] == 0x1f && magic[1] == 0x8b) {
        s->buffer = mli_alloc(GZIP_BUFFER);
        s->gzip = s->buffer && inflateInit2(&s->z, 15 + 16) == Z_OK; /* 16: expect gzip's header and check its CRC */
        if (!s->gzip)
            e = mli_fail(ML_ENOMEM, "%s: no memory to decompress", s->path);
    }
    if (!e)
        return s;
    mli_csv_source_close(s);
    return NULL;
}

static mli_csv_source *new_source(const char *path)
{
    mli_csv_source *s = mli_calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->fd = -1;
    s->path = mli_strdup(path);
    if (s->path)
        return s;
    mli_free(s);
    return NULL;
}

mli_csv_source *mli_csv_source_open(const char *path)
{
    struct stat st;
    mli_csv_source *s = new_source(path);
    if (!s)
        return NULL;
    s->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* else a pipe that nobody writes to would hold us here */
    if (s->fd < 0)
        mli_fail(ML_EIO, "%s: cannot be opened: %s", path, strerror(errno));
    else if (fstat(s->fd, &st) != 0 || !S_ISREG(st.st_mode))
        mli_fail(ML_EIO, "%s: %s", path, S_ISDIR(st.st_mode) ? "is a folder, not a file" : "is not a regular file");
    else
        return opened(s);
    mli_csv_source_close(s);
    return NULL;
}

mli_csv_source *mli_csv_source_of(const char *name, const uint8_t *bytes, size_t n)
{
    mli_csv_source *s = new_source(name);
    if (!s)
        return NULL;
    s->bytes = bytes;
    s->n = n;
    return opened(s);
}
