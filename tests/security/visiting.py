"""Everything that a browser can be shown: each address of the URL map that answers to GET, with texts in
what it names and asks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, get_args
from urllib.parse import quote, urlencode

import web
from kb.content import CONTENT
from kb.reference.texts import TABLES
from kb.taxonomy.dimensions import DIMENSIONS
from kb.usage.model import STATES
from kb.validation import validate
from search.estimates.request import EstimateRequest
from tests.security.addresses import address_of, rules
from tests.security.doings import question
from web.estimate_forms import fields_of
from web.parameters import Parameters

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flask import Flask
    from werkzeug.routing import Rule

    from tests.security.world import World

SOURCES = Path(web.__file__).parent
SHOWN_OF_EACH = 8
SLOW = {"documents.entry_file", "paths.package", "api.path_package"}
"""Files that take long to make."""
SEARCHES = (
    "script window", '"window ran"', "onerrror windw", "javascript -zzz", "img", "title:x tag:y window",
    "kind:lesson window", "window*", "",
)  # fmt: skip
"""These find texts, so that extracts show them; and one is spelled so that another is suggested."""
UNHEARD = ("a", "9", "L-1", "l-0001.md", "%2e%2e/x")


@dataclass(frozen=True)
class Visit:
    """An address, and the part of the page that a script asks for."""

    address: str
    fragment: str = ""
    endpoint: str = ""


def visits(app: Flask, world: World, who: str) -> list[Visit]:
    """What somebody is shown. Each sees all that there is; that texts in addresses stay words is tried with
    who may open every page, and with who is told that there is none.
    """
    found = list(plain_visits(app, world))
    if who == "admin":
        return [*found, *_asking(app, world), *_entries(world)]
    if who == "reader":
        return [*found, *_mistaken(world)]
    return [each for each in found if each.endpoint.startswith(("signing.", "home."))]


def gets(app: Flask) -> list[Rule]:
    """The rules that answer to GET, without files of ours."""
    return [rule for rule in rules(app) if "GET" in (rule.methods or ()) and rule.endpoint != "static"]


def is_for_programs(rule: Rule) -> bool:
    """Whether no page answers there."""
    return str(rule).startswith("/api/")


def plain_visits(app: Flask, world: World) -> Iterator[Visit]:
    """Every address as links lead to it: each entry's page, and of other things the first of each."""
    for rule in gets(app):
        names = sorted(rule.arguments)
        values = [_known(rule, name, world) for name in names]
        if rule.endpoint != "entries.entry":
            shown = 1 if rule.endpoint in SLOW else SHOWN_OF_EACH
            values = [each[:shown] for each in values]
        for chosen in product(*values):
            address = address_of(rule, **dict(zip(names, chosen, strict=True)))
            yield Visit(address, endpoint=rule.endpoint)
    yield Visit(f"/welcome?link={world.link}", endpoint="signing.welcome")
    yield Visit(world.leave, endpoint="unsubscribing.look")
    chosen = urlencode({"action": "add tag", "tag": world.line(0)[:80], "ref": world.lessons[-1]})
    yield Visit(f"/bulk?{chosen}", endpoint="bulk.look")
    pair = urlencode(dict(zip(("first", "second"), world.pair, strict=True)))
    yield Visit(f"/duplicates/compare?{pair}", endpoint="duplicates.compare")
    for state in STATES:
        yield Visit(f"/demand?state={state}", endpoint="demand.demand")
        yield Visit(f"/api/v1/demand?state={state}", endpoint="api.demand")
    asked = urlencode(fields_of(validate(EstimateRequest, question(world))))
    yield Visit(f"/estimates?{asked}", endpoint="estimates.estimates")
    yield Visit(f"/dossiers/{world.dossiers[0]}?version=1", endpoint="dossiers.dossier")
    merge = urlencode({"list": "sector", "values": world.line(0), "into": world.word(1)})
    yield Visit(f"/taxonomy/merge?{merge}", endpoint="taxonomy.merge")
    for asked in (f"about={world.lessons[0]}", urlencode({"q": world.line(0)[:300]})):
        yield Visit(f"/mentoring/ask?{asked}", endpoint="mentoring.look")
        yield Visit(f"/api/v1/mentors?{asked}", endpoint="api.mentors")
    for name in DIMENSIONS:
        yield Visit(f"/taxonomy?list={name}", endpoint="taxonomy.taxonomy")
    for form in ("md", "csv"):
        yield Visit(f"/documents?format={form}", endpoint="documents.document")
        yield Visit(f"/api/v1/documents?format={form}", endpoint="api.take_document")
    yield Visit(f"/vocabulary?{urlencode({'test': world.term})}", endpoint="vocabulary.vocabulary")
    yield Visit("/vocabulary/new?terms=x%0Ay", endpoint="vocabulary_editing.new")


def _entries(world: World) -> Iterator[Visit]:
    """What else there is of each entry."""
    for ref in world.refs:
        yield Visit(f"/entries/{ref}", "preview", "entries.entry")
        if ref in world.revised:
            yield Visit(f"/entries/{ref}?revision=1", endpoint="entries.entry")
        if ref.startswith("T-"):
            yield Visit(f"/entries/{ref}.md", endpoint="entries.download")


