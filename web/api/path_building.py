"""/api/v1/teaching/steps and /teaching/paths: steps to decide about, links, and what a path may lack."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads it
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from kb.desk.lines import start_of_edit
from kb.errors import NotFound
from kb.learning import keeping
from kb.learning.deciding import Decision, decide
from kb.learning.step_links import links_of
from kb.people.limits import LINKS_OF_PERSON
from kb.steps import stored_steps
from search.material import suggest
from web.api.models import Answer
from web.api.operations import Operation
from web.context import current
from web.entries import checked_ref, checked_step
from web.identity import origin
from web.link_checks import check_links
from web.searches import count_one
from web.services import services

if TYPE_CHECKING:
    from kb.learning.step_links import StepLink
    from web.parameters import NoParameters


class WornPart(Answer):
    """A step whose entry has changed since it was pinned, is replaced, or is gone, or whose link was not
    reached.
    """

    path: str
    path_title: str
    step: str
    title: Annotated[str, Field(description="Of the entry or the link; empty when the entry is gone.")]
    why: Literal["changed", "replaced", "gone", "unreached"]
    pinned: int | None
    current: Annotated[int | None, Field(description="The revision that stands.")]
    by: Annotated[str, Field(description="The entry that replaces it, if one does.")]
    address: Annotated[str, Field(description="Where the link leads that was not reached.")]
    said: Annotated[str, Field(description="Why it was not reached.")]
    checked_at: datetime | None
    draft: Annotated[int | None, Field(description="Your draft of the path in which it is settled.")]


class WornAnswer(Answer):
    """The steps that wait for a decision."""

    steps: list[WornPart]


class DecidedAnswer(Answer):
    """What came of a decision."""

    path: str
    step: str
    decision: Literal["adopt", "keep", "replace"]
    draft: Annotated[int | None, Field(description="The draft of the path; none where the step is kept.")]


class StepLinkPart(Answer):
    """The link of a step: the step itself, or what its training entry names."""

    step: Annotated[str, Field(description="The id of the step: of the training entry, or of the link.")]
    title: str
    address: str
    is_reached: Annotated[bool | None, Field(description="None: never checked.")]
    said: str
    checked_at: datetime | None


class StepLinksAnswer(Answer):
    """The links of a path's steps."""

    links: list[StepLinkPart]


class FittingPart(Answer):
    """An entry that fits a path."""

    ref: str
    kind: str
    title: str
    why: str


class RecurringPart(Answer):
    """A lesson that recurs."""

    ref: str
    title: str
    times: Annotated[int, Field(description="How often it was learned.")]


class SuggestionsAnswer(Answer):
    """What a path may lack, best first."""

    material: list[FittingPart]
    recurring: Annotated[list[RecurringPart], Field(description="Learned several times, and on no path.")]


def worn_steps(_: NoParameters) -> WornAnswer:
    """The steps of published paths whose entry has changed, or whose link was not reached when it was last
    checked, as far as you may see them.
    """
    with services().database.read() as session:
        found = keeping.worn_steps(session, current().person, current().reader)
    return WornAnswer(steps=[WornPart.model_validate(each, from_attributes=True) for each in found])


def decide_on_step(_: NoParameters, body: Decision, path: str, step: str) -> DecidedAnswer:
    """Adopts the revision that stands, keeps the step as it is, or replaces it by another entry, a link also
    by another address. To adopt and to replace write a draft of the path, for which a token needs the scope
    `write` too.
    """
    done = decide(services().database, origin(), checked_ref(path), checked_step(step), body)
    return DecidedAnswer.model_validate(done, from_attributes=True)


def step_links(_: NoParameters, path: str) -> StepLinksAnswer:
    """The links of a path's steps, and whether they answered when they were last checked."""
    steps = stored_steps(_stored(checked_ref(path)))
    with services().database.read() as session:
        return _links_answer(links_of(session, steps, current().reader))


def check_step_links(_: NoParameters, path: str) -> StepLinksAnswer:
    """Asks each link of a path's steps, as far as the operator has named the hosts that may be asked."""
    here, steps = services(), stored_steps(_stored(checked_ref(path)))
    here.leases.spend(here.database, LINKS_OF_PERSON, f"#{current().person.id}")
    return _links_answer(check_links(here.database, origin(), here.settings.link_hosts, steps))


def _links_answer(links: list[StepLink]) -> StepLinksAnswer:
    return StepLinksAnswer(links=[StepLinkPart.model_validate(each, from_attributes=True) for each in links])


def _stored(ref: str) -> dict[str, Any]:
    """The path in one's own draft, where there is one, else as published. Raises NotFound."""
    with services().database.read() as session:
        case = start_of_edit(session, current().person, ref)
        if case is None or case.revision.entry.kind != "path":
            raise NotFound(f"There is no path {ref}.")
        return dict(case.revision.content)


def suggest_material(_: NoParameters, path: str) -> SuggestionsAnswer:
    """Material that fits the goal and the competencies of the path and is not in it: of your own draft where
    you have one, else of what is published.
    """
    ref, here = checked_ref(path), services()
    stored = _stored(ref)
    count_one()
    found = suggest(here.database, here.engine, stored, ref, current().reader)
    material = [
        FittingPart(ref=hit.entry.ref, kind=hit.entry.kind, title=hit.entry.title, why=str(hit.why))
        for hit in found.material
    ]
    recurring = [RecurringPart.model_validate(each, from_attributes=True) for each in found.recurring]
    return SuggestionsAnswer(material=material, recurring=recurring)


BUILDING = (
    Operation("GET", "/teaching/steps", worn_steps, WornAnswer, "List steps that wait for a decision",
              action="train"),
    Operation("PUT", "/teaching/paths/<path>/steps/<step>", decide_on_step, DecidedAnswer,
              "Decide about a step that waits for it", body=Decision, action="train",
              conflict="The entry was changed since, or your draft of the path was."),
    Operation("GET", "/teaching/paths/<path>/suggestions", suggest_material, SuggestionsAnswer,
              "See what a path may lack", action="train"),
    Operation("GET", "/teaching/paths/<path>/links", step_links, StepLinksAnswer,
              "See how the links of a path answered", action="train"),
    Operation("POST", "/teaching/paths/<path>/links", check_step_links, StepLinksAnswer,
              "Check the links of a path", action="train", makes=False),
)  # fmt: skip
