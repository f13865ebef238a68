/* ops_matmul.c -- the ops on matrices: check, allocate, call the kernel, record. */
#include "autograd/tape.h"
#include "kernels/bmm.h"
#include "kernels/linear.h"

#include <mlcore/ops.h>

#include <string.h>

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

/* ---- matmul, and bmm: the same by the batch ----
 *
 * C = A' B', where A' is A or its transpose. With C's gradient G:  dA' = G B'^T,  dB' = A'^T G.  When A' = A^T the
 * gradient of A is the transpose of that: dA = B' G^T. Written with strides, each is one product. */

typedef struct operand {
    const ml_real *v;
    int64_t rows, cols, row, col; /* extents and strides */
    int64_t next;                 /* from one matrix to the next; 0: one for all products */
} operand;

/* The last two axes of x as a matrix, over the numbers v. */
static operand read_as(const ml_tensor *x, const ml_real *v, bool transpose)
{
    int64_t rows = x->shape[x->rank - 2], cols = x->shape[x->rank - 1], next = x->rank > 2 ? rows * cols : 0;
    operand plain = {v, rows, cols, cols, 1, next}, turned = {v, cols, rows, 1, cols, next};
    return transpose ? turned : plain;
}

static operand turn(operand x)
{
    return (operand){x.v, x.cols, x.rows, x.col, x.row, x.next};
}

/* Where a product goes. */
typedef struct target {
    ml_real *v;
    bool add;
    int64_t next, count;
} target;

static mlk_bmm_args product(target c, operand a, operand b)
{
    mlk_gemm_args first = {.m = a.rows, .n = b.cols, .k = a.cols, .a = a.v, .a_row = a.row, .a_col = a.col, .b = b.v,
                           .b_row = b.row, .b_col = b.col, .c = c.v, .c_row = b.cols, .add = c.add};
    return (mlk_bmm_args){first, c.count, a.next, b.next, c.next};
}

static bool run_all(ml_tape *t, const mlk_bmm_args *b)
{
    void *work = NULL;
    size_t bytes = mlk_bmm_workspace(mli_kernel(t), b);
    if (bytes && !(work = mli_workspace(t, bytes)))
        return false;
    mlk_bmm(mli_kernel(t), b, work);
    return true;
}

typedef struct way {
    bool turn_a, turn_b;
    int64_t count; /* products */
} way;

static void multiply_backward(ml_tape *t, const ml_node *node)
{
    const way *w = node->saved;
    operand a = read_as(node->in[0], node->in[0]->data, w->turn_a);
    operand b = read_as(node->in[1], node->in[1]->data, w->turn_b);
    operand g = read_as(node->out, mli_dout(node), false);
    mli_dx da = mli_din(t, node, 0);
    if (da.v) {
        target to = {da.v, da.add, a.next, w->count};
        mlk_bmm_args p = w->turn_a ? product(to, b, turn(g)) : product(to, g, turn(b));
        run_all(t, &p);
    }
    mli_dx db = mli_din(t, node, 1); /* after da: they may be one tensor */
    if (db.v) {
        target to = {db.v, db.add, b.next, w->count};
        mlk_bmm_args p = w->turn_b ? product(to, turn(g), a) : product(to, turn(a), g);
        run_all(t, &p);
    }
}

static const ml_op MATMUL = {"matmul", multiply_backward};
static const ml_op BMM = {"bmm", multiply_backward};

/* Both have rank 2 at least, and axes before the last two that fit. */
static ml_tensor *multiply(ml_tape *t, const ml_op *op, ml_tensor *a, ml_tensor *b, way w)
{
    char sa[160], sb[160];
    operand oa = read_as(a, a->data, w.turn_a), ob = read_as(b, b->data, w.turn_b);
    if (oa.cols != ob.rows)
        return mli_stick(t, ML_EINVAL, "%s: a is %s%s but b is %s%s: inner sizes %lld and %lld differ", op->name,
                         ml_shape_text(a, sa, sizeof sa), w.turn_a ? " transposed" : "", ml_shape_text(b, sb, sizeof sb),
                         w.turn_b ? " transposed" : "", (long long)oa.cols, (long long)ob.rows);
    int64_t shape[ML_MAX_RANK];
    int rank = a->rank > b->rank ? a->rank : b->rank;
    w.count = 1;
    for (int d = 0; d < rank - 2; d++)
        w.count *= shape[d] = (a->rank == rank ? a : b)->shape[d];
    shape[rank - 2] = oa.rows;
    shape[rank - 1] = ob.cols;
    ml_tensor *y = mli_out(t, rank, shape), *in[] = {a, b};
    way *saved = y ? mli_saved(t, sizeof *saved) : NULL;
    if (!saved)
        return NULL;
    *saved = w;
    mlk_bmm_args p = product((target){y->data, false, read_as(y, y->data, false).next, w.count}, oa, ob);
    return run_all(t, &p) && mli_record_saved(t, op, y, 2, in, saved) ? y : NULL;
}

ml_tensor *ml_matmul_t(ml_tape *t, ml_tensor *a, ml_tensor *b, bool transpose_a, bool transpose_b)
{
    char sa[160], sb[160];
    if (!mli_ready(t, "matmul", 2, a, b))
        return NULL;
    if (a->rank != 2 || b->rank != 2)
        return mli_stick(t, ML_EINVAL, "matmul: a is %s and b is %s: wanted two matrices",
                         ml_shape_text(a, sa, sizeof sa), ml_shape_text(b, sb, sizeof sb));
    return multiply(t, &MATMUL, a, b, (way){transpose_a, transpose_b, 1});
}

ml_tensor *ml_matmul(ml_tape *t, ml_tensor *a, ml_tensor *b)
{
    return ml_matmul_t(t, a, b, false, false);
}

ml_tensor *ml_bmm(ml_tape *t, ml_tensor *a, ml_tensor *b, bool transpose_a, bool transpose_b)
{
    char sa[160], sb[160];
    if (!mli_ready(t, "bmm", 2, a, b))
        return NULL;
    ml_shape_text(a, sa, sizeof sa);
    ml_shape_text(b, sb, sizeof sb);
    if (a->rank < 2 || b->rank < 2)
        return mli_stick(t, ML_EINVAL, "bmm: a is %s and b is %s: wanted matrices in the last two axes of both", sa, sb);
    size_t leading = (size_t)(a->rank - 2) * sizeof a->shape[0];
    bool shared = a->rank == 2 || b->rank == 2;
    if (!shared && (a->rank != b->rank || memcmp(a->shape, b->shape, leading) != 0))
        return mli_stick(t, ML_EINVAL, "bmm: a is %s but b is %s: the axes before the last two differ, and neither is one matrix",
                         sa, sb);
    return multiply(t, &BMM, a, b, (way){transpose_a, transpose_b, 1});
}
