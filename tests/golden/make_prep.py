"""Values of scikit-learn's preprocessing for tests/test_prep_*.c:  python3 tests/golden/make_prep.py

prep_x.npy         (37,4)    a column of each kind: bell-shaped, skewed with holes, constant, small whole numbers with holes
prep_impute.npy    (4,37,4)  SimpleImputer: mean, median, most_frequent, constant -1.5
prep_scale.npy     (6,37,4)  StandardScaler, without mean, without std; MinMaxScaler, to -2 .. 3; RobustScaler
prep_polynomial.npy (2,37,19) of the first three imputed columns, degree 3: all, and without powers (padded with zeros)
prep_bin.npy       (2,37,4)  KBinsDiscretizer of the imputed columns: 5 quantiles, 4 of one width
prep_one_hot.npy   (4,37,5)  OneHotEncoder of the last column, holes left out: all; drop first; min_frequency 8; max_categories 3
                             (padded with zeros; the last two have the infrequent ones last)
prep_ordinal.npy   (4,37)    OrdinalEncoder of the last column: all; fitted on its first 6 rows, unknown values missing; of the words
                             that stand for its numbers: in sorted order, and in the one of the numbers. Holes stay NaN
"""
import os
import warnings

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import (KBinsDiscretizer, MinMaxScaler, OneHotEncoder, OrdinalEncoder, PolynomialFeatures, RobustScaler,
                                   StandardScaler)

warnings.simplefilter("ignore")
here = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(6)
N = 37
x = np.stack([rng.normal(1e3, 0.5, N), rng.lognormal(1, 2, N), np.full(N, 0.1), rng.binomial(6, 0.4, N).astype(float)], axis=1)
x[rng.random(N) < 0.25, 1] = np.nan
x[rng.random(N) < 0.2, 3] = np.nan


def save(name, arrays):
    np.save(os.path.join(here, f"prep_{name}.npy"), np.asarray(arrays))


def padded(arrays, width):
    return [np.pad(np.asarray(a, dtype=float), ((0, 0), (0, width - a.shape[1]))) for a in arrays]


save("x", x)
save("impute", [SimpleImputer(strategy=s, fill_value=-1.5).fit_transform(x) for s in ("mean", "median", "most_frequent", "constant")])
save("scale", [s.fit_transform(x) for s in (StandardScaler(), StandardScaler(with_mean=False), StandardScaler(with_std=False),
                                            MinMaxScaler(), MinMaxScaler((-2, 3)), RobustScaler())])
full = SimpleImputer(strategy="median").fit_transform(x)
poly = [PolynomialFeatures(3, include_bias=False, interaction_only=i).fit(full[:, :3]) for i in (False, True)]
save("polynomial", padded([p.transform(full[:, :3]) for p in poly], 19))
for p in poly:
    print(list(p.get_feature_names_out(["a", "b", "c"])))
save("bin", [KBinsDiscretizer(b, encode="ordinal", strategy=s, quantile_method="linear", subsample=None).fit_transform(full)
             for b, s in ((5, "quantile"), (4, "uniform"))])
known = ~np.isnan(x[:, 3])
hot = []
for opts in ({}, {"drop": "first"}, {"min_frequency": 8}, {"max_categories": 3}):
    e = OneHotEncoder(sparse_output=False, **opts).fit(x[known, 3:])
    print(opts, list(e.get_feature_names_out(["d"])))
    out = np.zeros((N, len(e.get_feature_names_out())))
    out[known] = e.transform(x[known, 3:])
    hot.append(out)
save("one_hot", padded(hot, 5))
print(np.unique(x[known, 3], return_counts=True))
words = ["never", "\u00e4", "low", "Z", "lower", "a,b"]
texts = np.array([[None] if np.isnan(v) else [words[int(v)]] for v in x[:, 3]], dtype=object)
ordinal = [OrdinalEncoder().fit_transform(x[:, 3:]),
           OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan).fit(x[:6, 3:]).transform(x[:, 3:]),
           OrdinalEncoder().fit_transform(texts),
           OrdinalEncoder(categories=[words + [None]]).fit_transform(texts)]
for o in ordinal:
    o[~known] = np.nan  # None is a value like any other there, the last
save("ordinal", [o[:, 0] for o in ordinal])
