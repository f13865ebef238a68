"""Reading and writing a CSV of 1,000,000 x 10 (82 MB): mlcore on 1 and 2 threads beside pandas 3 (engine "c", one thread).

    python3 benchmarks/csv_file.py BUILD/bench-csv_file [FOLDER]

Seven columns of numbers with six decimals, two of integers, one of four words. Turn and turn about, median of nine after one that does not
count; the file is in the page cache."""
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import pandas as pd

REPEAT = 9


def make(path):
    rng = np.random.default_rng(0)
    d = {f"f{i}": rng.normal(size=1000000).round(6) for i in range(7)}
    d |= {"i": rng.integers(0, 1000000, 1000000), "g": rng.integers(0, 1000, 1000000),
          "s": np.array(["red", "green", "blue", "cyan"])[rng.integers(0, 4, 1000000)]}
    pd.DataFrame(d).to_csv(path, index=False)


def ours(process):
    process.stdin.write(b"\n")
    process.stdin.flush()
    seconds = process.stdout.readline().split()
    if not seconds:
        sys.exit("bench-csv_file ended")
    return float(seconds[0]), float(seconds[1])


folder = sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp()
path = os.path.join(folder, "m1x10.csv")
if not os.path.exists(path):
    make(path)
run = {n: subprocess.Popen([sys.argv[1], path, str(n), os.path.join(folder, f"out{n}.csv")], stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE) for n in (1, 2)}
rows = {}
for i in range(REPEAT + 1):
    for n, process in run.items():
        read, write = ours(process)
        rows.setdefault(f"read, mlcore, {n} thread{'s' * (n > 1)}", []).append(read)
        if n == 1:
            rows.setdefault("write, mlcore", []).append(write)
    start = time.perf_counter()
    frame = pd.read_csv(path, engine="c")
    rows.setdefault("read, pandas", []).append(time.perf_counter() - start)
    if i < 3:  # it takes its time
        start = time.perf_counter()
        frame.to_csv(os.path.join(folder, "out_pandas.csv"), index=False)
        rows.setdefault("write, pandas", []).append(time.perf_counter() - start)
print(f"{os.path.getsize(path) / 1e6:.0f} MB, pandas {pd.__version__}\n\n| | seconds |\n| --- | --- |")
for name, seconds in rows.items():
    print(f"| {name} | {statistics.median(seconds[1:]):.3f} |")
