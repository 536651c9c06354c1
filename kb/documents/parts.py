"""An entry as HTML of headings, paragraphs, lists and tables: everything it says, whatever its kind.

It is made from the types of the fields, so that a field that a kind gains is in its documents too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from html import escape
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from kb.sections import HEADINGS
from kb.steps import EntryStep, LinkStep
from kb.text import REF_PATTERN

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from kb.reading import EntryView

KINDS = {"path": "Learning path"}
_NAMES = {
    "on": "Date",
    "what": "What",
    "words": "In words",
    "because": "Because of",
    "entry": "Step",
    "doc": "Document",
    "occurred_on": "Happened",
    "held_on": "Held",
    "baselines": "Plan, by stage",
    "actuals": "Actuals",
    "sign_offs": "Signed off",
    "attributes": "Further attributes",
    "source": "Comes from",
    "links": "Links",
    "to": "Entry",
}
_AHEAD = ("title", "tags", "summary")
_REF = re.compile(REF_PATTERN)
_OWN_LINK = re.compile(r'href="(/[^"]*)"')
_FOR_BROWSERS = ' rel="noopener nofollow"'
_IMAGE = re.compile(r'<img\b(?:[^>]*\balt="([^"]*)")?[^>]*>')
_HEADING = re.compile(r"</?h([1-6])\b")
DEEPEST = 6
_PLACES = 2
_WIDTHS = '<colgroup><col style="width: 24%"><col style="width: 76%"></colgroup>'


@dataclass(frozen=True)
class Setting:
    """What a document of entries is made with."""

    html_of: Callable[[str], str]
    """Markdown to sanitised HTML, whose headings begin at <h3>."""
    base: str = ""
    """Address of the repository, before the paths of links, such as http://127.0.0.1:8000."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """Titles of the entries that are named, as far as the reader may know them."""


def entry_html(view: EntryView, setting: Setting, *, level: int = 1) -> str:
    """The whole entry; its sections stand under headings of `level`."""
    parts = [facts(_head(view, setting))]
    content = view.content
    named = [name for name in HEADINGS if hasattr(content, name)]
    others = [name for name in type(content).model_fields if name not in {*named, *_AHEAD}]
    for name in [*named, *others]:
        inner = _section(name, getattr(content, name), setting, level)
        if inner:
            parts.append(f"<h{level}>{escape(_name(name))}</h{level}>{inner}")
    return "".join(parts)


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """A table of two columns, of names and values that are HTML already; what is empty is left out."""
    rows = "".join(
        f'<tr><td align="left"><strong>{escape(name)}</strong></td><td align="left">{value}</td></tr>'
        for name, value in pairs
        if value
    )
    return f"<table>{_WIDTHS}<tbody>{rows}</tbody></table>" if rows else ""


def table(
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    right: Collection[int] = (),
    widths: Sequence[int] = (),
) -> str:
    """A table whose header is text and whose cells are HTML; the columns `right` hold numbers.

    `widths` are those of the columns in per cent; without any they are equal.
    """
    sides = ["right" if column in right else "left" for column in range(len(header))]
    heads = "".join(
        f'<th align="{side}"><strong>{escape(name)}</strong></th>'
        for side, name in zip(sides, header, strict=True)
    )
    lines = "".join(f"<tr>{_cells(sides, row)}</tr>" for row in rows)
    columns = "".join(f'<col style="width: {width}%">' for width in widths)
    columns = columns and f"<colgroup>{columns}</colgroup>"
    return f"<table>{columns}<thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>"


def _cells(sides: Sequence[str], row: Sequence[str]) -> str:
    return "".join(f'<td align="{side}">{cell}</td>' for side, cell in zip(sides, row, strict=True))


def prose(text: str, setting: Setting, level: int) -> str:
    """A Markdown text below a heading of `level`; links lead to the repository, pictures are their words."""
    html = setting.html_of(text).replace(_FOR_BROWSERS, "")
    html = _OWN_LINK.sub(lambda link: f'href="{escape(setting.base)}{link[1]}"', html)
    html = _IMAGE.sub(lambda image: f"<em>[picture{': ' + image[1] if image[1] else ''}]</em>", html)
    lift = level + 1 - min((int(found) for found in _HEADING.findall(html)), default=level + 1)
    return _HEADING.sub(lambda tag: f"{tag[0][:-1]}{min(int(tag[1]) + lift, DEEPEST)}", html)


def link(ref: str, setting: Setting) -> str:
    """An id that leads to its page, with the title where it is known."""
    title = setting.titles.get(ref, "")
    words = f"{ref} {title}".strip()
    if not title:
        return escape(words)
    return f'<a href="{escape(setting.base)}/entries/{ref}">{escape(words)}</a>'


