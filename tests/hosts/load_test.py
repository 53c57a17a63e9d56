# load_test.py - what clients see while workers are replaced, killed and crowded.
#
# usage: load_test.py BUILDDIR SRCDIR
# wrk asks through the nginx configuration that ships, and what counts are answers other than 200 and
# connections that broke. How long it all takes isn't judged here: that is `make bench`.
import os
import re
import shutil
import signal
import sys
import time

from cases import collect, directories, equal, run, true
from fastcgi import processor_time
from load import Load
from serving import Serving, wait_until
from siege import ABORTED, Siege

SECONDS = 30
KEPT = 256  # connections that nginx keeps to the responders: it may, and they aren't lost


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as listed:
        return {int(word) for word in listed.read().split()}


def parent_of(site):
    """The process of change's parent: setpriv has become it."""
    return site.processes["change"].pid


def test_restarts(build, source):
    """Ten restarts under load: no error."""
    with Serving(build, source, workers=2, threads=1) as site:
        load = Load(site, 64, 12)
        time.sleep(1)
        for _ in range(10):
            before = children(parent_of(site))
            os.kill(parent_of(site), signal.SIGHUP)
            wait_until(lambda: not before & children(parent_of(site)), "old workers are there")
            time.sleep(0.5)
        requests, errors, refused = load.end()
        print(f"# ten restarts: {requests} requests")
        true(requests > 1000, f"only {requests} requests")
        equal((errors, refused), ("", 0))


def test_killed(build, source):
    """kill -9 of a worker under load: the others go on, and it is back within a second."""
    with Serving(build, source, workers=3, threads=1) as site:
        load = Load(site, 32, 6)
        time.sleep(1)
        before = children(parent_of(site))
        os.kill(min(before), signal.SIGKILL)
        began = time.monotonic()
        wait_until(lambda: len(children(parent_of(site)) - before) == 1, "no new worker")
        back = time.monotonic() - began
        requests, errors, refused = load.end()
        print(f"# one of three workers killed: {requests} requests, {refused} failed, "
              f"a new one after {back * 1000:.0f} ms")
        true(back < 1, f"the new worker came after {back:.2f} s")
        true(refused <= 32, f"{refused} requests failed, more than the worker can have had")
        equal(errors, "")


class Replaceable(Serving):
    """Runs copies of the programs, as a package manager would put others in their place."""

    def program(self, name):
        copy = self.path(name + ".program")
        shutil.copy(super().program(name), copy + ".new")
        os.rename(copy + ".new", copy)
        return copy


def test_rolling(build, source):
    """Every second for half a minute a new program and a reload of nginx: no request fails."""
    # A kept connection is closed by an nginx that ends, and before 1.27.4 also one on which a request
    # is just coming: HTTP's clients then send it again (RFC 9112, 9.3.1), and wrk doesn't.
    with Replaceable(build, source, workers=2, threads=1) as site:
        load, first = Load(site, 64, SECONDS, keep=False), children(parent_of(site))
        for _ in range(SECONDS - 1):
            time.sleep(1)
            site.program("change")
            os.kill(parent_of(site), signal.SIGHUP)
            os.kill(site.processes["nginx"].pid, signal.SIGHUP)
        requests, errors, refused = load.end()
        print(f"# {SECONDS - 1} upgrades and reloads: {requests} requests")
        true(requests > 1000, f"only {requests} requests")
        equal((errors, refused), ("", 0))
        true(not first & children(parent_of(site)), "the first workers are still there")


def test_killed_each_second(build, source):
    """Every second for half a minute a worker is killed: nginx asks another what that one had."""
    with Serving(build, source, workers=3, threads=1) as site:
        load, kills = Load(site, 64, SECONDS), 0
        for _ in range(SECONDS - 1):
            time.sleep(1)
            os.kill(min(children(parent_of(site))), signal.SIGKILL)
            kills += 1
        requests, errors, refused = load.end()
        print(f"# {kills} of three workers killed: {requests} requests, {refused} failed")
        true(requests > 1000, f"only {requests} requests")
        true(refused <= kills * 64, f"{refused} requests failed, more than the workers can have had")
        equal(errors, "")
        wait_until(lambda: len(children(parent_of(site))) == 3, "there aren't three workers")


def descriptors(pids):
    """How many files these processes have open."""
    return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids)


def resident(pid):
    """KiB of memory of a process."""
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"^VmRSS:\s+(\d+) kB", status.read(), re.M)[1])


def test_besieged(build, source):
    """Hostile clients by the hundred: the others are answered, nothing leaks, nothing stays busy."""
    with Serving(build, source, workers=2, threads=1) as site:
        Load(site, 8, 2).end()
        workers = children(parent_of(site))
        everybody = workers | children(site.processes["nginx"].pid)
        before, memory = descriptors(everybody), {pid: resident(pid) for pid in workers}
        with Siege(site.port, 8) as siege:
            requests, errors, refused = Load(site, 8, 8).end()
        print(f"# besieged: {requests} requests, {siege.aborted} others broken off")
        equal((siege.aborted, errors, refused), (ABORTED, "", 0))
        true(requests > 1000, f"only {requests} requests")
        equal(children(parent_of(site)), workers, "the workers")
        wait_until(lambda: descriptors(everybody) <= before + KEPT, "files stay open", 20)
        grown = max(resident(pid) - memory[pid] for pid in workers)
        true(grown < 1024, f"a worker has grown by {grown} KiB")
        used = sum(processor_time(pid) for pid in everybody)
        time.sleep(2)
        used = sum(processor_time(pid) for pid in everybody) - used
        true(used < 0.1, f"{used:.2f} s of processor time in two quiet seconds")
        equal(site.get("/cgi-bin/change?amount=1.89").status, 200)


def test_many_clients(build, source):
    """256 clients on 4 workers: no answer other than 200."""
    with Serving(build, source, workers=4, threads=1) as site:
        requests, errors, refused = Load(site, 256, 5).end()
        print(f"# 256 clients: {requests} requests")
        true(requests > 1000, f"only {requests} requests")
        equal((errors, refused), ("", 0))


if __name__ == "__main__":
    sys.exit(run(collect(globals()), *directories()))
