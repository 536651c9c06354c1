"""Signing in and out, links that work once, and forms that only our own pages can send."""

from __future__ import annotations

import re

import pytest

from kb.people import accounts, admission, links, sessions
from kb.people.audit import AuditFilter, find
from kb.people.limits import LOGIN_OF_BOTH
from kb.people.roles import OPERATOR
from kb.people.texts import Invitation
from kb.people.tokens import TokenText, issue_token
from tests.fixtures.people import PASSWORD, browser_of, make_user, sign_in
from tests.fixtures.web import application
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]


def database_of(app):
    return app.extensions[EXTENSION].database


def administrator_link(app) -> str:
    with database_of(app).write_aside() as session:
        return links.make_link(session, "administrator", made_by="test")


def logged(app, **wanted):
    with database_of(app).read() as session:
        return [(line.action, line.outcome) for line in find(session, AuditFilter(**wanted), 0, 50)[1]]


@pytest.fixture
def ada(own_app):
    """The browser of the first administrator, who came in by the link."""
    browser = browser_of(own_app)
    answer = browser.send(
        "/welcome", link=administrator_link(own_app), email="ada@example.org", name="Ada", password=PASSWORD
    )
    assert answer.status_code == 303
    return browser


def test_the_link_makes_the_administrator_and_signs_in(own_app, ada):
    assert "Ada" in ada.get("/").text
    assert logged(own_app) == [("use administrator link", "done")]


def test_following_a_link_uses_nothing_up(own_app):
    browser, secret = browser_of(own_app), administrator_link(own_app)
    for _ in range(3):
        assert "Become the administrator" in browser.get(f"/welcome?link={secret}").text


def test_a_weak_password_is_named_beside_its_field_and_the_link_stays_good(own_app):
    browser, secret = browser_of(own_app), administrator_link(own_app)
    sent = {"link": secret, "email": "ada@example.org", "name": "Ada", "password": "too short"}
    answer = browser.send("/welcome", **sent)
    assert answer.status_code == 400
    assert "at least 15 characters" in answer.text
    assert 'value="ada@example.org"' in answer.text
    assert "too short" not in answer.text
    assert browser.send("/welcome", **sent | {"password": PASSWORD}).status_code == 303


@pytest.mark.parametrize("secret", ["", "wrong", "x" * 150])
def test_a_link_that_does_not_work_says_so_and_is_noted(own_app, secret):
    browser = browser_of(own_app)
    answer = browser.get(f"/welcome?link={secret}")
    assert answer.status_code == 410
    assert "This link no longer works" in answer.text
    assert browser.send("/welcome", link=secret).status_code == 410
    assert logged(own_app) == [("use link", "refused")] * 2


def test_a_link_that_was_used_does_not_work_again(own_app, ada):
    with database_of(own_app).write_aside() as session:
        _, secret = admission.invite(session, OPERATOR, Invitation(email="bea@example.org"))
    browser = browser_of(own_app)
    assert browser.send("/welcome", link=secret, name="Bea", password=PASSWORD).status_code == 303
    answer = browser_of(own_app).send("/welcome", link=secret, name="Eve", password=PASSWORD)
    assert answer.status_code == 410
    assert "has been used" in answer.text


def test_signing_in_and_out(own_app, ada):
    ada.send("/sign-out")
    assert "Sign in" in ada.get("/").text
    answer = ada.send("/sign-in", email="Ada@Example.org", password=PASSWORD, next="/vocabulary?q=x")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/vocabulary?q=x")
    assert "Ada" in ada.get("/").text
    assert logged(own_app)[:2] == [("sign in", "done"), ("sign out", "done")]


def test_a_sign_in_that_fails_says_nothing_about_the_account(own_app, ada):
    answers = []
    for email in ("ada@example.org", "nobody@example.org"):
        answer = browser_of(own_app).send("/sign-in", email=email, password="wrong wrong wrong")
        assert answer.status_code == 401
        answers.append(re.sub(r'value="[^"]*"|nonce="[^"]*"', "", answer.text))
    assert answers[0] == answers[1]
    assert logged(own_app, action="sign in") == [("sign in", "refused")] * 2


def test_guessing_is_stopped_and_waiting_named(own_app, ada):
    browser = browser_of(own_app)
    for _ in range(LOGIN_OF_BOTH.most):
        browser.send("/sign-in", email="nobody@example.org", password="wrong")
    answer = browser.send("/sign-in", email="nobody@example.org", password="wrong")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 900
    assert browser.send("/sign-in", email="ada@example.org", password=PASSWORD).status_code == 303


