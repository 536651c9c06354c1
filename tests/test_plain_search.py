"""Searching without an index, or with a part of one: what narrows a search narrows it there, too."""

from __future__ import annotations

import pytest

from indexer.sync import IndexWriter
from kb.reading import ANONYMOUS, OPERATOR
from kb.records import apply_record, parse_record
from search.engine import Engine
from search.query import Filter
from search.results import SearchRequest
from tests.fakes import HashingEmbedder
from tests.fixtures.served import make_settings

RECORDS = [
    {"kind": "lesson", "id": "L-0001", "title": "Permits first", "sector": "Water", "tags": ["permits"],
     "occurred_on": "2020-03-01", "verified_on": "2026-01-01", "verify_months": 240, "phases": ["design"]},
    {"kind": "lesson", "id": "L-0002", "title": "Permits late", "sector": "transport",
     "occurred_on": "2024-03-01", "body": "Suppliers waited."},
    {"kind": "review", "id": "R-0001", "title": "Closure with permits", "type": "closure", "sector": "water",
     "held_on": "2022-05-05", "outcome": "challenged"},
    {"kind": "lesson", "id": "L-0003", "title": "Permits inside", "visibility": "signed-in"},
]  # fmt: skip


@pytest.fixture
def engine(database, tmp_path):
    settings = make_settings(
        tmp_path / "home", database_url=database.url.render_as_string(hide_password=False)
    )
    for record in RECORDS:
        with database.write() as session:
            apply_record(session, parse_record(record))
    return Engine(settings, database, HashingEmbedder())


def found(engine, text: str = "", *filters: tuple[str, str], reader=OPERATOR, **options) -> list[str]:
    request = SearchRequest(text, tuple(Filter(*pair) for pair in filters), **options)
    page = engine.search(request, reader)
    assert page.degraded == ("keyword", "semantic")
    return [hit.entry.ref for hit in page.hits]


@pytest.mark.parametrize(
    ("text", "filters", "expected"),
    [
        ("permits", [], ["L-0003", "R-0001", "L-0002", "L-0001"]),
        ("permits late", [], ["L-0002"]),
        ("permits kind:review", [], ["R-0001"]),
        ("permits -kind:review", [], ["L-0003", "L-0002", "L-0001"]),
        ("permits", [("sector", "water")], ["R-0001", "L-0001"]),
        ("permits", [("sector", "water"), ("sector", "Transport")], ["R-0001", "L-0002", "L-0001"]),
        ("permits", [("sector", "water"), ("kind", "lesson")], ["L-0001"]),
        ("permits tag:permits", [], ["L-0001"]),
        ("phase:design", [], ["L-0001"]),
        ("permits outcome:challenged", [], ["R-0001"]),
        ("permits year:2024", [], ["L-0002"]),
        ("permits after:2021 before:2023", [], ["R-0001"]),
        ("permits verified:verified", [], ["L-0001"]),
        ("permits -suppliers", [], ["L-0003", "R-0001", "L-0001"]),
        ("id:L-0002", [], ["L-0002"]),
        ("nothing of the kind", [], []),
    ],
)
def test_what_narrows_a_search_narrows_it_without_an_index(engine, text, filters, expected):
    assert found(engine, text, *filters) == expected


def test_the_order_and_the_stretch_asked_for_are_kept(engine):
    assert found(engine, "permits", sort="oldest")[:2] == ["L-0001", "R-0001"]
    assert found(engine, "permits", limit=2) == ["L-0003", "R-0001"]
    assert found(engine, "permits", limit=2, offset=2) == ["L-0002", "L-0001"]


def test_nobody_finds_what_they_must_not_see(engine):
    assert "L-0003" not in found(engine, "permits", reader=ANONYMOUS)


def test_an_index_that_is_being_made_is_completed_from_the_database(engine, database, monkeypatch):
    monkeypatch.setattr("indexer.sync.BATCH", 2)
    seen = []

    def look(done: int, total: int) -> None:
        page = engine.search(SearchRequest("permits", mode="keyword"), OPERATOR)
        stretches = [
            engine.search(SearchRequest("permits", mode="keyword", offset=offset, limit=1), OPERATOR)
            for offset in range(4)
        ]
        seen.append((done, sorted(hit.entry.ref for hit in page.hits), page.total, page.degraded))
        assert sorted(hit.entry.ref for each in stretches for hit in each.hits) == seen[-1][1]

    IndexWriter(engine._source.settings, database, engine.embedder).sync(look)
    everything = ["L-0001", "L-0002", "L-0003", "R-0001"]
    assert [(done, refs, total) for done, refs, total, _ in seen] == [
        (0, everything, 4), (2, everything, 4), (4, everything, 4),
    ]  # fmt: skip
    assert {degraded for _, _, _, degraded in seen} == {("incomplete",)}
    page = engine.search(SearchRequest("permits", mode="keyword"), OPERATOR)
    assert (page.total, page.degraded) == (4, ())
