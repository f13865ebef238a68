"""Golden values of reductions, softmax, transposes and losses, from PyTorch in float64: forward and gradients.

Run from the top of the tree: python tests/golden/make_reduce.py
For each op: reduce_<op>.npy (the value) and reduce_<op>_grad.npy (d sum(value * w) / d x, w = reduce_w cut to its size).
"""
import os
import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
here = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(20)


def save(name, x):
    np.save(os.path.join(here, f"reduce_{name}.npy"), np.array(x.detach().numpy(), order="C"))


x = torch.randn(3, 4, 5) * 2
x[1, 2, 3] = x[1, 3, 3] = x[1].max() + 1          # a tie along axis 1, and of the whole
w = torch.randn(60)
save("x", x)
save("w", w)


def case(name, f, x=x):
    x = x.clone().requires_grad_()
    y = f(x)
    (y * w[: y.numel()].reshape(y.shape)).sum().backward()
    save(name, y)
    save(name + "_grad", x.grad)


for axis in range(3):
    case(f"sum{axis}", lambda x: x.sum(axis))
    case(f"mean{axis}", lambda x: x.mean(axis))
    case(f"max{axis}", lambda x: x.max(axis).values)
    case(f"softmax{axis}", lambda x: x.softmax(axis))
    case(f"log_softmax{axis}", lambda x: x.log_softmax(axis))
case("sum_all", lambda x: x.sum())
case("mean_all", lambda x: x.mean())
case("max_all", lambda x: x.amax())
case("transpose201", lambda x: x.permute(2, 0, 1))
case("slice1", lambda x: x[:, 1:3])
case("concat2", lambda x: torch.cat([x[:, :, 2:], x[:, :, :1]], 2))

# The hard cases: logits of +-1000, a row with NaN, rows with infinities, NaN in a max.
hard = torch.tensor([[1000.0, -1000, 0, 999], [-1000, -1000, -1000, -1001], [0, np.nan, 1, 2],
                     [-np.inf, 0, 1, -np.inf], [700, 710, 720, 730]])
save("hard", hard)
case("hard_softmax", lambda x: x.softmax(1), hard)
case("hard_log_softmax", lambda x: x.log_softmax(1), hard)
case("hard_softmax0", lambda x: x.softmax(0), hard)
case("hard_max1", lambda x: x.max(1).values, hard)
case("hard_max0", lambda x: x.max(0).values, hard)
case("hard_max_all", lambda x: x.max(), hard)      # max(), unlike amax(), has a gradient where NaN wins


def loss(name, f, z):
    z = z.clone().requires_grad_()
    y = f(z)
    (1.5 * y).backward()
    save(name, y)
    save(name + "_grad", z.grad)


z = torch.randn(7, 10) * 3
label = torch.randint(0, 10, (7,))
save("xent_z", z)
save("xent_label", label.to(torch.int32))
loss("xent", lambda z: F.cross_entropy(z, label), z)
huge = torch.tensor([[1000.0, -1000, 3], [-1000, 1000, 1000], [88, 89, 90], [0, 0, 1e-9]])
huge_label = torch.tensor([1, 2, 0, 2])
save("xent_huge_z", huge)
save("xent_huge_label", huge_label.to(torch.int32))
loss("xent_huge", lambda z: F.cross_entropy(z, huge_label), huge)

bz = torch.cat([torch.randn(20) * 3, torch.tensor([0.0, 1000, -1000, 40, -40, 1000, -1000])])
by = torch.cat([torch.rand(20), torch.tensor([1.0, 0, 1, 1, 0, 1, 0])])
save("bce_z", bz)
save("bce_y", by)
loss("bce", lambda z: F.binary_cross_entropy_with_logits(z, by), bz)

p, t = torch.randn(4, 6), torch.randn(4, 6)
save("mse_p", p)
save("mse_t", t)
loss("mse", lambda p: F.mse_loss(p, t), p)
loss("mse_target", lambda t: F.mse_loss(p, t), t)
