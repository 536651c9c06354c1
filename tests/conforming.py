"""What has to be there for calls of the desk to succeed, and calls that are about it."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING

from schemathesis.generation import GenerationMode
from schemathesis.transport.serialization import Binary
from sqlalchemy import delete, select

from kb import editing
from kb.attachments.model import Attachment, Incoming, RemovedFile, StoredFile
from kb.content import make_content
from kb.desk.model import BulkChange, Comment, Handling, WorkingCopy
from kb.importing.document import Document, Section, Table
from kb.model import Entry, Revision, SavedMapping, Upload
from kb.people.clock import now
from search.estimates.tables import Table as ProjectTable
from search.importing.sandbox import as_data

if TYPE_CHECKING:
    from pathlib import Path

    import schemathesis
    from sqlalchemy.orm import Session

DRAFT, SUBMITTED, OF_OTHERS, PUBLISHED = "L-0901", "L-0902", "L-0903", "L-0904"
"""A draft of the caller's, what they submitted, what somebody else submitted, what readers see."""
NEWER, SUPERSEDES = "L-0905", "L-0906"
"""What can stand in the place of what readers see, and what says that it does."""
REMOVED = "1" * 64
"""The digest of a file that was removed from L-0001."""
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
TABLE = ProjectTable("ours.csv", ("No", "Name"), (("1", "Depot"), ("2", "Mill")), (2, 3))
MAPPING = {"name": "ours", "columns": [{"column": "No", "to": "key"}, {"column": "Name", "to": "title"}]}
WHOLE = {
    "title": "Order cable early", "summary": "Cable takes long.", "happened": "It came late.",
    "lesson": "Lead times are not ours.", "recommendation": "The buyer orders ten weeks before.",
    "applicability": {"conditions": "Always."},
}  # fmt: skip

PATH_FILE = b"# Contracting\n\n## Stages\n\n### Read\n\n1. [[L-0001]]\n"


def read_document(name: str, data: bytes) -> Document:
    """What every file holds; a process of its own for each call would take minutes."""
    return DOCUMENT


def read_table(path: Path, name: str, **how: object) -> ProjectTable:
    """What every table of projects holds, for the same reason."""
    return TABLE


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
    session.execute(delete(Upload).where(Upload.id <= 4))
    cells = zlib.compress(json.dumps(as_data(TABLE)).encode())
    for number in range(1, 5):
        said = {"name": "ours.csv", "cells": cells, "state": {"mapping": MAPPING}, "created_at": now()}
        session.add(Upload(id=number, person_id=caller, **said))
        kept = {"name": f"ours {number}", "content": MAPPING, "author": "Guest", "changed_at": now()}
        session.merge(SavedMapping(**kept))
    _remove_a_file(session)
    typed = {"data": {"title": "Cable"}, "base": 0, "anonymous": False, "mask_source": False, "note": ""}
    session.merge(WorkingCopy(user_id=caller, place="new:lesson", data=typed, saved_at=now()))
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


def _remove_a_file(session: Session) -> None:
    entry = session.scalars(select(Entry.id).where(Entry.ref == "L-0001")).one()
    session.execute(delete(Attachment).where(Attachment.digest == REMOVED))
    session.execute(delete(RemovedFile).where(RemovedFile.digest == REMOVED))
    session.merge(StoredFile(digest=REMOVED, size=1, data=b"x"))
    session.flush()
    said = {"name": "report.md", "media": "text/markdown", "place": "", "parts": [], "added_at": now()}
    session.add(RemovedFile(entry_id=entry, digest=REMOVED, removed_at=now(), **said))


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


def be_about_a_step(case: schemathesis.Case) -> None:
    """The one step of a path that something is to be decided about: its entry is not there."""
    is_positive = case.meta.generation.mode == GenerationMode.POSITIVE
    if case.path == "/teaching/paths/{path}/steps/{step}" and is_positive:
        case.path_parameters, case.body = {"path": "P-0001", "step": "M-0099"}, {"decision": "keep"}


def be_about_the_desk(case: schemathesis.Case) -> None:
    """Nobody meets by chance an entry that is in the state that a call is for."""
    if case.path == "/imports" and case.method == "POST" and not case.body:
        case.body = b"x"
    if case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    _be_about_what_is_there(case)
    ref, body = AT.get(case.path), case.body
    if ref is None or (case.method == "GET" and case.path.startswith("/drafts")):
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


def _be_about_what_is_there(case: schemathesis.Case) -> None:
    if case.path in {"/drafts", "/drafts/{ref}"} and isinstance(case.body, dict):
        case.body = case.body | {"content": _in_hindsight(case.body.get("content"))}
    if case.path == "/bulk" and case.method == "POST" and isinstance(case.body, dict):
        case.body = {**case.body, "entries": [PUBLISHED], "fingerprint": None, "reviewer": None}
    if case.path == "/imports/{number}/reading":
        case.path_parameters = {"number": 4}
    if case.path.startswith("/project-"):
        _be_about_the_table(case)
    if case.path == "/working-copies/{place}":
        _be_about_a_copy(case)


def _in_hindsight(content: object) -> object:
    """What a project names as known only afterwards, it has."""
    if not isinstance(content, dict) or "known_after" not in content:
        return content
    return content | {"known_after": list(content.get("attributes", {}))}


def _be_about_the_table(case: schemathesis.Case) -> None:
    """The mapping is of the table that is there, or one that is kept."""
    if case.path == "/project-tables" and case.method == "POST":
        case.query = {name: value for name, value in (case.query or {}).items() if name != "mapping"}
    if case.method == "PUT":
        case.body, case.media_type = MAPPING, "application/json"
    if case.path == "/project-mappings" and case.method == "DELETE":
        case.query = {"name": f"ours {1 + len(str(case.query)) % 4}"}


def _be_about_a_copy(case: schemathesis.Case) -> None:
    """A new entry of the kind that is sent."""
    body = case.body if isinstance(case.body, dict) else {}
    case.path_parameters = {"place": f"new:{body.get('kind', 'lesson')}"}
    if body:
        case.body = body | {"base": 0}


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
