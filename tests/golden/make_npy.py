"""Writes the small .npy and .npz files that tests/test_io_npy.c and tests/test_io_npz.c compare with, by NumPy.

Run from anywhere: python tests/golden/make_npy.py; writes npy_* and npz_* beside this file, the same bytes each time.
"""
import io
import pathlib
import types
import zipfile

import numpy as np

here = pathlib.Path(__file__).parent
# savez stamps its members with the time: let it be the first day that a zip archive knows.
zipfile.time = types.SimpleNamespace(time=lambda: 0, localtime=lambda t: (1980, 1, 1, 0, 0, 0, 0, 0, 0))


def numbers(dtype):
    """Six of them, with both ends of the type's range."""
    if dtype == "b1":
        return [False, True, True, False, True, False]
    if dtype[0] == "f":
        return [0.0, -1.5, np.finfo(dtype).max, np.finfo(dtype).smallest_subnormal, np.inf, np.nan]
    return [np.iinfo(dtype).min, np.iinfo(dtype).max, 0, 1, 2, 100]


# Every type, in both byte orders.
for dtype in "b1 i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8".split():
    x = np.array(numbers(dtype), dtype).reshape(2, 3)
    np.save(here / f"npy_{dtype}.npy", x)
    if dtype[1] != "1":
        np.save(here / f"npy_big_{dtype}.npy", x.astype(">" + dtype))

# Every rank, empty axes, Fortran order, all versions.
count = np.arange(24, dtype="i2")
np.save(here / "npy_scalar.npy", np.array(-2.5))
np.save(here / "npy_rank1.npy", count[:3])
np.save(here / "npy_rank6.npy", count[:12].reshape(1, 2, 1, 3, 1, 2))
np.save(here / "npy_empty.npy", np.zeros((2, 0, 3), "f4"))
np.save(here / "npy_fortran.npy", np.asfortranarray(count.reshape(2, 3, 4)))
np.save(here / "npy_fortran_big.npy", np.asfortranarray(count.reshape(4, 6).astype(">f4")))
np.save(here / "npy_fortran_empty.npy", np.zeros((0, 5), "f4", order="F"))
for version in (2, 3):
    with open(here / f"npy_version{version}.npy", "wb") as f:
        np.lib.format.write_array(f, count.reshape(2, 3, 4), (version, 0))

# What is refused.
np.save(here / "npy_no_rank7.npy", np.zeros((1,) * 7, "i1"))
np.save(here / "npy_no_complex.npy", np.array([1j]))
np.save(here / "npy_no_objects.npy", np.array([None, "a"], object))
np.save(here / "npy_no_text.npy", np.array(["ab"]))
np.save(here / "npy_no_bytes.npy", np.array([b"ab"]))
np.save(here / "npy_no_records.npy", np.array([(1, 2.0)], [("a", "i4"), ("b", "f8")]))
np.save(here / "npy_no_dates.npy", np.array(["2024-01-01"], "M8[D]"))
np.save(here / "npy_no_spans.npy", np.array([3], "m8[s]"))
np.save(here / "npy_no_raw.npy", np.array([b"abc"], "V3"))
np.save(here / "npy_no_long.npy", np.array([1.0], np.longdouble))

# Headers of many lengths, one after the other: arrays of no bytes, with more and more digits in their shapes.
with open(here / "npy_headers.bin", "wb") as f:
    for rank in range(1, 7):
        for digits in range(0 if rank == 1 else 1, 1 if rank == 1 else 16 // (rank - 1) + 1):
            np.save(f, np.zeros((0,) + (10 ** (digits - 1),) * (rank - 1) if digits else (0,), "u1"))

# ---- npz ----

arrays = {"x": np.arange(6, dtype="f4").reshape(2, 3) / 8, "layer/bias": np.array([-1, 5], "i8"), "é": np.array(7, "u1")}
np.savez(here / "npz_stored.npz", **arrays)
np.savez_compressed(here / "npz_deflated.npz", zeros=np.zeros((50, 40)), **arrays)
np.savez(here / "npz_nothing.npz")


class Pipe(io.BytesIO):
    """Where zipfile cannot go back, it writes the sizes after the data."""

    def seek(self, *where):
        raise OSError


pipe = Pipe()
np.savez_compressed(pipe, **arrays)
(here / "npz_stream.npz").write_bytes(pipe.getvalue())


def npy(x):
    f = io.BytesIO()
    np.save(f, x)
    return f.getvalue()


def archive(name, *members, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(here / name, "w", method) as z:
        for member, data in members:
            z.writestr(zipfile.ZipInfo(member, (1980, 1, 1, 0, 0, 0)), data, method)


one = npy(np.array([1.5], "f4"))
archive("npz_others.npz", ("folder/", b""), ("notes.txt", b"hello"), ("a.npy", one), ("b", one), ("npy", b"x"), (".npy", one))
archive("npz_no_twice.npz", ("a.npy", one), ("b.npy", one), ("a.npy", one))
archive("npz_no_array.npz", ("a.npy", b"hello"))
archive("npz_no_bzip2.npz", ("a.npy", one), method=zipfile.ZIP_BZIP2)
archive("npz_no_lzma.npz", ("a.npy", one), method=zipfile.ZIP_LZMA)
# A megabyte of zeros in a kilobyte, after a header that says ten bytes.
archive("npz_no_bomb.npz", ("a.npy", npy(np.zeros(10, "u1"))[:-10] + bytes(1_000_000)), method=zipfile.ZIP_DEFLATED)


class Far(io.BytesIO):
    """As if five GiB lay before it."""

    BEFORE = 5 << 30

    def tell(self):
        return super().tell() + self.BEFORE

    def seek(self, at, whence=0):
        return super().seek(at - self.BEFORE if whence == 0 else at, whence)


# The directory of an archive whose sizes and offsets need 64 bits: the members are small, but said to be large.
far = Far()
with zipfile.ZipFile(far, "w") as z:
    for name in ("a", "b"):
        with z.open(name, "w", force_zip64=True) as member:
            member.write(b"1234")
    z.filelist[0].file_size = z.filelist[0].compress_size = 3 << 30
(here / "npz_far.bin").write_bytes(far.getvalue())

for path in list(here.glob("npy_*")) + list(here.glob("npz_*")):
    path.chmod(0o644)
    print(path.name, path.stat().st_size)
