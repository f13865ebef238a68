"""Golden pictures and arrays for lib/vision, from Pillow and OpenCV.

Run from the top of the tree: python tests/golden/make_vision.py
images/<name>: small files of every kind that is read. vision_<name>.npy: what Pillow (or the array that the file was made
from) says is in it, uint8, H W C. vision_nearest, _bilinear, _area and _rotate: what the tools make of vision_grey and
vision_rgba, one picture after another, without their shapes; the sizes and angles are in vision_sizes and vision_turns.
"""
import io
import os
import struct
import zlib

import cv2
import numpy as np
from PIL import Image, ImageOps

here = os.path.dirname(os.path.abspath(__file__))
images = os.path.join(here, "images")
os.makedirs(images, exist_ok=True)
rng = np.random.default_rng(7)


def save(name, x):
    x = np.ascontiguousarray(x)
    np.save(os.path.join(here, f"vision_{name}.npy"), x[..., None] if x.ndim == 2 else x)


def put(name, data):
    with open(os.path.join(images, name), "wb") as f:
        f.write(data)


def encoded(picture, kind, **options):
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


# A gradient in each channel, a disc, a dark stroke, noise: smooth and sharp parts, odd sizes.
H, W = 19, 25
y, x = np.mgrid[0:H, 0:W]
base = np.stack([8 * x, 10 * y, 255 - 4 * x - 4 * y], -1).astype(float)
base[(y - 8) ** 2 + (x - 9) ** 2 < 30] = (250, 240, 30)
base[abs(x - y - 6) < 2] = (10, 20, 60)
rgb = np.clip(base + rng.normal(0, 6, base.shape), 0, 255).astype(np.uint8)
grey = np.array(Image.fromarray(rgb).convert("L"))
alpha = np.clip(20 * x - 100, 0, 255).astype(np.uint8)
rgba = np.dstack([rgb, alpha])
save("rgb", rgb)
save("grey", grey)
save("rgba", rgba)

# ---- PNG ----


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(pixels, bits, color, interlaced=False, extra=b""):
    """A PNG of an array H W C of numbers below 2^bits; each row has another filter."""
    h, w, c = pixels.shape

    def rows(part):
        unit, above, out = max(1, c * bits // 8), None, b""
        for i, row in enumerate(part):
            if bits == 16:
                line = row.astype(">u2").tobytes()
            else:
                line = np.packbits(np.unpackbits(row.astype(np.uint8).reshape(-1, 1), axis=1)[:, 8 - bits:]).tobytes()
            line = np.frombuffer(line, np.uint8).astype(int)
            up = np.zeros_like(line) if above is None else above
            left = np.concatenate([np.zeros(unit, int), line])[: len(line)]
            corner = np.concatenate([np.zeros(unit, int), up])[: len(line)]
            p = left + up - corner
            a, b, d = abs(p - left), abs(p - up), abs(p - corner)
            paeth = np.where((a <= b) & (a <= d), left, np.where(b <= d, up, corner))
            guess = [0, left, up, (left + up) // 2, paeth][i % 5]
            out += bytes([i % 5]) + ((line - guess) % 256).astype(np.uint8).tobytes()
            above = line
        return out

    if interlaced:
        passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
        parts = [pixels[i::di, j::dj] for i, j, di, dj in passes]
        raw = b"".join(rows(p) for p in parts if p.size)
    else:
        raw = rows(pixels)
    data = zlib.compress(raw, 9)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, bits, color, 0, 0, interlaced)) + extra
            + chunk(b"IDAT", data[:50]) + chunk(b"tEXt", b"k\0v") + chunk(b"IDAT", data[50:]) + chunk(b"IEND", b""))


