"""A policy on every answer: scripts by nonce alone, no frames, no sniffing, no other site's base or forms."""

from __future__ import annotations

import re
import shutil
import socket

import pytest

from kb.errors import DatabaseUnavailable
from kb.people import links
from tests.fixtures.people import sign_in
from tests.fixtures.served import free_port, serving
from tests.fixtures.web import application
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]

ADDRESSES = [
    "/", "/search?q=cut", "/entries/L-0001", "/entries/T-0001.md", "/sign-in", "/account", "/nowhere",
    "/search?page=x", "/sign-out", "/api/v1/entries", "/api/v1/nowhere", "/api/v1/openapi.json", "/healthz",
    "/readyz", "/metrics", "/static/js/main.js", "/static/nowhere", "/entries/l-0001", "/vocabulary.csv",
]  # fmt: skip
DIRECTIVES = {
    "default-src": "'self'", "object-src": "'none'", "base-uri": "'none'", "frame-ancestors": "'none'",
    "form-action": "'self'",
}  # fmt: skip


@pytest.fixture(scope="module")
def small_server(tmp_path_factory, small_home):
    """The port of a real server."""
    home, port = tmp_path_factory.mktemp("served"), free_port()
    shutil.copytree(small_home, home, dirs_exist_ok=True)
    with serving(home, port):
        yield port


def directives(answer) -> dict[str, str]:
    parts = answer.headers["Content-Security-Policy"].split(";")
    return dict(part.strip().split(" ", 1) for part in parts)


def check(answer) -> None:
    found = directives(answer)
    assert re.fullmatch(r"'nonce-[\w-]{20,}'", found.pop("script-src"))
    assert found == DIRECTIVES
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Content-Type"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_point_04_every_answer_carries_the_policy(client, address):
    for method in ("GET", "HEAD", "POST", "OPTIONS"):
        answer = client.open(address, method=method, buffered=True)
        if answer.data or method == "GET":
            check(answer)
        assert "script-src 'nonce-" in answer.headers["Content-Security-Policy"]


def test_point_04_pages_of_faults_carry_it_too(client, engine):
    for error in (RuntimeError("x"), DatabaseUnavailable("x")):

        def fail(*_, error=error):
            raise error

        engine.search = fail
        check(client.get("/search?q=x"))
    check(client.get("/", headers={"Host": "evil.example"}))
    check(client.post("/sign-in", data={"email": "x" * 1_100_000}))


@pytest.mark.parametrize(
    "sent",
    [b"NO SENSE\r\n\r\n", b"GET / HTTP/1.1\r\nHost: localhost\r\nNo Name: x\r\n\r\n",
     b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
     b"GET /<script> HTTP/9.9\r\n\r\n",
     b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n"],
)  # fmt: skip
def test_point_04_what_is_no_request_is_answered_under_a_policy_too(small_server, sent):
    with socket.create_connection(("127.0.0.1", small_server), 30) as link:
        link.sendall(sent)
        head = link.recv(10_000).decode().partition("\r\n\r\n")[0]
    assert head.startswith("HTTP/1.1 4")
    assert "\r\nContent-Security-Policy: default-src 'none'; frame-ancestors 'none'" in head
    assert "\r\nX-Content-Type-Options: nosniff" in head
    assert "\r\nReferrer-Policy: same-origin" in head


def test_point_04_nonces_are_never_used_twice(client):
    found = {directives(client.get("/help"))["script-src"] for _ in range(20)}
    assert len(found) == 20


def test_point_04_browsers_are_held_to_tls_where_there_is_tls(own_home):
    for url, expected in (("https://pmo.example", True), ("", False)):
        with application(own_home, url=url) as app:
            answer = app.test_client().get("/", base_url=url or "http://127.0.0.1")
            assert ("Strict-Transport-Security" in answer.headers) is expected


def test_point_04_what_is_for_one_browser_is_kept_by_no_cache(own_app):
    visitor, dora = own_app.test_client(), sign_in(own_app, "dora")
    with own_app.extensions[EXTENSION].database.write_aside() as session:
        secret = links.make_link(session, "administrator", made_by="test")
    welcome = visitor.get(f"/welcome?link={secret}")
    for answer in (visitor.get("/sign-in"), welcome, dora.get("/"), dora.get("/account")):
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert {"Cookie", "Authorization"} <= set(answer.vary)
    # The second visit brings the cookie, and the page holds a token made from it all the same.
    assert visitor.get("/sign-in").headers["Cache-Control"] == "private, no-store"
