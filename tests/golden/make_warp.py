"""Golden values of lib/kernels/warp.c: PyTorch's grid_sample in float64, fill 0.

    python tests/golden/make_warp.py
"""
import os

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
H, W, P, Q, C = 9, 12, 11, 10, 2
MAPS = [
    [1.0, 0.0, 0.3, 0.0, 1.0, -0.7],
    [0.8, 0.3, 0.5, -0.3, 0.8, 3.0],
    [-0.2, 1.7, 1.0, 1.1, 0.1, -2.0],
]

rng = np.random.default_rng(11)
image = rng.integers(0, 256, (H, W, C))
y, x = torch.meshgrid(torch.arange(P, dtype=torch.float64) + 0.5, torch.arange(Q, dtype=torch.float64) + 0.5, indexing="ij")
out = []
for m in MAPS:
    u, v = m[0] * x + m[1] * y + m[2], m[3] * x + m[4] * y + m[5]
    # align_corners=False: -1 and 1 are the outer edges of the picture, as 0 and W are here
    grid = torch.stack([2 * u / W - 1, 2 * v / H - 1], -1)[None]
    planes = torch.from_numpy(image.astype(np.float64)).permute(2, 0, 1)[None]
    seen = torch.nn.functional.grid_sample(planes, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    out.append(seen[0].permute(1, 2, 0).numpy())

np.save(os.path.join(HERE, "warp_in.npy"), image.astype(np.int32))
np.save(os.path.join(HERE, "warp_map.npy"), np.array(MAPS))
np.save(os.path.join(HERE, "warp_out.npy"), np.ascontiguousarray(np.array(out)))
