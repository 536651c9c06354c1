"""Signing in by a real OpenID Connect provider, and whose account that opens."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from sqlalchemy import func, select, update

from kb.people import accounts, admission, passwords
from kb.people.limits import LOGIN_OF_ADDRESS
from kb.people.model import Identity, PendingSignIn, User
from kb.people.roles import OPERATOR
from kb.people.texts import Invitation
from tests.fixtures.people import PASSWORD, browser_of, make_user, sign_in
from tests.fixtures.provider import (
    again,
    answer_of,
    database_of,
    go,
    leave,
    lines,
    refused,
    said,
    sessions_of,
    target,
)
from web.provider import CALLBACK, state_of

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people", "tests.fixtures.provider"]


@pytest.fixture
def app(provided_app):
    return provided_app


def logged(app, **wanted):
    return [(line.action, line.outcome, line.object) for line in lines(app, **wanted)]


def test_a_known_person_comes_in(app, provider):
    make_user(app, "dora", "curator")
    browser = browser_of(app)
    answer = go(browser, next="/vocabulary?q=x")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/vocabulary?q=x")
    assert "Dora" in browser.get("/").text
    assert sessions_of(app) == [("dora@example.org", "single sign-on")]
    assert logged(app) == [
        ("sign in", "done", "dora@example.org"), ("connect identity", "done", "dora@example.org"),
    ]  # fmt: skip


def test_the_request_proves_itself_and_gives_nothing_away(app):
    browser = browser_of(app)
    address = urlsplit(leave(browser))
    asked = {name: value for name, (value,) in parse_qs(address.query).items()}
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["scope"] == "openid email profile"
    assert asked["redirect_uri"] == f"http://127.0.0.1:8000{CALLBACK}"
    secret = browser.get_cookie("precedent-sign-in").value
    assert secret not in address.query
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    with database_of(app).read() as session:
        row = session.scalars(select(PendingSignIn)).one()
        assert secret not in repr(vars(row))


def test_the_cookie_is_closed_and_short_lived(app, provider):
    for url, name in (("", "precedent-sign-in"), ("https://pmo.example", "__Host-precedent-sign-in")):
        with again(app, provider, url=url) as other:
            browser = browser_of(other)
            base = url or "http://localhost"
            page = browser.get("/sign-in", base_url=base)
            token = re.search(r'name="form_token" value="(\w+)"', page.text)[1]
            answer = browser.post("/sign-in/provider", data={"form_token": token}, base_url=base)
            cookie = next(each for each in answer.headers.getlist("Set-Cookie") if each.startswith(name))
            assert all(word in cookie for word in ("HttpOnly", "SameSite=Lax", "Max-Age=600", "Path=/"))
            assert ("Secure" in cookie) is bool(url)


def test_later_only_the_link_counts(app, provider):
    make_user(app, "dora")
    go(browser_of(app))
    provider.person |= {"email": "other@example.org", "email_verified": False}
    make_user(app, "other")
    assert go(browser_of(app)).status_code == 303
    assert sessions_of(app) == [("dora@example.org", "single sign-on")] * 2


def test_who_was_invited_becomes_active_and_the_invitation_is_void(app):
    with database_of(app).write_aside() as session:
        _, secret = admission.invite(session, OPERATOR, Invitation(email="dora@example.org"))
    assert go(browser_of(app)).status_code == 303
    assert sessions_of(app) == [("dora@example.org", "single sign-on")]
    assert browser_of(app).send("/welcome", link=secret, name="Eve", password=PASSWORD).status_code == 410


def test_a_stranger_is_refused_unless_accounts_are_made(app, provider):
    browser = browser_of(app)
    words = refused(app, browser, go(browser), 403)
    assert "dora@example.org has no account here" in words
    with again(app, provider, oidc_create=True) as open_app:
        assert go(browser_of(open_app)).status_code == 303
        with database_of(open_app).read() as session:
            user = accounts.find_user(session, "dora@example.org")
            assert (user.name, user.status, user.roles) == ("Dora Dale", "active", {"reader"})
        assert logged(open_app, action="create account")[0][1:] == ("done", "dora@example.org")


@pytest.mark.parametrize("word", [False, "true", 1, None, "missing"])
def test_an_address_that_is_not_verified_opens_nothing(app, provider, word):
    provider.person["email_verified"] = word
    if word == "missing":
        del provider.person["email_verified"]
    make_user(app, "dora", "admin")
    browser = browser_of(app)
    assert "does not vouch for 'dora@example.org'" in refused(app, browser, go(browser), 403)
    with database_of(app).read() as session:
        assert session.scalar(select(func.count()).select_from(Identity)) == 0


def test_nor_does_it_make_an_account(app, provider):
    provider.person["email_verified"] = False
    with again(app, provider, oidc_create=True) as other:
        browser = browser_of(other)
        assert "does not vouch" in refused(other, browser, go(browser), 403)


def test_entras_word_for_a_verified_address_counts_where_it_says_nothing_else(app, provider):
    make_user(app, "dora")
    provider.person |= {"email_verified": False, "xms_edov": True}
    browser = browser_of(app)
    assert go(browser).status_code == 403
    del provider.person["email_verified"]
    assert go(browser).status_code == 303


def test_without_an_address_nobody_is_known(app, provider):
    del provider.person["email"]
    browser = browser_of(app)
    assert "tells no e-mail address" in refused(app, browser, go(browser), 403)


def test_an_address_may_come_with_the_user_info(app, provider):
    make_user(app, "dora")
    provider.email_elsewhere = True
    assert go(browser_of(app)).status_code == 303
    assert "/userinfo" in provider.asked


def test_the_user_info_of_somebody_else_is_refused(app, provider):
    make_user(app, "dora")
    provider.email_elsewhere = True
    provider.changed_token = {"sub": "another"}
    browser = browser_of(app)
    assert "two different people" in refused(app, browser, go(browser), 502)


def test_a_disabled_person_stays_out(app):
    dora = make_user(app, "dora")
    go(browser_of(app))
    make_user(app, "ada", "admin")
    with database_of(app).write_aside() as session:
        accounts.disable(session, OPERATOR, dora.id)
    browser = browser_of(app)
    assert "disabled" in refused(app, browser, go(browser), 403)


def test_an_address_that_passed_on_opens_no_account(app, provider):
    make_user(app, "dora")
    go(browser_of(app))
    provider.person["sub"] = "who has the address now"
    browser = browser_of(app)
    answer = go(browser)
    assert answer.status_code == 403
    assert "belongs to somebody else" in said(answer)
    assert browser.get_cookie("precedent") is None


def test_a_code_works_once(app, provider):
    make_user(app, "dora")
    first, second = browser_of(app), browser_of(app)
    address = leave(first)
    query = answer_of(address)
    (code,) = parse_qs(query)["code"]
    assert first.get(f"{CALLBACK}?{query}").status_code == 303
    (state,) = parse_qs(urlsplit(leave(second)).query)["state"]
    answer = second.get(f"{CALLBACK}?{urlencode({'code': code, 'state': state})}")
    assert answer.status_code == 502
    assert "invalid_grant" in said(answer)


def test_a_code_of_somebody_elses_browser_is_useless(app, provider):
    """Who slips their own code into another's sign-in fails on the verifier."""
    make_user(app, "dora")
    mallory, dora = browser_of(app), browser_of(app)
    (code,) = parse_qs(answer_of(leave(mallory)))["code"]
    (state,) = parse_qs(urlsplit(leave(dora)).query)["state"]
    answer = dora.get(f"{CALLBACK}?{urlencode({'code': code, 'state': state})}")
    assert "invalid_grant" in refused(app, dora, answer, 502)


