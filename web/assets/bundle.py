"""Builds what the desk's editor is made of: `python -m web.assets.bundle`, or `make editor`.

Bundles the pinned ProseMirror packages of editor/package-lock.json into one module, with their licences. The
result stands in the repository, so that no machine needs Node.js to serve it; a test builds it again.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from web.assets.build import NPM_SECONDS, BuildError, install_packages

FOLDER = Path(__file__).parent / "editor"
SOURCES = ("package.json", "package-lock.json", ".npmrc", "entry.js")
BUNDLE = Path(__file__).parents[1] / "static" / "vendor" / "prosemirror.js"
OPTIONS = ("--bundle", "--minify", "--format=esm", "--target=es2022", "--legal-comments=none")


def stamp() -> str:
    """What the first line of a bundle says of the sources that it was made from."""
    parts = [(FOLDER / name).read_bytes() for name in SOURCES]
    return f"made from {hashlib.sha256(b''.join(parts)).hexdigest()}"


def bundle() -> str:
    """The bundle. Raises BuildError."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for source in SOURCES:
            shutil.copy(FOLDER / source, folder)
        install_packages(folder)
        head = f"ProseMirror for Precedent's desk, {stamp()}"
        return f"/* {head}\n\n{_licences(folder)}\n*/\n{_bundled(folder)}"


def _bundled(folder: Path) -> str:
    program = folder / "node_modules" / ".bin" / "esbuild"
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command
            [str(program), "entry.js", *OPTIONS],
            cwd=folder, capture_output=True, text=True, timeout=NPM_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BuildError(f"esbuild could not be run: {error}") from None
    if done.returncode:
        raise BuildError(f"esbuild failed:\n{done.stderr.strip()}")
    return done.stdout


def _licences(folder: Path) -> str:
    """The licence of each package that is in the bundle; those that say the same stand together."""
    named: dict[str, list[str]] = {}
    for file in sorted((folder / "node_modules").glob("*/LICENSE")):
        said = re.sub(r"\s*\n\s*", "\n", file.read_text(encoding="utf-8")).replace("*/", "* /").strip()
        named.setdefault(said, []).append(file.parent.name)
    return "\n\n".join(f"{', '.join(names)}:\n{said}" for said, names in named.items())


def main() -> int:
    """Builds, and says what happened."""
    try:
        made = bundle()
    except BuildError as error:
        print(f"The editor was not built. {error}", file=sys.stderr)  # noqa: T201 - a command's output
        return 1
    BUNDLE.parent.mkdir(parents=True, exist_ok=True)
    BUNDLE.write_text(made, encoding="utf-8")
    print(f"The editor was built: {len(made) / 1000:,.0f} kB.")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
