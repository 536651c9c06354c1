"""Tables that are bad in each usual way: page, API and command name what is wrong and what to do."""

from __future__ import annotations

import html
import io

import numpy as np
from click.testing import CliRunner

from kb.errors import KbError
from tests.fixtures.people import sign_in
from tests.fixtures.programs import program
from web.cli import precedent

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
TO, FILE = "/project-tables?name=a.csv", {"content_type": "application/octet-stream"}
HEADER = ["No", "Project", "Sector", "FP size", "Actual cost EUR"]


def table(cells: dict[tuple[int, int], str] | None = None, count: int = 30, **whole) -> str:
    """Rows of finished projects, `cells` (row, column) changed, `whole` columns (`c2`) by a function."""
    random, lines = np.random.default_rng(0), []
    for row in range(count):
        size = round(float(np.exp(random.normal(5, 0.8))), 1)
        cost = round(size * 1000 * float(np.exp(random.normal(0, 0.4))))
        line = [str(row + 1), f"Project {row + 1}", ("rail", "water")[row % 2], str(size), str(cost)]
        for place in range(5):
            line[place] = whole.get(f"c{place}", lambda text: text)(line[place])
            line[place] = (cells or {}).get((row, place), line[place])
        lines.append(line)
    more = whole.get("more", lambda line: [])
    header = [*HEADER, *whole.get("names", ())]
    return "\n".join(";".join(each) for each in [header, *([*line, *more(line)] for line in lines)]) + "\n"


WIDE = table(
    count=25, names=[f"A{each}" for each in range(30)],
    more=lambda line: [str((int(line[0]) * 7 + each * 3) % 11 + each) for each in range(30)],
)  # fmt: skip
TWICE = table() + table().splitlines()[1].replace("1;", "99;", 1) + "\n"
ANSWER = table(names=["Invoiced"], more=lambda line: [str(round(int(line[4]) * 1.02))])
CASES = {
    "negative": (table({(3, 4): "-5"}), "is -5, and must be above 0", "is -5; what a project took"),
    "zero": (table({(3, 4): "0"}), "say in the mapping that 0 means not known", "is 0; what a project took"),
    "text": (table({(3, 3): "many"}), "'many' is no number; correct it", "'many' is no number; correct it"),
    "thousands": (table(c4=lambda text: f"{int(text) % 900 + 100},000"),
                  "can be read in two ways", "can be read in two ways"),
    "one class": (table(c2=lambda _: "rail"), "Sector has one value in all rows: it tells no project apart",
                  "Not used: Sector. They have one value"),
    "all equal": (table(c4=lambda _: "50000"), "Actual cost EUR has one value in all rows: it leaves nothing",
                  "has the same value in all rows"),
    "wide": (WIDE, "There are 25 rows and 32 columns to tell projects apart", "There are 25 projects and 32"),
    "twice": (TWICE, "1 rows repeat others in everything but their id (line 32 repeats 2)",
              "1 rows repeat others in everything but their id (line 32 repeats 2)"),
    "answer": (ANSWER, "may be known only afterwards: it orders projects as Actual cost EUR does",
               "column Invoiced: it orders projects as Actual cost EUR does"),
}  # fmt: skip
"""By name: the table, what loading says of it, what a back-test of the file says."""


def test_the_page_names_what_is_wrong(own_app):
    curator = sign_in(own_app, "lia", "curator")
    for name, (text, words, _) in CASES.items():
        sent = curator.send("/projects/load", file=(io.BytesIO(text.encode()), f"{name}.csv"))
        page = html.unescape(curator.get(sent.headers["Location"]).text)
        assert words in page, name


def test_the_api_names_what_is_wrong(own_app):
    cora = program(own_app, "cora", "curator")
    for name, (text, words, _) in CASES.items():
        sent = cora("POST", TO, text.encode(), **FILE)
        found = sent.json
        told = [*found["preview"]["notices"], *(each["message"] for each in found["preview"]["faults"])]
        told += [words for each in found["columns"] for words in each["open"]]
        assert any(words in each for each in told), (name, told)


def test_the_commands_name_what_is_wrong(sqlite_database, tmp_path, monkeypatch):
    monkeypatch.setenv("PRECEDENT_HOME", str(tmp_path))

    def run(*words: object) -> str:
        done = CliRunner().invoke(precedent, [str(word) for word in words])
        return done.output + (str(done.exception) if isinstance(done.exception, KbError) else "")

    for name, (text, words, of_backtest) in CASES.items():
        file, mapping = tmp_path / "t.csv", tmp_path / "t.json"
        file.write_text(text, "utf-8")
        proposed = CliRunner().invoke(precedent, ["load", "--propose-map", str(file)])
        mapping.write_text(proposed.stdout, "utf-8")
        told = proposed.stderr + run("load", "--dry-run", "--map", mapping, file)
        assert words in told, (name, told)
        told = run("backtest", file, "--target", "Actual cost EUR", "--protocol", "kfold", "--folds", "3")
        assert of_backtest in told, (name, told)


def test_decimal_commas_and_thousands_are_read_where_they_can_be_only_that(own_app):
    cora = program(own_app, "cora", "curator")
    text = table(
        c3=lambda size: size.replace(".", ","), c4=lambda cost: f"{int(cost) + 10**6:,}".replace(",", ".")
    )
    sent = cora("POST", TO, text.encode(), **FILE)
    columns = {each["column"]: each for each in sent.json["mapping"]["columns"]}
    assert {columns[name]["decimal"] for name in ("FP size", "Actual cost EUR")} == {"comma"}
    first, plain = sent.json["preview"]["first"][0], table().splitlines()[1].split(";")
    assert (first["size"], first["actuals"]["cost"]) == (float(plain[3]), float(plain[4]) + 10**6)
