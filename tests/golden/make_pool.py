"""Golden values of pooling and upsampling, from PyTorch in float64: forward and gradients, N H W C.

Run from the top of the tree: python tests/golden/make_pool.py
For each case: pool_<case>.npy (the value) and pool_<case>_grad.npy (d sum(value * w) / d x, w = pool_w cut to its size).
"""
import os
import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
here = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(22)


def save(name, x):
    np.save(os.path.join(here, f"pool_{name}.npy"), np.array(x.detach().numpy(), order="C"))


def case(name, f, x):
    """f sees N C H W, as PyTorch has it; what is saved is N H W C."""
    x = x.clone().requires_grad_()
    y = f(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    (y * w[: y.numel()].reshape(y.shape)).sum().backward()
    save(name, y)
    save(name + "_grad", x.grad)


x = torch.randn(2, 7, 6, 3)
w = torch.randn(2 * 14 * 12 * 3)
hard = (torch.randn(1, 6, 5, 3) * 1.5).round()             # whole numbers: many ties
hard[0, 1, 1, 0] = hard[0, 1, 2, 0] = hard[0, 4, 4, 1] = torch.nan
hard[0, :, :, 2] = -torch.inf
hard[0, 3, 3, 2] = torch.inf
save("x", x)
save("w", w)
save("hard", hard)

# k (H, W), stride, pad, ceil_mode
for name, k, stride, pad, ceil in (
    ("k2", (2, 2), (2, 2), (0, 0), False),
    ("k2_ceil", (2, 2), (2, 2), (0, 0), True),
    ("k3s2p1", (3, 3), (2, 2), (1, 1), False),
    ("k3s2p1_ceil", (3, 3), (2, 2), (1, 1), True),
    ("k32s13p10", (3, 2), (1, 3), (1, 0), False),
    ("k5s3p2_ceil", (5, 5), (3, 3), (2, 2), True),
    ("k7s5_ceil", (7, 7), (5, 5), (0, 0), True),           # along W the window is larger than x
):
    case("max_" + name, lambda x: F.max_pool2d(x, k, stride, pad, ceil_mode=ceil), x)
    case("avg_" + name, lambda x: F.avg_pool2d(x, k, stride, pad, ceil_mode=ceil), x)
    if max(pad) or ceil:
        case("exclude_" + name, lambda x: F.avg_pool2d(x, k, stride, pad, ceil_mode=ceil, count_include_pad=False), x)
    case("hard_" + name, lambda x: F.max_pool2d(x, k, stride, pad, ceil_mode=ceil), hard)

for p, q in ((1, 1), (3, 4), (7, 6), (9, 13)):
    case(f"adaptive_{p}x{q}", lambda x: F.adaptive_avg_pool2d(x, (p, q)), x)
for factor in (1, 2):
    case(f"upsample_{factor}", lambda x: F.interpolate(x, scale_factor=factor, mode="nearest"), x)
