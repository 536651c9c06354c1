"""What programs are told who save on top of something that has changed: both texts, and the two together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kb.errors import InvalidRecord, KbError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from web.desk.sheets import Conflict


class Unready(InvalidRecord):
    """What is asked for is well formed, but what stands does not let it be done yet; `problems` say why."""


class _WithTexts(KbError):
    """Somebody else was first; nothing was saved."""

    def __init__(
        self, words: str, found: Conflict, theirs: Mapping[str, Any], mine: Mapping[str, Any]
    ) -> None:
        super().__init__(words)
        self.extra = {
            "conflict": {
                "revision": found.number, "author": found.author, "state": found.state, "theirs": theirs,
                "yours": mine, "merged": found.merged.content, "to_decide": found.merged.conflicts,
                "taken": found.merged.taken,
            }
        }  # fmt: skip
        """What the problem document says beside its words."""


class DraftOvertaken(_WithTexts):
    """`base` is no longer what stands."""


class DraftGone(_WithTexts):
    """If-Match does not name what stands."""
