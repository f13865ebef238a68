/* decode.c -- bytes become a picture, or a sentence that says why not.
 *
 * The first bytes say what kind of file it is, whatever its name. Sizes are looked at before anything is decoded; a picture
 * within limits may then cost memory in proportion to its pixels and its file, and no more, whatever its data says.
 */
#include "vision/vision.h"

#include <string.h>

static const size_t FILE_MAX = (size_t)256 << 20;
static const size_t MEMORY_MAX = (size_t)1 << 30;

/* ---- what kind of file ---- */

typedef struct kind {
    const char *magic; /* ? stands for any byte */
    size_t n;
    mli_kind kind;
    const char *name;
    const char *advice; /* where we do not read it */
} kind;

static const kind kinds[] = {
    {"\xff\xd8\xff", 3, MLI_JPEG, "JPEG", NULL},
    {"\x89PNG\r\n\x1a\n", 8, MLI_PNG, "PNG", NULL},
    {"BM", 2, MLI_BMP, "BMP", NULL},
    {"GIF8", 4, MLI_GIF, "GIF", NULL},
    {"????ftyphe", 10, MLI_OTHER, "HEIC", "heif-convert"}, /* brands heic, heix, heim, heis, hevc, ... */
    {"????ftypmif1", 12, MLI_OTHER, "HEIF", "heif-convert"},
    {"????ftypmsf1", 12, MLI_OTHER, "HEIF", "heif-convert"},
    {"????ftypavi", 11, MLI_OTHER, "AVIF", "avifdec"},
    {"RIFF????WEBP", 12, MLI_OTHER, "WebP", "dwebp"},
    {"II*\0", 4, MLI_OTHER, "TIFF", "ImageMagick"},
    {"MM\0*", 4, MLI_OTHER, "TIFF", "ImageMagick"},
    {"\xff\x0a", 2, MLI_OTHER, "JPEG XL", "djxl"},
    {"\0\0\0\x0cJXL ", 8, MLI_OTHER, "JPEG XL", "djxl"},
    {"\0\0\0\x0cjP  ", 8, MLI_OTHER, "JPEG 2000", "ImageMagick"},
    {"8BPS", 4, MLI_OTHER, "Photoshop", "ImageMagick"},
    {"%PDF", 4, MLI_OTHER, "PDF", "pdftoppm -png"},
};

static bool matches(const kind *k, const uint8_t *bytes, size_t n)
{
    if (n < k->n)
        return false;
    for (size_t i = 0; i < k->n; i++)
        if (k->magic[i] != '?' && (uint8_t)k->magic[i] != bytes[i])
            return false;
    return true;
}

/* The first bytes for a sentence: as text where they are, else in hexadecimal. */
static const char *begin_text(const uint8_t *bytes, size_t n, char text[32])
{
    enum { SHOWN = 8 };
    bool printable = true;
    int used = 0;
    n = n < SHOWN ? n : SHOWN;
    for (size_t i = 0; i < n; i++)
        printable &= bytes[i] >= ' ' && bytes[i] <= '~';
    if (printable)
        snprintf(text, 32, "\"%.*s\"", (int)n, (const char *)bytes);
    for (size_t i = 0; i < n && !printable; i++)
        used += snprintf(text + used, 32 - (size_t)used, "%s%02x", i ? " " : "", bytes[i]);
    return text;
}

static const kind *recognise(const char *name, const uint8_t *bytes, size_t n)
{
    char text[32];
    if (n == 0)
        return mli_null(ML_EFORMAT, "%s: not a picture: it is empty", name);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (matches(&kinds[i], bytes, n)) {
            if (kinds[i].advice)
                return mli_null(ML_EFORMAT, "%s: a %s file, which is not read: convert it to PNG or JPEG, for example with %s",
                                name, kinds[i].name, kinds[i].advice);
            return &kinds[i];
        }
    return mli_null(ML_EFORMAT, "%s: not a picture of a kind that is read (JPEG, PNG, BMP, GIF): it begins with %s", name,
                    begin_text(bytes, n, text));
}

/* ---- what it may cost ---- */

/* A progressive JPEG of four inks holds 15 bytes a pixel, in whole blocks of up to 32x32; an interlaced PNG of RGBA at 16 bits
 * up to 28. A PNG's compressed part is held up to three times while it grows. */
static size_t memory_for(int64_t h, int64_t w, size_t n)
{
    enum { A_PIXEL = 40, A_BYTE = 4, BLOCK = 32 };
    size_t memory = ((size_t)1 << 20) + (size_t)(h + BLOCK) * (size_t)(w + BLOCK) * A_PIXEL + A_BYTE * n;
    return memory < MEMORY_MAX ? memory : MEMORY_MAX;
}

