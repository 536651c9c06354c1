"""Who writes anonymously is known to curators alone, whatever they do beside it, and sources stay masked."""

from __future__ import annotations

import io
import json
import re
from html import unescape

import pytest

from kb import editing
from kb.people import accounts
from kb.people.roles import OPERATOR
from kb.people.texts import Profile
from kb.people.tokens import TokenText, issue_token
from kb.records import apply_record, parse_record
from tests.fakes_web import LESSON
from tests.fixtures.people import browser_of, make_user, sign_in
from tests.fixtures.web import application
from tests.test_desk_web import FULL
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]


def database_of(app):
    return app.extensions[EXTENSION].database


def text(answer) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", answer.text))


@pytest.fixture
def anna(own_app):
    return make_user(own_app, "anna", "verifier")


def named(browser, **changes):
    """Anna's first draft names her; the one that is sent does not. Returns the address of the review."""
    browser.send("/entries/new/lesson", **{"f.title": "Order cable early"})
    sent = FULL | {"base": "1", "do": "submit", "anonymous": "yes"} | changes
    return browser.send("/entries/L-0004/edit", **sent).headers["Location"].partition("?")[0]


def exported(browser, form: str) -> str:
    answer = browser.send("/audit/export", format=form)
    data = answer.data
    answer.close()
    return data.decode("utf-8", "replace")


def test_the_log_names_no_anonymous_author_by_what_else_they_did(own_app, anna):
    browser = browser_of(own_app, anna)
    named(browser)
    file = (io.BytesIO(b"Order it early."), "minutes.txt")
    assert browser.send("/entries/L-0004/files", file=file).status_code == 303
    auditor, admin = sign_in(own_app, "amy", "auditor"), sign_in(own_app, "ada", "admin")
    for address in ("/audit?object=L-0004", "/api/v1/audit?object=L-0004"):
        page = auditor.get(address).text
        assert "attach file" in page.lower()
        assert "A contributor" in page
        assert "Anna" not in page
        assert "Anna" in admin.get(address).text
    lines = auditor.get("/api/v1/audit?object=L-0004").json["lines"]
    assert [line["person_id"] for line in lines] == [None] * 4
    for person, count in (("anna", 0), (f"%23{anna.id}", 0), ("contributor", 4), ("amy", 0)):
        found = auditor.get(f"/api/v1/audit?object=L-0004&person={person}").json
        assert (found["total"], len(found["lines"])) == (count, count), person
    assert admin.get("/api/v1/audit?object=L-0004&person=anna").json["total"] == 2
    lines = [json.loads(line) for line in exported(auditor, "jsonl").splitlines()]
    assert {line["person"] for line in lines if line["object"] == "L-0004"} == {"A contributor"}
    assert {line["address"] for line in lines if line["object"] == "L-0004"} == {""}
    assert "Anna" not in exported(auditor, "csv")
    assert "Anna" in exported(admin, "csv")


def test_the_log_names_whoever_acts_on_what_others_wrote(own_app, anna):
    named(browser_of(own_app, anna))
    sign_in(own_app, "vic", "verifier").send("/review/L-0004/2/decide", do="publish")
    lines = sign_in(own_app, "amy", "auditor").get("/api/v1/audit?object=L-0004").json["lines"]
    assert [(line["action"], line["person"]) for line in lines] == [
        ("publish entry", "Vic"), ("submit entry", "A contributor"), ("edit entry", "A contributor"),
        ("write entry", "A contributor"),
    ]  # fmt: skip


def test_another_name_since_tells_nobody_who_comments(own_app, anna):
    browser, vic = browser_of(own_app, anna), sign_in(own_app, "vic", "verifier")
    address = named(browser)
    vic.send(f"{address}/comments", text="Why so early?")
    with database_of(own_app).write_aside() as session:
        accounts.update_profile(session, OPERATOR, anna.id or 0, Profile(name="Annabel"))
    browser.send(f"{address}/comments", text="Because it is late.")
    assert "A contributor commented on it. Because it is late." in " ".join(text(vic.get("/notices")).split())
    assert "Annabel" not in text(vic.get("/notices"))
    said = vic.get(address).text.partition('<li id="comment-2">')[2].partition("</li>")[0]
    assert "Because it is late." in said
    assert "A contributor" in said
    assert "Annabel" not in said


