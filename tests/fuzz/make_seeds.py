"""Writes the inputs that the fuzzers start from, small and each with something of its own.

Run from the repository's root:  python tests/fuzz/make_seeds.py
"""
import gzip
import json
import pathlib
import struct
import zlib


import zipfile

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


def net(layers, tensors=(), **more):
    described = json.dumps({"format": 1, "architecture": layers} | more, separators=(",", ":"))
    header, end = {"__metadata__": {"mlcore": described}}, 0
    for name, shape in tensors:
        begin, size = end, 4
        for extent in shape:
            size *= extent
        end += size
        header[name] = tensor("F32", shape, begin, end)
    return described.encode(), safetensors(header, bytes(end))


rows = [{"kind": "input", "shape": [2, 2]}, {"kind": "flatten"}, {"kind": "dense", "out": 3}, {"kind": "relu"},
        {"kind": "dropout", "p": 0.25}, {"kind": "dense", "name": "fc", "out": 2, "no_bias": True}]
blocks = [{"kind": "input", "shape": [3]},
          {"kind": "residual", "layers": [{"kind": "seq", "name": "", "layers": [{"kind": "dense", "out": 3}]},
                                          {"kind": "identity"}]},
          {"kind": "branch", "layers": [{"kind": "tanh"}, {"kind": "sigmoid"}, {"kind": "dense", "out": 1}]}]
image = [{"kind": "input", "shape": [5, 4, 2]},
         {"kind": "conv", "out": 2, "k": 3, "k_w": 1, "stride": 2, "pad": 1, "pad_w": -1, "groups": 2, "no_bias": True},
         {"kind": "batch_norm", "eps": 0.001, "momentum": 0.5}, {"kind": "max_pool", "k": 2, "stride": 1, "ceil_mode": True},
         {"kind": "upsample", "factor": 2}, {"kind": "avg_pool", "k": 2, "exclude_pad": True},
         {"kind": "adaptive_avg_pool", "p": 1, "q": 1}, {"kind": "flatten"}, {"kind": "layer_norm", "no_affine": True}]
deep = {"kind": "relu"}
for _ in range(35):
    deep = {"kind": "seq", "layers": [deep]}
seeds = {
    "rows": net(rows, [("1.weight", [3, 4]), ("1.bias", [3]), ("fc.weight", [2, 3])], extra={"classes": ["a", "b"]}),
    "blocks": net(blocks, [("0.0.weight", [3, 3]), ("0.0.bias", [3]), ("1.2.weight", [1, 3]), ("1.2.bias", [1])]),
    "image": net(image, [("0.weight", [2, 1, 3, 1])] + [(f"1.{n}", [2]) for n in ("bias", "running_mean", "running_var", "weight")]),
    "deep": net([{"kind": "input", "shape": [1]}, deep]),
    "absurd": net([{"kind": "input", "shape": [1 << 40]}, {"kind": "dense", "out": 1 << 40}], [("0.weight", [2])]),
    "newer": net([], [], format=2),
}
for name, (text, data) in seeds.items():
    (here / "net" / f"{name}.json").write_bytes(text)
    (here / "net" / name).write_bytes(data)


def checkpoint(**changes):
    own = {"lr_scale": 1.0, "weight_decay": 0.0, "taken": 3}
    text = {
        "format": 1, "kind": "checkpoint",
        "optimizer": {"rule": "adam", "steps": 3, "lr": 0.001,
                      "options": {"lr": 0.001, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.0},
                      "parameters": {"0.weight": own, "0.bias": own}},
        "ema": {"updates": 3, "options": {"decay": 0.5, "warm_up": False}},
        "plateau": {"best": "inf", "seen": 1, "bad": 1, "cooling": 0,
                    "options": {"higher_is_better": False, "factor": 0.1, "patience": 10, "threshold": 0.0001, "cooldown": 0,
                                "min_lr": 0.0}},
        "dropout": {"seed": "42", "step": "18446744073709551615"},
        "progress": {"epoch": 1, "batch": 2, "step": 3, "seed": "1", "rng_seed": "2", "rng_stream": "3", "rng_counter": "4",
                     "best_score": "nan", "best_epoch": 1, "epochs_since_best": 0, "loss_sum": 0.30000000000000004,
                     "loss_count": 9, "seconds": -0.0},
    } | changes
    return json.dumps({k: v for k, v in text.items() if v is not None}, separators=(",", ":")).encode()


def checkpoint_file(text):
    header, end = {"__metadata__": {"mlcore": text.decode()}}, 0
    for prefix in ["", "ema.", "optim.0.", "optim.1."]:
        for name, shape, size in [("0.weight", [2, 3], 24), ("0.bias", [2], 8)]:
            header[prefix + name] = tensor("F32", shape, end, end + size)
            end += size
    header["mean"] = tensor("F32", [1], end, end + 4)
    return safetensors(header, bytes(range(end + 4)))


