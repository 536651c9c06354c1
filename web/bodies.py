"""JSON bodies, read strictly: what two programs could read in two ways is refused."""

from __future__ import annotations

import json
import math
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from flask import request
from pydantic import BaseModel, RootModel

from kb.errors import InvalidRecord
from kb.validation import Problem, shorten, validate
from web.parameters import BadParameters

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_DEPTH = 32
"""Lists and objects inside each other, the body itself included. No record of ours needs ten."""
MAX_NAME = 80
EXACT = 2**53
"""Up to here every whole number is a float of its own."""
_TOO_DEEP = f"is nested more than {MAX_DEPTH} levels deep"


def json_body() -> dict[str, Any]:
    """The body of this request, a JSON object.

    Raises BadParameters where it says it is something else, is no JSON, is nested too deep, names a
    field twice, or holds a number or text that JSON has no place for; RequestEntityTooLarge where it
    is longer than MAX_CONTENT_LENGTH.
    """
    if request.mimetype != "application/json":
        raise _bad("must be JSON, sent with the header `Content-Type: application/json`")
    if request.mimetype_params.get("charset", "utf-8").lower() not in {"utf-8", "utf8"}:
        raise _bad("must be in UTF-8")
    return read_object(request.get_data(cache=False))


class ByKind(RootModel[Any]):
    """A body whose shape its `kind` tells. It is read as that shape, so that what is wrong has its name."""

    @classmethod
    @abstractmethod
    def shapes(cls) -> Mapping[str, type[BaseModel]]:
        """The shape of each kind."""

    @classmethod
    def shape_of(cls, data: Mapping[str, Any]) -> type[BaseModel]:
        """The shape of this body. Raises InvalidRecord where it names no kind."""
        kind, shapes = data.get("kind"), cls.shapes()
        if isinstance(kind, str) and kind in shapes:
            return shapes[kind]
        said = "is required" if kind is None else f"must be one of {', '.join(shapes)}, not {shorten(kind)}"
        raise InvalidRecord([Problem("kind", said)])


def read_body(model: type[BaseModel]) -> BaseModel:
    """The body of this request as the model. Raises BadParameters, InvalidRecord naming each field."""
    data = json_body()
    return validate(model.shape_of(data) if issubclass(model, ByKind) else model, data)


def file_body(media: str) -> bytes:
    """The bytes of a file that this request sends as its body.

    Raises BadParameters where it says it is something else, RequestEntityTooLarge where it is too long.
    """
    if request.mimetype != media:
        raise _bad(f"must be the file itself, sent with the header `Content-Type: {media}`")
    return request.get_data(cache=False)


def read_object(data: bytes) -> dict[str, Any]:
    """The JSON object that the bytes hold. Raises BadParameters."""
    try:
        found = json.loads(
            data.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant, parse_float=_number
        )
    except UnicodeDecodeError:
        raise _bad("must be in UTF-8") from None
    except json.JSONDecodeError as error:
        raise _bad(f"is no JSON: line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise _bad(_TOO_DEEP) from None
    except ValueError:  # Python refuses to read whole numbers of more than 4,300 digits
        raise _bad("holds a number that is too long") from None
    if not isinstance(found, dict):
        raise _bad('must be an object, such as {"name": "value"}')
    _check(found)
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise BadParameters([Problem(name[:MAX_NAME], "is given more than once")])
        found[name] = value
    return found


def _constant(name: str) -> float:
    raise _bad(f"holds {name}, which is no number in JSON")


def _number(text: str) -> float:
    """The number; `3.0` is the whole number 3, as JSON Schema has it."""
    number = float(text)
    if math.isinf(number):
        raise _bad(f"holds {shorten(text)}, which is too large a number")
    return int(number) if number.is_integer() and abs(number) <= EXACT else number


def _check(found: dict[str, Any]) -> None:
    """Level by level, without recursion: depth, and text that no encoding can write."""
    level: list[Any] = [found]
    for _ in range(MAX_DEPTH):
        inner: list[Any] = []
        for each in level:
            parts: Iterable[Any] = (*each, *each.values()) if isinstance(each, dict) else each
            for part in parts:
                if isinstance(part, dict | list):
                    inner.append(part)
                elif isinstance(part, str) and not _is_writable(part):
                    raise _bad("holds half a character (a lone surrogate)")
        if not inner:
            return
        level = inner
    raise _bad(_TOO_DEEP)


def _is_writable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _bad(message: str) -> BadParameters:
    return BadParameters([Problem("body", message)])
