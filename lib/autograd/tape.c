/* tape.c -- ops compute at once and write themselves down. The list they leave is what backward.c reads from its end.
 *
 * This file is the writing: errors that stick, memory for values, the record of an op, settings, places to rewind to.
 */
#include "autograd/inside.h"

#include <stdarg.h>
#include <string.h>

ml_tape *ml_tape_new(void)
{
    return ml_tape_open((ml_tape_opts){0});
}

ml_tape *ml_tape_open(ml_tape_opts opts)
{
    ml_tape *t = mli_calloc(1, sizeof *t);
    if (t)
        t->opts = opts;
    return t;
}

void ml_tape_free(ml_tape *t)
{
    if (!t)
        return;
    mli_arena_free(&t->values);
    mli_pool_free(&t->grads);
    mli_free(t->work);
    mli_free(t->nodes);
    mli_free(t);
}

void ml_tape_reset(ml_tape *t)
{
    if (!t)
        return;
    mli_arena_reset(&t->values);
    mli_pool_reset(&t->grads);
    t->ops = 0;
    t->unrecorded = 0;
    t->passed = false;
    t->error = ML_OK;
    t->sentence[0] = 0;
    t->step++;
    t->resets++;
}

/* ---- errors ---- */

ml_status ml_tape_error(const ml_tape *t)
{
    return t ? t->error : ML_EINVAL;
}

const char *ml_tape_error_text(const ml_tape *t)
{
    return t ? t->sentence : "the tape is NULL";
}

ml_tensor *mli_stick_last(ml_tape *t)
{
    if (t && !t->error) {
        t->error = ml_error_status() ? ml_error_status() : ML_EINVAL;
        snprintf(t->sentence, sizeof t->sentence, "%s", ml_error());
    }
    return NULL;
}

ml_tensor *mli_stick(ml_tape *t, ml_status status, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (t && t->error) /* the first error is the cause, later ones its consequences */
        return mli_null(t->error, "%s", t->sentence);
    mli_fail(status, "%s", text);
    return mli_stick_last(t);
}

bool mli_ready(ml_tape *t, const char *op, int n, ...)
{
    if (!t)
        return mli_null(ML_EINVAL, "%s: the tape is NULL", op);
    if (t->error)
        return mli_null(t->error, "%s", t->sentence);
    va_list args;
    va_start(args, n);
    int missing = -1;
    for (int i = 0; i < n && missing < 0; i++)
        if (!va_arg(args, ml_tensor *))
            missing = i;
    va_end(args);
    if (missing >= 0)
        return mli_stick(t, ML_EINVAL, "%s: input %d is NULL", op, missing);
    return true;
}

/* ---- values ---- */

enum { HEAD = (sizeof(ml_tensor) + 63) / 64 * 64 };

/* Field by field: to clear the struct first, as gcc does it, costs a tenth of an op on one number. */
static void set_tensor(ml_tensor *x, ml_real *data, int rank, const int64_t *shape, int64_t size)
{
    x->data = data;
    x->grad = NULL;
    x->rank = rank;
    for (int i = 0; i < ML_MAX_RANK; i++)
        x->shape[i] = i < rank ? shape[i] : 0;
    x->size = size;
    x->name = NULL;
    x->base = NULL;
    x->offset = 0;
    x->op = -1;
    x->on_tape = true;
    x->requires_grad = x->keep_grad = x->has_grad = x->frozen = false;
}

/* Its numbers, where it has some of its own, lie behind it: one request for both. */
static ml_tensor *tensor_on(ml_tape *t, int rank, const int64_t *shape, bool has_numbers)
{
    int64_t size;
    if (rank < 0 || rank > ML_MAX_RANK)
        return mli_stick(t, ML_EINVAL, "tensor: rank %d is not in 0 .. %d", rank, ML_MAX_RANK);
    if (!mli_shape_size(rank, shape, &size)) {
        char text[160];
        return mli_stick(t, ML_EINVAL, "tensor: shape %s is negative or too large",
                         mli_shape_text(rank, shape, text, sizeof text));
    }
    ml_tensor *x = mli_arena_take(&t->values, HEAD + (has_numbers ? (size_t)size * sizeof(ml_real) : 0));
    if (!x)
        return mli_stick_last(t);
    set_tensor(x, has_numbers ? (ml_real *)((char *)x + HEAD) : NULL, rank, shape, size);
    return x;
}

