"""/api/v1/entries/{ref}/visibility: who may see an entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import ConfigDict, Field

from kb.masking import told_in_texts
from kb.meta import Named
from kb.people.roles import ROLES
from kb.showing import Showing, show_to, showing_of
from kb.strict import Strict
from kb.text import Described
from web.api.models import Answer
from web.context import current
from web.entries import checked_ref
from web.identity import origin
from web.services import services

if TYPE_CHECKING:
    from web.parameters import NoParameters

Visibility = Literal["public", "signed-in", "restricted"]
READERS = "Of a restricted entry: `role:NAME` or `person:E-MAIL`; of others none."


Reader = Annotated[
    Named, Described("pattern", rf"^(role:({'|'.join(ROLES)})|person:[!-~]{{1,200}}@[!-~]{{1,50}})$")
]
_FORM: dict[str, Any] = {
    "if": {"properties": {"visibility": {"const": "restricted"}}},
    "then": {"required": ["readers"], "properties": {"readers": {"minItems": 1}}},
    "else": {"properties": {"readers": {"maxItems": 0}}},
}


class VisibilityPart(Answer):
    """Who may see an entry, and whether it withholds which project it comes from."""

    visibility: Visibility
    readers: Annotated[list[str], Field(description=READERS)]
    mask_source: bool
    told_in_texts: Annotated[
        list[str], Field(description="Entries whose words link a masked lesson with where it comes from.")
    ]


class VisibilityBody(Strict):
    """Who is to see the entry from now on."""

    model_config = ConfigDict(json_schema_extra=_FORM)

    visibility: Visibility
    readers: Annotated[list[Reader], Field(max_length=500, description=READERS)] = []
    mask_source: Annotated[bool | None, Field(description="Of a lesson; as it was where it is not said.")] = (
        None
    )


def entry_visibility(_: NoParameters, ref: str) -> VisibilityPart:
    """Who may see the entry as it stands."""
    with services().database.read() as session:
        showing = showing_of(session, origin(), checked_ref(ref))
    return _part(ref, showing)


def set_entry_visibility(_: NoParameters, body: VisibilityBody, ref: str) -> VisibilityPart:
    """Searches and lists follow at once. What is so already is no change."""
    shown = show_to(
        services().database, origin(), checked_ref(ref), body.visibility, body.readers,
        mask_source=body.mask_source,
    )  # fmt: skip
    return _part(ref, shown.after)


def _part(ref: str, showing: Showing) -> VisibilityPart:
    with services().database.read() as session:
        told = told_in_texts(session, checked_ref(ref), current().reader)
    return VisibilityPart.model_validate(
        {
            "visibility": showing.visibility, "readers": list(showing.readers),
            "mask_source": showing.mask_source, "told_in_texts": told,
        }
    )  # fmt: skip
