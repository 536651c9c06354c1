"""The parser behind `search.query.parse`: one pass over a bounded text."""

from __future__ import annotations

import re
import unicodedata
from typing import get_args

from indexer.analysis import words_of
from kb.kinds import KINDS, Method, Outcome
from kb.text import REF_PATTERN
from search.query import FILTER_FIELDS, OPERATORS, QUOTES, TRAILING, Filter, Query, render_value, unquoted

MAX_CHARACTERS = 8_000
MAX_WORDS = 400
MAX_PHRASES = 8
MAX_PHRASE_WORDS = 12
MAX_EXCLUDED = 16
MAX_FILTERS = 32
_KEPT_FORMATS = "\u200c\u200d"  # joiners: Persian words and composed emoji need them

FIELDS = {name: name for name in (*FILTER_FIELDS, "id", "after", "before")}
FIELDS |= {f"{name}s": name for name in FIELDS} | {
    "verification": "verified", "since": "after", "until": "before",
}  # fmt: skip
"""What may stand before a colon, in lower case, and the field that it means."""
ALLOWED: dict[str, tuple[str, ...]] = {
    "kind": tuple(KINDS),
    "method": get_args(Method),
    "outcome": get_args(Outcome),
    "verified": ("verified", "overdue", "unverified"),
}
_MEANINGS = {("verified", "yes"): "verified", ("verified", "no"): "unverified"}

_REF = re.compile(REF_PATTERN, re.IGNORECASE)
_FIELD = re.compile(r"([A-Za-z]+):(?=\S)")
_QUOTE = re.compile(f"[{QUOTES}]")
_BARE_VALUE = re.compile(rf"[^\s,{QUOTES}]+")
_WORD = re.compile(r"\S+")
_YEAR = re.compile(r"[1-9][0-9]{3}")
_WILDCARD = re.compile(r"\*|\?(?=\w)")
_BOOST = re.compile(rf"(?:(?<=\w)|(?<=\w[{QUOTES}]))(?:[~^][0-9.]*)+(?![^\s,{TRAILING}{QUOTES}])")

WILDCARDS = "“*” and “?” are no wildcards here; other endings of a word are found anyway."
BOOSTS = "“^” and “~” have no meaning here and were ignored."
CONJUNCTIONS = "“AND” and “OR” were ignored; entries with more of the words come first."
LAST_NOT = "“NOT” at the end was ignored."
LONE_QUOTE = "A quotation mark without its partner was ignored."
TOO_LONG = f"Only the first {MAX_CHARACTERS:,} characters were used."
NOTHING = "There is no word here to search for."


