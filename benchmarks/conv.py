"""Convolution of images, forward, by input and by weight: mlcore beside PyTorch, in one run, turn and turn about.

    python3 benchmarks/conv.py [--rounds 5] [--threads 1 2] [--only WORD ...] [--cpu] [--bodies] [--ours] BUILD/bench-conv

Each round runs, shape by shape, every program once for it: ours in a fresh process, PyTorch's two layouts in a process each that
stays, with an allocator that keeps its pages. Each gives the median of nine runs; the figure is the median over rounds, of PyTorch's
layouts the better one. GFLOPS count the products with padding, as im2col would do them; the transform of the weights is in the time.
--cpu: one thread, by the time that it had a core, the best of the runs: for a machine that does something else besides.
--bodies: each body of ours that fits, not only the chosen one. --ours: without PyTorch.
Wants: pip install torch==2.13.0. Prints a Markdown table."""
import argparse, json, os, statistics, subprocess, sys

KEEP = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "100000000000", "MALLOC_TOP_PAD_": "500000000"}
PASSES = ("forward", "dx", "dw")
N = 32

# channels, pixels, filters, window, stride, padding, groups
SHAPES = {
    "3x3 64 to 64, 56 px": (64, 56, 64, 3, 1, 1, 1),
    "3x3 128 to 128, 28 px": (128, 28, 128, 3, 1, 1, 1),
    "3x3 256 to 256, 14 px": (256, 14, 256, 3, 1, 1, 1),
    "3x3 512 to 512, 7 px": (512, 7, 512, 3, 1, 1, 1),
    "3x3 32 to 64, 26 px, no padding": (32, 26, 64, 3, 1, 0, 1),
    "first 7x7/2 3 to 64, 224 px": (3, 224, 64, 7, 2, 3, 1),
    "first 3x3 3 to 64, 224 px": (3, 224, 64, 3, 1, 1, 1),
    "first 3x3 1 to 32, 28 px, no padding": (1, 28, 32, 3, 1, 0, 1),
    "first 5x5 1 to 6, 28 px": (1, 28, 6, 5, 1, 2, 1),
    "5x5 6 to 16, 14 px, no padding": (6, 14, 16, 5, 1, 0, 1),
    "pointwise 64 to 256, 56 px": (64, 56, 256, 1, 1, 0, 1),
    "pointwise 256 to 64, 56 px": (256, 56, 64, 1, 1, 0, 1),
    "strided 3x3/2 64 to 128, 56 px": (64, 56, 128, 3, 2, 1, 1),
    "strided 3x3/2 128 to 256, 28 px": (128, 28, 256, 3, 2, 1, 1),
    "strided 3x3/2 256 to 512, 14 px": (256, 14, 512, 3, 2, 1, 1),
    "strided 1x1/2 64 to 128, 56 px": (64, 56, 128, 1, 2, 0, 1),
    "strided 1x1/2 128 to 256, 28 px": (128, 28, 256, 1, 2, 0, 1),
    "strided 1x1/2 256 to 512, 14 px": (256, 14, 512, 1, 2, 0, 1),
    "depthwise 3x3 32, 112 px": (32, 112, 32, 3, 1, 1, 32),
    "depthwise 3x3/2 64, 112 px": (64, 112, 64, 3, 2, 1, 64),
    "depthwise 3x3 128, 56 px": (128, 56, 128, 3, 1, 1, 128),
    "depthwise 3x3/2 256, 28 px": (256, 28, 256, 3, 2, 1, 256),
    "depthwise 3x3 512, 14 px": (512, 14, 512, 3, 1, 1, 512),
    "depthwise 3x3 32 to 64, 56 px": (32, 56, 64, 3, 1, 1, 32),
    "grouped 3x3 64 to 64 by 2, 56 px": (64, 56, 64, 3, 1, 1, 2),
    "grouped 3x3 128 to 128 by 4, 28 px": (128, 28, 128, 3, 1, 1, 4),
    "grouped 3x3/2 128 to 128 by 4, 28 px": (128, 28, 128, 3, 2, 1, 4),
    "grouped 3x3 128 to 128 by 32, 28 px": (128, 28, 128, 3, 1, 1, 32),
    "grouped 3x3 512 to 512 by 32, 14 px": (512, 14, 512, 3, 1, 1, 32),
}


