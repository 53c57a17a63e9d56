# run.py - fetches npm's mustache and runs compare.js: dime's templates against it, on random ones.
#
# usage: run.py BUILDDIR SRCDIR
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "hosts"))
from modules import fetch_modules  # noqa: E402


def main(build):
    modules, why = fetch_modules(os.path.join(HERE, "package.json"), os.path.join(build, "mustache"))
    if why:
        print(f"skip - templates against npm's mustache: {why}\n0 passed, 0 failed, 1 skipped")
        return 0
    return subprocess.run(["node", os.path.join(HERE, "compare.js"),
                           os.path.join(build, "tests", "mustache", "fill")],
                          env={**os.environ, "NODE_PATH": modules}, check=False).returncode


sys.exit(main(os.path.abspath(sys.argv[1])))