def number(value: float | None) -> str:
    """`1,234.5`, with at most two decimal places; empty for None."""
    if value is None:
        return ""
    text = f"{value:,.{_PLACES}f}"
    return text.rstrip("0").rstrip(".")


def kind_name(kind: str) -> str:
    """`Lesson`, `Learning path`."""
    return KINDS.get(kind, kind.capitalize())


def _head(view: EntryView, setting: Setting) -> Iterator[tuple[str, str]]:
    content = view.content
    kind = str(getattr(content, "type", "") or "")
    yield "Entry", link_here(view, setting)
    yield "Kind", escape(f"{kind_name(view.kind)}{f', {kind}' if kind else ''}")
    yield "Revision", escape(f"{view.number}, {view.state}, {(view.decided_at or view.created_at):%Y-%m-%d}")
    checked = f"{view.verified_on} by {view.verifier}".removesuffix(" by ") if view.verified_on else ""
    yield "Verified", escape(checked)
    yield "Owner", escape(view.owner)
    yield "Tags", escape(", ".join(content.tags))
    for name in type(content).model_fields:
        value = getattr(content, name)
        if name not in {*HEADINGS, *_AHEAD, "type"} and _is_plain(value):
            yield _name(name), _cell(value, setting)


def link_here(view: EntryView, setting: Setting) -> str:
    """The entry's own id, which leads to its page."""
    return f'<a href="{escape(setting.base)}/entries/{view.ref}">{view.ref}</a>'


def _section(name: str, value: Any, setting: Setting, level: int) -> str:
    """What stands under the heading of a field; empty for what has none or stands at the top."""
    if name in HEADINGS and isinstance(value, str):
        return prose(value, setting, level) if value.strip() else ""
    if name not in HEADINGS and _is_plain(value):
        return ""
    return _block(value, setting, level)


def _is_plain(value: Any) -> bool:
    """Whether a value stands in one cell: no record, and no list or table of records."""
    if isinstance(value, list):
        return all(isinstance(each, str) for each in value)
    return not isinstance(value, BaseModel | dict)


def _block(value: Any, setting: Setting, level: int) -> str:
    if isinstance(value, BaseModel):
        return facts((_name(name), _cell(part, setting)) for name, part in value)
    if isinstance(value, dict):
        return facts((str(name), _cell(part, setting)) for name, part in value.items())
    if isinstance(value, list) and value and isinstance(value[0], BaseModel):
        return _records(value, setting, level)
    if isinstance(value, list):
        return (
            "".join(["<ul>", *(f"<li>{_cell(each, setting)}</li>" for each in value), "</ul>"])
            if value
            else ""
        )
    words = _cell(value, setting)
    return f"<p>{words}</p>" if words else ""


def _records(records: list[BaseModel], setting: Setting, level: int) -> str:
    """A table of records; those that hold records themselves stand one below the other."""
    if any(not _is_plain(part) for each in records for _, part in each if isinstance(part, list)):
        return "".join(_nested(each, setting, level + 1) for each in records)
    rows = [_row(each, setting) for each in records]
    used = [name for name in rows[0] if any(row[name] for row in rows)]
    numbers = {
        at
        for at, name in enumerate(used)
        if all(
            _is_number(getattr(each, name, row[name] or None))
            for each, row in zip(records, rows, strict=True)
        )
    }
    return table([_name(name) for name in used], [[row[name] for name in used] for row in rows], numbers)


def _row(record: BaseModel, setting: Setting) -> dict[str, str]:
    """The cells of a record by their fields; those of a step by the fields of one that is an entry."""
    cells = {name: _cell(part, setting) for name, part in record}
    if isinstance(record, LinkStep):
        words = f'<a href="{escape(record.link)}">{cells["title"]}</a>, {escape(record.host)}'
        return {name: cells.get(name, "") for name in EntryStep.model_fields} | {"entry": words}
    return cells


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _nested(record: BaseModel, setting: Setting, level: int) -> str:
    (first, title), *rest = list(record)
    parts = [f"<h{level}>{_cell(title, setting) or escape(_name(first))}</h{level}>"]
    parts.append(facts((_name(name), _cell(part, setting)) for name, part in rest if _is_plain(part)))
    parts += [_block(part, setting, level) for _, part in rest if not _is_plain(part)]
    return "".join(parts)


def _cell(value: Any, setting: Setting) -> str:
    """A value as HTML in one cell; empty for None and what is blank."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(value) if isinstance(value, float) else str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return ", ".join(_cell(each, setting) for each in value)
    if isinstance(value, BaseModel):
        return "; ".join(f"{_name(name)}: {cell}" for name, part in value if (cell := _cell(part, setting)))
    text = str(value)
    return link(text, setting) if _REF.fullmatch(text) else escape(text)


def _name(name: str) -> str:
    """A field's name in words."""
    return HEADINGS.get(name) or _NAMES.get(name) or name.replace("_", " ").capitalize()
