"""Writes transfer-golden.json: what the bodies for transfer learning must give, computed by PyTorch in float64.

EfficientNet-Lite0: the model of PyPI's efficientnet-lite-pytorch, with the peer kit's formula weights.
MobileNetV2: spelled out below, with TensorFlow's padding, and the weights of the file given.

From the repository's root, with the peer kit's python:
  pip install --no-deps --target lite efficientnet-lite-pytorch==0.1.0
  PYTHONPATH=lite:../shared/peers/torchvision python tests/detection/modeling/backbone/make-transfer-golden.py \
    ../shared/weights/mobilenet_v2_1.0_224.safetensors > tests/detection/modeling/backbone/transfer-golden.json
"""

import json
import struct
import sys

import numpy as np
import torch
import torch.nn.functional as F
from efficientnet_lite_pytorch import EfficientNet, utils
from peer_common import formula_state_dict

HEIGHT, WIDTH, SEED, SAMPLES = 75, 102, 7, 8


def picture():
    y, x, c = np.meshgrid(np.arange(HEIGHT), np.arange(WIDTH), np.arange(3), indexing="ij")
    return torch.from_numpy((37 * y + 11 * x * y + 5 * x + 71 * c) % 256 / 127.5 - 1).permute(2, 0, 1)[None]


def efficientnet():
    model = EfficientNet.from_name("efficientnet-lite0").eval()
    model.load_state_dict(formula_state_dict(model.state_dict(), SEED))
    for layer in model.modules():
        # The same rule for any size of image, instead of for 224.
        if isinstance(layer, utils.Conv2dStaticSamePadding):
            layer.__class__ = utils.Conv2dDynamicSamePadding
    maps = []
    for block in (4, 10):
        model._blocks[block].register_forward_hook(lambda _module, _inputs, output: maps.append(output))
    last = model.double().extract_features(picture())
    return [*maps, last]


def read_safetensors(file):
    with open(file, "rb") as stream:
        raw = stream.read()
    start = 8 + struct.unpack("<Q", raw[:8])[0]
    entries = json.loads(raw[8:start])
    entries.pop("__metadata__", None)
    return {
        name: torch.from_numpy(
            np.frombuffer(raw[start:], "<f4", np.prod(entry["shape"], dtype=int), entry["data_offsets"][0])
            .reshape(entry["shape"])
            .astype(np.float64)
        )
        for name, entry in entries.items()
        if entry["dtype"] == "F32"
    }


def mobilenet(weights):
    def layer(x, convolution, norm, stride=1, groups=1, activate=True):
        weight = weights[f"{convolution}.weight"]
        total = [max((-(-side // stride) - 1) * stride + weight.shape[-1] - side, 0) for side in x.shape[2:]]
        (top, bottom), (left, right) = [(pad // 2, pad - pad // 2) for pad in total]
        y = F.conv2d(F.pad(x, [left, right, top, bottom]), weight, None, stride, groups=groups)
        statistics = [weights[f"{norm}.{name}"] for name in ("running_mean", "running_var", "weight", "bias")]
        y = F.batch_norm(y, *statistics)
        return F.relu6(y) if activate else y

    x = layer(picture(), "features.0.0", "features.0.1", 2)
    maps = []
    index = 1
    groups = ((1, 1, 1), (6, 2, 2), (6, 3, 2), (6, 4, 2), (6, 3, 1), (6, 3, 2), (6, 1, 1))
    for expansion, blocks, group_stride in groups:
        for block in range(blocks):
            stride = group_stride if block == 0 else 1
            name = f"features.{index}.conv"
            y = layer(x, f"{name}.0.0", f"{name}.0.1") if expansion > 1 else x
            k = 1 if expansion > 1 else 0
            y = layer(y, f"{name}.{k}.0", f"{name}.{k}.1", stride, groups=y.shape[1])
            y = layer(y, f"{name}.{k + 1}", f"{name}.{k + 2}", activate=False)
            x = x + y if x.shape == y.shape else y
            if index in (6, 13):
                maps.append(x)
            index += 1
    return [*maps, layer(x, "features.18.0", "features.18.1")]


def summary(feature):
    """Shape, sums, and values spread over a map, NHWC."""
    values = feature.permute(0, 2, 3, 1).contiguous()
    flat = values.flatten()
    at = [index * (len(flat) - 1) // (SAMPLES - 1) for index in range(SAMPLES)]
    return {
        "shape": list(values.shape),
        "sum": flat.sum().item(),
        "absoluteSum": flat.abs().sum().item(),
        "at": at,
        "values": flat[at].tolist(),
    }


with torch.no_grad():
    golden = {
        "torch": torch.__version__,
        "EfficientNetLite0": [summary(feature) for feature in efficientnet()],
        "MobileNetV2": [summary(feature) for feature in mobilenet(read_safetensors(sys.argv[1]))],
    }
print(json.dumps(golden, indent=2))
