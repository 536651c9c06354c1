"""/api/v1/teaching/paths and /coverage: how paths go, and what none of them teaches; what learners say."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads it
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from kb.learning import rating
from kb.learning.rating import RatingText
from web import coverage as coverage_page
from web.api.models import Answer
from web.api.operations import Operation
from web.context import current
from web.entries import checked_ref
from web.identity import origin
from web.progress import WhomParameters, load
from web.services import services

if TYPE_CHECKING:
    from web.parameters import NoParameters


class ProgressStep(Answer):
    """A step, and how many got so far."""

    step: Annotated[str, Field(description="The id of the step: of its entry, or of its link.")]
    title: str
    address: Annotated[str, Field(description="Where it leads; empty where the step is an entry.")]
    counts: Annotated[bool, Field(description="Whether the path is complete with it only.")]
    has_questions: bool
    done: int
    here: Annotated[int, Field(description="Who is on the path and has this step to take now.")]
    left_here: int
    days: Annotated[float | None, Field(description="Median days from beginning to doing it.")]


class ProgressPerson(Answer):
    """Somebody who takes or took the path."""

    name: str
    state: Literal["active", "left", "completed"]
    done: int
    total: int
    began_at: datetime
    last_at: datetime
    completed_at: datetime | None


class RatingPart(Answer):
    """What somebody says of a path."""

    stars: int
    words: str
    at: datetime


class ProgressAnswer(Answer):
    """How a path goes."""

    path: str
    title: str
    revision: int
    is_published: bool
    of: Annotated[str, Field(description="Whose progress it is; empty: everybody's.")]
    days: Annotated[float | None, Field(description="Median days from beginning to completing.")]
    steps: list[ProgressStep]
    people: list[ProgressPerson]
    rating: Annotated[float | None, Field(description="The mean, of 1 to 5.")]
    ratings: Annotated[list[RatingPart], Field(description="Without names; of everybody's progress only.")]


class CoveragePart(Answer):
    """A competency or a theme, and what teaches it."""

    kind: Literal["competency", "theme"]
    name: str
    lessons: int
    recurrences: Annotated[int, Field(description="Of the lessons: how many recur, or look like another.")]
    trainings: int
    paths: Annotated[list[str], Field(description="Ids of the published paths that teach it.")]
    heat: Annotated[int, Field(description="How much it is missed: 0 where it is taught, 4 at most.")]


class CoverageAnswer(Answer):
    """What is taught and what is not, what is missed most first."""

    lines: list[CoveragePart]


def path_progress(parameters: WhomParameters, path: str) -> ProgressAnswer:
    """Who is where on a path, at which step people stop, and what they say of it."""
    with services().database.read() as session:
        found = load(session, checked_ref(path), parameters.whom)
    return ProgressAnswer(
        path=found.view.ref, title=found.view.title, revision=found.view.number,
        is_published=found.is_published, of=found.of, days=found.days, rating=found.mean,
        steps=[ProgressStep.model_validate(each, from_attributes=True) for each in found.steps],
        people=[ProgressPerson.model_validate(each, from_attributes=True) for each in found.learners],
        ratings=[RatingPart.model_validate(each, from_attributes=True) for each in found.ratings],
    )  # fmt: skip


def coverage(_: NoParameters) -> CoverageAnswer:
    """Competencies, and themes that lessons keep coming back to, against published paths."""
    lines = [
        CoveragePart(
            kind=each.kind, name=each.name, lessons=each.lessons, recurrences=each.recurrences,
            trainings=each.trainings, paths=[ref for ref, _ in each.paths], heat=each.heat,
        )
        for each in coverage_page.load()
    ]  # fmt: skip
    return CoverageAnswer(lines=lines)


def rate_path(_: NoParameters, body: RatingText, path: str) -> None:
    """Keeps what one says of a path that one completed. Trainers read it without the name."""
    rating.rate(services().database, origin(), checked_ref(path), body, current().reader)


PROGRESS = (
    Operation("PUT", "/learning/<path>/rating", rate_path, None, "Say how a completed path was",
              body=RatingText, own=True, own_scope="learn"),
    Operation("GET", "/teaching/paths/<path>", path_progress, ProgressAnswer, "Read how a path goes",
              WhomParameters, action="train", may_miss=True),
    Operation("GET", "/teaching/coverage", coverage, CoverageAnswer, "Read what is taught, and what is not",
              action="train"),
)  # fmt: skip
