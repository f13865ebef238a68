/* error.h -- errors are values.
 *
 * A call that can fail returns ml_status (0 is success) or a pointer (NULL is failure). The sentence that
 * says what went wrong, with the numbers, waits in ml_error() of the calling thread until the next failure.
 * The library never exits, never aborts, and prints only in functions named print, perror or progress.
 */
#ifndef MLCORE_ERROR_H
#define MLCORE_ERROR_H

#include <mlcore/real.h>

ML_BEGIN

typedef enum ml_status {
    ML_OK = 0,
    ML_EINVAL,    /* an argument is wrong: shape, range, option, NULL */
    ML_ENOMEM,    /* memory could not be had */
    ML_EIO,       /* a file could not be opened, read or written */
    ML_EFORMAT,   /* a file was read, but is not what it should be */
    ML_ESTATE,    /* a call at the wrong time, such as a step of an optimizer built before a layer was added */
    ML_ENOTFINITE /* a number became NaN or infinite on a tape that looks for that: see ml_check_finite */
} ml_status;

/* The calling thread's last error sentence; "" before the first. Valid until the next failure on this thread. */
ML_API const char *ml_error(void);

/* The kind of the calling thread's last error; ML_OK before the first. */
ML_API ml_status ml_error_status(void);

/* Prints "where: sentence" to stderr and returns 1, so that a program can `return ml_perror("train");`. */
ML_API int ml_perror(const char *where);

/* Forgets the calling thread's last error. */
ML_API void ml_error_clear(void);

ML_END
#endif
