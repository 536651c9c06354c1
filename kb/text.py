"""Constrained text: the only strings that enter the repository."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, StringConstraints

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic_core import CoreSchema

MAX_LINE = 300
MAX_WORDS = 200_000
# Controls other than tab and newline, and lone surrogates: they cannot be stored or shown.
_REFUSED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_FOLDED_BREAKS = re.compile(r"\r\n?|[\x85\u2028\u2029]")

REF_PATTERN = r"[LRTMPH]-[0-9]{4,9}"
_REF = re.compile(REF_PATTERN)


def clean_text(value: str) -> str:
    """`value` with unified newlines and composed characters (NFC).

    Raises ValueError naming the first character that cannot be stored.
    """
    value = _FOLDED_BREAKS.sub("\n", value)
    refused = _REFUSED.search(value)
    if refused:
        raise ValueError(
            f"contains the character U+{ord(refused.group()):04X} at position {refused.start() + 1}, "
            "which cannot be stored; remove it"
        )
    return unicodedata.normalize("NFC", value)


def _one_line(value: str) -> str:
    if "\n" in value:
        raise ValueError("must be one line; remove the line break")
    return value


def _is_ref(value: str) -> str:
    if not _REF.fullmatch(value):
        raise ValueError("must be an entry id such as L-0042")
    return value


def parse_date(value: Any) -> Any:
    """ISO text (`2026-03-01`) to a date; anything else is left for the type check."""
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError("must be a date written as 2026-03-01") from None
    return value


@dataclass(frozen=True)
class Described:
    """What a description for programs says of a text: a pattern, or the name of a form that none tells."""

    keyword: Literal["pattern", "format", "maxLength"]
    value: str | int

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """The schema with it."""
        return handler(schema) | {self.keyword: self.value}


class NamesDescribed:
    """Of a group of named values: that every name is as the description of names says, not only some."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """The schema with its pattern of names as a rule for all names."""
        found = dict(handler(schema))
        ((pattern, values),) = found.pop("patternProperties").items()
        names = found.get("propertyNames", {}) | {"pattern": pattern}
        return found | {"additionalProperties": values, "propertyNames": names}


_PLAIN = r"[^\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029]"
ONE_LINE = f"^{_PLAIN}*$"
SOMETHING = rf"^{_PLAIN}*[^\s{_PLAIN[2:-1]}]{_PLAIN}*$"
"""One line that is not blank."""

SEVERAL_LINES = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f]*$"

Line = Annotated[
    str,
    AfterValidator(clean_text),
    StringConstraints(strip_whitespace=True, max_length=MAX_LINE),
    AfterValidator(_one_line),
    Described("pattern", ONE_LINE),
]
"""One line of plain text, at most MAX_LINE characters."""

Title = Annotated[Line, StringConstraints(min_length=1), Described("pattern", SOMETHING)]
"""The same, and not blank."""

MAX_ADDRESS = 2_000
WEB_ADDRESS = r"https?://[A-Za-z0-9][A-Za-z0-9._-]*(?::[0-9]{1,5})?(?:[/?#][!#-;=?-\[\]-~]*)?"
_WEB_ADDRESS = re.compile(WEB_ADDRESS)
_STRANGE = re.compile(r'[^!-~]|["<>\\]')


def is_web_address(value: str) -> str:
    """The address, if every browser reads it alike: what stands before the first / says where it leads.

    Raises ValueError that says what is wrong with it.
    """
    if not value.startswith(("https://", "http://")):
        raise ValueError("must begin with https:// or http://")
    if strange := _STRANGE.search(value):
        shown = repr(strange.group())
        raise ValueError(f"holds {shown}, which an address may not; copy it from your browser's address bar")
    host = re.split("[/?#]", value.partition("://")[2], maxsplit=1)[0]
    if "@" in host:
        raise ValueError("holds a name or password before the @, which everybody would see; take them out")
    if not _WEB_ADDRESS.fullmatch(value):
        raise ValueError("names no host; write it as https://www.example.org/page")
    return value


WebAddress = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=MAX_ADDRESS),
    AfterValidator(is_web_address),
    Described("pattern", f"^{WEB_ADDRESS}$"),
]
"""Where a link leads that people follow, at most MAX_ADDRESS characters, without credentials."""

NO_NUL = r"^[^\u0000]*$"
"""Any text without the one character that no database stores."""

Words = Annotated[
    str,
    AfterValidator(clean_text),
    StringConstraints(strip_whitespace=True, max_length=MAX_WORDS),
    Described("pattern", SEVERAL_LINES),
]
"""Markdown, any number of lines, at most MAX_WORDS characters."""

Tag = Annotated[
    Line,
    StringConstraints(min_length=1, max_length=80, to_lower=True),
    Described("pattern", SOMETHING),
]
Ref = Annotated[str, AfterValidator(_is_ref), Described("pattern", f"^{REF_PATTERN}$")]
"""The id of an entry, such as L-0042. The entry need not exist (yet)."""

Day = Annotated[date, BeforeValidator(parse_date)]
"""A calendar date; ISO text is accepted."""
