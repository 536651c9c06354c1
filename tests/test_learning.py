"""Paths as people take them: enrolling, steps by their rules, questions, marking."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from kb import editing
from kb.errors import InvalidRecord, NotAllowed, NotFound
from kb.kinds import Path, Question, Stage, Training
from kb.learning import assessing, courses, enrolling, marking, stepping
from kb.learning.assessing import HandedIn
from kb.learning.courses import Hidden
from kb.learning.model import Attempt, Enrolment
from kb.learning.questions import asked, checked, points, score
from kb.learning.walking import Mark, Material, is_done, walk
from kb.model import Audience, Entry
from kb.notices.reading import list_notices
from kb.people import accounts
from kb.people.audit import AuditFilter, Origin, find
from kb.people.reader import reader_of
from kb.people.roles import OPERATOR, Person
from kb.prerequisites import find_cycle
from kb.records import apply_record, parse_record
from kb.steps import EntryStep
from tests.fakes_web import fill

NOW = datetime(2026, 3, 1, tzinfo=UTC)
RULES = ("Completed", "Passed", "CompletedAndPassed", "CompletedOrPassed", "NotApplicable")
QUIZ = {
    "id": "M-0005", "kind": "training", "title": "Roll-back", "type": "quiz", "pass_mark": 50, "minutes": 20,
    "assessment": [
        {"text": "Which?", "options": ["This", "That"], "answers": [1], "feedback": "That, as L-0001 says."},
        {"text": "Which ones?", "type": "multiple", "options": ["A", "B", "C"], "answers": [0, 2]},
        {"text": "In order?", "type": "order", "options": ["Last", "First"], "answers": [1, 0]},
        {"text": "The word?", "type": "short", "options": ["Roll-back", "back-out"]},
        {"text": "What would you do?", "type": "case", "model_answer": "Go *back* in time."},
    ],
}  # fmt: skip
RIGHT = {0: [1], 1: [2, 0], 2: [1, 0], 3: " roll back ", 4: "Start the roll-back at 20:30."}
COURSE = {
    "id": "P-0005", "kind": "path", "title": "Going back", "owner": "Training lead", "validity_months": 12,
    "stages": [
        {"title": "Read", "steps": [{"entry": "L-0001", "minutes": 10}, {"entry": "M-0005",
                                                                        "completion": "CompletedAndPassed"}]},
        {"title": "Keep", "ordered": False, "steps": [
            {"entry": "T-0001", "required": False}, {"entry": "L-0002"},
            {"entry": "R-0001", "completion": "NotApplicable"}]},
    ],
}  # fmt: skip


def put(database, *records):
    for record in records:
        with database.write() as session:
            apply_record(session, parse_record(record))


@pytest.fixture
def school(database):
    fill(database)
    put(database, QUIZ, COURSE)
    return database


def origin_of(database, name, *roles) -> Origin:
    with database.write_aside() as session:
        user = accounts.new_user(session, f"{name}@example.org", name.title(), "active")
        accounts.put_roles(user, roles, OPERATOR)
        session.flush()
        return Origin(Person(id=user.id, name=user.name, email=user.email, roles=user.roles))


def course_of(database, origin, ref="P-0005"):
    with database.read() as session:
        return courses.load_course(session, origin.person.id, ref, reader_of(origin.person))


def do(database, origin, step, ref="P-0005", **how):
    return stepping.do_step(database, origin, ref, step, reader_of(origin.person), **how)


def answer(database, origin, given=RIGHT, ref="P-0005"):
    reader = reader_of(origin.person)
    number = assessing.begin(database, origin, ref, "M-0005", reader)
    return assessing.hand_in(database, origin, ref, number, given, reader)


def test_a_learner_goes_from_the_first_step_to_the_end(school):
    anna, tom = origin_of(school, "anna"), origin_of(school, "tom", "trainer")
    assert enrolling.enrol(school, anna, "P-0005", reader_of(anna.person))
    assert not enrolling.enrol(school, anna, "P-0005", reader_of(anna.person))
    course = course_of(school, anna)
    assert (course.walk.done, course.walk.total, course.walk.minutes_left) == (0, 3, 30)
    assert course.walk.next.step.entry == "L-0001"
    assert [place.state for place in course.walk.places] == ["open", "locked", "open", "open", "open"]

    assert not do(school, anna, "L-0001")
    assert not do(school, anna, "M-0005")
    assert course_of(school, anna).walk.next.step.entry == "M-0005"  # it is read, and not yet passed
    sitting, is_complete = answer(school, anna)
    assert (sitting.state, sitting.waits, sitting.score, is_complete) == ("handed in", 1, None, False)
    assert not do(school, anna, "L-0002")

    with school.read() as session:
        (waiting,) = marking.queue(session, tom.person, reader_of(tom.person))
    assert (waiting.person, waiting.step, waiting.path, waiting.is_own) == ("Anna", "M-0005", "P-0005", False)
    marked = marking.mark(school, tom, waiting.id, {4: (60, "Say who decides.")}, reader_of(tom.person))
    assert (marked.sitting.score, marked.sitting.passed) == (92, True)

    course = course_of(school, anna)
    assert (course.state, course.walk.is_complete, course.walk.percent) == ("completed", True, 100)
    assert course.valid_until.year == course.completed_at.year + 1
    with school.read() as session:
        lines = find(session, AuditFilter(action="mark answers"), 0, 9)[1]
        assert lines[0].detail["score"] == 92
        results = marking.results(session, tom.person, "M-0005", reader_of(tom.person))
    assert (results.attempts, results.people, results.passed, results.waiting) == (1, 1, 1, 0)
    assert [each.mean for each in results.questions] == [100, 100, 100, 100, 60]
    assert results.questions[0].chosen == (("This", 0, False), ("That", 1, True))


def test_leaving_keeps_progress_and_completing_again_keeps_history(school):
    anna = origin_of(school, "anna")
    reader = reader_of(anna.person)
    put(school, COURSE | {"id": "P-0006", "stages": [{"title": "All", "steps": [{"entry": "L-0001"}]}]})
    enrolling.enrol(school, anna, "P-0005", reader)
    do(school, anna, "L-0001")
    stepping.note_step(school, anna, "P-0005", "L-0001", reader, "Ask Bea.\nTwice.")
    enrolling.leave(school, anna, "P-0005")
    with pytest.raises(NotAllowed, match="have left"):
        do(school, anna, "L-0001")
    enrolling.enrol(school, anna, "P-0005", reader)
    place = course_of(school, anna).walk.find("L-0001")
    assert (place.state, place.mark.note, place.mark.revision) == ("done", "Ask Bea.\nTwice.", 1)
    do(school, anna, "L-0001", done=False)
    assert course_of(school, anna).walk.done == 0

    enrolling.enrol(school, anna, "P-0006", reader)
    assert do(school, anna, "L-0001", "P-0006")
    with pytest.raises(NotAllowed, match="completed P-0006 already"):
        do(school, anna, "L-0001", "P-0006")
    enrolling.enrol(school, anna, "P-0006", reader)
    with school.read() as session:
        found = [
            each for each in courses.all_courses(session, anna.person.id, reader) if each.ref == "P-0006"
        ]
    assert [(each.state, each.walk.done) for each in found] == [("active", 0), ("completed", 1)]


def test_what_cannot_be_begun_says_why(school):
    anna = origin_of(school, "anna")
    reader = reader_of(anna.person)
    put(
        school,
        COURSE | {"id": "P-0007", "stages": []},
        COURSE | {"id": "P-0008", "prerequisites": ["P-0005", "P-0009"]},
        COURSE | {"id": "P-0009", "visibility": "restricted", "readers": ["role:curator"]},
    )
    for ref, words in (("P-0007", "has no steps to take yet"), ("P-0008", r"Going back \(P-0005\); a path")):
        with pytest.raises(NotAllowed, match=words):
            enrolling.enrol(school, anna, ref, reader)
    for ref in ("P-0099", "P-0009", "L-0001"):
        with pytest.raises(NotFound):
            enrolling.enrol(school, anna, ref, reader)
    with pytest.raises(NotAllowed, match="account"):
        enrolling.enrol(school, Origin(OPERATOR), "P-0005", reader)
    program = Origin(Person(id=anna.person.id, scopes=frozenset({"read"})))
    with pytest.raises(NotAllowed, match="scope learn"):
        enrolling.enrol(school, program, "P-0005", reader)


def test_paths_that_would_need_each_other_are_refused(school):
    put(school, COURSE | {"id": "P-0006", "prerequisites": ["P-0005"]})
    with pytest.raises(NotAllowed, match="P-0005 needs P-0006 needs P-0005"):
        put(school, COURSE | {"prerequisites": ["P-0006"]})
    needy = parse_record(COURSE | {"prerequisites": ["P-0006"]}).content
    with school.write() as session:
        draft = editing.save_edit(session, "P-0005", needy, base=1, author="anna")
        editing.submit(session, "P-0005", draft.number)
    with pytest.raises(NotAllowed, match="before it is begun"), school.write() as session:
        editing.publish(session, "P-0005", 2, reviewer="bea")
    with school.read() as session:
        assert editing.published_revision(session, editing.find_entry(session, "P-0005")).number == 1


def test_a_hidden_step_is_said_locks_nothing_and_leaks_nothing(school):
    anna = origin_of(school, "anna")
    with school.write() as session:
        entry = editing.find_entry(session, "L-0001")
        entry.visibility, entry.readers = "restricted", [Audience(principal="role:curator")]
    reader = reader_of(anna.person)
    enrolling.enrol(school, anna, "P-0005", reader)
    course = course_of(school, anna)
    place = course.walk.find("L-0001")
    assert (place.state, place.title, place.material) == ("withheld", "A step that is not open to you", None)
    assert course.walk.find("M-0005").state == "open"
    assert course.walk.withheld == 1
    with pytest.raises(NotFound, match="not open to you"):
        do(school, anna, "L-0001")


def test_an_archived_path_is_finished_by_those_in_its_middle_only(school):
    anna, bea = origin_of(school, "anna"), origin_of(school, "bea")
    enrolling.enrol(school, anna, "P-0005", reader_of(anna.person))
    with school.write() as session:
        editing.archive(session, "P-0005", reviewer="bea")
    assert course_of(school, anna).published is None
    do(school, anna, "L-0001")
    assert course_of(school, anna).walk.done == 1
    with pytest.raises(NotFound):
        enrolling.enrol(school, bea, "P-0005", reader_of(bea.person))
    with school.write() as session:
        session.execute(update(Entry).where(Entry.ref == "P-0005").values(visibility="restricted"))
    with school.read() as session:
        assert courses.all_courses(session, anna.person.id, reader_of(anna.person)) == [
            Hidden("P-0005", "active")
        ]


def test_a_newer_revision_is_followed_when_the_learner_says_so(school):
    anna = origin_of(school, "anna")
    reader = reader_of(anna.person)
    enrolling.enrol(school, anna, "P-0005", reader)
    do(school, anna, "L-0001")
    stages = [{"title": "All", "steps": [{"entry": "L-0001"}, {"entry": "H-0001"}]}]
    put(school, COURSE | {"stages": stages})
    before = course_of(school, anna)
    assert (before.is_behind, before.view.number, before.walk.total) == (True, 1, 3)
    enrolling.move(school, anna, "P-0005", reader)
    after = course_of(school, anna)
    assert (after.is_behind, after.walk.done, after.walk.total) == (False, 1, 2)


def test_answers_stand_once_handed_in_and_must_be_complete(school):
    anna = origin_of(school, "anna")
    reader = reader_of(anna.person)
    enrolling.enrol(school, anna, "P-0005", reader)
    with pytest.raises(NotAllowed, match="comes later"):
        assessing.begin(school, anna, "P-0005", "M-0005", reader)
    do(school, anna, "L-0001")
    number = assessing.begin(school, anna, "P-0005", "M-0005", reader)
    assert assessing.begin(school, anna, "P-0005", "M-0005", reader) == number
    with pytest.raises(InvalidRecord) as refused:
        assessing.hand_in(school, anna, "P-0005", number, {0: [1], 1: [7], 2: [1], 9: "?"}, reader)
    assert [problem.field for problem in refused.value.problems] == ["q1", "q2", "q3", "q4", "q9"]
    assessing.hand_in(school, anna, "P-0005", number, RIGHT, reader)
    with pytest.raises(HandedIn, match="handed in before"):
        assessing.hand_in(school, anna, "P-0005", number, RIGHT, reader)
    with pytest.raises(NotFound, match="asks no questions"):
        assessing.begin(school, anna, "P-0005", "L-0001", reader)
    bea = origin_of(school, "bea")
    enrolling.enrol(school, bea, "P-0005", reader_of(bea.person))
    with pytest.raises(NotFound, match="no such attempt"):
        assessing.hand_in(school, bea, "P-0005", number, RIGHT, reader_of(bea.person))


def test_marks_are_given_once_by_another_trainer_and_in_full(school):
    tom, tina = origin_of(school, "tom", "trainer"), origin_of(school, "tina", "trainer")
    reader = reader_of(tom.person)
    enrolling.enrol(school, tom, "P-0005", reader)
    do(school, tom, "L-0001")
    number = answer(school, tom)[0].id
    with pytest.raises(NotAllowed, match="another trainer"):
        marking.mark(school, tom, number, {4: (100, "")}, reader)
    for points_given in ({}, {4: (101, "")}, {4: (-1, "")}):
        with pytest.raises(InvalidRecord, match="0 to 100"):
            marking.mark(school, tina, number, points_given, reader)
    marking.mark(school, tina, number, {0: (0, "not asked"), 4: (0, "")}, reader)
    with pytest.raises(HandedIn, match="marked meanwhile"):
        marking.mark(school, tina, number, {4: (100, "")}, reader)
    with school.read() as session:
        found = marking.to_mark(session, tina.person, number, reader)
        assert (found.sitting.score, found.sitting.answers[0].points) == (80, 100)
        (notice,) = list_notices(session, tom.person.id, reader)[1]
    assert (notice.event, notice.actor, notice.words) == ("answers marked", "Tina", "80 %, passed.")
    assert notice.place == "/learning/P-0005/M-0005/questions"
    eve = origin_of(school, "eve").person
    with school.read() as session:
        for verb, more in ((marking.queue, ()), (marking.results, ("M-0005",)), (marking.to_mark, (1,))):
            with pytest.raises(NotAllowed, match="Your roles do not allow it"):
                verb(session, eve, *more, reader)


def test_a_failed_attempt_is_no_pass_and_a_later_one_is(school):
    anna = origin_of(school, "anna")
    put(school, QUIZ | {"assessment": QUIZ["assessment"][:3]})
    enrolling.enrol(school, anna, "P-0005", reader_of(anna.person))
    do(school, anna, "L-0001")
    sitting, _ = answer(school, anna, {0: [0], 1: [1], 2: [0, 1]})
    assert (sitting.score, sitting.passed) == (0, False)
    sitting, _ = answer(school, anna, {0: [1], 1: [0, 2], 2: [0, 1]})
    assert (sitting.number, sitting.score, sitting.passed) == (2, 66, True)
    assert course_of(school, anna).walk.find("M-0005").mark.passed_at
    with school.read() as session:
        found = assessing.sittings(session, anna.person.id, "P-0005", "M-0005", reader_of(anna.person))
        assert [each.number for each in found] == [2, 1]
        assert len(session.scalars(select(Attempt)).all()) == 2
        assert len(session.scalars(select(Enrolment)).all()) == 1


@pytest.mark.parametrize("rule", RULES)
def test_each_completion_rule_asks_for_what_it_says(rule):
    step, done = EntryStep(entry="M-0001", completion=rule), {}
    for completed in (None, NOW):
        for passed in (None, NOW):
            done[bool(completed), bool(passed)] = is_done(step, Mark(completed, passed), has_questions=True)
    expected = {
        "Completed": [False, False, True, True], "Passed": [False, True, False, True],
        "CompletedAndPassed": [False, False, False, True], "CompletedOrPassed": [False, True, True, True],
        "NotApplicable": [False] * 4,
    }  # fmt: skip
    assert list(done.values()) == expected[rule]


STEPS = st.lists(
    st.tuples(st.sampled_from(RULES), st.booleans(), st.booleans(), st.booleans(), st.booleans()), max_size=6
)


@given(st.lists(st.tuples(st.booleans(), STEPS), max_size=3))
def test_whatever_was_done_there_is_a_next_step_until_all_is_done(shape):
    stages, marks, materials, number = [], {}, {}, 0
    for is_ordered, steps in shape:
        made = []
        for rule, required, is_there, completed, passed in steps:
            number += 1
            ref = f"M-{number:04d}"
            made.append(EntryStep(entry=ref, completion=rule, required=required, minutes=5))
            marks[ref] = Mark(NOW if completed else None, NOW if passed else None)
            if is_there:
                materials[ref] = Material("training", ref, 1, None, 3)
        stages.append(Stage(title="Stage", ordered=is_ordered, steps=made))
    found = walk(Path(stages=stages), marks, materials)
    assert 0 <= found.done <= found.total <= number
    assert (found.percent == 100) == found.is_complete
    assert (found.minutes_left == 0) == (found.done == found.total)
    locked = [place for place in found.places if place.state == "locked"]
    if locked or found.total > found.done + found.withheld:
        assert found.next is not None
        assert found.next.state == "open"
    for stage in found.stages:
        assert stage.ordered or all(place.state != "locked" for place in stage.places)


@given(st.integers(0, 9999), st.integers(0, 9999))
def test_questions_come_shuffled_and_always_the_same_for_one_attempt(one, other):
    bank = [Question.model_validate(each) for each in QUIZ["assessment"]] * 3
    first, again = asked(bank, f"attempt {one}"), asked(bank, f"attempt {one}")
    assert first == again
    assert sorted(each.place for each in first) == list(range(len(bank)))
    for each in first:
        assert sorted(each.options) == list(range(len(each.question.options)))
    if one != other:
        assert asked(bank, f"attempt {other}") != first


def test_points_by_the_kind_of_question():
    single, several, order, short, case = Training.model_validate(
        {"assessment": QUIZ["assessment"]}
    ).assessment
    assert [points(single, each) for each in ([0], [1])] == [0, 100]
    assert [points(several, each) for each in ([0, 2], [0], [0, 1, 2])] == [100, 0, 0]
    assert [points(order, each) for each in ([1, 0], [0, 1])] == [100, 0]
    assert [points(short, each) for each in ("ROLL BACK", "Back-out!", "forward")] == [100, 100, 0]
    assert points(case, "Anything") is None
    assert points(Question(text="Why?", type="short"), "Because") is None
    assert points(Question(text="Liked it?", options=["Yes", "No"]), [1]) == 100
    assert points(Question(text="Sort", type="order", options=["a", "b"]), [0, 1]) == 100
    for question, wrong in ((single, [0, 1]), (single, []), (several, [0, 0]), (order, [1]), (case, " ")):
        with pytest.raises(ValueError, match=r".+"):
            checked(question, wrong)
    assert (score([100, 100, 0]), score([])) == (66, 100)


@given(st.dictionaries(st.integers(0, 6), st.lists(st.integers(0, 6), max_size=4), max_size=7))
def test_a_cycle_is_found_exactly_when_there_is_one(needed):
    graph = {str(one): [str(other) for other in others] for one, others in needed.items()}
    circle = find_cycle("0", graph)
    reached, todo = set(), list(graph.get("0", ()))
    while todo:
        at = todo.pop()
        if at not in reached:
            reached.add(at)
            todo += graph.get(at, ())
    assert bool(circle) == ("0" in reached)
    for one, other in pairwise(circle):
        assert other in graph[one]
