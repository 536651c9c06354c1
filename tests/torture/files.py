"""Broken and hostile documents: each is read, or refused in a sentence, within limits."""

from __future__ import annotations

import re
import resource
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from kb.importing.document import Document, Unreadable
from kb.importing.sandbox import SECONDS, read_document
from tests.hostile_files import ANY, HOSTILE, READ, SLOW, flipped
from tests.office_files import closing_report, docx, pdf, png, pptx, xlsx
from tests.torture.places import Torture, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SPARE = 10
"""Seconds beside the limit, to start and to end a process on a busy machine."""
GROWTH_MIB = 200
"""Files of 25 MB and what comes of them pass through this process; it must not keep more."""
SENTENCE = re.compile(r"[A-Z][^\n]+\.")


@dataclass
class Tally:
    """What became of the files."""

    read: int = 0
    refused: int = 0
    longest: float = 0.0
    slowest: str = ""
    grown: int = 0
    """MiB that this process grew by while a file was read."""
    wrong: list[str] = field(default_factory=list)


def run(torture: Torture) -> list[Verdict]:
    """One row: files made to harm, and good ones with bytes changed or cut off."""
    tally = Tally()
    cases = list(_cases(torture))[:: torture.sizes.step]
    for name, file, make, expected in cases:
        _try(name, file, make(), expected, tally)
    if tally.grown > GROWTH_MIB:
        tally.wrong.append(f"this process grew by {tally.grown} MiB")
    figure = (
        f"{len(cases)} files; {tally.read} read, {tally.refused} refused in words, {len(tally.wrong)} wrong; "
        f"longest {tally.longest:.1f} s ({tally.slowest}); this process grew by {tally.grown} MiB at most"
    )
    figure += "".join(f"; {fault}" for fault in tally.wrong[:3])
    return [Verdict("broken and hostile files", figure, not tally.wrong)]


def _cases(torture: Torture) -> Iterator[tuple[str, str, Callable[[], bytes], str]]:
    """(name, the file's name, what makes it, what is expected)."""
    slow = SLOW if torture.sizes.step == 1 else {}
    for name, (file, make, expected) in (HOSTILE | slow).items():
        yield name, file, make, expected
    good = {
        "a.docx": closing_report(png()), "b.docx": docx("Text.", png()),
        "a.pptx": pptx(("A", "b"), ("C", png())),
        "a.xlsx": xlsx(A=[["Observation", "Recommendation"], ["a", "b"]]),
        "a.pdf": pdf([(20, "Lessons"), (11, "Ask early.")], images=True),
    }  # fmt: skip
    for file, data in good.items():
        for seed in range(torture.sizes.rounds // 10 or 1):
            yield f"{file} with flipped bytes {seed}", file, lambda d=data, s=seed: flipped(d, s), ANY
        for share in (0.1, 0.5, 0.9):
            yield f"{file} cut at {share}", file, lambda d=data, p=share: d[: int(len(d) * p)], ANY


def _try(name: str, file: str, data: bytes, expected: str, tally: Tally) -> None:
    started, before = time.monotonic(), _memory()
    try:
        found: Document | str = read_document(file, data)
    except Unreadable as error:
        found = str(error)
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        tally.wrong.append(f"{name}: {error!r}")
        return
    took = time.monotonic() - started
    tally.grown = max(tally.grown, _memory() - before)
    if took > tally.longest:
        tally.longest, tally.slowest = took, name
    if took > SECONDS + SPARE:
        tally.wrong.append(f"{name}: took {took:.0f} s")
    if isinstance(found, Document):
        tally.read += 1
        good = expected in {READ, ANY} and b"root:x:0" not in found.to_bytes()
    else:
        tally.refused += 1
        good = bool(expected and re.search(expected, found) and SENTENCE.fullmatch(found))
    if not good:
        tally.wrong.append(f"{name}: {found if isinstance(found, str) else 'was read'}")


def _memory() -> int:
    """The memory that this process holds, in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 2**20
