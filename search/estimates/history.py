"""Finished projects as a table, and a planned project as one row of it. Anything may be missing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from kb.errors import KbError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    Embed = Callable[[Sequence[str]], NDArray[np.float32]]
    """Texts to unit vectors, one a text, such as `Embedder.embed_passages`."""

MIN_PROJECTS = 20
"""Below this the tenth percentile rests on less than two projects."""


class BadHistory(KbError):
    """A history that no honest estimate can be made from."""


@dataclass(frozen=True)
class Profile:
    """What is known of a project that is planned. A name that is absent is not known."""

    numbers: Mapping[str, float] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    vector: NDArray[np.float32] | None = None
    """Of `text`, where it is known already."""


@dataclass(frozen=True)
class History:
    """n finished projects. Raises BadHistory when lengths differ, ids repeat or a truth is not positive."""

    target: str
    """What is estimated, such as the cost."""
    unit: str
    """Unit of the target, such as EUR; empty where not known."""
    ids: tuple[str, ...]
    truth: NDArray[np.float64]
    """What it really took, (n,), all above 0."""
    numbers: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    """Attribute -> (n,); NaN is not known."""
    categories: Mapping[str, NDArray[np.str_]] = field(default_factory=dict)
    """Attribute -> (n,); empty is not known."""
    texts: tuple[str, ...] = ()
    """Description of each project, or none at all; empty is not known."""
    names: tuple[str, ...] = ()
    """What a person calls each project; the ids where not given."""
    order: NDArray[np.float64] | None = None
    """(n,) moments at which the projects were finished, for the time protocol; NaN is not known."""
    vectors: NDArray[np.float32] | None = None
    """(n, dimension) of the texts; zeros where there is none."""

    def __post_init__(self) -> None:
        n = len(self.truth)
        rows: dict[str, int] = {name: len(values) for name, values in self.numbers.items()}
        rows |= {name: len(values) for name, values in self.categories.items()}
        rows |= {"ids": len(self.ids), "names": len(self.names) or n, "texts": len(self.texts) or n}
        rows |= {"order": n if self.order is None else len(self.order)}
        wrong = [f"{name} has {count}" for name, count in rows.items() if count != n]
        if wrong:
            raise BadHistory(f"There are {n} projects, but {', '.join(wrong)}.")
        repeated = [name for name, count in Counter(self.ids).items() if count > 1]
        if repeated:
            raise BadHistory(f"Two projects have the id {repeated[0]}; every project needs its own.")
        bad = [self.ids[row] for row in np.flatnonzero(~(np.isfinite(self.truth) & (self.truth > 0)))]
        if bad:
            named = ", ".join(bad[:3])
            raise BadHistory(f"{self.target} must be above 0; it is not for {named}. Leave these out.")

    def __len__(self) -> int:
        return len(self.truth)

    def name(self, row: int) -> str:
        """What a person calls the project."""
        return self.names[row] if self.names else self.ids[row]

    def subset(self, rows: NDArray[np.intp]) -> History:
        """These projects alone, in this order."""
        return replace(
            self,
            ids=tuple(self.ids[row] for row in rows),
            truth=self.truth[rows],
            numbers={name: values[rows] for name, values in self.numbers.items()},
            categories={name: values[rows] for name, values in self.categories.items()},
            texts=tuple(self.texts[row] for row in rows) if self.texts else (),
            names=tuple(self.names[row] for row in rows) if self.names else (),
            order=None if self.order is None else self.order[rows],
            vectors=None if self.vectors is None else self.vectors[rows],
        )

    def profile(self, row: int) -> Profile:
        """The project as if it were still planned: without its truth."""
        return Profile(
            {name: float(values[row]) for name, values in self.numbers.items() if not np.isnan(values[row])},
            {name: str(values[row]) for name, values in self.categories.items() if values[row]},
            self.texts[row] if self.texts else "",
            None if self.vectors is None else self.vectors[row],
        )

    def embedded(self, embed: Embed) -> History:
        """The history with the vectors of its texts; a text that occurs twice is embedded once."""
        if not any(self.texts) or self.vectors is not None:
            return self
        distinct = [text for text in dict.fromkeys(self.texts) if text]
        known = dict(zip(distinct, embed(distinct), strict=True))
        nothing = np.zeros_like(known[distinct[0]])
        return replace(self, vectors=np.array([known.get(text, nothing) for text in self.texts]))


def remembering(embed: Embed) -> Embed:
    """`embed` with a memory: a text is embedded once in the life of the process."""
    kept: dict[str, NDArray[np.float32]] = {}

    def remembered(texts: Sequence[str]) -> NDArray[np.float32]:
        new = [text for text in dict.fromkeys(texts) if text not in kept]
        if new:
            kept.update(zip(new, embed(new), strict=True))
        return np.array([kept[text] for text in texts])

    return remembered
