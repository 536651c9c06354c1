"""Questions as they are asked and scored: pure functions over a question bank."""

from __future__ import annotations

import random
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kb.errors import InvalidRecord
from kb.text import clean_text
from kb.validation import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kb.kinds import Question, Training

FULL = 100
LONGEST = 20_000
"""Characters of an answer."""
Given = list[int] | str


class Unfit(InvalidRecord):
    """Nothing is wrong in itself with what was sent, but it does not fit the questions that were asked."""


@dataclass(frozen=True)
class Asked:
    """A question as it is put to somebody."""

    place: int
    """In the bank, from 0: answers name it."""
    question: Question
    options: tuple[int, ...]
    """Places of the options, in the order in which they are shown."""

    @property
    def is_written(self) -> bool:
        """Whether the answer is text."""
        return is_written(self.question)


def is_written(question: Question) -> bool:
    """Whether the answer to it is text, not a choice."""
    return question.type in {"short", "case"} or not question.options


def asked(questions: Sequence[Question], seed: str) -> list[Asked]:
    """The questions and their options in an order of their own for each seed, and the same for the same."""
    order = random.Random(seed)  # noqa: S311 - a fair order is wanted, not a secret
    found = []
    for place, question in enumerate(questions):
        options = list(range(len(question.options)))
        if not is_written(question):
            order.shuffle(options)
        found.append(Asked(place, question, tuple(options)))
    order.shuffle(found)
    return found


def right_order(question: Question) -> list[int]:
    """The right options, in their order where the question asks for one."""
    stated = [each for each in question.answers if each < len(question.options)]
    return stated or (list(range(len(question.options))) if question.type == "order" else [])


def checked(question: Question, given: Any) -> Given:
    """The answer as it is kept. Raises ValueError saying what is wrong with it."""
    if is_written(question):
        if not isinstance(given, str) or not given.strip():
            raise ValueError("is not answered yet; write a few words")
        if len(given) > LONGEST:
            raise ValueError(f"is too long: at most {LONGEST:,} characters fit")
        return clean_text(given).strip()
    known = range(len(question.options))
    if not isinstance(given, list) or not given:
        raise ValueError("is not answered yet; choose one of the options")
    if any(type(each) is not int or each not in known for each in given) or len(set(given)) < len(given):
        raise ValueError("must be chosen from the options, each once")
    if question.type == "order" and len(given) < len(known):
        raise ValueError("needs a place of its own for each option")
    if question.type == "single" and len(given) > 1:
        raise ValueError("takes one of the options only")
    return given if question.type == "order" else sorted(given)


def checked_all(training: Training, given: Mapping[int, Any]) -> dict[int, Given]:
    """The answers to all questions. Raises Unfit naming each question that is not answered well."""
    found, problems = {}, []
    for place, question in enumerate(training.assessment):
        try:
            found[place] = checked(question, given.get(place))
        except ValueError as error:
            problems.append(Problem(f"q{place}", str(error)))
    unknown = sorted(set(given) - set(range(len(training.assessment))))
    problems += [Problem(f"q{place}", "is not one of the questions") for place in unknown]
    if problems:
        raise Unfit(problems)
    return found


def points(question: Question, given: Given) -> int | None:
    """What an answer is worth in percent, all or nothing; None when a trainer has to read it.

    A question without a right answer is an opinion, and any answer is good.
    """
    if isinstance(given, str):
        accepted = question.options if question.type == "short" else []
        if right := [question.options[each] for each in question.answers if each < len(accepted)]:
            accepted = right
        if not accepted:
            return None
        return FULL if _folded(given) in {_folded(each) for each in accepted} else 0
    right_ones = right_order(question)
    if not right_ones:
        return FULL
    if question.type == "single":
        return FULL if given[0] in right_ones else 0
    return FULL if given == (right_ones if question.type == "order" else sorted(set(right_ones))) else 0


def score(found: Sequence[int]) -> int:
    """The mean in percent, rounded down, so that nobody passes by rounding."""
    return sum(found) // len(found) if found else FULL


def is_passed(reached: int, pass_mark: int | None) -> bool:
    """Whether so many percent are enough; without a pass mark answering is."""
    return reached >= (pass_mark or 0)


def _folded(text: str) -> str:
    """The text without case, accents and punctuation: `Roll-back` answers as `roll back`."""
    plain = "".join(
        each for each in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(each)
    )
    return " ".join(re.findall(r"\w+", plain))
