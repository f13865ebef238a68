"""Writes the inputs that the fuzzers start from, small and each with something of its own.

Run from the repository's root:  python tests/fuzz/make_seeds.py
"""
import gzip
import json
import pathlib
import struct
import zlib

here = pathlib.Path(__file__).parent / "seeds"


def idx(shape, elements=None, kind=8):
    size = 1
    for extent in shape:
        size *= extent
    elements = size if elements is None else elements
    return bytes([0, 0, kind, len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + bytes(i % 256 for i in range(elements))


def gz(data, level=9):
    return gzip.compress(data, level, mtime=0)


images = idx([3, 5, 4])
seeds = {
    "rank1": idx([10]), "rank3": images, "rank6": idx([1, 2, 1, 3, 1, 2]), "no_elements": idx([0, 28, 28]),
    "floats": idx([2], 8, kind=13), "too_long": idx([4], 5), "too_short": idx([4], 3), "lying": idx([60000, 28, 28], 10),
    "rank3.gz": gz(images), "stored.gz": gz(images, 0), "two_members.gz": gz(images[:20]) + gz(images[20:]),
    "zeros.gz": gz(idx([70000], 0) + bytes(70000)), "cut.gz": gz(images)[:-5], "trailing.gz": gz(images) + b"xyz",
}
for name, data in seeds.items():
    (here / "idx" / name).write_bytes(data)


def safetensors(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def tensor(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


seeds = {
    "nothing": safetensors({}),
    "one": safetensors({"0.weight": tensor("F32", [2, 3], 0, 24)}, bytes(24)),
    "three": safetensors({"__metadata__": {"mlcore": "{\"a\":[1,2]}", "k": ""}, "b": tensor("F64", [], 0, 8),
                          "a": tensor("I16", [1, 2, 1, 2], 8, 16), "\u00e9\n\"": tensor("U8", [0, 9], 16, 16)}, bytes(16)),
    "types": safetensors({t: tensor(t, [1], i, i + 1) for i, t in enumerate(["BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2"])},
                         bytes(5)),
    "overlap": safetensors({"a": tensor("U8", [4], 0, 4), "b": tensor("U8", [4], 2, 6)}, bytes(6)),
    "hole": safetensors({"a": tensor("U8", [1], 0, 1), "b": tensor("U8", [1], 2, 3)}, bytes(3)),
    "huge": safetensors({"a": tensor("F32", [1 << 62, 4], 0, 16)}, bytes(16)),
    "twice": safetensors(b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},'
                         b'"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}', bytes(2)),
    "escapes": safetensors(b'{"\\u0061\\ud83d\\ude00\\/":{"dtype":"U8","shape":[1e0],"x":[null,true,{}],'
                           b'"data_offsets":[0,1]}}', bytes(1)),
    "cut": safetensors({"0.weight": tensor("F32", [2, 3], 0, 24)}, bytes(24))[:-9],
    "long_header": struct.pack("<Q", 99_999_999) + b"{}",
}
for name, data in seeds.items():
    (here / "safetensors" / name).write_bytes(data)


# Pictures: what the small files in tests/golden/images do not have.
def png(width, height, data, color=2, extra=b""):
    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, color, 0, 0, 0)) + extra
            + chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b""))


def bmp(width, height, bits, offset, body, header=40, masks=b""):
    return (b"BM" + struct.pack("<IHHI", 14 + header + len(body), 0, 0, offset)
            + struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, 3 if masks else 0, 0, 0, 0, 0, 0) + masks + body)


