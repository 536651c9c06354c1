"""The pages of learning: from the path to the last step, questions, marks; what is refused, in words."""

from __future__ import annotations

import re
from html import unescape

import pytest

from kb import editing
from kb.model import Audience
from kb.people.secrets import derived
from tests.fakes_web import SECOND_LESSON
from tests.fixtures.people import sign_in
from tests.test_learning import COURSE, QUIZ, put
from web.forms import TOKEN_HEADER
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]


@pytest.fixture
def school(own_app):
    put(own_app.extensions[EXTENSION].database, QUIZ, COURSE)
    return own_app


def database_of(app):
    return app.extensions[EXTENSION].database


def words(answer) -> str:
    return unescape(re.sub(r"(<[^>]+>|\s)+", " ", answer.text)).strip()


def follow(browser, answer):
    assert answer.status_code == 303, answer.text
    return browser.get(answer.headers["Location"])


def test_a_visitor_is_sent_to_sign_in_and_comes_back(school):
    answer = school.test_client().get("/learning/P-0005")
    assert answer.headers["Location"].startswith("/sign-in?next=%2Flearning%2FP-0005")
    page = school.test_client().get("/entries/P-0005").text
    assert 'href="/learning/P-0005"' in page


def test_a_learner_is_led_from_step_to_step_to_the_end(school):
    anna, tom = sign_in(school, "anna"), sign_in(school, "tom", "trainer")
    assert "Paths you can take" in anna.get("/learning").text
    page = follow(anna, anna.send("/learning/P-0005/enrol"))
    assert "You take this path now" in page.text
    assert "0 of 3 required steps done" in page.text
    assert "Begin: Rehearse the cut-over" in words(page)
    step = anna.get("/learning/P-0005/L-0001")
    assert "Step 1 of 5" in step.text
    assert 'class="jobs"' not in step.text  # nothing beside it
    page = follow(anna, anna.send("/learning/P-0005/L-0001", do="done", note="Ask <Bea>."))
    assert "Roll-back" in page.text
    assert "Check yourself" not in page.text  # the answers do not stand beside the questions
    assert "Ask &lt;Bea&gt;." in anna.get("/learning/P-0005/L-0001").text

    page = follow(anna, anna.send("/learning/P-0005/M-0005", do="done", note=""))
    assert "in an order of their own" in page.text
    page = follow(anna, anna.send("/learning/P-0005/M-0005/questions"))
    action = re.search(r'action="(/learning/P-0005/M-0005/questions/\d+)"', page.text)[1]
    answers = {"q0": "1", "q1": ["0", "2"], "q2-0": "2", "q2-1": "1", "q3": "Back out", "q4": "  "}
    refused = anna.send(action, **answers)
    assert refused.status_code == 400
    assert "is not answered yet; write a few words" in refused.text
    assert 'value="Back out"' in refused.text or ">\nBack out</textarea>" in refused.text
    assert re.search(r'name="q1" value="2" checked', refused.text)
    page = follow(anna, anna.send(action, **answers | {"q4": "Back at 20:30."}))
    assert "1 answer waits for a trainer" in words(page)
    assert "That, as L-0001 says." in page.text
    again = anna.send(action, **answers | {"q4": "Changed my mind."})
    assert (again.status_code, "handed in before, and stand" in again.text) == (409, True)

    queue = tom.get("/teaching")
    number = re.search(r"/teaching/marking/(\d+)", queue.text)[1]
    assert "Back at 20:30." in tom.get(f"/teaching/marking/{number}").text
    refused = tom.send(f"/teaching/marking/{number}", **{"points-4": "lots", "remark-4": "Who decides?"})
    assert (refused.status_code, "Who decides?" in refused.text) == (400, True)
    page = follow(
        tom, tom.send(f"/teaching/marking/{number}", **{"points-4": "80", "remark-4": "Who decides?"})
    )
    assert "96 %, passed" in page.text
    refused = tom.send(f"/teaching/marking/{number}", **{"points-4": "10"})
    assert (refused.status_code, "the marks stand" in refused.text) == (409, True)

    page = anna.get("/learning/P-0005/M-0005/questions")
    assert "Passed with 96 %." in page.text
    assert "Who decides?" in page.text
    page = follow(anna, anna.send("/learning/P-0005/L-0002", do="done", note=""))
    assert "You have completed this path." in page.text
    assert "It is valid until" in page.text
    assert "You completed" in anna.get("/learning").text
    results = tom.get("/teaching/questions/M-0005")
    assert "80 % of the points on average, 1 answer." in results.text


