"""Golden values of the elementwise ops, from PyTorch in float64.

elementwise_<pattern>.npy   one file a broadcasting pattern: a, b and the upstream gradient w, then for add, sub, mul and
                            div in this order y, da, db; all flattened, one after another.
elementwise_unary.npy       (7 ops, 4, n): for exp, log, sqrt, abs, relu, sigmoid, tanh the rows x, w, y, dx.
elementwise_special.npy     the same rows with w = 1, for x = NaN, infinities, zeros, ones and large numbers.
elementwise_special2.npy    (4 ops, 5, n): a, b, y, da, db with w = 1 over all pairs of special numbers.

The patterns' shapes stand in the test beside the names.
"""
import os

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
BINARY = [torch.add, torch.sub, torch.mul, torch.div]
UNARY = [torch.exp, torch.log, torch.sqrt, torch.abs, torch.relu, torch.sigmoid, torch.tanh]
PATTERNS = {
    "same": ((3, 5), (3, 5)),
    "scalar": ((3, 5), ()),
    "row": ((4, 7), (7,)),
    "column": ((4, 7), (4, 1)),
    "middle": ((2, 3, 4), (2, 1, 4)),
    "both": ((3, 1, 5), (4, 1)),
    "deep": ((2, 1, 3, 1, 2, 1), (1, 4, 1, 2, 1, 3)),
}


def save(name, array):
    np.save(os.path.join(HERE, "elementwise_" + name + ".npy"), np.ascontiguousarray(array, dtype="<f8"))


def leaf(array):
    return torch.tensor(array, dtype=torch.float64, requires_grad=True)


def main():
    rng = np.random.default_rng(11)
    for name, (shape_a, shape_b) in PATTERNS.items():
        a_values = rng.uniform(-2, 2, shape_a)
        b_values = rng.uniform(0.5, 2, shape_b) * rng.choice([-1, 1], shape_b)
        w = torch.tensor(rng.uniform(-1, 1, np.broadcast_shapes(shape_a, shape_b)))
        out = [a_values, b_values, w.numpy()]
        for op in BINARY:
            a, b = leaf(a_values), leaf(b_values)
            y = op(a, b)
            y.backward(w)
            out += [y.detach().numpy(), a.grad.numpy(), b.grad.numpy()]
        save(name, np.concatenate([np.ravel(x) for x in out]))

    def unary_rows(op, x_values, w):
        x = leaf(x_values)
        y = op(x)
        y.backward(w)
        return np.stack([x_values, w.numpy(), y.detach().numpy(), x.grad.numpy()])

    rows = []
    for op in UNARY:
        low, high = (0.05, 6) if op in (torch.log, torch.sqrt) else (-6, 6)
        rows.append(unary_rows(op, rng.uniform(low, high, 41), torch.tensor(rng.uniform(-1, 1, 41))))
    save("unary", np.stack(rows))

    nan, inf = float("nan"), float("inf")
    special = np.array([nan, inf, -inf, 0.0, -0.0, 1.0, -1.0, 1e4, -1e4])
    save("special", np.stack([unary_rows(op, special, torch.ones(len(special), dtype=torch.float64)) for op in UNARY]))

    pair_a, pair_b = (x.ravel() for x in np.meshgrid([nan, inf, -inf, 0.0, 1.0, -2.0], [nan, inf, -inf, 0.0, 1.0, -2.0]))
    rows = []
    for op in BINARY:
        a, b = leaf(pair_a), leaf(pair_b)
        y = op(a, b)
        y.backward(torch.ones_like(y))
        rows.append(np.stack([pair_a, pair_b, y.detach().numpy(), a.grad.numpy(), b.grad.numpy()]))
    save("special2", np.stack(rows))


if __name__ == "__main__":
    main()
