#!/usr/bin/python3
"""Services behind TLS: a key goes only where a certificate that is trusted says
that it is the host. Usage: provider_tls.py SOCKET HOME SCENARIO [PROVIDER]

The daemon trusts what is in HOME/trusted.pem."""
import os
import shutil
import signal
import socket
import socketserver
import ssl
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from client import Refused, expect  # noqa: E402
from provider_case import KEY, Service, play, wait_until  # noqa: E402
from provider_shapes import SHAPES  # noqa: E402


def make_context(c, name, subject, is_trusted):
    """A server's, with a certificate of its own that names a host."""
    key, cert = (f"{c.home}/{name}.{what}" for what in ("key", "pem"))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
         "/CN=tt", "-addext", f"subjectAltName={subject}", "-keyout", key,
         "-out", cert], check=True, capture_output=True)
    if is_trusted:
        with open(cert, encoding="ascii") as f, open(
                f"{c.home}/trusted.pem", "a", encoding="ascii") as to:
            to.write(f.read())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


def need_openssl():
    if shutil.which("openssl") is None:
        print("skip: no openssl")
        sys.exit(0)


def refused_by_tls(c, shape, context, what):
    """Neither is the key tried there, nor an account ever asked."""
    service = Service(shape.answer, context)
    where = dict(provider=shape.provider, base_url=service.url + shape.base)
    try:
        c.add(service, verify=True, **where)
        sys.exit(f"{what}: a key was tried there")
    except Refused as e:
        expect(f"{what}: {e}", "certificate" in str(e), True)
    c.add(service, account="bad", **where)
    name = shape.provider + "/bad"
    it = c.settled(name)
    expect(f"{what}: state", it["state"], "failing")
    result = c.sync(name, shape.feed)
    expect(f"{what}: outcome", result["outcome"], "broken")
    for line in (result["error"], it["last_error"]):
        expect(f"{what}: {line}", "certificate" in line and
               "\n" not in line, True)
    expect(f"{what}: what came there", service.seen, [])
    expect(f"{what}: amounts", c.amounts(), [])
    c.peer.call("provider_rm", name=name)


def certificates(c, provider):
    need_openssl()
    shape = SHAPES[provider]()
    refused_by_tls(c, shape, make_context(
        c, "self", "IP:127.0.0.1", False), "a certificate of its own")
    refused_by_tls(c, shape, make_context(
        c, "other", "DNS:api.example.com,IP:127.0.0.2", True),
        "a certificate of another host")
    good = Service(shape.answer, make_context(
        c, "good", "IP:127.0.0.1", True))
    c.add(good, provider=provider, base_url=good.url + shape.base,
          verify=True)
    c.settled(provider)
    expect("amounts", sorted(c.amounts()), sorted(shape.amounts))
    # From there to plain HTTP, with which everybody could read the key.
    plain = Service(shape.answer)
    good.answer = lambda handler, path, query, n: (
        302, {"Location": plain.url + path}, {})
    result = c.sync(provider, shape.feed)
    expect("a redirect", (result["outcome"], "a redirect" in result["error"]),
           ("broken", True))
    expect("what came there", plain.seen, [])
    # A handshake that is broken off may go well the next time.
    good.answer = shape.answer
    n = len(good.seen)
    good.get_request = lambda: hang_up(good.socket.accept())
    result = next(r for r in c.sync_with_clock(provider)
                  if r["feed"] == shape.feed)
    expect(f"no handshake: {result['error']}", result["outcome"], "failing")
    expect("requests without a handshake", len(good.seen), n)
    del good.get_request
    expect("outcome", c.sync(provider, shape.feed)["outcome"], "ok")
    expect("amounts stay", sorted(c.amounts()), sorted(shape.amounts))


class Proxy(socketserver.ThreadingTCPServer):
    """CONNECTs whatever is asked for to one service."""

    daemon_threads = True

    def __init__(self, service):
        super().__init__(("127.0.0.1", 0), Tunnel)
        self.service = service
        self.heads = []
        self.says = b"200 Connection established"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Tunnel(socketserver.BaseRequestHandler):
    def handle(self):
        head = b""
        while b"\r\n\r\n" not in head:
            more = self.request.recv(4096)
            # TLS is not what it speaks.
            if not more or more[0] == 0x16 and not head:
                return
            head += more
        self.server.heads.append(head.decode("latin-1"))
        if self.server.says is None:
            return
        self.request.sendall(b"HTTP/1.1 " + self.server.says + b"\r\n\r\n")
        if not self.server.says.startswith(b"200"):
            return
        with socket.create_connection(
                self.server.service.server_address) as there:
            back = threading.Thread(
                target=pump, args=(there, self.request), daemon=True)
            back.start()
            pump(self.request, there)
            back.join()


