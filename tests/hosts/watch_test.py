#!/usr/bin/env python3
"""watch_test.py - dime watch: each file has its one result, whole or not at all.

Usage: watch_test.py BUILDDIR. The function adds up the bytes of the file, so that a result tells
which content it is of. Files come as programs write them: in pieces, under another name first, by
links, thousands at once, while the watcher is killed; what isn't a file's last content must not stay.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

sys.dont_write_bytecode = True  # the source may be another's, or be read only
from fastcgi import Program, Skip, equal, expect, is_sanitized, main, processor_time, wait_until

MANY = 10000
SUFFIX = ".sum.json"


class Watcher(Program):
    def __init__(self, folder, program, *options, wait=0, status=0, function="sum", notes="/dev/null",
                 ready=True, limits=()):
        environment = dict(os.environ, PROBE_WAIT=str(wait), PROBE_STATUS=str(status), PROBE_FILE=notes)
        super().__init__(os.path.dirname(folder), program,
                         ["watch", folder, "--function", function, *options], environment=environment)
        if ready:
            wait_until(lambda: "it watches" in self.said() or self.process.poll() is not None, 10,
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


def is_right(path, data):
    found = result(path)
    return bool(found) and found.get("sum") == sum_of(data)


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
            record = result(os.path.join(box, name))["event"]["Records"][0]
            equal(urllib.parse.unquote(record["s3"]["object"]["key"]), name, "the key")
            equal((record["s3"]["bucket"]["name"], record["eventSource"], record["eventName"],
                   record["s3"]["object"]["size"]),
                  ("in box", "aws:s3", "ObjectCreated:Put", len(name.encode())), "the event")
        wait_until(lambda: is_right(os.path.join(box, "before"), b"before"), what="what was there before")
        wait_until(lambda: result(os.path.join(box, "empty")), what="the empty file")
        equal(watcher.stop(), 0, "the exit status")
    equal(len(names(box)), 2 * (len(odd) + 2), "the files: %r" % names(box))
    hidden = [name for name in os.listdir(box) if name.startswith(".")]
    equal(hidden, [".dime-watch.sum.lock"], "what is left")


def test_the_bucket_is_the_folder_itself(folder, program):
    box = place(folder)
    link = os.path.join(folder, "link")
    os.symlink(box, link)
    for path in (".", "./", "../in box/.", link, link + "/"):
        put(os.path.join(box, "a"), b"a")
        subprocess.run([program, "watch", path, "--function", "sum", "--once"], cwd=box, check=True,
                       stderr=subprocess.DEVNULL, timeout=9)
        record = result(os.path.join(box, "a"))["event"]["Records"][0]
        equal(record["s3"]["bucket"]["name"], "in box", "the bucket of %s" % path)
        os.unlink(os.path.join(box, "a" + SUFFIX))


def test_leaves_alone_what_is_no_upload(folder, program):
    box = place(folder)
    put(os.path.join(folder, "secret"), b"secret")
    os.symlink(os.path.join(folder, "secret"), os.path.join(box, "link"))
    os.mkfifo(os.path.join(box, "pipe"))
    os.mkdir(os.path.join(box, "folder"))
    put(os.path.join(box, ".hidden"), b"x")
    put(os.path.join(box, "a.probe.json"), b"x")  # another function's
    put(os.path.join(box, "y" * 250), b"x")  # its result's name would be too long
    put(os.path.join(box, "last"), b"last")
    before = set(os.listdir(box))
    with Watcher(box, program, "--once", ready=False) as watcher:
        equal(watcher.wait(), 1, "the exit status")
        expect("can have no result" in watcher.said(), "it says %r" % watcher.said())
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
        wait_until(lambda: "it watches" in watcher.said(), 10, "it doesn't begin")
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
        wait_until(lambda: watcher.said().count("failed with 503, and is tried again") >= 2, 10,
                   "it isn't tried again")
        equal(result(os.path.join(box, "odd")), None, "the result of a failure that may pass")
        equal(watcher.stop(), 0, "the exit status")
    with Watcher(box, program, "--once", status=422, ready=False) as watcher:
        equal(watcher.wait(), 4, "the exit status")
    equal(result(os.path.join(box, "odd"))["status"], 422, "the result of one that won't pass")
    os.truncate(os.path.join(box, "even"), 2 << 20)
    with Watcher(box, program, "--once", ready=False) as watcher:
        equal(watcher.wait(), 4, "the exit status")
    equal(result(os.path.join(box, "even"))["detail"], "It is too large.", "of a file of 2 MB")


def test_takes_again_what_was_our_fault(folder, program):
    """A wrong setting isn't the result for good: a right start has it anew, and once."""
    box = place(folder)
    paths = [os.path.join(box, name) for name in ("odd", "even")]
    put(paths[0], b"1")
    put(paths[1], b"12")
    with Watcher(box, program, "--once", status=503, ready=False) as watcher:
        equal(watcher.wait(60), 5, "the exit status")
        equal(watcher.said().count("odd failed with 503, and is tried again: "), 4, "the tries")
        equal(watcher.said().count("odd failed with 503, and is tried again at the next start: "), 1, "the last")
    equal(result(paths[0])["status"], 503, "the result until then")
    for times in (1, 0):
        with Watcher(box, program, "--once", ready=False) as watcher:
            equal(watcher.wait(), 0, "the exit status")
            equal(watcher.said().count('"host":"watch"'), times, "how often it ran")
        expect(is_right(paths[0], b"1") and is_right(paths[1], b"12"), "a result is wrong")


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
    blocked = os.path.join(box, ".dime-watch.sum.0")
    put(os.path.join(box, "a"), b"12")
    os.mkdir(blocked)
    with Watcher(box, program) as watcher:
        wait_until(lambda: "can't be written" in watcher.said(), 10, "it doesn't say")
        equal(names(box), ["a"], "the files")
        os.rmdir(blocked)
        wait_until(lambda: is_right(os.path.join(box, "a"), b"12"), 10, "it has no result")
        equal(watcher.stop(), 0, "the exit status")
    os.mkdir(blocked)
    put(os.path.join(box, "b"), b"12")
    with Watcher(box, program, "--once", ready=False) as watcher:
        watcher.signal(signal.SIGCONT)
        wait_until(lambda: watcher.said().count("can't be written") >= 2, 10, "it isn't tried again")
        equal(watcher.stop(), 0, "the exit status")


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
            expect("isn't there any more" in watcher.said(), "it says %r" % watcher.said())
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
                        (["x", "z", "--function", "sum"], '"z"'), (["--concurrency", "65"], "1 to 64"),
                        (["--timeout", "0"], "from 0.01"), (["--x"], '"--x"')):
        done = subprocess.run([program, "watch", *words], capture_output=True, timeout=9, check=False)
        equal((done.returncode, done.stdout), (2, b""), "%s: the status and stdout" % words)
        expect(part in done.stderr.decode(), "%s says %r" % (words, done.stderr))
    done = subprocess.run([program, "watch", "--help"], capture_output=True, timeout=9, check=False)
    equal((done.returncode, done.stderr), (0, b""), "the status and stderr")


if __name__ == "__main__":
    main([value for name, value in list(globals().items()) if name.startswith("test_")],
         "tests/hosts/queue_probe", 100, 3)