def test_leaving_is_asked_first_and_can_be_undone(school):
    anna = sign_in(school, "anna")
    anna.send("/learning/P-0005/enrol")
    anna.send("/learning/P-0005/L-0001", do="done", note="Kept.")
    assert "What you did and noted is kept" in anna.get("/learning/P-0005").text
    page = follow(anna, anna.send("/learning/P-0005/leave"))
    assert "Come back to this path" in page.text
    assert "You left" in anna.get("/learning").text
    assert anna.send("/learning/P-0005/L-0001", do="undone").status_code == 403
    page = follow(anna, anna.send("/learning/P-0005/enrol"))
    assert "1 of 3 required steps done" in page.text
    page = follow(anna, anna.send("/learning/P-0005/L-0001", do="undone", note="Kept."))
    assert "0 of 3 required steps done" in page.text


def test_what_cannot_be_begun_says_why_beside_the_path(school):
    anna = sign_in(school, "anna")
    put(database_of(school), COURSE | {"id": "P-0007", "stages": []},
        COURSE | {"id": "P-0008", "prerequisites": ["P-0005"]})  # fmt: skip
    empty = anna.send("/learning/P-0007/enrol")
    assert (empty.status_code, "has no steps to take yet. Ask Training lead" in empty.text) == (409, True)
    first = anna.send("/learning/P-0008/enrol")
    assert (first.status_code, "Before P-0008 comes: Going back (P-0005)" in first.text) == (409, True)
    assert "Take this path" not in anna.get("/learning/P-0008").text
    assert anna.get("/learning/L-0001").status_code == 404
    assert anna.get("/learning/nonsense").status_code == 404


def test_what_is_locked_or_hidden_is_said_and_not_shown(school):
    anna = sign_in(school, "anna")
    anna.send("/learning/P-0005/enrol")
    locked = anna.get("/learning/P-0005/M-0005")
    assert "This step comes later" in locked.text
    assert anna.send("/learning/P-0005/M-0005", do="done").status_code == 403
    assert anna.send("/learning/P-0005/M-0005/questions").status_code == 403
    with database_of(school).write() as session:
        entry = editing.find_entry(session, "L-0001")
        entry.visibility, entry.readers = "restricted", [Audience(principal="role:curator")]
    page = anna.get("/learning/P-0005")
    assert "Rehearse" not in page.text
    assert "1 required step is not open to you" in words(page)
    hidden = anna.get("/learning/P-0005/L-0001")
    assert "Rehearse" not in hidden.text
    assert "This step is not open to you" in hidden.text
    assert anna.get("/learning/P-0005/M-0005").status_code == 200


def test_a_newer_revision_and_an_archived_path_are_said(school):
    anna = sign_in(school, "anna")
    anna.send("/learning/P-0005/enrol")
    put(database_of(school), COURSE | {"goal": "Another **goal**."})
    assert "Revision 2 of this path is out" in anna.get("/learning/P-0005").text
    page = follow(anna, anna.send("/learning/P-0005/move"))
    assert "You follow the newest revision now" in page.text
    with database_of(school).write() as session:
        editing.archive(session, "P-0005", reviewer="bea")
    page = anna.get("/learning/P-0005")
    assert "You can finish what you began" in page.text
    assert anna.send("/learning/P-0005/L-0001", do="done", note="").status_code == 303
    bea = sign_in(school, "bea")
    assert bea.get("/learning/P-0005").status_code == 404
    with database_of(school).write() as session:
        entry = editing.find_entry(session, "P-0005")
        entry.visibility, entry.readers = "restricted", [Audience(principal="role:curator")]
    assert "A path that is no longer open to you" in anna.get("/learning").text
    page = follow(anna, anna.send("/learning/P-0005/leave"))
    assert page.status_code == 404


