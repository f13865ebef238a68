/* frame_index.c -- columns by name: a hash table with open addressing, at most half full, so that a frame of a million columns is asked
 * as fast as one of ten. A slot holds a column's number + 1; 0 is an empty one. The table grows with the room for columns, never while
 * a frame is only read: several threads may ask the same one.
 */
#include "data/dictionary.h"
#include "data/frame.h"

#include <string.h>

static uint64_t home_of(const struct mli_frame *self, const char *name)
{
    return mli_text_hash(name, strlen(name)) & (uint64_t)(self->slots - 1);
}

/* The slot that has the name, or the empty one where it would go. */
static uint64_t slot_of(const struct mli_frame *self, const char *name)
{
    uint64_t i = home_of(self, name);
    while (self->slot[i] && strcmp(self->columns[self->slot[i] - 1].name, name) != 0)
        i = (i + 1) & (uint64_t)(self->slots - 1);
    return i;
}

int mli_frame_find(const ml_frame *f, const char *name)
{
    return f->self->slots ? f->self->slot[slot_of(f->self, name)] - 1 : -1;
}

void mli_index_add(ml_frame *f, int j)
{
    f->self->slot[slot_of(f->self, f->column[j].name)] = j + 1;
}

/* Those behind it move up, as far as each may without getting before its home: Knuth, The Art of Computer Programming 3, algorithm
 * 6.4R. */
void mli_index_remove(ml_frame *f, int j)
{
    const struct mli_frame *self = f->self;
    const uint64_t mask = (uint64_t)self->slots - 1;
    uint64_t hole = slot_of(self, f->column[j].name);
    for (uint64_t i = (hole + 1) & mask; self->slot[i]; i = (i + 1) & mask) {
        const uint64_t home = home_of(self, self->columns[self->slot[i] - 1].name);
        if (((i - home) & mask) < ((i - hole) & mask))
            continue;
        self->slot[hole] = self->slot[i];
        hole = i;
    }
    self->slot[hole] = 0;
}

void mli_index_close_up(ml_frame *f, int j)
{
    for (int64_t i = 0; i < f->self->slots; i++)
        f->self->slot[i] -= f->self->slot[i] > j + 1;
}

ml_status mli_index_room(ml_frame *f, int columns)
{
    struct mli_frame *self = f->self;
    int64_t slots = 16;
    while (slots < 2 * (int64_t)columns)
        slots *= 2;
    if (slots <= self->slots)
        return ML_OK;
    int32_t *slot = mli_calloc((size_t)slots, sizeof *slot);
    if (!slot)
        return ML_ENOMEM;
    mli_free(self->slot);
    self->slot = slot;
    self->slots = slots;
    for (int j = 0; j < f->columns; j++)
        mli_index_add(f, j);
    return ML_OK;
}
