/* head.c -- what the head of a picture's file says: its sizes, and of a JPEG which way up it was taken and how its inks are
 * stored.
 *
 * PNG      8 bytes, then the first chunk: length, "IHDR", width, height (32 bits, big-endian)
 * GIF      6 bytes, then width, height (16 bits, little-endian)
 * BMP      14 bytes, then the size of the header, width, height: 16 bits where that size is 12, else 32 with a sign;
 *          little-endian
 * JPEG     ff d8, then segments: ff <marker> <length, big-endian, itself counted>, up to the first scan (marker da).
 *          Frame: c0 to cf but c4, c8, cc; bits, height, width (16 bits), components.
 *          Orientation: segment e1 that begins "Exif\0\0", then a TIFF header: "II" or "MM" for the order of bytes, 42, the
 *          offset of a list of 12-byte entries (tag, type, count, value); tag 0112, type 3 (16 bits), count 1.
 *          Inks: segment ee that begins "Adobe\0"; its 12th byte is 0 for CMYK, 1 for YCbCr, 2 for YCCK.
 * Source   W3C PNG second edition; GIF89a; ITU-T T.81 annex B; JEITA CP-3451 (Exif 2.2) 4.6; Adobe Technical Note 5116
 *
 * No offset and no length is believed, and nothing here fails: what does not fit says nothing.
 */
#include "vision/vision.h"

#include <string.h>

/* Bytes that are asked for by place; beyond the end they are zero. */
typedef struct span {
    const uint8_t *bytes;
    size_t n;
    bool little;
} span;

static uint32_t byte_at(const span *s, size_t at)
{
    return at < s->n ? s->bytes[at] : 0;
}

static uint32_t u16(const span *s, size_t at)
{
    uint32_t a = byte_at(s, at), b = byte_at(s, at + 1);
    return s->little ? b << 8 | a : a << 8 | b;
}

static uint32_t u32(const span *s, size_t at)
{
    uint32_t a = u16(s, at), b = u16(s, at + 2);
    return s->little ? b << 16 | a : a << 16 | b;
}

static bool begins(const span *s, const char *text, size_t n)
{
    return s->n >= n && memcmp(s->bytes, text, n) == 0;
}

/* ---- JPEG ---- */

/* The orientation in a TIFF structure, or 0. Offsets have 32 bits, so sums of them do not overflow. */
static int tiff_orientation(span s)
{
    if (!begins(&s, "II*\0", 4) && !begins(&s, "MM\0*", 4))
        return 0;
    s.little = s.bytes[0] == 'I';
    size_t list = u32(&s, 4), entries = u16(&s, list);
    for (size_t i = 0; i < entries; i++) {
        size_t at = list + 2 + 12 * i;
        if (at + 12 > s.n)
            return 0;
        uint32_t value = u16(&s, at + 8);
        if (u16(&s, at) == 0x0112)
            return u16(&s, at + 2) == 3 && u32(&s, at + 4) == 1 && value >= 1 && value <= 8 ? (int)value : 0;
    }
    return 0;
}

static void read_segment(mli_head *head, uint32_t marker, const span *s)
{
    bool frame = marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (marker == 0xe1 && begins(s, "Exif\0", 5) && s->n > 6 && head->orientation == 0) {
        head->orientation = tiff_orientation((span){s->bytes + 6, s->n - 6, false});
    } else if (marker == 0xee && begins(s, "Adobe\0", 6) && s->n >= 12) {
        head->transform = s->bytes[11];
    } else if (frame && head->components == 0) {
        head->h = u16(s, 1);
        head->w = u16(s, 3);
        head->components = (int)byte_at(s, 5);
    }
}

static void read_jpeg(mli_head *head, const span *s)
{
    for (size_t at = 2; at < s->n;) {
        while (at < s->n && s->bytes[at] != 0xff) /* some writers pad their segments */
            at++;
        while (byte_at(s, at) == 0xff) /* any number of them may stand before a marker */
            at++;
        uint32_t marker = byte_at(s, at), length = u16(s, at + 1);
        if (marker == 0xda || marker == 0xd9 || length < 2 || length > s->n - at - 1)
            return;
        read_segment(head, marker, &(span){s->bytes + at + 3, length - 2, false});
        at += 1 + length;
    }
}

/* ---- the others ---- */

static void read_png(mli_head *head, const span *s)
{
    if (u32(s, 12) != 0x49484452) /* IHDR; Apple's own variant begins with another chunk */
        return;
    head->w = u32(s, 16);
    head->h = u32(s, 20);
}

static void read_bmp(mli_head *head, const span *s)
{
    if (u32(s, 14) == 12) {
        head->w = u16(s, 18);
        head->h = u16(s, 20);
        return;
    }
    int64_t h = (int32_t)u32(s, 22);
    head->w = (int32_t)u32(s, 18);
    head->h = h < 0 ? -h : h; /* negative where the first row is the upper one */
}

mli_head mli_head_read(mli_kind kind, const uint8_t *bytes, size_t n)
{
    mli_head head = {.transform = -1};
    const span s = {bytes, n, kind == MLI_BMP || kind == MLI_GIF};
    switch (kind) {
    case MLI_JPEG: read_jpeg(&head, &s); break;
    case MLI_PNG: read_png(&head, &s); break;
    case MLI_BMP: read_bmp(&head, &s); break;
    case MLI_GIF:
        head.w = u16(&s, 6);
        head.h = u16(&s, 8);
        break;
    default: break;
    }
    if (head.orientation == 0)
        head.orientation = 1;
    return head;
}
