"""pandoc: a document's syntax tree out of it, and Markdown out of cleaned trees."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

from kb.documents.conversion import pandoc
from kb.documents.programs import ConversionFailed, run
from kb.importing.document import Unreadable
from kb.importing.trees import Tree

if TYPE_CHECKING:
    from collections.abc import Sequence

MEMORY_MIB = 768
_HEAP = ("+RTS", "-M512m", "-K64m", "-RTS")
# What Python-Markdown reads: lists four deep, tables with bars, code between backticks.
_MARKDOWN = "markdown_strict+pipe_tables+backtick_code_blocks"


def read_tree(form: str, data: bytes) -> Tree:
    """The syntax tree of a document. Raises Unreadable."""
    try:
        found = json.loads(_pandoc(["-f", form, "-t", "json"], data))
    except RecursionError:
        raise Unreadable("The document is nested too deep to be read.") from None
    return Tree(found)


def write(pieces: Sequence[list[Any]], version: list[int]) -> list[str]:
    """Each piece, a list of blocks, as Markdown."""
    if not pieces:
        return []
    # One call for all: a line that no document holds stands between them.
    mark = f"END{secrets.token_hex(16)}"
    blocks: list[Any] = []
    for piece in pieces:
        blocks += piece
        blocks.append({"t": "Para", "c": [{"t": "Str", "c": mark}]})
    tree = json.dumps({"pandoc-api-version": version, "meta": {}, "blocks": blocks})
    text = _pandoc(["-f", "json", "-t", _MARKDOWN, "--wrap=none"], tree.encode()).decode()
    return [each.strip() for each in text.split(mark)[:-1]]


def _pandoc(arguments: list[str], data: bytes) -> bytes:
    try:
        return run([pandoc(), *_HEAP, "--sandbox", *arguments], data, memory_mib=MEMORY_MIB)
    except ConversionFailed as error:
        raise Unreadable(_why(str(error))) from None


def _why(said: str) -> str:
    if "pandoc is missing" in said:
        return "This kind of document cannot be read here: the server lacks pandoc. Tell whoever runs it."
    if any(word in said for word in ("+RTS", "memory", "overflow")):
        return "The document needs more memory than reading one may take: split it, and import the parts."
    if "longer than" in said:
        return "The document takes longer to read than it may: split it, and import the parts."
    return "The document is damaged: open it where it comes from, and save it again."
