"""Schemathesis calls the API as it is described, and otherwise: every answer is one that is described."""

from __future__ import annotations

import re
import shutil
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import schemathesis
from hypothesis import strategies as st
from schemathesis.config import GenerationConfig, PositiveDataAcceptanceConfig
from schemathesis.generation import GenerationMode
from schemathesis.generation.meta import TestPhase
from sqlalchemy import delete, select, update

from kb.actions.model import LessonAction
from kb.adoptions.model import Adoption
from kb.assigning.model import Assignment, Cohort, Target
from kb.learning.model import Answer, Attempt, Enrolment, StepMark
from kb.mentoring.model import MentorRequest
from kb.model import Entry
from kb.notices.telling import notify
from kb.people import accounts
from kb.people.audit import Origin
from kb.people.clock import now
from kb.people.limits import Limit
from kb.people.model import Allowance, SessionRow, Token, User, UserRole
from kb.people.roles import OPERATOR, SCOPES, can
from kb.people.secrets import derived, hashed
from kb.statements.making import Happening, Teller
from kb.statements.model import Statement
from kb.taxonomy.changing import Merge, apply
from kb.usage.demand import Cluster, replace_open
from kb.usage.model import Demand
from kb.vocabulary import add_group
from kb.vocabulary_text import GroupText
from tests.conforming import (
    REMOVED,
    be_about_a_step,
    be_about_learning,
    be_about_the_desk,
    read_document,
    read_table,
    stand_up_desk,
)
from tests.fakes_web import fill
from tests.fixtures.people import make_user
from tests.fixtures.web import application
from web.api.examples import BODIES, PATH
from web.api.openapi import describe
from web.api.table import OPERATIONS, TAGS
from web.forms import TOKEN_HEADER
from web.services import EXTENSION

if TYPE_CHECKING:
    from flask import Flask

    from kb.people.roles import Person

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
EXAMPLES = 5
ACCEPTED = ["2xx", "304", "401", "403", "404", "409", "412", "413", "428"]
"""What may be answered to a call that is as it is described. Longest texts may together be too much."""
REFUSED = ["400", "401", "403", "404", "405", "406", "409", "412", "413", "415", "422", "428", "429"]
"""What may be answered to one that is not."""
IDENTIFYING = {"Authorization", TOKEN_HEADER}
NEVER = Limit("never", 10**9, 900, "")
MISSED_BY_CHANCE = 0.1
LETTERS = st.characters(categories=["L", "N"], max_codepoint=0x2FFF)
WORDS = st.text(LETTERS, min_size=2, max_size=8)


schemathesis.openapi.format("term", st.lists(WORDS, min_size=1, max_size=4).map(" ".join))
schemathesis.openapi.format("visible", st.lists(WORDS, min_size=1, max_size=9).map(" ".join))


class Address:
    """Where the description says that the API is: at the application that answers who calls at the moment."""

    caller: Caller | None = None

    def __call__(self, environ, start_response):
        return self.caller.app(environ, start_response)


def described(address: Address):
    config = schemathesis.Config()
    project = config.projects.default
    project.generation = GenerationConfig(
        max_examples=EXAMPLES, deterministic=True, with_security_parameters=False
    )
    project.phases.coverage.unexpected_methods = {"patch", "trace"}
    project.checks.negative_data_rejection.expected_statuses = REFUSED
    project.checks.positive_data_acceptance = PositiveDataAcceptanceConfig(expected_statuses=ACCEPTED)
    description = describe(OPERATIONS, TAGS, cookie="precedent", is_open=True)
    schema = schemathesis.openapi.from_dict(description, config=config)
    schema.app = address
    return schema


ADDRESS = Address()
schema = described(ADDRESS)


@schema.hook
def map_path_parameters(context, path_parameters):
    """Numbers that are there now and then: in all that are possible nobody meets one by chance."""
    return {
        name: 1 + value % 4 if isinstance(value, int) and value % 4 else value
        for name, value in (path_parameters or {}).items()
    }


@schema.hook
def map_headers(context, headers):
    """Nobody finds an ETag by chance either."""
    meant = (headers or {}).get("If-Match")
    return headers if meant is None or len(meant) % 4 == 3 else headers | {"If-Match": "*"}


