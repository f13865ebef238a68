"""Golden values of batch, layer and group normalization, from PyTorch in float64: values, gradients, running statistics.

Run from the top of the tree: python tests/golden/make_norm.py
Each case is one flat file, norm_<case>.npy, in the layout of mlcore: channels last. w are the weights of the loss
sum(w * y). Inputs are rounded to float32, so that the float build sees the same ones.
    batch norm  gamma (C), beta (C), then for three training steps x, w, y, dx, dgamma, dbeta, running mean, running var,
                then for the last x and w in eval mode y, dx, dgamma, dbeta
    layer norm  gamma, beta, x, w, y, dx, dgamma, dbeta
    group norm  the same
Where a case has no gamma or beta, its place holds ones or zeros, and its gradient zeros.
"""
import os
import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
here = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(30)


def save(name, parts):
    flat = np.concatenate([p.detach().numpy().reshape(-1) for p in parts])
    np.save(os.path.join(here, f"norm_{name}.npy"), flat)


def rounded(x):
    return x.float().double()


def leaf(x, wanted):
    return x.clone().requires_grad_() if wanted else None


def gradient(x, like):
    return torch.zeros_like(like) if x is None else x.grad


def batch_norm_once(x, w, gamma, beta, mean, var, training, momentum, eps):
    x = x.clone().requires_grad_()
    y = F.batch_norm(x.movedim(-1, 1), mean, var, gamma, beta, training, momentum, eps).movedim(1, -1)
    (y * w).sum().backward()
    return x, y


def batch_norm(name, shape, momentum, eps, has_gamma=True, has_beta=True, make=lambda x: 2 * x + 1):
    c = shape[-1]
    gamma = rounded(1 + torch.rand(c)) if has_gamma else torch.ones(c)
    beta = rounded(torch.randn(c)) if has_beta else torch.zeros(c)
    mean, var = torch.zeros(c), torch.ones(c)
    parts = [gamma, beta]
    for step in range(4):
        training = step < 3
        if training:
            x, w = rounded(make(torch.randn(shape))), rounded(torch.randn(shape))
        g, b = leaf(gamma, has_gamma), leaf(beta, has_beta)
        leaf_x, y = batch_norm_once(x, w, g, b, mean, var, training, momentum, eps)
        parts += [x, w] if training else []
        parts += [y, leaf_x.grad, gradient(g, gamma), gradient(b, beta)]
        parts += [mean.clone(), var.clone()] if training else []
    save(name, parts)


def with_nan(x):
    x[1, 2] = np.nan
    return x


batch_norm("bn_image", (3, 2, 4, 5), 0.1, 1e-5)
batch_norm("bn_rows", (7, 3), 0.3, 1e-3, has_gamma=False, has_beta=False)
batch_norm("bn_sequence", (2, 3, 4), 1.0, 1e-12, has_beta=False)
batch_norm("bn_one", (2, 1), 0.0, 0.5, has_gamma=False)
batch_norm("bn_far", (50, 2), 0.1, 1e-5, make=lambda x: 0.1 * x + 1e4)
batch_norm("bn_nan", (4, 3), 0.1, 1e-5, make=with_nan)


def layer_norm(name, shape, axes, eps, has_gamma=True, has_beta=True, make=lambda x: 2 * x + 1):
    inner = shape[len(shape) - axes:]
    gamma = rounded(1 + torch.rand(inner)) if has_gamma else torch.ones(inner)
    beta = rounded(torch.randn(inner)) if has_beta else torch.zeros(inner)
    x, w = rounded(make(torch.randn(shape))), rounded(torch.randn(shape))
    g, b = leaf(gamma, has_gamma), leaf(beta, has_beta)
    leaf_x = x.clone().requires_grad_()
    y = F.layer_norm(leaf_x, inner, g, b, eps)
    (y * w).sum().backward()
    save(name, [gamma, beta, x, w, y, leaf_x.grad, gradient(g, gamma), gradient(b, beta)])


layer_norm("ln_rows", (4, 5), 1, 1e-5)
layer_norm("ln_images", (2, 3, 4, 2), 3, 1e-3)
layer_norm("ln_bare", (2, 3, 7), 1, 0.0, has_gamma=False, has_beta=False)
layer_norm("ln_far", (3, 40), 1, 1e-5, has_beta=False, make=lambda x: 0.1 * x + 1e4)
layer_norm("ln_nan", (3, 4), 1, 1e-5, has_gamma=False, make=with_nan)


def group_norm(name, shape, groups, eps, has_gamma=True, has_beta=True, make=lambda x: 2 * x + 1):
    c = shape[-1]
    gamma = rounded(1 + torch.rand(c)) if has_gamma else torch.ones(c)
    beta = rounded(torch.randn(c)) if has_beta else torch.zeros(c)
    x, w = rounded(make(torch.randn(shape))), rounded(torch.randn(shape))
    g, b = leaf(gamma, has_gamma), leaf(beta, has_beta)
    leaf_x = x.clone().requires_grad_()
    # Without a weight PyTorch 2.13 fails in the backward: the constants 1 and 0 are the same.
    y = F.group_norm(leaf_x.movedim(-1, 1), groups, g if has_gamma else gamma, b if has_beta else beta, eps).movedim(1, -1)
    (y * w).sum().backward()
    save(name, [gamma, beta, x, w, y, leaf_x.grad, gradient(g, gamma), gradient(b, beta)])


def with_one_nan(x):
    x[1, 1, 0] = np.nan
    return x


group_norm("gn_images", (2, 3, 4, 6), 3, 1e-5)
group_norm("gn_rows", (4, 6), 2, 1e-3)
group_norm("gn_instance", (2, 5, 4), 4, 1e-5, has_gamma=False)
group_norm("gn_one", (2, 3, 3, 2), 1, 0.0, has_beta=False)
group_norm("gn_far", (3, 20, 4), 2, 1e-5, make=lambda x: 0.1 * x + 1e4)
group_norm("gn_nan", (3, 2, 4), 2, 1e-5, has_gamma=False, has_beta=False, make=with_one_nan)
