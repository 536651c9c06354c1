"""Kept estimates as readers see them, and the ledger of how they turned out."""

from __future__ import annotations

import re
from datetime import datetime  # noqa: TC003 - pydantic reads it
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, StringConstraints

from kb.dossiers.keeping import Dossier, Version, may_change
from kb.kinds import Positive
from kb.neighbours import titles_of
from kb.strict import Strict
from kb.text import REF_PATTERN, SOMETHING, Described, Line
from search.estimates.answers import EstimateAnswer, Part, Range
from search.estimates.measures import wilson
from search.estimates.request import EstimateRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.orm import Session

    from kb.people.roles import Person
    from kb.reading import Reader

_REFS = re.compile(REF_PATTERN)
Title = Annotated[Line, StringConstraints(min_length=1), Described("pattern", SOMETHING)]


class DossierText(Strict):
    """An estimate to be kept."""

    title: Title
    note: Line = ""
    request: EstimateRequest


class VersionText(Strict):
    """Another version of a kept estimate."""

    after: Annotated[int, Field(ge=1, le=999_999, description="The version that was seen.")]
    note: Line = ""
    request: EstimateRequest


class OutcomeText(Strict):
    """What it really was."""

    actual: Annotated[Positive, Field(le=1e15, description="In the unit of the newest version.")]


class VersionPart(Part):
    """One version of a kept estimate."""

    number: int
    note: str
    author: str
    created_at: datetime
    n: int
    range: Range | None


class DossierPart(Part):
    """A kept estimate, in short."""

    id: str
    title: str
    owner: str
    created_at: datetime
    target: str
    unit: str
    price_year: int | None
    method: str
    version: Annotated[int, Field(description="The newest, or the one that the outcome is held against.")]
    range: Range | None
    actual: float | None
    closed_at: datetime | None
    inside: Annotated[bool | None, Field(description="Whether the outcome lay from P10 to P90.")]
    under_p80: bool | None
    url: str


class DossierWhole(DossierPart):
    """A kept estimate with every input, exclusion, precedent and figure of one version."""

    shown: Annotated[int, Field(description="The version that follows.")]
    note: str
    author: str
    made_at: datetime
    request: EstimateRequest
    answer: EstimateAnswer
    withheld: Annotated[bool, Field(description="Whether some precedents are not for whoever asks.")]
    may_change: bool
    versions: list[VersionPart]


class DossierList(Part):
    """A stretch of the dossiers that one may see, the newest first."""

    total: int
    offset: int
    dossiers: list[DossierPart]


class LedgerGroup(Part):
    """How often ranges held, of some closed dossiers."""

    name: str
    n: int
    inside: float
    inside_interval: Annotated[tuple[float, float], Field(description="95 % (Wilson).")]
    under_p80: float
    under_interval: tuple[float, float]


class LedgerAnswer(Part):
    """The calibration ledger: kept estimates whose outcome is known."""

    whole: LedgerGroup | None
    by_estimator: list[LedgerGroup]
    by_method: list[LedgerGroup]
    by_year: list[LedgerGroup]
    dossiers: list[DossierPart]


def part_of(dossier: Dossier) -> DossierPart:
    """The dossier in short."""
    return DossierPart.model_validate(_head(dossier))


def _head(dossier: Dossier) -> dict[str, object]:
    version = dossier.version(dossier.closed_version)
    answer = EstimateAnswer.model_validate(version.answer)
    found, actual = answer.range, dossier.actual
    judged = found is not None and actual is not None
    return {
        "id": dossier.ref,
        "title": dossier.title,
        "owner": dossier.owner,
        "created_at": dossier.created_at,
        "target": answer.target,
        "unit": answer.unit,
        "price_year": answer.price_year,
        "method": answer.method,
        "version": version.number,
        "range": found,
        "actual": actual,
        "closed_at": dossier.closed_at,
        "inside": found.p10 <= actual <= found.p90 if judged and found and actual else None,
        "under_p80": actual <= found.p80 if judged and found and actual else None,
        "url": f"/dossiers/{dossier.ref}",
    }


def whole_of(
    session: Session, dossier: Dossier, number: int | None, person: Person, reader: Reader
) -> DossierWhole:
    """One version, without the precedents that the reader may not see. Raises NotFound."""
    version = dossier.version(number)
    answer, withheld = _redacted(session, EstimateAnswer.model_validate(version.answer), reader)
    return DossierWhole.model_validate(
        _head(dossier)
        | {
            "shown": version.number,
            "note": version.note,
            "author": version.author,
            "made_at": version.created_at,
            "request": EstimateRequest.model_validate(version.request),
            "answer": answer,
            "withheld": withheld,
            "may_change": may_change(person, dossier),
            "versions": [_version(each) for each in dossier.versions],
        }
    )


def _version(version: Version) -> VersionPart:
    answer = EstimateAnswer.model_validate(version.answer)
    return VersionPart(
        number=version.number,
        note=version.note,
        author=version.author,
        created_at=version.created_at,
        n=answer.n,
        range=answer.range,
    )


def _redacted(session: Session, answer: EstimateAnswer, reader: Reader) -> tuple[EstimateAnswer, bool]:
    """The answer as somebody else may see it: entries that are hidden from them are not in it."""
    named = {*_REFS.findall(answer.model_dump_json())}
    hidden = named - set(titles_of(session, named, reader))
    shown = {each.id for each in answer.comparables} | {each.id for each in answer.lessons}
    gone = hidden & (shown | {each.id for each in answer.sensitivity})
    if not hidden:
        return answer, False

    def told(words: Iterable[str]) -> list[str]:
        return [each for each in words if not hidden & {*_REFS.findall(each)}]

    return answer.model_copy(
        update={
            "comparables": [each for each in answer.comparables if each.id not in hidden],
            "sensitivity": [each for each in answer.sensitivity if each.id not in hidden],
            "lessons": [each for each in answer.lessons if each.id not in hidden],
            "excluded": [
                each.model_copy(update={"title": ""}) if each.id in hidden else each
                for each in answer.excluded
            ],
            "causes": [
                each.model_copy(update={"entries": [one for one in each.entries if one.id not in hidden]})
                for each in answer.causes
                if not hidden & {*each.projects}
            ],
            "warnings": told(answer.warnings),
            "left_out": told(answer.left_out),
        }
    ), bool(gone)


def ledger_of(dossiers: Sequence[Dossier]) -> LedgerAnswer:
    """How often the ranges of closed dossiers held: all, by estimator, by method and by year."""
    parts = [part_of(each) for each in dossiers if each.actual is not None]
    judged = [each for each in parts if each.inside is not None]
    return LedgerAnswer(
        whole=_group("all", judged) if judged else None,
        by_estimator=_groups([(each.owner, each) for each in judged]),
        by_method=_groups([(each.method, each) for each in judged]),
        by_year=_groups([(str(each.closed_at.year), each) for each in judged if each.closed_at]),
        dossiers=parts,
    )


def _groups(named: Sequence[tuple[str, DossierPart]]) -> list[LedgerGroup]:
    names = sorted({name for name, _ in named})
    return [_group(name, [each for other, each in named if other == name]) for name in names]


def _group(name: str, parts: Sequence[DossierPart]) -> LedgerGroup:
    inside, under = (sum(bool(getattr(each, what)) for each in parts) for what in ("inside", "under_p80"))
    n = len(parts)
    return LedgerGroup(
        name=name,
        n=n,
        inside=inside / n,
        inside_interval=wilson(inside, n),
        under_p80=under / n,
        under_interval=wilson(under, n),
    )
