"""The records out of reach, and the text encoder missing, under a running server."""

from __future__ import annotations

import shutil
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from corpus.sample import sample_paths
from kb.loading import load
from tests.fixtures.postgres import cluster, find_binaries
from tests.torture.asking import CUT_OVER, GONE, enrol
from tests.torture.breaking import BACK_SECONDS, Ordeal, Trouble
from tests.torture.places import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.torture.places import Place, Server, Torture

PLAIN = ("/", "/browse", "/help", "/entries/L-0001", "/vocabulary", "/api/v1/entries")


def run(torture: Torture) -> Iterator[Verdict]:
    """One row for the encoder, one for each kind of database."""
    place = torture.place("outages", filled=True)
    place.changed["PRECEDENT_ENCODER"] = str(torture.folder / "encoder")
    with place.database() as database:
        visitor = enrol(database)
    ordeal = Ordeal(place, visitor, 1_000)
    with place.serve() as server:
        yield _come_by_encoder(torture, place, server)
        with torture.progress("Moving the database", torture.sizes.breaks) as done:
            for number in range(torture.sizes.breaks):
                ordeal.suffer(server, _moving(place, torture.sizes.broken))
                done(number + 1)
                torture.say(f"the file was away {number + 1} times")
    yield ordeal.verdict("database down: the SQLite file moved away")
    if find_binaries() is None:
        yield Verdict("database down: PostgreSQL stopped", "it is not installed", good=None)
        return
    yield _stop_postgres(torture)


def _come_by_encoder(torture: Torture, place: Place, server: Server) -> Verdict:
    """There is none as the server starts; then there is one."""
    wrong = [path for path in PLAIN if server.get(path).status != 200]
    found = server.search(CUT_OVER)
    if found["degraded"] != ["semantic"] or "L-0001" not in [hit["id"] for hit in found["hits"]]:
        wrong.append(f"degraded was {found['degraded']}")
    if server.get("/readyz").json["status"] != "degraded":
        wrong.append("/readyz did not say so")
    started = time.monotonic()
    shutil.copytree(torture.encoder, place.changed["PRECEDENT_ENCODER"])
    is_back = server.wait_until(lambda: server.search(CUT_OVER)["degraded"] == [], BACK_SECONDS)
    seconds = time.monotonic() - started
    figure = (
        f"{len(PLAIN)} pages up, searches by words and saying so; by meaning again, without a restart, "
        f"{seconds:.1f} s after it came"
    )
    row = "model missing as the server starts"
    return Verdict(row, "; ".join([figure, *wrong]), is_back and not wrong)


def _moving(place: Place, seconds: float) -> Trouble:
    file = place.home / "precedent.sqlite"
    away = place.home / "away"
    return Trouble(
        "database down", lambda _: file.rename(away) and None, lambda _: away.rename(file) and None, GONE,
        seconds, (503, "database"),
        also=lambda: ["an empty file came in its place"] if file.exists() else [],
    )  # fmt: skip


def _stop_postgres(torture: Torture) -> Verdict:
    with cluster() as made, ExitStack() as running:
        server = running.enter_context(made.running())
        server.run("CREATE DATABASE {} TEMPLATE template0", "outages")
        place = torture.place("outages-postgresql").on(server.url("outages"))
        for vectors in torture.sample.glob("vectors-*.sqlite"):
            shutil.copy(vectors, place.home)
        with place.database() as database:
            load(database, sample_paths())
            place.index(database)
            visitor = enrol(database)
        ordeal = Ordeal(place, visitor, 1_000)
        trouble = Trouble(
            "PostgreSQL stopped", lambda _: running.close(),
            lambda _: running.enter_context(made.running()) and None, GONE, torture.sizes.broken,
            (503, "database"),
        )  # fmt: skip
        with place.serve() as served, torture.progress("Stopping PostgreSQL", torture.sizes.breaks) as done:
            for number in range(torture.sizes.breaks):
                ordeal.suffer(served, trouble)
                done(number + 1)
                torture.say(f"PostgreSQL was stopped {number + 1} times")
        return ordeal.verdict("database down: PostgreSQL stopped and started")
