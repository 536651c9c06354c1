"""How the repository does: each figure has its entries, and nobody anonymous is named."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook
from sqlalchemy import select

from kb.insight.activity import contributors, most_used, opened_entries, quarters, top_searches
from kb.insight.health import health
from kb.model import Revision
from kb.reading import OPERATOR, Reader
from kb.records import apply_record, parse_record
from kb.usage.counting import add_searches, add_uses
from tests.fixtures.people import sign_in
from web.cli import precedent
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
TODAY = date(2026, 11, 27)


def lesson(number, **said):
    return {"kind": "lesson", "id": f"L-000{number}", "title": f"Number {number}", "author": "Ann"} | said


@pytest.fixture
def filled(database):
    records = [
        lesson(1, verified_on="2026-01-01", verify_months=24, recommendation="Do it."),
        lesson(2, verified_on="2026-01-01", verify_months=12, links=[{"to": "L-0001"}], anonymous=True),
        lesson(3, verified_on="2024-01-01", verify_months=12, links=[{"to": "L-0099"}], recommendation="Do."),
        lesson(4, visibility="restricted", readers=["role:estimator"], author="Secret Sam"),
        {"kind": "review", "id": "R-0001", "title": "Five", "author": "Bea", "reviewer": "Ann",
         "created_at": "2026-07-01T00:00:00+00:00", "decided_at": "2026-07-11T00:00:00+00:00"},
    ]  # fmt: skip
    with database.write() as session:
        for record in records:
            apply_record(session, parse_record(record))
    with database.write_aside() as session:
        add_uses(session, TODAY, {"L-0001": (5, 2), "L-0004": (9, 9)})
        add_searches(session, TODAY, {"asbestos": (4, 1)})
    return database


def measured(database, reader=OPERATOR):
    with database.read() as session:
        found = health(session, reader, TODAY, opened_entries(session))
    return {name: [item.ref for item in items] for name, items in found.items.items()}


def test_every_figure_has_its_entries(filled):
    assert measured(filled) == {
        "verified": ["L-0001", "L-0002"],
        "due": ["L-0002"],
        "overdue": ["L-0003"],
        "unverified": ["L-0004", "R-0001"],
        "orphans": ["L-0004", "R-0001"],
        "broken": ["L-0003"],
        "silent": ["L-0002", "L-0004"],
        "clauses": [],
        "unopened": ["L-0002", "L-0003", "R-0001"],
    }


def test_what_is_hidden_is_in_no_figure(filled):
    everybody = measured(filled, Reader())
    assert all("L-0004" not in refs for refs in everybody.values())
    with filled.read() as session:
        assert [each.ref for each in most_used(session, Reader())] == ["L-0001"]
        assert "Secret Sam" not in dict(contributors(session, Reader()))


def test_who_wrote_anonymously_is_named_to_nobody(filled):
    with filled.read() as session:
        found = dict(contributors(session, OPERATOR))
    assert found == {"Ann": 2, "A contributor": 1, "Secret Sam": 1, "Bea": 1}


def test_time_to_publish_is_that_of_what_was_written_here(filled):
    with filled.read() as session:
        (summer,) = [each for each in quarters(session, OPERATOR) if each.name == "2026 Q3"]
        others = [each for each in quarters(session, OPERATOR) if each.name != "2026 Q3"]
    assert (summer.published, summer.days) == (1, 10.0)
    assert {each.days for each in others} == {None}


def test_searches_are_counted(filled):
    with filled.read() as session:
        assert top_searches(session) == [("asbestos", 4, 1)]


def test_the_page_links_each_figure_to_its_entries_and_exports(own_app):
    with own_app.extensions[EXTENSION].database.write() as session:
        apply_record(session, parse_record(lesson(9, title="=1+1<script>")))
    browser = sign_in(own_app, "bea", "curator")
    page = browser.get("/insight").text
    assert "first published" in page
    assert 'href="/insight/entries?which=unverified"' in page
    listed = browser.get("/insight/entries?which=silent").text
    assert "=1+1&lt;script&gt;" in listed
    assert browser.get("/insight/entries?which=overdue&kind=path&page=3").status_code == 200
    text = browser.send("/insight/export", table="health", format="csv").text
    assert text.startswith("measure,id,kind,title,detail\r\n")
    assert "'=1+1<script>" in text
    for table in ("used", "contributors", "quarters", "searches"):
        book = browser.send("/insight/export", table=table, format="xlsx").data
        assert load_workbook(io.BytesIO(book)).active.max_row >= 1
    assert browser.get("/api/v1/insight").json["total"] > 0
    assert sign_in(own_app, "rea", "reader").get("/insight").status_code == 403


def test_the_command_line_says_the_same(own_home, monkeypatch):
    monkeypatch.setenv("PRECEDENT_HOME", str(own_home))
    printed = CliRunner().invoke(precedent, ["insight"], catch_exceptions=False).output
    assert "Never verified" in printed
    found = json.loads(CliRunner().invoke(precedent, ["insight", "--json"], catch_exceptions=False).output)
    assert set(found["items"]) >= {"verified", "orphans", "broken"}


def test_quarters_run_evenly(filled):
    with filled.write() as session:
        rows = session.scalars(select(Revision).where(Revision.state == "published").order_by(Revision.id))
        for row, month in zip(rows, (2, 8), strict=False):
            row.decided_at = datetime(2021, month, 1, tzinfo=UTC)
    with filled.read() as session:
        found = quarters(session, OPERATOR, limit=100)
    assert [each.name for each in found[:4]] == ["2021 Q1", "2021 Q2", "2021 Q3", "2021 Q4"]
    assert [each.published for each in found[:4]] == [1, 0, 1, 0]
    with filled.read() as session:
        assert len(quarters(session, OPERATOR, limit=3)) == 3
