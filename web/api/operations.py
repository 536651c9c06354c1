"""What one call of the API is: where, by which method, what it takes, what it answers, who may make it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from flask import Response, request
from pydantic import BaseModel

from kb.errors import NotAllowed, NotFound
from kb.people.roles import SCOPES, Belonging, require, require_scope
from web.bodies import file_body, read_body
from web.identity import signed_in
from web.parameters import NoParameters, parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from kb.people.roles import Person
    from web.parameters import Parameters

LARGEST = 2**31 - 1
"""No row has a larger number."""
PREFIX = "/api/v1"
JSON = "application/json"
B = TypeVar("B", bound=BaseModel)


@dataclass(frozen=True)
class Reply:
    """An answer, and what its headers say beside it."""

    answer: BaseModel | None = None
    location: str = ""
    """Path below /api/v1 of what was made."""
    etag: str = ""
    """Version of what is answered."""


Verb = "Callable[..., BaseModel | Reply | Response | None]"


@dataclass(frozen=True)
class Operation:
    """One call: method and path, the verb that answers it, and the shapes of question and answer."""

    method: str
    path: str
    verb: Callable[..., BaseModel | Reply | Response | None]
    answer: type[BaseModel] | None
    """None: 204, or what `media` says."""
    summary: str
    parameters: type[Parameters] = NoParameters
    body: type[BaseModel] | None = None
    action: str = ""
    """What of `kb.people.roles.ACTIONS` it needs; empty: nothing."""
    own: bool = False
    """Whether it is about the account of whoever calls."""
    own_scope: str = ""
    """The scope that a token needs for one's own account."""
    is_browsers: bool = False
    """Whether tokens cannot do it at all."""
    has_versions: bool = False
    """Whether what it reads has an ETag, and what it changes needs If-Match or the version."""
    conflict: str = ""
    """What 409 means; empty: it cannot happen."""
    makes_files: bool = False
    """Whether it converts entries, which may fail, and may find nothing to convert."""
    media: tuple[str, ...] = ()
    """What it answers instead of JSON."""
    may_miss: bool = False
    """Whether a parameter names something that may not be there."""
    takes: str = ""
    """Media type of a file that is sent as the body, in place of JSON."""
    makes: bool = True
    """Whether a POST makes something: some only ask what no address can hold."""

    @property
    def name(self) -> str:
        """The operation's id."""
        return self.verb.__name__

    @property
    def status(self) -> int:
        """The status of success."""
        if self.answer is None and not self.media:
            return 204
        return 201 if self.method == "POST" and self.makes else 200

    @property
    def is_safe(self) -> bool:
        """Whether it changes nothing."""
        return self.method == "GET"

    @property
    def needs_person(self) -> bool:
        """Whether visitors cannot make it."""
        return bool(self.action) or self.own

    @property
    def scope(self) -> str:
        """The scope that a token needs; empty: any token does."""
        if self.own:
            return self.own_scope
        return next((scope for scope, actions in SCOPES.items() if self.action in actions), "")

    def answer_request(self, **path: str) -> Response:
        """Checks who asks, parses what is asked, calls the verb and renders its answer."""
        if self.needs_person:
            self._check(signed_in())
        asked: list[object] = [parse(self.parameters, request.args)]
        if self.takes:
            asked.append(file_body(self.takes))
        if self.body is not None:
            asked.append(read_body(self.body))
        return self._respond(self.verb(*asked, **path))

    def _check(self, person: Person) -> None:
        """Raises NotAllowed, as the verb would, but before what was sent is looked at."""
        if self.is_browsers and person.token_id is not None:
            raise NotAllowed("Tokens cannot do this: sign in with a browser.")
        if self.action:
            require(person, self.action)
        elif self.own_scope == "people":
            require(person, "manage people", Belonging(person.id or 0))
        elif self.own_scope:
            require_scope(person, self.own_scope)

    def _respond(self, found: BaseModel | Reply | Response | None) -> Response:
        if isinstance(found, Response):
            return found
        reply = found if isinstance(found, Reply) else Reply(found)
        if reply.answer is None:
            return Response(status=204)
        response = Response(reply.answer.model_dump_json(), status=self.status, content_type=JSON)
        if reply.location:
            response.headers["Location"] = PREFIX + reply.location
        if reply.etag:
            response.set_etag(reply.etag)
        if self.is_safe and reply.etag:
            response.make_conditional(request)
        return response


def number_of(text: str, what: str) -> int:
    """A row's number in a path. Raises NotFound, also for what is no number."""
    if text.isascii() and text.isdigit() and len(text) <= 10 and 0 < int(text) <= LARGEST:
        return int(text)
    raise NotFound(f"There is no such {what}.")
