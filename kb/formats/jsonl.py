"""JSON Lines: one flat record a line, with the names of the front matter and `body`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn

from kb.formats import RECORD_BYTES, BadFile, Fault, LoadOptions, RawRecord, decode, title_key, without_nulls

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_DEPTH = 20


def read(path: Path, options: LoadOptions, base: str) -> Iterator[RawRecord | Fault]:
    """A record for each line that is not blank. A broken line is a fault; the others are read."""
    for line, position, found in objects(path, options):
        if isinstance(found, Fault):
            yield found
        else:
            data = without_nulls(found)
            yield RawRecord(data, line, key=title_key(base, data), position=position)


def objects(path: Path, options: LoadOptions) -> Iterator[tuple[int, int, dict[str, Any] | Fault]]:
    """(line, bytes read so far, object or fault) for each line that is not blank. Raises BadFile."""
    number = position = 0
    try:
        with path.open("rb") as file:
            while data := file.readline(RECORD_BYTES + 1):
                number += 1
                position += len(data)
                if len(data) > RECORD_BYTES:
                    while data and not data.endswith(b"\n"):
                        data = file.readline(RECORD_BYTES)
                        position += len(data)
                    yield (
                        number,
                        position,
                        Fault(
                            number, "", f"is longer than {RECORD_BYTES / 1e6:g} MB; the limit for one record"
                        ),
                    )
                elif data.strip():
                    yield number, position, _object(data, number, options)
    except OSError as error:
        raise BadFile(None, f"cannot be read: {error.strerror}") from None


def _object(data: bytes, line: int, options: LoadOptions) -> dict[str, Any] | Fault:
    try:
        found = json.loads(
            decode(data, options.encoding, line), object_pairs_hook=_distinct, parse_constant=_not_json
        )
        _check_depth(found)
    except BadFile as error:
        return error.fault
    except RecursionError:
        return Fault(line, "", f"is nested more than {MAX_DEPTH} deep; no field needs that")
    except json.JSONDecodeError as error:
        return Fault(line, "", f"is not valid JSON at character {error.pos + 1}: {error.msg}")
    except ValueError as error:
        return Fault(line, "", f"is not valid JSON: {error}")
    if not isinstance(found, dict):
        return Fault(line, "", 'must be one JSON object a line, as in {"kind": "lesson", "title": "..."}')
    return found


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name[:80]!r} is given twice; keep one")
        if not _can_be_stored(name):
            raise ValueError(f"the name {name[:80]!r} contains a character that cannot be stored")
        found[name] = value
    return found


def _can_be_stored(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _not_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number of JSON; leave the field out")


def _check_depth(value: Any) -> None:
    """Raises RecursionError where Python's own limit did not come first."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for item in level
            if isinstance(item, (dict, list))
            for child in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return
    raise RecursionError