def torch_worker(layout, threads, cpu):
    """Reads a shape a line, answers with the seconds of each pass."""
    import time
    import torch
    import torch.nn.functional as F
    torch.set_num_threads(threads)
    clock = time.thread_time if cpu else time.perf_counter

    def timed(work, rounds=9):
        start = time.perf_counter()
        # Threads that have slept may share a core for a while; ours warms up for 0.2 s before its three passes.
        while time.perf_counter() - start < 0.1:
            work()
        took = []
        for _ in range(rounds):
            start = clock()
            work()
            took.append(clock() - start)
        return min(took) if cpu else statistics.median(took)
    for line in sys.stdin:
        c, h, f, r, stride, pad, groups = map(int, line.split())
        form = getattr(torch, layout + "_format" if layout == "contiguous" else layout)
        x = torch.rand(N, c, h, h).to(memory_format=form)
        w = torch.rand(f, c // groups, r, r).to(memory_format=form)
        with torch.no_grad():
            dy = torch.rand_like(F.conv2d(x, w, None, stride, pad, 1, groups))
            back = lambda mask: torch.ops.aten.convolution_backward(dy, x, w, None, [stride] * 2, [pad] * 2, [1, 1], False, [0, 0],
                                                                    groups, mask)
            print(json.dumps({"forward": timed(lambda: F.conv2d(x, w, None, stride, pad, 1, groups)),
                              "dx": timed(lambda: back([True, False, False])), "dw": timed(lambda: back([False, True, False]))}),
                  flush=True)


class Peer:
    def __init__(self, layout, threads, cpu):
        env = dict(os.environ, OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads), **KEEP)
        self.process = subprocess.Popen([sys.executable, __file__, "--torch", layout, str(threads), str(int(cpu))], env=env, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, shape):
        self.process.stdin.write(" ".join(map(str, shape)) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def ours(a, shape, threads):
    flags = ["--n", str(N), "--threads", str(threads)] + ["--cpu"] * a.cpu + ["--bodies"] * a.bodies
    out = subprocess.run([a.bench, *flags, *map(str, shape)], check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(out)


def compare(a, name, shape, threads, peers):
    """Three rows: a pass each."""
    best = min if a.cpu else statistics.median
    rounds = [(ours(a, shape, threads), {layout: p.ask(shape) for layout, p in peers.items()}) for _ in range(a.rounds)]
    flops = rounds[0][0]["flops"]
    for one in PASSES:
        got = {body: flops / best([r[0][one][body] for r in rounds]) * 1e-9 for body in rounds[0][0][one]}
        chosen = next(iter(got))
        row = [name, one, threads, f"{got[chosen]:.1f} ({chosen})"]
        if peers:
            theirs = {layout: flops / best([r[1][layout][one] for r in rounds]) * 1e-9 for layout in peers}
            layout = max(theirs, key=theirs.get)
            row += [f"{theirs[layout]:.1f} ({layout})", f"{got[chosen] / theirs[layout]:.2f}"]
        if a.bodies:
            row += [", ".join(f"{body} {speed:.1f}" for body, speed in got.items() if body != chosen)]
        print("| " + " | ".join(map(str, row)) + " |", flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--threads", type=int, nargs="+", default=[2, 1])
    p.add_argument("--only", nargs="+", default=[""], help="shapes whose name begins with one of these")
    p.add_argument("--cpu", action="store_true")
    p.add_argument("--bodies", action="store_true")
    p.add_argument("--ours", action="store_true")
    p.add_argument("bench")
    a = p.parse_args()
    columns = ["shape", "pass", "threads", "mlcore GFLOPS"] + ["PyTorch GFLOPS (best of)", "ratio"] * (not a.ours) + ["other bodies"] * a.bodies
    print("| " + " | ".join(columns) + " |\n|" + " --- |" * len(columns), flush=True)
    for threads in [1] if a.cpu else a.threads:
        peers = {} if a.ours else {layout: Peer(layout, threads, a.cpu) for layout in ("contiguous", "channels_last")}
        for name, shape in SHAPES.items():
            if name.startswith(tuple(a.only)):
                compare(a, name, shape, threads, peers)


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] == "--torch":
        torch_worker(sys.argv[2], int(sys.argv[3]), sys.argv[4] == "1")
    else:
        main()
