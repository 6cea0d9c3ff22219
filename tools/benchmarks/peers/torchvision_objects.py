"""A training step or inference of torchvision's Mask R-CNN with any number of objects in a picture, where bench.py draws eight:
torchvision_objects.py --scripts DIR --boxes N, else with bench.py's options; prints one line as bench.py does.
DIR is the folder of peer_common.py.
"""
import argparse
import json
import statistics
import sys
import time

import numpy as np
import torch

options = argparse.ArgumentParser(description=__doc__)
options.add_argument("--scripts", required=True)
options.add_argument("--model", required=True)
options.add_argument("--mode", choices=("train", "infer"), required=True)
for name in ("size", "batch", "boxes", "steps", "threads", "seed"):
    options.add_argument(f"--{name}", type=int, required=True)
options.add_argument("--amp", choices=("bf16",))
options.add_argument("--channels-last", action="store_true")
a = options.parse_args()
sys.dont_write_bytecode = True
sys.path.insert(0, a.scripts)
import peer_common as peer

torch.set_num_threads(a.threads)
torch.manual_seed(a.seed)
base = peer.proc_mb("VmRSS")
classes = peer.default_num_classes(a.model)
model = peer.build_model(a.model, classes, min_size=a.size, max_size=a.size)
model.load_state_dict(peer.formula_state_dict(model.state_dict(), a.seed))
if a.channels_last:
    model = model.to(memory_format=torch.channels_last)
model.train(a.mode == "train")


def draw(random):
    """A picture of noise and rectangles, each with the ellipse in it as its mask: dense, as torchvision takes masks."""
    picture = torch.from_numpy(random.random((3, a.size, a.size), dtype=np.float32))
    sides = np.exp(random.uniform(np.log(0.06), np.log(0.6), (a.boxes, 2))) * a.size
    corners = random.uniform(0, 1, (a.boxes, 2)) * (a.size - sides)
    boxes = torch.from_numpy(np.concatenate([corners, corners + sides], 1)).float()
    for x1, y1, x2, y2 in boxes.int().tolist():
        picture[:, y1:y2, x1:x2] = torch.from_numpy(random.random((3, 1, 1), dtype=np.float32))
    ys, xs = torch.arange(a.size)[:, None] + 0.5, torch.arange(a.size)[None] + 0.5
    masks = torch.stack([
        (((xs - (x1 + x2) / 2) / (x2 - x1)) ** 2 + ((ys - (y1 + y2) / 2) / (y2 - y1)) ** 2 <= 0.25).byte()
        for x1, y1, x2, y2 in boxes.tolist()
    ])
    labels = torch.from_numpy(random.integers(1, classes, a.boxes))
    return picture, {"boxes": boxes, "labels": labels, "masks": masks}


random = np.random.default_rng(a.seed)
pictures, targets = zip(*(draw(random) for _ in range(a.batch)))
trained = [each for each in model.parameters() if each.requires_grad]
optimizer = torch.optim.SGD(trained, lr=1e-5, momentum=0.9, weight_decay=1e-4)


def step():
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bool(a.amp)):
        if a.mode == "infer":
            with torch.no_grad():
                return {"detections": [len(found["boxes"]) for found in model(list(pictures))]}
        loss = sum(model(list(pictures), list(targets)).values())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return {"loss": float(loss.detach())}


seconds = []
for _ in range(1 + a.steps):
    start = time.perf_counter()
    result = step()
    seconds.append(time.perf_counter() - start)
print(json.dumps({
    "median_s": statistics.median(seconds[1:]), "seconds": seconds,
    "peak_rss_mb": peer.proc_mb("VmHWM"), "base_rss_mb": base, "disturbed": None,
    **result, **peer.versions(),
}))
