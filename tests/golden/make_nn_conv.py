"""Golden training of a small net of images, from PyTorch in float64: torchvision's residual blocks with their names, branches as
in Inception, every layer of images that there is; three steps of SGD on one batch. Writes nn_conv*.npy and, as the Python
package does, nn_conv*.safetensors beside this file. check_net.py uses its model."""
import os

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))


class BasicBlock(nn.Module):
    """As torchvision.models.resnet has it, names included."""

    def __init__(self, c, f, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(c, f, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(f)
        self.conv2 = nn.Conv2d(f, f, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(f)
        self.downsample = None
        if stride != 1 or c != f:
            self.downsample = nn.Sequential(nn.Conv2d(c, f, 1, stride, bias=False), nn.BatchNorm2d(f))

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class Branches(nn.ModuleList):
    def forward(self, x):
        return torch.cat([branch(x) for branch in self], 1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(BasicBlock(4, 4, 1), BasicBlock(4, 6, 2))
        self.mixed = Branches([
            nn.Conv2d(6, 2, 1),
            nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(6, 6, (3, 1), (2, 1), (1, 0), groups=3), nn.AvgPool2d((1, 2))),
            nn.Sequential(nn.AvgPool2d(3, 1, 1, count_include_pad=False), nn.BatchNorm2d(6, 1e-3, 0.2, affine=False),
                          nn.Conv2d(6, 2, 3, padding=2, dilation=2)),
        ])
        self.pool = nn.AdaptiveAvgPool2d((2, 1))
        self.norm = nn.LayerNorm(20)
        self.fc = nn.Linear(20, 3)

    def forward(self, x):
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        x = self.pool(self.mixed(self.layer1(x)))
        return self.fc(self.norm(torch.flatten(x, 1)))


def nhwc(x):
    return x.permute(0, 2, 3, 1).contiguous().numpy()


def save(name, array, dtype="<f8"):
    np.save(os.path.join(HERE, name + ".npy"), np.asarray(array, dtype=dtype))


def save_state(name, net):
    path = os.path.join(HERE, name + ".safetensors")
    save_file({k: v.contiguous() for k, v in net.state_dict().items()}, path)
    os.chmod(path, 0o644)


if __name__ == "__main__":
    torch.manual_seed(7)
    torch.set_default_dtype(torch.float64)
    net = Net()
    for p in (p for name, p in net.named_parameters() if "bn" in name or "norm" in name):
        p.data += 0.2 * torch.randn_like(p)
    x, labels = torch.randn(5, 3, 12, 8), torch.randint(0, 3, (5,))
    save("nn_conv_x", nhwc(x))
    save("nn_conv_labels", labels.numpy(), "<i4")
    save_state("nn_conv_start", net)
    opt, losses = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9), []
    for step in range(3):
        opt.zero_grad()
        logits = net(x)
        if step == 0:
            save("nn_conv_logits", logits.detach().numpy())
        loss = torch.nn.functional.cross_entropy(logits, labels)
        loss.backward()
        opt.step()
        losses.append(loss.item())
    save("nn_conv_losses", losses)
    save_state("nn_conv_end", net)
    save("nn_conv_eval", net.eval()(x).detach().numpy())
