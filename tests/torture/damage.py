"""The index deleted, cut, of another version, or with bytes flipped, under a running server.

Every answer has to be right, or to say that something is missing and still find the entry that was meant;
and the index has to come back by itself.
"""

from __future__ import annotations

import http.client
import random
import shutil
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from indexer.consistency import differences
from tests.torture.places import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.torture.places import Place, Server, Torture

QUERIES = {
    "rehearse cut-over production": "L-0001",
    "permits design freeze": "L-0002",
    "roll-back plan tried": "L-0015",
}
"""Words of a title, and the entry: plain comparison finds it, too."""
BACK_SECONDS = 90


@dataclass
class Tally:
    """What became of the requests."""

    asked: int = 0
    right: int = 0
    degraded: int = 0
    unanswered: int = 0
    """The connection broke: the worker died of what it read, and the next one took over."""
    wrong: list[str] = field(default_factory=list)
    back: list[float] = field(default_factory=list)
    """Seconds until all was as before."""


def run(torture: Torture) -> list[Verdict]:
    """One row for files that are gone or cut, one for flipped bytes."""
    place = torture.place("damage", filled=True)
    damages = dict(list(_damages(place).items())[:: torture.sizes.step])
    with place.serve() as server:
        expected = {words: _refs(server, words) for words in QUERIES}
        server.wait_until(lambda: not server.search("permits")["degraded"], BACK_SECONDS)
        whole, flipped = Tally(), Tally()
        for name, damage in damages.items():
            _suffer(server, expected, damage, whole, name)
            whole.wrong += _unmended(place, server, name)
        torture.say(f"gone, cut or of another version: {whole}")
        for number in range(torture.sizes.flips):
            chance = random.Random(number)
            _suffer(server, expected, lambda chance=chance: _flip(place, chance), flipped, f"flip {number}")
            flipped.wrong += _unmended(place, server, f"flip {number}")
    return [
        _verdict("index deleted, cut or of another version", len(damages), whole),
        _verdict("bits flipped in index and vectors", torture.sizes.flips, flipped),
    ]


def _verdict(row: str, times: int, tally: Tally) -> Verdict:
    found = (
        f"{times} times; {tally.right + tally.degraded:,} answers, {tally.degraded:,} of them degraded and "
        f"saying so, {len(tally.wrong)} wrong, {tally.unanswered} cut off by a restart of the worker; "
        f"as before after {max(tally.back, default=0):.1f} s at most"
    )
    found += "".join(f"; {fault}" for fault in tally.wrong[:3])
    return Verdict(row, found, not tally.wrong and len(tally.back) == times)


def _suffer(
    server: Server, expected: dict[str, list[str]], damage: Callable[[], None], tally: Tally, name: str
) -> None:
    """Damages, then asks until all answers are as before and the server says that it is ready."""
    damage()
    started = time.monotonic()
    while time.monotonic() - started < BACK_SECONDS:
        good = [_judge(server, words, refs, tally, name) for words, refs in expected.items()]
        if all(good) and time.monotonic() - started > 0.5 and _is_ready(server):
            tally.back.append(time.monotonic() - started)
            # The writer glances at the files every two seconds: what it did not change must not change later.
            time.sleep(2.2)
            for words, refs in expected.items():
                _judge(server, words, refs, tally, name)
            return
        time.sleep(0.05)
    tally.wrong.append(f"{name}: not as before within {BACK_SECONDS} s")


def _judge(server: Server, words: str, refs: list[str], tally: Tally, name: str) -> bool:
    """Whether the answer is as it was before the damage."""
    # Another limit each time, as the server remembers pages.
    limit = tally.asked % 30 + 5
    tally.asked += 1
    try:
        answer = server.search(words, limit=str(limit))
    except (OSError, http.client.HTTPException, ValueError):
        tally.unanswered += 1
        return False
    found = [hit["id"] for hit in answer.get("hits", [])]
    if found == refs[:limit] and not answer["degraded"]:
        tally.right += 1
        return True
    if answer.get("degraded") and QUERIES[words] in found:
        tally.degraded += 1
    else:
        tally.wrong.append(f"{name}: {words!r} found {found[:3]}, degraded {answer.get('degraded')}")
    return False


def _unmended(place: Place, server: Server, name: str) -> list[str]:
    """What the index writer leaves as it is: all read and compared, not only what answers need."""
    if server.wait_until(lambda: not _differences(place), BACK_SECONDS):
        return []
    return [f"{name}: not mended within {BACK_SECONDS} s: {'; '.join(_differences(place))}"]


def _differences(place: Place) -> list[str]:
    with place.database() as database:
        try:
            return differences(place.settings, database, place.embedder)
        except Exception as error:  # noqa: BLE001  files come and go while the writer makes them anew
            return [repr(error)]


def _refs(server: Server, words: str) -> list[str]:
    return [hit["id"] for hit in server.search(words, limit="40")["hits"]]


def _is_ready(server: Server) -> bool:
    return bool(server.get("/readyz").json["status"] == "ready")


def _damages(place: Place) -> dict[str, Callable[[], None]]:
    index = place.settings.index_folder
    keyword = index / "keyword"
    return {
        "index deleted": lambda: shutil.rmtree(index),
        "keyword index deleted": lambda: shutil.rmtree(keyword),
        "manifest deleted": (index / "manifest.sqlite").unlink,
        "manifest cut": lambda: _cut([index / "manifest.sqlite"]),
        "manifest emptied": lambda: _cut([index / "manifest.sqlite"], 0),
        "table of contents cut": lambda: _cut(keyword.glob("*.toc")),
        "sums cut": lambda: _cut(keyword.glob("sums-*.json")),
        "arrays cut": lambda: _cut(keyword.rglob("*.npy")),
        "arrays deleted": lambda: shutil.rmtree(keyword / "arrays"),
        "postings and arrays cut": lambda: _cut([*keyword.glob("*.pst"), *keyword.rglob("*.npy")]),
        "another version": lambda: _version(index / "manifest.sqlite"),
        "vectors deleted": lambda: [file.unlink() for file in _vectors(place)],
        "vectors cut": lambda: _cut(_vectors(place)),
    }


def _vectors(place: Place) -> Iterator[Path]:
    return place.home.glob("vectors-*.sqlite")


def _cut(files: Iterator[Path] | list[Path], share: float = 0.5) -> None:
    for file in files:
        with file.open("r+b") as stream:
            stream.truncate(int(file.stat().st_size * share))


def _version(manifest: Path) -> None:
    with closing(sqlite3.connect(manifest, timeout=20)) as connection, connection:
        connection.execute("UPDATE meta SET value = '0.0.0' WHERE name = 'format'")


def _flip(place: Place, chance: random.Random) -> None:
    """Changes one bit of one file, in place: a server that has it mapped sees the change."""
    index = place.settings.index_folder
    files = sorted(file for file in index.rglob("*") if file.is_file() and file.stat().st_size)
    file = chance.choice([*files, *_vectors(place)])
    with file.open("r+b") as stream:
        place_in_file = chance.randrange(file.stat().st_size)
        stream.seek(place_in_file)
        byte = stream.read(1)[0]
        stream.seek(place_in_file)
        stream.write(bytes([byte ^ (1 << chance.randrange(8))]))
