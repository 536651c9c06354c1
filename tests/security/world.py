"""A repository into which given texts have come by every field that takes words of a person or a program."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import zlib
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import product
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, Column, String, Text, select

from indexer.sync import IndexWriter
from kb.actions.model import LessonAction
from kb.adoptions.model import Adoption
from kb.assigning.model import Assignment, Cohort, CohortMember, Target
from kb.attachments.model import Attachment, Incoming, RemovedFile, StoredFile
from kb.content import CONTENT
from kb.desk.model import BulkChange, Comment, WorkingCopy
from kb.desk.superseding import supersede
from kb.importing.document import Document, Part, Section
from kb.importing.document import Table as DocumentTable
from kb.importing.guessing import guess
from kb.importing.incoming import GIVEN_UP
from kb.learning.model import Answer, Attempt, Enrolment, KeptStep, LinkCheck, Rating, StepMark
from kb.mentoring.model import MentorRequest
from kb.model import Base, Entry, Revision, SavedMapping, Upload
from kb.notices.leaving import leave_address
from kb.notices.model import Mail, Notice
from kb.people import accounts, identities, links, pending, sessions
from kb.people.audit import Origin, note
from kb.people.clock import now
from kb.people.roles import OPERATOR, ROLES, Person
from kb.people.texts import EVENTS, Profile
from kb.people.tokens import TokenText, issue_token
from kb.records import apply_record, parse_record
from kb.reference.rows import add_row
from kb.reference.texts import TABLES
from kb.statements.making import Happening, Teller
from kb.statements.model import LearnerName, Statement
from kb.steps import stored_steps
from kb.taxonomy.model import TaxonomyChange, TaxonomyValue
from kb.validation import validate
from kb.vocabulary import add_group
from kb.vocabulary_text import GroupText, Term, term_key
from search.engine import Engine
from search.estimates.tables import Table
from search.importing.loading import as_json
from search.importing.mapping import Column as MappedColumn
from search.importing.mapping import ColumnMapping
from search.importing.proposing import propose
from search.importing.sandbox import as_data
from tests.fakes import HashingEmbedder
from tests.fixtures.served import make_settings
from tests.security.doings import decide_on_pairs, finish_projects, issue_badges, keep_estimates, look_in_vain
from tests.security.filling import Supply, Texts, filled, fits, record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.people.model import User

STEP = int(os.environ.get("TEST_EVERY_PAYLOAD_STEP", "28"))
"""Every so many-th pack of texts begins a record, a profile, a query. A record takes more than twenty packs,
so that each text still stands in some field; 1 brings each text into every field.
"""
ISSUER = "https://login.example.org"
EMAILS = (
    "'onfocus='window.__ran=1'/a", "{{1234567*7654321}}", "`${1234567*7654321}`", "a&b/onload=window.__ran=2",
)  # fmt: skip
"""The boldest that an e-mail address may be: no brackets, double quotes, colons or spaces."""
MOST_TERMS = 10
_numbers = itertools.count(1)
MOST_LINE = 300
MOST_VALUE = 80
COPIES = 8
"""Of people, tokens, sessions and lines in the log: each page shows all of them."""

OF_LISTS = (
    "entries.kind", "entries.visibility", "revisions.state", "references.relation", "vocabulary_groups.kind",
    "actions.state", "users.status", "user_roles.role", "links.purpose", "pending_sign_ins.step",
    "sessions.method", "sessions.view_as", "audit.outcome", "notices.event", "mails.kind", "mails.state",
    "demands.state", "pair_decisions.decision", "assignment_targets.role", "assignments_told.what",
    "statements.state", "statements.verb", "mentor_requests.state", "bulk_changes.action",
    "attachments.role", "attachments.media", "removed_files.media", "brought_pictures.type",
    "incoming_documents.state", "enrolments.state",
    "attempts.state", "reference_rows.table_name", "taxonomy_values.dimension",
    "taxonomy_changes.dimension",
)  # fmt: skip
TOLD_BY_US: dict[str, str] = dict.fromkeys(OF_LISTS, "one of a list of ours") | {
    "files.digest": "a hash", "attachments.digest": "a hash", "brought_pictures.digest": "a hash",
    "removed_files.digest": "a hash",
    "incoming_documents.refs": "ids of entries", "credentials.name": "made by chance",
    "credentials.signed": "what other columns say, signed and encoded",
    "actions.embedded_in": "the id of an entry",
    "statements.name": "a hash", "statements.step": "the id of a step",
    "learner_names.name": "made by chance",
    "entries.ref": "made from the kind and a number", "references.target": "the id of an entry",
    "working_copies.place": "the id of an entry, or a kind",
    "attempts.step": "the id of an entry", "step_marks.step": "the id of a step",
    "link_checks.key": "a hash",
    "kept_steps.step": "the id of a step", "kept_steps.about": "words of ours, and a number or an id",
    "audiences.principal": "a role, or the number of a person", "revisions.digest": "a hash",
    "rendered.digest": "a hash", "users.password": "a hash", "links.secret": "a hash",
    "pending_sign_ins.secret": "a hash", "sessions.secret": "a hash", "tokens.secret": "a hash",
    "tokens.hint": "the beginning of a secret", "allowances.key": "a hash",
    "sent_forms.key": "a hash",
    "rendered.html": "made of the texts when they are first shown, as every page is",
    "vocabulary_terms.key": "the letters and digits of the term",
    "identities.issuer": "the address of the provider that the operator has set",
    "users.notices": "choices from lists of ours", "tokens.scopes": "choices from a list of ours",
    "taxonomy_changes.touched": "numbers of revisions",
    "bulk_changes.touched": "ids of entries, and what our own columns said",
}  # fmt: skip
"""Columns of text that hold no words of anybody, and why."""


def text_columns() -> list[Column[Any]]:
    """Every column that can hold a text."""
    kinds = (String, Text, JSON)
    tables = Base.metadata.sorted_tables
    return [each for table in tables for each in table.columns if isinstance(each.type, kinds)]


@dataclass
class Things:
    """What one person has brought: numbers of documents and of tables of projects."""

    imports: list[int] = field(default_factory=list)
    uploads: list[int] = field(default_factory=list)


@dataclass
class World:
    """What is in the repository, and whom it knows."""

    packs: tuple[Texts, ...]
    home: Path
    engine: Engine | None = None
    refs: list[str] = field(default_factory=list)
    revised: list[str] = field(default_factory=list)
    """The entries with a second revision."""
    people: list[int] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    attempts: list[int] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    rows: list[int] = field(default_factory=lambda: [1])
    """Of the reference tables: an exchange rate that is shipped, and one of each table that was added."""
    things: dict[int, Things] = field(default_factory=dict)
    """What each newcomer has, whom nobody else is shown it of."""
    viewer: int = 0
    """Who is shown the pages; theirs are the documents and tables in addresses."""
    pair: tuple[str, str] = ("", "")
    """Two lessons that look alike."""
    badges: list[str] = field(default_factory=list)
    dossiers: list[str] = field(default_factory=list)
    term: str = ""
    """A text that searches know by other names."""
    link: str = ""
    leave: str = ""
    """The address that ends mails to somebody."""
    """The secret of an invitation."""
    step: int = STEP
    asked: int = 1
    """Every so many-th record's texts also stand in addresses."""

    @property
    def own(self) -> Things:
        """What the viewer has."""
        return self.things.get(self.viewer, Things())

    @property
    def lessons(self) -> list[str]:
        """The ids of the lessons."""
        return [ref for ref in self.refs if ref.startswith("L-")]

    @property
    def numbers(self) -> range:
        """Of the packs with which something begins."""
        return range(0, len(self.packs), self.step)

    def supply(self, number: int) -> Supply:
        """Texts from this pack on."""
        return Supply(self.packs, number, "H-0001")

    def line(self, number: int) -> str:
        """One pack, on a line."""
        return " ".join(" ".join(self.packs[number % len(self.packs)]).split())[:MOST_LINE]

    def word(self, number: int) -> str:
        """The first text of a pack, as long as a value of a list may be."""
        return " ".join(self.packs[number % len(self.packs)][0].split())[:MOST_VALUE]


