"""Training on MNIST: mlcore beside PyTorch, in one run, turn and turn about.

    python3 benchmarks/train.py [--rounds 3] [--epochs 3] [--nets 128 512,256] [--batches 32,64,128] [--optimizers sgd,adam]
                                [--samples 60000] BUILD/bench-train
    python3 benchmarks/train.py --nets lenet cnn --batches 64 --samples 8192 BUILD/bench-train

Each round runs every program once for a setting (each in a fresh process: one epoch not timed, then the median of
--epochs); the figure is the median over rounds. PyTorch slices its batches from one tensor in memory, without a DataLoader,
and gets the best of: eager, the fused optimizer, for nets of convolutions also channels_last and compiled, and each of these
with an allocator that keeps its pages.
Wants: pip install torch==2.13.0 numpy. Prints a Markdown table."""
import argparse, gzip, json, os, statistics, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "..", "data", "mnist")
KEEP = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "100000000000", "MALLOC_TOP_PAD_": "500000000"}


def torch_net(name):
    from torch import nn
    if name == "lenet":
        return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(),
                             nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
                             nn.Linear(84, 10))
    if name == "cnn":
        return nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(.25),
                             nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(.5), nn.Linear(128, 10))
    widths, mods = [784] + [int(h) for h in name.split(",")] + [10], [nn.Flatten()]
    for i in range(len(widths) - 1):
        mods += [nn.Linear(widths[i], widths[i + 1])] + ([nn.ReLU()] if i < len(widths) - 2 else [])
    return nn.Sequential(*mods)


def torch_worker(name, batch, optimizer, threads, kind, epochs, samples):
    import time
    import numpy as np
    import torch
    import torch.nn.functional as F
    torch.set_num_threads(threads)
    torch.manual_seed(0)

    def idx(file, skip):
        with gzip.open(os.path.join(DATA, file + ".gz")) as f:
            return np.frombuffer(f.read(), np.uint8)[skip:]
    x = torch.from_numpy(idx("train-images-idx3-ubyte", 16).reshape(-1, 1, 28, 28).astype(np.float32) / 255)[:samples]
    y = torch.from_numpy(idx("train-labels-idx1-ubyte", 8).astype(np.int64))[:samples]
    net = torch_net(name)
    if kind in ("channels_last", "compiled"):
        net, x = net.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    fused = None if kind == "eager" else True
    o = torch.optim.SGD(net.parameters(), lr=0.05, fused=fused) if optimizer == "sgd" \
        else torch.optim.Adam(net.parameters(), lr=1e-3, fused=fused)
    loss_of = lambda a, b: F.cross_entropy(net(a), b)
    if kind == "compiled":
        loss_of = torch.compile(loss_of)
    times = []
    for epoch in range(1 + epochs):
        start = time.perf_counter()
        p = torch.randperm(len(x))
        for i in range(0, len(x) - batch + 1, batch):
            k = p[i:i + batch]
            loss = loss_of(x[k], y[k])
            o.zero_grad(set_to_none=True)
            loss.backward()
            o.step()
        times.append(time.perf_counter() - start)
    print(json.dumps({"samples_per_second": len(x) // batch * batch / statistics.median(times[1:])}))


def run(cmd, threads, extra=()):
    env = dict(os.environ, OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads), **dict(extra))
    out = subprocess.run(cmd, env=env, check=True, capture_output=True, text=True).stdout
    return json.loads(out.strip().splitlines()[-1])


def compare(a, name, batch, opt, threads, peak):
    """One row: a process of each a round; medians over the rounds."""
    ours, theirs, gflops = [], {}, []
    kinds = ("eager", "fused") + (("channels_last", "compiled") if name in ("lenet", "cnn") else ())
    for _ in range(a.rounds):
        r = run([a.bench, "--net", name, "--batch", str(batch), "--optimizer", opt, "--threads", str(threads), "--epochs",
                 str(a.epochs), "--samples", str(a.samples)], threads)
        ours.append(r["samples_per_second"])
        gflops.append(r["gflops"])
        for kind in kinds:
            for keep in (False, True):
                w = run([sys.executable, __file__, "--torch", name, str(batch), opt, str(threads), kind, str(a.epochs),
                         str(a.samples)], threads, KEEP if keep else {})
                theirs.setdefault(kind + (" keep" if keep else ""), []).append(w["samples_per_second"])
    best = max(theirs, key=lambda k: statistics.median(theirs[k]))
    m, p = statistics.median(ours), statistics.median(theirs[best])
    shown = name if name in ("lenet", "cnn") else f"784-{name.replace(',', '-')}-10"
    print(f"| {shown} | {batch} | {opt} | {threads} | {m:,.0f} | {p:,.0f} ({best}) | {m / p:.2f} | "
          f"{statistics.median(gflops) / peak:.0%} |", flush=True)


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--rounds", type=int, default=3)
    a.add_argument("--epochs", type=int, default=3, help="timed epochs of a process")
    a.add_argument("--nets", nargs="+", default=["128", "512,256"])
    a.add_argument("--batches", default="32,64,128")
    a.add_argument("--optimizers", default="sgd,adam")
    a.add_argument("--threads", default="1,2")
    a.add_argument("--samples", type=int, default=60000)
    a.add_argument("bench")
    a = a.parse_args()
    # The most of several: a neighbour can only take from it.
    peaks = {int(n): max(run([a.bench, "--peak", n], n)["peak_gflops"] for _ in range(5)) for n in a.threads.split(",")}
    print("multiply-add ceiling: " + ", ".join(f"{g} GFLOPS on {n} thread{'s'[:n > 1]}" for n, g in peaks.items()) + "\n")
    print("| net | batch | optimizer | threads | mlcore samples/s | PyTorch samples/s (best of) | ratio | share of ceiling |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    for name in a.nets:
        for batch in map(int, a.batches.split(",")):
            for opt in a.optimizers.split(","):
                for threads in peaks:
                    compare(a, name, batch, opt, threads, peaks[threads])


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] == "--torch":
        name, batch, optimizer, threads, kind, epochs, samples = sys.argv[2:9]
        torch_worker(name, int(batch), optimizer, int(threads), kind, int(epochs), int(samples))
    else:
        main()
