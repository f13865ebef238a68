"""Writes the inputs that the fuzzers start from, small and each with something of its own.

Run from the repository's root:  python tests/fuzz/make_seeds.py
"""
import gzip
import json
import pathlib
import struct

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
deep = {"kind": "relu"}
for _ in range(35):
    deep = {"kind": "seq", "layers": [deep]}
seeds = {
    "rows": net(rows, [("1.weight", [3, 4]), ("1.bias", [3]), ("fc.weight", [2, 3])], extra={"classes": ["a", "b"]}),
    "blocks": net(blocks, [("0.0.weight", [3, 3]), ("0.0.bias", [3]), ("1.2.weight", [1, 3]), ("1.2.bias", [1])]),
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
