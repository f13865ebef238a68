"""Writes the inputs that the fuzzers start from, small and each with something of its own.

Run from the repository's root:  python tests/fuzz/make_seeds.py
"""
import gzip
import json
import pathlib
import struct
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
