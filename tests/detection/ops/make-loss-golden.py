"""Writes loss-golden.json: what torchvision's losses and their gradients are, in float64 unless said otherwise.

From the repository's root, with the peer kit's python:
  python tests/detection/ops/make-loss-golden.py > tests/detection/ops/loss-golden.json
"""

import json
import math

import torch
import torchvision
from torch.nn.functional import cross_entropy
from torchvision.models.detection._utils import BoxCoder, _box_loss
from torchvision.ops import (
    complete_box_iou_loss,
    distance_box_iou_loss,
    generalized_box_iou_loss,
    sigmoid_focal_loss,
)

# Predicted box, true box.
BOX_PAIRS = [
    ([1.5, 2.25, 9.75, 12.5], [2, 1, 11, 10.5]),  # overlap
    ([3, 4, 6, 7], [1, 2, 10, 12]),  # inside
    ([0, 0, 12, 12], [3.5, 4.25, 8, 6.5]),  # around
    ([0, 0, 10, 10], [5, 5, 15, 15]),
    ([2, 2, 8, 9], [2, 2, 8, 9]),  # the same
    ([0, 0, 4, 4], [10, 10, 12, 12]),  # apart in x and y
    ([0, 0, 4, 9], [7, 1, 12, 12]),  # apart in x alone
    ([-1, -1, 1, 1], [0, -1, 1, 1]),  # three sides coincide
    ([2, 3, 8, 9], [2, 4, 9.5, 9]),  # two do
    ([0, 0, 4, 4], [4, 1, 8, 3]),  # touch at a side
    ([0, 0, 4, 4], [4, 4, 8, 8]),  # touch at a corner
    ([8, 2, 3, 9], [2, 2, 8, 9]),  # negative width
    ([8, 9, 3, 2], [2, 3, 7, 8]),  # negative width and height
    ([5, 5, 4, 4], [-5, -5, -1, -2]),
    ([100.5, 200.25, 700.75, 500.5], [120, 180, 690, 520]),
    ([10, 10, 10.25, 10.5], [300, 400, 800, 900]),  # tiny against large
    ([10, 10, 210, 12], [10, 10, 12, 210]),  # different shapes
]

# Of rows; row 4 has no positive and does not count.
LOGITS = [
    [0.0, -4.595, 1.5, -2.25],
    [100.0, -100.0, 30.0, -30.0],
    [-100.0, 100.0, -12.5, 12.5],
    [3.25, -0.75, 0.125, 8.0],
    [2.0, -1.0, 50.0, 0.5],
    [-6.0, -7.5, -5.25, -9.0],
    [0.4, 0.3, -0.2, -0.1],
]
POSITIVES = [(0, 2), (1, 1), (1, 2), (2, 1), (3, 3), (6, 0)]
IGNORED_ROWS = [4]
FOCAL_OPTIONS = [(0.25, 2.0), (0.5, 0.0), (0.0, 1.5), (1.0, 2.0), (0.75, 3.0)]

# Of rows, for the losses of classes that exclude one another.
CLASS_LOGITS = [
    [1.0, 2.0, 0.5, -0.25],
    [0.1, -0.3, 0.7, 0.0],
    [60.0, 0.0, -10.0, -60.0],
    [-40.0, 50.0, 0.0, 12.0],
    [0.0, 0.0, 0.0, 0.0],
    [-2.0, 1.5, 3.0, -1.0],
]
LABELS = [1, 2, 0, 3, 0, 1]
CLASS_WEIGHTS = [1.0, 0.5, 2.0, 3.25]

WEIGHTS = [[1.0, 1.0, 1.0, 1.0], [10.0, 10.0, 5.0, 5.0]]
REFERENCE_BOXES = [[0, 0, 10, 10], [5, 5, 25, 45], [0.8, 1.1, 3.2, 2.8], [-4.5, 3, 60, 17], [10, 10, 11, 14]]
LARGEST = torch.tensor(math.log(1000.0 / 16)).item()  # where growth is cut off, as float32
DELTAS = [
    [0.5, -0.3, 0.2, -0.1],
    [1, 1, 100, 4.5],
    [0, 0, 0, 0],
    [-0.25, 0.75, LARGEST, -3],
    [2, -2, 5 * LARGEST, 21],
]
# Of the deltas that are not cut off.
GT_BOXES = [[1, 2, 11, 14], [0.5, 1, 3.75, 3.25]]
SMOOTH_L1_BETA = 0.25


