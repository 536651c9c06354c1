"""Files that nothing uses go after a while, and never one that a revision, a draft or a form still shows."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from itertools import count, product

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from kb.attachments import pictures
from kb.attachments.attaching import attach
from kb.attachments.model import Attachment, BroughtPicture, RemovedFile, StoredFile
from kb.attachments.removing import KEPT_DAYS, bring_back, detach, erase, forget_removed
from kb.attachments.storing import digest_of
from kb.attachments.unused import forget_unused
from kb.content import make_content
from kb.database import open_database
from kb.desk import copies, reviewing, writing
from kb.desk.copies import Typed
from kb.desk.model import WorkingCopy
from kb.errors import KbError
from kb.importing.document import Picture
from kb.model import Revision
from kb.people import accounts
from kb.people.audit import Origin
from kb.people.clock import now
from kb.people.roles import OPERATOR, Person
from tests.conforming import WHOLE

ROLES = {"anna": (), "bea": (), "cleo": ("curator",)}
FILES = (b"red", b"green", b"blue")
"""Few, so that they are shared."""


@pytest.fixture(autouse=True)
def no_encoding(monkeypatch):
    """Any bytes are a picture."""
    for module in ("kb.attachments.pictures", "kb.attachments.attaching"):
        monkeypatch.setattr(f"{module}.checked", lambda data: Picture("png", data))
        monkeypatch.setattr(f"{module}.take", lambda *_: None)


class Clock:
    """The time of everything that ends after a while."""

    def __init__(self, monkeypatch) -> None:
        self.at = now()
        for module in ("unused", "removing", "pictures"):
            monkeypatch.setattr(f"kb.attachments.{module}.now", lambda: self.at)

    def pass_days(self, days: float) -> None:
        self.at += timedelta(days=days)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def with_people(database):
    found = {}
    for name, roles in ROLES.items():
        with database.write_aside() as session:
            user = accounts.new_user(session, f"{name}@example.org", name.title(), "active")
            accounts.put_roles(user, roles, OPERATOR)
            session.flush()
            found[name] = Person(id=user.id, name=user.name, roles=frozenset(roles))
    return found


@pytest.fixture
def people(database):
    return with_people(database)


def showing(*shown: bytes):
    """A lesson that shows these pictures."""
    addresses = " ".join(f"![it](/attachments/{digest_of(data)}.png)" for data in shown)
    return make_content("lesson", WHOLE | {"happened": f"As seen: {addresses}"})


def text_of(*shown: bytes):
    return showing(*shown).model_dump(mode="json", exclude_none=True)


def stored(database) -> set[bytes]:
    with database.read() as session:
        return set(session.scalars(select(StoredFile.data)))


def clean(database, clock, days=KEPT_DAYS + 1) -> int:
    """The janitor comes, and again after some days."""
    gone = forget_unused(database)
    clock.pass_days(days)
    return gone + forget_unused(database)


def test_a_picture_of_a_discarded_draft_goes_after_a_while(database, people, clock):
    anna, cleo = Origin(people["anna"]), Origin(people["cleo"])
    ref = writing.create(database, anna, "lesson", showing()).ref
    writing.submit(database, anna, ref, 1)
    reviewing.publish(database, cleo, ref, 1)
    for data in FILES[:2]:
        pictures.bring(database, anna, data)
    draft = writing.save(database, anna, ref, showing(*FILES[:2]), base=1)
    kept = writing.save(database, anna, ref, showing(FILES[1]), base=draft.number)
    assert clean(database, clock) == 0, "history shows both"
    writing.discard(database, anna, ref, draft.number)
    assert clean(database, clock, KEPT_DAYS - 1) == 0
    assert stored(database) == set(FILES[:2])
    clock.pass_days(2)
    assert forget_unused(database) == 1
    assert stored(database) == {FILES[1]}
    writing.discard(database, anna, ref, kept.number)
    assert clean(database, clock) == 1
    with database.read() as session:
        rows = [session.scalars(select(table)).all() for table in (Attachment, BroughtPicture)]
    assert rows == [[], []]


def test_all_files_of_an_entry_that_is_discarded_go(database, people, clock):
    anna = Origin(people["anna"])
    ref = writing.create(database, anna, "lesson", showing()).ref
    for data in FILES:
        attach(database, anna, ref, f"{data.decode()}.png", data)
    detach(database, anna, ref, digest_of(FILES[0]))
    copies.keep(database, anna.person, ref, Typed(text_of(FILES[2]), 1))
    writing.discard(database, anna, ref, 1)
    with database.read() as session:
        assert session.scalars(select(WorkingCopy)).all() == [], "its id may be another entry's one day"
    assert clean(database, clock) == 3
    assert stored(database) == set()


def test_a_picture_that_was_never_saved_goes_when_it_is_no_longer_typed(database, people, clock):
    anna = Origin(people["anna"])
    for data in FILES[:2]:
        pictures.bring(database, anna, data)
    copies.keep(database, anna.person, "new:lesson", Typed(text_of(FILES[0])))
    assert clean(database, clock) == 1
    assert stored(database) == {FILES[0]}
    copies.drop(database, anna.person, "new:lesson")
    assert clean(database, clock, KEPT_DAYS) == 0
    pictures.bring(database, anna, FILES[0])
    clock.pass_days(1)
    assert forget_unused(database) == 0, "it was brought again"
    assert clean(database, clock) == 1


@pytest.mark.parametrize("how", ["another draft", "a form", "a document", "taken away", "a text without it"])
def test_what_something_else_uses_stays(database, people, clock, how):
    anna, bea, red = Origin(people["anna"]), Origin(people["bea"]), FILES[0]
    pictures.bring(database, anna, red)
    mine = writing.create(database, anna, "lesson", showing(red)).ref
    theirs = writing.create(database, bea, "lesson", showing()).ref
    if how == "another draft":
        pictures.bring(database, bea, red)
        writing.save(database, bea, theirs, showing(red), base=1)
    if how == "a form":
        copies.keep(database, bea.person, "new:lesson", Typed(text_of(red)))
    if how in ("a document", "taken away"):
        attach(database, bea, theirs, "red.png", red)
    if how == "a text without it":
        writing.save(database, bea, theirs, showing(red), base=1)
    writing.discard(database, anna, mine, 1)
    assert forget_unused(database) == 0
    if how == "taken away":
        clock.pass_days(KEPT_DAYS)
        detach(database, bea, theirs, digest_of(red))
    clock.pass_days(KEPT_DAYS - 1 if how == "taken away" else 400)
    assert forget_unused(database) == 0
    assert stored(database) == {red}
    assert forget_unused(database) == 0


def test_deleting_for_good_spares_what_a_text_shows(database, people, clock):
    anna, bea, red = Origin(people["anna"]), Origin(people["bea"]), FILES[0]
    mine = writing.create(database, anna, "lesson", showing()).ref
    theirs = writing.create(database, bea, "lesson", showing()).ref
    attach(database, anna, mine, "red.png", red)
    pictures.bring(database, bea, red)
    writing.save(database, bea, theirs, showing(red), base=1)
    detach(database, anna, mine, digest_of(red))
    erase(database, anna, mine, digest_of(red))
    assert stored(database) == {red}


def test_what_was_typed_on_a_discarded_draft_stands_on_the_one_before(database, people):
    anna, cleo = Origin(people["anna"]), Origin(people["cleo"])
    ref = writing.create(database, anna, "lesson", showing()).ref
    draft = writing.save(database, anna, ref, showing(FILES[0]), base=1)
    copies.keep(database, cleo.person, ref, Typed(text_of(), draft.number))
    writing.discard(database, anna, ref, draft.number)
    with database.read() as session:
        assert copies.find(session, cleo.person, ref).typed.base == 1


class Sharing(RuleBasedStateMachine):
    """People write, attach, discard and clean up with three files between them."""

    database: object
    people: dict[str, Person]
    clock: Clock
    who = st.sampled_from(sorted(ROLES))
    file = st.sampled_from(FILES)
    shown = st.lists(st.sampled_from(FILES), max_size=2, unique=True)
    number = st.integers(1, 4)
    entry = st.integers(0, 2)

    def __init__(self) -> None:
        super().__init__()
        self.refs: list[str] = []
        self.there: set[str] = set()
        self.idle: dict[str, object] = {}

    def tried(self, verb, *arguments, **named):
        """What the verb gives; None where it is refused."""
        try:
            return verb(self.database, *arguments, **named)
        except KbError:
            return None

    def handled(self, *files: bytes) -> None:
        """Whoever brings, attaches or saves bytes again has them kept for another while."""
        for data in files:
            self.idle.pop(digest_of(data), None)

    def ref(self, at: int) -> str:
        return self.refs[at % len(self.refs)] if self.refs else "L-9999"

    def by(self, who: str) -> Origin:
        return Origin(self.people[who])

    @rule(who=who, file=file)
    def bring(self, who, file):
        self.handled(file)
        self.tried(pictures.bring, self.by(who), file)

    @rule(who=who, shown=shown)
    def create(self, who, shown):
        self.handled(*shown)
        if len(self.refs) < 3:
            self.refs.append(writing.create(self.database, self.by(who), "lesson", showing(*shown)).ref)

    @rule(at=entry, who=who, shown=shown, base=number)
    def save(self, at, who, shown, base):
        self.handled(*shown)
        self.tried(writing.save, self.by(who), self.ref(at), showing(*shown), base=base)

    @rule(at=entry, who=who, shown=shown, base=number)
    def type_on(self, at, who, shown, base):
        self.tried(copies.keep, self.people[who], self.ref(at), Typed(text_of(*shown), base))

    @rule(who=who, shown=shown)
    def type_anew(self, who, shown):
        copies.keep(self.database, self.people[who], "new:lesson", Typed(text_of(*shown)))

    @rule(at=entry, who=who)
    def drop(self, at, who):
        for place in ("new:lesson", self.ref(at)):
            copies.drop(self.database, self.people[who], place)

    @rule(at=entry, number=number)
    def publish(self, at, number):
        for name in ("anna", "bea"):
            self.tried(writing.submit, self.by(name), self.ref(at), number)
        self.tried(reviewing.publish, self.by("cleo"), self.ref(at), number)

    @rule(at=entry, who=who, number=number)
    def discard(self, at, who, number):
        ref = self.ref(at)
        self.tried(writing.discard, self.by(who), ref, number)
        with self.database.read() as session:
            standing = set(session.scalars(select(Revision.entry_id)))
        if len(standing) < len(self.refs) and ref in self.refs:
            self.refs.remove(ref)

    @rule(at=entry, who=who, file=file, what=st.sampled_from(["attach", "detach", "bring back", "erase"]))
    def handle(self, at, who, file, what):
        self.handled(file)
        verb = {"detach": detach, "bring back": bring_back, "erase": erase}.get(what)
        if verb is None:
            self.tried(attach, self.by(who), self.ref(at), "picture.png", file)
        else:
            self.tried(verb, self.by(who), self.ref(at), digest_of(file))

    @rule(days=st.sampled_from([1, 20, KEPT_DAYS + 1]))
    def wait_and_clean(self, days):
        self.clean()
        self.clock.pass_days(days)
        self.clean()

    def clean(self):
        with self.database.write_aside() as session:
            forget_removed(session)
        forget_unused(self.database)
        ended = self.clock.at - timedelta(days=KEPT_DAYS)
        used, stored_now = self.used(), self.stored()
        for digest in stored_now - used:
            assert self.idle.setdefault(digest, self.clock.at) >= ended, "it should have gone by now"
        self.idle = {digest: since for digest, since in self.idle.items() if digest in stored_now - used}

    def stored(self) -> set[str]:
        with self.database.read() as session:
            return set(session.scalars(select(StoredFile.digest)))

    def used(self) -> set[str]:
        """What anything holds, asked of every row by itself."""
        with self.database.read() as session:
            texts = [*session.scalars(select(Revision.content)), *session.scalars(select(WorkingCopy.data))]
            held = set(session.scalars(select(RemovedFile.digest)))
            held |= set(session.scalars(select(Attachment.digest).where(Attachment.role == "original")))
        digests = [digest_of(data) for data in FILES]
        return held | {digest for digest, text in product(digests, texts) if digest in json.dumps(text)}

    @invariant()
    def what_is_used_is_there(self):
        there, used = self.stored(), self.used()
        assert self.there & used <= there, "a file went that something uses"
        self.there = there
        self.idle = {digest: since for digest, since in self.idle.items() if digest not in used}


def test_no_file_goes_that_something_uses_whatever_people_do(tmp_path_factory, sqlite_template, monkeypatch):
    clock, home, numbers = Clock(monkeypatch), tmp_path_factory.mktemp("sharing"), count()

    class Played(Sharing):
        def __init__(self) -> None:
            super().__init__()
            file = shutil.copy(sqlite_template, home / f"{next(numbers)}.sqlite")
            self.database, self.clock = open_database(f"sqlite:///{file}"), clock
            self.people = with_people(self.database)
            pictures.bring(self.database, self.by("anna"), FILES[0])
            self.create("anna", [FILES[0]])
            self.publish(0, 1)

        def teardown(self):
            self.database.dispose()

    limits = settings(
        max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(Played, settings=limits)
