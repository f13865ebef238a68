"""Gradient boosting, 100,000 x 20, 100 rounds: mlcore beside XGBoost, LightGBM and scikit-learn, turn and turn about.

    python3 benchmarks/boost.py [--rounds 5] [--threads 1 2] BUILD/bench-boost

Each round runs each library once in a fresh process; figures are medians over rounds. The log loss is that of 100,000 other rows.
Two settings: trees of depth 6 at a rate of 0.3, XGBoost's defaults; 31 leaves at 0.1, LightGBM's and scikit-learn's.
Wants: pip install numpy scikit-learn xgboost lightgbm. Prints a Markdown table."""
import argparse, json, os, statistics, subprocess, sys, tempfile

NAMES = ["train_x", "train_y", "test_x", "test_y"]
OURS = {"depth 6, rate 0.3": "boost:learning_rate=0.3,max_depth=6,max_leaves=64,l2=1,min_samples_leaf=4", "31 leaves, rate 0.1": "boost"}


def make(folder):
    import numpy as np
    from sklearn.datasets import make_classification
    x, y = make_classification(200000, 20, n_informative=10, random_state=1)
    x = x.astype(np.float32).astype(np.float64)
    for name, a in zip(NAMES, (x[:100000], y[:100000].astype(np.int64), x[100000:], y[100000:].astype(np.int64))):
        np.save(os.path.join(folder, name + ".npy"), a)


def worker(folder, peer, setting, threads):
    import time
    import numpy as np
    from sklearn.metrics import log_loss
    x, y, xt, yt = (np.load(os.path.join(folder, n + ".npy")) for n in NAMES)
    x, xt = x.astype(np.float32), xt.astype(np.float32)
    deep = setting.startswith("depth")
    start = time.perf_counter()
    if peer == "xgboost":
        import xgboost as xgb
        more = {} if deep else dict(grow_policy="lossguide", max_leaves=31, max_depth=0, eta=0.1)
        m = xgb.train(dict(objective="binary:logistic", tree_method="hist", nthread=threads, **more),
                      xgb.DMatrix(x, y, nthread=threads), 100)
        predict = lambda: m.predict(xgb.DMatrix(xt, nthread=threads))
    elif peer == "lightgbm":
        import lightgbm as lgb
        more = dict(max_depth=6, num_leaves=64, learning_rate=0.3, lambda_l2=1, min_data_in_leaf=4) if deep else {}
        m = lgb.train(dict(objective="binary", num_threads=threads, verbose=-1, **more), lgb.Dataset(x, y), 100)
        predict = lambda: m.predict(xt)
    else:
        from sklearn.ensemble import HistGradientBoostingClassifier as H
        more = dict(max_depth=6, max_leaf_nodes=64, learning_rate=0.3, l2_regularization=1, min_samples_leaf=4) if deep else {}
        m = H(max_iter=100, early_stopping=False, **more).fit(x, y)
        predict = lambda: m.predict_proba(xt)[:, 1]
    fit = time.perf_counter() - start
    start = time.perf_counter()
    p = predict()
    print(json.dumps(dict(fit=fit, predict=time.perf_counter() - start, log_loss=log_loss(yt, p))))


def run(command, threads):
    env = dict(os.environ, MLCORE_THREADS=str(threads), OMP_NUM_THREADS=str(threads))
    return json.loads(subprocess.run(command, check=True, env=env, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1])


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    p.add_argument("--peers", nargs="+", default=["xgboost", "lightgbm", "scikit-learn"])
    p.add_argument("--worker", nargs=4, help=argparse.SUPPRESS)
    p.add_argument("program", nargs="?", metavar="BUILD/bench-boost")
    a = p.parse_args()
    if a.worker:
        return worker(a.worker[0], a.worker[1], a.worker[2], int(a.worker[3]))
    with tempfile.TemporaryDirectory() as folder:
        make(folder)
        files = [os.path.join(folder, n + ".npy") for n in NAMES]
        print("| setting | threads | library | fit, s | predict 100,000, s | log loss |\n| --- | --- | --- | --- | --- | --- |")
        for setting, learner in OURS.items():
            for threads in a.threads:
                got = {}
                for _ in range(a.rounds):
                    got.setdefault("mlcore", []).append(run([a.program, *files, learner, "1"], threads))
                    for peer in a.peers:
                        got.setdefault(peer, []).append(
                            run([sys.executable, __file__, "--worker", folder, peer, setting, str(threads)], threads))
                for name, rows in got.items():
                    f, q, loss = (statistics.median(r[k] for r in rows) for k in ("fit", "predict", "log_loss"))
                    print(f"| {setting} | {threads} | {name} | {f:.3f} | {q:.3f} | {loss:.4f} |", flush=True)


main()