def build(database: Database, home: Path, packs: tuple[Texts, ...], step: int = STEP) -> World:
    """Fills the repository, and indexes it."""
    world = World(packs, home, step=step)
    with database.write() as session:
        _add_people(session, world)
        _add_groups(session, world)
        _add_tables(session, world)
        for number in world.numbers:
            for kind in CONTENT:
                world.refs.append(_add_entry(session, world, kind, number))
        _add_lines(session, world)
        _put_to_use(session, world)
        _assign(session, world)
    supersede(database, Origin(OPERATOR), world.lessons[0], world.lessons[-1], reason=world.line(0))
    settings, embedder = make_settings(home), HashingEmbedder()
    finish_projects(database, world)
    decide_on_pairs(database, world)
    issue_badges(database, world)
    look_in_vain(database, world, embedder)  # type: ignore[arg-type]
    IndexWriter(settings, database, embedder).sync()
    world.engine = Engine(settings, database, embedder)
    keep_estimates(database, world)
    with database.write_aside() as session:
        newcomer(session, world, "reader")
    return world


def _add_entry(session: Session, world: World, kind: str, number: int) -> str:
    """A record; the first of each kind, in the second revision by now."""
    outcome, ref = apply_record(session, parse_record(record(kind, number, world.packs)))
    assert outcome == "created"
    if number == 0:
        apply_record(session, parse_record(record(kind, number, world.packs, revision=2)))
        world.revised.append(ref)
        waiting = record(kind, number, world.packs, revision=3) | {"state": "submitted"}
        judged = ("reviewer", "reason", "decided_at")
        waiting = {name: value for name, value in waiting.items() if name not in judged}
        apply_record(session, parse_record(waiting))
        _discuss(session, world, ref)
        _attach(session, world, ref)
    return ref


