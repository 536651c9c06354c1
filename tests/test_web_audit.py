"""The audit log in the browser: read, narrowed, exported, and by whom."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta

import pytest
from openpyxl import load_workbook

from kb.people import accounts, audit
from kb.people.audit import AuditFilter, Origin, find, note
from kb.people.clock import now
from kb.people.limits import EXPORT_OF_PERSON, take
from kb.people.roles import Person
from tests.fixtures.people import browser_of, sign_in
from web.audit_files import COLUMNS
from web.audit_views import PAGE_SIZE, detail_line
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]

DORA = Origin(Person(id=70, name="Dora", email="dora@example.org"), "192.0.2.1", "abc123")
ERIC = Origin(Person(id=71, name="=cmd|' /C calc'!A0"), "192.0.2.2", "")


@pytest.fixture
def database(own_app):
    database = own_app.extensions[EXTENSION].database
    with database.write_aside() as session:
        note(session, DORA, "invite", "bea@example.org", roles=["trainer", "reader"], new=True, note=None)
        note(session, ERIC, "set roles", "@bea", refused=True, why="Your roles do not allow it.")
    return database


@pytest.fixture
def auditor(own_app, database):
    return sign_in(own_app, "amy", "auditor")


def lines_of(database, **wanted):
    with database.read() as session:
        return [
            (line.action, line.object, line.outcome, line.detail)
            for line in find(session, AuditFilter(**wanted), 0, 99)[1]
        ]


def exported(browser, **fields):
    """The answer, read to its end as a browser does."""
    answer = browser.send("/audit/export", **fields)
    data = answer.data
    answer.close()
    return answer, data


def shown(page: str) -> list[str]:
    """What each line says was done."""
    found = re.findall(r'<th scope="row">(.*?)</th>', page)
    return [re.sub(r"<[^>]+>", "", text) for text in found]


def test_only_who_may_reads_it(own_app, database):
    assert browser_of(own_app).get("/audit").headers["Location"].startswith("/sign-in?")
    for name, role in (("cora", "curator"), ("rita", "reader")):
        browser = sign_in(own_app, name, role)
        assert browser.get("/audit").status_code == 403
        assert browser.send("/audit/export", format="csv").status_code == 403
        assert "/audit" not in browser.get("/help").text
    assert lines_of(database, action="export audit log") == []
    assert 'href="/audit"' in sign_in(own_app, "ada", "admin").get("/help").text


def test_lines_are_in_words_newest_first(auditor):
    page = auditor.get("/audit").text
    assert shown(page) == ["Set roles @bea", "Invite bea@example.org"]
    assert "roles:</span> trainer, reader" in page
    assert "new:</span> yes" in page
    assert "note:</span> –" in page
    assert "{" not in re.sub(r"<[^>]+>", "", page)
    assert 'href="/audit?person=%2370"' in page


@pytest.mark.parametrize(
    ("query", "count"),
    [("person=dora", 1), ("person=%2371", 1), ("person=%23999999999", 0), ("action=invite", 1),
     ("object=BEA", 2), ("outcome=refused", 1), ("outcome=done&person=dora", 1), ("object=%25", 0),
     ("since=2026-01-01", 2),
     ("until=2026-01-01", 0), ("action=&person=+dora+&utm_source=x", 1)],
)  # fmt: skip
def test_lines_are_narrowed(auditor, query, count):
    page = auditor.get(f"/audit?{query}").text
    assert len(shown(page)) == count
    assert ("No line is like that" in page) is (count == 0)


def test_the_last_day_is_included(auditor):
    today = now().date()
    assert len(shown(auditor.get(f"/audit?since={today}&until={today}").text)) == 2
    assert shown(auditor.get(f"/audit?since={today + timedelta(days=1)}").text) == []


@pytest.mark.parametrize(
    ("query", "words"),
    [("since=yesterday", "From must be a date written as 2026-03-01."),
     ("since=2026-03-02&until=2026-03-01", "To must not be before From."),
     ("outcome=maybe", "Outcome must be one of"), ("page=0", "Page must be at least 1")],
)  # fmt: skip
def test_what_was_asked_wrongly_is_shown_again(auditor, query, words):
    answer = auditor.get(f"/audit?person=dora&{query}")
    assert answer.status_code == 400
    assert words in answer.text
    assert 'value="dora"' in answer.text
    assert shown(answer.text) == []


def test_long_logs_have_pages(auditor, database):
    with database.write_aside() as session:
        for number in range(PAGE_SIZE):
            note(session, DORA, "test", f"thing {number}")
    page = auditor.get("/audit?person=dora").text
    assert "51 lines, narrowed" in page
    assert 'href="/audit?person=dora&amp;page=2"' in page
    assert shown(auditor.get("/audit?person=dora&page=2").text) == ["Invite bea@example.org"]
    assert "There is no page 7" in auditor.get("/audit?person=dora&page=7").text


def test_the_log_as_csv_and_the_line_about_it(auditor, database):
    answer, data = exported(auditor, format="csv", person="", object="bea")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert re.search(r"attachment; filename=audit-[\d-]+\.csv", answer.headers["Content-Disposition"])
    header, first, second = csv.reader(io.StringIO(data.decode(), newline=""))
    assert tuple(header) == COLUMNS
    assert first[2:8] == [
        "Dora", "70", "invite", "bea@example.org", "done", "roles: trainer, reader; new: yes; note: –",
    ]  # fmt: skip
    assert second[2] == "'=cmd|' /C calc'!A0"
    assert second[5] == "'@bea"
    (line,) = lines_of(database, action="export audit log")
    assert line == ("export audit log", "csv", "done", {"lines": 2, "filter": {"object": "bea"}})


def test_the_log_as_a_workbook(auditor):
    _, data = exported(auditor, format="xlsx")
    rows = list(load_workbook(io.BytesIO(data)).active.iter_rows(values_only=True))
    assert rows[0] == COLUMNS
    assert [row[4] for row in rows[1:]] == ["invite", "set roles"]
    assert rows[2][2].startswith("'=")


def test_the_log_as_lines_of_json(auditor, database):
    with database.write_aside() as session:
        note(session, DORA, "test", "a\u2028b", words=["one\ntwo", "\u2029"])
    answer, data = exported(auditor, format="jsonl")
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert re.search(r"attachment; filename=audit-[\d-]+\.jsonl", answer.headers["Content-Disposition"])
    found = [json.loads(line) for line in data.decode("ascii").splitlines()]
    assert [each["action"] for each in found] == ["invite", "set roles", "test"]
    assert found[0]["detail"] == {"roles": ["trainer", "reader"], "new": True, "note": None}
    assert (found[1]["person"], found[1]["person_id"]) == ("=cmd|' /C calc'!A0", 71)
    assert found[2]["detail"] == {"words": ["one\ntwo", "\u2029"]}


@pytest.mark.parametrize("form", ["csv", "jsonl", "xlsx"])
def test_programs_take_the_log_under_the_same_filters(own_app, database, auditor, form):
    answer = auditor.get(f"/api/v1/audit/file?format={form}&outcome=refused&person=%2371")
    data = answer.data
    answer.close()
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].endswith(f".{form}")
    assert answer.headers["Cache-Control"] == "private, no-store"
    if form == "csv":
        _, row = csv.reader(io.StringIO(data.decode(), newline=""))
    elif form == "xlsx":
        _, row = load_workbook(io.BytesIO(data)).active.iter_rows(values_only=True)
    else:
        listed = auditor.get("/api/v1/audit?outcome=refused&person=%2371").json["lines"]
        row = [None, None, "'" + json.loads(data)["person"]]
        assert [json.loads(data) | {"at": None}] == [each | {"at": None} for each in listed]
    assert row[2] == "'=cmd|' /C calc'!A0"
    (line,) = lines_of(database, action="export audit log")
    said = {"lines": 1, "filter": {"outcome": "refused", "person": "#71"}}
    assert line == ("export audit log", form, "done", said)


def test_programs_that_may_not_take_nothing(own_app, database):
    assert browser_of(own_app).get("/api/v1/audit/file").status_code == 401
    assert sign_in(own_app, "cora", "curator").get("/api/v1/audit/file").status_code == 403
    wrong = sign_in(own_app, "amy", "auditor").get("/api/v1/audit/file?format=pdf&since=soon")
    assert wrong.status_code == 400
    assert {each["field"] for each in wrong.json["errors"]} == {"format", "since"}
    assert lines_of(database, action="export audit log") == []


def test_taking_the_log_again_and_again_is_stopped(own_app, database, auditor):
    with database.write_aside() as session:
        user = accounts.find_user(session, "amy@example.org")
        take(session, EXPORT_OF_PERSON, f"#{user.id}", EXPORT_OF_PERSON.most)
    assert auditor.get("/api/v1/audit/file").status_code == 429
    assert auditor.send("/audit/export", format="csv").status_code == 429


def test_a_workbook_that_would_be_too_large_is_refused(auditor, monkeypatch, database):
    monkeypatch.setattr("web.audit_files.MOST_IN_WORKBOOK", 1)
    answer = auditor.send("/audit/export", format="xlsx")
    assert answer.status_code == 400
    assert "Format is xlsx, and a workbook takes 1 lines: narrow the days, or take CSV." in answer.text
    assert lines_of(database, action="export audit log") == []
    assert auditor.send("/audit/export", format="csv", since="soon").status_code == 400


def test_an_export_is_read_in_stretches_and_has_each_line_once(auditor, database, monkeypatch):
    monkeypatch.setattr(audit, "BATCH", 7)
    with database.write_aside() as session:
        for number in range(21):
            note(session, DORA, "test", f"thing {number}")
    found = [line.object for line in audit.every(database, AuditFilter(action="test"))]
    assert found == [f"thing {number}" for number in range(21)]
    assert list(audit.every(database, AuditFilter(action="none"))) == []


def test_reading_changes_nothing_and_exporting_takes_a_form(auditor):
    assert auditor.get("/audit/export").status_code == 405
    assert auditor.post("/audit/export", data={"format": "csv"}).status_code == 403


def test_details_within_details_are_words():
    detail = {"filter": {"since_day": "2026-03-01", "roles": []}, "lines": 0, "why": ""}
    assert detail_line(detail) == "filter: since day 2026-03-01, roles –; lines: 0; why: –"
