/* conv.c -- the bodies of conv2d beneath the tape: each that fits the shape, pass by pass, whatever mlk_conv2d_choose would have
 * picked. The choice has a star, and says why. */
#include "lab.h"

#include "kernels/conv2d.h"
#include "kernels/gemm.h"

#include <stdlib.h>
#include <string.h>

typedef struct bench {
    lab *l;
    mlk_conv2d_args a;
    mlk_conv2d_pass pass;
    mlk_conv2d_body body;
} bench;

static void run(void *arg)
{
    const bench *b = arg;
    mlk_conv2d_run(b->body, b->pass, &b->a);
}

static mlk_conv2d geometry(const lab *l)
{
    const ml_tensor *x = l->in[0], *w = l->in[1], *y = l->dy;
    ml_conv2d_opts o = lab_conv2d_opts(l); /* the op has accepted them */
    mlk_conv2d g = {.n = x->shape[0], .h = x->shape[1], .w = x->shape[2], .c = x->shape[3], .f = w->shape[0], .r = w->shape[1],
                    .s = w->shape[2], .p = y->shape[1], .q = y->shape[2], .groups = o.groups ? o.groups : 1};
    g.stride[0] = o.stride ? o.stride : 1, g.stride[1] = o.stride_w ? o.stride_w : g.stride[0];
    g.dil[0] = g.dil[1] = o.dilation ? o.dilation : 1;
    g.pad[0] = o.pad, g.pad[1] = o.pad_w == ML_NONE ? 0 : o.pad_w ? o.pad_w : o.pad;
    return g;
}

static int64_t numbers_out(const lab *l, mlk_conv2d_pass pass)
{
    return pass == MLK_FORWARD ? l->dy->size : l->in[pass == MLK_DX ? 0 : 1]->size;
}

/* One body of one pass, with the one or the other matrix product in it. `judge` gets the numbers of the first. */
static int run_body(bench *b, ml_kernel product, const char *name, ml_real **judge)
{
    static const char *const passes[] = {"forward", "dx", "dw"};
    lab *l = b->l;
    int64_t n = numbers_out(l, b->pass);
    size_t bytes = mlk_conv2d_body_workspace(b->body, product, &b->a.g, b->pass);
    char label[32];
    b->a.kernel = product;
    if (posix_memalign(&b->a.work, 64, bytes + 1))
        return lab_fail("out of memory: %s wants %zu bytes", name, bytes);
    bool chosen = mlk_conv2d_choose(product, &b->a.g, b->pass) == b->body;
    snprintf(label, sizeof label, "%s%s", name, chosen ? " *" : "");
    lab_time time = lab_measure(run, b, l->value[LAB_REPEAT]);
    double difference = *judge ? lab_difference(b->a.out, *judge, n) : -1;
    if (!*judge && (*judge = malloc((size_t)n * sizeof **judge + 1)))
        memcpy(*judge, b->a.out, (size_t)n * sizeof **judge);
    lab_print_row(l, passes[b->pass], label, time, l->flops, difference);
    free(b->a.work);
    if (difference <= lab_tolerance(l))
        return 0;
    lab_fail("%s of %s is not that of the first body: the largest difference is %.2g, and rounding explains %.2g",
             passes[b->pass], name, difference, lab_tolerance(l));
    return 1;
}

/* Those that fit, the definition first. A body that multiplies matrices does so by BLAS and by our own product. */
static int run_pass(bench *b, bool no_ref)
{
    ml_real *judge = NULL;
    int status = 0;
    for (int body = no_ref ? MLK_CONV2D_REF + 1 : MLK_CONV2D_REF; body < MLK_CONV2D_BODIES && !status; body++) {
        b->body = (mlk_conv2d_body)body;
        if (!mlk_conv2d_fits(b->body, &b->a.g))
            continue;
        char name[24];
        bool multiplies = body == MLK_CONV2D_GEMM || body == MLK_CONV2D_IM2COL;
        if (multiplies && mlk_have_blas()) {
            snprintf(name, sizeof name, "%s, blas", mlk_conv2d_body_name(b->body));
            status = run_body(b, ML_KERNEL_BLAS, name, &judge);
        }
        snprintf(name, sizeof name, "%s%s", mlk_conv2d_body_name(b->body), multiplies ? ", fast" : "");
        if (!status)
            status = run_body(b, body == MLK_CONV2D_REF ? ML_KERNEL_REF : ML_KERNEL_FAST, name, &judge);
    }
    free(judge);
    return status;
}

int lab_conv_bodies(lab *l)
{
    bench b = {.l = l, .a = {.g = geometry(l), .x = l->in[0]->data, .w = l->in[1]->data, .dy = l->dy->data}};
    int status = 0;
    lab_print_header("body of conv2d.h");
    for (int pass = MLK_FORWARD; pass <= MLK_DW && !status; pass++) {
        b.pass = (mlk_conv2d_pass)pass;
        b.a.out = malloc((size_t)numbers_out(l, b.pass) * sizeof *b.a.out + 1);
        status = b.a.out ? run_pass(&b, l->no_ref) : lab_fail("out of memory");
        free(b.a.out);
    }
    char *why = status ? NULL : ml_conv_explain(l->in[0]->shape, l->in[1]->shape, lab_conv2d_opts(l), ML_KERNEL_FAST);
    if (why)
        printf("* what the choice picks: by ref, blas or fast. By fast:\n%s", why);
    free(why);
    return status;
}