put("grey.png", png(grey[..., None], 8, 0))
put("rgb.png", png(rgb, 8, 2))
put("rgba.png", png(rgba, 8, 6))
put("rgb_interlaced.png", png(rgb, 8, 2, True))
put("rgba_interlaced.png", png(rgba, 8, 6, True))
put("grey_alpha.png", png(np.dstack([grey, alpha]), 8, 4))
put("one.png", png(np.array([[[1, 2, 3]]]), 8, 2))
for bits in 1, 2, 4:
    low = grey[..., None] >> (8 - bits)
    put(f"grey{bits}.png", png(low, bits, 0, bits == 2))
    save(f"grey{bits}", low * (255 // (2 ** bits - 1)))
wide = rng.integers(0, 65536, (H, W, 3))
put("rgb16.png", png(wide, 16, 2))
put("grey16_interlaced.png", png(wide[..., :1], 16, 0, True))
save("rgb16", (wide >> 8).astype(np.uint8))
quantised = Image.fromarray(rgb).quantize(13)
put("palette.png", encoded(quantised, "PNG"))
put("palette_transparent.png", encoded(quantised, "PNG", transparency=3))
save("palette", np.array(quantised.convert("RGB")))
save("palette_transparent", np.array(Image.open(os.path.join(images, "palette_transparent.png")).convert("RGBA")))
key = rgb[5, 6]
put("rgb_transparent.png", png(rgb, 8, 2, extra=chunk(b"tRNS", struct.pack(">3H", *key))))
save("rgb_transparent", np.dstack([rgb, np.where((rgb == key).all(-1), 0, 255).astype(np.uint8)]))
white = Image.new("RGBA", (W, H), "white")
save("on_white", np.array(Image.alpha_composite(white, Image.fromarray(rgba)).convert("RGB")))

# ---- BMP, GIF ----

put("rgb.bmp", encoded(Image.fromarray(rgb), "BMP"))
put("grey.bmp", encoded(Image.fromarray(grey), "BMP"))
put("bits.bmp", encoded(Image.fromarray(grey).convert("1", dither=Image.Dither.NONE), "BMP"))
save("bits", np.where(grey >= 128, 255, 0).astype(np.uint8))
bottom = rgb[..., ::-1]
rows = b"".join(r.tobytes() + bytes(-3 * W % 4) for r in bottom)
put("top_down.bmp", b"BM" + struct.pack("<IHHI", 54 + len(rows), 0, 0, 54)
    + struct.pack("<IiiHHIIiiII", 40, W, -H, 1, 24, 0, len(rows), 0, 0, 0, 0) + rows)
packed = (rgb[..., 0].astype(int) >> 3 << 11) | (rgb[..., 1].astype(int) >> 2 << 5) | (rgb[..., 2].astype(int) >> 3)
rows = b"".join(r.astype("<u2").tobytes() + bytes(-2 * W % 4) for r in packed[::-1])
put("rgb565.bmp", b"BM" + struct.pack("<IHHI", 66 + len(rows), 0, 0, 66)
    + struct.pack("<IiiHHIIiiII", 40, W, H, 1, 16, 3, len(rows), 0, 0, 0, 0) + struct.pack("<III", 0xf800, 0x7e0, 0x1f) + rows)
put("palette.gif", encoded(quantised, "GIF"))
frames = [quantised, Image.fromarray(255 - rgb).quantize(13)]
put("animated.gif", encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100, loop=0))

# ---- JPEG ----

picture = Image.fromarray(rgb)
for name, options in {
    "420": dict(subsampling=2), "422": dict(subsampling=1), "444": dict(subsampling=0),
    "progressive": dict(subsampling=2, progressive=True), "restart": dict(subsampling=2, restart_marker_blocks=2),
}.items():
    put(f"rgb_{name}.jpg", encoded(picture, "JPEG", quality=90, **options))
    save(f"jpeg_{name}", np.array(Image.open(os.path.join(images, f"rgb_{name}.jpg"))))
put("grey.jpg", encoded(Image.fromarray(grey), "JPEG", quality=90, optimize=True))
save("jpeg_grey", np.array(Image.open(os.path.join(images, "grey.jpg"))))
put("rgb_adobe.jpg", encoded(picture, "JPEG", quality=95, keep_rgb=True))
save("jpeg_adobe", np.array(Image.open(os.path.join(images, "rgb_adobe.jpg"))))
inks = picture.convert("CMYK")
c, m, k, _ = np.array(inks).astype(int).transpose(2, 0, 1)
inks = Image.fromarray(np.stack([c * 3 // 4, m * 3 // 4, k // 2, (c + m) // 4], -1).astype(np.uint8), "CMYK")
put("cmyk.jpg", encoded(inks, "JPEG", quality=95))
four = np.array(Image.open(os.path.join(images, "cmyk.jpg"))).astype(int)
save("jpeg_cmyk", ((255 - four[..., :3]) * (255 - four[..., 3:]) / 255 + 0.5).astype(np.uint8))
one = encoded(Image.new("RGB", (1, 1), (200, 100, 50)), "JPEG", quality=95)
put("one.jpg", one)
save("jpeg_one", np.array(Image.open(io.BytesIO(one))))


def exif(orientation, order):
    entries = [(0x010f, 2, 4, b"abc\0"), (0x0112, 3, 1, struct.pack(order + "HH", orientation, 0))]
    tiff = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", 8, len(entries))
    for tag, kind, count, value in entries:
        tiff += struct.pack(order + "HHI", tag, kind, count) + value
    return b"Exif\0\0" + tiff + struct.pack(order + "I", 0)


# The same scene, held eight ways: upright it is 16 high and 24 wide.
scene = Image.fromarray(rgb[:16, :24])
back = [None, None, Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_180, Image.Transpose.FLIP_TOP_BOTTOM,
        Image.Transpose.TRANSPOSE, Image.Transpose.ROTATE_90, Image.Transpose.TRANSVERSE, Image.Transpose.ROTATE_270]
upright = []
for orientation in range(1, 9):
    held = scene if orientation == 1 else scene.transpose(back[orientation])
    for order, tag in ("<", "ii"), (">", "mm"):
        put(f"exif{orientation}_{tag}.jpg", encoded(held, "JPEG", quality=80, optimize=True, exif=exif(orientation, order)))
    upright.append(np.array(ImageOps.exif_transpose(Image.open(os.path.join(images, f"exif{orientation}_ii.jpg")))))
save("exif", np.stack(upright))

# ---- operations ----

sizes = [(H, W), (38, 50), (9, 12), (7, 50), (30, 9), (1, 1), (57, 26), (5, 6), (19, 12)]
np.save(os.path.join(here, "vision_sizes.npy"), np.array(sizes, np.int32))
nearest, bilinear, area = [], [], []
for source in grey, rgba:
    for h, w in sizes:
        nearest.append(np.array(Image.fromarray(source).resize((w, h), Image.Resampling.NEAREST)))
        bilinear.append(cv2.resize(source, (w, h), interpolation=cv2.INTER_LINEAR))
        if (h <= H) == (w <= W):  # one side longer and the other shorter: OpenCV does not take the area there
            area.append(cv2.resize(source, (w, h), interpolation=cv2.INTER_AREA))
# From one pixel, and from a row of two.
for source in grey[:1, :1], grey[:1, :2]:
    bilinear.append(cv2.resize(source, (7, 5), interpolation=cv2.INTER_LINEAR))
    area.append(cv2.resize(source, (7, 5), interpolation=cv2.INTER_AREA))
for name, all_of_them in ("nearest", nearest), ("bilinear", bilinear), ("area", area):
    np.save(os.path.join(here, f"vision_{name}.npy"), np.concatenate([p.reshape(-1) for p in all_of_them]))
# Which pixel nearest takes, for every pair of lengths up to 40.
lines = [np.array(Image.fromarray(np.arange(n, dtype=np.uint8)[None]).resize((m, 1), Image.Resampling.NEAREST))
         for n in range(1, 41) for m in range(1, 41)]
np.save(os.path.join(here, "vision_nearest_lines.npy"), np.concatenate(lines, 1)[0])

turns = [(10, 0, 255), (-33.3, 0, 0), (45, 1, 0), (90, 0, 77), (90, 1, 0), (180, 0, 0), (270, 1, 0), (123.4, 1, 200),
         (359, 1, 9), (-90, 0, 0), (0.25, 0, 255), (60, 1, 255), (720, 1, 0), (1e-3, 0, 128)]
np.save(os.path.join(here, "vision_turns.npy"), np.array(turns))
turned = [np.array(Image.fromarray(grey).rotate(degrees, Image.Resampling.BILINEAR, bool(expand), fillcolor=fill))
          for degrees, expand, fill in turns]
np.save(os.path.join(here, "vision_turned_sizes.npy"), np.array([t.shape for t in turned], np.int32))
np.save(os.path.join(here, "vision_rotate.npy"), np.concatenate([t.reshape(-1) for t in turned]))
