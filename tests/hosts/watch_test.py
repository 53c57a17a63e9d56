#!/usr/bin/env python3
"""watch_test.py - dime watch: each file has its one result, whole or not at all.

Usage: watch_test.py BUILDDIR. The function adds up the bytes of the file, so that a result tells
which content it is of. Files come as programs write them: in pieces, under another name first, by
links, thousands at once, while the watcher is killed; what isn't a file's last content must not stay.
"""

import json
import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

sys.dont_write_bytecode = True  # the source may be another's, or be read only
from fastcgi import Program, Skip, equal, expect, is_sanitized, main, processor_time, wait_until
from queue_test import function_of

MANY = 10000
SUFFIX = ".sum.json"


class Watcher(Program):
    def __init__(self, folder, program, *options, wait=0, status=0, function="sum", notes="/dev/null",
                 ready=True, within=()):
        """WITHIN: a command that becomes the one behind it, such as setpriv."""
        environment = dict(os.environ, PROBE_WAIT=str(wait), PROBE_STATUS=str(status), PROBE_FILE=notes)
        first, *words = [*within, program, "watch", folder, "--function", function_of(program, function),
                         *options]
        super().__init__(os.path.dirname(folder), first, words, environment=environment)
        if ready:
            wait_until(lambda: "watching" in self.said() or self.process.poll() is not None, 10,
                       "it doesn't begin")

    def stop(self, within=10.0):
        self.signal(signal.SIGTERM)
        return self.wait(within)


def place(folder):
    path = os.path.join(folder, "in box")
    os.mkdir(path)
    return path


def put(path, data):
    with open(path, "wb") as file:
        file.write(data)


def sum_of(data):
    total = 0xCBF29CE484222325
    for byte in data:
        total = ((total ^ byte) * 0x100000001B3) & (1 << 64) - 1
    return "%016x" % total


def result(path):
    """The result of a file; None where there is none. One that is torn fails the test."""
    try:
        with open(path + SUFFIX, "rb") as file:
            return json.loads(file.read())
    except FileNotFoundError:
        return None


def file_name(found):
    """The name that the function was told (RFC 6266)."""
    plain, _, encoded = found["name"].removeprefix("attachment; filename").partition("*=UTF-8''")
    return urllib.parse.unquote(encoded, errors="strict") if encoded else plain.removeprefix('="')[:-1]


def is_right(path, data):
    found = result(path)
    return bool(found) and found.get("sum") == sum_of(data)


def once(box, program, status=0, **words):
    """Runs it with --once, which has to end with this status; what it said."""
    with Watcher(box, program, "--once", ready=False, **words) as watcher:
        equal(watcher.wait(30), status, "the exit status")
        return watcher.said()


def as_nobody(folder, box, program):
    """The command to run the program as nobody, who may write to the box."""
    command = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]
    if os.getuid() != 0 or not shutil.which("setpriv"):
        raise Skip("needs root, to become somebody else")
    os.chmod(folder, 0o755)
    os.chmod(box, 0o777)
    if subprocess.run([*command, program, "--help"], stdout=subprocess.DEVNULL, check=False).returncode:
        raise Skip("nobody can't run what is below this folder")
    return command


def with_mount(*words):
    """The command to run the program where this is mounted, for it alone."""
    command = ["unshare", "--mount", "sh", "-c",
               'mount %s && exec "$@"' % " ".join(map(shlex.quote, words)), "sh"]
    if os.getuid() != 0 or subprocess.run([*command, "true"], stderr=subprocess.DEVNULL, check=False).returncode:
        raise Skip("needs root, and a mount of its own: mount %s" % " ".join(words))
    return command


def names(box):
    return sorted(name for name in os.listdir(box) if not name.startswith("."))


