"""What is wrong with a path that is about to be submitted, in words that name the field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kb.errors import InvalidRecord
from kb.learning.material import step_materials
from kb.neighbours import titles_of
from kb.prerequisites import find_cycle, published_prerequisites
from kb.steps import EntryStep, stored_entries
from kb.validation import Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from sqlalchemy.orm import Session

    from kb.kinds import Path
    from kb.learning.material import StepMaterial
    from kb.reading import Reader


def check_path(session: Session, ref: str, path: Path, standing: Mapping[str, Any], reader: Reader) -> None:
    """Raises InvalidRecord for steps that nobody could take, and paths that would come before themselves.

    What the published text (`standing`, as stored) names already may stay: its author may see less of it.
    """
    problems = list(_steps(session, path, stored_entries(standing), reader))
    if words := circle_in_words(session, ref, path.prerequisites, reader):
        problems.append(Problem("prerequisites", words))
    if problems:
        raise InvalidRecord(problems)


def circle_in_words(session: Session, ref: str, prerequisites: list[str], reader: Reader) -> str:
    """How the path would have to be completed before it is begun; empty where it would not."""
    circle = find_cycle(ref, published_prerequisites(session) | {ref: prerequisites})
    if not circle:
        return ""
    told = {ref, *prerequisites, *titles_of(session, circle, reader)}
    names = [each if each in told else "a path that is not open to you" for each in circle]
    return f"must not go round in a circle: {' needs '.join(names)}; take one of these out"


def _steps(session: Session, path: Path, kept: Collection[str], reader: Reader) -> Iterator[Problem]:
    materials = step_materials(session, {each.entry for each in path.entry_steps}, reader)
    places: dict[str, str] = {}
    for number, stage in enumerate(path.stages, 1):
        for at, step in enumerate(stage.steps, 1):
            where, before = f"stages.{number}.steps.{at}", places.get(step.id)
            places.setdefault(step.id, f"stage {number}, step {at}")
            if before is not None:
                named = "entry" if isinstance(step, EntryStep) else "link"
                yield Problem(f"{where}.{named}", f"stands in {before} already; remove one of the two")
            elif isinstance(step, EntryStep) and (step.entry not in kept or step.entry in materials):
                yield from _entry(step, where, materials.get(step.entry))


def _entry(step: EntryStep, where: str, material: StepMaterial | None) -> Iterator[Problem]:
    if material is None:
        words = f"names no published entry that you may see ({step.entry}); name another, or remove the step"
        yield Problem(f"{where}.entry", words)
    elif step.revision is not None and step.revision not in dict(material.revisions):
        words = f"names revision {step.revision} of {step.entry}, which never was published; choose another"
        yield Problem(f"{where}.revision", words)
