"""What a page consists of, and what of it neither our templates nor the sanitising policy would make."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from kb.html import ATTRIBUTES, TAGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Element = tuple[str, dict[str, str]]
"""Tag and attributes."""

ACTIVE = {
    "script", "iframe", "object", "embed", "svg", "math", "style", "form", "base", "meta", "link", "frame",
    "frameset", "applet", "portal", "noscript", "template", "plaintext", "xmp", "noembed", "noframes",
}  # fmt: skip
"""None of these may come from a text; of our own each attribute is known."""
ADDRESSES = {
    "href", "src", "action", "formaction", "xlink:href", "data", "poster", "cite", "background", "manifest",
    "longdesc", "codebase", "classid", "archive", "ping", "srcset", "srcdoc",
}  # fmt: skip
HARMLESS_ADDRESS = re.compile(r"(?:https?://|mailto:)[^\s\\].*|/(?![/\\])[^\t\n\r]*|#[^\s]*|", re.DOTALL)
ENDS_IN_A_TEXT = re.compile(r"(?:field-|list-|wrong-|help-)?(?:b:)?attr:")
"""Ids and names of a field for an attribute of projects: what comes before the text makes them ours."""
ALIGNED = {"td", "th"}

IN_BROWSER = """() => {
  const found = [];
  const walk = (root) => {
    for (const each of root.querySelectorAll('*')) {
      const pairs = [...each.attributes].map(({name, value}) => [name, value]);
      found.push([each.localName, Object.fromEntries(pairs)]);
      if (each.content instanceof DocumentFragment) walk(each.content);
      if (each.shadowRoot) walk(each.shadowRoot);
    }
  };
  walk(document);
  return {ran: window.__ran ?? null, blocked: window.__blocked ?? [], elements: found};
}"""
"""What the browser has made of the page."""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in reversed(attrs)}))


def elements_of(html: str) -> list[Element]:
    """Every element of a page as the server wrote it."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.elements


@dataclass
class Own:
    """What stands on the same pages when their texts are harmless."""

    shapes: set[tuple[str, frozenset[str]]] = field(default_factory=set)
    wholes: set[tuple[str, frozenset[tuple[str, str]]]] = field(default_factory=set)
    looks: set[tuple[str, str, str]] = field(default_factory=set)

    def learn(self, elements: Iterable[Element]) -> None:
        """Takes these as ours."""
        for tag, attributes in elements:
            self.shapes.add((tag, frozenset(attributes)))
            self.looks |= set(_looks(tag, attributes))
            if tag in ACTIVE:
                self.wholes.add(_whole(tag, attributes))

    def faults(self, elements: Iterable[Element]) -> Iterator[str]:
        """Everything that must have come from a text, and that no text may bring."""
        for tag, attributes in elements:
            told = f"<{tag} {attributes}>"
            if any(name.startswith("on") or name == "style" for name in attributes):
                yield f"acts by an attribute: {told}"
            if tag in ACTIVE and _whole(tag, attributes) not in self.wholes:
                yield f"is not ours: {told}"
            if (tag, frozenset(attributes)) not in self.shapes and not _is_allowed(tag, attributes):
                yield f"has attributes that neither we nor the policy give: {told}"
            if set(_looks(tag, attributes)) - self.looks:
                yield f"dresses up: {told}"
            for name in ADDRESSES & set(attributes):
                if not HARMLESS_ADDRESS.fullmatch(attributes[name]):
                    yield f"leads to {attributes[name]!r}: {told}"


TELLING = {
    "data-title", "data-status", "data-label", "data-value", "data-chart", "data-before",
}  # fmt: skip
"""Attributes that hold texts, for scripts that show them as words."""
SIGNED = re.compile(r"^(/unsubscribe\?link=)[\w.-]+")
"""The key that signs it is made by chance."""


def _looks(tag: str, attributes: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Classes, ids and the names that scripts look for; of a facet's box the id ends in its value.

    The field of an attribute that projects have is named after it.
    """
    for name in attributes:
        if name in {"class", "id", "name", "target", "form"} or name.startswith("data-"):
            value = attributes[name]
            if name in TELLING or (name == "id" and value.startswith("f-")):
                value = ""
            elif name in {"id", "name"} and (own := ENDS_IN_A_TEXT.match(value)):
                value = own[0]
            yield tag, name, re.sub(r"\d+", "0", value)


def _whole(tag: str, attributes: Mapping[str, str]) -> tuple[str, frozenset[tuple[str, str]]]:
    values = {name: SIGNED.sub(r"\1", value) for name, value in attributes.items()}
    values = {name: re.sub(r"\d+(?:[.,]\d+)*", "0", value) for name, value in values.items()}
    return tag, frozenset((values | ({"nonce": ""} if "nonce" in values else {})).items())


def _is_allowed(tag: str, attributes: Mapping[str, str]) -> bool:
    """Whether the sanitising policy lets such an element through."""
    given = ATTRIBUTES.get(tag, set()) | ({"rel"} if tag == "a" else set())
    return tag in TAGS.split() and set(attributes) <= given | ({"align"} if tag in ALIGNED else set())