OF_ALL_KINDS = {"/drafts", "/drafts/{ref}", "/advice", "/working-copies/{place}"}
OF_THE_DESK = (
    "/drafts", "/working-copies", "/reviews", "/entries/", "/imports", "/bulk", "/project-",
)  # fmt: skip
OF_ITS_MAKER = {"/dossiers/{dossier}"}
"""What is there for whoever made it, and for whom the roles let see what others made."""
ROWS_BEGIN = {"/indices": 211, "/uplifts": 256}
"""The first rows of the tables that are shipped: they are numbered together, exchange rates first."""
A_READER = r"person:[!-~]+@[!-~]+|role:[a-z ]+"


@schema.hook
def map_case(context, case):
    """Nor what a template asks for, who has an account, or where the rows of a table begin."""
    be_about_the_desk(case)
    be_about_a_step(case)
    be_about_learning(case)
    first = ROWS_BEGIN.get(case.path.partition("/{number}")[0], 0)
    if first and (number := (case.path_parameters or {}).get("number")) in {1, 2, 3, 4}:
        case.path_parameters = {"number": first + number - 1}
    is_of_tables = case.path.partition("/{number}")[0] in {"/rates", *ROWS_BEGIN}
    if is_of_tables and case.method == "PUT":
        _be_about_something_else(case)
    if is_of_tables and case.method == "DELETE" and case.meta.generation.mode == GenerationMode.POSITIVE:
        case.query, case.headers = {}, dict(case.headers or {}) | {"If-Match": "*"}
    if case.path.endswith("/filled") and isinstance(case.body, dict) and len(str(case.body)) % 2:
        case.path_parameters = {"ref": "T-0001"}
        case.body = {"values": {"go-live date": "2 May"}, "format": "md"}
    _be_about_people(case)
    if case.path == "/teaching/paths/{path}" and case.meta.generation.mode == GenerationMode.POSITIVE:
        case.query, case.path_parameters = {}, {"path": "P-0001"}
    if case.path.endswith("/files") and case.meta.generation.mode == GenerationMode.POSITIVE and case.body:
        case.body = BODIES["attach_file"]
    if "{digest}" in case.path and case.meta.generation.mode == GenerationMode.POSITIVE:
        digest = REMOVED if "removed-files" in case.path else PATH["digest"]
        case.path_parameters = {"ref": "L-0001", "digest": digest}
    if case.path.endswith("/visibility") and isinstance(case.body, dict):
        readers = case.body.get("readers")
        if (
            isinstance(readers, list)
            and readers
            and all(re.fullmatch(A_READER, str(each)) for each in readers)
        ):
            case.body = case.body | {"readers": ["role:estimator"] * len(readers)}
    return case


def _be_about_people(case):
    if case.path == "/actions/{action}" and case.method == "PUT":
        _take_on(case)
    if case.path.startswith(("/assignments", "/cohorts")):
        _ask_readers(case)


def _take_on(case):
    """Who is to do it has an account, and where it is built in is said."""
    if isinstance(case.body, dict) and case.meta.generation.mode == GenerationMode.POSITIVE:
        owner, number = "test@example.org", len(str(case.body))
        said = {"version": 1, "owner": owner, "embedded_in": None, "embedded_words": "Section 3"}
        case.body = case.body | said | ({"state": "assigned"} if number % 2 else {})


def _ask_readers(case):
    """Whom a path is asked of is there, and there is time."""
    if isinstance(case.body, dict) and case.meta.generation.mode == GenerationMode.POSITIVE:
        asks = {"path": "P-0001"} if case.method == "POST" else {"version": 1}
        said = {"due_on": "2099-01-31", "people": [], "roles": ["reader"], "cohorts": []} | asks
        if case.path.startswith("/cohorts"):
            said = {"people": []} | ({} if case.method == "POST" else {"version": 1})
        case.body = case.body | said


