"""Loading tables: columns are dotted paths, and every cell that is wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb.database import Database
from kb.formats import LoadOptions
from kb.load_report import LoadReport
from kb.loading import load
from tests.fixtures.repository import snapshot


@pytest.fixture
def load_table(sqlite_database: Database, tmp_path: Path):
    def run(*lines: str | bytes, **options: object) -> LoadReport:
        file = tmp_path / "projects.csv"
        file.write_bytes(b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines))
        return load(sqlite_database, [file], LoadOptions(**options))

    return run


@pytest.fixture
def contents(sqlite_database: Database):
    def found() -> list[dict]:
        return [
            entry["revisions"][max(entry["revisions"])]["content"]
            for entry in snapshot(sqlite_database).values()
        ]

    return found


def only_problem(report: LoadReport) -> str:
    assert (report.failed, report.exit_status) == (1, 1)
    [problem] = report.problems
    return str(problem).partition("projects.csv:")[2]


def test_columns_are_dotted_paths(load_table, contents):
    report = load_table(
        "title,phases,started_on,size,baselines.1.stage,baselines.1.cost,baselines.2.stage,"
        "actuals.cost,links.1.to,attributes.sites,attributes.vendor,attributes.public",
        'Tram,"planning; delivery",2020-01-31,12,business case,1000.5,contract,1e3,L-0001,4,"A, Inc.",TRUE',
    )
    assert report.problems == []
    assert contents() == [
        {
            "title": "Tram",
            "phases": ["planning", "delivery"],
            "started_on": "2020-01-31",
            "size": 12.0,
            "baselines": [{"stage": "business case", "cost": 1000.5}, {"stage": "contract"}],
            "actuals": {"cost": 1000.0},
            "links": [{"to": "L-0001"}],
            "attributes": {"sites": 4.0, "vendor": "A, Inc.", "public": True},
        }
    ]


def test_any_kind_may_stand_in_a_table(load_table, sqlite_database: Database):
    report = load_table(
        "id,kind,title,causes.1.code,known_risk,assessment.1.text,assessment.1.answers,mandatory",
        "L-0007,,A lesson,testing,true,,,",
        ",training,A quiz,,,Which one?,0; 2,",
        ",template,A form,,,,,false",
        ",,A project,,,,,",
    )
    assert report.problems == []
    found = snapshot(sqlite_database)
    assert set(found) == {"L-0007", "M-0001", "T-0001", "H-0001"}
    assert found["M-0001"]["revisions"][1]["content"]["assessment"] == [
        {"text": "Which one?", "answers": [0, 2]}
    ]


def test_the_option_names_the_kind_of_the_rest(load_table, sqlite_database: Database):
    assert load_table("title,known_risk", "A,true", kind="lesson").problems == []
    assert set(snapshot(sqlite_database)) == {"L-0001"}


@pytest.mark.parametrize(
    ("header", "row", "problem"),
    [
        (
            "size",
            '"1.200,50"',
            "2: size: must be a number, not '1.200,50'; write 1200.50, without separators",
        ),
        ("size", "12 kg", "2: size: must be a number, not '12 kg'; write 1200.50"),
        ("size", "1_000", "2: size: must be a number, not '1_000'"),
        ("size", "nan", "2: size: must be a number, not 'nan'"),
        ("size", "1e999", "2: size: must be a finite number, not inf"),
        ("size", "-1", "2: size: must be more than 0, not -1.0"),
        (
            "verify_months",
            "12.0",
            "2: verify_months: must be a whole number, not '12.0'; write 1200, without",
        ),
        ("verify_months", "9" * 5000, "2: verify_months: must be a whole number, not '999"),
        ("started_on", "31.01.2020", "2: started_on: must be a date written as 2026-03-01"),
        ("actuals.cost", "cheap", "2: actuals.cost: must be a number, not 'cheap'; write 1200.50"),
        ("baselines.2.cost", "5", "2: baselines.2.stage: is required"),
        (
            "methods",
            "agile; scrum",
            "2: methods.2: must be one of 'agile', 'waterfall' or 'hybrid', not 'scrum'",
        ),
        ("actuals", "none", "2: actuals: must be a group of named values, not 'none'"),
        ("kind", "lessen", "2: kind: must be one of lesson, review, template, training, path, project, not"),
        ("kind,size", "lesson,5", "2: size: is not a field of a lesson; empty the cell"),
        ("id", "X-0001", "2: id: must be an entry id such as L-0042"),
        ("attributes.a", "1e999", "2: attributes.a: must be a finite number, not inf"),
        ("attributes.a", "x" * 301, "2: attributes.a: is too long: it has 301, at most 300 characters fit"),
        ("body", '"a\0b"', "2: body: contains the character U+0000 at position 2"),
        ("size,region", "1", "2: has 2 cells and the header 3; a cell with a , in it needs quotes"),
        ("size", "1,5", "2: has 3 cells and the header 2"),
        (
            "summary",
            '"open',
            '2: opens a quote " that is never closed; this row and those below were not read',
        ),
        ("summary", '"a"b', "2: has text behind a closing quote; write a quote inside quotes twice"),
    ],
)
def test_a_broken_cell_is_named_with_row_and_column(load_table, header: str, row: str, problem: str):
    report = load_table(f"title,{header}", f"A,{row}")
    assert only_problem(report).startswith(problem)


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        (
            "title,siz",
            "1: siz: is not a known column; did you mean size? attributes.siz keeps it as a free attribute",
        ),
        ("title,Vendor", "1: Vendor: is not a known column; "),
        ("title,sites", "1: sites: is not a known column; did you mean size? attributes.sites keeps it"),
        ("title,known_risk", "1: known_risk: is not a known column"),
        ("title,baselines.cost", "1: baselines.cost: is not a known column"),
        ("title,baselines.0.cost", "1: baselines.0.cost: is not a known column"),
        ("title,baselines.1.coast", "1: baselines.1.coast: is not a known column"),
        ("title,attributes", "1: attributes: is not a known column"),
        ("title,", "1: column 2 has no name; give it one or remove the column"),
        ("title,size,title", "1: title: is the name of two columns; keep one"),
        ("title;size;sector", "1: uses ; as delimiter: save it with commas or pass --delimiter ';'"),
        ("title\tsize\tsector", "1: uses a tab as delimiter: save it with commas or pass --delimiter $'\\t'"),
    ],
)
def test_a_broken_header_refuses_the_table(load_table, header: str, problem: str):
    report = load_table(header, "A,B")
    assert only_problem(report).startswith(problem)
    assert report.created == 0


def test_another_delimiter_on_request(load_table, contents):
    assert load_table("title;size", "A, B;1.5", delimiter=";").problems == []
    assert contents() == [{"title": "A, B", "size": 1.5}]
    assert "uses ; as delimiter" in only_problem(load_table("title;size", "A;1", delimiter="\t"))


def test_windows_text_is_recognised_and_read_on_request(load_table, contents):
    lines = ("title,sector", "Café".encode("cp1252") + b",energy")
    assert only_problem(load_table(*lines)) == (
        "2: byte 4 of the line, 0xE9, is not utf-8; the file looks like Windows text: save it as UTF-8, "
        "or pass --encoding cp1252"
    )
    assert load_table(*lines, encoding="cp1252").problems == []
    assert contents() == [{"title": "Café", "sector": "energy"}]


def test_lines_are_counted_through_cells_that_hold_several(load_table):
    report = load_table("title,body,size", 'A,"one\ntwo\n\nfour",1', "", ",,", "B,x,many", "C,y,3")
    assert report.created == 2
    assert only_problem(report).startswith("8: size: must be a number, not 'many'")


def test_a_byte_order_mark_and_windows_line_ends_are_fine(load_table, contents):
    assert load_table(b"\xef\xbb\xbftitle,body\r", b'A,"one\r', b'two"\r').problems == []
    assert contents() == [{"title": "A", "body": "one\ntwo"}]


def test_an_empty_table_says_so(load_table):
    assert only_problem(load_table("")) == "1: is empty; the first line must name the columns"


def test_rows_are_found_again_by_their_title(load_table):
    assert load_table("title,size", "A,1", "B,2").created == 2
    report = load_table("size,title", "2,B", "7,A")
    assert (report.created, report.updated, report.unchanged) == (0, 1, 1)


def test_gaps_in_a_list_close_and_are_named_as_columns(load_table, contents):
    header = "title,baselines.1.stage,baselines.3.stage,baselines.3.cost"
    assert load_table(header, "A,,contract,5").problems == []
    assert contents()[0]["baselines"] == [{"stage": "contract", "cost": 5.0}]
    assert only_problem(load_table(header, "B,,contract,0")).startswith(
        "2: baselines.3.cost: must be more than 0"
    )
