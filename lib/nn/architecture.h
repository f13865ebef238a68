/* architecture.h -- layers as JSON. Internal. */
#ifndef MLI_ARCHITECTURE_H
#define MLI_ARCHITECTURE_H

#include "nn/nn.h"

#include <jansson.h>

/* The layers as a list; NULL where memory lacks or a name is not UTF-8. */
json_t *mli_layers_to_json(const mli_layer *layers, int n);

/* The list as layers that can be built; their names lie in it, so it must outlive them. `file` is for sentences. */
ml_status mli_layers_from_json(const char *file, json_t *list, ml_block_opts *block);
void mli_layers_free(ml_block_opts *block);

#endif
