"""Which files a load reads, in which order, and what it leaves out."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kb.formats import FORMATS, HISTORY, LAYOUT, MARKER, BadFile
from kb.formats.markdown import has_front_matter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SUFFIXES: dict[str, str] = {}
for _name, _suffixes in FORMATS.items():
    for _suffix in _suffixes:
        SUFFIXES.setdefault(_suffix, _name)


@dataclass(frozen=True)
class SourceFile:
    """A file to read."""

    path: Path
    name: str
    """As messages call it."""
    relative: str
    """Path inside the folder that was given, with `/`."""
    format: str

    @property
    def order(self) -> tuple[bool, list[tuple[int, str]]]:
        """Earlier revisions first, then by name, with numbers by value."""
        parts = re.findall(r"\d+|\D+", self.relative)
        natural = [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
        return HISTORY not in self.relative.split("/")[:-1], natural


@dataclass(frozen=True)
class LeftOut:
    """A file that is not read, and why. It is an `error` if somebody asked for it."""

    name: str
    message: str
    error: bool = False


def find(paths: Iterable[Path], wanted: str | None) -> tuple[list[SourceFile], list[LeftOut]]:
    """The files under `paths`, each once, in the order to load them; `wanted` is a format for all."""
    paths = [Path(path) for path in paths]
    found: list[SourceFile] = []
    left_out: list[LeftOut] = []
    for path in paths:
        items = _in_folder(path, wanted, alone=len(paths) == 1) if path.is_dir() else [_named(path, wanted)]
        for item in items:
            (found if isinstance(item, SourceFile) else left_out).append(item)  # type: ignore[arg-type]
    once = {file.path.resolve(): file for file in reversed(found)}
    return sorted(once.values(), key=lambda file: file.order), left_out


def _named(path: Path, wanted: str | None) -> SourceFile | LeftOut:
    name = readable(str(path))
    if not path.exists():
        return LeftOut(name, "does not exist", error=True)
    if not path.is_file():
        return LeftOut(name, "is neither a file nor a folder", error=True)
    format_name = wanted or SUFFIXES.get(path.suffix.lower())
    if format_name is None:
        if path.suffix.lower() in {".xlsx", ".xlsm"}:
            return LeftOut(name, "is a table: say what its columns are with --map", error=True)
        known = ", ".join(SUFFIXES)
        return LeftOut(name, f"has no known suffix ({known}); say what it is with --format", error=True)
    return SourceFile(path, name, readable(path.name), format_name)


def _in_folder(folder: Path, wanted: str | None, *, alone: bool) -> Iterator[SourceFile | LeftOut]:
    prefix = "" if alone else f"{readable(str(folder))}/"
    try:
        _check_layout(folder)
    except BadFile as error:
        yield LeftOut(f"{prefix}{MARKER}", error.fault.message, error=True)
        return
    problems: list[OSError] = []
    for place, folders, names in os.walk(folder, onerror=problems.append):
        inside = Path(place)
        for name in sorted(folders):
            if name.startswith(".") or (inside / name).is_symlink():
                folders.remove(name)
                why = "is a hidden folder" if name.startswith(".") else "is a link to another folder"
                yield LeftOut(prefix + _relative(inside / name, folder), f"skipped: {why}")
        for name in names:
            yield from _of_folder(inside / name, folder, prefix, wanted)
    for problem in problems:
        yield LeftOut(readable(str(problem.filename)), f"cannot be read: {problem.strerror}", error=True)


def _of_folder(path: Path, folder: Path, prefix: str, wanted: str | None) -> Iterator[SourceFile | LeftOut]:
    relative = _relative(path, folder)
    suffixes = FORMATS[wanted] if wanted else tuple(SUFFIXES)
    if relative == MARKER:
        return
    if path.name.startswith("."):
        yield LeftOut(prefix + relative, "skipped: a hidden file")
    elif path.suffix.lower() not in suffixes or not path.is_file():
        yield LeftOut(prefix + relative, f"skipped: not one of {', '.join(suffixes)}")
    elif path.stem.lower() == "readme" and _is_plain(path):
        yield LeftOut(prefix + relative, "skipped: has no front matter, so it is no entry")
    else:
        yield SourceFile(path, prefix + relative, relative, wanted or SUFFIXES[path.suffix.lower()])


def _is_plain(path: Path) -> bool:
    try:
        return path.suffix.lower() in FORMATS["markdown"] and not has_front_matter(path)
    except OSError:
        return False


def _check_layout(folder: Path) -> None:
    """Refuses an export that a newer Precedent wrote."""
    try:
        layout = json.loads((folder / MARKER).read_bytes()).get("layout")
    except FileNotFoundError:
        return
    except (OSError, ValueError, AttributeError, RecursionError):
        raise BadFile(None, "cannot be read; export again, or delete it to load the files as is") from None
    if layout != LAYOUT:
        found = f"says layout {layout!r}, and this Precedent reads {LAYOUT}"
        raise BadFile(None, f"{found}; load it with the Precedent that wrote it")


def _relative(path: Path, folder: Path) -> str:
    return readable(path.relative_to(folder).as_posix())


def readable(name: str) -> str:
    """A file name that can be printed, whatever bytes it holds."""
    return os.fsencode(name).decode("utf-8", "replace")
