"""Every role at every address: what each gets follows from the table of permissions."""

from __future__ import annotations

import itertools
import shutil
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from kb.people.clock import now
from kb.people.model import SessionRow, User
from kb.people.roles import ACTIONS, PERMISSIONS
from kb.people.secrets import derived, hashed
from kb.people.tokens import TokenText, issue_token
from tests.fixtures.people import make_user, session_secret
from tests.fixtures.web import application
from tests.security.addresses import FILLED, address_of, rules
from tests.security.matrix import (
    ACTORS,
    BEHIND_THE_DOOR,
    NEWCOMER,
    ROWS,
    SIGN_IN,
    SOMEBODY,
    VISITOR,
    Actor,
    Row,
    outcome,
)
from web.forms import TOKEN_HEADER
from web.services import EXTENSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from werkzeug.test import TestResponse

    from kb.people.roles import Person

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
MISSING = 999_999
"""The number of nothing."""
OF_VISITOR = "the cookie of a browser in which nobody has signed in"
_counter = itertools.count(1)


@dataclass
class Everywhere:
    """A repository with somebody in it, and one who was invited, for all actors to be tried at."""

    app: Flask
    people: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.people[SOMEBODY] = make_user(self.app, SOMEBODY).id or 0
        self.people[NEWCOMER] = make_user(self.app, NEWCOMER).id or 0
        self._change(update(User).where(User.id == self.people[NEWCOMER]).values(status="invited"))
        self.rules = {rule.endpoint: rule for rule in rules(self.app)}

    def tried(self, actor: Actor) -> dict[str, int | str]:
        """What the actor gets everywhere."""
        person = make_user(self.app, f"actor{next(_counter)}", *actor.roles)
        token = self._token(actor, person) if actor.scopes is not None else ""
        return {named(row): self._ask(row, actor, person, token) for row in ROWS}

    def _ask(self, row: Row, actor: Actor, person: Person, token: str) -> int | str:
        """Each request comes from another address, so that no limit is reached."""
        client, number = self.app.test_client(), next(_counter)
        client.environ_base["REMOTE_ADDR"] = f"127.0.{number // 250 + 1}.{number % 250 + 1}"
        client.set_cookie("precedent-visitor", OF_VISITOR)
        headers = {TOKEN_HEADER: derived(OF_VISITOR, "form")}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        elif actor != VISITOR:
            secret = self._session(actor, person)
            client.set_cookie("precedent", secret)
            headers[TOKEN_HEADER] = derived(secret if actor.is_known else OF_VISITOR, "form")
        of = {name: self.people.get(what, what) for name, what in row.of.items()}
        left = {name: MISSING for name in self.rules[row.endpoint].arguments if name not in FILLED}
        address = address_of(self.rules[row.endpoint], **left | of)
        return seen(client.open(address, method=row.method, headers=headers, buffered=True))

    def _session(self, actor: Actor, person: Person) -> str:
        """A new one each time: some requests end it."""
        secret = session_secret(self.app, person)
        mine = SessionRow.secret == hashed(secret)
        if actor.looks_as:
            self._change(update(SessionRow).where(mine).values(view_as=actor.looks_as))
        if actor.is_disabled:
            self._change(update(User).where(User.id == person.id).values(status="disabled"))
        return secret

    def _token(self, actor: Actor, person: Person) -> str:
        with self.app.extensions[EXTENSION].database.write_aside() as session:
            text = TokenText(name="program", scopes=list(actor.scopes or ()))  # type: ignore[arg-type]
            token, secret = issue_token(session, person, text)
            if actor.is_expired:
                token.created_at, token.expires_at = now() - timedelta(days=9), now() - timedelta(days=1)
            return secret

    def _change(self, statement) -> None:
        with self.app.extensions[EXTENSION].database.write_aside() as session:
            session.execute(statement)


def named(row: Row) -> str:
    """The row as a failure names it."""
    return f"{row.method} {row.endpoint}"


def seen(answer: TestResponse) -> int | str:
    """The status, or that it leads to the door."""
    to_door = answer.status_code == 303 and answer.headers["Location"].startswith("/sign-in?")
    return SIGN_IN if to_door else answer.status_code


@pytest.fixture(scope="module")
def everywhere(request, tmp_path_factory, small_home) -> Iterator[Everywhere]:
    home = tmp_path_factory.mktemp("matrix")
    shutil.copytree(small_home, home, dirs_exist_ok=True)
    with application(home, public_reading=request.param) as app:
        yield Everywhere(app)


def test_the_matrix_has_a_row_for_every_endpoint_and_method(app):
    asked = {(rule.endpoint, method) for rule in rules(app) for method in (rule.methods or set())}
    rows = [(row.endpoint, row.method) for row in ROWS]
    assert len(rows) == len(set(rows))
    assert set(rows) == {each for each in asked if each[1] not in {"HEAD", "OPTIONS"}}


def test_the_matrix_uses_every_permission_that_an_address_needs():
    """The others are looked at inside: what is shown of an entry, and whose eyes a curator borrows."""
    inside = {"see restricted", "see authors", "see estimates", "see drafts", "view as"}
    assert {row.needs for row in ROWS} & set(ACTIONS) == set(ACTIONS) - inside
    assert {role for actor in ACTORS for role in actor.roles} == set(PERMISSIONS)


@pytest.mark.parametrize(
    ("everywhere", "actor"),
    [(True, actor) for actor in ACTORS] + [(False, actor) for actor in BEHIND_THE_DOOR],
    ids=lambda given: given.name if isinstance(given, Actor) else "public" if given else "closed",
    indirect=["everywhere"],
)
def test_everybody_gets_what_their_roles_allow(everywhere, actor):
    is_public = everywhere.app.extensions[EXTENSION].settings.public_reading
    expected = {named(row): outcome(row, actor, is_public=is_public) for row in ROWS}
    found = everywhere.tried(actor)
    assert {name: got for name, got in found.items() if got != expected[name]} == {}
    assert found.keys() == expected.keys()
