"""The words and number formats of the pages."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from search.estimates import wording

if TYPE_CHECKING:
    from datetime import datetime

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

ROLE_USE = {
    "reader": "Searches and reads.",
    "contributor": "Tells what happened in their projects.",
    "project manager": "Plans the next project with what others learned.",
    "trainer": "Builds learning paths and keeps them current.",
    "estimator": "Estimates from comparable projects.",
    "verifier": "Checks that what is published still holds.",
    "curator": "Keeps the repository true and small.",
    "admin": "Runs the repository and its accounts.",
    "auditor": "Sees what was done, and changes nothing.",
}
"""What each role is for."""

SCOPE_WORDS = {
    "read": "Read and search, as far as you can",
    "write": "Write entries and submit them, and keep estimates, in your name",
    "curate": "Review, publish, change vocabulary, lists and figures, load projects, say who sees what",
    "learn": "Take learning paths, and look after those of others as far as you can",
    "people": "Invite and manage people",
    "operate": "Read the audit log, settings and health, and look after the outbox",
}
"""What a token of this scope may be used for."""

EVENT_WORDS = {
    "review requested": "Somebody asks you to review an entry",
    "decision made": "An entry of yours is published, sent back or rejected",
    "text overtaken": "Another change is published of an entry that you are changing",
    "entry due": "An entry that you look after is due for verification",
    "comment": "Somebody comments on an entry of yours",
    "lesson superseded": "An entry that you adopted, built on, wrote or learn no longer stands",
    "lesson changed": "A lesson that you adopted says something else now",
    "task given": "Somebody gives you something to do",
    "action due": "Something that you are to do is due soon, or overdue",
    "path assigned": "You are asked to complete a learning path",
    "assignment changed": "What you are asked to complete is due on another day, or not asked any more",
    "path due": "A path that you are asked to complete is due soon, or overdue",
    "answers marked": "A trainer has read answers of yours",
    "help asked": "Somebody asks for your help",
    "help answered": "Somebody answers your request for help",
}
"""What people can be told about."""

STATUS_WORDS = {"invited": "Invited, has not come yet", "active": "Active", "disabled": "Disabled"}
"""What an account's status means."""

MINUS = "\N{MINUS SIGN}"

COMPLETION_NAMES = {
    "Completed": "read or do",
    "Passed": "pass",
    "CompletedAndPassed": "complete and pass",
    "CompletedOrPassed": "complete or pass",
    "NotApplicable": "for reference",
}


OFFICE = "application/vnd.openxmlformats-officedocument"
MEDIA_NAMES = {
    f"{OFFICE}.wordprocessingml.document": "Word",
    f"{OFFICE}.presentationml.presentation": "PowerPoint",
    f"{OFFICE}.spreadsheetml.sheet": "Excel",
    "application/pdf": "PDF",
    "text/html": "web page",
    "text/markdown": "text",
    "text/csv": "table",
    "image/png": "picture",
    "image/jpeg": "picture",
    "image/webp": "picture",
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


def moment(value: datetime) -> str:
    """`1 Mar 2026, 14:02`, in UTC."""
    return f"{value.day} {value:%b %Y, %H:%M}"


def exact(value: datetime) -> str:
    """`2026-03-01 14:02:07`, in UTC: for logs, where moments are compared."""
    return f"{value:%Y-%m-%d %H:%M:%S}"


def month(value: date | datetime) -> str:
    """`March 2026`."""
    return f"{value:%B %Y}"


def number(value: float, digits: int = 1) -> str:
    """`2,400,000` or `3.5`: at most `digits` decimals, none where they are zero."""
    text = f"{value:,.{digits}f}".replace("-", MINUS)
    return text.rstrip("0").rstrip(".") if "." in text else text


def figure(value: float) -> str:
    """`1,234.5` or `0.81948`: a figure that is looked up, with up to six digits that matter."""
    return f"{value:,.6g}".replace("-", MINUS)


def plain_number(value: float) -> str:
    """`1200000`: a number as it is typed."""
    return f"{value:.15g}"


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


def amount(value: float) -> str:
    """`1,230,000` or `7.25`: three digits that count, which is all that an estimate knows."""
    return wording.amount(value)


def duration(minutes: int) -> str:
    """`45 min`, `2 h` or `2 h 15 min`."""
    hours, rest = divmod(minutes, 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest else "") if part)


def file_size(size: int) -> str:
    """`340 bytes`, `12 kB` or `2.4 MB`."""
    if size < 1_000:
        return f"{size} bytes"
    return f"{number(size / 1e3, 0)} kB" if size < 1e6 else f"{number(size / 1e6)} MB"


def media_name(media: str) -> str:
    """What people call a type of file."""
    return MEDIA_NAMES.get(media, media)


def event_date(entry: EntryView) -> date | None:
    """When it happened, was held or finished; None where the entry tells no event."""
    # As it is stored: a page of hits would read all that twenty entries say for these dates alone.
    on = next(filter(None, map(entry.stored.get, ("occurred_on", "held_on", "finished_on"))), None)
    return date.fromisoformat(on) if on else None


def trust(entry: EntryView, today: date) -> str:
    """One phrase of how far an entry can be relied on."""
    state = entry.verification(today)
    if state == "verified" and entry.verified_on:
        return f"verified {month(entry.verified_on)}"
    if state == "overdue" and entry.due_on:
        return f"verification overdue since {month(entry.due_on)}"
    return "not verified"
