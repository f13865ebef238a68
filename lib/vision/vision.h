/* vision.h -- what the files of this room share. Internal. */
#ifndef MLI_VISION_H
#define MLI_VISION_H

#include "base/base.h"

#include <mlcore/vision.h>

/* An error that begins with op where a picture of these sizes cannot be. */
ml_status mli_image_sizes(const char *op, int64_t h, int64_t w, int64_t c);
/* The same for a picture that came from the caller, its pointers included. */
ml_status mli_image_check(const char *op, const ml_image *im);
/* ml_image_new without the zeros. */
ml_image *mli_image_blank(const char *op, int64_t h, int64_t w, int64_t c);

/* n pixels of `from` channels (2: grey and alpha) as 1, 3 or 4 channels. */
void mli_pixels_convert(uint8_t *out, int64_t c, const uint8_t *in, int64_t from, int64_t n);

/* The eight ways to lay a picture on its grid. out[y][x] = in[i][j] with (i, j) = (y, x), or (x, y) with SWAP; then ROWS
 * counts i from the bottom, COLUMNS counts j from the right. */
enum { MLI_COLUMNS = 1, MLI_ROWS = 2, MLI_SWAP = 4 };
ml_image *mli_image_turn(const char *op, const ml_image *im, int how);

/* Calls body on ranges of rows begin .. end-1 from several threads; the ranges follow from the sizes alone. */
typedef ml_status mli_rows_fn(void *arg, int64_t begin, int64_t end);
ml_status mli_rows(int64_t rows, int64_t bytes_a_row, mli_rows_fn *body, void *arg);

typedef enum mli_kind { MLI_OTHER = 0, MLI_JPEG, MLI_PNG, MLI_BMP, MLI_GIF } mli_kind;

/* What the head of a file says of its picture. */
typedef struct mli_head {
    int64_t h, w;    /* 0 where it does not say */
    int orientation; /* EXIF, 1 .. 8; 1 where none is said, or nonsense */
    int components;  /* of a JPEG */
    int transform;   /* of Adobe's marker in a JPEG, or -1 without one */
} mli_head;
mli_head mli_head_read(mli_kind kind, const uint8_t *bytes, size_t n);

/* The decoder. */
typedef enum mli_stb_end { MLI_STB_WHOLE = 0, MLI_STB_CUT, MLI_STB_DAMAGED, MLI_STB_GREEDY, MLI_STB_NO_MEMORY } mli_stb_end;
typedef struct mli_stb_picture {
    int64_t h, w, c;    /* c is 1 to 4 */
    uint8_t *px;        /* for mli_stb_free */
    const char *reason; /* of damage, in the decoder's few words */
} mli_stb_picture;
/* Holds at most `memory` bytes at any moment: where more is wanted, it is GREEDY. CUT: the bytes ended too early. */
mli_stb_end mli_stb_decode(const uint8_t *bytes, size_t n, size_t memory, mli_stb_picture *out);
void mli_stb_free(uint8_t *px);

/* ml_image_decode with a limit of its own, for a fuzzer that has no time for large pictures. */
ml_image *mli_image_decode(const char *name, const uint8_t *bytes, size_t n, int64_t channels, int64_t max_pixels);

/* A PNG in memory, for mli_free. */
ml_status mli_png_encode(const ml_image *im, uint8_t **bytes, size_t *n);

#endif
