"""The builder of learning paths: stages and steps as the form shows them, and material to put in.

Every press of one of its buttons sends the whole form; the script asks for the builder's part of the page
only. So the same code answers with and without scripts, and what is typed is kept each time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kb.learning.material import step_materials
from kb.learning.step_links import links_of
from kb.neighbours import titles_of
from kb.people.errors import TooMany
from kb.people.limits import LINKS_OF_PERSON
from kb.people.roles import can, require
from kb.steps import LinkStep, leads_elsewhere, stored_entries, stored_id, stored_steps
from kb.validation import Problem
from search.material import suggest
from search.results import SearchRequest
from web.context import current
from web.desk.fields import parts_of, plan_of
from web.desk.path_links import ADDRESS, TypedLink, add_link
from web.desk.previews import course_preview
from web.desk.stages import Arranged, arrange, places_of, put, stages_of
from web.identity import origin
from web.link_checks import check_links
from web.searches import count_one, search
from web.services import services
from web.templating import prepare_markdown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from werkzeug.datastructures import MultiDict

    from kb.content import Content
    from kb.learning.material import StepMaterial
    from kb.learning.step_links import StepLink
    from search.results import SearchPage
    from web.desk.fields import Field
    from web.desk.sheets import Sheet

KIND = "path"
FRAGMENT = "builder"
ENTER = "enter"
"""What Enter in a line means: adding a link or searching where something is typed for it, else saving."""
MOVES = ("add", "remove", "up", "down", "move")
DOES = (*MOVES, "put", "link", "before", "find", "suggest", "check")
MOST_FOUND = 10
LONGEST = 300


@dataclass(frozen=True)
class Found:
    """An entry that a search found, and where it stands in the path already."""

    ref: str
    kind: str
    title: str
    why: str
    place: str = ""


@dataclass
class Builder:
    """What the builder shows beside what is typed."""

    words: str = ""
    into: int = 0
    """The stage, from 1, that what is found is put into."""
    said: str = ""
    focus: str = ""
    asked: str = ""
    """What the list of what was found is headed by; empty: nothing was searched for."""
    found: Sequence[Found] = ()
    recurring: Sequence[Found] = ()
    """Lessons learned several times that no path holds."""
    failed: str = ""
    is_suggested: bool = False
    """Whether what was found is what the path may lack; it is looked for anew when something was added."""
    materials: Mapping[str, StepMaterial] = field(default_factory=dict)
    typed: TypedLink = field(default_factory=TypedLink)
    """The link that is typed and no step yet."""
    links: Mapping[str, StepLink] = field(default_factory=dict)
    """Of steps that have one, by their ids, and whether it answered."""
    may_check: bool = False
    titles: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """(kind, title) of the prerequisites."""

    @property
    def stage_fields(self) -> Mapping[str, Field]:
        """The fields of a stage."""
        (stages,) = (each for each in plan_of(KIND).core if each.name == "stages")
        return {each.name: each for each in stages.parts}

    @property
    def step_fields(self) -> Mapping[str, Field]:
        """The fields of a step that is an entry."""
        return {each.name: each for each in self.stage_fields["steps"].parts}

    @property
    def link_fields(self) -> Mapping[str, Field]:
        """The fields of a step that is a link."""
        return {each.name: each for each in parts_of(LinkStep, "steps")}

    def is_link(self, step: Mapping[str, Any]) -> bool:
        """Whether a step is meant to be a link."""
        return leads_elsewhere(step)

    def link_of(self, step: Mapping[str, Any]) -> StepLink | None:
        """The link of a step, and whether it answered."""
        return self.links.get(stored_id(step))

    def pins(self, step: Mapping[str, Any]) -> list[tuple[str, str]]:
        """(value, words) of the revisions that a step can be pinned at; what was typed is among them."""
        material = self.materials.get(str(step.get("entry", "")))
        known = [] if material is None else [_pin_words(material, *each) for each in material.revisions]
        typed = shown_pin(step)
        if typed and typed not in dict(known):
            known.append((typed, f"{typed} (not open to you)"))
        return [("", "Always the newest"), *known]


def shown_pin(step: Mapping[str, Any]) -> str:
    """The revision of a step as its choice holds it."""
    pinned = step.get("revision")
    return "" if pinned is None else str(pinned)


def _pin_words(material: StepMaterial, number: int, day: date) -> tuple[str, str]:
    newest = " (newest)" if number == material.number else ""
    return str(number), f"{number}, of {day.isoformat()}{newest}"


def meant(do: str, form: MultiDict[str, str]) -> str:
    """What was asked for: Enter adds a link that is typed, or searches for words that are."""
    if do != ENTER:
        return do
    if form.get(ADDRESS, "").strip():
        return "link"
    return "find" if form.get("find", "").strip() else "save"


def is_about(do: str, what: str) -> bool:
    """Whether a button is the builder's: rows of other fields are added and removed as in every form."""
    return do in DOES and (do not in MOVES or what.startswith("stages"))


def begin(sheet: Sheet, form: MultiDict[str, str]) -> None:
    """What was typed into the builder's own fields."""
    stated = form.get("into", "")
    into = int(stated) if stated.isascii() and stated.isdecimal() and len(stated) < 5 else 0
    sheet.builder = Builder(
        words=form.get("find", "").strip()[:LONGEST], into=into, typed=TypedLink.of(form),
        is_suggested=form.get("shows") == "suggested",
    )  # fmt: skip


