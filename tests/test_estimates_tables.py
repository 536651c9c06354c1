"""Tables of projects: every usual way of writing one is read, and what is wrong is named with its place."""

from __future__ import annotations

import csv
import io
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.estimates.columns import Ambiguous, NotNumbers, dates, kind_of, numbers
from search.estimates.leaks import leaks
from search.estimates.reading import Choices, read_history
from search.estimates.tables import BadTable, read

ROWS = 30


def table_of(path, columns, delimiter=",", name="history.csv", encoding="utf-8"):
    """A file with these columns (name -> cells)."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    (path / name).write_text(out.getvalue(), encoding)
    return path / name


def sound(n=ROWS):
    random = np.random.default_rng(0)
    size = np.round(np.exp(random.normal(4, 1, n)), 1)
    return {
        "project": [f"A{row}" for row in range(n)],
        "size": [str(value) for value in size],
        "sector": ["water" if row % 3 else "rail" for row in range(n)],
        "cost": [str(round(value)) for value in size * np.exp(random.normal(3, 0.8, n))],
    }


def history_of(path, **said):
    return read_history(read(path), Choices("cost", **said))


def refused(path, **said):
    with pytest.raises(BadTable) as caught:
        history_of(path, **said)
    return str(caught.value)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path, delimiter):
    found = history_of(table_of(tmp_path, sound(), delimiter))
    assert len(found.history) == ROWS
    assert found.kinds == {"project": "id", "size": "number", "sector": "category"}
    assert found.history.ids[0] == "A0"


def test_excel_is_read(tmp_path):
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    columns = sound()
    sheet.append([*columns, "finished", None])
    for row, cells in enumerate(zip(*columns.values(), strict=True)):
        number = [float(cells[1]), cells[2], float(cells[3])]
        sheet.append([cells[0], *number, date(2020, 1, row % 28 + 1)])
    book.save(tmp_path / "history.xlsx")
    found = history_of(tmp_path / "history.xlsx", date="finished")
    assert found.history.truth == pytest.approx([float(cell) for cell in columns["cost"]])
    assert found.history.order[1] == date(2020, 1, 2).toordinal()


def test_a_file_that_is_no_excel_says_so(tmp_path):
    (tmp_path / "history.xlsx").write_text("size,cost")
    assert "history.xlsx: is no Excel file" in refused(tmp_path / "history.xlsx")


def test_numbers_with_decimal_commas_and_dots_between_thousands(tmp_path):
    columns = sound() | {"size": [f"1.{row + 100},{row % 9}5" for row in range(ROWS)]}
    found = history_of(table_of(tmp_path, columns, ";"))
    assert found.history.numbers["size"][:2] == pytest.approx([1100.05, 1101.15])


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1,234.5", "7"], [1234.5, 7]),
        (["1.234,5", "7"], [1234.5, 7]),
        (["1 234,5", "7"], [1234.5, 7]),
        (["1\u202f234.5", "-7"], [1234.5, -7]),
        (["1'234", "7"], [1234, 7]),
        (["1,234,567", "2"], [1234567, 2]),
        (["2,50", "3,06"], [2.5, 3.06]),
        (["0.881", "1.066"], [0.881, 1.066]),
        (["0,881", "1,066"], [0.881, 1.066]),
        (["1e3", ".5", "5."], [1000, 0.5, 5]),
        (["007", ""], [7, np.nan]),
    ],
)
def test_the_whole_column_decides_what_a_comma_means(cells, expected):
    assert numbers(cells) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("cells", [["1,234", "5"], ["1.234", "5.678"]])
def test_numbers_that_can_be_read_in_two_ways_are_asked_about(cells, tmp_path):
    with pytest.raises(Ambiguous):
        numbers(cells)
    message = refused(table_of(tmp_path, sound() | {"size": (cells * ROWS)[:ROWS]}))
    assert "history.csv, column size: can be read in two ways" in message
    assert "--decimal point" in message
    assert "--decimal comma" in message
    found = history_of(tmp_path / "history.csv", decimal="comma")
    assert found.history.numbers["size"][0] == numbers(cells, "comma")[0]


@pytest.mark.parametrize("cell", ["1,2,3", "12 34", "1.2.3", "5 %", "EUR 7", "0,123.5", "1e999", "inf", "٣"])
def test_what_is_no_number_is_none(cell):
    with pytest.raises(NotNumbers):
        numbers([cell, "1.5", "2.5"])


@given(
    st.lists(st.one_of(st.none(), st.floats(-1e9, 1e9).map(lambda value: round(value, 2))), min_size=1),
    st.sampled_from([(".", ","), (",", "."), (",", " "), (".", "'"), (".", "")]),
)
def test_numbers_come_back_however_they_are_written(values, signs):
    decimal, thousands = signs
    cells = [
        "" if value is None else f"{value:,.2f}".translate({44: thousands, 46: decimal}) for value in values
    ]
    expected = [np.nan if value is None else value for value in values]
    assert numbers(cells) == pytest.approx(expected, nan_ok=True)


@given(st.lists(st.text(alphabet="0123456789.,;-+eE '%x", max_size=8), min_size=1, max_size=12))
def test_the_reader_of_numbers_never_raises_anything_else(cells):
    try:
        found = numbers([cell.strip() for cell in cells])
    except (Ambiguous, NotNumbers):
        return
    assert len(found) == len(cells)


@given(st.binary(max_size=400))
def test_any_file_is_read_or_refused_in_words(tmp_path_factory, content):
    file = tmp_path_factory.mktemp("any") / "any.csv"
    file.write_bytes(content)
    try:
        read_history(read(file), Choices("cost"))
    except BadTable as error:
        assert str(error)  # noqa: PT017 - a table is read, or this is raised


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["2024-03-31", ""], date(2024, 3, 31)),
        (["2024-03-31T00:00:00Z"], date(2024, 3, 31)),
        (["31.3.2024"], date(2024, 3, 31)),
        (["03/04/2024", "03/31/2024"], date(2024, 3, 4)),
        (["03/04/2024", "31/03/2024"], date(2024, 4, 3)),
    ],
)
def test_dates_in_usual_forms(cells, expected):
    assert dates(cells)[0] == expected.toordinal()


def test_dates_that_can_be_read_in_two_ways_are_asked_about(tmp_path):
    with pytest.raises(Ambiguous):
        dates(["03/04/2024"])
    columns = sound() | {"finished": ["03/04/2024"] * ROWS}
    assert "column finished: day and month" in refused(table_of(tmp_path, columns), date="finished")


@pytest.mark.parametrize("cells", [["2024-13-01"], ["spring"], [""]])
def test_what_is_no_date_is_none(cells):
    assert dates(cells) is None


@pytest.mark.parametrize(
    ("name", "cells", "kind"),
    [
        ("size", ["1", "2.5", ""], "number"),
        ("ID", ["1", "2", "3"], "id"),
        ("ProjID", ["1", "2", "3"], "id"),
        ("paid", ["1", "2", "3"], "number"),
        ("flag", ["1", "1", "1"], "constant"),
        ("words", ["one two three four five", "six seven eight nine", "ten eleven twelve more"], "text"),
        ("code", [f"A{row}" for row in range(20)], "id"),
        ("title", [f"Project {row}" for row in range(20)], "name"),
        ("sector", ["water", "rail", "water"], "category"),
        ("start", ["2024-01-31", "2024-02-28"], "date"),
        ("nothing", ["", ""], "empty"),
    ],
)
def test_content_decides_what_a_column_holds(name, cells, kind):
    assert kind_of(name, cells) == kind


def test_a_person_may_decide_otherwise(tmp_path):
    columns = sound() | {"team": [str(row % 4) for row in range(ROWS)]}
    found = history_of(table_of(tmp_path, columns), category=frozenset({"team"}), text=frozenset({"sector"}))
    assert found.kinds["team"] == "category"
    assert found.history.texts[0] == "rail"


@pytest.mark.parametrize("word", ["", "NA", "n/a", "?", "-", "–", "NaN", "null"])
def test_what_says_not_known_is_not_known(tmp_path, word):
    columns = sound()
    columns["size"][3] = word
    columns["cost"][5] = word
    found = history_of(table_of(tmp_path, columns))
    assert len(found.history) == ROWS - 1
    assert np.isnan(found.history.numbers["size"][3])
    assert found.notices[0] == "1 rows without cost were left out (lines 7)."


def test_text_in_a_column_of_numbers_is_named(tmp_path):
    columns = sound()
    columns["size"][3] = "about 12"
    message = refused(table_of(tmp_path, columns))
    assert message.startswith("history.csv, line 5, column size: 'about 12' is no number")
    assert "--category 'size'" in message


@pytest.mark.parametrize("value", ["0", "-5"])
def test_a_target_must_be_above_zero(tmp_path, value):
    columns = sound()
    columns["cost"][2] = value
    assert f"history.csv, line 4, column cost: is {value}" in refused(table_of(tmp_path, columns))


def test_a_target_of_words_is_named(tmp_path):
    message = refused(table_of(tmp_path, sound() | {"cost": ["much"] * ROWS}))
    assert "line 2, column cost: 'much' is no number" in message
    assert "and 25 more like these" in message


def test_a_target_that_never_varies_is_refused(tmp_path):
    assert "column cost: has the same value" in refused(table_of(tmp_path, sound() | {"cost": ["7"] * ROWS}))


def test_too_few_rows_are_refused_with_the_reason(tmp_path):
    assert "has 19 projects with a known cost, and 20 are the least" in refused(table_of(tmp_path, sound(19)))


def test_what_is_of_no_use_is_told(tmp_path):
    columns = sound() | {"country": ["XX"] * ROWS, "empty": [""] * ROWS, "from": ["2024-01-31"] * ROWS}
    notices = " ".join(history_of(table_of(tmp_path, columns)).notices)
    assert "Not used: empty. They are empty." in notices
    assert "Not used: country. They have one value." in notices
    assert "Not used: from. They hold dates." in notices
    assert "Not used: project. They name projects." in notices


def test_repeated_rows_are_told(tmp_path):
    columns = sound()
    for name in ("size", "sector", "cost"):
        columns[name][9] = columns[name][4]
    notices = history_of(table_of(tmp_path, columns)).notices
    assert any(
        "1 rows repeat others in everything but their id (line 11 repeats 6)" in each for each in notices
    )


def test_more_attributes_than_projects_are_told(tmp_path):
    random = np.random.default_rng(1)
    many = {f"x{place}": [str(value) for value in random.integers(1, 99, ROWS)] for place in range(ROWS)}
    notices = history_of(table_of(tmp_path, sound() | many)).notices
    assert any("There are 30 projects and 32 attributes" in each for each in notices)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"drop": frozenset({"colour"})}, "--drop names 'colour', and there is no such column"),
        ({"date": "colour"}, "--date names 'colour'"),
        ({"drop": frozenset({"cost"})}, "column cost: is the target and dropped"),
        ({"text": frozenset({"size"}), "numeric": frozenset({"size"})}, "column size: is given two kinds"),
        ({"id": "sector"}, "column sector: 'water' stands in 20 rows"),
    ],
)
def test_choices_that_make_no_sense_are_named(tmp_path, said, message):
    assert message in refused(table_of(tmp_path, sound()), **said)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("size,cost\n", "has no rows"),
        ("size,,cost\n1,2,3\n", "line 1: column 2 has no name"),
        ("size,size,cost\n1,2,3\n", "line 1, column size: is the name of two columns"),
        ("size,cost\n1,2\n3\n", "line 3: has 1 cells and the header 2"),
        ('size,cost\n"1,2\n', 'opens a quote " that is never closed'),
        ("size,weight\n1,2\n", "--target names 'cost'"),
    ],
)
def test_a_table_that_is_broken_says_where(tmp_path, text, message):
    (tmp_path / "history.csv").write_text(text)
    assert message in refused(tmp_path / "history.csv")


def test_another_encoding_is_named(tmp_path):
    columns = sound()
    columns["sector"][1] = "Köln"
    file = table_of(tmp_path, columns, encoding="cp1252")
    assert "pass --encoding cp1252" in refused(file)
    assert len(read_history(read(file, encoding="cp1252"), Choices("cost")).history) == ROWS


# Columns that give the answer away

RANDOM = np.random.default_rng(6)
TRUTH = np.exp(RANDOM.normal(6, 1, 80))
SIZE = TRUTH**0.8 * np.exp(RANDOM.normal(0, 0.5, 80))


def columns_of(found):
    return {leak.column for leak in found}


@pytest.mark.parametrize(
    "copy",
    [TRUTH * 1.2, TRUTH**2, np.log(TRUTH), -TRUTH, TRUTH * np.exp(RANDOM.normal(0, 0.08, 80))],
    ids=["scaled", "squared", "logarithm", "negative", "with noise"],
)
def test_the_answer_under_another_name_is_found(copy):
    assert columns_of(leaks({"size": SIZE, "x": copy}, ["size", "x"], "cost", TRUTH)) == {"x"}


def test_a_ratio_that_gives_the_answer_away_with_the_size_is_found():
    rate = np.round(TRUTH / SIZE, 3)
    (leak,) = leaks({"size": SIZE, "rate": rate}, ["size", "rate"], "cost", TRUTH)
    assert leak.column == "rate"
    assert "with size it explains" in leak.why


def test_an_honest_column_is_not_suspected():
    plan = TRUTH * np.exp(RANDOM.normal(0, 0.25, 80))
    assert leaks({"size": SIZE, "planned cost": plan}, ["size", "planned cost"], "cost", TRUTH) == []


@pytest.mark.parametrize(
    ("name", "suspected"),
    [
        ("Actual duration", True), ("final_cost", True), ("N_cost", True), ("CostTotal", True),
        ("Planned cost", False), ("Estimated actual cost", False), ("costume", False), ("size", False),
    ],
)  # fmt: skip
def test_names_that_tell_are_found(name, suspected):
    assert bool(leaks({}, [name], "Actual_cost_EUR", TRUTH)) is suspected


def test_a_leak_is_refused_until_somebody_decides(tmp_path):
    columns = sound()
    columns["actual_days"] = [str(row) for row in range(ROWS)]
    file = table_of(tmp_path, columns)
    message = refused(file)
    assert "--drop" in message
    assert "history.csv, column actual_days: its name says that it is known only afterwards" in message
    assert "actual_days" not in history_of(file, drop=frozenset({"actual_days"})).history.numbers
    assert "actual_days" in history_of(file, keep=frozenset({"actual_days"})).history.numbers
