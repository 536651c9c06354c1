"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import sqlite3
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.embedder import processors
from tests.bench.tables import Table

if TYPE_CHECKING:
    from tests.bench.setting import Bench

PACKAGES = ("precedent", "numpy", "faiss-cpu", "onnxruntime", "Whoosh-Reloaded", "SQLAlchemy", "gunicorn")
COMPARED = ("bm25s", "tantivy", "txtai", "lancedb")


def measure(bench: Bench) -> list[Table]:
    """One table of facts."""
    table = Table("Machine", {"what": "", "is": ""})
    table.add("date", datetime.now().astimezone().isoformat(timespec="minutes"))
    table.add("processors", f"{processors()} usable of {os.cpu_count()}: {_processor()}")
    table.add("memory", f"{_memory() / 2**30:.1f} GiB")
    table.add("load before the start", ", ".join(f"{load:.2f}" for load in os.getloadavg()))
    table.add("system", f"{platform.system()} {platform.release()} {platform.machine()}")
    table.add("Python", f"{platform.python_version()}; SQLite {sqlite3.sqlite_version}")
    table.add("packages", ", ".join(f"{name} {_version(name)}" for name in PACKAGES))
    table.add("compared with", ", ".join(f"{name} {_version(name)}" for name in COMPARED))
    table.add("encoder", f"{bench.embedder.fingerprint[:12]}, {bench.embedder.dimension} dimensions")
    table.add("records", bench.corpus.words)
    return [table]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or "unknown"


def _memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"
