# run.py - serves dime and lets a real browser loose on it (pages.js).
#
# usage: run.py BUILDDIR SRCDIR
# The two packages that the browser is driven with come from npm, at the versions of package.json, into the
# build tree; they are fetched once. Where they or Chromium can't be had, the test is skipped by name.
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "hosts"))
import npm  # noqa: E402 - it lies beside the tests of the hosts
from serving import Serving  # noqa: E402

WHAT = "the pages in a browser"


def main(build, source):
    if not shutil.which("chromium"):
        npm.skip(WHAT, "chromium isn't installed")
    # Outside a build tree of `make distcheck`, which lasts only as long as the test.
    folder = os.environ.get("DIME_BROWSER_MODULES", os.path.join(build, "browser"))
    modules = npm.modules(os.path.join(HERE, "package.json"), folder, WHAT)
    shots = os.path.join(build, "tests", "screenshots")
    os.makedirs(shots, exist_ok=True)
    with Serving(build, source) as site:
        status = subprocess.run(["node", os.path.join(source, "tests", "browser", "pages.js"),
                                 site.url(), shots],
                                env={**os.environ, "NODE_PATH": modules}).returncode
    return status


sys.exit(main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])))
