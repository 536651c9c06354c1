"""How paths go, what learners say of them, and what no path teaches."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook
from sqlalchemy import select, update

from kb.assigning.cohorts import add_cohort
from kb.assigning.keeping import assign
from kb.assigning.texts import AssignmentText, CohortText
from kb.duplicates.listing import Found, replace_pairs
from kb.duplicates.model import PairDecision
from kb.errors import NotAllowed, NotFound
from kb.learning import enrolling, rating, stepping
from kb.learning.coverage import Line, coverage
from kb.learning.model import Enrolment, StepMark
from kb.learning.progress import Whom, progress
from kb.learning.rating import RatingText
from kb.model import Entry
from kb.people.clock import now
from kb.people.reader import reader_of
from kb.visibility import set_visibility
from tests.fakes_web import fill
from tests.fixtures.people import browser_of, make_user, sign_in
from tests.test_assigning import complete, deadline, today
from tests.test_learning import COURSE, QUIZ, origin_of, put
from tests.test_web_assignments import database_of, follow, headers, words
from web.cli import precedent
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
PATH = "P-0005"
EVERYBODY = Whom()


@pytest.fixture
def school(database):
    fill(database)
    put(database, QUIZ, COURSE)
    return database


@pytest.fixture
def people(school):
    """Ann did one step of the path; Bob left at the first; Cem completed it; Dan never began."""
    found = {name: origin_of(school, name) for name in ("ann", "bob", "cem", "dan")}
    found["tina"] = origin_of(school, "tina", "trainer")
    for name in ("ann", "bob"):
        enrolling.enrol(school, found[name], PATH, reader_of(found[name].person))
    stepping.do_step(school, found["ann"], PATH, "L-0001", reader_of(found["ann"].person))
    enrolling.leave(school, found["bob"], PATH)
    number = complete(school, found["cem"])
    with school.write_aside() as session:
        ago = now() - timedelta(days=4)
        for enrolment in session.scalars(select(Enrolment)):
            enrolment.enrolled_at = ago
            enrolment.completed_at = now() if enrolment.completed_at else None
        for step in ("L-0001", "M-0005", "L-0002"):
            did = {"completed_at": ago + timedelta(days=2), "passed_at": ago + timedelta(days=2)}
            session.add(StepMark(enrolment_id=number, step=step, note="", **did))
    return found


def seen(school, people, whom=EVERYBODY, who="tina"):
    person = people[who].person
    with school.read() as session:
        return progress(session, person, reader_of(person), PATH, whom)


def test_it_is_said_who_is_where_and_where_people_stop(school, people):
    found = seen(school, people)
    assert found.counts == {"active": 1, "left": 1, "completed": 1}
    assert [(each.name, each.done, each.total) for each in found.learners] == [
        ("Ann", 1, 3), ("Bob", 0, 3), ("Cem", 3, 3),
    ]  # fmt: skip
    steps = {each.step: (each.done, each.here, each.left_here) for each in found.steps}
    assert steps == {
        "L-0001": (2, 0, 1), "M-0005": (1, 1, 0), "T-0001": (0, 0, 0), "L-0002": (1, 0, 0),
        "R-0001": (0, 0, 0),
    }  # fmt: skip
    days = {each.step: each.days for each in found.steps}
    assert days["M-0005"] == pytest.approx(2, abs=0.01)
    assert days["L-0001"] == pytest.approx(3, abs=0.01)  # the median of two and four
    assert found.days == pytest.approx(4, abs=0.01)
    assert [each.step for each in found.steps if not each.counts] == ["T-0001", "R-0001"]
    assert [each.step for each in found.steps if each.has_questions] == ["M-0005"]


def test_it_can_be_of_a_cohort_or_an_assignment(school, people):
    cohort = add_cohort(school, people["tina"], CohortText(name="Autumn", people=["ann@example.org"]))
    found = seen(school, people, Whom(cohort=cohort))
    assert ([each.name for each in found.learners], found.of) == (["Ann"], "the cohort Autumn")
    said = {"people": ["cem@example.org", "dan@example.org"], "due_on": deadline()}
    number = assign(school, people["tina"], AssignmentText(path=PATH, **said), today())
    found = seen(school, people, Whom(assignment=number))
    assert [each.name for each in found.learners] == ["Cem"]
    other = assign(school, people["tina"], AssignmentText(path="P-0001", **said), today())
    for whom in (Whom(assignment=other), Whom(assignment=77), Whom(cohort=77)):
        with pytest.raises(NotFound):
            seen(school, people, whom)


def test_only_trainers_look_and_only_at_what_they_may_see(school, people):
    with pytest.raises(NotAllowed):
        seen(school, people, who="ann")
    with school.write() as session:
        set_visibility(session, "L-0001", "restricted", ["role:estimator"])
    assert seen(school, people).steps[0].title == "A step that is not open to you"
    with school.write() as session:
        set_visibility(session, PATH, "restricted", ["role:estimator"])
    with pytest.raises(NotFound):
        seen(school, people)


def test_a_path_is_rated_by_who_completed_it_once_and_without_a_name(school, people):
    reader = reader_of(people["cem"].person)
    for name in ("ann", "dan"):
        with pytest.raises(NotAllowed, match="Complete P-0005 first"):
            rating.rate(school, people[name], PATH, RatingText(stars=1), reader)
    with pytest.raises(NotFound):
        rating.rate(school, people["cem"], "P-0077", RatingText(stars=1), reader)
    rating.rate(school, people["cem"], PATH, RatingText(stars=2, words="Too long"), reader)
    rating.rate(school, people["cem"], PATH, RatingText(stars=4, words="Better now"), reader)
    found = seen(school, people)
    assert [(each.stars, each.words) for each in found.ratings] == [(4, "Better now")]
    again = complete(school, people["cem"])
    rating.rate(school, people["cem"], PATH, RatingText(stars=5), reader)
    with school.read() as session:
        assert rating.rating_of(session, again).stars == 5
        assert [each.stars for each in rating.ratings(session, PATH)] == [5]


def test_the_average_is_shown_from_three_on(school, people):
    for place, name in enumerate(("ann", "bob", "cem")):
        with school.read() as session:
            assert rating.average(session, PATH) is None
        complete(school, people[name])
        said = RatingText(stars=place + 3)
        rating.rate(school, people[name], PATH, said, reader_of(people[name].person))
    with school.read() as session:
        assert rating.average(session, PATH) == (4.0, 3)


def lesson(number, *tags, **more):
    return {"id": f"L-09{number:02d}", "kind": "lesson", "title": f"Lesson {number}", "tags": [*tags]} | more


@pytest.fixture
def themes(school, people):
    """Permits: four lessons that nobody teaches; supplier: three, one of them a step of a path."""
    put(
        school,
        *(lesson(number, "permits") for number in range(1, 5)),
        *(lesson(number, "supplier") for number in range(5, 8)),
        lesson(8, "alone"),
        {"id": "P-0090", "kind": "path", "title": "Suppliers", "competencies": ["Buying"],
         "stages": [{"title": "One", "steps": [{"entry": "L-0905"}]}]},
        {"id": "M-0090", "kind": "training", "title": "Bargaining", "competencies": ["bargaining"],
         "source_lessons": ["L-0901"]},
    )  # fmt: skip
    return school


def lines(school, people, who="tina"):
    person = people[who].person
    with school.read() as session:
        return {each.name: each for each in coverage(session, person, reader_of(person))}


def test_what_nobody_teaches_is_named_first(themes, people):
    found = lines(themes, people)
    assert next(iter(found)) == "permits"
    assert found["permits"] == Line("theme", "permits", 4, 0, 1, (), most=4)
    assert (found["permits"].is_gap, found["permits"].heat) == (True, 2)
    assert found["supplier"].paths == (("P-0090", "Suppliers"),)
    assert found["supplier"].heat == 0
    assert found["Buying"].paths == (("P-0090", "Suppliers"),)
    assert (found["bargaining"].is_gap, found["bargaining"].trainings) == (True, 1)
    assert found["transition"].paths[0] == ("P-0001", "Going live safely")
    assert "alone" not in found


@pytest.mark.parametrize(
    ("most", "heats"),
    [
        (4, {3: 2, 4: 2}),
        (12, {3: 2, 5: 2, 6: 3, 11: 3, 12: 4}),
        (1_286, {0: 1, 3: 2, 22: 2, 23: 3, 122: 3, 171: 4, 1_286: 4}),
    ],
)
def test_what_is_missed_most_stands_out_in_repositories_of_every_size(most, heats):
    lines = {weight: Line("theme", "x", weight, 0, 0, (), most=most) for weight in heats}
    assert {weight: line.heat for weight, line in lines.items()} == heats


def test_lessons_that_come_again_count_more(themes, people):
    put(themes, lesson(2, "permits", links=[{"to": "L-0901", "relation": "recurrence of"}]))
    assert lines(themes, people)["permits"].recurrences == 2
    with themes.write() as session:
        refs = ("L-0903", "L-0904")
        numbers = sorted(session.scalars(select(Entry.id).where(Entry.ref.in_(refs))))
        replace_pairs(session, [Found(*numbers, 0.9, 0.5, 0.8)])
    found = lines(themes, people)["permits"]
    assert (found.recurrences, found.heat) == (4, 3)
    with themes.write() as session:
        pair = {"first_id": numbers[0], "second_id": numbers[1], "author": "Cora", "at": now()}
        session.add(PairDecision(decision="apart", **pair))
    assert lines(themes, people)["permits"].recurrences == 2


def test_coverage_tells_nothing_of_what_is_hidden(themes, people):
    with themes.write() as session:
        set_visibility(session, "P-0090", "restricted", ["role:estimator"])
        set_visibility(session, "L-0904", "restricted", ["role:estimator"])
        set_visibility(session, "L-0907", "restricted", ["role:estimator"])
    found = lines(themes, people)
    assert found["permits"].lessons == 3
    assert "supplier" not in found
    assert "Buying" not in found
    with pytest.raises(NotAllowed):
        lines(themes, people, "ann")


@pytest.fixture
def run(school, monkeypatch, tmp_path):
    monkeypatch.setenv("PRECEDENT_HOME", str(tmp_path))
    monkeypatch.setenv("PRECEDENT_DATABASE_URL", school.engine.url.render_as_string(hide_password=False))

    def run(*said):
        done = CliRunner().invoke(precedent, ["teaching", *said], standalone_mode=False)
        if done.exception:
            raise done.exception
        return done.output

    return run


def test_the_command_line(themes, people, run, tmp_path):
    assert re.search(r"L-0001 .* 2 +0\.667", run("path", PATH))
    assert '"person": "Ann"' in run("path", PATH, "--table", "learners", "--json")
    assert "There is none." in run("path", PATH, "--table", "ratings")
    assert "permits" in run("coverage")
    assert '"heat": 2' in run("coverage", "--json")
    for name in ("out.csv", "out.xlsx"):
        assert f"rows are in {tmp_path / name}" in run("coverage", "--out", str(tmp_path / name))
    rows = list(csv.reader(io.StringIO((tmp_path / "out.csv").read_text("utf-8"))))
    assert rows[1][:2] == ["theme", "permits"]
    assert load_workbook(tmp_path / "out.xlsx").active["B2"].value == "permits"
    with pytest.raises(Exception, match="must end with"):
        run("coverage", "--out", str(tmp_path / "out.pdf"))


@pytest.fixture
def pages(own_app):
    put(own_app.extensions[EXTENSION].database, QUIZ, COURSE)
    return own_app


def test_a_learner_rates_and_a_trainer_reads(pages):
    person = make_user(pages, "cem")
    from kb.people.audit import Origin

    cem, tina = browser_of(pages, person), sign_in(pages, "tina", "trainer")
    assert "How was it?" not in cem.get(f"/learning/{PATH}").text
    assert cem.send(f"/learning/{PATH}/rating", stars="5").status_code == 403
    complete(database_of(pages), Origin(person))
    assert "How was it?" in cem.get(f"/learning/{PATH}").text
    refused = cem.send(f"/learning/{PATH}/rating", stars="", words="Kept")
    assert refused.status_code == 400
    assert "A rating must be a whole number" in words(refused)
    assert ">\nKept</textarea>" in refused.text
    assert cem.send(f"/learning/{PATH}/rating", stars="6").status_code == 400
    page = follow(cem, cem.send(f"/learning/{PATH}/rating", stars="4", words="=1+1 <b>"))
    assert "What you said is kept" in page.text
    assert "of 5 on average" not in page.text
    page = tina.get(f"/teaching/paths/{PATH}")
    assert "4.0 of 5 on average, 1 rating" in words(page)
    assert "=1+1 &lt;b&gt;" in page.text
    sheet = tina.send(f"/teaching/paths/{PATH}/export", table="ratings", format="csv")
    assert sheet.mimetype == "text/csv"
    assert list(csv.reader(io.StringIO(sheet.text)))[1][:2] == ["4", "'=1+1 <b>"]
    for name in ("ann", "bob"):
        other = make_user(pages, name)
        complete(database_of(pages), Origin(other))
        done = browser_of(pages, other).put(f"/api/v1/learning/{PATH}/rating", json={"stars": 5})
        assert done.status_code == 403  # no form of ours
        browser = browser_of(pages, other)
        browser.get("/learning")
        said = {"json": {"stars": 5}, "headers": headers(browser)}
        assert browser.put(f"/api/v1/learning/{PATH}/rating", **said).status_code == 204
    for place in (f"/learning/{PATH}", f"/entries/{PATH}"):
        assert "4.7 of 5 on average, 3 ratings" in words(sign_in(pages, place[1:4]).get(place))
    assert tina.get(f"/api/v1/teaching/paths/{PATH}").json["rating"] == pytest.approx(14 / 3)


def test_the_page_of_a_path_says_how_it_goes(pages):
    ann, tina = sign_in(pages, "ann"), sign_in(pages, "tina", "trainer")
    assert "Nobody has begun this path yet" in words(tina.get(f"/teaching/paths/{PATH}"))
    ann.send(f"/learning/{PATH}/enrol")
    ann.send(f"/learning/{PATH}/L-0001", do="done", note="")
    page = tina.get(f"/teaching/paths/{PATH}")
    assert f'href="/teaching/paths/{PATH}"' in tina.get("/teaching").text
    assert "Ann On it 1 of 3" in words(page)
    assert 'href="/teaching/questions/M-0005"' in page.text
    assert "done by 1 of 1" in page.text
    (person,) = tina.get(f"/api/v1/teaching/paths/{PATH}").json["people"]
    assert (person["name"], person["state"], person["done"]) == ("Ann", "active", 1)
    for table, cell in (("steps", "L-0001"), ("learners", "Ann")):
        book = tina.send(f"/teaching/paths/{PATH}/export", table=table, format="xlsx")
        assert load_workbook(io.BytesIO(book.data)).active["A2"].value == cell
    tina.send("/teaching/cohorts", name="Nobody")
    page = tina.get(f"/teaching/paths/{PATH}?cohort=1")
    assert "Of the cohort Nobody only." in words(page)
    assert "Nobody of them has begun this path" in words(page)
    assert tina.get(f"/teaching/paths/{PATH}?cohort=9").status_code == 404
    assert ann.get(f"/teaching/paths/{PATH}").status_code == 403


def test_the_page_of_what_is_taught(pages):
    tina = sign_in(pages, "tina", "trainer")
    page = words(tina.get("/teaching/coverage"))
    assert "transition competency" in page
    put(database_of(pages), *(lesson(number, "=permits") for number in range(1, 4)))
    assert "none: missed" in words(tina.get("/teaching/coverage"))
    (first, *_) = tina.get("/api/v1/teaching/coverage").json["lines"]
    assert (first["name"], first["kind"], first["paths"], first["heat"]) == ("=permits", "theme", [], 2)
    sheet = tina.send("/teaching/coverage/export", format="csv")
    assert list(csv.reader(io.StringIO(sheet.text)))[1][:2] == ["theme", "'=permits"]
    assert tina.send("/teaching/coverage/export", format="xlsx").status_code == 200
    assert sign_in(pages, "ann").send("/teaching/coverage/export", format="csv").status_code == 403


def test_times_are_those_of_the_last_enrolment(school, people):
    with school.write_aside() as session:
        session.execute(update(Enrolment).values(enrolled_at=now()))
    assert {each.days for each in seen(school, people).steps} <= {0.0, None}
