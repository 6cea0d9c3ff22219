"""Detects in the pictures of a folder with ONNX Runtime and a detector that `rcnn export` has written, as a whole process:
throughput_onnx.py DETECTOR.onnx FOLDER OUT.json SCORE_THRESHOLD

What a user would write: a thread decodes ahead, the session takes a picture at a time on two threads, the detections become JSON.
"""
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime
from PIL import Image

AHEAD = 4

detector, folder, out, threshold = sys.argv[1:]
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 2
session = onnxruntime.InferenceSession(detector, options, providers=["CPUExecutionProvider"])
names = sorted(os.listdir(folder))


def decode(name):
    return np.asarray(Image.open(os.path.join(folder, name)).convert("RGB"))


results = []
with ThreadPoolExecutor(1) as pool:
    waiting = [pool.submit(decode, name) for name in names[:AHEAD]]
    for k, name in enumerate(names):
        picture = waiting.pop(0).result()
        if k + AHEAD < len(names):
            waiting.append(pool.submit(decode, names[k + AHEAD]))
        boxes, labels, scores = session.run(["boxes", "labels", "scores"], {"images": picture[None]})
        detections = [
            {"bbox": [x1, y1, x2 - x1, y2 - y1], "category_id": label, "score": score}
            for (x1, y1, x2, y2), label, score in zip(boxes[0].tolist(), labels[0].tolist(), scores[0].tolist())
            if score >= float(threshold)
        ]
        height, width = picture.shape[:2]
        results.append({"file": name, "width": width, "height": height, "detections": detections})
with open(out, "w") as file:
    json.dump(results, file)
