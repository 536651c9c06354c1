"""How often a lesson was learned, where, and what it cost, as far as the reader may see."""

from __future__ import annotations

import json
import re

import pytest

from kb.reading import OPERATOR, Reader, get_entry
from kb.records import apply_record, parse_record
from kb.recurring import recurring, times_learned
from tests.fixtures.people import browser_of
from tests.test_cli import run

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
RECORDS = [
    {"kind": "project", "id": "H-0701", "title": "Harbour crane", "type": "construction"},
    {"kind": "lesson", "id": "L-0701", "title": "Order early", "occurred_on": "2020-03-01",
     "source": "H-0701", "impact": {"cost": -100_000, "currency": "EUR", "days": -20}},
    {"kind": "lesson", "id": "L-0702", "title": "Ordered late again", "occurred_on": "2022-03-01",
     "unit": "Tunnels", "impact": {"cost": -210_000, "currency": "EUR"}},
    {"kind": "lesson", "id": "L-0703", "title": "And in dollars", "visibility": "signed-in",
     "impact": {"cost": -50_000, "currency": "USD", "days": -5}},
    {"kind": "lesson", "id": "L-0704", "title": "Learned once"},
]  # fmt: skip


def fill(database):
    with database.write() as session:
        for record in RECORDS:
            is_again = record["id"] in ("L-0702", "L-0703")
            links = {"links": [{"to": "L-0701", "relation": "recurrence of"}]} if is_again else {}
            apply_record(session, parse_record(record | links))


def learned(database, reader, ref="L-0701"):
    with database.read() as session:
        return recurring(session, get_entry(session, ref, reader), reader)


def test_each_time_is_told_and_summed(database):
    fill(database)
    found = learned(database, OPERATOR)
    assert [(each.ref, each.where) for each in found.times] == [
        ("L-0701", "Harbour crane"), ("L-0702", "Tunnels"), ("L-0703", ""),
    ]  # fmt: skip
    assert (found.costs, found.days) == ([("EUR", -310_000), ("USD", -50_000)], -25)
    assert learned(database, OPERATOR, "L-0704") is None


def test_what_a_text_looks_like_says_how_often_it_was_learned(database):
    fill(database)
    with database.read() as session:
        assert times_learned(session, ["L-0701", "L-0704"], OPERATOR) == {"L-0701": 3, "L-0704": 1}
        assert times_learned(session, ["L-0701"], Reader()) == {"L-0701": 2}


def test_readers_are_told_of_what_they_may_see(database):
    fill(database)
    assert [each.ref for each in learned(database, Reader()).times] == ["L-0701", "L-0702"]
    with database.write() as session:
        apply_record(session, parse_record(RECORDS[1] | {"mask_source": True}))
    assert learned(database, Reader()).times[0].source is None
    assert learned(database, OPERATOR).times[0].source == "H-0701"


@pytest.mark.parametrize("ref", ["L-0701", "L-0704"])
def test_the_page_says_so(own_app, ref):
    fill(own_app.extensions["precedent"].database)
    page = re.sub(r"\s+", " ", browser_of(own_app).get(f"/entries/{ref}").text)
    if ref == "L-0704":
        assert 'id="learned"' not in page
        return
    assert "Learned 2 times: 310 k EUR lost." in page
    assert "Learned 3 times" not in page, "visitors are not told of the third"
    assert re.search(r"March 2022.*Ordered late again.*Tunnels.*210,000 EUR lost", page)
    assert "Together, as far as it is known" in page


def test_programs_are_told_as_readers_are(own_app):
    fill(own_app.extensions["precedent"].database)
    answer = browser_of(own_app).get("/api/v1/entries/L-0701").json
    assert [(each["ref"], each["cost"], each["days"]) for each in answer["learned"]] == [
        ("L-0701", -100_000, -20), ("L-0702", -210_000, None),
    ]  # fmt: skip
    assert answer["learned"][0] | {"source": "H-0701", "where": "Harbour crane"} == answer["learned"][0]
    assert browser_of(own_app).get("/api/v1/entries/L-0704").json["learned"] == []


def test_the_command_line_tells_each_time(repository):
    fill(repository.database)
    shown = run(repository.environment(), "show", "L-0701").stdout
    assert "learned 3 times:\n  2020-03-01, L-0701, Harbour crane, -100,000 EUR, -20 days\n" in shown
    assert "  no date, L-0703, -50,000 USD, -5 days\n" in shown
    told = json.loads(run(repository.environment(), "show", "L-0701", "--json").stdout)["learned"]
    assert [each["on"] for each in told] == ["2020-03-01", "2022-03-01", None]
    assert json.loads(run(repository.environment(), "show", "L-0704", "--json").stdout)["learned"] == []
