/* blocks.c -- layers inside a layer: one after another, around a shortcut, side by side.
 *
 *     seq        x -> a -> b -> c ->                  residual   x -+-> main -----+-> main(x) + shortcut(x)
 *                                                                   +-> shortcut -+
 *     branch     x -+-> a -+-> a(x), b(x) along the last axis
 *                   +-> b -+
 *
 * The tape needs nothing of this: a block calls the ops of what is inside it, and backward finds them in order.
 */
#include "nn/nn.h"

#include <mlcore/ops.h>

#include <string.h>

/* ---- rows ---- */

int mli_row_count(const ml_layer *layers, int n)
{
    if (!layers)
        return 0;
    for (int i = 0; n < 0; i++)
        if (!layers[i].kind)
            n = i;
    return n;
}

ml_tensor *mli_row_forward(const mli_layer *layers, int n, ml_tape *t, ml_tensor *x)
{
    for (int i = 0; i < n && x; i++) {
        const mli_layer *l = &layers[i];
        ml_tensor *y = l->spec.kind->forward(l, t, x);
        x = y && l->hooks ? mli_hooks_call(l->hooks, t, l->path, l->spec.kind->name, x, y) : y;
    }
    return x;
}

int64_t mli_row_macs(const mli_layer *layers, int n)
{
    int64_t macs = 0;
    for (int i = 0; i < n; i++)
        macs = layers[i].macs > INT64_MAX - macs ? INT64_MAX : macs + layers[i].macs;
    return macs;
}

/* ---- building ---- */

/* Room for the layers inside. l->n counts those that are built. */
static ml_status make_room(mli_layer *l, int *n)
{
    *n = mli_row_count(l->spec.u.block.layers, l->spec.u.block.n);
    if (*n < 1)
        return mli_fail(ML_EINVAL, "it has no layers inside");
    l->layers = mli_calloc((size_t)*n, sizeof *l->layers);
    return l->layers ? ML_OK : ML_ENOMEM;
}

/* Builds the next one. */
static ml_status build_next(mli_layer *l, mli_shape *shape, mli_build *b)
{
    if (mli_layer_build(&l->layers[l->n], &l->spec.u.block.layers[l->n], l->n, shape, b))
        return ml_error_status();
    l->n++;
    l->macs = mli_row_macs(l->layers, l->n);
    return ML_OK;
}

/* ---- seq ---- */

static ml_status seq_build(mli_layer *l, mli_shape *shape, mli_build *b)
{
    int n;
    ml_status s = make_room(l, &n);
    for (int i = 0; i < n && !s; i++)
        s = build_next(l, shape, b);
    return s;
}

static ml_tensor *seq_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    return mli_row_forward(l->layers, l->n, t, x);
}

const ml_layer_kind mli_seq = {.name = "seq", .build = seq_build, .forward = seq_forward, .block = true};

ml_layer ml_layer_seq(const ml_layer *layers, int n)
{
    return (ml_layer){.kind = &mli_seq, .u.block = {layers, n}};
}

/* ---- residual ---- */

static bool same_shape(const mli_shape *a, const mli_shape *b)
{
    return a->rank == b->rank && memcmp(a->extent, b->extent, (size_t)a->rank * sizeof *a->extent) == 0;
}

static ml_status residual_build(mli_layer *l, mli_shape *shape, mli_build *b)
{
    int n;
    char main_text[160], other_text[160];
    mli_shape other = *shape;
    ml_status s = make_room(l, &n);
    if (!s && n > 2)
        return mli_fail(ML_EINVAL, "it has %d layers inside: there may be two, main and shortcut, each of which may be ML_SEQ(...)",
                        n);
    if (!s)
        s = build_next(l, shape, b);
    if (!s && n == 2)
        s = build_next(l, &other, b);
    if (s || same_shape(shape, &other))
        return s;
    mli_sample_text(shape, main_text, sizeof main_text);
    mli_sample_text(&other, other_text, sizeof other_text);
    if (n == 2)
        return mli_fail(ML_EINVAL, "main gives %s but the shortcut %s: they are added, so both must have one shape", main_text,
                        other_text);
    return mli_fail(ML_EINVAL, "main gives %s but %s comes in: they are added, so give a shortcut that makes one of the other",
                    main_text, other_text);
}

static ml_tensor *residual_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    ml_tensor *y = mli_row_forward(l->layers, 1, t, x);
    return ml_add(t, y, mli_row_forward(l->layers + 1, l->n - 1, t, x));
}

const ml_layer_kind mli_residual = {.name = "residual", .build = residual_build, .forward = residual_forward, .block = true};

ml_layer ml_layer_residual(const ml_layer *layers, int n)
{
    return (ml_layer){.kind = &mli_residual, .u.block = {layers, n}};
}

/* ---- branch ---- */

/* Puts `more` behind what the first i branches give. */
static ml_status join(mli_shape *all, const mli_shape *more, int i)
{
    char a[160], b[160];
    int last = more->rank - 1;
    mli_shape fitting = *more;
    if (i == 0) {
        *all = *more;
        return ML_OK;
    }
    if (all->rank == more->rank)
        fitting.extent[last] = all->extent[last];
    if (!same_shape(all, &fitting))
        return mli_fail(ML_EINVAL, "inside, layer %d gives %s but those before it together %s: only the last axis may differ", i,
                        mli_sample_text(more, a, sizeof a), mli_sample_text(all, b, sizeof b));
    if (more->extent[last] > INT64_MAX - all->extent[last])
        return mli_fail(ML_EINVAL, "what the layers inside give is too large together");
    all->extent[last] += more->extent[last];
    return ML_OK;
}

static ml_status branch_build(mli_layer *l, mli_shape *shape, mli_build *b)
{
    int n;
    mli_shape in = *shape;
    ml_status s = make_room(l, &n);
    for (int i = 0; i < n && !s; i++) {
        mli_shape out = in;
        s = build_next(l, &out, b);
        if (!s)
            s = join(shape, &out, i);
    }
    return s;
}

static ml_tensor *branch_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    ml_tensor **ys = mli_saved(t, (size_t)l->n * sizeof *ys);
    for (int i = 0; i < l->n && ys; i++)
        ys[i] = mli_row_forward(l->layers + i, 1, t, x);
    return ys ? ml_concat(t, ys, l->n, -1) : NULL;
}

const ml_layer_kind mli_branch = {.name = "branch", .build = branch_build, .forward = branch_forward, .block = true};

ml_layer ml_layer_branch(const ml_layer *layers, int n)
{
    return (ml_layer){.kind = &mli_branch, .u.block = {layers, n}};
}
