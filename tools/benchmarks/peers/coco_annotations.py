"""Loads an instances file with pycocotools: coco_annotations.py INSTANCES.json"""
import contextlib
import io
import json
import re
import sys
import time

from pycocotools.coco import COCO

start = time.perf_counter()
with contextlib.redirect_stdout(io.StringIO()):
    coco = COCO(sys.argv[1])
seconds = time.perf_counter() - start
with open("/proc/self/status") as status:
    peak = int(re.search(r"^VmHWM:\s*(\d+) kB$", status.read(), re.MULTILINE)[1])
print(json.dumps({
    "images": len(coco.imgs),
    "annotations": len(coco.anns),
    "seconds": seconds,
    "cpu_seconds": time.process_time(),
    "peak_mb": peak * 1024 / 1e6,
}))
