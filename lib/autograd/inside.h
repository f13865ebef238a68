/* inside.h -- what a tape is made of. For the files of this folder that are the tape; ops need only tape.h. */
#ifndef MLI_INSIDE_H
#define MLI_INSIDE_H

#include "autograd/arena.h"
#include "autograd/tape.h"

struct ml_tape {
    ml_tape_opts opts;
    mli_arena values;
    mli_pool grads;
    void *work; /* the workspace */
    size_t work_size;
    ml_node *nodes;
    int64_t ops, room;
    bool passed;        /* a backward pass has been over these ops */
    int64_t unrecorded; /* ops that ran with recording off: each has a random stream too */
    uint64_t step;      /* of the dropout stream */
    uint64_t resets;    /* so that a mark from before a reset is known */
    ml_status error;
    char sentence[512];
};

#endif
