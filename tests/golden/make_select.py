"""Folds, cross-validated scores and curves from scikit-learn, in float64.

Run from the top of the tree: python tests/golden/make_select.py
select_folds.npy   (190, 7): label, group; the fold of each row by KFold(5), StratifiedKFold(5), GroupKFold(4),
                   StratifiedGroupKFold(4), StratifiedKFold(3)
select_data.npy    (150, 6): four features, a class (0, 1, 2 in turn rare), a number
select_scores.npy  (8, 5): of five folds, StratifiedKFold of class > 0 for a logistic regression (C 0.5, standardized): accuracy,
                   balanced accuracy, F1, log loss, ROC AUC; KFold for a ridge regression (alpha 3): r2, RMSE, MAE
select_many.npy    (5, 5): the same logistic regression of all three classes: accuracy, balanced accuracy, macro F1, log loss,
                   ROC AUC one-vs-rest
select_curve.npy   (5, 6): learning curve of the ridge regression without a shuffle: rows, train and held r2 in the mean, their
                   standard deviations (of a sample), in the last column the validation curve's held r2 by five alphas
"""
from pathlib import Path

import numpy as np
from sklearn import linear_model, model_selection, pipeline, preprocessing

here = Path(__file__).parent
rng = np.random.default_rng(61)

n = 190
label = rng.choice(4, n, p=[0.5, 0.3, 0.15, 0.05])
group = rng.permutation(np.repeat(np.arange(19), np.arange(19) + 1))  # sizes 1, 2, 3, ...: no two alike
zeros = np.zeros((n, 1))


def fold_of(splitter, y=None, groups=None):
    fold = np.full(n, -1.0)
    for j, (_, held) in enumerate(splitter.split(zeros, y, groups)):
        fold[held] = j
    return fold


s = model_selection
np.save(here / "select_folds.npy", np.stack([
    label, group, fold_of(s.KFold(5)), fold_of(s.StratifiedKFold(5), label), fold_of(s.GroupKFold(4), None, group),
    fold_of(s.StratifiedGroupKFold(4), label, group), fold_of(s.StratifiedKFold(3), label)], axis=1).astype(np.float64))

n = 150
x = rng.normal(size=(n, 4)) * [1, 10, 0.1, 3] + [0, 5, 1, -2]
z = (x - [0, 5, 1, -2]) / [1, 10, 0.1, 3]
score = z @ [1.0, -0.7, 0.5, 0.0] + rng.logistic(size=n)
kind = (score > -0.5).astype(int) + (score > 1.2)
y = z @ [2.0, 0.0, -1.0, 0.3] + rng.normal(size=n)
np.save(here / "select_data.npy", np.column_stack([x, kind, y]))


def logistic(C):
    return pipeline.make_pipeline(preprocessing.StandardScaler(),
                                  linear_model.LogisticRegression(C=C, tol=1e-12, max_iter=10000, solver="newton-cholesky"))


def ridge(alpha):
    return pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.Ridge(alpha, solver="cholesky"))


def scores(model, y, cv, names):
    got = s.cross_validate(model, x, y, cv=cv, scoring=names)
    return [(-1 if name.startswith("neg_") else 1) * got["test_" + name] for name in names]


two = ["accuracy", "balanced_accuracy", "f1", "neg_log_loss", "roc_auc"]
numbers = ["r2", "neg_root_mean_squared_error", "neg_mean_absolute_error"]
np.save(here / "select_scores.npy", np.array(
    scores(logistic(0.5), (kind > 0).astype(int), s.StratifiedKFold(5), two) + scores(ridge(3), y, s.KFold(5), numbers)))
many = ["accuracy", "balanced_accuracy", "f1_macro", "neg_log_loss", "roc_auc_ovr"]
softmax = pipeline.make_pipeline(preprocessing.StandardScaler(),
                                 linear_model.LogisticRegression(C=0.5, tol=1e-12, max_iter=10000, solver="newton-cg"))
np.save(here / "select_many.npy", np.array(scores(softmax, kind, s.StratifiedKFold(5), many)))

least = pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.LinearRegression())
rows, train, held = s.learning_curve(least, x, y, cv=s.KFold(5), scoring="r2", train_sizes=[0.1, 0.325, 0.55, 0.775, 1.0])
alphas = [0.01, 0.1, 1, 10, 100]
_, by_alpha = s.validation_curve(ridge(1), x, y, param_name="ridge__alpha", param_range=[a * 120 for a in alphas],
                                 cv=s.KFold(5), scoring="r2")
np.save(here / "select_curve.npy", np.column_stack([rows, train.mean(1), held.mean(1), train.std(1, ddof=1), held.std(1, ddof=1),
                                                    by_alpha.mean(1)]))
