# https_test.py - nginx with dime-https.conf as it ships, a certificate made here, and real clients.
#
# usage: https_test.py BUILDDIR SRCDIR
# Only the ports, the name and the place of the certificate are others. What is refused is refused by
# the server: openssl is told to allow itself all, and the alert is read.
import contextlib
import http.client
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

from cases import Skip, collect, directories, equal, run, true
from echo import EchoResponder
from serving import Answer, Serving, free_port, listens, wait_until

BUILD, SOURCE = directories()
NAME = "localhost"
CHANGE = "/cgi-bin/change"
RES = '{"res":[{"4":"quarters"}]}'
HSTS = "max-age=63072000"
BROWSER = {"Accept": "text/html,*/*;q=0.8"}
# Server Side TLS guideline 6.0, intermediate.
CIPHERS = ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
           "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305"]


class Secure(Serving):
    """dime served over HTTPS too, on `secure`, and the way there, on `plain`."""

    def __enter__(self):
        self.secure, self.plain = free_port(), free_port()
        return super().__enter__()

    def configure(self):
        super().configure()
        self.certify(1)
        with open(os.path.join(self.build, "nginx", "dime-https.conf")) as file:
            text = re.sub(r"include .*/dime-server.conf", f"include {self.run}/dime-server.conf", file.read())
        for old, new in {"listen 80;": f"listen 127.0.0.1:{self.plain};",
                         "listen 443": f"listen 127.0.0.1:{self.secure}",
                         "/etc/letsencrypt/live/example.org": self.run,
                         "example.org": NAME, "/var/www/html": self.run, "/var/log/nginx": self.path("log")}.items():
            true(old in text, f"dime-https.conf has no {old}")
            text = text.replace(old, new)
        # Not every machine has IPv6.
        text = re.sub(r" *listen \[::\].*\n", "", text)
        with open(self.path("dime-https.conf"), "w") as file:
            file.write(text)
        with open(self.path("nginx.conf")) as file:
            text = file.read()
        text = text.replace("dime-http.conf;", f"dime-http.conf;\n    include {self.run}/dime-https.conf;")
        with open(self.path("nginx.conf"), "w") as file:
            file.write(text)

    def nginx_listens(self):
        return super().nginx_listens() and listens(socket.AF_INET, ("127.0.0.1", self.secure))

    def certify(self, number):
        """Puts a new certificate of this serial number where nginx looks for it."""
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-days", "2", "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}",
                        "-set_serial", str(number), "-keyout", self.path("new.key"), "-out",
                        self.path("new.pem")], check=True, capture_output=True)
        os.rename(self.path("new.key"), self.path("privkey.pem"))
        os.rename(self.path("new.pem"), self.path("fullchain.pem"))

    def context(self):
        context = ssl.create_default_context(cafile=self.path("fullchain.pem"))
        context.set_alpn_protocols(["http/1.1"])
        return context

    def ask_secure(self, path, headers=(), method="GET", body=None):
        connection = http.client.HTTPSConnection(NAME, self.secure, timeout=10, context=self.context())
        with contextlib.closing(connection):
            return self.ask(connection, path, headers, method, body)

    def ask_plain(self, port, path, **how):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        with contextlib.closing(connection):
            return self.ask(connection, path, **how)

    def openssl(self, *options):
        """What `openssl s_client` says of a connection with these options."""
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.secure}", "-servername", NAME,
                               *options], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
        return done.stdout + done.stderr

    def serial(self):
        """The serial number of the certificate that is shown."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", self.secure), 10) as plain:
            with context.wrap_socket(plain, server_hostname=NAME) as secure:
                der = secure.getpeercert(binary_form=True)
        said = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-serial"], input=der,
                              capture_output=True, check=True).stdout
        return int(said.decode().strip().removeprefix("serial="), 16)


# All that this openssl can do: the server is to refuse it.
ALL = ("-cipher", "ALL:@SECLEVEL=0")


def test_syntax(s):
    """nginx -t finds nothing to say but that all is well."""
    said = subprocess.run(s.nginx("-e", "stderr", "-t", "-q"), capture_output=True, text=True, env=s.environment)
    equal((said.returncode, said.stdout + said.stderr), (0, ""))


def test_versions(s):
    """TLS 1.2 and 1.3 are offered, 1.0 and 1.1 are refused."""
    for version in ("1_2", "1_3"):
        true(f"New, TLSv{version.replace('_', '.')}, Cipher is " in s.openssl("-tls" + version), version)
    for version in ("1", "1_1"):
        said = s.openssl("-tls" + version, *ALL)
        true("alert protocol version" in said, f"TLS {version}: {said[-300:]}")


def test_ciphers(s):
    """The guideline's ciphers are offered, older ones refused."""
    with open(s.path("dime-https.conf")) as file:
        equal(re.search(r"ssl_ciphers (\S+);", file.read())[1].split(":"), CIPHERS)
    for cipher in CIPHERS:
        if "ECDSA" in cipher:
            true(f"Cipher is {cipher}" in s.openssl("-tls1_2", "-cipher", cipher), cipher)
    for cipher in ("ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "DHE-RSA-AES128-GCM-SHA256",
                   "AES128-GCM-SHA256", "AES128-SHA", "ECDHE-ECDSA-AES128-CCM", "aNULL"):
        said = s.openssl("-tls1_2", "-cipher", cipher + ":@SECLEVEL=0")
        true("alert handshake failure" in said, f"{cipher}: {said[-300:]}")


