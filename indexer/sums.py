"""Sums of files that never change once written, so that a flipped bit is noticed before it is believed.

Every commit of the keyword index names its files with their sizes and CRC-32 (which sees any change
of up to 32 bits in a row, and all but one in four billion others) in a file of its own, written before
the table of contents that makes the commit. Reading a gigabyte of them takes a quarter of a second.
"""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

CHUNK = 1 << 20


class Damaged(ValueError):
    """A file is not as it was written."""


@dataclass(frozen=True)
class Sums:
    """The files of one commit: name within the folder -> (size, CRC-32)."""

    files: Mapping[str, tuple[int, int]]

    @classmethod
    def read(cls, file: Path) -> Sums:
        """Raises Damaged, and FileNotFoundError when the commit has been replaced by another."""
        try:
            found = json.loads(file.read_bytes())
            files = {name: (size, crc) for name, (size, crc) in found["files"].items()}
            whole = found["sum"] == _sum_of(files)
        except (ValueError, KeyError, TypeError, AttributeError):
            whole = False
        if not whole:
            raise Damaged(f"{file.name} is damaged")
        return cls(files)

    def write(self, file: Path) -> None:
        """Writes the sums, with one over themselves."""
        file.write_text(json.dumps({"files": self.files, "sum": _sum_of(self.files)}), "utf-8")

    def check(self, folder: Path, names: Iterable[str]) -> None:
        """Raises Damaged when one of the files is not as it was written, OSError when one is not there."""
        for name in names:
            if name not in self.files:
                raise Damaged(f"{name} is not among the files that were written")
            if sum_of(folder / name) != self.files[name]:
                raise Damaged(f"{name} is damaged")

    def starting(self, *beginnings: str) -> list[str]:
        """The names that begin so."""
        return [name for name in self.files if name.startswith(beginnings)]


def sum_of(file: Path) -> tuple[int, int]:
    """Size and CRC-32 of a file."""
    crc = 0
    with file.open("rb", buffering=0) as stream:
        size = os.fstat(stream.fileno()).st_size
        while data := stream.read(CHUNK):
            crc = zlib.crc32(data, crc)
    return size, crc


def _sum_of(files: Mapping[str, tuple[int, int]]) -> int:
    return zlib.crc32(json.dumps(files, sort_keys=True).encode())
