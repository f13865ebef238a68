"""Scores of two classes, of confusion matrices and of numbers from scikit-learn, in float64: tests/golden/measures_*.npy. Needs
metrics_truth.npy and metrics_predicted.npy of make_metrics.py. Run from the top of the tree.

measures_binary.npy      (160, 2): label, probability of class 1, in 1/40, so that there are ties
measures_curves.npy      rows (x, y, at): ROC, precision-recall, calibration with 10 equal bins, with 7 of quantiles; after each -1, -1, -1
measures_values.npy      average precision, Brier; for four sets of costs (tn, fp, fn, tp) the least cost and its threshold
measures_agreement.npy   of the six classes, and of the two of measures_binary at 0.5: balanced accuracy, Matthews, kappa plain, linear, quadratic
measures_regression.npy  (90, 3): truth, prediction, weight
measures_errors.npy      without and with weights: mse rmse mae median max mape r2 explained variance, pinball at 0.1 and 0.5
"""
from pathlib import Path

import numpy as np
from sklearn import calibration, metrics

here = Path(__file__).parent
rng = np.random.default_rng(61)


def save(name, value):
    np.save(here / f"measures_{name}.npy", np.ascontiguousarray(value, dtype=np.float64))


n = 160
truth = rng.integers(0, 2, n)
p = np.round(np.clip(rng.beta(2, 2, n) + 0.2 * truth - 0.1, 0, 1) * 40) / 40
save("binary", np.stack([truth, p], axis=1))

stop = [[-1.0, -1.0, -1.0]]
fpr, tpr, at = metrics.roc_curve(truth, p)
curves = [np.stack([fpr, tpr, at], axis=1), stop]
precision, recall, at = metrics.precision_recall_curve(truth, p)
curves += [np.stack([recall, precision, np.append(at, np.inf)], axis=1), stop]
for bins, how in ((10, "uniform"), (7, "quantile")):
    share, mean = calibration.calibration_curve(truth, p, n_bins=bins, strategy=how)
    curves += [np.stack([mean, share, np.zeros(len(mean))], axis=1), stop]
save("curves", np.concatenate(curves))

values = [metrics.average_precision_score(truth, p), metrics.brier_score_loss(truth, p)]
for costs in ((0, 1, 1, 0), (0, 1, 10, 0), (0, 5, 1, -2), (-1, 100, 1, 0)):
    tried = np.append(np.unique(p), np.inf)[::-1]
    total = [(metrics.confusion_matrix(truth, p >= t) * np.reshape(costs, (2, 2))).sum() for t in tried]
    values += [min(total), tried[np.argmin(total)]]
save("values", values)


def agreement(t, s):
    kappas = [metrics.cohen_kappa_score(t, s, weights=w) for w in (None, "linear", "quadratic")]
    recall = metrics.recall_score(t, s, average=None, labels=np.unique(t)).mean()
    return [recall, metrics.matthews_corrcoef(t, s), *kappas]


t6, s6 = np.load(here / "metrics_truth.npy"), np.load(here / "metrics_predicted.npy")
save("agreement", agreement(t6, s6) + agreement(truth, p >= 0.5))

y = rng.normal(10, 5, 90)
y[3] = 0
z = y + rng.normal(0.5, 2, 90)
w = rng.integers(0, 4, 90).astype(float)
save("regression", np.stack([y, z, w], axis=1))


def errors(w):
    k = {"sample_weight": w}
    mse = metrics.mean_squared_error(y, z, **k)
    return [mse, mse**0.5, metrics.mean_absolute_error(y, z, **k), metrics.median_absolute_error(y, z, **k), metrics.max_error(y, z),
            metrics.mean_absolute_percentage_error(y, z, **k), metrics.r2_score(y, z, **k), metrics.explained_variance_score(y, z, **k),
            metrics.mean_pinball_loss(y, z, alpha=0.1, **k), metrics.mean_pinball_loss(y, z, alpha=0.5, **k)]


save("errors", errors(None) + errors(w))