def _attach(session: Session, world: World, ref: str) -> None:
    """A file that the entry was made of, with what a search finds in it, and two that were taken away: one
    to be brought back, one to be deleted.
    """
    entry = session.scalars(select(Entry).where(Entry.ref == ref)).one()
    held, *removed = (str(number) * 64 for number in range(3))
    for digest in (held, *removed):
        if session.get(StoredFile, digest) is None:
            session.add(StoredFile(digest=digest, size=1, data=world.line(0).encode()))
    session.flush()
    file = Attachment(
        entry_id=entry.id, digest=held, role="original", name=world.line(1)[:200],
        media="text/html", place=world.line(2), parts=[[world.line(3), world.line(4)]], added_at=now(),
    )  # fmt: skip
    session.add(file)
    session.flush()
    world.files.append(file.id)
    gone = {name: getattr(file, name) for name in ("entry_id", "name", "media", "place", "parts", "added_at")}
    session.add_all(RemovedFile(digest=digest, removed_at=now(), **gone) for digest in removed)


def _discuss(session: Session, world: World, ref: str) -> None:
    """What reviewers say in the margin of the revision that waits."""
    query = select(Revision.id).join(Entry).where(Entry.ref == ref, Revision.number == 3)
    revision = session.scalars(query).one()
    for at in range(4):
        comment = Comment(
            revision_id=revision, field="" if at == 0 else world.line(at)[:100] if at > 1 else "title",
            author=world.line(at), text="\n".join(world.packs[at]), created_at=now(),
        )  # fmt: skip
        session.add(comment)


