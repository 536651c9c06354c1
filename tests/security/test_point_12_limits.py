"""Rate limits in the database, per account and address."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from kb.errors import DatabaseUnavailable
from kb.networks import counted_as
from kb.people.audit import AuditFilter, find
from kb.people.errors import TooMany
from kb.people.limits import (
    EXPORT_OF_PERSON,
    LOGIN_OF_ACCOUNT,
    LOGIN_OF_ADDRESS,
    LOGIN_OF_BOTH,
    SEARCH_OF_PERSON,
    Limit,
    forget_used,
    take,
)
from kb.people.model import Allowance
from tests.fixtures.people import browser_of, make_user
from tests.fixtures.web import application
from tests.security.races import at_once
from web.chores import hourly
from web.limits import BLOCK, Leases
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]


def test_point_12_no_more_get_through_at_once_than_one_after_the_other(database):
    limit = Limit("test", 5, 3_600, "Too many.")

    def attempt(_: int) -> int:
        with database.write_aside() as session:
            return take(session, limit, "somebody")

    found = at_once(12, attempt)
    assert [each for each in found if not isinstance(each, TooMany)] == [1] * 5


def attempts(app, count: int, **environ) -> list[int]:
    browser = browser_of(app)
    sent = {"email": "ada@example.org", "password": "wrong"}
    return [browser.send("/sign-in", **sent, **environ).status_code for _ in range(count)]


def test_point_12_guessing_one_account_from_one_address_is_stopped(own_app):
    found = attempts(own_app, LOGIN_OF_BOTH.most + 2)
    assert found == [401] * LOGIN_OF_BOTH.most + [429] * 2
    with own_app.extensions[EXTENSION].database.read() as session:
        lines = [line.detail["why"] for line in find(session, AuditFilter(action="sign in"), 0, 99)[1]]
    assert len(lines) == LOGIN_OF_BOTH.most + 1
    assert "Too many attempts for this account." in lines[0]


def test_point_12_one_address_cannot_lock_an_account_for_the_others(own_app):
    attempts(own_app, LOGIN_OF_BOTH.most + 5)
    browser = browser_of(own_app)
    browser.environ_base["REMOTE_ADDR"] = "10.0.0.2"
    assert browser.send("/sign-in", email="ada@example.org", password="wrong").status_code == 401


def test_point_12_guessing_one_account_from_many_addresses_is_stopped(own_app):
    with own_app.extensions[EXTENSION].database.write_aside() as session:
        take(session, LOGIN_OF_ACCOUNT, "ada@example.org", LOGIN_OF_ACCOUNT.most)
    for email in ("ada@example.org", " ADA@example.org "):
        answer = browser_of(own_app).send("/sign-in", email=email, password="wrong")
        assert answer.status_code == 429
        assert int(answer.headers["Retry-After"]) > 0


def test_point_12_guessing_many_accounts_from_one_address_is_stopped(own_app):
    with own_app.extensions[EXTENSION].database.write_aside() as session:
        take(session, LOGIN_OF_ADDRESS, "127.0.0.1", LOGIN_OF_ADDRESS.most)
    answer = browser_of(own_app).send("/sign-in", email="new@example.org", password="wrong")
    assert answer.status_code == 429


def test_point_12_who_has_a_network_of_addresses_is_counted_as_one(own_app):
    """Of the sixth version every household has 2^64 of them."""
    with own_app.extensions[EXTENSION].database.write_aside() as session:
        take(session, LOGIN_OF_ADDRESS, "2001:db8:7:7::/64", LOGIN_OF_ADDRESS.most)
    found = []
    for address in ("2001:db8:7:7::1", "2001:db8:7:7:ffff::9", "2001:db8:7:8::1", "::ffff:10.0.0.7"):
        browser = browser_of(own_app)
        browser.environ_base["REMOTE_ADDR"] = address
        found.append(browser.send("/sign-in", email="ada@example.org", password="wrong").status_code)
    assert found == [429, 429, 401, 401]


@pytest.mark.parametrize(
    ("address", "counted"),
    [("10.0.0.1", "10.0.0.1"), ("2001:db8::1:2:3:4", "2001:db8::/64"), ("::1", "::/64"), ("", ""),
     ("::ffff:10.0.0.1", "10.0.0.1"), ("unix:", "unix:"), ("2002:a00:1::9", "10.0.0.1")],
)  # fmt: skip
def test_point_12_addresses_are_counted_as_what_somebody_has(address, counted):
    assert counted_as(address) == counted


FIFTY = Limit("test searches", 50, 60, "Too many.")
SEARCHES = ["/search?q=x", "/api/v1/search?q=x", "/api/v1/entries/L-0001/similar"]
NOON = 1_800_000_000.0
"""The beginning of a minute."""


def spent(leases: Leases, database, times: int, moment: float = NOON, whom: str = "dora") -> int:
    """How many of so many attempts got through."""
    through, waits = 0, set()
    for _ in range(times):
        try:
            leases.spend(database, FIFTY, whom, moment)
            through += 1
        except TooMany as error:
            waits.add(error.seconds)
    assert waits <= {FIFTY.wait(moment)}
    return through


def test_point_12_processes_share_what_is_left_in_blocks(database):
    """The last block is smaller; what one process has leased is not the other's any more."""
    first, second = Leases(), Leases()
    assert spent(first, database, 1) == 1
    assert spent(second, database, 60) == FIFTY.most - BLOCK
    assert spent(first, database, 60) == BLOCK - 1
    assert spent(Leases(), database, 1) == 0


