"""Writes the small safetensors files that tests/test_io_safetensors.c compares with, by the Python package `safetensors`.

Run from the repository's root:  python tests/golden/make_safetensors.py
"""
import pathlib

import numpy as np
from safetensors.numpy import save_file

here = pathlib.Path(__file__).parent

# Every dtype that NumPy has; names that need escapes and names whose order depends on bytes; empty and scalar tensors.
dtypes = {
    "BOOL": np.bool_, "U8": np.uint8, "I8": np.int8, "I16": np.int16, "U16": np.uint16, "F16": np.float16,
    "I32": np.int32, "U32": np.uint32, "F32": np.float32, "F64": np.float64, "I64": np.int64, "U64": np.uint64,
}
tensors = {f"t.{name}": (np.arange(6) % 2 if name == "BOOL" else np.arange(6)).astype(t).reshape(2, 3)
           for name, t in dtypes.items()}
tensors["scalar"] = np.array(-2.5)
tensors["empty"] = np.zeros((0, 3), np.float32)
tensors["Z"] = np.array([1.5], np.float32)
tensors["a\"\\/\b\t\n\f\r\x01\x1f\x7fé\u2028\U0001f600"] = np.array([7], np.uint8)
save_file(tensors, here / "every_dtype.safetensors")

save_file({"0.weight": np.array([[1, 2, 3], [4, 5, 6]], np.float32) / 8, "0.bias": np.array([-1, 0.5], np.float32)},
          here / "params_f32.safetensors", {"mlcore": '{"net":"é\\n","n":1}'})
save_file({"0.weight": np.array([[1, 2, 3], [4, 5, 6]], np.float64) / 8, "0.bias": np.array([-1, 0.5], np.float64)},
          here / "params_f64.safetensors")
save_file({}, here / "nothing.safetensors")

# The types that NumPy does not have.
import torch  # noqa: E402
from safetensors.torch import save_file as save_torch  # noqa: E402

save_torch({t: torch.arange(3).to(d) for t, d in {
    "BF16": torch.bfloat16, "F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2, "C64": torch.complex64,
    "U8": torch.uint8, "I8": torch.int8, "F16": torch.float16, "I16": torch.int16, "F64": torch.float64}.items()},
    here / "torch_dtypes.safetensors")
for path in here.glob("*.safetensors"):
    path.chmod(0o644)
