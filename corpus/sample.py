"""Where the sample corpus lies, in a checkout as in an installed package."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from kb.kinds import KINDS


def sample_paths() -> list[Path]:
    """The folders of entries, the table of projects and the vocabulary, for `kb.loading.load`."""
    folder = Path(str(files("corpus")))
    tables = (folder / "projects.csv", folder / "vocabulary.csv")
    return [path for path in (*(folder / kind for kind in KINDS), *tables) if path.exists()]
