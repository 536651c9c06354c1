"""Hypothesis strategies for whole repositories, made from the models of the kinds themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from pydantic import BaseModel

from kb import kinds, text
from kb.content import CONTENT, RELATIONS
from kb.kinds import KIND_OF_PREFIX
from kb.model import JUDGED, STATES, VISIBILITIES

NASTY = [
    "---", "--- a", "...", "no", "Yes", "null", "~", "1e3", "12", "-1.5", "0x1F", "12:30", "2024-01-01",
    "true", "=1+1", "+49 30", "-", "@SUM(A1)", "'", "''", "'12", "'tis", "''=x", "＝1", "a: b", "a #b", "# a",
    "- a", "? a", "[a, b]", "{a: b}", "&a", "*a", "!a", "|", ">", "%a", "`a`", '"a"', 'a "b"', "a;b", ";",
    "\\", "a\\;b", "\\e", "\\;", "a, b", "{}", "a\tb", "[[L-0001]]", "[[L-0002|x]]", "🚧 a", "שלום a",
    "\u202eabc", "a\u00a0b", "\ufeffa", "a\ufeff", "a\ufffeb", "\U0010ffff", "e\u0301", "ﬁ", "İ", "<script>",
]  # fmt: skip
NASTY_BLOCKS = [
    "a\n\nb", "a\n---\nb", "---\na\n---", "a\n  b\n", "a \nb", "a\n\tb", "\u2028a\u2029b\x85c",
    "a\r\nb\rc", "a\n" * 40, "x" * 200, "- a\n- b", "key: value\nother: |\n  c", "a\n\n\n\nb", "a\n...\nb",
    " a\n b", "#\n#", "'a\nb'", "long " * 30 + "🚧", "tab\t" * 30,
]  # fmt: skip
_CHARACTERS = st.characters(
    exclude_categories=["Cc", "Cs"], exclude_characters="\u2028\u2029", include_characters="\t"
)
LINES = st.one_of(st.sampled_from(NASTY), st.text(_CHARACTERS, max_size=12))
WORDS = st.one_of(LINES, st.sampled_from(NASTY_BLOCKS), st.lists(LINES, max_size=4).map("\n".join))
REFS = st.builds(
    lambda prefix, number: f"{prefix}-{number:04d}", st.sampled_from("LRTMPH"), st.integers(1, 12_345)
)
PEOPLE = ("anna@example.org", "ben@example.org", "cem+lessons@example.org")
READERS = st.lists(
    st.sampled_from(["role:estimator", "role:project manager", *(f"person:{email}" for email in PEOPLE)]),
    min_size=1, max_size=4, unique=True,
)  # fmt: skip
DAYS = st.dates(date(1, 1, 1))
NUMBERS = st.one_of(
    st.integers(-(10**6), 10**6),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([-0.0, 1e22, 0.1, 1e-7]),
)
_SECONDS = st.integers(int(datetime(1900, 1, 2, tzinfo=UTC).timestamp()), 7_000_000_000)
_ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))])
MOMENTS = st.builds(datetime.fromtimestamp, _SECONDS, _ZONES)

_BY_HINT: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (bool, st.booleans()),
    (str, LINES),
    (type(None), st.none()),
    (text.Line, LINES),
    (text.Words, WORDS),
    (text.Ref, REFS),
    (text.Tag, LINES.filter(str.strip)),
    (text.Day, DAYS),
    (kinds.Currency, st.sampled_from(["EUR", "USD"])),
    (kinds.Year, st.integers(1900, 2200)),
    (kinds.Amount, NUMBERS),
    (kinds.Positive, NUMBERS.filter(lambda number: number > 0)),
    (kinds.NotNegative, NUMBERS.filter(lambda number: number >= 0)),
]
_BY_NAME: dict[str, st.SearchStrategy[Any]] = {
    "title": LINES.filter(str.strip),
    "relation": st.sampled_from(RELATIONS),
    "link": st.sampled_from(
        ["https://www.example.org/", "http://x", "https://example.org/a_(b)?c=d#e", "https://x.y:8443/[z]"]
    ),
    "url": st.sampled_from(["", "https://example.org/a?b=c#d", "http://x"]),
    "minutes": st.integers(1, 100_000),
    "validity_months": st.integers(1, 600),
    "revision": st.integers(1, 9),
    "pass_mark": st.integers(0, 100),
    "completeness": st.floats(0, 1),
    "answers": st.lists(st.integers(0, 9), max_size=3),
    "attributes": st.dictionaries(LINES.map(str.strip), st.one_of(NUMBERS, st.booleans(), LINES), max_size=4),
}  # fmt: skip


@st.composite
def groups(draw: st.DrawFn, model: type[BaseModel]) -> dict[str, Any]:
    """Data that `model` accepts: required fields, and some of the others."""
    hints = get_type_hints(model, include_extras=True)
    required = [name for name, field in model.model_fields.items() if field.is_required()]
    chosen = draw(st.lists(st.sampled_from(list(model.model_fields)), unique=True, max_size=8))
    return {
        name: draw(_BY_NAME[name] if name in _BY_NAME else _values(hints[name]))
        for name in dict.fromkeys([*required, *chosen])
    }


def _values(hint: Any) -> st.SearchStrategy[Any]:
    for known, strategy in _BY_HINT:
        if hint == known:
            return strategy
    if get_origin(hint) is Annotated:
        return _values(get_args(hint)[0])
    if get_origin(hint) is Literal:
        return st.sampled_from(get_args(hint))
    if get_origin(hint) is list:
        return st.lists(_values(get_args(hint)[0]), max_size=3)
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return groups(hint)
    if get_origin(hint) in {Union, UnionType}:
        return st.one_of(*map(_values, get_args(hint)))
    raise NotImplementedError(f"no strategy for {hint}")


def contents(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Data of the content of an entry of `kind`; what is known only afterwards is among its attributes."""
    return groups(CONTENT[kind]).map(_in_hindsight)


