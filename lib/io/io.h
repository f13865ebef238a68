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

/* A text out of a file, fit for a sentence: at most 64 bytes of it, control characters as '?'. Returns buf. */
#define MLI_SHOWN 72
char *mli_shown(const char *text, char buf[MLI_SHOWN]);

#endif
