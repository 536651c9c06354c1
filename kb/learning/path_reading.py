"""Reading a path from the Markdown that `kb.learning.path_text` writes, as people have edited it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args

from kb.content import make_content
from kb.errors import InvalidRecord
from kb.formats import RECORD_BYTES, BadFile
from kb.formats.frontmatter import FrontMatter
from kb.formats.markdown import FENCE
from kb.learning.path_text import FRONT, HEADING, KIND, SECTIONS
from kb.steps import Completion
from kb.text import REF_PATTERN
from kb.validation import Problem, shorten, unknown_field

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kb.content import Content

FIELD = "file"
"""What problems name that are no single field's."""
_ITEM = re.compile(r"[-*+](?:[ \t]+(.*))?")
_STAGE = re.compile(r"###(?:[ \t]+(.*))?")
_NUMBER = r"(?:[0-9]{1,4}[.)]|[-*+])[ \t]+"
_STEP = re.compile(rf"{_NUMBER}(?:\[\[)?({REF_PATTERN})(?:\|[^\]]*)?(?:\]\])?(?![0-9]).*")
_LINK = re.compile(rf"{_NUMBER}\[((?:[^\[\]\\]|\\.)*)\][ \t]*\([ \t]*(?:<([^<>]*)>|(\S*))[ \t]*\)[ \t]*")
_BACKSLASHED = re.compile(r"\\([\[\]\\])")
_DETAIL = re.compile(r"[ \t]+[-*+][ \t]+([A-Za-z]+)[ \t]*(?::[ \t]*(.*))?")
_MORE = re.compile(r"[ \t]+(?![-*+][ \t])(\S.*)")
_ORDER = re.compile(r"in (this|any) order\.?", re.IGNORECASE)
_RULES = {each.lower(): each for each in get_args(Completion)}
_DETAILS = ("Revision", "Rule", "Minutes", "Optional", "Note")
Lines = list[tuple[int, str]]


@dataclass(frozen=True)
class Brought:
    """A path as a file says it."""

    content: Content
    ref: str = ""
    """The path that the file was made of; empty when it names none."""
    revision: int | None = None


@dataclass
class _Parts:
    """What was read so far, and where each field stands."""

    data: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, line: int, words: str) -> None:
        """Remembers what is wrong in a line."""
        self.problems.append(Problem(FIELD, f"line {line}: {words}"))


def read_path(data: bytes) -> Brought:
    """The path that a Markdown file says. Raises InvalidRecord that names the line of each fault."""
    if len(data) > RECORD_BYTES:
        raise InvalidRecord([Problem(FIELD, f"is too large: at most {RECORD_BYTES / 1e6:g} MB fit")])
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        raise InvalidRecord([Problem(FIELD, "is no text in UTF-8; save it as UTF-8")]) from None
    if not text.strip():
        raise InvalidRecord([Problem(FIELD, "is empty; choose a file, or paste the Markdown of a path")])
    parts = _Parts()
    rest, first = _front(parts, text)
    _body(parts, list(enumerate(rest.split("\n"), first)))
    ref, revision = parts.data.pop("id", ""), parts.data.pop("revision", None)
    return Brought(_content(parts), ref, revision)


def _content(parts: _Parts) -> Content:
    found: Content | None = None
    try:
        found = make_content(KIND, parts.data)
    except InvalidRecord as error:
        parts.problems += [_located(each, parts.lines) for each in error.problems]
    if parts.problems or found is None:
        raise InvalidRecord(parts.problems)
    return found


def _located(problem: Problem, lines: dict[str, int]) -> Problem:
    """The problem with the line of its field, or of what holds that."""
    at = problem.field
    while at and at not in lines:
        at = at.rpartition(".")[0]
    where = f"line {lines[at]}: " if at else ""
    return Problem(FIELD, f"{where}{problem.field} {problem.message}")