def _in_hindsight(content: dict[str, Any]) -> dict[str, Any]:
    if "known_after" not in content:
        return content
    return content | {"known_after": ["size", *content.get("attributes", {})][: len(content["known_after"])]}


@dataclass
class MadeRevision:
    """A revision to put into a repository."""

    content: dict[str, Any]
    number: int
    state: str
    author: str
    anonymous: bool
    note: str
    reviewer: str | None
    reason: str
    created_at: datetime
    decided_at: datetime | None


@dataclass
class MadeEntry:
    """An entry to put into a repository, with its revisions in order."""

    ref: str
    kind: str
    key: str | None
    owner: str
    visibility: str
    readers: list[str]
    """As files state them; those of PEOPLE need accounts."""
    mask_source: bool
    verified_on: date | None
    verifier: str
    verify_months: int
    revisions: list[MadeRevision]


@st.composite
def _revisions(draw: st.DrawFn, kind: str) -> list[MadeRevision]:
    numbers = sorted(draw(st.sets(st.integers(1, 12), min_size=1, max_size=3)))
    made, published = [], False
    for number in numbers:
        state = draw(st.sampled_from(STATES))
        state = "superseded" if state == "published" and published else state
        published |= state == "published"
        refused = state in {"rejected", "changes requested"}
        judged = state in JUDGED
        made.append(
            MadeRevision(
                content=draw(contents(kind)),
                number=number,
                state=state,
                author=draw(LINES),
                anonymous=draw(st.booleans()),
                note=draw(WORDS),
                reviewer=draw(LINES) if judged else None,
                reason=draw(WORDS.filter(str.strip)) if refused else draw(WORDS),
                created_at=draw(MOMENTS),
                decided_at=draw(MOMENTS) if judged else None,
            )
        )
    return made


@st.composite
def repositories(draw: st.DrawFn) -> list[MadeEntry]:
    """The entries of a repository: all kinds, drafts and history, identities from elsewhere."""
    refs = draw(st.lists(REFS, min_size=1, max_size=4, unique=True))
    keys = draw(st.lists(st.none() | LINES.filter(str.strip), min_size=len(refs), max_size=len(refs)))
    taken: set[str] = set()
    made = []
    for ref, wanted in zip(refs, keys, strict=True):
        key = text.clean_text(wanted).strip() if wanted else None
        key = None if key in taken or not key else key
        taken |= {key} if key else set()
        kind = KIND_OF_PREFIX[ref[0]]
        visibility = draw(st.sampled_from(VISIBILITIES))
        made.append(
            MadeEntry(
                ref=ref,
                kind=kind,
                key=key,
                owner=draw(LINES),
                visibility=visibility,
                readers=draw(READERS) if visibility == "restricted" else [],
                mask_source=draw(st.booleans()),
                verified_on=draw(st.none() | DAYS),
                verifier=draw(LINES),
                verify_months=draw(st.integers(1, 600)),
                revisions=draw(_revisions(kind)),
            )
        )
    return made
