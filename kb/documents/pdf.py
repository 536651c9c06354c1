"""Typst source on standard input, PDF on standard output.

A process of its own: a text that takes Typst long, or much memory, ends it and nothing else.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path


def main() -> None:
    """Compiles; the documents are tagged, so that screen readers know headings and tables."""
    import typst

    try:
        with tempfile.TemporaryDirectory() as folder:  # the only one whose files a source could name
            source = Path(folder, "document.typ")
            source.write_bytes(sys.stdin.buffer.read())
            made = typst.compile(source, root=Path(folder), format="pdf")
    except typst.TypstError as error:
        sys.exit(error.message)
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    main()
