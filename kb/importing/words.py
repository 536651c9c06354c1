"""What documents call the fields of a lesson and of a review: the words of NASA, NATO, PRINCE2 and PMI."""

from __future__ import annotations

import re
import unicodedata

LESSON = {
    "title": "title; subject; topic; lesson title; headline; name of lesson; short description",
    "summary": "abstract; in brief; in short",
    "context": "context; background; situation; circumstances; setting; discussion; description; details",
    "expected": (
        "expected; what was expected; expectation; what was planned; planned; what was supposed to happen"
    ),
    "happened": (
        "observation; observations; what happened; happened; event; driving event; incident; issue; "
        "problem; description of driving event; description of event; event description; what actually "
        "happened; finding; findings; experience; issue description; problem description; success or "
        "failure"
    ),
    "lesson": (
        "lesson; lesson learned; lesson learnt; lessons learned; lessons learnt; lesson identified; "
        "insight; what we learned; what we learnt; learning; conclusion; conclusions; key learning; "
        "takeaway"
    ),
    "recommendation": (
        "recommendation; recommendations; recommended action; recommended actions; suggestion; advice; "
        "what to do; next time; what to do differently; what would we do differently; corrective action; "
        "preventive action; proposed action; improvement; future action; remedial action"
    ),
    "causes": "cause; causes; root cause; root causes; reason; reasons; why; why it happened",
    "impact": "impact; effect; effects; consequence; consequences; result; outcome; impact on project",
    "warning_signs": (
        "early warning; early warning signs; early warnings; warning signs; early warning indicators; "
        "indicators; triggers"
    ),
    "conditions": "applicability; applies to; applicable to; where it applies; conditions",
    "evidence": "evidence; source; sources; proof",
    "references": "reference; references; related documents; documents",
    "type": "type; lesson type; kind; nature; positive or negative; positive negative; success failure",
    "priority": "priority; severity; importance; criticality",
    "tags": (
        "tags; keywords; key words; labels; category; categories; area; theme; subject area; knowledge area"
    ),
    "phases": "phase; project phase; phases; stage; project stage; lifecycle phase",
    "sector": "sector; industry; domain; business area",
    "region": "region; country; location",
    "occurred_on": (
        "date; date raised; date occurred; event date; date of event; occurred on; lesson date; date logged"
    ),
    "unit": "unit; department; organisation; organization; center; centre; team",
    "programme": "programme; program; portfolio; program relation",
}
"""Field of a lesson -> what it is called, the first being the plainest."""

REVIEW = {
    "summary": ("summary; executive summary; management summary; abstract; overview; in brief; key messages"),
    "went_well": (
        "what went well; went well; successes; success; what worked; what worked well; strengths; "
        "positives; achievements; good practices; keep; glad; liked; highlights; what did we do well"
    ),
    "went_badly": (
        "what went badly; went badly; what did not go well; what didnt go well; what went wrong; problems; "
        "challenges; weaknesses; negatives; difficulties; what did not work; what could be improved; what "
        "could have gone better; areas for improvement; issues; sad; mad; lacked; drop"
    ),
    "estimate_accuracy": "estimate accuracy; estimating; estimates; accuracy of estimates; estimation",
}

LESSONS = (
    "lessons; lessons learned; lessons learnt; lessons identified; key lessons; lesson learned; main "
    "lessons; lessons and recommendations; observations and recommendations; lessons learned log; lessons "
    "log; lessons learned register; lessons from the project; findings and recommendations"
)
"""Headings under which each lesson has a heading, a row or an item of its own."""

LEFT_OUT = (
    "contents; table of contents; distribution; distribution list; document control; document history; "
    "revision; revision history; version history; version control; approval; approvals; sign off; list of "
    "figures; glossary; list of tables; index; document information; copyright; disclaimer; thank you; "
    "questions; agenda"
)
"""Headings of what says nothing about a project."""

IDENTITY = "id; no; nr; number; ref; reference no; lesson id; lesson no; row; item; status; state"
PEOPLE = (
    "owner; author; raised by; submitted by; reported by; logged by; originator; name; contact; person; "
    "assigned to; responsible; submitter; email; e mail"
)
"""Columns that name people: lessons name none."""

_NUMBERING = re.compile(r"^(?:\(?[0-9]+(?:\.[0-9]+)*[.):]?|[ivx]+[.)]|[a-z][.)])\s+")
_APART = re.compile(r"[^\w]+|_+")
BEGINS_LESSON = re.compile(
    r"(?:lessons?|ll|finding|observation)(?: learn(?:ed|t))? ?(?:no |nr |id )?[0-9]+\b"
)
"""How a heading begins that is one lesson's: `Lesson 3: permits`."""


_LESSON_NUMBER = re.compile(
    r"(?:lessons?|LL|finding|observation)(?: learn(?:ed|t))?\s*[#-]?\s*[0-9]+\s*[:.)–—-]*\s*", re.IGNORECASE
)


def lesson_title(heading: str) -> str:
    """A heading that begins a lesson, without its number; whole where nothing else is there."""
    return _LESSON_NUMBER.sub("", _NUMBERING.sub("", heading), count=1).strip() or heading


def plain(heading: str) -> str:
    """A heading in lower case, without numbers before it, marks and plurals in brackets."""
    text = unicodedata.normalize("NFKC", heading).casefold().strip()
    text = _NUMBERING.sub("", text).replace("(s)", "s").replace("'", "").replace("’", "")
    return " ".join(_APART.sub(" ", text).split())


def _known(words: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, names in words.items():
        for each in names.split("; "):
            found.setdefault(each, name)
    return found


_LESSON, _REVIEW = _known(LESSON), _known(REVIEW)
_LESSONS, _LEFT_OUT = frozenset(LESSONS.split("; ")), frozenset(LEFT_OUT.split("; "))
_IDENTITY, _PEOPLE = frozenset(IDENTITY.split("; ")), frozenset(PEOPLE.split("; "))


def lesson_field(heading: str) -> str | None:
    """The field of a lesson that a heading or column names."""
    return _found(plain(heading), _LESSON)


def review_field(heading: str) -> str | None:
    """The field of a review that a heading names."""
    return _found(plain(heading), _REVIEW)


def _found(text: str, known: dict[str, str]) -> str | None:
    """By the whole heading, or by its one half: `Observation / event`, `Lesson (what we learned)`."""
    if text in known:
        return known[text]
    words = text.split()
    starts = (" ".join(words[:size]) for size in range(min(len(words), 5), 1, -1))
    return next((known[start] for start in starts if start in known), None)


def holds_lessons(heading: str) -> bool:
    """Whether lessons stand below such a heading."""
    text = plain(heading)
    return text in _LESSONS or text.startswith(("lessons learned", "lessons learnt", "lessons identified"))


def is_left_out(heading: str) -> bool:
    """Whether what stands below such a heading is no part of a record."""
    return plain(heading) in _LEFT_OUT


def is_identity(heading: str) -> bool:
    """Whether a column numbers rows, or says how far they are dealt with."""
    return plain(heading) in _IDENTITY


def names_people(heading: str) -> bool:
    """Whether a column names people."""
    return plain(heading) in _PEOPLE
