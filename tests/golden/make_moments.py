"""Golden values of variance, norm, logsumexp and min, from PyTorch in float64: values and gradients.

Run from the top of the tree: python tests/golden/make_moments.py
moments_x.npy and moments_hard.npy are inputs, exact in float32; moments_w.npy has the weights of the loss sum(value * w), w
cut to its size. moments_axes.npy and moments_hards.npy are flat: for each op of OPS, for each axis and then over everything,
its value and the gradient of the loss. Of `hard` there are the axes only; its rows are what can go wrong.
"""
import os
import numpy as np
import torch

torch.set_default_dtype(torch.float64)
here = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(50)
nan, inf = float("nan"), float("inf")


def save(name, x):
    np.save(os.path.join(here, f"moments_{name}.npy"), np.ascontiguousarray(x))


def var(correction):
    return lambda x, axis: x.var(axis, correction=correction)


def std(correction):
    return lambda x, axis: x.std(axis, correction=correction)


def norm(p):
    return lambda x, axis: torch.linalg.vector_norm(x, p, axis)


def smallest(x, axis):
    return x.min() if axis is None else x.min(axis).values


def logsumexp(x, axis):
    return x.logsumexp(tuple(range(x.dim())) if axis is None else axis)


OPS = [var(0), var(1), std(0), std(1), norm(1), norm(2), norm(3), norm(0.5), norm(1.5), norm(inf), logsumexp, smallest]

x = (2 * torch.randn(3, 4, 5)).float().double()
x[1, 2, 3] = x[1, 3, 3] = x[1].min() - 1          # a tie along axis 1, and of the whole
x[2, 1, 0], x[2, 1, 4] = 9, -9                    # equal sizes of two signs
hard = torch.tensor([[1000.0, -1000, 0, 999, 1000], [0, 0, 0, 0, 0], [0, nan, 1, 2, -1], [-inf, 0, 1, -inf, 2],
                     [inf, 1, -2, 0.5, 3], [-inf] * 5, [3, -3, 3, 1, -1], [-700, -710, -720, -730, -740],
                     [-2, -2, -2, -2, -2], [inf, -inf, 1, 2, nan]])
w = torch.randn(60).float().double()
save("x", x)
save("hard", hard)
save("w", w)


def cases(x, axes):
    parts = []
    for op in OPS:
        for axis in axes:
            leaf = x.clone().requires_grad_()
            y = op(leaf, axis)
            (y * w[: y.numel()].reshape(y.shape)).sum().backward()
            parts += [y.detach().numpy().reshape(-1), leaf.grad.numpy().reshape(-1)]
    return np.concatenate(parts)


save("axes", cases(x, [0, 1, 2, None]))
save("hards", cases(hard, [0, 1]))
