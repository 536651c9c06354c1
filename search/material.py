"""Material that fits a learning path and is not in it: by its goal and competencies, in words and meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kb.learning.uncovered import uncovered
from kb.steps import stored_entries
from search.alike import plain_words
from search.results import SearchRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kb.database import Database
    from kb.learning.uncovered import Recurring
    from kb.reading import Reader
    from search.collecting import Searcher
    from search.results import Hit

MOST = 8
DEPTH = 40
"""Hits that are looked through: a path that is well filled holds most of the first ones."""


@dataclass(frozen=True)
class Suggestions:
    """What may be missing in a path."""

    material: Sequence[Hit]
    recurring: Sequence[Recurring]
    """Lessons learned several times that no path holds."""
    says_enough: bool = True
    """Whether the path says what it is for; without that nothing can be looked for."""


def suggest(
    database: Database, engine: Searcher, path: Mapping[str, Any], ref: str, reader: Reader
) -> Suggestions:
    """Suggestions for a path as it is stored; `ref` is its own id, if it has one."""
    held = stored_entries(path) | {ref}
    with database.read() as session:
        recurring = uncovered(session, reader, {each for each in held if each})
    said = [str(path.get("goal", "")), *map(str, path.get("competencies", ()))]
    words = plain_words(" ".join(said))
    if not words.split():
        return Suggestions((), recurring, says_enough=False)
    page = engine.search(SearchRequest(text=words, limit=DEPTH), reader)
    fits = [hit for hit in page.hits if hit.entry.ref not in held and hit.entry.kind != "path"]
    return Suggestions(fits[:MOST], recurring)
