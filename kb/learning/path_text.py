"""A path as one Markdown file that people read and edit; `kb.learning.path_reading` reads it again.

Front matter holds what is a word or a number; the rest stands as people would write it: the title as a
heading, the summary under it, then Goal, Competencies, Prerequisites, Stages and Text. A line of a free
text that looks like one of those headings gets a backslash before it, which reading takes away; so do
brackets and backslashes in the title of a link.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from kb.content import to_json
from kb.formats.frontmatter import dump
from kb.formats.markdown import FENCE
from kb.steps import EntryStep

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kb.content import Content
    from kb.kinds import Stage
    from kb.steps import LinkStep, Step

KIND = "path"
SECTIONS = ("Goal", "Competencies", "Prerequisites", "Stages", "Text")
HEADING = re.compile(rf"(\\*)##[ \t]+({'|'.join(SECTIONS)})[ \t]*", re.IGNORECASE)
"""A line that begins a section; with backslashes before it, a line of a text that looks like one."""
FRONT = (
    "audience", "validity_months", "sector", "region", "phases", "methods", "tags", "links",
)  # fmt: skip
"""Fields that stand in the front matter."""
_SPECIAL = re.compile(r"[\[\]\\]")
"""What needs a backslash in the title of a link."""
ORDERED, FREE = "In this order.", "In any order."
HINT = (
    "<!-- A step is a number and an id: 1. [[L-0001]], or a link: 1. [Its title](https://www.example.org/). "
    "What follows an id is for people only. Lines under it may say: Revision (not of links), Rule "
    "(Completed, Passed, CompletedAndPassed, CompletedOrPassed, NotApplicable; of links only the first and "
    "the last), Minutes, Optional, Note. -->"
)


def path_text(content: Content, titles: Mapping[str, str], ref: str = "", revision: int | None = None) -> str:
    """The file. `titles` are those of entries that its reader may see; `ref` and `revision` say of what."""
    data = to_json(content)
    front: dict[str, Any] = {"kind": KIND}
    if ref:
        front |= {"id": ref, "revision": revision}
    front |= {name: data[name] for name in FRONT if name in data}
    parts = [f"{FENCE}\n{dump(front)}{FENCE}", f"# {content.title}".rstrip(), _kept(content.summary)]
    for name, text in zip(SECTIONS, _sections(content, titles), strict=True):
        if text:
            parts.append(f"## {name}\n\n{text}")
    return "\n\n".join(part for part in parts if part) + "\n"


def _sections(content: Any, titles: Mapping[str, str]) -> Iterator[str]:
    yield _kept(content.goal)
    yield "\n".join(f"- {each}".rstrip() for each in content.competencies)
    yield "\n".join(f"- {_named(ref, titles)}" for ref in content.prerequisites)
    stages = "\n\n".join(_stage(each, titles) for each in content.stages)
    yield f"{HINT}\n\n{stages}" if stages else ""
    yield _kept(content.body)


def _stage(stage: Stage, titles: Mapping[str, str]) -> str:
    steps = "\n".join(
        line for number, step in enumerate(stage.steps, 1) for line in _step(number, step, titles)
    )
    parts = [f"### {stage.title}".rstrip(), ORDERED if stage.ordered else FREE, steps]
    return "\n\n".join(part for part in parts if part)


def _step(number: int, step: Step, titles: Mapping[str, str]) -> Iterator[str]:
    if isinstance(step, EntryStep):
        yield f"{number}. {_named(step.entry, titles)}"
        if step.revision is not None:
            yield f"   - Revision: {step.revision}"
    else:
        yield f"{number}. {_link(step)}"
    if step.completion != "Completed":
        yield f"   - Rule: {step.completion}"
    if step.minutes is not None:
        yield f"   - Minutes: {step.minutes}"
    if not step.required:
        yield "   - Optional"
    if step.note:
        yield f"   - Note: {step.note}"


def _named(ref: str, titles: Mapping[str, str]) -> str:
    return f"[[{ref}]] {titles.get(ref, '')}".rstrip()


def _link(step: LinkStep) -> str:
    """As Markdown writes links; the address in angle brackets where it has parentheses of its own."""
    address = f"<{step.link}>" if "(" in step.link or ")" in step.link else step.link
    title = _SPECIAL.sub(r"\\\g<0>", step.title)
    return f"[{title}]({address})"


def _kept(text: str) -> str:
    """A free text in which no line is taken for a heading of ours."""
    lines = text.split("\n")
    return "\n".join(f"\\{line}" if HEADING.fullmatch(line) else line for line in lines)
