# run.py - fetches the validator and runs check.js: www/openapi.json against OpenAPI 3.1, and the
# golden events against www/openapi.json.
#
# usage: run.py BUILDDIR SRCDIR
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "hosts"))
from modules import fetch_modules  # noqa: E402


def main(build, source):
    # Outside a build tree of `make distcheck`, which lasts only as long as the test.
    folder = os.environ.get("DIME_OPENAPI_MODULES", os.path.join(build, "openapi"))
    modules, why = fetch_modules(os.path.join(HERE, "package.json"), folder)
    if why:
        print(f"skip - the OpenAPI document: {why}\n0 passed, 0 failed, 1 skipped")
        return 0
    return subprocess.run(["node", os.path.join(HERE, "check.js"), source, build],
                          env={**os.environ, "NODE_PATH": modules}, check=False).returncode


sys.exit(main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])))