def test_a_comment_on_what_a_curator_made_of_it_names_the_author_neither(own_app, anna):
    browser, cleo = browser_of(own_app, anna), sign_in(own_app, "cleo", "curator")
    named(browser)
    cleo.send("/entries/L-0004/edit", base="2", do="submit", **FULL | {"f.title": "Order cables early"})
    assert browser.send("/review/L-0004/3/comments", text="As I said.").status_code == 303
    page = text(sign_in(own_app, "vic", "verifier").get("/review/L-0004/3"))
    assert "As I said." in page
    assert "Anna" not in page.partition("As I said.")[2].partition("Settle")[0]


def test_nobody_finds_the_author_by_trying_whom_to_give_the_review(own_app, anna):
    """Verifiers are not told; curators, who know, are."""
    bea = make_user(own_app, "bea", "verifier")
    named(browser_of(own_app, anna))
    vic, cleo = sign_in(own_app, "vic", "verifier"), sign_in(own_app, "cleo", "curator")
    answers = [vic.send("/review/L-0004/2/assign", to=str(each.id)) for each in (anna, bea)]
    assert [(each.status_code, each.headers["Location"]) for each in answers] == [
        (303, "/review/L-0004/2?done=assigned")
    ] * 2
    assert cleo.send("/review/L-0004/2/assign", to=str(anna.id)).status_code == 403
    assert browser_of(own_app, anna).send("/review/L-0004/2/decide", do="publish").status_code == 403


def test_who_edits_their_own_anonymous_lesson_stays_anonymous_unless_they_say_otherwise(own_app, anna):
    browser, ticked = browser_of(own_app, anna), 'name="anonymous" value="yes" checked'
    named(browser)
    sign_in(own_app, "vic", "verifier").send("/review/L-0004/2/decide", do="publish")
    assert ticked in browser.get("/entries/L-0004/edit").text
    assert ticked not in sign_in(own_app, "bea").get("/entries/L-0004/edit").text


def test_a_program_that_says_nothing_of_it_leaves_its_owner_anonymous(own_app, anna):
    named(browser_of(own_app, anna))
    with database_of(own_app).write_aside() as session:
        _, key = issue_token(session, anna, TokenText(name="script", scopes=["read", "write"]))
    sent, client = {"Authorization": f"Bearer {key}"}, own_app.test_client()
    for said, expected in (
        ({}, True),
        ({"anonymous": False}, False),
        ({}, False),
        ({"anonymous": True}, True),
    ):
        draft = client.get("/api/v1/drafts/L-0004", headers=sent)
        content = draft.json["content"] | {"context": f"Revision {draft.json['revision']}."}
        body = {"kind": "lesson", "content": content} | said
        answer = client.put(
            "/api/v1/drafts/L-0004", json=body, headers=sent | {"If-Match": draft.headers["ETag"]}
        )
        assert (answer.status_code, answer.json["anonymous"]) == (200, expected)


def mask(app, more: int = 6) -> None:
    """The first lesson keeps its project to itself, and there are so many more projects like that."""
    with database_of(app).write() as session:
        apply_record(session, parse_record(LESSON | {"mask_source": True, "revision": 2, "context": "New."}))
        standing = editing.published_revision(session, editing.find_entry(session, "H-0001"))
        like = {name: standing.content[name] for name in ("type", "sector") if name in standing.content}
        for number in range(10, 10 + more):
            one = {"kind": "project", "id": f"H-00{number}", "title": "Like it"} | like
            apply_record(session, parse_record(one))


def source_of(app, number: int) -> str | None:
    with database_of(app).read() as session:
        entry = editing.find_entry(session, "L-0001")
        return next(each for each in entry.revisions if each.number == number).content.get("source")


def test_an_edit_keeps_what_was_withheld_where_more_projects_are_needed_than_usual(own_home):
    with application(own_home, mask_below=50) as app:
        mask(app)
        browser = sign_in(app, "anna")
        assert "H-0001" not in browser.get("/entries/L-0001/edit").text
        assert browser.send("/entries/L-0001/edit", base="2", **FULL).status_code == 303
        assert source_of(app, 3) == "H-0001"


