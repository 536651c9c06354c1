"""/api/v1/imports: documents become drafts, by the verbs of the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StringConstraints

from kb.importing import incoming
from kb.importing.making import MAX_DRAFTS, make
from kb.importing.plans import RECORD, ROWS, SKIP, Shape, choices, labels_of
from kb.importing.recognition import MAX_NAME, TAKEN
from kb.strict import Strict
from kb.text import SOMETHING, Described, Line, NamesDescribed
from web.api.models import Answer
from web.api.operations import Operation, Reply, number_of
from web.context import current
from web.identity import origin
from web.parameters import Kind, NoParameters, Parameters
from web.services import services

if TYPE_CHECKING:
    from kb.importing.document import Document
    from kb.importing.incoming import Pending
    from kb.importing.making import Made
    from kb.importing.plans import Plan

FILE = "application/octet-stream"
EXCERPT = 400
NAMED = "A heading, the name of a column, or a number: `#3` is the third section, `#3.2` its second column."
NAME = Annotated[Line, StringConstraints(min_length=1, max_length=MAX_NAME), Described("pattern", SOMETHING)]
PLACE = Annotated[Line, StringConstraints(min_length=1, max_length=100), Described("pattern", SOMETHING)]


class BroughtParameters(Parameters):
    """What the file is called."""

    name: Annotated[NAME, Field(description=f"The file's name; its ending says what it is: {TAKEN}.")]


class ColumnPart(Answer):
    """A column of a table, or a label in its first one."""

    name: Annotated[str, Field(description="What `put` may call it.")]
    label: str
    place: Annotated[str, Field(description="The field that it goes to.")]
    reason: Annotated[str, Field(description="Why it was guessed to go there.")]


class SectionPart(Answer):
    """A section of a document, and where it goes."""

    name: Annotated[str, Field(description="What `put` may call it, besides its heading.")]
    heading: str
    level: Annotated[int, Field(description="Of the heading; 0 where there is none.")]
    where: Annotated[str, Field(description="The page, slide or sheet on which it begins.")]
    excerpt: str
    rows: Annotated[int, Field(description="Of its table; 0 where there is none.")]
    place: Annotated[str, Field(description="Where it goes.")]
    reason: Annotated[str, Field(description="Why it was guessed to go there.")]
    places: Annotated[list[str], Field(description="Everywhere that it can go.")]
    columns: list[ColumnPart]


class DraftPart(Answer):
    """A draft that would be made."""

    kind: Kind
    title: str
    where: Annotated[str, Field(description="Where in the document it begins.")]
    lacks: Annotated[list[str], Field(description="What a lesson says nothing of yet.")]
    problems: Annotated[list[str], Field(description="Why it cannot be saved as it is.")]


class PlanPart(Answer):
    """What would become of a document."""

    shape: Shape
    title: str
    notices: Annotated[list[str], Field(description="What of the file was left out.")]
    sections: list[SectionPart]
    drafts: list[DraftPart]
    can_be_saved: bool


class ImportPart(Answer):
    """A document on its way in. One that nobody decides about is forgotten after a day."""

    id: int
    name: str
    bytes: int
    state: Literal["waiting", "ready", "refused", "done"]
    why: Annotated[str, Field(description="Why it could not be read.")]
    interrupted: Annotated[bool, Field(description="Whether reading stopped midway: begin it anew.")]
    entries: Annotated[list[str], Field(description="Ids of the drafts, once they are saved.")]


class ImportAnswer(ImportPart):
    """A document on its way in, with what would become of it once it is read."""

    plan: PlanPart | None


class ImportsAnswer(Answer):
    """One's documents that wait or were refused, newest first."""

    imports: list[ImportPart]


class PlanBody(Strict):
    """What is to become of a document. What is left out stays as it is."""

    shape: Shape | None = None
    title: Annotated[Line, Field(description="Of the review, the template or the training material.")] = ""
    put: Annotated[
        dict[NAME, PLACE],
        NamesDescribed(),
        Field(max_length=500, description=f"{NAMED} With the place where it goes."),
    ] = {}


def imports(_: NoParameters) -> ImportsAnswer:
    """What waits for a decision, and what could not be read."""
    with services().database.read() as session:
        found = incoming.pending(session, current().person)
    return ImportsAnswer(imports=[ImportPart.model_validate(_said(each)) for each in found])


def bring_document(parameters: BroughtParameters, data: bytes) -> Reply:
    """The body is the file itself. It is read in a process of its own, mostly within seconds: while it
    still is, `state` says `waiting`. Nothing is saved before that is asked for.
    """
    database = services().database
    number = incoming.receive(database, origin(), parameters.name, data)
    services().conversions.start(database, number)
    return Reply(_standing(number), location=f"/imports/{number}")


