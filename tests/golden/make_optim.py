"""Golden values of the update rules and schedules, from PyTorch in float64.

Three parameters, 20 steps, given gradients. The third gets no gradient at every third step (PyTorch's grad None), so its
own step count matters. Run from anywhere; writes optim_*.npy beside this file.
"""
import os

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
STEPS = 20
SHAPES = [(3, 5), (7,), (2, 2, 3)]
RULES = {
    "sgd": lambda ps: torch.optim.SGD(ps, lr=0.1),
    "sgd_decay": lambda ps: torch.optim.SGD(ps, lr=0.1, weight_decay=0.05),
    "sgd_momentum": lambda ps: torch.optim.SGD(ps, lr=0.05, momentum=0.9),
    "sgd_dampening": lambda ps: torch.optim.SGD(ps, lr=0.05, momentum=0.8, dampening=0.3, weight_decay=0.01),
    "sgd_nesterov": lambda ps: torch.optim.SGD(ps, lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.01),
    "adam": lambda ps: torch.optim.Adam(ps, lr=0.01),
    "adam_decay": lambda ps: torch.optim.Adam(ps, lr=0.02, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1),
    "adamw": lambda ps: torch.optim.AdamW(ps, lr=0.02),
    "adamw_decay": lambda ps: torch.optim.AdamW(ps, lr=0.02, betas=(0.85, 0.99), weight_decay=0.3),
}


def save(name, array):
    np.save(os.path.join(HERE, name + ".npy"), np.asarray(array, dtype="<f8"))


def rules():
    rng = np.random.default_rng(20)
    start = [rng.normal(size=s) for s in SHAPES]
    grads = [rng.normal(size=(STEPS,) + s) * 10.0 ** rng.integers(-2, 1, size=s) for s in SHAPES]
    for k in range(len(SHAPES)):
        save(f"optim_start{k}", start[k])
        save(f"optim_grad{k}", grads[k])
    for name, make in RULES.items():
        ps = [torch.tensor(s, dtype=torch.float64, requires_grad=True) for s in start]
        opt = make(ps)
        for step in range(STEPS):
            for k, p in enumerate(ps):
                skipped = k == 2 and step % 3 == 1
                p.grad = None if skipped else torch.tensor(grads[k][step], dtype=torch.float64)
            opt.step()
        save(f"optim_{name}", np.concatenate([p.detach().numpy().ravel() for p in ps]))


def schedules():
    def run(make, n):
        opt = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
        schedule, lrs = make(opt), []
        for _ in range(n):
            lrs.append(opt.param_groups[0]["lr"])
            opt.step()
            schedule.step()
        return lrs

    save("schedule_step", run(lambda o: torch.optim.lr_scheduler.StepLR(o, step_size=7, gamma=0.3), 40))
    for total in (5, 37, 100):
        one = lambda o: torch.optim.lr_scheduler.OneCycleLR(o, max_lr=0.5, total_steps=total)
        save(f"schedule_one_cycle{total}", run(one, total))


rules()
schedules()
