"""/api/v1/entries/{ref}/files: files of an entry."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime  # noqa: TC003 - part of a model
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from kb.attachments.attaching import attach, files_of
from kb.attachments.removing import bring_back, detach, erase, removed_files
from kb.errors import InvalidRecord
from kb.strict import Strict
from kb.text import Line
from kb.validation import Problem
from web.api.models import Answer
from web.api.operations import Operation, Reply
from web.context import current
from web.entries import checked_ref
from web.identity import origin
from web.overtaken import Unready
from web.services import services

if TYPE_CHECKING:
    from kb.attachments.reading import AttachmentView
    from web.parameters import NoParameters

LONGEST = 34_000_000
"""Characters of the largest file in Base64."""
THERE = "It is attached already."
FULL = "The entry has as many files as it may have."
WRITE = "contribute"


class FilePart(Answer):
    """A file of an entry."""

    name: str
    media: str
    size: Annotated[int, Field(description="Bytes.")]
    digest: Annotated[str, Field(description="SHA-256 of its bytes; it is had at `/attachments/DIGEST`.")]
    added_at: datetime


class FilesAnswer(Answer):
    """The files of an entry, oldest first."""

    id: str
    files: list[FilePart]


class RemovedFilePart(Answer):
    """A file that was taken away from an entry."""

    name: str
    media: str
    size: Annotated[int, Field(description="Bytes.")]
    digest: str
    removed_at: datetime
    kept_until: Annotated[datetime, Field(description="When it goes for good.")]


class RemovedFilesAnswer(Answer):
    """What was taken away from an entry, latest first."""

    id: str
    files: list[RemovedFilePart]


class FileBody(Strict):
    """A file to attach."""

    name: Annotated[Line, Field(min_length=1, description="With its ending, such as `report.docx`.")]
    data: Annotated[str, Field(max_length=LONGEST, description="Its bytes in Base64.")]


def entry_files(_: NoParameters, ref: str) -> FilesAnswer:
    """The files of an entry that one may attach files to: its authors and curators may."""
    ref = checked_ref(ref)
    with services().database.read() as session:
        found = files_of(session, current().person, ref)
    return FilesAnswer(id=ref, files=[_part(each) for each in found])


def attach_file(_: NoParameters, body: FileBody, ref: str) -> Reply:
    """Attaches a document, in which searches find what it says, or a picture, which is encoded anew."""
    try:
        data = base64.b64decode(body.data, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRecord([Problem("data", "must be Base64")]) from None
    ref = checked_ref(ref)
    made = attach(services().database, origin(), ref, body.name, data)
    return Reply(_part(made), location=f"/entries/{ref}/files")


def remove_file(_: NoParameters, ref: str, digest: str) -> None:
    """Takes a file away. It can be brought back for 30 days."""
    detach(services().database, origin(), checked_ref(ref), digest)


def entry_removed_files(_: NoParameters, ref: str) -> RemovedFilesAnswer:
    """What was taken away from an entry and can be brought back, by those who may attach files to it."""
    ref = checked_ref(ref)
    with services().database.read() as session:
        found = removed_files(session, current().person, ref)
    parts = [
        RemovedFilePart(name=each.name, media=each.media, size=each.size, digest=each.digest,
                        removed_at=each.removed_at, kept_until=each.kept_until)
        for each in found
    ]  # fmt: skip
    return RemovedFilesAnswer(id=ref, files=parts)


def restore_file(_: NoParameters, ref: str, digest: str) -> FilePart:
    """Attaches again what was taken away, and searches find what stands in it."""
    try:
        return _part(bring_back(services().database, origin(), checked_ref(ref), digest))
    except InvalidRecord as error:
        raise Unready(error.problems) from None


def delete_removed_file(_: NoParameters, ref: str, digest: str) -> None:
    """Deletes for good what was taken away. Its bytes go with the last entry that has it."""
    erase(services().database, origin(), checked_ref(ref), digest)


def _part(view: AttachmentView) -> FilePart:
    return FilePart(
        name=view.name, media=view.media, size=view.size, digest=view.digest, added_at=view.added_at
    )


FILES = (
    Operation("GET", "/entries/<ref>/files", entry_files, FilesAnswer, "List the files of an entry",
              action=WRITE),
    Operation("POST", "/entries/<ref>/files", attach_file, FilePart, "Attach a file to an entry",
              body=FileBody, action=WRITE, conflict=THERE),
    Operation("DELETE", "/entries/<ref>/files/<digest>", remove_file, None, "Remove a file from an entry",
              action=WRITE),
    Operation("GET", "/entries/<ref>/removed-files", entry_removed_files, RemovedFilesAnswer,
              "List the files that were removed from an entry", action=WRITE),
    Operation("PUT", "/entries/<ref>/removed-files/<digest>/restored", restore_file, FilePart,
              "Bring a removed file back", action=WRITE, conflict=FULL),
    Operation("DELETE", "/entries/<ref>/removed-files/<digest>", delete_removed_file, None,
              "Delete a removed file for good", action=WRITE),
)  # fmt: skip
