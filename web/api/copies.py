"""/api/v1/working-copies: what one has typed and not saved, as the editor keeps it every few seconds."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - part of a model
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, Field, create_model

from kb.content import CONTENT, to_json
from kb.desk import copies
from kb.errors import InvalidRecord, NotFound
from kb.strict import Strict
from kb.text import Line
from web.api.models import Answer
from web.api.operations import Operation
from web.bodies import ByKind
from web.context import current
from web.overtaken import Unready
from web.services import services

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kb.desk.copies import CopyView
    from web.parameters import NoParameters

OTHER_KIND = "The place is one for another kind."
WRITE = "contribute"


class CopyParts(Strict):
    """What is said of a working copy beside its text."""

    base: Annotated[
        int, Field(ge=0, le=1_000_000, description="The revision that it goes on from; 0: it is new.")
    ] = 0
    anonymous: bool = False
    mask_source: bool = False
    note: Annotated[Line, Field(max_length=300)] = ""


def _of_kind(kind: str) -> Any:
    """A body for one kind: its content is that of the kind, but nothing of it is needed yet."""
    content: Any = create_model(
        f"{kind.capitalize()}Typed", __base__=CONTENT[kind], __doc__=f"A {kind} as far as it is typed.",
        title=(Line, ""),
    )  # fmt: skip
    fields: dict[str, Any] = {"kind": (Literal[kind], Field()), "content": (content, Field())}
    return create_model(f"{kind.capitalize()}Copy", __base__=CopyParts, __doc__=content.__doc__, **fields)


SHAPES = {kind: _of_kind(kind) for kind in CONTENT}
_ANY: Any = reduce(or_, SHAPES.values())


class CopyBody(ByKind):
    """What is typed of an entry."""

    root: Annotated[_ANY, Field(discriminator="kind")]

    @classmethod
    def shapes(cls) -> Mapping[str, type[BaseModel]]:
        """The shape of each kind."""
        return SHAPES


class CopyPart(Answer):
    """A working copy, without its text."""

    place: Annotated[str, Field(description="The entry's id; of a new entry `new:` and its kind.")]
    kind: str
    title: Annotated[str, Field(description="As far as it is typed.")]
    base: Annotated[int, Field(description="The revision that it goes on from; 0: it is new.")]
    saved_at: datetime


class CopyAnswer(CopyPart):
    """A working copy with what was typed."""

    content: Annotated[dict[str, Any], Field(description="As typed: it may break the rules of its kind.")]
    anonymous: bool
    mask_source: bool
    note: str


class CopiesAnswer(Answer):
    """One's own working copies, latest first."""

    copies: list[CopyPart]


def working_copies(_: NoParameters) -> CopiesAnswer:
    """What one has typed and not saved."""
    with services().database.read() as session:
        found = copies.own_copies(session, current().person)
    return CopiesAnswer(copies=[CopyPart(**_part(each)) for each in found])


def get_working_copy(_: NoParameters, place: str) -> CopyAnswer:
    """What one has typed there and not saved. A draft is saved by another call, and drops it there alone."""
    return _answer(copies.place_of(place))


def put_working_copy(_: NoParameters, body: Any, place: str) -> CopyAnswer:
    """Keeps what is typed, in place of what was kept before. Readers and reviewers see nothing of it, and
    whoever wrote it finds it in the editor.
    """
    place, person = copies.place_of(place), current().person
    typed = copies.Typed(to_json(body.content), body.base, body.anonymous, body.mask_source, body.note)
    try:
        copies.keep_of_kind(services().database, person, place, body.kind, typed)
    except InvalidRecord as error:
        raise Unready(error.problems) from None
    return _answer(place)


def drop_working_copy(_: NoParameters, place: str) -> None:
    """Drops what was typed there. What was saved as a draft stays."""
    if not copies.drop(services().database, current().person, copies.place_of(place)):
        raise _nothing(place)


def _answer(place: str) -> CopyAnswer:
    with services().database.read() as session:
        found = copies.find(session, current().person, place)
    if found is None:
        raise _nothing(place)
    typed = found.typed
    return CopyAnswer(
        **_part(found), content=typed.data, anonymous=typed.anonymous, mask_source=typed.mask_source,
        note=typed.note,
    )  # fmt: skip


def _part(copy: CopyView) -> dict[str, Any]:
    return {
        "place": copy.place, "kind": copy.kind, "title": copy.title, "base": copy.typed.base,
        "saved_at": copy.saved_at,
    }  # fmt: skip


def _nothing(place: str) -> NotFound:
    return NotFound(f"Nothing of yours is typed and unsaved at {place}.")


COPIES = (
    Operation("GET", "/working-copies", working_copies, CopiesAnswer, "List what one typed and did not save",
              own=True),
    Operation("GET", "/working-copies/<place>", get_working_copy, CopyAnswer,
              "Read what one typed and did not save", own=True),
    Operation("PUT", "/working-copies/<place>", put_working_copy, CopyAnswer, "Keep what is typed",
              body=CopyBody, action=WRITE, conflict=OTHER_KIND),
    Operation("DELETE", "/working-copies/<place>", drop_working_copy, None, "Drop what was typed",
              action=WRITE),
)  # fmt: skip
