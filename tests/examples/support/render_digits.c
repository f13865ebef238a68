/* render_digits -- pictures of digits as photographs and drawings, for tests.
 *
 *     render_digits FOLDER SEED COUNT            digits 0, 1, .. 9, 0, .. in COUNT pictures; the same ones for one seed
 *     render_digits FOLDER SEED COUNT blank      the same scenes before anybody has written
 *     render_digits FOLDER SEED COUNT MNIST      the same scenes, with digits of MNIST's test set (its folder) on the paper
 *
 * Files are called NNN_D.png (every fifth is a BMP), D being the digit. One line a picture says what it shows. */
#include "render.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put32(uint8_t *at, int64_t v)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(v >> 8 * i);
}

/* 24 bits, rows from the bottom, each padded to four bytes. */
static int write_bmp(const ml_image *im, const char *path)
{
    uint8_t head[54] = {'B', 'M', [26] = 1, [28] = 24};
    int64_t row = (im->w * 3 + 3) / 4 * 4;
    put32(head + 2, 54 + row * im->h);
    put32(head + 10, 54);
    put32(head + 14, 40);
    put32(head + 18, im->w);
    put32(head + 22, im->h);
    uint8_t *line = calloc(1, (size_t)row);
    FILE *f = line ? fopen(path, "wb") : NULL;
    if (f) {
        fwrite(head, 1, sizeof head, f);
        for (int64_t y = im->h - 1; y >= 0; y--) {
            for (int64_t x = 0; x < im->w; x++)
                for (int k = 0; k < 3; k++)
                    line[x * 3 + k] = im->px[(y * im->w + x) * 3 + 2 - k];
            fwrite(line, 1, (size_t)row, f);
        }
    }
    free(line);
    return f && !ferror(f) && !fclose(f) ? 0 : 1;
}

/* Picture number i of a seed. */
static int render(const char *folder, uint64_t seed, int64_t i, bool blank, const ml_dataset *mnist)
{
    static dot dots[DOTS_MAX];
    char path[4096];
    ml_rng rng = ml_rng_split(ml_rng_seed(seed), 1, (uint64_t)i);
    scene s = scene_draw((int)((i + (int64_t)seed * 7) % SCENES), &rng);
    float *cover = calloc((size_t)(s.h * s.w), sizeof *cover);
    int digit = (int)(i % 10);
    if (!cover)
        return 1;
    if (mnist) {
        int64_t which = ml_rng_below(&rng, mnist->n);
        digit = mnist->labels[which];
        photo_cover_image(&s, mnist->bytes + which * mnist->features, (int)mnist->shape[0], cover);
    } else if (!blank) {
        photo_cover_pen(&s, dots, strokes_write(digit, (int)(i / 10 % 2), &rng, dots), cover);
    }
    ml_image *im = photo_take(&s, cover, &rng);
    bool bmp = i % 5 == 4;
    snprintf(path, sizeof path, "%s/%03lld_%d.%s", folder, (long long)i, digit, bmp ? "bmp" : "png");
    int bad = !im || (bmp ? write_bmp(im, path) : ml_image_write_png(im, path) != ML_OK);
    if (!bad)
        printf("%s  %lldx%lld  %s\n", path, (long long)s.w, (long long)s.h, s.name);
    ml_image_free(im);
    free(cover);
    return bad;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: render_digits FOLDER SEED COUNT [blank | FOLDER OF MNIST]\n");
        return 2;
    }
    bool blank = argc > 4 && strcmp(argv[4], "blank") == 0;
    ml_dataset *mnist = argc > 4 && !blank ? ml_dataset_read_idx(argv[4], "t10k", 10) : NULL;
    if (argc > 4 && !blank && !mnist)
        return ml_perror("render_digits");
    for (int64_t i = 0; i < atoll(argv[3]); i++)
        if (render(argv[1], strtoull(argv[2], NULL, 10), i, blank, mnist))
            return ml_perror("render_digits");
    ml_dataset_free(mnist);
    return 0;
}
