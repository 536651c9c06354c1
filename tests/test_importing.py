"""Tables of finished projects become records: proposed, asked about, converted, loaded."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from kb import reading
from kb.content import to_json
from kb.errors import InvalidRecord, KbError, NotAllowed
from kb.people.audit import AuditFilter, Origin, find
from kb.people.roles import NOBODY, OPERATOR
from kb.quality import grade
from kb.uploads import get_mapping, remove_mapping, save_mapping
from search.estimates.facts import attributes
from search.estimates.tables import BadTable, read
from search.importing.loading import Undecided, as_json, fitted, load_projects, read_mapping
from search.importing.mapping import DAYS_A_MONTH
from search.importing.proposing import propose
from search.importing.questions import questions
from search.importing.sandbox import as_data, read_safely, table_of
from tests.importing import DATA, DECISIONS, decided, mapped
from web.cli import precedent

BOSS = Origin(OPERATOR)
HEADER = "No;Project;Budget (k EUR);Cost (k EUR);Effort;Duration;Go live;FP size;Defects;Outcome"
ROWS = [
    "1;Depot;1.000,5;1.200;10;100;31.03.2020;30;7;succeeded",
    "2;Bridge;2.000;2.500,25;20;200;01.12.2021;60;9;Failed",
    "3;Tunnel;;3.000;30;300;;90;;",
]
WORDS = {
    "Cost (k EUR)": {"unit": "thousand"}, "Budget (k EUR)": {"unit": "thousand", "stage": "approval"},
    "Effort": {"unit": "person-days"}, "Duration": {"unit": "days"}, "Defects": {"known_after": True},
}  # fmt: skip


def write(folder: Path, rows=tuple(ROWS), header=HEADER, name="t.csv") -> Path:
    file = folder / name
    file.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    return file


def ready(file: Path, **general):
    table = read(file)
    return table, decided(propose(table, "Ours"), WORDS, **general)


def contents(database):
    with database.read() as session:
        return {view.title: view.content for _, view in _views(session)}


def _views(session):
    from sqlalchemy import select

    from kb.model import Entry

    refs = session.scalars(select(Entry.ref).where(Entry.kind == "project")).all()
    return [(ref, reading.get_entry(session, ref, reading.OPERATOR)) for ref in refs]


def said(found) -> dict[str, str]:
    return {each.field: each.message for each in found}


def test_a_mapping_is_proposed_and_what_is_open_is_asked(tmp_path):
    table = read(write(tmp_path))
    found = propose(table, "Ours")
    assert {each.column: each.to for each in found.columns} == {
        "No": "key", "Project": "title", "Budget (k EUR)": "baseline.cost", "Cost (k EUR)": "actuals.cost",
        "Effort": "actuals.effort_hours", "Duration": "actuals.duration_months", "Go live": "finished_on",
        "FP size": "size", "Defects": "attribute", "Outcome": "outcome",
    }  # fmt: skip
    asked = said(questions(table, found))
    assert asked["Effort"].startswith("is in what unit? Say one of hours, person-days")
    assert (found.currency, found.size_unit) == ("EUR", "function points")


def test_units_are_converted_and_scales_kept(tmp_path, sqlite_database):
    table, mapping = ready(write(tmp_path), price_year=2020)
    assert questions(table, mapping) == []
    report = load_projects(sqlite_database, BOSS, table, mapping)
    assert (report.created, report.failed, report.notices) == (3, 0, [])
    depot, bridge, tunnel = (contents(sqlite_database)[name] for name in ("Depot", "Bridge", "Tunnel"))
    assert (depot.actuals.cost, depot.baselines[0].cost, depot.baselines[0].stage) == (
        1.2e6,
        1000500,
        "approval",
    )
    assert (depot.actuals.effort_hours, depot.price_year, depot.currency) == (80, 2020, "EUR")
    assert depot.actuals.duration_months == pytest.approx(100 / DAYS_A_MONTH)
    assert (depot.finished_on.isoformat(), bridge.outcome, bridge.actuals.cost) == (
        "2020-03-31",
        "failed",
        2500250,
    )
    assert (depot.attributes, depot.known_after, tunnel.attributes) == ({"Defects": 7.0}, ["Defects"], {})
    assert (tunnel.baselines, tunnel.finished_on, tunnel.outcome) == ([], None, None)
    assert grade(depot).letter in "ABC"


def test_loading_again_changes_nothing_and_a_changed_row_is_a_new_revision(tmp_path, sqlite_database):
    table, mapping = ready(write(tmp_path))
    load_projects(sqlite_database, BOSS, table, mapping)
    stamp = sqlite_database.change_stamp()
    again = load_projects(sqlite_database, BOSS, table, mapping)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 3)
    assert sqlite_database.change_stamp() == stamp
    changed = ready(write(tmp_path, [ROWS[0].replace("1.200", "1.300"), *ROWS[1:]]))
    report = load_projects(sqlite_database, BOSS, *changed)
    assert (report.created, report.updated, report.unchanged) == (0, 1, 2)
    with sqlite_database.read() as session:
        lines = [line.detail["updated"] for line in find(session, AuditFilter(), 0, 9)[1]]
    assert lines == [1, 0, 0]


def test_a_dry_run_and_who_may_not_change_nothing(tmp_path, sqlite_database):
    table, mapping = ready(write(tmp_path))
    assert load_projects(sqlite_database, BOSS, table, mapping, dry_run=True).created == 3
    with pytest.raises(NotAllowed):
        load_projects(sqlite_database, Origin(NOBODY), table, mapping)
    assert contents(sqlite_database) == {}


@pytest.mark.parametrize(
    ("row", "place", "words"),
    [
        ("4;X;1;0;1;1;;1;;", "Cost (k EUR)", "is 0, and must be above 0"),
        ("4;X;1;-5;1;1;;1;;", "Cost (k EUR)", "is -5, and must be above 0"),
        ("4;X;1;many;1;1;;1;;", "Cost (k EUR)", "'many' is no number"),
        ("4;X;1;1;1;1;31.02.2020;1;;", "Go live", "'31.02.2020' is no date written as 31.03.2024"),
        ("4;X;1;1;1;1;;1;lots;", "Defects", "or say that the column is a category"),
        ("1;X;1;1;1;1;;1;;", "No", "already"),
        ("4;;1;1;1;1;;0;;", "FP size", "or say in the mapping that 0 means not known"),
    ],
)
def test_a_wrong_cell_is_named_with_line_and_column_and_the_rest_is_loaded(
    tmp_path, sqlite_database, row, place, words
):
    mapping = ready(write(tmp_path))[1]
    table = read(write(tmp_path, [*ROWS, row]))
    report = load_projects(sqlite_database, BOSS, table, mapping)
    assert (report.created, report.failed) == (3, 1)
    (problem,) = report.problems
    assert problem.line == 5
    assert place in str(problem) or words in str(problem)
    assert words in problem.message


def test_zero_means_not_known_where_that_is_said(tmp_path, sqlite_database):
    table, mapping = ready(write(tmp_path, [*ROWS, "4;X;1;0;1;1;;1;;"]))
    mapping = decided(mapping, {"Cost (k EUR)": {"zero_unknown": True}})
    assert load_projects(sqlite_database, BOSS, table, mapping).failed == 0
    assert contents(sqlite_database)["X"].actuals.cost is None


@pytest.mark.parametrize(
    ("header", "cells", "words"),
    [
        ("Cost (EUR)", ["1,234", "2,345"], "is 1,234 the number 1,234 (decimal point) or 1.234"),
        ("Cost", ["10000.5", "20000.5"], "currency: is not known, and there is money"),
        ("Start date", ["03/04/2020", "05/06/2020"], "day and month cannot be told apart"),
        ("Effort", ["1", "2"], "is in what unit?"),
        ("Size", ["1", "2"], "size_unit: is not known"),
    ],
)
def test_what_can_be_read_in_two_ways_is_asked(tmp_path, sqlite_database, header, cells, words):
    rows = [f"{number};{cell}" for number, cell in enumerate(cells)]
    table = read(write(tmp_path, rows, f"No;{header}"), delimiter=";")
    with pytest.raises(Undecided) as caught:
        load_projects(sqlite_database, BOSS, table, propose(table, "Ours"))
    assert words in str(caught.value)


def test_columns_that_give_the_answer_away_are_asked_about(tmp_path):
    chance = random.Random(3)
    rows = []
    for number in range(40):
        size, rate = chance.randint(10, 500), chance.randint(3, 30)
        rows.append(f"{number};{size};{rate};{size * rate};{chance.randint(1, 9)}")
    table = read(write(tmp_path, rows, "No;FP size;Hours per point;Effort hours;Team"), delimiter=";")
    found = propose(table, "Ours")
    asked = said(questions(table, found))
    assert "known_after true or false" in asked.get("Hours per point", asked.get("FP size", ""))
    assert "Team" not in asked
    name = "Hours per point" if "Hours per point" in asked else "FP size"
    for answer in (True, False):
        assert name not in said(questions(table, decided(found, {name: {"known_after": answer}})))


def test_rows_that_nothing_tells_apart_are_loaded_once_and_named(tmp_path, sqlite_database):
    table = read(write(tmp_path, ["a;1", "b;2", "a;1"], "Type;Effort hours"), delimiter=";")
    report = load_projects(sqlite_database, BOSS, table, propose(table, "Ours"))
    assert report.created == 2
    assert any("1 rows are left out" in each.message and "4 as 2" in each.message for each in report.notices)
    assert load_projects(sqlite_database, BOSS, table, propose(table, "Ours")).unchanged == 2


def test_rows_that_repeat_others_but_for_their_id_are_named(tmp_path, sqlite_database):
    table, mapping = ready(write(tmp_path, [*ROWS, "9" + ROWS[0][1:]]))
    report = load_projects(sqlite_database, BOSS, table, mapping)
    assert [each.message for each in report.notices] == [
        "1 rows repeat others in everything but their id (line 5 repeats 2)."
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"to": "colour"}, "there is no field 'colour'"),
        ({"to": "baseline.cost"}, "say of which stage the plan is"),
        ({"unit": "weeks"}, "has no unit 'weeks'"),
        ({"unit": "parsecs"}, "unit"),
        ({"to": "outcome", "values": {"x": "great"}}, "'great' is none of succeeded"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(change, words):
    data = {"name": "x", "columns": [{"column": "A", "to": "title"} | change]}
    with pytest.raises(InvalidRecord) as caught:
        read_mapping(data)
    assert words in str(caught.value)
    assert "A" in str(caught.value)


def test_a_mapping_has_every_column_of_the_table_once(tmp_path, sqlite_database):
    table, mapping = ready(write(tmp_path))
    less = mapping.model_copy(update={"columns": mapping.columns[1:]})
    with pytest.raises(InvalidRecord, match="No: is not in the mapping"):
        load_projects(sqlite_database, BOSS, table, less)
    twice = decided(mapping, {"Effort": {"to": "actuals.duration_months", "unit": "days"}})
    with pytest.raises(InvalidRecord, match="is actual duration as Effort is already"):
        load_projects(sqlite_database, BOSS, table, twice)


def test_a_kept_mapping_fits_a_table_with_other_columns(tmp_path, sqlite_database):
    mapping = ready(write(tmp_path))[1]
    save_mapping(sqlite_database, BOSS, "ours", as_json(mapping))
    with sqlite_database.read() as session:
        again = read_mapping(get_mapping(session, "ours"))
    assert again == mapping
    changed = read(write(tmp_path, ["1;5;x"], "No;Effort;New"), delimiter=";")
    found = fitted(again, changed)
    assert [(each.column, each.to) for each in found.columns] == [
        ("No", "key"), ("Effort", "actuals.effort_hours"), ("New", "attribute"),
    ]  # fmt: skip
    assert found.columns[1].unit == "person-days"
    remove_mapping(sqlite_database, BOSS, "ours")
    with pytest.raises(KbError, match="no mapping 'ours'"), sqlite_database.read() as session:
        get_mapping(session, "ours")


def test_what_is_known_only_afterwards_predicts_nothing(tmp_path, sqlite_database):
    table, mapping = ready(write(tmp_path))
    mapping = decided(mapping, {"Outcome": {"to": "attribute", "kind": "category"}})
    load_projects(sqlite_database, BOSS, table, mapping)
    found = [to_json(content) for content in contents(sqlite_database).values()]
    numbers, categories = attributes(found, ())
    assert (list(numbers), list(categories)) == ([], ["Outcome"])


@pytest.mark.skipif(not DATA.is_dir(), reason="the public sets are not here")
@pytest.mark.parametrize("name", DECISIONS)
def test_every_public_set_loads_by_its_mapping(name, sqlite_database):
    table, mapping = mapped(name)
    table = replace(table, rows=table.rows[:600], lines=table.lines[:600])
    assert questions(table, mapping) == []
    report = load_projects(sqlite_database, BOSS, table, read_mapping(as_json(mapping)))
    expected = len(table.rows) - (name == "us_it_dashboard_2012")  # two rows say the same
    assert (report.created, report.failed) == (expected, 0), [str(each) for each in report.problems[:5]]
    assert load_projects(sqlite_database, BOSS, table, mapping).unchanged == expected


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=8))
def test_no_table_breaks_the_proposal_or_the_questions(tmp_path_factory, rows):
    file = tmp_path_factory.mktemp("any") / "t.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([["No", "Actual cost", "Start date"], *rows])
    try:
        table = read(file, delimiter=",")
    except BadTable:
        return
    found = propose(table, "Any")
    assert [each.column for each in found.columns] == list(table.columns)
    assert read_mapping(as_json(found)) == found
    questions(table, found)


def excel(folder: Path, rows) -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(folder / "t.xlsx")
    return folder / "t.xlsx"


def test_an_excel_file_is_read_apart(tmp_path):
    file = excel(tmp_path, [["No", "Cost"], [1, 2.5], [2, None]])
    found = read_safely(file, "sent.xlsx")
    assert (found.file, found.columns, found.rows) == ("sent.xlsx", ("No", "Cost"), (("1", "2.5"), ("2", "")))
    assert table_of(json.loads(json.dumps(as_data(found)))) == found


def test_tables_are_read_by_the_process_that_reads_documents(tmp_path, monkeypatch):
    """What bounds it and cuts it off from the network is tried by tests/test_importing_hostile.py."""
    file = excel(tmp_path, [["No", "Cost"], [1, 2.5]])
    monkeypatch.setattr("kb.importing.sandbox._command", lambda *_: ["/bin/sh", "-c", "echo nonsense"])
    with pytest.raises(BadTable, match="takes too much"):
        read_safely(file, "sent.xlsx")


def packed(folder: Path, parts: dict[str, bytes]) -> Path:
    file = folder / "bad.xlsx"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return file


def repeating(folder: Path, text: str, rows: int) -> Path:
    """An Excel file that holds the text once and names it in each row."""
    small = excel(folder, [["No", "Name"], [1, "x"]])
    with zipfile.ZipFile(small) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    cells = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>{n > 1:d}</v></c></row>' for n in range(1, rows + 1))
    sheet = f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>'
    shared = f'<sst xmlns="{main}"><si><t>Name</t></si><si><t>{text}</t></si></sst>'
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    types = parts["[Content_Types].xml"].replace(b"</Types>", override.encode())
    changed = {"xl/worksheets/sheet1.xml": sheet.encode(), "xl/sharedStrings.xml": shared.encode()}
    return packed(folder, parts | changed | {"[Content_Types].xml": types})


def test_a_table_that_becomes_too_large_is_refused_before_the_server_holds_it(tmp_path):
    """90 megabytes of cells in a file of some kilobytes."""
    found = read_safely(repeating(tmp_path, "x" * 30_000, 100), "sent.xlsx")
    assert {len(row[0]) for row in found.rows} == {30_000}
    file = repeating(tmp_path, "x" * 30_000, 3_000)
    assert file.stat().st_size < 100_000
    with pytest.raises(BadTable, match="takes too much to read"):
        read_safely(file, "sent.xlsx")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda f: packed(f, {"xl/a.xml": bytes(50_000_000)}), "would unpack from"),
        (lambda f: packed(f, {"../a": b"x"}), "outside its own folder"),
        (lambda f: packed(f, {f"{n}": b"" for n in range(10_001)}), "10,001 parts"),
        (lambda f: packed(f, {"a": b"x"}), "no Excel file"),
        (lambda f: write(f, name="bad.xlsx"), "no Excel file"),
        (lambda f: write(f, rows=["1;2"], header="A;A"), "is the name of two columns"),
        (lambda f: write(f, rows=[], header=""), "is empty"),
    ],
)
def test_a_hostile_or_broken_file_is_refused_in_words(tmp_path, make, words):
    with pytest.raises(BadTable, match=words):
        read_safely(make(tmp_path), "sent")


@pytest.fixture
def home(sqlite_database, tmp_path, monkeypatch):
    monkeypatch.setenv("PRECEDENT_HOME", str(tmp_path))
    return tmp_path


def call(*arguments, status=0):
    done = CliRunner().invoke(precedent, ["load", "--no-index", *map(str, arguments)])
    if isinstance(done.exception, KbError):
        raise done.exception
    assert done.exit_code == status, done.output
    return done


def test_the_command_line_proposes_loads_and_keeps_a_mapping(home):
    file = write(home)
    proposed = call("--propose-map", file)
    assert "to decide: Effort: is in what unit?" in proposed.stderr
    (home / "map.json").write_text(proposed.stdout, "utf-8")
    with pytest.raises(KbError, match="the mapping leaves open"):
        call("--map", home / "map.json", file)
    mapping = decided(read_mapping(json.loads(proposed.stdout)), WORDS)
    (home / "map.json").write_text(json.dumps(as_json(mapping)), "utf-8")
    assert "Would have: 3 created" in call("--map", home / "map.json", "--dry-run", file).stdout
    assert "3 created" in call("--map", home / "map.json", "--save-map", "ours", file).stdout
    assert "3 unchanged" in call("--map", "ours", file).stdout
    bad = write(home, [*ROWS, "4;X;1;none;1;1;;1;;"], name="bad.csv")
    done = call("--map", "ours", bad, status=1)
    assert "bad.csv:5: Cost (k EUR): 'none' is no number" in done.stderr
    for named, words in (("theirs", "no mapping 'theirs'. Kept are: ours"), ("no.json", "no file no.json")):
        with pytest.raises(KbError, match=words):
            call("--map", named, file)
    (home / "map.json").write_text("[1]", "utf-8")
    with pytest.raises(KbError, match="must be an object"):
        call("--map", home / "map.json", file)
    with pytest.raises(KbError, match="name one CSV or Excel file"):
        call("--map", "ours", file, file)


def test_the_example_of_the_readme_is_a_mapping():
    text = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    (example,) = re.findall(r"^```jsonc\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    found = read_mapping(json.load(io.StringIO(example)))
    assert [each.to for each in found.columns][:3] == ["key", "title", "baseline.cost"]


def test_all_rows_are_loaded_or_none(tmp_path, sqlite_database):
    def sent(third: str):
        return read(write(tmp_path, ["1;10", "2;20", third, "4;40", "5;50"], "No;Effort hours"))

    table = sent("3;0")
    mapping = propose(table, "Ours")
    report = load_projects(sqlite_database, BOSS, table, mapping, is_whole=True)
    assert (report.is_taken_back, report.created, report.failed) == (True, 0, 1)
    assert [(each.line, each.field) for each in report.problems] == [(4, "Effort hours")]
    assert contents(sqlite_database) == {}
    report = load_projects(sqlite_database, BOSS, sent("3;30"), mapping, is_whole=True)
    assert (report.is_taken_back, report.created) == (False, 5)
    again = load_projects(sqlite_database, BOSS, sent("3;30"), mapping, is_whole=True)
    assert (again.unchanged, again.created) == (5, 0)


def test_the_command_loads_all_or_nothing_and_looks_after_mappings(home):
    file = write(home, ["1;10", "2;many", "3;30", "4;40", "5;50"], "No;Effort hours")
    proposed = call("--propose-map", file)
    assert "Effort hours: actual effort. Its name is one of actual effort. In hours" in proposed.stderr
    (home / "map.json").write_text(proposed.stdout, "utf-8")
    options = ("--map", home / "map.json", "--save-map", "ours", file)
    refused = call("--all-or-nothing", *options, status=1)
    assert "Nothing was loaded: all rows" in refused.stdout
    assert "0 created" in refused.stdout
    assert "t.csv:3: Effort hours: 'many' is no number" in refused.stderr
    assert "4 created" in call(*options, status=1).stdout

    def mappings(*words: str) -> str:
        done = CliRunner().invoke(precedent, ["mappings", *words], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    assert re.search(r"^ours +2 ", mappings("list"), re.MULTILINE)
    assert json.loads(mappings("list", "--json"))["mappings"][0]["name"] == "ours"
    assert json.loads(mappings("show", "ours")) == json.loads(proposed.stdout)
    assert "Removed: ours." in mappings("remove", "ours")
    with pytest.raises(KbError, match="no mapping 'ours'"):
        mappings("remove", "ours")
    assert "No mapping is kept." in mappings("list")
