"""Finding by plain comparison: what is left while there is no index."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import Text, cast, func, or_

from kb.model import PUBLISHED, Entry, Revision
from kb.reading import as_shown, revisions_seen, view_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlalchemy.orm import Session

    from kb.reading import EntryView, Reader


def scan(
    session: Session,
    words: Sequence[str],
    reader: Reader,
    limit: int,
    keep: Callable[[EntryView], bool] = lambda _: True,
) -> list[EntryView]:
    """Published entries that contain every word, by plain comparison, newest first, if `keep` says so."""
    text = func.lower(cast(Revision.content, Text))
    query = revisions_seen(reader).where(PUBLISHED).order_by(Revision.id.desc())
    for word in words:
        query = query.where(
            or_(text.contains(word.lower(), autoescape=True), func.lower(Entry.ref) == word.lower())
        )
    found: list[EntryView] = []
    for part in session.scalars(query.execution_options(yield_per=limit)).partitions():
        views = as_shown(session, [view_of(revision) for revision in part], reader)
        told = (view for view in views if not view.withheld or _still_holds(view, words))
        found += [view for view in told if keep(view)]
        if len(found) >= limit:
            break
    return found[:limit]


def _still_holds(view: EntryView, words: Iterable[str]) -> bool:
    """Whether what the reader is told of the entry contains every word, not only what is withheld."""
    told = json.dumps(view.stored, ensure_ascii=False).lower()
    return all(word.lower() in told or word.lower() == view.ref.lower() for word in words)
