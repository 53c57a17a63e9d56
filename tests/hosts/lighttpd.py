# lighttpd.py - dime served by a real lighttpd for a test: the configuration that ships, for whatever host
# is asked for, on a free port.
#
#     with Lighttpd(build, source) as s:
#         answer = s.get("/cgi-bin/hello")
#
# It is Serving with another web server: see serving.py. lighttpd runs as whoever runs the test.
import os

from serving import Serving, free_port, wait_until

CONFIGURATION = """
server.modules = ( "mod_alias", "mod_fastcgi", "mod_redirect", "mod_rewrite", "mod_setenv", "mod_staticfile" )
server.port = {port}
server.bind = "127.0.0.1"
server.errorlog = "{run}/log/error.log"
server.document-root = "{run}/tmp"
server.upload-dirs = ( "{run}/tmp" )
$HTTP["host"] =~ "." {{
    include "{run}/dime.conf"
}}
"""


class Lighttpd(Serving):
    """lighttpd and the functions. Use it in a `with`."""

    def configure(self):
        """Writes the configuration into the directory, filled in as make does."""
        deploy = os.path.join(self.source, "deploy")
        values = {"www": os.path.join(self.build, "www"), "apache": os.path.join(deploy, "apache"),
                  "functions": self.path("functions")}
        with open(os.path.join(deploy, "lighttpd", "dime.conf.in"), encoding="utf-8") as file:
            text = file.read()
        for key, value in values.items():
            text = text.replace(f"@{key}@", value)
        for name, text in (("dime.conf", text), ("lighttpd.conf", CONFIGURATION.format(run=self.run, port=self.port))):
            with open(self.path(name), "w", encoding="utf-8") as file:
                file.write(self.edit(name, text))
        self.describe("--lighttpd")

    def lighttpd(self, *arguments):
        """The command line of this lighttpd."""
        return ["lighttpd", "-f", self.path("lighttpd.conf"), *arguments]

    def _start_nginx(self):
        for _ in range(5):
            self.port = free_port()
            self.configure()
            process = self.spawn("lighttpd", *self.lighttpd("-D"))
            if wait_until(lambda: self.nginx_listens() or process.poll() is not None,
                          "lighttpd doesn't listen") and process.poll() is None:
                return
            self.processes.pop("lighttpd")
        raise AssertionError(f"lighttpd ended: {self.log('lighttpd')}")
