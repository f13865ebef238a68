/* print.c -- a tensor as text, cut in the middle where it is long. */
#include "base/base.h"

#include <mlcore/tensor.h>

enum { EDGE = 3, LONGEST = 8 };

static void print_axis(FILE *out, const ml_tensor *x, int axis, int64_t at)
{
    if (axis == x->rank) {
        fprintf(out, "%10.4g", (double)x->data[at]);
        return;
    }
    int64_t n = x->shape[axis];
    bool last = axis == x->rank - 1, cut = n > LONGEST;
    fputc('[', out);
    for (int64_t i = 0; i < n; i++) {
        if (i > 0)
            last ? fputc(' ', out) : fprintf(out, "\n%*s", axis + 1, "");
        if (cut && i == EDGE) {
            fputs(last ? "       ..." : "...", out);
            i = n - EDGE - 1;
            continue;
        }
        print_axis(out, x, axis + 1, at * n + i);
    }
    fputc(']', out);
}

void ml_fprint(FILE *out, const ml_tensor *x)
{
    char shape[160];
    if (!x) {
        fprintf(out, "tensor NULL\n");
        return;
    }
    fprintf(out, "tensor %s\n", ml_shape_text(x, shape, sizeof shape));
    if (x->size)
        print_axis(out, x, 0, 0);
    else
        fputs("[]", out);
    fputc('\n', out);
}

void ml_print(const ml_tensor *x)
{
    ml_fprint(stdout, x);
}
