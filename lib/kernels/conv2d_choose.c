/* conv2d_choose.c -- which body of the convolution runs: the one place where that is decided. See conv2d.c. */
#include "kernels/conv2d.h"

#include "kernels/gemm_fast.h"
#include "kernels/lanes.h"

/* ---- the choice ---- */

/* The output_pad of a transposed convolution may make the one picture larger than the other. */
static bool is_pointwise(const mlk_conv2d *g)
{
    return g->r == 1 && g->s == 1 && g->stride[0] == 1 && g->stride[1] == 1 && g->pad[0] == 0 && g->pad[1] == 0 &&
           g->p == g->h && g->q == g->w;
}

/* dx as a convolution over dy has a window for each pixel of x. With a stride most of it looks at nothing, and so it does where
 * the window is large and the picture small. */
static bool turning_wastes(const mlk_conv2d *g)
{
    return g->stride[0] > 1 || g->stride[1] > 1 || 2 * g->h * g->w > 3 * g->p * g->q;
}

mlk_conv2d_body mlk_conv2d_choose(ml_kernel kernel, const mlk_conv2d *g, mlk_conv2d_pass pass)
{
    if (kernel == ML_KERNEL_REF)
        return MLK_CONV2D_REF;
    if (g->groups == 1 && is_pointwise(g))
        return MLK_CONV2D_GEMM;
    if (kernel == ML_KERNEL_FAST && g->groups == g->c && g->f == g->c)
        return MLK_CONV2D_DEPTHWISE;
    if (kernel == ML_KERNEL_BLAS || g->groups > 1 || (pass == MLK_DX && turning_wastes(g)))
        return MLK_CONV2D_IM2COL;
    if ((pass == MLK_FORWARD && g->f <= MR) || (pass == MLK_DX && g->c <= MR))
        return MLK_CONV2D_FEW;
    return MLK_CONV2D_IMPLICIT;
}

/* ---- the bodies ---- */

typedef struct body {
    const char *name;
    void (*run[3])(const mlk_conv2d_args *a); /* forward, dx, dw; NULL: there is none */
    size_t (*workspace[3])(ml_kernel kernel, const mlk_conv2d *g);
    bool finishes; /* forward heeds plus and relu */
    size_t (*packed_size)(const mlk_conv2d *g); /* NULL: w is read as it lies */
    void (*pack)(const mlk_conv2d_args *a, void *packed);
} body;