def _be_about_something_else(case):
    """No two rows are about the same, and what is made up mostly is: now and then one that is not."""
    number = len(str(case.body))
    if isinstance(case.body, dict) and number % 2 and (case.path_parameters or {}).get("number"):
        name = {"/rates": "rate", "/indices": "index", "/uplifts": "uplift"}[case.path.partition("/{")[0]]
        body = {key: value for key, value in BODIES[f"change_{name}"].items() if key != "version"}
        key, value = ("project_type", f"type {number}") if name == "uplift" else ("year", 1900 + number % 90)
        case.body, case.headers = body | {key: value}, dict(case.headers or {}) | {"If-Match": "*"}


@dataclass
class Caller:
    """Somebody who calls: by a token, by a browser's session, or as nobody."""

    app: Flask
    person: Person | None = None
    scopes: tuple[str, ...] = ()
    answered: dict[tuple[str, str], set[int]] = field(default_factory=dict)
    """Statuses by method and path."""
    is_everything: bool = False
    """Whether this caller makes all calls that are made up in advance; others make every fourth."""
    passed_over: int = 0
    is_down: bool = True
    """Whether a call may have closed the account, or ended the session."""
    is_desk_down: bool = True
    """Whether a call may have changed what the desk needs."""

    def passes_over(self, case: schemathesis.Case) -> bool:
        """Whether the call is one of the many that another caller makes."""
        if case.meta.phase.name != TestPhase.COVERAGE:
            return False
        every = 1 if self.is_everything or "{" in case.path else 4
        # tests/test_api_bodies.py looks at all bodies of the largest.
        every = 16 * every if case.path in OF_ALL_KINDS else every
        self.passed_over += 1
        return self.passed_over % every != 0

    def identify(self, case: schemathesis.Case) -> None:
        """Says in the call who makes it. Calls that were made up in advance are those of all callers."""
        name, is_program = self.person.name if self.person else "", bool(self.scopes)
        sent = {"Authorization": f"Bearer {name}"} if is_program else {TOKEN_HEADER: derived(name, "form")}
        kept = {key: value for key, value in (case.headers or {}).items() if key not in IDENTIFYING}
        case.headers = kept | (sent if self.person else {})
        case.cookies = {} if is_program or not self.person else {"precedent": name}
        case._has_explicit_auth = self.person is not None

    def stand_up(self, case: schemathesis.Case) -> None:
        """Whatever the calls before did, the account is there and open, and so is a group of terms."""
        is_of_demand = case.path == "/demand/{number}/writer"
        is_of_desk = case.path.startswith(OF_THE_DESK)
        needed = self.is_down or is_of_demand or (is_of_desk and self.is_desk_down)
        if self.person is None or not needed:
            return
        until = now() + timedelta(days=1)
        with self.app.extensions[EXTENSION].database.write_aside() as session:
            accounts.find_user(session, 1).status = "invited"
            user = session.get_one(User, self.person.id)
            user.status = "active"
            user.granted = [
                session.merge(UserRole(user_id=user.id, role=role, granted_by="test", granted_at=now()))
                for role in sorted(self.person.roles)
            ]
            for number, name in ((1, "guest"), (user.id, self.person.name)):
                row = {"id": number, "user_id": number, "secret": hashed(name)}
                row |= {"created_at": now(), "expires_at": until}
                scopes = list(self.scopes) or ["read"]
                session.merge(Token(**row, name="test", hint="test", scopes=scopes, revoked_at=None))
                session.merge(SessionRow(**row, method="password", address="", agent="", seen_at=now()))
            stand_up_learning(session, user.id)
            stand_up_actions(session)
            stand_up_adoptions(session, user.id)
            stand_up_assignments(session)
            stand_up_statements(session, user.id)
            stand_up_mentoring(session, user.id)
            if is_of_demand:
                accounts.find_user(session, 1).status = "active"  # who is asked to write
                session.execute(update(Demand).values(state="open", user_id=None))
            self.is_down = is_of_demand
            if is_of_desk:
                stand_up_desk(session, user.id, 1)
                self.is_desk_down = False

    def may(self, operation) -> bool:
        """Whether the call is for this caller at all."""
        if self.person is None:
            return not operation.needs_person
        if self.scopes and (operation.is_browsers or operation.own_scope not in {"", *self.scopes}):
            return False
        scopes = frozenset(self.scopes) if self.scopes else None
        return not operation.action or can(replace(self.person, scopes=scopes), operation.action)


