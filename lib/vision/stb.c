/* stb.c -- the decoder, stb_image, inside walls: it reads through a window that knows where the file ends, and all its
 * memory comes from a purse that knows how much a picture may cost. The one file that sees it.
 *
 * Source   third_party/stb, with our patches
 */
#include "vision/vision.h"

#include <string.h>

static void *purse_alloc(size_t n);
static void *purse_realloc(void *p, size_t n);
static void purse_free(void *p);

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_ONLY_BMP
#define STBI_ONLY_GIF
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STBI_MAX_DIMENSIONS ML_IMAGE_MAX_SIDE
#define STBI_MALLOC(n) purse_alloc(n)
#define STBI_REALLOC(p, n) purse_realloc(p, n)
#define STBI_FREE(p) purse_free(p)
#ifdef __aarch64__ /* on x86-64 it takes SSE2 by itself; both give the bytes that its plain loops give */
#define STBI_NEON
#endif
#ifndef STBI_ASSERT /* the fuzzer has its own, which stops */
#define STBI_ASSERT(x) ((void)0)
#endif
#include "stb/stb_image.h"

/* ---- the purse: one a thread, as a decode stays on its thread ---- */

static _Thread_local struct {
    size_t left;
    mli_stb_end end; /* what went wrong, if it was about memory */
} purse;

/* A block knows its size: it stands before it, and 64 bytes keep the boundary. */
enum { HEAD = 64 };

/* Zeroed: a picture whose file leaves pixels out must not show what memory held before. */
static void *purse_alloc(size_t n)
{
    if (purse.left < HEAD || n > purse.left - HEAD) {
        purse.end = MLI_STB_GREEDY;
        return NULL;
    }
    uint8_t *block = mli_calloc(1, n + HEAD);
    if (!block) {
        purse.end = MLI_STB_NO_MEMORY;
        return NULL;
    }
    purse.left -= n + HEAD;
    memcpy(block, &n, sizeof n);
    return block + HEAD;
}

static void purse_free(void *p)
{
    if (!p)
        return;
    uint8_t *block = (uint8_t *)p - HEAD;
    size_t n;
    memcpy(&n, block, sizeof n);
    purse.left += n + HEAD;
    mli_free(block);
}

static void *purse_realloc(void *p, size_t n)
{
    size_t old = 0;
    uint8_t *block = purse_alloc(n);
    if (!block || !p)
        return block;
    memcpy(&old, (uint8_t *)p - HEAD, sizeof old);
    memcpy(block, p, old < n ? old : n);
    purse_free(p);
    return block;
}

void mli_stb_free(uint8_t *px)
{
    purse_free(px);
}

/* ---- the window ---- */

typedef struct window {
    const uint8_t *bytes;
    size_t n, at;
    bool beyond; /* more was asked for when nothing was left */
} window;

static int window_read(void *user, char *to, int size)
{
    window *w = user;
    size_t left = w->n - w->at, got = (size_t)size < left ? (size_t)size : left;
    memcpy(to, w->bytes + w->at, got);
    w->at += got;
    w->beyond |= got == 0 && size > 0;
    return (int)got;
}

static void window_skip(void *user, int n)
{
    window *w = user;
    size_t left = w->n - w->at;
    w->at += (size_t)n < left ? (size_t)n : left;
}

static int window_eof(void *user)
{
    const window *w = user;
    return w->at == w->n;
}

static const stbi_io_callbacks through_window = {window_read, window_skip, window_eof};

mli_stb_end mli_stb_decode(const uint8_t *bytes, size_t n, size_t memory, mli_stb_picture *out)
{
    window from = {.bytes = bytes, .n = n};
    int h = 0, w = 0, c = 0;
    stbi__g_failure_reason = NULL; /* of an earlier picture: a few failures have none of their own */
    purse.left = memory;
    purse.end = MLI_STB_WHOLE;
    uint8_t *px = stbi_load_from_callbacks(&through_window, &from, &w, &h, &c, 0);
    const char *reason = stbi_failure_reason();
    *out = (mli_stb_picture){h, w, c, px, reason && *reason ? reason : "its data is damaged"};
    if (px && !from.beyond)
        return MLI_STB_WHOLE;
    mli_stb_free(px);
    out->px = NULL;
    if (purse.end)
        return purse.end;
    return from.beyond || strcmp(out->reason, "outofdata") == 0 ? MLI_STB_CUT : MLI_STB_DAMAGED;
}
