"""Writes detectron2-mask-golden.json: masks as detectron2 pastes them and as it makes targets of them.

The two functions follow detectron2's layers/mask_ops.py (_do_paste_mask, on the CPU) and structures/masks.py
(BitMasks.crop_and_resize), whose ROIAlign is torchvision's. Needs torch and torchvision:
  python make-detectron2-mask-golden.py > detectron2-mask-golden.json
"""

import json

import torch
from torchvision.ops import roi_align

HEIGHT, WIDTH = 40, 56
# Of fractions, beyond the image on each side, below a pixel, as large as the image.
BOXES = [
    (3.2, 4.7, 21.9, 30.1),
    (-8.5, -3.25, 30.0, 12.5),
    (40.4, 25.6, 70.2, 52.9),
    (10.3, 10.4, 10.9, 11.1),
    (0, 0, 56, 40),
    (20, 2, 48, 30),
]


def probabilities(side, k):
    i = torch.arange(side * side, dtype=torch.float32)
    return (0.5 + 0.5 * torch.sin(0.37 * i + k)).reshape(side, side)


def paste(mask, box):
    x0, y0, x1, y1 = torch.tensor(box, dtype=torch.float32)
    ys = (torch.arange(0, HEIGHT, dtype=torch.float32) + 0.5 - y0) / (y1 - y0) * 2 - 1
    xs = (torch.arange(0, WIDTH, dtype=torch.float32) + 0.5 - x0) / (x1 - x0) * 2 - 1
    grid = torch.stack([xs[None, :].expand(HEIGHT, WIDTH), ys[:, None].expand(HEIGHT, WIDTH)], 2)
    values = torch.nn.functional.grid_sample(mask[None, None], grid[None], align_corners=False)[0, 0]
    return values


def rows(bits):
    return ["".join(str(int(bit)) for bit in row) for row in bits]


pasted = []
for k, box in enumerate(BOXES):
    for side in (28, 5):
        values = paste(probabilities(side, k), box)
        pasted.append(
            {
                "box": box,
                "side": side,
                "k": k,
                "near_half": int(((values - 0.5).abs() < 2e-6).sum()),
                "rows": rows(values >= 0.5),
            }
        )

y, x = torch.meshgrid(torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij")
mask = ((x - 24) ** 2 / 400 + (y - 19) ** 2 / 196 < 1) & ~((x - 30) ** 2 + (y - 15) ** 2 < 25)
boxes = torch.tensor(BOXES, dtype=torch.float32)
rois = torch.cat([torch.zeros(len(BOXES), 1), boxes], 1)
shares = roi_align(mask[None, None].float(), rois, 28, 1.0, 0, True)[:, 0]
targets = [
    {"rows": rows(share >= 0.5), "near_half": int(((share - 0.5).abs() < 2e-6).sum())} for share in shares
]
print(
    json.dumps(
        {"height": HEIGHT, "width": WIDTH, "boxes": BOXES, "pasted": pasted, "mask": rows(mask), "targets": targets}
    )
)
