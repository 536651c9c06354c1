"""Links of training that stands on a path, and whether they answered when somebody last had them checked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from kb.learning.model import LinkCheck
from kb.model import PUBLISHED, Entry, Revision

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from kb.reading import Reader


@dataclass(frozen=True)
class StepLink:
    """The link of a training entry; nothing is known of one that was never checked."""

    entry: str
    title: str
    address: str
    is_reached: bool | None = None
    said: str = ""
    """What the other machine said, or why it was not reached, as a sentence."""
    checked_at: datetime | None = None


def links_of(session: Session, refs: Iterable[str], reader: Reader) -> list[StepLink]:
    """The links of the published training entries among `refs` that the reader may see, by their ids."""
    query = select(Entry.ref, Revision.title, Revision.content).join(Revision)
    query = query.where(Entry.ref.in_(set(refs)), Entry.kind == "training", PUBLISHED, reader.visible)
    rows = session.execute(query.order_by(Entry.ref))
    found = [(ref, title, content["url"]) for ref, title, content in rows if content.get("url")]
    keys = {_key(address) for _, _, address in found}
    known = {row.key: row for row in session.scalars(select(LinkCheck).where(LinkCheck.key.in_(keys)))}
    return [_link(*each, known.get(_key(each[2]))) for each in found]


def _link(ref: str, title: str, address: str, row: LinkCheck | None) -> StepLink:
    if row is None:
        return StepLink(ref, title, address)
    return StepLink(ref, title, address, row.is_reached, row.said, row.checked_at)


def keep_checks(session: Session, links: Sequence[StepLink], by: str) -> None:
    """What the checks found, in place of what was found before."""
    for each in links:
        session.merge(
            LinkCheck(
                key=_key(each.address), is_reached=each.is_reached, said=each.said,
                checked_at=each.checked_at, checked_by=by,
            )
        )  # fmt: skip


def _key(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()
