"""Documents of revisions, out of the database: the text of the entry, and of the files that belong to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from indexer.documents import make_document
from kb.attachments.reading import texts_of
from kb.published import get_revisions
from kb.reading import OPERATOR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

    from indexer.documents import Document


def gather(session: Session, revisions: Sequence[int], stamps: Mapping[int, str]) -> list[Document]:
    """The documents of those of the revisions that are published, in the order given."""
    views = get_revisions(session, revisions, OPERATOR)
    files = texts_of(session, [view.ref for view in views.values()])
    found = (views[revision] for revision in revisions if revision in views)
    return [make_document(view, stamps[view.revision_id], files.get(view.ref, ())) for view in found]
