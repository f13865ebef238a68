"""The mean of 7 columns by 1,000 keys over 1,000,000 rows: milliseconds a call, mlcore beside pandas.

    python3 benchmarks/groupby.py BUILD/bench-groupby

Medians over the rounds of a process, then over five processes of each, turn and turn about. Both have the same numbers, and their
results must be equal."""
import json, statistics, subprocess, sys

PANDAS = """
import json, statistics, time
import numpy as np, pandas as pd
i = np.arange(1000000, dtype=np.int64)
data = {"key": ((i * 2654435761 % 4294967296) >> 7) % 1000}
data |= {chr(97 + j): ((i * 31 + j * 17) % 4093) / 64 for j in range(7)}
f = pd.DataFrame(data)
seconds = []
for _ in range(12):
    start = time.perf_counter()
    out = f.groupby("key").mean()
    seconds.append(time.perf_counter() - start)
print(json.dumps({"seconds": statistics.median(seconds[1:]), "sum": float(out.to_numpy().sum())}))
"""


def child(cmd):
    return json.loads(subprocess.run(cmd, check=True, capture_output=True, text=True).stdout)


rows = {"mlcore, 1 thread": [], "mlcore, 2 threads": [], "pandas": []}
for _ in range(5):
    for threads, name in enumerate(list(rows)[:2], 1):
        rows[name].append(child([sys.argv[1], "1000000", "11", str(threads)]))
    rows["pandas"].append(child([sys.executable, "-c", PANDAS]))
sums = [r[0]["sum"] for r in rows.values()]
assert max(sums) - min(sums) < 1e-5, sums
print("| group-by mean, 1,000,000 rows | ms |\n| --- | --- |")
for name, r in rows.items():
    print(f"| {name} | {1e3 * statistics.median(v['seconds'] for v in r):.1f} |")
