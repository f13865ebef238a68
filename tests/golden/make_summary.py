"""Summaries of a frame from pandas 3, in float64: tests/golden/summary_*.npy. Run from the top of the tree.

summary_data.npy      (240, 5): a, a text by its place in "e b a d c"; b, a number; x; y, an integer; z, with many equal values. NaN is missing
summary_describe.npy  x, y, z: count mean std min 25% 50% 75% max
summary_quantiles.npy of 0, 0.1, 1/3, 0.5, 0.99, 1: x, y, z
summary_group.npy     by a, b: a's place, b, of x: mean median std var sum min max first last count nunique; size; sum of y
summary_missing.npy   by a, b, missing keys kept: a's place, b, size, mean of z
summary_transform.npy mean of x by a; size by b
summary_counts.npy    value counts of z, missing ones too: value, count; of x in ascending order follow the counts alone
summary_pivot.npy     mean of x, a down and b right, with margins: 5 x 4 and All; then the sum of y, 0 where none; then the median of x
summary_crosstab.npy  a down and b right, with margins: counts; shares of all; of rows (a column less); of columns (a row less)
summary_keys.npy      (70, 2) keys k, l of the left, (50, 2) of the right below them
summary_merge.npy     rows (left, right), NaN where none: inner, left, right, outer by k and l; then inner by k alone; -1, -1 after each
summary_corr.npy      x, y, z and a constant c: Pearson, Spearman, Kendall, covariance: 4 x 4 each
"""
from pathlib import Path

import numpy as np
import pandas as pd

here = Path(__file__).parent
rng = np.random.default_rng(6)
n = 240
letters = np.array(list("ebadc"))
a, b = rng.integers(0, 5, n).astype(float), rng.integers(1, 4, n).astype(float)
x, y, z = rng.normal(3, 20, n), rng.integers(-50, 51, n).astype(float), np.round(rng.normal(0, 2, n))
x[rng.random(n) < 0.15] = np.nan
z[rng.random(n) < 0.1] = np.nan
x[(a == 4) & (b == 3)] = np.nan
keep = ~((a == 1) & (b == 2))  # one combination that does not occur
a[rng.random(n) < 0.05] = np.nan
b[rng.random(n) < 0.05] = np.nan
a, b, x, y, z = (v[keep] for v in (a, b, x, y, z))


def save(name, value):
    np.save(here / f"summary_{name}.npy", np.ascontiguousarray(value, dtype=np.float64))


def place(text):
    return np.array([np.nan if t is None or t != t else "ebadc".index(t) for t in text])


save("data", np.stack([a, b, x, y, z], axis=1))
text = [None if v != v else letters[int(v)] for v in a]
f = pd.DataFrame({"a": text, "b": b, "x": x, "y": y.astype(np.int64), "z": z})
save("describe", f[["x", "y", "z"]].describe().T)
save("quantiles", f[["x", "y", "z"]].quantile([0, 0.1, 1 / 3, 0.5, 0.99, 1]))

by = f.groupby(["a", "b"])
kinds = ["mean", "median", "std", "var", "sum", "min", "max", "first", "last", "count", "nunique"]
g = by.agg(**{k: ("x", k) for k in kinds}, size=("x", "size"), y=("y", "sum")).reset_index()
g["a"] = place(g["a"])
save("group", g)
g = f.groupby(["a", "b"], dropna=False).agg(size=("z", "size"), z=("z", "mean")).reset_index()
g["a"] = place(g["a"])
save("missing", g)
save("transform", np.stack([f.groupby("a").x.transform("mean"), f.groupby("b").x.transform("size")], axis=1))
counts = f.z.value_counts(dropna=False)
save("counts", np.stack([counts.index, counts], axis=1))

pivots = [f.pivot_table(index="a", columns="b", values="x", aggfunc="mean", margins=True),
          f.pivot_table(index="a", columns="b", values="y", aggfunc="sum", margins=True, fill_value=0),
          f.pivot_table(index="a", columns="b", values="x", aggfunc="median", margins=True)]
save("pivot", np.concatenate([p.to_numpy() for p in pivots]))
tables = [pd.crosstab(f.a, f.b, margins=True, normalize=how).to_numpy().ravel() for how in (False, "all", "index", "columns")]
save("crosstab", np.concatenate(tables))

keys = rng.integers(0, 12, (120, 2)).astype(float)
keys[rng.random(keys.shape) < 0.08] = np.nan
keys[:70, 1], keys[70:, 1] = keys[:70, 1] % 3, keys[70:, 1] % 3
save("keys", keys)
left = pd.DataFrame({"k": keys[:70, 0], "l": keys[:70, 1], "left": np.arange(70.0)})
right = pd.DataFrame({"k": keys[70:, 0], "l": keys[70:, 1], "right": np.arange(50.0)})
pairs = []
for on, how in ((["k", "l"], "inner"), (["k", "l"], "left"), (["k", "l"], "right"), (["k", "l"], "outer"), (["k"], "inner")):
    pairs += [left.merge(right, on=on, how=how)[["left", "right"]].to_numpy(), [[-1, -1]]]
save("merge", np.concatenate(pairs))

f["c"] = 0.1
four = f[["x", "y", "z", "c"]]
save("corr", np.concatenate([four.corr(), four.corr("spearman"), four.corr("kendall"), four.cov()]))
