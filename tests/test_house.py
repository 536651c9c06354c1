"""The house rules that a linter does not hold: sizes, lightness, imports without side effects."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("kb", "indexer", "search", "web", "corpus")
MODULE_LINES = 300
FUNCTION_LINES = 40
MODULES = sorted(
    path
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if "node_modules" not in path.parts
)
WEB_ONLY = {"flask", "werkzeug", "jinja2", "gunicorn"}
SET_UP_ONLY = {
    "torch",
    "transformers",
    "sentence_transformers",
    "optimum",
    "huggingface_hub",
    "flask",
    "alembic",
}
HEAVY = SET_UP_ONLY | {"onnxruntime", "faiss", "whoosh", "scipy", "sklearn", "openpyxl"}

PAID_BY_USERS = {"authlib", "joserfc", "cryptography"}
"""What only single sign-on needs."""

# What a program does as its main module is no import.
RUN_BY_OTHERS = {"web.__main__", "kb.migrations.env"}

_IMPORTED = """
import json, sys
for name in sys.argv[1:]:
    __import__(name)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""

_SEARCHED = """
import contextlib, io, json, sys
from web.cli import precedent
with contextlib.redirect_stdout(io.StringIO()) as output:
    precedent(["search", "permits", "--json"], standalone_mode=False)
assert json.loads(output.getvalue())["hits"]
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""

_WATCHED = """
import importlib, json, os, sys, threading

# NumPy sets a variable while it loads and takes it back, so the environment is compared at the end.
EVENTS = {
    "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.chdir", "os.symlink", "os.link", "os.truncate",
    "os.system", "os.exec", "os.fork", "os.posix_spawn", "shutil.rmtree", "sqlite3.connect", "socket.connect",
    "socket.bind", "subprocess.Popen", "tempfile.mkdtemp", "tempfile.mkstemp",
}
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
seen = []

def watch(event, arguments):
    if event in EVENTS or (event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITES):
        seen.append(f"{name}: {event} {arguments[0]!r}"[:200])

sys.addaudithook(watch)
before = dict(os.environ)
for name in sys.argv[1:]:
    importlib.import_module(name)
    if threading.active_count() > 1:
        seen.append(f"{name}: threads {threading.enumerate()}")
        break
if before != dict(os.environ):
    seen.append(f"environment: {sorted(set(before.items()) ^ set(os.environ.items()))}")
print(json.dumps(seen))
"""


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


IMPORTABLE = [name for name in map(dotted, MODULES) if name not in RUN_BY_OTHERS and "versions" not in name]


def python(code: str, *arguments: str, folder: Path, **settings: str) -> list[str]:
    """What a program prints as JSON, run where the project is importable and the home is empty."""
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("PRECEDENT_", "PYTHON"))
    }
    home = {"HOME": str(folder), "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder, env=clean | home | settings, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_modules_and_functions_stay_small(path):
    text = path.read_text("utf-8")
    assert len(text.splitlines()) < MODULE_LINES
    functions = [
        node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    long = {each.name: (each.end_lineno or 0) - each.lineno + 1 for each in functions}
    assert {name: lines for name, lines in long.items() if lines >= FUNCTION_LINES} == {}


@pytest.mark.parametrize(
    "path", [path for path in MODULES if "web" not in path.relative_to(ROOT).parts], ids=dotted
)
def test_nothing_below_the_pages_knows_flask(path):
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    assert found & WEB_ONLY == set()


def test_the_command_line_starts_light(tmp_path):
    imported = python(_IMPORTED, "web.cli", "web.commands.finding", folder=tmp_path)
    assert HEAVY & set(imported) == set()


def test_the_pages_start_without_what_single_sign_on_needs(tmp_path):
    assert PAID_BY_USERS & set(python(_IMPORTED, "web.app", folder=tmp_path)) == set()


def test_a_search_needs_no_training_framework(sample, tmp_path):
    settings = {name: value for name, value in sample.environment().items() if name.startswith("PRECEDENT_")}
    imported = python(_SEARCHED, folder=tmp_path, **settings)
    assert SET_UP_ONLY & set(imported) == set()


def test_importing_has_no_side_effects(tmp_path):
    assert len(IMPORTABLE) > 50
    assert python(_WATCHED, *IMPORTABLE, folder=tmp_path) == []
    assert list(tmp_path.iterdir()) == []
