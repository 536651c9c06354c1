"""Writing and reviewing through the API: /api/v1/drafts, /api/v1/reviews"""

from __future__ import annotations

import pytest

from kb.visibility import set_visibility
from tests.conforming import WHOLE
from tests.fixtures.programs import program
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]


@pytest.fixture
def anna(own_app):
    return program(own_app, "anna", "contributor")


@pytest.fixture
def cleo(own_app):
    return program(own_app, "cleo", "curator")


def lesson(**fields):
    return {"kind": "lesson", "content": WHOLE | fields}


def edited(base=None, **fields):
    return lesson(**fields) | ({"base": base} if base else {})


def fields_of(answer) -> list[str]:
    return [each["field"] for each in answer.json["errors"]]


def test_a_lesson_goes_from_draft_to_published(anna, cleo, own_app):
    made = anna("POST", "/drafts", lesson())
    assert (made.status_code, made.headers["Location"]) == (201, "/api/v1/drafts/L-0004"), made.text
    assert (made.json["state"], made.json["revision"], made.json["lacks"]) == ("draft", 1, [])
    assert [each["id"] for each in anna("GET", "/drafts").json["revisions"]] == ["L-0004"]
    assert anna("PUT", "/drafts/L-0004/1/submitted").json["state"] == "submitted"
    (waiting,) = cleo("GET", "/reviews").json["revisions"]
    assert (waiting["id"], waiting["revision"], waiting["own"]) == ("L-0004", 1, False)
    said = cleo("POST", "/reviews/L-0004/1/comments", {"field": "recommendation", "text": "A role, please."})
    assert (said.status_code, said.json["author"]) == (201, "Cleo")
    comment = f"/reviews/L-0004/1/comments/{said.json['id']}"
    assert anna("PUT", comment, {"settled": True}).json["settled"] is True
    back = cleo("PUT", "/reviews/L-0004/1/decision", {"decision": "request changes", "reason": "Who?"})
    assert (back.json["state"], back.json["reason"]) == ("changes requested", "Who?")
    better = anna("PUT", "/drafts/L-0004", edited(1, recommendation="The procurement lead orders."))
    assert (better.status_code, better.json["revision"]) == (200, 2), better.text
    anna("PUT", "/drafts/L-0004/2/submitted")
    found = cleo("GET", "/reviews/L-0004/2").json
    assert [each["field"] for each in found["differences"]] == ["recommendation"]
    assert found["may_decide"] is True
    done = cleo("PUT", "/reviews/L-0004/2/decision", {"decision": "publish", "verify": True})
    assert (done.json["state"], done.json["verification"]) == ("published", "verified"), done.text
    assert own_app.test_client().get("/api/v1/entries/L-0004").json["revision"] == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"content": {"title": "x"}}, "kind"),
        ({"kind": "poem", "content": {"title": "x"}}, "kind"),
        ({"kind": "lesson"}, "content"),
        ({"kind": "lesson", "content": {}}, "content.title"),
        (lesson(impact={"cost": "much"}), "content.impact.cost"),
        (lesson(causes=[{"code": "weather"}]), "content.causes.1.code"),
        (lesson(verse="x"), "content.verse"),
        ({"kind": "review", "content": {"title": "x"}, "mask_source": True}, "mask_source"),
        (lesson() | {"base": 1}, "base"),
    ],
)
def test_what_does_not_fit_is_named(anna, body, field):
    answer = anna("POST", "/drafts", body)
    assert (answer.status_code, fields_of(answer)) == (400, [field])


def test_submitting_says_what_is_missing(anna):
    anna("POST", "/drafts", {"kind": "lesson", "content": {"title": "Order cable early"}})
    answer = anna("PUT", "/drafts/L-0004/1/submitted")
    assert answer.status_code == 409
    assert {"summary", "recommendation"} <= set(fields_of(answer))


def test_who_is_overtaken_gets_both_texts_and_loses_nothing(anna):
    made = anna("POST", "/drafts", lesson())
    first = anna("PUT", "/drafts/L-0004", edited(happened="Nine weeks."), if_match=made.headers["ETag"])
    assert first.json["revision"] == 2, first.text
    mine = edited(lesson="Ask twice.")
    stale = anna("PUT", "/drafts/L-0004", mine, if_match=made.headers["ETag"])
    again = anna("PUT", "/drafts/L-0004", mine | {"base": 1})
    for answer, status in ((stale, 412), (again, 409)):
        assert answer.status_code == status, answer.text
        conflict = answer.json["conflict"]
        assert (conflict["revision"], conflict["to_decide"]) == (2, [])
        assert conflict["theirs"]["happened"] == conflict["merged"]["happened"] == "Nine weeks."
        assert conflict["yours"]["lesson"] == conflict["merged"]["lesson"] == "Ask twice."
    assert anna("PUT", "/drafts/L-0004", mine).status_code == 428
    assert anna("PUT", "/drafts/L-0004", mine, if_match='"9-x"').status_code == 412
    merged = {"kind": "lesson", "content": stale.json["conflict"]["merged"], "base": 2}
    assert anna("PUT", "/drafts/L-0004", merged).json["revision"] == 3
    assert anna("PUT", "/drafts/L-0004", merged | {"base": 3}).json["revision"] == 3, "nothing has changed"


