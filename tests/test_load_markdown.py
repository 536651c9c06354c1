"""Loading Markdown files: what is read from them, and what is said when they are broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb.database import Database
from kb.formats import LoadOptions
from kb.load_report import LoadReport
from kb.loading import load
from tests.fixtures.repository import snapshot

GOOD = """---
kind: lesson
title: Rehearse the cut-over
tags: [cut-over, rehearsal]
impact:
  cost: -1200.50
  days: -3
occurred_on: 2024-03-01
known_risk: yes
---

We did not, and paid for it.
"""
HEAD = b"---\nkind: lesson\ntitle: A\n---\n"


@pytest.fixture
def load_text(sqlite_database: Database, tmp_path: Path):
    """Loads a folder of files given by name and content; the last report is returned."""

    def run(files: dict[str, str | bytes], **options: object) -> LoadReport:
        folder = tmp_path / "files"
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return load(sqlite_database, [folder], LoadOptions(**options))

    return run


def front(*lines: str) -> str:
    return "\n".join(["---", *lines, "---", "", "Text.", ""])


def only_problem(report: LoadReport) -> str:
    assert report.exit_status == 1
    assert report.failed == 1
    [problem] = report.problems
    return str(problem)


def test_front_matter_and_body_become_an_entry(load_text, sqlite_database: Database):
    report = load_text({"a.md": GOOD})
    assert (report.created, report.exit_status, report.problems, report.notices) == (1, 0, [], [])
    entry = snapshot(sqlite_database)["L-0001"]
    assert entry["key"] == "md:a.md"
    revision = entry["revisions"][1]
    assert (revision["state"], revision["author"], revision["reviewer"]) == ("published", "import", "import")
    assert revision["tags"] == {"cut-over", "rehearsal"}
    assert revision["content"] == {
        "title": "Rehearse the cut-over",
        "tags": ["cut-over", "rehearsal"],
        "impact": {"cost": -1200.5, "days": -3.0},
        "occurred_on": "2024-03-01",
        "known_risk": True,
        "body": "We did not, and paid for it.",
    }


@pytest.mark.parametrize(
    ("given", "title"),
    [
        (b"\xef\xbb\xbf---\nkind: lesson\ntitle: With a byte order mark\n---\n", "With a byte order mark"),
        (b"---\r\nkind: lesson\r\ntitle: From Windows\r\n---\r\nText\r\n", "From Windows"),
        ("---\nkind: lesson\ntitle: 'Ümlaut 🚧 עברית'\n---\n".encode(), "Ümlaut 🚧 עברית"),
        (b"---   \nkind: lesson\ntitle: Spaces behind the line\n--- \n", "Spaces behind the line"),
        (b"---\nkind: lesson\ntitle: 2024-03-01\n---\n", "2024-03-01"),
        (b"---\nkind: lesson\ntitle: '2024'\nsummary:\nimpact: ~\n---\n", "2024"),
        (b"---\nkind: lesson\ntitle: 12:30\n---\n", "12:30"),
        (b"---\nkind: lesson\ntitle: 0x1F\n---\n", "0x1F"),
        (b"---\nkind: lesson\ntitle: 1_000\n---\n", "1_000"),
        (b"---\nkind: lesson\ntitle: !!str 5\n---\n", "5"),
        (b"---\nkind: lesson\ntitle: |\n  A block\n---\n", "A block"),
    ],
)
def test_what_people_write_is_understood(load_text, sqlite_database: Database, given: bytes, title: str):
    report = load_text({"a.md": given})
    assert report.problems == []
    [entry] = snapshot(sqlite_database).values()
    assert entry["revisions"][1]["title"] == title


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("kind: lesson", "1: title: is required"),
        ("kind: lesson\ntitle:", "3: title: is required"),
        ("kind: lessen\ntitle: A", "2: kind: is 'lessen'; it must be one of lesson, review,"),
        ("title: A", "1: kind: is required; it must be one of lesson, review, template,"),
        ("id: T-0001\nkind: lesson\ntitle: A", "2: id: T-0001 is not an id of a lesson"),
        ("id: 7\nkind: lesson\ntitle: A", "2: id: must be text, not 7; YAML reads 7 as a number"),
        ("kind: lesson\ntitle: A\ntitle: B", "4: title: is given twice, first on line 3; keep one"),
        ("kind: lesson\ntitle: &a A\nsummary: *a", "3: uses a YAML anchor or alias: write the value out"),
        ("kind: lesson\ntitle: *A", "3: uses a YAML anchor or alias: write the value out, and put a text"),
        ("kind: lesson\ntitle: *A*", "3: is not valid YAML"),
        (
            "kind: lesson\ntitle: !!python/name:os.system A",
            "3: title: has the YAML tag tag:yaml.org,2002:python",
        ),
        ("kind: lesson\ntitle: !!binary aGk=", "3: title: has the YAML tag tag:yaml.org,2002:binary"),
        ("kind: lesson\ntitle: !!set {a}", "3: title: has the YAML tag"),
        ("kind: lesson\n? [a, b]\n: c", "3: has a name that is not text"),
        ("kind: lesson\n\ttitle: A", "3: a tab stands where YAML wants spaces; replace it"),
        ("kind: lesson\ntitle: Costs: too high", "3: is not valid YAML (mapping values are not allowed"),
        ("kind: lesson\ntitle: 'open", ": is not valid YAML"),
        ("kind: lesson\ntitle: [open", ": is not valid YAML"),
        ("id: L-٠٠٠١\nkind: lesson\ntitle: A", "2: id: must be an entry id such as L-0042"),
        ("just text", "2: must consist of lines such as `title: A short title`"),
        ("- kind: lesson", "2: must consist of lines"),
        ("kind: lesson\ntitle: A\0", "3: contains a character that YAML does not allow"),
        ('kind: lesson\ntitle: "A\\0"', "3: title: contains the character U+0000 at position 2"),
        ("kind: training\ntitle: A\nminutes: 010", "4: minutes: must be a whole number, not '010'"),
        ("kind: training\ntitle: A\nminutes: 0", "4: minutes: must be more than 0, not 0"),
        (f"kind: training\ntitle: A\nminutes: {'9' * 5000}", "4: minutes: must be a whole number, not '999"),
        ("kind: project\ntitle: A\ncompleteness: 1.5", "4: completeness: must be at most 1, not 1.5"),
        (
            "kind: lesson\ntitle: 2024",
            '3: title: must be text, not 2024; YAML reads 2024 as a number: put it in quotes, "2024"',
        ),
        (
            "kind: lesson\ntitle: no",
            '3: title: must be text, not False; YAML reads no as true or false: put it in quotes, "no"',
        ),
    ],
)
def test_a_broken_record_is_named_with_its_line(load_text, lines: str, problem: str):
    report = load_text({"a.md": front(lines), "b.md": GOOD})
    assert problem in only_problem(report)
    assert report.created == 1


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("titel: A", "titel: is not a known field; did you mean title?"),
        ("impact: {cost: a lot}", "impact.cost: must be a number, not 'a lot'"),
        ("impact: {cost: no}", "impact.cost: must be a number, not False; YAML reads no as true or false"),
        ("impact: {cost: .inf}", "impact.cost: must be a finite number, not inf"),
        ("impact: {costs: 1}", "impact.costs: is not a known field; did you mean cost?"),
        ("tags: 3", "tags: must be a list, not 3"),
        ("tags: [a, 3]", "tags.2: must be text, not 3; YAML reads 3 as a number: put it in quotes"),
        (f"tags: [{'İ' * 80}]", "tags: holds a tag of more than 80 characters"),
        (
            "methods: [no]",
            "methods.1: must be one of 'agile', 'waterfall' or 'hybrid', not False; YAML reads",
        ),
        ("causes: [{code: gremlins}]", "causes.1.code: must be one of 'requirements'"),
        ("occurred_on: 2024-02-30", "occurred_on: must be a date written as 2026-03-01"),
        ("created_at: 2024-02-01T10:00:00", "created_at: needs its time zone"),
        ("created_at: 0001-01-01T00:00:00+14:00", "created_at: must lie between 1900 and 2200"),
        ("created_at: 5", "created_at: must be a moment written as 2026-03-01T14:02:00+00:00, not 5"),
        ("revision: 99999999999", "revision: must be at most 1000000, not 99999999999"),
        ("body: B", "body: belongs under the front matter"),
        ("state: draft\nreviewer: B", "reviewer: a revision in state draft is not judged yet; remove it"),
        (f"summary: {'x' * 10_001}", "summary: is too long: it has 10001, at most 10000 characters fit"),
    ],
)
def test_a_broken_field_is_named_with_its_line(load_text, line: str, problem: str):
    report = load_text({"a.md": front("kind: lesson", "title: A", line), "b.md": GOOD})
    assert problem in only_problem(report)
    assert report.problems[0].line == 4 + line.count("\n")


def test_the_line_is_that_of_the_innermost_field(load_text):
    report = load_text({"a.md": front("kind: lesson", "title: A", "causes:", "  - code: x", "    words: y")})
    assert report.problems[0].line == 5


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (b"", "1: is empty; write"),
        (b"\n \n", "1: is empty"),
        (b"# A title\n\nText", "1: must start with a line ---"),
        (b"---\nkind: lesson\n\nText\n", "1: opens front matter that is never closed; add a line ---"),
        (b"---\n---\nText", "1: kind: is required"),
        (
            b"---\ntitle: caf\xe9\n---\n",
            "2: byte 11 of the line, 0xE9, is not utf-8; the file looks like Windows",
        ),
        (b"---\ntitle: \x81\n---\n", "2: byte 8 of the line, 0x81, is not utf-8; save the file as UTF-8"),
        ("---\nkind: lesson\n".encode("utf-16"), "1: is UTF-16; save it as UTF-8"),
        (HEAD + b"T\0xt", "5: body: contains the character U+0000 at position 2"),
        (HEAD + b"\xed\xa0\x80", "5: byte 1 of the line, 0xED, is not utf-8"),
        (HEAD + b"x" * 200_001, "5: body: is too long: it has 200001, at most 200000 characters fit"),
        (b"---\na: " + b"[" * 100_000 + b"\n---\n", "2: is nested more than 20 deep"),
        (b"---\na: " + b"{b: " * 100_000 + b"\n---\n", "2: is nested more than 20 deep"),
        (b"---\n" + b"- " * 100_000 + b"\n---\n", "2: is nested more than 20 deep"),
        (b"---\na: [" + b"b," * 100_000 + b"]\n---\n", "2: has too many values; the text belongs under"),
    ],
)
def test_a_broken_file_is_named(load_text, given: bytes, problem: str):
    report = load_text({"a.md": given, "b.md": GOOD})
    assert only_problem(report).startswith(f"a.md:{problem}")
    assert report.created == 1


def test_every_fault_of_a_record_is_named_at_once(load_text):
    report = load_text({"a.md": front("kind: lesson", "title: 3", "tags: x", "state: done", "unit: [a]")})
    assert report.failed == 1
    assert [(problem.line, problem.field) for problem in report.problems] == [
        (5, "state"), (6, "unit"), (3, "title"), (4, "tags"),
    ]  # fmt: skip


def test_a_flood_of_faults_is_counted_not_listed(load_text):
    lines = [f"a{number}: 1" for number in range(20_000)]
    report = load_text({"a.md": front("kind: lesson", "title: A", *lines)})
    assert len(report.problems) == 101
    assert str(report.problems[0]) == "a.md:4: a0: is not a known field; remove or rename it"
    assert str(report.problems[-1]) == "a.md:1: 19900 further fields are wrong"


def test_a_file_over_the_limit_is_refused_unread(load_text, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    load_text({"b.md": GOOD})
    with (tmp_path / "files" / "a.md").open("wb") as file:
        file.truncate(50_000_000)
    read = Path.read_bytes
    monkeypatch.setattr(
        Path, "read_bytes", lambda path: pytest.fail("read") if path.name == "a.md" else read(path)
    )
    problem = only_problem(load_text({}))
    assert problem == "a.md: is 50.0 MB; the limit is 5 MB: split it into several entries"


def test_windows_text_is_read_on_request(load_text, sqlite_database: Database):
    report = load_text({"a.md": "---\nkind: lesson\ntitle: Café\n---\n".encode("cp1252")}, encoding="cp1252")
    assert report.created == 1
    assert snapshot(sqlite_database)["L-0001"]["revisions"][1]["title"] == "Café"


def test_the_kind_comes_from_the_id_or_the_option(load_text, sqlite_database: Database):
    report = load_text({"a.md": front("title: A"), "b.md": front("id: T-0009", "title: B")}, kind="review")
    assert report.problems == []
    assert {ref: entry["kind"] for ref, entry in snapshot(sqlite_database).items()} == {
        "R-0001": "review",
        "T-0009": "template",
    }


def test_links_in_the_text_and_in_fields_are_kept(load_text, sqlite_database: Database):
    load_text(
        {"a.md": front("kind: lesson", "title: A", "source: R-0001", "happened: 'See [[L-0002|that]].'")}
    )
    assert snapshot(sqlite_database)["L-0001"]["revisions"][1]["references"] == {
        ("R-0001", "source"),
        ("L-0002", "related"),
    }
