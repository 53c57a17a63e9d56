# install_test.py - what `make install` puts where, and that `make uninstall` takes all of it away.
#
# usage: install_test.py BUILDDIR SRCDIR
# The installed program is run as an administrator would: as CGI, and its manual page is looked up. What
# the installed nginx files say is checked by nginx itself, included the way the README tells.
import os
import shutil
import subprocess
import sys
import tempfile

passed = failed = skipped = 0


def check(name, good, why=""):
    global passed, failed
    if good:
        passed += 1
        print(f"ok - {name}")
    else:
        failed += 1
        print(f"not ok - {name}: {why}")


def make(build, target, root):
    return subprocess.run(["make", "-s", target, f"DESTDIR={root}"], cwd=build, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def files_below(root):
    return sorted(os.path.relpath(os.path.join(folder, name), root)
                  for folder, _, names in os.walk(root) for name in names)


def find(root, ending):
    return [os.path.join(root, name) for name in files_below(root) if name.endswith(ending)]


def check_program(root):
    programs = find(root, "dime/change")
    check("change is installed in dime's own folder", len(programs) == 1, str(programs))
    answer = subprocess.run(programs[:1], env={"REQUEST_METHOD": "GET", "QUERY_STRING": "amount=1"},
                            capture_output=True, text=True)
    check("the installed change answers as CGI", '{"res":[{"4":"quarters"}]}' in answer.stdout,
          answer.stdout + answer.stderr)


def check_nginx(root):
    global skipped
    if not shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin"):
        skipped += 1
        print("skip - the installed nginx files: nginx isn't installed")
        return
    http, server = find(root, "dime-http.conf"), find(root, "dime-server.conf")
    check("nginx's two files are installed", len(http) == 1 and len(server) == 1,
          str(files_below(root)))
    # They include each other by their final paths: beneath the staged root those need its prefix.
    for name in find(root, ".conf"):
        text = open(name).read()
        with open(name, "w") as out:
            out.write(text.replace("include /", f"include {root}/"))
    conf = os.path.join(root, "nginx.conf")
    with open(conf, "w") as out:
        out.write(f"pid {root}/pid; error_log stderr; events {{ }}\nhttp {{ access_log off;\n"
                  f"include {http[0]};\nserver {{ listen 127.0.0.1:1; include {server[0]}; }} }}\n")
    tested = subprocess.run(["nginx", "-t", "-c", conf], capture_output=True, text=True,
                            env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"})
    check("nginx -t takes the installed files", tested.returncode == 0, tested.stderr)
    for left in (conf, f"{root}/pid"):
        if os.path.exists(left):
            os.unlink(left)


def main(build):
    with tempfile.TemporaryDirectory() as root:
        os.chmod(root, 0o755)
        done = make(build, "install", root)
        check("make install", done.returncode == 0, done.stdout)
        for page in ("index.html", "change.html", "problems.html", "style.css", "dime.js"):
            check(f"www/{page} is installed", find(root, f"share/dime/www/{page}"))
        for page in ("change.8", "hello.8", "dime.7", "dime.1", "dime-lambda.1"):
            check(f"{page} is installed", find(root, page))
        check_program(root)
        check_nginx(root)
        done = make(build, "uninstall", root)
        check("make uninstall", done.returncode == 0, done.stdout)
        check("make uninstall leaves no file", not files_below(root), str(files_below(root)))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


sys.exit(main(os.path.abspath(sys.argv[1])))
