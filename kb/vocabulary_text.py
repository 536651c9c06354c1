"""What may stand in a group of the vocabulary, and when two terms are the same."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, field_validator

from kb.meta import MAX_REVISION, Moment
from kb.strict import Strict
from kb.text import REF_PATTERN, Described, Line
from kb.validation import shorten

MAX_TERMS = 12
MAX_TERM_WORDS = 6
MAX_TERM = 100
MAX_KEY = 300
MAX_SHORT_FORM = 12
SEPARATOR = "|"
"""Between the terms of a group, wherever a group stands on one line."""
GroupKind = Literal["acronym", "synonyms"]

# As the index divides a text into words, so that a term has as many words here as there.
_WORD = re.compile(r"[^\W_]+(?:[.'’][^\W_]+)*")
_REF = re.compile(REF_PATTERN, re.IGNORECASE)


def term_key(term: str) -> str:
    """What makes two terms the same: the words, without case, accents and what stands between them."""
    folded = unicodedata.normalize("NFKD", term.casefold())
    return " ".join(_WORD.findall("".join(char for char in folded if not unicodedata.combining(char))))


def _term(value: str) -> str:
    value = " ".join(value.split())
    words = len(_WORD.findall(value))
    if SEPARATOR in value:
        raise ValueError(f"must not hold {SEPARATOR}, which stands between the terms of a group")
    if sum(char.isalnum() for char in value) < 2:
        raise ValueError("must have at least two letters or digits")
    if words > MAX_TERM_WORDS:
        raise ValueError(f"has {words} words; at most {MAX_TERM_WORDS} make a term")
    if len(value) > MAX_TERM or len(term_key(value)) > MAX_KEY:
        raise ValueError(f"is too long: at most {MAX_TERM} characters make a term")
    if _REF.fullmatch(value):
        raise ValueError("is the id of an entry, which is found as it is")
    return value


Term = Annotated[Line, AfterValidator(_term), Described("format", "term"), Described("maxLength", MAX_TERM)]
_SHORT = {"maxLength": MAX_SHORT_FORM, "pattern": r"^\S+$"}
_SHORT_FIRST: dict[str, Any] = {"properties": {"terms": {"prefixItems": [_SHORT]}}}


class GroupText(Strict):
    """What a person says of a group."""

    model_config = ConfigDict(
        json_schema_extra={"if": {"properties": {"kind": {"const": "acronym"}}}, "then": _SHORT_FIRST}
    )

    kind: GroupKind
    terms: Annotated[
        list[Term],
        Field(json_schema_extra={"minItems": 2, "maxItems": MAX_TERMS, "uniqueItems": True}),
    ]
    """The first names the group: of an acronym it is the short form, the others are long forms."""
    note: Line = ""

    @field_validator("terms")
    @classmethod
    def _check_terms(cls, terms: list[str], info: ValidationInfo) -> list[str]:
        if not 2 <= len(terms) <= MAX_TERMS:
            raise ValueError(f"must be 2 to {MAX_TERMS} terms, not {len(terms)}")
        first: dict[str, str] = {}
        for term in terms:
            key = term_key(term)
            if key in first:
                found = f"“{first[key]}” and “{term}” are one term (case, accents and hyphens do not count)"
                raise ValueError(f"{found}; keep one")
            first[key] = term
        short = terms[0]
        if info.data.get("kind") == "acronym" and (" " in short or len(short) > MAX_SHORT_FORM):
            found = f"of an acronym begin with the short form, of at most {MAX_SHORT_FORM} characters"
            raise ValueError(f"{found} without spaces, not {shorten(short)}")
        return terms

    @property
    def keys(self) -> list[str]:
        """The terms as they are compared."""
        return [term_key(term) for term in self.terms]


class GroupRecord(GroupText):
    """A group as a file states it: with its history where the file has that."""

    version: Annotated[int, Field(gt=0, le=MAX_REVISION)] | None = None
    author: Line | None = None
    changed_at: Moment | None = None