def lzw(pixels):
    """GIF's codes of 3 bits for colours 0 to 3, cleared before they would grow."""
    codes = []
    for i, pixel in enumerate(pixels):
        codes += [4, pixel] if i % 2 == 0 else [pixel]
    bits = sum(code << 3 * i for i, code in enumerate(codes + [5]))
    data = bits.to_bytes((3 * len(codes) + 3 + 7) // 8, "little")
    return b"\x02" + bytes([len(data)]) + data + b"\0"


def gif(frame, background=0, flags=0x81):
    table = bytes([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255])
    return b"GIF89a" + struct.pack("<HHBBB", 6, 5, flags, background, 0) + table[: 12 * (flags >> 7)] + frame + b";"


def frame(x, y, w, h, flags=0, table=b""):
    return b"," + struct.pack("<HHHHB", x, y, w, h, flags) + table + lzw([i % 4 for i in range(w * h)])


def segment(marker, body):
    return bytes([0xff, marker]) + struct.pack(">H", len(body) + 2) + body


quant = segment(0xdb, b"\0" + b"\1" * 64)
huff = b"".join(segment(0xc4, bytes([t, 1] + [0] * 15 + [0])) for t in (0x00, 0x10))
start = segment(0xc0, struct.pack(">BHHB", 8, 8, 8, 1) + b"\1\x11\0")
scan = segment(0xda, b"\1\1\0\0\x3f\0") + b"\x3f"
exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + struct.pack("<HHIHH", 0x112, 3, 1, 6, 0)
seeds = {
    "huge.png": png(65535, 65535, b""), "wide.png": png(20000, 20000, bytes(100)), "bomb.png": png(3, 3, bytes(3000000)),
    "short.png": png(9, 9, bytes(100)),
    "empty.png": png(1, 1, b"\0abc", 2, b"\0\0\0\0IDAT" + b"\0" * 4),
    "no_palette.png": png(4, 1, b"\0\0\1\2\3", 3),
    "palette_of_one.png": png(4, 1, b"\0\0\1\2\xff", 3, b"\0\0\0\3PLTE" + b"abc" + b"\0" * 4),
    "palette_of_one.bmp": bmp(4, 1, 8, 58, b"\1\2\3\0" + b"\0\1\2\xff"), "no_palette.bmp": bmp(4, 1, 8, 20, bytes(8)),
    "lowest.bmp": bmp(4, -2 ** 31, 24, 54, bytes(24)), "bits.bmp": bmp(9, 2, 1, 62, b"\0\0\0\0\xff\xff\xff\0" + bytes(8)),
    "masks.bmp": bmp(2, 1, 32, 66, bytes(range(8)), 40, struct.pack("<III", 0xf0000000, 0x0ff00000, 0xff)),
    "frame.gif": gif(frame(0, 0, 6, 5)), "part.gif": gif(frame(2, 1, 3, 3), 2), "beyond.gif": gif(frame(3, 1, 4, 3)),
    "interlaced.gif": gif(frame(0, 0, 6, 5, 0x40)), "local.gif": gif(frame(0, 0, 6, 5, 0x80, bytes(range(6))), 0, 0),
    "clear.gif": gif(b"!\xf9\4\1\0\0\2\0" + frame(0, 0, 6, 5) + frame(0, 0, 2, 2)), "no_frame.gif": gif(b""),
    "flat.jpg": b"\xff\xd8" + segment(0xe1, exif) + quant + start + huff + scan + b"\xff\xd9",
    "scans.jpg": b"\xff\xd8" + quant + start + huff + scan * 9 + b"\xff\xd9",
    "codes.jpg": b"\xff\xd8" + segment(0xc4, b"\0" + b"\xff" * 16 + bytes(4080)) + quant + start + scan + b"\xff\xd9",
    "four.jpg": b"\xff\xd8" + quant + segment(0xc0, struct.pack(">BHHB", 8, 8, 8, 4)
                + b"".join(bytes([i, 0x11, 0]) for i in range(4))) + huff + segment(0xda, b"\4" + b"\0\0\1\0\2\0\3\0" + b"\0\x3f\0")
                + b"\0\xff\xd9",
    "x.heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "x.webp": b"RIFF\x24\0\0\0WEBPVP8 ",
}
for name, data in seeds.items():
    (here / "image" / name).write_bytes(data)
