"""Golden training of a small network, from PyTorch in float64: 5-6-4-3 with relu and tanh, three steps of SGD on the same
batch. Writes nn_*.npy beside this file."""
import os

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))


def save(name, array):
    np.save(os.path.join(HERE, name + ".npy"), np.asarray(array, dtype="<f8"))


torch.manual_seed(4)
torch.set_default_dtype(torch.float64)
net = torch.nn.Sequential(
    torch.nn.Linear(5, 6), torch.nn.ReLU(), torch.nn.Linear(6, 4), torch.nn.Tanh(), torch.nn.Linear(4, 3, bias=False)
)
x, labels = torch.randn(7, 5), torch.randint(0, 3, (7,))
save("nn_x", x.numpy())
np.save(os.path.join(HERE, "nn_labels.npy"), labels.numpy().astype("<i4"))
flat = lambda: np.concatenate([p.detach().numpy().ravel() for p in net.parameters()])
save("nn_start", flat())
save("nn_logits", net(x).detach().numpy())
opt, losses = torch.optim.SGD(net.parameters(), lr=0.5, momentum=0.9), []
for _ in range(3):
    opt.zero_grad()
    loss = torch.nn.functional.cross_entropy(net(x), labels)
    loss.backward()
    opt.step()
    losses.append(loss.item())
save("nn_losses", losses)
save("nn_end", flat())

# Flatten then dense, on images: PyTorch's N C H W and ours N H W C must give the same numbers with the same weights.
image, dense = torch.randn(2, 3, 4, 5), torch.nn.Linear(60, 2)
save("nn_image", image.permute(0, 2, 3, 1).contiguous().numpy())
save("nn_image_w", dense.weight.detach().numpy())
save("nn_image_b", dense.bias.detach().numpy())
save("nn_image_y", torch.nn.Sequential(torch.nn.Flatten(), dense)(image).detach().numpy())
