"""Writes res5-golden.json: losses, gradients, SGD steps and detections of detectron2's Res5ROIHeads on small maps, in float64.

detectron2 is not needed: this is a transcription of modeling/roi_heads/roi_heads.py (Res5ROIHeads), fast_rcnn.py, mask_head.py,
poolers.py and structures/masks.py (BitMasks.crop_and_resize) at commit 02b5c4e2, on torchvision's operations. Weights, maps and
masks come from formulas; everything is sampled, so nothing is drawn at random.

From the repository's root, with a Python that has torchvision:
  python tests/detection/modeling/roi/make-res5-golden.py > tests/detection/modeling/roi/res5-golden.json
"""

import json
import math

import numpy as np
import torch
from torch.nn import functional as F
from torchvision.ops import batched_nms, box_iou, roi_align

torch.set_num_threads(1)
DTYPE = torch.float64
NUM_CLASSES, CHANNELS, STRIDE, POOLED = 3, 16, 16, 14
SIZES = [(150, 190), (160, 176)]  # height, width of the images, padded to the largest of both
MAP = (10, 12)
SGD = {"lr": 0.05, "momentum": 0.9, "weight_decay": 0.01}
SCORE_THRESHOLD, NMS_THRESHOLD, MAX_DETECTIONS = 0.05, 0.5, 20
PROPOSALS = [
    [[12, 20, 90, 100], [15, 10, 80, 95], [100, 40, 180, 140], [60, 60, 100, 100], [0, 0, 30, 30], [120, 30, 189, 120.5]],
    [[30.5, 20, 110, 120], [5, 90, 60, 150], [90, 10, 170, 70], [20, 30, 100, 110], [140, 100, 175, 159]],
]
TARGETS = [
    {"boxes": [[14, 16, 88, 98], [104, 36, 186, 132]], "labels": [0, 2]},
    {"boxes": [[26, 24, 106, 116]], "labels": [1]},
]


def formula(shape, scale, index, offset=0.0):
    i = np.arange(np.prod(shape), dtype=np.float64)
    value = np.sin(0.7 * i + 0.3 * index + 0.1 + 0.013 * i * np.cos(0.01 * i)) * scale + offset
    return torch.from_numpy(value.astype(np.float32).reshape(shape)).to(DTYPE)


def shapes():
    """Of a width of 1: 16 channels in, 8 in the middle, 32 out."""
    for block in range(3):
        inside = 16 if block == 0 else 32
        layers = [("conv1", [8, inside, 1, 1]), ("conv2", [8, 8, 3, 3]), ("conv3", [32, 8, 1, 1])]
        if block == 0:
            layers.append(("shortcut", [32, inside, 1, 1]))
        for name, shape in layers:
            out, fan_in = shape[0], shape[1] * shape[2] * shape[3]
            yield f"res5.{block}.{name}.weight", shape, 1.6 / math.sqrt(fan_in), 0.0
            yield f"res5.{block}.{name}.norm.weight", [out], 0.2, 0.9
            yield f"res5.{block}.{name}.norm.bias", [out], 0.2, 0.0
            yield f"res5.{block}.{name}.norm.running_mean", [out], 0.1, 0.0
            yield f"res5.{block}.{name}.norm.running_var", [out], 0.3, 1.0
    yield "box_predictor.cls_score.weight", [NUM_CLASSES + 1, 32], 0.2, 0.0
    yield "box_predictor.cls_score.bias", [NUM_CLASSES + 1], 0.1, 0.0
    yield "box_predictor.bbox_pred.weight", [4 * NUM_CLASSES, 32], 0.1, 0.0
    yield "box_predictor.bbox_pred.bias", [4 * NUM_CLASSES], 0.05, 0.0
    yield "mask_head.deconv.weight", [32, 8, 2, 2], 0.2, 0.0
    yield "mask_head.deconv.bias", [8], 0.1, 0.0
    yield "mask_head.predictor.weight", [NUM_CLASSES, 8, 1, 1], 0.4, 0.0
    yield "mask_head.predictor.bias", [NUM_CLASSES], 0.1, 0.0


PARAMS = [
    {"index": k, "name": name, "shape": shape, "scale": scale, "offset": offset}
    for k, (name, shape, scale, offset) in enumerate(shapes())
]


def feature_map():
    n, c, y, x = np.mgrid[0:2, 0:CHANNELS, 0 : MAP[0], 0 : MAP[1]].astype(np.float64)
    value = np.sin(0.53 * x + 0.19 * y * (c + 1) / 4 + 1.1 * n) + 0.5 * np.cos(0.41 * y - 0.15 * x * c)
    return torch.from_numpy(value.astype(np.float32)).to(DTYPE)


