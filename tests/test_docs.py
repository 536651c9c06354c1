"""README says what is true: commands, options, settings, examples, paths."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import click
import pytest
from prometheus_client.parser import text_string_to_metric_families

from indexer.embedder import default_encoder_folder
from kb.config import Settings
from kb.content import Content
from kb.formats import LoadOptions, RawRecord, jsonl, markdown, tables
from kb.kinds import KINDS
from kb.meta import Meta
from kb.records import parse_record
from search.query import FILTER_FIELDS, parse
from tests.bench.__main__ import SECTIONS, parse_options
from tests.torture.__main__ import parse_options as parse_torture
from web.api import OPERATIONS
from web.cli import COMMANDS, precedent
from web.examples import QUESTIONS
from web.help_page import QUERIES
from web.logs import FIELDS

pytest_plugins = ["tests.fixtures.web"]

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
CONTEXT = click.Context(precedent)
SETTINGS = [field.name for field in fields(Settings)]
HIT = re.compile(r"^([LRTMPH]-\d{4})  (.+)  \((\w+)\)$", re.MULTILINE)


def section(heading: str) -> str:
    """The text under a heading, up to the next of its rank."""
    _, found, rest = README.partition(f"\n{heading}\n")
    assert found, f"README has no heading {heading!r}"
    rank = heading.split(" ", maxsplit=1)[0]
    return re.split(rf"\n{rank} ", rest)[0]


def rows(text: str) -> list[list[str]]:
    """The cells of the first table of a text, without its header."""
    lines = re.findall(r"^\|(.+)\|$", text, re.MULTILINE)
    assert len(lines) > 2
    return [[cell.strip() for cell in line.split(" | ")] for line in lines[2:]]


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def command(name: str) -> click.Command:
    found = precedent.get_command(CONTEXT, name)
    assert found is not None, f"there is no command {name}"
    return found


def long_options(name: str) -> set[str]:
    options = [each for each in command(name).params if isinstance(each, click.Option)]
    return {text for each in options for text in (*each.opts, *each.secondary_opts) if text.startswith("--")}


def check_call(line: str) -> None:
    """The words of a shell line name a command and options that exist."""
    _, name, *arguments = shlex.split(line, comments=True)
    if not name.startswith("-"):
        command(name).make_parser(click.Context(command(name))).parse_args(arguments)


def calls(text: str) -> list[str]:
    return re.findall(r"^\s*(?:\$ )?(precedent [^\n]+)$", text, re.MULTILINE)


def read_record(found) -> tuple[str, Content]:
    assert isinstance(found, RawRecord), found
    record = parse_record(found.data)
    return record.kind, record.content


def test_the_two_commands_come_first():
    first = README.split("\n")[:30]
    assert any(line.startswith("make serve") for line in first)
    assert any(line.startswith("make test") for line in first)


def test_make_knows_the_targets_that_are_named():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z]+)", README, re.MULTILINE))
    assert named >= {"serve", "test", "install", "bench", "torture"}
    assert named <= targets


def test_the_table_of_commands_is_complete():
    assert [code(row[0])[0].split()[1] for row in rows(section("## Command line"))] == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_stands_in_the_table(name):
    (row,) = [row for row in rows(section("## Command line")) if code(row[0])[0].split()[1] == name]
    assert set(code(row[2])) == long_options(name)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_examples_that_work(name):
    text = command(name).get_help(click.Context(command(name), info_name=name))
    examples = calls(re.split(r"Examples?:", text)[1].split("\nOptions:")[0])
    assert examples
    for example in examples:
        assert example.split()[1] == name
        check_call(example)


def test_the_command_line_itself_has_help():
    text = precedent.get_help(CONTEXT)
    assert all(re.search(rf"^  {name} ", text, re.MULTILINE) for name in COMMANDS)


@pytest.mark.parametrize(
    "line", [line for kind in ("sh", "console") for text in blocks(kind) for line in calls(text)]
)
def test_calls_in_readme_work(line):
    check_call(line)


def test_calls_in_running_text_name_commands():
    for call in re.findall(r"`precedent ([^`]+)`", README):
        if not call.startswith("COMMAND"):
            check_call(f"precedent {call}")


def test_benchmarks_take_the_options_that_are_shown():
    lines = re.findall(r"-m tests\.bench (.*)", "\n".join(blocks("sh")))
    assert lines
    for line in lines:
        parse_options(shlex.split(line, comments=True))
    assert "quality" in SECTIONS


def test_the_torture_takes_the_options_that_are_shown():
    lines = re.findall(r"-m tests\.torture (.*)", "\n".join(blocks("sh")))
    assert lines
    for line in lines:
        parse_torture(shlex.split(line, comments=True))


def test_every_setting_stands_in_the_table():
    assert [code(row[0]) for row in rows(section("## Settings"))] == [
        [f"PRECEDENT_{name.upper()}"] for name in SETTINGS
    ]


@pytest.mark.parametrize("name", SETTINGS)
def test_defaults_are_as_stated(name, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    (row,) = [row for row in rows(section("## Settings")) if code(row[0]) == [f"PRECEDENT_{name.upper()}"]]
    settings = Settings.from_env({})
    default = getattr(settings, name)
    if row[1] == "none":
        assert default in ("", ())
        return
    (stated,) = code(row[1])
    if name == "home":
        if sys.platform != "linux":
            pytest.skip("the default is given for Linux")
        assert Path(stated).expanduser() == default
    elif name == "database_url":
        assert stated.replace("PRECEDENT_HOME", str(settings.home)) == default
    elif name == "url":
        named = stated.replace("PRECEDENT_HOST", settings.host).replace("PRECEDENT_PORT", str(settings.port))
        assert named == settings.base_url
    elif name == "encoder":
        assert default is None
        assert default_encoder_folder() == Path(sys.prefix) / stated
    else:
        assert stated == {True: "yes", False: "no"}.get(default, str(default))


def test_the_variable_of_the_tests_is_no_error():
    assert "`PRECEDENT_DATA`" in section("## Settings")
    Settings.from_env({"PRECEDENT_DATA": "/data"})


def test_links_lead_somewhere():
    links = re.findall(r"\]\((?!https?://)([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_layout_is_that_of_the_project():
    named = [path for row in rows(section("## Layout")) for path in code(row[0])]
    assert [path for path in named if not (ROOT / path).exists()] == []
    packages = {f"{path.parent.name}/" for path in ROOT.glob("*/__init__.py")}
    assert packages <= set(named)


@pytest.mark.parametrize("kind", KINDS)
def test_front_matter_examples_load(kind, tmp_path):
    loaded = {}
    for number, text in enumerate(blocks("markdown")):
        file = tmp_path / f"{number}.md"
        file.write_text(text, "utf-8")
        (found,) = markdown.read(file, LoadOptions(), "md:example")
        record_kind, content = read_record(found)
        loaded[record_kind] = content
    assert loaded[kind].title


def test_the_csv_example_loads(tmp_path):
    (text,) = blocks("csv")
    (tmp_path / "example.csv").write_text(text, "utf-8")
    found = [read_record(row) for row in tables.read(tmp_path / "example.csv", LoadOptions(), "example")]
    assert [kind for kind, _ in found] == ["project", "project"]
    assert found[0][1].tags == ["roof", "asbestos"]
    assert found[0][1].baselines[0].cost == 840_000


def test_the_json_example_loads(tmp_path):
    (text,) = blocks("json")
    (tmp_path / "example.jsonl").write_text(text, "utf-8")
    (found,) = jsonl.read(tmp_path / "example.jsonl", LoadOptions(), "example")
    assert read_record(found)[0] == "lesson"


def test_the_common_keys_are_complete():
    named = {
        name
        for row in rows(section("### Markdown").partition("every entry may state")[2])
        for name in code(row[0])
    }
    assert named == set(Meta.model_fields)


@pytest.mark.parametrize(
    "query",
    [
        *(text for row in rows(section("## Asking")) for cell in row for text in code(cell)),
        *(query for query, _ in QUERIES),
        *QUESTIONS,
    ],
)
def test_example_queries_are_understood_in_full(query):
    assert parse(query).notes == ()


def test_the_fields_of_the_query_language_are_listed():
    assert f"fields are {', '.join(FILTER_FIELDS)}" in section("## Asking")


def test_the_api_table_is_complete():
    listed = [code(row[0])[0] for row in rows(section("## API"))]
    calls = [re.sub(r"<(.+?)>", r"{\1}", f"{each.method} /api/v1{each.path}") for each in OPERATIONS]
    assert listed == calls


@pytest.mark.parametrize("text", [text for text in blocks("console") if HIT.search(text)])
def test_the_tour_shows_what_really_comes(text, sample):
    (line,) = calls(text)
    done = subprocess.run(
        [sys.executable, "-m", "web", *shlex.split(line)[1:]],
        cwd=ROOT, env=sample.environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert HIT.findall(done.stdout) == HIT.findall(text)


def test_every_metric_stands_in_the_table(client):
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    (_, table) = page.split("\n## Metrics\n")
    named = {code(row[0])[0]: set(code(row[1])) for row in rows(table.split("\n## ")[0])}
    client.get("/search")
    found = {
        re.sub(r"_(bucket|count|sum)$", "", sample.name): set(sample.labels) - {"le"}
        for family in text_string_to_metric_families(client.get("/metrics").text)
        for sample in family.samples
    }
    assert {name: labels for name, labels in named.items() if not name.startswith("process_")} == {
        name: labels for name, labels in found.items() if not name.startswith("process_")
    }
    assert set(found) <= set(named)


def test_every_field_of_the_log_stands_in_the_table():
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    named = [code(row[0])[0] for row in rows(page.split("\n## Logs\n")[1])]
    assert named == ["time", "level", "logger", "message", *FIELDS, "exception"]


def test_the_changelog_tells_what_is_unreleased():
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert "\n## Unreleased\n" in text
    assert "make serve" in text
