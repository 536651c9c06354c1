"""The verbs of paths as files: taken away as Markdown, and brought back as a draft."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kb.content import references
from kb.desk import writing
from kb.desk.writing import Manner
from kb.errors import InvalidRecord, NotFound
from kb.kinds import Path
from kb.learning.path_reading import FIELD, read_path
from kb.learning.path_text import KIND, path_text
from kb.neighbours import titles_of
from kb.people.roles import require
from kb.reading import get_entry
from kb.validation import Problem

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.desk.writing import Saved
    from kb.people.audit import Origin
    from kb.reading import EntryView, Reader

MEDIA = "text/markdown"


def published_path(session: Session, ref: str, reader: Reader) -> EntryView:
    """The published revision of a path. Raises NotFound, also for what is no path."""
    view = get_entry(session, ref, reader)
    if not isinstance(view.content, Path):
        raise NotFound(f"{ref} is no learning path.")
    return view


def path_as_text(session: Session, ref: str, reader: Reader) -> str:
    """The published path as Markdown; titles only of entries that the reader may see. Raises NotFound."""
    view = published_path(session, ref, reader)
    named = {link.to for link in references(view.content)}
    titles = {name: title for name, (_, title) in titles_of(session, named, reader).items()}
    return path_text(view.content, titles, view.ref, view.number)


def bring_path(database: Database, origin: Origin, data: bytes, *, revises: bool = False) -> Saved:
    """A draft of what the Markdown says: of a new path, or of the next revision of the one that it names.

    Raises NotAllowed, InvalidRecord naming the lines that are wrong, NotFound, and EditConflict where
    somebody else has changed the path since the file was made.
    """
    require(origin.person, "contribute")
    brought = read_path(data)
    if not revises:
        return writing.create(database, origin, KIND, brought.content)
    if not brought.ref or brought.revision is None:
        words = "names no path: to revise one, it needs id and revision between the --- lines at its top"
        raise InvalidRecord([Problem(FIELD, words)])
    manner = Manner(note="From a Markdown file")
    return writing.save(database, origin, brought.ref, brought.content, base=brought.revision, manner=manner)
