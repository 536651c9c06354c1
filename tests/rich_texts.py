"""Markdown for the editor of texts, and an opinion of our own on whether two pieces of HTML look the same."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import strategies as st

BLOCKS = {
    "blockquote", "dd", "dl", "dt", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "table", "td", "th",
    "tr", "ul",
}  # fmt: skip
SHOWN = ("href", "title", "src", "alt", "start", "align")


class Looks(HTMLParser):
    """What one sees: blocks in order, and each word with what marks it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[object] = []
        self.marks: list[str] = []
        self.gap = self.is_code = False
        self.feed(html)

    def forget_align(self):
        """How nothing stands in a cell, nobody sees."""
        if isinstance(self.seen[-1], tuple) and self.seen[-1][0] == "td":
            self.seen[-1] = ("td",)

    def handle_starttag(self, tag, attrs):
        self.is_code |= tag == "pre"
        said = (tag, *sorted((name, value) for name, value in attrs if name in SHOWN and value))
        if tag in BLOCKS:
            self.seen.append(said)
            self.gap = False
        elif tag in {"br", "img"}:
            self.seen.append((said, frozenset(self.marks)))
            self.gap = False
        elif tag not in {"thead", "tbody"}:
            self.marks.append(str(said))

    def handle_endtag(self, tag):
        self.is_code &= tag != "pre"
        if tag == "td":
            self.forget_align()
        if tag in BLOCKS:
            self.gap = False
            if tag == "p" and self.seen[-1] == ("p",):
                self.seen.pop()
            else:
                self.seen.append(f"/{tag}")
        elif tag not in {"thead", "tbody", "br", "img"}:
            self.marks.pop()

    def handle_data(self, data):
        if self.is_code:
            self.seen.append(data.rstrip("\n"))
            return
        marks = frozenset(self.marks)
        for char in data:
            if char in " \t\r\n\f":
                self.gap = True
                continue
            if self.gap and self.seen and isinstance(self.seen[-1], list):
                self.seen.append(" ")
            self.gap = False
            self.seen.append([char, marks])


def looks(html: str) -> list[object]:
    """The HTML as one sees it."""
    return Looks(html).seen


CHARACTERS = "ab c*_`[]()<>&\\|!#-+.1:~\"'{}= é☐\u00a0"
WORDS = st.one_of(
    st.text(alphabet="abcdef ", min_size=1, max_size=12),
    st.text(alphabet=CHARACTERS, min_size=1, max_size=10),
    st.sampled_from(
        ["**bold**", "*lean*", "_lean_", "***both***", "`code`", "[[L-0001]]", "[[L-0002|as there]]", "a_b_c",
         "[words](https://example.org/a_b)", "<https://example.org>", "![shown](/attachments/a.png)",
         "a **b *c* d** e", "un**bold**ed", "H<sub>2</sub>O", "**[[L-0001]]**", "2 * 3 * 4", "{{name}}",
         "[**x** y](mailto:a@example.org)", "AT&T &amp; Co", "x < y > z", "`` a`b ``", "1. not", "# not"],
    ),
)  # fmt: skip
LINE = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)


def _indented(text: str, first: str, others: str = "    ") -> str:
    lines = text.split("\n")
    return "\n".join([first + lines[0], *(others + line if line else "" for line in lines[1:])])


def _list(items: list[str], mark: str, gap: str) -> str:
    return gap.join(_indented(item, mark.replace("1", str(at))) for at, item in enumerate(items, 1))


def _table(rows: list[list[str]], rules: list[str]) -> str:
    width = len(rules)
    filled = [(row + [""] * width)[:width] for row in rows]
    cells = [[cell.replace("\n", " ").replace("|", "\\|") for cell in row] for row in filled]
    lines = ["| " + " | ".join(row) + " |" for row in cells]
    return "\n".join([lines[0], "| " + " | ".join(rules) + " |", *lines[1:]])


def _holding(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    items = st.lists(inner, min_size=1, max_size=3)
    marks, gaps = st.sampled_from(["- ", "* ", "1. ", "- [ ] ", "- [x] "]), st.sampled_from(["\n", "\n\n"])
    return st.one_of(
        st.builds(_list, items, marks, gaps),
        inner.map(lambda text: _indented(text, "> ", "> ")),
        st.lists(inner, min_size=2, max_size=3).map("\n\n".join),
        st.lists(inner, min_size=2, max_size=2).map("\n".join),
    )


ROWS = st.lists(st.lists(LINE, min_size=1, max_size=3), min_size=1, max_size=3)
RULES = st.lists(st.sampled_from(["---", ":---:", "---:", ":---"]), min_size=2, max_size=3)
BLOCK = st.one_of(
    LINE,
    st.builds(lambda marks, line: f"{marks} {line}", st.sampled_from(["#", "##", "###", "####"]), LINE),
    LINE.map(lambda line: f"```\n{line}\n\n  x\n```"),
    st.lists(LINE, min_size=2, max_size=3).map("  \n".join),
    st.builds(_table, ROWS, RULES),
    st.just("---"),
)  # fmt: skip
TEXT = st.recursive(BLOCK, _holding, max_leaves=6)
"""Markdown that means something, with what only looks as if it did."""
