"""Averages, top-k accuracy, log loss and ROC AUC from scikit-learn, in float64. Needs metrics_*.npy of make_metrics.py.

Run from the top of the tree: python tests/golden/make_scores.py
scores_p.npy      (200, 6): the label, then the probabilities of 5 classes, sixteenths, so that there are ties and zeros
scores_values.npy top-1, 2, 3, 5 accuracy and log loss; AUC of class 1 among the samples of classes 0 and 1; AUC of all
                  classes: one-vs-rest macro, weighted, one-vs-one macro, weighted; then of metrics_truth and
                  metrics_predicted precision, recall, F1: macro, micro, weighted
scores_evaluate.npy  of the logits in metrics_logits, (byte - 100) / 32: weighted F1 and top-5 accuracy of all six; AUC
                  one-vs-rest macro of the first five; AUC of class 1 by the first two, the label being truth > 2
"""
from pathlib import Path

import numpy as np
from sklearn import metrics

here = Path(__file__).parent
rng = np.random.default_rng(51)
n, classes = 200, 5
truth = rng.choice(classes, n, p=[0.4, 0.25, 0.2, 0.1, 0.05])
lean = np.where(np.arange(classes) == truth[:, None], 0.4, 0.15)
p = np.stack([rng.multinomial(16, row) for row in lean]) / 16
np.save(here / "scores_p.npy", np.concatenate([truth[:, None].astype(np.float64), p], axis=1))

every = np.arange(classes)
two = truth < 2
auc = lambda how, average: metrics.roc_auc_score(truth, p, multi_class=how, average=average)
values = [metrics.top_k_accuracy_score(truth, p, k=k, labels=every) for k in (1, 2, 3, 5)]
values += [metrics.log_loss(truth, p, labels=every), metrics.roc_auc_score(truth[two], p[two, 1])]
values += [auc("ovr", "macro"), auc("ovr", "weighted"), auc("ovo", "macro"), auc("ovo", "weighted")]
t6, p6 = np.load(here / "metrics_truth.npy"), np.load(here / "metrics_predicted.npy")
for average in ("macro", "micro", "weighted"):
    values += metrics.precision_recall_fscore_support(t6, p6, labels=range(6), zero_division=0, average=average)[:3]
np.save(here / "scores_values.npy", np.array(values))

x = (np.load(here / "metrics_logits.npy").astype(np.float64) - 100.0) * 0.03125


def softmax(x):
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


np.save(here / "scores_evaluate.npy", np.array([
    metrics.f1_score(t6, x.argmax(1), labels=range(6), average="weighted", zero_division=0),
    metrics.top_k_accuracy_score(t6, softmax(x), k=5, labels=range(6)),
    metrics.roc_auc_score(t6, softmax(x[:, :5]), multi_class="ovr", average="macro"),
    metrics.roc_auc_score(t6 > 2, softmax(x[:, :2])[:, 1]),
]))
