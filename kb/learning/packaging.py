"""A path as a cmi5 package: course structure, a page for each step, and what the pages share."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import TYPE_CHECKING

from kb.documents.making import setting_for
from kb.documents.parts import entry_html
from kb.errors import NotFound
from kb.kinds import Path
from kb.learning.cmi5 import Block, Unit, course_structure
from kb.learning.path_files import published_path
from kb.learning.unit_pages import asked_by, can_score, index_page, leading_on, unit_page
from kb.reading import EntryView, get_entry
from kb.steps import LinkStep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.documents.parts import Setting
    from kb.kinds import Stage
    from kb.learning.cmi5 import Material
    from kb.reading import Reader
    from kb.rendering import Renderer
    from kb.steps import EntryStep

MEDIA = "application/zip"
SHARED = ("unit.css", "unit.js")
_MOMENT = (2020, 1, 1, 0, 0, 0)
"""Of every file in a package: the same path gives the same bytes."""


@dataclass(frozen=True)
class Package:
    """A package, and what is in it."""

    data: bytes
    units: int
    left_out: int
    """Steps that are not open to whoever had it made."""


def make_package(
    database: Database, renderer: Renderer, ref: str, reader: Reader, base: str
) -> tuple[EntryView, Package]:
    """The published path and its package, of what the reader may see.

    Raises NotFound, also where no step is open to them.
    """
    with database.read() as session:
        view = published_path(session, ref, reader)
        path = view.content
        assert isinstance(path, Path)  # noqa: S101 - `published_path` has looked
        blocks, left_out = _blocks(session, path, reader)
    units = [unit for block in blocks for unit in block.units]
    if not units:
        raise NotFound(f"No step of {ref} is open to you, so there is nothing to make a package of.")
    entries = [unit.material for unit in units if isinstance(unit.material, EntryView)]
    setting = setting_for(database, renderer, reader, entries, base)
    structure = course_structure(view, path, blocks, base)
    pages = {unit.file: unit_page(unit, _inner(unit.material, setting)).encode() for unit in units}
    pages["index.html"] = index_page(view, blocks, left_out).encode()
    return view, Package(_packed({"cmi5.xml": structure} | pages), len(units), left_out)


def _blocks(session: Session, path: Path, reader: Reader) -> tuple[list[Block], int]:
    blocks, left_out, named = [], 0, dict[str, int]()
    for stage in path.stages:
        units = list(_units(session, stage, reader, named))
        left_out += len(stage.steps) - len(units)
        if units:
            blocks.append(Block(stage.title, stage.ordered, units))
    return blocks, left_out


def _units(session: Session, stage: Stage, reader: Reader, named: dict[str, int]) -> Iterator[Unit]:
    for step in stage.steps:
        material = step if isinstance(step, LinkStep) else _entry(session, step, reader)
        if material is None:
            continue
        named[step.id] = again = named.get(step.id, 0) + 1
        name = step.id if again == 1 else f"{step.id}-{again}"
        scored = sum(map(can_score, asked_by(material)))
        yield Unit(step, material, f"units/{sum(named.values()):03}-{step.id}.html", name, scored)


def _entry(session: Session, step: EntryStep, reader: Reader) -> EntryView | None:
    try:
        return get_entry(session, step.entry, reader, step.revision)
    except NotFound:
        return None  # not there, or not for this reader


def _inner(material: Material, setting: Setting) -> str:
    """The material as HTML, without its questions."""
    if isinstance(material, LinkStep):
        return leading_on(material)
    stored = {name: part for name, part in material.stored.items() if name != "assessment"}
    return entry_html(replace(material, stored=stored), setting, level=2)


def _packed(pages: dict[str, bytes]) -> bytes:
    folder, file = files("kb.learning") / "package", io.BytesIO()
    shared = {name: (folder / name).read_bytes() for name in SHARED}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (pages | shared).items():
            part = zipfile.ZipInfo(name, _MOMENT)
            part.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(part, data)
    return file.getvalue()
