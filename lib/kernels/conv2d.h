/* conv2d.h -- convolution of images, in several bodies. See conv2d.c for the definition. Internal. */
#ifndef MLK_CONV2D_H
#define MLK_CONV2D_H

#include "base/base.h"

/* x (N,H,W,C), w (F,R,S,C/groups), y (N,P,Q,F). Strides, padding and dilation: [0] along H, [1] along W. */
typedef struct mlk_conv2d {
    int64_t n, h, w, c;
    int64_t f, r, s;
    int64_t p, q;
    int64_t stride[2], pad[2], dil[2];
    int64_t groups;
} mlk_conv2d;

/* Pixels of the output, over all images: the rows of y. */
static inline int64_t mlk_conv2d_pixels(const mlk_conv2d *g)
{
    return g->n * g->p * g->q;
}

typedef enum mlk_conv2d_pass { MLK_FORWARD, MLK_DX, MLK_DW } mlk_conv2d_pass;

/* Which body runs. */
typedef enum mlk_conv2d_body {
    MLK_CONV2D_REF,       /* the definition, six loops */
    MLK_CONV2D_GEMM,      /* a 1x1 window: the image is a matrix already */
    MLK_CONV2D_IM2COL,    /* windows copied out as rows of a matrix, blocks of it times the weights, by gemm */
    MLK_CONV2D_IMPLICIT,  /* the same product, its operand packed straight from the image */
    MLK_CONV2D_DIRECT,    /* few channels or filters: nothing packed, the picture read where it lies */
    MLK_CONV2D_DEPTHWISE, /* each channel has one filter of its own */
    MLK_CONV2D_WINOGRAD4, /* 3x3 windows through six points: tiles of 4 x 4 outputs, a quarter of the products */
    MLK_CONV2D_WINOGRAD2, /* the same with tiles of 2 x 2 and four points: four ninths */
    MLK_CONV2D_BODIES
} mlk_conv2d_body;

/* The choice, by the shape and by what the tape asks for: the one place where a body is picked. */
typedef struct mlk_conv2d_choice {
    mlk_conv2d_body body;
    const char *why; /* behind "since", 60 characters at most */
    bool refused;    /* MLCORE_CONV_ALGO names another body, which does not fit */
} mlk_conv2d_choice;
mlk_conv2d_choice mlk_conv2d_decide(ml_kernel kernel, const mlk_conv2d *g, mlk_conv2d_pass pass);
mlk_conv2d_body mlk_conv2d_choose(ml_kernel kernel, const mlk_conv2d *g, mlk_conv2d_pass pass);
/* Whether a body can do it at all, chosen or not: all three passes, or none. */
bool mlk_conv2d_fits(mlk_conv2d_body body, const mlk_conv2d *g);
const char *mlk_conv2d_body_name(mlk_conv2d_body body);

/* The environment variable MLCORE_CONV_ALGO: a body's name, or auto. Read once, at the first convolution, so that a workspace and
 * what runs in it agree; forgetting is for tests. */
enum { MLK_ASKED_AUTO = -1, MLK_ASKED_UNKNOWN = -2 }; /* as auto, but an op refuses it */
int mlk_conv2d_asked(void); /* a body, or one of these */
void mlk_conv2d_asked_forget(void);

/* What one pass reads and writes. */
typedef struct mlk_conv2d_args {
    mlk_conv2d g;
    ml_kernel kernel; /* of the matrix products in it */
    const ml_real *x, *w, *b, *dy; /* b may be NULL */
    ml_real *out;     /* y, dx or dw */
    bool add;         /* added to what is there; forward: not together with b */
    void *work;       /* as many bytes as asked for, on a 64-byte boundary */
    /* Of the forward pass, for nets that only predict: */
    const ml_real *plus; /* (N,P,Q,F), added to the sum, apart from out; or NULL */
    bool relu;           /* y = max(0, .) of all that; NaN stays */
    const void *packed;  /* what mlk_conv2d_body_pack made, for this g; NULL: w is read, and made ready in work */
} mlk_conv2d_args;

/* Bytes of workspace: enough for each of the three passes, and for db. */
size_t mlk_conv2d_workspace(ml_kernel kernel, const mlk_conv2d *g);
/* out = y = x * w + b; out = dx from dy and w; out = dw from dy and x. Same bits for any number of threads. */
void mlk_conv2d_forward(const mlk_conv2d_args *a);
void mlk_conv2d_dx(const mlk_conv2d_args *a);
void mlk_conv2d_dw(const mlk_conv2d_args *a);
/* out = db (F) = sum over n, p, q of dy */
void mlk_conv2d_db(const mlk_conv2d_args *a);

