"""`precedent backtest` as a person runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from kb.database import open_database
from tests.estimating import made
from tests.finished import finished, put


def run(tmp_path, *arguments, status=0):
    environment = os.environ | {
        "PRECEDENT_HOME": str(tmp_path / "home"),
        "PRECEDENT_ENCODER": str(tmp_path / "no encoder"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "web", "backtest", *map(str, arguments)],
        env=environment, check=False, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_without_a_file_the_repository_is_tried(tmp_path):
    (tmp_path / "home").mkdir()
    database = open_database(f"sqlite:///{tmp_path}/home/precedent.sqlite")
    with database.write() as session:
        put(session, *finished(24))
    database.dispose()
    found = json.loads(run(tmp_path, "--json", "--protocol", "kfold", "--folds", "8").stdout)
    assert found["n"] == 24
    assert "columns of a table" in run(tmp_path, "--drop", "x", status=2).stderr


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    history = made(32, seed=4)
    lines = ["id;size;team;sector;year;cost;actual days;why"]
    for row in range(32):
        size, team = history.numbers["size"][row], history.numbers["team"][row]
        why = f"because the old one number {row} broke"
        lines.append(
            f"P{row};{size:.2f};{team:g};{history.categories['sector'][row]};{1990 + row};"
            f"{history.truth[row]:.2f};{row};{why}"
        )
    path = tmp_path_factory.mktemp("table") / "finished.csv"
    path.write_text("\n".join(lines), "utf-8")
    return path


def test_the_table_for_people(file, tmp_path):
    done = run(tmp_path, file, "--target", "cost", "--unit", "EUR", "--drop", "actual days")
    assert "32 projects, cost in EUR; each estimated from all others" in done.stdout
    for words in ("Precedent", "LP4EE", "random forest", "truth up to P80", "Wilcoxon p", "Worst misses"):
        assert words in done.stdout
    assert "Descriptions are not read." in done.stderr
    assert "Not used: id. They name projects." in done.stderr


def test_the_json_that_is_promised(file, tmp_path):
    options = ["--drop", "actual days,why", "--protocol", "kfold", "--folds", 4, "--json"]
    data = json.loads(run(tmp_path, file, "--target", "cost", *options).stdout)
    assert set(data) == {"n", "methods", "product", "intervals"}
    assert data["n"] == 32
    product = data["methods"][data["product"]]
    assert set(product) == {"mae", "mdae", "sa", "pred25", "mdmre"}
    assert np.isfinite(list(product.values())).all()
    assert set(data["intervals"]) == {"coverage_p10_p90", "hit_p80", "median_width"}
    assert {"median", "nearest 1", "nearest 3", "nearest 5", "ATLM", "LP4EE", "random forest"} < set(
        data["methods"]
    )


def test_in_time(file, tmp_path):
    options = ["--drop", "actual days", "--drop", "why", "--protocol", "time", "--date", "year"]
    assert (
        "12 projects, cost; each estimated from those before it"
        in run(tmp_path, file, "--target", "cost", *options).stdout
    )


def test_a_leak_is_refused(file, tmp_path):
    message = run(tmp_path, file, "--target", "cost", status=2).stderr
    assert message.startswith("precedent: finished.csv: These columns may give the answer away.")
    assert "finished.csv, column actual days: its name says" in message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--target", "price"], "--target names 'price'"),
        (["--target", "cost", "--drop", "actual days", "--protocol", "time"], "needs a date"),
        (["--target", "cost", "--drop", "actual days", "--delimiter", "ab"], "must be one character"),
        (["--target", "sector"], "column sector: 'water' is no number"),
        (["--target", "cost", "--encoding", "nonsense"], "nonsense"),
    ],
)
def test_bad_options_are_named(file, tmp_path, options, message):
    assert message in run(tmp_path, file, *options, status=2).stderr
