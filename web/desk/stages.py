"""Arranging the stages of a path as a form holds them: putting in, taking out, and moving about.

Places are written as the names of fields are: `stages.2` is the second stage, `stages.2.steps.1` its
first step. What names no place that is there changes nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kb.steps import stored_id
from web.desk.reading_forms import MOST_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterator

_PLACE = re.compile(r"stages\.([1-9][0-9]{0,3})(?:\.steps\.([1-9][0-9]{0,3}))?")
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Arranged:
    """What came of it: words for whoever hears the page, and the id of what has the focus then."""

    said: str = ""
    focus: str = ""


NOTHING = Arranged()


def stages_of(data: dict[str, Any]) -> Rows:
    """The stages of a path that is being written, each with a list of steps; made where there is none."""
    stages: Rows = [each for each in data.get("stages") or [] if isinstance(each, dict)]
    for stage in stages:
        stage["steps"] = [each for each in stage.get("steps") or [] if isinstance(each, dict)]
    data["stages"] = stages
    return stages


def steps_of(data: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every step with its place."""
    for number, stage in enumerate(stages_of(data), 1):
        for at, step in enumerate(stage["steps"], 1):
            yield f"stages.{number}.steps.{at}", step


def places_of(data: dict[str, Any]) -> dict[str, str]:
    """Where each step stands in the path, in words, by its id (see kb/steps.py)."""
    found: dict[str, str] = {}
    for place, step in steps_of(data):
        _, stage, _, number = place.split(".")
        found.setdefault(stored_id(step), f"stage {stage}, step {number}")
    return found


def arrange(data: dict[str, Any], do: str, place: str) -> Arranged:
    """Adds, removes or moves what stands at the place; the data is changed."""
    stages = stages_of(data)
    if do == "add":
        return _add(stages, place)
    if do == "move":
        return _drop(stages, place)
    found = _read(stages, place)
    if found is None:
        return NOTHING
    stage, step = found
    if do == "remove":
        return _remove(stages, stage, step)
    if step is None:
        return _shift_stage(stages, stage, do)
    return _shift_step(stages, stage, step, do)


def put(data: dict[str, Any], step: dict[str, Any], into: int) -> Arranged:
    """A new step at the end of a stage (from 1), the last one where there is no such; a first one is made."""
    stages = stages_of(data)
    if not stages:
        stages.append({"title": "Stage 1", "ordered": True, "steps": []})
    at = into - 1 if 1 <= into <= len(stages) else len(stages) - 1
    steps = stages[at]["steps"]
    if len(steps) >= MOST_ROWS:
        return Arranged(f"Stage {at + 1} holds {MOST_ROWS} steps, and no more fit.")
    steps.append(step)
    return Arranged(f"Added as step {len(steps)} of stage {at + 1}.", "find")


def _read(stages: Rows, place: str) -> tuple[int, int | None] | None:
    """(stage, step) of a place, from 0; None where nothing stands there."""
    match = _PLACE.fullmatch(place)
    if match is None or int(match[1]) > len(stages):
        return None
    stage = int(match[1]) - 1
    if match[2] is None:
        return stage, None
    return (stage, int(match[2]) - 1) if int(match[2]) <= len(stages[stage]["steps"]) else None


def _add(stages: Rows, place: str) -> Arranged:
    if place == "stages" and len(stages) < MOST_ROWS:
        # A title, since what is blank is left out when the form is read.
        number = len(stages) + 1
        stages.append({"title": f"Stage {number}", "ordered": True, "steps": []})
        return Arranged(f"Stage {number} added.", f"field-stages-{number}-title")
    found = _read(stages, place.removesuffix(".steps"))
    if found is None or found[1] is not None or len(stages[found[0]]["steps"]) >= MOST_ROWS:
        return NOTHING
    steps = stages[found[0]]["steps"]
    steps.append({"required": True})
    return Arranged("Step added.", f"field-stages-{found[0] + 1}-steps-{len(steps)}-entry")


def _remove(stages: Rows, stage: int, step: int | None) -> Arranged:
    if step is None:
        del stages[stage]
        return Arranged(f"Stage {stage + 1} removed, with its steps.", "add-stage")
    del stages[stage]["steps"][step]
    left = len(stages[stage]["steps"])
    focus = _button("remove", stage, min(step, left - 1)) if left else f"add-step-{stage + 1}"
    return Arranged(f"Step {step + 1} of stage {stage + 1} removed.", focus)


def _shift_stage(stages: Rows, stage: int, do: str) -> Arranged:
    target = stage + (1 if do == "down" else -1)
    if not 0 <= target < len(stages):
        return NOTHING
    stages.insert(target, stages.pop(stage))
    return Arranged(f"Now stage {target + 1} of {len(stages)}.", _button(do, target, None))


def _shift_step(stages: Rows, stage: int, step: int, do: str) -> Arranged:
    """One place on; from the edge of a stage into the one beside it."""
    target, at = stage, step + (1 if do == "down" else -1)
    if not 0 <= at < len(stages[stage]["steps"]):
        target = stage + (1 if do == "down" else -1)
        if not 0 <= target < len(stages):
            return NOTHING
        at = 0 if do == "down" else len(stages[target]["steps"])
    return _place(stages, (stage, step), (target, at), do)


def _drop(stages: Rows, place: str) -> Arranged:
    """`stages.1.steps.2>stages.3.steps.1`: the one goes before what stands at the other place, or to the end
    of its stage.
    """
    origin, _, goal = place.partition(">")
    source, match = _read(stages, origin), _PLACE.fullmatch(goal)
    if source is None or source[1] is None or match is None or match[2] is None:
        return NOTHING
    target = int(match[1]) - 1
    if target >= len(stages):
        return NOTHING
    at = min(int(match[2]) - 1, len(stages[target]["steps"]))
    if target == source[0] and at > source[1]:
        at -= 1  # what stood before it moves up
    return _place(stages, (source[0], source[1]), (target, at), "down")


def _place(stages: Rows, source: tuple[int, int], goal: tuple[int, int], button: str) -> Arranged:
    step = stages[source[0]]["steps"].pop(source[1])
    steps = stages[goal[0]]["steps"]
    steps.insert(goal[1], step)
    said = f"Now step {goal[1] + 1} of {len(steps)} in stage {goal[0] + 1}."
    return Arranged(said, _button(button, *goal))


def _button(do: str, stage: int, step: int | None) -> str:
    return f"{do}-stages-{stage + 1}" + ("" if step is None else f"-steps-{step + 1}")
