"""Counting without names, and what people look for in vain."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from kb.errors import DatabaseUnavailable, NotAllowed, NotFound
from kb.notices.reading import list_notices
from kb.people.accounts import as_person, find_user, new_user
from kb.people.audit import Origin
from kb.people.reader import reader_of
from kb.people.roles import Person
from kb.records import apply_record, parse_record
from kb.usage.counting import add_searches, add_uses, forget_counts, normalised
from kb.usage.demand import Cluster, DemandChanged, failed_searches, give, list_demands, settle
from kb.usage.model import EntryCount, SearchCount
from search.demand import clustered, gather_demand
from tests.fakes import HashingEmbedder
from tests.fixtures.people import make_user, sign_in
from tests.fixtures.web import application
from web import usage as usage_module
from web.cli import precedent
from web.server_worker import Worker
from web.services import EXTENSION
from web.usage import Usage

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
DAY = date(2026, 11, 27)
BY = Origin(Person(id=99, name="Bea", roles=frozenset({"curator"})))


@pytest.fixture
def filled(database):
    with database.write() as session:
        apply_record(session, parse_record({"kind": "lesson", "title": "One"}))
    with database.write_aside() as session:
        searches = {
            "data migration health": (5, 5), "health data migration": (3, 2), "asbestos": (4, 0),
            "moon base": (1, 1),
        }  # fmt: skip
        add_searches(session, DAY, searches)
        new_user(session, "ann@example.org", "Ann", "active")
        new_user(session, "cid@example.org", "Cid")
    return database


def searches(database):
    with database.read() as session:
        return {row.query: (row.searches, row.empty) for row in session.scalars(select(SearchCount))}


def uses(database):
    with database.read() as session:
        return [(row.month, row.surfaced, row.opened) for row in session.scalars(select(EntryCount))]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Data   MIGRATION ", "data migration"),
        ("anna.berg@example.org", ""),
        ("staff number 1234567", ""),
        ("phase 2 of 2025", "phase 2 of 2025"),
        ("word " * 13, ""),
        ("x" * 201, ""),
        ("a\x00b", ""),
        ("", ""),
    ],
)
def test_what_may_name_somebody_is_not_kept(typed, kept):
    assert normalised(typed) == kept


def test_counts_add_up_and_are_forgotten(filled):
    with filled.write_aside() as session:
        add_searches(session, DAY, {"asbestos": (1, 1)})
        add_searches(session, DAY - timedelta(days=40), {"asbestos": (1, 1)})
        add_uses(session, DAY, {"L-0001": (3, 1), "L-0999": (9, 9)})
        add_uses(session, DAY, {"L-0001": (1, 1)})
        add_uses(session, DAY - timedelta(days=1000), {"L-0001": (1, 1)})
        assert dict(failed_searches(session))["asbestos"] == 2
        forget_counts(session, DAY, 30)
    assert searches(filled)["asbestos"] == (5, 1)
    assert uses(filled) == [(date(2026, 11, 1), 4, 2)]
    with filled.write_aside() as session:
        forget_counts(session, DAY, 0)
    assert searches(filled) == {}


def test_searches_that_mean_the_same_are_put_together():
    failed = [("data migration health", 5), ("health data migration", 3), ("moon base", 1)]
    assert clustered(failed, [], HashingEmbedder()) == [
        Cluster("data migration health", (("data migration health", 5), ("health data migration", 3))),
        Cluster("moon base", (("moon base", 1),)),
    ]
    assert len(clustered(failed, [], None)) == 3
    assert clustered([], [], HashingEmbedder()) == []
    known = [Cluster("migration health data", (("moon base", 1),))]
    assert clustered(failed, known, HashingEmbedder()) == []


def test_demand_is_given_answered_and_not_asked_for_again(filled):
    assert gather_demand(filled, HashingEmbedder()) == 2
    assert gather_demand(filled, HashingEmbedder()) == 2
    with filled.read() as session:
        wanted, other = list_demands(session)
    assert (wanted.words, wanted.searches, wanted.state) == ("data migration health", 7, "open")
    given = give(filled, BY, wanted.id, "ann@example.org")
    assert (given.given_to, given.state, given.author) == ("Ann", "given", "Bea")
    with filled.read() as session:
        ann = as_person(find_user(session, "ann@example.org"))
        (notice,) = list_notices(session, ann.id, reader_of(ann))[1]
    assert notice.words == "Nobody wrote about “data migration health”, which was searched for 7 times."
    assert notice.place == "/search?q=data%20migration%20health"
    with pytest.raises(DemandChanged):
        give(filled, BY, wanted.id, "ann@example.org")
    assert gather_demand(filled, HashingEmbedder()) == 1
    settle(filled, BY, wanted.id, "answered")
    settle(filled, BY, other.id, "dismissed")
    assert gather_demand(filled, HashingEmbedder()) == 0
    assert settle(filled, BY, wanted.id, "open").given_to == ""
    with pytest.raises(DemandChanged):
        settle(filled, BY, wanted.id, "open")


def test_what_is_no_longer_searched_for_goes(filled):
    gather_demand(filled, HashingEmbedder())
    with filled.write_aside() as session:
        forget_counts(session, DAY + timedelta(days=100), 30)
    assert gather_demand(filled, HashingEmbedder()) == 0


def test_who_may_not_tend_and_who_is_not_there(filled):
    gather_demand(filled, HashingEmbedder())
    reader = Origin(Person(id=5, name="Rea", roles=frozenset({"reader"})))
    with pytest.raises(NotAllowed):
        give(filled, reader, 1, "ann@example.org")
    with pytest.raises(NotAllowed):
        settle(filled, reader, 1, "dismissed")
    for email in ("cid@example.org", "nobody@example.org"):
        with pytest.raises(NotFound):
            give(filled, BY, 1, email)
    with pytest.raises(NotFound):
        settle(filled, BY, 999, "dismissed")


def test_only_the_last_search_of_somebody_typing_counts(sqlite_database):
    usage = Usage(sqlite_database)
    for typed in ("d", "data", "data mig", "data migration", "asbestos"):
        usage.searched("#1", typed, is_empty=typed.startswith("data"), surfaced=[])
    usage.searched("#2", "data", is_empty=False, surfaced=[])
    usage.flush()
    assert searches(sqlite_database) == {"data migration": (1, 1)}  # the others may still go on typing
    usage.flush(everything=True)
    assert searches(sqlite_database) == {"data migration": (1, 1), "asbestos": (1, 0), "data": (1, 0)}


def test_counts_wait_while_the_database_is_busy(sqlite_database, monkeypatch):
    usage = Usage(sqlite_database)
    monkeypatch.setattr(usage_module, "FLUSH_SECONDS", 1e9)
    usage.searched("#1", "asbestos", is_empty=True, surfaced=["L-0001"])
    with sqlite_database.write_aside() as session:
        add_searches(session, DAY, {"held": (1, 0)})
        usage.flush(everything=True)
    assert searches(sqlite_database) == {"held": (1, 0)}
    usage.flush()
    assert searches(sqlite_database) == {"held": (1, 0), "asbestos": (1, 1)}


def test_many_counts_are_stored_in_parts_and_none_is_lost(sqlite_database, monkeypatch):
    monkeypatch.setattr(usage_module, "PART", 2)
    usage, stored = Usage(sqlite_database), []
    monkeypatch.setattr(usage_module, "FLUSH_SECONDS", 1e9)

    def add(session, day, counts):
        stored.append(set(counts))
        if len(stored) == 2:
            raise DatabaseUnavailable("The database is busy.")
        add_searches(session, day, counts)

    monkeypatch.setattr(usage_module, "add_searches", add)
    for number in range(5):
        usage.searched(f"#{number}", f"search {number}", is_empty=False, surfaced=[])
    usage.flush(everything=True)
    assert [len(part) for part in stored] == [2, 2], "after one that waits, the others wait too"
    assert len(searches(sqlite_database)) == 2
    usage.flush()
    assert searches(sqlite_database) == {f"search {number}": (1, 0) for number in range(5)}


def test_nothing_is_counted_where_it_is_switched_off(sqlite_database):
    usage = Usage(sqlite_database, counts_searches=False)
    usage.searched("#1", "asbestos", is_empty=True, surfaced=[])
    usage.flush(everything=True)
    assert searches(sqlite_database) == {}


def test_pages_and_programs_are_counted(own_app):
    here = own_app.extensions[EXTENSION]
    client = own_app.test_client()
    client.get("/search?q=zeppelin")
    client.get("/api/v1/search?q=airship")
    client.get("/search", query_string={"q": '"solar sail"'})
    client.get("/api/v1/search?q=airship&offset=20")
    client.get("/entries/L-0001")
    here.usage.flush(everything=True)
    assert searches(here.database) == {"zeppelin": (1, 1), "airship": (1, 1), "solar sail": (1, 1)}
    assert [opened for _, _, opened in uses(here.database)] == [1]


def test_what_was_counted_last_is_stored_before_the_server_stops(own_app, monkeypatch):
    monkeypatch.setattr("web.server_worker.ThreadWorker.run", lambda _: None)
    own_app.test_client().get("/search?q=zeppelin")
    worker = object.__new__(Worker)
    worker.wsgi = own_app
    worker.run()
    assert searches(own_app.extensions[EXTENSION].database) == {"zeppelin": (1, 1)}


def test_the_page_gives_and_settles(own_app):
    database = own_app.extensions[EXTENSION].database
    with database.write_aside() as session:
        add_searches(session, DAY, {"<b>moon</b>": (2, 2)})
    gather_demand(database, None)
    make_user(own_app, "ann")
    browser = sign_in(own_app, "bea", "curator")
    page = browser.get("/demand").text
    assert "&lt;b&gt;moon" in page
    assert "2 times" in page
    assert browser.send("/demand/1/give", email="ann@example.org").headers["Location"] == "/demand?done=given"
    assert "Ann" in browser.get("/demand?state=given&done=given").text
    assert browser.send("/demand/1/give", email="ann@example.org").status_code == 409
    assert browser.send("/demand/1/settle", state="answered").status_code == 303
    assert browser.get("/api/v1/demand?state=answered").json["demands"][0]["words"] == "<b>moon</b>"


def test_the_page_says_when_nothing_is_counted(own_home):
    with application(own_home, search_days=0) as app:
        assert "Searches are not counted here" in sign_in(app, "bea", "curator").get("/demand").text


def test_the_command_line_does_the_same(own_home, own_app, monkeypatch):
    monkeypatch.setenv("PRECEDENT_HOME", str(own_home))
    monkeypatch.setattr("web.chores.open_embedder_if_any", lambda _: None)
    with own_app.extensions[EXTENSION].database.write_aside() as session:
        add_searches(session, DAY, {"moon base": (2, 2)})
    make_user(own_app, "ann")

    def run(*words):
        done = CliRunner().invoke(precedent, ["demand", *words], catch_exceptions=False)
        assert done.exit_code == 0
        return done.output

    assert run("gather") == "1 open.\n"
    assert "moon base" in run("list")
    assert run("give", "1", "ann@example.org") == "Ann is to write about “moon base”.\n"
    assert json.loads(run("list", "--state", "given", "--json"))["demands"][0]["given_to"] == "Ann"
    assert run("settle", "1", "dismissed") == "“moon base” is dismissed.\n"
    assert run("list") == "There is none.\n"
