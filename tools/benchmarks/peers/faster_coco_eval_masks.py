"""COCO's evaluation of masks by faster-coco-eval, as a whole process: python3 faster_coco_eval_masks.py TRUTH.json FOUND.json"""

import sys

from faster_coco_eval import COCO, COCOeval_faster

truth = COCO(sys.argv[1])
evaluation = COCOeval_faster(truth, truth.loadRes(sys.argv[2]), "segm")
evaluation.evaluate()
evaluation.accumulate()
evaluation.summarize()