def test_takes_what_is_put_there(folder, program):
    box = place(folder)
    odd = ["a", "b c.jpg", "\u00e9\u4e2d.png", "new\nline", "-x", "a%20b+c", "x" * (255 - len(SUFFIX)), "q\"\\"]
    put(os.path.join(box, "before"), b"before")
    with Watcher(box, program) as watcher:
        for name in odd:
            put(os.path.join(box, name), name.encode())
        put(os.path.join(box, "empty"), b"")
        for name in odd:
            wait_until(lambda name=name: is_right(os.path.join(box, name), name.encode()), 5, repr(name))
            found = result(os.path.join(box, name))
            equal(file_name(found), name, "the name")
            equal(found["type"], {".jpg": "image/jpeg", ".png": "image/png"}.get(name[-4:], "application/octet-stream"),
                  "the type of %r" % name)
        wait_until(lambda: is_right(os.path.join(box, "before"), b"before"), what="what was there before")
        wait_until(lambda: result(os.path.join(box, "empty")), what="the empty file")
        equal(watcher.stop(), 0, "the exit status")
    equal(len(names(box)), 2 * (len(odd) + 2), "the files: %r" % names(box))
    hidden = [name for name in os.listdir(box) if name.startswith(".")]
    equal(hidden, [".dime-watch.sum.lock"], "what is left")


def test_a_folder_by_any_of_its_paths(folder, program):
    box = place(folder)
    link = os.path.join(folder, "link")
    os.symlink(box, link)
    for path in (".", "./", "../in box/.", link, link + "/"):
        put(os.path.join(box, "a"), b"a")
        subprocess.run([program, "watch", path, "--function", function_of(program, "sum"), "--once"], cwd=box,
                       check=True, stderr=subprocess.DEVNULL, timeout=9)
        expect(is_right(os.path.join(box, "a"), b"a"), "the result in %s" % path)
        os.unlink(os.path.join(box, "a" + SUFFIX))


def test_leaves_alone_what_is_no_upload(folder, program):
    box = place(folder)
    put(os.path.join(folder, "secret"), b"secret")
    os.symlink(os.path.join(folder, "secret"), os.path.join(box, "link"))
    os.mkfifo(os.path.join(box, "pipe"))
    os.mkdir(os.path.join(box, "folder"))
    put(os.path.join(box, ".hidden"), b"x")
    put(os.path.join(box, "a.probe.json"), b"x")  # another function's, which has watched here
    put(os.path.join(box, ".dime-watch.probe.lock"), b"")
    put(os.path.join(box, "y" * 250), b"x")  # its result's name would be too long
    put(os.path.join(box, "last"), b"last")
    before = set(os.listdir(box))
    with Watcher(box, program, "--once", ready=False) as watcher:
        equal(watcher.wait(), 1, "the exit status")
        expect("can't have a result" in watcher.said(), "it says %r" % watcher.said())
    equal(set(os.listdir(box)) - before, {"last" + SUFFIX, ".dime-watch.sum.lock"}, "what is new")


def test_waits_until_a_file_is_whole(folder, program):
    """Nobody sees half a file, whether it was begun before the watcher or after."""
    box = place(folder)
    paths = [os.path.join(box, name) for name in ("early", "late")]
    early = open(paths[0], "wb")
    early.write(b"half")
    early.flush()
    with Watcher(box, program) as watcher:
        late = open(paths[1], "wb")
        for file in (early, late):
            file.write(b"half")
            file.flush()
        put(os.path.join(box, "other"), b"other")
        wait_until(lambda: is_right(os.path.join(box, "other"), b"other"), what="another file")
        time.sleep(0.2)
        equal([result(path) for path in paths], [None, None], "the results of halves")
        for file in (early, late):
            file.write(b"end")
            file.close()
        wait_until(lambda: is_right(paths[0], b"halfhalfend"), what="the early one")
        wait_until(lambda: is_right(paths[1], b"halfend"), what="the late one")
        equal(watcher.stop(), 0, "the exit status")
        equal(watcher.said().count('"host":"watch"'), 3, "how often it ran")


def test_follows_changes_renames_and_links(folder, program):
    box = place(folder)
    path = os.path.join(box, "a")
    with Watcher(box, program) as watcher:
        put(os.path.join(folder, "upload"), b"first")
        os.rename(os.path.join(folder, "upload"), path)
        wait_until(lambda: is_right(path, b"first"), what="what was moved in")
        put(os.path.join(box, ".part"), b"second")
        os.rename(os.path.join(box, ".part"), path)
        wait_until(lambda: is_right(path, b"second"), what="what replaced it")
        with open(path, "ab") as file:
            file.write(b"+")
        wait_until(lambda: is_right(path, b"second+"), what="what was added")
        os.rename(path, os.path.join(box, "b"))
        wait_until(lambda: is_right(os.path.join(box, "b"), b"second+"), what="what was renamed")
        put(os.path.join(folder, "linked"), b"linked")
        os.link(os.path.join(folder, "linked"), os.path.join(box, "c"))
        wait_until(lambda: is_right(os.path.join(box, "c"), b"linked"), what="what was linked")
        os.unlink(os.path.join(box, "c" + SUFFIX))
        equal(watcher.stop(), 0, "the exit status")
    with Watcher(box, program, "--once", ready=False) as watcher:
        equal(watcher.wait(), 0, "the exit status")
        equal(watcher.said().count('"host":"watch"'), 1, "how often it ran: what had no result")


