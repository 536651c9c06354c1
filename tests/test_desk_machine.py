"""Hypothesis plays the desk: whatever people do in whatever order, the rules of the workflow hold."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule
from sqlalchemy import select

from kb.content import make_content
from kb.database import open_database
from kb.desk import reviewing, writing
from kb.desk.access import cases, find_case, find_cases
from kb.desk.lines import line_of, standing_on, start_of_edit, writers
from kb.desk.model import Handling
from kb.desk.reviewing import Judgement
from kb.errors import EditConflict, KbError, NotAllowed, NotFound
from kb.model import Entry, Revision
from kb.people import accounts
from kb.people.audit import Origin
from kb.people.roles import OPERATOR, Person, can
from kb.reading import OPERATOR as ALL
from kb.reading import Reader, get_entry

ROLES = {"anna": (), "bea": ("verifier",), "cleo": ("curator",), "dora": ("curator",)}
TEXTS = st.sampled_from(["first", "second", "third", "fourth"])
NUMBERS = st.integers(1, 6)


@dataclass
class Desk:
    database: object
    people: dict[str, Person] = field(default_factory=dict)


def content(words: str):
    said = dict.fromkeys(("summary", "happened", "lesson", "recommendation"), words)
    return make_content("lesson", said | {"title": words, "applicability": {"conditions": "Always."}})


@pytest.fixture(scope="module")
def desk(tmp_path_factory, sqlite_template):
    file = shutil.copy(sqlite_template, tmp_path_factory.mktemp("machine") / "precedent.sqlite")
    database = open_database(f"sqlite:///{file}")
    found = Desk(database)
    for name, roles in ROLES.items():
        with database.write_aside() as session:
            user = accounts.new_user(session, f"{name}@example.org", name.title(), "active")
            accounts.put_roles(user, roles, OPERATOR)
            session.flush()
            found.people[name] = Person(id=user.id, name=user.name, roles=frozenset(roles))
    yield found
    database.dispose()


class Workflow(RuleBasedStateMachine):
    desk: Desk
    entries = Bundle("entries")
    who = st.sampled_from(sorted(ROLES))

    def __init__(self) -> None:
        super().__init__()
        self.refs: list[str] = []
        self.written: dict[tuple[str, int], str] = {}

    def origin(self, who: str) -> Origin:
        return Origin(self.desk.people[who])

    def tried(self, verb, *arguments, **named):
        """What the verb gives; None where it is refused in words."""
        try:
            return verb(self.desk.database, *arguments, **named)
        except KbError as error:
            if not str(error):
                raise
            return None

    @rule(target=entries, who=who, words=TEXTS, anonymous=st.booleans())
    def create(self, who, words, anonymous):
        manner = writing.Manner(anonymous=anonymous)
        saved = writing.create(self.desk.database, self.origin(who), "lesson", content(words), manner)
        self.refs.append(saved.ref)
        self.written[saved.ref, 1] = words
        return multiple(saved.ref)

    @rule(ref=entries, who=who, words=TEXTS, base=NUMBERS)
    def save(self, ref, who, words, base):
        saved = self.tried(writing.save, self.origin(who), ref, content(words), base=base)
        if saved is not None and saved.is_new:
            assert (ref, saved.number) not in self.written
            self.written[ref, saved.number] = words

    @rule(ref=entries, who=who, words=TEXTS)
    def edit_as_the_page_does(self, ref, who, words):
        person = self.desk.people[who]
        with self.desk.database.read() as session:
            case = start_of_edit(session, person, ref)
            base = case.revision.number if case else None
        if base is not None:
            self.save(ref, who, words, base)

    @rule(ref=entries, who=who, number=NUMBERS)
    def submit(self, ref, who, number):
        self.tried(writing.submit, self.origin(who), ref, number)

    @rule(ref=entries, who=who, number=NUMBERS)
    def withdraw(self, ref, who, number):
        self.tried(writing.withdraw, self.origin(who), ref, number)

    @rule(ref=entries, who=who, number=NUMBERS)
    def discard(self, ref, who, number):
        with self.desk.database.read() as session:
            try:
                state = find_case(session, self.desk.people[who], ref, number).revision.state
            except NotFound:
                state = ""
        try:
            writing.discard(self.desk.database, self.origin(who), ref, number)
        except (NotAllowed, NotFound):
            return
        assert state == "draft"
        del self.written[ref, number]

    @rule(ref=entries, who=who, number=NUMBERS, to=st.sampled_from(["changes requested", "rejected"]))
    def refuse(self, ref, who, number, to):
        done = self.tried(reviewing.refuse, self.origin(who), ref, number, to=to, reason="Say why.")
        assert done is None or can(self.desk.people[who], "review")

    @rule(ref=entries, who=who, number=NUMBERS)
    def reconsider(self, ref, who, number):
        self.tried(reviewing.reconsider, self.origin(who), ref, number)

    @rule(ref=entries, who=who, number=NUMBERS, typographic=st.booleans(), verify=st.booleans())
    def publish(self, ref, who, number, typographic, verify):
        with self.desk.database.read() as session:
            before = session.scalar(
                select(Revision.number).join(Entry).where(Entry.ref == ref, Revision.state == "published")
            )
            found = find_cases(session, cases().where(Entry.ref == ref, Revision.number == number))
            line = line_of(session, found[0]) if found else []
            stands, wrote = (standing_on(line), writers(line)) if line else (None, set())
            verified = session.scalar(select(Entry.verified_on).where(Entry.ref == ref))
        done = self.tried(reviewing.publish, self.origin(who), ref, number, Judgement(typographic, verify))
        if done is None:
            return
        person = self.desk.people[who]
        assert can(person, "review")
        assert person.id not in wrote
        assert before is None or before == stands, "it passed over what was published meanwhile"
        with self.desk.database.read() as session:
            now = session.scalar(select(Entry.verified_on).where(Entry.ref == ref))
        assert (now is not None) == (verify or (typographic and verified is not None))

    @rule(ref=entries, who=who)
    def archive(self, ref, who):
        done = self.tried(reviewing.archive, self.origin(who), ref)
        assert done is None or can(self.desk.people[who], "archive")

    @rule(ref=entries, who=who, number=NUMBERS)
    def restore(self, ref, who, number):
        done = self.tried(reviewing.restore, self.origin(who), ref, number)
        if done is not None:
            assert can(self.desk.people[who], "archive")
            self.written.setdefault((ref, done.number), self.written[ref, number])
            with self.desk.database.read() as session:
                assert get_entry(session, ref, ALL).title == self.written[ref, number]

    @rule(ref=entries, who=who)
    def verify(self, ref, who):
        done = self.tried(reviewing.verify, self.origin(who), ref)
        assert done is None or can(self.desk.people[who], "verify")

    @invariant()
    def nothing_is_lost_and_texts_never_change(self):
        with self.desk.database.read() as session:
            rows = session.execute(
                select(Entry.ref, Revision.number, Revision.title)
                .join(Revision)
                .where(Entry.ref.in_(self.refs))
            ).all()
        assert {(ref, number): title for ref, number, title in rows} == self.written

    @invariant()
    def states_are_as_the_rules_say(self):
        with self.desk.database.read() as session:
            rows = session.execute(
                select(Entry.ref, Revision.state, Handling.author_id, Handling.reviewer_id)
                .join(Revision, Revision.entry_id == Entry.id)
                .outerjoin(Handling, Handling.revision_id == Revision.id)
                .where(Entry.ref.in_(self.refs))
            ).all()
        for ref in self.refs:
            states = [(state, author) for each, state, author, _ in rows if each == ref]
            assert sum(state == "published" for state, _ in states) <= 1
            submitted = [author for state, author in states if state == "submitted"]
            assert len(submitted) == len(set(submitted))
        assert all(author is None or author != reviewer for *_, author, reviewer in rows)

    def drafts_are_seen_by_author_and_curators_alone(self):
        with self.desk.database.read() as session:
            query = cases().where(Entry.ref.in_(self.refs), Revision.state == "draft")
            for case in find_cases(session, query):
                for name, person in self.desk.people.items():
                    may = person.id in writers(line_of(session, case)) or "curator" in ROLES[name]
                    if self.takes_part(session, case, person):
                        continue
                    try:
                        find_case(session, person, case.revision.entry.ref, case.revision.number)
                        assert may
                    except NotFound:
                        assert not may

    def takes_part(self, session, case, person) -> bool:
        """Whether the person wrote a part of the proposal that a later part was added to."""
        mine = select(Handling.revision_id).where(
            Handling.thread == case.handling.thread, Handling.author_id == person.id,
            Handling.revision_id.in_(select(Revision.id).where(Revision.entry_id == case.revision.entry_id)),
        )  # fmt: skip
        return session.scalar(mine.limit(1)) is not None

    def teardown(self):
        """A visitor reads nothing but what is published; looking at each draft for everybody takes long."""
        self.drafts_are_seen_by_author_and_curators_alone()
        with self.desk.database.read() as session:
            for ref in self.refs:
                with suppress(NotFound):
                    assert get_entry(session, ref, Reader()).state == "published"


def test_the_rules_hold_whatever_people_do(desk):
    from hypothesis.stateful import run_state_machine_as_test

    machine = type("Played", (Workflow,), {"desk": desk})
    limits = settings(
        max_examples=20, stateful_step_count=25, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(machine, settings=limits)


def test_two_drafts_of_one_entry_meet_when_one_is_published(desk):
    database, people = desk.database, desk.people
    anna, bea, cleo = (Origin(people[name]) for name in ("anna", "bea", "cleo"))
    ref = writing.create(database, anna, "lesson", content("first")).ref
    writing.submit(database, anna, ref, 1)
    reviewing.publish(database, cleo, ref, 1)
    mine = writing.save(database, anna, ref, content("second"), base=1)
    theirs = writing.save(database, bea, ref, content("third"), base=1)
    assert (mine.number, theirs.number) == (2, 3)
    writing.submit(database, bea, ref, 3)
    reviewing.publish(database, cleo, ref, 3)
    with pytest.raises(EditConflict) as conflict:
        writing.submit(database, anna, ref, 2)
    assert (conflict.value.current_number, conflict.value.base) == (3, 1)
    merged = writing.save(database, anna, ref, content("fourth"), base=3)
    writing.submit(database, anna, ref, merged.number)
    assert reviewing.publish(database, cleo, ref, merged.number).state == "published"


def test_who_goes_on_with_anothers_text_does_not_let_either_approve_it(desk):
    database, people = desk.database, desk.people
    anna, cleo, dora = (Origin(people[name]) for name in ("anna", "cleo", "dora"))
    ref = writing.create(database, anna, "lesson", content("first")).ref
    writing.save(database, cleo, ref, content("second"), base=1)
    writing.submit(database, cleo, ref, 2)
    with pytest.raises(NotAllowed, match="different people"):
        reviewing.publish(database, cleo, ref, 2)
    with pytest.raises(EditConflict):
        writing.save(database, anna, ref, content("third"), base=1)
    assert reviewing.publish(database, dora, ref, 2).number == 2
