"""Golden values of RMSprop, Adagrad, parameter groups, clipping, averages of weights, and the newer schedules, from
PyTorch in float64.

Start values and gradients are those of make_optim.py, which must have run: three parameters, 20 steps, the third without a
gradient at every third step. Run from anywhere; writes beside this file.
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


START = [load(f"optim_start{k}") for k in range(3)]
GRADS = [load(f"optim_grad{k}") for k in range(3)]


def start():
    return [torch.tensor(s, dtype=torch.float64, requires_grad=True) for s in START]


def give_gradients(ps, step):
    for k, p in enumerate(ps):
        skipped = k == 2 and step % 3 == 1
        p.grad = None if skipped else torch.tensor(GRADS[k][step], dtype=torch.float64)


def flat(ps):
    return np.concatenate([p.detach().numpy().ravel() for p in ps])


def train(name, make, between=lambda ps: None, after=lambda ps: None):
    ps = start()
    opt = make(ps)
    for step in range(STEPS):
        give_gradients(ps, step)
        between(ps)
        opt.step()
        after(ps)
    save(f"optim_{name}", flat(ps))


def rules():
    rms, ada = torch.optim.RMSprop, torch.optim.Adagrad
    train("rmsprop", lambda ps: rms(ps))
    train("rmsprop_momentum", lambda ps: rms(ps, lr=0.005, alpha=0.9, momentum=0.8, weight_decay=0.1))
    train("rmsprop_centered", lambda ps: rms(ps, lr=0.02, alpha=0.95, eps=1e-4, centered=True))
    train("rmsprop_both", lambda ps: rms(ps, lr=0.003, alpha=0.9, eps=1e-3, momentum=0.7, centered=True, weight_decay=0.02))
    train("adagrad", lambda ps: ada(ps))
    train("adagrad_decay",
          lambda ps: ada(ps, lr=0.1, lr_decay=0.05, weight_decay=0.03, initial_accumulator_value=0.2, eps=1e-6))


def groups():
    """The second parameter at a tenth of the rate and without decay, the third at its own decay."""
    def split(ps, lr):
        return [{"params": ps[:1]}, {"params": ps[1:2], "lr": lr / 10, "weight_decay": 0},
                {"params": ps[2:], "weight_decay": 0.4}]

    train("groups_sgd", lambda ps: torch.optim.SGD(split(ps, 0.05), lr=0.05, momentum=0.9, weight_decay=0.1))
    train("groups_adam", lambda ps: torch.optim.Adam(split(ps, 0.02), lr=0.02, weight_decay=0.1))
    train("groups_adamw", lambda ps: torch.optim.AdamW(split(ps, 0.02), lr=0.02, weight_decay=0.1))
    train("groups_rmsprop", lambda ps: torch.optim.RMSprop(split(ps, 0.01), lr=0.01, weight_decay=0.1))
    train("groups_adagrad", lambda ps: torch.optim.Adagrad(split(ps, 0.1), lr=0.1, weight_decay=0.1))


def clipping():
    norms = []
    train("clip_norm", lambda ps: torch.optim.SGD(ps, lr=0.1),
          lambda ps: norms.append(torch.nn.utils.clip_grad_norm_(ps, 2.0).item()))
    save("optim_clip_norm_norms", norms)
    train("clip_value", lambda ps: torch.optim.SGD(ps, lr=0.1), lambda ps: torch.nn.utils.clip_grad_value_(ps, 0.3))


def averages():
    """AveragedModel copies at its first update: done before the first step, that is an average that begins as the weights."""
    for name, warm_up in [("ema", False), ("ema_warm_up", True)]:
        model = torch.nn.ParameterList([torch.nn.Parameter(torch.tensor(s, dtype=torch.float64)) for s in START])
        count = [0]

        def keep():
            n = count[0]
            count[0] += 1
            return min(0.9, (1 + n) / (10 + n)) if warm_up else 0.9

        def average(old, new, _):
            k = keep()
            for a, w in zip(old, new):
                a.mul_(k).add_(w, alpha=1 - k)

        mean = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=average)
        mean.update_parameters(model)
        opt = torch.optim.SGD(model.parameters(), lr=0.1)
        for step in range(STEPS):
            give_gradients(list(model), step)
            opt.step()
            mean.update_parameters(model)
        save(f"optim_{name}", flat(mean.module))


def schedules():
    def run(make, n):
        opt = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
        schedule, rates = make(opt), []
        for _ in range(n):
            rates.append(opt.param_groups[0]["lr"])
            opt.step()
            schedule.step()
        return rates

    def warm(o, steps, start, after):
        return lrs.SequentialLR(o, [lrs.LinearLR(o, start_factor=start, total_iters=steps), after], milestones=[steps])

    save("schedule_cosine", run(lambda o: lrs.CosineAnnealingLR(o, T_max=20, eta_min=0.01), 21))
    save("schedule_warm_up", run(lambda o: warm(o, 7, 0.2, lrs.CosineAnnealingLR(o, T_max=20, eta_min=0.01)), 28))
    save("schedule_warm_up_step", run(lambda o: warm(o, 3, 1 / 3, lrs.StepLR(o, step_size=4, gamma=0.5)), 20))


def plateaus():
    rng = np.random.default_rng(4)
    falling = np.concatenate([np.linspace(1, 0.5, 8), 0.5 - 1e-5 * np.arange(14), np.linspace(0.4, 0.3, 5), rng.uniform(0.29, 0.6, 33)])
    falling[12], falling[40] = np.nan, np.inf
    rising = 1 - falling
    rising[40] = -np.inf
    save("plateau_falling", falling)
    save("plateau_rising", rising)

    def run(scores, **options):
        opt = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
        schedule, rates = lrs.ReduceLROnPlateau(opt, **options), []
        for score in scores:
            schedule.step(score)
            rates.append(opt.param_groups[0]["lr"])
        return rates

    save("plateau_default", run(falling))
    save("plateau_patient", run(falling, factor=0.5, patience=3, threshold=0.01, cooldown=2, min_lr=0.02))
    save("plateau_max", run(rising, mode="max", factor=0.3, patience=2, threshold=0.002))
    save("plateau_at_once", run(rising, mode="max", factor=0.9, patience=0, threshold=0, cooldown=1))
    save("plateau_tiny", run(falling, factor=0.01, patience=0))


rules()
groups()
clipping()
averages()
schedules()
plateaus()