def test_keeps_no_result_of_what_has_changed(folder, program):
    """A file that is written again and again ends with the result of its last content."""
    box = place(folder)
    path = os.path.join(box, "busy")
    with Watcher(box, program, "--concurrency", "3", wait=3) as watcher:
        for round_number in range(150):
            data = b"%04d" % round_number  # always of one size
            if round_number % 2:
                put(path, data)
            else:
                put(path + ".new", data)
                os.rename(path + ".new", path)
            time.sleep(random.choice((0, 0, 0.001, 0.005, 0.02)))
            result(path)
        wait_until(lambda: is_right(path, data), what="the last content: %r" % result(path))
        time.sleep(0.1)
        expect(is_right(path, data), "the result of the last content is gone")
        equal(watcher.stop(), 0, "the exit status")


def test_many_files_with_kills_and_restarts(folder, program):
    # In memory where that can be: a disk that is synced so often would be what is measured.
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as quick:
        many_files(quick, program)


def many_files(folder, program):
    box = place(folder)
    started, kills = time.monotonic(), 0
    contents = {"%05d" % number: os.urandom(random.randrange(1, 60)) for number in range(MANY)}
    done = threading.Event()

    def fill():
        for number, (name, data) in enumerate(contents.items()):
            path = os.path.join(box, name)
            if number % 3:
                put(path, data)
            else:
                put(path + ".part", data)
                os.rename(path + ".part", path)
        done.set()

    def missing():
        return len(contents) - sum(name.endswith(SUFFIX) and ".part" not in name for name in os.listdir(box))

    filler = threading.Thread(target=fill)
    options = (box, program, "--concurrency", "2")
    watcher = Watcher(*options, ready=False)
    try:
        filler.start()
        while not done.is_set() or missing():
            time.sleep(random.uniform(0.3, 0.9))
            watcher.signal(signal.SIGKILL if kills % 3 else signal.SIGTERM)
            watcher.wait()
            watcher = Watcher(*options, ready=False)
            kills += 1
            expect(time.monotonic() - started < 80, "%d results are missing" % missing())
        wait_until(lambda: "watching" in watcher.said(), 10, "it doesn't begin")
        equal(watcher.stop(), 0, "the exit status")
    finally:
        watcher.__exit__()
        filler.join()
    with Watcher(box, program, "--once", ready=False) as watcher:
        equal(watcher.wait(20), 0, "the exit status of a last look")
    wrong = [name for name, data in contents.items() if not is_right(os.path.join(box, name), data)]
    equal(wrong, [], "the files whose results are wrong")
    found = [name for name in os.listdir(box) if name.endswith(SUFFIX)]
    equal(len([name for name in found if ".part" not in name]), MANY, "the results")
    equal([name for name in os.listdir(box) if name.startswith(".") and "lock" not in name], [],
          "what was left over")
    print("#! %d files, %d kills and restarts: each has its one result, %.1f s"
          % (MANY, kills, time.monotonic() - started), flush=True)


