"""Loading JSON Lines: a record a line, each broken line by itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kb.database import Database
from kb.formats import jsonl
from kb.load_report import LoadReport
from kb.loading import load
from tests.fixtures.repository import snapshot

GOOD = '{"kind": "lesson", "title": "Rehearse the cut-over", "tags": ["go-live"], "body": "Twice."}'


@pytest.fixture
def load_lines(sqlite_database: Database, tmp_path: Path):
    def run(*lines: str | bytes, name: str = "lessons.jsonl") -> LoadReport:
        file = tmp_path / name
        file.write_bytes(b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines))
        return load(sqlite_database, [file])

    return run


def test_a_record_a_line_with_the_names_of_the_front_matter(load_lines, sqlite_database: Database):
    report = load_lines(
        b"\xef\xbb\xbf" + GOOD.encode(), "", "  ", '{"id": "R-0007", "title": "Closure", "outcome": null}'
    )
    assert report.problems == []
    assert report.created == 2
    found = snapshot(sqlite_database)
    assert found["L-0001"]["revisions"][1]["content"]["body"] == "Twice."
    assert found["R-0007"]["kind"] == "review"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("[1]", "must be one JSON object a line"),
        ("nonsense", "is not valid JSON at character 1: Expecting value"),
        ('{"kind": "lesson", "title": "A"', "is not valid JSON at character 33"),
        (
            '{"kind": "lesson", "title": "A", "title": "B"}',
            "is not valid JSON: 'title' is given twice; keep one",
        ),
        ('{"kind": "lesson", "title": "A", "impact": {"days": 1, "days": 2}}', "'days' is given twice"),
        ('{"kind": "lesson", "title": "A", "impact": {"days": NaN}}', "NaN is not a number of JSON"),
        (
            '{"kind": "lesson", "title": "A", "impact": {"days": -Infinity}}',
            "-Infinity is not a number of JSON",
        ),
        (
            '{"kind": "lesson", "title": "A", "impact": {"days": 1e999}}',
            "impact.days: must be a finite number, not inf",
        ),
        (
            '{"kind": "lesson", "title": "A", "impact": {"days": "3"}}',
            "impact.days: must be a number, not '3'",
        ),
        (
            '{"kind": "lesson", "title": "A", "impact": {"days": false}}',
            "impact.days: must be a number, not False",
        ),
        (
            f'{{"kind": "lesson", "title": "A", "impact": {{"days": {"9" * 5000}}}}}',
            "is not valid JSON: Exceeds",
        ),
        ('{"kind": "lesson", "title": "\\ud800"}', "title: contains the character U+D800 at position 1"),
        ('{"kind": "lesson", "title": "A", "\\ud800": 1}', "the name '\\ud800' contains a character"),
        ('{"kind": "lesson", "title": "A\\u0000"}', "title: contains the character U+0000 at position 2"),
        ('{"kind": ["lesson"], "title": "A"}', "kind: is ['lesson']; it must be one of"),
        ('{"kind": "lesson", "title": "A", "key": 5}', "key: must be text, not 5"),
        (
            '{"kind": "project", "title": "A", "attributes": {"a": [1]}}',
            "attributes.a: must be a number or true or",
        ),
        (f'{{"title": {"[" * 100_000}', "is nested more than 20 deep"),
        (f'{{"title": {"[" * 100_000}{"]" * 100_000}}}', "is nested more than 20 deep"),
        (f'{{"kind": "lesson", "title": {"[" * 500}{"]" * 500}}}', "is nested more than 20 deep"),
        (b'{"kind": "lesson", "title": "caf\xe9"}', "byte 33 of the line, 0xE9, is not utf-8"),
    ],
)
def test_a_broken_line_is_named_and_the_others_load(load_lines, line: str | bytes, problem: str):
    report = load_lines(GOOD, "", line, '{"kind": "template", "title": "Charter"}')
    assert (report.created, report.failed, report.exit_status) == (2, 1, 1)
    assert [found.line for found in report.problems] == [3]
    assert problem in str(report.problems[0])


def test_an_endless_line_is_skipped_without_being_kept(load_lines, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(jsonl, "RECORD_BYTES", 1000)
    report = load_lines(GOOD, "x" * 5000, GOOD.replace("Rehearse", "Repeat"))
    assert report.created == 2
    assert str(report.problems[0]).endswith(
        "lessons.jsonl:2: is longer than 0.001 MB; the limit for one record"
    )


def test_records_are_found_again_by_their_title(load_lines, sqlite_database: Database):
    load_lines(GOOD, GOOD.replace("Rehearse", "Repeat"))
    report = load_lines(
        GOOD.replace("Repeat", "Rehearse").replace("Twice", "Three times"), GOOD.replace("Rehearse", "Repeat")
    )
    assert (report.updated, report.unchanged, report.created) == (1, 1, 0)
    assert snapshot(sqlite_database)["L-0001"]["revisions"][2]["content"]["body"] == "Three times."


def test_two_records_of_one_title_need_an_id(load_lines):
    report = load_lines(GOOD, GOOD)
    assert report.created == 1
    [problem] = report.problems
    assert "lessons.jsonl:2: has the title of" in str(problem)
    assert "lessons.jsonl:1, and no id: give both an id or a key" in str(problem)


def test_revisions_may_stand_in_any_order(load_lines, sqlite_database: Database):
    lines = [
        {"id": "L-0003", "revision": 3, "title": "C"},
        {"id": "L-0003", "revision": 1, "title": "A", "state": "superseded"},
        {"id": "L-0003", "revision": 2, "title": "B", "state": "rejected", "reason": "wrong"},
    ]
    report = load_lines(*map(json.dumps, lines))
    assert report.problems == []
    revisions = snapshot(sqlite_database)["L-0003"]["revisions"]
    assert [revisions[number]["title"] for number in (1, 2, 3)] == ["A", "B", "C"]
    assert load_lines(*map(json.dumps, lines)).unchanged == 3