def _add_people(session: Session, world: World) -> None:
    """With roles, browsers, tokens, links and an outside identity; the last has not come yet."""
    for number in range(COPIES):
        at = number * len(world.packs) // COPIES
        is_last = number == COPIES - 1
        status = "invited" if is_last else "active"
        email = f"{EMAILS[number % len(EMAILS)]}{number}@example.org"
        user = accounts.new_user(session, email, world.line(at), status)
        profile = validate(Profile, filled(Profile, world.supply(at), {"notices"}))
        accounts.update_profile(session, OPERATOR, user.id, profile)
        by = Person(name=world.line(at + 1))
        accounts.put_roles(user, [ROLES[number % len(ROLES)]], by)
        world.people.append(user.id)
        secret = links.make_link(
            session, "invitation" if is_last else "reset", made_by=by.name, user_id=user.id
        )
        if is_last:
            world.link = secret
            continue
        address = leave_address(make_settings(world.home), user.id, user.email, ["comment"])
        world.leave = address[address.index("/unsubscribe") :]
        give_keys(session, world, user, at)
        give_notices(session, world, user.id)


def give_keys(session: Session, world: World, user: User, at: int) -> None:
    """A token, a browser, an outside identity, and one that is being connected."""
    said = validate(TokenText, filled(TokenText, world.supply(at), {"days", "scopes"}))
    person = Person(id=user.id, name=user.name, email=user.email)
    issue_token(session, person, said)
    identities.connect(
        session, person, identities.Claims(ISSUER, f"{user.id} {world.line(at + 2)}"[:MOST_LINE])
    )
    pending.begin(session, "connect", next_address=f"/{world.line(at)}", user_id=user.id)
    sessions.start_session(
        session, user, method="password", address=world.line(at)[:60], agent=world.line(at),
        lifetimes=sessions.Lifetimes(),
    )  # fmt: skip


def give_notices(session: Session, world: World, user_id: int) -> None:
    """Something to be told of, about an entry and about a page, and a mail that could not be sent."""
    entries = [None, *session.scalars(select(Entry.id).limit(1))]
    for at, entry in product(range(4), entries):
        place = "/" + "/".join(world.line(at).replace("\\", "").split())
        mail = Mail(
            user_id=user_id, kind="daily", state="waiting" if at % 2 else "given up", created_at=now(),
            due_at=now(), attempts=1, problem=world.line(at),
        )  # fmt: skip
        session.add(mail)
        session.flush()
        notice = Notice(
            user_id=user_id, event=EVENTS[at % len(EVENTS)], entry_id=entry, actor=world.line(at),
            words=world.line(at + 1), place=place[:MOST_LINE], once=f"{entry} {world.line(at)}"[:100],
            created_at=now(), mail_id=mail.id,
        )  # fmt: skip
        session.add(notice)


def newcomer(session: Session, world: World, role: str) -> Person:
    """Somebody new with a hostile name, who was told of something and is on a path."""
    number = next(_numbers)
    user = accounts.new_user(session, f"somebody{number}@example.org", world.line(3), "active")
    accounts.put_roles(user, [role], OPERATOR)
    session.flush()
    give_notices(session, world, user.id)
    for place, kind in (("L-0001", "lesson"), ("new:review", "review")):
        said = filled(CONTENT[kind], world.supply(user.id))
        held = {"data": said, "base": 2, "anonymous": False, "mask_source": False, "note": world.line(1)}
        session.add(WorkingCopy(user_id=user.id, place=place, data=held, saved_at=now()))
    _bring_documents(session, world, user.id)
    _learn(session, world, user.id)
    return Person(id=user.id, name=user.name, email=user.email, roles=user.roles)


