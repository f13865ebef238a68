"""Golden values of conv1d, conv_transpose2d and upsample_bilinear, and three small nets of them: PyTorch, float64. Run by hand;
what it writes is committed.

conv1d.npy, conv_transpose.npy, bilinear.npy: all cases of an op, flattened one after another. Of a convolution each has x, w, b, y,
dy, dx, dw, db; of bilinear x, y, dy, dx. Layouts are ours: N T C and F R C; N H W C and C R S F. The cases stand in the
tests (test_autograd_conv1d.c, test_autograd_conv_transpose.c, test_autograd_bilinear.c) beside their numbers.
conv_*.safetensors, as the Python package writes them, are the nets' weights, and conv_nets.npy is x and y of each.
"""
import os

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

HERE = os.path.dirname(os.path.abspath(__file__))

# N, T, C, F, R, stride, pad, dilation, groups
CONV1D = [
    (2, 9, 3, 4, 3, 1, 1, 1, 1),
    (1, 12, 2, 5, 4, 3, 2, 2, 1),
    (3, 7, 4, 6, 2, 2, 0, 1, 2),
    (2, 8, 5, 5, 3, 1, 2, 2, 5),
    (2, 5, 4, 3, 1, 1, 0, 1, 1),
    (1, 30, 1, 8, 7, 1, 3, 1, 1),
]
# N, H, W, C, F, R, S, stride, pad, output_pad, dilation, groups (pairs: along H, along W)
TRANSPOSE = [
    (2, 3, 4, 3, 4, 3, 3, (2, 2), (1, 1), (1, 1), (1, 1), 1),
    (1, 4, 3, 2, 5, 2, 2, (2, 2), (0, 0), (0, 0), (1, 1), 1),
    (2, 3, 5, 4, 6, 3, 2, (3, 1), (0, 1), (2, 0), (1, 2), 2),
    (1, 5, 4, 3, 3, 3, 3, (1, 1), (1, 1), (0, 0), (1, 1), 3),
    (2, 3, 3, 5, 7, 1, 1, (1, 1), (0, 0), (0, 0), (1, 1), 1),
    (1, 4, 4, 2, 3, 3, 3, (1, 2), (1, 0), (1, 1), (2, 1), 1),
    (1, 3, 3, 3, 2, 4, 4, (2, 2), (3, 3), (0, 0), (1, 1), 1),
    (2, 3, 2, 4, 3, 1, 1, (1, 1), (0, 0), (2, 1), (3, 2), 1),
]
# N, H, W, C, P, Q, align_corners, whether NaN and infinities are among the numbers
BILINEAR = [
    (2, 3, 4, 3, 6, 8, False, False),
    (2, 3, 4, 3, 6, 8, True, False),
    (1, 5, 4, 2, 3, 7, False, False),
    (1, 5, 4, 2, 3, 7, True, False),
    (1, 4, 4, 1, 4, 9, False, False),
    (1, 4, 4, 1, 4, 9, True, False),
    (1, 1, 5, 2, 3, 1, False, False),
    (1, 1, 5, 2, 3, 1, True, False),
    (1, 13, 6, 2, 1, 1, False, False),
    (1, 13, 6, 2, 1, 1, True, False),
    (1, 3, 3, 2, 3, 3, False, False),
    (1, 4, 5, 2, 8, 10, False, True),
    (1, 4, 5, 2, 8, 10, True, True),
    (1, 3, 4, 1, 3, 4, False, True),
]


def last(x):
    """Channels last, flat."""
    return x.detach().movedim(1, -1).contiguous().numpy().ravel()


def save(name, parts):
    np.save(os.path.join(HERE, name + ".npy"), np.concatenate(parts).astype("<f8"))


def convolutions(rng, name, cases, call):
    parts = []
    for case in cases:
        x, w, b, y = call(case, lambda *shape: torch.tensor(rng.normal(size=shape), requires_grad=True))
        dy = torch.tensor(rng.normal(size=tuple(y.shape)))
        y.backward(dy)
        parts += [last(x), last(w), b.detach().numpy(), last(y), last(dy), last(x.grad), last(w.grad), b.grad.numpy()]
    save(name, parts)


