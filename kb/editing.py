"""The verbs that change the repository: plain functions over a writing Session."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import Integer, cast, func, select

from kb.content import digest, references, to_json
from kb.errors import EditConflict, NotAllowed, NotFound
from kb.kinds import PREFIXES
from kb.model import JUDGED, Entry, Reference, Revision, RevisionTag
from kb.prerequisites import refuse_cycle
from kb.strict import Strict
from kb.taxonomy.spelling import curated
from kb.text import Line, Words
from kb.validation import validate

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kb.content import Content

VERIFY_MONTHS = {"template": 6, "project": 12}
DEFAULT_VERIFY_MONTHS = 24
MAX_NUMBER = 999_999_999

TRANSITIONS: dict[str, set[str]] = {
    "draft": {"submitted"},
    "submitted": {"published", "changes requested", "rejected", "draft"},
    "changes requested": {"submitted"},
    "rejected": {"submitted"},
    "published": {"archived"},
    "superseded": {"published"},
    "archived": {"published"},
}
"""Which states a verb may lead to. `superseded` is never asked for: publishing another causes it. What is
submitted becomes a draft again when its author takes it back."""


def now() -> datetime:
    """This moment, in UTC, to the second (finer time would not survive an export)."""
    return datetime.now(UTC).replace(microsecond=0)


def create_entry(
    session: Session,
    kind: str,
    content: Content,
    *,
    author: str,
    ref: str | None = None,
    key: str | None = None,
) -> Revision:
    """A new entry with its first draft. The id is the next free one unless `ref` is given."""
    content = curated(session, kind, content)
    entry = Entry(
        ref=ref or next_ref(session, kind),
        kind=kind,
        key=key,
        verify_months=VERIFY_MONTHS.get(kind, DEFAULT_VERIFY_MONTHS),
        created_at=now(),
    )
    session.add(entry)
    revision = add_revision(session, entry, content, number=1, author=author)
    entry.created_at = revision.created_at  # the same moment, also when a second has just passed
    return revision


def next_ref(session: Session, kind: str) -> str:
    """The id after the highest one of this kind. Raises NotAllowed when there is none left."""
    number = cast(func.substr(Entry.ref, 3), Integer)
    highest = session.scalar(select(func.max(number)).where(Entry.kind == kind)) or 0
    if highest >= MAX_NUMBER:
        raise NotAllowed(f"No id is left after {PREFIXES[kind]}-{highest}; state one that is free.")
    return f"{PREFIXES[kind]}-{highest + 1:04d}"


def add_revision(
    session: Session, entry: Entry, content: Content, *, number: int, author: str, note: str = ""
) -> Revision:
    """A draft with its tags and links. `save_edit` is the verb; this is for importers too."""
    said = _clean(author=author, note=note)
    revision = Revision(
        entry=entry,
        number=number,
        state="draft",
        title=content.title,
        content=to_json(content),
        digest=digest(content),
        author=said.author,
        note=said.note,
        created_at=now(),
        tags=[RevisionTag(tag=tag) for tag in content.tags],
        references=[Reference(target=link.to, relation=link.relation) for link in references(content)],
    )
    session.add(revision)
    session.flush()
    return revision


def save_edit(
    session: Session, ref: str, content: Content, *, base: int, author: str, note: str = ""
) -> Revision:
    """A new draft on top of revision `base`; the same revision when nothing changed.

    Raises EditConflict when `base` is no longer the latest, NotFound for an unknown id.
    """
    entry = find_entry(session, ref)
    latest = latest_revision(session, entry)
    if latest.number != base:
        raise EditConflict(ref, latest.number)
    content = curated(session, entry.kind, content)
    if latest.digest == digest(content):
        return latest
    return add_revision(session, entry, content, number=base + 1, author=author, note=note)


def submit(session: Session, ref: str, number: int) -> Revision:
    """A draft goes to review."""
    revision = find_revision(session, ref, number)
    move(revision, "submitted")
    return revision


def publish(session: Session, ref: str, number: int, *, reviewer: str, is_another: bool = False) -> Revision:
    """The revision becomes the one that readers see; the one before is superseded.

    `is_another` says that whoever calls knows the reviewer to be somebody else than the author, of the
    same name or not; otherwise the names tell.
    """
    revision = find_revision(session, ref, number)
    check_move(revision, "published", reviewer, is_another=is_another)
    refuse_cycle(session, revision)
    standing = published_revision(session, revision.entry)
    if standing is not None:
        standing.state = "superseded"
        session.flush()  # the index of published revisions has room for one at a time
    move(revision, "published", reviewer, is_another=is_another)
    session.flush()
    return revision


def refuse(
    session: Session, ref: str, number: int, *, to: str, reviewer: str, reason: str, is_another: bool = False
) -> Revision:
    """A submitted revision is sent back (`changes requested`) or `rejected`, with a reason."""
    said = _clean(reason=reason)
    if not said.reason:
        raise NotAllowed("Say why: the author needs the reason.")
    revision = find_revision(session, ref, number)
    move(revision, to, reviewer, is_another=is_another)
    revision.reason = said.reason
    return revision


def archive(session: Session, ref: str, *, reviewer: str, is_another: bool = False) -> Revision:
    """The published revision is taken out of the readers' sight."""
    revision = published_revision(session, find_entry(session, ref))
    if revision is None:
        raise NotAllowed(f"{ref} is not published, so it cannot be archived.")
    move(revision, "archived", reviewer, is_another=is_another)
    return revision