#define THREE(f) {f, f, f}
#define WINOGRAD(m)                                                                                            \
    {.name = "winograd" #m,                                                                                        \
     .run = {mlk_conv2d_winograd##m, mlk_conv2d_winograd##m##_dx, mlk_conv2d_winograd##m##_dw},                    \
     .workspace = {mlk_conv2d_winograd##m##_workspace, mlk_conv2d_winograd##m##_workspace,                         \
                   mlk_conv2d_winograd##m##_dw_workspace},                                                         \
     .finishes = true,                                                                                             \
     .packed_size = mlk_conv2d_winograd##m##_packed_size,                                                          \
     .pack = mlk_conv2d_winograd##m##_pack}

static const body BODIES[MLK_CONV2D_BODIES] = {
    [MLK_CONV2D_REF] = {.name = "ref", .run = {mlk_conv2d_ref, mlk_conv2d_dx_ref, mlk_conv2d_dw_ref}, .finishes = true},
    [MLK_CONV2D_GEMM] = {.name = "gemm",
                         .run = {mlk_conv2d_gemm, mlk_conv2d_gemm_dx, mlk_conv2d_gemm_dw},
                         .workspace = THREE(mlk_conv2d_gemm_workspace)},
    [MLK_CONV2D_IM2COL] = {.name = "im2col",
                           .run = {mlk_conv2d_im2col, mlk_conv2d_im2col_dx, mlk_conv2d_im2col_dw},
                           .workspace = THREE(mlk_conv2d_im2col_workspace)},
    [MLK_CONV2D_IMPLICIT] = {.name = "implicit",
                             .run = {mlk_conv2d_implicit, mlk_conv2d_implicit_dx, mlk_conv2d_implicit_dw},
                             .workspace = {mlk_conv2d_implicit_workspace, mlk_conv2d_implicit_workspace,
                                           mlk_conv2d_implicit_dw_workspace},
                             .finishes = true,
                             .packed_size = mlk_conv2d_implicit_packed_size,
                             .pack = mlk_conv2d_implicit_pack},
    [MLK_CONV2D_FEW] = {.name = "few",
                        .run = {mlk_conv2d_few, mlk_conv2d_few_dx, NULL},
                        .workspace = {mlk_conv2d_few_workspace, mlk_conv2d_few_workspace, NULL}},
    [MLK_CONV2D_DEPTHWISE] = {.name = "depthwise",
                              .run = {mlk_conv2d_depthwise, mlk_conv2d_depthwise_dx, mlk_conv2d_depthwise_dw},
                              .workspace = THREE(mlk_conv2d_depthwise_workspace)},
    [MLK_CONV2D_WINOGRAD4] = WINOGRAD(4),
    [MLK_CONV2D_WINOGRAD2] = WINOGRAD(2),
};

const char *mlk_conv2d_body_name(mlk_conv2d_body body)
{
    return BODIES[body].name;
}

bool mlk_conv2d_fits(mlk_conv2d_body body, const mlk_conv2d *g, mlk_conv2d_pass pass)
{
    bool dense = g->groups == 1, strided = g->stride[0] > 1 || g->stride[1] > 1;
    switch (body) {
    case MLK_CONV2D_GEMM:
        return dense && is_pointwise(g);
    case MLK_CONV2D_IMPLICIT:
        return dense && !(pass == MLK_DX && strided);
    case MLK_CONV2D_FEW:
        return dense && ((pass == MLK_FORWARD && g->f <= MR) || (pass == MLK_DX && g->c <= MR && !strided));
    case MLK_CONV2D_DEPTHWISE:
        return g->groups == g->c && g->f == g->c;
    case MLK_CONV2D_WINOGRAD4:
    case MLK_CONV2D_WINOGRAD2:
        return dense && !strided && g->r == 3 && g->s == 3 && g->dil[0] == 1 && g->dil[1] == 1;
    default:
        return true;
    }
}

size_t mlk_conv2d_body_workspace(mlk_conv2d_body body, ml_kernel kernel, const mlk_conv2d *g, mlk_conv2d_pass pass)
{
    return BODIES[body].workspace[pass] ? BODIES[body].workspace[pass](kernel, g) : 0;
}

typedef struct finish_job {
    const mlk_conv2d_args *a;
    int64_t row; /* numbers of a row of pixels */
} finish_job;

static void finish_rows(void *arg, mlk_lane l)
{
    const finish_job *j = arg;
    mlk_conv2d_finish(j->a, l.begin * j->row, l.end * j->row);
}

void mlk_conv2d_run(mlk_conv2d_body body, mlk_conv2d_pass pass, const mlk_conv2d_args *a)
{
    BODIES[body].run[pass](a);
    if (pass != MLK_FORWARD || BODIES[body].finishes || !(a->plus || a->relu))
        return;
    finish_job j = {a, a->g.q * a->g.f};
    mlk_run_items(a->g.n * a->g.p, j.row, finish_rows, &j);
}

size_t mlk_conv2d_body_packed_size(mlk_conv2d_body body, const mlk_conv2d *g)
{
    return BODIES[body].packed_size ? BODIES[body].packed_size(g) : 0;
}

void mlk_conv2d_body_pack(mlk_conv2d_body body, const mlk_conv2d_args *a, void *packed)
{
    if (BODIES[body].pack)
        BODIES[body].pack(a, packed);
}

/* ---- the passes ---- */

size_t mlk_conv2d_workspace(ml_kernel kernel, const mlk_conv2d *g)
{
    size_t most = MLK_LANES_MAX * (size_t)g->f * sizeof(ml_real); /* of db */
    for (int pass = MLK_FORWARD; pass <= MLK_DW; pass++) {
        mlk_conv2d_body chosen = mlk_conv2d_choose(kernel, g, (mlk_conv2d_pass)pass);
        size_t bytes = mlk_conv2d_body_workspace(chosen, kernel, g, (mlk_conv2d_pass)pass);
        most = bytes > most ? bytes : most;
    }
    return most;
}

static void run(const mlk_conv2d_args *a, mlk_conv2d_pass pass)
{
    mlk_conv2d_run(mlk_conv2d_choose(a->kernel, &a->g, pass), pass, a);
}

void mlk_conv2d_forward(const mlk_conv2d_args *a)
{
    run(a, MLK_FORWARD);
}

void mlk_conv2d_dx(const mlk_conv2d_args *a)
{
    run(a, MLK_DX);
}

void mlk_conv2d_dw(const mlk_conv2d_args *a)
{
    run(a, MLK_DW);
}

size_t mlk_conv2d_packed_size(ml_kernel kernel, const mlk_conv2d *g)
{
    return mlk_conv2d_body_packed_size(mlk_conv2d_choose(kernel, g, MLK_FORWARD), g);
}

void mlk_conv2d_pack(const mlk_conv2d_args *a, void *packed)
{
    mlk_conv2d_body_pack(mlk_conv2d_choose(a->kernel, &a->g, MLK_FORWARD), a, packed);
}
