"""Paths that are assigned: whom they ask, who is told when, what counts as done, late, to be renewed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, select, update

from kb import editing
from kb.assigning import cohorts, keeping
from kb.assigning.cohorts import CohortChanged, CohortInUse, CohortNameTaken
from kb.assigning.keeping import AssignmentChanged
from kb.assigning.listing import AssignmentFilter, due, get_assignment, list_assignments
from kb.assigning.model import Assignment, Told
from kb.assigning.standing import Taken, missed, standing
from kb.assigning.telling import remind
from kb.assigning.texts import AssignmentChange, AssignmentText, CohortChange, CohortText
from kb.errors import InvalidRecord, NotAllowed, NotFound
from kb.learning import assessing, enrolling, marking, stepping
from kb.learning.model import Attempt, Credential, Enrolment
from kb.notices import wording
from kb.notices.model import Notice
from kb.notices.reading import list_notices
from kb.people import accounts
from kb.people.audit import AuditFilter, find
from kb.people.reader import reader_of
from kb.people.roles import OPERATOR
from kb.visibility import set_visibility
from tests.fakes_web import fill
from tests.test_learning import COURSE, QUIZ, RIGHT, origin_of, put
from web.chores import hourly
from web.cli import precedent

PATH = "P-0005"
LET_GO = (
    "assignment changed",
    "Your roles or cohorts have changed: it is no longer asked of you, and yours to take or leave.",
)


def today():
    """The day of whoever looks: asked anew each time, since a long run goes on past midnight."""
    return datetime.now().astimezone().date()


def deadline():
    return today() + timedelta(days=30)


@pytest.fixture
def school(database):
    fill(database)
    put(database, QUIZ, COURSE)
    return database


@pytest.fixture
def people(school):
    """Tina trains; Ann and Bob learn; Pam manages projects."""
    roles = {"tina": ("trainer",), "ann": (), "bob": (), "pam": ("project manager",)}
    return {name: origin_of(school, name, *held) for name, held in roles.items()}


@pytest.fixture
def assign(school, people):
    def assign(*names, due_on=None, by="tina", **said):
        told = [f"{each}@example.org" for each in names]
        said = {"path": PATH, "due_on": due_on or deadline(), "people": told} | said
        return keeping.assign(school, people[by], AssignmentText(**said), today())

    return assign


@pytest.fixture
def change(school, people):
    def change(number, **said):
        with school.read() as session:
            row = session.get_one(Assignment, number)
            said = {"version": row.version, "due_on": row.due_on, "note": row.note} | said
        keeping.change_assignment(school, people["tina"], number, AssignmentChange(**said), today())

    return change


def seen(school, people, number):
    with school.read() as session:
        person = people["tina"].person
        return get_assignment(session, person, reader_of(person), number)


def states(school, people, number):
    return {each.name: each.standing.state for each in seen(school, people, number).asked}


def told(school, origin):
    """(event, words) of everything that the person was told, oldest first."""
    with school.read() as session:
        found = list_notices(session, origin.person.id, reader_of(origin.person))[1]
    return [(each.event, each.words) for each in reversed(found)]


def look(school, on):
    with school.write_aside() as session:
        return remind(session, on)


def mine(school, origin):
    with school.read() as session:
        return due(session, origin.person.id, reader_of(origin.person))


def complete(school, origin, on=None, revision=1):
    """The person has completed the path on that day."""
    at = datetime.combine(on or today(), time(12), UTC)
    with school.write_aside() as session:
        path = session.scalars(select(editing.Entry.id).where(editing.Entry.ref == PATH)).one()
        row = Enrolment(
            user_id=origin.person.id, path_id=path, revision=revision, state="completed", enrolled_at=at,
            completed_at=at,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row.id


def made_on(school, number, day):
    """As if it had been assigned, and told, on that day."""
    at = datetime.combine(day, time(12), UTC)
    with school.write_aside() as session:
        session.execute(update(Assignment).where(Assignment.id == number).values(created_at=at, set_at=at))
        session.execute(update(Told).where(Told.assignment_id == number).values(told_at=at))


def test_who_is_asked_is_told_and_finds_it(school, people, assign):
    number = assign("ann", roles=["project manager"], note="Before the cut-over.")
    assert states(school, people, number) == {"Ann": "new", "Pam": "new"}
    for name in ("ann", "pam"):
        (line,) = told(school, people[name])
        assert line == ("path assigned", f"Due {deadline().isoformat()}. Before the cut-over.")
        (here,) = mine(school, people[name])
        assert (here.path, here.due_on, here.by, here.days_left(today())) == (PATH, deadline(), "Tina", 30)
    assert told(school, people["bob"]) == mine(school, people["bob"]) == []
    with school.read() as session:
        (line,) = find(session, AuditFilter(action="assign path"), 0, 9)[1]
        assert (line.object, line.detail["told"]) == (PATH, 2)


def test_only_trainers_assign_and_look(school, people, assign):
    number = assign("ann")
    with pytest.raises(NotAllowed):
        assign("ann", by="bob")
    with school.read() as session, pytest.raises(NotAllowed):
        list_assignments(session, people["bob"].person, reader_of(people["bob"].person))
    with pytest.raises(NotAllowed):
        keeping.withdraw(school, people["ann"], number)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"due_on": today() - timedelta(days=1)}, "due_on: is in the past"),
        ({"path": "P-0077"}, "path: names P-0077, which is no published learning path"),
        ({"path": "L-0001"}, "path: names L-0001, which is no published learning path"),
        ({"people": ["nobody@example.org"]}, "people: must have an open account here.*nobody@example.org"),
        ({"people": []}, "people: is required"),
        ({"cohorts": [77]}, "cohorts: names the number 77"),
    ],
)
def test_what_does_not_do_is_named(school, people, assign, said, problem):
    with pytest.raises(InvalidRecord, match=problem):
        assign("ann", **said)
    with school.read() as session:
        assert session.scalars(select(Assignment.id)).all() == []


def test_a_cohort_is_asked_as_it_is_at_the_moment(school, people, assign):
    text = CohortText(name="Autumn", people=["ann@example.org"])
    cohort = cohorts.add_cohort(school, people["tina"], text)
    number = assign(cohorts=[cohort])
    assert states(school, people, number) == {"Ann": "new"}
    more = CohortChange(version=1, name="Autumn 2026", people=["bob@example.org"])
    cohorts.change_cohort(school, people["tina"], cohort, more)
    assert states(school, people, number) == {"Bob": "new"}
    assert told(school, people["bob"]) == []
    assert look(school, today()) == 2
    assert told(school, people["bob"]) == [("path assigned", f"Due {deadline().isoformat()}.")]
    assert told(school, people["ann"])[1:] == [LET_GO]
    assert look(school, today()) == 0
    assert mine(school, people["ann"]) == []
    with pytest.raises(CohortInUse, match="An assignment is for this cohort"):
        cohorts.remove_cohort(school, people["tina"], cohort)
    keeping.withdraw(school, people["tina"], number)
    assert cohorts.remove_cohort(school, people["tina"], cohort) == "Autumn 2026"


def give_roles(school, origin, *roles):
    with school.write_aside() as session:
        accounts.put_roles(accounts.find_user(session, origin.person.id), roles, OPERATOR)


def test_who_leaves_a_role_is_told_once_and_who_comes_back_anew(school, people, assign):
    """Nobody hears that something is not asked who never heard that it was, or who has done it."""
    number = assign(roles=["project manager"])
    given = ("path assigned", f"Due {deadline().isoformat()}.")
    give_roles(school, people["bob"], "project manager")
    give_roles(school, people["bob"])
    assert look(school, today()) == 0
    give_roles(school, people["pam"])
    assert [look(school, today()) for _ in range(3)] == [1, 0, 0]
    assert told(school, people["pam"]) == [given, LET_GO]
    assert told(school, people["bob"]) == []
    assert look(school, deadline() - timedelta(days=1)) == 0
    give_roles(school, people["pam"], "project manager")
    assert [look(school, today()) for _ in range(2)] == [1, 0]
    assert told(school, people["pam"]) == [given, LET_GO, given]
    with school.read() as session:
        notice = list_notices(session, people["pam"].person.id, reader_of(people["pam"].person))[1]
    assert [wording.sentence(each) for each in notice] == [
        "Tina asks you to complete it.", "What you are asked to do has changed.",
        "Tina asks you to complete it.",
    ]  # fmt: skip
    complete(school, people["pam"])
    give_roles(school, people["pam"])
    assert look(school, today()) == 0
    keeping.withdraw(school, people["tina"], number)


def test_who_is_asked_in_two_ways_is_let_go_when_both_end(school, people, assign):
    text = CohortText(name="Autumn", people=["pam@example.org"])
    assign(roles=["project manager"], cohorts=[cohorts.add_cohort(school, people["tina"], text)])
    give_roles(school, people["pam"])
    assert look(school, today()) == 0
    cohorts.change_cohort(school, people["tina"], 1, CohortChange(version=1, name="Autumn"))
    assert look(school, today()) == 1
    assert told(school, people["pam"])[-1] == LET_GO


def test_a_cohort_has_a_name_of_its_own_and_is_not_overwritten(school, people):
    number = cohorts.add_cohort(school, people["tina"], CohortText(name="Autumn"))
    with pytest.raises(CohortNameTaken):
        cohorts.add_cohort(school, people["tina"], CohortText(name="AUTUMN"))
    cohorts.add_cohort(school, people["tina"], CohortText(name="Frühling Ä"))
    with pytest.raises(CohortNameTaken):
        cohorts.change_cohort(school, people["tina"], number, CohortChange(version=1, name="Frühling Ä"))
    cohorts.change_cohort(school, people["tina"], number, CohortChange(version=1, name="Winter"))
    with pytest.raises(CohortChanged, match="Tina has changed"):
        cohorts.change_cohort(school, people["tina"], number, CohortChange(version=1, name="Spring"))
    with pytest.raises(NotAllowed):
        cohorts.add_cohort(school, people["ann"], CohortText(name="Mine"))


def test_reminders_come_a_week_before_a_day_before_and_once_after(school, people, assign):
    number = assign("ann", "bob")
    made_on(school, number, today())
    complete(school, people["bob"])
    days = {-8: 0, -7: 1, -5: 0, -1: 1, 0: 0, 1: 1, 2: 0, 50: 0}
    for offset, expected in days.items():
        assert look(school, deadline() + timedelta(days=offset)) == expected, offset
    words = [words for event, words in told(school, people["ann"]) if event == "path due"]
    assert words == ["Due in 7 days.", "Due tomorrow.", f"Overdue since {deadline().isoformat()}."]
    assert [event for event, _ in told(school, people["bob"])] == ["path assigned"]


def test_reminders_stay_once_when_old_notices_are_forgotten(school, people, assign):
    assign("ann")
    look(school, deadline() - timedelta(days=7))
    with school.write_aside() as session:
        session.execute(delete(Notice))
    assert look(school, deadline() - timedelta(days=6)) == 0


def test_nobody_is_reminded_of_what_they_have_just_been_told(school, people, assign):
    assign("ann", due_on=today() + timedelta(days=5))
    assert look(school, today()) == 0
    assert look(school, today() + timedelta(days=3)) == 0
    assert look(school, today() + timedelta(days=4)) == 1


def test_who_comes_after_the_day_hears_of_it_once(school, people, assign):
    assign(roles=["project manager"])
    give_roles(school, people["bob"], "project manager")
    late = deadline() + timedelta(days=3)
    heard = datetime.combine(late, time(12), UTC)
    assert look(school, today()) == 1
    with school.write_aside() as session:
        session.execute(update(Told).where(Told.user_id == people["bob"].person.id).values(told_at=heard))
    assert look(school, late) == 1
    assert [event for event, _ in told(school, people["bob"])] == ["path assigned"]
    assert told(school, people["pam"])[-1] == ("path due", f"Overdue since {deadline().isoformat()}.")


def test_the_chores_remind(school, people, assign):
    number = assign("ann", due_on=today() + timedelta(days=6))
    made_on(school, number, today() - timedelta(days=9))
    hourly(school, 30)
    assert told(school, people["ann"])[-1] == ("path due", "Due in 6 days.")


def test_another_day_is_told_to_who_is_still_asked(school, people, assign, change):
    number = assign("ann", "bob")
    later = deadline() + timedelta(days=7)
    change(number, due_on=later, people=["ann@example.org", "pam@example.org"])
    assert told(school, people["ann"])[-1] == (
        "assignment changed", f"Due {later.isoformat()}. It was {deadline().isoformat()}.",
    )  # fmt: skip
    assert told(school, people["bob"])[-1] == (
        "assignment changed",
        "It is no longer asked of you, and yours to take or leave.",
    )
    assert told(school, people["pam"]) == [("path assigned", f"Due {later.isoformat()}.")]
    assert states(school, people, number) == {"Ann": "new", "Pam": "new"}
    change(number, people=["bob@example.org"])
    assert told(school, people["bob"])[-1] == ("path assigned", f"Due {later.isoformat()}.")


def test_an_older_version_is_refused(school, people, assign, change):
    number = assign("ann")
    change(number, people=["ann@example.org"], note="By then")
    with pytest.raises(AssignmentChanged, match="Tina has changed"):
        change(number, version=1, people=["ann@example.org"])
    with pytest.raises(InvalidRecord, match="due_on: is in the past"):
        change(number, due_on=today() - timedelta(days=2), people=["ann@example.org"])


def test_what_is_taken_back_asks_nobody_and_loses_nothing(school, people, assign):
    number = assign("ann")
    enrolling.enrol(school, people["ann"], PATH, reader_of(people["ann"].person))
    keeping.withdraw(school, people["tina"], number)
    assert told(school, people["ann"])[-1][1].startswith("It was taken back")
    assert mine(school, people["ann"]) == []
    assert look(school, deadline()) == 0
    with school.read() as session:
        assert session.scalars(select(Enrolment.state)).all() == ["active"]
        person = people["tina"].person
        found = list_assignments(session, person, reader_of(person), AssignmentFilter("withdrawn"))
    assert [(each.id, each.withdrawn_by) for each in found] == [(number, "Tina")]
    with pytest.raises(AssignmentChanged, match="taken this assignment back"):
        keeping.withdraw(school, people["tina"], number)


def test_who_has_completed_it_counts_as_done_and_is_not_told(school, people, assign):
    complete(school, people["ann"], today() - timedelta(days=3))
    number = assign("ann")
    assert states(school, people, number) == {"Ann": "done"}
    assert told(school, people["ann"]) == mine(school, people["ann"]) == []


def test_a_completion_that_lapses_before_the_day_is_to_be_renewed(school, people, assign):
    complete(school, people["ann"], today() - timedelta(days=350))
    number = assign("ann")
    assert states(school, people, number) == {"Ann": "renew"}
    (here,) = mine(school, people["ann"])
    assert today() < here.standing.lapses_on < deadline()
    complete(school, people["ann"])
    assert states(school, people, number) == {"Ann": "done"}


def test_a_revoked_badge_counts_for_nothing(school, people, assign):
    enrolment = complete(school, people["ann"])
    with school.write_aside() as session:
        held = {"name": "x", "signed": "x", "issued_at": datetime.now(UTC), "revoked_at": datetime.now(UTC)}
        session.add(Credential(enrolment_id=enrolment, **held, revoked_by="Tina", reason="By mistake"))
    assert states(school, people, assign("ann")) == {"Ann": "new"}


JAN, JUN, DEC = date(2026, 1, 10), date(2026, 6, 10), date(2026, 12, 10)


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ([], "new"),
        ([Taken(1, "active")], "active"),
        ([Taken(1, "left")], "left"),
        ([Taken(1, "completed", JAN)], "done"),
        ([Taken(1, "completed", JAN, DEC)], "done"),
        ([Taken(1, "completed", JAN, JUN - timedelta(days=1))], "renew"),
        ([Taken(1, "completed", JUN, JUN)], "done"),
        ([Taken(1, "completed", DEC)], "late"),
        ([Taken(1, "completed", JAN, is_revoked=True)], "new"),
        ([Taken(1, "completed", JAN, JAN), Taken(2, "active")], "active"),
        ([Taken(1, "completed", JAN, JAN), Taken(2, "completed", DEC)], "late"),
    ],
)
def test_where_somebody_stands(taken, expected):
    """With what was assigned in May and is due in June."""
    assert standing(taken, date(2026, 5, 1), JUN).state == expected


def test_an_archived_path_is_finished_by_who_is_on_it_and_asked_of_nobody_else(school, people, assign):
    number = assign("ann", "bob")
    enrolling.enrol(school, people["ann"], PATH, reader_of(people["ann"].person))
    with school.write() as session:
        editing.archive(session, PATH, reviewer="Cora")
    view = seen(school, people, number)
    assert (view.title, view.is_published) == ("Going back", False)
    assert {each.name: each.standing.state for each in view.asked} == {"Ann": "active", "Bob": "new"}
    assert look(school, deadline() - timedelta(days=7)) == 1
    assert told(school, people["ann"])[-1] == ("path due", "Due in 7 days.")
    with pytest.raises(InvalidRecord, match="archived: nobody can begin it"):
        assign("bob")
    stepping.do_step(school, people["ann"], PATH, "L-0001", reader_of(people["ann"].person))
    assert [each.is_published for each in mine(school, people["bob"])] == [False]


def test_a_hidden_path_is_not_told(school, people, assign):
    """Who may not see it is not asked; a trainer who may not see it finds no assignment."""
    number = assign("ann", "pam", roles=[])
    with school.write() as session:
        set_visibility(session, PATH, "restricted", ["role:project manager", "role:trainer"])
    assert states(school, people, number) == {"Pam": "new"}
    assert mine(school, people["ann"]) == told(school, people["ann"]) == []
    with school.write() as session:
        set_visibility(session, PATH, "restricted", ["role:estimator"])
    with pytest.raises(NotFound):
        seen(school, people, number)
    with pytest.raises(NotFound):
        keeping.withdraw(school, people["tina"], number)
    with pytest.raises(InvalidRecord, match="which is no published learning path"):
        assign("ann")
    with school.read() as session:
        person = people["tina"].person
        assert list_assignments(session, person, reader_of(person)) == []
    assert look(school, deadline() + timedelta(days=1)) == 0


def test_answers_after_the_day_are_taken_and_marked_late(school, people, assign):
    number = assign("ann")
    made_on(school, number, today() - timedelta(days=9))
    with school.write_aside() as session:
        session.execute(update(Assignment).values(due_on=today() - timedelta(days=2)))
    ann, reader = people["ann"], reader_of(people["ann"].person)
    enrolling.enrol(school, ann, PATH, reader)
    stepping.do_step(school, ann, PATH, "L-0001", reader)
    attempt = assessing.begin(school, ann, PATH, "M-0005", reader)
    sitting, _ = assessing.hand_in(school, ann, PATH, attempt, RIGHT, reader)
    assert sitting.missed == today() - timedelta(days=2)
    with school.read() as session:
        person = people["tina"].person
        (waiting,) = marking.queue(session, person, reader_of(person))
    assert waiting.missed == today() - timedelta(days=2)
    complete(school, ann, today())
    assert states(school, people, number) == {"Ann": "late"}
    with school.write_aside() as session:
        session.execute(update(Assignment).values(due_on=today()))
    with school.read() as session:
        assert missed(session, session.get_one(Attempt, attempt)) is None


def test_closed_accounts_are_not_asked(school, people, assign):
    number = assign("ann", "bob")
    with school.write_aside() as session:
        accounts.find_user(session, "bob@example.org").status = "disabled"
    assert states(school, people, number) == {"Ann": "new"}


@pytest.fixture
def run(school, monkeypatch, tmp_path):
    monkeypatch.setenv("PRECEDENT_HOME", str(tmp_path))
    monkeypatch.setenv("PRECEDENT_DATABASE_URL", school.engine.url.render_as_string(hide_password=False))

    def run(*words):
        done = CliRunner().invoke(precedent, words, catch_exceptions=False, standalone_mode=False)
        return done.output

    return run


def test_the_command_line(school, people, run):
    assert "There is none." in run("assignments", "list")
    assert "Cohort 1, Autumn, holds 1." in run("cohorts", "add", "Autumn", "ann@example.org")
    assert "holds 1" in run("cohorts", "change", "1", "--put", "bob@example.org", "--drop", "ann@example.org")
    assert "bob@example.org" in run("cohorts", "list")
    assert '"name": "Autumn"' in run("cohorts", "list", "--json")
    by = ("--due", deadline().isoformat())
    said = run("assignments", "add", PATH, *by, "--person", "ann@example.org", "--cohort", "1")
    assert "Assignment 1 asks 2 of P-0005." in said
    assert "0/2" in run("assignments", "list")
    assert '"asked": 2' in run("assignments", "list", "--json")
    shown = run("assignments", "show", "1")
    assert "Ann" in shown
    assert '"state": "new"' in run("assignments", "show", "1", "--json")
    later = (deadline() + timedelta(days=1)).isoformat()
    assert f"asks 2 of P-0005 by {later}" in run("assignments", "change", "1", "--due", later)
    assert "asks 1 of" in run("assignments", "change", "1", "--cohort", "1", "--person", "bob@example.org")
    assert "0 notices sent." in run("assignments", "remind")
    assert "is taken back" in run("assignments", "withdraw", "1", "--yes")
    assert "The list Autumn is removed." in run("cohorts", "remove", "1", "--yes")


def test_the_operator_acts_as_a_trainer(school):
    from kb.people.audit import Origin

    with pytest.raises(InvalidRecord, match="people"):
        keeping.assign(school, Origin(OPERATOR), AssignmentText(path=PATH, due_on=deadline()), today())
