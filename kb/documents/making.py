"""The verbs: an entry, or several, as one document, and a report of lessons."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from kb.content import references
from kb.documents.conversion import convert, top_level
from kb.documents.parts import Setting, entry_html
from kb.documents.report import report_html
from kb.neighbours import titles_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from kb.database import Database
    from kb.documents.conversion import Form
    from kb.reading import EntryView, Reader
    from kb.rendering import Renderer

MOST_ENTRIES = 200
"""Entries of one document: with more of them nobody reads it, and it takes too long to make."""


def entry_document(view: EntryView, setting: Setting, form: Form) -> bytes:
    """The entry as a file, under its title. Raises ConversionFailed."""
    return convert(entry_html(view, setting, level=top_level(form)), view.title, form)


def entries_document(views: Sequence[EntryView], title: str, setting: Setting, form: Form) -> bytes:
    """The entries one after the other, each under its title. Raises ConversionFailed."""
    top = top_level(form)
    parts = (
        f"<h{top}>{escape(view.title)}</h{top}>{entry_html(view, setting, level=top + 1)}" for view in views
    )
    return convert("".join(parts), title, form)


def report_document(
    views: Sequence[EntryView], title: str, about: str, setting: Setting, form: Form, today: date
) -> bytes:
    """A report of lessons for people who decide. Raises ConversionFailed."""
    return convert(report_html(views, about, setting, today, level=top_level(form)), title, form)


def setting_for(
    database: Database, renderer: Renderer, reader: Reader, views: Sequence[EntryView], base: str
) -> Setting:
    """What documents of these entries need: their texts' HTML, and the titles of what they name."""
    named = {link.to for view in views for link in references(view.content)}
    with database.read() as session:
        titles = titles_of(session, named, reader)
    return Setting(renderer.html, base, {ref: title for ref, (_, title) in titles.items()})
