"""What the charts of the pages state: values, and what each says of itself.

They are drawn in the browser by Observable Plot (static/js/drawings.js, which knows each kind), from JSON in
the page. Every chart stands beside a table of the same figures, which is all there is without JavaScript.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from search.estimates.wording import amount

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kb.insight.activity import Quarter
    from kb.insight.health import Health
    from kb.learning.progress import Progress
    from search.estimates.answers import EstimateAnswer
    from search.estimates.checked import BacktestResult, TriedProject

Chart: TypeAlias = "dict[str, Any]"
"""`kind` is how it is drawn, `words` what it is called; the rest is the kind's."""
BESIDE, BELOW = "the table beside it has the figures", "the table below has the figures"
"""How the name of a chart ends."""


def range_chart(
    answer: EstimateAnswer, most: float | None = None, actual: float | None = None
) -> Chart | None:
    """The range of an answer and its comparables; None where there is no range. `most` is the value at the
    right edge and makes two charts comparable, `actual` is what it really was.
    """
    if answer.range is None:
        return None
    unit, most = answer.unit, max(most or scale_of([answer]), 1.02 * (actual or 0.0))
    levels = answer.range.model_dump().items()
    implied = [(each, each.implied) for each in answer.comparables if each.implied is not None]
    plan = answer.plan.plan if answer.plan and answer.plan.plan <= most else None
    words = ", ".join(f"{name.upper()} {amount(value)}" for name, value in levels)
    return {
        "kind": "range", "words": f"Range of the {answer.target}: {words} {unit}; {BELOW}", "unit": unit,
        "levels": [_point(value, name.upper(), unit) for name, value in levels],
        "comparables": [
            _point(value, f"{each.title} ({each.id})", unit, "implies ")
            for each, value in implied if value <= most
        ],
        "plan": None if plan is None else _point(plan, "Your figure", unit),
        "outcome": None if actual is None else _point(actual, "Outcome", unit),
        "most": most, "beyond": sum(value > most for _, value in implied),
    }  # fmt: skip


def _point(value: float, name: str, unit: str, verb: str = "") -> dict[str, Any]:
    return {"at": value, "said": f"{name}: {verb}{amount(value, unit)}"}


def scale_of(answers: Sequence[EstimateAnswer]) -> float:
    """The largest value that their charts need: every P90, and comparables that are not far beyond."""
    ends = [each.range.p90 for each in answers if each.range]
    most = max(ends, default=1.0)
    implied = [c.implied for each in answers for c in each.comparables if c.implied is not None]
    return max([most, *(value for value in implied if value <= 1.6 * most)]) * 1.02


def calibration_chart(result: BacktestResult) -> Chart:
    """Share of truths below each quantile over what was promised."""
    points = []
    for each in result.levels:
        low, high = each.interval
        said = f"Promised {each.promised:.0%}, kept {each.kept:.0%} ({low:.0%} to {high:.0%})"
        points.append({"promised": each.promised, "kept": each.kept, "low": low, "high": high, "said": said})
    words = f"Calibration: share of truths below each quantile over the promised share; {BESIDE}"
    return {"kind": "calibration", "words": words, "points": points}


def predicted_chart(result: BacktestResult) -> Chart:
    """Actual over P50, both logarithmic."""
    words = f"Actual over P50 of {result.n} projects on logarithmic scales; {BELOW}"
    return {
        "kind": "predicted", "words": words, "unit": result.unit,
        "points": _projects(result.projects, result.unit),
    }  # fmt: skip


def misses_chart(result: BacktestResult) -> Chart | None:
    """Actual by P50 over the day of the end; None where no project says when it ended."""
    points = _projects((each for each in result.projects if each.finished_on), result.unit)
    words = f"Actual, as a multiple of P50, by the time of the end; {BELOW}"
    return {"kind": "misses", "words": words, "points": points} if points else None


def _projects(projects: Iterable[TriedProject], unit: str) -> list[dict[str, Any]]:
    found = []
    for each in projects:
        inside = each.p10 <= each.actual <= each.p90
        ended = f", ended {each.finished_on.year}" if each.finished_on else ""
        said = (
            f"{each.title} ({each.id}): actual {amount(each.actual, unit)}, P50 {amount(each.p50, unit)}, "
            f"{'inside' if inside else 'outside'} P10 to P90{ended}"
        )
        found.append({
            "p50": each.p50, "actual": each.actual, "inside": inside, "said": said,
            "ended": each.finished_on.isoformat() if each.finished_on else None,
        })  # fmt: skip
    return found


def health_chart(health: Health, names: dict[str, str]) -> Chart:
    """How much of each kind of entry is verified, overdue, and never verified; `names` is what they are
    called.
    """
    rows = []
    for kind, total in health.kinds.items():
        verified, overdue = (health.count(measure, kind) for measure in ("verified", "overdue"))
        never = total - verified - overdue
        said = f"{names[kind]}: {verified} of {total} verified, {overdue} overdue, {never} never verified"
        parts = ((verified, "good"), (overdue, "warning"), (never, "none"))
        rows.append(_row(names[kind], said, parts, total))
    words = f"Share of entries of each kind that are verified, overdue, and never verified; {BELOW}"
    return {"kind": "shares", "words": words, "rows": rows}


def steps_chart(found: Progress) -> Chart:
    """How many of the learners have done each step of a path, in its order."""
    people, rows = len(found.learners), []
    for place, each in enumerate(found.steps, 1):
        said = f"{place}. {each.title}: done by {each.done} of {people}{'' if each.counts else ', optional'}"
        parts = ((each.done, "accent" if each.counts else "good"), (people - each.done, "none"))
        rows.append(_row(f"{place}. {'link' if each.address else each.step}", said, parts, people))
    words = f"How many of the {people} have done each step, in the order of the path; {BELOW}"
    return {"kind": "shares", "words": words, "rows": rows}


def _row(name: str, said: str, parts: Iterable[tuple[int, str]], total: int) -> dict[str, Any]:
    return {"name": name, "said": said, "parts": [{"share": n / total, "look": look} for n, look in parts]}


def quarters_chart(quarters: Sequence[Quarter]) -> Chart:
    """Entries first published in each quarter."""
    rows = [
        {
            "name": each.name[2:],
            "value": each.published,
            "said": f"{each.name}: {each.published} first published",
        }
        for each in quarters
    ]
    words = f"Entries first published in each quarter; {BELOW}"
    return {"kind": "columns", "words": words, "unit": "entries", "rows": rows}
