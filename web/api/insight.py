"""/api/v1/insight: how the repository does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from kb.insight.health import MEASURES
from web.api.models import Answer
from web.insight import insight_view

if TYPE_CHECKING:
    from web.parameters import NoParameters


class MeasurePart(Answer):
    """How many entries are like that."""

    name: str
    words: str
    entries: Annotated[list[str], Field(description="Their ids, at most 1,000.")]
    count: int


class UsedPart(Answer):
    """How often an entry was found and opened."""

    ref: str
    title: str
    surfaced: int
    opened: int


class ContributorPart(Answer):
    """How many entries somebody wrote; who wrote anonymously is "A contributor"."""

    name: str
    entries: int


class QuarterPart(Answer):
    """What was first published in three months."""

    name: str
    published: int
    days: Annotated[float | None, Field(description="Median days from draft to publishing.")]


class SearchedPart(Answer):
    """How often something was searched for."""

    words: str
    searches: int
    empty: Annotated[int, Field(description="How often no hit held a word of it.")]


class InsightAnswer(Answer):
    """All figures, for the entries that the caller may see."""

    total: int
    measures: list[MeasurePart]
    used: list[UsedPart]
    contributors: list[ContributorPart]
    quarters: list[QuarterPart]
    searches: list[SearchedPart]
    actions: Annotated[dict[str, int], Field(description="What comes of lessons, by state.")]


def insight(_: NoParameters) -> InsightAnswer:
    """Health, use, contributors, time to publish, and searches."""
    view = insight_view()
    measures = [
        MeasurePart(
            name=name, words=words, count=view.health.count(name),
            entries=[item.ref for item in view.health.items[name][:1_000]],
        )
        for name, words in MEASURES.items()
    ]  # fmt: skip
    used = [
        UsedPart(ref=each.ref, title=each.title, surfaced=each.surfaced, opened=each.opened)
        for each in view.used
    ]
    return InsightAnswer(
        total=view.health.total,
        measures=measures,
        used=used,
        contributors=[ContributorPart(name=name, entries=count) for name, count in view.contributors],
        quarters=[
            QuarterPart(name=each.name, published=each.published, days=each.days) for each in view.quarters
        ],
        searches=[
            SearchedPart(words=words, searches=count, empty=empty) for words, count, empty in view.searches
        ],
        actions=dict(view.actions),
    )