def _bring_documents(session: Session, world: World, user_id: int) -> None:
    """One that was read and is decided about, one that was refused, one that takes long, one that is done."""
    name = world.line(user_id)
    document = _document(world, user_id)
    said = {
        "shape": "lessons",
        "title": world.line(user_id + 1),
        "targets": ["rows", "lesson", "skip", "lesson.happened"],
    }
    plan = guess(document, name).changed(said, document).to_json()
    long_ago = now() - GIVEN_UP - timedelta(seconds=9)
    for state, more in (
        ("ready", {"document": document.to_bytes(), "plan": plan, "data": b"x"}),
        ("refused", {"said": name}), ("waiting", {"started_at": long_ago}), ("done", {"refs": ["L-0001"]}),
    ):  # fmt: skip
        held = {"said": "", "plan": {}, "refs": [], "started_at": now()} | more
        row = Incoming(user_id=user_id, name=name[:200], size=1, state=state, created_at=now(), **held)
        session.add(row)
        session.flush()
        world.things.setdefault(user_id, Things()).imports.append(row.id)


def _document(world: World, number: int) -> Document:
    """What the process that reads documents could have made of a hostile one."""
    lines = [world.line(number + at) for at in range(6)]
    texts = ["\n\n".join(world.packs[(number + at) % len(world.packs)]) for at in range(4)]
    table = DocumentTable([lines[0], "Recommendation", lines[1]], [lines[2:5], lines[3:6]])
    places = zip(lines, texts, ("table", "", "", ""), strict=False)
    sections = [
        Section(heading, at, f"sheet {heading}", text, table if kind else None)
        for at, (heading, text, kind) in enumerate(places)
    ]
    return Document(
        "docx", lines[5], sections, [Part(line, texts[0]) for line in lines], [f"Left out: {lines[4]}."]
    )


LINKING = ("training", "path")
"""Kinds of entries that hold links."""


def _learn(session: Session, world: World, user_id: int) -> None:
    """On the first path, with notes, and an attempt at the questions of its step that waits for a mark."""
    path = session.scalars(select(Entry).where(Entry.ref == "P-0001")).one()
    enrolment = Enrolment(
        user_id=user_id, path_id=path.id, revision=2, state="active", enrolled_at=now(),
        marks=[StepMark(step="M-0001", revision=2, note="\n".join(world.packs[0]))],
    )  # fmt: skip
    kept = KeptStep(path_id=path.id, step="M-0001", about="gone", kept_by=world.line(3), at=now())
    session.merge(kept)
    said = {"is_reached": False, "said": world.line(4), "checked_by": world.line(5), "checked_at": now()}
    for content in session.scalars(select(Revision.content).join(Entry).where(Entry.kind.in_(LINKING))):
        for address in (content.get("url"), *(step.get("link") for step in stored_steps(content))):
            if address:
                session.merge(LinkCheck(key=hashlib.sha256(address.encode()).hexdigest(), **said))
    session.add(enrolment)
    session.flush()
    _ask_for_help(session, world, user_id, path.id)
    _tell_store(session, world, user_id, enrolment.id)
    said = {"remark": world.line(2), "marked_by": world.line(1), "points": 50}
    for number, state in ((1, "marked"), (2, "handed in")):
        answer = Answer(question=1, given=world.line(number), **(said if number == 1 else {}))
        attempt = Attempt(
            enrolment_id=enrolment.id, step="M-0001", number=number, revision=2, state=state,
            started_at=now(), handed_in_at=now(), answers=[answer],
            score=50 if number == 1 else None, passed=False if number == 1 else None,
        )  # fmt: skip
        session.add(attempt)
        session.flush()
        world.attempts.append(attempt.id)


def _ask_for_help(session: Session, world: World, user_id: int, path_id: int) -> None:
    """Requests in every state, of the person and to them."""
    for number, state in enumerate(("open", "accepted", "declined", "withdrawn", "open")):
        sides = (user_id, world.people[0]) if number < 4 else (world.people[0], user_id)
        asked = MentorRequest(
            asker_id=sides[0], mentor_id=sides[1], entry_id=path_id if number % 2 else None,
            topic=world.line(number)[:MOST_LINE], words="\n".join(world.packs[number]), state=state,
            answer=world.line(number + 1), asked_at=now(), answered_at=None if state == "open" else now(),
        )  # fmt: skip
        session.add(asked)


