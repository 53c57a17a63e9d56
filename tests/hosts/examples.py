# examples.py - a project of docs/examples, built outside of the tree, and the web servers that serve it by
# what its README says.
#
# The servers are Serving's kin: see serving.py. Each takes its part of the configuration from the README, where
# only the places of files are put in.
import os
import re
import shutil
import subprocess

from apache import Apache
from lighttpd import Lighttpd
from serving import ROOT, Serving

NGINX = """
daemon off;
pid {run}/nginx.pid;
error_log {run}/log/error.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {run}/tmp/body;
    fastcgi_temp_path {run}/tmp/fastcgi;
    proxy_temp_path {run}/tmp/proxy;
    scgi_temp_path {run}/tmp/scgi;
    uwsgi_temp_path {run}/tmp/uwsgi;
    upstream kept {{ server unix:{run}/{name}.sock; keepalive 8; }}
    server {{
        listen 127.0.0.1:{port};
        server_name localhost;
{location}
    }}
}}
"""
LIGHTTPD = """
server.modules = ( "mod_fastcgi" )
server.port = {port}
server.bind = "127.0.0.1"
server.errorlog = "{run}/log/error.log"
server.document-root = "{run}/tmp"
server.upload-dirs = ( "{run}/tmp" )
fastcgi.server = ( "/cgi-bin/{name}" => (( "socket" => "{run}/{name}.sock", "check-local" => "disable" )) )
"""


class Project:
    """A copy of a project as it is installed, in a folder of its own."""

    def __init__(self, folder, name, dime):
        self.name, self.dime, self.folder = name, dime, os.path.join(folder, name)
        shutil.copytree(dime.path("share", "doc", "dime", "examples", name), self.folder)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def text(self, *names):
        with open(self.path(*names), encoding="utf-8") as file:
            return file.read()

    def files(self):
        """All files that there are now."""
        return sorted(os.path.relpath(os.path.join(folder, name), self.folder)
                      for folder, _, names in os.walk(self.folder) for name in names)

    def make(self, *arguments):
        """Runs make as an author does; (exit status, all that was said)."""
        done = subprocess.run(["make", "-s", "--no-print-directory", *arguments], cwd=self.folder,
                              env=self.dime.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False, timeout=300)
        return done.returncode, done.stdout

    def block(self, language):
        """The README's block of this language."""
        return re.search(rf"^```{language}\n(.*?)^```", self.text("README.md"), re.M | re.S)[1]


class Served:
    """What the servers below have alike: they serve one project, whose program may be another build of it."""

    def begin(self, project, program):
        self.project, self.built = project, program or project.path(project.name)

    def program(self, _):
        return self.built

    def place(self, text, name=None):
        """Text of a README with the places of this test."""
        name = name or self.project.name
        return text.replace(f"/run/{name}", self.run).replace("/etc/dime", self.project.dime.path("etc", "dime"))

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)


class Nginx(Served, Serving):
    """nginx and the project. With KEPT it keeps connections open, and repeats requests as that says."""

    def __init__(self, project, program=None, kept=None):
        self.begin(project, program)
        self.kept = kept
        super().__init__(project.folder, project.folder, (project.name,))

    def configure(self):
        location = self.place(self.project.block("nginx"))
        if self.kept:
            location = re.sub("fastcgi_pass .*;", f"fastcgi_pass kept; fastcgi_next_upstream {self.kept};"
                              " fastcgi_next_upstream_tries 2;", location)
        self.write("nginx.conf", NGINX.format(run=self.run, port=self.port, name=self.project.name,
                                              location=location))


class ApacheProxy(Served, Apache):
    """Apache and the project, by mod_proxy_fcgi."""

    def __init__(self, project, program=None):
        self.begin(project, program)
        super().__init__(project.folder, project.folder, "proxy", (project.name,))

    def configure(self):
        self.write("dime-common.conf", "")
        self.write("dime-proxy.conf", self.place(self.project.block("apache")))
        self.write_main()

    def copy(self):
        self.write("log/error.log", "")
        if ROOT:
            subprocess.run(["chown", "-R", "nobody:", self.run], check=True)


class LighttpdFastCgi(Served, Lighttpd):
    """lighttpd and the project."""

    def __init__(self, project, program=None):
        self.begin(project, program)
        super().__init__(project.folder, project.folder, (project.name,))

    def configure(self):
        self.write("lighttpd.conf", LIGHTTPD.format(run=self.run, port=self.port, name=self.project.name))
