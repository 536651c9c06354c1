"""One's own account: what it shows, saves, ends and refuses."""

from __future__ import annotations

import re

import pytest

from kb.people import accounts, sessions, tokens
from kb.people.audit import AuditFilter, find
from kb.people.limits import LOGIN_OF_BOTH
from kb.people.passwords import hash_again
from kb.people.roles import OPERATOR
from kb.people.tokens import TokenText
from tests.fixtures.people import PASSWORD, browser_of, make_user, session_secret, sign_in
from web.account import DONE, listed
from web.agents import agent_words
from web.labels import EVENT_WORDS, SCOPE_WORDS
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]

POSTS = [
    "/account/profile", "/account/notices", "/account/password", "/account/sessions/end",
    "/account/sessions/1/end", "/account/tokens", "/account/tokens/1/revoke",
]  # fmt: skip


@pytest.fixture
def database(own_app):
    return own_app.extensions[EXTENSION].database


@pytest.fixture
def dora(own_app):
    return make_user(own_app, "dora", "curator")


@pytest.fixture
def browser(own_app, dora):
    return browser_of(own_app, dora)


def user_of(database, dora):
    with database.read() as session:
        user = accounts.find_user(session, dora.id)
        return {name: getattr(user, name) for name in ("name", "skills", "interests", "notices", "password")}


def logged(database):
    with database.read() as session:
        lines = find(session, AuditFilter(person="dora"), 0, 20)[1]
        return [(line.action, line.object, line.outcome, line.detail) for line in lines]


def test_only_who_has_signed_in_has_an_account(own_app):
    visitor = browser_of(own_app)
    assert visitor.get("/account").headers["Location"].startswith("/sign-in?next=%2Faccount&why=needed")
    for address in POSTS:
        assert visitor.send(address).headers["Location"].startswith("/sign-in?"), address


@pytest.mark.parametrize("address", POSTS)
def test_the_forms_are_ours_alone(browser, address):
    assert browser.post(address).status_code == 403
    assert browser.get(address).status_code == 405