def pump(source, to):
    try:
        while True:
            some = source.recv(65536)
            if not some:
                break
            to.sendall(some)
        to.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def use_proxy(c, url):
    with open(c.home + "/config", "w", encoding="ascii") as f:
        f.write(f"[daemon]\nlog_level = debug\nproxy = {url}\n")
    n = c.log().count("op=reload")
    os.kill(c.peer.call("status")["pid"], signal.SIGHUP)
    wait_until("the proxy is taken", lambda: c.log().count("op=reload") > n)


def proxy(c, provider):
    """It is told the host and nothing else; this machine is asked directly."""
    need_openssl()
    shape = SHAPES[provider]()
    far = Service(shape.answer, make_context(
        c, "far", "DNS:billing.test", True))
    near = Service(shape.answer, make_context(
        c, "near", "IP:127.0.0.1", True))
    way = Proxy(far)
    use_proxy(c, f"http://127.0.0.1:{way.server_address[1]}")
    base = "https://billing.test" + shape.base
    c.peer.call("provider_add", provider=provider, key=KEY, base_url=base)
    c.settled(provider)
    expect("amounts", sorted(c.amounts()), sorted(shape.amounts))
    expect("requests", len(far.seen) > 0, True)
    for head in way.heads:
        expect(f"what the proxy sees: {head!r}",
               head.startswith("CONNECT billing.test:443 HTTP/1.1\r\n") and
               KEY not in head and "nthropic" not in head and
               "uthorization" not in head, True)
    n = len(way.heads)
    c.add(near, provider=provider, account="near", verify=True,
          base_url=near.url + shape.base)
    c.settled(provider + "/near")
    expect("what went by the proxy to this machine", len(way.heads), n)
    proxy_in_trouble(c, shape, way, far)
    certificate_behind_proxy(c, way, shape)


def sync_anew(c, shape):
    """Tries again and again, as long as it is worth it."""
    return next(r for r in c.sync_with_clock(shape.provider)
                if r["feed"] == shape.feed)


def proxy_in_trouble(c, shape, way, far):
    """It is named, with what it said, and its password is not."""
    login = "puser:ppassword@"
    no = "no connection through the proxy"
    said = f"the service could not be asked: {no}"
    n = len(far.seen)
    for says, error in (
            (b"403 Forbidden", f"{no} (HTTP 403)"),
            (b"407 Proxy Authentication Required",
             f"{no} (HTTP 407): it wants a login"),
            (b"502 Bad Gateway", f"{no} (HTTP 502)"),
            (b"418 Teapot", f"{no} (HTTP 418)"),
            (b"302 Found", f"{no} (HTTP 302)"),
            (None, no)):
        way.says = says
        result = sync_anew(c, shape)
        expect(f"the proxy says {says}", (result["outcome"], result["error"]),
               ("failing", "the service could not be asked: " + error))
    way.says = b"200 Connection established"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        gone = f"127.0.0.1:{free.getsockname()[1]}"
        for where in ("http://" + login + gone, "https://" + gone,
                      "socks5h://" + login + gone):
            use_proxy(c, where)
            result = sync_anew(c, shape)
            expect(where, result["error"], said)
    # No answer that TLS could begin with.
    use_proxy(c, f"https://127.0.0.1:{way.server_address[1]}")
    expect("no TLS", sync_anew(c, shape)["error"], said)
    expect("the password is in the log", "ppassword" in c.log(), False)
    expect("what came behind the proxy", len(far.seen), n)
    use_proxy(c, f"http://127.0.0.1:{way.server_address[1]}")


def certificate_behind_proxy(c, way, shape):
    """What is wrong behind the proxy is not the proxy's."""
    way.service = Service(shape.answer, make_context(
        c, "false", "DNS:other.test", True))
    result = sync_anew(c, shape)
    expect(f"the certificate: {result['error']}",
           "certificate" in result["error"] and
           "proxy" not in result["error"], True)


def hang_up(accepted):
    accepted[0].close()
    raise OSError("hung up")


if __name__ == "__main__":
    play(globals())
