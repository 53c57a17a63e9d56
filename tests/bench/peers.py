# peers.py - who is measured, and how each is set up.
#
# Every peer but `return 200` and `constant` works the answer out of the request. Each is given two
# processes or threads, a unix socket, a backlog that 256 clients fit into, no log of requests, and
# whatever else makes it fast; where a choice had to be measured its comment says so. A peer that
# isn't installed is skipped.
import os
import socket
import subprocess

from stand import (ANSWERS, BUILDDIR, HERE, LIMIT, MEASURED, Failure, fastcgi, find, need, parameters,
                   upstream)

BACKLOG = 1024


class Skipped(Exception):
    """This peer can't be measured here; the text says why."""


def start_dime(stand, name, program, *arguments):
    """Starts a program of dime's as a FastCGI responder; returns the process."""
    path = stand.path(name + ".sock")
    command = [need(program), "--listen", "unix:" + path, *arguments]
    process = stand.start(name, command)
    stand.wait_for(name, process, path)
    return process


def change(stand, name):
    """The program itself. Its location is part of the configuration that ships."""
    start_dime(stand, name, "change", "--threads", "2")
    return None, None


def constant(stand, name):
    """The same host and loop; its function writes a constant."""
    program = "tests/bench/constant"
    if not os.access(os.path.join(BUILDDIR, program), os.X_OK):
        raise Skipped(f"{program} isn't built")
    start_dime(stand, name, program, "--threads", "2")
    return upstream(name, stand.path(name + ".sock"), True), fastcgi(name, True)


def headers_of_change(stand):
    """Asks `change`, which runs already, through a passing nginx for its answer's headers."""
    passing = stand.nginx([], {})
    _, _, headers = stand.ask("change", MEASURED)
    stand.stop(passing)
    return headers


def return_200(stand, name):
    """nginx by itself, sending the very headers and body of change: no peer can be faster."""
    own = {"server", "date", "connection", "content-type", "content-length", "transfer-encoding"}
    added = {key: "$request_id" if key.lower() == "x-request-id" else value
             for key, value in headers_of_change(stand) if key.lower() not in own}
    headers = "".join(f' add_header {key} "{value}";' for key, value in added.items())
    return None, f"return 200 '{ANSWERS[MEASURED].decode()}';" + headers


def stock(stand, name):
    """libfcgi's own loop: two processes on one listening socket, a connection for each request."""
    program = stand.path("stock")
    command = [*os.environ.get("CC", "cc").split(), "-O2", "-o", program,
               os.path.join(HERE, "stock.c"), "-lfcgi", "-lm"]
    if not find(command[0]):
        raise Skipped("there is no C compiler")
    build = subprocess.run(command, capture_output=True, text=True, check=False)
    if build.returncode != 0:
        raise Skipped("stock.c doesn't build here: libfcgi-dev?")
    path = stand.path(name + ".sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(BACKLOG)
        for _ in range(2):
            process = stand.start(name, [program], stdin=listener)
    stand.wait_for(name, process, path)
    return upstream(name, path, False), fastcgi(name, False)


def uwsgi(stand, name):
    """The Python original in two processes of uWSGI, without threads and so without their lock."""
    program = find("uwsgi", "uwsgi-core")
    if not program:
        raise Skipped("uwsgi isn't installed (uwsgi-core, uwsgi-plugin-python3)")
    path = stand.path(name + ".sock")
    process = stand.start(name, [
        program, "--plugins", "python3", "--need-app", "--master", "--die-on-term", "--no-orphans",
        "--processes", "2", "--listen", str(BACKLOG), "--socket", path,
        "--wsgi-file", os.path.join(HERE, "original.py"), "--single-interpreter",
        "--pyhome", "/usr", "--disable-logging"], env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1"))
    try:
        stand.wait_for(name, process, path)
    except Failure as failure:
        raise Skipped(f"{failure} (uwsgi-plugin-python3?)") from failure
    return (upstream(name, path, False),
            f"{LIMIT} uwsgi_pass {name};" + parameters("uwsgi_param"))


PHP_INI = """
expose_php = off
zend_extension = opcache
opcache.enable = 1
opcache.validate_timestamps = 0
"""

# No kept connections: an idle one pins one of the two children, so the other clients wait for half
# a second (p99) to be hardly more at a time.
PHP_POOL = """
[global]
error_log = {scratch}/{name}.log
log_level = warning
[change]
user = {user}
listen = {scratch}/{name}.sock
listen.backlog = {backlog}
pm = static
pm.max_children = 2
"""


def php_fpm(stand, name):
    """Two children of PHP-FPM with their code in the opcache."""
    program = find("php-fpm", "php-fpm[0-9]*")
    if not program:
        raise Skipped("php-fpm isn't installed (php-fpm)")
    pool = PHP_POOL.format(scratch=stand.scratch, name=name, backlog=BACKLOG,
                           user=os.environ.get("USER", "root") if os.geteuid() else "root")
    command = [program, "-F", "-c", stand.write("php.ini", PHP_INI),
               "-y", stand.write("php-fpm.conf", pool)]
    if os.geteuid() == 0:
        command.append("-R")
    process = stand.start(name, command, env=dict(os.environ, PHP_INI_SCAN_DIR=""))
    stand.wait_for(name, process, stand.path(name + ".sock"))
    script = os.path.join(HERE, "original.php")
    return (upstream(name, stand.path(name + ".sock"), False),
            fastcgi(name, False) + f" fastcgi_param SCRIPT_FILENAME '{script}';")


# name in URLs, what the table calls it, how it starts, whether it answers all questions alike,
# and what change's requests per second over its own must at least be
PEERS = [
    ("change", "change", change, False, None),
    ("return_200", "nginx return 200", return_200, True, 0.45),
    ("constant", "constant, same loop", constant, True, 0.93),
    ("stock", "stock libfcgi", stock, False, 2.4),
    ("uwsgi", "uWSGI Python", uwsgi, False, 1.8),
    ("php_fpm", "PHP-FPM", php_fpm, False, 3.0),
]