/* The same for one body, which must fit: the lab and the tests run them all. */
size_t mlk_conv2d_body_workspace(mlk_conv2d_body body, ml_kernel kernel, const mlk_conv2d *g, mlk_conv2d_pass pass);
void mlk_conv2d_run(mlk_conv2d_body body, mlk_conv2d_pass pass, const mlk_conv2d_args *a);
/* Weights made ready once, for many forward passes, whatever N: bytes that takes, 0 where the body reads w as it lies. */
size_t mlk_conv2d_body_packed_size(mlk_conv2d_body body, const mlk_conv2d *g);
void mlk_conv2d_body_pack(mlk_conv2d_body body, const mlk_conv2d_args *a, void *packed); /* from w; on a 64-byte boundary */
/* Numbers first .. last-1 of y: what plus and relu say, for bodies that do not do it on the way. */
void mlk_conv2d_finish(const mlk_conv2d_args *a, int64_t first, int64_t last);

/* ---- the bodies, each in a file of its own; the same contract, but that plus and relu are the caller's where a body does not say
 * otherwise ---- */

void mlk_conv2d_ref(const mlk_conv2d_args *a);
void mlk_conv2d_dx_ref(const mlk_conv2d_args *a);
void mlk_conv2d_dw_ref(const mlk_conv2d_args *a);

size_t mlk_conv2d_gemm_workspace(ml_kernel kernel, const mlk_conv2d *g);
void mlk_conv2d_gemm(const mlk_conv2d_args *a);
void mlk_conv2d_gemm_dx(const mlk_conv2d_args *a);
void mlk_conv2d_gemm_dw(const mlk_conv2d_args *a);

size_t mlk_conv2d_im2col_workspace(ml_kernel kernel, const mlk_conv2d *g);
void mlk_conv2d_im2col(const mlk_conv2d_args *a);
void mlk_conv2d_im2col_dx(const mlk_conv2d_args *a);
void mlk_conv2d_im2col_dw(const mlk_conv2d_args *a);

size_t mlk_conv2d_implicit_workspace(ml_kernel kernel, const mlk_conv2d *g);
size_t mlk_conv2d_implicit_dx_workspace(ml_kernel kernel, const mlk_conv2d *g);
size_t mlk_conv2d_implicit_dw_workspace(ml_kernel kernel, const mlk_conv2d *g);
size_t mlk_conv2d_implicit_packed_size(const mlk_conv2d *g);
void mlk_conv2d_implicit_pack(const mlk_conv2d_args *a, void *packed);
void mlk_conv2d_implicit(const mlk_conv2d_args *a); /* heeds plus and relu */
void mlk_conv2d_implicit_dx(const mlk_conv2d_args *a);
void mlk_conv2d_implicit_dw(const mlk_conv2d_args *a);

size_t mlk_conv2d_direct_workspace(ml_kernel kernel, const mlk_conv2d *g);
size_t mlk_conv2d_direct_dx_workspace(ml_kernel kernel, const mlk_conv2d *g);
size_t mlk_conv2d_direct_dw_workspace(ml_kernel kernel, const mlk_conv2d *g);
size_t mlk_conv2d_direct_packed_size(const mlk_conv2d *g);
void mlk_conv2d_direct_pack(const mlk_conv2d_args *a, void *packed);
void mlk_conv2d_direct(const mlk_conv2d_args *a); /* heeds plus and relu; groups of any size */
void mlk_conv2d_direct_dx(const mlk_conv2d_args *a);
void mlk_conv2d_direct_dw(const mlk_conv2d_args *a);

size_t mlk_conv2d_depthwise_workspace(ml_kernel kernel, const mlk_conv2d *g);
size_t mlk_conv2d_depthwise_dx_workspace(ml_kernel kernel, const mlk_conv2d *g);
size_t mlk_conv2d_depthwise_dw_workspace(ml_kernel kernel, const mlk_conv2d *g);
size_t mlk_conv2d_depthwise_packed_size(const mlk_conv2d *g);
void mlk_conv2d_depthwise_pack(const mlk_conv2d_args *a, void *packed);
void mlk_conv2d_depthwise(const mlk_conv2d_args *a); /* heeds plus and relu */
void mlk_conv2d_depthwise_dx(const mlk_conv2d_args *a);
void mlk_conv2d_depthwise_dw(const mlk_conv2d_args *a);

/* 3x3, strides, dilations and groups of 1; all passes. Forward heeds plus and relu. */
#define MLK_CONV2D_WINOGRAD(m)                                                                                 \
    size_t mlk_conv2d_winograd##m##_workspace(ml_kernel kernel, const mlk_conv2d *g); /* forward and dx */         \
    size_t mlk_conv2d_winograd##m##_dw_workspace(ml_kernel kernel, const mlk_conv2d *g);                           \
    size_t mlk_conv2d_winograd##m##_packed_size(const mlk_conv2d *g);                                              \
    void mlk_conv2d_winograd##m##_pack(const mlk_conv2d_args *a, void *packed);                                    \
    void mlk_conv2d_winograd##m(const mlk_conv2d_args *a);                                                         \
    void mlk_conv2d_winograd##m##_dx(const mlk_conv2d_args *a);                                                    \
    void mlk_conv2d_winograd##m##_dw(const mlk_conv2d_args *a);
MLK_CONV2D_WINOGRAD(4)
MLK_CONV2D_WINOGRAD(2)

#endif
