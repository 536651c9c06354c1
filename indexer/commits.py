"""Commits of the keyword index: Whoosh's table of contents, and the sums of all files that it names."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Any

from indexer.sums import Sums, sum_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

NAME = "MAIN"
"""What Whoosh calls an index that is alone in its folder."""
ARRAYS = "arrays"
_NEXT = "next"
_TOC = re.compile(rf"_{NAME}_([0-9]+)\.toc")


def is_made(folder: Path) -> bool:
    """Whether there has been a commit."""
    return _latest(folder) is not None


def create(folder: Path) -> None:
    """The first commit, of nothing."""
    from whoosh.index import TOC

    from indexer.whoosh_files import schema

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write(folder, TOC(schema(), [], 0), Sums({}))


def read(folder: Path) -> tuple[Any, Sums]:
    """The last commit's table of contents, once it has proved to be whole, and its sums.

    Raises Damaged, FileNotFoundError when another commit has just replaced it, and
    whoosh.index.EmptyIndexError when there is none.
    """
    from whoosh.filedb.filestore import FileStorage
    from whoosh.index import TOC, EmptyIndexError

    generation = _latest(folder)
    if generation is None:
        raise EmptyIndexError(f"There is no index in {folder}.")
    sums = Sums.read(_sums_file(folder, generation))
    sums.check(folder, [_toc_name(generation)])
    return TOC.read(FileStorage(folder), NAME, gen=generation), sums


def write(folder: Path, toc: Any, before: Sums) -> None:
    """Makes the next commit of the segments in `toc`, whose files are all there; removes what it replaces.

    The sums come first and the table of contents last, in one rename.
    """
    toc.generation += 1
    names = {segment.segment_id() for segment in toc.segments}
    known = {name: total for name, total in before.files.items() if segment_of(name) in names}
    _write(folder, toc, Sums(known))
    _clean(folder, toc, names)


def check(folder: Path) -> None:
    """Reads every file of the last commit. Raises Damaged or OSError when one is not as it was written."""
    _, sums = read(folder)
    sums.check(folder, sums.files)


def segment_of(name: str) -> str:
    """Which segment a file belongs to."""
    return name.split("/")[1] if name.startswith(f"{ARRAYS}/") else name.partition(".")[0]


def _write(folder: Path, toc: Any, known: Sums) -> None:
    from whoosh.filedb.filestore import FileStorage

    aside = folder / _NEXT
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    toc.write(FileStorage(aside), NAME)
    name = _toc_name(toc.generation)
    fresh = [file for file in _files_of(folder, toc) if file not in known.files]
    sums = {file: sum_of(folder / file) for file in fresh}
    Sums({**known.files, **sums, name: sum_of(aside / name)}).write(_sums_file(folder, toc.generation))
    (aside / name).replace(folder / name)


def _files_of(folder: Path, toc: Any) -> Iterable[str]:
    for segment in toc.segments:
        name = segment.segment_id()
        yield from (file.name for file in folder.glob(f"{name}.*"))
        yield from (f"{ARRAYS}/{name}/{file.name}" for file in (folder / ARRAYS / name).iterdir())


def _clean(folder: Path, toc: Any, names: set[str]) -> None:
    from whoosh.filedb.filestore import FileStorage
    from whoosh.index import clean_files

    clean_files(FileStorage(folder), NAME, toc.generation, toc.segments)
    shutil.rmtree(folder / _NEXT, ignore_errors=True)
    for file in folder.glob("sums-*.json"):
        if file != _sums_file(folder, toc.generation):
            file.unlink(missing_ok=True)
    arrays = folder / ARRAYS
    for each in arrays.iterdir() if arrays.is_dir() else ():
        if each.name not in names:
            shutil.rmtree(each, ignore_errors=True)


def _latest(folder: Path) -> int | None:
    if not folder.is_dir():
        return None
    found = (_TOC.fullmatch(file.name) for file in folder.iterdir())
    return max((int(match[1]) for match in found if match), default=None)


def _toc_name(generation: int) -> str:
    return f"_{NAME}_{generation}.toc"


def _sums_file(folder: Path, generation: int) -> Path:
    return folder / f"sums-{generation}.json"
