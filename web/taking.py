"""Taking entries away as a file: the verb behind the page, the API and the command line."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, cast

from kb import reading
from kb.documents.conversion import MEDIA
from kb.documents.making import (
    MOST_ENTRIES,
    entries_document,
    entry_document,
    report_document,
    setting_for,
)
from kb.documents.tables import TABLE_MEDIA, write_table
from kb.errors import NotFound
from kb.text import REF_PATTERN
from search.collecting import MOST_LISTED, collect
from search.query import Filter
from search.results import SearchRequest

if TYPE_CHECKING:
    from datetime import date

    from kb.database import Database
    from kb.documents.conversion import Form
    from kb.reading import EntryView, Reader
    from kb.rendering import Renderer
    from search.collecting import Searcher

FileForm = Literal["md", "docx", "pdf", "csv", "xlsx"]
Shape = Literal["entries", "report"]
_SLUG = 60


@dataclass(frozen=True)
class Wanted:
    """What is to be taken: entries by id, or what a search finds."""

    form: FileForm
    refs: tuple[str, ...] = ()
    request: SearchRequest = field(default_factory=SearchRequest)
    is_report: bool = False
    """Whether it is a report of the lessons among them, for people who decide."""

    @property
    def most(self) -> int:
        """How many entries it may hold."""
        return MOST_LISTED if self.form in TABLE_MEDIA else MOST_ENTRIES


@dataclass(frozen=True)
class Source:
    """Where entries come from, and who takes them."""

    database: Database
    renderer: Renderer
    engine: Searcher
    reader: Reader
    base: str
    """The address of the repository, for the links in the file."""
    today: date


@dataclass(frozen=True)
class Taken:
    """A file."""

    data: bytes
    name: str
    media: str
    count: int
    """Entries in it."""
    total: int
    """Entries that there are."""


def take_away(source: Source, wanted: Wanted) -> Taken:
    """The file. Raises NotFound where there is nothing to take, ConversionFailed, DatabaseUnavailable."""
    views, total = _views(source, wanted)
    if not views:
        what = "lesson" if wanted.is_report else "entry"
        raise NotFound(f"No {what} was found, so there is nothing to take away. Search for something else.")
    data, media = _file(source, wanted, views, total)
    return Taken(data, file_name(_name(wanted, views), wanted.form), media, len(views), total)


def _views(source: Source, wanted: Wanted) -> tuple[list[EntryView], int]:
    if wanted.refs:
        with source.database.read() as session:
            views = [reading.get_entry(session, ref, source.reader) for ref in wanted.refs]
        if wanted.is_report:
            views = [view for view in views if view.kind == "lesson"]
        return views, len(views)
    request = wanted.request
    if wanted.is_report:
        kept = tuple(each for each in request.filters if each.field != "kind")
        request = replace(request, filters=(*kept, Filter("kind", "lesson")))
    found = collect(source.database, source.engine, request, source.reader, wanted.most)
    return found.views, found.total


def _file(source: Source, wanted: Wanted, views: list[EntryView], total: int) -> tuple[bytes, str]:
    form = wanted.form
    if form in {"csv", "xlsx"}:
        file = io.BytesIO()
        write_table(file, form, views, today=source.today, base=source.base)
        return file.getvalue(), TABLE_MEDIA[form]
    return _document(source, wanted, views, total, cast("Form", form)), MEDIA[form]


def _document(source: Source, wanted: Wanted, views: list[EntryView], total: int, form: Form) -> bytes:
    setting = setting_for(source.database, source.renderer, source.reader, views, source.base)
    if wanted.is_report:
        about = _about(wanted, len(views), total, source.today)
        return report_document(views, _title(wanted), about, setting, form, source.today)
    if len(views) == 1:
        return entry_document(views[0], setting, form)
    return entries_document(views, _title(wanted), setting, form)


def _title(wanted: Wanted) -> str:
    text = " ".join(wanted.request.text.split())
    if wanted.is_report:
        return f"Lessons for “{text}”" if text else "Lessons learned"
    return text or "Entries"


def _about(wanted: Wanted, count: int, total: int, today: date) -> str:
    """Which lessons a report is of, in a sentence."""
    which = f"The first {count:,} of {total:,} lessons" if count < total else f"{count:,} lessons"
    narrowed = ", ".join(f"{each.field}: {each.value}" for each in wanted.request.filters)
    found = " that a search found, best first" if wanted.request.text.strip() else ""
    return f"{which}{found}{f' ({narrowed})' if narrowed else ''}, as of {today.isoformat()}."


def _name(wanted: Wanted, views: list[EntryView]) -> str:
    if len(views) == 1 and not wanted.is_report:
        return f"{views[0].ref} {views[0].title}"
    kinds = [each.value for each in wanted.request.filters if each.field == "kind"]
    begin = "lessons report" if wanted.is_report else ""
    words = " ".join(wanted.request.text.split()) or " ".join(kinds)
    return f"{begin} {words}".strip() or "entries"


def file_name(text: str, form: str) -> str:
    """A file's name: ASCII letters and digits, an id at the beginning as it is written."""
    ref, _, rest = text.partition(" ")
    head = ref if re.fullmatch(REF_PATTERN, ref) else ""
    slug = re.sub(r"[^a-z0-9]+", "-", (rest if head else text).lower()).strip("-")[:_SLUG].strip("-")
    stem = f"{head}-{slug}".strip("-") or "entries"
    return f"{stem}.{form}"
