"""Everything an entry's page shows, gathered in one read of the repository."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from kb import reading
from kb.actions.listing import ActionFilter, list_actions
from kb.adoptions.keeping import count_adoptions, list_adoptions
from kb.attachments.reading import attachments_of
from kb.clauses import lost_because
from kb.config import MASK_BELOW
from kb.errors import NotFound
from kb.kinds import Lesson, Path, Project, Review, Template, Training
from kb.learning.rating import average
from kb.neighbours import neighbours
from kb.overrun import overruns
from kb.quality import grade
from kb.recurring import recurring
from kb.sections import HEADINGS
from kb.visibility import readers_in_words
from web.estimate_views import like_address
from web.figures import Journey, journey, measures, variance_rows
from web.labels import INCOMING, OUTGOING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy.orm import Session

    from kb.actions.listing import ActionView
    from kb.adoptions.keeping import AdoptionView
    from kb.attachments.reading import AttachmentView
    from kb.content import Content
    from kb.desk.colleagues import OpenWork
    from kb.neighbours import LinkView, Neighbours
    from kb.overrun import Overrun
    from kb.quality import Grade
    from kb.reading import EntryView, Reader
    from kb.recurring import Recurring
    from search.results import Hit
    from web.figures import Measure, VarianceRow

RELATION_ORDER = ("supersedes", "recurrence of", "source", "evidence", "embedded in", "related")
SIMILAR_SHOWN = 6
LEAD_LENGTH = 400
"""Characters. A longer summary is a text, not the one sentence that is set apart."""


@dataclass(frozen=True)
class LinkGroup:
    """Links of one meaning."""

    words: str
    links: tuple[LinkView, ...]


@dataclass(frozen=True)
class EntryPage:
    """A revision of an entry with what surrounds it."""

    view: EntryView
    published: EntryView | None
    """The revision that readers see by default; None when the entry is no longer published."""
    titles: Mapping[str, tuple[str, str]]
    """(kind, title) of the entries it names, as far as they exist."""
    outgoing: tuple[LinkGroup, ...]
    incoming: tuple[LinkGroup, ...]
    replaced_by: tuple[LinkView, ...]
    recurrences: int
    visible_to: tuple[str, ...] = ()
    """Who may see an entry that is not for everybody, in words; empty for readers who are not told."""
    instead: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Entries that it names in whose place others stand, with the ids of those."""
    mask_below: int = MASK_BELOW
    """So many similar projects let the source of a lesson that masks it be shown."""
    project: EntryView | None = None
    """The project of a review."""
    journey: Journey | None = None
    """The stages of a learning path."""
    rating: tuple[float, int] | None = None
    """The mean of what learners gave it, of 1 to 5, and how many; None while they are few."""
    similar: tuple[Hit, ...] = ()
    files: tuple[AttachmentView, ...] = ()
    """The documents it comes from, as far as the reader sees them."""
    actions: tuple[ActionView, ...] = ()
    """What is to become of a lesson."""
    adoptions: tuple[AdoptionView, ...] = ()
    """Who goes by it; none for visitors."""
    adopted: int = 0
    """How often it was adopted."""
    adopted_before: tuple[tuple[str, int], ...] = ()
    """Lessons in the place of which it stands, with how often each was adopted."""
    learned: Recurring | None = None
    """How often, where and at what cost a lesson was learned, where that was more than once."""
    colleagues: tuple[OpenWork, ...] = ()
    """Who is at work on it, told to whoever may edit it."""
    lost: Mapping[str, str] = field(default_factory=dict)
    """Which lessons of a template's clauses no longer stand, and why."""

    def with_similar(self, hits: list[Hit]) -> EntryPage:
        """The page with similar entries that it does not link to already, or must not be linked with."""
        groups = (*self.outgoing, *self.incoming)
        linked = {link.ref for group in groups for link in group.links} | set(self.titles)
        new = [hit for hit in hits if hit.entry.ref not in linked | self.view.withheld]
        return replace(self, similar=tuple(new[:SIMILAR_SHOWN]))

    @property
    def is_old(self) -> bool:
        """Whether this revision is not the one that stands."""
        return self.published is None or self.published.number != self.view.number

    @property
    def replaces(self) -> list[LinkView]:
        """The entries in the place of which it says that it stands."""
        links = (link for group in self.outgoing for link in group.links)
        return [link for link in links if link.relation == "supersedes"]

    @property
    def has_lead(self) -> bool:
        """Whether the summary is short enough to be set apart."""
        return 0 < len(self.view.content.summary) <= LEAD_LENGTH

    @property
    def texts(self) -> list[str]:
        """Every Markdown text that the page shows."""
        content = self.view.content
        texts = [value for name in HEADINGS if isinstance(value := getattr(content, name, None), str)]
        if isinstance(content, Lesson) and content.applicability:
            texts += [content.applicability.conditions, content.applicability.counter_conditions]
        if isinstance(content, Training):
            texts += [question.model_answer for question in content.assessment]
        return [text for text in texts if text]

    @property
    def measures(self) -> list[Measure]:
        """Plan against actual of a project, or of the project under review."""
        entry = self.project or self.view
        return measures(entry.content) if isinstance(entry.content, Project) else []

    @property
    def overruns(self) -> list[Overrun]:
        """The cost of a project with approved scope change, against each plan."""
        content = self.view.content
        changed = isinstance(content, Project) and content.approved_scope_change
        return overruns(content) if isinstance(content, Project) and changed else []

    @property
    def grade(self) -> Grade | None:
        """How good the numbers of a project are."""
        content = self.view.content
        return grade(content) if isinstance(content, Project) else None

    @property
    def like_address(self) -> str:
        """Where projects like this one are estimated."""
        return like_address(self.view.stored, self.view.ref)

    @property
    def variances(self) -> list[VarianceRow]:
        """The variance by cause of a review or a project."""
        content = self.view.content
        return variance_rows(content.variances) if isinstance(content, (Review, Project)) else []

    @property
    def currency(self) -> str:
        """The currency of a project's or a review's amounts."""
        content = (self.project or self.view).content
        return (isinstance(content, Project) and content.currency) or ""


