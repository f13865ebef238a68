/* process.h -- another program: given bytes, its answer read, no shell between. Internal. */
#ifndef MLI_PROCESS_H
#define MLI_PROCESS_H

#include "base/buffer.h"

typedef struct mli_program {
    const char *const *argv; /* argv[0] is looked for in PATH; NULL ends it */
    const char *get_it;      /* what to do where it is not there: "install gnuplot" */
    const mli_buffer *input; /* its stdin; NULL: none */
    double seconds;          /* what takes longer is ended */
} mli_program;

/* Adds what the program writes to stdout, 1 GiB at most, to out. Where the program is not there: ML_ESTATE. Where it takes too long,
 * is ended by a signal or with a status that is not 0: ML_EIO, with its own last line on stderr. May be called from several threads at
 * once. */
ml_status mli_program_run(const mli_program *p, mli_buffer *out);

#endif
