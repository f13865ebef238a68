/* checkpoint.h -- what the two halves of a checkpoint share: the tensors (checkpoint.c) and the text beside them
 * (checkpoint_json.c). Internal.
 */
#ifndef MLI_CHECKPOINT_H
#define MLI_CHECKPOINT_H

#include "io/io.h"
#include "io/fields_json.h"
#include "optim/optim.h"

#include <mlcore/checkpoint.h>

/* What the text says, apart from the objects that it will be brought into. */
typedef struct mli_saved_state {
    double lr;
    int64_t steps, updates; /* of the optimizer, of the average */
    mli_own *own;           /* of each parameter */
    ml_plateau plateau;
    uint64_t dropout_seed, dropout_step;
    ml_train_progress progress;
    char *extra;
} mli_saved_state;

/* The text of the metadata, for free(); NULL with an error set. */
char *mli_checkpoint_write(const ml_checkpoint *c, const char *extra);

/* Parses the text: NULL, with an error set, where it is not that of a checkpoint with the parts of c. */
json_t *mli_checkpoint_open(const ml_checkpoint *c, const char *path, const char *text);

/* Reads the rest into *s, and checks it against c. s->own has room for the parameters of c; s->extra is for free(). */
ml_status mli_checkpoint_read(const ml_checkpoint *c, const char *path, const json_t *root, mli_saved_state *s);

/* A checkpoint out of a file that was read: all or nothing. */
ml_status mli_checkpoint_take(ml_checkpoint *c, const char *path, const ml_safetensors *st, char **extra);

#endif
