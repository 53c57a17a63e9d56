# fcgiwrap.py - dime served by nginx and fcgiwrap for a test, set up as docs/hosting.md says: nginx asks
# fcgiwrap to run the programs as CGI.
#
# It is Serving with another way to a function: see serving.py.
import os

from serving import Serving, listens, wait_until


class Fcgiwrap(Serving):
    """nginx and fcgiwrap. Use it in a `with`."""

    def __init__(self, build, source, functions=None):
        super().__init__(build, source, functions, edit=self.use_fcgiwrap)

    def use_fcgiwrap(self, name, text):
        """The two changes of docs/hosting.md."""
        if name == "nginx-server.conf":
            for function in self.functions:
                text = text.replace(f"fastcgi_pass dime_{function};", f"fastcgi_pass unix:{self.run}/fcgiwrap.sock;")
        return text.replace("fastcgi_keep_conn on;", "fastcgi_keep_conn off;\n"
                            f"fastcgi_param SCRIPT_FILENAME {self.run}$fastcgi_script_name;")

    def start(self, name):
        """Links a function where fcgiwrap looks for it; the first one starts fcgiwrap."""
        os.makedirs(self.path("cgi-bin"), exist_ok=True)
        if not os.path.islink(self.path("healthz")):
            os.symlink("cgi-bin", self.path("healthz"))
        os.symlink(self.program(name), self.path("cgi-bin", name))
        if "fcgiwrap" not in self.processes:
            self.spawn("fcgiwrap", "fcgiwrap", "-c", "2", "-s", "unix:" + self.path("fcgiwrap.sock"))
            wait_until(lambda: listens(1, self.path("fcgiwrap.sock")), "fcgiwrap doesn't listen")
