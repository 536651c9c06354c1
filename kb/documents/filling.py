"""Filling in a template: its blanks, what people put into them, and the document that comes of it."""

from __future__ import annotations

import re
import string
from html import escape
from typing import TYPE_CHECKING, cast

from kb.documents.conversion import convert, top_level
from kb.documents.parts import facts, prose
from kb.errors import InvalidRecord, NotFound
from kb.kinds import FormField, Template
from kb.markup import WIKI_LINK
from kb.text import clean_text
from kb.validation import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kb.documents.conversion import Form
    from kb.documents.parts import Setting
    from kb.reading import EntryView

MOST_LETTERS = 5_000
"""Characters of one field."""
_BLANK = re.compile(r"\{\{([^{}<>\"'&\n]{1,200})\}\}")
_WIKI = re.compile(WIKI_LINK)
_MARK = re.compile(f"[{re.escape(string.punctuation)}]")


def blanks(view: EntryView) -> list[FormField]:
    """What the template asks for: its fields, then the blanks of its text that are no field.

    Raises NotFound for what is no template, or has nothing to fill in.
    """
    if view.kind != "template":
        raise NotFound(f"{view.ref} is a {view.kind}; only templates can be filled in.")
    content = cast("Template", view.content)
    named = {each.name for each in content.form}
    found = dict.fromkeys(name.strip() for name in _BLANK.findall(view.content.body))
    fields = [*content.form, *(FormField(name=name) for name in found if name and name not in named)]
    if not fields:
        raise NotFound(f"{view.ref} has no fields to fill in; take it away as it is.")
    return fields


def fill(view: EntryView, values: Mapping[str, str], setting: Setting, form: Form) -> bytes:
    """The document with the values in their places; a blank that nothing was put into stays one.

    Fields that have no place in the text stand in a table above it. Raises NotFound, InvalidRecord naming
    each field that is wrong, ConversionFailed.
    """
    fields = blanks(view)
    said = _checked(fields, values)
    body = view.content.body
    placed = {name.strip() for name in _BLANK.findall(body)}
    above = [(each.name.capitalize(), _lines(said[each.name])) for each in fields if each.name not in placed]
    bare = unlinked(body)
    text = _BLANK.sub(lambda blank: _written(said.get(blank[1].strip(), ""), blank[0]), bare)
    return convert(facts(above) + prose(text, setting, top_level(form) - 1), view.title, form)


def _checked(fields: Sequence[FormField], values: Mapping[str, str]) -> dict[str, str]:
    """A text for every field, empty for what was left open."""
    known = {each.name for each in fields}
    words = f"is no field of this template; its fields are {', '.join(sorted(known))}"
    problems = [Problem(name[:80], words) for name in values if name not in known]
    said: dict[str, str] = {}
    for each in fields:
        try:
            said[each.name] = clean_text(values.get(each.name, "")).strip()
        except ValueError as error:
            problems.append(Problem(each.name, str(error)))
            continue
        if each.required and not said[each.name]:
            problems.append(Problem(each.name, "must not be empty"))
        elif len(said[each.name]) > MOST_LETTERS:
            problems.append(Problem(each.name, f"is too long: at most {MOST_LETTERS:,} characters fit"))
    if problems:
        raise InvalidRecord(problems)
    return said


def _written(value: str, blank: str) -> str:
    """The value as Markdown that says just that, also in a table; the blank itself where there is none."""
    if not value:
        return blank
    return "<br>".join(_MARK.sub(r"\\\g<0>", line.strip()) for line in value.splitlines())


def _lines(value: str) -> str:
    return "<br>".join(escape(line) for line in value.splitlines())


def unlinked(markdown: str) -> str:
    """The text with links to entries as their words and ids: outside the repository they lead nowhere."""
    return _WIKI.sub(lambda link: f"{link[2]} ({link[1]})" if link[2] else link[1], markdown)
