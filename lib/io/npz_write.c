/* npz_write.c -- writing .npz: a zip archive of .npy files, stored, byte for byte as numpy.savez does on 1 January 1980. */
#include "io/io.h"

#include <stdlib.h>
#include <string.h>

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static ml_status check_names(const char *path, const char *const *names, int n)
{
    enum { LONGEST = 65535 - 4 }; /* with .npy, what a zip archive has room for */
    char shown[MLI_SHOWN];
    for (int i = 0; i < n; i++)
        if (!names[i] || !mli_is_utf8(names[i]) || strlen(names[i]) > LONGEST)
            return mli_fail(ML_EINVAL, "%s: the name of array %d is %s", path, i,
                            !names[i] ? "NULL" : !mli_is_utf8(names[i]) ? "not UTF-8" : "longer than 65531 bytes");
    const char **sorted = mli_calloc((size_t)n, sizeof *sorted);
    if (!sorted)
        return mli_fail_in(path);
    for (int i = 0; i < n; i++)
        sorted[i] = names[i];
    qsort(sorted, (size_t)n, sizeof *sorted, by_text);
    ml_status e = ML_OK;
    for (int i = 1; i < n && !e; i++)
        if (strcmp(sorted[i - 1], sorted[i]) == 0)
            e = mli_fail(ML_EINVAL, "%s: two arrays have the name \"%s\"", path, mli_shown(sorted[i], shown));
    mli_free(sorted);
    return e;
}

/* Everything that can be wrong with the arrays, before a file is opened. */
static ml_status check_arrays(const char *path, const char *const *names, const ml_npy *arrays, int n)
{
    char shown[MLI_SHOWN];
    uint8_t header[MLI_NPY_HEADER_MAX];
    size_t n_header;
    for (int i = 0; i < n; i++)
        if (mli_npy_header(mli_shown(names[i], shown), &arrays[i], header, &n_header))
            return mli_fail_in(path);
    return ML_OK;
}

static ml_status add_array(mli_zip *z, const char *member, const ml_npy *npy)
{
    uint8_t header[MLI_NPY_HEADER_MAX];
    size_t n_header;
    ml_status e = mli_npy_header(member, npy, header, &n_header);
    return e ? e : mli_zip_add(z, member, header, n_header, npy->data, (size_t)npy->size * mli_npy_width(npy->dtype));
}

static ml_status write_file(const char *path, char *const *members, const ml_npy *arrays, int n)
{
    mli_writer w;
    mli_zip z = {.w = &w, .members = mli_calloc((size_t)n, sizeof *z.members)};
    if (!z.members)
        return mli_fail_in(path);
    ml_status e = mli_writer_open(&w, path);
    for (int i = 0; i < n && !e; i++)
        e = add_array(&z, members[i], &arrays[i]);
    if (!e)
        e = mli_zip_end(&z);
    if (!e)
        e = mli_writer_commit(&w);
    else
        mli_writer_abandon(&w);
    mli_free(z.members);
    return e;
}

/* The names with .npy after them: an array of pointers into the block that follows it; NULL with an error set. */
static char **member_names(const char *path, const char *const *names, int n)
{
    size_t room = (size_t)n * sizeof(char *);
    for (int i = 0; i < n; i++)
        room += strlen(names[i]) + 5;
    char **members = mli_alloc(room);
    if (!members) {
        mli_fail_in(path);
        return NULL;
    }
    char *text = (char *)(members + n);
    for (int i = 0; i < n; i++) {
        members[i] = text;
        text += sprintf(text, "%s.npy", names[i]) + 1;
    }
    return members;
}

ml_status ml_npz_write(const char *path, const char *const *names, const ml_npy *arrays, int n)
{
    if (!path || n < 0 || (n && (!names || !arrays)))
        return mli_fail(ML_EINVAL, "npz_write: path, names or arrays are NULL, or their number is negative");
    ml_status e = check_names(path, names, n);
    if (e || (e = check_arrays(path, names, arrays, n)))
        return e;
    char **members = member_names(path, names, n);
    if (!members)
        return ML_ENOMEM;
    e = write_file(path, members, arrays, n);
    mli_free(members);
    return e;
}