def test_looks_again_when_the_queues_overflow(_, program):
    """The kernel tells of so many files at most while the watcher sleeps."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as quick:
        overflow(quick, program)


def overflow(folder, program):
    with open("/proc/sys/fs/inotify/max_queued_events") as limit:
        most = int(limit.read())
    if most > 20000:
        raise Skip("the kernel's queue is too long here: %d" % most)
    box = place(folder)
    with Watcher(box, program, "--concurrency", "2") as watcher:
        watcher.signal(signal.SIGSTOP)
        count = most // 3 + 200  # three events for each
        for number in range(count):
            put(os.path.join(box, str(number)), b"x")
        watcher.signal(signal.SIGCONT)
        wait_until(lambda: sum(name.endswith(SUFFIX) for name in os.listdir(box)) == count, 40,
                   "not all have results")
        equal(watcher.stop(), 0, "the exit status")


def test_tries_again_what_may_succeed(folder, program):
    box, notes = place(folder), os.path.join(folder, "notes")
    put(os.path.join(box, "odd"), b"1")
    put(os.path.join(box, "even"), b"12")
    with Watcher(box, program, status=503, notes=notes) as watcher:
        wait_until(lambda: is_right(os.path.join(box, "even"), b"12"), what="what succeeds")
        wait_until(lambda: watcher.said().count("failed with 503, and is retried") >= 2, 10,
                   "it isn't tried again")
        equal(result(os.path.join(box, "odd")), None, "the result of a failure that may pass")
        equal(watcher.stop(), 0, "the exit status")
    with Watcher(box, program, "--once", status=422, ready=False) as watcher:
        equal(watcher.wait(), 4, "the exit status")
    equal(result(os.path.join(box, "odd"))["status"], 422, "the result of one that won't pass")
    os.truncate(os.path.join(box, "even"), 2 << 20)
    with Watcher(box, program, "--once", ready=False) as watcher:
        equal(watcher.wait(), 4, "the exit status")
    expect("at most 1048576 bytes" in result(os.path.join(box, "even"))["detail"], "of a file of 2 MB")
    os.truncate(os.path.join(box, "even"), 17 << 20)
    with Watcher(box, program, "--once", ready=False) as watcher:
        equal(watcher.wait(), 4, "the exit status")
        expect('"host":"watch","status":413' in watcher.said(), "it says %r" % watcher.said())
    expect("more than 16 MiB" in result(os.path.join(box, "even"))["detail"], "of a file of 17 MB")


def test_takes_again_what_was_our_fault(folder, program):
    """A wrong setting isn't the result for good: a right start has it anew, and once."""
    box = place(folder)
    paths = [os.path.join(box, name) for name in ("odd", "even")]
    put(paths[0], b"1")
    put(paths[1], b"12")
    with Watcher(box, program, "--once", status=503, ready=False) as watcher:
        equal(watcher.wait(60), 5, "the exit status")
        equal(watcher.said().count("odd failed with 503, and is retried: "), 4, "the tries")
        equal(watcher.said().count("odd failed with 503, and is retried at the next start: "), 1, "the last")
    equal(result(paths[0])["status"], 503, "the result until then")
    for times in (1, 0):
        with Watcher(box, program, "--once", ready=False) as watcher:
            equal(watcher.wait(), 0, "the exit status")
            equal(watcher.said().count('"host":"watch"'), times, "how often it ran")
        expect(is_right(paths[0], b"1") and is_right(paths[1], b"12"), "a result is wrong")


def test_a_program_that_crashes(folder, program):
    """It's started again; the file that it crashes on is tried a few times, and costs no other its result."""
    box = place(folder)
    rude = os.path.join(os.path.dirname(os.path.abspath(__file__)), "rude.py")
    script = os.path.join(folder, "picky")
    with open(script, "w") as file:
        file.write("#!/bin/sh\nRUDE_BODY=1 exec %s\n" % rude)
    os.chmod(script, 0o755)
    for name, does in (("a", "wait"), ("b", "crash"), ("c", "wait"), ("d", "crash"), ("e", "wait")):
        put(os.path.join(box, name), does.encode())
    with Watcher(box, program, "--once", function=script, ready=False) as watcher:
        equal(watcher.wait(60), 5, "the exit status")
        equal(watcher.said().count("b failed with 502, and is retried: The function's program was killed by "
                                   "signal 11"), 4, "the tries")
    for name, wanted in (("a", "fine"), ("b", "502"), ("c", "fine"), ("d", "502"), ("e", "fine")):
        with open(os.path.join(box, name + ".picky.json")) as file:
            expect(wanted in file.read(), "the result of %s" % name)


def test_finishes_what_runs(folder, program):
    box = place(folder)
    for number in range(5):
        put(os.path.join(box, str(number)), b"x")
    with Watcher(box, program, wait=500) as watcher:
        time.sleep(0.2)
        start = time.monotonic()
        equal(watcher.stop(), 0, "the exit status")
        expect(0.1 < time.monotonic() - start < 2, "it took %.1f s" % (time.monotonic() - start))
        equal(len([name for name in names(box) if name.endswith(SUFFIX)]), 1, "the results")
    with Watcher(box, program, wait=20000) as watcher:
        time.sleep(0.2)
        watcher.signal(signal.SIGTERM)
        time.sleep(0.2)
        watcher.signal(signal.SIGHUP)  # as good as at once: the same wish
        time.sleep(1)
        watcher.signal(signal.SIGTERM)
        equal(watcher.wait(), 1, "the exit status after a second signal")