def test_the_kind_of_an_entry_stays(anna):
    anna("POST", "/drafts", lesson())
    answer = anna("PUT", "/drafts/L-0004", {"kind": "review", "content": {"title": "x"}, "base": 1})
    assert (answer.status_code, fields_of(answer)) == (409, ["kind"])


def test_the_author_never_decides(own_app, cleo):
    cleo("POST", "/drafts", lesson())
    cleo("PUT", "/drafts/L-0004/1/submitted")
    for decision in ("publish", "reject", "request changes"):
        body = {"decision": decision, "reason": "Mine."}
        assert cleo("PUT", "/reviews/L-0004/1/decision", body).status_code == 403
    assert cleo("PUT", "/reviews/L-0004/1/reviewer", {"person": cleo.person.id}).status_code == 403
    other = program(own_app, "vic", "verifier")
    assigned = cleo("PUT", "/reviews/L-0004/1/reviewer", {"person": other.person.id})
    assert assigned.json["reviewer"] == {"id": other.person.id, "name": "Vic"}
    assert other("GET", "/reviews?assigned=me").json["revisions"][0]["id"] == "L-0004"
    assert other("PUT", "/reviews/L-0004/1/decision", {"decision": "publish"}).status_code == 200


def test_what_is_hidden_is_not_there(own_app, anna, cleo):
    anna("POST", "/drafts", lesson())
    bea = program(own_app, "bea", "verifier")
    calls = [
        ("GET", "/drafts/L-0004", None), ("GET", "/reviews/L-0004/1", None),
        ("PUT", "/drafts/L-0004", edited(1)), ("DELETE", "/drafts/L-0004/1", None),
        ("PUT", "/drafts/L-0004/1/submitted", None), ("DELETE", "/drafts/L-0004/1/submitted", None),
        ("POST", "/reviews/L-0004/1/comments", {"text": "x"}), ("GET", "/entries/L-0004/comparison", None),
        ("PUT", "/reviews/L-0004/1/decision", {"decision": "publish"}),
        ("PUT", "/reviews/L-0004/1/reviewer", {"person": None}),
    ]  # fmt: skip
    assert {bea(*call).status_code for call in calls} == {404}
    with own_app.extensions[EXTENSION].database.write() as session:
        set_visibility(session, "L-0001", "restricted", ["role:estimator"])
    assert bea("PUT", "/entries/L-0001/verified").status_code == 404
    assert bea("GET", "/drafts/L-0001").status_code == 404
    assert cleo("PUT", "/entries/L-0001/verified").status_code == 204


def test_a_token_needs_the_scope(own_app, anna):
    reading = program(own_app, "rob", "curator", scopes=("read",))
    assert reading("POST", "/drafts", lesson()).status_code == 403
    assert reading("GET", "/drafts").status_code == 200
    assert anna("GET", "/reviews").status_code == 403


def test_taking_back_and_discarding(anna):
    anna("POST", "/drafts", lesson())
    anna("PUT", "/drafts/L-0004/1/submitted")
    assert anna("DELETE", "/drafts/L-0004/1").status_code == 403, "it is submitted"
    assert anna("DELETE", "/drafts/L-0004/1/submitted").status_code == 204
    assert anna("DELETE", "/drafts/L-0004/1").status_code == 204
    assert anna("GET", "/drafts/L-0004").status_code == 404


def test_archiving_restoring_comparing(cleo):
    assert cleo("PUT", "/entries/L-0001/archived", {"reason": "Old"}).json["state"] == "archived"
    assert cleo("GET", "/entries/L-0001").status_code == 404
    assert cleo("PUT", "/entries/L-0001/published", {"revision": 1}).json["state"] == "published"
    cleo("PUT", "/drafts/L-0001", edited(1))
    found = cleo("GET", "/entries/L-0001/comparison").json
    assert (found["old"], found["new"]) == (1, 2)
    assert found["fields"][0]["field"] == "title"
    assert {"added", "removed"} <= {each["change"] for each in found["fields"][0]["pieces"]}


def test_advice_on_a_text(anna):
    text = {"title": "Communication", "lesson": "Communication is key.", "recommendation": "Talk."}
    found = anna("POST", "/advice", {"content": text}).json
    assert {each["field"] for each in found["advice"]} >= {"title"}
    assert all(each["reason"] for each in found["advice"])
    assert found["alike"] == []


def test_what_is_due(own_app, cleo):
    found = cleo("GET", "/reviews/due").json
    assert found["never_verified"] > 0
    assert {each["id"] for each in found["entries"]} <= {"T-0001", "M-0001", "H-0001", "R-0001", "P-0001"}
