/* ops_matmul.c -- the ops on matrices: check, allocate, call the kernel, record. */
#include "autograd/tape.h"
#include "kernels/linear.h"

#include <mlcore/ops.h>

/* Runs a product in the tape's kernel, with the tape's workspace. */
static bool run(ml_tape *t, const mlk_gemm_args *g)
{
    void *work = NULL;
    size_t bytes = mlk_gemm_workspace(mli_kernel(t), g);
    if (bytes && !(work = mli_workspace(t, bytes)))
        return false;
    mlk_gemm(mli_kernel(t), g, work);
    return true;
}

/* ---- linear ---- */

static void linear_backward(ml_tape *t, const ml_node *node)
{
    const ml_tensor *x = node->in[0], *w = node->in[1];
    const ml_real *dy = mli_dout(node);
    int64_t n = x->shape[0], d = x->shape[1], m = w->shape[0];
    mli_dx dx = mli_din(t, node, 0), dw = mli_din(t, node, 1), db = mli_din(t, node, 2);
    if (dx.v) {
        mlk_gemm_args g = mlk_linear_dx(dx.v, dx.add, dy, w->data, n, d, m);
        run(t, &g);
    }
    if (dw.v) {
        mlk_gemm_args g = mlk_linear_dw(dw.v, dw.add, dy, x->data, n, d, m);
        run(t, &g);
    }
    if (db.v)
        mlk_linear_db(db.v, db.add, dy, n, m);
}

static const ml_op LINEAR = {"linear", linear_backward};

ml_tensor *ml_linear(ml_tape *t, ml_tensor *x, ml_tensor *w, ml_tensor *b)
{
    char sx[160], sw[160], sb[160];
    if (!mli_ready(t, "linear", 2, x, w))
        return NULL;
    if (x->rank != 2 || w->rank != 2 || x->shape[1] != w->shape[1])
        return mli_stick(t, ML_EINVAL, "linear: x is %s and w is %s: wanted (N,D) and (M,D)",
                         ml_shape_text(x, sx, sizeof sx), ml_shape_text(w, sw, sizeof sw));
    if (b && (b->rank != 1 || b->shape[0] != w->shape[0]))
        return mli_stick(t, ML_EINVAL, "linear: b is %s but w is %s: wanted (%lld)", ml_shape_text(b, sb, sizeof sb),
                         ml_shape_text(w, sw, sizeof sw), (long long)w->shape[0]);
    int64_t shape[2] = {x->shape[0], w->shape[0]};
    ml_tensor *y = mli_out(t, 2, shape);
    if (!y)
        return NULL;
    mlk_gemm_args g =
        mlk_linear_forward(y->data, x->data, w->data, b ? b->data : NULL, shape[0], x->shape[1], shape[1]);
    ml_tensor *in[] = {x, w, b};
    return run(t, &g) && mli_record(t, &LINEAR, y, 3, in) ? y : NULL;
}

/* ---- matmul ----
 *
 * C = A' B', where A' is A or its transpose. With C's gradient G:  dA' = G B'^T,  dB' = A'^T G.  When A' = A^T the
 * gradient of A is the transpose of that: dA = B' G^T. Written with strides, each is one product. */

typedef struct operand {
    const ml_real *v;
    int64_t rows, cols, row, col; /* extents and strides */
} operand;

static operand read_as(const ml_real *v, int64_t rows, int64_t cols, bool transpose)
{
    operand plain = {v, rows, cols, cols, 1}, turned = {v, cols, rows, 1, cols};
    return transpose ? turned : plain;
}

static operand turn(operand x)
{
    return (operand){x.v, x.cols, x.rows, x.col, x.row};
}

static mlk_gemm_args product(ml_real *c, bool add, operand a, operand b)
{
    return (mlk_gemm_args){.m = a.rows, .n = b.cols, .k = a.cols, .a = a.v, .a_row = a.row, .a_col = a.col, .b = b.v,
                           .b_row = b.row, .b_col = b.col, .c = c, .c_row = b.cols, .add = add};
}

typedef struct turned {
    bool a, b;
} turned;

static void matmul_backward(ml_tape *t, const ml_node *node)
{
    const ml_tensor *ta = node->in[0], *tb = node->in[1];
    const turned *s = node->saved;
    operand a = read_as(ta->data, ta->shape[0], ta->shape[1], s->a);
    operand b = read_as(tb->data, tb->shape[0], tb->shape[1], s->b);
    operand g = read_as(mli_dout(node), a.rows, b.cols, false);
    mli_dx da = mli_din(t, node, 0);
    if (da.v) {
        mlk_gemm_args p = s->a ? product(da.v, da.add, b, turn(g)) : product(da.v, da.add, g, turn(b));
        run(t, &p);
    }
    mli_dx db = mli_din(t, node, 1); /* after da: they may be one tensor */
    if (db.v) {
        mlk_gemm_args p = s->b ? product(db.v, db.add, turn(g), a) : product(db.v, db.add, turn(a), g);
        run(t, &p);
    }
}

static const ml_op MATMUL = {"matmul", matmul_backward};

ml_tensor *ml_matmul_t(ml_tape *t, ml_tensor *a, ml_tensor *b, bool transpose_a, bool transpose_b)
{
    char sa[160], sb[160];
    if (!mli_ready(t, "matmul", 2, a, b))
        return NULL;
    if (a->rank != 2 || b->rank != 2)
        return mli_stick(t, ML_EINVAL, "matmul: a is %s and b is %s: wanted two matrices",
                         ml_shape_text(a, sa, sizeof sa), ml_shape_text(b, sb, sizeof sb));
    operand oa = read_as(a->data, a->shape[0], a->shape[1], transpose_a);
    operand ob = read_as(b->data, b->shape[0], b->shape[1], transpose_b);
    if (oa.cols != ob.rows)
        return mli_stick(t, ML_EINVAL, "matmul: a is %s%s but b is %s%s: inner sizes %lld and %lld differ",
                         ml_shape_text(a, sa, sizeof sa), transpose_a ? " transposed" : "",
                         ml_shape_text(b, sb, sizeof sb), transpose_b ? " transposed" : "", (long long)oa.cols,
                         (long long)ob.rows);
    int64_t shape[2] = {oa.rows, ob.cols};
    ml_tensor *y = mli_out(t, 2, shape), *in[] = {a, b};
    turned *saved = y ? mli_saved(t, sizeof *saved) : NULL;
    if (!saved)
        return NULL;
    *saved = (turned){transpose_a, transpose_b};
    mlk_gemm_args p = product(y->data, false, oa, ob);
    return run(t, &p) && mli_record_saved(t, &MATMUL, y, 2, in, saved) ? y : NULL;
}

ml_tensor *ml_matmul(ml_tape *t, ml_tensor *a, ml_tensor *b)
{
    return ml_matmul_t(t, a, b, false, false);
}
