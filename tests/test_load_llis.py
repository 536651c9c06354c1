"""Loading NASA's lessons: every field finds its place, and the texts read as they did."""

from __future__ import annotations

import html
import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kb.database import Database
from kb.formats import LoadOptions
from kb.formats.llis import markdown
from kb.html import render
from kb.loading import load
from kb.markup import plain_text
from tests.fixtures.repository import snapshot

LESSON = {
    "id": "30301",
    "title": "Facility impedance checks",
    "abstract": "The module failed.",
    "driving_event": "Noise of <5 mV was seen *twice*.",
    "lesson": "Check the facility.",
    "recommendation": "1. Measure. 2. Compare.",
    "evidence": "None yet",
    "project_program": "SAGE III",
    "related_policy": "NPR 7120.5",
    "mission_directorate": "Science, Space Operations",
    "phase": "Formulation » Phase A",
    "related_refs": "Change request\nTest plan",
    "topics": ["Categories", "Parts", "Materials", "& Processes", "Power"],
    "centre": "LaRC",
    "date_occurred": "2014-05-06",
    "date_published": "2021-09-20",
    "url": "https://llis.nasa.gov/lesson/30301",
}
OPTIONS = LoadOptions(format="llis")


@pytest.fixture
def load_lessons(sqlite_database: Database, tmp_path: Path):
    def run(*lessons: dict):
        file = tmp_path / "lessons.jsonl"
        file.write_text("\n".join(map(json.dumps, lessons)), encoding="utf-8")
        return load(sqlite_database, [file], OPTIONS)

    return run


@pytest.fixture(scope="session")
def llis_file() -> Path:
    """The public export, where it is at hand."""
    folder = os.environ.get("PRECEDENT_DATA") or Path(__file__).parents[2] / "shared" / "data"
    file = Path(folder) / "llis" / "lessons.jsonl"
    if not file.is_file():
        pytest.skip(f"{file} is not there; PRECEDENT_DATA names the folder of real data")
    return file


def test_every_field_finds_its_place(load_lessons, sqlite_database: Database):
    report = load_lessons(LESSON)
    assert (report.problems, report.notices) == ([], [])
    [entry] = snapshot(sqlite_database).values()
    assert (entry["ref"], entry["key"]) == ("L-0001", "llis:30301")
    revision = entry["revisions"][1]
    assert (revision["author"], revision["reviewer"], revision["state"]) == (
        "NASA LLIS",
        "NASA LLIS",
        "published",
    )
    assert revision["created_at"] == revision["decided_at"] == datetime(2021, 9, 20, tzinfo=UTC)
    assert revision["content"] == {
        "title": "Facility impedance checks",
        "summary": "The module failed.",
        "happened": r"Noise of <5 mV was seen \*twice\*.",
        "lesson": "Check the facility.",
        "recommendation": "1. Measure. 2. Compare.",
        "evidence": "None yet",
        "references": "- [NASA LLIS, lesson 30301](https://llis.nasa.gov/lesson/30301)\n"
        "- Change request\n- Test plan\n- NPR 7120.5",
        "tags": ["parts, materials & processes", "power", "science", "space operations"],
        "phases": ["Formulation", "Phase A"],
        "sector": "aerospace",
        "unit": "LaRC",
        "programme": "SAGE III",
        "occurred_on": "2014-05-06",
    }


@pytest.mark.parametrize(
    ("phase", "phases"),
    [
        ("Not Specified", []),
        ("Not Applicable » Pre-Phase A", ["Pre-Phase A"]),
        ("Approval", ["Approval"]),
        ("", []),
    ],
)
def test_phases_that_say_nothing_are_dropped(
    load_lessons, sqlite_database: Database, phase: str, phases: list[str]
):
    load_lessons(LESSON | {"phase": phase})
    [entry] = snapshot(sqlite_database).values()
    assert entry["revisions"][1]["content"].get("phases", []) == phases


