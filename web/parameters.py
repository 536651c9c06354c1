"""Query parameters as typed models: the same ones parse pages, API calls and describe them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from kb.errors import InvalidRecord, KbError
from kb.text import NO_NUL, SOMETHING, Described, Line
from kb.validation import Problem, validate
from search.query import FILTER_FIELDS, Filter
from search.results import MAX_DEPTH, MAX_LIMIT, Mode, Sort

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.datastructures import MultiDict

MAX_VALUES = 50
MAX_CHOSEN = 1_000
PAGE_SIZE = 20
BROWSE_SIZE = 50
LAST_PAGE = MAX_DEPTH // PAGE_SIZE + 1
Kind = Literal["lesson", "review", "template", "training", "path", "project"]
P = TypeVar("P", bound="Parameters")


class BadParameters(KbError):
    """A request's parameters break their rules; `problems` name each one."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = list(problems)


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        if not (value.isascii() and value.isdigit() and len(value) <= 9):
            raise ValueError("must be a whole number")
        return int(value)
    return value


Whole = Annotated[int, BeforeValidator(_whole)]
Value = Annotated[Line, Field(min_length=1), Described("pattern", SOMETHING)]
Values = Annotated[list[Value], Field(max_length=MAX_VALUES)]


class Parameters(BaseModel):
    """Base of every route's query parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Facets(Parameters):
    """Values that narrow a search. Values of one field are alternatives."""

    kind: Annotated[list[Kind], Field(max_length=MAX_VALUES)] = []
    type: Values = []
    tag: Values = []
    sector: Values = []
    region: Values = []
    phase: Values = []
    method: Values = []
    year: Annotated[list[Annotated[Whole, Field(ge=1000, le=9999)]], Field(max_length=MAX_VALUES)] = []
    outcome: Values = []
    verified: Annotated[list[Literal["verified", "overdue", "unverified"]], Field(max_length=MAX_VALUES)] = []

    @property
    def filters(self) -> tuple[Filter, ...]:
        """The values as filters, each once, in the order of the fields."""
        found = [Filter(name, str(value)) for name in FILTER_FIELDS for value in getattr(self, name)]
        return tuple(dict.fromkeys(found))


class SearchParameters(Facets):
    """A search as an API call states it."""

    q: Annotated[
        str,
        Field(description='Words, "exact phrases", -word, field:value, ids.'),
        Described("pattern", NO_NUL),
    ] = ""
    mode: Mode = "hybrid"
    sort: Sort = "relevance"
    offset: Annotated[Whole, Field(ge=0, le=MAX_DEPTH)] = 0
    limit: Annotated[Whole, Field(ge=1, le=MAX_LIMIT)] = PAGE_SIZE


@dataclass(frozen=True)
class Choice:
    """What was chosen in a list to be changed together, and how."""

    refs: frozenset[str] = frozenset()
    action: str = ""
    tag: str = ""
    reviewer: str = ""


class ChoiceParameters(Parameters):
    """What is chosen in a list: whoever cancels a change of several finds it as they left it."""

    chosen: Annotated[list[str], Field(max_length=MAX_CHOSEN)] = []
    chosen_action: str = ""
    chosen_tag: str = ""
    chosen_reviewer: str = ""

    @property
    def choice(self) -> Choice:
        """All of it."""
        return Choice(frozenset(self.chosen), self.chosen_action, self.chosen_tag, self.chosen_reviewer)


class ResultsParameters(Facets, ChoiceParameters):
    """A search as the address of the results page states it."""

    q: str = ""
    mode: Mode = "hybrid"
    sort: Sort = "relevance"
    page: Annotated[Whole, Field(ge=1, le=LAST_PAGE)] = 1


class BrowseParameters(Parameters):
    """Which list of entries, and which page of it."""

    kind: Kind | None = None
    page: Annotated[Whole, Field(ge=1, le=1_000_000)] = 1


class EntryParameters(Parameters):
    """Which revision of an entry; the published one unless given."""

    revision: Annotated[Whole, Field(ge=1, le=1_000_000)] | None = None


class EditParameters(EntryParameters):
    """Which revision is edited, and what has just been done."""

    done: Literal["", "saved"] = ""


class DraftsParameters(Parameters):
    """What has just been done with one of one's drafts."""

    done: Literal["", "discarded"] = ""


class FilesParameters(Parameters):
    """What has just been done with the files of an entry."""

    done: Literal["", "attached", "removed", "restored", "deleted"] = ""


class ListParameters(Parameters):
    """A stretch of the list of entries."""

    kind: Kind | None = None
    offset: Annotated[Whole, Field(ge=0, le=100_000_000)] = 0
    limit: Annotated[Whole, Field(ge=1, le=MAX_LIMIT)] = PAGE_SIZE


class SimilarParameters(Parameters):
    """How many similar entries."""

    limit: Annotated[Whole, Field(ge=1, le=MAX_LIMIT)] = 6


class NoParameters(Parameters):
    """A route without parameters."""


def parse(model: type[P], arguments: MultiDict[str, str]) -> P:
    """The arguments of an API call. Raises BadParameters naming each that is unknown or wrong."""
    return _parse(model, {name: arguments.getlist(name) for name in arguments})


def parse_page(model: type[P], arguments: MultiDict[str, str]) -> P:
    """The arguments of a page's address. What a form left blank, and names that mail programs
    and trackers append, are passed over; a wrong value raises BadParameters.
    """
    known = {name: [value for value in arguments.getlist(name) if value] for name in model.model_fields}
    return _parse(model, {name: values for name, values in known.items() if values})


def _parse(model: type[P], given: dict[str, list[str]]) -> P:
    data: dict[str, Any] = {}
    problems = []
    for name, values in given.items():
        field = model.model_fields.get(name)
        if field is not None and get_origin(field.annotation) is list:
            data[name] = values
        elif len(values) > 1 and field is not None:
            problems.append(Problem(name, "is given more than once"))
        else:
            data[name] = values[-1]
    try:
        parsed = validate(model, data)
    except InvalidRecord as error:
        raise BadParameters([*problems, *error.problems]) from None
    if problems:
        raise BadParameters(problems)
    return parsed
