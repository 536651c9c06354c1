"""A report of lessons for people who decide, such as a steering committee: figures, then each lesson."""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import TYPE_CHECKING, cast

from kb.documents.parts import facts, link_here, number, prose, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from kb.documents.parts import Setting
    from kb.kinds import Impact, Lesson
    from kb.reading import EntryView

MOST_CAUSES = 8
_PARTS = (
    ("happened", "What happened"),
    ("lesson", "What we learned"),
    ("recommendation", "Recommendation"),
)


def report_html(views: Sequence[EntryView], about: str, setting: Setting, today: date, *, level: int) -> str:
    """The report of these lessons; `about` says in a sentence which they are. Headings begin at `level`."""
    parts = [
        f"<p>{escape(about)}</p>",
        _heading("At a glance", level),
        facts(_glance(views, today)),
        *_causes(views, level),
        _heading("The lessons", level),
        table(
            ["Lesson", "Title", "Cost", "Days"],
            [_row(view, setting) for view in views],
            {2, 3},
            (12, 58, 18, 12),
        ),
    ]
    for view in views:
        parts += [_heading(f"{view.ref} {view.title}", level), *_lesson(view, setting, level)]
    return "".join(parts)


def _heading(words: str, level: int) -> str:
    return f"<h{level}>{escape(words)}</h{level}>"


def _lessons(views: Iterable[EntryView]) -> Iterator[Lesson]:
    return (cast("Lesson", view.content) for view in views)


def _glance(views: Sequence[EntryView], today: date) -> Iterator[tuple[str, str]]:
    """Counts and sums; amounts of different currencies are never added up."""
    impacts = [each.impact for each in _lessons(views) if each.impact]
    yield "Lessons", number(len(views))
    types = Counter(each.type for each in _lessons(views))
    yield "Of these", escape(", ".join(f"{count} {name}" for name, count in types.most_common()))
    yield "Checked and up to date", number(sum(view.verification(today) == "verified" for view in views))
    for currency in sorted({each.currency for each in impacts if each.cost and each.currency}):
        costs = [each.cost for each in impacts if each.currency == currency and each.cost]
        said = f"stated by {len(costs)} of {len(views)}"
        yield f"Money, {currency}", escape(f"{_balance(costs)} ({said})")
    days = [each.days for each in impacts if each.days]
    if days:
        yield "Days", escape(f"{_balance(days)} (stated by {len(days)} of {len(views)})")


def _balance(amounts: Sequence[float]) -> str:
    """`1,200 lost, 300 saved`: losses are never set off against savings."""
    lost, saved = -sum(each for each in amounts if each < 0), sum(each for each in amounts if each > 0)
    words = [f"{number(lost)} lost" if lost else "", f"{number(saved)} saved" if saved else ""]
    return ", ".join(filter(None, words))


def _causes(views: Sequence[EntryView], level: int) -> Iterator[str]:
    """Root causes by how many of the lessons name them."""
    found = Counter(code for each in _lessons(views) for code in {cause.code for cause in each.causes})
    if found:
        yield _heading("Root causes", level)
        rows = [[escape(name.capitalize()), number(count)] for name, count in found.most_common(MOST_CAUSES)]
        yield table(["Cause", "Lessons that name it"], rows, {1}, (70, 30))


def _row(view: EntryView, setting: Setting) -> list[str]:
    impact = cast("Lesson", view.content).impact
    return [
        link_here(view, setting),
        escape(view.title),
        _money(impact),
        number(impact.days) if impact else "",
    ]


def _money(impact: Impact | None) -> str:
    if impact is None or impact.cost is None:
        return ""
    return escape(f"{number(impact.cost)} {impact.currency or ''}".strip())


def _lesson(view: EntryView, setting: Setting, level: int) -> Iterator[str]:
    content = cast("Lesson", view.content)
    if summary := view.content.summary:
        yield prose(summary, setting, level)
    for name, heading in _PARTS:
        if text := getattr(content, name):
            yield _heading(heading, level + 1) + prose(text, setting, level + 1)
    applies = content.applicability
    if applies and applies.conditions:
        yield _heading("Applies to", level + 1) + prose(applies.conditions, setting, level + 1)
