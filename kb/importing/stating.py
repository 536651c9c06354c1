"""Choices stated by name, as programs and the command line do: `What went well=review.went_well`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kb.errors import InvalidRecord
from kb.importing.plans import COLUMN_FIELDS, RECORD, ROWS, SHAPES, SKIP, choices, labels_of, options
from kb.importing.words import plain
from kb.validation import Problem, shorten

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from kb.importing.document import Document
    from kb.importing.plans import Plan


class DoesNotFit(InvalidRecord):
    """What was chosen is well formed, but this document has no such part, or nothing would come of it."""


_NUMBERED = re.compile(r"#([0-9]{1,4})(?:\.([0-9]{1,3}))?")


def stated(
    plan: Plan, document: Document, mapping: Mapping[str, str], *, shape: str | None = None,
    title: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The choices as `Plan.changed` takes them. A name is a heading, a column's, or a number: `#3` is the
    third section, `#3.2` its second column.

    Raises DoesNotFit for what names nothing, or a place where that cannot go, InvalidRecord for a shape
    that there is none of.
    """
    if shape is not None and shape not in SHAPES:
        raise InvalidRecord([Problem("shape", f"must be one of {', '.join(SHAPES)}, not {shorten(shape)}")])
    draft = plan.changed({"shape": shape, "title": title}, document)
    targets, columns = list(draft.targets), {at: list(names) for at, names in draft.columns.items()}
    problems: list[Problem] = []
    for name, place in mapping.items():
        found = _sections(document, name)
        wrong = [at for at in found if place not in choices(draft.shape, document.sections[at])]
        cells = [] if found and not wrong else _columns(draft, document, name)
        if cells and (place in COLUMN_FIELDS or place == SKIP):
            for at, column in cells:
                columns[at][column] = place
        elif not found and not cells:
            problems.append(Problem("put", f"nothing in the document is called {shorten(name)}"))
        elif not found or wrong:
            known = COLUMN_FIELDS if cells else choices(draft.shape, document.sections[found[0]])
            problems.append(Problem("put", f"{shorten(name)} cannot go to {shorten(place)}; "
                                           f"it can to {', '.join(known)}"))  # fmt: skip
        else:
            for at in found:
                targets[at] = place
    if problems:
        raise DoesNotFit(problems)
    return {
        "shape": draft.shape, "title": draft.title, "targets": targets,
        "columns": {str(at): names for at, names in columns.items()},
    }  # fmt: skip


def _sections(document: Document, name: str) -> list[int]:
    """The numbers, from 0, of the sections of that name; of a heading and its tables the heading's alone."""
    numbered = _NUMBERED.fullmatch(name)
    if numbered:
        at = int(numbered[1]) - 1
        return [at] if 0 <= at < len(document.sections) and numbered[2] is None else []
    wanted = plain(name)
    return [at for at, each in enumerate(document.sections) if each.level and plain(each.heading) == wanted]


def _columns(plan: Plan, document: Document, name: str) -> list[tuple[int, int]]:
    """(section, column) of the columns of that name in tables that become lessons."""
    numbered = _NUMBERED.fullmatch(name)
    found = []
    for at, section in enumerate(document.sections):
        if section.table is None or plan.targets[at] not in {ROWS, RECORD}:
            continue
        for column, label in enumerate(labels_of(section.table, plan.targets[at])):
            if numbered:
                is_it = (numbered[1], numbered[2]) == (str(at + 1), str(column + 1))
            else:
                is_it = plain(label) == plain(name)
            found += [(at, column)] if is_it else []
    return found


def places() -> str:
    """Every place that may be stated, for a help text."""
    return ", ".join(options())
