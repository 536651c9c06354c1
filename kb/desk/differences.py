"""What two revisions say differently, field by field: whole lines side by side, words within them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Literal

from kb.desk.stage_text import stages_as_text
from kb.sections import HEADINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Change = Literal["same", "added", "removed"]
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
MOST_WORDS = 4_000
"""Longer stretches are compared line by line only: comparing words takes the square of the time."""


@dataclass(frozen=True)
class Piece:
    """A stretch of text that both have, or one of them."""

    change: Change
    text: str


@dataclass(frozen=True)
class Row:
    """Lines that stand beside each other; `changed` where they differ."""

    old: tuple[Piece, ...]
    new: tuple[Piece, ...]
    changed: bool


@dataclass(frozen=True)
class Difference:
    """One field that two revisions fill differently."""

    field: str
    old: str
    new: str

    @property
    def inline(self) -> list[Piece]:
        """The old and the new text in one."""
        return pieces(self.old, self.new)

    @property
    def rows(self) -> list[Row]:
        """Their lines side by side; long stretches without a change are left out of neither."""
        return list(_rows(self.old.split("\n"), self.new.split("\n")))


def differences(
    old: Mapping[str, Any], new: Mapping[str, Any], titles: Mapping[str, str] | None = None
) -> list[Difference]:
    """The fields of two stored contents that differ, in reading order; `titles` are those of entries."""
    order = {name: place for place, name in enumerate(("title", *HEADINGS))}
    names = sorted(dict.fromkeys((*old, *new)), key=lambda name: order.get(name, len(order)))
    pairs = (
        (name, *(_field_text(name, side.get(name), titles or {}) for side in (old, new))) for name in names
    )
    return [Difference(name, before, after) for name, before, after in pairs if before != after]


def _field_text(name: str, value: Any, titles: Mapping[str, str]) -> str:
    return stages_as_text(value, titles) if name == "stages" and value else as_text(value)


def as_text(value: Any) -> str:
    """A value as a person reads it: a line for each of a list, `Name: value` for each part of a group, and
    a dash before each group of several.
    """
    return "\n".join(_lines(value))


def _lines(value: Any) -> Iterator[str]:
    match value:
        case None:
            return
        case bool():
            yield "yes" if value else "no"
        case dict():
            for name, part in value.items():
                yield from _named(name, part)
        case list():
            for each in value:
                first, *others = list(_lines(each)) or [""]
                yield f"– {first}" if isinstance(each, dict) else first
                yield from (f"  {line}" for line in others)
        case _:
            yield from str(value).split("\n")


def _named(name: str, value: Any) -> Iterator[str]:
    """A part of a group under its name, beside it where it is a line."""
    label, lines = name.replace("_", " ").capitalize(), list(_lines(value))
    if len(lines) == 1 and not isinstance(value, list):
        yield f"{label}: {lines[0]}"
    elif lines:
        yield f"{label}:"
        yield from (f"  {line}" for line in lines)


def pieces(old: str, new: str) -> list[Piece]:
    """What became of a text, word by word."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    if max(len(before), len(after)) > MOST_WORDS:
        before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    found: list[Piece] = []
    for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(Piece("same", "".join(before[i:j])))
            continue
        if i < j:
            found.append(Piece("removed", "".join(before[i:j])))
        if k < m:
            found.append(Piece("added", "".join(after[k:m])))
    return found


def _rows(old: Sequence[str], new: Sequence[str]) -> Iterator[Row]:
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        for place in range(max(j - i, m - k)):
            before = old[i + place] if i + place < j else None
            after = new[k + place] if k + place < m else None
            if tag == "equal":
                same = (Piece("same", before or ""),)
                yield Row(same, same, changed=False)
            elif before is not None and after is not None:
                found = pieces(before, after)
                yield Row(_without(found, "added"), _without(found, "removed"), changed=True)
            else:
                removed = (Piece("removed", before),) if before is not None else ()
                yield Row(removed, (Piece("added", after),) if after is not None else (), changed=True)


def _without(found: Sequence[Piece], change: Change) -> tuple[Piece, ...]:
    return tuple(piece for piece in found if piece.change != change)