ml_tensor *mli_out(ml_tape *t, int rank, const int64_t *shape)
{
    return tensor_on(t, rank, shape, true);
}

ml_tensor *mli_view(ml_tape *t, ml_tensor *base, int64_t offset, int rank, const int64_t *shape)
{
    ml_tensor *x = tensor_on(t, rank, shape, false);
    if (!x)
        return NULL;
    x->data = base->data + offset;
    x->base = base->base ? base->base : base; /* a view of a view looks into the root */
    x->offset = base->offset + offset;
    return x;
}

void *mli_saved(ml_tape *t, size_t bytes)
{
    void *p = mli_arena_take(&t->values, bytes);
    return p ? p : (void *)mli_stick_last(t);
}

void *mli_workspace(ml_tape *t, size_t bytes)
{
    if (bytes > t->work_size) {
        mli_free(t->work);
        t->work_size = 0;
        if (!(t->work = mli_alloc(bytes)))
            return mli_stick_last(t);
        t->work_size = bytes;
    }
    return t->work;
}

ml_tensor *ml_constant(ml_tape *t, int rank, const int64_t *shape, const ml_real *values)
{
    if (!mli_ready(t, "constant", 0))
        return NULL;
    if (rank < 0 || rank > ML_MAX_RANK || (rank && !shape) || !values)
        return mli_stick(t, ML_EINVAL, "constant: rank %d, or a NULL shape or values", rank);
    ml_tensor *x = mli_out(t, rank, shape);
    if (x)
        memcpy(x->data, values, (size_t)x->size * sizeof *values);
    return x;
}

ml_tensor *ml_detach(ml_tape *t, const ml_tensor *x)
{
    if (!mli_ready(t, "detach", 1, x))
        return NULL;
    return ml_constant(t, x->rank, x->shape, x->data);
}

/* ---- recording ---- */

bool mli_wants_grad(const ml_tape *t, int n, ml_tensor *const *in)
{
    if (t->opts.no_grad)
        return false;
    for (int i = 0; i < n; i++)
        if (in[i] && in[i]->requires_grad)
            return true;
    return false;
}

static bool grow(ml_tape *t)
{
    int64_t room = t->room ? t->room * 2 : 64;
    ml_node *nodes = mli_alloc((size_t)room * sizeof *nodes);
    if (!nodes)
        return false;
    for (int64_t i = 0; i < t->ops; i++) {
        nodes[i] = t->nodes[i];
        if (nodes[i].n_in <= 2)
            nodes[i].in = nodes[i].pair;
    }
    mli_free(t->nodes);
    t->nodes = nodes;
    t->room = room;
    return true;
}

/* Its gradient would go to memory that this tape knows nothing of. Constants have none and may be anyone's. */
static bool is_stranger(const ml_tape *t, const ml_tensor *x)
{
    return x->on_tape && x->requires_grad && (x->op < 0 || x->op >= t->ops || t->nodes[x->op].out != x);
}