def test_a_title_is_made_where_there_is_none(load_lessons, sqlite_database: Database):
    report = load_lessons(
        LESSON | {"title": "", "lesson": "Managers should be prepared. Something always comes up."}
    )
    assert report.exit_status == 0
    [notice] = report.notices
    assert "has no title; the first sentence of its lesson stands for it" in str(notice)
    [entry] = snapshot(sqlite_database).values()
    assert entry["revisions"][1]["title"] == "Managers should be prepared"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"title": 3}, "title: must be text, not 3"),
        ({"id": "x"}, "id: must match the pattern"),
        ({"topic": []}, "topic: is not a known field; did you mean topics?"),
        ({"date_occurred": "May 2014"}, "date_occurred: must be a date written as 2026-03-01"),
        ({"driving_event": "x" * 200_001}, "driving_event: is too long: it has 200001"),
        ({"title": "", "lesson": "", "driving_event": "", "recommendation": ""}, "title: must not be empty"),
    ],
)
def test_a_broken_lesson_is_named_in_the_words_of_the_source(load_lessons, change: dict, problem: str):
    report = load_lessons(LESSON | change, LESSON | {"id": "2"})
    assert (report.created, report.failed) == (1, 1)
    assert f"lessons.jsonl:1: {problem}" in str(report.problems[0])


def test_a_changed_lesson_becomes_a_revision(load_lessons, sqlite_database: Database):
    load_lessons(LESSON)
    assert load_lessons(LESSON).unchanged == 1
    assert load_lessons(LESSON | {"lesson": "Check it twice."}).updated == 1
    [entry] = snapshot(sqlite_database).values()
    assert [entry["revisions"][number]["state"] for number in (1, 2)] == ["superseded", "published"]


@pytest.mark.parametrize(
    "text",
    [
        "a *b* c, **d**, critical* wires* and 2 * 3 * 4",
        "snake_case, _private_ and __dunder__ in http://x.gov/a_b_?Internal_ID=N_PR_7120_005D_&page=1",
        "`quoted' and `code`",
        "I&T; IV&V; &amp; &lt;b&gt; &#65;",
        "<b>bold</b> <script>alert(1)</script> <!-- x --> <5 amps < 10 <--> a<b>c",
        "[D](3) [text](http://x.gov) [[K] - w2 [M]] {u} ![i](j) [a][b] [[L-0001]] [[L-0001|x]]",
        "[D]: Where",
        "# not a heading",
        "> not a quotation",
        r"T: \PFOC\ALL_P \* \_ \\ C:\[x]",
        "1. One 2. Two",
    ],
)
def test_plain_text_reads_as_it_did(text: str):
    assert_reads(text)


def test_all_of_the_public_export_loads(llis_file: Path, sqlite_database: Database):
    report = load(sqlite_database, [llis_file], OPTIONS)
    assert report.problems == []
    assert (report.created, report.failed) == (2102, 0)
    [notice] = report.notices
    assert notice.line == 594
    again = load(sqlite_database, [llis_file], OPTIONS)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 2102)


def test_the_public_export_reads_as_it_did(llis_file: Path):
    special = re.compile(r"[*_`\\[<&#>|]|^[-+\d]")
    for line in llis_file.read_text(encoding="utf-8").splitlines():
        lesson = json.loads(line)
        for name in ("abstract", "driving_event", "lesson", "recommendation", "evidence"):
            if special.search(lesson[name]):
                assert_reads(lesson[name])


def assert_reads(text: str) -> None:
    """Both as a page and as plain text it shows every word; the mark of a first list item may go."""
    marks = r"^(\d+[.)]|[-+])\s+"
    rendered = html.unescape(re.sub(r"<[^>]*>", "", render(markdown(text))))
    for shown in (plain_text(markdown(text)), rendered):
        assert _words(re.sub(marks, "", shown)) == _words(re.sub(marks, "", text))


def _words(text: str) -> str:
    return " ".join(text.split())
