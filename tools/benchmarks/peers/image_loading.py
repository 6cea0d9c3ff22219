"""Pictures decoded, flipped, resized and batched by PIL, torch and its DataLoader, as torchvision's references do:
image_loading.py '{"annotations": ..., "images": ..., "minSize": ..., "maxSize": ..., "batch": ..., "workers": ..., "batches": ...}'
"""
import json
import math
import os
import random
import sys
import time

import numpy as np
import torch
from PIL import Image

options = json.loads(sys.argv[1])
with open(options["annotations"]) as file:
    names = [image["file_name"] for image in json.load(file)["images"]]
mean = torch.tensor([0.485, 0.456, 0.406]).reshape(3, 1, 1)
std = torch.tensor([0.229, 0.224, 0.225]).reshape(3, 1, 1)


class Pictures(torch.utils.data.Dataset):
    def __len__(self):
        return options["batch"] * (options["batches"] + 1)

    def __getitem__(self, index):
        picture = Image.open(os.path.join(options["images"], names[index % len(names)])).convert("RGB")
        pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous().float().div(255)
        if random.random() < 0.5:
            pixels = pixels.flip(-1)
        pixels = (pixels - mean) / std
        short, long = min(pixels.shape[-2:]), max(pixels.shape[-2:])
        scale = min(options["minSize"] / short, options["maxSize"] / long)
        return torch.nn.functional.interpolate(
            pixels[None], scale_factor=scale, mode="bilinear", recompute_scale_factor=True, align_corners=False
        )[0]


def collate(pictures):
    height, width = (32 * math.ceil(max(p.shape[side] for p in pictures) / 32) for side in (1, 2))
    batch = pictures[0].new_zeros((len(pictures), 3, height, width))
    for slot, picture in zip(batch, pictures):
        slot[:, : picture.shape[1], : picture.shape[2]].copy_(picture)
    return batch


loader = torch.utils.data.DataLoader(
    Pictures(), batch_size=options["batch"], num_workers=options["workers"], collate_fn=collate
)
start, count, pixels = None, 0, 0
for batch in loader:
    if start is None:  # workers start, and the first batch is not timed
        start = time.perf_counter()
        continue
    count += len(batch)
    pixels += batch[0, 0].numel()
print(json.dumps({"seconds": (time.perf_counter() - start) / count, "pixels": pixels, "disturbed": None}))