def _front(parts: _Parts, text: str) -> tuple[str, int]:
    """Takes the front matter; the rest of the text, and the number of its first line."""
    lines = text.split("\n")
    if lines[0].rstrip() != FENCE:
        return text, 1
    end = next((at for at, line in enumerate(lines[1:], 1) if line.rstrip() == FENCE), None)
    if end is None:
        parts.wrong(1, "opens front matter that is never closed; add a line --- after it")
        return "", 1
    try:
        matter = FrontMatter("\n".join(lines[1:end]) + "\n", first_line=2)
    except BadFile as error:
        fault = error.fault
        parts.wrong(fault.line or 1, f"{fault.field} {fault.message}".strip())
        return "\n".join(lines[end + 1 :]), end + 2
    known = (*FRONT, "kind", "id", "revision")
    for name, value in matter.data.items():
        if name not in known:
            parts.wrong(matter.lines[name], f"{shorten(name)} {unknown_field(name, known)}")
        elif value is not None:
            parts.data[name], parts.lines[name] = value, matter.lines[name]
    parts.lines |= {name: line for name, line in matter.lines.items() if name.partition(".")[0] in FRONT}
    _check_identity(parts)
    return "\n".join(lines[end + 1 :]), end + 2


def _check_identity(parts: _Parts) -> None:
    kind, ref, revision = (parts.data.get(name) for name in ("kind", "id", "revision"))
    if parts.data.pop("kind", KIND) != KIND:
        parts.wrong(parts.lines["kind"], f"kind must be path, not {shorten(kind)}")
    if ref is not None and not (isinstance(ref, str) and re.fullmatch(rf"P{REF_PATTERN[8:]}", ref)):
        parts.wrong(parts.lines["id"], f"id must be that of a path, such as P-0001, not {shorten(ref)}")
    if revision is not None and not (type(revision) is int and 0 < revision < 10**6):
        parts.wrong(parts.lines["revision"], f"revision must be a number, not {shorten(revision)}")


def _body(parts: _Parts, lines: Lines) -> None:
    """The title, the summary and the sections."""
    at = next((place for place, (_, line) in enumerate(lines) if line.strip()), None)
    title = re.fullmatch(r"#(?:[ \t]+(.*))?", lines[at][1]) if at is not None else None
    if at is None or title is None:
        number = lines[at][0] if at is not None else lines[-1][0]
        parts.wrong(number, "the text must begin with the title: # Title of the path")
        return
    parts.data["title"], parts.lines["title"] = title[1] or "", lines[at][0]
    heads = [place for place in range(at + 1, len(lines)) if _heading(lines[place][1])]
    _free(parts, "summary", lines[at + 1 : heads[0] if heads else len(lines)])
    seen: dict[str, int] = {}
    for head, end in zip(heads, (*heads[1:], len(lines)), strict=False):
        number, name = lines[head][0], _heading(lines[head][1])
        if name in seen:
            parts.wrong(number, f"{name} stands here again, first in line {seen[name]}; keep one")
            continue
        seen[name] = number
        _section(parts, name, lines[head + 1 : end])


def _heading(line: str) -> str:
    """The section that the line begins; empty for every other line."""
    found = HEADING.fullmatch(line)
    if not found or found[1]:
        return ""
    return next(name for name in SECTIONS if name.lower() == found[2].lower())


def _section(parts: _Parts, name: str, lines: Lines) -> None:
    match name:
        case "Goal":
            _free(parts, "goal", lines)
        case "Text":
            _free(parts, "body", lines)
        case "Competencies":
            parts.data["competencies"] = [text for _, text in _items(parts, "competencies", lines)]
        case "Prerequisites":
            found = []
            for number, text in _items(parts, "prerequisites", lines):
                ref = _STEP.fullmatch(f"- {text}")
                if ref is None:
                    parts.wrong(number, "a prerequisite is an id, such as - [[P-0002]]")
                else:
                    found.append(ref[1])
            parts.data["prerequisites"] = found
        case _:
            _stages(parts, _without_comments(lines))


