"""What pandas 3 makes of columns: windows, neighbours, fills, order, duplicates, intervals, parts of dates, letters; in float64.

Run from the top of the tree: python tests/golden/make_frame_rows.py
frame_rows_x.npy         (2, 40): columns with holes, an infinity and ties; the second lies far from zero
frame_rows_windows.npy   (cases, 40): for each column, window of WINDOWS, way of WAYS (min_periods or -1, center): mean, sum, min, max,
                         std, median, count; std by exact fractions, since pandas' is
                         off by 3e-9 in the second column
frame_rows_neighbours.npy  (2, 16, 40): shift, diff, pct_change by 1, 3, -2; cumsum, cumprod, cummin, cummax; ffill, bfill,
                         interpolate
frame_rows_fills.npy     (2, 3): mean, median, mode
frame_rows_keys.npy      (3, 60): small whole numbers with holes
frame_rows_order.npy     (8, 60): the order of rows sorted by all three, bit k of the case: key k descending
frame_rows_twice.npy     (6, 60): duplicated by keys 0, 1 and by all, keep first, last, none
frame_rows_cut.npy       (12, 40): intervals of the cases in CUTS below, -1 outside
frame_rows_cut_edges.npy (12, 8): their edges, NaN behind the last
frame_rows_cut.txt       their intervals as texts, a case a line, separated by |
frame_rows_dates.npy     (n, 9): microseconds; year, month, day, weekday, day of the year, hour, minute, second
frame_rows_letters.npy   (n, 3): code points, their lower and upper case as Python has it, -1 where that is not one letter
"""
import statistics
from pathlib import Path

import numpy as np
import pandas as pd

here = Path(__file__).parent
rng = np.random.default_rng(61)
n = 40
near = np.round(rng.normal(0, 3, n), 1)
near[[0, 1, 7, 8, 9, 22, 39]] = np.nan
near[30] = np.inf
near[12:16] = 0.1
far = 1e6 + rng.normal(0, 1, n)
far[[5, 18, 19]] = np.nan
far[25:29] = far[25]
x = np.stack([near, far])
np.save(here / "frame_rows_x.npy", x)

WINDOWS = (1, 3, 4, 17, 100)
WAYS = ((-1, False), (1, False), (1, True), (-1, True), (0, False))
windows = []


def exact_std(v):
    v = v[~np.isnan(v)]
    return statistics.stdev(v) if len(v) > 1 else np.nan


for row in x:
    for w in WINDOWS:
        for least, center in WAYS:
            r = pd.Series(row).rolling(w, min_periods=None if least < 0 else least, center=center)
            windows += [r.mean(), r.sum(), r.min(), r.max(), r.apply(exact_std, raw=True), r.median(), r.count()]
np.save(here / "frame_rows_windows.npy", np.array(windows))

neighbours, fills = [], []
for row in x:
    s = pd.Series(row)
    made = [f(by) for f in (s.shift, s.diff, lambda k: s.pct_change(k)) for by in (1, 3, -2)]
    made += [s.cumsum(), s.cumprod(), s.cummin(), s.cummax(), s.ffill(), s.bfill(), s.interpolate()]
    neighbours.append(made)
    fills.append([s.mean(), s.median(), s.mode()[0]])
np.save(here / "frame_rows_neighbours.npy", np.array(neighbours))
np.save(here / "frame_rows_fills.npy", np.array(fills))

keys = rng.integers(0, 4, (3, 60)).astype(float)
keys[rng.random((3, 60)) < 0.1] = np.nan
np.save(here / "frame_rows_keys.npy", keys)
frame = pd.DataFrame(dict(zip("abc", keys)))
order = [frame.sort_values(["a", "b", "c"], ascending=[not case >> k & 1 for k in range(3)], kind="stable").index for case in range(8)]
np.save(here / "frame_rows_order.npy", np.array(order))
np.save(here / "frame_rows_twice.npy", np.array([frame.duplicated(by, keep=keep).astype(np.float64)
                                                 for by in (["a", "b"], None) for keep in ("first", "last", False)]))

plain = np.where(np.isinf(near), 2.0, near)
CUTS = [
    lambda **k: pd.cut(plain, 4, **k),
    lambda **k: pd.cut(plain, 7, right=False, **k),
    lambda **k: pd.cut(plain, [-3, 0, 0.1, 2.5], **k),
    lambda **k: pd.cut(plain, [-3, 0, 0.1, 2.5], right=False, **k),
    lambda **k: pd.cut(plain, [-2.4, 0, 0.1, 2.5], include_lowest=True, **k),
    lambda **k: pd.cut(plain, [-np.inf, 0.1, 0.10001, np.inf], **k),
    lambda **k: pd.cut(plain, [-5.0, 0.0, 0.0, 5.0], duplicates="drop", **k),
    lambda **k: pd.qcut(plain, 4, **k),
    lambda **k: pd.qcut(plain, 7, duplicates="drop", **k),
    lambda **k: pd.qcut(far, 5, **k),
    lambda **k: pd.qcut(plain, [0, 0.1, 0.5, 1], **k),
    lambda **k: pd.cut(far, 3, **k),
]
codes, edges, texts = [], np.full((len(CUTS), 8), np.nan), []
for k, cut in enumerate(CUTS):
    c, e = cut(labels=False, retbins=True)
    codes.append(np.where(np.isnan(c), -1, c))
    edges[k, : len(e)] = e
    texts.append("|".join(map(str, cut().categories)))
np.save(here / "frame_rows_cut.npy", np.array(codes))
np.save(here / "frame_rows_cut_edges.npy", edges)
(here / "frame_rows_cut.txt").write_text("\n".join(texts) + "\n")

days = [0, -1, 59, 789, 10956, 11015, 11016, 11322, 47540, 47541, 47542, -25509, -25508, -100000, 100000]
micro = np.concatenate([np.array(days) * 86400 * 10**6, rng.integers(-(2**55), 2**55, 60)])
t = pd.DatetimeIndex(micro.astype("M8[us]"))
np.save(here / "frame_rows_dates.npy", np.stack([micro, t.year, t.month, t.day, t.day_of_week, t.day_of_year, t.hour, t.minute, t.second], axis=1))

ranges = ((0x20, 0x250), (0x386, 0x400), (0x400, 0x530), (0x1E00, 0x1F00), (0x4E00, 0x4E10))
point = lambda text: ord(text) if len(text) == 1 else -1
letters = [(c, point(chr(c).lower()), point(chr(c).upper())) for low, high in ranges for c in range(low, high)]
np.save(here / "frame_rows_letters.npy", np.array(letters, dtype=np.int32))