def test_so_does_an_edit_by_a_program(own_home):
    with application(own_home, mask_below=50) as app:
        mask(app)
        anna, client = make_user(app, "anna"), app.test_client()
        with database_of(app).write_aside() as session:
            _, key = issue_token(session, anna, TokenText(name="script", scopes=["read", "write"]))
        sent = {"Authorization": f"Bearer {key}"}
        draft = client.get("/api/v1/drafts/L-0001", headers=sent)
        assert draft.json["content"]["source"] is None
        body = {"kind": "lesson", "content": draft.json["content"] | {"context": "Newer."}}
        sent["If-Match"] = draft.headers["ETag"]
        answer = client.put("/api/v1/drafts/L-0001", json=body, headers=sent)
        assert answer.status_code == 200, answer.text
        assert source_of(app, 3) == "H-0001"
        assert "H-0001" not in answer.text
        assert answer.json["source_withheld"]


def test_an_edit_of_ones_own_does_not_tell_what_was_withheld(own_app):
    """Anybody may edit a lesson, and is shown what they wrote of it: not what the edit kept."""
    mask(own_app, 2)
    browser = sign_in(own_app, "anna")
    assert browser.send("/entries/L-0001/edit", base="2", do="submit", **FULL).status_code == 303
    for address in ("/entries/L-0001/edit", "/review/L-0001/3", "/entries/L-0001/compare", "/drafts"):
        page = browser.get(address)
        assert page.status_code == 200, address
        assert "H-0001" not in page.text, address
    sent = FULL | {"f.title": "Again", "base": "3"}
    assert browser.send("/entries/L-0001/edit", **sent).status_code == 303
    assert source_of(own_app, 4) == "H-0001"
    assert "H-0001" not in browser.get("/entries/L-0001/edit").text


def test_who_masks_a_lesson_is_told_which_texts_name_its_project_all_the_same(own_app):
    with database_of(own_app).write() as session:
        said = LESSON | {"context": "As in [[H-0001|the bank]].", "revision": 2}
        apply_record(session, parse_record(said))
    cleo = sign_in(own_app, "cleo", "curator")
    warned = "What texts say is not withheld."
    assert warned not in text(cleo.get("/entries/L-0001/visibility"))
    page = text(cleo.send("/entries/L-0001/visibility", visibility="public", mask_source="yes"))
    assert warned in page
    assert "The words of L-0001 link this lesson" in " ".join(page.split())
    assert cleo.get("/api/v1/entries/L-0001/visibility").json["told_in_texts"] == ["L-0001"]


@pytest.mark.parametrize("guess", ["H-0001", "H-0010", "R-0001", "H-0099"])
def test_nobody_finds_the_source_by_trying(own_app, guess):
    """Whether a project is the right one or not, the answer is the same."""
    mask(own_app, 2)
    browser = sign_in(own_app, "anna")
    answers = [
        browser.send("/entries/L-0001/edit", base="2", **FULL | {"f.source": guess}),
        browser.send("/entries/L-0001/edit", base="2", **FULL | {"f.links.1.to": guess}),
    ]
    for answer in answers:
        assert answer.status_code == 400
        assert "only a curator can change what says it" in text(answer)
    review = {"f.title": "Closure", "f.lessons": "L-0001", "f.project": "H-0001"}
    answer = browser.send("/entries/R-0001/edit", base="1", **review)
    assert answer.status_code == 400
    assert "L-0001 keeps to itself which project it comes from" in text(answer)


def test_an_author_may_take_the_source_out_of_their_own_draft(own_app, anna):
    browser = browser_of(own_app, anna)
    sent = FULL | {"f.source": "H-0001", "mask_source": "yes"}
    assert browser.send("/entries/new/lesson", **sent).status_code == 303
    assert "H-0001" in browser.get("/entries/L-0004/edit").text
    assert browser.send("/entries/L-0004/edit", base="1", **FULL | {"f.title": "Again"}).status_code == 303
    with database_of(own_app).read() as session:
        revisions = editing.find_entry(session, "L-0004").revisions
        assert {each.number: each.content.get("source") for each in revisions} == {1: "H-0001", 2: None}
