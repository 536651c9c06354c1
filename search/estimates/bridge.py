"""From comparables to what they taught: causes of variance with amounts, lessons, reviews, teams."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from kb.masking import withheld
from kb.model import PUBLISHED, Entry, Reference, Revision
from search.estimates.answers import CausePart, LinkedEntry, TeamPart
from search.estimates.wording import amount

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from kb.reading import Reader
    from search.estimates.repository import Finished

MANY_DAYS = 30.0
SHOWN = 6
"""Causes that are told."""
_TAUGHT = ("lesson", "review")
_CALLED = {"technical": "technical causes", "external": "external causes"}
"""Codes of causes that do not stand alone in a sentence."""


def linked(
    session: Session, refs: Sequence[str], reader: Reader
) -> list[tuple[str, LinkedEntry, frozenset[str]]]:
    """(project, lesson or review that names it, its causes) as far as the reader may know of the link."""
    query = (
        select(Reference.target, Entry.ref, Entry.kind, Revision.title, Revision.content)
        .select_from(Reference)
        .join(Revision, Reference.revision_id == Revision.id)
        .join(Revision.entry)
        .where(Reference.target.in_(refs), Entry.kind.in_(_TAUGHT), PUBLISHED, reader.visible)
        .order_by(Entry.kind, Entry.ref)
    )
    rows = session.execute(query).all()
    secret = withheld(session, refs, reader)
    found: dict[tuple[str, str], tuple[str, LinkedEntry, frozenset[str]]] = {}
    for project, ref, kind, title, content in rows:
        if ref not in secret.get(project, ()):
            entry = LinkedEntry(id=ref, kind=kind, title=title, url=f"/entries/{ref}")
            found[project, ref] = (project, entry, _causes_of(content))
    return list(found.values())


def _causes_of(content: dict[str, Any]) -> frozenset[str]:
    coded = {each["code"] for each in content.get("causes", [])}
    return frozenset(coded | {each["cause"] for each in content.get("variances", [])})


def causes(
    comparables: Sequence[Finished],
    links: Sequence[tuple[str, LinkedEntry, frozenset[str]]],
    currency: str,
) -> list[CausePart]:
    """What made the comparables differ from their plans, the most frequent first.

    Amounts in other currencies than the one named are left out.
    """
    known = [each for each in comparables if each.content.get("variances")]
    by_cause: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for project in known:
        for each in project.content["variances"]:
            part = each if project.content.get("currency") == currency else each | {"cost": None}
            by_cause.setdefault(each["cause"], {}).setdefault(project.ref, []).append(part)
    found = [_cause(cause, named, len(known), links, currency) for cause, named in by_cause.items()]
    found.sort(key=lambda part: (-len(part.projects), -abs(part.cost or 0.0), part.cause))
    return found[:SHOWN]


def _cause(
    cause: str,
    named: dict[str, list[dict[str, Any]]],
    known: int,
    links: Sequence[tuple[str, LinkedEntry, frozenset[str]]],
    currency: str,
) -> CausePart:
    days, cost = _sums(named, "days"), _sums(named, "cost")
    entries = {entry.id: entry for project, entry, codes in links if project in named and cause in codes}
    return CausePart(
        cause=cause,
        projects=list(named),
        known=known,
        days=sum(days.values()) if days else None,
        cost=sum(cost.values()) if cost else None,
        words=_words(cause, days, cost, len(named), known, currency),
        entries=list(entries.values()),
    )


def _sums(named: dict[str, list[dict[str, Any]]], what: str) -> dict[str, float]:
    """Days or money by project, of the projects that state any."""
    stated = {
        ref: [each[what] for each in parts if each.get(what) is not None] for ref, parts in named.items()
    }
    return {ref: float(sum(values)) for ref, values in stated.items() if values}


def _words(
    cause: str, days: dict[str, float], cost: dict[str, float], count: int, known: int, currency: str
) -> str:
    called, long = _CALLED.get(cause, cause), sum(each > MANY_DAYS for each in days.values())
    lost, money = sum(days.values()), sum(cost.values())
    spent = f"{amount(abs(money), currency)} {'more' if money > 0 else 'less'}" if money else ""
    if long:
        return f"{long} of {known} lost over {MANY_DAYS:.0f} days to {called}" + (
            f", all together {spent} than planned" if spent else ""
        )
    time = f"{abs(lost):,.0f} days {'lost' if lost > 0 else 'gained'}" if lost else ""
    said = " and ".join(part for part in (time, f"{spent} than planned" if spent else "") if part)
    return f"{count} of {known} name {called}" + (f": {said}" if said else "")


def team(comparables: Sequence[Finished]) -> TeamPart | None:
    """Sizes of the comparables' teams, where known."""
    sizes = sorted(float(each.content["team_size"]) for each in comparables if each.content.get("team_size"))
    if not sizes:
        return None
    return TeamPart(n=len(sizes), smallest=sizes[0], median=median(sizes), largest=sizes[-1])
