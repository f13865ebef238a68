/* conv_explain.c -- which body of the convolution runs for a shape, and why, in words. The choice itself is in
 * kernels/conv2d_choose.c. */
#include "autograd/conv.h"

#include <string.h>

enum { LENGTH = 1024 };

static void shape_of(ml_tensor *x, const int64_t shape[4])
{
    *x = (ml_tensor){.rank = 4, .op = -1};
    memcpy(x->shape, shape, 4 * sizeof *shape);
}

/* "forward: implicit, since ...": one line. */
static void say(char text[LENGTH], const char *pass, mlk_conv2d_choice c)
{
    size_t used = strlen(text);
    used += (size_t)snprintf(text + used, LENGTH - used, "%s: %s, since %s", pass, mlk_conv2d_body_name(c.body), c.why);
    if (c.refused)
        used += (size_t)snprintf(text + used, LENGTH - used, " (MLCORE_CONV_ALGO asks for %s, which does not fit)",
                                 mlk_conv2d_body_name((mlk_conv2d_body)mlk_conv2d_asked()));
    snprintf(text + used, LENGTH - used, "\n");
}

char *ml_conv_explain(const int64_t x_shape[4], const int64_t w_shape[4], ml_conv2d_opts opts, ml_kernel kernel)
{
    static const char *const passes[] = {"forward", "gradient by input", "gradient by weight"};
    char text[LENGTH] = "";
    ml_tensor x, w;
    mlk_conv2d g;
    if (!x_shape || !w_shape || (int)kernel < ML_KERNEL_FAST || kernel > ML_KERNEL_REF)
        return mli_null(ML_EINVAL, "conv_explain: a shape is NULL, or kernel %d is none of ML_KERNEL_...", (int)kernel);
    ml_tape *t = ml_tape_new(); /* where an error sticks; no op runs */
    shape_of(&x, x_shape), shape_of(&w, w_shape);
    bool fits = t && mli_conv_check_asked(t, "conv_explain") && mli_conv2d_geometry(t, &g, &x, &w, NULL, opts);
    ml_tape_free(t);
    for (int pass = MLK_FORWARD; pass <= MLK_DW && fits; pass++)
        say(text, passes[pass], mlk_conv2d_decide(kernel, &g, (mlk_conv2d_pass)pass));
    return fits ? mli_text_for_caller(text) : NULL;
}
