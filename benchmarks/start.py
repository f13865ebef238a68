"""From process start to the end of the first training step: seconds and peak memory, mlcore beside PyTorch.

    python3 benchmarks/start.py BUILD/bench-start

The same net (784-128-10), batch (64) and rule (Adam). Median of seven processes each, turn and turn about."""
import os, statistics, subprocess, sys, time

TORCH = """
import torch
net = torch.nn.Sequential(torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10))
o = torch.optim.Adam(net.parameters())
loss = torch.nn.functional.cross_entropy(net(torch.rand(64, 784)), torch.arange(64) % 10)
loss.backward()
o.step()
print(loss.item())
"""


def child(cmd):
    start = time.perf_counter()
    p = subprocess.Popen(cmd, stdout=subprocess.DEVNULL)
    _, status, use = os.wait4(p.pid, 0)
    if status:
        sys.exit(f"{cmd[0]} ended with status {status}")
    return time.perf_counter() - start, use.ru_maxrss / 1024


rows = {"mlcore": [], "PyTorch": []}
for _ in range(7):
    rows["mlcore"].append(child([sys.argv[1]]))
    rows["PyTorch"].append(child([sys.executable, "-c", TORCH]))
print("| to the end of the first step | seconds | peak MB |\n| --- | --- | --- |")
for name, r in rows.items():
    print(f"| {name} | {statistics.median(a for a, _ in r):.3f} | {statistics.median(b for _, b in r):.1f} |")
