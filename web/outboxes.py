"""What the pages of both outboxes share: which rows are asked for, and where the list goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from flask import url_for
from pydantic import Field

from web.parameters import Parameters, Whole

if TYPE_CHECKING:
    from kb.config import Settings
    from kb.outbox import Outbox

PAGE_SIZE = 50
LARGEST = 2**31 - 1


class OutboxParameters(Parameters):
    """Which rows, which page of them, and what was just done."""

    state: str = ""
    page: Annotated[Whole, Field(ge=1, le=1_000_000)] = 1
    done: Annotated[str, Field(max_length=20)] = ""

    @property
    def start(self) -> int:
        """How many rows stand before the page."""
        return (self.page - 1) * PAGE_SIZE


@dataclass(frozen=True)
class OutboxPage:
    """What every such page shows."""

    endpoint: ClassVar[str]
    asked: OutboxParameters
    settings: Settings
    outbox: Outbox

    @property
    def total(self) -> int:
        """How many rows there are of this kind."""
        counts = self.outbox.counts
        return counts[self.asked.state] if self.asked.state else sum(counts.values())

    @property
    def last_page(self) -> int:
        """The list's last page."""
        return max(1, -(-self.total // PAGE_SIZE))

    def url(self, page: int) -> str:
        """The address of another page of the same list."""
        return url_for(self.endpoint, state=self.asked.state or None, page=page if page > 1 else None)
