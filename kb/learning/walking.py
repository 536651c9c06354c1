"""How far somebody is on a path: pure functions over what the path says and what was done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from kb.kinds import Path, Stage
    from kb.steps import Step

State = Literal["done", "open", "locked", "withheld"]
"""`withheld`: the entry is not there for this person, whatever the reason."""


@dataclass(frozen=True)
class Mark:
    """What was done of a step."""

    completed_at: datetime | None = None
    passed_at: datetime | None = None
    revision: int | None = None
    note: str = ""
    opened_at: datetime | None = None
    is_waiting: bool = False
    """Whether answers to its questions wait for a trainer."""


@dataclass(frozen=True)
class Material:
    """What is known of a step's entry, or of its link."""

    kind: str
    """That of the entry, or `link`."""
    title: str
    number: int | None
    """The revision that is shown: the pinned one, or the published one; None for a link, which has none."""
    minutes: int | None = None
    questions: int = 0
    """How many questions it asks; without any there is nothing to pass."""


NOTHING = Mark()


@dataclass(frozen=True)
class Place:
    """A step, and where its learner stands with it."""

    step: Step
    state: State
    mark: Mark
    material: Material | None
    """None when it is withheld."""
    adopted: int | None = None
    """The revision of the entry that a newer revision of the path shows than the one that is followed."""

    @property
    def title(self) -> str:
        """The title of its entry or link, or that it is withheld."""
        return self.material.title if self.material else "A step that is not open to you"

    @property
    def counts(self) -> bool:
        """Whether the path is complete with it only."""
        return self.step.required and self.step.completion != "NotApplicable"

    @property
    def minutes(self) -> int:
        """The time it takes: the trainer's word goes before the entry's own."""
        return self.step.minutes or (self.material.minutes if self.material else None) or 0

    @property
    def changed_since(self) -> int | None:
        """The revision that was read, when a newer one is shown now; else None."""
        read = self.mark.revision
        is_newer = self.state == "done" and self.material and read and self.changed_to > read
        return read if is_newer else None

    @property
    def changed_to(self) -> int:
        """The newest revision that there is to read."""
        return max((self.material.number if self.material else None) or 0, self.adopted or 0)

    @property
    def asks(self) -> bool:
        """Whether its questions are to be passed."""
        return bool(self.material and self.material.questions) and "Passed" in self.step.completion

    @property
    def is_pending(self) -> bool:
        """Whether there is something to do about it now."""
        return self.state == "open" and self.step.completion != "NotApplicable" and not self.waits

    @property
    def waits(self) -> bool:
        """Whether all that is missing is a trainer's mark."""
        was_read = self.mark.completed_at is not None or self.step.completion == "Passed"
        return self.state == "open" and self.mark.is_waiting and was_read and self.asks


@dataclass(frozen=True)
class StageWalk:
    """A stage and its steps."""

    title: str
    ordered: bool
    places: tuple[Place, ...]

    @property
    def done(self) -> int:
        """How many of its steps are done."""
        return sum(each.state == "done" for each in self.places)


@dataclass(frozen=True)
class Walk:
    """A whole path and where its learner stands."""

    stages: tuple[StageWalk, ...]

    @property
    def places(self) -> Iterator[Place]:
        """All steps in their order."""
        return (place for stage in self.stages for place in stage.places)

    @property
    def total(self) -> int:
        """How many steps count."""
        return sum(each.counts for each in self.places)

    @property
    def done(self) -> int:
        """How many of those are done."""
        return sum(each.counts and each.state == "done" for each in self.places)

    @property
    def percent(self) -> int:
        """Share of what counts that is done; 100 only when all is."""
        return self.done * 100 // self.total if self.total else 0

    @property
    def is_complete(self) -> bool:
        """Whether everything that counts is done."""
        return self.total > 0 and self.done == self.total

    @property
    def minutes_left(self) -> int:
        """The time of what counts and is not done."""
        return sum(each.minutes for each in self.places if each.counts and each.state != "done")

    @property
    def next(self) -> Place | None:
        """The step to take now: the first that counts, else an optional one; None when there is none."""
        pending = [each for each in self.places if each.is_pending]
        return next((each for each in pending if each.counts), pending[0] if pending else None)

    @property
    def waiting(self) -> int:
        """How many steps wait for a trainer's mark."""
        return sum(each.waits for each in self.places)

    @property
    def withheld(self) -> int:
        """How many steps that count are not there for this person."""
        return sum(each.counts and each.state == "withheld" for each in self.places)

    def find(self, step: str) -> Place | None:
        """The step with an id; the first where there are several."""
        return next((each for each in self.places if each.step.id == step), None)


def is_done(step: Step, mark: Mark, *, has_questions: bool) -> bool:
    """Whether a step is done by its rule, in cmi5's words. What asks nothing has nothing to pass.

    Source: cmi5 specification, section 10.2.4 (moveOn).
    """
    completed, passed = mark.completed_at is not None, mark.passed_at is not None
    if not has_questions:
        return completed and step.completion != "NotApplicable"
    match step.completion:
        case "Passed":
            return passed
        case "CompletedAndPassed":
            return completed and passed
        case "CompletedOrPassed":
            return completed or passed
        case "Completed":
            return completed
        case _:
            return False


def walk(
    path: Path,
    marks: Mapping[str, Mark],
    materials: Mapping[str, Material],
    adopted: Mapping[str, int] | None = None,
) -> Walk:
    """Where somebody stands on a path. All is by the ids of steps: those that `materials` lacks are withheld
    from them; `adopted` are revisions of entries that a newer revision of the path shows.

    In an ordered stage a step is locked until the required ones before it are done. What is withheld
    locks nothing: nobody can be asked to do it first.
    """
    return Walk(
        tuple(
            StageWalk(stage.title, stage.ordered, tuple(_places(stage, marks, materials, adopted or {})))
            for stage in path.stages
        )
    )


def _places(
    stage: Stage, marks: Mapping[str, Mark], materials: Mapping[str, Material], adopted: Mapping[str, int]
) -> Iterator[Place]:
    is_locked = False
    for step in stage.steps:
        mark, material = marks.get(step.id, NOTHING), materials.get(step.id)
        questions = bool(material and material.questions)
        state: State = "open"
        if is_done(step, mark, has_questions=questions or mark.passed_at is not None):
            state = "done"
        elif material is None:
            state = "withheld"
        elif is_locked:
            state = "locked"
        place = Place(step, state, mark, material, adopted.get(step.id))
        yield place
        if stage.ordered and place.counts and state in {"open", "locked"}:
            is_locked = True
