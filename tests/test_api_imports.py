"""Documents that programs bring: /api/v1/imports"""

from __future__ import annotations

import pytest

from tests.fixtures.programs import program
from tests.office_files import closing_report

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
FILE = {"content_type": "application/octet-stream"}


@pytest.fixture
def anna(own_app):
    return program(own_app, "anna", "contributor")


def brought(who, data: bytes, name: str = "report.docx"):
    answer = who("POST", f"/imports?name={name}", data, **FILE)
    assert answer.status_code == 201, answer.text
    return answer


def test_a_closing_report_becomes_drafts(anna, own_app):
    made = brought(anna, closing_report())
    found = made.json
    assert (made.headers["Location"], found["state"]) == (f"/api/v1/imports/{found['id']}", "ready")
    assert found["plan"]["shape"] == "review"
    assert len(found["plan"]["drafts"]) == 4
    assert anna("GET", "/drafts").json["revisions"] == [], "nothing is saved yet"
    (waiting,) = anna("GET", "/imports").json["imports"]
    assert waiting["id"] == found["id"]
    saved = anna("POST", f"/imports/{found['id']}/saved")
    assert (saved.status_code, len(saved.json["entries"])) == (201, 4)
    assert len(anna("GET", "/drafts").json["revisions"]) == 4
    assert anna("POST", f"/imports/{found['id']}/saved").status_code == 409
    assert anna("PUT", f"/imports/{found['id']}/plan", {}).status_code == 409


def test_the_plan_is_changed_by_names_and_numbers(anna):
    found = brought(anna, closing_report()).json
    address, table = f"/imports/{found['id']}/plan", found["plan"]["sections"][4]
    assert table["rows"]
    assert [each["name"] for each in table["columns"]] == ["#5.1", "#5.2", "#5.3"]
    changed = anna("PUT", address, {"put": {"#5.1": "title", "#5.3": "skip"}, "title": "Another"}).json
    assert changed["plan"]["title"] == "Another"
    assert changed["plan"]["sections"][4]["columns"][0]["place"] == "title"
    lessons = anna("PUT", address, {"shape": "lessons"}).json["plan"]
    assert {each["kind"] for each in lessons["drafts"]} == {"lesson"}
    for put, message in (({"Weather": "lesson"}, "nothing in"), ({"#1": "review.verse"}, "cannot go")):
        answer = anna("PUT", address, {"put": put})
        assert answer.status_code == 409
        assert message in answer.json["errors"][0]["message"]
        assert answer.json["errors"][0]["field"] == "put"


def test_what_cannot_be_read_says_why(anna):
    found = brought(anna, b"\x7fELF", "report.pdf").json
    assert (found["state"], found["plan"]) == ("refused", None)
    assert "program" in found["why"]
    assert anna("POST", f"/imports/{found['id']}/saved").status_code == 409


def test_bodies_that_are_no_files(anna):
    assert anna("POST", "/imports?name=a.md", b"", **FILE).json["errors"][0]["field"] == "file"
    assert anna("POST", "/imports", b"x", **FILE).json["errors"][0]["field"] == "name"
    assert anna("POST", "/imports?name=a.md", {"a": 1}).status_code == 400
    assert anna("POST", "/imports?name=a.md", b"x", content_type="multipart/form-data").status_code == 415


def test_documents_of_others_are_not_there(anna, own_app):
    number = brought(anna, b"# Lessons\n\nWe waited.", "a.md").json["id"]
    bea = program(own_app, "bea", "curator")
    for call in (("GET", ""), ("PUT", "/plan", {}), ("POST", "/saved"), ("PUT", "/reading"), ("DELETE", "")):
        method, path, *body = call
        assert bea(method, f"/imports/{number}{path}", *body).status_code == 404
    assert anna("PUT", f"/imports/{number}/reading").status_code == 409
    assert anna("DELETE", f"/imports/{number}").status_code == 204
    assert anna("GET", f"/imports/{number}").status_code == 404
