"""Loads a file that ml_net_save wrote into the PyTorch model of make_nn_conv.py, strictly but for the counts of batches that
only PyTorch has, and compares what both predict.

    MLCORE_KEEP_NET=net.safetensors build/double/test_nn_layers && python tests/golden/check_net.py net.safetensors
"""
import os
import sys

import numpy as np
import torch
from make_nn_conv import HERE, Net
from safetensors.torch import load_file

if len(sys.argv) != 2:
    sys.exit("usage: check_net.py FILE")
torch.set_default_dtype(torch.float64)
net, state = Net(), load_file(sys.argv[1])
missing, unexpected = net.load_state_dict(state, strict=False)
if unexpected or any(not name.endswith("num_batches_tracked") for name in missing):
    sys.exit(f"missing {missing}, unexpected {unexpected}")
x = torch.from_numpy(np.load(os.path.join(HERE, "nn_conv_x.npy"))).permute(0, 3, 1, 2)
ours = np.load(os.path.join(HERE, "nn_conv_eval.npy"))
theirs = net.eval()(x).detach().numpy()
worst = np.abs(ours - theirs).max()
tolerance = 1e-10 if state["fc.bias"].dtype == torch.float64 else 1e-4
print(f"{len(state)} tensors, predictions differ by {worst:.3g}")
sys.exit(0 if worst < tolerance else 1)
