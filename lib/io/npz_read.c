/* npz_read.c -- reading .npz: a zip archive of .npy files, stored or deflated, by libzip where the library has it.
 *
 * The directory says how large each member will be. It is believed only as far as memory goes: all members together have
 * a limit, no member can be larger than its packed bytes allow, and inflating stops at the size that was said.
 */
#include "io/io.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

typedef struct entry {
    char *name; /* without .npy */
    ml_npy npy;
} entry;

struct ml_npz {
    entry *entries;
    int count;
};

#ifdef MLCORE_ZIP

#include <zip.h>

#define DEFAULT_LIMIT ((int64_t)4 << 30)
/* Deflate cannot do better than 258 bytes from 2 bits. */
enum { DEFLATE_BEST = 1032 };

typedef struct archive {
    zip_t *zip;
    const char *path;
    size_t bytes;         /* of the file */
    uint64_t limit, left; /* bytes that the members may have together, and those that are still to come */
} archive;

static ml_status bad_member(const archive *a, const char *member, const char *format, ...) ML_PRINTF(3, 4);
static ml_status bad_member(const archive *a, const char *member, const char *format, ...)
{
    char text[256], shown[MLI_SHOWN];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return mli_fail(ML_EFORMAT, "%s: %s: %s", a->path, mli_shown(member, shown), text);
}

/* The same in libzip's words. */
static ml_status zip_failed(const char *path, const char *what, zip_error_t *why)
{
    char shown[MLI_SHOWN], words[MLI_SHOWN];
    return mli_fail(zip_error_code_zip(why) == ZIP_ER_MEMORY ? ML_ENOMEM : ML_EFORMAT, "%s: %s: %s", path,
                    mli_shown(what, shown), mli_shown(zip_error_strerror(why), words));
}

/* What the directory says of a member is compared with the file before memory is asked for. */
static ml_status check_member(archive *a, const zip_stat_t *st)
{
    unsigned long long size = st->size, packed = st->comp_size;
    uint64_t best = st->comp_method == ZIP_CM_STORE ? 1 : DEFLATE_BEST;
    if (st->encryption_method != ZIP_EM_NONE)
        return bad_member(a, st->name, "it is encrypted");
    if (st->comp_method != ZIP_CM_STORE && st->comp_method != ZIP_CM_DEFLATE)
        return bad_member(a, st->name, "it is packed by method %d: this reader knows 0, stored, and 8, deflated",
                          st->comp_method);
    if (st->comp_size > a->bytes)
        return bad_member(a, st->name, "the directory says %llu packed bytes, the file has %zu", packed, a->bytes);
    if (st->size / best > st->comp_size)
        return bad_member(a, st->name, "the directory says %llu bytes, more than %llu packed ones can hold", size, packed);
    if (st->size > a->left)
        return bad_member(a, st->name, "with its %llu bytes the arrays have more than the limit of %llu", size,
                          (unsigned long long)a->limit);
    a->left -= st->size;
    return ML_OK;
}

static ml_status unpack(const archive *a, const zip_stat_t *st, zip_file_t *f, uint8_t *bytes)
{
    uint64_t have = 0;
    zip_int64_t got = 1;
    uint8_t extra;
    while (have < st->size && (got = zip_fread(f, bytes + have, st->size - have)) > 0)
        have += (uint64_t)got;
    if (have == st->size)
        got = zip_fread(f, &extra, 1); /* at the end this compares the checksum, too */
    if (got < 0)
        return zip_failed(a->path, st->name, zip_file_get_error(f));
    if (got > 0 || have < st->size)
        return bad_member(a, st->name, "the directory says %llu bytes, %s", (unsigned long long)st->size,
                          got > 0 ? "but more follow" : "but fewer are there");
    return ML_OK;
}

static ml_status read_member(const archive *a, const zip_stat_t *st, ml_npy *npy)
{
    char shown[MLI_SHOWN];
    zip_file_t *f = zip_fopen_index(a->zip, st->index, 0);
    if (!f)
        return zip_failed(a->path, st->name, zip_get_error(a->zip));
    uint8_t *bytes = mli_alloc(st->size);
    ml_status e = bytes ? unpack(a, st, f, bytes) : mli_fail_in(a->path);
    zip_fclose(f);
    if (e) {
        mli_free(bytes);
        return e;
    }
    e = mli_npy_parse(mli_shown(st->name, shown), bytes, st->size, npy);
    return e ? mli_fail_in(a->path) : ML_OK;
}

/* The length of the array's name, or -1 where the member is none. */
static ptrdiff_t array_name(const char *member)
{
    size_t n = strlen(member);
    return n >= 4 && strcmp(member + n - 4, ".npy") == 0 ? (ptrdiff_t)n - 4 : -1;
}