def test_a_result_that_cannot_be_written(folder, program):
    """It's tried again, and nothing is torn."""
    box = place(folder)
    blocked = os.path.join(box, "a" + SUFFIX)
    put(os.path.join(box, "a"), b"12")
    os.mkdir(blocked)
    with Watcher(box, program) as watcher:
        wait_until(lambda: "can't be written" in watcher.said(), 10, "it doesn't say")
        equal(os.listdir(blocked), [], "what is in the way")
        os.rmdir(blocked)
        wait_until(lambda: is_right(os.path.join(box, "a"), b"12"), 10, "it has no result")
        equal(watcher.stop(), 0, "the exit status")
    os.mkdir(os.path.join(box, "b" + SUFFIX))
    put(os.path.join(box, "b"), b"12")
    with Watcher(box, program, "--once", ready=False) as watcher:
        wait_until(lambda: watcher.said().count("can't be written") >= 2, 10, "it isn't tried again")
        equal(watcher.stop(), 0, "the exit status")
    equal([name for name in os.listdir(box) if name.startswith(".")], [".dime-watch.sum.lock"], "what is left")


def test_a_replacement_of_the_same_time(folder, program):
    """What has another's time and size isn't taken for it: moved, copied, linked there, or swapped."""
    box, old = place(folder), time.time() - 1e6
    path, new = os.path.join(box, "a"), os.path.join(folder, "new")

    def make(where, data):
        put(where, data)
        os.utime(where, (old, old))

    def copy_into():
        with open(path, "r+b") as file, open(new, "rb") as source:
            file.write(source.read())
        os.utime(path, (old, old))

    def link_over():
        os.unlink(path)
        os.link(new, path)
    ways = (lambda: os.rename(new, path), copy_into, link_over)
    for live in (False, True):
        make(path, b"first")
        once(box, program)
        for number, way in enumerate(ways):
            data = b"%d %3d" % (live, number)
            make(new, data)
            if live:
                with Watcher(box, program) as watcher:
                    way()
                    wait_until(lambda data=data: is_right(path, data), 10, "the result of way %d" % number)
                    equal(watcher.stop(), 0, "the exit status")
            else:
                way()
                once(box, program)
            expect(is_right(path, data), "the result of what came by way %d" % number)
    make(path, b"12345")
    make(path + "2", b"54321")
    equal(once(box, program).count('"host":"watch"'), 2, "how often it ran")
    for old_name, new_name in (("a", "t"), ("a2", "a"), ("t", "a2")):
        os.rename(os.path.join(box, old_name), os.path.join(box, new_name))
    once(box, program)
    expect(is_right(path, b"54321") and is_right(path + "2", b"12345"), "the results of a swap")
    equal(once(box, program).count('"host":"watch"'), 0, "how often it ran when nothing had changed")


def test_names_in_other_bytes(folder, program):
    """A file whose name isn't UTF-8 is read as any other; in the header, which is text, it has U+FFFD."""
    box = place(folder)
    for name, key in ((b"caf\xe9.jpg", "caf\ufffd.jpg"), (b"\xff", "\ufffd"), (b"\xe4\xb8", "\ufffd\ufffd")):
        path = os.path.join(os.fsencode(box), name)
        put(path, name)
        once(box, program)
        with open(path + SUFFIX.encode(), "rb") as file:
            found = json.loads(file.read().decode("utf-8"))
        equal(found["sum"], sum_of(name), "the sum")
        equal(file_name(found), key, "the name")