def ellipse(box, size):
    """An object's mask: the ellipse in its box, by the centers of pixels."""
    y, x = np.mgrid[0 : size[0], 0 : size[1]] + 0.5
    x1, y1, x2, y2 = box
    inside = ((2 * x - x1 - x2) / (x2 - x1)) ** 2 + ((2 * y - y1 - y2) / (y2 - y1)) ** 2 <= 1
    return torch.from_numpy(inside).to(DTYPE)


class Heads:
    def __init__(self):
        self.p = {p["name"]: formula(p["shape"], p["scale"], p["index"], p["offset"]) for p in PARAMS}
        self.trained = [name for name in self.p if ".norm." not in name]
        for name in self.trained:
            self.p[name].requires_grad_(True)

    def convolution(self, x, name, stride=1, padding=0):
        """Conv2d with FrozenBatchNorm2d."""
        w, b, mean, var = (self.p[f"{name}.norm.{e}"] for e in ("weight", "bias", "running_mean", "running_var"))
        scale = w * (var + 1e-5).rsqrt()
        y = F.conv2d(x, self.p[f"{name}.weight"], stride=stride, padding=padding)
        return y * scale.view(1, -1, 1, 1) + (b - mean * scale).view(1, -1, 1, 1)

    def res5(self, x):
        for block in range(3):
            stride, name = (2 if block == 0 else 1), f"res5.{block}"
            out = F.relu(self.convolution(x, f"{name}.conv1", stride=stride))  # STRIDE_IN_1X1
            out = F.relu(self.convolution(out, f"{name}.conv2", padding=1))
            out = self.convolution(out, f"{name}.conv3")
            x = F.relu(out + (self.convolution(x, f"{name}.shortcut", stride=stride) if block == 0 else x))
        return x

    def transform(self, features, boxes):
        """_shared_roi_transform: ROIAlignV2 of one level, then res5."""
        rois = torch.cat([torch.cat([torch.full((len(b), 1), float(i), dtype=DTYPE), b], 1) for i, b in enumerate(boxes)])
        return self.res5(roi_align(features, rois, POOLED, 1 / STRIDE, 0, True))

    def box_predictor(self, x):
        x = x.mean(dim=[2, 3])
        linear = lambda name: x @ self.p[f"box_predictor.{name}.weight"].T + self.p[f"box_predictor.{name}.bias"]
        return linear("cls_score"), linear("bbox_pred")

    def mask_logits(self, x):
        x = F.relu(F.conv_transpose2d(x, self.p["mask_head.deconv.weight"], self.p["mask_head.deconv.bias"], stride=2))
        return F.conv2d(x, self.p["mask_head.predictor.weight"], self.p["mask_head.predictor.bias"])

    def losses(self, features, targets):
        boxes, labels, gt_boxes, mask_targets = [], [], [], []
        for image, target in enumerate(targets):
            gt = torch.tensor(target["boxes"], dtype=DTYPE).reshape(-1, 4)
            rois = torch.cat([torch.tensor(PROPOSALS[image], dtype=DTYPE), gt])  # PROPOSAL_APPEND_GT
            boxes.append(rois)
            if len(gt) == 0:
                labels.append(torch.full((len(rois),), NUM_CLASSES))
                gt_boxes.append(torch.zeros(len(rois), 4, dtype=DTYPE))
                continue
            iou, match = box_iou(gt, rois).max(0)
            classes = torch.tensor(target["labels"])
            labels.append(torch.where(iou >= 0.5, classes[match], torch.tensor(NUM_CLASSES)))
            gt_boxes.append(gt[match])
            masks = torch.stack([ellipse(b, SIZES[image]) for b in target["boxes"]])
            for roi, label, m in zip(rois, labels[-1], match):
                if label != NUM_CLASSES:
                    at = torch.cat([torch.zeros(1, dtype=DTYPE), roi])[None]
                    mask_targets.append(roi_align(masks[m][None, None], at, POOLED, 1.0, 0, True)[0, 0] >= 0.5)
        x = self.transform(features, boxes)
        scores, deltas = self.box_predictor(x)
        labels, rois, gt_boxes = torch.cat(labels), torch.cat(boxes), torch.cat(gt_boxes)
        foreground = torch.where(labels != NUM_CLASSES)[0]
        of_label = deltas.view(-1, NUM_CLASSES, 4)[foreground, labels[foreground]]
        loss_box = (of_label - encode(gt_boxes[foreground], rois[foreground])).abs().sum() / len(labels)
        if len(foreground) > 0:
            logits = self.mask_logits(x[foreground])
            logits = logits[torch.arange(len(foreground)), labels[foreground]]
            loss_mask = F.binary_cross_entropy_with_logits(logits, torch.stack(mask_targets).to(DTYPE))
        else:
            loss_mask = self.mask_logits(x[foreground]).sum() * 0
        return {"loss_classifier": F.cross_entropy(scores, labels), "loss_box_reg": loss_box, "loss_mask": loss_mask}

    @torch.no_grad()
    def detect(self, features):
        proposals = [torch.tensor(p, dtype=DTYPE) for p in PROPOSALS]
        scores, deltas = self.box_predictor(self.transform(features, proposals))
        found, first = [], 0
        for rois, size in zip(proposals, SIZES):
            last = first + len(rois)
            probabilities = scores[first:last].softmax(1)[:, :NUM_CLASSES]
            boxes = torch.stack([decode(deltas[first:last, 4 * k : 4 * k + 4], rois) for k in range(NUM_CLASSES)], 1)
            boxes[..., 0::2] = boxes[..., 0::2].clamp(0, size[1])
            boxes[..., 1::2] = boxes[..., 1::2].clamp(0, size[0])
            at, classes = torch.where(probabilities > SCORE_THRESHOLD)
            keep = batched_nms(boxes[at, classes], probabilities[at, classes], classes, NMS_THRESHOLD)[:MAX_DETECTIONS]
            at, classes = at[keep], classes[keep]
            found.append((boxes[at, classes], probabilities[at, classes], classes))
            first = last
        logits = self.mask_logits(self.transform(features, [boxes for boxes, _, _ in found]))
        classes = torch.cat([c for _, _, c in found])
        masks = logits[torch.arange(len(classes)), classes].sigmoid().split([len(c) for _, _, c in found])
        return [
            {
                "boxes": boxes.tolist(),
                "scores": s.tolist(),
                "labels": (c + 1).tolist(),
                "mask_means": m.mean(dim=[1, 2]).tolist(),
                "mask_rows": m[:, 5].tolist(),
            }
            for (boxes, s, c), m in zip(found, masks)
        ]


