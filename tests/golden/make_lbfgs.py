"""Golden values of L-BFGS, of its line search, of QR, of the newer schedules and of AdamW under one, from PyTorch in float64.

Needs what make_optim.py wrote. Run from anywhere; writes beside this file.
"""
import os

import numpy as np
import torch
from torch.optim import lr_scheduler as lrs

HERE = os.path.dirname(os.path.abspath(__file__))
STEPS = 20


def load(name):
    return np.load(os.path.join(HERE, name + ".npy"))


def save(name, array):
    np.save(os.path.join(HERE, name + ".npy"), np.asarray(array, dtype="<f8"))


# ---- functions of the test of linalg: one iteration a step, so that each can be compared ----

def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def wavy(x):
    return (x**2 / 2 + 3 * torch.sin(2 * x)).sum() + torch.exp(-x[0] * x[1]) / 10


def steep(x):
    return torch.log(1 + torch.exp(3 * x - 1)).sum() + ((x - 4) ** 4).sum() / 50


FUNCTIONS = [
    (rosenbrock, [-1.2, 1, -0.5, 2], dict(lr=1, history_size=5)),
    (wavy, [3, -2.5, 0.7, 9], dict(lr=1, history_size=3)),
    (wavy, [2, 4, -6, 1], dict(lr=7, history_size=2)),
    (steep, [-8, 0, 3, 12], dict(lr=0.05, history_size=100)),
]


def trajectories():
    """Rows: x, the loss where the step began, evaluations so far."""
    rows = []
    for f, start, options in FUNCTIONS:
        x = torch.tensor(start, dtype=torch.float64, requires_grad=True)
        opt = torch.optim.LBFGS([x], max_iter=1, max_eval=25, line_search_fn="strong_wolfe", **options)

        def closure():
            opt.zero_grad()
            y = f(x)
            y.backward()
            return y

        for _ in range(STEPS):
            loss = opt.step(closure)
            rows.append(np.concatenate([x.detach().numpy(), [loss.item(), opt.state[x]["func_evals"]]]))
    save("lbfgs_functions", np.array(rows).reshape(len(FUNCTIONS), STEPS, 6))


# ---- a layer with tanh that can learn its targets exactly: the loss falls to 0, where float too has digits left ----

def layer():
    rng = np.random.default_rng(12)
    n, d, k = 24, 5, 3
    x, w, bias = 2 * rng.normal(size=(n, d)), rng.normal(size=(k, d)) / 4, rng.normal(size=k) / 4
    y, w0, b0 = np.tanh(x @ w.T + bias), rng.normal(size=(k, d)) / 4, rng.normal(size=k) / 4
    save("lbfgs_x", x)
    save("lbfgs_y", y)
    save("lbfgs_start", np.concatenate([w0.ravel(), b0]))
    for name, options in [("wolfe", dict(max_iter=4, history_size=10, line_search_fn="strong_wolfe")),
                          ("fixed", dict(max_iter=3, history_size=4, lr=0.5))]:
        w = torch.tensor(w0, requires_grad=True)
        b = torch.tensor(b0, requires_grad=True)
        opt, rows = torch.optim.LBFGS([w, b], **options), []

        def closure():
            opt.zero_grad()
            loss = torch.nn.functional.mse_loss(torch.tanh(torch.tensor(x) @ w.T + b), torch.tensor(y))
            loss.backward()
            return loss

        for _ in range(STEPS):
            loss = opt.step(closure)
            rows.append(np.concatenate([w.detach().numpy().ravel(), b.detach().numpy(), [loss.item()]]))
        save(f"lbfgs_{name}", rows)


# ---- QR with a positive diagonal ----

def qr():
    a = np.random.default_rng(3).normal(size=(7, 4))
    q, r = np.linalg.qr(a)
    sign = np.sign(np.diag(r))
    save("linalg_qr", np.concatenate([a.ravel(), (q * sign).ravel(), (r * sign[:, None]).ravel()]))


# ---- schedules, and decay that follows the rate ----

def schedules():
    def run(make, n, lr=0.3):
        opt = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
        schedule, rates = make(opt), []
        for _ in range(n):
            rates.append(opt.param_groups[0]["lr"])
            opt.step()
            schedule.step()
        return rates

    save("schedule_restarts", run(lambda o: lrs.CosineAnnealingWarmRestarts(o, T_0=7, T_mult=1, eta_min=0.01), 40))
    save("schedule_restarts2", run(lambda o: lrs.CosineAnnealingWarmRestarts(o, T_0=3, T_mult=2), 60))
    save("schedule_restarts3", run(lambda o: lrs.CosineAnnealingWarmRestarts(o, T_0=1, T_mult=3, eta_min=0.02), 50))
    save("schedule_exponential", run(lambda o: lrs.ExponentialLR(o, gamma=0.93), 60))


def adamw():
    start, grads = [load(f"optim_start{k}") for k in range(3)], [load(f"optim_grad{k}") for k in range(3)]
    ps = [torch.tensor(s, requires_grad=True) for s in start]
    opt = torch.optim.AdamW(ps, lr=0.05, weight_decay=0.4)
    schedule = lrs.ExponentialLR(opt, gamma=0.8)
    for step in range(STEPS):
        for k, p in enumerate(ps):
            p.grad = None if k == 2 and step % 3 == 1 else torch.tensor(grads[k][step])
        opt.step()
        schedule.step()
    save("optim_adamw_scheduled", np.concatenate([p.detach().numpy().ravel() for p in ps]))


trajectories()
layer()
qr()
schedules()
adamw()
