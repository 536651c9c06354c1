"""Where an entry's content holds the values of each dimension, and how they are replaced there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kb.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

Content = Mapping[str, Any]
Rewrite = Callable[[str], str]


@dataclass(frozen=True)
class Place:
    """A field that holds values: of these kinds, at this path."""

    path: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    """Empty: all."""
    code: str = ""
    """The name inside each item, where the values stand in items that say more."""

    def holds(self, kind: str) -> bool:
        """Whether entries of the kind have the field."""
        return not self.kinds or kind in self.kinds


@dataclass(frozen=True)
class Dimension:
    """One way of ordering entries."""

    name: str
    one: str
    many: str
    places: tuple[Place, ...]
    facet: str = ""
    """The field of a search that narrows by it; empty where none does."""
    is_fixed: bool = False
    """Whether its values are given by the record format, so that none can be renamed."""


DIMENSIONS = {
    each.name: each
    for each in (
        Dimension("tag", "tag", "tags", (Place(("tags",)),), "tag"),
        Dimension("sector", "sector", "sectors", (Place(("sector",)),), "sector"),
        Dimension("region", "region", "regions", (Place(("region",)),), "region"),
        Dimension("phase", "phase", "phases", (Place(("phases",)),), "phase"),
        Dimension(
            "project-type", "project type", "project types",
            (Place(("type",), ("project",)), Place(("applicability", "project_types"), ("lesson",))),
        ),
        Dimension(
            "competency", "competency", "competencies", (Place(("competencies",), ("training", "path")),)
        ),
        Dimension(
            "cause", "cause", "causes",
            (Place(("causes",), ("lesson",), "code"), Place(("variances",), ("review", "project"), "cause")),
            is_fixed=True,
        ),
    )
}  # fmt: skip


def dimension_of(name: str) -> Dimension:
    """The dimension of this name. Raises NotFound."""
    if name not in DIMENSIONS:
        raise NotFound(f"There is no list {name}; lists are {', '.join(DIMENSIONS)}.")
    return DIMENSIONS[name]


def values_in(dimension: Dimension, kind: str, content: Content) -> Iterator[str]:
    """The values that content of this kind holds, each once."""
    seen: dict[str, None] = {}
    for place in dimension.places:
        if place.holds(kind):
            seen.update(dict.fromkeys(held(place, _at(content, place.path))))
    yield from seen


def held(place: Place, value: Any) -> list[str]:
    """The values in what stands at a place."""
    if isinstance(value, str):
        return [value] if value else []
    items: Sequence[Any] = value or ()
    return [item[place.code] if place.code else item for item in items]


def rewritten(dimension: Dimension, kind: str, content: Content, rewrite: Rewrite) -> dict[str, Any]:
    """The content with each value replaced; two that become one stand there once."""
    changed = dict(content)
    for place in dimension.places:
        value = _at(content, place.path)
        if place.holds(kind) and value and not place.code:
            new = rewrite(value) if isinstance(value, str) else list(dict.fromkeys(map(rewrite, value)))
            _put(changed, place.path, new)
    return changed


def _at(content: Content, path: tuple[str, ...]) -> Any:
    value: Any = content
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _put(content: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    *outer, last = path
    for name in outer:
        content[name] = dict(content[name])
        content = content[name]
    content[last] = value
