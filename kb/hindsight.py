"""What a project knew only in hindsight: the names in `known_after`, which then predict no other project."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from kb.errors import InvalidRecord
from kb.kinds import Project
from kb.validation import Problem, shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kb.kinds import Fields

FIELD = "known_after"
OFFERED = ("size", "size_unit", "team_size", "novelty", "complexity")
"""Fields that tell projects apart before they start, and are learned only later now and then."""
DESCRIBING = (*OFFERED, "type", "sector", "region", "methods")
"""All fields that tell projects apart before they start."""


def check_hindsight(content: Fields, prefix: str = "") -> None:
    """Raises InvalidRecord where `known_after` names what is none of its attributes or describing fields:
    a name that misses would let into estimates what it was meant to keep out.

    Only what is written anew is held against this, not what is stored. `prefix` is where the content stands.
    """
    if not isinstance(content, Project):
        return
    known = (*content.attributes, *DESCRIBING)
    problems = [
        Problem(prefix + FIELD, _unknown(name, known)) for name in content.known_after if name not in known
    ]
    if problems:
        raise InvalidRecord(problems)


def _unknown(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    advice = f"did you mean {close[0]}?" if close else "add it to the attributes, or leave it out here"
    return f"names {shorten(name)}, which is no attribute of this project; {advice}"
