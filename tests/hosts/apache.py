# apache.py - dime served by a real Apache for a test: the configuration that ships, included in a
# virtual host of its own on a free port, with the functions running in one of its three WAYS.
#
#     with Apache(build, source, "proxy") as s:
#         answer = s.get("/cgi-bin/hello")
#
# It is Serving with another web server: see serving.py. Apache runs as whoever runs the test, or for root as nobody.
import os
import shutil
import subprocess

from serving import PATH, ROOT, Serving, free_port, wait_until

WAYS = {"proxy": "proxy proxy_fcgi", "cgi": "cgid", "fcgid": "fcgid"}
MODULES = "/usr/lib/apache2/modules"
COMMON = """mpm_event authn_core authz_core alias deflate dir filter headers include mime reqtimeout rewrite
setenvif unique_id"""

CONFIGURATION = """
ServerRoot "{run}"
ServerName localhost
Listen 127.0.0.1:{port}
PidFile "{run}/apache.pid"
DefaultRuntimeDir "{run}"
ErrorLog "{run}/log/error.log"
TypesConfig /dev/null
{modules}
{identity}
ServerTokens Prod
TraceEnable off
RequestReadTimeout header=10 body=10
ServerLimit {processes}
StartServers {processes}
ThreadsPerChild 32
MaxRequestWorkers {workers}
KeepAliveTimeout 65
MaxKeepAliveRequests 0
<Directory "/">
    AllowOverride None
    Require all denied
</Directory>
LogFormat "%{{X-Request-Id}}i %>s" ids
{settings}
<VirtualHost *>
    CustomLog "{run}/log/access.log" ids
    Include "{run}/dime-common.conf"
    Include "{run}/dime-{way}.conf"
</VirtualHost>
"""


def missing(way):
    """Why Apache can't run the functions this way here, or an empty text."""
    if not shutil.which("apache2", path=PATH):
        return "apache2 isn't installed"
    for module in WAYS[way].split():
        if not os.path.exists(f"{MODULES}/mod_{module}.so"):
            return f"Apache's mod_{module} isn't installed"
    return ""


class Apache(Serving):
    """Apache and the functions. Use it in a `with`."""

    def __init__(self, build, source, way, functions=None, **settings):
        super().__init__(build, source, functions, **settings)
        self.way, self.all = way, self.functions
        if way != "proxy":
            self.functions = ()  # Apache starts them itself

    def configure(self):
        """Writes the configuration into the directory, filled in as make does."""
        deploy = os.path.join(self.source, "deploy", "apache")
        values = {"www": self.path("www"), "apache": self.path("apache"), "programs": self.path("bin"),
                  "functions": self.path("functions")}
        for name in ("dime-common.conf", f"dime-{self.way}.conf"):
            with open(os.path.join(deploy, name + ".in"), encoding="utf-8") as file:
                text = file.read()
            for key, value in values.items():
                text = text.replace(f"@{key}@", value)
            with open(self.path(name), "w", encoding="utf-8") as file:
                file.write(self.edit(name, text))
        self.describe("--apache")
        self.write_main()

    def write_main(self):
        """Writes the file that Apache is given, which includes the others."""
        modules = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so"
                            for name in (COMMON + " " + WAYS[self.way]).split())
        settings = {"proxy": "", "cgi": f'ScriptSock "{self.run}/cgid.sock"',
                    "fcgid": f'FcgidIPCDir "{self.run}/tmp"\n'
                             f'FcgidProcessTableFile "{self.run}/tmp/table"'}
        with open(self.path("apache.conf"), "w", encoding="utf-8") as file:
            file.write(self.edit("apache.conf", CONFIGURATION.format(
                run=self.run, port=self.port, way=self.way, modules=modules, processes=2, workers=64,
                identity="User nobody\nGroup nogroup" if ROOT else "",
                settings=settings[self.way])))

    def apache(self, *arguments):
        """The command line of this Apache."""
        return ["apache2", "-f", self.path("apache.conf"), *arguments]

    def copy(self):
        """Copies what Apache reads and runs: root's Apache serves as nobody, who may not see here."""
        shutil.copytree(os.path.join(self.build, "www"), self.path("www"))
        shutil.copytree(os.path.join(self.source, "deploy", "apache"), self.path("apache"))
        os.mkdir(self.path("bin"))
        open(self.path("log", "error.log"), "w", encoding="utf-8").close()
        for name in self.all:
            shutil.copy(self.program(name), self.path("bin"))
        if ROOT:
            subprocess.run(["chown", "-R", "nobody:", self.run], check=True)

    def open_socket(self, name):
        """Lets Apache's user reach a socket that was made after Apache started."""
        if ROOT:
            shutil.chown(self.path(name + ".sock"), "nobody")

    def _start_nginx(self):
        self.copy()
        for _ in range(5):
            self.port = free_port()
            self.configure()
            process = self.spawn("apache", *self.apache("-D", "FOREGROUND"))
            if wait_until(lambda: self.nginx_listens() or process.poll() is not None,
                          "Apache doesn't listen") and process.poll() is None:
                return
            self.processes.pop("apache")
        raise AssertionError(f"Apache ended: {self.log('apache')}{self.log('error')}")