def test_a_replayed_answer_is_refused(app):
    make_user(app, "dora")
    browser = browser_of(app)
    address = leave(browser)
    cookie = browser.get_cookie("precedent-sign-in").value
    query = answer_of(address)
    assert browser.get(f"{CALLBACK}?{query}").status_code == 303
    assert browser.get_cookie("precedent-sign-in") is None
    other = browser_of(app)
    other.set_cookie("precedent-sign-in", cookie)
    answer = other.get(f"{CALLBACK}?{query}")
    assert answer.status_code == 400
    assert "works once only" in said(answer)
    assert other.get_cookie("precedent") is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"seconds": -601}, "has expired"), ({"seconds": 3_600}, "the clock changed")],
)
def test_an_answer_that_comes_too_late_or_too_early_is_refused(app, changes, words):
    make_user(app, "dora")
    browser = browser_of(app)
    address = leave(browser)
    with database_of(app).write_aside() as session:
        row = session.scalars(select(PendingSignIn)).one()
        shift = timedelta(**changes)
        moved = {"created_at": row.created_at + shift, "expires_at": row.expires_at + shift}
        session.execute(update(PendingSignIn).values(**moved))
    assert words in refused(app, browser, browser.get(f"{CALLBACK}?{answer_of(address)}"), 400)


def test_an_answer_that_nobody_waits_for_is_refused(app):
    browser = browser_of(app)
    answer = browser.get(f"{CALLBACK}?code=x&state=y")
    assert "Begin again at http://127.0.0.1:8000/sign-in" in refused(app, browser, answer, 400)
    browser.set_cookie("precedent-sign-in", "made up")
    assert "another sign-in" in refused(app, browser, browser.get(f"{CALLBACK}?code=x&state=y"), 400)
    answer = browser.get(f"{CALLBACK}?code=x&state={state_of('made up')}")
    assert "No sign-in is under way" in refused(app, browser, answer, 400)


def test_another_sign_ins_answer_leaves_this_one_good(app):
    make_user(app, "dora")
    browser = browser_of(app)
    address = leave(browser)
    assert browser.get(f"{CALLBACK}?code=x&state=y").status_code == 400
    assert browser.get(f"{CALLBACK}?{answer_of(address)}").status_code == 303


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"error": "access_denied"}, "did not let you in"),
        ({"error": "temporarily_unavailable"}, "has a fault at the moment"),
        ({"error": "<script>alert(1)</script>"}, "refuses to sign anybody in here: '<script>"),
        ({}, "sent no code"),
        ({"code": "x", "iss": "https://evil.example"}, "another provider"),
    ],
)
def test_what_the_provider_refuses_is_told(app, sent, words):
    browser = browser_of(app)
    (state,) = parse_qs(urlsplit(leave(browser)).query)["state"]
    answer = browser.get(f"{CALLBACK}?{urlencode(sent | {'state': state})}")
    assert words in refused(app, browser, answer, 502)
    assert "<script>alert" not in answer.text


