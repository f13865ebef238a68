"""ResNet-18 at 224x224: mlcore beside PyTorch and onnxruntime, in one run, turn and turn about.

    python3 benchmarks/resnet18.py [--rounds 3] [--repeat 11] [--threads 2] [--work predict train memory] BUILD/bench-resnet18

Prediction at batch 1 and 8, and one step of training by SGD with momentum at batch 8. Each round runs every program once (each in
a fresh process: two calls not timed, more where a compiler wants them, then the median of --repeat); the figure is the median over rounds. PyTorch gets the
best of eager, channels_last and compiled, each with the default allocator and with one that keeps its pages; onnxruntime runs
where it is installed. Memory is VmHWM, the peak of a process that does nothing else; of PyTorch's also without what the import
alone takes.
Wants: pip install torch==2.13.0 numpy, and for the other peer onnx onnxruntime. Prints Markdown tables."""
import argparse, json, os, statistics, subprocess, sys, tempfile

KEEP = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "100000000000", "MALLOC_TOP_PAD_": "500000000"}
KINDS = ("eager", "channels_last", "compiled")


def peak_mb():
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) / 1024 for line in f if line.startswith("VmHWM:"))


def resnet18():
    from torch import nn

    class Block(nn.Module):
        def __init__(self, c, f, stride):
            super().__init__()
            self.conv1, self.bn1 = nn.Conv2d(c, f, 3, stride, 1, bias=False), nn.BatchNorm2d(f)
            self.conv2, self.bn2 = nn.Conv2d(f, f, 3, 1, 1, bias=False), nn.BatchNorm2d(f)
            self.relu = nn.ReLU(inplace=True)
            self.down = nn.Sequential() if c == f and stride == 1 else \
                nn.Sequential(nn.Conv2d(c, f, 1, stride, bias=False), nn.BatchNorm2d(f))

        def forward(self, x):
            y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
            y += self.down(x)
            return self.relu(y)

    layers, c = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)], 64
    for f, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        layers += [Block(c, f, stride), Block(f, f, 1)]
        c = f
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000))


def timed(call, repeat):
    """Two calls not timed, then until one no longer compiles: the first ones of a compiled net take seconds."""
    import time
    times = []
    for i in range(2 + repeat):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times[2:]) * 1e3


def torch_worker(work, batch, kind, threads, repeat):
    import torch
    import torch.nn.functional as F
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    imported = peak_mb()
    net, x, y = resnet18(), torch.rand(batch, 3, 224, 224), torch.randint(0, 1000, (batch,))
    if kind != "eager":
        net, x = net.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    if work == "predict":
        net.eval()
        f = torch.compile(net) if kind == "compiled" else net
        with torch.no_grad():
            ms = timed(lambda: f(x), repeat)
    else:
        opt = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
        loss_of = lambda a, b: F.cross_entropy(net(a), b)
        if kind == "compiled":
            loss_of = torch.compile(loss_of)

        def step():
            loss = loss_of(x, y)
            opt.zero_grad(set_to_none=True)
            loss.backward()
            opt.step()
        ms = timed(step, repeat)
    print(json.dumps({"ms": ms, "peak_mb": peak_mb(), "imported_mb": imported}))


def onnx_worker(batch, threads, repeat):
    import onnxruntime as ort
    import torch
    path = os.path.join(tempfile.mkdtemp(), "resnet18.onnx")
    x = torch.rand(batch, 3, 224, 224)
    torch.onnx.export(resnet18().eval(), x, path, input_names=["x"], dynamo=False)
    opts = ort.SessionOptions()
    opts.intra_op_num_threads = threads
    session = ort.InferenceSession(path, opts, providers=["CPUExecutionProvider"])
    x = x.numpy()
    print(json.dumps({"ms": timed(lambda: session.run(None, {"x": x}), repeat)}))


def run(cmd, threads, extra=()):
    env = dict(os.environ, OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads), **dict(extra))
    out = subprocess.run([str(c) for c in cmd], env=env, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(out.strip().splitlines()[-1])


def ours(a, work, batch):
    return run([a.bench, "--work", work, "--batch", batch, "--threads", a.threads, "--rounds", a.repeat], a.threads)


def theirs(a, work, batch, kind, keep):
    return run([sys.executable, __file__, "--worker", work, batch, kind, a.threads, a.repeat], a.threads, KEEP if keep else {})


def have_onnxruntime():
    from importlib.util import find_spec
    return bool(find_spec("onnxruntime") and find_spec("onnx"))


def speed(a, work, batch):
    """One row: a process of each a round; medians over the rounds."""
    times = {}
    for _ in range(a.rounds):
        times.setdefault("mlcore", []).append(ours(a, work, batch)["ms"])
        for kind in KINDS:
            for keep in (False, True):
                times.setdefault(kind + " keep" * keep, []).append(theirs(a, work, batch, kind, keep)["ms"])
        if work == "predict" and have_onnxruntime():
            times.setdefault("onnxruntime", []).append(theirs(a, "onnx", batch, "-", False)["ms"])
    ms = {name: statistics.median(t) for name, t in times.items()}
    onnx = ms.pop("onnxruntime", None)
    m = ms.pop("mlcore")
    best = min(ms, key=ms.get)
    third = f"{onnx:.1f} | {onnx / m:.2f}" if onnx else "- | -"
    print(f"| {work} | {batch} | {m:.1f} | {ms[best]:.1f} ({best}) | {ms[best] / m:.2f} | {third} |", flush=True)


def memory(a):
    """Peaks of the training step at batch 8, once each: they hardly vary."""
    print("\n| training, batch 8 | peak MB | of it the import alone |")
    print("| --- | --- | --- |")
    print(f"| mlcore | {ours(a, 'train', 8)['peak_mb']:.0f} | |", flush=True)
    for kind in KINDS:
        for keep in (False, True):
            r = theirs(a, "train", 8, kind, keep)
            print(f"| PyTorch {kind}{' keep' * keep} | {r['peak_mb']:.0f} | {r['imported_mb']:.0f} |", flush=True)


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--rounds", type=int, default=3)
    a.add_argument("--repeat", type=int, default=11, help="timed calls of a process")
    a.add_argument("--threads", type=int, default=2)
    a.add_argument("--work", nargs="+", default=["predict", "train", "memory"])
    a.add_argument("bench")
    a = a.parse_args()
    print("| work | batch | mlcore ms | PyTorch ms (best of) | ratio | onnxruntime ms | ratio |")
    print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)
    for work, batch in (("predict", 1), ("predict", 8), ("train", 8)):
        if work in a.work:
            speed(a, work, batch)
    if "memory" in a.work:
        memory(a)


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] == "--worker":
        work, batch, kind, threads, repeat = sys.argv[2:7]
        if work == "onnx":
            onnx_worker(int(batch), int(threads), int(repeat))
        else:
            torch_worker(work, int(batch), kind, int(threads), int(repeat))
    else:
        main()