def _free(parts: _Parts, name: str, lines: Lines) -> None:
    """A text as it stands, without the backslashes that were put before lines like headings."""
    texts = [line[1:] if (head := HEADING.fullmatch(line)) and head[1] else line for _, line in lines]
    text = "\n".join(texts).strip("\n")
    if text:
        parts.data[name], parts.lines[name] = text, lines[0][0]


def _items(parts: _Parts, name: str, lines: Lines) -> Lines:
    """The items of a list; an indented line goes on with the one above."""
    found: Lines = []
    for number, line in lines:
        item, more = _ITEM.fullmatch(line), _MORE.fullmatch(line)
        if item:
            found.append((number, item[1] or ""))
            parts.lines[f"{name}.{len(found)}"] = number
        elif more and found:
            found[-1] = (found[-1][0], f"{found[-1][1]} {more[1]}")
        elif line.strip():
            parts.wrong(number, f"{name} are a list: begin the line with a hyphen and a space")
    return found


def _without_comments(lines: Lines) -> Lines:
    """The lines without those from one that begins with <!-- to one that holds -->."""
    kept: Lines = []
    is_comment = False
    for number, line in lines:
        is_comment = is_comment or line.startswith("<!--")
        if not is_comment:
            kept.append((number, line))
        elif "-->" in line:
            is_comment = False
    return kept


def _stages(parts: _Parts, lines: Lines) -> None:
    stages: list[dict[str, Any]] = []
    for number, line in lines:
        head, step = _STAGE.fullmatch(line), _step(line)
        order = _ORDER.fullmatch(line.strip())
        if head:
            stages.append({"title": head[1] or "", "steps": []})
            parts.lines[f"stages.{len(stages)}"] = number
        elif not line.strip():
            continue
        elif not stages:
            parts.wrong(number, "a stage comes first: ### Title of the stage")
        elif step:
            stages[-1]["steps"].append(step)
            parts.lines[f"stages.{len(stages)}.steps.{len(stages[-1]['steps'])}"] = number
        elif order and not stages[-1]["steps"]:
            stages[-1]["ordered"] = order[1].lower() == "this"
        elif stages[-1]["steps"] and line[:1] in " \t":
            _detail(parts, number, line, stages[-1]["steps"][-1])
        else:
            words = "is no step; one begins with its id, 1. [[L-0042]], or is a link, 1. [Title](https://...)"
            parts.wrong(number, f"{shorten(line)} {words}")
    parts.data["stages"] = stages


def _step(line: str) -> dict[str, Any] | None:
    """The step that a line begins."""
    if entry := _STEP.fullmatch(line):
        return {"entry": entry[1]}
    if link := _LINK.fullmatch(line):
        return {"link": link[2] or link[3] or "", "title": _BACKSLASHED.sub(r"\1", link[1])}
    return None


def _detail(parts: _Parts, number: int, line: str, step: dict[str, Any]) -> None:
    """A line under a step."""
    said, more = _DETAIL.fullmatch(line), _MORE.fullmatch(line)
    if said is None:
        if more and "note" in step:
            step["note"] = f"{step['note']} {more[1]}"
        else:
            parts.wrong(number, f"a line under a step says one of {_listed(_DETAILS)}")
        return
    name, value = said[1].capitalize(), (said[2] or "").strip()
    match name:
        case "Revision" | "Minutes" if value.isascii() and value.isdecimal() and len(value) < 10:
            step[name.lower()] = int(value)
        case "Revision" | "Minutes":
            parts.wrong(number, f"{name} must be a whole number, not {shorten(value)}")
        case "Rule" if value.lower() in _RULES:
            step["completion"] = _RULES[value.lower()]
        case "Rule":
            parts.wrong(number, f"Rule must be one of {_listed(_RULES.values())}, not {shorten(value)}")
        case "Optional":
            step["required"] = False
        case "Note":
            step["note"] = said[2] or ""
        case _:
            parts.wrong(number, f"{said[1][:40]} {unknown_field(name, _DETAILS)}")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
