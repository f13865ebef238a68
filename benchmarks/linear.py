"""Linear regression on 1,000,000 x 50 and logistic regression on 100,000 x 100, mlcore beside NumPy and scikit-learn.

    python3 benchmarks/linear.py BUILD/bench-linear [THREADS]

The data is that of the usual comparison: uniform features for linear, normal ones for logistic. Each in a process of its own, five of
each, turn and turn about; medians over the rounds of a process, then over the processes."""
import json, os, statistics, subprocess, sys, tempfile

import numpy as np

PEER = """
import json, statistics, sys, time, warnings
import numpy as np
from sklearn.linear_model import LogisticRegression
warnings.filterwarnings("ignore")
d = sys.argv[1]
read = lambda name, *shape: np.fromfile(d + "/" + name).reshape(shape)
x, y, gx, gy = read("linear_x", 1000000, 50), read("linear_y", 1000000), read("logistic_x", 100000, 100), read("logistic_y", 100000)
gy = (gy > 0).astype(int)

def timed(f):
    times = []
    for _ in range(5):
        start = time.perf_counter()
        r = f()
        times.append(time.perf_counter() - start)
    return statistics.median(times), r

out = {"linear": timed(lambda: np.linalg.solve(x.T @ x, x.T @ y))[0]}
for name in ("lbfgs", "newton-cholesky"):
    seconds, m = timed(lambda: LogisticRegression(solver=name, max_iter=100).fit(gx, gy))
    w, b = m.coef_[0], m.intercept_[0]
    z = (gx @ w + b) * np.where(gy, 1, -1)
    out[name] = seconds
    out[name + " objective"] = np.logaddexp(0, -z).sum() + w @ w / 2
    out[name + " steps"] = int(m.n_iter_[0])
print(json.dumps(out))
"""


def child(command, threads):
    env = dict(os.environ, OMP_NUM_THREADS=threads, OPENBLAS_NUM_THREADS=threads)
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout)


def main():
    threads = sys.argv[2] if len(sys.argv) > 2 else "2"
    with tempfile.TemporaryDirectory() as d:
        rng = np.random.default_rng(0)
        x = rng.random((1000000, 50))
        x.tofile(d + "/linear_x")
        (x @ rng.random(50) + rng.normal(size=1000000)).tofile(d + "/linear_y")
        g = rng.normal(size=(100000, 100))
        g.tofile(d + "/logistic_x")
        (g @ rng.normal(size=100) + rng.normal(size=100000)).tofile(d + "/logistic_y")
        mine, peer = [], []
        for _ in range(5):
            mine.append(child([sys.argv[1], d, threads, "5"], threads))
            peer.append(child([sys.executable, "-c", PEER, d], threads))
    print(f"threads: {threads}\n| | median | all |\n| --- | --- | --- |")
    for who, rows in (("mlcore", mine), ("peer", peer)):
        for name in rows[0]:
            v = [r[name] for r in rows]
            print(f"| {who} {name} | {statistics.median(v):.10g} | {' '.join(f'{t:.6g}' for t in v)} |")


main()