def test_groups(s):
    """Keys are agreed on by the guideline's groups and no others."""
    for group in ("X25519", "P-256", "P-384"):
        true("Cipher is TLS_" in s.openssl("-tls1_3", "-groups", group), group)
    for group in ("P-521", "X448"):
        true("alert handshake failure" in s.openssl("-tls1_3", "-groups", group), group)


def test_sessions(s):
    """A session is resumed from the server's own cache: no ticket, whose key would have to be changed."""
    said = s.openssl("-tls1_2", "-reconnect")
    true("Reused, TLSv1.2" in said, said[-300:])
    true("TLS session ticket:" not in said, "there is a ticket")


def curl(s, *arguments):
    return subprocess.run(["curl", "-qsS", "--noproxy", "*", "--cacert", s.path("fullchain.pem"), "--resolve",
                           f"{NAME}:{s.secure}:127.0.0.1", *arguments], capture_output=True, text=True, check=True,
                          timeout=20).stdout


def test_http2(s):
    """HTTP/2 is chosen by who can, and works for pages, functions and problems; HTTP/1.1 for the others."""
    if "HTTP2" not in subprocess.run(["curl", "--version"], capture_output=True, text=True).stdout:
        raise Skip("curl has no HTTP/2")
    url, told = f"https://{NAME}:{s.secure}", "\n%{http_version} %{response_code}"
    equal(curl(s, "-w", told, "-d", '{"amount":1}', url + CHANGE), RES + "\n2 200")
    equal(curl(s, "-w", told, url + CHANGE + "?amount=x").rsplit("\n", 1)[1], "2 422")
    equal(curl(s, "-w", told, url + "/nothing").rsplit("\n", 1)[1], "2 404")
    equal(curl(s, "-w", told, "-d", "x" * 9000, url + CHANGE).rsplit("\n", 1)[1], "2 413")
    equal(curl(s, "-w", told, "-o", "/dev/null", url + "/style.css"), "\n2 200")
    equal(curl(s, "-w", told, "--http1.1", url + CHANGE + "?amount=1"), RES + "\n1.1 200")
    many = curl(s, "--parallel", *[f"{url}{CHANGE}?amount={number}.00" for number in range(1, 60)])
    equal(many.count('"res":'), 59)
    line = s.line("access", curl(s, "-D", "-", "-o", "/dev/null", url).lower().split("x-request-id: ")[1][:32])
    equal((line["method"], line["status"]), ("GET", 200))


def test_headers(s):
    """Whatever the answer, HSTS is in it once, with the other headers that guard it."""
    cases = {"/": 200, "/style.css": 200, CHANGE + "?amount=1": 200, CHANGE + "?amount=x": 422, "/healthz": 200,
             "/healthz/change": 200, "/nothing": 404, "/cgi-bin/nothing": 404, "/problems/too-large": 302}
    for path, status in cases.items():
        for headers in ({}, BROWSER):
            answer = s.ask_secure(path, headers)
            equal((answer.status, answer.all("strict-transport-security")), (status, [HSTS]), path)
            equal(answer.all("x-content-type-options"), ["nosniff"], path)
            true(answer.header("x-request-id") and answer.header("cache-control"), path)
            if answer.header("content-type").startswith("text/html") and status != 302:
                true("default-src 'none'" in answer.header("content-security-policy"), path)
                equal(answer.header("referrer-policy"), "same-origin", path)
                true(answer.header("permissions-policy"), path)
    large = s.ask_secure(CHANGE, method="POST", body="x" * 9000)
    equal((large.status, large.all("strict-transport-security")), (413, [HSTS]))