def test_each_sign_in_makes_a_new_session_and_ends_the_old(own_app, ada):
    before = ada.secret
    ada.send("/sign-in", email="ada@example.org", password=PASSWORD)
    assert ada.secret != before
    other = browser_of(own_app)
    other.set_cookie("precedent", before)
    assert "Sign in" in other.get("/").text


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example",
        "javascript:alert(1)",
        "http:evil", "", "/\n/evil.example", "///evil.example", "/\t/evil.example",
    ],
)  # fmt: skip
def test_signing_in_never_leads_to_another_site(own_app, ada, address):
    answer = browser_of(own_app).send("/sign-in", email="ada@example.org", password=PASSWORD, next=address)
    assert answer.headers["Location"] == "/"


def test_a_disabled_person_is_out_at_once(own_app, ada):
    dora = make_user(own_app, "dora")
    browser = browser_of(own_app, dora)
    assert "Dora" in browser.get("/").text
    with database_of(own_app).write_aside() as session:
        accounts.find_user(session, dora.id).status = "disabled"
    assert "Dora" not in browser.get("/").text
    assert logged(own_app)[0] == ("resume session", "refused")
    assert browser.get_cookie("precedent") is None


def test_a_made_up_session_is_refused_and_noted(own_app):
    browser = browser_of(own_app)
    browser.set_cookie("precedent", "made-up")
    assert browser.get("/").status_code == 200
    assert logged(own_app) == [("resume session", "refused")]


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
     {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://localhost.evil.example"}],
)  # fmt: skip
def test_a_form_from_elsewhere_is_refused(own_app, headers):
    browser = sign_in(own_app, "dora")
    from kb.people.secrets import derived

    data = {"form_token": derived(browser.secret, "form")}
    answer = browser.post("/sign-out", data=data, headers=headers)
    assert answer.status_code == 403
    assert "another site" in answer.text
    assert "Dora" in browser.get("/").text


def test_a_form_without_its_token_or_with_anothers_is_refused(own_app):
    dora, eric = sign_in(own_app, "dora"), sign_in(own_app, "eric")
    from kb.people.secrets import derived

    for token in ("", "x", derived(eric.secret, "form")):
        assert dora.post("/sign-out", data={"form_token": token}).status_code == 403
    assert "Dora" in dora.get("/").text


def test_safe_methods_change_nothing(own_app):
    browser = sign_in(own_app, "dora")
    assert browser.get("/sign-out").status_code == 405
    assert "Dora" in browser.get("/").text


def test_cookies_are_closed_to_scripts_and_other_sites(own_home):
    for url, name, secure in (("", "precedent", False), ("https://pmo.example", "__Host-precedent", True)):
        with application(own_home, url=url) as app:
            browser = browser_of(app)
            base = "https://pmo.example" if secure else "http://127.0.0.1"
            page = browser.get("/sign-in", base_url=base)
            cookie = page.headers["Set-Cookie"]
            assert "HttpOnly" in cookie
            assert "SameSite=Lax" in cookie
            assert ("Secure" in cookie) is secure
            assert ("Strict-Transport-Security" in page.headers) is secure
            session = browser_of(app, make_user(app, f"dora{len(name)}"))
            assert session.get_cookie(name) is not None


def test_what_signed_in_people_see_is_not_kept_by_caches(own_app):
    browser = sign_in(own_app, "dora")
    answer = browser.get("/entries/L-0001")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert {"Cookie", "Authorization"} <= set(answer.vary)


def test_programs_act_with_a_token(own_app):
    dora = make_user(own_app, "dora", "curator")
    with database_of(own_app).write_aside() as session:
        _, key = issue_token(session, dora, TokenText(name="script"))
    client = own_app.test_client()
    bearer = {"Authorization": f"Bearer {key}"}
    assert client.get("/api/v1/entries", headers=bearer).json["total"] == 8
    assert client.get("/api/v1/entries").json["total"] == 7
    for wrong in ("Bearer nonsense", "Basic eDp5", "Bearer", "nonsense"):
        answer = client.get("/api/v1/entries", headers={"Authorization": wrong})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert logged(own_app, action="use token") == [("use token", "refused")] * 4


def test_where_reading_needs_it_signing_in_leads_back(own_home):
    with application(own_home, public_reading=False) as app:
        browser = browser_of(app)
        answer = browser.get("/entries/L-0001?revision=1")
        assert answer.headers["Location"].startswith("/sign-in?next=%2Fentries%2FL-0001%3Frevision%3D1&why=")
        assert sign_in(app, "dora").get("/entries/L-0001").status_code == 200


def test_sessions_name_where_they_began(own_app, ada):
    with database_of(own_app).read() as session:
        (row,) = sessions.list_sessions(session, OPERATOR, 1)
        assert (row.address, row.method) == ("127.0.0.1", "password")
