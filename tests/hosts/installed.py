# installed.py - dime installed to a prefix of its own for a test, as an author has it who builds functions
# outside of its tree.
#
#     with Installed(build) as dime:
#         subprocess.run(["make"], cwd=project, env=dime.environment())
#
# pkg-config's files name the prefix that dime was configured for; here they name the one it was installed to.
import glob
import os
import re
import shutil
import subprocess
import tempfile


class Installed:
    """An installation, which is gone after the `with`."""

    def __init__(self, build):
        self.build = os.path.abspath(build)

    def __enter__(self):
        self.prefix = tempfile.mkdtemp(prefix="dime-installed.")
        try:
            done = subprocess.run(["make", "-s", "--no-print-directory", "install", "prefix=" + self.prefix, "MODELS="],
                                  cwd=self.build, capture_output=True, text=True, check=False)
            if done.returncode:
                raise AssertionError("make install: " + done.stderr[-1000:])
            for name in glob.glob(os.path.join(self.prefix, "**", "dime*.pc"), recursive=True):
                self.packages = os.path.dirname(name)
                with open(name, encoding="utf-8") as file:
                    text = re.sub("^prefix=.*", "prefix=" + self.prefix, file.read(), flags=re.M)
                with open(name, "w", encoding="utf-8") as file:
                    file.write(text)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.prefix, ignore_errors=True)

    def path(self, *names):
        """A file of the installation."""
        return os.path.join(self.prefix, *names)

    def environment(self, **more):
        """What an author's shell has: the place of dime's .pc, and hardly more."""
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TMPDIR", "CCACHE_DIR")}
        return {**kept, "LC_ALL": "C.UTF-8", "PKG_CONFIG_PATH": self.packages, **more}
