"""modules.py - packages of npm for a test, at the versions that a package.json in the source names.

They go into a folder of the build tree, and are fetched once.
"""

import filecmp
import os
import shutil
import subprocess


def fetch_modules(wanted, folder):
    """The folder of the modules that the file WANTED names, and why they can't be had, or None."""
    have = os.path.join(folder, "package.json")
    modules = os.path.join(folder, "node_modules")
    if not shutil.which("npm") or not shutil.which("node"):
        return modules, "node and npm aren't installed"
    if os.path.isdir(modules) and os.path.exists(have) and filecmp.cmp(wanted, have, False):
        return modules, None
    os.makedirs(folder, exist_ok=True)
    shutil.rmtree(modules, ignore_errors=True)
    shutil.copyfile(wanted, have)
    done = subprocess.run(["npm", "install", "--no-package-lock", "--no-audit", "--no-fund",
                           "--ignore-scripts", "--fetch-retries", "1", "--prefix", folder],
                          capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return modules, None
    shutil.rmtree(modules, ignore_errors=True)
    return modules, "npm couldn't fetch the packages of %s: %s" % (wanted, done.stderr.strip()[-200:])
