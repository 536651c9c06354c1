"""Exchange rates, price indices and uplifts: the verbs, the files, the command line, and conversion."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb.errors import InvalidRecord, KbError, NotAllowed, NotFound, Taken
from kb.people.audit import AuditFilter, Origin, find
from kb.people.roles import NOBODY, OPERATOR
from kb.reference import curating
from kb.reference.files import BadTable, read_text, write
from kb.reference.money import CannotConvert, Money, read_money
from kb.reference.rows import RowChanged, get_row, list_rows
from kb.reference.texts import TABLES, PriceIndex, Rate, Uplift
from web.cli import precedent

RATES, INDICES, UPLIFTS = TABLES["rates"], TABLES["indices"], TABLES["uplifts"]
BOSS = Origin(OPERATOR)
SHIPPED = Path(curating.__file__).parent / "shipped"


def rate(currency="GBP", year=2016, rate=0.8, **more):
    return Rate(currency=currency, year=year, rate=rate, source="Bank", **more)


def index(year, figure, currency="EUR", base="2015 = 100", **more):
    return PriceIndex(currency=currency, year=year, index=figure, base=base, source="Office", **more)


MONEY = Money.of(
    [rate(), rate("USD", rate=1.1), rate("USD", 2020, 1.2)],
    [index(2016, 100.0), index(2024, 125.0), index(2016, 50.0, region="Austria"),
     index(2024, 75.0, region="Austria"), index(2016, 240.0, "USD", "1982-84 = 100"),
     index(2020, 99.0, "USD")],
)  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "amount", "words"),
    [
        ((100, "GBP", 2016, "EUR", 2016), 125.0, ["rate 1.25 EUR per GBP (2016, Bank)"]),
        ((100, "EUR", 2016, "GBP", 2016), 80.0, ["rate 0.8 GBP per EUR"]),
        ((80, "GBP", 2016, "USD", 2016), 110.0, ["rate 1.375 USD per GBP"]),
        ((100, "EUR", 2016, "EUR", 2024), 125.0, ["index 100 -> 125 (Office)"]),
        ((100, "EUR", 2024, "EUR", 2016), 80.0, ["index 125 -> 100"]),
        ((1.2e6, "GBP", 2016, "EUR", 2024), 1.875e6,
         ["1.2 M GBP of 2016 = 1.875 M EUR of 2024: rate 1.25", "index 100 -> 125"]),
        ((100, "EUR", 2016, "EUR", 2024, "Austria"), 150.0, ["index Austria 50 -> 75"]),
        ((100, "EUR", 2016, "EUR", 2024, "Malta"), 125.0, ["index 100 -> 125"]),
        ((7, "SEK", 2011, "SEK", 2011), 7.0, ["as it is stated"]),
    ],
)  # fmt: skip
def test_amounts_are_converted_and_it_is_said_how(asked, amount, words):
    found = MONEY.normalise(*asked)
    assert found.amount == pytest.approx(amount)
    assert [each for each in words if each not in found.how] == []


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ((1, None, 2016, "EUR", 2016), "The currency of the amount is not known"),
        ((1, "EUR", None, "EUR", 2016), "prices of 2016"),
        ((1, "GBP", None, "EUR", 2016), "there is no year to take the exchange rate of"),
        ((1, "GBP", 2017, "EUR", 2017), "no exchange rate of GBP for 2017. GBP has rates of 2016."),
        ((1, "SEK", 2016, "EUR", 2016), "no exchange rate of SEK for 2016."),
        ((1, "EUR", 2016, "EUR", 2030), "no price index of EUR for 2030. There are those of 2016, 2024."),
        ((1, "USD", 2016, "USD", 2020), "other bases (1982-84 = 100; 2015 = 100)"),
    ],
)
def test_what_is_missing_is_named_and_never_guessed(asked, words):
    with pytest.raises(CannotConvert) as caught:
        MONEY.normalise(*asked)
    assert words in str(caught.value)


@settings(max_examples=50, deadline=None)
@given(st.floats(1, 1e12), st.sampled_from(["GBP", "EUR", "USD"]), st.sampled_from(["GBP", "EUR", "USD"]))
def test_there_and_back_is_the_same_amount(amount, one, other):
    there = MONEY.normalise(amount, one, 2016, other, 2016).amount
    assert MONEY.normalise(there, other, 2016, one, 2016).amount == pytest.approx(amount)


def test_a_new_repository_has_the_figures_that_are_shipped(database):
    with database.read() as session:
        for table in TABLES.values():
            text = (SHIPPED / f"{table.name}.csv").read_text("utf-8")
            shipped = {line.text.key: line.text for line in read_text(text, table)}
            assert {row.text.key: row.text for row in list_rows(session, table)} == shipped
            assert all(len(text.source) > 20 for text in shipped.values())
        money = read_money(session)
    assert money.normalise(100, "GBP", 2016, "EUR", 2016).amount == pytest.approx(100 / 0.81948)
    rail = next(each for each in shipped.values() if each.name == "cost of rail")
    assert (rail.p50_percent, rail.p80_percent, rail.n, rail.year) == (40, 57, 46, 2004)


def test_rows_are_added_changed_and_removed_by_their_version(database):
    row = curating.add(database, BOSS, RATES, rate("NZD", note="first"))
    with pytest.raises(Taken, match="NZD per EUR in 2016 already"):
        curating.add(database, BOSS, RATES, rate("NZD", rate=7))
    stamp = database.change_stamp()
    same = curating.change(database, BOSS, RATES, row.id, row.text, version=1)
    assert (same.version, database.change_stamp()) == (1, stamp)
    changed = curating.change(database, BOSS, RATES, row.id, rate("NZD", rate=1.6), version=1)
    assert (changed.version, changed.text.rate) == (2, 1.6)
    with pytest.raises(RowChanged, match="changed by somebody else"):
        curating.change(database, BOSS, RATES, row.id, rate("NZD", rate=1.7), version=1)
    with pytest.raises(RowChanged):
        curating.remove(database, BOSS, RATES, row.id, version=1)
    curating.remove(database, BOSS, RATES, row.id, version=2)
    with pytest.raises(NotFound), database.read() as session:
        get_row(session, RATES, row.id)
    with database.read() as session:
        lines = [line.action for line in find(session, AuditFilter(), 0, 9)[1]]
    assert lines == ["remove exchange rate", "change exchange rate", "add exchange rate"]


def test_who_may_not_changes_nothing(sqlite_database):
    with pytest.raises(NotAllowed, match="exchange rates"):
        curating.add(sqlite_database, Origin(NOBODY), RATES, rate("NZD"))


def test_a_load_adds_and_changes_and_removes_only_when_that_is_said(sqlite_database):
    database = sqlite_database
    texts = [rate("NZD", 2016), rate("NZD", 2017)]
    changes = curating.preview(database, BOSS, RATES, texts)
    assert (len(changes.created), changes.overwritten) == (2, [])
    curating.load(database, BOSS, RATES, texts, agreed=[])
    assert not curating.load(database, BOSS, RATES, texts, agreed=[])
    changed = [rate("NZD", 2016, 2.0)]
    with pytest.raises(RowChanged, match="meanwhile"):
        curating.load(database, BOSS, RATES, changed, agreed=[])
    changes = curating.load(database, BOSS, RATES, changed, replacing=True)
    assert (len(changes.updated), len(changes.removed) > 100) == (1, True)
    with database.read() as session:
        assert [row.text.rate for row in list_rows(session, RATES)] == [2.0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("currency,year\n", "must name the columns currency,year,rate,reference,source,note"),
        ("currency,year,rate,source\nGBP,2016,cheap,B\n", "rates.csv:2: rate: must be a number"),
        ("currency,year,rate,source\nGBP,2016,0,B\n", "rate: must be more than 0"),
        ("currency,year,rate,source\npound,2016,1,B\n", "currency: must match"),
        ("currency,year,rate,source\nEUR,2016,1,B\n", "reference: must be another currency"),
        ("currency,year,rate,source\nGBP,2016,1,\n", "source: is required"),
        ("currency,year,rate,source\nGBP,2016,1\n", "has 3 cells and the header 4"),
        ("currency,year,rate,source\nGBP,2016,1,B\n\nGBP,2016,2,B\n", ":4: is about the same as line 2"),
    ],
)
def test_each_fault_of_a_file_is_named_with_its_line(text, words):
    with pytest.raises(BadTable) as caught:
        read_text(text, RATES)
    assert words in str(caught.value)


def test_an_uplift_has_at_least_one_figure_in_order():
    said = {"project_type": "rail", "measure": "cost", "year": 2004, "source": "DfT"}
    for figures in ({}, {"p50_percent": 9.0, "p80_percent": 3.0}):
        with pytest.raises(ValueError, match="p50_percent"):
            Uplift(**said, **figures)
    assert Uplift(**said, p80_percent=57.0).name == "cost of rail"


LINE = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=30)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(LINE, LINE, st.floats(1e-6, 1e9))
def test_a_file_says_what_was_written(source, note, figure):
    text = PriceIndex(
        currency="EUR", year=2020, index=float(f"{figure:.15g}"), base="2015 = 100",
        source=source.strip() or "x", note=note,
    )  # fmt: skip
    assert [line.text for line in read_text(write([text], INDICES), INDICES)] == [text]


@pytest.fixture
def home(sqlite_database, tmp_path, monkeypatch):
    monkeypatch.setenv("PRECEDENT_HOME", str(tmp_path))
    return tmp_path


def call(*arguments, answer=None, status=0):
    done = CliRunner().invoke(precedent, [str(each) for each in arguments], input=answer)
    if isinstance(done.exception, KbError):
        raise done.exception
    assert done.exit_code == status, done.output
    return done.output


def test_the_command_line_keeps_the_tables(home):
    said = ["currency=NZD", "year=2020", "rate=1.75", "source=Bank"]
    assert call("money", "set", "rates", *said).startswith("Added: currency NZD, year 2020, rate 1.75")
    assert call("money", "set", "rates", *said).startswith("Unchanged")
    said[2] = "rate=1.76"
    assert call("money", "set", "rates", *said).startswith("Changed")
    assert "1.76" in call("money", "list", "rates")
    rows = json.loads(call("money", "list", "rates", "--json"))["rates"]
    assert [row["version"] for row in rows if row["currency"] == "NZD"] == [2]
    converted = json.loads(call("money", "convert", "176", "nzd", "2020", "eur", "2020", "--json"))
    assert converted["amount"] == pytest.approx(100)
    assert call("money", "remove", "rates", "currency=NZD", answer="n\n", status=1).startswith("Remove")
    assert call("money", "remove", "rates", "currency=NZD", "--yes").startswith("Removed")
    with pytest.raises(KbError, match="0 rows have currency=NZD"):
        call("money", "remove", "rates", "currency=NZD")
    with pytest.raises(KbError, match="'colour=red' is no field"):
        call("money", "set", "rates", "colour=red")
    with pytest.raises(InvalidRecord, match="source: is required"):
        call("uplifts", "set", "project_type=tunnel", "measure=cost", "p50_percent=3", "year=2020")


def test_a_table_is_exported_edited_and_loaded(home):
    file = home / "uplifts.csv"
    assert call("uplifts", "export", file) == f"Wrote 4 rows to {file}.\n"
    assert call("uplifts", "load", file) == "0 added, 0 changed, 0 removed, 4 unchanged.\n"
    lines = file.read_text("utf-8").splitlines()
    file.write_text("\n".join(lines[:2]).replace(",23,", ",24,") + "\n", "utf-8")
    dry = call("uplifts", "load", "--replace", "--dry-run", file)
    assert dry == "Would have: 0 added, 1 changed, 3 removed, 0 unchanged.\n"
    asked = call("uplifts", "load", "--replace", file, answer="n\n", status=1)
    assert asked.startswith("Overwrite 1 and remove 3 rows?")
    call("uplifts", "load", "--replace", "--yes", file)
    assert "24  " in call("uplifts", "list")
