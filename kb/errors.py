"""One base error with a message that a user can read; a subclass per failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kb.validation import Problem


class KbError(Exception):
    """Something a person can act on. `str(error)` says what happened and what to do."""

    is_noted = False
    """Whether it stands in the audit log already."""


class SettingsError(KbError):
    """The environment holds a setting that makes no sense."""


class NotFound(KbError):
    """No such entry or revision, or none that this reader may see."""


class NotAllowed(KbError):
    """The verb does not fit the state of the revision, or the person's role."""


class DatabaseTooNew(KbError):
    """The database was written by a newer version of Precedent."""


class DatabaseUnavailable(KbError):
    """The database cannot be opened or reached."""


class NotWritable(DatabaseUnavailable):
    """What is there can be read, but nothing can be stored for now."""

    def __init__(self, why: str) -> None:
        super().__init__(f"Nothing can be stored at the moment: {why}.")


class InvalidRecord(KbError):
    """A record breaks the rules of its kind; `problems` name each field."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = list(problems)


class Taken(InvalidRecord):
    """Nothing is wrong with the record itself: another one has what may be there once only."""


class EditConflict(KbError):
    """Somebody saved first. `current_number` is the revision that now stands.

    `base` is the revision that both texts started from, where that is known.
    """

    def __init__(self, ref: str, current_number: int, base: int | None = None) -> None:
        super().__init__(
            f"{ref} was changed by somebody else: revision {current_number} now stands. "
            "Compare it with your text and save again on top of it."
        )
        self.ref = ref
        self.current_number = current_number
        self.base = base


class StillOpen(EditConflict):
    """Somebody is at work on an entry in whose published text something has to be stated."""

    def __init__(self, ref: str, current_number: int) -> None:
        super().__init__(ref, current_number)
        words = (
            f"Nothing was changed: somebody is at work on {ref} (revision {current_number}), which has to "
            "say it. Its page says who. Decide once that is published, rejected or discarded."
        )
        self.args = (words,)
