"""Edits by people who are not shown all of a text: what was withheld from them stays, and is not guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kb.content import make_content, to_json
from kb.errors import InvalidRecord
from kb.kinds import PREFIXES
from kb.masking import redacted, withheld
from kb.validation import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from kb.content import Content
    from kb.model import Revision
    from kb.reading import Reader

_LESSON, _PROJECT, _REVIEW = (PREFIXES[kind] for kind in ("lesson", "project", "review"))
_OF_LESSON = "the project of this lesson is withheld from you: only a curator can change what says it"
_OF_OTHERS = "{} keeps to itself which project it comes from: only a curator can name it here"


def unredacted(session: Session, reader: Reader, standing: Revision, content: Content) -> Content:
    """The content with the stated links that the reader was not shown: an edit must not drop them.

    Raises InvalidRecord where it adds one that may be withheld: whether it stood there would show.
    """
    ref, kind = standing.entry.ref, standing.entry.kind
    secret = withheld(session, [ref], reader).get(ref, frozenset())
    said, before = to_json(content), standing.content
    added = [each for each in _stated(said) if each not in _stated(redacted(before, secret))]
    _check(session, reader, kind, added, is_masked=bool(secret))
    if not secret:
        return content
    if before.get("source") in secret:
        said.setdefault("source", before["source"])
    links = [link for link in before.get("links", []) if link["to"] in secret]
    lessons = [each for each in before.get("lessons", []) if each in secret]
    for name, hidden in (("links", links), ("lessons", lessons)):
        if hidden:
            said[name] = [*said.get(name, []), *hidden]
    return make_content(kind, said)


def _check(
    session: Session, reader: Reader, kind: str, added: list[tuple[str, str]], *, is_masked: bool
) -> None:
    """Raises InvalidRecord naming each added link between a masked lesson and a project or a review."""
    problems = []
    if kind == "lesson" and is_masked:
        found = [name for name, ref in added if ref.startswith((_PROJECT, _REVIEW))]
        problems = [Problem(name, _OF_LESSON) for name in dict.fromkeys(found)]
    elif kind in {"project", "review"}:
        masked = withheld(session, (ref for _, ref in added if ref.startswith(_LESSON)), reader)
        problems = [Problem(name, _OF_OTHERS.format(ref)) for name, ref in added if ref in masked]
    if problems:
        raise InvalidRecord(problems)


def _stated(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(field, id) of what the content is linked with, outside its texts."""
    found = [("source", content["source"])] if content.get("source") else []
    found += [("lessons", ref) for ref in content.get("lessons") or []]
    return [*found, *(("links", link["to"]) for link in content.get("links") or [])]