def conv1d(case, leaf):
    n, t, c, f, r, stride, pad, dil, groups = case
    x, w, b = leaf(n, c, t), leaf(f, c // groups, r), leaf(f)
    return x, w, b, F.conv1d(x, w, b, stride, pad, dil, groups)


def transpose(case, leaf):
    n, h, wide, c, f, r, s, stride, pad, more, dil, groups = case
    x, w, b = leaf(n, c, h, wide), leaf(c, f // groups, r, s), leaf(f)
    return x, w, b, F.conv_transpose2d(x, w, b, stride, pad, more, groups, dil)


def bilinear(rng):
    parts = []
    for n, h, w, c, p, q, align, hard in BILINEAR:
        x, dy = rng.normal(size=(n, c, h, w)), rng.normal(size=(n, c, p, q))
        if hard:
            x[0, 0, 1, 1], x[0, 0, 2, 3], x[0, 0, 0, 0] = np.nan, np.inf, -np.inf
            dy[0, 0, 2, 2], dy[0, 0, 1, 3], dy[0, 0, p - 1, q - 1] = np.nan, -np.inf, np.inf
        x = torch.tensor(x, requires_grad=True)
        y = F.interpolate(x, size=(p, q), mode="bilinear", align_corners=align)
        y.backward(torch.tensor(dy))
        parts += [last(x), last(y), last(torch.tensor(dy)), last(x.grad)]
    save("bilinear", parts)


class Sequences(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv1d(3, 4, 3, padding=1)
        self.conv2 = nn.Conv1d(4, 6, 2, stride=2, dilation=2, groups=2, bias=False)
        self.fc = nn.Linear(6 * 4, 2)

    def forward(self, x):
        x = self.conv2(torch.relu(self.conv1(x)))
        return self.fc(x.transpose(1, 2).flatten(1))


class Positions(nn.Module):
    """Two parameters of three axes, of which one is a convolution's. All are square, so that shapes tell nothing."""

    def __init__(self):
        super().__init__()
        self.where = nn.Parameter(torch.randn(1, 3, 3))
        self.conv = nn.Conv1d(3, 3, 3, padding=1)

    def forward(self, x):
        return self.conv(x + self.where.transpose(1, 2)).transpose(1, 2).flatten(1)


def pictures():
    return nn.Sequential(
        nn.ConvTranspose2d(2, 4, 3, stride=2, padding=1, output_padding=1, groups=2), nn.ReLU(),
        nn.Upsample(scale_factor=2, mode="bilinear"),
        nn.ConvTranspose2d(4, 3, (2, 3), stride=(1, 2), padding=(1, 0), dilation=(2, 1), bias=False),
        nn.Upsample(scale_factor=3, mode="bilinear", align_corners=True), nn.AdaptiveAvgPool2d((3, 2)), nn.Flatten(),
        nn.Linear(18, 2))


def nets():
    parts = []
    for name, net, shape in (("sequences", Sequences(), (2, 3, 9)), ("positions", Positions(), (2, 3, 3)),
                             ("pictures", pictures(), (2, 2, 3, 4))):
        path = os.path.join(HERE, f"conv_{name}.safetensors")
        save_file({k: v.contiguous() for k, v in net.state_dict().items()}, path)
        os.chmod(path, 0o644)
        x = torch.randn(*shape)
        parts += [last(x), net(x).detach().numpy().ravel()]
    save("conv_nets", parts)


if __name__ == "__main__":
    torch.manual_seed(11)
    torch.set_default_dtype(torch.float64)
    rng = np.random.default_rng(11)
    convolutions(rng, "conv1d", CONV1D, conv1d)
    convolutions(rng, "conv_transpose", TRANSPOSE, transpose)
    bilinear(rng)
    nets()