def load_page(session: Session, ref: str, reader: Reader, number: int | None) -> EntryPage:
    """The page of an entry. Raises NotFound."""
    view = reading.get_entry(session, ref, reader, number)
    published = view if number is None else _find(session, ref, reader)
    page = page_of(session, view, neighbours(session, view, reader), published, reader)
    if isinstance(view.content, Template):
        return replace(page, lost=lost_because(session, view.content, reader))
    if isinstance(view.content, Path):
        return replace(page, rating=average(session, ref))
    if view.kind != "lesson" or page.is_old:
        return page
    actions = list_actions(session, reader, ActionFilter("all", ref=view.ref), date.min)
    adoptions = tuple(list_adoptions(session, reader, ref=view.ref))
    adopted = count_adoptions(session, view.ref)
    before = ((link.ref, count_adoptions(session, link.ref)) for link in page.replaces)
    learned = recurring(session, view, reader) if page.recurrences else None
    return replace(
        page, actions=tuple(actions), adoptions=adoptions, adopted=adopted, learned=learned,
        adopted_before=tuple(each for each in before if each[1]),
    )  # fmt: skip


def page_of(
    session: Session, view: EntryView, around: Neighbours, published: EntryView | None, reader: Reader
) -> EntryPage:
    """The page of a revision with these links, whether it is stored or not."""
    titles = {link.ref: (link.kind, link.title) for link in around.outgoing if link.title is not None}
    content = view.content
    outgoing, incoming = _once(content, around)
    return EntryPage(
        view=view,
        published=published,
        titles=titles,
        outgoing=_groups(outgoing, OUTGOING),
        incoming=_groups(incoming, INCOMING),
        replaced_by=tuple(link for link in around.incoming if link.relation == "supersedes"),
        recurrences=sum(link.relation == "recurrence of" for link in around.incoming),
        instead={link.ref: link.superseded_by for link in around.outgoing if link.superseded_by},
        visible_to=tuple(_visible_to(session, view, reader)),
        mask_below=reader.mask_below,
        project=_find(session, content.project, reader) if isinstance(content, Review) else None,
        journey=_journey(session, content, titles, reader) if isinstance(content, Path) else None,
        files=tuple(attachments_of(session, view, reader)),
    )


def _visible_to(session: Session, view: EntryView, reader: Reader) -> list[str]:
    if not reader.sees_all or view.visibility == "public":
        return []
    return readers_in_words(session, view.readers) or ["people who have signed in"]


def _find(session: Session, ref: str | None, reader: Reader) -> EntryView | None:
    try:
        return reading.get_entry(session, ref, reader) if ref else None
    except NotFound:
        return None


def _journey(session: Session, path: Path, titles: Mapping[str, tuple[str, str]], reader: Reader) -> Journey:
    minutes: dict[str, int | None] = {}
    for step in path.entry_steps:
        if step.minutes is None and titles.get(step.entry, ("",))[0] == "training":
            entry = _find(session, step.entry, reader)
            if entry is not None and isinstance(entry.content, Training):
                minutes[step.entry] = entry.content.minutes
    return journey(path, titles, minutes)


def _shown_in_text(content: Content) -> set[str]:
    """Ids that the typed sections already list."""
    match content:
        case Review():
            return {content.project or "", *content.lessons}
        case Lesson():
            return {content.source or ""}
        case Template():
            return {clause.because for clause in content.provenance}
        case Training():
            return set(content.source_lessons)
        case Path():
            return {step.entry for step in content.entry_steps} | set(content.prerequisites)
        case _:
            return set()


def _once(content: Content, around: Neighbours) -> tuple[list[LinkView], list[LinkView]]:
    """(links from it, links to it) with each neighbour once, by its strongest relation.

    What the typed sections already list is left out.
    """
    both = [(link, True) for link in around.outgoing] + [(link, False) for link in around.incoming]
    both.sort(key=lambda pair: RELATION_ORDER.index(pair[0].relation), reverse=True)
    strongest = {link.ref: (link, is_outgoing) for link, is_outgoing in both}
    shown = _shown_in_text(content)
    kept = [pair for ref, pair in strongest.items() if ref not in shown]
    return [link for link, out in kept if out], [link for link, out in kept if not out]


def _groups(links: list[LinkView], words: Mapping[str, str]) -> tuple[LinkGroup, ...]:
    return tuple(_iter_groups(links, words))


def _iter_groups(links: list[LinkView], words: Mapping[str, str]) -> Iterator[LinkGroup]:
    for relation in RELATION_ORDER:
        group = sorted((link for link in links if link.relation == relation), key=lambda link: link.ref)
        if group:
            yield LinkGroup(words[relation], tuple(group))
