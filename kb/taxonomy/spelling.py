"""The list's own spelling of what somebody writes: other spellings become it when a text is saved."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import select

from kb.content import make_content, to_json
from kb.taxonomy.dimensions import DIMENSIONS, rewritten, values_in
from kb.taxonomy.model import TaxonomyValue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from kb.content import Content

_CACHED = "taxonomy meanings"
Meanings = dict[str, dict[str, str]]


def meanings(session: Session) -> Meanings:
    """By dimension: the spelling that is not to be used, and the value that is written in its place."""
    found: Meanings | None = session.info.get(_CACHED)
    if found is None:
        found = {}
        query = select(TaxonomyValue.dimension, TaxonomyValue.value, TaxonomyValue.means)
        for dimension, value, means in session.execute(query.where(TaxonomyValue.means.is_not(None))):
            found.setdefault(dimension, {})[value] = str(means)
        session.info[_CACHED] = found
    return found


def forget_meanings(session: Session) -> None:
    """They have changed in this transaction."""
    session.info.pop(_CACHED, None)


def curated(session: Session, kind: str, content: Content) -> Content:
    """The content with the list's own spelling of each value; the same object where it has that already."""
    known = meanings(session)
    if not known:
        return content
    data = to_json(content)
    changed = data
    for name, means in known.items():
        dimension = DIMENSIONS.get(name)
        if dimension and any(value in means for value in values_in(dimension, kind, data)):
            changed = rewritten(dimension, kind, changed, partial(_spelt, means))
    return content if changed is data else make_content(kind, changed)


def _spelt(means: Mapping[str, str], value: str) -> str:
    return means.get(value, value)