seeds = {
    "whole.json": checkpoint(), "extra.json": checkpoint(extra={"lr": 0.1, "name": "\u00e9"}),
    "newer.json": checkpoint(format=2), "no_ema.json": checkpoint(ema=None), "model.json": b'{"format":1,"architecture":[]}',
    "whole": checkpoint_file(checkpoint()), "cut": checkpoint_file(checkpoint())[:-9],
    "no_text": checkpoint_file(checkpoint()).replace(b"mlcore", b"mlCore"),
}
(here / "checkpoint").mkdir(exist_ok=True)
for name, data in seeds.items():
    (here / "checkpoint" / name).write_bytes(data)


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


def npy(header, data=b"", version=1):
    text = header.encode() + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(text)) + text + data


def described(dtype, shape, fortran=False):
    return f"{{'descr': '{dtype}', 'fortran_order': {fortran}, 'shape': {shape}, }}"


one = npy(described("<f4", (1,)), bytes(4))
seeds = {
    "scalar": npy(described("<f8", ()), bytes(8)), "matrix": npy(described(">i2", (2, 3)), bytes(range(12))),
    "fortran": npy(described("|u1", (2, 3, 4), True), bytes(range(24))), "bools": npy(described("|b1", (3,)), b"\0\1\2"),
    "empty": npy(described("=u8", (0, 7))), "rank6": npy(described("<f2", (1, 2, 1, 3, 1, 2)), bytes(24)),
    "rank7": npy(described("|i1", (1,) * 7), bytes(1)), "version2": npy(described("<i8", (2,)), bytes(16), 2),
    "version3": npy(described("<u4", (2,)), bytes(8), 3), "huge": npy(described("<f4", (1 << 60, 4)), bytes(16)),
    "keys": npy('{"shape":(2L,),"descr":"<i4","fortran_order":True}  ', bytes(8)), "objects": npy(described("|O", (1,))),
    "records": npy("{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (1,), }", bytes(4)),
    "cut": one[:-2], "long": one + bytes(3), "negative": npy(described("<f4", (-1,)), bytes(4)),
}
for name, data in seeds.items():
    (here / "npy" / name).write_bytes(data)


def npz(name, *members, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(here / "npz" / name, "w") as z:
        for member, data in members:
            info = zipfile.ZipInfo(member)
            info.compress_type = method
            with z.open(info, "w", force_zip64=name == "zip64") as f:
                f.write(data)


npz("nothing")
npz("one", ("a.npy", one))
npz("zip64", ("a.npy", one), ("layer/b.npy", seeds["matrix"]))
npz("twice", ("a.npy", one), ("a.npy", one))
npz("others", ("folder/", b""), ("notes.txt", b"hello"), ("\u00e9.npy", one), (".npy", seeds["empty"]))
npz("no_array", ("a.npy", b"hello"))
npz("deflated", ("a.npy", npy(described("<f8", (50, 40)), bytes(16000))), method=zipfile.ZIP_DEFLATED)
data = (here / "npz" / "one").read_bytes()
(here / "npz" / "cut").write_bytes(data[:-9])
(here / "npz" / "far").write_bytes(data[:-6] + struct.pack("<I", 1 << 31) + data[-2:])

tables = {
    "plain": b"a,b,c\n1,2.5,x\n-3,1e-7,y\n0,,x\n", "crlf": b"\xef\xbb\xbfid,name\r\n1,Ann\r\n2,\"B\r\nob\"\r\n",
    "quotes": b"a,b\n\"x, \"\"y\"\"\",1\n\"ab\"cd,2\nin\"side,4\n\"\",6\n", "missing": b"a,b\nNA,?\nnull,\n<NA>,5\n",
    "times": b"t;u\n2020-01-31 12:30:00;2020-02-29\n1969-12-31T23:59:59.5Z;\n", "ragged": b"a,b\n1\n2,3,4\n5,6\n",
    "open": b"a,b\n1,\"2\n3,4\n", "numbers": b"x|y\n9007199254740993|1e400\n123456789012345678901234567890|4.9e-324\n-0|.5\n",
    "names": b"a,a,,a.1,`x`,<script>\n1,2,3,4,5,6\n", "words": b"c\nred\nblue\nred\nblue\n\nred\n", "zero": b"a,b\n1,x\0y\n",
    "latin": b"a,b\n1,\xe4\n", "gzip": gzip.compress(b"a,b\n1,2\n3,4\n", 9, mtime=0), "blank": b"\n\n\r\na\n\n1\n",
}
for name, data in tables.items():
    for choice in (0, 0x8c):
        (here / "csv" / f"{name}{choice:02x}").write_bytes(bytes([choice]) + data)
