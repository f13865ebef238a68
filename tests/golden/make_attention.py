"""Golden values of batched matmul and attention, from PyTorch in float64: values and gradients of sum(w * y).

Run from the top of the tree: python tests/golden/make_attention.py
Flat files; inputs are rounded to float32, so that the float build sees the same ones.
    attention_bmm.npy    for a and b both by the batch, a alone, b alone; for each way to transpose: a, b, w, y, da, db
    attention_cases.npy  for each case of CASES: q, k, v, mask where there is one, w, y, dq, dk, dv
"""
import os
import numpy as np
import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

torch.set_default_dtype(torch.float64)
here = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(60)
inf = float("inf")


def save(name, parts):
    flat = np.concatenate([p.detach().numpy().reshape(-1) for p in parts])
    np.save(os.path.join(here, f"attention_{name}.npy"), flat)


def rounded(*shape):
    return torch.randn(shape).float().double()


def turned(x, turn):
    return x.transpose(-1, -2) if turn else x


batch, n, d, m = (2, 2), 3, 4, 2
parts = []
for many_a, many_b in ((True, True), (True, False), (False, True)):
    for ta in (False, True):
        for tb in (False, True):
            a = rounded(*(batch if many_a else ()), *((d, n) if ta else (n, d))).requires_grad_()
            b = rounded(*(batch if many_b else ()), *((m, d) if tb else (d, m))).requires_grad_()
            w = rounded(*batch, n, m)
            y = turned(a, ta) @ turned(b, tb)
            (y * w).sum().backward()
            parts += [a, b, w, y, a.grad, b.grad]
save("bmm", parts)


def hidden(t, s):
    """A mask that hides keys, and all keys of the second query."""
    mask = rounded(t, s)
    mask[0, 1] = mask[2, 0] = mask[2, 3] = -inf
    mask[1] = -inf
    return mask


def causal(t, s):
    return torch.zeros(t, s).masked_fill(torch.ones(t, s).triu(1).bool(), -inf)


# Axes before, T, S, D, M, scale or None, causal, mask or None, factor of q.
CASES = [
    ((), 5, 5, 3, 3, None, False, None, 1),
    ((2, 2), 4, 6, 3, 5, None, False, None, 1),
    ((2,), 5, 5, 4, 4, None, True, None, 1),
    ((), 7, 4, 2, 3, 0.3, True, None, 1),
    ((2,), 3, 6, 2, 3, -1.25, True, None, 1),
    ((2,), 4, 5, 3, 2, None, False, hidden(4, 5), 1),
    ((2,), 4, 5, 3, 2, None, False, torch.stack([hidden(4, 5), rounded(4, 5)]), 1),
    ((2,), 4, 5, 3, 2, 0.5, True, hidden(4, 5), 1),
    ((2,), 4, 4, 3, 2, None, False, None, 200),
]
parts = []
for before, t, s, d, m, scale, is_causal, mask, factor in CASES:
    q = (factor * rounded(*before, t, d)).requires_grad_()
    k, v = rounded(*before, s, d).requires_grad_(), rounded(*before, s, m).requires_grad_()
    w = rounded(*before, t, m)
    sum_of_masks = mask if not is_causal else causal(t, s) if mask is None else mask + causal(t, s)
    with sdpa_kernel(SDPBackend.MATH):
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=sum_of_masks, scale=scale)
    (y * w).sum().backward()
    parts += [q, k, v] + ([mask] if mask is not None else []) + [w, y, q.grad, k.grad, v.grad]
    assert torch.isfinite(q.grad).all()
save("cases", parts)
