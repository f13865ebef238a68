/* store_inside.h -- what store.c and store_read.c share. Internal. */
#ifndef MLI_STORE_INSIDE_H
#define MLI_STORE_INSIDE_H

#include "io/io.h"
#include "io/store.h"

enum { MLI_STORE_FORMAT = 1 };
/* A list of a hundred thousand categories is a few megabytes. */
#define MLI_STORE_MOST ((size_t)64 << 20)

struct mli_store {
    json_t *root;
    ml_safetensor *tensors; /* when writing; names and data are owned */
    int n, room;
    ml_safetensors *file; /* when reading */
    char *path;
};

#endif