def verify(session: Session, ref: str, *, on: date, verifier: str) -> None:
    """Somebody vouches that the published text still holds."""
    entry = find_entry(session, ref)
    entry.verified_on, entry.verifier = on, _clean(verifier=verifier).verifier


def find_entry(session: Session, ref: str) -> Entry:
    """The entry, or NotFound."""
    entry = session.scalar(select(Entry).where(Entry.ref == ref))
    if entry is None:
        raise NotFound(f"There is no entry {ref}.")
    return entry


def find_revision(session: Session, ref: str, number: int) -> Revision:
    """The revision, or NotFound."""
    revision = session.scalar(select(Revision).join(Entry).where(Entry.ref == ref, Revision.number == number))
    if revision is None:
        raise NotFound(f"There is no revision {number} of {ref}.")
    return revision


def latest_revision(session: Session, entry: Entry) -> Revision:
    """The revision with the highest number."""
    query = select(Revision).where(Revision.entry_id == entry.id).order_by(Revision.number.desc()).limit(1)
    return session.scalars(query).one()


def published_revision(session: Session, entry: Entry) -> Revision | None:
    """The revision that readers see, if any."""
    return session.scalar(
        select(Revision).where(Revision.entry_id == entry.id, Revision.state == "published")
    )


def check_move(revision: Revision, to: str, reviewer: str | None = None, *, is_another: bool = False) -> None:
    """Raises NotAllowed unless the revision may come to this state, and by this reviewer."""
    allowed = sorted(TRANSITIONS.get(revision.state, set()))
    if to not in allowed:
        raise NotAllowed(
            f"Revision {revision.number} of {revision.entry.ref} is {revision.state}; "
            f"it cannot become {to}" + (f" (only {' or '.join(allowed)})." if allowed else ".")
        )
    if to in JUDGED and reviewer == revision.author and not is_another:
        raise NotAllowed("Author and approver must be different people.")


def move(revision: Revision, to: str, reviewer: str | None = None, *, is_another: bool = False) -> None:
    """The revision comes to this state. Raises NotAllowed."""
    check_move(revision, to, reviewer, is_another=is_another)
    if to in JUDGED:
        revision.reviewer, revision.decided_at = _clean(reviewer=reviewer or "").reviewer, now()
    else:
        revision.reviewer = revision.decided_at = None
    revision.state = to


class _Said(Strict):
    """What people state beside the text. It is stored as clean as the text itself."""

    author: Line = ""
    reviewer: Line = ""
    verifier: Line = ""
    note: Words = ""
    reason: Words = ""


def _clean(**said: str) -> _Said:
    """Raises InvalidRecord naming what cannot be stored."""
    return validate(_Said, said)
