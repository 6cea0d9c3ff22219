"""Detects in the pictures of a folder with torchvision and its DataLoader, as a whole process:
throughput.py MODEL WEIGHTS.pth FOLDER OUT.json BATCH contiguous|channels_last

What a user would write: a worker decodes ahead, the detector takes a batch at a time, the detections become JSON.
"""
import json
import os
import sys

import torch
from PIL import Image
from torchvision.models import detection
from torchvision.transforms.functional import pil_to_tensor

name, weights, folder, out, batch, layout = sys.argv[1:]
torch.set_num_threads(2)


class Pictures(torch.utils.data.Dataset):
    def __init__(self):
        self.names = sorted(os.listdir(folder))

    def __len__(self):
        return len(self.names)

    def __getitem__(self, index):
        return self.names[index], pil_to_tensor(Image.open(os.path.join(folder, self.names[index])).convert("RGB")).float() / 255


def main():
    model = detection.__dict__[name](weights=None, weights_backbone=None)
    model.load_state_dict(torch.load(weights, weights_only=True))
    model.eval()
    if layout == "channels_last":
        model = model.to(memory_format=torch.channels_last)
    loader = torch.utils.data.DataLoader(Pictures(), batch_size=int(batch), num_workers=1, collate_fn=list)
    results = []
    with torch.inference_mode():
        for pictures in loader:
            for (file, pixels), found in zip(pictures, model([pixels for _, pixels in pictures])):
                detections = [
                    {"bbox": [x1, y1, x2 - x1, y2 - y1], "category_id": label, "score": score}
                    for (x1, y1, x2, y2), label, score in zip(
                        *(found[key].tolist() for key in ("boxes", "labels", "scores"))
                    )
                ]
                height, width = pixels.shape[1:]
                results.append({"file": file, "width": width, "height": height, "detections": detections})
    with open(out, "w") as file:
        json.dump(results, file)


main()