def float32(values):
    """As float64 tensors, of values that float32 has."""
    return torch.tensor(values, dtype=torch.float32).double()


def of_boxes(loss):
    pred = float32([pred for pred, _ in BOX_PAIRS]).requires_grad_()
    losses = loss(pred, float32([gt for _, gt in BOX_PAIRS]))
    losses.sum().backward()
    return {"losses": losses.tolist(), "gradient": pred.grad.tolist()}


def focal(alpha, gamma):
    logits = float32(LOGITS).requires_grad_()
    targets = torch.zeros_like(logits)
    for row, column in POSITIVES:
        targets[row, column] = 1
    counted = [row for row in range(len(LOGITS)) if row not in IGNORED_ROWS]
    loss = sigmoid_focal_loss(logits[counted], targets[counted], alpha, gamma, reduction="sum")
    loss.backward()
    return {"alpha": alpha, "gamma": gamma, "loss": loss.item(), "gradient": logits.grad.tolist()}


def weighted_cross_entropy():
    logits = float32(CLASS_LOGITS).requires_grad_()
    loss = cross_entropy(logits, torch.tensor(LABELS), float32(CLASS_WEIGHTS))
    loss.backward()
    return {"loss": loss.item(), "gradient": logits.grad.tolist()}


def softmax_focal(gamma):
    logits = float32(CLASS_LOGITS).requires_grad_()
    labels = torch.tensor(LABELS)
    entropy = cross_entropy(logits, labels, reduction="none")
    loss = (float32(CLASS_WEIGHTS)[labels] * (1 - torch.exp(-entropy)) ** gamma * entropy).sum()
    loss.backward()
    return {"gamma": gamma, "loss": loss.item(), "gradient": logits.grad.tolist()}


def of_deltas(kind, weights):
    deltas = float32([row for row in DELTAS if max(row) < 4]).requires_grad_()
    references = float32([box for box, row in zip(REFERENCE_BOXES, DELTAS) if max(row) < 4])
    gt = float32(GT_BOXES)
    loss = _box_loss(kind, BoxCoder(weights), references, gt, deltas, {"beta": SMOOTH_L1_BETA})
    loss.backward()
    return {
        "kind": kind,
        "weights": weights,
        "references": references.tolist(),
        "gt": gt.tolist(),
        "deltas": deltas.tolist(),
        "beta": SMOOTH_L1_BETA,
        "loss": loss.item(),
        "gradient": deltas.grad.tolist(),
    }


def decoding(weights):
    """In float32, in which deltas meet the largest growth exactly."""
    deltas = torch.tensor(DELTAS, requires_grad=True)
    boxes = BoxCoder(weights).decode_single(deltas, torch.tensor(REFERENCE_BOXES))
    factors = torch.cos(torch.arange(boxes.numel(), dtype=torch.float32)).reshape(boxes.shape)
    (boxes * factors).sum().backward()
    return {
        "weights": weights,
        "boxes": boxes.tolist(),
        "factors": factors.tolist(),
        "gradient": deltas.grad.tolist(),
    }


golden = {
    "torch": torch.__version__,
    "torchvision": torchvision.__version__,
    "boxes": {
        "pred": [pred for pred, _ in BOX_PAIRS],
        "gt": [gt for _, gt in BOX_PAIRS],
        "giou": of_boxes(generalized_box_iou_loss),
        "diou": of_boxes(distance_box_iou_loss),
        "ciou": of_boxes(complete_box_iou_loss),
    },
    "focal": {
        "logits": LOGITS,
        "positives": POSITIVES,
        "ignoredRows": IGNORED_ROWS,
        "results": [focal(alpha, gamma) for alpha, gamma in FOCAL_OPTIONS],
    },
    "softmax": {
        "logits": CLASS_LOGITS,
        "labels": LABELS,
        "classWeights": CLASS_WEIGHTS,
        "crossEntropy": weighted_cross_entropy(),
        "focal": [softmax_focal(gamma) for gamma in (0.0, 1.5, 2.0)],
    },
    "deltas": [
        of_deltas(kind, weights) for kind in ("l1", "smooth_l1", "giou", "diou", "ciou") for weights in WEIGHTS
    ],
    "decoding": {
        "boxes": REFERENCE_BOXES,
        "deltas": DELTAS,
        "results": [decoding(weights) for weights in WEIGHTS],
    },
}
print(json.dumps(golden, indent=1))