static ml_status check_head(const char *name, const kind *k, const mli_head *head, int64_t max_pixels)
{
    if (head->h == 0 || head->w == 0)
        return mli_fail(ML_EFORMAT, "%s: a %s picture whose head does not say how large it is: it is cut short or damaged", name,
                        k->name);
    if (head->h < 0 || head->w < 0 || head->h > ML_IMAGE_MAX_SIDE || head->w > ML_IMAGE_MAX_SIDE ||
        head->h * head->w > max_pixels)
        return mli_fail(ML_EFORMAT, "%s: a %s picture %lld high and %lld wide: sides are 1 to %d, with at most %lld pixels "
                        "together", name, k->name, (long long)head->h, (long long)head->w, ML_IMAGE_MAX_SIDE,
                        (long long)max_pixels);
    if (head->components == 4 && head->transform != 0 && head->transform != 2)
        return mli_fail(ML_EFORMAT, "%s: a JPEG of four inks that does not say how they are stored (no Adobe marker of CMYK or "
                        "YCCK): convert it to RGB", name);
    return ML_OK;
}

static ml_status decode_pixels(const char *name, const kind *k, const mli_head *head, const uint8_t *bytes, size_t n,
                               mli_stb_picture *p)
{
    size_t memory = memory_for(head->h, head->w, n);
    mli_stb_end end = mli_stb_decode(bytes, n, memory, p);
    if (end == MLI_STB_NO_MEMORY)
        return mli_fail_in(name);
    if (end == MLI_STB_GREEDY)
        return mli_fail(ML_EFORMAT, "%s: a %s picture of %lldx%lld whose data asks for more memory than the %zu bytes that such "
                        "a picture may take", name, k->name, (long long)head->h, (long long)head->w, memory);
    if (end == MLI_STB_CUT)
        return mli_fail(ML_EFORMAT, "%s: a %s picture that is cut short: more should follow its %zu bytes", name, k->name, n);
    if (end == MLI_STB_WHOLE && p->h == head->h && p->w == head->w)
        return ML_OK;
    const char *reason = end == MLI_STB_WHOLE ? "its head speaks of two sizes" : p->reason;
    mli_stb_free(p->px);
    return mli_fail(ML_EFORMAT, "%s: a %s picture that cannot be decoded: %s", name, k->name, reason);
}

/* The stored rows and columns of a JPEG, as they are meant to be seen. */
static ml_image *upright(const char *name, ml_image *im, int orientation)
{
    static const uint8_t ways[9] = {[2] = MLI_COLUMNS, [3] = MLI_COLUMNS | MLI_ROWS, [4] = MLI_ROWS, [5] = MLI_SWAP,
                                    [6] = MLI_SWAP | MLI_ROWS, [7] = MLI_SWAP | MLI_ROWS | MLI_COLUMNS,
                                    [8] = MLI_SWAP | MLI_COLUMNS};
    if (!im || orientation == 1)
        return im;
    ml_image *turned = mli_image_turn(name, im, ways[orientation]);
    ml_image_free(im);
    return turned;
}

ml_image *mli_image_decode(const char *name, const uint8_t *bytes, size_t n, int64_t channels, int64_t max_pixels)
{
    mli_stb_picture p;
    const kind *k = recognise(name, bytes, n);
    if (!k)
        return NULL;
    mli_head head = mli_head_read(k->kind, bytes, n);
    if (check_head(name, k, &head, max_pixels) || decode_pixels(name, k, &head, bytes, n, &p))
        return NULL;
    ml_image *im = mli_image_blank(name, p.h, p.w, channels ? channels : p.c == 2 ? 4 : p.c);
    if (im)
        mli_pixels_convert(im->px, im->c, p.px, p.c, p.h * p.w);
    mli_stb_free(p.px);
    return upright(name, im, head.orientation);
}

ml_image *ml_image_decode(const char *name, const void *bytes, size_t n, int64_t channels)
{
    if (!name || (!bytes && n))
        return mli_null(ML_EINVAL, "image: %s is NULL", name ? "bytes" : "name");
    if (channels != 0 && channels != 1 && channels != 3 && channels != 4)
        return mli_null(ML_EINVAL, "%s: %lld channels are asked for: 1, 3 or 4, or 0 for what the file has", name,
                        (long long)channels);
    if (n > FILE_MAX)
        return mli_null(ML_EFORMAT, "%s: %zu bytes, more than the %zu that are read", name, n, FILE_MAX);
    return mli_image_decode(name, bytes, n, channels, ML_IMAGE_MAX_PIXELS);
}

ml_image *ml_image_read(const char *path, int64_t channels)
{
    uint8_t *bytes;
    size_t n;
    if (!path)
        return mli_null(ML_EINVAL, "image: path is NULL");
    if (mli_read_file(path, FILE_MAX, &bytes, &n))
        return NULL;
    ml_image *im = ml_image_decode(path, bytes, n, channels);
    mli_free(bytes);
    return im;
}
