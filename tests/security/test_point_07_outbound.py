"""Nothing goes out: no request of a page leads to another machine, unless single sign-on is set up."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest

from kb.people.audit import Origin
from tests.fixtures.people import browser_of, make_user, sign_in
from tests.fixtures.provider import answer_of, go, target
from tests.security.addresses import address_of, rules
from web.link_checks import check_links
from web.provider import CALLBACK
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people", "tests.fixtures.provider"]


class WentOut(AssertionError):
    """Something asked another machine."""


@pytest.fixture
def connections(monkeypatch):
    """(host, port) of every connection of this process; names that were looked up with the port 0."""
    seen: list[tuple[str, int]] = []
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def connecting(self, address):
        if self.family in {socket.AF_INET, socket.AF_INET6}:
            seen.append((str(address[0]), int(address[1])))
        return connect(self, address)

    def looking_up(host, port, *args, **more):
        seen.append((str(host), 0))
        return look_up(host, port, *args, **more)

    monkeypatch.setattr(socket.socket, "connect", connecting)
    monkeypatch.setattr(socket.socket, "connect_ex", connecting)
    monkeypatch.setattr(socket, "getaddrinfo", looking_up)
    return seen


def assert_only(connections, provider) -> None:
    """The provider was asked, and nobody else."""
    issuer = urlsplit(provider.issuer)
    assert {port for _, port in connections} == {0, issuer.port}
    assert {host for host, _ in connections} == {issuer.hostname, "127.0.0.1"}


HOSTILE = ["http://169.254.169.254/latest", "https://evil.example/x", "file:///etc/passwd", "//evil.example"]


def read_everything(app) -> None:
    """Every page and answer, by a visitor and by an administrator, with addresses wherever text is taken."""
    for browser in (browser_of(app), sign_in(app, "ada", "admin")):
        for rule in rules(app):
            if "GET" in (rule.methods or ()):
                browser.get(address_of(rule), buffered=True)
        for address in HOSTILE:
            for name in ("/search?q=", "/api/v1/search?q=", "/sign-in?next=", "/vocabulary?q=", "/people?q="):
                browser.get(f"{name}{address}")
            browser.get("/", headers={"Host": "127.0.0.1", "Referer": address, "X-Forwarded-For": address})


def test_point_7_the_guard_sees_a_connection(connections):
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", 1), timeout=1)
    assert ("127.0.0.1", 1) in connections


def test_point_7_nothing_goes_out(own_app, connections):
    read_everything(own_app)
    assert connections == []


def test_point_7_forms_send_nothing_either(own_app, connections):
    browser = sign_in(own_app, "ada", "admin")
    sent = {
        "/people/invite": {"email": "bea@example.org"}, "/account/profile": {"name": "https://evil.example"},
        "/vocabulary/new": {"kind": "synonyms", "terms": "https://evil.example/a\nb"},
        "/sign-in/provider": {"next": "https://evil.example/"}, "/operation/check": {},
    }  # fmt: skip
    for address, fields in sent.items():
        browser.send(address, **fields)
    assert connections == []


def test_point_7_with_single_sign_on_only_the_provider_is_asked(provided_app, provider, connections):
    make_user(provided_app, "dora")
    assert go(browser_of(provided_app)).status_code == 303
    assert_only(connections, provider)


def test_point_7_a_provider_that_names_other_places_is_not_followed(provided_app, provider, connections):
    for place in ("http://169.254.169.254/token", "https://evil.example/token", "http://127.0.0.1:1/token"):
        provider.changed_discovery = {"token_endpoint": place, "jwks_uri": place}
        provided_app.extensions[EXTENSION].provider.forget()
        browser = browser_of(provided_app)
        begun = browser.send("/sign-in/provider")
        if begun.status_code == 200:
            begun = browser.get(f"{CALLBACK}?{answer_of(target(begun))}")
        assert begun.status_code == 502
        assert_only(connections, provider)


INSIDE = [
    "http://169.254.169.254/latest", "https://10.0.0.1/", "http://[::1]/", "http://127.0.0.1:1/",
    "http://[::ffff:10.0.0.1]/", "http://localhost/", "http://u:p@93.184.216.34/", "http://93.184.216.34:22/",
]  # fmt: skip


@pytest.mark.parametrize("hosts", [(), ("training.example.org",), ("*",)], ids=["none", "one", "all"])
def test_point_7_checked_links_lead_to_no_place_that_is_not_named(own_app, connections, hosts):
    """Neither by https nor by plain http; names are looked up at most, nothing is connected to."""
    by = Origin(make_user(own_app, "tina", "trainer"))
    steps = [{"link": address, "title": address} for address in INSIDE]
    checked = check_links(own_app.extensions[EXTENSION].database, by, hosts, steps)
    assert [each.is_reached for each in checked] == [False] * len(INSIDE)
    assert {port for _, port in connections} <= {0}