def _tell_store(session: Session, world: World, user_id: int, enrolment_id: int) -> None:
    """What a record store is told of them, in every state."""
    session.add(LearnerName(user_id=user_id, name=f"{user_id:032}"))
    for number, state in ((1, "waiting"), (2, "given up"), (3, "sent")):
        made = Happening("failed", enrolment_id, user_id, "P-0001", 2, now(), now(), "M-0001", number, 50)
        titles = dict.fromkeys(("P-0001", "M-0001"), world.line(number))
        body = Teller("http://127.0.0.1", titles).statement(made, {"name": world.line(number)})
        told = Statement(
            name=made.name("http://127.0.0.1"), user_id=user_id, enrolment_id=enrolment_id, verb="failed",
            step="M-0001", number=number, body=body, state=state, created_at=now(), due_at=now(), attempts=1,
            problem=world.line(number),
        )  # fmt: skip
        session.add(told)


def _put_to_use(session: Session, world: World) -> None:
    """What is to come of lessons, built in somewhere, and who adopted them."""
    lessons = list(session.scalars(select(Entry.id).where(Entry.kind == "lesson").order_by(Entry.id)))
    for number in range(COPIES):
        line, person = world.line(number), world.people[number]
        action = LessonAction(
            entry_id=lessons[number % 2], what=line, state="assigned" if number % 2 else "embedded",
            owner_id=person, due_on=date(2020, 1, 31), embedded_in="", embedded_words=world.line(number + 1),
            embedded_by=person, author=line, changed_by=line, version=1, created_at=now(), changed_at=now(),
        )  # fmt: skip
        adoption = Adoption(
            entry_id=lessons[number % 2], user_id=person, number=1, project=line,
            adopted_on=date(2020, 1, 31), note=world.line(number + 1), created_at=now(),
        )  # fmt: skip
        session.add_all((action, adoption))
    session.flush()


def _assign(session: Session, world: World) -> None:
    """Cohorts, and the first path asked of one of them, of a role and of a person."""
    path = session.scalars(select(Entry.id).where(Entry.ref == "P-0001")).one()
    for number in range(COPIES):
        line, by = world.line(number), world.line(number + 1)
        said = {"author": by, "changed_by": by, "version": 1, "created_at": now()}
        cohort = Cohort(
            name=f"{number} {line}"[:MOST_LINE], note=by, changed_at=now(), **said,
            members=[CohortMember(user_id=each) for each in world.people],
        )  # fmt: skip
        session.add(cohort)
        session.flush()
        targets = [Target(cohort_id=cohort.id), Target(role="reader"), Target(user_id=world.people[number])]
        gone = {"withdrawn_at": now(), "withdrawn_by": line} if number % 4 == 3 else {}
        due_on = date(2020 if number % 2 else 2099, 1, 31)
        session.add(
            Assignment(path_id=path, due_on=due_on, note=line, set_at=now(), targets=targets, **said, **gone)
        )
    session.flush()
    for number in range(3):
        done = {"state": "completed", "enrolled_at": now(), "completed_at": now()}
        enrolment = Enrolment(user_id=world.people[number + 3], path_id=path, revision=2, **done)
        session.add(enrolment)
        session.flush()
        session.add(
            Rating(enrolment_id=enrolment.id, stars=5, words="\n".join(world.packs[number]), at=now())
        )
    session.flush()


