"""/api/v1/duplicates: entries that look alike, and what is decided about them."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads it
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from kb.duplicates.deciding import Decision, Verdict, decide, reconsider
from kb.duplicates.listing import Side, list_decisions, list_pairs
from kb.strict import Strict
from kb.validation import validate
from web.api.models import Answer
from web.context import current
from web.identity import origin
from web.parameters import Parameters, Whole
from web.services import services

if TYPE_CHECKING:
    from web.parameters import NoParameters

MAX_LIMIT = 500


class PairsParameters(Parameters):
    """A stretch of the pairs."""

    offset: Annotated[Whole, Field(ge=0, le=1_000_000)] = 0
    limit: Annotated[Whole, Field(ge=1, le=MAX_LIMIT)] = 50


class SidePart(Answer):
    """One of two entries."""

    ref: str
    kind: str
    title: str

    @classmethod
    def of(cls, side: Side) -> SidePart:
        """The entry as the API shows it."""
        return cls(ref=side.ref, kind=side.kind, title=side.title)


class PairPart(Answer):
    """Two entries that look alike."""

    first: SidePart
    second: SidePart
    meaning: Annotated[float, Field(description="Cosine of their texts.")]
    words: Annotated[float, Field(description="Share of their words, weighted by rarity, that both hold.")]
    score: Annotated[float, Field(description="What they are ordered by.")]


class PairsAnswer(Answer):
    """A stretch of the pairs that nobody has decided about, the most alike first."""

    total: int
    offset: int
    pairs: list[PairPart]


class DecisionPart(Answer):
    """What was decided about two entries."""

    first: SidePart
    second: SidePart
    decision: Decision
    kept: Annotated[str | None, Field(description="The one that the other recurs or is superseded by.")]
    author: str
    at: datetime


class DecisionsAnswer(Answer):
    """The latest decisions, newest first."""

    decisions: list[DecisionPart]


class DecisionBody(Strict):
    """What is decided: the first entry of the path is the one that stays."""

    decision: Decision


def duplicates(parameters: PairsParameters) -> PairsAnswer:
    """Pairs of entries of one kind that look alike."""
    with services().database.read() as session:
        total, found = list_pairs(session, current().reader, parameters.offset, parameters.limit)
    pairs = [
        PairPart(
            first=SidePart.of(each.first), second=SidePart.of(each.second), meaning=each.meaning,
            words=each.words, score=each.score,
        )
        for each in found
    ]  # fmt: skip
    return PairsAnswer(total=total, offset=parameters.offset, pairs=pairs)


def duplicate_decisions(_: NoParameters) -> DecisionsAnswer:
    """What was decided of late."""
    with services().database.read() as session:
        found = list_decisions(session, current().reader)
    parts = [
        DecisionPart.model_validate(
            vars(each) | {"first": SidePart.of(each.first), "second": SidePart.of(each.second)}
        )
        for each in found
    ]
    return DecisionsAnswer(decisions=parts)


def decide_on_duplicates(_: NoParameters, body: DecisionBody, ref: str, other: str) -> None:
    """Keeps two entries apart, or makes the other a recurrence of the first or superseded by it."""
    said = {"ref": ref, "other": other, "decision": body.decision}
    decide(services().database, origin(), validate(Verdict, said))


def reconsider_duplicates(_: NoParameters, ref: str, other: str) -> None:
    """Takes a decision back, with the link that it made."""
    reconsider(services().database, origin(), ref, other)
