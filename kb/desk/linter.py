"""Advice on a lesson while it is written: what makes others find, believe and follow it, with the reason.

Nothing here is an error: a draft with all of it can be submitted. Patterns are plain word lists, so that
they say the same in every place and never take long.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kb.desk.given_names import GIVEN_NAMES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

MAX_TITLE = 75
MOST = 5
"""More advice at once is a wall that nobody reads."""
TEXTS = (
    "title",
    "summary",
    "context",
    "expected",
    "happened",
    "lesson",
    "recommendation",
    "evidence",
    "body",
)
KNOWN_ACRONYMS = {
    "AM", "CEO", "CFO", "CHF", "CIO", "EU", "EUR", "FAQ", "GBP", "GPS", "HR", "ID", "II", "III", "ISO", "IT",
    "IV", "OK", "PC", "PDF", "PM", "TV", "UK", "UN", "URL", "US", "USA", "USD", "VAT",
}  # fmt: skip
_ACRONYM = re.compile(r"\b[A-Z]{2,6}\b")
_VAGUE_TITLE = re.compile(
    r"^(lessons? learned|problems?|issues?|risks?|challenges?|about|regarding|on|notes?|findings?)\b",
    re.IGNORECASE,
)
_SEVERAL = re.compile(r"^\s*(?:[-*+]|\d{1,2}[.)])\s", re.MULTILINE)
_ACTOR = re.compile(
    r"\b(manager|lead|leader|owner|team|sponsor|board|officer|planner|engineer|architect|contractor|supplier|"
    r"buyer|pmo|director|office|committee|analyst|tester|facilitator|controller|coordinator|designer|"
    r"developer|steering group|authority|operator|trainer|estimator|client|customer|department|procurement|"
    r"finance|legal|administrator|inspector|supervisor|secretary|head of \w+|project|programme|unit|division|"
    r"organi[sz]ation|center|centre|management|personnel|staff|crew|group)s?\b",
    re.IGNORECASE,
)
_ACTION = re.compile(
    r"\b(must|shall|should|will|has to|have to|needs? to|is to|are to)\b|"
    r"\b\w{3,}s\b\s+(the|a|an|all|each|every|it|them|its|their|one|two|three|no|with|for|to|from|at|in|on|whether|what|how|who)\b|^\s*[A-Z]\w+\s",
)
_HONORIFIC = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Prof|Herr|Frau)\.?\s+[A-Z][\w'-]+")
_FULL_NAME = re.compile(
    rf"\b(?:{'|'.join(sorted(GIVEN_NAMES))})\s+(?:[A-Z]\.\s+)*[A-Z][a-zà-ÿ'-]{{2,}}\b"
    r"(?!\s+(?:[A-Z]|building|bridge|hospital|street))"
)
"""A given name and a surname that begin no longer name, such as that of a place which bears somebody's."""
_PLATITUDES = re.compile(
    r"communication is (?:key|important|vital|essential)|(?:improve|better|more|good) communication|"
    r"communicate (?:better|more|early and often)|plan (?:better|more carefully|ahead)|better planning|"
    r"think ahead|be (?:more )?(?:proactive|careful|aware|vigilant)|pay (?:more|close) attention|"
    r"follow (?:the )?(?:best practices?|procedures?|processe?s?)\b|best practices? (?:should|must)|"
    r"stakeholders? (?:should|must) be involved|involve (?:all )?(?:the )?stakeholders|work together|"
    r"as (?:early|soon) as possible|due (?:care|diligence)|do it right|manage expectations",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Advice:
    """One thing to look at, and why it matters."""

    field: str
    words: str
    reason: str


def advise(
    content: Mapping[str, Any], *, acronyms: Collection[str] = (), names: Collection[str] = ()
) -> list[Advice]:
    """Advice on a lesson as it is stored, the most telling first, at most MOST.

    `acronyms` are those that everybody here knows; `names` are those of people.
    """
    found = [*_title(content), *_recommendation(content), *_names(content, names), *_scope(content)]
    return [*found, *_acronyms(content, acronyms)][:MOST]


def _title(content: Mapping[str, Any]) -> Iterator[Advice]:
    title = str(content.get("title", ""))
    if len(title) > MAX_TITLE:
        yield Advice("title", f"has {len(title)} characters; {MAX_TITLE} are enough",
                     "a long one is cut where lists are narrow, and its point goes with it")  # fmt: skip
    if title and (_VAGUE_TITLE.match(title) or len(title.split()) < 3):
        yield Advice("title", "names a topic; let it say the point",
                     "people decide by the title alone whether to open it")  # fmt: skip
    if ";" in title or " and also " in title or len(re.findall(r"\band\b", title)) > 1:
        yield Advice("title", "seems to hold several points; write a lesson for each",
                     "one issue in each record is found, adopted and measured by itself")  # fmt: skip


def _recommendation(content: Mapping[str, Any]) -> Iterator[Advice]:
    text = str(content.get("recommendation", ""))
    if not text:
        return
    if not _ACTOR.search(text):
        yield Advice("recommendation", "does not say who should do it; name a role",
                     "what is nobody's task is done by nobody")  # fmt: skip
    elif not _ACTION.search(text):
        yield Advice("recommendation", "names no action; say what the role does, and when",
                     "the next project has to be able to follow it")  # fmt: skip
    platitude = _PLATITUDES.search(text) or _PLATITUDES.search(str(content.get("lesson", "")))
    if platitude:
        yield Advice("recommendation", f"says “{platitude[0]}”, true anywhere; say what to do differently",
                     "nobody acts on what everybody knows")  # fmt: skip
    if len(_SEVERAL.findall(text)) > 4:
        yield Advice("recommendation", "lists many things; keep what belongs to this one issue",
                     "one issue in each record is found, adopted and measured by itself")  # fmt: skip


def _names(content: Mapping[str, Any], names: Collection[str]) -> Iterator[Advice]:
    for field in TEXTS:
        text = str(content.get(field, ""))
        found = _HONORIFIC.search(text) or _FULL_NAME.search(text)
        named = found[0] if found else next((name for name in names if _stands_in(name, text)), "")
        if named:
            yield Advice(field, f"names a person, {named}; write the role instead",
                         "people tell what went wrong only where nobody is blamed")  # fmt: skip
            return


def _stands_in(name: str, text: str) -> bool:
    return " " in name.strip() and re.search(rf"\b{re.escape(name.strip())}\b", text) is not None


def _scope(content: Mapping[str, Any]) -> Iterator[Advice]:
    applies = content.get("applicability") or {}
    is_said = content.get("lesson") or content.get("recommendation")  # there is nothing to apply before
    if is_said and not (applies.get("conditions") or applies.get("project_types")):
        yield Advice("applicability", "is open; say for which projects it holds, and for which not",
                     "a lesson that claims to hold everywhere is trusted nowhere")  # fmt: skip


def _acronyms(content: Mapping[str, Any], known: Collection[str]) -> Iterator[Advice]:
    text = "\n".join(str(content.get(field, "")) for field in TEXTS)
    spelled = KNOWN_ACRONYMS | set(known)
    for short in dict.fromkeys(_ACRONYM.findall(text)):
        if short in spelled or f"({short})" in text or f"{short} (" in text:
            continue
        field = next(each for each in TEXTS if short in str(content.get(each, "")))
        yield Advice(field, f"uses {short}; spell it out once", "readers elsewhere use other short forms")
