"""pandoc's syntax tree of a document, made plain: only what the repository's Markdown can say is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Node = dict[str, Any]
NO_ATTRIBUTES: list[Any] = ["", [], []]
SCHEMES = ("http://", "https://", "mailto:")
_SPLICED = {"Span": 1, "SmallCaps": None, "Underline": None, "Cite": 1}
"""Inlines that are their content: where it stands in what pandoc calls their `c`."""
_WRAPPED = {"Emph", "Strong", "Strikeout", "Superscript", "Subscript"}


class Tree:
    """The blocks of a document, and its title."""

    def __init__(self, found: Node) -> None:
        self.version: list[int] = found["pandoc-api-version"]
        self.blocks: list[Node] = found["blocks"]
        title = found["meta"].get("title", {})
        self.title = words(title["c"]) if title.get("t") == "MetaInlines" else ""


def _content(node: Node) -> Any:
    return node.get("c")


def words(inlines: Iterable[Node]) -> str:
    """The words of inlines, in one line."""
    return " ".join("".join(_words(inlines)).split())


def _words(inlines: Iterable[Node]) -> Iterable[str]:
    for each in inlines:
        kind, content = each["t"], _content(each)
        if kind == "Str":
            yield content
        elif kind in {"Space", "SoftBreak", "LineBreak"}:
            yield " "
        elif kind in {"Code", "Math"}:
            yield content[1]
        elif kind in {"Link", "Span", "Cite", "Quoted"}:
            yield from _words(content[1])
        elif isinstance(content, list) and kind not in {"Image", "Note", "RawInline"}:
            yield from _words(content)


class Cleaner:
    """Takes out of a tree what is not kept. `picture` says what stands for a picture's address, or None."""

    def __init__(self, picture: Callable[[str], str | None]) -> None:
        self._picture = picture

    def blocks(self, found: Iterable[Node]) -> list[Node]:
        """Blocks as they are kept; lists that follow each other are one."""
        kept: list[Node] = []
        for each in found:
            for block in self._block(each):
                before = kept[-1] if kept else {"t": ""}
                if block["t"] == before["t"] == "BulletList":
                    before["c"] += block["c"]
                else:
                    kept.append(block)
        return kept

    def _block(self, block: Node) -> list[Node]:
        kind, content = block["t"], _content(block)
        match kind:
            case "Para" | "Plain":
                inlines = self.inlines(content)
                return [{"t": kind, "c": inlines}] if inlines else []
            case "LineBlock":
                return [{"t": "Para", "c": self.inlines(_broken(content))}]
            case "Header":
                return [{"t": kind, "c": [content[0], NO_ATTRIBUTES, self.inlines(content[2])]}]
            case "CodeBlock":
                return [{"t": kind, "c": [NO_ATTRIBUTES, content[1]]}]
            case "Table":
                return [self._table(content)]
            case _:
                return self._container(kind, content)

    def _container(self, kind: str, content: Any) -> list[Node]:
        match kind:
            case "Div":
                return self.blocks(content[1])
            case "Figure":
                return self.blocks([*content[2], *content[1][1]])
            case "BulletList":
                return [{"t": kind, "c": [self._nested(item) for item in content]}]
            case "OrderedList":
                return [{"t": kind, "c": [content[0], [self._nested(item) for item in content[1]]]}]
            case "BlockQuote":
                return [{"t": kind, "c": self._nested(content)}]
            case "DefinitionList":
                return [block for term, meanings in content for block in self._defined(term, meanings)]
            case _:  # raw blocks, and rules that only draw a line
                return []

    def _nested(self, found: Iterable[Node]) -> list[Node]:
        """Blocks inside another: a heading there is a line in bold."""
        return [
            {"t": "Para", "c": [{"t": "Strong", "c": block["c"][2]}]} if block["t"] == "Header" else block
            for block in self.blocks(found)
        ]

    def _defined(self, term: list[Node], meanings: list[list[Node]]) -> list[Node]:
        named = [{"t": "Para", "c": [{"t": "Strong", "c": self.inlines(term)}]}] if term else []
        return [*named, *(block for meaning in meanings for block in self._nested(meaning))]

    def _table(self, content: list[Any]) -> Node:
        _, caption, columns, head, bodies, foot = content
        cleaned = [
            NO_ATTRIBUTES, [None, self._nested(caption[1])], columns, self._rows(head),
            [[NO_ATTRIBUTES, 0, self._row_list(first), self._row_list(rest)] for _, _, first, rest in bodies],
            self._rows(foot),
        ]  # fmt: skip
        return {"t": "Table", "c": cleaned}

    def _rows(self, part: list[Any]) -> list[Any]:
        return [NO_ATTRIBUTES, self._row_list(part[1])]

    def _row_list(self, rows: list[Any]) -> list[Any]:
        return [
            [NO_ATTRIBUTES, [[NO_ATTRIBUTES, *cell[1:4], self._nested(cell[4])] for cell in cells]]
            for _, cells in rows
        ]

    def inlines(self, found: Iterable[Node]) -> list[Node]:
        """Inlines as they are kept."""
        return [kept for each in found for kept in self._inline(each)]

    def _inline(self, inline: Node) -> list[Node]:
        kind, content = inline["t"], _content(inline)
        if kind in _SPLICED:
            place = _SPLICED[kind]
            return self.inlines(content if place is None else content[place])
        if kind in _WRAPPED:
            inner = self.inlines(content)
            return [{"t": kind, "c": inner}] if inner else []
        match kind:
            case "Quoted":
                return [{"t": kind, "c": [content[0], self.inlines(content[1])]}]
            case "Link":
                inner, address = self.inlines(content[1]), content[2][0]
                linked = {"t": kind, "c": [NO_ATTRIBUTES, inner, [address, ""]]}
                return [linked] if address.lower().startswith(SCHEMES) and inner else inner
            case "Image":
                kept = self._picture(content[2][0])
                shown = {"t": kind, "c": [NO_ATTRIBUTES, self.inlines(content[1]), [kept or "", ""]]}
                return [shown] if kept else []
            case "Note":
                inner = [
                    part for block in self._nested(content) for part in block["c"] if block["t"] in _TEXTS
                ]
                return [{"t": "Str", "c": " ("}, *inner, {"t": "Str", "c": ")"}] if inner else []
            case "Code" | "Math":
                return [{"t": "Code", "c": [NO_ATTRIBUTES, content[1]]}]
            case "RawInline":
                return []
            case _:
                return [inline]


_TEXTS = {"Para", "Plain"}


def _broken(lines: list[list[Node]]) -> list[Node]:
    return [part for line in lines for part in (*line, {"t": "LineBreak"})][:-1]


def table_cells(block: Node) -> list[list[list[Node]]]:
    """The rows of a cleaned table, the header first, each cell as blocks. A cell over several columns or
    rows fills the first of them.
    """
    _, _, columns, head, bodies, foot = block["c"]
    rows = [*head[1], *(row for body in bodies for row in (*body[2], *body[3])), *foot[1]]
    held = [0] * len(columns)
    laid = []
    for _, cells in rows:
        line: list[list[Node]] = []
        for _, _, down, across, content in cells:
            while len(line) < len(held) and held[len(line)]:
                held[len(line)] -= 1
                line.append([])
            for place in range(across):
                line.append(content if place == 0 else [])
                if len(line) <= len(held):
                    held[len(line) - 1] = down - 1
        while len(line) < len(held):
            held[len(line)] = max(0, held[len(line)] - 1)
            line.append([])
        laid.append(line[: len(columns)])
    return laid