def test_a_token_is_no_browser(own_app, database, dora):
    with database.write_aside() as session:
        _, key = tokens.issue_token(session, dora, TokenText(name="script", scopes=["people"]))
    client = own_app.test_client()
    for address in POSTS:
        answer = client.post(address, headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == 403, address
        assert "programs use the API" in answer.text


def test_a_profile_is_saved_from_lines_and_commas(browser, database, dora):
    sent = {"name": "Dora D", "skills": "migration, cut-over\r\nmigration\n ;", "interests": "permits"}
    answer = browser.send("/account/profile", **sent)
    assert answer.headers["Location"] == "/account?done=profile#profile"
    user = user_of(database, dora)
    assert (user["name"], user["skills"], user["interests"]) == (
        "Dora D", ["migration", "cut-over"], ["permits"],
    )  # fmt: skip
    page = browser.get(answer.headers["Location"]).text
    assert "Your profile is saved." in page
    assert "migration\ncut-over</textarea>" in page
    assert logged(database)[0][:3] == ("change profile", "dora@example.org", "done")


def test_a_profile_that_is_wrong_is_shown_again_as_typed(browser, database, dora):
    answer = browser.send("/account/profile", name=" ", skills="fine\n" + "x" * 81, interests="<b>")
    assert answer.status_code == 400
    assert "Name must not be empty." in answer.text
    assert "Skills (entry 2) is too long: it has 81, at most 80 characters fit." in answer.text
    assert "fine\n" + "x" * 81 in answer.text
    assert "&lt;b&gt;</textarea>" in answer.text
    assert user_of(database, dora)["name"] == "Dora"


def test_notifications_are_kept_and_the_profile_stays(browser, database, dora):
    browser.send("/account/profile", name="Dora", skills="migration")
    answer = browser.send("/account/notices", **{"comment": "never", "entry due": "daily"})
    assert answer.status_code == 303
    user = user_of(database, dora)
    assert (user["notices"], user["skills"]) == ({"comment": "never", "entry due": "daily"}, ["migration"])
    page = browser.get("/account").text
    assert "where this repository sends mail" in page
    assert page.count("selected") >= len(EVENT_WORDS)
    browser.send("/account/profile", name="Dora", skills="")
    assert user_of(database, dora)["notices"] == {"comment": "never", "entry due": "daily"}
    assert browser.send("/account/notices", comment="by pigeon").status_code == 400


def test_the_password_changes_and_other_browsers_are_out(own_app, browser, database, dora):
    assert "Your account has no password here" in browser.get("/account").text
    with database.write_aside() as session:
        accounts.find_user(session, dora.id).password = hash_again(PASSWORD)
    other, before = browser_of(own_app, dora), browser.secret
    new = "seven purple ladders, one cat"
    assert (
        "Present password is not this one."
        in browser.send("/account/password", old_password="wrong", password=new).text
    )
    weak = browser.send("/account/password", old_password=PASSWORD, password="tiny word")
    assert weak.status_code == 400
    assert "New password must have at least 15 characters" in weak.text
    assert "tiny word" not in weak.text
    answer = browser.send("/account/password", old_password=PASSWORD, password=new)
    assert answer.headers["Location"] == "/account?done=password#password"
    assert browser.secret != before
    assert browser.get("/account").status_code == 200
    assert other.get("/account").status_code == 303
    assert accounts.check_password(database, dora.email, new) == dora.id
    outcomes = [line[2] for line in logged(database) if line[0] == "change password"]
    assert outcomes == ["done", "refused", "refused"]


def test_guessing_the_password_in_a_borrowed_browser_is_stopped(browser):
    for _ in range(LOGIN_OF_BOTH.most):
        browser.send("/account/password", old_password="wrong", password="wrong")
    assert browser.send("/account/password", old_password="wrong", password="wrong").status_code == 429


def test_sessions_are_told_apart_and_ended(own_app, browser, database, dora):
    session_secret(own_app, dora, "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) Version/19.0 Safari/604.1")
    session_secret(own_app, dora, "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    page = browser.get("/account").text
    assert page.count("This browser</span>") == 1
    assert "Safari on iPhone" in page
    assert "Firefox on Linux" in page
    (phone,) = [row.id for row in _sessions(database, dora) if "iPhone" in row.agent]
    assert browser.send(f"/account/sessions/{phone}/end").headers["Location"].endswith("#sessions")
    assert "Safari on iPhone" not in browser.get("/account").text
    assert browser.send(f"/account/sessions/{phone}/end").status_code == 404
    assert browser.send("/account/sessions/end").status_code == 303
    assert len(_sessions(database, dora)) == 1
    assert "You have signed in nowhere else." in browser.get("/account").text
    assert logged(database)[0] == ("end sessions", "dora@example.org", "done", {"ended": 1})


def test_others_sessions_and_tokens_do_not_exist_here(own_app, browser, database):
    eric = make_user(own_app, "eric")
    session_secret(own_app, eric)
    with database.write_aside() as session:
        token, _ = tokens.issue_token(session, eric, TokenText(name="his"))
    (row,) = _sessions(database, eric)
    for address in (f"/account/sessions/{row.id}/end", f"/account/tokens/{token.id}/revoke"):
        assert browser.send(address).status_code == 404
    assert _sessions(database, eric)


def test_a_token_is_shown_once_works_and_is_revoked(own_app, browser, database):
    answer = browser.send("/account/tokens", name="report", scopes="curate", days="30")
    (key,) = re.findall(r"prc_[\w-]{40,}", answer.text)
    assert "It is shown this once" in answer.text
    assert key not in browser.get("/account").text
    assert f"{key[:10]}…" in browser.get("/account").text
    bearer = {"Authorization": f"Bearer {key}"}
    assert own_app.test_client().get("/api/v1/entries", headers=bearer).status_code == 200
    line = logged(database)[0]
    assert line[:3] == ("make token", "report", "done")
    assert line[3] == {"token": key[:10], "scopes": ["curate", "read"], "days": 30}
    assert browser.send("/account/tokens/1/revoke").headers["Location"] == "/account?done=token#tokens"
    assert own_app.test_client().get("/api/v1/entries", headers=bearer).status_code == 401
    page = browser.get("/account").text
    assert "1 that no longer works" in page
    assert "You have no token that works." in page


def test_a_form_that_is_sent_again_makes_no_other_token(own_app, browser, database):
    """As a browser does that loads the page with the token anew."""
    (once,) = re.findall(r'name="once" value="([\w-]{20,})"', browser.get("/account").text)
    sent = {"name": "report", "days": "30", "once": once}
    first = browser.send("/account/tokens", **sent)
    assert re.search(r"prc_[\w-]{40,}", first.text)
    assert re.findall(r'name="once" value="([\w-]{20,})"', first.text) != [once]
    again = browser.send("/account/tokens", **sent)
    assert (again.status_code, again.headers["Location"]) == (303, "/account?done=sent#tokens")
    page = browser.get("/account?done=sent").text
    assert "This form was sent before" in page
    assert page.count("prc_") == 1
    assert [line[2] for line in logged(database) if line[0] == "make token"] == ["refused", "done"]
    other = browser.send("/account/tokens", **sent | {"name": "another"})
    assert re.search(r"prc_[\w-]{40,}", other.text), "something else was typed"
    eric = sign_in(own_app, "eric2")
    assert "prc_" in eric.send("/account/tokens", **sent).text, "somebody else's form"


def test_a_token_that_was_refused_can_be_made_by_the_same_form(browser):
    sent = {"days": "30", "once": "x" * 22}
    assert browser.send("/account/tokens", name="", **sent).status_code == 400
    assert "prc_" in browser.send("/account/tokens", name="report", **sent).text


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"name": "", "days": "30"}, "Name must not be empty"), ({"name": "x", "days": "soon"}, "whole number"),
     ({"name": "x", "days": "366"}, "at most 365"), ({"name": "x", "days": "30", "scopes": "all"}, "one of"),
     ({"name": "x" * 101, "days": "30"}, "too long")],
)  # fmt: skip
def test_a_token_that_cannot_be_is_refused_beside_its_field(browser, database, fields, words):
    answer = browser.send("/account/tokens", **fields)
    assert answer.status_code == 400
    assert words in answer.text
    assert f'value="{fields["name"]}"' in answer.text
    assert [line for line in logged(database) if line[0] == "make token"] == []


