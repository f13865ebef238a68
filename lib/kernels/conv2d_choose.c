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

/* dx as convolutions over dy has a window for each pixel of x. Where the window is large and the picture small, most of it looks at
 * nothing. */
static bool turning_wastes(const mlk_conv2d *g)
{
    return 2 * g->h * g->w > 3 * g->p * g->stride[0] * g->q * g->stride[1];
}

/* Windows of c channels that are so short that packing them costs more than it saves. Measured, as all limits here, by
 * benchmarks/conv.py --bodies. */
enum { FEW_CHANNELS = 32, FEW_STEPS = 320, NARROW = 64 };

static bool is_short(const mlk_conv2d *g, int64_t c)
{
    return c <= FEW_CHANNELS && g->r * g->s * c <= FEW_STEPS;
}

/* dx with a stride writes the pixels of x a phase at a time. Where a pixel is but a few lines of the cache, adding up windows is faster. */
static bool phases_lie_apart(const mlk_conv2d *g, mlk_conv2d_pass pass)
{
    return pass == MLK_DX && (g->stride[0] > 1 || g->stride[1] > 1) && g->c / g->groups <= NARROW;
}

/* Enough channels and filters for the transforms to be little beside the products, and enough tiles for the weights', which are
 * larger than the weights, to be read. Tiles of 2 where they take no more products than tiles of 4, that is for few or odd pixels: they
 * are more exact. */
static bool through_points(const mlk_conv2d *g, int m)
{
    enum { CHANNELS = 8, PRODUCT = 128, TILES = 16 };
    const int64_t down = (g->p + 3) / 4, across = (g->q + 3) / 4, tiles = g->n * down * across;
    const bool two = 16 * ((g->p + 1) / 2) * ((g->q + 1) / 2) <= 36 * down * across;
    return mlk_conv2d_fits(MLK_CONV2D_WINOGRAD4, g) && g->c >= CHANNELS && g->f >= CHANNELS &&
           g->c * g->f >= PRODUCT && tiles >= TILES && (m == 2) == two;
}

static mlk_conv2d_choice by_shape(ml_kernel kernel, const mlk_conv2d *g, mlk_conv2d_pass pass)
{
#define CHOICE(body, why) (mlk_conv2d_choice){MLK_CONV2D_##body, why, false}
    if (kernel == ML_KERNEL_REF)
        return CHOICE(REF, "the tape asks for the plain loops");
    if (g->groups == 1 && is_pointwise(g))
        return CHOICE(GEMM, "the window is one pixel: the picture is a matrix already");
    if (kernel == ML_KERNEL_BLAS)
        return CHOICE(IM2COL, "the tape asks for BLAS, which wants its matrices in memory");
    if (g->groups > 1 && g->groups == g->c && g->f == g->c)
        return CHOICE(DEPTHWISE, "each channel has one filter of its own");
    if (g->groups > 1 && phases_lie_apart(g, pass) && g->c / g->groups >= FEW_CHANNELS)
        return CHOICE(IM2COL, "the pixels of a phase lie apart, and are few numbers each");
    if (g->groups > 1)
        return CHOICE(DIRECT, "each group is a convolution of few channels");
    if (through_points(g, 4))
        return CHOICE(WINOGRAD4, "3x3 and channels enough: a quarter of the products");
    if (through_points(g, 2))
        return CHOICE(WINOGRAD2, "3x3, and tiles of 2 waste fewer products here than of 4");
    if (pass == MLK_DX && g->c <= MR && g->f > MR)
        return CHOICE(IM2COL, "channels are so few that windows are added up instead");
    if (pass == MLK_DX && turning_wastes(g))
        return CHOICE(IM2COL, "a turned window would look mostly at nothing");
    if (phases_lie_apart(g, pass) && !is_short(g, g->f))
        return CHOICE(IM2COL, "the pixels of a phase lie apart, and are few numbers each");
    if (is_short(g, pass == MLK_DX ? g->f : g->c))
        return CHOICE(DIRECT, "windows are so short that packing them would not pay");
    if (pass == MLK_FORWARD && g->f <= MR)
        return CHOICE(DIRECT, "filters are so few that vectors hold pixels instead");
    return CHOICE(IMPLICIT, "the product packs its strips straight from the picture");
#undef CHOICE
}

mlk_conv2d_choice mlk_conv2d_decide(ml_kernel kernel, const mlk_conv2d *g, mlk_conv2d_pass pass)
{
    mlk_conv2d_choice c = by_shape(kernel, g, pass);
    int asked = mlk_conv2d_asked();
    if (asked < 0 || kernel == ML_KERNEL_REF) /* the judge stays the judge */
        return c;
    if (mlk_conv2d_fits((mlk_conv2d_body)asked, g))
        return (mlk_conv2d_choice){(mlk_conv2d_body)asked, "MLCORE_CONV_ALGO asks for it", false};
    c.refused = true;
    return c;
}

mlk_conv2d_body mlk_conv2d_choose(ml_kernel kernel, const mlk_conv2d *g, mlk_conv2d_pass pass)
{
    return mlk_conv2d_decide(kernel, g, pass).body;
}

/* ---- the bodies ---- */

typedef struct body {
    const char *name;
    void (*run[3])(const mlk_conv2d_args *a); /* forward, dx, dw */
    size_t (*workspace[3])(ml_kernel kernel, const mlk_conv2d *g); /* NULL: none is wanted */
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
                             .workspace = {mlk_conv2d_implicit_workspace, mlk_conv2d_implicit_dx_workspace,
                                           mlk_conv2d_implicit_dw_workspace},
                             .finishes = true,
                             .packed_size = mlk_conv2d_implicit_packed_size,
                             .pack = mlk_conv2d_implicit_pack},
    [MLK_CONV2D_DIRECT] = {.name = "direct",
                           .run = {mlk_conv2d_direct, mlk_conv2d_direct_dx, mlk_conv2d_direct_dw},
                           .workspace = {mlk_conv2d_direct_workspace, mlk_conv2d_direct_dx_workspace,
                                         mlk_conv2d_direct_dw_workspace},
                           .finishes = true,
                           .packed_size = mlk_conv2d_direct_packed_size,
                           .pack = mlk_conv2d_direct_pack},
    [MLK_CONV2D_DEPTHWISE] = {.name = "depthwise",
                              .run = {mlk_conv2d_depthwise, mlk_conv2d_depthwise_dx, mlk_conv2d_depthwise_dw},
                              .workspace = {mlk_conv2d_depthwise_workspace, mlk_conv2d_depthwise_dx_workspace,
                                            mlk_conv2d_depthwise_dw_workspace},
                              .finishes = true,
                              .packed_size = mlk_conv2d_depthwise_packed_size,
                              .pack = mlk_conv2d_depthwise_pack},
    [MLK_CONV2D_WINOGRAD4] = WINOGRAD(4),
    [MLK_CONV2D_WINOGRAD2] = WINOGRAD(2),
};

const char *mlk_conv2d_body_name(mlk_conv2d_body body)
{
    return BODIES[body].name;
}

bool mlk_conv2d_fits(mlk_conv2d_body body, const mlk_conv2d *g)
{
    bool dense = g->groups == 1, strided = g->stride[0] > 1 || g->stride[1] > 1;
    switch (body) {
    case MLK_CONV2D_GEMM:
        return dense && is_pointwise(g);
    case MLK_CONV2D_IMPLICIT:
        return dense;
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