def build(sheet: Sheet, do: str, what: str) -> None:
    """Does one of the builder's smaller steps; the sheet's data is changed."""
    builder = sheet.builder or Builder()
    if do in MOVES:
        done = arrange(sheet.data, do, what)
    elif do == "put":
        done = _put(sheet, what.upper(), builder.into)
    elif do == "link":
        done, builder.typed = add_link(sheet.data, builder.typed, builder.into)
    elif do == "before":
        done = _before(sheet, what.upper())
    else:
        done = Arranged(focus="find")
    builder.said, builder.focus = done.said, done.focus
    sheet.builder = builder
    if do == "check":
        _ask(sheet, builder, _check)
    elif do == "suggest" or (do != "find" and builder.is_suggested):
        _ask(sheet, builder, _suggest)
    elif builder.words and do in ("find", "put", "before"):
        _ask(sheet, builder, _find)


def takes_link(sheet: Sheet) -> bool:
    """Adds a link that was typed and not added before the path is saved or shown; says whether it could."""
    builder = sheet.builder
    if builder is None or not builder.typed.is_typed:
        return True
    done, builder.typed = add_link(sheet.data, builder.typed, builder.into)
    builder.said, builder.focus = done.said, done.focus
    sheet.problems = [Problem(name, words) for name, words in builder.typed.wrong.items()]
    return not sheet.problems


def prepare(sheet: Sheet) -> None:
    """Gathers what the builder shows of the entries that the path names."""
    builder = sheet.builder = sheet.builder or Builder()
    stages_of(sheet.data)
    before = [each for each in sheet.data.get("prerequisites") or [] if isinstance(each, str)]
    with services().database.read() as session:
        builder.materials = step_materials(session, stored_entries(sheet.data), current().reader)
        builder.titles = titles_of(session, before, current().reader)
        links = links_of(session, stored_steps(sheet.data), current().reader)
        builder.links = {each.step: each for each in links}
    builder.may_check = bool(builder.links) and can(current().person, "train")
    builder.into = builder.into or len(stages_of(sheet.data))


def preview(sheet: Sheet, content: Content) -> None:
    """The path as learners will find it."""
    with services().database.read() as session:
        sheet.course = course_preview(session, sheet.ref, content, current().reader)
    texts = (content.summary, sheet.course.course.path.goal)
    prepare_markdown([text for text in texts if text])


def _put(sheet: Sheet, ref: str, into: int) -> Arranged:
    """Adds an entry as a step, pinned at its newest revision."""
    standing = places_of(sheet.data).get(ref)
    if standing:
        return Arranged(f"{ref} is in this path already: {standing}.", "find")
    with services().database.read() as session:
        found = step_materials(session, [ref], current().reader).get(ref)
    if found is None or ref == sheet.ref:
        return Arranged(f"There is no published entry {ref[:20]} to add.", "find")
    return put(sheet.data, {"entry": ref, "revision": found.number, "required": True}, into)


def _before(sheet: Sheet, ref: str) -> Arranged:
    """Adds a path to those that come before."""
    held = [each for each in sheet.data.get("prerequisites") or [] if isinstance(each, str)]
    if ref in held or ref == sheet.ref or not ref.startswith("P-"):
        return Arranged(f"{ref[:20]} cannot be added to what comes before.", "find")
    sheet.data["prerequisites"] = [*held, ref]
    return Arranged(f"{ref[:20]} comes before this path now.", "find")


def _ask(sheet: Sheet, builder: Builder, look: Callable[[Sheet, Builder], None]) -> None:
    """Looks for material; whoever has asked too often loses nothing of what they typed."""
    try:
        look(sheet, builder)
    except TooMany as error:
        builder.failed = str(error)


def _check(sheet: Sheet, builder: Builder) -> None:
    """Asks the links of the steps; nothing else ever does."""
    here = services()
    require(current().person, "train")
    here.leases.spend(here.database, LINKS_OF_PERSON, f"#{current().person.id}")
    checked = check_links(here.database, origin(), here.settings.link_hosts, stored_steps(sheet.data))
    missed = sum(not each.is_reached for each in checked)
    builder.said = f"{len(checked)} checked, {missed or 'none'} not reached."
    builder.focus = "check-links"


def _suggest(sheet: Sheet, builder: Builder) -> None:
    count_one()
    here = services()
    found = suggest(here.database, here.engine, sheet.data, sheet.ref, current().reader)
    if not found.says_enough:
        builder.failed = "Say the goal or the competencies first: material is looked for by them."
    builder.is_suggested, builder.asked = True, "Fits the goal, and is not in this path"
    builder.found = [
        Found(hit.entry.ref, hit.entry.kind, hit.entry.title, str(hit.why)) for hit in found.material
    ]
    builder.recurring = [
        Found(each.ref, "lesson", each.title, f"learned {each.times} times") for each in found.recurring
    ]
    builder.said = builder.said or f"{len(builder.found) or 'No'} suggestions."


def _find(sheet: Sheet, builder: Builder) -> None:
    builder.is_suggested = False
    page = search(SearchRequest(text=builder.words, limit=MOST_FOUND + 1))
    builder.asked = f"Found for “{builder.words}”"
    builder.found = _as_found(page, sheet)
    builder.said = builder.said or f"{len(builder.found) or 'No'} entries found."


def _as_found(page: SearchPage, sheet: Sheet) -> list[Found]:
    places = places_of(sheet.data)
    return [
        Found(hit.entry.ref, hit.entry.kind, hit.entry.title, str(hit.why), places.get(hit.entry.ref, ""))
        for hit in page.hits
        if hit.entry.ref != sheet.ref
    ][:MOST_FOUND]
