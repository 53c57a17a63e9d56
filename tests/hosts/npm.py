# npm.py - packages from npm for a test, at the versions of its package.json, fetched once.
import os
import shutil
import subprocess


def skip(what, why):
    """Ends the program: WHAT is skipped, for this reason."""
    print(f"skip - {what}: {why}")
    print("0 passed, 0 failed, 1 skipped")
    raise SystemExit(0)


def modules(wanted, folder, what):
    """The folder of the modules of the package.json WANTED, fetched into FOLDER unless they are there."""
    for tool in ("node", "npm"):
        if not shutil.which(tool):
            skip(what, f"{tool} isn't installed")
    have, found = os.path.join(folder, "package.json"), os.path.join(folder, "node_modules")
    if os.path.exists(have) and os.path.isdir(found):
        with open(have, encoding="utf-8") as old, open(wanted, encoding="utf-8") as new:
            if old.read() == new.read():
                return found
    os.makedirs(folder, exist_ok=True)
    shutil.rmtree(found, ignore_errors=True)
    shutil.copyfile(wanted, have)
    done = subprocess.run(["npm", "install", "--no-package-lock", "--no-audit", "--no-fund",
                           "--ignore-scripts", "--fetch-retries", "1", "--prefix", folder],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        shutil.rmtree(found, ignore_errors=True)
        skip(what, "npm couldn't fetch its packages: " + done.stderr.strip()[-200:])
    return found
