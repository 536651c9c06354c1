"""Kept estimates: versions that stay, outcomes, the ledger, files, and who may see what."""

from __future__ import annotations

import io
import re
import shutil
from html import unescape

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from kb.database import open_database
from tests.finished import finished, put
from tests.fixtures.people import browser_of, make_user
from tests.fixtures.web import application
from web.cli import precedent
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
ASKED = {
    "type": "migration",
    "sector": "rail",
    "size": "180",
    "size_unit": "points",
    "exclude": "H-0002:Not alike",
}


@pytest.fixture(scope="module")
def projects(tmp_path_factory, sqlite_template):
    """The application over 36 finished projects, ten of them for estimators only."""
    home = tmp_path_factory.mktemp("dossiers")
    shutil.copy(sqlite_template, home / "precedent.sqlite")
    with application(home) as app:
        services = app.extensions[EXTENSION]
        services.estimates._measure = lambda _: None
        with services.database.write() as session:
            put(session, *finished(36)[:26])
            for record in finished(36)[26:]:
                put(session, record | {"visibility": "restricted", "readers": ["role:estimator"]})
        yield app


@pytest.fixture(scope="module")
def people(projects):
    """Browsers of people in several roles."""
    roles = {
        "eva": "estimator",
        "mia": "project manager",
        "paul": "project manager",
        "rita": "reader",
        "cora": "curator",
    }
    return {name: browser_of(projects, make_user(projects, name, role)) for name, role in roles.items()}


def keep(browser, title="Northern line", **fields):
    answer = browser.send("/dossiers", dossier_title=title, **ASKED | {"note": "For the board"} | fields)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def text_of(answer):
    return " ".join(re.sub("<[^>]+>", " ", answer.text).split())


def test_a_kept_estimate_has_an_id_and_stays_as_it_was(projects, people):
    address = keep(people["eva"])
    assert re.fullmatch(r"/dossiers/E-\d{4}", address)
    before = people["eva"].get(address)
    assert before.status_code == 200
    said = text_of(before)
    assert "To cite: E-" in said
    assert "H-0002 : Not alike" in said
    assert "For the board" in said
    with projects.extensions[EXTENSION].database.write() as session:
        put(session, finished(36)[5] | {"size": 999.0})
    assert text_of(people["eva"].get(address)) == said
    anew = people["eva"].send(
        "/dossiers", dossier=address[-6:], after="1", note="Size is known", **ASKED | {"size": "300"}
    )
    assert anew.status_code == 303
    assert "Version 2" in text_of(people["eva"].get(address))
    assert "Version 1" in text_of(people["eva"].get(f"{address}?version=1"))
    assert people["eva"].get(f"{address}?version=3").status_code == 404
    late = people["eva"].send("/dossiers", dossier=address[-6:], after="1", note="", **ASKED)
    assert late.status_code == 409


def test_the_outcome_grows_the_ledger(people):
    browser = people["mia"]
    address = keep(browser, "Depot")
    p50 = browser.get(f"/api/v1{address}").json["answer"]["range"]["p50"]
    wrong = browser.send(f"{address}/outcome", actual="1.200")
    assert wrong.status_code == 400
    assert "can be read as 1.2 or as 1200" in text_of(wrong)
    assert browser.send(f"{address}/outcome", actual="0").status_code == 400
    assert browser.send(f"{address}/outcome", actual=f"{p50:.0f}").status_code == 303
    assert '"said": "Outcome: ' in unescape(browser.get(address).text)
    assert "inside P10 to P90, under P80" in text_of(browser.get(address))
    other = keep(browser, "Station")
    assert browser.send(f"{other}/outcome", actual="1e12").status_code == 303
    ledger = browser.get("/api/v1/estimates/ledger").json
    assert (ledger["whole"]["n"], ledger["whole"]["inside"], ledger["whole"]["under_p80"]) == (2, 0.5, 0.5)
    assert [each["name"] for each in ledger["by_estimator"]] == ["Mia"]
    assert "2 closed with a range: 50 %" in text_of(browser.get("/dossiers"))
    closed = browser.send("/dossiers", dossier=other[-6:], after="1", note="", **ASKED)
    assert closed.status_code == 409


def test_dossiers_are_for_their_makers_and_who_the_roles_say(people):
    address = keep(people["paul"], "Tunnel under the river")
    for name, status in {"paul": 200, "eva": 200, "cora": 200, "mia": 404, "rita": 404}.items():
        assert people[name].get(address).status_code == status, name
        assert people[name].get(f"/api/v1{address}").status_code == status, name
        assert ("Tunnel under the river" in people[name].get("/dossiers").text) == (status == 200), name
    assert people["mia"].send(f"{address}/outcome", actual="5").status_code == 404
    assert people["rita"].send("/dossiers", dossier_title="x", **ASKED).status_code == 403
    assert (
        people["mia"].send("/dossiers", dossier=address[-6:], after="1", note="", **ASKED).status_code == 404
    )


def test_precedents_that_the_reader_may_not_see_are_withheld(people):
    address = keep(people["eva"], "With hidden precedents")
    mine = people["eva"].get(f"/api/v1{address}").json
    refs = {each["id"] for each in mine["answer"]["comparables"]}
    hidden = {ref for ref in refs if ref > "H-0026"}
    assert hidden
    seen_by_auditor = people["cora"].get(f"/api/v1{address}").json
    assert not seen_by_auditor["withheld"]
    with_less = browser_without_sight(people, address)
    assert with_less["withheld"]
    assert not hidden & {each["id"] for each in with_less["answer"]["comparables"]}
    assert not any(ref in str(with_less["answer"]) for ref in hidden)
    assert with_less["answer"]["range"] == mine["answer"]["range"]


