"""Golden values of ResNet-18 and VGG-11, from PyTorch in float64: nets written out by hand under torchvision's names. Writes
models_*.npy and models_*.txt beside this file.

Forty megabytes of weights are too many to commit, so they are a formula that tests/test_models.c has too: see draw. Every number is
a whole multiple of 2^-22, so float and double hold the same weights. models_<net>.txt lists the state dict, a name and a
shape a line."""
import os

import numpy as np
import torch
from torch import nn

from make_nn_conv import BasicBlock

HERE = os.path.dirname(os.path.abspath(__file__))


class ResNet(nn.Module):
    def __init__(self, blocks, classes=1000):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        c = 64
        for i, n in enumerate(blocks):
            f = 64 << i
            setattr(self, f"layer{i + 1}", nn.Sequential(*(BasicBlock(f if k else c, f, 2 if i and not k else 1) for k in range(n))))
            c = f
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(512, classes)

    def forward(self, x):
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


class VGG11(nn.Module):
    def __init__(self, norm, classes=1000, hidden=4096):
        super().__init__()
        layers, c = [], 3
        for f in (64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"):
            if f == "M":
                layers.append(nn.MaxPool2d(2))
                continue
            layers += [nn.Conv2d(c, f, 3, padding=1)] + [nn.BatchNorm2d(f)] * norm + [nn.ReLU()]
            c = f
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(7)
        self.classifier = nn.Sequential(nn.Linear(512 * 49, hidden), nn.ReLU(), nn.Dropout(0), nn.Linear(hidden, hidden),
                                        nn.ReLU(), nn.Dropout(0), nn.Linear(hidden, classes))

    def forward(self, x):
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))


MASK = 0xFFFFFFFFFFFFFFFF


def draw(name, size, scale, offset=0.0):
    """offset + uniform on +-scale, of the hash of a name and the index: FNV-1a, then splitmix64, 12 bits of it."""
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = (h ^ byte) * 0x100000001B3 & MASK
    with np.errstate(over="ignore"):
        z = np.uint64(h) + (np.arange(size, dtype=np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    q = (z >> np.uint64(52)).astype(np.int64) - 2048
    return offset + (q * int(scale * 2048)).astype(np.float64) / 2**22


def fill(net):
    """Weights of convolutions and dense layers as He's uniform, norms near 1 and 0, variances in 0.5 .. 1.5."""
    for name, v in net.state_dict().items():
        n = v.numel()
        if name.endswith("num_batches_tracked"):
            continue
        if v.dim() > 1:
            numbers = draw(name, n, np.sqrt(6 / (n // v.shape[0])))
        elif name.endswith("running_var"):
            numbers = draw(name, n, 0.5, 1)
        elif name.endswith("weight"):
            numbers = draw(name, n, 0.25, 1)
        else:
            numbers = draw(name, n, 0.125)
        v.copy_(torch.from_numpy(numbers).view(v.shape))


def pictures(name, n, side):
    """N H W C as they lie in C, and as PyTorch wants them."""
    return torch.from_numpy(draw(name, n * side * side * 3, 2)).view(n, side, side, 3).permute(0, 3, 1, 2)


def save(name, tensors):
    np.save(os.path.join(HERE, f"models_{name}.npy"), np.concatenate([t.detach().numpy().ravel() for t in tensors]))


def some(v):
    """A gradient is long: every so many numbers of it, in PyTorch's order."""
    v = v.flatten()
    return v[:: v.numel() // 512 + 1]


def names(name, net):
    with open(os.path.join(HERE, f"models_{name}.txt"), "w") as f:
        for key, v in net.state_dict().items():
            print(key, *v.shape, file=f)


def golden(name, net, grads, statistics):
    """Logits in eval and in train, loss, gradients, and the statistics that one batch leaves, at 64x64."""
    fill(net)
    x, labels = pictures("x", 2, 64), torch.tensor([3, 7])
    with torch.no_grad():
        evaluated = net.eval()(x)
    logits = net.train()(x)
    loss = nn.functional.cross_entropy(logits, labels)
    loss.backward()
    p, state = dict(net.named_parameters()), net.state_dict()
    save(name, [evaluated, logits, loss] + [some(p[g].grad) for g in grads] + [state[s] for s in statistics])


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    for name, net in (("resnet18", ResNet((2, 2, 2, 2))), ("resnet34", ResNet((3, 4, 6, 3))), ("vgg11", VGG11(False, hidden=64)),
                      ("vgg11_bn", VGG11(True, hidden=64))):
        names(name, net)
    golden("resnet18", ResNet((2, 2, 2, 2), 10),
           ["conv1.weight", "bn1.weight", "layer1.1.bn2.bias", "layer2.0.downsample.0.weight", "layer3.0.conv1.weight",
            "layer4.1.conv2.weight", "fc.weight", "fc.bias"],
           ["bn1.running_mean", "bn1.running_var", "layer2.0.downsample.1.running_mean", "layer4.1.bn2.running_var"])
    golden("vgg11", VGG11(False, 10, 64),
           ["features.0.weight", "features.0.bias", "features.11.weight", "features.18.weight", "classifier.0.weight",
            "classifier.6.weight", "classifier.6.bias"], [])
    net, x = ResNet((2, 2, 2, 2)), pictures("x", 1, 224)
    fill(net)
    with torch.no_grad():
        save("resnet18_224", [net.eval()(x), net.train()(x)])
