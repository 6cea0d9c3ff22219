"""Writes configured-losses-golden.json: losses and gradients of the tiny golden detectors, in float64, where losses are others
than torchvision's own: its operations in place of those that its models call.

From the repository's root, with the peer kit's python:
  PYTHONPATH=../shared/golden/make python tests/detection/modeling/make-configured-losses-golden.py ../shared/golden \
    > tests/detection/modeling/configured-losses-golden.json
"""

import json
import os
import sys

import numpy as np
import tiny_models
import torch
import torchvision
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy
from torchvision import ops
from torchvision.models.detection import FasterRCNN, fcos, faster_rcnn, retinanet, roi_heads
from torchvision.models.detection._utils import _box_loss
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.rpn import RPNHead
from torchvision.ops.feature_pyramid_network import LastLevelMaxPool

IOU_LOSSES = {
    "giou": ops.generalized_box_iou_loss,
    "diou": ops.distance_box_iou_loss,
    "ciou": ops.complete_box_iou_loss,
}
FOCAL = {"alpha": 0.4, "gamma": 1.5}
CLASS_WEIGHTS = [2.0, 0.5, 1.25]

CASES = [
    {
        "model": "frcnn",
        "losses": {
            "rpn": {"classification": "focal", "box": "giou"},
            "roi": {"classification": "focal", "box": "ciou"},
            "focal": FOCAL,
            "classWeights": CLASS_WEIGHTS,
            "weights": {
                "loss_objectness": 2,
                "loss_rpn_box_reg": 0.5,
                "loss_classifier": 1.5,
                "loss_box_reg": 0.25,
            },
        },
    },
    {
        "model": "frcnn",
        "losses": {
            "rpn": {"classification": "cross_entropy", "box": "diou"},
            "roi": {"classification": "cross_entropy", "box": "giou"},
            "classWeights": CLASS_WEIGHTS,
        },
    },
    {
        "model": "frcnn",
        "losses": {
            "rpn": {"classification": "cross_entropy", "box": "l1"},
            "roi": {"classification": "focal", "box": "smooth_l1"},
            "focal": {"alpha": 0.5, "gamma": 2},
            "smoothL1Beta": 0.5,
        },
    },
    {
        "model": "retinanet",
        "losses": {
            "box": "ciou",
            "focal": FOCAL,
            "classWeights": CLASS_WEIGHTS,
            "weights": {"classification": 0.5, "bbox_regression": 3},
        },
    },
    {"model": "retinanet", "losses": {"box": "smooth_l1"}},
    {"model": "retinanet_v2", "losses": {"box": "diou", "weights": {"classification": 2}}},
    {
        "model": "fcos",
        "losses": {
            "box": "ciou",
            "focal": FOCAL,
            "classWeights": CLASS_WEIGHTS,
            "weights": {"classification": 0.5, "bbox_regression": 3, "bbox_ctrness": 2},
        },
    },
    {"model": "fcos", "losses": {"box": "diou"}},
]


def weights_of_labels(options):
    """Of background and the three classes."""
    return torch.tensor([1.0, *options.get("classWeights", [1.0, 1.0, 1.0])], dtype=torch.float64)


def tiny_faster_rcnn(folder):
    model = FasterRCNN(
        tiny_models.Backbone(0, LastLevelMaxPool()),
        min_size=96,
        max_size=160,
        rpn_anchor_generator=AnchorGenerator(((8,), (16,), (32,), (64,), (128,)), (tiny_models.RATIOS,) * 5),
        rpn_head=RPNHead(8, 3),
        rpn_pre_nms_top_n_train=200,
        rpn_post_nms_top_n_train=100,
        rpn_batch_size_per_image=tiny_models.EVERYTHING,
        box_batch_size_per_image=tiny_models.EVERYTHING,
        box_roi_pool=tiny_models.pooler(7),
        box_head=faster_rcnn.TwoMLPHead(392, 16),
        box_predictor=faster_rcnn.FastRCNNPredictor(16, 4),
    )
    with open(os.path.join(folder, "golden_tiny_frcnn.json")) as file:
        described = json.load(file)["params"]
    with torch.no_grad():
        for (name, parameter), entry in zip(model.named_parameters(), described):
            assert name == entry["name"]
            i = np.arange(parameter.numel(), dtype=np.float64)
            value = np.sin(0.7 * i + 0.3 * entry["index"] + 0.1 + 0.013 * i * np.cos(0.01 * i)) * entry["scale"]
            parameter.copy_(torch.from_numpy(value.astype(np.float32).reshape(parameter.shape)))
    return model.double()


