"""A small repository and an engine in memory, for tests of the pages and the API."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from kb import reading
from kb.records import apply_record, parse_record
from search.estimates.descriptions import Descriptions
from search.query import Query, parse
from search.results import Facet, FacetValue, Fragment, Hit, SearchPage, SearchRequest, Why

if TYPE_CHECKING:
    from kb.database import Database
    from kb.reading import EntryView, Reader


@dataclass(frozen=True)
class FakeStatus:
    documents: int
    passages: int
    generation: int
    behind: int
    complete: bool = True


@dataclass
class FakeEngine:
    """Keeps the contract of `search.engine.Engine`: an entry matches when it holds every word."""

    database: Database
    degraded: tuple[str, ...] = ()
    suggestion: str | None = None
    notes: tuple[str, ...] = ()
    knows_meaning: bool = True
    descriptions: Descriptions = field(default_factory=lambda: Descriptions(None))
    seen: list[SearchRequest] = field(default_factory=list)

    def search(self, request: SearchRequest, reader: Reader) -> SearchPage:
        self.seen.append(request)
        query = self._parse(request)
        everything = self._entries(reader)
        found = [entry for entry in everything if matches(entry, query)]
        shown = found[request.offset : request.offset + request.limit]
        return SearchPage(
            query=query,
            request=request,
            total=len(found),
            hits=tuple(make_hit(entry, query) for entry in shown),
            facets=tuple(count(found)),
            degraded=self.degraded,
            suggestion=self.suggestion,
            searched=len(everything),
            seconds=0.0042,
        )

    def similar(self, ref: str, reader: Reader, limit: int = 6) -> list[Hit]:
        others = [entry for entry in self._entries(reader) if entry.ref != ref]
        return [make_hit(entry, Query()) for entry in others[:limit]]

    def status(self, reader: Reader) -> FakeStatus:
        documents = len(self._entries(reader))
        return FakeStatus(documents, documents, generation=1, behind=0)

    def _entries(self, reader: Reader) -> list[EntryView]:
        with self.database.read() as session:
            return reading.list_entries(session, reader, None, 0, 100_000)

    def _parse(self, request: SearchRequest) -> Query:
        query = parse(request.text)
        filters = tuple(dict.fromkeys((*query.filters, *request.filters)))
        return replace(query, filters=filters, notes=(*query.notes, *self.notes))


def values(entry: EntryView, name: str) -> list[str]:
    content: Any = entry.content
    single = {"kind": entry.kind, "sector": content.sector, "type": getattr(content, "type", "")}
    several = {"tag": content.tags, "phase": content.phases, "method": content.methods}
    return several.get(name) or ([single[name]] if single.get(name) else [])


def matches(entry: EntryView, query: Query) -> bool:
    for name in {choice.field for choice in query.filters}:
        wanted = {choice.value for choice in query.filters if choice.field == name and not choice.negated}
        refused = {choice.value for choice in query.filters if choice.field == name and choice.negated}
        held = set(values(entry, name))
        if (wanted and not wanted & held) or refused & held:
            return False
    text = f"{entry.ref} {entry.content.model_dump_json()}".lower()
    return all(word.lower() in text for word in (*query.words, *query.phrases))


def count(found: list[EntryView]) -> list[Facet]:
    facets = []
    for name in ("kind", "type", "tag", "sector", "phase", "method"):
        held = [value for entry in found for value in values(entry, name)]
        by_count = sorted(set(held), key=lambda value: (-held.count(value), value))
        if by_count:
            facets.append(Facet(name, tuple(FacetValue(value, held.count(value)) for value in by_count)))
    return facets


def make_hit(entry: EntryView, query: Query) -> Hit:
    text = entry.content.summary or entry.title
    word = next((word for word in query.words if word.lower() in text.lower()), "")
    at = text.lower().find(word.lower()) if word else -1
    parts = [text] if at < 0 else [text[:at], text[at : at + len(word)], text[at + len(word) :]]
    snippet = tuple(Fragment(part, marked=index == 1) for index, part in enumerate(parts) if part)
    why = Why(query.words, "Recommendation", 1, 1, 0.5) if query.words else Why()
    return Hit(entry, 1.0, snippet, why)


LESSON = {
    "id": "L-0001", "kind": "lesson", "title": "Rehearse the cut-over with full volumes",
    "summary": "A sample load tells nothing about run time.", "tags": ["cut-over", "rehearsal"],
    "owner": "Programme director", "verified_on": "2026-03-18", "verifier": "PMO", "verify_months": 240,
    "sector": "financial services", "region": "Northgate", "phases": ["testing", "transition"],
    "methods": ["waterfall"], "type": "problem", "context": "A loading window of 36 hours, see [[L-0002]].",
    "expected": "27 hours.", "happened": "At hour 23, 41 % was loaded.", "lesson": "Run time is measured.",
    "recommendation": "The cut-over manager rehearses **twice**.",
    "causes": [{"code": "testing", "words": "Rehearsal on a sample only"}],
    "impact": {"cost": -2400000.0, "currency": "EUR", "days": -120.0, "confidence": "high"},
    "warning_signs": ["Timings multiplied up from a sample"], "known_risk": True, "priority": "high",
    "applicability": {"project_types": ["migration"], "conditions": "A fixed window.",
                      "counter_conditions": "Phased moves."},
    "source": "H-0001", "occurred_on": "2020-10-17", "body": "| Run | Hours |\n| --- | ---: |\n| 1 | 51 |",
}  # fmt: skip
SECOND_LESSON = {
    "id": "L-0002", "kind": "lesson", "title": "Freeze changes around the year-end close",
    "summary": "Finance cannot test while it closes the books.", "tags": ["cut-over"], "sector": "transport",
    "recommendation": "Agree the freeze in the plan.", "author": "contributor",
}  # fmt: skip
REVIEW = {
    "id": "R-0001", "kind": "review", "title": "Closure of the core banking migration", "type": "closure",
    "summary": "Late, over budget, sound.", "project": "H-0001", "held_on": "2021-09-30",
    "outcome": "challenged", "facilitator": "PMO lead", "participants": ["Sponsor", "Cut-over manager"],
    "objectives": [
        {"dimension": "cost", "planned": "9.8 M EUR", "actual": "12.2 M EUR", "met": False},
        {"dimension": "scope", "planned": "780,000 accounts", "actual": "780,000 accounts", "met": True},
        {"dimension": "benefits", "planned": "1.1 M EUR a year", "actual": "not due yet"},
    ],
    "went_well": "The second rehearsal.", "went_badly": "The first weekend.",
    "variances": [{"cause": "testing", "cost": 1600000.0, "days": 120.0, "words": "Aborted weekend"},
                  {"cause": "procurement", "cost": -200000.0, "words": "Cheaper licences"}],
    "estimate_accuracy": "Cost 24 % over.", "lessons": ["L-0001", "L-0099"],
    "actions": [
        {"what": "Keep the environment", "owner": "IT operations", "due": "2021-12-01", "state": "done"}],
    "sign_offs": [{"role": "Sponsor", "on": "2021-10-05"}],
}  # fmt: skip
TEMPLATE = {
    "id": "T-0001", "kind": "template", "title": "Cut-over and roll-back plan", "mandatory": True,
    "summary": "Hour by hour.", "purpose": "Takes a team through the weekend.", "verified_on": "2020-01-01",
    "form": [{"name": "go-live date", "help": "The day.", "example": "2026-05-02", "required": True}],
    "changelog": [{"on": "2022-01-10", "what": "Roll-back times added."}],
    "provenance": [{"clause": "Section 3: two rehearsals", "because": "L-0001"}],
    "body": "Date: {{go-live date}}\n\nSee [[L-0001|the rehearsal]] and [[L-0002]].",
}  # fmt: skip
TRAINING = {
    "id": "M-0001", "kind": "training", "title": "Planning a cut-over", "type": "quiz", "minutes": 45,
    "summary": "What to plan and rehearse.", "level": "intermediate", "language": "English", "pass_mark": 75,
    "objectives": ["Plan a rehearsal"], "competencies": ["transition"], "source_lessons": ["L-0001"],
    "url": "https://training.example/cut-over",
    "assessment": [
        {"text": "How many rehearsals?", "options": ["None", "One", "Two"], "answers": [2],
         "feedback": "The second shows whether the plan fits."},
        {"text": "Name a warning sign.", "type": "short", "model_answer": "Timings from a *sample*."},
    ],
}  # fmt: skip
PATH = {
    "id": "P-0001", "kind": "path", "title": "Going live safely", "summary": "For cut-over managers.",
    "audience": "Cut-over managers", "goal": "Plan and rehearse.", "validity_months": 24,
    "prerequisites": ["L-0002"], "competencies": ["transition"],
    "stages": [
        {"title": "Understand", "steps": [{"entry": "L-0001", "minutes": 10}, {"entry": "M-0001"}]},
        {"title": "Practise", "ordered": False, "steps": [
            {"entry": "T-0001", "required": False, "minutes": 30, "note": "Fill one in."},
            {"entry": "M-0099"}]},
    ],
}  # fmt: skip
PROJECT = {
    "id": "H-0001", "kind": "project", "title": "Core banking migration", "summary": "One weekend, twice.",
    "sector": "financial services", "type": "migration", "complexity": "high", "size": 780000.0,
    "size_unit": "accounts", "started_on": "2018-03-01", "finished_on": "2021-05-31", "currency": "EUR",
    "price_year": 2018, "team_size": 38.0, "outcome": "challenged", "data_quality": "A", "completeness": 0.9,
    "baselines": [{"stage": "business case", "on": "2018-03-01", "cost": 9800000.0, "duration_months": 30.0},
                  {"stage": "contract", "on": "2018-11-01", "cost": 10400000.0}],
    "actuals": {"cost": 12200000.0, "duration_months": 38.5}, "approved_scope_change": 300000.0,
    "benefits_planned": 1100000.0, "benefits_realised": 700000.0, "source": "Finance export",
    "variances": [{"cause": "data", "cost": 900000.0, "days": 40.0}],
    "attributes": {"sites": 3.0, "vendors": 2.0},
}  # fmt: skip
RECORDS = (LESSON, SECOND_LESSON, REVIEW, TEMPLATE, TRAINING, PATH, PROJECT)
REFS = {str(record["kind"]): str(record["id"]) for record in reversed(RECORDS)}
"""Kind to the id of its (first) entry."""


def fill(database: Database) -> None:
    """Every kind once, a second lesson with two revisions, and an entry for signed-in people only."""
    hidden = {"id": "L-0003", "kind": "lesson", "title": "Kept inside", "visibility": "signed-in"}
    second = SECOND_LESSON | {"title": "Freeze changes around the close", "note": "Shorter title"}
    for record in (*RECORDS, second, hidden):
        with database.write() as session:
            apply_record(session, parse_record(record))
