"""The shapes of the API's answers; the OpenAPI description is generated from them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny

from kb.content import Content
from kb.reading import A_CONTRIBUTOR, Verification
from web.parameters import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kb.neighbours import LinkView
    from kb.reading import EntryView
    from search.results import Hit

MAX_FACET_VALUES = 50


class Answer(BaseModel):
    """Base of every part of an answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FragmentPart(Answer):
    """A stretch of a snippet; `marked` where it matches the query."""

    text: str
    marked: bool


class MeaningPart(Answer):
    """Another name, found in an entry, of what was typed."""

    name: str
    typed: str


class Reasons(Answer):
    """Why a hit is there, in parts. `similarity` is a cosine from -1 to 1; `higher` and `lower` say what
    moved it among its equals.
    """

    words: list[str]
    passage: str
    keyword_rank: int | None
    semantic_rank: int | None
    similarity: float | None
    meanings: list[MeaningPart]
    higher: list[str]
    lower: list[str]


class HitPart(Answer):
    """One entry found. `snippet` is plain text; `why` says the reasons in a sentence."""

    id: str
    kind: Kind
    title: str
    score: float
    snippet: str
    why: str
    fragments: list[FragmentPart]
    reasons: Reasons
    verification: Verification
    verified_on: date | None
    superseded_by: Annotated[list[str], Field(description="Ids of entries that stand in its place.")]
    url: Annotated[str, Field(description="Path of the entry's page on this server.")]

    @classmethod
    def of(cls, hit: Hit, today: date, instead: Mapping[str, tuple[str, ...]]) -> HitPart:
        """The hit as the API shows it; `instead` says in whose place others stand."""
        entry = hit.entry
        return cls.model_validate(
            {
                "id": entry.ref,
                "kind": entry.kind,
                "title": entry.title,
                "score": hit.score,
                "snippet": hit.plain_snippet,
                "why": str(hit.why),
                "fragments": [asdict(part) for part in hit.snippet],
                "reasons": asdict(hit.why),
                "verification": entry.verification(today),
                "verified_on": entry.verified_on,
                "superseded_by": list(instead.get(entry.ref, ())),
                "url": f"/entries/{entry.ref}",
            }
        )


class FacetCount(Answer):
    """A value, how many hits hold it, and whether the search is narrowed to it."""

    value: str
    count: int
    active: bool


class SearchAnswer(Answer):
    """A page of hits. `degraded` names the rankings that are missing."""

    total: int
    degraded: list[str]
    hits: list[HitPart]
    facets: Annotated[
        dict[str, list[FacetCount]],
        Field(description=f"The {MAX_FACET_VALUES} most frequent values of each field over all hits."),
    ]
    suggestion: Annotated[str | None, Field(description="The query with unknown words corrected.")]
    notes: Annotated[list[str], Field(description="What of the query was ignored or repaired.")]
    searched: Annotated[int, Field(description="How many entries were searched.")]
    took_ms: float


class SimilarAnswer(Answer):
    """The entries nearest in meaning, nearest first."""

    hits: list[HitPart]


class RevisionPart(Answer):
    """What is said about a revision, and about its entry as it stands today."""

    id: str
    kind: Kind
    title: str
    revision: int
    state: str
    author: Annotated[str, Field(description=f"{A_CONTRIBUTOR} where the caller is not told who.")]
    anonymous: Annotated[bool, Field(description="Whether only curators are told the author.")]
    note: str
    created_at: datetime
    published_at: datetime | None
    owner: str
    visibility: str
    verification: Verification
    verified_on: date | None
    verified_until: date | None
    verifier: str
    key: Annotated[str | None, Field(description="Identity in the source it was imported from.")]
    url: str

    @classmethod
    def of(cls, view: EntryView, today: date) -> RevisionPart:
        """The revision as the API shows it, without its content."""
        return cls.model_validate(revision_data(view, today))


def revision_data(view: EntryView, today: date) -> dict[str, Any]:
    """The values of RevisionPart."""
    return {
        "id": view.ref,
        "kind": view.kind,
        "title": view.title,
        "revision": view.number,
        "state": view.state,
        "author": view.author,
        "anonymous": view.anonymous,
        "note": view.note,
        "created_at": view.created_at,
        "published_at": view.decided_at,
        "owner": view.owner,
        "visibility": view.visibility,
        "verification": view.verification(today),
        "verified_on": view.verified_on,
        "verified_until": view.due_on,
        "verifier": view.verifier,
        "key": view.key,
        "url": f"/entries/{view.ref}",
    }


class LinkPart(Answer):
    """A link to or from an entry; `title` is null when the other end is not there (yet)."""

    id: str
    relation: str
    kind: str | None
    title: str | None
    superseded_by: Annotated[
        list[str], Field(description="Ids of entries that stand in the place of the other end.")
    ] = []

    @classmethod
    def of(cls, link: LinkView) -> LinkPart:
        """The link as the API shows it."""
        return cls(
            id=link.ref, relation=link.relation, kind=link.kind or None, title=link.title,
            superseded_by=list(link.superseded_by),
        )  # fmt: skip


class RevisionAnswer(RevisionPart):
    """One revision with its typed content; the fields of `content` depend on `kind`."""

    content: SerializeAsAny[Content]
    source_withheld: Annotated[
        bool, Field(description="Whether the project that a lesson comes from is not told for now.")
    ]


class OccurrencePart(Answer):
    """One time that a lesson was learned; `cost` and `days` are negative where they were lost."""

    model_config = ConfigDict(from_attributes=True)

    ref: Annotated[str, Field(description="Id of the entry that tells of it.")]
    title: str
    on: date | None
    source: Annotated[str | None, Field(description="Project or review that it comes from, where told.")]
    where: Annotated[str, Field(description="The source's title, else the unit or programme.")]
    cost: float | None
    currency: str
    days: float | None


class EntryAnswer(RevisionAnswer):
    """The published revision with its content, and the links both ways."""

    links: list[LinkPart]
    linked_from: list[LinkPart]
    superseded_by: Annotated[list[str], Field(description="Ids of entries that stand in its place.")]
    readers: Annotated[
        list[str],
        Field(
            description="Roles and people who may see a restricted entry; empty unless the caller sees all."
        ),
    ]
    learned: Annotated[
        list[OccurrencePart],
        Field(description="Each time that a lesson was learned, where it was more than once; else empty."),
    ]


class EntryList(Answer):
    """A stretch of the list of published entries, in the order of their ids."""

    total: int
    offset: int
    entries: list[RevisionPart]


class HistoryAnswer(Answer):
    """Revisions that are or were published, newest first."""

    id: str
    revisions: list[RevisionPart]


class ProblemError(Answer):
    """One thing wrong in one parameter."""

    field: str
    message: str


class ConflictPart(Answer):
    """What somebody saved first, what was sent, and what comes of both: texts as `content` has them, without
    what is empty.
    """

    revision: Annotated[int, Field(description="The revision that now stands: save on top of it.")]
    author: str
    state: str
    theirs: dict[str, Any]
    yours: dict[str, Any]
    merged: dict[str, Any]
    to_decide: Annotated[
        list[str], Field(description="Fields that both changed in one place: `merged` holds yours.")
    ]
    taken: Annotated[list[str], Field(description="Fields in which `merged` has a change of theirs.")]


class ProblemAnswer(Answer):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[ProblemError] = []
    conflict: Annotated[ConflictPart | None, Field(description="Of a text that was not saved.")] = None
