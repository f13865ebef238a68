"""MLP training on MNIST: mlcore beside PyTorch, in one run, turn and turn about.

    python3 benchmarks/mlp.py [--rounds 3] [--epochs 3] [--batches 32,64,128] [--optimizers sgd,adam] BUILD/bench-mlp

Each round runs every program once for a setting (each in a fresh process: one epoch not timed, then the median of
--epochs); the figure is the median over rounds. PyTorch slices its batches from one tensor in memory, without a DataLoader,
and gets the best of: eager, the fused optimizer, and each of these with an allocator that keeps its pages.
Wants: pip install torch==2.13.0 numpy. Prints a Markdown table."""
import argparse, gzip, json, os, statistics, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "..", "data", "mnist")
KEEP = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "100000000000", "MALLOC_TOP_PAD_": "500000000"}


def torch_worker(hidden, batch, optimizer, threads, kind, epochs):
    import time
    import numpy as np
    import torch
    import torch.nn.functional as F
    torch.set_num_threads(threads)
    torch.manual_seed(0)

    def idx(name, skip):
        with gzip.open(os.path.join(DATA, name + ".gz")) as f:
            return np.frombuffer(f.read(), np.uint8)[skip:]
    x = torch.from_numpy(idx("train-images-idx3-ubyte", 16).reshape(-1, 784).astype(np.float32) / 255)
    y = torch.from_numpy(idx("train-labels-idx1-ubyte", 8).astype(np.int64))
    widths = [784] + [int(h) for h in hidden.split(",")] + [10]
    mods = []
    for i in range(len(widths) - 1):
        mods += [torch.nn.Linear(widths[i], widths[i + 1])] + ([torch.nn.ReLU()] if i < len(widths) - 2 else [])
    net = torch.nn.Sequential(*mods)
    fused = True if kind == "fused" else None
    o = torch.optim.SGD(net.parameters(), lr=0.1, fused=fused) if optimizer == "sgd" \
        else torch.optim.Adam(net.parameters(), lr=1e-3, fused=fused)
    times = []
    for epoch in range(1 + epochs):
        start = time.perf_counter()
        p = torch.randperm(len(x))
        for i in range(0, len(x) - batch + 1, batch):
            k = p[i:i + batch]
            loss = F.cross_entropy(net(x[k]), y[k])
            o.zero_grad(set_to_none=True)
            loss.backward()
            o.step()
        times.append(time.perf_counter() - start)
    print(json.dumps({"seconds_per_epoch": statistics.median(times[1:])}))


def run(cmd, threads, extra=()):
    env = dict(os.environ, OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads), **dict(extra))
    out = subprocess.run(cmd, env=env, check=True, capture_output=True, text=True).stdout
    return json.loads(out.strip().splitlines()[-1])


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--rounds", type=int, default=3)
    a.add_argument("--epochs", type=int, default=3, help="timed epochs of a process")
    a.add_argument("--batches", default="32,64,128")
    a.add_argument("--optimizers", default="sgd,adam")
    a.add_argument("bench")
    a = a.parse_args()
    peaks = {n: run([a.bench, "--peak", str(n)], n)["peak_gflops"] for n in (1, 2)}
    print(f"multiply-add ceiling: {peaks[1]} GFLOPS on 1 thread, {peaks[2]} on 2\n")
    print("| net | batch | optimizer | threads | mlcore s/epoch | PyTorch s/epoch (best of) | ratio | share of ceiling |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    for hidden in ("128", "512,256"):
        for batch in map(int, a.batches.split(",")):
            for opt in a.optimizers.split(","):
                for threads in (1, 2):
                    ours, theirs, gflops = [], {}, []
                    for _ in range(a.rounds):
                        r = run([a.bench, "--hidden", hidden, "--batch", str(batch), "--optimizer", opt, "--threads",
                                 str(threads), "--epochs", str(a.epochs)], threads)
                        ours.append(r["seconds_per_epoch"])
                        gflops.append(r["gflops"])
                        for kind in ("eager", "fused"):
                            for keep in (False, True):
                                w = run([sys.executable, __file__, "--torch", hidden, str(batch), opt, str(threads), kind,
                                         str(a.epochs)],
                                        threads, KEEP if keep else {})
                                theirs.setdefault(kind + (" keep" if keep else ""), []).append(w["seconds_per_epoch"])
                    best = min(theirs, key=lambda k: statistics.median(theirs[k]))
                    m, p = statistics.median(ours), statistics.median(theirs[best])
                    print(f"| 784-{hidden.replace(',', '-')}-10 | {batch} | {opt} | {threads} | {m:.3f} | {p:.3f} ({best}) | "
                          f"{p / m:.2f} | {statistics.median(gflops) / peaks[threads]:.0%} |", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] == "--torch":
        torch_worker(sys.argv[2], int(sys.argv[3]), sys.argv[4], int(sys.argv[5]), sys.argv[6], int(sys.argv[7]))
    else:
        main()
