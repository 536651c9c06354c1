"""A list of entries as the rows of a spreadsheet."""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING, Literal

from kb.documents.parts import kind_name
from kb.kinds import Lesson, Project, Review
from kb.markup import plain_text
from kb.spreadsheets import write_csv, write_xlsx

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from kb.reading import EntryView
    from kb.spreadsheets import Cell

TableForm = Literal["csv", "xlsx"]
TABLE_MEDIA: dict[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
HEADER = (
    "Id", "Kind", "Type", "Title", "Summary", "What happened", "Recommendation", "Cost", "Days", "Currency",
    "Outcome", "Date", "Sector", "Region", "Phases", "Methods", "Tags", "Owner", "Verification",
    "Verified on", "Revision", "Address",
)  # fmt: skip


def write_table(
    file: IO[bytes], form: TableForm, views: Iterable[EntryView], *, today: date, base: str
) -> None:
    """Writes one row per entry, in the order given; `base` stands before the paths of pages."""
    rows = (_row(view, today, base) for view in views)
    if form == "xlsx":
        write_xlsx(file, "Entries", HEADER, rows)
        return
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    write_csv(text, HEADER, rows)
    text.detach()


def _row(view: EntryView, today: date, base: str) -> Sequence[Cell]:
    content = view.content
    return [
        view.ref,
        kind_name(view.kind),
        getattr(content, "type", "") or "",
        view.title,
        plain_text(content.summary),
        plain_text(getattr(content, "happened", "")),
        plain_text(getattr(content, "recommendation", "")),
        *_figures(view),
        *_dated(view),
        content.sector,
        content.region,
        ", ".join(content.phases),
        ", ".join(content.methods),
        ", ".join(content.tags),
        view.owner,
        view.verification(today),
        view.verified_on,
        view.number,
        f"{base}/entries/{view.ref}",
    ]


def _figures(view: EntryView) -> Iterator[Cell]:
    """Cost, days, currency: what a lesson lost or saved, what a project cost."""
    content = view.content
    impact = content.impact if isinstance(content, Lesson) else None
    if impact is not None:
        yield from (impact.cost, impact.days, impact.currency or "")
    elif isinstance(content, Project):
        yield from (content.actuals.cost if content.actuals else None, None, content.currency or "")
    else:
        yield from (None, None, "")


def _dated(view: EntryView) -> Iterator[Cell]:
    """Outcome and date, where the kind has them."""
    content = view.content
    yield (content.outcome or "") if isinstance(content, Review | Project) else ""
    match content:
        case Lesson():
            yield content.occurred_on
        case Review():
            yield content.held_on
        case Project():
            yield content.finished_on
        case _:
            yield None
