"""Which paths come before which, and that none comes before itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from kb.errors import NotAllowed
from kb.model import PUBLISHED, Entry, Revision

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy.orm import Session


def refuse_cycle(session: Session, revision: Revision) -> None:
    """Raises NotAllowed when publishing the path would let it be needed before itself."""
    ref, stated = revision.entry.ref, revision.content.get("prerequisites", ())
    if revision.entry.kind != "path" or not stated:
        return
    needed = published_prerequisites(session) | {ref: list(stated)}
    if circle := find_cycle(ref, needed):
        raise NotAllowed(
            f"{ref} would have to be finished before it is begun: {' needs '.join(circle)}. "
            "Take one of these out of the prerequisites."
        )


def published_prerequisites(session: Session) -> dict[str, list[str]]:
    """The prerequisites of every published path, by its id."""
    query = select(Entry.ref, Revision.content).join(Revision).where(Entry.kind == "path", PUBLISHED)
    return {ref: list(content.get("prerequisites", ())) for ref, content in session.execute(query)}


def find_cycle(start: str, needed: Mapping[str, Iterable[str]]) -> list[str]:
    """A way from the path back to itself, both ends included; empty when there is none."""
    ways, seen = [[start]], {start}
    while ways:
        way = ways.pop()
        for ref in needed.get(way[-1], ()):
            if ref == start:
                return [*way, ref]
            if ref not in seen:
                seen.add(ref)
                ways.append([*way, ref])
    return []
