"""Golden values of gradient boosting: scikit-learn's HistGradientBoosting, which cuts bins as mlcore does.

    python3 tests/golden/make_boost.py      (scikit-learn 1.9.1)
"""
import os
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier as C, HistGradientBoostingRegressor as R

here = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(5)
n = 600
x = np.round(rng.normal(size=(n, 5)), 1)  # fewer values than bins, so that weights do not move the edges
x[:, 1] = rng.integers(0, 4, n)
x[rng.random(n) < 0.2, 2] = np.nan
x[:, 4] = 7
signal = np.sin(2 * x[:, 0]) + 0.5 * x[:, 1] - np.where(np.isnan(x[:, 2]), 1.5, x[:, 2] ** 2) + 0.4 * rng.normal(size=n)
y2 = (signal > 0).astype(int)
y3 = np.digitize(signal, [-0.7, 0.7])
w = rng.uniform(0.2, 3, n)
many = rng.normal(size=(2000, 3))
target = many[:, 0] * many[:, 1] + many[:, 2]

opts = dict(max_iter=12, max_leaf_nodes=7, min_samples_leaf=6, early_stopping=False)
save = lambda name, a: np.save(os.path.join(here, f"boost_{name}.npy"), np.ascontiguousarray(a, np.float64))
save("x", x)
save("y", np.stack([y2, y3, signal, w], 1))
save("p2", C(**opts).fit(x, y2).predict_proba(x))
save("p2w", C(l2_regularization=1.5, **opts).fit(x, y2, sample_weight=w).predict_proba(x))
save("p3", C(**opts).fit(x, y3).predict_proba(x))
save("r", R(**opts).fit(x, signal).predict(x))
save("many", np.column_stack([many, target, R(max_iter=8, max_bins=32, max_depth=3, early_stopping=False).fit(many, target).predict(many)]))
