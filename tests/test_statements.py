"""What a record store is told, by a real one on this machine: statements, repeats, retries, privacy."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select, update

from kb.config import Settings
from kb.errors import NotAllowed, NotFound, SettingsError
from kb.learning import assessing, badges, enrolling, stepping
from kb.learning.model import Enrolment
from kb.learning.signing import Signer
from kb.model import Entry
from kb.outbox import PAUSES, settle_row
from kb.people.audit import AuditFilter, Origin, find
from kb.people.clock import now
from kb.people.model import User
from kb.people.reader import reader_of
from kb.people.roles import OPERATOR, Person
from kb.statements import outbox
from kb.statements.model import LearnerName, Statement
from kb.visibility import set_visibility
from tests.fakes_web import fill
from tests.fixtures.record_store import KEY, SECRET
from tests.test_learning import COURSE, QUIZ, RIGHT, origin_of, put
from web.cli import precedent
from web.diagnosis import examine, glance
from web.record_store import StoreDown, StoreNotSetUp, ask_store, tell_due

pytest_plugins = ["tests.fixtures.record_store"]
BASE = "https://lessons.example.org"
SHORT = COURSE | {"stages": [{"title": "All", "steps": [
    {"entry": "L-0001"}, {"entry": "M-0005", "completion": "Passed"},
]}]}  # fmt: skip
QUICK = QUIZ | {"assessment": QUIZ["assessment"][:1]}


@pytest.fixture
def school(database):
    fill(database)
    put(database, QUICK, SHORT)
    return database


@pytest.fixture
def settings(record_store, tmp_path):
    return Settings.from_env({
        "PRECEDENT_HOME": str(tmp_path), "PRECEDENT_URL": BASE, "PRECEDENT_XAPI_KEY": KEY,
        "PRECEDENT_XAPI_ENDPOINT": record_store.endpoint, "PRECEDENT_XAPI_SECRET": SECRET,
    })  # fmt: skip


def learn(database, name="anna", home=None) -> Person:
    """Takes the whole path, failing once, and gets the badge."""
    origin = origin_of(database, name)
    reader, ref = reader_of(origin.person), "P-0005"
    enrolling.enrol(database, origin, ref, reader)
    stepping.open_step(database, origin, ref, "L-0001", reader)
    stepping.do_step(database, origin, ref, "L-0001", reader)
    for answer in ([0], RIGHT[0]):
        number = assessing.begin(database, origin, ref, "M-0005", reader)
        assessing.hand_in(database, origin, ref, number, {0: answer}, reader)
    if home is not None:
        badges.issue(database, origin, ref, reader, Signer(home, BASE))
    return origin.person


def said(store) -> list[tuple[str, str]]:
    """Verb and object of what the store keeps, in order of time."""
    ordered = sorted(store.kept.values(), key=lambda each: each["timestamp"])
    return [
        (each["verb"]["display"]["en"], each["object"]["id"].removeprefix(f"{BASE}/entries/"))
        for each in ordered
    ]


def states(database) -> dict[str, int]:
    with database.read() as session:
        return outbox.look(session).counts


def make_due(database) -> None:
    with database.write_aside() as session:
        session.execute(update(Statement).where(Statement.state == "waiting").values(due_at=now()))


def test_a_path_is_told_from_the_first_step_to_the_badge(school, settings, record_store, tmp_path):
    person = learn(school, home=tmp_path)
    report = tell_due(settings, school)
    assert record_store.broken == []
    assert (report.sent, report.problem) == (7, "")
    assert set(said(record_store)) == {
        ("registered", "P-0005"), ("initialized", "L-0001"), ("completed", "L-0001"),
        ("failed", "M-0005#questions"), ("passed", "M-0005#questions"), ("completed", "P-0005"),
        ("earned", "P-0005#badge"),
    }  # fmt: skip
    found = {each["verb"]["display"]["en"]: each for each in record_store.kept.values()}
    assert found["failed"]["result"]["score"] == {"scaled": 0.0, "raw": 0, "min": 0, "max": 100}
    assert found["passed"]["result"]["success"] is True
    actors = {str(each["actor"]) for each in record_store.kept.values()}
    assert len(actors) == 1
    assert found["passed"]["actor"]["account"]["homePage"] == BASE
    assert person.email not in str(record_store.kept)
    assert person.name not in str(record_store.kept)
    assert len({each["context"]["registration"] for each in record_store.kept.values()}) == 1


def test_nothing_is_told_twice_and_undoing_tells_nothing(school, settings, record_store):
    learn(school)
    tell_due(settings, school)
    count = len(record_store.asked)
    assert tell_due(settings, school).sent == 0
    assert len(record_store.asked) == count
    with school.write_aside() as session:
        names = set(session.scalars(select(Statement.name)))
        session.query(Statement).delete()  # as after a restore of an older backup
    assert tell_due(settings, school).sent == 6
    with school.read() as session:
        assert set(session.scalars(select(Statement.name))) == names
    assert len(record_store.kept) == 6


def test_a_store_that_is_busy_or_broken_is_tried_again(school, settings, record_store):
    learn(school)
    record_store.answers = [500, 408]
    report = tell_due(settings, school)
    assert (report.sent, report.put_off, report.problem) == (4, 2, "")
    assert len(record_store.kept) == 4
    assert tell_due(settings, school).sent == 0  # their pause is not over
    make_due(school)
    assert tell_due(settings, school).sent == 2
    assert len(record_store.kept) == 6
    assert states(school) == {"waiting": 0, "sent": 6, "given up": 0}


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "does not accept key and secret"), (403, "does not let us"), (404, "is no record store"),
     (429, "takes no more for now"), (503, "takes nothing for now")],
)  # fmt: skip
def test_a_store_that_takes_nothing_is_left_alone_until_later(school, settings, record_store, status, words):
    learn(school)
    record_store.answers = [status]
    report = tell_due(settings, school)
    assert words in report.problem
    assert (report.sent, report.put_off) == (0, 6)
    assert [method for method, _ in record_store.asked].count("PUT") == 1
    make_due(school)
    assert tell_due(settings, school).sent == 6


def test_what_the_store_never_takes_is_given_up_and_retried_by_hand(school, settings, record_store):
    learn(school)
    record_store.answers = [400]
    report = tell_due(settings, school)
    assert (report.sent, report.given_up) == (5, 1)
    with school.write_aside() as session:
        (number,) = outbox.numbers_of(session, "given up")
        (view,) = outbox.list_statements(session, "given up")
        assert "refuses it (400" in view.problem
        with pytest.raises(NotAllowed):
            outbox.drop(session, Origin(OPERATOR), number)
        with pytest.raises(NotFound):
            outbox.retry(session, Origin(OPERATOR), 999_999)
        with pytest.raises(NotAllowed):
            outbox.retry(session, Origin(Person(id=1, roles=frozenset({"curator"}))), number)
        outbox.retry(session, Origin(OPERATOR), number)
        lines = find(session, AuditFilter(action="retry statement"), 0, 5)[1]
        assert [line.object for line in lines] == [f"statement {number}"]
    assert tell_due(settings, school).sent == 1
    assert len(record_store.kept) == 6


def test_after_all_attempts_it_is_given_up(school, settings, record_store):
    learn(school)
    record_store.answers = [500] * 1000
    for _ in range(len(PAUSES) + 1):
        make_due(school)
        report = tell_due(settings, school)
    assert report.given_up == 6
    assert states(school)["given up"] == 6


def test_an_answer_that_comes_late_makes_no_second_statement(school, settings, record_store, monkeypatch):
    learn(school)
    monkeypatch.setattr("web.outbound.TOTAL_SECONDS", 0.2)
    record_store.pause = 0.6
    assert "takes too long" in tell_due(settings, school).problem
    record_store.pause = 0
    monkeypatch.setattr("web.outbound.TOTAL_SECONDS", 10.0)
    make_due(school)
    assert tell_due(settings, school).sent == 6  # one of them by a 409: the store had taken it
    assert len(record_store.kept) == 6


def test_a_dead_store_is_said(school, settings):
    learn(school)
    dead = replace(settings, xapi_endpoint="http://127.0.0.1:9/xapi/")
    report = tell_due(dead, school)
    assert "cannot be reached" in report.problem
    (check,) = [each for each in glance(dead, school) if each.name == "record store"]
    assert not check.ok
    with pytest.raises(StoreDown):
        ask_store(dead)


def test_who_keeps_it_to_themselves_is_left_out_also_later(school, settings, record_store):
    anna, bea = learn(school, "anna"), learn(school, "bea")
    with school.write_aside() as session:
        session.execute(update(User).where(User.id == anna.id).values(private_learning=True))
    assert tell_due(settings, school).sent == 6
    record_store.answers = [503]
    cid = learn(school, "cid")
    assert tell_due(settings, school).put_off == 6
    with school.write_aside() as session:
        session.execute(update(User).where(User.id == cid.id).values(private_learning=True))
    make_due(school)
    assert tell_due(settings, school).given_up == 6
    with school.read() as session:
        names = dict(session.execute(select(LearnerName.user_id, LearnerName.name)).all())
    assert anna.id not in names
    assert names[bea.id] in str(record_store.kept)
    assert names[cid.id] not in str(record_store.kept)


def test_names_are_told_only_where_the_setting_says_so(school, settings, record_store):
    person = learn(school)
    assert tell_due(replace(settings, xapi_email=True), school).sent == 6
    actors = [each["actor"] for each in record_store.kept.values()]
    assert {each["mbox"] for each in actors} == {f"mailto:{person.email}"}
    assert record_store.broken == []


def test_titles_of_what_is_restricted_are_not_told(school, settings, record_store):
    learn(school)
    with school.write() as session:
        title = session.scalars(select(Entry).where(Entry.ref == "L-0001")).one().revisions[-1].title
        set_visibility(session, "L-0001", "restricted", ["role:curator"])
    assert tell_due(settings, school).sent == 6
    assert title not in str(record_store.kept)
    assert ("completed", "L-0001") in said(record_store)


def test_history_is_not_told(school, settings, record_store):
    learn(school)
    with school.write_aside() as session:
        session.execute(update(Enrolment).values(enrolled_at=now() - timedelta(days=31)))
    tell_due(settings, school)
    assert "registered" not in {verb for verb, _ in said(record_store)}


def test_of_two_senders_each_statement_has_one(school, settings, record_store):
    learn(school)
    tell_due(settings, school)
    with school.write_aside() as session:
        session.execute(update(Statement).values(state="waiting", due_at=now(), attempts=0))
        first, second = outbox.claim(session, 4), outbox.claim(session, 4)
        assert len(first) == 4
        assert not {each.id for each in first} & {each.id for each in second}
        settle_row(session, Statement, first[0], "sent")
        assert session.scalar(select(func.count()).where(Statement.state == "sent")) == 1


def test_the_other_version_and_tokens_are_spoken(school, settings, record_store):
    learn(school)
    record_store.versions, record_store.lets_in = ("2.0.0",), ("Bearer abc",)
    newer = replace(settings, xapi_version="2.0.0", xapi_key="", xapi_secret="", xapi_token="abc")
    assert tell_due(newer, school).sent == 6
    assert ask_store(newer) == ["2.0.0"]
    (check,) = [each for each in examine(newer) if each.name == "record store"]
    assert check.ok, check
    (check,) = [each for each in examine(replace(newer, xapi_version="1.0.3")) if each.name == "record store"]
    assert not check.ok


def test_without_a_store_nothing_is_kept(school, settings):
    learn(school)
    with pytest.raises(StoreNotSetUp, match="PRECEDENT_XAPI_ENDPOINT"):
        tell_due(replace(settings, xapi_endpoint=""), school)
    assert states(school) == {"waiting": 0, "sent": 0, "given up": 0}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"KEY": "a", "SECRET": "b"}, "also needs PRECEDENT_XAPI_ENDPOINT"),
        ({"ENDPOINT": "http://records.example.org/"}, "must be the https address"),
        ({"ENDPOINT": "https://u:p@records.example.org/"}, "must be the https address"),
        ({"ENDPOINT": "https://records.example.org/?a=b"}, "must be the https address"),
        ({"ENDPOINT": "https://r.example.org", "KEY": "a"}, "needs a key and a secret"),
        ({"ENDPOINT": "https://r.example.org", "KEY": "a:b", "SECRET": "c"}, "no colon"),
        ({"ENDPOINT": "https://r.example.org", "KEY": "a", "SECRET": "b", "TOKEN": "c"}, "not both"),
        ({"ENDPOINT": "https://r.example.org", "TOKEN": "ü"}, "ASCII"),
        ({"ENDPOINT": "https://r.example.org", "VERSION": "0.95"}, "must be 1.0.3 or 2.0.0"),
        ({"ENDPOINT": "https://r.example.org", "EMAIL": "perhaps"}, "must be yes or no"),
        ({"ENDPOINT": "https://r.example.org", "NETWORKS": "here"}, "PRECEDENT_XAPI_NETWORKS must list"),
        ({"ENDPOINT": "https://r.example.org", "TOKEN_FILE": "/nowhere"}, "cannot be read"),
    ],
)
def test_settings_that_make_no_sense_are_refused(given, words):
    environ = {f"PRECEDENT_XAPI_{name}": value for name, value in given.items()}
    with pytest.raises(SettingsError, match=words):
        Settings.from_env(environ | {"PRECEDENT_URL": BASE})


def test_secrets_come_from_files_and_are_never_shown(tmp_path):
    file = tmp_path / "token"
    file.write_text("tulip\n")
    found = Settings.from_env({
        "PRECEDENT_URL": BASE, "PRECEDENT_XAPI_ENDPOINT": "https://r.example.org/xapi",
        "PRECEDENT_XAPI_TOKEN_FILE": str(file),
    })  # fmt: skip
    assert (found.xapi_endpoint, found.xapi_token) == ("https://r.example.org/xapi/", "tulip")
    assert "tulip" not in repr(found)


def test_the_command_line_says_and_tells(school, settings, record_store, tmp_path, monkeypatch):
    learn(school)
    url = school.engine.url.render_as_string(hide_password=False)
    for name, value in {
        "HOME": str(tmp_path), "DATABASE_URL": url, "URL": BASE, "XAPI_ENDPOINT": record_store.endpoint,
        "XAPI_KEY": KEY, "XAPI_SECRET": SECRET,
    }.items():  # fmt: skip
        monkeypatch.setenv(f"PRECEDENT_{name}", value)

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(precedent, ["xapi", *words])
        return done.exit_code, done.output

    record_store.answers = [400, 503]
    code, words = run("send")
    assert (code, "Told 0, put off 5, given up 1." in words) == (1, True)
    assert "takes nothing for now" in words
    code, words = run("status")
    assert "Statements: 5 waiting, 0 sent, 1 given up." in words
    assert "P-0005" in words
    assert run("retry", "--all") == (0, "1 is told as soon as may be.\n")
    assert "1 waiting" not in run("send")[1]
    assert run("drop", "--all")[1] == "5 dropped.\n"
    assert run("retry")[0] == 2
    assert '"verb": "registered"' in run("status", "--json", "--limit", "100")[1]