def get_import(_: NoParameters, number: str) -> ImportAnswer:
    """Where each section and column would go, with the reason, and the drafts that would come of it."""
    return _standing(number_of(number, "document"))


def plan_import(_: NoParameters, body: PlanBody, number: str) -> ImportAnswer:
    """Says what becomes of the document, and where its sections and columns go; nothing is saved yet."""
    found = incoming.choose_by_name(
        services().database, origin(), number_of(number, "document"), body.put, shape=body.shape,
        title=body.title or None,
    )  # fmt: skip
    return _answer(found)


def save_import(_: NoParameters, number: str) -> Reply:
    """Makes the drafts, all or none, with the original attached to each."""
    at = number_of(number, "document")
    incoming.save(services().database, origin(), at)
    return Reply(_standing(at), location=f"/imports/{at}")


def read_import_again(_: NoParameters, number: str) -> ImportAnswer:
    """Begins anew to read a document whose reading was interrupted."""
    at = number_of(number, "document")
    incoming.again(services().database, origin(), at)
    services().conversions.start(services().database, at)
    return _standing(at)


def drop_import(_: NoParameters, number: str) -> None:
    """Forgets the document; what was saved of it stays."""
    incoming.drop(services().database, origin(), number_of(number, "document"))


def _standing(number: int) -> ImportAnswer:
    with services().database.read() as session:
        return _answer(incoming.find(session, current().person, number))


def _said(found: Pending) -> dict[str, object]:
    return {
        "id": found.number, "name": found.name, "bytes": found.size, "state": found.state,
        "why": found.said, "interrupted": found.is_interrupted, "entries": list(found.refs),
    }  # fmt: skip


def _answer(found: Pending) -> ImportAnswer:
    plan = _plan(found.document, found.plan) if found.document and found.plan else None
    return ImportAnswer.model_validate(_said(found) | {"plan": plan})


def _plan(document: Document, plan: Plan) -> PlanPart:
    made = make(document, plan)
    sections = [_section(document, plan, at) for at in range(len(document.sections))]
    fits = 0 < len(made) <= MAX_DRAFTS and not any(each.problems for each in made)
    return PlanPart(
        shape=plan.shape, title=plan.title, notices=document.notices, sections=sections,
        drafts=[_draft(each) for each in made], can_be_saved=fits,
    )  # fmt: skip


def _section(document: Document, plan: Plan, at: int) -> SectionPart:
    section = document.sections[at]
    offered = list(choices(plan.shape, section))
    place = plan.targets[at] if plan.targets[at] in offered else SKIP
    return SectionPart(
        name=f"#{at + 1}", heading=section.heading, level=section.level, where=section.place,
        excerpt=section.text[:EXCERPT], rows=len(section.table.rows) if section.table else 0, place=place,
        reason=plan.reasons[at], places=offered, columns=_columns(document, plan, at, place),
    )  # fmt: skip


def _columns(document: Document, plan: Plan, at: int, place: str) -> list[ColumnPart]:
    table = document.sections[at].table
    if table is None or place not in {ROWS, RECORD}:
        return []
    names, reasons = plan.columns[at], plan.column_reasons[at]
    return [
        ColumnPart(name=f"#{at + 1}.{number + 1}", label=label, place=names[number], reason=reasons[number])
        for number, label in enumerate(labels_of(table, place))
    ]


def _draft(made: Made) -> DraftPart:
    return DraftPart.model_validate(
        {
            "kind": made.kind, "title": made.title, "where": made.place, "lacks": made.lacks,
            "problems": [str(each) for each in made.problems],
        }
    )  # fmt: skip


WRITE = "contribute"
UNREADY = "It is still being read, could not be read, or is saved already"
IMPORTS = (
    Operation("GET", "/imports", imports, ImportsAnswer, "List one's documents on their way in", own=True),
    Operation("POST", "/imports", bring_document, ImportAnswer, "Bring a document", BroughtParameters,
              takes=FILE, action=WRITE),
    Operation("GET", "/imports/<number>", get_import, ImportAnswer, "Read what would become of a document",
              own=True),
    Operation("PUT", "/imports/<number>/plan", plan_import, ImportAnswer, "Say what becomes of a document",
              body=PlanBody, action=WRITE,
              conflict=f"{UNREADY}; or it has no such part, or that cannot go there: see `errors`."),
    Operation("POST", "/imports/<number>/saved", save_import, ImportAnswer, "Make the drafts of a document",
              action=WRITE, conflict=f"{UNREADY}; or nothing would come of it: `errors` says why."),
    Operation("PUT", "/imports/<number>/reading", read_import_again, ImportAnswer,
              "Begin anew to read a document", action=WRITE, conflict="It is read already, or could not be."),
    Operation("DELETE", "/imports/<number>", drop_import, None, "Forget a document", action=WRITE),
)  # fmt: skip
"""The calls about documents that are brought."""
