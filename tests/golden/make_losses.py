"""Golden values of the losses with options, from PyTorch in float64: value and gradients, upstream gradient 1.5.

Run from the top of the tree: python tests/golden/make_losses.py (hinge and pinball are compared with scikit-learn's here)
losses_labels.npy   a row a case of 6 samples and 5 classes: use weights, smoothing, has ignore, ignore, labels (6),
                    weights (5), z (30); cross-entropy and dz (30); then for nll of x = log_softmax(z): loss, dx (30)
losses_pairs.npy    a row a case of 3 x 4 elements: which loss (the order of PAIRS), its option (of bce how many weights),
                    weights (4), p (12), y (12); loss, dp (12), dy (12), which are zeros where targets get no gradient
Numbers that go in are rounded to float32, so that the float build sees the same ones.
"""
import os
import numpy as np
import torch
import torch.nn.functional as F
from sklearn import metrics

torch.set_default_dtype(torch.float64)
here = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(50)
nan, inf = torch.nan, torch.inf


def rounded(x):
    return x.float().double()


# ---- against labels ----

N, K = 6, 5
plain = rounded(torch.randn(N, K) * 3)
weight = rounded(torch.rand(K) + 0.2)
label = torch.tensor([4, 0, 2, 1, 2, 3])
marked = torch.tensor([4, -100, 2, -100, 1, 3])
huge = torch.tensor([[1000.0, -1000, 3, 0, 0], [-1000, 1000, 1000, 999, 0], [88, 89, 90, -88, -90],
                     [0, 0, 1e-9, 0, 0], [-1e30, 1e30, 0, 1, 2], [700, 710, 720, 730, 740]])
with_nan = plain.clone()
with_nan[1, 3] = nan
with_inf = plain.clone()
with_inf[0, 1] = with_inf[3, 4] = with_inf[5, 0] = -inf


def by_definition(log_p, labels, w, smoothing, ignore):
    kept = [n for n in range(N) if labels[n] != ignore]
    t = (1 - smoothing) * F.one_hot(labels[kept], K) + smoothing / K
    return -(t * w * log_p[kept]).sum() / w[labels[kept]].sum()


def labels_case(z, labels, weighted, smoothing, ignore=None):
    w = weight if weighted else None
    far = -12345 if ignore is None else ignore
    z = rounded(z).requires_grad_()
    loss = F.cross_entropy(z, labels, weight=w, label_smoothing=smoothing, ignore_index=far)
    (1.5 * loss).backward()
    x = rounded(z.detach().log_softmax(1)).requires_grad_()
    if smoothing:
        nll = by_definition(x, labels, weight if weighted else torch.ones(K), smoothing, far)
    else:
        nll = F.nll_loss(x, labels, weight=w, ignore_index=far)
    (1.5 * nll).backward()
    head = [float(weighted), smoothing, float(ignore is not None), 0.0 if ignore is None else ignore]
    return np.concatenate([head, labels.numpy(), weight.numpy(), z.detach().numpy().ravel(), [loss.item()],
                           z.grad.numpy().ravel(), x.detach().numpy().ravel(), [nll.item()], x.grad.numpy().ravel()])


rows = []
for weighted in (False, True):
    for smoothing in (0.0, 0.1, 1.0):
        rows.append(labels_case(plain, label, weighted, smoothing))
        rows.append(labels_case(plain, label, weighted, smoothing, ignore=2))
        rows.append(labels_case(plain, marked, weighted, smoothing, ignore=-100))
        rows.append(labels_case(plain, torch.full((N,), -7), weighted, smoothing, ignore=-7))
    for z in (huge, with_nan):
        rows.append(labels_case(z, label, weighted, 0.0, ignore=4))
        rows.append(labels_case(z, label, weighted, 0.2, ignore=4))
    rows.append(labels_case(with_inf, label, weighted, 0.0, ignore=4))
np.save(os.path.join(here, "losses_labels.npy"), np.stack(rows))

# ---- against a tensor of the same shape ----

