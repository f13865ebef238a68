"""Golden values of the later elementwise ops and activation functions, from PyTorch in float64.

functions_unary.npy      (ops, 4, n): for each line of UNARY below the rows x, w, y, dx, w being the upstream gradient.
functions_special.npy    the same with w = 1, for NaN, infinities, zeros of both signs, corners, whole and large numbers.
functions_binary.npy     (3 ops, 5, n): a, b, y, da, db of maximum, minimum, pow with w = 1 over all pairs of special numbers.
functions_stretched.npy  a (4,1,5), b (3,1), w (4,3,5), then for maximum, minimum, pow y, da, db; all flattened. Some a equal b.
functions_compare.npy    (6 ops, n): >, >=, <, <=, ==, != over the same pairs.
functions_where.npy      cond (4,1), a (3,1,5), b (4,5) with a NaN, w (3,4,5), then y, da, db; all flattened.
"""
import os

import numpy as np
import torch
import torch.nn.functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
UNARY = [
    torch.neg,
    torch.sin,
    torch.cos,
    lambda x: torch.pow(x, 2),
    lambda x: torch.pow(x, 3),
    lambda x: torch.pow(x, -1),
    lambda x: torch.pow(x, 0.5),
    lambda x: torch.pow(x, 1.7),
    lambda x: torch.pow(x, -3),
    lambda x: torch.pow(x, 1),
    lambda x: torch.pow(x, 0),
    lambda x: torch.clamp(x, -1, 0.5),
    lambda x: torch.clamp(x, max=1),
    lambda x: F.leaky_relu(x, 0.1),
    lambda x: F.elu(x),
    lambda x: F.elu(x, 0.5),
    F.gelu,
    lambda x: F.gelu(x, approximate="tanh"),
    F.silu,
    lambda x: F.softplus(x, threshold=1000),  # by default PyTorch gives x itself above 20
]
BINARY = [torch.maximum, torch.minimum, torch.pow]
COMPARE = [torch.gt, torch.ge, torch.lt, torch.le, torch.eq, torch.ne]
nan, inf = float("nan"), float("inf")


def save(name, array):
    np.save(os.path.join(HERE, "functions_" + name + ".npy"), np.ascontiguousarray(array, dtype="<f8"))


def leaf(array):
    return torch.tensor(array, dtype=torch.float64, requires_grad=True)


def unary_rows(op, x_values, w):
    x = leaf(x_values)
    y = op(x)
    y.backward(torch.tensor(w))
    return np.stack([x_values, w, y.detach().numpy(), x.grad.numpy()])


def both(op, a_values, b_values, w):
    a, b = leaf(a_values), leaf(b_values)
    y = op(a, b)
    y.backward(torch.tensor(w))
    return [y.detach().numpy(), a.grad.numpy(), b.grad.numpy()]


def flat(arrays):
    return np.concatenate([np.ravel(x) for x in arrays])


def main():
    rng = np.random.default_rng(31)
    n = 41
    save("unary", np.stack([unary_rows(op, rng.uniform(-5, 5, n), rng.uniform(-1, 1, n)) for op in UNARY]))
    special = np.array([nan, inf, -inf, 0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, 21.0, -21.0, 1e4, -1e4, 2.0**100, -(2.0**100)])
    save("special", np.stack([unary_rows(op, special, np.ones(len(special))) for op in UNARY]))

    few = [nan, inf, -inf, 0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -3.0]
    a, b = (x.ravel() for x in np.meshgrid(few, few))
    save("binary", np.stack([np.stack([a, b] + both(op, a, b, np.ones(len(a)))) for op in BINARY]))
    save("compare", np.stack([op(torch.tensor(a), torch.tensor(b)).numpy() for op in COMPARE]))

    a, b, w = rng.uniform(0.3, 2, (4, 1, 5)), rng.uniform(0.3, 2, (3, 1)), rng.uniform(-1, 1, (4, 3, 5))
    a[0, 0, :3] = b[:, 0]
    save("stretched", flat([a, b, w] + [x for op in BINARY for x in both(op, a, b, w)]))

    cond = torch.tensor([[1.0], [0.0], [-2.0], [nan]], dtype=torch.float64)
    a, b, w = rng.uniform(-1, 1, (3, 1, 5)), rng.uniform(-1, 1, (4, 5)), rng.uniform(-1, 1, (3, 4, 5))
    b[0, 2] = nan
    save("where", flat([cond.numpy(), a, b, w] + both(lambda p, q: torch.where(cond != 0, p, q), a, b, w)))


if __name__ == "__main__":
    main()
