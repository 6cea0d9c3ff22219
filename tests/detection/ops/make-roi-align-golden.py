"""Writes roi-align-golden.json: torchvision's roi_align, aligned and adaptively sampled, and its gradient.

Needs torch and torchvision:
  python make-roi-align-golden.py > roi-align-golden.json
"""

import json

import torch
from torchvision.ops import roi_align

SHAPE = (2, 3, 12, 17)
SCALE = 0.25
SIZE = 3
# image, x1, y1, x2, y2: whole maps, thin, without extent, turned round, below a pixel, beyond the map on each side.
ROIS = [
    (0, 0, 0, 68, 48),
    (1, 3.5, 2.25, 60.75, 9.5),
    (1, 40, 10, 40, 30),
    (0, 30, 20, 28, 33),
    (0, 10.1, 12.3, 10.9, 12.8),
    (1, -9, -7, 80, 55),
    (0, 5, 1, 18, 47),
    (1, 3.5, 2.25, 60.75, 9.5),
    (1, 64, 44, 80, 60),
]

count = 1
for side in SHAPE:
    count *= side
feature = torch.sin(0.37 * torch.arange(count)).reshape(SHAPE).requires_grad_()
pooled = roi_align(feature, torch.tensor(ROIS), SIZE, SCALE, sampling_ratio=0, aligned=True)
pooled.square().sum().backward()


def rounded(tensor):
    return [round(value, 7) for value in tensor.flatten().tolist()]


golden = {
    "torchvision": __import__("torchvision").__version__,
    "shape": SHAPE,
    "scale": SCALE,
    "size": SIZE,
    "rois": ROIS,
    "values": rounded(pooled),
    "gradient_of_sum_of_squares": rounded(feature.grad),
}
print(json.dumps(golden))
