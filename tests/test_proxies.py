"""What a reverse proxy may say of a request, and that nobody else may."""

from __future__ import annotations

import re
import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb.config import Settings
from kb.database import open_database
from kb.errors import SettingsError
from kb.networks import read_network
from kb.people import accounts, admission
from kb.people.audit import AuditFilter, find
from kb.people.model import SessionRow, User
from kb.people.roles import OPERATOR
from kb.people.texts import Invitation
from tests.fixtures.people import browser_of, make_user, sign_in
from tests.fixtures.served import free_port, serving
from tests.fixtures.web import application
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]

HEADER = "X-Forwarded-Email"
PROXY = {"REMOTE_ADDR": "10.0.7.2"}
ELSEWHERE = {"REMOTE_ADDR": "10.0.8.2"}


@pytest.fixture
def app(own_home):
    networks = tuple(map(read_network, ("10.0.7.0/24", "fd00::/8")))
    with application(own_home, proxies=networks, proxy_header=HEADER) as app:
        yield app


def database_of(app):
    return app.extensions[EXTENSION].database


def by(name, **more):
    """A request that the proxy vouches for."""
    return {"headers": {HEADER: f"{name}@example.org"} | more, "environ_overrides": PROXY}


def logged(app, **wanted):
    with database_of(app).read() as session:
        return [(line.action, line.outcome) for line in find(session, AuditFilter(**wanted), 0, 50)[1]]


def sessions_of(app):
    with database_of(app).read() as session:
        query = session.query(User.email, SessionRow.method, SessionRow.address).join(
            SessionRow, SessionRow.user_id == User.id
        )
        return sorted(tuple(row) for row in query)


def test_a_person_comes_by_the_proxy_and_has_one_session(app):
    make_user(app, "dora")
    browser = browser_of(app)
    for _ in range(3):
        assert "Dora" in browser.get("/", **by("Dora")).text
    assert sessions_of(app) == [("dora@example.org", "proxy", "10.0.7.2")]
    assert logged(app) == [("sign in", "done")]


def test_elsewhere_the_same_header_is_refused_in_words(app):
    make_user(app, "dora")
    browser = browser_of(app)
    answer = browser.get("/", headers={HEADER: "dora@example.org"}, environ_overrides=ELSEWHERE)
    assert answer.status_code == 400
    assert f"The header {HEADER} is only taken from a proxy" in answer.text
    assert sessions_of(app) == []
    assert logged(app) == [("use proxy header", "refused")]


def test_refusals_are_slowed_down(app):
    from kb.people.limits import REFUSALS

    browser = browser_of(app)
    sent = {"headers": {HEADER: "x"}, "environ_overrides": ELSEWHERE}
    answers = [browser.get("/help", **sent).status_code for _ in range(REFUSALS.most + 1)]
    assert answers == [400] * REFUSALS.most + [429]


def test_where_it_is_not_set_the_header_means_nothing(own_home):
    with application(own_home, proxies=(read_network("10.0.7.0/24"),)) as app:
        make_user(app, "dora")
        assert "Sign in" in browser_of(app).get("/", **by("dora")).text
        assert sessions_of(app) == []


def test_a_header_that_came_twice_is_refused(app):
    make_user(app, "dora")
    for sent in ([(HEADER, "dora@example.org"), (HEADER, "eve@example.org")], [(HEADER, "a@x.org, b@x.org")]):
        answer = browser_of(app).get("/", headers=sent, environ_overrides=PROXY)
        assert answer.status_code == 400
        assert "came more than once" in answer.text


def test_another_person_ends_the_former_session(app):
    make_user(app, "dora")
    make_user(app, "eric")
    browser = browser_of(app)
    browser.get("/", **by("dora"))
    before = browser.secret
    assert "Eric" in browser.get("/", **by("eric")).text
    assert browser.secret != before
    assert sessions_of(app) == [("eric@example.org", "proxy", "10.0.7.2")]
    assert logged(app) == [("sign in", "done"), ("sign out", "done"), ("sign in", "done")]
    assert browser.get("/", **by("nobody")).status_code == 403
    assert sessions_of(app) == []


def test_a_session_of_the_proxy_ends_without_its_word(app):
    make_user(app, "dora")
    browser = browser_of(app)
    browser.get("/", **by("dora"))
    assert "Sign in" in browser.get("/", environ_overrides=PROXY).text
    assert sessions_of(app) == []
    browser.get("/", **by("dora"))
    assert "Sign in" in browser.get("/", environ_overrides=ELSEWHERE).text
    assert sessions_of(app) == []


def test_a_session_by_password_goes_on_as_it_is(app):
    browser = sign_in(app, "dora")
    assert "Dora" in browser.get("/", environ_overrides=ELSEWHERE).text
    assert "Dora" in browser.get("/", **by("dora")).text
    assert [method for _, method, _ in sessions_of(app)] == ["password"]


