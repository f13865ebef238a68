"""Golden values of conv2d: PyTorch, float64. Run by hand; the .npy files are committed.

conv_<k>.npy, a case each, flattened one after another: x, w, b, y, dy, dx, dw, db, images as N H W C and weights as F R S C.
The cases stand in the test beside their numbers: N, H, W, C, F, R, S, stride, pad, dilation, groups (pairs: along H, along W).
"""
import os
import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = [
    (2, 5, 6, 3, 4, 3, 3, (1, 1), (1, 1), (1, 1), 1),
    (2, 7, 8, 2, 5, 3, 2, (2, 1), (0, 1), (1, 2), 1),
    (1, 6, 5, 4, 6, 3, 3, (2, 2), (1, 1), (1, 1), 2),
    (2, 5, 5, 3, 3, 3, 3, (1, 1), (1, 1), (1, 1), 3),
    (3, 4, 4, 5, 7, 1, 1, (1, 1), (0, 0), (1, 1), 1),
    (1, 9, 9, 1, 3, 5, 5, (1, 1), (2, 2), (1, 1), 1),
]


def main():
    rng = np.random.default_rng(5)
    for k, (n, h, w, c, f, r, s, stride, pad, dil, groups) in enumerate(CASES):
        def leaf(*shape):
            return torch.tensor(rng.normal(size=shape), requires_grad=True)
        x, weight, b = leaf(n, c, h, w), leaf(f, c // groups, r, s), leaf(f)
        y = torch.nn.functional.conv2d(x, weight, b, stride, pad, dil, groups)
        dy = torch.tensor(rng.normal(size=tuple(y.shape)))
        y.backward(dy)
        last = lambda t: t.detach().numpy().transpose(0, 2, 3, 1).ravel()
        parts = [last(x), last(weight), b.detach().numpy(), last(y), last(dy), last(x.grad), last(weight.grad), b.grad.numpy()]
        np.save(os.path.join(HERE, f"conv_{k}.npy"), np.concatenate(parts).astype("<f8"))


if __name__ == "__main__":
    main()