def test_nobody_else_can_stop_it(folder, program):
    """Who may put files into the folder can't make it wait, write elsewhere, or leave files there."""
    box = place(folder)
    path, secret = os.path.join(box, "a"), os.path.join(folder, "secret")
    put(secret, b"secret")
    for number in range(4):  # the names of its temporary files, once
        os.mkfifo(os.path.join(box, ".dime-watch.sum.%d" % number))
    os.symlink(secret, os.path.join(box, ".dime-watch.sum.0123456789abcdef"))
    put(os.path.join(box, ".dime-watch.sum.note"), b"somebody's")
    with Watcher(box, program) as watcher:
        put(path, b"a")
        wait_until(lambda: is_right(path, b"a"), 10, "it has no result")
        os.unlink(path + SUFFIX)
        os.symlink(secret, path + SUFFIX)  # in the place of a result
        put(path, b"ab")
        wait_until(lambda: not os.path.islink(path + SUFFIX) and is_right(path, b"ab"), 10, "the result of ab")
        os.mkfifo(os.path.join(box, "fifo.moved"))
        os.rename(os.path.join(box, "fifo.moved"), os.path.join(box, "fifo"))
        put(path, b"abc")
        wait_until(lambda: is_right(path, b"abc"), 10, "the result of abc")
        equal(watcher.stop(), 0, "the exit status")
    with open(secret, "rb") as file:
        equal(file.read(), b"secret", "what the links lead to")
    equal(sorted(name for name in os.listdir(box) if name.startswith(".")),
          [".dime-watch.sum.lock", ".dime-watch.sum.note"], "what is left over")
    equal(os.stat(os.path.join(box, ".dime-watch.sum.lock")).st_mode & 0o777, 0o600, "mode of the lock")
    os.unlink(os.path.join(box, ".dime-watch.sum.lock"))
    os.mkfifo(os.path.join(box, ".dime-watch.sum.lock"))
    expect("must be a file" in once(box, program, 1), "it doesn't say what is wrong with the lock")


def test_links_of_another_users_files(folder, program):
    """On another's file there is no lease: it's taken when it has come to rest."""
    box = place(folder)
    nobody = as_nobody(folder, box, program)
    path = os.path.join(box, "a")
    put(os.path.join(folder, "linked"), b"linked")
    with Watcher(box, program, within=nobody) as watcher:
        os.link(os.path.join(folder, "linked"), path)
        wait_until(lambda: is_right(path, b"linked"), 20, "what was linked")
        put(os.path.join(box, "b"), b"b")
        wait_until(lambda: is_right(os.path.join(box, "b"), b"b"), 20, "what was written")
        os.link(os.path.join(folder, "linked"), os.path.join(folder, "again"))  # which changes "a" too
        equal(watcher.stop(), 0, "the exit status")
    once(box, program, within=nobody)
    expect(is_right(path, b"linked"), "what was linked once more")


def test_once_tells_of_what_has_no_result(folder, program):
    """With --once the status isn't 0 where a file was passed over."""
    box = place(folder)
    path = os.path.join(box, "a")
    with open(path, "wb") as file:
        file.write(b"half")
        file.flush()
        expect("being written" in once(box, program, 1), "it doesn't say that it's being written")
    equal(result(path), None, "the result of a half")
    once(box, program)
    expect(is_right(path, b"half"), "the result of the whole")
    nobody = as_nobody(folder, box, program)
    put(os.path.join(box, "closed"), b"closed")
    os.chmod(os.path.join(box, "closed"), 0)
    os.unlink(os.path.join(box, ".dime-watch.sum.lock"))
    expect("it can't be opened" in once(box, program, 1, within=nobody), "it doesn't say that it may not")
    with Watcher(box, program, within=nobody) as watcher:
        os.chmod(os.path.join(box, "closed"), 0o644)
        wait_until(lambda: is_right(os.path.join(box, "closed"), b"closed"), 20, "the result of what was opened")
        equal(watcher.stop(), 0, "the exit status")


def test_a_file_that_cannot_be_read(folder, program):
    """An error of the disk isn't the file's result: it's tried again."""
    box, broken = place(folder), "/sys/class/net/lo/speed"
    path = os.path.join(box, "a")
    try:
        with open(broken, "rb") as file:
            file.read()
        raise Skip("every file can be read here")
    except FileNotFoundError:
        raise Skip("there is no file here that can't be read") from None
    except OSError:
        pass
    put(path, b"")
    with Watcher(box, program, within=with_mount("--bind", broken, path)) as watcher:
        wait_until(lambda: watcher.said().count("it can't be read") >= 2, 20, "it isn't tried again")
        equal(result(path), None, "its result")
        equal(watcher.stop(), 0, "the exit status")