def test_a_provider_that_names_itself_in_answers_must_do_so(app, provider):
    provider.changed_discovery = {"authorization_response_iss_parameter_supported": True}
    make_user(app, "dora")
    browser = browser_of(app)
    assert "another provider" in refused(app, browser, go(browser), 502)
    address = leave(browser)
    query = answer_of(address)
    assert browser.get(f"{CALLBACK}?{query}&{urlencode({'iss': provider.issuer})}").status_code == 303


def test_beginning_needs_a_form_of_ours(app):
    assert browser_of(app).post("/sign-in/provider").status_code == 403
    assert browser_of(app).get("/sign-in/provider").status_code == 405


def test_afterwards_nobody_is_led_elsewhere(app):
    make_user(app, "dora")
    for address in ("https://evil.example", "//evil.example", "x" * 3_000, "/" + "x" * 3_000):
        answer = go(browser_of(app), next=address)
        assert urlsplit(answer.headers["Location"]).netloc == ""


def test_a_session_that_was_there_ends(app):
    make_user(app, "dora")
    browser = sign_in(app, "eric")
    assert go(browser).status_code == 303
    assert sessions_of(app) == [("dora@example.org", "single sign-on")]


def test_many_failures_are_slowed_down(app, monkeypatch):
    monkeypatch.setattr("web.single_sign_on.LOGIN_OF_ADDRESS", replace(LOGIN_OF_ADDRESS, most=2))
    browser = browser_of(app)
    answers = [browser.get(f"{CALLBACK}?code=x&state=y").status_code for _ in range(3)]
    assert answers == [400, 400, 429]


def test_where_it_is_not_set_up_there_is_none(own_app):
    browser = browser_of(own_app)
    assert browser.send("/sign-in/provider").status_code == 404
    assert browser.get(CALLBACK).status_code == 404
    assert "/sign-in/provider" not in browser.get("/sign-in").text


def test_the_button_has_the_words_that_were_set(app, provider):
    with again(app, provider, oidc_name="Sign in with <Ace>") as other:
        assert "Sign in with &lt;Ace&gt;" in other.test_client().get("/sign-in").text


def with_password(app, name="dora"):
    person = make_user(app, name)
    with database_of(app).write_aside() as session:
        session.execute(
            update(User).where(User.id == person.id).values(password=passwords.hash_again(PASSWORD))
        )
    return person


def test_an_account_is_connected_by_whoever_is_in_both(app, provider):
    provider.person = {"sub": "entra-17", "name": "Dora"}
    dora = browser_of(app, with_password(app))
    assert "not connected" in dora.get("/account/single-sign-on").text
    wrong = dora.send("/account/single-sign-on/connect", password="wrong")
    assert wrong.status_code == 403
    assert "not your password" in wrong.text
    answer = dora.send("/account/single-sign-on/connect", password=PASSWORD)
    back = dora.get(f"{CALLBACK}?{answer_of(target(answer))}")
    assert back.headers["Location"] == "/account/single-sign-on"
    assert "entra-17" in dora.get("/account/single-sign-on").text
    assert go(browser_of(app)).status_code == 303
    assert [line[:2] for line in logged(app, action="connect identity")] == [
        ("connect identity", "done"), ("connect identity", "refused"),
    ]  # fmt: skip
    assert dora.send("/account/single-sign-on/disconnect").status_code == 303
    assert go(browser_of(app)).status_code == 403


def test_what_is_anothers_is_not_connected(app, provider):
    make_user(app, "dora")
    go(browser_of(app))
    eric = sign_in(app, "eric")
    answer = eric.send("/account/single-sign-on/connect")
    answer = eric.get(f"{CALLBACK}?{answer_of(target(answer))}")
    assert answer.status_code == 403
    assert "another account here" in said(answer)


def test_who_changes_meanwhile_connects_nothing(app, provider):
    provider.person["email"] = "nobody@example.org"
    dora = sign_in(app, "dora")
    answer = dora.send("/account/single-sign-on/connect")
    eric = sign_in(app, "eric")
    for name in ("precedent", "precedent-sign-in"):
        source = eric if name == "precedent" else dora
        dora.set_cookie(name, source.get_cookie(name).value)
    answer = dora.get(f"{CALLBACK}?{answer_of(target(answer))}")
    assert "Somebody else has signed in" in said(answer)


def test_nobody_shuts_themselves_out(app):
    make_user(app, "dora")
    browser = browser_of(app)
    go(browser)
    assert "only way to sign in" in browser.get("/account/single-sign-on").text
    assert browser.send("/account/single-sign-on/disconnect").status_code == 403