WEIGHTS = (10.0, 10.0, 5.0, 5.0)


def encode(g, b):
    bw, bh, gw, gh = b[:, 2] - b[:, 0], b[:, 3] - b[:, 1], g[:, 2] - g[:, 0], g[:, 3] - g[:, 1]
    dx = WEIGHTS[0] * (g[:, 0] + gw / 2 - b[:, 0] - bw / 2) / bw
    dy = WEIGHTS[1] * (g[:, 1] + gh / 2 - b[:, 1] - bh / 2) / bh
    return torch.stack([dx, dy, WEIGHTS[2] * (gw / bw).log(), WEIGHTS[3] * (gh / bh).log()], 1)


def decode(d, b):
    bw, bh = b[:, 2] - b[:, 0], b[:, 3] - b[:, 1]
    dx, dy, dw, dh = (d[:, i] / WEIGHTS[i] for i in range(4))
    px, py = b[:, 0] + bw / 2 + dx * bw, b[:, 1] + bh / 2 + dy * bh
    most = math.log(1000 / 16)
    pw, ph = bw * dw.clamp(max=most).exp(), bh * dh.clamp(max=most).exp()
    return torch.stack([px - pw / 2, py - ph / 2, px + pw / 2, py + ph / 2], 1)


def values(losses):
    return {name: float(loss.detach()) for name, loss in losses.items()}


def summary(gradient):
    flat = gradient.flatten()
    return {"norm": float(flat.norm()), "sum": float(flat.sum()), "first4": flat[:4].tolist()}


def main():
    heads, features = Heads(), feature_map().requires_grad_(True)
    detections = heads.detect(features)
    nothing = {"boxes": [], "labels": []}
    empty = {
        "second_image_empty_losses": values(heads.losses(features, [TARGETS[0], nothing])),
        "empty_target_losses": values(heads.losses(features, [nothing, nothing])),
    }
    optimizer = torch.optim.SGD([heads.p[name] for name in heads.trained], **SGD)
    steps = []
    for step in range(4):
        optimizer.zero_grad()
        features.grad = None
        losses = heads.losses(features, TARGETS)
        sum(losses.values()).backward()
        steps.append({"losses": values(losses)})
        if step == 0:
            steps[0]["grads"] = {name: summary(heads.p[name].grad) for name in heads.trained}
            steps[0]["feature_grad"] = summary(features.grad.permute(0, 2, 3, 1))
        optimizer.step()
    targets = [{**t, "labels": [label + 1 for label in t["labels"]]} for t in TARGETS]
    golden = {
        "params": PARAMS,
        "map": {"channels": CHANNELS, "height": MAP[0], "width": MAP[1]},
        "sizes": SIZES,
        "proposals": PROPOSALS,
        "targets": targets,
        "sgd": SGD,
        "train_steps": steps,
        "detections": detections,
        **empty,
    }
    print(json.dumps(json.loads(json.dumps(golden), parse_float=lambda v: float(f"{float(v):.9g}"))))


main()