def test_strangers_and_the_disabled_stay_out_and_the_invited_come(app):
    make_user(app, "ada", "admin")
    dora = make_user(app, "dora")
    browser = browser_of(app)
    answer = browser.get("/", **by("stranger"))
    assert answer.status_code == 403
    assert "has no account here" in answer.text
    browser.get("/", **by("dora"))
    with database_of(app).write_aside() as session:
        accounts.disable(session, OPERATOR, dora.id)
    answer = browser.get("/", **by("dora"))
    assert (answer.status_code, "disabled" in answer.text) == (403, True)
    with database_of(app).write_aside() as session:
        admission.invite(session, OPERATOR, Invitation(email="bea@example.org"))
    before = len(logged(app, action="sign in", outcome="refused"))
    for name in ("bea", "dora", "stranger"):
        assert browser_of(app).get("/api/v1/entries", **by(name)).status_code == 403
    assert len(logged(app, action="sign in", outcome="refused")) == before + 3
    assert browser_of(app).get("/", **by("bea")).status_code == 200
    assert ("bea@example.org", "proxy", "10.0.7.2") in sessions_of(app)


@pytest.mark.parametrize("name", ["a\x00b", "\udcff", "x" * 500, "'; DROP TABLE users"])
def test_names_that_are_none_are_refused(app, name):
    environ = PROXY | {"HTTP_X_FORWARDED_EMAIL": name}
    assert browser_of(app).get("/", environ_overrides=environ).status_code == 403


def test_forms_need_their_token_here_too(app):
    make_user(app, "dora")
    browser = browser_of(app)
    page = browser.get("/", **by("dora")).text
    token = re.search(r'name="form_token" value="(\w+)"', page)[1]
    assert browser.post("/sign-out", **by("dora")).status_code == 403
    evil = {"data": {"form_token": token}} | by("dora", Origin="https://evil.example")
    assert browser.post("/sign-out", **evil).status_code == 403
    assert browser.post("/sign-out", data={"form_token": token}, **by("dora")).status_code == 303
    assert sessions_of(app) == []
    assert browser_of(app).post("/sign-out", data={"form_token": token}, **by("dora")).status_code == 403


def test_programs_that_keep_no_cookies_begin_no_sessions(app):
    make_user(app, "dora", "curator")
    client = browser_of(app)
    for _ in range(3):
        answer = client.get("/api/v1/entries", **by("dora"))
        assert answer.json["total"] == 8
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "private, no-store"
    assert HEADER in answer.vary
    assert sessions_of(app) == []


def test_browsers_that_keep_no_cookies_are_slowed_down(app, monkeypatch):
    from dataclasses import replace

    from kb.people.limits import PROXIED

    monkeypatch.setattr("web.identity.PROXIED", replace(PROXIED, most=2))
    make_user(app, "dora")
    answers = [browser_of(app).get("/", **by("dora")).status_code for _ in range(3)]
    assert answers == [200, 200, 429]


def test_a_token_counts_before_the_proxys_word(app):
    from kb.people.tokens import TokenText, issue_token

    dora = make_user(app, "dora", "curator")
    with database_of(app).write_aside() as session:
        _, key = issue_token(session, dora, TokenText(name="script"))
    make_user(app, "eric")
    answer = browser_of(app).get("/api/v1/entries", **by("eric", Authorization=f"Bearer {key}"))
    assert answer.json["total"] == 8


CHAINS = {
    "one": ("203.0.113.9", "203.0.113.9"),
    "a made-up beginning": ("1.2.3.4, 203.0.113.9", "203.0.113.9"),
    "two proxies": ("203.0.113.9, 10.0.7.3", "203.0.113.9"),
    "with a port": ("203.0.113.9:4711", "203.0.113.9"),
    "the sixth version": ("2001:db8::9", "2001:db8::9"),
    "the sixth with a port": ("[2001:db8::9]:4711, fd00::1", "2001:db8::9"),
    "only proxies": ("10.0.7.4, 10.0.7.3", "10.0.7.4"),
    "nonsense at the end": ("203.0.113.9, nonsense", "10.0.7.2"),
    "nonsense behind a proxy": ("nonsense, 10.0.7.3", "10.0.7.3"),
    "empty": ("", "10.0.7.2"),
}


@pytest.mark.parametrize(("chain", "address"), CHAINS.values(), ids=CHAINS)
def test_the_address_is_the_last_that_is_no_proxys(app, chain, address):
    make_user(app, "dora")
    browser_of(app).get("/", **by("dora", **{"X-Forwarded-For": chain}))
    assert sessions_of(app) == [("dora@example.org", "proxy", address)]


