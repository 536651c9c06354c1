"""HTML into files: Markdown and Word by pandoc, PDF by Typst."""

from __future__ import annotations

import sys
from functools import cache
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

from kb.documents.programs import ConversionFailed, run

if TYPE_CHECKING:
    from pathlib import Path

Form = Literal["md", "docx", "pdf"]
MEDIA: dict[str, str] = {
    "md": "text/markdown; charset=utf-8",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
}
# pandoc's own limit on its heap, below the limit of the process, so that it can say what is wrong.
_HEAP = ("+RTS", "-M640m", "-RTS")


def convert(html: str, title: str, form: Form) -> bytes:
    """Sanitised HTML, whose highest headings stand at `top_level(form)`, as a file under a title.

    Raises ConversionFailed.
    """
    if form == "md":
        return _pandoc(f"<h1>{escape(title)}</h1>{html}", "-t", "gfm", "--wrap=none")
    if form == "docx":
        style = f"--reference-doc={_styles()}"
        return _pandoc(html, "-t", "docx", style, f"--metadata=title:{title}", "-M", "lang=en-GB")
    template = f"--template={files('kb.documents') / 'page.typ'}"
    source = _pandoc(html, "-t", "typst", "-s", template, f"--metadata=title:{title}")
    return run([sys.executable, "-I", str(files("kb.documents") / "pdf.py")], source)


def top_level(form: Form) -> int:
    """The level of a document's highest headings: in Markdown the title is a heading, else it has a style."""
    return 2 if form == "md" else 1


def _pandoc(html: str, *arguments: str) -> bytes:
    return run([pandoc(), *_HEAP, "--sandbox", "-f", "html", *arguments, "-o", "-"], html.encode())


@cache
def pandoc() -> str:
    """Where pandoc is: the one that the package brings. Raises ConversionFailed."""
    import pypandoc

    try:
        return str(pypandoc.get_pandoc_path())
    except OSError:
        words = "pandoc is missing; install the package pypandoc_binary, or pandoc itself."
        raise ConversionFailed(f"Documents cannot be made: {words}") from None


def _styles() -> Path:
    """The Word file whose styles documents take."""
    from kb.documents.word import styles

    return styles()
