"""How the index stands against the repository, as far as a reader may know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kb.heads import published_heads

if TYPE_CHECKING:
    from kb.database import Database
    from search.sight import Sight


@dataclass(frozen=True)
class IndexStatus:
    """How the index stands."""

    documents: int
    passages: int
    generation: int
    behind: int
    """Published entries that are not searchable yet, or no longer as they stand."""
    complete: bool = True
    """False while the first or another large pass is under way."""


def index_status(database: Database, sight: Sight) -> IndexStatus:
    """Counts what the reader may see: that others were edited is not told."""
    snapshot = sight.snapshot
    heads = set(published_heads(database, sight.reader).items())
    stamps = snapshot.manifest.stamps()
    indexed = {(revision, stamps[revision]) for revision in sight.revisions if revision in stamps}
    behind = len(heads ^ indexed)
    return IndexStatus(sight.documents, sight.passages, snapshot.generation, behind, snapshot.complete)
