"""The words and number formats of the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

    from kb.reading import EntryView

KIND_NAMES = {
    "lesson": ("Lesson", "Lessons"),
    "review": ("Review", "Reviews"),
    "template": ("Template", "Templates"),
    "training": ("Training", "Training"),
    "path": ("Learning path", "Learning paths"),
    "project": ("Project", "Projects"),
}
"""Kind to its name for one and for many."""

KIND_USE = {
    "lesson": "What happened, why, and what to do about it next time.",
    "review": "Plan against actual at a gate, at closure, or when benefits were due.",
    "template": "Documents to start from; clauses name the lesson they exist for.",
    "training": "Guides, exercises and quizzes built on our own lessons.",
    "path": "Material in order, for a role or a situation.",
    "project": "What finished projects were planned to cost and take, and really did.",
}

KIND_ICONS = {
    "lesson": "lightbulb",
    "review": "clipboard-check",
    "template": "file-text",
    "training": "graduation-cap",
    "path": "route",
    "project": "chart-gantt",
}

FACET_NAMES = {
    "kind": "Kind",
    "type": "Type",
    "tag": "Tag",
    "sector": "Sector",
    "region": "Region",
    "phase": "Phase",
    "method": "Method",
    "year": "Year",
    "outcome": "Outcome",
    "verified": "Verification",
}

VERIFIED_NAMES = {"verified": "Verified", "overdue": "Verification overdue", "unverified": "Not verified"}

MODE_NAMES = {"hybrid": "Words and meaning", "keyword": "Words only", "semantic": "Meaning only"}
SORT_NAMES = {
    "relevance": "Best match",
    "match": "Best match, trust aside",
    "newest": "Newest first",
    "oldest": "Oldest first",
}
RANKING_NAMES = {
    "keyword": "ranking by words",
    "semantic": "ranking by meaning",
    "incomplete": "a part of the entries",
}
"""What is missing when `SearchPage.degraded` names it."""

OUTGOING = {
    "related": "Related",
    "supersedes": "Replaces",
    "recurrence of": "Happened before",
    "embedded in": "Built into",
    "source": "Comes from",
    "evidence": "Rests on",
}
"""What a link of an entry means to its reader."""

INCOMING = {
    "related": "Mentioned in",
    "supersedes": "Replaced by",
    "recurrence of": "Happened again",
    "embedded in": "Carries what this taught",
    "source": "Led to",
    "evidence": "Is evidence for",
}
"""What a link to an entry means to its reader."""

MINUS = "\N{MINUS SIGN}"

COMPLETION_NAMES = {
    "Completed": "read or do",
    "Passed": "pass",
    "CompletedAndPassed": "complete and pass",
    "CompletedOrPassed": "complete or pass",
    "NotApplicable": "for reference",
}


def facet_value(field: str, value: str) -> str:
    """How a facet's value is written for people."""
    if field == "kind" and value in KIND_NAMES:
        return KIND_NAMES[value][0]
    return VERIFIED_NAMES.get(value, value) if field == "verified" else value


def kind_name(kind: str, count: int = 1) -> str:
    """The name of a kind, for one entry or for several."""
    return KIND_NAMES[kind][count != 1]


def day(value: date | datetime) -> str:
    """`1 March 2026`."""
    return f"{value.day} {value:%B %Y}"


def month(value: date | datetime) -> str:
    """`March 2026`."""
    return f"{value:%B %Y}"


def number(value: float, digits: int = 1) -> str:
    """`2,400,000` or `3.5`: at most `digits` decimals, none where they are zero."""
    text = f"{value:,.{digits}f}".replace("-", MINUS)
    return text.rstrip("0").rstrip(".") if "." in text else text


def signed(value: float, digits: int = 1) -> str:
    """`+40` or `−40`: how far one number is from another."""
    return ("+" if value > 0 else "") + number(value, digits)


def short_amount(value: float) -> str:
    """`2.4 M`, `310 k` or `950`: an amount in the words of a conversation, without its sign."""
    value = abs(value)
    for size, unit in ((1e9, "bn"), (1e6, "M"), (1e4, "k")):
        if value >= size:
            divisor = 1e3 if unit == "k" else size
            return f"{number(value / divisor, 0 if unit == 'k' else 2)} {unit}"
    return number(value, 0)


def duration(minutes: int) -> str:
    """`45 min`, `2 h` or `2 h 15 min`."""
    hours, rest = divmod(minutes, 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest else "") if part)


def event_date(entry: EntryView) -> date | None:
    """When it happened, was held or finished; None where the entry tells no event."""
    for name in ("occurred_on", "held_on", "finished_on"):
        on: date | None = getattr(entry.content, name, None)
        if on is not None:
            return on
    return None


def trust(entry: EntryView, today: date) -> str:
    """One phrase of how far an entry can be relied on."""
    state = entry.verification(today)
    if state == "verified" and entry.verified_on:
        return f"verified {month(entry.verified_on)}"
    if state == "overdue" and entry.due_on:
        return f"verification overdue since {month(entry.due_on)}"
    return "not verified"
