/* file.c -- whole files: read with a limit, written beside and renamed. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

double mli_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static const char *kind_text(mode_t mode)
{
    return S_ISDIR(mode) ? "is a folder, not a file" : "is not a regular file";
}

/* Opens a regular file. Without O_NONBLOCK a pipe that nobody writes to would hold us here for ever. */
static ml_status open_regular(const char *path, int *fd, size_t *size)
{
    struct stat st = {0};
    *fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (*fd < 0)
        return mli_fail(ML_EIO, "%s: cannot be opened: %s", path, strerror(errno));
    if (fstat(*fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(*fd);
        return mli_fail(ML_EIO, "%s: %s", path, kind_text(st.st_mode));
    }
    *size = (size_t)st.st_size;
    return ML_OK;
}

static size_t read_all(int fd, uint8_t *bytes, size_t n)
{
    size_t got = 0;
    while (got < n) {
        ssize_t some = read(fd, bytes + got, n - got);
        if (some < 0 && errno == EINTR)
            continue;
        if (some <= 0)
            break;
        got += (size_t)some;
    }
    return got;
}

ml_status mli_read_file(const char *path, size_t limit, uint8_t **bytes, size_t *n)
{
    int fd;
    size_t size = 0;
    *bytes = NULL;
    *n = 0;
    ml_status s = open_regular(path, &fd, &size);
    if (s)
        return s;
    if (size > limit || size == SIZE_MAX) {
        close(fd);
        return mli_fail(ML_EFORMAT, "%s: %zu bytes, more than the %zu that are read", path, size, limit);
    }
    uint8_t *buf = mli_alloc(size + 1);
    if (!buf) {
        close(fd);
        return mli_fail_in(path);
    }
    errno = 0;
    size_t got = read_all(fd, buf, size);
    int why = errno;
    close(fd);
    if (got != size) {
        mli_free(buf);
        return mli_fail(ML_EIO, "%s: read %zu of %zu bytes: %s", path, got, size,
                        why ? strerror(why) : "the file has become shorter");
    }
    buf[size] = 0;
    *bytes = buf;
    *n = size;
    return ML_OK;
}

/* Where the file will go, and the permissions it should have (those of the file it replaces). */
static ml_status find_target(mli_writer *w, mode_t *mode)
{
    struct stat st;
    *mode = 0;
    if (stat(w->path, &st) != 0) {
        w->target = mli_strdup(w->path);
        return w->target ? ML_OK : ML_ENOMEM;
    }
    /* A rename would replace a device or an empty folder by a file. */
    if (!S_ISREG(st.st_mode))
        return mli_fail(ML_EIO, "%s: cannot be written: it %s", w->path, kind_text(st.st_mode));
    *mode = st.st_mode & 0777;
    char *real = realpath(w->path, NULL); /* a rename onto a link would replace the link */
    if (!real)
        return mli_fail(ML_EIO, "%s: cannot be written: %s", w->path, strerror(errno));
    w->target = mli_strdup(real);
    free(real);
    return w->target ? ML_OK : ML_ENOMEM;
}

/* In the same folder, so that the rename stays within one file system; named by process and number and opened with
 * O_EXCL, so that two runs or two threads never write one file. */
static ml_status open_beside(mli_writer *w)
{
    static _Atomic unsigned number;
    size_t n = strlen(w->target) + 48;
    w->beside = mli_alloc(n);
    if (!w->beside)
        return ML_ENOMEM;
    int fd = -1;
    for (int tries = 0; fd < 0 && tries < 100; tries++) {
        snprintf(w->beside, n, "%s.%ld-%u.part", w->target, (long)getpid(), atomic_fetch_add(&number, 1));
        fd = open(w->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    int why = errno;
    if (fd >= 0 && !(w->file = fdopen(fd, "wb"))) {
        why = errno;
        close(fd);
        remove(w->beside);
    }
    if (w->file)
        return ML_OK;
    mli_free(w->beside);
    w->beside = NULL;
    return mli_fail(ML_EIO, "%s: cannot be written: %s", w->path, strerror(why));
}

ml_status mli_writer_open(mli_writer *w, const char *path)
{
    mode_t mode = 0;
    *w = (mli_writer){0};
    w->path = mli_strdup(path);
    ml_status s = w->path ? find_target(w, &mode) : ML_ENOMEM;
    if (!s)
        s = open_beside(w);
    if (s)
        mli_writer_abandon(w);
    else if (mode)
        (void)fchmod(fileno(w->file), mode); /* where that is refused, the new file has the usual permissions */
    return s;
}

static ml_status write_failed(const mli_writer *w)
{
    return mli_fail(ML_EIO, "%s: cannot be written: %s", w->path, strerror(w->failed));
}

ml_status mli_writer_put(mli_writer *w, const void *bytes, size_t n)
{
    if (!w->failed && n && fwrite(bytes, 1, n, w->file) != n)
        w->failed = errno ? errno : EIO;
    return w->failed ? write_failed(w) : ML_OK;
}

ml_status mli_writer_commit(mli_writer *w)
{
    if (!w->failed && (fflush(w->file) != 0 || fsync(fileno(w->file)) != 0))
        w->failed = errno;
    if (fclose(w->file) != 0 && !w->failed)
        w->failed = errno;
    w->file = NULL;
    if (!w->failed && rename(w->beside, w->target) != 0)
        w->failed = errno;
    ml_status s = w->failed ? write_failed(w) : ML_OK;
    if (!s) {
        mli_free(w->beside);
        w->beside = NULL;
    }
    mli_writer_abandon(w);
    return s;
}

void mli_writer_abandon(mli_writer *w)
{
    if (w->file)
        fclose(w->file);
    if (w->beside)
        remove(w->beside);
    mli_free(w->beside);
    mli_free(w->target);
    mli_free(w->path);
    *w = (mli_writer){0};
}