def test_plain_server(s):
    """Without TLS there is no HSTS: browsers must not heed it there (RFC 6797, 7.2)."""
    for path in ("/", CHANGE + "?amount=1", "/nothing", "/healthz"):
        equal(s.get(path).all("strict-transport-security"), [], path)


def test_redirect(s):
    """Plain HTTP leads to HTTPS with the method and the query kept, and to no host of a client's choice."""
    for method, body in (("GET", None), ("POST", '{"amount":1}'), ("HEAD", None)):
        for host in (NAME, "evil.example"):
            answer = s.ask_plain(s.plain, CHANGE + "?amount=1&x=%20", method=method, body=body,
                                 headers={"Host": host})
            equal((answer.status, answer.header("location")),
                  (308, f"https://{NAME}{CHANGE}?amount=1&x=%20"), f"{method} {host}")
    answer = s.ask_plain(s.secure, "/change?x")
    equal((answer.status, answer.header("location")), (308, f"https://{NAME}/change?x"), "HTTP on TLS's port")


def test_challenge(s):
    """What certbot puts there to renew the certificate is served without TLS."""
    os.makedirs(s.path(".well-known", "acme-challenge"), exist_ok=True)
    with open(s.path(".well-known", "acme-challenge", "token"), "w") as file:
        file.write("proof")
    answer = s.ask_plain(s.plain, "/.well-known/acme-challenge/token")
    equal((answer.status, answer.text), (200, "proof"))
    for path in ("/.well-known/acme-challenge/../../privkey.pem", "/privkey.pem"):
        equal(s.ask_plain(s.plain, path).status, 308, path)


def test_function_is_told(_):
    """The function is told HTTPS=on over TLS, and nothing of the kind without."""
    with Secure(BUILD, SOURCE, functions=("hello",)) as s, EchoResponder(s.path("change.sock")):
        secure = dict(s.ask_secure(CHANGE, {"HTTPS": "off"}).json()["pairs"])
        equal((secure.get("HTTPS"), secure.get("HTTP_HTTPS")), ("on", "off"))
        true("HTTPS" not in dict(s.get(CHANGE).json()["pairs"]), "HTTPS without TLS")


def test_new_certificate(s):
    """A new certificate, put in place and taken by a reload, costs no request."""
    stop, asked, failed = threading.Event(), [], []
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    def client():
        while not stop.is_set():
            try:
                connection = http.client.HTTPSConnection(NAME, s.secure, timeout=10, context=context)
                with contextlib.closing(connection):
                    answer = s.ask(connection, CHANGE + "?amount=1", {"Connection": "close"})
                asked.append(answer.status)
                if (answer.status, answer.text) != (200, RES):
                    failed.append(answer.text)
            except (OSError, http.client.HTTPException) as error:
                failed.append(repr(error))
    clients = [threading.Thread(target=client) for _ in range(4)]
    for one in clients:
        one.start()
    try:
        for number in range(2, 6):
            s.certify(number)
            s.processes["nginx"].send_signal(signal.SIGHUP)  # what `nginx -s reload` sends
            wait_until(lambda: s.serial() == number, f"certificate {number} isn't shown")
            time.sleep(0.1)
    finally:
        stop.set()
        for one in clients:
            one.join()
    print(f"# {len(asked)} requests over four new certificates")
    equal(failed, [])
    true(len(asked) > 20, f"only {len(asked)} requests")


def test_error_log(s):
    """After all of this nginx's own log has no alert, and warns of nothing."""
    equal(re.findall(r".*\[(?:warn|alert|crit|emerg)\].*", s.log("nginx")), [])


if __name__ == "__main__":
    for program in ("nginx", "openssl", "curl"):
        if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            print(f"skip - HTTPS: {program} isn't installed\n0 passed, 0 failed, 1 skipped")
            sys.exit(0)
    with Secure(BUILD, SOURCE) as serving:
        sys.exit(run(collect(globals()), serving))