def test_point_12_threads_of_a_process_get_no_more_than_there_is(database):
    leases = Leases()
    found = at_once(8, lambda _: spent(leases, database, 10))
    assert sum(found) == FIFTY.most


def test_point_12_the_next_minute_begins_anew_and_others_are_not_touched(database):
    leases = Leases()
    assert spent(leases, database, 60) == 50
    assert spent(leases, database, 1, whom="eric") == 1
    assert spent(leases, database, 1, NOON + 59.9) == 0
    assert spent(leases, database, 60, NOON + 60) == 50


def test_point_12_the_database_is_asked_once_a_block_and_not_again_when_it_has_said_no(database):
    asked = []

    class Counted:
        def write_cache(self):
            asked.append(1)
            return database.write_cache()

    assert spent(Leases(), Counted(), 100) == 50
    assert len(asked) == -(-50 // BLOCK) + 1


def test_point_12_while_nothing_can_be_stored_a_process_counts_alone():
    class Down:
        def write_cache(self):
            raise DatabaseUnavailable("The disk is full.")

    assert spent(Leases(), Down(), 100) == 50


def test_point_12_leases_of_many_addresses_do_not_pile_up(database, monkeypatch):
    monkeypatch.setattr("web.limits.MOST_HELD", 5)
    leases = Leases()
    for number in range(12):
        assert spent(leases, database, 1, whom=f"10.0.0.{number}") == 1
    assert len(leases._held) == 5
    assert spent(leases, database, 60, whom="10.0.0.0") == 50 - BLOCK, "the database remembers"


@pytest.mark.parametrize("fragment", ["", "results", "palette"])
@pytest.mark.parametrize("address", SEARCHES)
def test_point_12_visitors_who_search_too_often_wait(own_home, address, fragment):
    with application(own_home, visitor_searches=3) as app:
        client = app.test_client()
        sent = {"X-Forwarded-For": "10.9.8.7"} | ({"X-Fragment": fragment} if fragment else {})
        found = [client.get(address, headers=sent) for _ in range(5)]
        assert [answer.status_code for answer in found] == [200] * 3 + [429] * 2
        assert 0 < int(found[-1].headers["Retry-After"]) <= 60
        assert "Too many searches" in found[-1].text
        assert client.get("/entries/L-0001").status_code == 200
        other = client.get(address, environ_base={"REMOTE_ADDR": "10.0.0.2"})
        assert other.status_code == 200


def test_point_12_a_person_is_counted_wherever_they_are(own_app):
    dora = make_user(own_app, "dora")
    with own_app.extensions[EXTENSION].database.write_aside() as session:
        take(session, SEARCH_OF_PERSON, f"#{dora.id}", SEARCH_OF_PERSON.most - 1)
    first, second = browser_of(own_app, dora), browser_of(own_app, dora)
    second.environ_base["REMOTE_ADDR"] = "10.0.0.2"
    assert [each.get("/search?q=x").status_code for each in (first, second)] == [200, 429]
    assert browser_of(own_app).get("/search?q=x").status_code == 200


def test_point_12_an_address_that_names_no_entry_is_answered_without_suggestions(own_home):
    with application(own_home, visitor_searches=1) as app:
        client = app.test_client()
        assert client.get("/search").status_code == 200
        for address in ("/entries/cut-over", "/entries/L-0999"):
            assert client.get(address).status_code == 404


def test_point_12_files_of_the_log_are_counted(own_app):
    ada = make_user(own_app, "ada", "admin")
    with own_app.extensions[EXTENSION].database.write_aside() as session:
        take(session, EXPORT_OF_PERSON, f"#{ada.id}", EXPORT_OF_PERSON.most - 1)
    browser = browser_of(own_app, ada)
    sent = browser.send("/audit/export", format="csv")
    assert sent.status_code == 200
    sent.close()
    refused = browser.send("/audit/export", format="csv")
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0


def test_point_12_what_counts_no_longer_is_forgotten(database):
    """Also of keys that nobody uses any more, and of none that still counts."""
    minute, hour = Limit("test minute", 3, 60, "Too many."), Limit("test hour", 3, 3_600, "Too many.")
    with database.write_aside() as session:
        for limit, whom in ((minute, "gone"), (hour, "gone"), (minute, "here"), (hour, "here")):
            take(session, limit, whom, 3, NOON + (7_300 if whom == "here" else 0))
        assert forget_used(session, NOON + 7_300) == 2
        assert session.scalar(select(func.count()).select_from(Allowance)) == 2
        for limit in (minute, hour):
            with pytest.raises(TooMany):
                take(session, limit, "here", 1, NOON + 7_300)
            assert take(session, limit, "gone", 1, NOON + 7_300) == 1
        assert forget_used(session, NOON) == 0  # a clock that was set back forgets nothing


def test_point_12_the_hourly_chore_forgets_them(database):
    with database.write_aside() as session:
        take(session, FIFTY, "gone", 1, NOON - 1_000_000_000)
    hourly(database, 90)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Allowance)) == 0
