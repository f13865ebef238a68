"""Scores from scikit-learn, in float64: tests/golden/metrics_*.npy. Class 4 is never predicted, class 5 never true."""
from pathlib import Path

import numpy as np
from sklearn import metrics

here = Path(__file__).parent
rng = np.random.default_rng(7)
n, classes = 300, 6
truth = rng.integers(0, 5, n)
predicted = np.where(rng.random(n) < 0.7, truth, rng.integers(0, classes, n))
predicted[predicted == 4] = 3
labels = list(range(classes))
logits = rng.integers(0, 256, (n, classes))  # bytes, so that a data set can hold them

p, r, f, s = metrics.precision_recall_fscore_support(truth, predicted, labels=labels, zero_division=0)
macro = metrics.precision_recall_fscore_support(truth, predicted, labels=labels, zero_division=0, average="macro")[:3]
x = (logits.astype(np.float64) - 100.0) * 0.03125
e = np.exp(x - x.max(1, keepdims=True))
answers = x.argmax(1)

out = {
    "truth": truth.astype(np.int64),
    "predicted": predicted.astype(np.int64),
    "confusion": metrics.confusion_matrix(truth, predicted, labels=labels).astype(np.int64),
    "accuracy": np.array([metrics.accuracy_score(truth, predicted)]),
    "scores": np.stack([p, r, f, s.astype(np.float64)], axis=1),
    "macro": np.array(macro),
    "logits": logits.astype(np.int64),
    "evaluate": np.array([
        metrics.accuracy_score(truth, answers),
        metrics.log_loss(truth, e / e.sum(1, keepdims=True), labels=labels),
        metrics.f1_score(truth, answers, labels=labels, average="macro", zero_division=0),
    ]),
}
for name, value in out.items():
    np.save(here / f"metrics_{name}.npy", value)
