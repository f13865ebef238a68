/* params.c -- the parameters of a model, in one block of memory, their gradients in another.
 *
 *     data  | 0.weight ........ |0| 0.bias . |0 0| 2.weight .... | 2.bias . |0 0 0|
 *     grad  | 0.weight ........ |0| 0.bias . |0 0| 2.weight .... | 2.bias . |0 0 0|
 *             ^ each entry begins on 64 bytes      ^ padding is zero
 *
 * Why one block: a step of an optimizer becomes a single loop over flat memory, whatever the layers are, and sending
 * all gradients to another machine becomes one message. Why zero padding: p - lr * 0 is 0, so the loop may run across it.
 *
 * Until the block is sealed every parameter has storage of its own, since nobody knows yet how many there will be. The
 * ml_tensor structs never move, only what their data and grad point to.
 */
#include "nn/nn.h"

#include <string.h>

ml_params *ml_params_new(void)
{
    return mli_calloc(1, sizeof(ml_params));
}

static void free_storage(mli_param *e)
{
    if (e->at < 0) {
        mli_free(e->x->data);
        mli_free(e->x->grad);
    }
}

static void free_entry(mli_param *e)
{
    free_storage(e);
    mli_free((char *)e->x->name);
    mli_free(e->x);
}

void ml_params_free(ml_params *ps)
{
    if (!ps)
        return;
    mli_params_cut(ps, 0);
    mli_free(ps->entries);
    mli_free(ps->data);
    mli_free(ps->grad);
    mli_free(ps);
}

void mli_params_cut(ml_params *ps, int n)
{
    while (ps->n > n)
        free_entry(&ps->entries[--ps->n]);
}

static bool grow(ml_params *ps)
{
    int room = ps->room ? ps->room * 2 : 16;
    mli_param *entries = mli_alloc((size_t)room * sizeof *entries);
    if (!entries)
        return false;
    if (ps->n)
        memcpy(entries, ps->entries, (size_t)ps->n * sizeof *entries);
    mli_free(ps->entries);
    ps->entries = entries;
    ps->room = room;
    return true;
}

static mli_param *entry_of(const ml_params *ps, const char *name)
{
    for (int i = 0; i < ps->n; i++)
        if (strcmp(ps->entries[i].x->name, name) == 0)
            return &ps->entries[i];
    return NULL;
}

ml_tensor *ml_param(ml_params *ps, const char *name, int rank, const int64_t *shape)
{
    if (!ps || !name || !*name)
        return mli_null(ML_EINVAL, "param: the list is NULL or the name is empty");
    if (entry_of(ps, name))
        return mli_null(ML_EINVAL, "param: there is already one named \"%s\"", name);
    if (ps->n == ps->room && !grow(ps))
        return NULL;
    char *copy = mli_strdup(name);
    ml_tensor *x = copy ? ml_tensor_new(rank, shape) : NULL;
    if (!x || ml_requires_grad(x)) {
        ml_tensor_free(x);
        mli_free(copy);
        mli_fail_in("param");
        return NULL;
    }
    x->name = copy;
    ps->entries[ps->n++] = (mli_param){.x = x, .at = -1};
    ps->sealed = false;
    return x;
}

int ml_params_count(const ml_params *ps)
{
    return ps ? ps->n : 0;
}

ml_tensor *ml_params_at(const ml_params *ps, int i)
{
    if (!ps || i < 0 || i >= ps->n)
        return mli_null(ML_EINVAL, "params: there is no number %d: they are %d", i, ps ? ps->n : 0);
    return ps->entries[i].x;
}

ml_tensor *ml_params_find(const ml_params *ps, const char *name)
{
    const mli_param *e = ps && name ? entry_of(ps, name) : NULL;
    return e ? e->x : mli_null(ML_EINVAL, "params: none is named \"%s\"", name ? name : "(NULL)");
}

int64_t ml_params_size(const ml_params *ps)
{
    int64_t size = 0;
    for (int i = 0; ps && i < ps->n; i++)
        size += ps->entries[i].x->size;
    return size;
}

/* ---- sealing ---- */

/* The length of the block, each entry rounded up; -1 where it is too long. */
static int64_t block_length(const ml_params *ps)
{
    const int64_t limit = INT64_MAX / 4 / (int64_t)sizeof(ml_real);
    int64_t length = 0;
    for (int i = 0; i < ps->n; i++) {
        int64_t size = ps->entries[i].x->size;
        if (size > limit - length)
            return -1;
        length += (size + MLI_ALIGN - 1) / MLI_ALIGN * MLI_ALIGN;
    }
    return length;
}

ml_status ml_params_seal(ml_params *ps)
{
    if (!ps)
        return mli_fail(ML_EINVAL, "params: the list is NULL");
    if (ps->sealed)
        return ML_OK;
    int64_t length = block_length(ps);
    if (length < 0)
        return mli_fail(ML_ENOMEM, "params: together they are too large for one block");
    ml_real *data = mli_calloc((size_t)length, sizeof *data);
    ml_real *grad = data ? mli_calloc((size_t)length, sizeof *grad) : NULL;
    if (!grad) {
        mli_free(data);
        return ML_ENOMEM; /* all stays where it was */
    }
    int64_t at = 0;
    for (int i = 0; i < ps->n; i++) {
        mli_param *e = &ps->entries[i];
        ml_tensor *x = e->x;
        memcpy(data + at, x->data, (size_t)x->size * sizeof *data);
        memcpy(grad + at, x->grad, (size_t)x->size * sizeof *grad);
        free_storage(e);
        x->data = data + at;
        x->grad = grad + at;
        e->at = at;
        at += (x->size + MLI_ALIGN - 1) / MLI_ALIGN * MLI_ALIGN;
    }
    mli_free(ps->data); /* those of an earlier seal */
    mli_free(ps->grad);
    ps->data = data;
    ps->grad = grad;
    ps->length = length;
    ps->sealed = true;
    ps->version++;
    return ML_OK;
}

/* ---- gradients ---- */

void ml_zero_grad(ml_params *ps)
{
    for (int i = 0; ps && i < ps->n; i++) {
        ml_tensor *x = ps->entries[i].x;
        memset(x->grad, 0, (size_t)x->size * sizeof *x->grad);
        x->has_grad = false;
    }
}

int ml_params_freeze(ml_params *ps, const char *prefix, bool frozen)
{
    int count = 0;
    for (int i = 0; ps && prefix && i < ps->n; i++) {
        ml_tensor *x = ps->entries[i].x;
        if (strncmp(x->name, prefix, strlen(prefix)) != 0)
            continue;
        x->requires_grad = !frozen;
        x->has_grad = x->has_grad && !frozen; /* what had gathered is dropped */
        count++;
    }
    return count;
}
