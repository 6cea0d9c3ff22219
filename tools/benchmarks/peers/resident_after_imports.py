"""Megabytes that this process holds after importing modules: resident_after_imports.py MODULE..."""
import importlib
import re
import sys

for name in sys.argv[1:]:
    importlib.import_module(name)
with open("/proc/self/status") as status:
    print(int(re.search(r"^VmRSS:\s*(\d+) kB$", status.read(), re.MULTILINE)[1]) / 1024)
