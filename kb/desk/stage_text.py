"""The stages of a path as lines of text, to be compared by people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


def stages_as_text(stages: Sequence[Mapping[str, Any]], titles: Mapping[str, str]) -> str:
    """A line for each stage and each of its steps, as stored; `titles` names entries by their ids."""
    return "\n".join(line for number, stage in enumerate(stages, 1) for line in _stage(number, stage, titles))


def _stage(number: int, stage: Mapping[str, Any], titles: Mapping[str, str]) -> Iterator[str]:
    order = "in this order" if stage.get("ordered", True) else "in any order"
    yield f"Stage {number}: {stage.get('title', '')} ({order})"
    for at, step in enumerate(stage.get("steps", ()), 1):
        yield f"  {number}.{at} {_step(step, titles)}"
        if step.get("note"):
            yield f"      To learners: {step['note']}"


def _step(step: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    minutes = step.get("minutes")
    parts = [
        *(_link(step) if "link" in step else _entry(step, titles)),
        "required" if step.get("required", True) else "optional",
        step.get("completion", "Completed"),
        f"{minutes} minutes" if minutes else "",
    ]
    return ", ".join(part for part in parts if part)


def _entry(step: Mapping[str, Any], titles: Mapping[str, str]) -> Iterator[str]:
    ref, pinned = step.get("entry", ""), step.get("revision")
    yield f"{titles[ref]} ({ref})" if ref in titles else ref
    yield "always the newest revision" if pinned is None else f"revision {pinned}"


def _link(step: Mapping[str, Any]) -> Iterator[str]:
    yield step.get("title", "")
    yield f"a link to {step['link']}"
