#!/usr/bin/python3
"""Services behind TLS: a key goes only where a certificate that is trusted says
that it is the host. Usage: provider_tls.py SOCKET HOME SCENARIO [PROVIDER]

The daemon trusts what is in HOME/trusted.pem."""
import os
import shutil
import ssl
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from client import Refused, expect  # noqa: E402
from provider_case import KEY, Service, play  # noqa: E402
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


def hang_up(accepted):
    accepted[0].close()
    raise OSError("hung up")


if __name__ == "__main__":
    play(globals())
