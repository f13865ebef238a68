/* io.h -- what the readers and writers of this folder share. Internal.
 *
 * Each reader has an entry that takes the bytes of a file from memory: the one that the fuzzers call. `name` is the
 * file's name, for sentences.
 */
#ifndef MLI_IO_H
#define MLI_IO_H

#include "base/base.h"

#include <mlcore/io.h>

/* The bytes of an IDX file, or of a gzip file that holds one, into *idx, which is left empty on error. */
ml_status mli_idx_parse(const char *name, const uint8_t *bytes, size_t n, ml_idx *idx);

/* The bytes of a safetensors file. The result looks into them: they must outlive it. */
ml_status mli_safetensors_parse(const char *name, const uint8_t *bytes, size_t n, ml_safetensors **st);

/* Numbers in memory that are, or will be, a tensor of a file. */
typedef struct mli_values {
    const char *name;
    int rank;
    int64_t shape[ML_MAX_RANK], size;
    ml_real *data;
    bool turned; /* the weight of a convolution: F R S C (F R C) in memory, PyTorch's F C R S (F C R) on file */
} mli_values;

/* A value of jansson's as text, for free(); flags are json_dumps's. That one (2.14) overlooks a lack of memory: it left the key
 * of an object out, and called that a success. Into memory of ours it asks for none. */
struct json_t;
char *mli_json_text(const struct json_t *v, size_t flags);

/* The key of the metadata under which all our files keep one JSON text. */
#define MLI_META_KEY "mlcore"

/* Writes them, and a text, NULL for none. */
ml_status mli_values_save(const mli_values *v, int n, const char *path, const char *metadata);
/* Whether the file has them, in these shapes, and nothing else but what pass_over (NULL for none) lets pass. */
ml_status mli_values_check(const mli_values *v, int n, const char *path, const ml_safetensors *st,
                           bool (*pass_over)(const void *arg, const char *name), const void *arg);
/* Copies them from a file that was checked. Where that fails, for want of memory, none has changed. */
ml_status mli_values_copy(const mli_values *v, int n, const char *path, const ml_safetensors *st);

/* Parameters, then buffers. */
int mli_params_values_count(const ml_params *ps);
void mli_params_values(const ml_params *ps, mli_values *v);

/* The values of a file into parameters and buffers, as ml_params_load has it: all or nothing. `path` is for sentences. */
ml_status mli_params_take(ml_params *ps, const char *path, const ml_safetensors *st);

/* Element types of safetensors, in the order of the format's writers (by size, then as in their source). */
typedef struct mli_dtype {
    const char *name;
    size_t size; /* bytes of one element */
} mli_dtype;
/* NULL where there is no such type. A pointer into one table: of two types, the one further on is written first. */
const mli_dtype *mli_dtype_find(const char *name);

/* The format's limit, and Python's: a longer header is refused by every reader. */
#define MLI_SAFETENSORS_HEADER_MAX ((size_t)100000000)
#define MLI_SAFETENSORS_META "__metadata__"

/* The bytes of a .npy file, which must come from mli_alloc: they become the array's memory, and are freed on error. */
ml_status mli_npy_parse(const char *name, uint8_t *bytes, size_t n, ml_npy *npy);

/* What the header says of the data beside dtype and shape. */
typedef struct mli_npy_layout {
    size_t begin; /* where the data begins */
    bool swapped; /* big-endian */
    bool fortran; /* the first axis is the fastest */
} mli_npy_layout;
/* Reads the header into *npy, all but its data. What it says has not been compared with the length of the data. */
ml_status mli_npy_read_header(const char *name, const uint8_t *bytes, size_t n, ml_npy *npy, mli_npy_layout *layout);

/* Checks an array that is to be written, and makes the header that numpy.save would write, *n bytes. */
#define MLI_NPY_HEADER_MAX 384
ml_status mli_npy_header(const char *name, const ml_npy *npy, uint8_t header[MLI_NPY_HEADER_MAX], size_t *n);

/* NumPy's name of a type, out of a table; NULL where there is no such type. */
const char *mli_npy_dtype(const char *name);
/* Bytes of one element of a type of the table. */
size_t mli_npy_width(const char *dtype);

/* The bytes of a .npz file. */
ml_status mli_npz_parse(const char *name, const uint8_t *bytes, size_t n, ml_npz_opts opts, ml_npz **npz);

/* A zip archive that is being written, its members stored as they are. Its caller opens and commits the writer, and gives
 * room for the members. */
typedef struct mli_zip_member {
    const char *name; /* the caller's */
    uint32_t crc;
    uint64_t bytes, offset;
} mli_zip_member;
typedef struct mli_zip {
    mli_writer *w;
    mli_zip_member *members;
    size_t count;
    uint64_t at; /* bytes written so far */
} mli_zip;
/* Adds a member of two stretches. Its name has at most 65535 bytes. */
ml_status mli_zip_add(mli_zip *z, const char *name, const void *head, size_t n_head, const void *data, size_t n_data);
/* Writes the directory. */
ml_status mli_zip_end(mli_zip *z);

bool mli_is_utf8(const char *text);

/* A text out of a file, fit for a sentence: at most 64 bytes of it, control characters as '?'. Returns buf. */
#define MLI_SHOWN 72
char *mli_shown(const char *text, char buf[MLI_SHOWN]);

#endif
