r"""NASA's Lessons Learned Information System: its public export, one JSON object a line.

- `driving_event` becomes `happened`, `abstract` `summary`, `centre` `unit`, `project_program`
  `programme`, `date_occurred` `occurred_on`; `lesson`, `recommendation` and `evidence` keep their names.
- `date_published` is the moment of writing and of publication; author and reviewer are the system.
- `topics` and the mission directorates become tags: both are lists that people browse. The sector of
  all of them is aerospace.
- `phase`, such as "Formulation » Phase A", becomes two phases; "Not Specified" and "Not Applicable" none.
- The address, `related_refs` and `related_policy` become the list `references`.
- Identity is `llis:<id>`. A record without a title gets the first sentence of its lesson.
- The texts are plain: what Markdown would misread in them is escaped, and nothing else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from kb.errors import InvalidRecord
from kb.formats import Fault, LoadOptions, RawRecord
from kb.formats.jsonl import objects
from kb.strict import Strict
from kb.text import MAX_LINE
from kb.validation import validate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AUTHOR = "NASA LLIS"
SECTOR = "aerospace"
NAMES = {
    "happened": "driving_event",
    "summary": "abstract",
    "unit": "centre",
    "programme": "project_program",
    "occurred_on": "date_occurred",
    "created_at": "date_published",
    "decided_at": "date_published",
    "tags": "topics",
    "phases": "phase",
    "key": "id",
}
_NO_PHASE = {"", "Not Specified", "Not Applicable"}
_TITLE_CHARACTERS = 120
_NO_TITLE = "has no title; the first sentence of its lesson stands for it"
_ESCAPED = re.compile(
    r"\\(?=[\\`*_{}\[\]()>#+\-.!])|`"  # what a backslash escapes, and code
    r"|\*(?=\S)|(?<=\S)\*|(?<![^\W_])_|_(?![^\W_])"  # emphasis
    r"|\](?=\()|\[(?=\[)"  # links, also to entries
)


class Lesson(Strict):
    """A record of the system's export."""

    id: Annotated[str, Field(pattern=r"^[0-9]{1,9}$")]
    title: str = ""
    abstract: str = ""
    driving_event: str = ""
    lesson: str = ""
    recommendation: str = ""
    evidence: str = ""
    project_program: str = ""
    related_policy: str = ""
    mission_directorate: str = ""
    phase: str = ""
    related_refs: str = ""
    topics: list[str] = []
    centre: str = ""
    date_occurred: str = ""
    date_published: str = ""
    url: str = ""


def read(path: Path, options: LoadOptions, base: str) -> Iterator[RawRecord | Fault]:  # noqa: ARG001
    """A lesson for each line that is not blank; identity comes from the system's own ids."""
    for line, position, found in objects(path, options):
        if isinstance(found, Fault):
            yield found
            continue
        try:
            lesson = validate(Lesson, found)
        except InvalidRecord as error:
            yield from (Fault(line, problem.field, problem.message) for problem in error.problems)
            continue
        notices = () if lesson.title.strip() else (_NO_TITLE,)
        yield RawRecord(_record(lesson), line, "", position, names=NAMES, notices=notices)


def _record(lesson: Lesson) -> dict[str, Any]:
    data = {
        "kind": "lesson",
        "key": f"llis:{lesson.id}",
        "title": " ".join((lesson.title.strip() or _first_sentence(lesson)).split()),
        "summary": markdown(lesson.abstract),
        "happened": markdown(lesson.driving_event),
        "lesson": markdown(lesson.lesson),
        "recommendation": markdown(lesson.recommendation),
        "evidence": markdown(lesson.evidence),
        "references": _references(lesson),
        "tags": _tags(lesson),
        "phases": [phase for phase in re.split(r"\s*»\s*", lesson.phase.strip()) if phase not in _NO_PHASE],
        "sector": SECTOR,
        "unit": lesson.centre,
        "programme": lesson.project_program,
        "author": AUTHOR,
        "reviewer": AUTHOR,
    }
    if lesson.date_occurred.strip():
        data["occurred_on"] = lesson.date_occurred.strip()
    if lesson.date_published.strip():
        data["created_at"] = data["decided_at"] = f"{lesson.date_published.strip()}T00:00:00+00:00"
    return data


def _first_sentence(lesson: Lesson) -> str:
    text = " ".join((lesson.lesson or lesson.driving_event or lesson.recommendation).split())
    sentence = re.split(r"(?<=[.!?])\s", text, maxsplit=1)[0].rstrip(".")
    if len(sentence) <= _TITLE_CHARACTERS:
        return sentence
    return sentence[:_TITLE_CHARACTERS].rpartition(" ")[0][: MAX_LINE - 1] + "…"


def _tags(lesson: Lesson) -> list[str]:
    """Topics without the heading "Categories"; the export cut one topic at its commas."""
    topics = "\n".join(lesson.topics).replace("Parts\nMaterials\n& Processes", "Parts, materials & processes")
    directorates = lesson.mission_directorate.split(",")
    found = [topic.strip() for topic in [*topics.split("\n"), *directorates]]
    return [topic for topic in found if topic and topic != "Categories"]


def _references(lesson: Lesson) -> str:
    lines = [f"[NASA LLIS, lesson {lesson.id}]({lesson.url.strip()})"] if lesson.url.strip() else []
    texts = f"{lesson.related_refs}\n{lesson.related_policy}"
    lines += [markdown(line) for line in texts.split("\n")]
    return "\n".join(f"- {line}" for line in lines if line)


def markdown(text: str) -> str:
    r"""Plain text as Markdown that shows it unchanged.

    Escaped are backticks, backslashes before punctuation, stars and underscores that could open or
    close emphasis, brackets that could make a link, tags and entities, and at the start of a line
    what would make a heading, a quotation or the target of links. Lists stay lists.
    """
    text = _ESCAPED.sub(r"\\\g<0>", text.strip())
    text = re.sub(r"&(?=#?\w+;)", "&amp;", text)
    text = re.sub(r"<(?=[A-Za-z/!?])", "&lt;", text)
    return re.sub(r"(?m)^( {0,3})(#|>|\[(?=[^\]\n]*\]:))", r"\1\\\2", text)