def stand_up_mentoring(session, user_id: int) -> None:
    """Somebody who can be asked, and four requests: two by the caller, two of them."""
    session.execute(delete(MentorRequest))
    session.execute(delete(Allowance))
    guest = session.get_one(User, 1)
    guest.status, guest.skills, guest.mentors = "active", ["permits"], True
    for number in range(1, 5):
        asker, mentor = (user_id, 1) if number % 2 else (1, user_id)
        row = MentorRequest(
            id=number, asker_id=asker, mentor_id=mentor, entry_id=None, topic=f"topic {number}",
            words="How?", state="open", answer="", asked_at=now(), answered_at=None,
        )  # fmt: skip
        session.add(row)


def stand_up_statements(session, user_id) -> None:
    """Four statements that wait for the record store."""
    enrolment = session.scalars(select(Enrolment.id).where(Enrolment.user_id == user_id)).first()
    for number in range(1, 5):
        made = Happening("registered", enrolment, user_id, "P-0001", 1, now(), now(), number=number)
        row = Statement(
            id=number, name=made.name("http://127.0.0.1"), user_id=user_id, enrolment_id=enrolment,
            verb="registered", step="", number=number, state="waiting", created_at=now(), due_at=now(),
            attempts=0, problem="", body=Teller("http://127.0.0.1", {}).statement(made, {}), sent_at=None,
        )  # fmt: skip
        session.merge(row)


def stand_up_actions(session) -> None:
    """Four actions that nobody has taken, as they were noted."""
    lesson = session.scalars(select(Entry.id).where(Entry.ref == "L-0001")).one()
    for number in range(1, 5):
        said = {"what": "Ask for it", "author": "test", "changed_by": "test", "version": 1}
        row = LessonAction(
            id=number, entry_id=lesson, state="identified", owner_id=None, due_on=None, embedded_in="",
            embedded_words="", embedded_by=None, created_at=now(), changed_at=now(), **said,
        )  # fmt: skip
        session.merge(row)


def stand_up_adoptions(session, user_id: int) -> None:
    """The caller has adopted a lesson for four projects."""
    lesson = session.scalars(select(Entry.id).where(Entry.ref == "L-0001")).one()
    for number in range(1, 5):
        said = {"project": f"project {number}", "adopted_on": now().date(), "note": "", "created_at": now()}
        session.merge(Adoption(id=number, entry_id=lesson, user_id=user_id, number=1, **said))


def stand_up_assignments(session) -> None:
    """Four assignments, and four cohorts that none is for, as they were made."""
    path = session.scalars(select(Entry.id).where(Entry.ref == "P-0001")).one()
    session.execute(delete(Target).where(Target.assignment_id <= 4))
    said = {"note": "", "author": "test", "changed_by": "test", "version": 1, "created_at": now()}
    for number in range(1, 5):
        session.merge(Cohort(id=number, name=f"cohort {number}", changed_at=now(), members=[], **said))
        row = Assignment(
            id=number, path_id=path, due_on=now().date() + timedelta(days=9), set_at=now(),
            withdrawn_at=None, withdrawn_by=None, targets=[Target(role="reader")], **said,
        )  # fmt: skip
        session.merge(row)


def stand_up_learning(session, user_id: int) -> None:
    """The caller completed a path and is at its questions again; somebody else has handed theirs in."""
    path = session.scalars(select(Entry.id).where(Entry.ref == "P-0001")).one()
    session.execute(delete(Enrolment))
    done = {"state": "completed", "enrolled_at": now(), "completed_at": now()}
    session.add(Enrolment(id=1, user_id=user_id, path_id=path, revision=1, **done))
    for number, owner in ((1, user_id), (2, 1)):
        marks = [StepMark(step="L-0001", completed_at=now())]
        row = {"id": number + 1, "user_id": owner, "path_id": path, "revision": 1, "enrolled_at": now()}
        session.add(Enrolment(**row, state="active", marks=marks))
        session.flush()
        for place in (1, 2):
            given = {"state": "handed in", "handed_in_at": now()} if number == 2 else {"state": "open"}
            found = Attempt(
                id=2 * number - 2 + place, enrolment_id=number + 1, step="M-0001", number=place, revision=1,
                started_at=now(), **given,
            )  # fmt: skip
            if number == 2:
                found.answers = [Answer(question=0, given=[2], points=100), Answer(question=1, given="One")]
            session.add(found)
            session.flush()


