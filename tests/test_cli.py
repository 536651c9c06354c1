"""The command line as a person uses it: real processes over a real repository."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DATA = Path(__file__).parent.parent / "corpus"


def run(environment: dict[str, str], *arguments: object, status: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "web", *map(str, arguments)]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_search_prints_the_json_that_is_promised(sample):
    answer = json.loads(
        run(sample.environment(), "search", "supplier", "late", "--json", "--limit", 3).stdout
    )
    assert answer["total"] > 3
    assert answer["degraded"] == []
    assert len(answer["hits"]) == 3
    assert set(answer["hits"][0]) >= {"id", "kind", "title", "score", "snippet", "why"}


def test_search_narrows_by_kind_and_mode(sample):
    options = ["--kind", "review", "--kind", "lesson", "--mode", "semantic", "--json"]
    hits = json.loads(run(sample.environment(), "search", *options, "permits came late").stdout)["hits"]
    assert {hit["kind"] for hit in hits} <= {"review", "lesson"}


def test_search_says_that_nothing_was_found(sample):
    assert "Nothing found in 180 entries" in run(sample.environment(), "search", "qwxzzy", "flurbnog").stdout


def test_similar_and_show(sample):
    hits = json.loads(run(sample.environment(), "similar", "l-0001", "--json").stdout)["hits"]
    assert hits
    shown = json.loads(run(sample.environment(), "show", "L-0001", "--json").stdout)
    assert shown["id"] == "L-0001"
    assert "Recommendation" in run(sample.environment(), "show", "L-0001").stdout


def test_an_unknown_entry_is_an_error_in_one_line(sample):
    for command in ("show", "similar"):
        assert run(sample.environment(), command, "L-9999", status=2).stderr == (
            "precedent: There is no published entry L-9999.\n"
        )


def test_doctor_is_content_with_a_good_repository(sample):
    assert "WRONG" not in run(sample.environment(), "doctor").stdout


def test_a_setting_that_makes_no_sense_is_named(sample):
    environment = sample.environment() | {"PRECEDENT_PORT": "http"}
    message = run(environment, "search", "x", status=2).stderr
    assert message == "precedent: PRECEDENT_PORT must be a whole number from 1 to 65535, not 'http'.\n"
    assert (
        "PRECEDENT_HOEM is not a setting"
        in run(sample.environment() | {"PRECEDENT_HOEM": "x"}, "doctor", status=1).stdout
    )


@pytest.mark.slow
def test_load_search_export_and_load_again(tmp_path, encoder_folder, sample):
    environment = sample.environment() | {
        "PRECEDENT_HOME": str(tmp_path / "one"),
        "PRECEDENT_DATABASE_URL": f"sqlite:///{tmp_path}/one/r.sqlite",
    }
    (tmp_path / "one").mkdir()
    for file in sample.settings.home.glob("vectors*"):
        shutil.copy(file, tmp_path / "one")
    lessons, projects = DATA / "lesson", DATA / "projects.csv"
    assert "Would have: 124 created" in run(environment, "load", "--dry-run", lessons, projects).stdout
    assert "124 created" in run(environment, "load", lessons, projects).stdout
    assert "0 created, 0 updated, 124 unchanged" in run(environment, "load", lessons, projects).stdout
    run(environment, "export", tmp_path / "out")
    assert (tmp_path / "out" / "lesson" / "L-0001.md").is_file()
    again = environment | {"PRECEDENT_DATABASE_URL": f"sqlite:///{tmp_path}/two.sqlite"}
    assert "124 created" in run(again, "load", "--no-index", tmp_path / "out").stdout
    run(again, "export", tmp_path / "out2")
    compare = ["diff", "-r", tmp_path / "out", tmp_path / "out2"]
    assert subprocess.run(compare, check=False, capture_output=True, text=True).stdout == ""


def test_a_broken_record_sets_the_exit_status_and_the_rest_loads(tmp_path, sample):
    environment = sample.environment() | {"PRECEDENT_DATABASE_URL": f"sqlite:///{tmp_path}/r.sqlite"}
    (tmp_path / "good.md").write_text("---\nkind: lesson\ntitle: Good\n---\nText\n", "utf-8")
    (tmp_path / "bad.md").write_text("---\nkind: lesson\ntitle: Bad\nimpact:\n  cost: a lot\n---\n", "utf-8")
    done = run(environment, "load", "--no-index", tmp_path, status=1)
    assert "bad.md:5: impact.cost: must be a number" in done.stderr
    assert "1 created" in done.stdout
    assert "1 failed" in done.stdout


def test_who_may_see_an_entry_is_set_and_said(tmp_path, sample):
    environment = sample.environment() | {"PRECEDENT_DATABASE_URL": f"sqlite:///{tmp_path}/r.sqlite"}
    (tmp_path / "a.md").write_text("---\nkind: lesson\nid: L-0001\ntitle: A\n---\nText\n", "utf-8")
    run(environment, "load", "--no-index", tmp_path)
    done = run(environment, "visibility", "l-0001", "restricted", "--to", "role:estimator")
    assert done.stdout == "L-0001 is visible to estimators.\n"
    assert "visible to: role:estimator" in run(environment, "show", "L-0001").stdout
    shown = json.loads(run(environment, "show", "L-0001", "--json").stdout)
    assert (shown["visibility"], shown["readers"]) == ("restricted", ["role:estimator"])
    done = run(environment, "visibility", "L-0001", "restricted", status=2)
    assert "a restricted entry names who may see it" in done.stderr
    assert run(environment, "visibility", "L-0001", "public").stdout == "L-0001 is visible to everybody.\n"


def test_a_missing_index_is_answered_without_and_made_at_once(repository):
    shutil.rmtree(repository.settings.index_folder)
    first = run(repository.environment(), "search", "rehearsal", "--json")
    assert json.loads(first.stdout)["degraded"] == ["keyword", "semantic"]
    assert "building it now" in first.stderr
    assert json.loads(run(repository.environment(), "search", "rehearsal", "--json").stdout)["degraded"] == []


def test_every_command_has_help_with_an_example():
    from web.cli import COMMANDS

    for command in COMMANDS:
        done = subprocess.run(
            [sys.executable, "-m", "web", command, "--help"], check=False, capture_output=True, text=True
        )
        assert f"precedent {command}" in done.stdout, command
