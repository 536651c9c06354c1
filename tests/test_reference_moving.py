"""What curators changed in the reference tables goes with an export, and comes back identically."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from kb.exporting import export
from kb.formats import LoadOptions
from kb.loading import load
from kb.people.audit import Origin
from kb.people.roles import OPERATOR
from kb.reference import curating
from kb.reference.rows import list_rows
from kb.reference.texts import TABLES, Rate, Uplift
from web.cli import precedent

if TYPE_CHECKING:
    from pathlib import Path

BOSS = Origin(OPERATOR)
RATES, INDICES, UPLIFTS = TABLES["rates"], TABLES["indices"], TABLES["uplifts"]
OURS = Uplift(
    project_type='=tunnel, "deep"', measure="cost", p50_percent=20.123456789012345, n=31, year=2025,
    source="- our own study", note="'as it is",
)  # fmt: skip


def change(database) -> None:
    """Two rows are added, one is changed, one changed and changed back, two are removed."""
    curating.put(database, BOSS, RATES, Rate(currency="JPY", year=1999, rate=121.32, source="ECB"))
    curating.put(database, BOSS, UPLIFTS, OURS)
    with database.read() as session:
        rates = [row for row in list_rows(session, RATES) if row.author == "Precedent"]
        indices = list_rows(session, INDICES)
    first, second, third = rates[:3]
    for row, figure, version in ((first, 0.1 + 0.2, 1), (second, 7.0, 1), (second, second.text.rate, 2)):
        text = row.text.model_copy(update={"rate": figure})
        curating.change(database, BOSS, RATES, row.id, text, version=version)
    curating.remove(database, BOSS, RATES, third.id, version=1)
    curating.remove(database, BOSS, INDICES, indices[0].id, version=1)


def rows(database):
    """Every row with its history; of those that nobody touched without the moment of the installation."""
    with database.read() as session:
        found = [row for table in TABLES.values() for row in list_rows(session, table)]
    return [
        (row.table.name, row.text, row.version, row.author, row.author != "Precedent" and row.changed_at)
        for row in found
    ]


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_tables_come_back_as_they_were(make_database, tmp_path):
    ours = make_database()
    change(ours)
    report = export(ours, tmp_path / "out")
    assert report.figures == 6
    theirs = make_database()
    assert rows(theirs) != rows(ours)
    loaded = load(theirs, [tmp_path / "out"])
    assert (loaded.problems, loaded.notices) == ([], [])
    assert dict(loaded.figures) == {"created": 2, "updated": 4}
    assert rows(theirs) == rows(ours)
    export(theirs, tmp_path / "again")
    assert files(tmp_path / "again") == files(tmp_path / "out")
    again = load(theirs, [tmp_path / "out"])
    assert dict(again.figures) == {"unchanged": 6}


def test_what_nobody_changed_is_not_in_an_export(make_database, tmp_path):
    database = make_database()
    assert export(database, tmp_path / "out").figures == 0
    assert not (tmp_path / "out" / "reference").exists()


def test_a_change_that_was_made_here_since_stands_and_that_is_said(make_database, tmp_path):
    ours, theirs = make_database(), make_database()
    change(ours)
    export(ours, tmp_path / "out")
    with theirs.read() as session:
        first, _, third = list_rows(session, RATES)[:3]
    for row in (first, third):
        for version in (1, 2):
            text = row.text.model_copy(update={"rate": row.text.rate + version})
            curating.change(theirs, BOSS, RATES, row.id, text, version=version)
    before = [each for each in rows(theirs) if each[1].key in {first.text.key, third.text.key}]
    loaded = load(theirs, [tmp_path / "out"])
    assert [each.file for each in loaded.notices] == ["reference/rates.csv"] * 2
    assert all("the edit stands" in each.message for each in loaded.notices)
    assert [each for each in rows(theirs) if each in before] == before


def test_a_dry_run_changes_nothing(make_database, tmp_path):
    ours, theirs = make_database(), make_database()
    change(ours)
    export(ours, tmp_path / "out")
    before = rows(theirs)
    assert load(theirs, [tmp_path / "out"], LoadOptions(dry_run=True)).figures["created"] == 2
    assert rows(theirs) == before


@pytest.mark.parametrize(
    ("at", "cell", "field", "words"),
    [
        ("rate", "x", "rate", "must be a number"),
        ("version", "0", "version", "must be more than 0"),
        ("changed_at", "soon", "changed_at", "must be"),
        ("source", "", "source", "is required"),
    ],
)
def test_a_row_that_is_wrong_is_named_and_the_others_are_loaded(
    make_database, tmp_path, at, cell, field, words
):
    ours, theirs = make_database(), make_database()
    change(ours)
    export(ours, tmp_path / "out")
    file = tmp_path / "out" / "reference" / "rates.csv"
    with file.open(encoding="utf-8", newline="") as opened:
        header, *lines = csv.reader(opened)
    lines[0][header.index(at)] = cell
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([header, *lines])
    loaded = load(theirs, [tmp_path / "out"])
    (problem,) = loaded.problems
    assert (problem.file, problem.line, problem.field) == ("reference/rates.csv", 2, field)
    assert words in problem.message
    assert loaded.figures["created"] + loaded.figures["updated"] == 5
    file.write_text("currency,rate\nGBP,1\n", "utf-8")
    assert "the first line must name the columns" in load(theirs, [tmp_path / "out"]).problems[0].message


def test_the_command_says_what_became_of_the_figures(sqlite_database, tmp_path, monkeypatch):
    monkeypatch.setenv("PRECEDENT_HOME", str(tmp_path))
    change(sqlite_database)
    runner = CliRunner()
    done = runner.invoke(precedent, ["export", str(tmp_path / "out")], catch_exceptions=False)
    assert "and 6 changed figures" in done.stdout
    done = runner.invoke(precedent, ["load", "--no-index", str(tmp_path / "out")], catch_exceptions=False)
    assert "Reference tables: 6 unchanged" in done.stdout
