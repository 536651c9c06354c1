"""Everything the editor's page shows: what is filled in, what is wrong with it, and what happened."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kb.desk.access import find_case
from kb.desk.comparing import differences_of, stored_for
from kb.desk.differences import as_text
from kb.desk.merging import merge
from web.desk.fields import plan_of
from web.desk.reading_forms import PREFIX, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from kb.clauses import Clause
    from kb.desk.colleagues import OpenWork
    from kb.desk.comments import CommentView
    from kb.desk.differences import Difference
    from kb.desk.merging import Merged
    from kb.errors import EditConflict
    from kb.people.roles import Person
    from kb.reading import Reader
    from kb.validation import Problem
    from web.desk.advice import Counsel, LikeLesson
    from web.desk.building import Builder
    from web.desk.fields import Field, FormPlan
    from web.desk.previews import CoursePreview
    from web.entry_views import EntryPage


@dataclass(frozen=True)
class Conflict:
    """Somebody else was first: what they made of it, beside what was typed."""

    number: int
    author: str
    state: str
    fields: Sequence[Difference]
    """Theirs (`old`) against what was typed (`new`)."""
    merged: Merged
    theirs: Mapping[str, Any]
    base: Mapping[str, Any]
    """The stored content from which both set out; empty where that is not known."""

    def whose(self, name: str) -> str:
        """Who changed a field, and what the form holds now."""
        if name in self.merged.conflicts:
            return "You both changed it: the form holds yours."
        if name not in self.merged.taken:
            return "Only you changed it: the form holds yours."
        if self.merged.content.get(name) == self.theirs.get(name):
            return "Only they changed it: the form holds theirs."
        return "You both changed it, in different places: the form holds both."

    def before(self, name: str) -> str:
        """What a field that both changed said before."""
        return as_text(self.base.get(name)) if name in self.merged.conflicts else ""


@dataclass
class Sheet:
    """The form of one entry."""

    kind: str
    ref: str = ""
    """Empty: the entry is new."""
    base: int = 0
    """The revision that the text was edited from."""
    data: dict[str, Any] = field(default_factory=dict)
    anonymous: bool = False
    mask_source: bool = False
    note: str = ""
    problems: Sequence[Problem] = ()
    state: str = ""
    """That of the revision `base`; empty while the entry is new."""
    reason: str = ""
    """Why a reviewer sent it back."""
    comments: Sequence[CommentView] = ()
    colleagues: Sequence[OpenWork] = ()
    """Who else is at work on the entry."""
    behind: int | None = None
    """The revision that was published since this one was begun, if one was."""
    is_archived: bool = False
    """Whether the entry was archived since this revision was begun."""
    recovered_at: datetime | None = None
    """When what is shown was typed, where it was never saved."""
    done: str = ""
    conflict: Conflict | None = None
    preview: EntryPage | None = None
    alike: Sequence[LikeLesson] = ()
    """Published lessons that it looks like, to be decided on before it is submitted."""
    deleted: Sequence[Clause] = ()
    """Clauses of the published template that it leaves out, while their lessons stand."""
    counsel: Counsel | None = None
    """Advice beside a preview that was made without scripts."""
    course: CoursePreview | None = None
    """A path as learners will find it."""
    builder: Builder | None = None
    """The builder of a learning path."""

    @property
    def plan(self) -> FormPlan:
        """What the form asks for."""
        return plan_of(self.kind)

    @property
    def others(self) -> list[str]:
        """Problems that are no single field's."""
        return [str(each) for each in self.problems if not each.field]

    @property
    def marked(self) -> list[tuple[str, str]]:
        """(path, what is wrong) of each field with a problem, for the list at the top."""
        return [(each.field, each.message) for each in self.problems if each.field]

    def called(self, path: str) -> str:
        """What the form calls the field at a path; its parts by their names."""
        head, *parts = path.split(".")
        label = next((each.label for each in self.plan.fields if each.name == head), head)
        return ", ".join([label, *parts]).replace("_", " ")

    def problem(self, path: str) -> str:
        """What is wrong with the field at a path such as `impact.cost`."""
        found = [each.message for each in self.problems if each.field == path]
        if not found and path.count(".") == 0:
            found = [each.message for each in self.problems if self._is_line_of(each.field, path)]
        return "; ".join(found)

    def _is_line_of(self, name: str, path: str) -> bool:
        """Whether a problem is about one line of a field of several lines."""
        head, _, rest = name.partition(".")
        return head == path and rest.isdecimal() and not isinstance(self._first(path), dict)

    def _first(self, path: str) -> Any:
        held = self.data.get(path)
        return held[0] if isinstance(held, list) and held else None

    def offered(self, spec: Field) -> list[tuple[str, str]]:
        """(value, words) to tick of a field that names others: what every form offers, what the entry has,
        and what is ticked although it is gone, for whoever fills in to see.
        """
        fixed = dict(spec.options)
        held = [*self.data.get("attributes", {}), *self.data.get(spec.name, [])]
        return [*spec.options, *((name, name) for name in dict.fromkeys(held) if name and name not in fixed)]

    def comments_on(self, name: str) -> list[CommentView]:
        """What reviewers said of a field and nobody has settled."""
        return [each for each in self.comments if each.field == name and not each.is_settled]

    def is_open(self, fields: Sequence[Field]) -> bool:
        """Whether a folded part has to be open: something is filled in, wrong, or commented on there."""
        names = {each.name for each in fields}
        wrong = {problem.field.partition(".")[0] for problem in self.problems}
        commented = {each.field for each in self.comments}
        return bool(names & (self.data.keys() | wrong | commented))


def input_name(path: str) -> str:
    """The name of a field's input."""
    return PREFIX + path


def input_value(spec: Field, value: Any) -> str:
    """What stands in a field's input."""
    return shown(spec, value)


def conflict_of(
    session: Session, person: Person, reader: Reader, error: EditConflict, mine: Mapping[str, Any]
) -> Conflict:
    """What whoever was overtaken has to know. Raises NotFound where even that is hidden from them."""
    case = find_case(session, person, error.ref, error.current_number)
    theirs = stored_for(session, person, case, reader)
    base: dict[str, Any] = {}
    if error.base is not None:
        base = stored_for(session, person, find_case(session, person, error.ref, error.base), reader)
    is_veiled = case.revision.anonymous and not reader.sees_authors
    return Conflict(
        number=error.current_number,
        author="A contributor" if is_veiled else case.revision.author,
        state=case.revision.state,
        fields=differences_of(session, theirs, mine, reader),
        merged=merge(base, mine, theirs),
        theirs=theirs,
        base=base,
    )
