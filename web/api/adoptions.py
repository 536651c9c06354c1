"""/api/v1/entries/{ref}/adoptions: who goes by a lesson."""

from __future__ import annotations

from datetime import date  # noqa: TC003 - pydantic reads it
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from kb.adoptions.keeping import AdoptionText, abandon, adopt, count_adoptions, list_adoptions
from kb.reading import get_entry
from web.api.models import Answer
from web.api.operations import Operation, Reply, number_of
from web.context import current
from web.entries import checked_ref
from web.identity import origin
from web.services import services

if TYPE_CHECKING:
    from kb.adoptions.keeping import AdoptionView
    from web.parameters import NoParameters


class AdoptionPart(Answer):
    """That somebody goes by a lesson, in a project."""

    id: int
    ref: Annotated[str, Field(description="The lesson.")]
    project: str
    adopted_on: date
    note: str
    person: str

    @classmethod
    def of(cls, view: AdoptionView) -> AdoptionPart:
        """The adoption as the API shows it."""
        return cls.model_validate({name: getattr(view, name) for name in cls.model_fields})


class AdoptionsAnswer(Answer):
    """Who adopted a lesson, newest first; visitors are told how often only."""

    total: int
    adoptions: list[AdoptionPart]


def adoptions(_: NoParameters, ref: str) -> AdoptionsAnswer:
    """Who goes by a lesson."""
    reader = current().reader
    with services().database.read() as session:
        view = get_entry(session, checked_ref(ref), reader)
        found = list_adoptions(session, reader, ref=view.ref)
        total = count_adoptions(session, view.ref)
    return AdoptionsAnswer(total=total, adoptions=[AdoptionPart.of(each) for each in found])


def adopt_lesson(_: NoParameters, body: AdoptionText, ref: str) -> Reply:
    """Says that whoever calls goes by the lesson."""
    number, here = adopt(services().database, origin(), checked_ref(ref), body), current()
    with services().database.read() as session:
        found = list_adoptions(session, here.reader, ref=checked_ref(ref), user_id=here.person.id or 0)
    (view,) = [each for each in found if each.id == number]
    return Reply(AdoptionPart.of(view), location=f"/adoptions/{number}")


def abandon_lesson(_: NoParameters, adoption: str) -> None:
    """Takes an adoption back: one's own, or for curators anybody's."""
    abandon(services().database, origin(), number_of(adoption, "adoption"))


ADOPTIONS = (
    Operation("GET", "/entries/<ref>/adoptions", adoptions, AdoptionsAnswer, "See who goes by a lesson"),
    Operation("POST", "/entries/<ref>/adoptions", adopt_lesson, AdoptionPart, "Adopt a lesson",
              body=AdoptionText, action="contribute",
              conflict="Whoever calls has adopted it for this project already."),
    Operation("DELETE", "/adoptions/<adoption>", abandon_lesson, None, "Take an adoption back",
              action="contribute"),
)  # fmt: skip