def test_elsewhere_the_chain_means_nothing(app):
    browser = browser_of(app)
    sent = {"headers": {"X-Forwarded-For": "203.0.113.9"}, "environ_overrides": ELSEWHERE}
    browser.set_cookie("precedent", "made up")
    browser.get("/", **sent)
    with database_of(app).read() as session:
        assert find(session, AuditFilter(), 0, 1)[1][0].address == "10.0.8.2"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chain=st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=80))
def test_no_chain_breaks_a_page(app, chain):
    environ = PROXY | {"HTTP_X_FORWARDED_FOR": chain}
    assert browser_of(app).get("/help", environ_overrides=environ).status_code == 200


IDS = {
    "a1b2c3d4": True, "x" * 40: True, "9f1c-4.e_A": True, "short": False, "x" * 41: False,
    "a b c d e": False, "a1b2c3d4\u00e9": False,
}  # fmt: skip


@pytest.mark.parametrize(("name", "is_taken"), IDS.items(), ids=map(repr, IDS))
def test_a_proxys_name_for_the_request_is_taken_if_it_fits(app, name, is_taken):
    client = app.test_client()
    sent = {"HTTP_X_REQUEST_ID": name.encode().decode("latin-1")}
    assert (client.get("/help", environ_overrides=PROXY | sent).headers["X-Request-Id"] == name) is is_taken
    assert client.get("/help", environ_overrides=ELSEWHERE | sent).headers["X-Request-Id"] != name


@pytest.mark.parametrize("remote", ["::ffff:10.0.7.2", "10.0.7.2", "fd00::9"])
def test_addresses_are_what_they_mean(app, remote):
    make_user(app, "dora")
    sent = {"headers": {HEADER: "dora@example.org"}, "environ_overrides": {"REMOTE_ADDR": remote}}
    assert "Dora" in browser_of(app).get("/", **sent).text


def test_the_real_server_drops_what_only_looks_like_the_header(own_home):
    """To a WSGI application X_Forwarded_Email is X-Forwarded-Email, and no proxy takes it out."""
    database = open_database(f"sqlite:///{own_home}/precedent.sqlite")
    with database.write_aside() as session:
        accounts.new_user(session, "dora@example.org", "Dora", "active")
    database.dispose()
    port = free_port()
    with serving(own_home, port, proxies="127.0.0.1", proxy_header=HEADER):
        for name, is_known in ((HEADER, True), ("X_Forwarded_Email", False), ("X-Forwarded_Email", False)):
            page = ask(port, f"{name}: dora@example.org")
            assert " 200 " in page[:20]
            assert ("Set-Cookie: precedent=" in page) is is_known, name
        plain = ask(port, "X-Forwarded-Proto: https\r\nSCRIPT_NAME: /evil\r\nPATH_INFO: /vocabulary")
        assert "<title>Lessons from past projects" in plain
        assert "/evil" not in plain


def ask(port: int, headers: str) -> str:
    with socket.create_connection(("127.0.0.1", port), 30) as link:
        link.sendall(f"GET / HTTP/1.0\r\nHost: 127.0.0.1\r\n{headers}\r\n\r\n".encode())
        return b"".join(iter(lambda: link.recv(65_536), b"")).decode()


def test_settings_are_read():
    found = Settings.from_env(
        {"PRECEDENT_PROXIES": "127.0.0.1, ::1,10.0.7.0/24", "PRECEDENT_PROXY_HEADER": HEADER}
    )
    assert [str(each) for each in found.proxies] == ["127.0.0.1/32", "::1/128", "10.0.7.0/24"]
    assert found.proxy_header == HEADER
    assert Settings.from_env({}).proxies == ()


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"PRECEDENT_PROXY_HEADER": HEADER}, "PRECEDENT_PROXIES"),
        ({"PRECEDENT_PROXIES": "proxy.example.org"}, "PRECEDENT_PROXIES"),
        ({"PRECEDENT_PROXIES": "10.0.7.1/24"}, "PRECEDENT_PROXIES"),
        ({"PRECEDENT_PROXIES": "::1", "PRECEDENT_PROXY_HEADER": "X Y"}, "PRECEDENT_PROXY_HEADER"),
        ({"PRECEDENT_PROXIES": "::1", "PRECEDENT_PROXY_HEADER": "X_Y"}, "PRECEDENT_PROXY_HEADER"),
        ({"PRECEDENT_PROXIES": "::1", "PRECEDENT_PROXY_HEADER": "Cookie"}, "PRECEDENT_PROXY_HEADER"),
    ],
)
def test_settings_that_make_no_sense_are_named(given, name):
    with pytest.raises(SettingsError, match=name):
        Settings.from_env(given)
