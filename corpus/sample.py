"""Where the sample corpus lies, in a checkout as in an installed package."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from kb.kinds import KINDS


def sample_paths() -> list[Path]:
    """The folders of entries and the table of projects, for `kb.loading.load`."""
    folder = Path(str(files("corpus")))
    return [path for path in (*(folder / kind for kind in KINDS), folder / "projects.csv") if path.exists()]
