"""Links on a path, and whether they answered when somebody last had them checked.

They are its steps that lead elsewhere, and the links of its steps that are training.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from kb.learning.model import LinkCheck
from kb.model import PUBLISHED, Entry, Revision
from kb.steps import stored_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from kb.reading import Reader


@dataclass(frozen=True)
class StepLink:
    """The link of a step; nothing is known of one that was never checked."""

    step: str
    """The id of the step: that of the training entry, or its own (see kb/steps.py)."""
    title: str
    address: str
    is_reached: bool | None = None
    said: str = ""
    """What the other machine said, or why it was not reached, as a sentence."""
    checked_at: datetime | None = None


def links_of(session: Session, steps: Iterable[Mapping[str, Any]], reader: Reader) -> list[StepLink]:
    """The links of steps as they are stored, each step once and in their order; of training what is published
    and the reader may see.
    """
    by_id = {stored_id(step): step for step in steps}
    found = list(_links(by_id, _training(session, by_id, reader)))
    known = {row.key: row for row in _checks(session, (link.address for link in found))}
    return [_checked(link, known.get(_key(link.address))) for link in found]


def failed_checks(session: Session, addresses: Iterable[str]) -> dict[str, LinkCheck]:
    """Those of the addresses that were not reached when they were last checked."""
    by_key = {_key(address): address for address in addresses}
    return {by_key[row.key]: row for row in _checks(session, by_key.values()) if not row.is_reached}


def keep_checks(session: Session, links: Sequence[StepLink], by: str) -> None:
    """What the checks found, in place of what was found before."""
    for each in links:
        session.merge(
            LinkCheck(
                key=_key(each.address), is_reached=each.is_reached, said=each.said,
                checked_at=each.checked_at, checked_by=by,
            )
        )  # fmt: skip


def _training(session: Session, refs: Iterable[str], reader: Reader) -> dict[str, StepLink]:
    query = select(Entry.ref, Revision.title, Revision.content).join(Revision)
    query = query.where(Entry.ref.in_(set(refs)), Entry.kind == "training", PUBLISHED, reader.visible)
    rows = session.execute(query)
    return {ref: StepLink(ref, title, content["url"]) for ref, title, content in rows if content.get("url")}


def _links(steps: Mapping[str, Mapping[str, Any]], training: Mapping[str, StepLink]) -> Iterator[StepLink]:
    for name, step in steps.items():
        if "link" in step:
            yield StepLink(name, step.get("title", ""), step["link"])
        elif name in training:
            yield training[name]


def _checks(session: Session, addresses: Iterable[str]) -> Iterable[LinkCheck]:
    keys = {_key(address) for address in addresses}
    return session.scalars(select(LinkCheck).where(LinkCheck.key.in_(keys)))


def _checked(link: StepLink, row: LinkCheck | None) -> StepLink:
    if row is None:
        return link
    return replace(link, is_reached=row.is_reached, said=row.said, checked_at=row.checked_at)


def _key(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()
