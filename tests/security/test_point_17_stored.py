"""Nothing that is read can run: no pickle, no eval, safe YAML; and the index is its owner's alone."""

from __future__ import annotations

import ast
import os
import stat
from pathlib import Path

import pytest

from indexer.sync import LOCK, IndexWriter
from kb.database import open_database
from tests.fakes import HashingEmbedder
from tests.fakes_web import fill
from tests.fixtures.served import make_settings

ROOT = Path(__file__).parents[2]
SOURCES = sorted(file for folder in ("kb", "indexer", "search", "web", "corpus") for file in
                 (ROOT / folder).rglob("*.py") if "node_modules" not in file.parts)  # fmt: skip
FORBIDDEN_MODULES = {"marshal", "shelve", "dill", "cloudpickle", "joblib", "jsonpickle", "code", "imp"}
FORBIDDEN_NAMES = {"eval", "exec", "compile", "__import__"}
WHOOSH_WRITERS = {"indexer/whoosh_files.py", "indexer/whoosh_terms.py"}
"""Whoosh's own format holds pickles: these write them, of numbers and of the schema. Whoosh reads them from
the index folder, which nobody but the service can write.
"""
YAML_ALLOWED = {
    "safe_load",
    "CSafeLoader", "SafeLoader", "CSafeDumper", "SafeDumper", "compose", "parse", "dump", "MarkedYAMLError",
    "YAMLError", "MappingNode", "SequenceNode", "ScalarNode", "Node", "Event", "CollectionStartEvent",
    "CollectionEndEvent", "nodes", "events",
}  # fmt: skip


def dotted(node: ast.expr) -> str:
    """The name that is called, such as `np.load`."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def faults(source: str, name: str = "x.py") -> list[str]:
    """What a file does that could run what it reads."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module]
            found += [f"imports {each}" for each in names if each in FORBIDDEN_MODULES]
            if isinstance(node, ast.ImportFrom) and node.module in {"pickle", "yaml", "numpy.lib.npyio"}:
                found.append(f"imports from {node.module}")
            if "pickle" in names and name not in WHOOSH_WRITERS:
                found.append("imports pickle")
        elif isinstance(node, ast.Call):
            found += _faults_of_call(dotted(node.func), node)
        elif (
            isinstance(node, ast.Attribute) and dotted(node.value) == "yaml" and node.attr not in YAML_ALLOWED
        ):
            found.append(f"uses yaml.{node.attr}")
    return found


def _faults_of_call(called: str, node: ast.Call) -> list[str]:
    given = {word.arg: word.value for word in node.keywords}
    if called in FORBIDDEN_NAMES or (called.startswith("pickle.") and called != "pickle.dumps"):
        return [f"calls {called}"]
    if called in {"np.load", "numpy.load", "np.fromfile", "np.lib.format.read_array"}:
        refused = given.get("allow_pickle")
        is_refused = isinstance(refused, ast.Constant) and refused.value is False
        return [] if is_refused or called == "np.fromfile" else [f"{called} without allow_pickle=False"]
    shell = given.get("shell")
    if called in {"os.system", "os.popen"} or (isinstance(shell, ast.Constant) and shell.value):
        return [f"calls a shell: {called}"]
    return []


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT)))
def test_point_17_no_source_runs_what_it_reads(file):
    assert faults(file.read_text(encoding="utf-8"), str(file.relative_to(ROOT))) == []


@pytest.mark.parametrize(
    "source",
    ["import pickle", "from pickle import loads", "import marshal", "eval('1')", "exec(x)",
     "compile(a, b, c)",
     "yaml.load(x)", "yaml.unsafe_load(x)", "from yaml import load", "yaml.Loader", "yaml.full_load(x)",
     "np.load(x)", "np.load(x, allow_pickle=True)", "import shelve", "pickle.loads(x)", "pickle.Unpickler(f)",
     "os.system(x)", "subprocess.run(x, shell=True)", "import joblib", "__import__(x)"],
)  # fmt: skip
def test_point_17_the_lint_sees_it(source):
    assert faults(source) != []


def test_point_17_the_index_is_its_owners_alone(tmp_path, sqlite_template):
    """Whatever the umask says: also the pickles in it, which Whoosh would run."""
    home = tmp_path / "home"
    chosen = make_settings(home)
    before = os.umask(0)
    try:
        database = open_database(chosen.database_url)
        fill(database)
        writer = IndexWriter(chosen, database, HashingEmbedder())
        writer.sync()
        writer.rebuild()
        database.dispose()
        assert os.umask(0) == 0, "as it was before"
    finally:
        os.umask(before)
    made = [home, *home.rglob("*")]
    assert len(made) > 10
    assert {stat.S_IMODE(path.stat().st_mode) for path in made if path.is_dir()} == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in made if path.is_file()} == {0o600}
    assert (home / LOCK).is_file()
