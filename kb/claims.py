"""Which record of a load is about which revision: no two may be about the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kb.errors import InvalidRecord
from kb.validation import Problem

if TYPE_CHECKING:
    from kb.formats import RawRecord
    from kb.formats.files import SourceFile
    from kb.records import Record


@dataclass(frozen=True)
class Item:
    """A checked record and where it stands."""

    record: Record
    file: SourceFile
    raw: RawRecord
    done: int

    @property
    def claim(self) -> Claim:
        """What it says of identity, kept for the whole run."""
        meta = self.record.meta
        return Claim(f"{self.file.name}:{self.raw.line}", meta.id, meta.revision)


@dataclass(frozen=True)
class Claim:
    """That the record at `place` is about this revision."""

    place: str
    id: str | None
    revision: int | None

    def collides(self, other: Claim) -> bool:
        """Whether both are about one revision, or about two entries under one name."""
        same = self.revision == other.revision or None in (self.revision, other.revision)
        return same or (None not in (self.id, other.id) and self.id != other.id)


class Claims:
    """The claims of one load, by the names they are made under."""

    def __init__(self) -> None:
        self._claims: dict[str, list[Claim]] = {}

    def add(self, item: Item) -> None:
        """Raises InvalidRecord when another record of this load is about the same revision."""
        meta, claim = item.record.meta, item.claim
        names = {name: value for name, value in (("id", meta.id), ("key", meta.key)) if value}
        for name, value in names.items():
            other = next((other for other in self._claims.get(value, ()) if claim.collides(other)), None)
            if other is not None:
                raise InvalidRecord([_twice(name, value, other, item)])
        for value in names.values():
            self._claims.setdefault(value, []).append(claim)


def _twice(name: str, value: str, other: Claim, item: Item) -> Problem:
    if name == "key" and value == item.raw.key:
        return Problem("", f"has the title of {other.place}, and no id: give both an id or a key")
    return Problem(name, f"{value} is already given in {other.place}; remove one or give it another {name}")
