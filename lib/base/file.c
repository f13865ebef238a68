/* file.c -- whole files: read with a limit, written beside and renamed. */
#include "base/base.h"

#include <errno.h>
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

ml_status mli_read_file(const char *path, size_t limit, uint8_t **bytes, size_t *n)
{
    *bytes = NULL;
    *n = 0;
    FILE *f = fopen(path, "rb");
    if (!f)
        return mli_fail(ML_EIO, "%s: %s", path, strerror(errno));
    struct stat st;
    if (fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode)) {
        fclose(f);
        return mli_fail(ML_EIO, "%s: not a regular file", path);
    }
    size_t size = (size_t)st.st_size;
    if (size > limit) {
        fclose(f);
        return mli_fail(ML_EFORMAT, "%s: %zu bytes, more than the %zu that are read", path, size, limit);
    }
    uint8_t *buf = mli_alloc(size + 1);
    if (!buf) {
        fclose(f);
        return ML_ENOMEM;
    }
    size_t got = fread(buf, 1, size, f);
    int failed = ferror(f);
    fclose(f);
    if (failed || got != size) {
        mli_free(buf);
        return mli_fail(ML_EIO, "%s: read %zu of %zu bytes", path, got, size);
    }
    buf[size] = 0;
    *bytes = buf;
    *n = size;
    return ML_OK;
}

ml_status mli_writer_open(mli_writer *w, const char *path)
{
    *w = (mli_writer){0};
    size_t n = strlen(path) + 32;
    w->path = mli_strdup(path);
    w->beside = mli_alloc(n);
    if (!w->path || !w->beside) {
        mli_writer_abandon(w);
        return ML_ENOMEM;
    }
    /* In the same folder, so that the rename stays within one file system; with the process id, so that two runs do not
     * write one file. */
    snprintf(w->beside, n, "%s.%ld.part", path, (long)getpid());
    w->file = fopen(w->beside, "wb");
    if (!w->file) {
        ml_status s = mli_fail(ML_EIO, "%s: cannot be written: %s", path, strerror(errno));
        mli_free(w->beside);
        w->beside = NULL;
        mli_writer_abandon(w);
        return s;
    }
    return ML_OK;
}

ml_status mli_writer_put(mli_writer *w, const void *bytes, size_t n)
{
    if (n && fwrite(bytes, 1, n, w->file) != n)
        return mli_fail(ML_EIO, "%s: write failed: %s", w->path, strerror(errno));
    return ML_OK;
}

ml_status mli_writer_commit(mli_writer *w)
{
    bool good = fflush(w->file) == 0 && fsync(fileno(w->file)) == 0;
    int why = errno;
    if (fclose(w->file) != 0 && good) {
        good = false;
        why = errno;
    }
    w->file = NULL;
    if (good && rename(w->beside, w->path) != 0) {
        good = false;
        why = errno;
    }
    ml_status s = good ? ML_OK : mli_fail(ML_EIO, "%s: write failed: %s", w->path, strerror(why));
    if (good) {
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
    mli_free(w->path);
    *w = (mli_writer){0};
}
