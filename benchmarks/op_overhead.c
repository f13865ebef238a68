/* op_overhead.c -- what an op costs beside its arithmetic: a chain of ml_add on tensors of one number, recorded and
 * differentiated, on a tape that is reused.
 *
 *   bench-op_overhead [OPS] [ROUNDS]
 *
 * Prints one JSON line: nanoseconds an op, forward and backward, medians over the rounds. benchmarks/op_overhead.py runs it beside
 * PyTorch. */
#include "lab/measure.h"

#include <mlcore/mlcore.h>

#include <stdlib.h>

/* y = x + x + ... + x: both operands of each op want a gradient, and that of x is OPS + 1 in the end. */
static ml_status chain(ml_tape *t, ml_tensor *x, int ops, double *forward, double *backward)
{
    double start = lab_seconds();
    ml_tape_reset(t);
    ml_tensor *y = x;
    for (int i = 0; i < ops; i++)
        y = ml_add(t, y, x);
    double middle = lab_seconds();
    x->has_grad = false;
    ml_status s = ml_backward(t, y);
    *forward = middle - start;
    *backward = lab_seconds() - middle;
    return s;
}

int main(int argc, char **argv)
{
    int ops = argc > 1 ? atoi(argv[1]) : 10000, rounds = argc > 2 ? atoi(argv[2]) : 201;
    ml_tensor *x = ml_zeros(1);
    ml_tape *t = ml_tape_new();
    double *forward = calloc((size_t)rounds, sizeof *forward), *backward = calloc((size_t)rounds, sizeof *backward);
    if (ops < 1 || rounds < 1 || !t || !x || !forward || !backward || ml_requires_grad(x)) {
        fprintf(stderr, "usage: %s [OPS >= 1] [ROUNDS >= 1]\n", argv[0]);
        return 2;
    }
    double first[2]; /* this round asks for the memory that the others reuse */
    if (chain(t, x, ops, &first[0], &first[1]))
        return ml_perror("op_overhead");
    for (int i = 0; i < rounds; i++)
        if (chain(t, x, ops, &forward[i], &backward[i]))
            return ml_perror("op_overhead");
    if (x->grad[0] != (ml_real)(ops + 1)) {
        fprintf(stderr, "op_overhead: the gradient is %g, not %d\n", (double)x->grad[0], ops + 1);
        return 1;
    }
    double f = 1e9 * lab_median(forward, rounds) / ops, b = 1e9 * lab_median(backward, rounds) / ops;
    printf("{\"ops\": %d, \"rounds\": %d, \"forward_ns\": %.1f, \"backward_ns\": %.1f, \"total_ns\": %.1f}\n", ops, rounds, f, b, f + b);
    free(forward), free(backward), ml_tape_free(t), ml_tensor_free(x);
    return 0;
}
