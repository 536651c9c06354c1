"""A short form of each row of the torture, with real processes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.torture.__main__ import ROWS, parse_options
from tests.torture.places import SHORT, Torture

OPERATIONS = (Path(__file__).parents[1] / "docs" / "operations.md").read_text("utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS)
def test_nothing_breaks(row, sample, embedder, tmp_path):
    torture = Torture(tmp_path, SHORT, embedder, sample.settings.home, sample.settings.encoder)
    verdicts = list(ROWS[row](torture))
    assert verdicts
    assert [verdict for verdict in verdicts if verdict.good is False] == []


def test_every_row_is_described():
    (_, table) = OPERATIONS.split("\n## Rough treatment\n")
    assert re.findall(r"^\| `(\w+)` \|", table.split("\n## ")[0], re.MULTILINE) == list(ROWS)


def test_a_row_that_is_unknown_is_refused(capsys):
    with pytest.raises(SystemExit):
        parse_options(["--only", "nothing"])
    assert "nothing" in capsys.readouterr().err
