"""Golden values of picking and moving, from PyTorch in float64: forward and gradients.

Run from the top of the tree: python tests/golden/make_index.py
index_x, index_hard, index_few: what goes in. index_w: the weights of the loss, sum(y * w cut to its size). index_values: what
comes out, one case after another in the order of this script and of test_autograd_index.c: the value, what else the op
gives, then the gradient of each input.
"""
import os
import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
here = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(25)
values = []


def save(name, x):
    np.save(os.path.join(here, f"index_{name}.npy"), np.array(x.detach().numpy(), order="C"))


def put(x):
    values.append(np.array(x.detach().numpy(), dtype=np.float64).reshape(-1))


def case(f, *inputs):
    """f gives y, or y and other things that are compared but have no gradient."""
    inputs = [x.clone().requires_grad_() for x in inputs]
    out = f(*inputs)
    y, *others = out if isinstance(out, tuple) else (out,)
    (y * w[: y.numel()].reshape(y.shape)).sum().backward()
    for x in (y, *others, *(x.grad for x in inputs)):
        put(x)


def index(shape, extent):
    """Any numbers, many of them more than once."""
    k = torch.arange(int(np.prod(shape)))
    return ((k * 7 + k // 5) % extent).reshape(shape)


x = torch.randn(3, 4, 5)
w = torch.randn(512)
hard = torch.tensor([[3.0, 1, 3, -2, 1, 0, -0.0, 3], [torch.nan, 1, torch.inf, -torch.inf, 1, torch.nan, 2, torch.inf],
                     [3, 1, 3, 3, 1, 1, 3, 1], [-torch.inf, torch.nan, -torch.inf, 0, 0, torch.nan, 5, 4], [3, 0, 3, 3, 1, 0, 9, 3]])
few = torch.tensor([[4.0, torch.nan, 2, -3, torch.inf], [-torch.inf, 1, 7, 6, 5], [0.5, -1, -2, 8, torch.nan]])
for name, v in (("x", x), ("w", w), ("hard", hard), ("few", few)):
    save(name, v)

for axis in range(3):
    shape = list(x.shape)
    shape[axis] = 6
    k = index(shape, x.shape[axis])
    case(lambda x: x.gather(axis, k), x)
    case(lambda x, src: x.scatter_add(axis, k, src), x, w[100:100 + k.numel()].reshape(shape))
    case(lambda x: x.index_select(axis, index((6,), x.shape[axis])), x)
case(lambda x: F.embedding(torch.tensor([3, 11, 3, 0, 3, 7]), x), x.reshape(12, 5))
put(F.one_hot(torch.tensor([2, 0, 1, 2]), 4))

# F.pad counts axes from the last: (before 2, after 2, before 1, after 1, before 0, after 0)
case(lambda x: F.pad(x, (2, 0, 0, 1, 1, 2), value=0.5), x)
case(lambda x: F.pad(x, (0, 0, 1, 2, 0, 0), value=-torch.inf), x)
case(lambda x: F.pad(x, (3, 1), value=torch.nan), x)
for axis in range(4):
    case(lambda x, z: torch.stack([x, z, x], axis), x, w[:60].reshape(3, 4, 5))
case(lambda x: x.repeat(2, 1, 3), x)
case(lambda x: x.repeat(1, 4, 1), x)
case(lambda x: x.repeat(2, 2, 2), x)

for axis in range(3):
    case(lambda x: x.cumsum(axis), x)
for axis in range(2):
    case(lambda x: x.cumsum(axis), hard)
for descending in (False, True):
    for axis in range(3):
        case(lambda x: tuple(torch.sort(x, dim=axis, descending=descending, stable=True)), x)
    for axis in range(2):
        case(lambda x: tuple(torch.sort(x, dim=axis, descending=descending, stable=True)), hard)
for k in (1, 2, 3):
    for axis in range(3):
        case(lambda x: tuple(torch.topk(x, k, axis)), x)
    case(lambda x: tuple(torch.topk(x, k, 1)), few)     # without ties: PyTorch does not say which of equals it takes
for axis in (0, 1, None):
    put(torch.argmax(hard, axis))
save("values", torch.tensor(np.concatenate(values)))
print(sum(v.size for v in values), "numbers")
