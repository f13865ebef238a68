"""Golden values of decision trees, from scikit-learn in float64.

Data are float32 numbers, so that scikit-learn's float32 features are ours. Each tree is fitted with twenty seeds: scikit-learn looks at
features in random order, so that where all twenty agree each best split is the only one. Run from anywhere; writes trees_*.npy
beside this file:

trees_data, trees_holes     columns x0 .. x5, class, number, weight
trees_<case>                a row a node: left, right, feature, threshold, missing_left, samples, weight, impurity, values
trees_<case>_predicted      on rows of trees_test, which have NaN in every feature
trees_path_<kind>           alpha, impurity
trees_importances           a row a case, in the order of CASES
dummies                     what the baselines say
forest_oob                  out-of-bag score over twenty seeds, mean and deviation, to classify and for regression
"""
import os

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

HERE = os.path.dirname(os.path.abspath(__file__))
N, D = 400, 6


def save(name, array):
    np.save(os.path.join(HERE, name + ".npy"), np.ascontiguousarray(array, dtype="<f8"))


def data(rng):
    x = rng.normal(size=(N, D))
    x[:, 3] = np.round(4 * x[:, 3])  # few values, many ties
    x[:, 4] = x[:, 4] > 0.3
    x[:, 5] *= 1e6
    x = x.astype("f4").astype("f8")
    z = x[:, 0] + 0.5 * x[:, 3] * x[:, 4] - x[:, 1] ** 2 + rng.normal(size=N) * 0.7
    label = np.digitize(z, [-1.2, 0.4])
    number = 10 + 3 * z + np.abs(x[:, 2])
    weight = np.round(rng.uniform(0, 2, size=N), 3)
    weight[::17] = 0
    return x, label, number, weight


def with_holes(rng, x, label):
    x = x.copy()
    x[(x[:, 0] > 0.8) & (rng.uniform(size=N) < 0.8), 0] = np.nan  # missing as the large ones are
    x[(x[:, 1] < -0.5) & (rng.uniform(size=N) < 0.7), 1] = np.nan  # ... as the small ones
    x[(label == 1) & (rng.uniform(size=N) < 0.75), 2] = np.nan  # missing says it all
    x[rng.uniform(size=N) < 0.1, 3] = np.nan  # says nothing
    return x


CASES = {  # name: kind, data, options, weighted
    "gini": ("class", "data", dict(max_depth=5, min_samples_leaf=11), False),
    "entropy": ("class", "data", dict(criterion="entropy", max_depth=5, min_samples_leaf=8), False),
    "squares": ("number", "data", dict(max_depth=6, min_samples_leaf=4), False),
    "weighted": ("class", "data", dict(max_depth=5, min_samples_leaf=8), True),
    "squares_weighted": ("number", "data", dict(max_depth=5, min_samples_split=20, min_samples_leaf=4), True),
    "balanced": ("class", "data", dict(max_depth=4, min_samples_leaf=8, class_weight="balanced"), False),
    "decrease": ("number", "data", dict(min_impurity_decrease=0.05, min_samples_leaf=5), False),
    "missing": ("class", "holes", dict(max_depth=5, min_samples_leaf=7), False),
    "missing_entropy": ("class", "holes", dict(criterion="entropy", max_depth=4, min_samples_leaf=5), False),
    "missing_squares": ("number", "holes", dict(max_depth=5, min_samples_leaf=5), False),
    "pruned": ("class", "holes", dict(ccp_alpha=0.006, max_depth=6, min_samples_leaf=7), False),
}


def table(tree):
    value = tree.value[:, 0, :] * (tree.weighted_n_node_samples[:, None] if tree.value.shape[2] > 1 else 1)
    leaf = tree.children_left < 0
    threshold = np.where(leaf, np.nan, tree.threshold)
    feature = np.where(leaf, -1, tree.feature)
    missing = np.where(leaf, 0, tree.missing_go_to_left)
    return np.column_stack([tree.children_left, tree.children_right, feature, threshold, missing, tree.n_node_samples,
                            tree.weighted_n_node_samples, tree.impurity, value])


def fitted(kind, x, y, weight, options):
    make = DecisionTreeClassifier if kind == "class" else DecisionTreeRegressor
    trees = [make(random_state=s, **options).fit(x, y, weight) for s in range(20)]
    for t in trees[1:]:
        a, b = table(trees[0].tree_), table(t.tree_)
        assert a.shape == b.shape and np.allclose(a, b, rtol=1e-9, atol=1e-9, equal_nan=True), "a best split is not unique"
    return trees[0]


def main():
    rng = np.random.default_rng(21)
    x, label, number, weight = data(rng)
    sets = {"data": x, "holes": with_holes(rng, x, label)}
    for name, numbers in sets.items():
        save("trees_" + name, np.column_stack([numbers, label, number, weight]))
    test = rng.normal(size=(100, D)).astype("f4").astype("f8")
    test[:, 5] *= 1e6
    test[:, 5] = test[:, 5].astype("f4")
    test[rng.uniform(size=test.shape) < 0.2] = np.nan
    save("trees_test", test)
    importances = []
    for name, (kind, which, options, weighted) in CASES.items():
        y = label if kind == "class" else number
        model = fitted(kind, sets[which], y, weight if weighted else None, options)
        save("trees_" + name, table(model.tree_))
        importances.append(model.feature_importances_)
        if which == "holes":
            save(f"trees_{name}_predicted", model.predict_proba(test) if kind == "class" else model.predict(test))
    save("trees_importances", importances)
    for kind, y, make in (("class", label, DecisionTreeClassifier), ("number", number, DecisionTreeRegressor)):
        path = make(random_state=0, max_depth=5, min_samples_leaf=5).cost_complexity_pruning_path(x, y)
        save("trees_path_" + kind, np.column_stack([path.ccp_alphas, path.impurities]))
    says = [*DummyClassifier(strategy="prior").fit(x, label).predict_proba(x[:1])[0],
            *DummyClassifier(strategy="prior").fit(x, label, weight).predict_proba(x[:1])[0],
            DummyRegressor(strategy="mean").fit(x, number).predict(x[:1])[0],
            DummyRegressor(strategy="mean").fit(x, number, weight).predict(x[:1])[0],
            DummyRegressor(strategy="median").fit(x, number).predict(x[:1])[0]]
    save("dummies", says)
    oob = []
    for y, make in ((label, RandomForestClassifier), (number, RandomForestRegressor)):
        scores = [make(oob_score=True, random_state=s).fit(sets["holes"], y).oob_score_ for s in range(20)]
        oob += [np.mean(scores), np.std(scores)]
    save("forest_oob", oob)


main()
