"""COCO evaluation of boxes by faster-coco-eval: coco_evaluation.py INSTANCES.json DETECTIONS.json"""
import contextlib
import io
import json
import sys

from faster_coco_eval import COCO, COCOeval_faster

with contextlib.redirect_stdout(io.StringIO()):
    truth = COCO(sys.argv[1])
    evaluation = COCOeval_faster(truth, truth.loadRes(sys.argv[2]), "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
print(json.dumps({"stats": [float(value) for value in evaluation.stats[:12]]}))
