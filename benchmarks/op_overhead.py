"""What an op costs beside its arithmetic: nanoseconds an add of one number, recorded and differentiated, mlcore beside PyTorch.

    python3 benchmarks/op_overhead.py BUILD/bench-op_overhead

A chain of 10,000 adds, both operands of which want a gradient. Medians over the rounds of a process, then over five processes of
each, turn and turn about."""
import json, statistics, subprocess, sys

OPS = 10000
TORCH = """
import json, statistics, time, torch
torch.set_num_threads(1)
x = torch.zeros(1, requires_grad=True)
forward, backward = [], []
for round in range(12):
    x.grad = None
    start = time.perf_counter()
    y = x
    for _ in range(OPS):
        y = y + x
    middle = time.perf_counter()
    y.backward()
    end = time.perf_counter()
    forward.append(middle - start)
    backward.append(end - middle)
assert x.grad.item() == OPS + 1
f, b = (1e9 * statistics.median(v[1:]) / OPS for v in (forward, backward))
print(json.dumps({"forward_ns": f, "backward_ns": b, "total_ns": f + b}))
""".replace("OPS", str(OPS))


def child(cmd):
    return json.loads(subprocess.run(cmd, check=True, capture_output=True, text=True).stdout)


rows = {"mlcore": [], "PyTorch": []}
for _ in range(5):
    rows["mlcore"].append(child([sys.argv[1], str(OPS)]))
    rows["PyTorch"].append(child([sys.executable, "-c", TORCH]))
print("| ns an op | forward | backward | together |\n| --- | --- | --- | --- |")
for name, r in rows.items():
    print(f"| {name} | " + " | ".join(f"{statistics.median(v[k] for v in r):.0f}" for k in ("forward_ns", "backward_ns", "total_ns")) + " |")
