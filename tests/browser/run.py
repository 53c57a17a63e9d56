# run.py - serves dime and lets a real browser loose on it (pages.js).
#
# usage: run.py BUILDDIR SRCDIR
# The two packages that the browser is driven with come from npm, at the versions of package.json, into the
# build tree; they are fetched once. Where they or Chromium can't be had, the test is skipped by name.
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "hosts"))
from apertium import Apertium, missing  # noqa: E402
from labels_calls import get_models  # noqa: E402
from modules import fetch_modules  # noqa: E402
from serving import Serving  # noqa: E402


def skip(why):
    print(f"skip - the pages in a browser: {why}")
    print("0 passed, 0 failed, 1 skipped")
    sys.exit(0)


def main(build, source):
    # The one without a window starts thrice as fast, and is the same engine.
    browser = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if not browser:
        skip("chromium-headless-shell isn't installed")
    # Outside a build tree of `make distcheck`, which lasts only as long as the test.
    folder = os.environ.get("DIME_BROWSER_MODULES", os.path.join(build, "browser"))
    modules, why = fetch_modules(os.path.join(source, "tests", "browser", "package.json"), folder)
    if why:
        skip(why)
    shots = os.path.join(build, "tests", "screenshots")
    os.makedirs(shots, exist_ok=True)
    get_models(build, source)  # without them, what needs them is skipped by pages.js
    with contextlib.ExitStack() as stack:
        environment = {}
        if not missing():  # what needs it is skipped by pages.js
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="dime"))
            environment["TRANSLATE_URL"] = stack.enter_context(Apertium(source, folder)).url
        site = stack.enter_context(Serving(build, source, environment=environment))
        status = subprocess.run(["node", os.path.join(source, "tests", "browser", "pages.js"),
                                 site.url(), shots],
                                env={**os.environ, "NODE_PATH": modules, "CHROMIUM": browser}).returncode
    return status


sys.exit(main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])))
