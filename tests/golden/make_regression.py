"""Golden values of linear algebra in double (eigen, quantiles), of linear and of logistic regression, from NumPy, SciPy and
scikit-learn in float64. Tolerances are as tight as the solvers let them be, so that what is compared is the minimum.

Run from anywhere; writes beside this file.
"""
import os
import warnings
from fractions import Fraction

import numpy as np
from scipy import stats
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge

HERE = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(6)
warnings.filterwarnings("ignore")


def save(name, array, dtype="<f8"):
    np.save(os.path.join(HERE, name + ".npy"), np.ascontiguousarray(array, dtype=dtype))


# ---- linalg ----

def eigen():
    a = rng.normal(size=(30, 30))
    a = a + a.T
    values, vectors = np.linalg.eigh(a)
    save("eigen_a", a)
    save("eigen_values", values)
    save("eigen_vectors", vectors.T)


def quantiles():
    p = np.concatenate([10.0 ** np.arange(-300, 0, 23), 10.0 ** -np.arange(1.0, 17), np.linspace(0.05, 0.95, 19),
                        1 - 10.0 ** -np.arange(1.0, 16)])
    z = np.linspace(-37, 8, 91)
    save("normal_quantiles", np.stack([p, stats.norm.ppf(p)], 1))
    save("normal_cdf", np.stack([z, stats.norm.cdf(z)], 1))
    rows, inverse = [], []
    for k in (0.1, 0.5, 1, 2, 3, 7, 10, 39, 41, 100, 1000, 1e5):
        for f in (1e-3, 0.1, 0.5, 0.8, 0.97, 1, 1.03, 1.2, 2, 5):
            x = k * f
            rows.append([x, k, stats.chi2.cdf(x, k), stats.chi2.sf(x, k)])
        for q in (1e-12, 1e-5, 0.01, 0.3, 0.5, 0.7, 0.95, 0.99, 0.999999):
            inverse.append([q, k, stats.chi2.ppf(q, k)])
    save("chi_square", rows)
    save("chi_square_quantiles", inverse)


# ---- data: what tests/test_classical_linear.c builds from the same numbers ----

N, D = 90, 6
x = rng.normal(size=(N, D)) @ (np.eye(D) + 0.3 * rng.normal(size=(D, D)))
y = x @ [2, -1, 0.5, 0, 0, 3] + 4 + rng.normal(size=N)
weight = rng.integers(0, 4, N).astype(float)
weight[0] = 0
score = x @ [1.5, -1, 0.7, 0, 0.2, -0.4] - 0.3 + rng.logistic(size=N)
two = (score > 0).astype(np.int32)
three = np.digitize(score + 0.8 * x[:, 4], [-1, 1]).astype(np.int32)
scales = np.array([1e6, 1, 1e-5, 1, 1e3, 1])
offsets = np.array([0, 1e5, 0, -3e4, 0, 0])
scaled = x * scales + offsets
awkward = np.concatenate([x, np.full((N, 1), 0.1), 2 * x[:, :1] - x[:, 1:2]], 1)
wide = x.reshape(18, 30)


def row(coefficients, intercept):
    """One row a fit: coefficients, intercepts, then zeros."""
    r = np.zeros(32)
    v = np.concatenate([np.ravel(coefficients), np.atleast_1d(intercept)])
    r[:len(v)] = v
    return r


def exact(a, b):
    """Least squares with an intercept, in rational numbers."""
    rows = [[Fraction(float(v)) for v in r] + [Fraction(1)] for r in a]
    right = [Fraction(float(v)) for v in b]
    n = len(rows[0])
    m = [[sum(r[i] * r[j] for r in rows) for j in range(n)] + [sum(r[i] * t for r, t in zip(rows, right))] for i in range(n)]
    for i in range(n):
        pivot = next(k for k in range(i, n) if m[k][i])
        m[i], m[pivot] = m[pivot], m[i]
        m[i] = [v / m[i][i] for v in m[i]]
        for k in range(n):
            if k != i and m[k][i]:
                m[k] = [u - m[k][i] * v for u, v in zip(m[k], m[i])]
    w = [float(r[n]) for r in m]
    return row(w[:-1], w[-1])


def linear():
    def of(model, a=x, b=y, w=None):
        model.fit(a, b, sample_weight=w)
        return row(model.coef_, model.intercept_)

    tight = dict(tol=1e-15, max_iter=1000000)
    least = lambda **k: LinearRegression(tol=1e-12, **k)
    rows = [
        of(least()), of(least(), w=weight), of(least(fit_intercept=False)), exact(scaled, y), of(least(), awkward),
        of(Ridge(3)), of(Ridge(3), w=weight), of(Ridge(3, fit_intercept=False)), of(Ridge(3), awkward),
        of(Lasso(0.1, **tight)), of(ElasticNet(0.1, l1_ratio=0.5, **tight)), of(Lasso(0.1, **tight), w=weight),
        of(Lasso(0.1, fit_intercept=False, **tight)), of(ElasticNet(0.1, l1_ratio=0.5, **tight), awkward),
        of(least(), wide, y[:18]), of(Ridge(3), wide, y[:18]), of(Lasso(0.1, **tight), wide, y[:18]),
    ]
    assert np.allclose(rows[0], exact(x, y), rtol=1e-10)
    save("regression_x", x)
    save("regression_y", np.stack([y, weight, two, three]))
    save("regression_linear", np.stack(rows))


def logistic():
    def of(a, t, w=None, **k):
        l1 = k.get("l1_ratio", 0) > 0
        m = LogisticRegression(solver="saga" if l1 else "newton-cholesky", tol=1e-14 if l1 else 1e-12,
                               max_iter=2000000 if l1 else 1000, **k)
        m.fit(a, t, sample_weight=w)
        coefficients, intercept = m.coef_, m.intercept_
        if len(coefficients) > 1:  # of softmax only differences matter without a penalty: ours sum to zero
            intercept = intercept - intercept.mean()
            if not l1:
                coefficients = coefficients - coefficients.mean(0)
        return row(coefficients, intercept)

    def rescaled(r):
        """Without a penalty, the same plane in other units. Neither solver of scikit-learn finds it on the scaled columns."""
        r = r.copy()
        r[:D] /= scales
        r[D] -= r[:D] @ offsets
        return r

    two_weights = {0: 0.5, 1: 3}
    rows = [
        of(x, two), of(x, two, C=0.01), of(x, two, C=np.inf), of(x, two, class_weight="balanced"), of(x, two, weight),
        of(x, two, fit_intercept=False), of(x, two, C=0.5, l1_ratio=1), of(x, two, C=0.5, l1_ratio=0.5),
        of(x, two, class_weight=two_weights), of(awkward, two), rescaled(of(x, two, C=np.inf)),
        of(x, three), of(x, three, C=100), of(x, three, weight, class_weight="balanced"), of(x, three, C=0.3, l1_ratio=1),
        of(x, three, C=0.3, l1_ratio=0.5), of(x, three, C=np.inf), of(awkward, three), of(wide, two[:18], C=0.2),
        of(awkward, two, C=0.5, l1_ratio=0.5),
    ]
    save("regression_logistic", np.stack(rows))


eigen()
quantiles()
linear()
logistic()
