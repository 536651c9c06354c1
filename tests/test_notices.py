"""Telling people: whom, what they may see of it, once, and how it is read and forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from kb.editing import find_entry
from kb.errors import InvalidRecord, NotFound
from kb.notices import wording
from kb.notices.due import tell_due
from kb.notices.model import Mail, Notice
from kb.notices.reading import (
    count_unread,
    forget_old,
    get_notice,
    list_notices,
    mark_all_read,
    mark_read,
    notices_of_mail,
)
from kb.notices.telling import notify, people_meant, people_with
from kb.people.accounts import as_person, new_user, put_roles
from kb.people.clock import now
from kb.people.model import User
from kb.people.reader import reader_of
from kb.people.roles import OPERATOR
from kb.records import apply_record, parse_record
from kb.visibility import set_visibility

TODAY = date(2026, 11, 27)


@pytest.fixture
def people(database):
    """Three lessons, and Ann who writes, Bea who curates and Cid who was invited."""
    with database.write() as session:
        for number, verifier in ((1, "ann"), (2, "Head of nothing"), (3, "")):
            record = {
                "kind": "lesson", "id": f"L-000{number}", "title": f"Lesson {number}", "author": "Ann",
                "verified_on": "2024-03-01", "verify_months": 24, "verifier": verifier,
            }  # fmt: skip
            apply_record(session, parse_record(record))
    with database.write_aside() as session:
        found = {}
        for name, roles, status in (
            ("ann", (), "active"),
            ("bea", ("curator",), "active"),
            ("cid", (), "invited"),
        ):
            user = new_user(session, f"{name}@example.org", name.title(), status)
            put_roles(user, roles, OPERATOR)
            session.flush()
            found[name] = as_person(user)
    return found


@pytest.fixture
def tell(database, people):
    """Tells Ann something about L-0001."""

    def tell(event="comment", to=("ann",), **said):
        with database.write_aside() as session:
            numbers = [people[name].id for name in to]
            return notify(session, event, numbers, **({"ref": "L-0001", "by": people["bea"]} | said))

    return tell


def told(database, person, **asked):
    with database.read() as session:
        return list_notices(session, person.id, reader_of(person), **asked)[1]


def test_a_person_is_told_who_did_what(database, people, tell):
    assert tell(words="Which supplier?", place="/desk/L-0001") == 1
    (notice,) = told(database, people["ann"])
    assert (wording.heading(notice), wording.sentence(notice)) == ("Lesson 1", "Bea commented on it.")
    assert (wording.details(notice), notice.place, notice.is_read) == (
        "Which supplier?",
        "/desk/L-0001",
        False,
    )
    assert told(database, people["bea"]) == []


def test_who_did_it_and_who_has_no_open_account_is_not_told(database, people, tell):
    assert tell(to=("ann", "bea", "cid")) == 1


def test_what_is_told_once_is_not_told_again(database, people, tell):
    assert [tell(once="due L-0001"), tell(once="due L-0001"), tell(), tell()] == [1, 0, 1, 1]
    assert len(told(database, people["ann"])) == 3


@pytest.mark.parametrize(
    "place", ["//evil.example", "/\\evil.example", "https://evil.example", "/a b", "desk"]
)
def test_a_notice_leads_nowhere_else(tell, place):
    with pytest.raises(InvalidRecord, match="place"):
        tell(place=place)


def test_what_makes_no_sense_is_refused(tell):
    with pytest.raises(ValueError, match="no event"):
        tell("full moon")
    with pytest.raises(NotFound):
        tell(ref="L-0999")


def test_long_words_are_cut(database, people, tell):
    tell(words="word " * 400)
    assert len(told(database, people["ann"])[0].words) <= 500
    assert told(database, people["ann"])[0].words.endswith("word…")


def test_a_notice_about_what_is_hidden_is_not_there(database, people, tell):
    tell()
    with database.write() as session:
        set_visibility(session, "L-0001", "restricted", ["role:curator"])
    ann = people["ann"]
    with database.read() as session:
        reader = reader_of(ann)
        assert list_notices(session, ann.id, reader) == (0, [])
        assert count_unread(session, ann.id, reader) == 0
        number = session.scalars(select(Notice.id)).one()
        with pytest.raises(NotFound):
            get_notice(session, ann.id, number, reader)
        assert list_notices(session, ann.id, reader_of(replace(ann, roles=frozenset({"curator"}))))[0] == 1


def test_an_anonymous_author_stays_anonymous(database, people, tell):
    with database.write() as session:
        find_entry(session, "L-0001").revisions[0].anonymous = True
    tell("review requested", to=("bea",), by=people["ann"])
    tell("review requested", to=("bea",), by=people["ann"], ref="L-0002")
    assert [notice.actor for notice in told(database, people["bea"])] == ["Ann", "A contributor"]


def test_the_title_is_that_of_the_revision_or_of_what_is_published(database, people, tell):
    with database.write() as session:
        record = {"kind": "lesson", "id": "L-0001", "title": "A new title", "revision": 2, "state": "draft"}
        apply_record(session, parse_record(record))
    tell(number=2)
    tell()
    tell(number=7)
    assert [wording.heading(each) for each in told(database, people["ann"])] == [
        "L-0001",
        "Lesson 1",
        "A new title",
    ]


def test_a_notice_without_an_entry_says_it_all_itself(database, people, tell):
    tell("entry due", ref="", words="Two entries are due.", by=OPERATOR)
    tell("task given", ref="", words="Write about data migration in health.")
    task, due = told(database, people["ann"])
    assert (wording.heading(due), wording.details(due)) == ("Two entries are due.", "")
    assert wording.sentence(task) == "Bea gives it to you to do."


def test_reading_is_each_persons_own(database, people, tell):
    tell(to=("ann",))
    tell(to=("ann",))
    tell(to=("bea",), by=people["ann"])
    ann, bea = people["ann"], people["bea"]
    second, first = told(database, ann)
    (other,) = told(database, bea)
    with database.write_aside() as session:
        mark_read(session, bea.id, first.id)
        assert count_unread(session, ann.id, reader_of(ann)) == 2
        mark_read(session, ann.id, first.id)
        assert count_unread(session, ann.id, reader_of(ann)) == 1
        mark_read(session, ann.id, first.id, read=False)
        assert mark_all_read(session, ann.id, first.id) == 1
        assert [each.id for each in list_notices(session, ann.id, reader_of(ann), unread=True)[1]] == [
            second.id
        ]
        assert mark_all_read(session, ann.id, other.id) == 1
        with pytest.raises(NotFound):
            get_notice(session, ann.id, other.id, reader_of(ann))
    assert not told(database, bea)[0].is_read


def test_notices_wait_for_one_mail_as_their_person_wishes(database, people, tell):
    with database.write_aside() as session:
        wishes = {"comment": "daily", "decision made": "never"}
        session.execute(update(User).where(User.email == "ann@example.org").values(notices=wishes))
    for event in ("comment", "comment", "decision made", "review requested", "lesson superseded"):
        tell(event)
    with database.read() as session:
        mails = {mail.kind: mail for mail in session.scalars(select(Mail))}
        assert set(mails) == {"at once", "daily"}
        reader = reader_of(people["ann"])
        carried = {
            kind: [each.event for each in notices_of_mail(session, mail, reader)]
            for kind, mail in mails.items()
        }
        assert carried == {"daily": ["comment"] * 2, "at once": ["review requested", "lesson superseded"]}
        assert mails["daily"].due_at.hour == 6
        assert mails["daily"].due_at > mails["daily"].created_at
    assert len(told(database, people["ann"])) == 5


def test_a_mail_that_is_under_way_takes_nothing_more(database, people, tell):
    tell()
    with database.write_aside() as session:
        session.execute(update(Mail).values(attempts=1))
    tell()
    with database.read() as session:
        assert sorted(session.scalars(select(Mail.attempts))) == [0, 1]


def test_what_is_due_is_told_its_verifier_and_else_curators_in_one_line(database, people):
    with database.write_aside() as session:
        assert tell_due(session, date(2026, 2, 28)) == 0
        assert tell_due(session, TODAY) == 2
        assert tell_due(session, TODAY) == 0
    (mine,), (theirs,) = told(database, people["ann"]), told(database, people["bea"])
    assert (mine.ref, wording.heading(mine)) == ("L-0001", "Lesson 1")
    assert wording.heading(theirs).startswith("2 entries are due")
    with database.write_aside() as session:
        assert tell_due(session, TODAY + timedelta(days=7)) == 1  # curators, of the next week


def test_who_is_meant(database, people):
    with database.read() as session:
        ann, bea = people["ann"].id, people["bea"].id
        meant = {
            each: people_meant(session, each)
            for each in ("ANN", "bea@example.org", "curator", "Cid", "", "PMO")
        }
        assert meant == {
            "ANN": [ann],
            "bea@example.org": [bea],
            "curator": [bea],
            "Cid": [],
            "": [],
            "PMO": [],
        }
        assert people_with(session, "admin") == []


def test_what_is_old_is_forgotten(database, people, tell):
    for _ in range(4):
        tell()
    newest, second, third, oldest = [each.id for each in told(database, people["ann"])]
    old = now() - timedelta(days=100)
    with database.write_aside() as session:
        session.execute(update(Notice).where(Notice.id == second).values(read_at=now()))
        session.execute(update(Notice).where(Notice.id == third).values(read_at=old))
        session.execute(
            update(Notice).where(Notice.id == oldest).values(created_at=old - timedelta(days=300))
        )
        session.execute(update(Mail).values(state="sent", due_at=old))
        forget_old(session)
    assert [each.id for each in told(database, people["ann"])] == [newest, second]
    with database.read() as session:
        assert session.scalars(select(Mail)).all() == []
