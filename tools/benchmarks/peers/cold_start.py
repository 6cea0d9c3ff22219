"""Detects in one picture with torchvision, as a whole process: cold_start.py MODEL WEIGHTS.pth PICTURE OUT.json

What a user would write: the model without weights, the file's weights, the picture by PIL, its detections as JSON.
"""
import json
import sys

import torch
from PIL import Image
from torchvision.models import detection
from torchvision.transforms.functional import pil_to_tensor

name, weights, picture, out = sys.argv[1:]
torch.set_num_threads(2)
model = detection.__dict__[name](weights=None, weights_backbone=None)
model.load_state_dict(torch.load(weights, weights_only=True))
model.eval()
pixels = pil_to_tensor(Image.open(picture).convert("RGB")).float() / 255
with torch.inference_mode():
    found = model([pixels])[0]
detections = [
    {"bbox": [x1, y1, x2 - x1, y2 - y1], "category_id": label, "score": score}
    for (x1, y1, x2, y2), label, score in zip(*(found[key].tolist() for key in ("boxes", "labels", "scores")))
]
with open(out, "w") as file:
    json.dump([{"file": picture, "width": pixels.shape[2], "height": pixels.shape[1], "detections": detections}], file)