def test_file_systems_without_events(folder, program):
    """What comes from elsewhere is found where no event tells of it, and the log warns of that."""
    parts = [os.path.join(folder, part) for part in ("lower", "upper", "work", "both")]
    for part in parts:
        os.mkdir(part)
    lower, upper = parts[:2]
    mount = with_mount("-t", "overlay", "overlay", "-o", "lowerdir=%s,upperdir=%s,workdir=%s" % tuple(parts[:3]),
                       parts[3])
    put(os.path.join(lower, "before"), b"before")
    with Watcher(parts[3], program, status=503, within=mount) as watcher:
        expect("no event reports" in watcher.said(), "it says %r" % watcher.said())
        put(os.path.join(lower, "low2"), b"low2")
        wait_until(lambda: result(os.path.join(upper, "low2")), 30, "what came from below")
        expect(is_right(os.path.join(upper, "before"), b"before"), "what was there before")
        put(os.path.join(lower, "odd"), b"odd")
        wait_until(lambda: "odd failed with 503, and is retried at the next start" in watcher.said(), 60,
                   "it isn't given up")
        time.sleep(3)
        equal(watcher.said().count("odd failed with 503"), 5, "how often it was tried")
        equal(watcher.said().count('"host":"watch","status":200'), 2, "how often the others ran")
        equal(watcher.stop(), 0, "the exit status")
    expect("no event tells" not in once(parts[3], program, within=mount), "it warns, and has to wait for nothing")


def test_one_watcher_for_a_function(folder, program):
    box = place(folder)
    with Watcher(box, program) as first, Watcher(box, program) as second:
        equal(second.wait(), 1, "the exit status")
        expect("watched for this function already" in second.said(), "it says %r" % second.said())
        with Watcher(box, program, function="nothing") as third:
            put(os.path.join(box, "a"), b"a")
            wait_until(lambda: len(names(box)) == 3, what="both results")
            time.sleep(0.3)
            equal(names(box), ["a", "a.nothing.json", "a.sum.json"], "the files")
            equal((first.stop(), third.stop()), (0, 0), "the exit statuses")


def test_says_that_the_folder_is_gone(folder, program):
    box = place(folder)
    for leave in (lambda: os.rename(box, box + "2"), lambda: subprocess.run(["rm", "-r", box], check=True)):
        os.makedirs(box, exist_ok=True)
        with Watcher(box, program) as watcher:
            leave()
            equal(watcher.wait(), 1, "the exit status")
            expect("doesn't exist any more" in watcher.said(), "it says %r" % watcher.said())
    for path in (os.path.join(folder, "none"), program):
        with Watcher(path, program, ready=False) as watcher:
            equal(watcher.wait(), 1, "the exit status")
            expect("can't be watched" in watcher.said(), "it says %r" % watcher.said())


def test_waits_at_no_cost(folder, program):
    box = place(folder)
    for number in range(300):
        put(os.path.join(box, str(number)), b"x")
    with Watcher(box, program, "--concurrency", "2") as watcher:
        wait_until(lambda: len(names(box)) == 600, 20, "not all have results")
        before = processor_time(watcher.pid)
        time.sleep(1)
        used = processor_time(watcher.pid) - before
        expect(used < 0.02 or is_sanitized(program), "%.1f %% CPU" % (used * 100))


def test_says_how_to_use_it(folder, program):
    for words, part in (([], "name a folder"), (["x"], "--function"), (["x", "--function", "y"], '"y"'),
                        (["x", "z", "--function", "hello"], '"z"'),
                        (["x", "--function", "./y"], "./y can't be run: No such file"), (["--concurrency", "65"], "1 to 64"),
                        (["--timeout", "0"], "from 0.01"), (["--x"], '"--x"')):
        done = subprocess.run([program, "watch", *words], capture_output=True, timeout=9, check=False)
        equal((done.returncode, done.stdout), (2, b""), "%s: the status and stdout" % words)
        expect(part in done.stderr.decode(), "%s says %r" % (words, done.stderr))
    done = subprocess.run([program, "watch", "--help"], capture_output=True, timeout=9, check=False)
    equal((done.returncode, done.stderr), (0, b""), "the status and stderr")


if __name__ == "__main__":
    main([value for name, value in list(globals().items()) if name.startswith("test_")],
         "dime-queue", 100, 3)
