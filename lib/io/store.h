/* store.h -- a file of what was fitted: named arrays, and settings as JSON, under one key of the metadata of a safetensors file.
 * Models, preprocessing and pipelines write their parts into one store, each under a path of its own ("steps.0", "model").
 * Internal.
 *
 * Reading believes nothing: what is missing, of another type or length, is an error that names the file and the part.
 */
#ifndef MLI_STORE_H
#define MLI_STORE_H

#include "io/fields_json.h"

typedef struct mli_store mli_store;

/* ---- writing ---- */

/* kind says what the file is: "model", "pipeline". NULL where memory lacks. */
mli_store *mli_store_new(const char *kind);
/* Copies an array: the tensor "<at>.<name>". */
ml_status mli_store_put_doubles(mli_store *s, const char *at, const char *name, const double *v, int64_t n);
ml_status mli_store_put_floats(mli_store *s, const char *at, const char *name, const float *v, int64_t n);
ml_status mli_store_put_ints(mli_store *s, const char *at, const char *name, const int32_t *v, int64_t n);
ml_status mli_store_put_longs(mli_store *s, const char *at, const char *name, const int64_t *v, int64_t n);
ml_status mli_store_put_bytes(mli_store *s, const char *at, const char *name, const uint8_t *v, int64_t n);
/* Texts, UTF-8, as JSON in the settings of the part. */
ml_status mli_store_put_texts(mli_store *s, const char *at, const char *name, const char *const *v, int64_t n);
/* Any JSON in the settings of the part; takes v, and NULL is an error of memory. */
ml_status mli_store_put_json(mli_store *s, const char *at, const char *name, json_t *v);
ml_status mli_store_write(const mli_store *s, const char *path);

/* ---- reading ---- */

/* NULL with an error set where the file is not a store of that kind. */
mli_store *mli_store_read(const char *path, const char *kind);
/* The same of bytes in memory, which must outlive it: the fuzzers' door. */
mli_store *mli_store_parse(const char *path, const uint8_t *bytes, size_t n, const char *kind);
const char *mli_store_path(const mli_store *s);
/* The array into *v, for mli_free, and its length into *n. Lengths wanted: n_least <= *n <= n_most. */
ml_status mli_store_doubles(mli_store *s, const char *at, const char *name, int64_t n_least, int64_t n_most, double **v, int64_t *n);
ml_status mli_store_floats(mli_store *s, const char *at, const char *name, int64_t n_least, int64_t n_most, float **v, int64_t *n);
ml_status mli_store_ints(mli_store *s, const char *at, const char *name, int64_t n_least, int64_t n_most, int32_t **v, int64_t *n);
ml_status mli_store_longs(mli_store *s, const char *at, const char *name, int64_t n_least, int64_t n_most, int64_t **v, int64_t *n);
ml_status mli_store_bytes(mli_store *s, const char *at, const char *name, int64_t n_least, int64_t n_most, uint8_t **v, int64_t *n);
/* Texts into *v, one block for mli_free that holds pointers and bytes. */
ml_status mli_store_texts(mli_store *s, const char *at, const char *name, int64_t n_least, int64_t n_most, char ***v, int64_t *n);
/* The settings of a part under a name, borrowed; NULL with an error set where it has none. */
const json_t *mli_store_json(mli_store *s, const char *at, const char *name);
/* An error about a part: "path: at.name: sentence". */
ml_status mli_store_fail(const mli_store *s, const char *at, const char *name, const char *format, ...) ML_PRINTF(4, 5);

void mli_store_free(mli_store *s);

#endif
