/* conv2d_asked.c -- MLCORE_CONV_ALGO: the body of the convolution that whoever started the program asks for. See conv2d_choose.c. */
#include "kernels/conv2d.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { NOT_READ = -3 };
static _Atomic int asked = NOT_READ;

static int read_variable(void)
{
    const char *name = getenv("MLCORE_CONV_ALGO");
    if (!name || !*name || strcmp(name, "auto") == 0)
        return MLK_ASKED_AUTO;
    for (int body = 0; body < MLK_CONV2D_BODIES; body++)
        if (strcmp(name, mlk_conv2d_body_name((mlk_conv2d_body)body)) == 0)
            return body;
    return MLK_ASKED_UNKNOWN;
}

/* Two threads that come first at once read the same. */
int mlk_conv2d_asked(void)
{
    int now = atomic_load_explicit(&asked, memory_order_relaxed);
    if (now == NOT_READ) {
        now = read_variable();
        atomic_store_explicit(&asked, now, memory_order_relaxed);
    }
    return now;
}

void mlk_conv2d_asked_forget(void)
{
    atomic_store_explicit(&asked, NOT_READ, memory_order_relaxed);
}
