"""Archives that strangers packed: looked at before anything is unpacked, and packed anew for others."""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
from typing import TYPE_CHECKING

from kb.importing.document import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_ENTRIES = 10_000
MAX_UNPACKED = 200_000_000
MAX_RATIO = 100
_DRIVE = re.compile(r"[A-Za-z]:")
_DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")


class Archive:
    """A zip file whose members are within the limits, named harmlessly, and files."""

    def __init__(self, data: bytes) -> None:
        """Raises Unreadable."""
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
            raise _damaged() from None
        self._infos = self._zip.infolist()
        _check(self._infos, len(data))
        self.names = [info.filename for info in self._infos if not info.is_dir()]

    def read(self, name: str) -> bytes:
        """A member, of no more bytes than it said. Raises Unreadable."""
        try:
            info = self._zip.getinfo(name)
            with self._zip.open(info) as member:
                data = member.read(info.file_size + 1)
        except (
            zipfile.BadZipFile,
            zlib.error,
            NotImplementedError,
            RuntimeError,
            EOFError,
            KeyError,
            OSError,
        ):
            raise _damaged() from None
        if len(data) != info.file_size:
            raise _damaged()
        if name.lower().endswith((".xml", ".rels")):
            _check_xml(data)
        return data

    def packed(self, empty: Iterable[str] = ()) -> bytes:
        """The same members in a new archive whose sizes are true; those of `empty` hold a byte.

        Programs that trust what an archive says of itself can read it.
        """
        packed, without = io.BytesIO(), set(empty)
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as out:
            for name in self.names:
                out.writestr(name, b"0" if name in without else self.read(name))
        return packed.getvalue()


def _check(infos: list[zipfile.ZipInfo], size: int) -> None:
    if len(infos) > MAX_ENTRIES:
        raise Unreadable(f"The file packs {len(infos):,} files; at most {MAX_ENTRIES:,} are unpacked.")
    total = sum(info.file_size for info in infos)
    if total > MAX_UNPACKED:
        raise Unreadable(
            f"The file unpacks to {total / 1e6:,.0f} MB; at most {MAX_UNPACKED / 1e6:.0f} MB are read. "
            "Split it, or remove what it does not need."
        )
    if total > MAX_RATIO * size:
        raise Unreadable(
            f"The file unpacks to {total / size:,.0f} times its size; the limit is {MAX_RATIO} times. "
            "Documents of people are not packed like that."
        )
    names = [info.filename for info in infos]
    if len(set(names)) < len(names):
        raise Unreadable("The file packs two files under one name. It was not unpacked.")
    for info in infos:
        if info.flag_bits & 1:
            raise Unreadable("The file is protected by a password: save it without one.")
        if _is_astray(info.filename) or stat.S_ISLNK(info.external_attr >> 16):
            raise Unreadable("The file packs a file that points outside of it. It was not unpacked.")


def _is_astray(name: str) -> bool:
    return name.startswith("/") or "\\" in name or bool(_DRIVE.match(name)) or ".." in name.split("/")


def _check_xml(data: bytes) -> None:
    """Office files declare nothing: what does wants files or machines to be read, or text to multiply."""
    if b"\x00" in data[:4] or data.startswith((b"\xff\xfe", b"\xfe\xff")):
        data = data.replace(b"\x00", b"")
    if any(mark in data for mark in _DECLARATIONS):
        raise Unreadable("The file declares entities, which no office program writes. It was not read.")


def _damaged() -> Unreadable:
    return Unreadable("The file is damaged or cut off: open it where it comes from, and save it again.")
