"""Versions of packages, of those that are installed, as JSON: installed_versions.py PACKAGE..."""
import json
import sys
from importlib.metadata import PackageNotFoundError, version

found = {}
for name in sys.argv[1:]:
    try:
        found[name] = version(name)
    except PackageNotFoundError:
        pass
print(json.dumps(found))
