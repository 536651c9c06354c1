"""Builds what the editor and the charts are made of: `python -m web.assets.bundle`, or `make bundles`.

Bundles the pinned packages of a folder's package-lock.json into one module, with their licences. The result
stands in the repository, so that no machine needs Node.js to serve it; a test builds it again.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from web.assets.build import NPM_SECONDS, BuildError, install_packages

HERE = Path(__file__).parent
SOURCES = ("package.json", "package-lock.json", ".npmrc", "entry.js")
VENDOR = HERE.parent / "static" / "vendor"
OPTIONS = ("--bundle", "--minify", "--format=esm", "--target=es2022", "--legal-comments=none")
_PACKAGE = re.compile(r"node_modules/((?:@[^/]+/)?[^/]+)/")


@dataclass(frozen=True)
class Bundle:
    """A module that is made of packages, and the folder that says of which."""

    title: str
    folder: Path
    file: Path

    def stamp(self) -> str:
        """What the first line of the bundle says of the sources that it was made from."""
        parts = [(self.folder / name).read_bytes() for name in SOURCES]
        return f"made from {hashlib.sha256(b''.join(parts)).hexdigest()}"

    def made(self) -> str:
        """The bundle. Raises BuildError."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for source in SOURCES:
                shutil.copy(self.folder / source, folder)
            install_packages(folder)
            code, packages = _bundled(folder)
            return f"/* {self.title}, {self.stamp()}\n\n{_licences(folder, packages)}\n*/\n{code}"


EDITOR = Bundle("ProseMirror for Precedent's desk", HERE / "editor", VENDOR / "prosemirror.js")
CHARTS = Bundle("Observable Plot for Precedent's charts", HERE / "charts", VENDOR / "plot.js")


def _bundled(folder: Path) -> tuple[str, list[str]]:
    """The module's code, and the packages that it holds something of."""
    program = folder / "node_modules" / ".bin" / "esbuild"
    file, about = folder / "bundle.js", folder / "about.json"
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command
            [str(program), "entry.js", *OPTIONS, f"--outfile={file}", f"--metafile={about}"],
            cwd=folder, capture_output=True, text=True, timeout=NPM_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BuildError(f"esbuild could not be run: {error}") from None
    if done.returncode:
        raise BuildError(f"esbuild failed:\n{done.stderr.strip()}")
    (output,) = json.loads(about.read_text(encoding="utf-8"))["outputs"].values()
    used = [name for name, each in output["inputs"].items() if each["bytesInOutput"]]
    return file.read_text(encoding="utf-8"), sorted(
        {found[1] for found in map(_PACKAGE.search, used) if found}
    )


def _licences(folder: Path, packages: list[str]) -> str:
    """The licence of each package; those that say the same stand together. Raises BuildError."""
    named: dict[str, list[str]] = {}
    for package in packages:
        file = folder / "node_modules" / package / "LICENSE"
        if not file.is_file():
            raise BuildError(f"The package {package} has no file LICENSE.")
        said = re.sub(r"\s*\n\s*", "\n", file.read_text(encoding="utf-8")).replace("*/", "* /").strip()
        named.setdefault(said, []).append(package)
    return "\n\n".join(f"{', '.join(names)}:\n{said}" for said, names in named.items())


def main() -> int:
    """Builds, and says what happened."""
    VENDOR.mkdir(parents=True, exist_ok=True)
    for each in (EDITOR, CHARTS):
        try:
            made = each.made()
        except BuildError as error:
            print(f"{each.file.name} was not built. {error}", file=sys.stderr)  # noqa: T201 - a command's output
            return 1
        each.file.write_text(made, encoding="utf-8")
        print(f"{each.file.name} was built: {len(made) / 1000:,.0f} kB.")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