def _known(rule: Rule, name: str, world: World) -> Sequence[object]:
    """What an argument of the rule may be."""
    first = str(rule).removeprefix("/api/v1").split("/")[1]
    paths, trainings = ([ref for ref in world.refs if ref.startswith(letter)] for letter in "PM")
    known = {
        ("entries", "ref"): world.refs, ("entries", "number"): [1, 2], ("people", "number"): world.people,
        ("people", "person"): world.people, ("mail", "number"): [1],
        ("statements", "number"): [1], ("mentoring", "number"): [1], ("mentoring", "request"): [1],
        ("actions", "number"): [1, 2], ("actions", "action"): [1, 2], ("vocabulary", "number"): world.groups,
        ("vocabulary", "group"): world.groups, ("entries", "form"): ["docx"],
        ("assignments", "assignment"): [1, 2], ("cohorts", "cohort"): [1, 2],
        ("learning", "path"): paths, ("paths", "ref"): paths, ("paths", "path"): paths,
        ("learning", "step"): trainings, ("teaching", "number"): world.attempts,
        ("teaching", "path"): paths, ("teaching", "step"): trainings,
        ("teaching", "ref"): trainings, ("teaching", "training"): trainings,
        ("entries", "kind"): list(CONTENT), ("review", "ref"): world.revised, ("review", "number"): [3],
        ("attachments", "file"): ["0" * 64], ("entries", "digest"): ["0" * 64],
        ("import", "number"): world.own.imports, ("imports", "number"): world.own.imports,
        ("drafts", "ref"): world.refs,
        ("working-copies", "place"): ["L-0001", "new:review"],
        ("bulk", "number"): [1], ("reviews", "ref"): world.revised,
        ("reviews", "revision"): [3], ("badges", "name"): world.badges,
        ("dossiers", "ref"): world.dossiers, ("dossiers", "dossier"): world.dossiers,
        ("dossiers", "form"): ["docx", "xlsx"],
        ("taxonomy", "name"): list(DIMENSIONS), ("taxonomy", "number"): [1],
        ("tables", "sheet"): list(TABLES), ("tables", "number"): world.rows,
        ("projects", "number"): world.own.uploads, ("project-tables", "number"): world.own.uploads,
        **{(name, "number"): world.rows for name in TABLES},
    }  # fmt: skip
    assert (first, name) in known, f"say in tests/security/visiting.py what {name} of {rule} may be"
    return known[first, name]


def _asking(app: Flask, world: World) -> Iterator[Visit]:
    """Searches, and every page with the texts in all that its address may hold."""
    for words in SEARCHES:
        for page in (1, 2):
            yield Visit(f"/search?{urlencode({'q': words, 'page': page})}", endpoint="results.results")
        yield Visit(f"/search?{urlencode({'q': words})}", "palette", "results.results")
        yield Visit(f"/api/v1/search?{urlencode({'q': words, 'limit': 50})}", endpoint="api.search")
    for at, number in enumerate(world.numbers[:: world.asked]):
        text = world.line(number)
        given = urlencode([(name, text) for name in sorted(everything_asked() if at % 2 else texts_asked())])
        for rule in gets(app):
            if not is_for_programs(rule):
                known = {name: _known(rule, name, world) for name in rule.arguments}
                if all(known.values()):
                    values = {name: held[0] for name, held in known.items()}
                    yield Visit(f"{address_of(rule, **values)}?{given}", endpoint=rule.endpoint)
        for name in ("q", "tag", "sector", "type", "region"):
            yield Visit(f"/search?{urlencode({name: text})}", "results", "results.results")
        yield Visit(f"/search?{urlencode({'q': text})}", "palette", "results.results")


def _mistaken(world: World) -> Iterator[Visit]:
    """Addresses at which nothing is."""
    for number in world.numbers:
        text = quote(world.line(number), safe="")
        for address in ("/{}", "/entries/{}", "/entries/{}/history", "/people/{}", "/static/{}",
                        "/api/v1/entries/{}", "/api/v1/search?q=x&sort={}", "/vocabulary/{}"):  # fmt: skip
            yield Visit(address.format(text))
    yield from (Visit(f"/entries/{name}") for name in UNHEARD)


def fragments() -> set[str]:
    """The parts of pages that our scripts ask for."""
    scripts = [file.read_text(encoding="utf-8") for file in (SOURCES / "static" / "js").glob("*.js")]
    return {name for text in scripts for name in re.findall(r'fetchPart\(.*, "(\w+)"\)', text)}


def everything_asked() -> set[str]:
    """The name of every parameter that some address takes."""
    return {name for model in _models(Parameters) for name in model.model_fields} | _read_by_hand()


def texts_asked() -> set[str]:
    """Those that take any text; of the others a text is an error, and the page says only that."""
    asked: dict[str, list[bool]] = {}
    for model in _models(Parameters):
        for name, each in model.model_fields.items():
            asked.setdefault(name, []).append(_is_text(each.annotation))
    return {name for name, answers in asked.items() if all(answers)} | _read_by_hand()


def _is_text(annotation: object) -> bool:
    """Whether it is a text, or a list of texts."""
    inner = [part for each in get_args(annotation) for part in (each, *get_args(each))]
    return annotation is str or (bool(inner) and str in inner and type(None) not in inner)


def _models(model: type[Parameters]) -> Iterator[type[Parameters]]:
    yield model
    for each in model.__subclasses__():
        yield from _models(each)


def _read_by_hand() -> set[str]:
    """Parameters that a view reads without a model."""
    found = {"code", "error", "iss"}
    for file in SOURCES.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        found |= set(re.findall(r"request\.args(?:\.get\(|\.getlist\(|\[)\"(\w+)\"", text))
    assert {"terms", "state"} <= found
    return found