static ml_status read_members(archive *a, ml_npz *npz)
{
    const zip_uint64_t needed =
        ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    zip_uint64_t members = (zip_uint64_t)zip_get_num_entries(a->zip, 0);
    npz->entries = mli_calloc(members, sizeof *npz->entries);
    if (!npz->entries)
        return mli_fail_in(a->path);
    for (zip_uint64_t i = 0; i < members; i++) {
        zip_stat_t st;
        if (zip_stat_index(a->zip, i, 0, &st) != 0)
            return zip_failed(a->path, "its directory", zip_get_error(a->zip));
        if ((st.valid & needed) != needed)
            return mli_fail(ML_EFORMAT, "%s: its directory does not describe member %llu", a->path, (unsigned long long)i);
        ptrdiff_t length = array_name(st.name);
        if (length < 0)
            continue;
        entry *x = &npz->entries[npz->count++];
        if (!(x->name = mli_strdup(st.name)))
            return mli_fail_in(a->path);
        x->name[length] = 0;
        ml_status e = check_member(a, &st);
        if (e || (e = read_member(a, &st, &x->npy)))
            return e;
    }
    return ML_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const entry *const *)a)->name, (*(const entry *const *)b)->name);
}

static ml_status check_names(const char *path, const ml_npz *npz)
{
    char shown[MLI_SHOWN];
    const entry **sorted = mli_calloc((size_t)npz->count, sizeof *sorted);
    if (!sorted)
        return mli_fail_in(path);
    for (int i = 0; i < npz->count; i++)
        sorted[i] = &npz->entries[i];
    qsort(sorted, (size_t)npz->count, sizeof *sorted, by_name);
    ml_status e = ML_OK;
    for (int i = 1; i < npz->count && !e; i++)
        if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0)
            e = mli_fail(ML_EFORMAT, "%s: two arrays have the name \"%s\"", path, mli_shown(sorted[i]->name, shown));
    mli_free(sorted);
    return e;
}

static zip_t *open_archive(const char *path, const uint8_t *bytes, size_t n)
{
    zip_error_t why;
    zip_error_init(&why);
    zip_source_t *source = zip_source_buffer_create(bytes, n, 0, &why);
    zip_t *zip = source ? zip_open_from_source(source, ZIP_RDONLY, &why) : NULL;
    if (!zip) {
        zip_failed(path, "not a .npz file", &why);
        zip_source_free(source);
    }
    zip_error_fini(&why);
    return zip;
}

ml_status mli_npz_parse(const char *path, const uint8_t *bytes, size_t n, ml_npz_opts opts, ml_npz **npz)
{
    *npz = NULL;
    if (opts.limit < 0)
        return mli_fail(ML_EINVAL, "npz_read: limit %lld is negative", (long long)opts.limit);
    if (n == 0) /* which libzip takes for an archive of nothing */
        return mli_fail(ML_EFORMAT, "%s: not a .npz file: it is empty", path);
    archive a = {.path = path, .bytes = n, .limit = (uint64_t)(opts.limit ? opts.limit : DEFAULT_LIMIT)};
    a.left = a.limit;
    ml_npz *result = mli_calloc(1, sizeof *result);
    if (!result)
        return mli_fail_in(path);
    a.zip = open_archive(path, bytes, n);
    ml_status e = a.zip ? read_members(&a, result) : ml_error_status();
    zip_discard(a.zip);
    if (!e)
        e = check_names(path, result);
    if (e)
        ml_npz_free(result);
    else
        *npz = result;
    return e;
}

#else

ml_status mli_npz_parse(const char *path, const uint8_t *bytes, size_t n, ml_npz_opts opts, ml_npz **npz)
{
    (void)bytes, (void)n, (void)opts;
    *npz = NULL;
    return mli_fail(ML_EIO, "%s: this library was built without libzip, which reads .npz: install it (on Debian libzip-dev) "
                    "and build again; .npy needs none", path);
}

#endif

ml_npz *ml_npz_read(const char *path, ml_npz_opts opts)
{
    uint8_t *bytes;
    size_t n;
    ml_npz *npz;
    if (!path)
        return mli_null(ML_EINVAL, "npz_read: path is NULL");
    if (mli_read_file(path, SIZE_MAX / 4, &bytes, &n))
        return NULL;
    mli_npz_parse(path, bytes, n, opts, &npz);
    mli_free(bytes);
    return npz;
}

int ml_npz_count(const ml_npz *npz)
{
    return npz ? npz->count : 0;
}

static const entry *entry_at(const ml_npz *npz, int i)
{
    if (!npz || i < 0 || i >= npz->count)
        return mli_null(ML_EINVAL, "npz: array %d of %d", i, ml_npz_count(npz));
    return &npz->entries[i];
}

const char *ml_npz_name(const ml_npz *npz, int i)
{
    const entry *x = entry_at(npz, i);
    return x ? x->name : NULL;
}

const ml_npy *ml_npz_at(const ml_npz *npz, int i)
{
    const entry *x = entry_at(npz, i);
    return x ? &x->npy : NULL;
}

const ml_npy *ml_npz_find(const ml_npz *npz, const char *name)
{
    char shown[MLI_SHOWN];
    for (int i = 0; npz && name && i < npz->count; i++)
        if (strcmp(npz->entries[i].name, name) == 0)
            return &npz->entries[i].npy;
    return mli_null(ML_EINVAL, "npz: none of %d arrays has the name \"%s\"", ml_npz_count(npz),
                    name ? mli_shown(name, shown) : "NULL");
}

void ml_npz_free(ml_npz *npz)
{
    if (!npz)
        return;
    for (int i = 0; i < npz->count; i++) {
        mli_free(npz->entries[i].name);
        ml_npy_free(&npz->entries[i].npy);
    }
    mli_free(npz->entries);
    mli_free(npz);
}