def test_only_scopes_that_ones_roles_fill_are_offered(own_app):
    offered = {
        role: re.findall(r'name="scopes" value="(\w+)"', sign_in(own_app, role, role).get("/account").text)
        for role in ("reader", "curator", "admin", "auditor")
    }
    assert offered == {
        "reader": ["read", "write"], "curator": ["read", "write", "curate", "learn", "people"],
        "admin": list(SCOPE_WORDS),
        "auditor": ["read", "write", "operate"],
    }  # fmt: skip


def test_a_visitors_view_has_no_account(browser, database, dora):
    with database.write_aside() as session:
        (row,) = sessions.list_sessions(session, dora, dora.id)
        sessions.look_as(session, sessions.person_of(row), "visitor")
    answer = browser.get("/account")
    assert answer.status_code == 403
    assert "looking as a visitor" in answer.text


def test_what_was_done_is_named_by_a_word_of_ours(browser):
    assert all(section in browser.get("/account").text for section, _ in DONE.values())
    assert "banner-good" not in browser.get("/account?done=nonsense").text


@pytest.mark.parametrize(
    ("agent", "words"),
    [("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/140 Safari/537 Edg/140", "Edge on Windows"),
     ("Mozilla/5.0 (Macintosh; Intel Mac OS X) AppleWebKit/605 Version/26.0 Safari/605", "Safari on macOS"),
     ("Mozilla/5.0 (Linux; Android 16) AppleWebKit/537 Chrome/140 Mobile Safari/537", "Chrome on Android"),
     ("curl/8.5", "curl"), ("Mozilla/5.0 (X11; Linux)", "A browser on Linux"), ("", "An unknown program")],
)  # fmt: skip
def test_browsers_are_named_in_words(agent, words):
    assert agent_words(agent) == words


def test_lists_keep_their_order_and_each_once():
    assert listed("b, a\r\nb;c ,,\n") == ["b", "a", "c"]


def _sessions(database, person):
    with database.read() as session:
        rows = list(sessions.list_sessions(session, OPERATOR, person.id))
        for row in rows:
            session.expunge(row)
        return rows
