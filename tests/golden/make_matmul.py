"""Golden values of matmul and linear: PyTorch, float64. Run by hand; the .npy files are committed."""
import os
import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
g = torch.Generator().manual_seed(7)


def save(name, t):
    np.save(os.path.join(HERE, name + ".npy"), np.ascontiguousarray(t.detach().numpy()))


def leaf(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=g).requires_grad_()


x, w, b = leaf(5, 7), leaf(3, 7), leaf(3)
y = torch.nn.functional.linear(x, w, b)
(y * y).sum().backward()
for name, t in (("x", x), ("w", w), ("b", b), ("y", y), ("dx", x.grad), ("dw", w.grad), ("db", b.grad)):
    save("linear_" + name, t)

for ta in (0, 1):
    for tb in (0, 1):
        a = leaf(6, 4) if ta else leaf(4, 6)
        c = leaf(5, 6) if tb else leaf(6, 5)
        y = (a.T if ta else a) @ (c.T if tb else c)
        (y * y).sum().backward()
        for name, t in (("a", a), ("b", c), ("y", y), ("da", a.grad), ("db", c.grad)):
            save(f"matmul{ta}{tb}_{name}", t)