def configure_rpn(rpn, options):
    assign = rpn.assign_targets_to_anchors
    seen = {}

    def assign_and_remember(anchors, targets):
        labels, matched = assign(anchors, targets)
        seen.update(anchors=torch.cat(anchors), gt=torch.cat(matched))
        return labels, matched

    def compute_loss(objectness, deltas, labels, _regression_targets):
        positives, negatives = (torch.where(torch.cat(each))[0] for each in rpn.fg_bg_sampler(labels))
        sampled = torch.cat([positives, negatives])
        logits, labels = objectness.flatten()[sampled], torch.cat(labels)[sampled].double()
        if options["rpn"]["classification"] == "focal":
            objectness_loss = ops.sigmoid_focal_loss(logits, labels, **options["focal"], reduction="mean")
        else:
            objectness_loss = binary_cross_entropy_with_logits(logits, labels)
        box_loss = _box_loss(
            options["rpn"]["box"],
            rpn.box_coder,
            seen["anchors"][positives],
            seen["gt"][positives],
            deltas[positives],
            {"beta": options.get("smoothL1Beta", 1 / 9)},
        )
        return objectness_loss, box_loss / len(sampled)

    rpn.assign_targets_to_anchors = assign_and_remember
    rpn.compute_loss = compute_loss


def configure_roi_heads(heads, options):
    select = heads.select_training_samples
    seen = {}

    def select_and_remember(proposals, targets):
        selected = proposals, matched, *_ = select(proposals, targets)
        gt = [target["boxes"][indices] for target, indices in zip(targets, matched)]
        seen.update(proposals=torch.cat(proposals), gt=torch.cat(gt))
        return selected

    def loss(class_logits, box_regression, labels, _regression_targets):
        labels = torch.cat(labels)
        weights = weights_of_labels(options)
        if options["roi"]["classification"] == "focal":
            alpha, gamma = options["focal"]["alpha"], options["focal"]["gamma"]
            entropy = cross_entropy(class_logits, labels, reduction="none")
            alphas = torch.where(labels > 0, alpha, 1 - alpha)
            terms = alphas * weights[labels] * (1 - torch.exp(-entropy)) ** gamma * entropy
            class_loss = terms.sum() / weights[labels].sum()
        else:
            class_loss = cross_entropy(class_logits, labels, weights)
        positives = torch.where(labels > 0)[0]
        deltas = box_regression.reshape(len(labels), -1, 4)[positives, labels[positives]]
        box_loss = _box_loss(
            options["roi"]["box"],
            heads.box_coder,
            seen["proposals"][positives],
            seen["gt"][positives],
            deltas,
            {"beta": options.get("smoothL1Beta", 1 / 9)},
        )
        return class_loss, box_loss / len(labels)

    heads.select_training_samples = select_and_remember
    roi_heads.fastrcnn_loss = loss


def focal_loss(options):
    """sigmoid_focal_loss with weights of classes on what is positive."""

    def loss(logits, targets, reduction):
        assert reduction == "sum"
        losses = ops.sigmoid_focal_loss(logits, targets.double(), **options.get("focal", {}))
        return (losses * torch.where(targets > 0, weights_of_labels(options), 1.0)).sum()

    return loss


def build(case, folder):
    kind, options = case["model"], case["losses"]
    if kind == "frcnn":
        model = tiny_faster_rcnn(folder)
        configure_rpn(model.rpn, options)
        configure_roi_heads(model.roi_heads, options)
        return model
    model, _ = tiny_models.build(kind, torch.float64)
    if kind == "fcos":
        fcos.sigmoid_focal_loss = focal_loss(options)
        fcos.generalized_box_iou_loss = IOU_LOSSES[options["box"]]
    else:
        retinanet.sigmoid_focal_loss = focal_loss(options)
        model.head.regression_head._loss_type = options["box"]
    return model


def run(case, folder):
    model = build(case, folder).train()
    images = [tiny_models.image(phase, torch.float64) for phase in (0.0, 1.0)]
    targets = [tiny_models.tensors(target, torch.float64) for target in tiny_models.make_targets("frcnn")]
    losses = model(images, targets)
    weights = case["losses"].get("weights", {})
    losses = {name: loss * weights.get(name, 1) for name, loss in losses.items()}
    sum(losses.values()).backward()
    return {
        **case,
        "expected": {name: loss.item() for name, loss in losses.items()},
        "grads": {
            name: {"norm": parameter.grad.norm().item(), "first4": parameter.grad.flatten()[:4].tolist()}
            for name, parameter in model.named_parameters()
        },
    }


golden = {
    "torch": torch.__version__,
    "torchvision": torchvision.__version__,
    "cases": [run(case, sys.argv[1]) for case in CASES],
}
print(json.dumps(golden, indent=1))
