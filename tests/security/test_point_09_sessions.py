"""Sessions: long random ids stored as hashes, new at every sign-in, over when they should be."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from kb.people import accounts, passwords, sessions
from kb.people.clock import now
from kb.people.model import SessionRow
from kb.people.roles import OPERATOR
from tests.fixtures.people import PASSWORD, browser_of, make_user, sign_in
from tests.fixtures.web import application
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]


def database_of(app):
    return app.extensions[EXTENSION].database


def rows(app) -> list[str]:
    with database_of(app).read() as session:
        return list(session.scalars(select(SessionRow.secret)))


def is_in(browser) -> bool:
    return browser.get("/account").status_code == 200


@pytest.fixture
def dora(own_app):
    person = make_user(own_app, "dora")
    with database_of(own_app).write_aside() as session:
        accounts.find_user(session, person.id).password = passwords.store(PASSWORD)
    return person


def enter(app, **cookies: str):
    browser = browser_of(app)
    for name, value in cookies.items():
        browser.set_cookie(name, value)
    browser.get("/sign-in")
    browser.send("/sign-in", email="dora@example.org", password=PASSWORD)
    return browser


def test_point_09_the_cookie_is_256_random_bits_and_its_hash_is_stored(own_app, dora):
    secrets = {enter(own_app).secret for _ in range(3)}
    assert len(secrets) == 3
    assert all(len(secret) == 43 for secret in secrets)
    assert set(rows(own_app)) == {hashlib.sha256(secret.encode()).hexdigest() for secret in secrets}


def test_point_09_a_session_that_somebody_planted_is_not_the_one_that_begins(own_app, dora):
    for planted in ("planted-by-somebody", sign_in(own_app, "eve").secret):
        browser = enter(own_app, precedent=planted)
        assert browser.secret != planted
        assert is_in(browser)
        assert "Dora" in browser.get("/account").text


def test_point_09_the_cookie_of_a_visitor_opens_nothing(own_app, dora):
    browser = browser_of(own_app)
    browser.get("/sign-in")
    planted = browser.get_cookie("precedent-visitor").value
    browser.set_cookie("precedent", planted)
    assert not is_in(browser)


def test_point_09_behind_tls_no_other_host_or_path_can_set_the_cookies(own_home):
    with application(own_home, url="https://pmo.example") as app:
        person = make_user(app, "tina")
        with database_of(app).write_aside() as session:
            accounts.find_user(session, person.id).password = passwords.store(PASSWORD)
        client, base = app.test_client(), "https://pmo.example"
        page = client.get("/sign-in", base_url=base)
        visitor = page.headers["Set-Cookie"]
        token = page.text.split('name="form_token" value="')[1].split('"')[0]
        sent = {"form_token": token, "email": "tina@example.org", "password": PASSWORD}
        session = client.post("/sign-in", data=sent, base_url=base).headers["Set-Cookie"]
        for cookie in (visitor, session):
            name, *attributes = cookie.split("; ")
            assert name.startswith("__Host-precedent")
            assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(attributes)
            assert not any(each.startswith("Domain") for each in attributes)


def test_point_09_sessions_are_over_when_idle_and_in_any_case(own_app, dora):
    for changes in (
        {"seen_at": now() - timedelta(hours=13)},
        {"expires_at": now() - timedelta(seconds=1)},
        {"created_at": now() + timedelta(hours=1)},
        # A clock that ran ahead for a moment left this behind: the session would not be idle for a year.
        {"seen_at": now() + timedelta(days=365)},
    ):
        browser = browser_of(own_app, dora)
        assert is_in(browser)
        with database_of(own_app).write_aside() as session:
            session.execute(update(SessionRow).values(**changes))
        assert not is_in(browser)
        assert browser.get_cookie("precedent") is None


def test_point_09_another_role_means_signing_in_again(own_app, dora):
    browser, admin = browser_of(own_app, dora), sign_in(own_app, "ada", "admin")
    assert admin.send(f"/people/{dora.id}/roles", roles=["trainer"]).status_code == 303
    assert not is_in(browser)


def test_point_09_ones_own_roles_and_password_change_the_cookie(own_app, dora):
    make_user(own_app, "bo", "admin")
    ada = make_user(own_app, "ada", "admin")
    browser = browser_of(own_app, ada)
    before = browser.secret
    assert browser.send(f"/people/{ada.id}/roles", roles=["admin", "trainer"]).status_code == 303
    assert browser.secret != before
    other = browser_of(own_app)
    other.set_cookie("precedent", before)
    assert is_in(browser)
    assert not is_in(other)
    browser = browser_of(own_app, dora)
    before = browser.secret
    browser.send("/account/password", old_password=PASSWORD, password="granite umbrella kiosk seven")
    assert browser.secret != before
    assert is_in(browser)


def test_point_09_another_password_signs_other_browsers_out(own_app, dora):
    mine, other = browser_of(own_app, dora), browser_of(own_app, dora)
    sent = {"old_password": PASSWORD, "password": "granite umbrella kiosk seven"}
    assert mine.send("/account/password", **sent).status_code == 303
    assert is_in(mine)
    assert not is_in(other)


def test_point_09_people_see_and_end_their_own_sessions_only(own_app, dora):
    mine, other, eve = browser_of(own_app, dora), browser_of(own_app, dora), sign_in(own_app, "eve")
    with database_of(own_app).read() as session:
        numbers = [row.id for row in sessions.list_sessions(session, OPERATOR, dora.id)]
    assert eve.send(f"/account/sessions/{numbers[0]}/end").status_code == 404
    assert eve.send("/account/sessions/99999/end").status_code == 404
    assert is_in(mine)
    mine.send("/account/sessions/end")
    assert is_in(mine)
    assert not is_in(other)
    mine.send("/sign-out")
    assert not is_in(mine)
    assert len(rows(own_app)) == 1  # Eve's
