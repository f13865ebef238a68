/* base.h -- what every other folder stands on: errors, memory, files that are written whole. Internal. */
#ifndef MLI_BASE_H
#define MLI_BASE_H

#include <mlcore/error.h>
#include <mlcore/rng.h>
#include <mlcore/threads.h>

/* Sets the thread's sentence and returns status, so that a function can `return mli_fail(ML_EINVAL, "...", ...);`. */
ml_status mli_fail(ml_status status, const char *format, ...) ML_PRINTF(2, 3);
/* The same for functions that return a pointer: `return mli_null(ML_EINVAL, "...", ...);`. */
void *mli_null(ml_status status, const char *format, ...) ML_PRINTF(2, 3);
/* Puts "prefix: " before the sentence that is there, and returns its status. */
ml_status mli_fail_in(const char *prefix);

/* Memory on 64-byte boundaries, never zero bytes long; NULL with an error set. All of the library's memory comes from here,
 * so a test can count and fail it. mli_free takes NULL. */
void *mli_alloc(size_t bytes);
void *mli_calloc(size_t count, size_t size);
void mli_free(void *p);
char *mli_strdup(const char *text);
/* A copy that the program will free with free(): from malloc, whatever ml_set_allocator says. */
char *mli_text_for_caller(const char *text);
/* How many times memory was asked for, since the start of the process. */
int64_t mli_alloc_count(void);

/* An option, or its default where it is 0. Of reals ML_ZERO says 0. */
static inline double mli_option(double given, double standard)
{
    return given == 0 ? standard : given == ML_ZERO ? 0 : given;
}
static inline int64_t mli_given(int64_t given, int64_t standard)
{
    return given ? given : standard;
}

/* a * b and a + b into *out, or false where it does not fit. */
bool mli_mul_size(size_t a, size_t b, size_t *out);
bool mli_add_size(size_t a, size_t b, size_t *out);
/* The product of extents into *size; false where one is negative or the bytes would not fit half the address space. */
bool mli_shape_size(int rank, const int64_t *shape, int64_t *size);
/* "64x784" into buf, which it returns. */
char *mli_shape_text(int rank, const int64_t *shape, char *buf, size_t size);

/* Philox4x32-10: four words of random bits as a function of key and counter. */
void mli_philox(uint64_t key, uint64_t hi, uint64_t lo, uint32_t out[4]);

/* A file written beside its place and renamed when whole. A path that exists and is not a regular file (a folder, a
 * device) is an error; a link is followed, and stays. */
typedef struct mli_writer {
    FILE *file;
    char *path;   /* as given, for sentences */
    char *target; /* where it goes: path with links followed */
    char *beside; /* where it is until then */
    int failed;   /* errno of the first write that failed, else 0 */
} mli_writer;
ml_status mli_writer_open(mli_writer *w, const char *path);
ml_status mli_writer_put(mli_writer *w, const void *bytes, size_t n);
/* Flushes to the disk, renames. On failure, of this or of any put before it, nothing of the old file is lost. */
ml_status mli_writer_commit(mli_writer *w);
/* Gives up: removes the file beside. Harmless after commit. */
void mli_writer_abandon(mli_writer *w);

/* The whole of a regular file, with a zero byte after it, at most limit bytes; *bytes is for mli_free. */
ml_status mli_read_file(const char *path, size_t limit, uint8_t **bytes, size_t *n);

double mli_seconds(void); /* a clock that only goes forward */

#endif
