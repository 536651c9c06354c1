"""A kept estimate as a workbook: a sheet for each of its tables."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from kb.spreadsheets import write_book

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kb.spreadsheets import Cell
    from search.estimates.dossiers import DossierWhole

Sheet = tuple[str, "Sequence[str]", "list[list[Cell]]"]


def workbook(dossier: DossierWhole) -> bytes:
    """Figures, inputs, precedents, what makes them near, classes of plans, sensitivity, causes, versions."""
    file = io.BytesIO()
    write_book(file, [*_figures(dossier), *_precedents(dossier), *_rest(dossier)])
    return file.getvalue()


def _figures(dossier: DossierWhole) -> list[Sheet]:
    answer = dossier.answer
    rows: list[list[Cell]] = [
        ["Dossier", f"{dossier.id}, version {dossier.shown}"],
        ["Title", dossier.title],
        ["Made by", dossier.author],
        ["Made at", dossier.made_at],
        ["Note", dossier.note],
        ["Estimate of", answer.target],
        ["Unit", answer.unit],
        ["Prices of", answer.price_year],
        ["Finished projects", answer.n],
        ["Method", answer.method],
        ["Refusal", answer.refusal],
    ]
    if answer.range:
        rows += [[name.upper(), value] for name, value in answer.range]
    if answer.measured:
        rows += [
            ["Measured share from P10 to P90", answer.measured.inside_p10_p90],
            ["Measured share up to P80", answer.measured.under_p80],
            ["Measured how", f"{answer.measured.n} projects, {answer.measured.protocol}"],
        ]
    if answer.plan:
        rows += [["Own figure", answer.plan.plan], ["Own figure in words", answer.plan.words]]
    rows += [["Outcome", dossier.actual], ["Outcome from P10 to P90", dossier.inside]]
    rows += [["Limit", words] for words in (*answer.warnings, *answer.left_out)]
    request = dossier.request.model_dump(mode="json", exclude={"exclude", "attributes"})
    inputs: list[list[Cell]] = [
        [name, _plain(value)] for name, value in request.items() if value not in ("", None)
    ]
    inputs += [[name, _plain(value)] for name, value in dossier.request.attributes.items()]
    excluded: list[list[Cell]] = [[each.id, each.title, each.reason] for each in answer.excluded]
    return [
        ("Estimate", ("What", "Value"), rows),
        ("Inputs", ("Field", "Value"), inputs),
        ("Left out", ("Project", "Title", "Reason"), excluded),
    ]


def _plain(value: object) -> Cell:
    return (
        value
        if isinstance(value, str | int | float)
        else ", ".join(map(str, value))
        if isinstance(value, list)
        else str(value)
    )


def _precedents(dossier: DossierWhole) -> list[Sheet]:
    found = dossier.answer.comparables
    rows: list[list[Cell]] = [
        [
            each.id, each.title, each.actual, each.scale, each.implied, each.distance, each.similarity,
            each.weight, each.size, each.grade, each.outcome, each.finished_on, each.how,
        ]
        for each in found
    ]  # fmt: skip
    parts: list[list[Cell]] = [
        [each.id, part.attribute, part.share, part.words] for each in found for part in each.parts
    ]
    header = (
        "Project", "Title", "Actual", "Times as big", "Implied", "Distance", "Similarity of descriptions",
        "Weight", "Size", "Grade of figures", "Outcome", "Finished on", "Conversion",
    )  # fmt: skip
    return [
        ("Comparables", header, rows),
        ("Why near", ("Project", "Attribute", "Share of distance", "Values"), parts),
    ]


def _rest(dossier: DossierWhole) -> list[Sheet]:
    answer = dossier.answer
    classes = answer.reference.classes if answer.reference else []
    plans: list[list[Cell]] = [
        [each.label, each.stage, each.n, each.over, each.p10, each.p50, each.p80, each.p90]
        for each in classes
    ]
    moved: list[list[Cell]] = [
        [each.id, each.title, each.p50, each.p80, each.change, each.is_largest] for each in answer.sensitivity
    ]
    causes: list[list[Cell]] = [
        [each.cause, len(each.projects), each.known, each.days, each.cost, each.words,
         ", ".join(entry.id for entry in each.entries)]
        for each in answer.causes
    ]  # fmt: skip
    versions: list[list[Cell]] = [
        [
            each.number,
            each.created_at,
            each.author,
            each.note,
            each.n,
            *((each.range.p50, each.range.p80) if each.range else (None, None)),
        ]
        for each in dossier.versions
    ]
    ratios = ("Class", "Stage", "Projects", "Share over plan", "P10", "P50", "P80", "P90")
    return [
        ("Actual over planned", ratios, plans),
        ("Sensitivity", ("Without", "Title", "P50", "P80", "Change of P50", "Took most of all"), moved),
        (
            "Causes",
            ("Cause", "Comparables", "Known", "Days", "Cost", "In words", "Lessons and reviews"),
            causes,
        ),
        ("Versions", ("Version", "Made at", "By", "Note", "Finished projects", "P50", "P80"), versions),
    ]
