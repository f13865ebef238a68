/* io.h -- files: IDX in, safetensors and NumPy's .npy and .npz both ways. Every length in a file is checked before it is
 * believed. Writing goes to a file beside, which is renamed when it is whole: a full disk loses nothing.
 */
#ifndef MLCORE_IO_H
#define MLCORE_IO_H

#include <mlcore/nn.h>

ML_BEGIN

/* An IDX file of unsigned bytes (the format of MNIST), gzipped or not: rank 1 to 6, at most 4 GiB. Anything else, or a byte
 * too few or too many, is an error that names the file, and leaves *idx empty. */
typedef struct ml_idx {
    int rank;
    int64_t shape[ML_MAX_RANK];
    int64_t size;
    uint8_t *bytes;
} ml_idx;
ML_API ml_status ml_idx_read(const char *path, ml_idx *idx);
ML_API void ml_idx_free(ml_idx *idx);

/* Writes parameters and buffers, in name order, as F32 (F64 in the double build); parameters of four axes, which are F R S C
 * in memory, as PyTorch's F C R S. metadata: NULL, or one JSON string that is kept under the key "mlcore". Equal input
 * gives byte-equal files. */
ML_API ml_status ml_params_save(const ml_params *ps, const char *path, const char *metadata);

/* Reads values into parameters and buffers of the same names and shapes (F32 or F64, converted). A name that is missing or
 * extra, or a shape that differs, is an error, and then nothing has been changed; only the num_batches_tracked beside a
 * running_mean, which PyTorch writes, is passed over. *metadata, where not NULL, gets a string to
 * free with free(), or NULL where the file has none. */
ML_API ml_status ml_params_load(ml_params *ps, const char *path, char **metadata);

/* A safetensors file, looked at tensor by tensor, in the order of their data. What it checks: docs/io.md. */
typedef struct ml_safetensors ml_safetensors;
typedef struct ml_safetensor {
    const char *name;
    const char *dtype; /* "F32", "F64", "I64", ... as in the file */
    int rank;
    int64_t shape[ML_MAX_RANK];
    const void *data; /* little-endian, `bytes` long, not aligned */
    size_t bytes;
} ml_safetensor;
ML_API ml_safetensors *ml_safetensors_read(const char *path);
ML_API int ml_safetensors_count(const ml_safetensors *st);
ML_API ml_safetensor ml_safetensors_at(const ml_safetensors *st, int i);
/* The string under a key of __metadata__, or NULL. */
ML_API const char *ml_safetensors_meta(const ml_safetensors *st, const char *key);
ML_API void ml_safetensors_free(ml_safetensors *st);
/* Writes n tensors (any dtype of the format), in the order of the Python package, and key-value pairs of metadata
 * (keys[i], values[i]), by key. */
ML_API ml_status ml_safetensors_write(const char *path, const ml_safetensor *tensors, int n, const char *const *keys,
                                      const char *const *values, int n_meta);

/* An array of NumPy's. What is read and refused: docs/io.md. */
typedef struct ml_npy {
    const char *dtype; /* b1, i1 i2 i4 i8, u1 u2 u4 u8, f2 f4 f8: kind and bytes, as NumPy names them */
    int rank;
    int64_t shape[ML_MAX_RANK];
    int64_t size; /* product of the extents; 1 for rank 0 */
    void *data;   /* size elements in C order, in this machine's byte order; a b1 is a bool */
} ml_npy;
/* Reads a .npy file, of any byte order, C or Fortran. Anything wrong is an error that names the file, and leaves *npy
 * empty. */
ML_API ml_status ml_npy_read(const char *path, ml_npy *npy);
/* Frees what ml_npy_read read. */
ML_API void ml_npy_free(ml_npy *npy);
/* Writes the bytes that numpy.save writes. */
ML_API ml_status ml_npy_write(const char *path, const ml_npy *npy);

/* A new tensor with the array's numbers, rounded to ml_real; for NULL, NULL. */
ML_API ml_tensor *ml_tensor_of_npy(const ml_npy *npy);
/* The tensor as an array, f4 (f8 in the double build), that looks into it: not to be freed. */
ML_API ml_npy ml_npy_of_tensor(const ml_tensor *x);
/* The same from file to tensor, and from tensor to file. */
ML_API ml_tensor *ml_npy_tensor(const char *path);
ML_API ml_status ml_npy_save_tensor(const char *path, const ml_tensor *x);

/* A .npz file: a zip archive of arrays, in the archive's order. A member that is not named *.npy is skipped. Reading needs
 * a library built with libzip; without, it is an error that says so. */
typedef struct ml_npz ml_npz;
typedef struct ml_npz_opts {
    int64_t limit; /* bytes that the arrays may have together; default 4 GiB. More is an error before memory is asked for */
} ml_npz_opts;
ML_API ml_npz *ml_npz_read(const char *path, ml_npz_opts opts);
ML_API int ml_npz_count(const ml_npz *npz);
/* The name of array i, without .npy; NULL where there is none. */
ML_API const char *ml_npz_name(const ml_npz *npz, int i);
/* Array i, or the one of a name; NULL with an error set where there is none. They live as long as npz. */
ML_API const ml_npy *ml_npz_at(const ml_npz *npz, int i);
ML_API const ml_npy *ml_npz_find(const ml_npz *npz, const char *name);
ML_API void ml_npz_free(ml_npz *npz);
/* Writes the bytes that numpy.savez writes on 1 January 1980, so that equal input gives equal files. names[i] is arrays[i]'s,
 * in UTF-8 and without .npy; a slash in it means nothing. */
ML_API ml_status ml_npz_write(const char *path, const char *const *names, const ml_npy *arrays, int n);

ML_END
#endif
