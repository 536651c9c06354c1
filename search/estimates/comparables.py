"""The finished projects that are nearest to a planned one, with what makes them near or far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from search.estimates.analogy import Coordinates, Distance, closeness, nearest
from search.estimates.design import Design

if TYPE_CHECKING:
    from collections.abc import Mapping

    from search.estimates.blend import Blend, Predictions, Projects
    from search.estimates.history import History, Profile


@dataclass(frozen=True)
class Comparable:
    """A finished project that the estimate leans on."""

    id: str
    name: str
    truth: float
    distance: float
    parts: Mapping[str, float]
    """Attribute -> share of the squared distance, the largest first; the shares add up to 1."""
    similarity: float | None
    """Cosine of the descriptions; None where one has none."""
    scale: float | None = None
    """How many times as big the planned job is as this one."""
    implied: float | None = None
    """truth x scale: what the planned project would take if it went like this one."""
    weight: float | None = None
    """How much it counts among the comparables; they add up to 1."""


def comparables(
    blend: Blend, history: History, planned: Projects, found: Predictions
) -> tuple[Comparable, ...]:
    """The nearest first."""
    weights = closeness(found.near.distances, blend.typical)[0]
    listed = []
    for place, row in enumerate(found.near.rows[0]):
        scale = float(np.exp(found.scales[0, place]))
        truth = float(history.truth[row])
        listed.append(
            Comparable(
                history.ids[row],
                history.name(int(row)),
                truth,
                float(found.near.distances[0, place]),
                *_parts(blend.distance, planned.points, blend.projects.points, int(row)),
                scale,
                truth * scale,
                float(weights[place]),
            )
        )
    return tuple(listed)


def only_nearest(history: History, profile: Profile) -> tuple[Comparable, ...]:
    """The nearest of a history that is too small to estimate from: without scale and weight."""
    if not len(history):
        return ()
    design, target = Design.of(history), np.log(history.truth)
    values = design.values(history)
    vectors = None if history.vectors is None else history.vectors.astype(np.float64)
    distance = Distance.of(design, values, vectors, target)
    points = distance.points(values, vectors)
    asked = None
    if vectors is not None:
        asked = (
            np.zeros((1, vectors.shape[1]))
            if profile.vector is None
            else profile.vector[None, :].astype(np.float64)
        )
    planned = distance.points(design.values([profile]), asked)
    near = nearest(distance, planned, points)
    return tuple(
        Comparable(
            history.ids[row],
            history.name(int(row)),
            float(history.truth[row]),
            float(near.distances[0, place]),
            *_parts(distance, planned, points, int(row)),
        )
        for place, row in enumerate(near.rows[0])
    )


def _parts(
    distance: Distance, planned: Coordinates, points: Coordinates, row: int
) -> tuple[dict[str, float], float | None]:
    """Shares of the squared distance by attribute, and the cosine of the descriptions."""
    vectors = None if points.vectors is None else points.vectors[[row]]
    one = Coordinates(points.points[[row]], points.known[[row]], vectors)
    parts = distance.parts(planned, one)
    total = sum(parts.values()) or 1.0
    similarity = None
    if vectors is not None and planned.vectors is not None and vectors.any() and planned.vectors.any():
        similarity = float(np.clip(planned.vectors[0] @ vectors[0], -1.0, 1.0))
    return {name: part / total for name, part in parts.items()}, similarity
