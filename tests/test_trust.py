"""Verified, built-in and proven entries stand above their equals, overdue and superseded ones below."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from indexer.sync import IndexWriter
from kb.reading import OPERATOR
from kb.records import apply_record, parse_record
from kb.standing import standings
from search.engine import Engine
from search.results import SearchRequest
from search.sight import Sight
from search.trust import EMBEDDED, OVERDUE, RECURRED, SUPERSEDED, VERIFIED
from tests.fakes import HashingEmbedder
from tests.fixtures.served import make_settings

TEXT = "The supplier delivered the pumps late because nobody had asked for dates."


@pytest.fixture
def searched(database, tmp_path):
    """Adds records, indexes them, and gives an engine."""
    settings = make_settings(
        tmp_path / "home", database_url=database.url.render_as_string(hide_password=False)
    )
    embedder = HashingEmbedder()

    def add(*records):
        with database.write() as session:
            for record in records:
                apply_record(session, parse_record({"kind": "lesson"} | record))
        IndexWriter(settings, database, embedder).sync()
        return Engine(settings, database, embedder)

    return add


def lesson(ref, **fields):
    return {"id": ref, "title": "Ask suppliers for dates", "body": TEXT} | fields


def ranked(engine, **options):
    page = engine.search(SearchRequest(text="supplier late pumps", **options), OPERATOR)
    return [hit.entry.ref for hit in page.hits if hit.entry.ref.startswith("L-000")], page.hits


def days_ago(days):
    return (datetime.now(UTC).date() - timedelta(days=days)).isoformat()


def test_equals_are_ordered_by_trust(searched):
    engine = searched(
        lesson("L-0001"),
        lesson("L-0002", verified_on=days_ago(3000)),
        lesson("L-0003", verified_on=days_ago(10)),
    )
    refs, hits = ranked(engine)
    assert refs == ["L-0003", "L-0001", "L-0002"]
    assert hits[0].why.higher == ("verified",)
    assert hits[2].why.lower == ("verification overdue",)
    assert "higher because verified" in str(hits[0].why)


def test_trust_can_be_set_aside(searched):
    engine = searched(lesson("L-0001"), lesson("L-0002", verified_on=days_ago(10)))
    refs, hits = ranked(engine, sort="match")
    assert refs == ["L-0001", "L-0002"]
    assert hits[0].score == hits[1].score
    assert not any(hit.why.higher or hit.why.lower for hit in hits)
    assert ranked(engine)[0] == ["L-0002", "L-0001"]


@pytest.mark.parametrize("mode", ["keyword", "semantic"])
def test_a_single_ranking_is_left_as_it_is(searched, mode):
    engine = searched(lesson("L-0001"), lesson("L-0002", verified_on=days_ago(10)))
    refs, hits = ranked(engine, mode=mode)
    assert refs == ["L-0001", "L-0002"]
    assert not any(hit.why.higher for hit in hits)


def test_what_was_built_in_recurred_or_was_replaced_counts(searched):
    link = lambda ref, relation: {"links": [{"to": ref, "relation": relation}]}  # noqa: E731
    engine = searched(
        lesson("L-0001"),
        lesson("L-0002"),
        lesson("L-0003"),
        {"kind": "template", "id": "T-0001", "title": "Order form", "body": "Dates",
         "provenance": [{"clause": "Delivery date", "because": "L-0002"}]},
        {"id": "L-0100", "title": "Newer", "body": "other words", **link("L-0001", "supersedes")},
        {"id": "L-0101", "title": "Again", "body": "other words", **link("L-0002", "recurrence of")},
    )  # fmt: skip
    refs, hits = ranked(engine)
    assert refs == ["L-0002", "L-0003", "L-0001"]
    reasons = {hit.entry.ref: hit.why for hit in hits}
    assert reasons["L-0002"].higher == ("built into 1 template or course", "learned 2 times")
    assert reasons["L-0001"].lower == ("superseded by L-0100",)


def test_an_edit_elsewhere_moves_the_order_at_once(searched):
    engine = searched(lesson("L-0001"), lesson("L-0002"))
    assert ranked(engine)[0] == ["L-0001", "L-0002"]
    searched(
        {
            "id": "L-0100",
            "title": "Again",
            "body": "x",
            "links": [{"to": "L-0002", "relation": "recurrence of"}],
        }
    )
    assert ranked(engine)[0] == ["L-0002", "L-0001"]


def test_trust_never_outweighs_what_fits_better(searched):
    engine = searched(
        lesson("L-0001"),
        {"id": "L-0002", "title": "Pumps", "body": "Paint the pumps blue.", "verified_on": days_ago(1)},
    )
    assert ranked(engine)[0][0] == "L-0001"


def test_drafts_and_other_relations_say_nothing(database, searched):
    searched(
        lesson("L-0001"),
        lesson("L-0002", links=[{"to": "L-0001", "relation": "related"}]),
        {"kind": "review", "id": "R-0001", "title": "Review", "lessons": ["L-0001"]},
    )
    with database.read() as session:
        assert standings(session, OPERATOR) == {}


def test_a_lesson_may_say_itself_where_it_is_built_in(database, searched):
    searched(lesson("L-0001", links=[{"to": "T-0009", "relation": "embedded in"}]))
    with database.read() as session:
        assert {ref: each.embedded for ref, each in standings(session, OPERATOR).items()} == {"L-0001": 1}


def test_no_weight_is_worth_more_than_a_tenth_of_cosine():
    """Log-odds are ten times the cosine: all good signs together must stay a tie-breaker."""
    assert VERIFIED + EMBEDDED + RECURRED <= 0.5
    assert OVERDUE < 0 < VERIFIED
    assert SUPERSEDED < OVERDUE


def test_the_last_day_of_verification_still_counts(searched):
    engine = searched(lesson("L-0001"), lesson("L-0002", verified_on=days_ago(0)))
    trusted = engine._understanding.trust(
        Sight(engine._source.current(), OPERATOR), engine.database.change_stamp()
    )
    assert trusted.reasons("L-0002", trusted.today) == (("verified",), ())
    assert trusted.reasons("L-0002", trusted.today - timedelta(days=1)) == ((), ("verification overdue",))
    assert trusted.reasons("L-0002", None) == ((), ())
    assert trusted.today == datetime.now(UTC).date() > date(2020, 1, 1)