def _add_tables(session: Session, world: World) -> None:
    """Rows of the reference tables, mappings of tables of projects, and tables that were sent."""
    for number, name in product(range(COPIES), ("indices", "uplifts")):
        table = TABLES[name]
        text = validate(table.model, filled(table.model, world.supply(number * 3)))
        row = add_row(session, table, text, author=world.line(number))
        world.rows += [row.id] if number == 0 else []
    for number in range(COPIES):
        told, line = {"columns": {world.line(number): world.line(number + 1)}}, world.line(number)
        column = MappedColumn(column=world.line(number + 1), to="outcome", values={line: "failed"})
        content = as_json(ColumnMapping(name=line[:100].strip() or "x", columns=[column]))
        session.add(
            SavedMapping(name=f"{number} {line}"[:100], content=content, author=line, changed_at=now())
        )
        _add_values(session, number, line)
        session.add(
            Upload(person_id=world.people[number], name=line, cells=b"", state=told, created_at=now())
        )


def give_upload(session: Session, world: World, user_id: int) -> None:
    """A table of projects that the person sent, with a mapping, and what came of loading it."""
    lines = [world.line(number) for number in range(COPIES)]
    columns = tuple(dict.fromkeys(["No", "Cost", *lines]))
    rows = tuple(
        (
            str(at),
            lines[at] if at == 1 else "5",
            *(lines[(at + place) % COPIES] for place in range(len(columns) - 2)),
        )
        for at in range(4)
    )
    table = Table(lines[0], columns, rows, tuple(range(2, 6)))
    report = {"created": 1, "updated": 0, "unchanged": 0, "failed": 1, "more": 0, "notices": lines,
              "problems": [[1, line, line] for line in lines]}  # fmt: skip
    state = {"mapping": as_json(propose(table, lines[2][:100])), "loading": True, "report": report}
    cells = zlib.compress(json.dumps(as_data(table)).encode("utf-8", "replace"))
    upload = Upload(person_id=user_id, name=lines[0], cells=cells, state=state, created_at=now())
    session.add(upload)
    session.flush()
    world.things.setdefault(user_id, Things()).uploads.append(upload.id)


def _add_values(session: Session, number: int, line: str) -> None:
    """A value of a curated list, one that is another's spelling, and what was done with both."""
    for value, means in ((line, None), (f"{number} {line}"[:MOST_LINE], line)):
        session.add(
            TaxonomyValue(dimension="sector", value=value, means=means, author=line, changed_at=now())
        )
    done = TaxonomyChange(
        dimension="sector", sources=[line], target=line, terms=[[line, None]], touched=[], author=line,
        at=now(), undone_by=line if number % 2 else None, undone_at=now() if number % 2 else None,
    )  # fmt: skip
    session.add(done)
    several = BulkChange(
        action="add tag", said={"tag": line, "reviewer": None, "reason": line}, author=line, at=now(),
        touched=[["L-0001", 1, 1, line]], undone_by=line if number % 2 else None,
        undone_at=now() if number % 2 else None,
    )  # fmt: skip
    session.add(several)


def _add_groups(session: Session, world: World) -> None:
    """Texts that can be a term: few words of letters."""
    terms = list({term_key(text): text for text in _terms(world.packs)}.values())
    world.term = terms[0]
    for at in range(0, len(terms) - 1, MOST_TERMS):
        number = at % len(world.packs)
        some = terms[at : at + MOST_TERMS]
        if len(some) > 1:
            said = {"kind": "synonyms", "terms": some, "note": world.line(number)}
            assert said.keys() == GroupText.model_fields.keys()
            group = add_group(session, validate(GroupText, said), author=world.line(number + 1))
            world.groups.append(group.id)


def _terms(packs: tuple[Texts, ...]) -> Iterator[str]:
    for pack in packs:
        for text in pack:
            flat = " ".join(text.split())
            if fits(Term, flat):
                yield flat


def _add_lines(session: Session, world: World) -> None:
    """The log: also where no text of a person comes in, because the page must not hang on that."""
    for number in range(COPIES):
        at = number * len(world.packs) // COPIES
        name, text = world.line(at), world.line(at + 1)
        by = Origin(Person(id=world.people[number], name=name), text[:60], text[:40])
        told = {"why": text, "nested": {text: [name, {"deep": name}]}, text: True}
        note(session, by, text[:60], name, refused=number % 2 == 0, **told)