bool mli_record_saved(ml_tape *t, const ml_op *op, ml_tensor *out, int n, ml_tensor *const *in, void *saved)
{
    if (t->opts.no_grad) {
        t->unrecorded++;
        return true;
    }
    for (int i = 0; i < n; i++)
        if (in[i] && is_stranger(t, in[i]))
            return mli_stick(t, ML_EINVAL,
                             "%s: input %d was computed on another tape, or before this one was reset or rewound",
                             op->name, i);
    if (t->ops == t->room && !grow(t))
        return mli_stick_last(t);
    ml_node *node = &t->nodes[t->ops];
    *node = (ml_node){.op = op, .out = out, .in = node->pair, .n_in = n, .saved = saved};
    if (n > 2 && !(node->in = mli_arena_take(&t->values, (size_t)n * sizeof(ml_tensor *))))
        return mli_stick_last(t);
    for (int i = 0; i < n; i++)
        node->in[i] = in[i];
    out->requires_grad = mli_wants_grad(t, n, in);
    out->op = t->ops++;
    return true;
}

bool mli_record(ml_tape *t, const ml_op *op, ml_tensor *out, int n, ml_tensor *const *in)
{
    return mli_record_saved(t, op, out, n, in, NULL);
}

/* ---- settings and places ---- */

bool ml_no_grad(ml_tape *t, bool off)
{
    if (!t)
        return false;
    bool was = t->opts.no_grad;
    t->opts.no_grad = off;
    return was;
}

ml_mode ml_set_mode(ml_tape *t, ml_mode mode)
{
    if (!t)
        return ML_TRAIN;
    ml_mode was = t->opts.mode;
    t->opts.mode = mode;
    return was;
}

ml_kernel ml_set_kernel(ml_tape *t, ml_kernel kernel)
{
    if (!t)
        return ML_KERNEL_FAST;
    ml_kernel was = t->opts.kernel;
    t->opts.kernel = kernel;
    return was;
}

void ml_set_stream(ml_tape *t, uint64_t seed, uint64_t step)
{
    if (!t)
        return;
    t->opts.seed = seed;
    t->step = step;
}

void ml_stream(const ml_tape *t, uint64_t *seed, uint64_t *step)
{
    *seed = t ? t->opts.seed : 0;
    *step = t ? t->step : 0;
}

ml_kernel mli_kernel(const ml_tape *t)
{
    return t->opts.kernel;
}

ml_mode mli_mode(const ml_tape *t)
{
    return t->opts.mode;
}

ml_rng mli_op_rng(const ml_tape *t)
{
    return ml_rng_split(ml_rng_seed(t->opts.seed), t->step, (uint64_t)(t->ops + t->unrecorded));
}

ml_mark ml_tape_mark(const ml_tape *t)
{
    ml_mark m = {0};
    if (t) {
        m = (ml_mark){.ops = t->ops, .unrecorded = t->unrecorded, .resets = t->resets};
        mli_arena_place(&t->values, &m.chunk, &m.used);
    }
    return m;
}

ml_status ml_tape_rewind(ml_tape *t, ml_mark mark)
{
    if (!t)
        return mli_fail(ML_EINVAL, "rewind: the tape is NULL");
    if (mark.resets != t->resets)
        return mli_fail(ML_EINVAL, "rewind: the mark was made before the last reset of the tape");
    if (mark.ops < 0 || mark.ops > t->ops)
        return mli_fail(ML_EINVAL, "rewind: the mark is at op %lld, the tape has only %lld", (long long)mark.ops,
                        (long long)t->ops);
    for (int64_t i = mark.ops; i < t->ops; i++) {
        ml_tensor *y = t->nodes[i].out;
        if (y->grad && !y->base) /* kept by inspect or ml_keep_grad */
            mli_pool_give(&t->grads, y->grad);
        y->grad = NULL;
    }
    t->ops = mark.ops;
    t->unrecorded = mark.unrecorded;
    mli_arena_return(&t->values, mark.chunk, mark.used);
    return ML_OK;
}

int64_t ml_tape_ops(const ml_tape *t)
{
    return t ? t->ops : 0;
}

size_t ml_tape_bytes(const ml_tape *t)
{
    return t ? t->values.total + t->grads.total + t->work_size + (size_t)t->room * sizeof(ml_node) : 0;
}

const ml_node *mli_tape_node(const ml_tape *t, int64_t i)
{
    return &t->nodes[i];
}
