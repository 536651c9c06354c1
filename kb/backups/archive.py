"""The file of a backup: a ZIP of its parts and a manifest that says what they are.

`manifest.json` comes first and names every part with its length and SHA-256. Parts are read by the
names of the manifest and written to names of ours, so that no name in a file that somebody made up
leads anywhere; no more is unpacked than the manifest says. The first part is the database. Format 2 adds
the key of badges, where there is one; further kinds of parts join the list under a new number.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kb.backups.errors import BackupFailed, BadBackup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import IO

    Progress = Callable[[int, int], None]
    """Told how far the work has come: (bytes done, bytes in all)."""

FORMAT: Literal[2] = 2
READABLE = (1, 2)
"""Formats of earlier versions, and this one's."""
MANIFEST = "manifest.json"
CHUNK = 1 << 20
MAX_MANIFEST = 1 << 20
SPEED = 1
"""Of deflate: a higher level takes three times as long for a tenth less."""
Kind = Literal["sqlite", "postgresql", "badge key"]
DatabaseKind = Literal["sqlite", "postgresql"]


@dataclass(frozen=True)
class Contents:
    """What a database holds."""

    schema_version: str | None
    counts: dict[str, int]
    """Rows of each table."""


@dataclass(frozen=True)
class Copied:
    """A copy of a database in a file of its own, verified."""

    file: Path
    kind: DatabaseKind
    contents: Contents
    server: str
    """The database it comes from, with its version."""


class Part(BaseModel):
    """One file of the backup."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,99}$")]
    kind: Kind
    size: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Manifest(BaseModel):
    """What a backup is."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    format: Literal[1, 2] = FORMAT
    made_by: str
    """The Precedent that made it."""
    made_at: Annotated[datetime, Field(strict=False)]
    schema_version: str
    database: str
    """The database it comes from, with its version, for people."""
    counts: dict[str, Annotated[int, Field(ge=0)]]
    """Rows of each table."""
    parts: Annotated[list[Part], Field(min_length=1)]


def describe(file: Path, kind: Kind) -> Part:
    """What the manifest says of a file that becomes a part under its own name."""
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return Part(name=file.name, kind=kind, size=file.stat().st_size, sha256=digest)


def pack(target: Path, manifest: Manifest, files: Sequence[Path], told: Progress) -> None:
    """Writes the archive, readable by its owner alone, and through to the disk. Raises OSError."""
    total, done = sum(part.size for part in manifest.parts), 0
    descriptor = os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w+b") as stream:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=SPEED) as archive:
            archive.writestr(MANIFEST, manifest.model_dump_json(indent=2) + "\n")
            for part, file in zip(manifest.parts, files, strict=True):
                with file.open("rb") as source, archive.open(part.name, "w", force_zip64=True) as member:
                    while data := source.read(CHUNK):
                        member.write(data)
                        done += len(data)
                        told(done, total)
        stream.flush()
        os.fsync(stream.fileno())


def place(made: Path, target: Path, *, force: bool) -> None:
    """Gives the finished archive its name, durably; never over another file unless `force`."""
    if force:
        made.replace(target)
    else:
        try:
            os.link(made, target)
        except FileExistsError:
            raise BackupFailed(f"{target} exists. Name another file, or say --force.") from None
        except OSError:  # a file system without links
            if target.exists():
                raise BackupFailed(f"{target} exists. Name another file, or say --force.") from None
            made.replace(target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Writes the folder's names through to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def opened(file: Path) -> Iterator[zipfile.ZipFile]:
    """The archive to read from. Raises BadBackup, also when it proves to be broken within the block."""
    try:
        archive = zipfile.ZipFile(file)
    except OSError as error:
        raise BadBackup(f"{file} cannot be read: {error.strerror}.") from None
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise BadBackup(_no_backup(file, error)) from None
    with archive:
        try:
            yield archive
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise BadBackup(_no_backup(file, error)) from None


def _no_backup(file: Path, error: Exception) -> str:
    return f"{file} is no backup of Precedent, or only a part of one ({error})."


def read_manifest(file: Path) -> Manifest:
    """What the backup says it is. Raises BadBackup."""
    with opened(file) as archive, _member(archive, MANIFEST, file) as stream:
        data = stream.read(MAX_MANIFEST + 1)
    try:
        found = json.loads(data[:MAX_MANIFEST])
        version = found["format"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise BadBackup(f"{file} is no backup of Precedent: its manifest cannot be read.") from None
    if version not in READABLE:
        raise BadBackup(
            f"{file} has format {str(version)[:20]}; this Precedent reads formats up to {FORMAT}. Restore it "
            "with the Precedent that made it, or a newer one."
        )
    try:
        return Manifest.model_validate(found)
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"]))
        raise BadBackup(f"{file} is no backup of Precedent: {place} in its manifest is wrong.") from None


def unpack(file: Path, part: Part, target: Path, told: Progress) -> None:
    """Writes one part to `target`, checked. Raises BadBackup and OSError; the target is then rubbish."""
    digest, done = hashlib.sha256(), 0
    with opened(file) as archive, _member(archive, part.name, file) as member, target.open("xb") as stream:
        target.chmod(0o600)
        while data := member.read(CHUNK):
            done += len(data)
            if done > part.size:
                break
            digest.update(data)
            stream.write(data)
            told(done, part.size)
        stream.flush()
        os.fsync(stream.fileno())
    if (done, digest.hexdigest()) != (part.size, part.sha256):
        raise BadBackup(f"{file} is damaged: {part.name} is not what its manifest says.")


def check(file: Path, manifest: Manifest) -> None:
    """Reads every part and holds it against the manifest. Raises BadBackup."""
    for part in manifest.parts:
        digest = hashlib.sha256()
        with opened(file) as archive, _member(archive, part.name, file) as member:
            while data := member.read(CHUNK):
                digest.update(data)
        if digest.hexdigest() != part.sha256:
            raise BadBackup(f"{file} is damaged: {part.name} is not what its manifest says.")


def _member(archive: zipfile.ZipFile, name: str, file: Path) -> IO[bytes]:
    try:
        return archive.open(name)
    except KeyError:
        raise BadBackup(f"{file} is no backup of Precedent: it holds no {name}.") from None
