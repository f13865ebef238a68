"""A full-depth tree, a forest of 100 and extra trees on 100,000 x 20, and predictions of the same rows: mlcore beside scikit-learn.

    python3 benchmarks/trees.py BUILD/bench-trees [ROUNDS]

Two threads, processes turn and turn about, medians of ROUNDS (default 3)."""
import json, os, statistics, subprocess, sys, tempfile

import numpy as np
from sklearn.datasets import make_classification

THREADS = 2
PEER = """
import json, sys, time, numpy as np
from sklearn.tree import DecisionTreeClassifier
from sklearn.ensemble import RandomForestClassifier, ExtraTreesClassifier
x, y, t = np.load(sys.argv[1]), np.load(sys.argv[2]), int(sys.argv[4])
model = {"tree": lambda: DecisionTreeClassifier(random_state=0),
         "forest": lambda: RandomForestClassifier(n_jobs=t, random_state=0),
         "extra": lambda: ExtraTreesClassifier(n_jobs=t, random_state=0)}[sys.argv[3]]()
start = time.perf_counter()
model.fit(x, y)
fitted = time.perf_counter()
said = model.predict(x)
end = time.perf_counter()
nodes = sum(t.tree_.node_count for t in getattr(model, "estimators_", [model]))
print(json.dumps({"fit": fitted - start, "predict": end - fitted, "nodes": nodes, "right": float((said == y).mean())}))
"""


def child(cmd):
    return json.loads(subprocess.run(cmd, check=True, capture_output=True, text=True).stdout)


def main():
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    x, y = make_classification(100000, 20, n_informative=10, random_state=1)
    with tempfile.TemporaryDirectory() as folder:
        names = [os.path.join(folder, n) for n in ("x.npy", "y.npy")]
        np.save(names[0], x.astype("f4"))
        np.save(names[1], y.astype("i4"))
        print("| work | | mlcore | scikit-learn | times as fast |\n| --- | --- | --- | --- | --- |")
        for work in ("tree", "forest", "extra"):
            ours, theirs = [], []
            for _ in range(rounds):
                ours.append(child([sys.argv[1], *names, work, str(THREADS)]))
                theirs.append(child([sys.executable, "-c", PEER, *names, work, str(THREADS)]))
            for what in ("fit", "predict"):
                a, b = (statistics.median(r[what] for r in v) for v in (ours, theirs))
                print(f"| {work} | {what} | {a:.3f} s | {b:.3f} s | {b / a:.1f} |", flush=True)
            print(f"| | nodes | {ours[0]['nodes']} | {theirs[0]['nodes']} | |\n| | right | {ours[0]['right']} | {theirs[0]['right']} | |")


main()
