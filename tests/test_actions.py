"""The action track of a lesson: noted, given, built in, checked by somebody else, and reminded of."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from kb.actions.keeping import ActionChanged, add_action, change_action
from kb.actions.listing import ActionFilter, get_action, list_actions, tally
from kb.actions.model import LessonAction
from kb.actions.reminding import remind
from kb.actions.texts import ActionChange, ActionText
from kb.errors import InvalidRecord, KbError, NotAllowed, NotFound
from kb.notices.reading import list_notices
from kb.people.accounts import as_person, new_user, put_roles
from kb.people.audit import AuditFilter, Origin, find
from kb.people.reader import reader_of
from kb.people.roles import OPERATOR
from kb.people.secrets import derived
from kb.reading import ANONYMOUS
from kb.records import apply_record, parse_record
from kb.visibility import set_visibility
from tests.fixtures.people import make_user, sign_in
from web.cli import precedent
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
TODAY = date(2026, 11, 27)
DUE = TODAY + timedelta(days=10)


@pytest.fixture
def people(database):
    """A lesson and a template; Ann and Bob contribute, Cora and Carl curate, Vera verifies."""
    with database.write() as session:
        for kind, ref in (("lesson", "L-0001"), ("template", "T-0001"), ("template", "T-0002")):
            apply_record(session, parse_record({"kind": kind, "id": ref, "title": f"The {kind} {ref}"}))
        set_visibility(session, "T-0002", "restricted", ["role:curator"])
    roles = {"ann": (), "bob": (), "cora": ("curator",), "carl": ("curator",), "vera": ("verifier",)}
    with database.write_aside() as session:
        found = {}
        for name, held in roles.items():
            user = new_user(session, f"{name}@example.org", name.title(), "active")
            put_roles(user, held, OPERATOR)
            session.flush()
            found[name] = as_person(user)
    return found


@pytest.fixture
def noted(database, people):
    return add_action(database, Origin(people["ann"]), "L-0001", ActionText(what="Ask for two rehearsals"))


@pytest.fixture
def change(database, people, noted):
    def change(who, state, number=noted, **said):
        with database.read() as session:
            version = session.get_one(LessonAction, number).version
        person = people[who] if who else OPERATOR
        change_action(
            database, Origin(person), number, ActionChange(**{"version": version, "state": state} | said)
        )
        return seen(database, person, number)

    return change


def seen(database, person, number):
    with database.read() as session:
        return get_action(session, reader_of(person), number)


def told(database, person):
    with database.read() as session:
        return list_notices(session, person.id, reader_of(person))[1]


def test_the_whole_track(database, people, noted, change):
    assert seen(database, people["ann"], noted).state == "identified"
    given = change("cora", "assigned", owner="ann@example.org", due_on=DUE)
    assert (given.owner, given.due_on, given.version) == ("Ann", DUE, 2)
    (notice,) = told(database, people["ann"])
    assert (notice.event, notice.words) == ("task given", "Ask for two rehearsals (due 2026-12-07)")
    assert notice.place == f"/actions/{noted}"
    built = change("ann", "embedded", embedded_in="T-0001")
    assert (built.embedded_in, built.embedded_title) == ("T-0001", "The template T-0001")
    assert change("vera", "checked").state == "checked"
    with database.read() as session:
        lines = find(session, AuditFilter(object="L-0001"), 0, 9)[1]
        assert [line.action for line in lines][:4] == [
            "action checked", "action embedded", "action assigned", "add action",
        ]  # fmt: skip


def test_who_built_it_in_does_not_check_it(people, change):
    change("cora", "assigned", owner="cora@example.org")
    change("cora", "embedded", embedded_words="Procedure 7")
    with pytest.raises(NotAllowed, match="Somebody else"):
        change("cora", "checked")
    with pytest.raises(NotAllowed):
        change("bob", "checked")
    assert change("carl", "checked").embedded_words == "Procedure 7"


def test_only_curators_give_drop_and_open_again(people, change):
    with pytest.raises(NotAllowed, match="you may take one that nobody has"):
        change("ann", "assigned", owner="bob@example.org")
    assert change("ann", "assigned", owner="ann@example.org").owner == "Ann"
    with pytest.raises(NotAllowed):
        change("bob", "assigned", owner="bob@example.org")  # it is taken
    for state in ("dropped", "identified"):
        with pytest.raises(NotAllowed):
            change("ann", state)
    with pytest.raises(NotAllowed):
        change("bob", "embedded", embedded_words="Somewhere")
    assert change("cora", "dropped").state == "dropped"
    assert change("cora", "identified").owner == ""


@pytest.mark.parametrize(
    ("state", "said", "field"),
    [
        ("assigned", {}, "owner"), ("assigned", {"owner": "nobody@example.org"}, "owner"),
        ("embedded", {}, "embedded_in"), ("embedded", {"embedded_in": "T-0099"}, "embedded_in"),
    ],
)  # fmt: skip
def test_what_is_missing_is_named(people, change, state, said, field):
    with pytest.raises(InvalidRecord, match=f"{field}: "):
        change("cora", state, **said)


def test_only_what_is_built_in_can_be_checked(people, change):
    with pytest.raises(NotAllowed, match="Only what is built in"):
        change("cora", "checked")


def test_a_stale_change_is_refused(database, people, noted, change):
    change("cora", "assigned", owner="ann@example.org")
    with pytest.raises(ActionChanged, match="Cora has changed"):
        change_action(database, Origin(people["carl"]), noted, ActionChange(version=1, state="dropped"))


def test_what_is_hidden_is_not_there(database, people, noted, change):
    change("cora", "embedded", embedded_in="T-0002")
    change("cora", "assigned", owner="ann@example.org")
    with pytest.raises(InvalidRecord, match="T-0002, which is not there"):
        change("ann", "embedded", embedded_in="T-0002")
    change("cora", "embedded", embedded_in="T-0002")
    elsewhere = seen(database, people["ann"], noted)
    assert (elsewhere.embedded_in, elsewhere.embedded_title, elsewhere.is_elsewhere) == ("", "", True)
    with database.read() as session:
        (found,) = list_actions(session, ANONYMOUS, ActionFilter("all"), TODAY)
        assert (found.owner, found.changed_by) == ("", "")
    with database.write() as session:
        set_visibility(session, "L-0001", "restricted", ["role:curator"])
    with pytest.raises(NotFound):
        seen(database, people["ann"], noted)
    with pytest.raises(NotFound):
        add_action(database, Origin(people["ann"]), "L-0001", ActionText(what="x"))
    with database.read() as session:
        assert tally(session, reader_of(people["ann"]), TODAY)["embedded"] == 0


def test_actions_are_noted_on_published_lessons_only(database, people):
    with pytest.raises(NotAllowed, match="T-0001 is a template"):
        add_action(database, Origin(people["ann"]), "T-0001", ActionText(what="x"))
    with pytest.raises(NotFound):
        add_action(database, Origin(people["ann"]), "L-0999", ActionText(what="x"))


def test_reminders_come_before_and_after(database, people, noted, change):
    change("cora", "assigned", owner="ann@example.org", due_on=DUE)
    counts = {}
    with database.write_aside() as session:
        for days in range(-20, 30):
            if count := remind(session, DUE + timedelta(days=days)):
                counts[days] = count
    assert list(counts) == [-7, 1, 7, 14, 21, 28]  # a week before, then in each week that it is overdue
    words = [notice.words for notice in told(database, people["ann"]) if notice.event == "action due"]
    assert words[-1] == "Ask for two rehearsals (due 2026-12-07)"
    assert words[0] == "Overdue: Ask for two rehearsals (due 2026-12-07)"
    change("ann", "embedded", embedded_words="Procedure 7")
    with database.write_aside() as session:
        assert remind(session, DUE + timedelta(days=60)) == 0


def test_overdue_first_and_counted(database, people, change):
    by = Origin(people["ann"])
    numbers = [add_action(database, by, "L-0001", ActionText(what=what)) for what in ("b", "c", "d")]
    for number, due in zip(numbers, (DUE, TODAY - timedelta(days=1), None), strict=True):
        change("cora", "assigned", number, owner="ann@example.org", due_on=due)
    with database.read() as session:
        reader = reader_of(people["ann"])
        mine = list_actions(session, reader, ActionFilter(owner_id=people["ann"].id), TODAY)
        assert [each.what for each in mine] == ["c", "b", "d"]
        assert [each.is_overdue(TODAY) for each in mine] == [True, False, False]
        assert len(list_actions(session, reader, ActionFilter("overdue"), TODAY)) == 1
        found = tally(session, reader, TODAY)
        assert (found["identified"], found["assigned"], found["overdue"]) == (1, 3, 1)
        assert found["lessons without one"] == 0


STEPS = st.tuples(
    st.sampled_from(["ann", "bob", "cora", "carl", "vera"]),
    st.sampled_from(["identified", "assigned", "embedded", "checked", "dropped"]),
    st.sampled_from(
        [{}, {"owner": "ann@example.org"}, {"embedded_words": "Here"}, {"embedded_in": "T-0001"}]
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(steps=st.lists(STEPS, max_size=12))
def test_however_people_go_on_nobody_checks_their_own(database, people, noted, steps):
    number = add_action(database, Origin(people["ann"]), "L-0001", ActionText(what="Any"))
    for who, state, said in steps:
        with database.read() as session:
            before = session.get_one(LessonAction, number)
            version, builder, owner = before.version, before.embedded_by, before.owner_id
        wanted = ActionChange(**{"version": version, "state": state} | said)
        try:
            change_action(database, Origin(people[who]), number, wanted)
        except KbError:
            continue
        after = seen(database, people["cora"], number)
        assert after.version == version + 1
        if state == "checked":
            assert people[who].id not in (builder, owner)
            assert after.embedded_words or after.embedded_in


def test_in_the_browser(own_app):
    curator, ann = sign_in(own_app, "cora", "curator"), make_user(own_app, "ann")
    reader = sign_in(own_app, "rita", "reader")
    assert "What is to come of it" not in own_app.test_client().get("/entries/L-0001").text
    where = reader.send("/entries/L-0001/actions", what="Ask for <b>two</b> rehearsals").headers["Location"]
    number = int(re.search(r"/actions/(\d+)", where)[1])
    assert "It is noted." in reader.get(where).text
    assert reader.send("/entries/L-0001/actions", what=" ").status_code == 400
    again = reader.send("/entries/L-0001/actions", what="Ask <em> " + "x" * 300)
    assert again.status_code == 400
    assert 'value="Ask &lt;em&gt; xxx' in again.text
    assert 'id="wrong-what"' in again.text
    assert 'id="wrong-project"' not in again.text
    assert "What happened" in again.text  # the lesson around it
    page = own_app.test_client().get("/entries/L-0001").text
    assert "Ask for &lt;b&gt;two&lt;/b&gt; rehearsals" in page
    assert f"/actions/{number}" not in page  # visitors have no actions
    sent = {"version": "1", "state": "assigned", "owner": "ann@example.org", "due_on": "2020-01-31"}
    assert curator.send(f"/actions/{number}", **sent | {"owner": "x@example.org"}).status_code == 400
    assert curator.send(f"/actions/{number}", **sent).status_code == 303
    assert curator.send(f"/actions/{number}", **sent).status_code == 409
    listed = curator.get("/actions?whose=all&which=overdue").text
    assert "Overdue since 31 January 2020" in listed
    assert "Ann" in listed
    assert reader.get("/actions?whose=all").status_code == 403
    assert "Nothing waits for you" in reader.get("/actions").text
    with own_app.extensions[EXTENSION].database.read() as session:
        assert session.scalars(select(LessonAction.owner_id)).one() == ann.id
    assert "Actions that come of lessons" in curator.get("/insight").text


def test_for_programs(own_app):
    curator = sign_in(own_app, "cora", "curator")
    header = {"X-Form-Token": derived(curator.secret, "form")}
    made = curator.post("/api/v1/entries/L-0001/actions", json={"what": "Do it"}, headers=header)
    assert (made.status_code, made.json["state"]) == (201, "identified")
    where = made.headers["Location"]
    body = {"version": 1, "state": "assigned", "owner": "cora@example.org", "due_on": "2026-12-18"}
    assert curator.put(where, json=body, headers=header).json["owner"] == "Cora"
    assert curator.put(where, json=body, headers=header).status_code == 409
    assert curator.get("/api/v1/actions").json["total"] == 1
    assert curator.get("/api/v1/actions?whose=all&ref=L-0001").json["actions"][0]["due_on"] == "2026-12-18"
    assert sign_in(own_app, "rita").get("/api/v1/actions?whose=all").status_code == 403


def test_on_the_command_line(own_app, own_home):
    make_user(own_app, "ann")

    def run(*arguments, status=0):
        done = CliRunner(env={"PRECEDENT_HOME": str(own_home)}).invoke(precedent, ["actions", *arguments])
        assert done.exit_code == status, (done.output, done.exception)
        return done.output

    assert run("list") == "There is none.\n"
    assert run("add", "l-0001", "Do it") == "Action 1 is noted on L-0001.\n"
    assert (
        run("assign", "1", "ann@example.org", "--due", "2020-01-31")
        == "Action 1 of L-0001 is assigned, Ann.\n"
    )
    assert "overdue" in run("list", "--owner", "ann@example.org")
    assert run("remind") == "1 reminder sent.\n"
    run("embed", "1", "t-0001")
    run("check", "1")
    assert '"state": "checked"' in run("list", "--which", "checked", "--json")
    run("reopen", "1")
    run("drop", "1")
