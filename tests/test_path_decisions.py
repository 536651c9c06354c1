"""What trainers decide about changed steps, and what a path may lack: by page, API and command line."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest
from click.testing import CliRunner

from kb.desk import reviewing, writing
from kb.desk.lines import start_of_edit
from kb.errors import InvalidRecord, NotAllowed, NotFound
from kb.learning import enrolling, keeping
from kb.learning.deciding import Decision, StepChanged, decide
from kb.learning.uncovered import uncovered
from kb.people.audit import AuditFilter, find
from kb.people.reader import reader_of
from kb.reading import ANONYMOUS
from tests.fakes_web import SECOND_LESSON
from tests.fixtures.people import browser_of, make_user, sign_in
from tests.test_learning import course_of, do, origin_of, put
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
PINNED = {
    "id": "P-0031", "kind": "path", "title": "Pinned", "summary": "In short.", "audience": "Managers",
    "goal": "Cut-over",
    "stages": [{"title": "All", "steps": [
        {"entry": "L-0001", "revision": 1, "note": "Look."}, {"entry": "L-0002", "revision": 1},
        {"entry": "L-0009"}]}],
}  # fmt: skip
CHANGED = SECOND_LESSON | {"title": "Freeze all changes", "note": "Wider"}


@pytest.fixture
def school(database):
    from tests.fakes_web import fill

    fill(database)
    put(database, PINNED)
    return database


def worn(database, by):
    with database.read() as session:
        found = keeping.worn_steps(session, by.person, reader_of(by.person))
    return {each.step: each for each in found if each.path == "P-0031"}


def publish(database, author, number):
    """The draft of the path goes through review."""
    writing.submit(database, author, "P-0031", number)
    reviewing.publish(database, origin_of(database, f"cleo{number}", "curator"), "P-0031", number)


def test_a_newer_revision_is_adopted_in_a_draft_that_is_reviewed(school):
    tom, anna = origin_of(school, "tom", "trainer"), origin_of(school, "anna")
    assert set(worn(school, tom)) == {"L-0002", "L-0009"}
    done = decide(school, tom, "P-0031", "L-0002", Decision(decision="adopt", current=2))
    assert (done.draft, worn(school, tom)["L-0002"].draft) == (2, 2)
    with school.read() as session:
        lines = find(session, AuditFilter(action="adopt step"), 0, 9)[1]
        assert lines[0].detail == {"step": "L-0002", "draft": 2, "entry": "L-0002", "revision": 2}
    again = decide(school, tom, "P-0031", "L-0009", Decision(decision="replace", by="T-0001"))
    assert again.draft == 3
    with school.read() as session:
        note = start_of_edit(session, tom.person, "P-0031").revision.note
    assert note == "Adopts revision 2 of L-0002. Replaces L-0009 by T-0001"
    with pytest.raises(NotAllowed):
        decide(school, anna, "P-0031", "L-0002", Decision(decision="adopt"))
    publish(school, tom, 3)
    assert worn(school, tom) == {}


def test_who_completed_a_path_is_offered_the_difference_after_an_adopt(school):
    put(school, PINNED | {"stages": [{"title": "All", "steps": PINNED["stages"][0]["steps"][:2]}]})
    tom, anna = origin_of(school, "tom", "trainer"), origin_of(school, "anna")
    enrolling.enrol(school, anna, "P-0031", reader_of(anna.person))
    do(school, anna, "L-0001", "P-0031")
    assert do(school, anna, "L-0002", "P-0031")
    done = decide(school, tom, "P-0031", "L-0002", Decision(decision="adopt"))
    assert [place.changed_since for place in course_of(school, anna, "P-0031").walk.places] == [None, None]
    publish(school, tom, done.draft)
    course = course_of(school, anna, "P-0031")
    assert (course.state, course.walk.percent) == ("completed", 100)
    assert [(place.changed_since, place.changed_to) for place in course.walk.places] == [(None, 1), (1, 2)]


def test_a_step_that_is_kept_is_asked_about_again_once_it_changes(school):
    tom = origin_of(school, "tom", "trainer")
    decide(school, tom, "P-0031", "L-0002", Decision(decision="keep", current=2))
    decide(school, tom, "P-0031", "L-0009", Decision(decision="keep"))
    assert worn(school, tom) == {}
    decide(school, tom, "P-0031", "L-0002", Decision(decision="keep"))  # twice is once
    put(school, CHANGED)
    assert worn(school, tom)["L-0002"].current == 3
    with school.read() as session:
        assert find(session, AuditFilter(action="keep step"), 0, 9)[0] == 3


def test_a_superseded_step_is_replaced_by_what_supersedes_it(school):
    tom = origin_of(school, "tom", "trainer")
    put(school, SECOND_LESSON | {"id": "L-0012", "title": "Freeze everything",
                                 "links": [{"to": "L-0002", "relation": "supersedes"}]})  # fmt: skip
    assert worn(school, tom)["L-0002"].by == "L-0012"
    decide(school, tom, "P-0031", "L-0002", Decision(decision="replace"))
    with school.read() as session:
        stages = start_of_edit(session, tom.person, "P-0031").revision.content["stages"]
    assert stages[0]["steps"][1] == {"entry": "L-0012", "revision": 1}
    assert stages[0]["steps"][0]["note"] == "Look."


def test_decisions_that_cannot_be_say_why_and_change_nothing(school):
    tom = origin_of(school, "tom", "trainer")
    put(school, {"id": "L-0044", "kind": "lesson", "title": "A secret", "visibility": "restricted",
                 "readers": ["role:estimator"]})  # fmt: skip
    for said, kind, words in [
        ({"decision": "adopt", "current": 9}, StepChanged, "revision 2 stands now"),
        ({"decision": "replace"}, InvalidRecord, "is needed"),
        ({"decision": "replace", "by": "L-0044"}, InvalidRecord, "names no published entry that you may see"),
        ({"decision": "replace", "by": "L-0998"}, InvalidRecord, "names no published entry that you may see"),
        ({"decision": "replace", "by": "L-0001"}, InvalidRecord, "a step of P-0031 already"),
    ]:
        with pytest.raises(kind, match=words):
            decide(school, tom, "P-0031", "L-0002", Decision.model_validate(said))
    with pytest.raises(NotAllowed, match="no newer revision"):
        decide(school, tom, "P-0031", "L-0009", Decision(decision="adopt"))
    for path, step in (("P-0031", "L-0001"), ("P-0031", "T-0001"), ("P-0999", "L-0001")):
        with pytest.raises(NotFound, match="Nothing is to be decided"):
            decide(school, tom, path, step, Decision(decision="keep"))
    assert set(worn(school, tom)) == {"L-0002", "L-0009"}


def test_lessons_that_recur_on_no_path_are_named_as_far_as_they_are_seen(school):
    again = {"kind": "lesson", "links": [{"to": "L-0061", "relation": "recurrence of"}]}
    put(school, {"id": "L-0061", "kind": "lesson", "title": "Order cable early"},
        again | {"id": "L-0062", "title": "Cable again"},
        again | {"id": "L-0063", "title": "Cable, hidden", "visibility": "restricted",
                 "readers": ["role:estimator"]})  # fmt: skip
    est = reader_of(origin_of(school, "eve", "estimator").person)
    with school.read() as session:
        assert [(each.ref, each.times) for each in uncovered(session, ANONYMOUS)] == [("L-0061", 2)]
        assert [(each.ref, each.times) for each in uncovered(session, est)] == [("L-0061", 3)]
        assert uncovered(session, est, {"L-0061"}) == []
    put(school, PINNED | {"id": "P-0032", "stages": [{"title": "A", "steps": [{"entry": "L-0062"}]}]})
    with school.read() as session:
        assert uncovered(session, ANONYMOUS) == []


# By page, API and command line.


@pytest.fixture
def app(own_app):
    put(own_app.extensions[EXTENSION].database, PINNED)
    return own_app


def words(answer) -> str:
    return unescape(re.sub(r"(<[^>]+>|\s)+", " ", answer.text)).strip()


def test_trainers_decide_on_the_page(app):
    tina = sign_in(app, "tina", "trainer")
    page = words(tina.get("/teaching"))
    assert "Pinned at revision 1; revision 2 stands." in page
    place = "/teaching/paths/P-0031/steps/L-0002"
    refused = tina.send(place, do="replace", current="2", by="l-0998")
    assert (refused.status_code, 'value="L-0998"' in refused.text) == (400, True)
    assert "What takes its place names no published entry that you may see" in words(refused)
    stale = tina.send(place, do="adopt", current="1")
    assert (stale.status_code, "revision 2 stands now" in stale.text) == (409, True)
    assert tina.send(place, do="explode", current="2").status_code == 400
    assert 'value="CRANE"' in tina.send(place, do="replace", current="2", by="crane").text
    gone = tina.send("/teaching/paths/P-0031/steps/L-0009", do="adopt", current="")
    assert (gone.status_code, "no newer revision" in gone.text) == (409, True)
    done = tina.send(place, do="adopt", current="2")
    assert done.headers["Location"] == "/teaching?done=adopt#worn"
    page = words(tina.get("/teaching?done=adopt"))
    assert "The newer revision is adopted" in page
    assert "Settled in your draft, revision 2" in page
    assert sign_in(app, "anna").send(place, do="keep").status_code == 403


def test_programs_list_decide_and_ask_for_suggestions(app):
    tina = browser_of(app, make_user(app, "tina", "trainer"))
    listed = tina.get("/api/v1/teaching/steps").json["steps"]
    assert {"L-0002", "L-0009"} <= {each["step"] for each in listed}
    found = tina.get("/api/v1/teaching/paths/P-0031/suggestions")
    assert found.status_code == 200
    refs = [each["ref"] for each in found.json["material"]]
    assert refs
    assert not {"L-0001", "L-0002", "P-0031", "P-0001"} & set(refs)
    assert tina.get("/api/v1/teaching/paths/L-0001/suggestions").status_code == 404
    assert sign_in(app, "anna").get("/api/v1/teaching/paths/P-0031/suggestions").status_code == 403


def test_the_builder_suggests_what_fits_the_goal_and_is_not_in_it(app):
    tina = sign_in(app, "tina", "trainer")
    typed = {"f.title": "Going live", "f.goal": "cut-over",
             "f.stages.1.title": "A", "f.stages.1.steps.1.entry": "L-0001"}  # fmt: skip
    answer = tina.send("/entries/new/path", do="suggest", **typed)
    assert "Fits the goal, and is not in this path" in words(answer)
    offered = re.findall(r'value="put:([^"]+)"', answer.text)
    assert offered
    assert "L-0001" not in offered
    assert not any(ref.startswith("P-") for ref in offered)
    after = tina.send("/entries/new/path", do=f"put:{offered[0]}", shows="suggested", **typed)
    assert offered[0] not in re.findall(r'value="put:([^"]+)"', after.text)
    typed.pop("f.goal")
    assert "Say the goal or the competencies first" in tina.send(
        "/entries/new/path", do="suggest", **typed).text  # fmt: skip


def test_the_command_line_lists_decides_and_suggests(school, monkeypatch, tmp_path):
    from web.cli import precedent

    monkeypatch.setenv("PRECEDENT_DATABASE_URL", school.url.render_as_string(hide_password=False))
    monkeypatch.setenv("PRECEDENT_HOME", str(tmp_path))

    def run(*said):
        return CliRunner().invoke(precedent, ["path", *said], catch_exceptions=True)

    origin_of(school, "tom", "trainer")
    assert "pinned at 1, 2 stands" in run("steps").output
    assert {each["step"] for each in json.loads(run("steps", "--json").output)["steps"]} >= {"L-0002"}
    assert "stays in P-0031 as it is" in run("decide", "p-0031", "l-0009", "keep").output
    done = run("decide", "P-0031", "L-0002", "adopt", "--as", "tom@example.org")
    assert "Revision 2 of P-0031, a draft, says so" in done.output
    refused = run("decide", "P-0031", "L-0001", "keep")
    assert "Nothing is to be decided" in str(refused.exception)