@pytest.fixture(scope="module")
def apps(tmp_path_factory, sqlite_template):
    """Makes repositories that may be changed. Calls that are refused are counted, and never too many."""
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        refused = ("kb.people.audit.REFUSALS", "web.identity.KEY_OF_ADDRESS")
        files = ("web.documents.CONVERSION_OF_PERSON", "web.documents.CONVERSION_OF_ADDRESS")
        patch.setattr("kb.importing.incoming.read_document", read_document)
        patch.setattr("search.importing.bringing.read_safely", read_table)
        brought = ("kb.importing.incoming.IMPORT_OF_PERSON", "kb.attachments.attaching.IMPORT_OF_PERSON")
        for place in (*brought, *refused, *files, "web.searches.SEARCH_OF_PERSON"):
            patch.setattr(place, NEVER)

        def open_app() -> Flask:
            home = tmp_path_factory.mktemp("api")
            shutil.copy(sqlite_template, home / "precedent.sqlite")
            app = stack.enter_context(application(home, visitor_searches=NEVER.most))
            database = app.extensions[EXTENSION].database
            fill(database)
            with database.write() as session:
                for number in range(4):
                    terms = [f"zeppelin {number}", f"airship {number}"]
                    add_group(session, GroupText(kind="synonyms", terms=terms), author="test")
            with database.write_aside() as session:
                words = [f"zeppelin {number}" for number in range(4)]
                replace_open(session, [Cluster(each, ((each, 1),)) for each in words])
            for number in range(4):
                wanted = Merge(dimension="region", values=[f"zeppelin {number}"], into=f"airship {number}")
                apply(database, Origin(OPERATOR), wanted, None)
            return app

        yield open_app


@pytest.fixture(scope="module", params=["admin", "curator", "reader", "visitor"])
def caller(request, apps):
    app = apps()
    make_user(app, "guest", "reader")
    scopes = {"admin": tuple(SCOPES), "reader": ("read",)}.get(request.param, ())
    person = make_user(app, "test", request.param) if request.param != "visitor" else None
    if person is not None:
        with app.extensions[EXTENSION].database.write_aside() as session:
            for _ in range(4):
                notify(session, "comment", [person.id], ref="L-0001")
    ADDRESS.caller = Caller(app, person, scopes, is_everything=request.param == "admin")
    return ADDRESS.caller


@schema.parametrize()
def test_every_call_is_answered_as_described(case, caller):
    if caller.passes_over(case):
        return
    caller.stand_up(case)
    caller.identify(case)
    answer = case.call()
    caller.answered.setdefault((case.method, case.path), set()).add(answer.status_code)
    is_changed = case.method != "GET" and answer.status_code < 300
    caller.is_down |= is_changed
    caller.is_desk_down |= is_changed
    case.validate_response(answer)


def test_the_calls_got_through_to_whom_they_are_for(caller):
    """Calls that only chance makes fit, as those on a revision in one state, may miss in few."""
    missed, possible = [], 0
    for operation in OPERATIONS:
        path = operation.path.replace("<", "{").replace(">", "}")
        answered = caller.answered[operation.method, path]
        if path in OF_ITS_MAKER and caller.person and not can(caller.person, "see estimates"):
            assert answered <= {400, 404, 405, 415}, (operation.method, path, answered)
        elif caller.may(operation):
            possible += 1
            if operation.status not in answered:
                missed.append((operation.method, path, answered))
        else:
            assert answered <= {400, 401, 403, 405, 415}, (operation.method, path, answered)
    assert len(missed) <= possible * MISSED_BY_CHANCE, missed