def test_a_program_learns_by_the_api(school):
    anna = sign_in(school, "anna")
    token = {TOKEN_HEADER: derived(anna.secret, "form")}
    made = anna.post("/api/v1/learning/P-0005", headers=token)
    assert (made.status_code, made.headers["Location"]) == (201, "/api/v1/learning/P-0005")
    changed = anna.put(
        "/api/v1/learning/P-0005/steps/L-0001", json={"done": True, "note": "Two\nlines"}, headers=token
    )
    assert changed.json["stages"][0]["steps"][0]["own_note"] == "Two\nlines"
    begun = anna.post("/api/v1/learning/P-0005/steps/M-0005/attempts", headers=token)
    assert {each["feedback"] for each in begun.json["questions"]} == {""}
    bad = anna.put(
        f"/api/v1/learning/P-0005/attempts/{begun.json['id']}", json={"answers": []}, headers=token
    )
    assert (bad.status_code, len(bad.json["errors"])) == (409, 5)
    chosen = [{"question": at, "chosen": each} for at, each in enumerate(([0], [0, 2], [1, 0]))]
    given = [*chosen, {"question": 3, "text": "no"}, {"question": 4, "text": "Go"}]
    done = anna.put(
        f"/api/v1/learning/P-0005/attempts/{begun.json['id']}", json={"answers": given}, headers=token
    )
    assert done.json["state"] == "handed in"
    assert {each["question"]: each["points"] for each in done.json["questions"]} == {
        0: 0, 1: 100, 2: 100, 3: 0, 4: None
    }  # fmt: skip
    assert anna.get("/api/v1/learning").json["courses"][0]["next"] == "M-0005"
    assert anna.get("/api/v1/teaching/attempts").status_code == 403


def test_what_changed_after_it_was_read_is_offered_as_a_difference(school):
    anna, tom = sign_in(school, "anna"), sign_in(school, "tom", "trainer")
    anna.send("/learning/P-0005/enrol")
    anna.send("/learning/P-0005/L-0002", do="done", note="")
    database = database_of(school)
    assert "Changed since you read it" not in anna.get("/learning/P-0005").text
    put(database, SECOND_LESSON | {"title": "Freeze changes early", "recommendation": "Agree it in March."})
    page = anna.get("/learning/P-0005")
    assert "Changed since you read it" in page.text
    link = unescape(re.search(r'href="(/entries/L-0002/compare[^"]+)"', page.text)[1])
    assert "March" in words(anna.get(link))
    assert "Steps to look at" in tom.get("/teaching").text  # P-0001 names an entry that is not there

    steps = [{"entry": "L-0002", "revision": 2}, {"entry": "T-0001"}, {"entry": "L-0001", "revision": 1}]
    put(
        database,
        COURSE | {"stages": [{"title": "All", "steps": steps}]},
        {
            "id": "T-0009",
            "kind": "template",
            "title": "New",
            "links": [{"to": "T-0001", "relation": "supersedes"}],
        },
    )
    with database.write() as session:
        editing.archive(session, "L-0001", reviewer="bea")
    page = tom.get("/teaching")
    assert "Pinned at revision 2; revision 3 stands" in words(page)
    assert "/entries/L-0002/compare?old=2&amp;new=3" in page.text
    assert "Replaced by T-0009" in words(page)
    assert "L-0001 in Going back P-0005 Not published, or not open to you" in words(page)
