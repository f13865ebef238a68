/* image.c -- a picture in memory: made, checked, copied in part or laid another way on its grid. */
#include "vision/vision.h"

#include <string.h>

enum { CHUNK = 1 << 16, TILE = 32 };

ml_status mli_image_sizes(const char *op, int64_t h, int64_t w, int64_t c)
{
    if (c != 1 && c != 3 && c != 4)
        return mli_fail(ML_EINVAL, "%s: %lld channels: pictures have 1, 3 or 4", op, (long long)c);
    if (h < 1 || w < 1 || h > ML_IMAGE_MAX_SIDE || w > ML_IMAGE_MAX_SIDE || h * w > ML_IMAGE_MAX_PIXELS)
        return mli_fail(ML_EINVAL, "%s: %lld high and %lld wide: sides are 1 to %d, with at most %d pixels together", op,
                        (long long)h, (long long)w, ML_IMAGE_MAX_SIDE, ML_IMAGE_MAX_PIXELS);
    return ML_OK;
}

ml_status mli_image_check(const char *op, const ml_image *im)
{
    if (!im || !im->px)
        return mli_fail(ML_EINVAL, "%s: %s is NULL", op, im ? "its px" : "the picture");
    return mli_image_sizes(op, im->h, im->w, im->c);
}

/* The pixels lie behind the struct, on the next boundary of 64 bytes: one piece of memory, one free. */
ml_image *mli_image_blank(const char *op, int64_t h, int64_t w, int64_t c)
{
    enum { HEAD = 64 };
    _Static_assert(sizeof(ml_image) <= HEAD, "the struct fits before its pixels");
    if (mli_image_sizes(op, h, w, c))
        return NULL;
    uint8_t *block = mli_alloc(HEAD + (size_t)(h * w * c));
    if (!block) {
        mli_fail_in(op);
        return NULL;
    }
    ml_image *im = (ml_image *)(void *)block;
    *im = (ml_image){h, w, c, block + HEAD};
    return im;
}

ml_image *ml_image_new(int64_t h, int64_t w, int64_t c)
{
    ml_image *im = mli_image_blank("image", h, w, c);
    if (im)
        memset(im->px, 0, (size_t)(h * w * c));
    return im;
}

void ml_image_free(ml_image *im)
{
    mli_free(im);
}

/* ---- rows, from several threads ---- */

typedef struct rows_job {
    int64_t rows, step;
    mli_rows_fn *body;
    void *arg;
} rows_job;

static ml_status rows_chunk(void *arg, int64_t i)
{
    const rows_job *j = arg;
    int64_t begin = i * j->step, end = begin + j->step < j->rows ? begin + j->step : j->rows;
    return j->body(j->arg, begin, end);
}

ml_status mli_rows(int64_t rows, int64_t bytes_a_row, mli_rows_fn *body, void *arg)
{
    /* Whole tiles, so that turning works through both pictures by squares. */
    int64_t step = (CHUNK / (bytes_a_row + 1) / TILE + 1) * TILE;
    return ml_parallel_for((rows + step - 1) / step, rows_chunk, &(rows_job){rows, step, body, arg});
}

/* ---- turning and mirroring ---- */

typedef struct turn_job {
    uint8_t *out;
    int64_t w, c;        /* of out */
    const uint8_t *from; /* what comes to its first pixel */
    int64_t down, right; /* bytes from there to what comes one pixel lower, or further right */
} turn_job;

static inline void turn_tile(const turn_job *j, int64_t y0, int64_t y1, int64_t x0, int64_t x1, size_t c)
{
    for (int64_t y = y0; y < y1; y++) {
        uint8_t *out = j->out + y * j->w * j->c;
        const uint8_t *in = j->from + y * j->down;
        for (int64_t x = x0; x < x1; x++)
            memcpy(out + x * j->c, in + x * j->right, c); /* c is constant in each call below */
    }
}

static ml_status turn_rows(void *arg, int64_t begin, int64_t end)
{
    const turn_job *j = arg;
    if (j->right == j->c) { /* whole rows stay as they are */
        for (int64_t y = begin; y < end; y++)
            memcpy(j->out + y * j->w * j->c, j->from + y * j->down, (size_t)(j->w * j->c));
        return ML_OK;
    }
    for (int64_t y0 = begin; y0 < end; y0 += TILE)
        for (int64_t x0 = 0; x0 < j->w; x0 += TILE) {
            int64_t y1 = y0 + TILE < end ? y0 + TILE : end, x1 = x0 + TILE < j->w ? x0 + TILE : j->w;
            if (j->c == 1)
                turn_tile(j, y0, y1, x0, x1, 1);
            else if (j->c == 3)
                turn_tile(j, y0, y1, x0, x1, 3);
            else
                turn_tile(j, y0, y1, x0, x1, 4);
        }
    return ML_OK;
}

ml_image *mli_image_turn(const char *op, const ml_image *im, int how)
{
    bool swap = how & MLI_SWAP;
    ml_image *out = mli_image_blank(op, swap ? im->w : im->h, swap ? im->h : im->w, im->c);
    if (!out)
        return NULL;
    int64_t i = how & MLI_ROWS ? im->h - 1 : 0, j = how & MLI_COLUMNS ? im->w - 1 : 0;
    int64_t row = (i ? -im->w : im->w) * im->c, column = j ? -im->c : im->c;
    turn_job job = {out->px, out->w, out->c, im->px + (i * im->w + j) * im->c, swap ? column : row, swap ? row : column};
    (void)mli_rows(out->h, out->w * out->c, turn_rows, &job); /* cannot fail */
    return out;
}

ml_image *ml_image_flip(const ml_image *im, ml_flip how)
{
    if (mli_image_check("flip", im))
        return NULL;
    if (how != ML_FLIP_LEFT_RIGHT && how != ML_FLIP_TOP_BOTTOM)
        return mli_null(ML_EINVAL, "flip: way %d is neither ML_FLIP_LEFT_RIGHT nor ML_FLIP_TOP_BOTTOM", (int)how);
    return mli_image_turn("flip", im, how == ML_FLIP_LEFT_RIGHT ? MLI_COLUMNS : MLI_ROWS);
}

ml_image *ml_image_crop(const ml_image *im, int64_t y, int64_t x, int64_t h, int64_t w)
{
    if (mli_image_check("crop", im))
        return NULL;
    /* In this order nothing overflows: once h is known to lie within the picture, im->h - h is not negative. */
    if (h < 1 || w < 1 || h > im->h || w > im->w || y < 0 || x < 0 || y > im->h - h || x > im->w - w)
        return mli_null(ML_EINVAL, "crop: %lldx%lld from row %lld, column %lld is not inside a picture of %lldx%lld",
                        (long long)h, (long long)w, (long long)y, (long long)x, (long long)im->h, (long long)im->w);
    ml_image *out = mli_image_blank("crop", h, w, im->c);
    for (int64_t i = 0; out && i < h; i++)
        memcpy(out->px + i * w * im->c, im->px + ((y + i) * im->w + x) * im->c, (size_t)(w * im->c));
    return out;
}
