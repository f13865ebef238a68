"""The numbers behind plots, in float64: bins and counts from NumPy, densities from SciPy, boxes by NumPy's percentile with
Matplotlib's rule for whiskers (cbook.boxplot_stats).

Run from the top of the tree: python tests/golden/make_plot.py
plot_data.npy     (8, 200): a set a row, NaN where it ends
plot_bins.npy     (8, 3): of histogram_bin_edges(v, "auto") how many, first, last
plot_counts.npy   (8, 40): how many fall into each, then 0; and of 7 bins from -1 to 2: (8, 7) behind them
plot_density.npy  (8, 42): Scott's bandwidth, gaussian_kde at 40 points from the least to the greatest, and with a bandwidth of
                  0.3 at the least; NaN for what has no two values
plot_box.npy      (8, 7): low, q1, median, q3, high, how many, how many outside
"""
from pathlib import Path

import numpy as np
from scipy import stats

here = Path(__file__).parent
rng = np.random.default_rng(6)
sets = [
    rng.normal(size=200),
    rng.exponential(3, 150),
    rng.integers(0, 6, 100).astype(float),
    np.exp(2 * rng.normal(size=180)),
    np.array([1.0, 2.0]),
    np.array([4.25]),
    np.full(30, -2.5),
    np.concatenate([[-50.0], np.linspace(0, 1, 21), [0.5] * 60, [90.0]]),
]
data = np.full((len(sets), 200), np.nan)
bins, counts, density, box = [], np.zeros((len(sets), 47)), np.full((len(sets), 42), np.nan), []
for i, v in enumerate(sets):
    data[i, : v.size] = v
    edges = np.histogram_bin_edges(v, "auto")
    bins.append([edges.size - 1, edges[0], edges[-1]])
    count = np.histogram(v, edges.size - 1, (edges[0], edges[-1]))[0]
    counts[i, : count.size] = count
    counts[i, 40:] = np.histogram(v, 7, (-1, 2))[0]
    if v.min() < v.max():
        kde = stats.gaussian_kde(v)
        density[i, 0] = kde.factor * v.std(ddof=1)
        density[i, 1:41] = kde(np.linspace(v.min(), v.max(), 40))
        density[i, 41] = stats.gaussian_kde(v, 0.3 / v.std(ddof=1))(v.min())[0]
    q1, median, q3 = np.percentile(v, [25, 50, 75])
    inside = v[(v >= q1 - 1.5 * (q3 - q1)) & (v <= q3 + 1.5 * (q3 - q1))]
    low, high = min(inside.min(), q1), max(inside.max(), q3)
    box.append([low, q1, median, q3, high, v.size, (v < q1 - 1.5 * (q3 - q1)).sum() + (v > q3 + 1.5 * (q3 - q1)).sum()])
np.save(here / "plot_data.npy", data)
np.save(here / "plot_bins.npy", np.array(bins))
np.save(here / "plot_counts.npy", counts)
np.save(here / "plot_density.npy", density)
np.save(here / "plot_box.npy", np.array(box))