hinge = lambda p, y, c, w: F.relu(1 - y * p).mean()
pinball = lambda p, y, c, w: torch.maximum(c * (y - p), (c - 1) * (y - p)).mean()
bce = lambda p, y, c, w: F.binary_cross_entropy_with_logits(p, y, pos_weight=w[: int(c)] if c else None)
PAIRS = {
    "mse": lambda p, y, c, w: F.mse_loss(p, y),
    "mae": lambda p, y, c, w: F.l1_loss(p, y),
    "huber": lambda p, y, c, w: F.huber_loss(p, y, delta=c),
    "pinball": pinball,
    "bce": bce,
    "kl_div": lambda p, y, c, w: F.kl_div(p, y, reduction="batchmean"),
    "hinge": hinge,
}


def pair_case(name, p, y, option=0.0, w=torch.zeros(4)):
    p, y, w = rounded(p.reshape(3, 4)), rounded(y.reshape(3, 4)), rounded(w)
    given = name in ("bce", "kl_div", "hinge")
    p.requires_grad_()
    y.requires_grad_(not given)
    loss = PAIRS[name](p, y, option, w)
    (1.5 * loss).backward()
    dy = torch.zeros(3, 4) if given else y.grad
    if name == "hinge" and torch.isfinite(p).all():
        assert abs(metrics.hinge_loss(y.numpy().ravel(), p.detach().numpy().ravel(), labels=[-1, 1]) - loss.item()) <= 1e-12 * loss.item()
    if name == "pinball" and torch.isfinite(p).all():
        sk = metrics.mean_pinball_loss(y.detach().numpy().ravel(), p.detach().numpy().ravel(), alpha=option)
        assert abs(sk - loss.item()) <= 1e-12 * loss.item()
    return np.concatenate([[list(PAIRS).index(name), option], w.numpy(), p.detach().numpy().ravel(), y.detach().numpy().ravel(),
                           [loss.item()], p.grad.numpy().ravel(), dy.numpy().ravel()])


p, y = torch.randn(12) * 2, torch.randn(12) * 2
tied = y.clone()
tied[::3] = rounded(tied[::3] + torch.tensor([0.5, -0.5, 2.0, 0.0]))     # differences at delta, and none
far = torch.tensor([1e18, -1e18, 1000, -1000, 0, 1, -1, 3, 1e-9, -1e-9, 2, 5])
unknown = p.clone()
unknown[5] = nan
unbounded = p.clone()
unbounded[2], unbounded[7] = inf, -inf
rows = []
for name, options in (("mse", (0.0,)), ("mae", (0.0,)), ("huber", (0.5, 1.0, 3.0)), ("pinball", (0.1, 0.5, 0.9))):
    for option in options:
        rows.append(pair_case(name, p, y, option))
        rows.append(pair_case(name, far, y, option))
        if name != "pinball":                       # torch.maximum shares the gradient of a tie, and of a NaN
            rows.append(pair_case(name, tied, y, option))
            rows.append(pair_case(name, unknown, y, option))
        rows.append(pair_case(name, unbounded, y, option))

share = torch.rand(12)
share[:4] = torch.tensor([0.0, 1, 0, 1])
logits = torch.cat([torch.tensor([1000.0, -1000, -1000, 1000, 40, -40]), torch.randn(6) * 3])
for weights in (0, 1, 4):
    w = torch.tensor([3.0, 0.25, 0.0, 1.0])
    rows.append(pair_case("bce", logits, share, float(weights), w))
    rows.append(pair_case("bce", unknown, share, float(weights), w))

target = torch.randn(3, 4).softmax(1)
target[0] = torch.tensor([0.0, 1, 0, 0])
target[1, 2] = 0
log_p = torch.randn(3, 4).log_softmax(1)
rows.append(pair_case("kl_div", log_p, target))
rows.append(pair_case("kl_div", log_p * 100, target))
broken = log_p.clone()
broken[2, 1] = nan
rows.append(pair_case("kl_div", broken, target))
impossible = log_p.clone()
impossible[2, 3] = -inf                             # the target there is above 0
rows.append(pair_case("kl_div", impossible, target))

sign = torch.tensor([1.0, -1, 1, -1, 1, 1, -1, -1, 1, -1, 1, -1])
margins = rounded(torch.randn(12) * 2)
margins[3], margins[4] = -1, 1                      # at the kink
rows.append(pair_case("hinge", margins, sign))
rows.append(pair_case("hinge", far, sign))
rows.append(pair_case("hinge", unknown, sign))
rows.append(pair_case("hinge", unbounded, sign))
np.save(os.path.join(here, "losses_pairs.npy"), np.stack(rows))
