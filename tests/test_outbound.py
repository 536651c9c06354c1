"""Requests to other machines: where they may go, and what is refused however it is written."""

from __future__ import annotations

import http.server
import ipaddress
import ssl
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from web import outbound
from web.outbound import OutboundFailed, Reach, fetch

REACH = Reach.around(
    "https://sso.example.org/realms/staff", ("keys.example.org:8443", "10.20.0.0/16"), "HOSTS"
)


@pytest.mark.parametrize(
    "address",
    ["https://sso.example.org/x", "https://SSO.example.org:443/", "https://keys.example.org:8443/jwks?x=1"],
)
def test_named_places_may_be_asked(address):
    REACH.check(address)


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/", "https://sso.example.org:8443/", "https://keys.example.org/",
        "http://sso.example.org/", "ftp://sso.example.org/", "https://sso.example.org@evil.example/",
        "https://u:p@sso.example.org/", "https://sso.example.org.evil.example/", "//sso.example.org/", "",
        "https://sso.example.org\\@evil.example/", "https://sso.example.org:99999/", "https://[::1",
        "https://sso.example.org/\r\nX: y", "https://sso.example.org/ä", "https://10.20.0.1/",
        "https://sso.example.org:0/",
    ],
)  # fmt: skip
def test_other_places_may_not(address):
    with pytest.raises(OutboundFailed):
        REACH.check(address)


PLAIN = Reach.among(["sso.example.org", "old.example.org:8080", "low.example.org:80"], "HOSTS")


@pytest.mark.parametrize(
    "address",
    [
        "http://sso.example.org/", "http://SSO.example.org:80/x", "https://sso.example.org/",
        "http://old.example.org:8080/", "http://low.example.org/", "https://old.example.org:8080/",
    ],
)  # fmt: skip
def test_plain_http_is_for_what_carries_no_secret(address):
    PLAIN.check(address, may_be_plain=True)
    if address.startswith("http:"):
        with pytest.raises(OutboundFailed, match="is not an https address"):
            PLAIN.check(address)
        with pytest.raises(OutboundFailed, match="is not an https address"):
            fetch(PLAIN, address)


@pytest.mark.parametrize(
    "address",
    [
        "http://evil.example/", "http://sso.example.org:8080/", "http://old.example.org/",
        "https://low.example.org/", "http://u:p@sso.example.org/", "ftp://sso.example.org/",
        "http://sso.example.org.evil.example/", "http://localhost/", "http://127.0.0.1/", "file:///x", "http:///",
    ],
)  # fmt: skip
def test_plain_http_reaches_no_more_than_what_is_named(address):
    with pytest.raises(OutboundFailed):
        PLAIN.check(address, may_be_plain=True)


@given(st.text(max_size=60) | st.text("ht/ps:[]@.0%\\?#", max_size=30).map("https://".__add__))
def test_no_text_breaks_the_check(text):
    for may_be_plain in (False, True):
        with suppress(OutboundFailed):
            REACH.check(text, may_be_plain=may_be_plain)


PRIVATE = [
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
    "224.0.0.1", "255.255.255.255", "198.18.0.1", "::1", "::", "fe80::1%eth0", "fd00::1", "ff02::1",
    "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::",
]  # fmt: skip


def resolving(monkeypatch, *addresses):
    found = [(2, 1, 6, "", (each, 443)) for each in addresses]
    monkeypatch.setattr(outbound.socket, "getaddrinfo", lambda *_, **__: found)
    asked = []
    monkeypatch.setattr(outbound, "dial", lambda found, port: asked.append((found, port)) or _fail())
    return asked


def _fail():
    raise ConnectionRefusedError(111, "Connection refused")


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_that_leads_inside_is_refused(monkeypatch, address):
    asked = resolving(monkeypatch, "93.184.216.34", address)
    with pytest.raises(OutboundFailed, match=r"no public address.*add .* to HOSTS"):
        fetch(REACH, "https://sso.example.org/")
    assert asked == []


