/* conv.h -- what a convolution's options and shapes come to. Internal. */
#ifndef MLI_CONV_H
#define MLI_CONV_H

#include "autograd/tape.h"
#include "kernels/conv2d.h"

#include <mlcore/ops.h>

/* The geometry that ml_conv2d and ml_conv1d give their kernel; of the tensors only the shapes are read. False (sticking) where they
 * do not fit. A sequence is an image one pixel high. */
bool mli_conv2d_geometry(ml_tape *t, mlk_conv2d *g, const ml_tensor *x, const ml_tensor *w, const ml_tensor *b, ml_conv2d_opts o);
bool mli_conv1d_geometry(ml_tape *t, mlk_conv2d *g, const ml_tensor *x, const ml_tensor *w, const ml_tensor *b, ml_conv1d_opts o);
/* False (sticking) where MLCORE_CONV_ALGO names no body. `op` begins the sentence. */
bool mli_conv_check_asked(ml_tape *t, const char *op);

#endif
