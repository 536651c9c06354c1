"""Links that whoever tends the repository states in an entry, each in a typographic revision of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kb.content import Link, make_content, references
from kb.editing import latest_revision, published_revision
from kb.errors import StillOpen
from kb.retouching import open_after, retouch

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kb.model import Entry, Revision

_WORDS = {"recurrence of": "Is a recurrence of {}.", "supersedes": "Supersedes {}."}


def state_link(session: Session, entry: Entry, link: Link, *, by: str) -> bool:
    """Says in the entry's published text that it is linked; returns whether it did not say so before.

    Raises StillOpen where somebody is at work on the entry.
    """
    standing = _free(session, entry)
    content = make_content(entry.kind, standing.content)
    if link in references(content):
        return False
    changed = content.model_copy(update={"links": [*content.links, link]})
    retouch(session, standing, changed, by=by, note=_words(link))
    return True


def unstate_link(session: Session, entry: Entry, link: Link, *, by: str) -> bool:
    """Takes the link out of the entry's published text; returns whether it was there.

    Raises StillOpen where somebody is at work on the entry.
    """
    standing = _free(session, entry)
    content = make_content(entry.kind, standing.content)
    if link not in content.links:
        return False
    changed = content.model_copy(update={"links": [each for each in content.links if each != link]})
    retouch(session, standing, changed, by=by, note=f"Undone: {_words(link)}")
    return True


def _free(session: Session, entry: Entry) -> Revision:
    """The published revision. Raises StillOpen when somebody is at work on another."""
    standing = published_revision(session, entry)
    number = open_after(session, standing) if standing is not None else None
    if standing is None or number is not None:
        raise StillOpen(entry.ref, number or latest_revision(session, entry).number)
    return standing


def _words(link: Link) -> str:
    return _WORDS.get(link.relation, "{}").format(link.to)
