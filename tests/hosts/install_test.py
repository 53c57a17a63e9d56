# install_test.py - what `make install` puts where, and that `make uninstall` takes all of it away.
#
# usage: install_test.py BUILDDIR SRCDIR
# The installed program is run as an administrator would: as CGI, and its manual page is looked up. What
# the installed nginx files say is checked by nginx itself, included the way docs/hosting.md tells.
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
    return subprocess.run(["make", "-s", "--no-print-directory", target, f"DESTDIR={root}"], cwd=build, text=True,
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
    http, server = find(root, "etc/dime/dime-http.conf"), find(root, "etc/dime/dime-server.conf")
    check("nginx's two files are installed", len(http) == 1 and len(server) == 1,
          str(files_below(root)))
    site = find(root, "etc/nginx/sites-available/dime")
    check("and a site, where Debian's nginx has them", len(site) == 1, str(files_below(root)))
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


def check_apache(root):
    global skipped
    program = shutil.which("apache2", path=os.environ["PATH"] + ":/usr/sbin")
    if not program:
        skipped += 1
        print("skip - the installed Apache files: apache2 isn't installed")
        return
    # Apache looks for the folders that it is told of, which are below the staged root.
    for name in find(root, ".conf"):
        with open(name) as file:
            text = file.read()
        with open(name, "w") as out:
            out.write(text.replace('"/usr', f'"{root}/usr'))
    for way, modules in {"proxy": "proxy proxy_fcgi", "fcgid": "fcgid", "cgi": "cgid"}.items():
        modules = f"mpm_event authz_core alias dir headers include mime rewrite setenvif unique_id {modules}"
        conf = os.path.join(root, "apache.conf")
        with open(conf, "w") as out:
            out.write("ServerName localhost\nListen 127.0.0.1:1\nTypesConfig /dev/null\n")
            for module in modules.split():
                out.write(f"LoadModule {module}_module /usr/lib/apache2/modules/mod_{module}.so\n")
            out.write(f'DefaultRuntimeDir "{root}"\nErrorLog "{root}/error.log"\n<VirtualHost *>\n')
            for part in ("common", way):
                out.write(f'Include "{find(root, f"apache/dime-{part}.conf")[0]}"\n')
            out.write("</VirtualHost>\n")
        tested = subprocess.run([program, "-t", "-f", conf], capture_output=True, text=True)
        check(f"apache2 -t takes the installed files ({way})", tested.returncode == 0, tested.stderr)
        os.unlink(conf)
    if os.path.exists(f"{root}/error.log"):
        os.unlink(f"{root}/error.log")


def check_changes(build, root):
    """What an administrator changed is kept, and what wasn't changed is replaced."""
    http, server = (find(root, f"etc/dime/dime-{name}.conf")[0] for name in ("http", "server"))
    originals = os.path.dirname(find(root, "share/dime/nginx/dime-http.conf")[0])
    for name in (http, server):
        check(f"{os.path.basename(name)} has a copy as it came",
              open(name).read() == open(os.path.join(originals, os.path.basename(name))).read())
    new = open(server).read()
    with open(http, "a") as out:
        out.write("# ours\n")
    # As an older dime left it: the file and its copy are alike, but not as they come now.
    for name in (server, os.path.join(originals, "dime-server.conf")):
        with open(name, "w") as out:
            out.write("# of an older dime\n")
    done = make(build, "install", root)
    check("make install over it", done.returncode == 0, done.stdout)
    check("a changed file is kept", open(http).read().endswith("# ours\n"))
    check("it says so last, and where the new one is", done.stdout.endswith(
        f"kept {http}, which was changed; the new one is {originals}/dime-http.conf\n"), done.stdout)
    check("it says nothing of the others", done.stdout.count("kept ") == 1, done.stdout)
    check("a file that wasn't changed is replaced", open(server).read() == new)
    done = make(build, "install", root)
    check("it is kept the next time too", open(http).read().endswith("# ours\n"), done.stdout)


def check_uninstall(build, root):
    done = make(build, "uninstall", root)
    check("make uninstall", done.returncode == 0, done.stdout)
    left = files_below(root)
    check("make uninstall leaves the changed file and no other", len(left) == 1 and
          left[0].endswith("etc/dime/dime-http.conf"), str(left))
    check("it says so", f"kept {root}/{left[0]}, which was changed\n" in done.stdout, done.stdout)
    make(build, "install", root)
    shutil.copy(find(root, "share/dime/nginx/dime-http.conf")[0], find(root, "etc/dime/dime-http.conf")[0])
    done = make(build, "uninstall", root)
    check("make uninstall leaves no file otherwise", not files_below(root), str(files_below(root)))
    check("and no folder of dime's", not [name for _, names, _ in os.walk(root) for name in names
                                          if name == "nginx"])


def main(build, source):
    with tempfile.TemporaryDirectory() as root:
        os.chmod(root, 0o755)
        done = make(build, "install", root)
        check("make install", done.returncode == 0, done.stdout)
        for page in ("index.html", "docs.html", "problems.html", "error.html", "style.css", "dime.js"):
            check(f"www/{page} is installed", find(root, f"share/dime/www/{page}"))
        for page in ("change.8", "hello.8", "labels.8", "translate.8", "dime.7", "dime.1", "dime-describe.1", "dime-lambda.1", "dime-queue.1"):
            check(f"{page} is installed", find(root, page))
        for name in find(os.path.join(source, "docs"), ".md"):
            if "/examples/" not in name:
                check(f"{os.path.basename(name)} is installed", find(root, "doc/dime/" + os.path.basename(name)))
        links = find(root, "man3/dime_text_is.3")
        check("a name that a page of the library is about is a link to it", links and
              os.readlink(links[0]) == "dime.3" and find(root, "man3/dime.3"), str(find(root, ".3")))
        check_program(root)
        check_changes(build, root)
        check_uninstall(build, root)
    with tempfile.TemporaryDirectory() as root:
        os.chmod(root, 0o755)
        make(build, "install", root)
        check_nginx(root)
        check_apache(root)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


sys.exit(main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])))
