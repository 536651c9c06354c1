"""What has to be there for calls of the desk to succeed, and calls that are about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemathesis.generation import GenerationMode
from schemathesis.transport.serialization import Binary
from sqlalchemy import delete, select

from kb import editing
from kb.attachments.model import Incoming
from kb.content import make_content
from kb.desk.model import BulkChange, Comment, Handling
from kb.importing.document import Document, Section, Table
from kb.model import Entry, Revision
from kb.people.clock import now

if TYPE_CHECKING:
    import schemathesis
    from sqlalchemy.orm import Session

DRAFT, SUBMITTED, OF_OTHERS, PUBLISHED = "L-0901", "L-0902", "L-0903", "L-0904"
"""A draft of the caller's, what they submitted, what somebody else submitted, what readers see."""
NEWER, SUPERSEDES = "L-0905", "L-0906"
"""What can stand in the place of what readers see, and what says that it does."""
AT = {
    "/drafts/{ref}": DRAFT, "/drafts/{ref}/{revision}": DRAFT, "/drafts/{ref}/{revision}/submitted": DRAFT,
    "/reviews/{ref}/{revision}": SUBMITTED, "/reviews/{ref}/{revision}/comments": SUBMITTED,
    "/reviews/{ref}/{revision}/comments/{comment}": SUBMITTED,
    "/reviews/{ref}/{revision}/decision": OF_OTHERS, "/reviews/{ref}/{revision}/reviewer": OF_OTHERS,
    "/entries/{ref}/verified": PUBLISHED, "/entries/{ref}/archived": PUBLISHED,
    "/entries/{ref}/published": PUBLISHED, "/entries/{ref}/superseded": PUBLISHED,
    "/entries/{ref}/superseded/{other}": PUBLISHED,
}  # fmt: skip
"""The entry that a call is about."""
DOCUMENT = Document(
    "docx", "Closing report",
    [
        Section("What went well", 1, "page 1", "The second rehearsal."),
        Section("Observation", 2, "page 2", "The permit came late."),
        Section("Log", 1, "page 3", "", Table(["Recommendation", "Title"], [["Apply early.", "Permits"]])),
    ],
)  # fmt: skip
WHOLE = {
    "title": "Order cable early", "summary": "Cable takes long.", "happened": "It came late.",
    "lesson": "Lead times are not ours.", "recommendation": "The buyer orders ten weeks before.",
    "applicability": {"conditions": "Always."},
}  # fmt: skip

PATH_FILE = b"# Contracting\n\n## Stages\n\n### Read\n\n1. [[L-0001]]\n"


def read_document(name: str, data: bytes) -> Document:
    """What every file holds; a process of its own for each call would take minutes."""
    return DOCUMENT


def stand_up_desk(session: Session, caller: int, other: int) -> None:
    """Entries in each state of the desk, and documents that wait."""
    said = ((DRAFT, caller, "draft"), (SUBMITTED, caller, "submitted"), (OF_OTHERS, other, "submitted"),
            *((ref, other, "published") for ref in (PUBLISHED, NEWER, SUPERSEDES)))  # fmt: skip
    for ref, author, state in said:
        revision = _revision(session, ref)
        session.add(Handling(revision_id=revision.id, author_id=author, thread=1, submitted_at=now()))
        if state != "draft":
            editing.move(revision, "submitted")
        if state == "published":
            editing.publish(session, ref, 1, reviewer="Somebody Else")
        if ref == SUBMITTED:
            session.execute(delete(Comment).where(Comment.id == 1))
            row = {"id": 1, "author": "Guest", "author_id": other, "text": "Who?", "created_at": now()}
            session.add(Comment(revision_id=revision.id, field="", **row))
    session.execute(delete(Incoming).where(Incoming.id <= 4))
    for number in range(1, 5):
        said = {"action": "verify", "said": {}, "touched": [[PUBLISHED, None, "", "2026-01-01", "Guest"]]}
        undone = {"undone_by": None, "undone_at": None, "author_id": caller, "author": "Guest", "at": now()}
        session.merge(BulkChange(id=number, **said, **undone))
        is_ready = number < 4
        row = Incoming(
            id=number, user_id=caller, name="report.docx", size=1, state="ready" if is_ready else "waiting",
            said="", data=b"x", document=DOCUMENT.to_bytes() if is_ready else None, plan={}, refs=[],
            created_at=now(), started_at=now(),
        )  # fmt: skip
        session.add(row)


def _revision(session: Session, ref: str) -> Revision:
    """The only revision of the entry, a draft."""
    entry = session.scalar(select(Entry).where(Entry.ref == ref))
    links = [{"to": PUBLISHED, "relation": "supersedes"}] if ref == SUPERSEDES else []
    content = make_content("lesson", WHOLE | {"links": links})
    if entry is None:
        return editing.create_entry(session, "lesson", content, author="Somebody", ref=ref)
    session.execute(delete(Revision).where(Revision.entry_id == entry.id))
    session.expire(entry)
    return editing.add_revision(session, entry, content, number=1, author="Somebody")


def be_about_the_desk(case: schemathesis.Case) -> None:
    """Nobody meets by chance an entry that is in the state that a call is for."""
    ref, body = AT.get(case.path), case.body
    is_positive = case.meta.generation.mode == GenerationMode.POSITIVE
    if case.path == "/bulk" and case.method == "POST" and isinstance(body, dict) and is_positive:
        case.body = {**body, "entries": [PUBLISHED], "fingerprint": None, "reviewer": None}
    if case.path == "/imports/{number}/reading" and is_positive:
        case.path_parameters = {"number": 4}
    if case.path == "/imports" and case.method == "POST" and not case.body:
        case.body = b"x"
    if ref is None or case.meta.generation.mode != GenerationMode.POSITIVE or (case.method == "GET" and (
        case.path.startswith("/drafts")
    )):  # fmt: skip
        return
    if case.path.endswith("/submitted") and case.method == "DELETE":
        ref = SUBMITTED
    numbers = dict.fromkeys({"revision", "comment"} & set(case.path_parameters or {}), 1)
    others = {"other": SUPERSEDES} if "other" in (case.path_parameters or {}) else {}
    case.path_parameters = {"ref": ref} | numbers | others
    if case.path == "/drafts/{ref}" and case.method == "PUT" and isinstance(body, dict):
        case.headers = dict(case.headers or {}) | {"If-Match": "*"}
        case.body = {name: value for name, value in body.items() if name != "base"}
    if case.path == "/entries/{ref}/published" and isinstance(body, dict):
        case.body = {"revision": 1}
    if case.path == "/entries/{ref}/superseded" and isinstance(body, dict):
        case.body = body | {"by": NEWER}


def be_about_learning(case: schemathesis.Case) -> None:
    """Nor somebody who can be asked, a request in the state that a call is for, or a path as Markdown."""
    body = case.body
    if case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    if case.path == "/mentors":
        case.query = {"q": "permits"}
    if case.path == "/mentoring" and case.method == "POST" and isinstance(body, dict):
        case.body = body | {"person": 1, "about": None, "q": f"permits {len(str(body))}"}
    if case.path == "/mentoring/{request}" and isinstance(body, dict):
        case.path_parameters = {"request": 1 if body.get("state") == "withdrawn" else 2}
    if case.path == "/paths" and case.method == "POST":
        case.body = Binary(PATH_FILE)
