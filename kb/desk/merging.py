"""Three-way merge: what two people made of one text, put together where they changed different parts.

Fields are merged one by one. Where both changed one field, texts and lists are merged line by line: a
stretch that only one changed is theirs (S. Khanna, K. Kunal, B. Pierce: A Formal Investigation of Diff3,
2007); one that both changed differently is a conflict, and mine is kept for the person to decide.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


@dataclass
class Merged:
    """The text that comes of it, and what the person has to look at."""

    content: dict[str, Any]
    conflicts: list[str] = field(default_factory=list)
    """Fields that both changed in the same place: `content` holds mine."""
    taken: list[str] = field(default_factory=list)
    """Fields in which a change of theirs was taken."""


def merge(base: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> Merged:
    """Two edits of the stored content `base`, together."""
    merged = Merged({})
    for name in dict.fromkeys((*base, *mine, *theirs)):
        was, my, their = base.get(name), mine.get(name), theirs.get(name)
        if their in (my, was):
            value = my
        elif my == was:
            value = their
            merged.taken.append(name)
        else:
            value, is_clean = _both(was, my, their)
            (merged.taken if is_clean else merged.conflicts).append(name)
        if value is not None:
            merged.content[name] = value
    return merged


def _both(was: Any, mine: Any, theirs: Any) -> tuple[Any, bool]:
    """The value, and whether nothing had to be decided."""
    if isinstance(mine, dict) and isinstance(theirs, dict):
        inner = merge(was if isinstance(was, dict) else {}, mine, theirs)
        return inner.content, not inner.conflicts
    if isinstance(mine, str) and isinstance(theirs, str) and "\n" in mine + theirs:
        before = was if isinstance(was, str) else ""
        lines = merge_lines(before.split("\n"), mine.split("\n"), theirs.split("\n"))
        return ("\n".join(lines), True) if lines is not None else (mine, False)
    if isinstance(mine, list) and isinstance(theirs, list):
        held = was if isinstance(was, list) else []
        found = merge_lines(
            *([json.dumps(each, sort_keys=True) for each in side] for side in (held, mine, theirs))
        )
        return (
            ([json.loads(each) for each in found], True) if found is not None else _rows(held, mine, theirs)
        )
    return mine, False


def _rows(was: list[Any], mine: list[Any], theirs: list[Any]) -> tuple[Any, bool]:
    """Rows such as the stages of a path, one by one, where nobody added, removed or moved any."""
    if not len(was) == len(mine) == len(theirs) or not all(
        isinstance(each, dict) for side in (was, mine, theirs) for each in side
    ):
        return mine, False
    merged = [merge(*each) for each in zip(was, mine, theirs, strict=True)]
    if any(each.conflicts for each in merged):
        return mine, False
    return [each.content for each in merged], True


def merge_lines(base: Sequence[str], mine: Sequence[str], theirs: Sequence[str]) -> list[str] | None:
    """The lines of both edits; None where both changed the same stretch in different ways."""
    merged: list[str] = []
    at = (0, 0, 0)
    for start, my_start, their_start, length in _agreed(base, mine, theirs):
        was, my, their = base[at[0] : start], mine[at[1] : my_start], theirs[at[2] : their_start]
        if my in (was, their):
            merged += their
        elif their == was:
            merged += my
        else:
            return None
        merged += base[start : start + length]
        at = (start + length, my_start + length, their_start + length)
    return merged


def _agreed(
    base: Sequence[str], mine: Sequence[str], theirs: Sequence[str]
) -> Iterator[tuple[int, int, int, int]]:
    """(in base, in mine, in theirs, length) of the stretches that neither changed, and the end."""
    my_blocks = SequenceMatcher(None, base, mine, autojunk=False).get_matching_blocks()
    their_blocks = SequenceMatcher(None, base, theirs, autojunk=False).get_matching_blocks()
    i = j = 0
    while i < len(my_blocks) and j < len(their_blocks):
        a, b = my_blocks[i], their_blocks[j]
        start, end = max(a.a, b.a), min(a.a + a.size, b.a + b.size)
        if start < end:
            yield start, a.b + start - a.a, b.b + start - b.a, end - start
        if a.a + a.size < b.a + b.size:
            i += 1
        else:
            j += 1
    yield len(base), len(mine), len(theirs), 0
