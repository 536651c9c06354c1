"""What a revision holds: the common parts and the fields of its kind, flat and typed."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast, get_args

from pydantic import AfterValidator, Field, create_model

from kb.kinds import KINDS, Fields, Lesson, Path, Project, Review, Template, Training
from kb.markup import WIKI_LINK
from kb.strict import Strict
from kb.text import Ref, Tag, Title, Words
from kb.validation import validate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Relation = Literal["related", "supersedes", "recurrence of", "embedded in", "source", "evidence"]
RELATIONS: tuple[str, ...] = get_args(Relation)
MAX_TAG = 80
_WIKI_LINK = re.compile(WIKI_LINK)


class Link(Strict):
    """A typed link to another entry, which need not exist yet."""

    to: Ref
    relation: Relation = "related"


def _distinct(values: list[str]) -> list[str]:
    """Each tag once. Lower case may be longer than what was given, and composed differently."""
    tags = [unicodedata.normalize("NFC", value) for value in values]
    if any(len(tag) > MAX_TAG for tag in tags):
        raise ValueError(f"holds a tag of more than {MAX_TAG} characters")
    return list(dict.fromkeys(tags))


class Content(Fields):
    """What every kind holds; see `kb.kinds` for the fields of each."""

    title: Title
    summary: Annotated[Words, Field(max_length=10_000)] = ""
    body: Words = ""
    tags: Annotated[list[Tag], AfterValidator(_distinct), Field(max_length=100)] = []
    links: Annotated[list[Link], Field(max_length=500)] = []


CONTENT: dict[str, type[Content]] = {
    kind: create_model(
        f"{fields.__name__}Content",
        __base__=cast("tuple[type[Content], ...]", (Content, fields)),
        __doc__=fields.__doc__,
    )
    for kind, fields in KINDS.items()
}
"""The content model of each kind: `Content` and the kind's own fields, in one flat record."""


def make_content(kind: str, data: Mapping[str, Any]) -> Content:
    """`data` as the content of an entry of `kind`. Raises InvalidRecord naming each field."""
    return validate(CONTENT[kind], data)


def to_json(content: Content) -> dict[str, Any]:
    """The content as JSON values, without what is empty or at its default."""
    return content.model_dump(mode="json", exclude_defaults=True)


def digest(content: Content) -> str:
    """SHA-256 of the canonical JSON: equal content, equal digest."""
    canonical = json.dumps(to_json(content), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def references(content: Content) -> list[Link]:
    """Every link the content makes: stated ones, typed fields, and `[[L-0042]]` in its texts."""
    found = [*content.links, *(Link(to=ref) for ref in _wiki_refs(content)), *_field_links(content)]
    return list({(link.to, link.relation): link for link in found}.values())


def _wiki_refs(content: Content) -> Iterator[str]:
    for value in content:
        if isinstance(value[1], str):
            yield from (match[1] for match in _WIKI_LINK.finditer(value[1]))


def _field_links(content: Content) -> Iterator[Link]:
    match content:
        case Lesson(source=str(source)):
            yield Link(to=source, relation="source")
        case Review():
            yield from (Link(to=ref) for ref in [content.project, *content.lessons] if ref)
        case Template():
            yield from (Link(to=clause.because, relation="evidence") for clause in content.provenance)
        case Training():
            yield from (Link(to=ref, relation="evidence") for ref in content.source_lessons)
        case Path():
            yield from (Link(to=step.entry) for step in content.entry_steps)
            yield from (Link(to=ref) for ref in content.prerequisites)
        case Project() | _:
            return