class Parser:
    """Reads one text from left to right."""

    def __init__(self, text: str) -> None:
        self.notes: dict[str, None] = {}
        self.source = self._cleaned(text)
        self.rest = self._without_leftovers(self.source)
        self.place = 0
        # Written out again, quoted and apart, the query may be longer than it was typed.
        self.room = MAX_CHARACTERS + 1
        self.words: list[str] = []
        self.counted = 0
        self.phrases: dict[str, None] = {}
        self.excluded: dict[str, None] = {}
        self.filters: dict[Filter, None] = {}
        self.years: dict[str, int] = {}

    def query(self) -> Query:
        """What the text asks for."""
        negated = False
        while word := _WORD.search(self.rest, self.place):
            self.place = word.start()
            negated = self._read_part(negated=negated)
        if negated:
            self._note(LAST_NOT)
        if self.source and not (self.words or self.phrases or self.excluded or self.filters or self.years):
            self._note(NOTHING)
        groups = list(dict.fromkeys((choice.field, choice.negated) for choice in self.filters))
        refs = (word.strip("()[]{}.,;:!?").upper() for word in self.words)
        return Query(
            source=self.source,
            words=tuple(self.words),
            phrases=tuple(self.phrases),
            excluded=tuple(self.excluded),
            filters=tuple(
                sorted(self.filters, key=lambda choice: groups.index((choice.field, choice.negated)))
            ),
            refs=tuple(dict.fromkeys(ref for ref in refs if _REF.fullmatch(ref))),
            after=self.years.get("after"),
            before=self.years.get("before"),
            notes=tuple(self.notes),
        )

    def _cleaned(self, text: str) -> str:
        """One line of at most MAX_CHARACTERS, composed, without controls and lone surrogates."""
        text = text.strip()
        # Cut first: what follows takes its time over each character.
        shown = "".join(_shown(char) for char in text[: 4 * MAX_CHARACTERS])
        cleaned = " ".join(unicodedata.normalize("NFC", shown).split())
        if len(cleaned) > MAX_CHARACTERS or len(text) > 4 * MAX_CHARACTERS:
            self._note(TOO_LONG)
        return cleaned[:MAX_CHARACTERS].rstrip()

    def _without_leftovers(self, text: str) -> str:
        """The text without the marks of other query languages."""
        stripped = _WILDCARD.sub(" ", text)
        if stripped != text:
            self._note(WILDCARDS)
        text = stripped
        for _ in range(2):  # `a^"~`: what follows the mark may be a mark once it is gone
            stripped = _BOOST.sub("", stripped)
        if stripped != text:
            self._note(BOOSTS)
        return " ".join(stripped.split())

    def _read_part(self, *, negated: bool) -> bool:
        """Reads what starts at `place`; returns whether the next part is to be negated."""
        start = self.place
        while self.rest.startswith("(", self.place):
            self.place += 1
        if self._at_exclusion():
            negated = True
            self.place += 1
        if self._at_quote():
            return self._read_phrase(negated=negated)
        name = _FIELD.match(self.rest, self.place)
        if name and name[1].lower() in FIELDS:
            self.place = name.end()
            self._read_filter(FIELDS[name[1].lower()], negated=negated)
            return False
        return self._read_word(self.place if negated else start, negated=negated)

    def _at_exclusion(self) -> bool:
        following = self.rest[self.place + 1 : self.place + 2]
        return (
            self.rest.startswith("-", self.place) and not following.isspace() and following not in {"", "-"}
        )

    def _at_quote(self) -> bool:
        return self.place < len(self.rest) and self.rest[self.place] in QUOTES

    def _read_quoted(self) -> str | None:
        """What stands between the quotation mark here and the next; None when there is no next."""
        closing = _QUOTE.search(self.rest, self.place + 1)
        if closing is None:
            self._note(LONE_QUOTE)
            self.place += 1
            return None
        text = self.rest[self.place + 1 : closing.start()].strip()
        self.place = closing.end()
        return text

    def _read_phrase(self, *, negated: bool) -> bool:
        text = self._read_quoted()
        if text is None:
            return negated
        if negated:
            self._exclude(text)
        else:
            self._add_phrase(text)
        return False

    def _read_word(self, start: int, *, negated: bool) -> bool:
        match = _WORD.match(self.rest, start)
        if match is None:  # nothing but opening parentheses
            return negated
        self.place = match.end()
        word = match.group()
        if word in OPERATORS:
            if word == "NOT":
                return True
            self._note(CONJUNCTIONS)
            return negated
        if negated and _REF.fullmatch(word.strip("()")):
            self._add_filter("id", word.strip("()"), negated=True)
        elif negated:
            self._exclude(word)
        else:
            self._add_word(word)
        return False

    def _read_filter(self, name: str, *, negated: bool) -> None:
        found = False
        while True:
            value: str | None = None
            if self._at_quote():
                value = self._read_quoted()
            if value is None and (bare := _BARE_VALUE.match(self.rest, self.place)):
                self.place = bare.end()
                value = bare.group().rstrip(TRAILING)
            if value:
                found = True
                self._add_filter(name, value, negated=negated)
            if not self.rest.startswith(",", self.place):
                break
            self.place += 1
        if not found:
            self._note(f"“{name}:” was ignored: it needs a value{_allowed(name)}.")

    def _add_word(self, word: str) -> None:
        count = _count_words(word)
        if not count:
            return
        if self.counted + count > MAX_WORDS:
            self._note(f"Only the first {MAX_WORDS} words were used.")
        elif self._takes(word):
            self.counted += count
            self.words.append(word)

    def _add_phrase(self, text: str) -> None:
        text = self._shortened(text)
        if _count_words(text) and text not in self.phrases:
            if len(self.phrases) == MAX_PHRASES:
                self._note(f"Only the first {MAX_PHRASES} phrases were used.")
            elif self._takes(f'"{text}"'):
                self.phrases[text] = None

    def _exclude(self, text: str) -> None:
        text = self._shortened(unquoted(text).strip("() "))
        if _count_words(text) and text not in self.excluded:
            if len(self.excluded) == MAX_EXCLUDED:
                self._note(f"Only the first {MAX_EXCLUDED} excluded words and phrases were used.")
            elif self._takes(f'-"{text}"'):
                self.excluded[text] = None

    def _add_filter(self, name: str, value: str, *, negated: bool) -> None:
        folded = _folded(name, value)
        if name in {"after", "before"}:
            if negated:
                other = "before" if name == "after" else "after"
                self._note(f"“-{name}:” was ignored: write {other}:, with a year, instead.")
            elif self._is_allowed(name, value, folded) and self._takes(f"{name}:{folded}"):
                narrowest = max if name == "after" else min
                self.years[name] = narrowest(int(folded), self.years.get(name, int(folded)))
            return
        choice = Filter(name, folded, negated)
        if choice in self.filters or not self._is_allowed(name, value, folded):
            return
        if len(self.filters) == MAX_FILTERS:
            self._note(f"Only the first {MAX_FILTERS} filters were used.")
        elif self._takes(f"-{name}:{render_value(folded)}"):
            self.filters[choice] = None

    def _is_allowed(self, name: str, value: str, folded: str) -> bool:
        if name in {"after", "before", "year"}:
            allowed = _YEAR.fullmatch(folded) is not None
        else:
            allowed = name not in ALLOWED or folded in ALLOWED[name]
        if not allowed:
            self._note(f"“{name}:{value[:40]}” was ignored: use a value{_allowed(name)}.")
        return allowed

    def _shortened(self, phrase: str) -> str:
        matches = list(words_of(phrase))
        if len(matches) <= MAX_PHRASE_WORDS:
            return phrase
        self._note(f"Only the first {MAX_PHRASE_WORDS} words of a phrase were used.")
        return phrase[: matches[MAX_PHRASE_WORDS - 1].end()]

    def _takes(self, part: str) -> bool:
        if len(part) + 1 > self.room:
            self._note(TOO_LONG)
            return False
        self.room -= len(part) + 1
        return True

    def _note(self, sentence: str) -> None:
        self.notes[sentence] = None


def _shown(char: str) -> str:
    category = unicodedata.category(char)
    if category in {"Cc", "Cs"}:
        return " "
    return "" if category == "Cf" and char not in _KEPT_FORMATS else char


def _count_words(text: str) -> int:
    return sum(1 for _ in words_of(text))


def _folded(name: str, value: str) -> str:
    """A value as filters compare it: lower case, an entry's id in upper case, one kind for many."""
    if name == "id" and _REF.fullmatch(value):
        return value.upper()
    # The one letter that becomes longer; filters compare without case anyway.
    folded = unicodedata.normalize("NFC", "İ".join(part.lower() for part in value.split("İ")))
    folded = _MEANINGS.get((name, folded), folded)
    return folded.removesuffix("s") if folded.removesuffix("s") in ALLOWED.get(name, ()) else folded


def _allowed(name: str) -> str:
    if name in ALLOWED:
        return f": {', '.join(ALLOWED[name][:-1])} or {ALLOWED[name][-1]}"
    return {"id": " such as L-0042", "tag": " such as procurement"}.get(
        name, " such as 2021" if name in {"after", "before", "year"} else ""
    )
