"""Questions to a server, what answers them, and whether what comes back is right for the state it is in."""

from __future__ import annotations

import http.client
import json
import urllib.parse
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import update

from kb.people import accounts, sessions
from kb.people.clock import now
from kb.people.model import SessionRow
from kb.people.roles import OPERATOR, Person
from kb.people.secrets import derived, new_secret
from kb.people.tokens import TokenText, issue_token
from web.forms import TOKEN_FIELD

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kb.database import Database
    from tests.torture.places import Answer, Server

EMAIL = "dora@example.org"
CUT_OVER = "rehearse cut-over production"
GONE = "The records cannot be reached at the moment."
"""Why there is no answer without the records."""
UNSTORED = "Nothing can be stored at the moment: "
"""Why nothing is changed; the cause comes after it."""


@dataclass(frozen=True)
class Question:
    """A request, and what a right answer to it holds."""

    path: str
    holds: str = ""
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    needs: str = "records"
    """What it cannot be answered without: `nothing`, `records`, or `storage` where it changes something."""


@dataclass
class Asked:
    """What became of the questions."""

    right: int = 0
    refused: int = 0
    stored: set[str] = field(default_factory=set)
    """What was said to be stored, and has to be there from then on."""
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Visitor:
    """A person with a browser and a program, both last seen a while ago: the next request notes that."""

    secret: str
    token: str

    @property
    def cookie(self) -> dict[str, str]:
        """Headers of the browser."""
        return {"Cookie": f"precedent={self.secret}"}

    @property
    def bearer(self) -> dict[str, str]:
        """Headers of the program."""
        return {"Authorization": f"Bearer {self.token}"}

    def form(self, path: str, **fields: str) -> Question:
        """A form that the person sends."""
        return _form(path, self.secret, self.cookie, fields)

    def reads(self) -> Iterator[Question]:
        """What changes nothing."""
        yield from (Question(path, needs="nothing") for path in ("/healthz", "/help", "/metrics", "/sign-in"))
        yield Question("/static/css/base.css", needs="nothing")
        yield from (Question(path) for path in ("/", "/browse", "/vocabulary", "/api/v1/entries"))
        words = urllib.parse.urlencode({"q": CUT_OVER, "limit": str(5 + uuid.uuid4().int % 20)})
        yield Question(f"/search?{urllib.parse.urlencode({'q': CUT_OVER})}", "/entries/L-0001")
        yield Question(f"/api/v1/search?{words}", '"L-0001"')
        yield Question(f"/entries/L-00{10 + uuid.uuid4().int % 30}", "L-00")
        yield Question("/account", EMAIL, headers=self.cookie)
        yield Question("/api/v1/me", EMAIL, headers=self.bearer)

    def writes(self) -> Iterator[Question]:
        """What changes something, each time something else. The term that a group adds is in `holds`."""
        term = f"term {uuid.uuid4().hex}"
        body = json.dumps({"kind": "synonyms", "terms": [term, f"other {term}"]})
        headers = self.bearer | {"Content-Type": "application/json"}
        yield Question("/api/v1/vocabulary", term, "POST", headers, body, "storage")
        yield self.form("/account/profile", name=f"Dora {term[-4:]}")
        secret = new_secret()
        cookie = {"Cookie": f"precedent-visitor={secret}"}
        yield _form("/sign-in", secret, cookie, {"email": EMAIL, "password": "not the one at all"})


def enrol(database: Database, email: str = EMAIL) -> Visitor:
    """Makes the account."""
    with database.write_aside() as session:
        user = accounts.new_user(session, email, "Dora", "active")
        accounts.put_roles(user, ["curator"], OPERATOR)
        secret = sessions.start_session(
            session, user, method="password", address="", agent="", lifetimes=sessions.Lifetimes()
        )
        person = Person(id=user.id, name=user.name, email=user.email, roles=user.roles)
        _, token = issue_token(session, person, TokenText(name="script", scopes=["read", "curate"]))
        return Visitor(secret, token)


def grow_stale(database: Database) -> None:
    """Nobody has been here for minutes, so that the next request has to note that somebody is."""
    with database.write_aside() as session:
        session.execute(update(SessionRow).values(seen_at=now() - timedelta(minutes=5)))


def ask(server: Server, question: Question, asked: Asked, why: str = "") -> bool:
    """Whether the answer is right. `why` is what a refusal has to say, and that what the question needs is
    not there; empty when all is there.
    """
    name = f"{question.method} {question.path.partition('?')[0]}"
    try:
        answer = server.ask(question.method, question.path, question.headers, question.body)
    except (OSError, http.client.HTTPException) as error:
        asked.wrong.append(f"{name} was not answered: {error!r}")
        return False
    is_done = answer.status < 400 or (question.path == "/sign-in" and answer.status in {401, 429})
    if is_done and question.method == "POST":
        asked.stored.add(question.holds)
    if not why and is_done and (question.method == "POST" or question.holds in answer.body):
        asked.right += 1
    elif why and answer.status == 503 and "Retry-After" in answer.headers and why in _text(answer):
        asked.refused += 1
    elif why.startswith(UNSTORED) and is_done:
        asked.right += 1  # there was a little room left: that it is there is looked at afterwards
    else:
        asked.wrong.append(
            f"{name} said {answer.status}, not {why or question.holds!r}: {_text(answer)[:80]!r}"
        )
        return False
    return True


def _text(answer: Answer) -> str:
    try:
        return str(answer.json["detail"])
    except (ValueError, KeyError, TypeError):
        return answer.body


def _form(path: str, secret: str, headers: Mapping[str, str], fields: Mapping[str, str]) -> Question:
    body = urllib.parse.urlencode({TOKEN_FIELD: derived(secret, "form")} | dict(fields))
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return Question(path, "", "POST", dict(headers) | kind, body, "storage")