def test_the_address_that_was_checked_is_connected_to(monkeypatch):
    asked = resolving(monkeypatch, "93.184.216.34", "2606:2800:220:1::1")
    with pytest.raises(OutboundFailed, match="cannot be reached: connection refused"):
        fetch(REACH, "https://sso.example.org/")
    checked = [ipaddress.ip_address(each) for each in ("93.184.216.34", "2606:2800:220:1::1")]
    assert asked == [(checked, 443)]


@pytest.mark.parametrize("address", ["10.20.3.4", "::ffff:10.20.3.4"])
def test_a_private_network_that_was_named_is_open(monkeypatch, address):
    resolving(monkeypatch, address)
    with pytest.raises(OutboundFailed, match="cannot be reached"):
        fetch(REACH, "https://sso.example.org/")


@pytest.mark.parametrize(
    ("issuer", "address", "is_open"),
    [
        ("https://10.1.2.3/realm", "10.1.2.3", True), ("https://10.1.2.3/realm", "10.1.2.4", False),
        ("http://localhost:9000", "127.0.0.1", True), ("http://localhost:9000", "10.1.2.3", False),
        ("http://[::1]:9000", "::1", True),
    ],
)  # fmt: skip
def test_an_issuer_that_is_written_as_private_is_meant_so(issuer, address, is_open):
    reach = Reach.around(issuer, (), "HOSTS")
    try:
        reach.check_host("x", [ipaddress.ip_address(address)])
    except OutboundFailed:
        assert not is_open
    else:
        assert is_open


@pytest.mark.parametrize("host", ["fd00::1", "[fd00::1]", "10.9.9.9"])
def test_a_bare_address_names_host_and_network(host):
    reach = Reach.around("https://sso.example.org", (host,), "HOSTS")
    bare = host.strip("[]")
    reach.check(f"https://[{bare}]/" if ":" in bare else f"https://{bare}/")
    reach.check_host(host, [ipaddress.ip_address(bare)])


def test_a_name_that_is_not_known_is_named(monkeypatch):
    def fail(*_, **__):
        raise OSError(-2, "Name or service not known")

    monkeypatch.setattr(outbound.socket, "getaddrinfo", fail)
    with pytest.raises(OutboundFailed, match=r"The name sso\.example\.org is not known"):
        fetch(REACH, "https://sso.example.org/")


@pytest.fixture(scope="module")
def tls_server(tmp_path_factory):
    """A server for the name localhost, with a certificate that nobody has signed."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(1), now + timedelta(1))
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    certificate = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    plain, encoding = serialization.NoEncryption(), serialization.Encoding.PEM
    written = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain)
    (folder / "key.pem").write_bytes(written)
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(encoding))

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.headers["Host"].encode())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server.server_port, str(folder / "certificate.pem")
    server.shutdown()
    thread.join(10)
    server.server_close()


def test_certificates_are_checked_for_name_and_trust(tls_server, monkeypatch):
    port, certificate = tls_server
    reach = Reach.around(f"https://localhost:{port}", (f"127.0.0.1:{port}",), "HOSTS")
    reach = Reach(reach.origins | {f"https://127.0.0.1:{port}"}, reach.networks, "HOSTS")
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with pytest.raises(OutboundFailed, match="certificate of localhost is not trusted"):
        fetch(reach, f"https://localhost:{port}/")
    monkeypatch.setenv("SSL_CERT_FILE", certificate)
    assert fetch(reach, f"https://localhost:{port}/").body == f"localhost:{port}".encode()
    with pytest.raises(OutboundFailed, match=r"certificate of 127\.0\.0\.1 is not trusted"):
        fetch(reach, f"https://127.0.0.1:{port}/")


def test_a_server_that_speaks_no_tls_is_named(monkeypatch):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    server.RequestHandlerClass.log_message = lambda *_: None
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        port = server.server_port
        with pytest.raises(OutboundFailed, match="cannot be reached"):
            fetch(Reach.around(f"https://localhost:{port}", (), "HOSTS"), f"https://localhost:{port}/")
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