def browser_without_sight(people, address):
    """What the maker gets once they are no estimator any more, but a project manager."""
    from kb.people.accounts import find_user, put_roles
    from kb.people.roles import OPERATOR

    app = people["eva"].application
    with app.extensions[EXTENSION].database.write_aside() as session:
        number = session.connection().exec_driver_sql("select id from users where name = 'Eva'").scalar()
        put_roles(find_user(session, number), ["project manager"], OPERATOR)
    try:
        return people["eva"].get(f"/api/v1{address}").json
    finally:
        with app.extensions[EXTENSION].database.write_aside() as session:
            put_roles(find_user(session, number), ["estimator"], OPERATOR)


def test_files_hold_the_figures_and_no_formula(people):
    from docx import Document

    address = keep(people["mia"], "=1+1", note="=2+2")
    sheet = people["mia"].get(f"{address}.xlsx")
    book = load_workbook(io.BytesIO(sheet.data))
    assert {"Estimate", "Inputs", "Left out", "Comparables", "Why near", "Sensitivity", "Versions"} <= set(
        book.sheetnames
    )
    cells = {row[0].value: row[1].value for row in book["Estimate"].iter_rows()}
    assert cells["Title"] == "'=1+1"
    assert cells["P50"] == pytest.approx(
        people["mia"].get(f"/api/v1{address}").json["answer"]["range"]["p50"]
    )
    word = Document(io.BytesIO(people["mia"].get(f"{address}.docx").data))
    said = "\n".join(each.text for each in word.paragraphs)
    assert "Comparable projects" in said
    assert "finished projects" in said
    assert word.tables


def test_the_command_line_keeps_closes_and_tells(tmp_path, sqlite_template):
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(sqlite_template, home / "precedent.sqlite")
    database = open_database(f"sqlite:///{home}/precedent.sqlite")
    with database.write() as session:
        put(session, *finished(24))
    database.dispose()
    file = tmp_path / "planned.json"
    file.write_text('{"type": "migration", "size": 180, "size_unit": "points"}')
    environment = {"PRECEDENT_HOME": str(home), "PRECEDENT_ENCODER": str(tmp_path / "none")}

    def run(*arguments, status=0):
        done = CliRunner().invoke(precedent, ["dossier", *map(str, arguments)], env=environment)
        assert done.exit_code == status, done.output
        return done.output

    assert "Kept as E-0001, version 1." in run("keep", file, "--title", "Depot")
    assert "Kept as E-0001, version 2." in run("keep", file, "--title", "Depot", "--after", "E-0001")
    assert "outside P10 to P90" in run("close", "E-0001", "9e9")
    assert "Depot" in run("list")
    assert "It really was" in run("show", "e-0001")
    assert run("ledger").splitlines()[1].split()[:3] == ["1", "0%", "0%"]
    run("export", "E-0001", tmp_path / "depot.xlsx")
    assert load_workbook(tmp_path / "depot.xlsx")["Versions"].max_row == 3


def test_programs_keep_and_close(people):
    browser = people["mia"]
    from kb.people.secrets import derived
    from web.forms import TOKEN_HEADER

    headers = {TOKEN_HEADER: derived(browser.secret, "form")}
    body = {"title": "By a program", "request": {"type": "migration", "size": 180.0, "size_unit": "points"}}
    made = browser.post("/api/v1/dossiers", json=body, headers=headers)
    assert made.status_code == 201
    place = made.headers["Location"]
    again = browser.post(f"{place}/versions", json={"after": 1, "request": body["request"]}, headers=headers)
    assert again.json["shown"] == 2
    assert (
        browser.post(
            f"{place}/versions", json={"after": 1, "request": body["request"]}, headers=headers
        ).status_code
        == 409
    )
    closed = browser.put(f"{place}/outcome", json={"actual": 5.0}, headers=headers)
    assert closed.json["actual"] == 5.0
    assert closed.json["version"] == 2
    assert browser.get("/api/v1/dossiers").json["dossiers"][0]["title"] == "By a program"


def test_a_dossier_that_nobody_names_has_the_name_of_its_project(people):
    kept = people["eva"].send("/dossiers", dossier_title=" ", title="Northern line, phase 2", **ASKED)
    assert "<h1>Northern line, phase 2</h1>" in people["eva"].get(kept.headers["Location"]).text


def test_without_any_name_the_answer_stands_and_the_field_is_marked(people):
    answer = people["eva"].send("/dossiers", dossier_title="", **ASKED)
    assert answer.status_code == 400
    assert "Title of the dossier is needed: name what is planned." in text_of(answer)
    assert 'id="comparables"' in answer.text, "what was asked is not lost"
    assert re.search(r'name="dossier_title"[^>]*autofocus', answer.text), "the page begins where it is wrong"


def test_what_was_asked_is_told_as_people_read_it(people):
    page = text_of(people["eva"].get(keep(people["eva"], size="1850000", plan="2500000")))
    assert "Size 1,850,000 points" in page
    assert "Your figure 2,500,000 EUR" in page
    assert "Size unit" not in page
