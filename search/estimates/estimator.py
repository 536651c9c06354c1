"""Fit once to a history, then answer: a range with every precedent behind it, or a refusal that says why."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from search.estimates.blend import Blend
from search.estimates.comparables import Comparable, comparables, only_nearest
from search.estimates.farness import farness
from search.estimates.history import MIN_PROJECTS
from search.estimates.wording import figure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from search.estimates.history import Embed, History, Profile

_FAR = 3.0
"""A job this many times bigger than the biggest, or smaller than the smallest, has no precedent."""

_FAR_FROM_ALL = (
    "By what is known of it this project is further from all finished ones than any of them is from its "
    "nearest. There is no precedent for it."
)


@dataclass(frozen=True)
class Estimate:
    """The answer for one planned project. With a `refusal` there are no figures."""

    target: str
    unit: str
    n: int
    """Finished projects that it rests on."""
    refusal: str = ""
    """Why there is no estimate; empty where there is one."""
    p10: float | None = None
    p50: float | None = None
    p80: float | None = None
    p90: float | None = None
    parts: Mapping[str, float] = field(default_factory=dict)
    """Point estimates of the regression, the analogy and their blend."""
    comparables: tuple[Comparable, ...] = ()
    """The nearest first; with a refusal they are there without scale and weight, if any."""
    difficulty: float = 1.0
    """How wide the range is against that of a usual project (logarithms)."""
    warnings: tuple[str, ...] = ()
    """What limits the answer, in sentences."""


@dataclass(frozen=True)
class Estimator:
    """A history and the blend that was fitted to it; `refusal` says why there is none."""

    history: History
    blend: Blend | None
    refusal: str = ""
    embed: Embed | None = None

    def estimate(self, profile: Profile) -> Estimate:
        """The estimate for a planned project."""
        empty = Estimate(self.history.target, self.history.unit, len(self.history), self.refusal)
        profile = self._embedded(profile)
        if self.blend is None:
            return replace(empty, comparables=only_nearest(self.history, profile))
        planned = self.blend.read([profile])
        far = farness(self.blend.distance, planned.points, self.blend.projects.points)
        refusal = self._unlike(self.blend, profile)
        if not refusal and not far.has_precedent:
            refusal = _FAR_FROM_ALL
        if refusal:
            return replace(empty, refusal=refusal, comparables=only_nearest(self.history, profile))
        found = self.blend.predict(planned)
        p10, p50, p80, p90 = (float(value) for value in np.exp(self.blend.quantiles(found)[0]))
        parts = {"regression": found.regression, "analogy": found.analogy, "blend": found.point}
        return replace(
            empty,
            p10=p10, p50=p50, p80=p80, p90=p90,
            parts={name: float(np.exp(value[0])) for name, value in parts.items()},
            comparables=comparables(self.blend, self.history, planned, found),
            warnings=(*self._warnings(self.blend, profile), *far.warnings),
            difficulty=float(self.blend.difficulties(found)[0]),
        )  # fmt: skip

    def marks(self, profile: Profile) -> tuple[float, float] | None:
        """P50 and P80 alone, for a project that is known to have precedents; None where there is no fit."""
        if self.blend is None:
            return None
        found = self.blend.predict(self.blend.read([self._embedded(profile)]))
        _, p50, p80, _ = np.exp(self.blend.quantiles(found)[0]).tolist()
        return p50, p80

    def _embedded(self, profile: Profile) -> Profile:
        wanted = self.history.vectors is not None and profile.text and profile.vector is None
        return replace(profile, vector=self.embed([profile.text])[0]) if wanted and self.embed else profile

    def _unlike(self, blend: Blend, profile: Profile) -> str:
        """Why nothing can be said of this project, or nothing."""
        known = self._known(blend, profile)
        readable = self.history.vectors is not None and (profile.text or profile.vector is not None)
        if not known and not readable:
            wanted = ", ".join(blend.design.names[:6]) or "a description"
            return (
                f"Nothing is known of this project that tells finished ones apart. State some of: {wanted}."
            )
        size = blend.design.size
        stated = profile.numbers.get(size.name) if size else None
        if size is None or stated is None or not known:
            return ""
        values = self.history.numbers[size.name]
        least, most = float(np.nanmin(values[values > 0])), float(np.nanmax(values))
        if least / _FAR <= stated <= most * _FAR or (stated == 0 and (values == 0).any()):
            return ""
        return f"{_beside(size.name, stated, least, most)} There is no precedent for a job of this size."

    def _known(self, blend: Blend, profile: Profile) -> set[str]:
        return set(blend.design.names) & (
            {*profile.numbers} | {name for name, value in profile.categories.items() if value}
        )

    def _warnings(self, blend: Blend, profile: Profile) -> list[str]:
        found = []
        size = blend.design.size
        if size is not None:
            stated, values = profile.numbers.get(size.name), self.history.numbers[size.name]
            least, most = float(np.nanmin(values)), float(np.nanmax(values))
            if stated is None:
                found.append(f"{size.name}, which says most about {self.history.target}, is not known.")
            elif not least <= stated <= most:
                found.append(_beside(size.name, stated, least, most))
        for category in blend.design.categories:
            word = profile.categories.get(category.name, "")
            if word and not (self.history.categories[category.name] == word).any():
                found.append(f"No finished project has {category.name} = {word}.")
        if (
            profile.text
            and self.history.vectors is not None
            and not (profile.vector is not None or self.embed)
        ):
            found.append("The description was not read: there is no text encoder.")
        return found


def _beside(name: str, stated: float, least: float, most: float) -> str:
    said, low, high = (figure(float(f"{value:.6g}")) for value in (stated, least, most))
    return f"{name} is {said}; finished projects had {low} to {high}."


def fit(history: History, embed: Embed | None = None) -> Estimator:
    """Learns from finished projects. Too few of them make an estimator that refuses and says why.

    `embed` turns descriptions into vectors; without it they are not read.
    """
    if len(history) < MIN_PROJECTS:
        return Estimator(history, None, too_few(len(history)))
    if same := all_equal(history):
        return Estimator(history, None, same)
    if embed is not None:
        history = history.embedded(embed)
    return Estimator(history, Blend.fit(history), embed=embed)


def all_equal(history: History) -> str:
    """Why nothing can be learned where all projects took the same; empty where they did not."""
    if float(np.ptp(history.truth)):
        return ""
    return f"{history.target} is the same in all projects; nothing can be learned."


def too_few(count: int) -> str:
    """Why so few projects give no estimate."""
    return (
        f"{count} finished projects are too few: a range that holds eight times in ten needs "
        f"at least {MIN_PROJECTS} with a known outcome."
    )
