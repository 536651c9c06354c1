"""Markdown to sanitised HTML.

Hostile text can take seconds, so pages go through `kb.rendering`, which runs this module as a
process: `python -m kb.html` answers each line of JSON with one.
"""

from __future__ import annotations

import json
import re
import signal
import string
import sys
from functools import cache
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

import nh3
from markdown import Markdown
from markdown.extensions import Extension
from markdown.extensions.tables import TableExtension
from markdown.inlinepatterns import HtmlInlineProcessor, InlineProcessor
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString

from kb.markup import HTML_TAGS, WIKI_LINK, showable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

TOP_HEADING = 3
"""Texts stand under a page's h1 and its sections' h2."""

# The only sanitising policy. No svg, math, style, form, script or iframe; no class and no id, so
# that a text cannot dress up as a part of the page.
TAGS = (
    "a abbr b blockquote br code dd del dl dt em h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small"
    " strong sub sup table tbody td tfoot th thead tr u ul var"
)
ATTRIBUTES: dict[str, set[str]] = {
    "*": set(),  # by default nh3 lets some through on every tag
    "a": {"href", "title"},
    "abbr": {"title"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
}
DROPPED_WITH_CONTENT = frozenset({"script", "style", "svg", "math", "iframe", "template"})
SCHEMES = frozenset({"http", "https", "mailto"})
MAX_PASSES = 8
_ALIGNMENTS = {"align": {"left", "center", "right"}}
# Whole values, so that neither `//host`, a backslash nor a tab inside makes a path leave this site.
_LINK_TARGET = re.compile(r"(?i:https?://|mailto:)[^\s\\].*|/entries/[A-Z]-\d{4,9}", re.DOTALL)
_IMAGE_SOURCE = re.compile(r"/[A-Za-z0-9_-][A-Za-z0-9_./-]*")
# As Python-Markdown's own, but for known tags only: nh3 would drop `<int>` with all that follows it.
_INLINE_HTML = (
    rf"(<(?:/?+(?i:{HTML_TAGS})"
    r"""(?:\s+[^\s"'=<>/]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s"'=<>]++))?+)*+\s*+/?|!--(?:(?!<!--|-->).)*--)>)"""
)


def render(markdown: str) -> str:
    """Sanitised HTML of a Markdown text. Time grows faster than length on hostile text."""
    parser = _parser()
    try:
        return sanitise(parser.reset().convert(showable(markdown)))
    except BaseException:
        _parser.cache_clear()  # what it knows of a half-read text would leak into the next
        raise


def sanitise(html: str) -> str:
    """The HTML as far as the policy allows it.

    Cleaned until cleaning changes nothing: tags that go can leave others nested in a way that a
    browser would read differently. Raises ValueError for HTML that never settles.
    """
    for _ in range(MAX_PASSES):
        before, html = html, _cleaner().clean(html)
        if html == before:
            return html
    raise ValueError("the HTML does not settle")


@cache
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=frozenset(TAGS.split()),
        clean_content_tags=DROPPED_WITH_CONTENT,
        attributes=ATTRIBUTES,
        tag_attribute_values={"td": _ALIGNMENTS, "th": _ALIGNMENTS},
        attribute_filter=_filter_attribute,
        url_schemes=SCHEMES,
        link_rel="noopener nofollow",
    )


def _filter_attribute(_tag: str, name: str, value: str) -> str | None:
    if name == "href":
        return value if _LINK_TARGET.fullmatch(value) else None
    if name == "src":
        return value if _IMAGE_SOURCE.fullmatch(value) else None
    return value


@cache
def _parser() -> Markdown:
    tables = TableExtension(use_align_attribute=True)
    return Markdown(extensions=[tables, "fenced_code", "sane_lists", _Dialect()], output_format="html")


class _Dialect(Extension):
    """What the repository's Markdown has beside Python-Markdown's own."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - Python-Markdown's name
        md.block_level_elements = [name for name in md.block_level_elements if name in HTML_TAGS.split("|")]
        md.ESCAPED_CHARS = list(string.punctuation)
        md.preprocessors.register(_BarsInTables(md), "bars-in-tables", 22)  # after fenced code is set aside
        wiki_links = _WikiLinks(rf"(?<!\\){WIKI_LINK}", md)
        md.inlinePatterns.register(wiki_links, "wiki-links", 185)  # after code, before escapes
        md.inlinePatterns.register(HtmlInlineProcessor(_INLINE_HTML, md), "html", 90)
        md.treeprocessors.register(_Adjustments(md), "adjustments", 15)  # after inline patterns


class _BarsInTables(Preprocessor):
    """`[[L-0042|words]]` in a row of a table does not end the cell."""

    _LINK_WITH_WORDS = re.compile(WIKI_LINK.replace(r"\\?", ""))

    def run(self, lines: list[str]) -> list[str]:
        return [self._escaped(line) if line.lstrip().startswith("|") else line for line in lines]

    def _escaped(self, line: str) -> str:
        return self._LINK_WITH_WORDS.sub(lambda match: match[0].replace("|", r"\|"), line)


class _WikiLinks(InlineProcessor):
    """`[[L-0042]]` and `[[L-0042|words]]` become links to the entry."""

    def handleMatch(  # type: ignore[override]  # noqa: N802 - Python-Markdown's name
        self, match: re.Match[str], _text: str
    ) -> tuple[Element, int, int]:
        link = Element("a", href=f"/entries/{match[1]}")
        link.text = AtomicString((match[2] or "").strip() or match[1])
        return link, match.start(), match.end()


class _Adjustments(Treeprocessor):
    """Headings fit under the page's; `- [ ]` and `- [x]` become boxes."""

    _BOX = re.compile(r"\[([ xX])\](?=\s)")

    def run(self, root: Element) -> None:
        for element in root.iter():
            if re.fullmatch("h[1-6]", element.tag):
                element.tag = f"h{min(int(element.tag[1]) + TOP_HEADING - 1, 6)}"
            elif element.tag == "li":
                self._draw_box(next(self._text_holders(element), element))

    def _text_holders(self, item: Element) -> Iterator[Element]:
        if not (item.text or "").strip() and len(item) and item[0].tag == "p":
            yield item[0]

    def _draw_box(self, holder: Element) -> None:
        box = self._BOX.match(holder.text or "")
        if box and holder.text:
            holder.text = ("☐" if box[1] == " " else "☑") + holder.text[box.end() :]


def serve(requests: Iterable[bytes], answers: BinaryIO) -> None:
    """Answers each request, `[text, seconds]`, with its HTML, or null when rendering fails.

    Ends when the requests do: at the end of the parent process. A text that takes longer than its
    seconds ends the process, also when there is no parent left to do so.
    """
    for request in requests:
        text, seconds = json.loads(request)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            html = render(text)
        except Exception:  # noqa: BLE001 - whatever Python-Markdown fails on is shown as written
            html = None
        signal.setitimer(signal.ITIMER_REAL, 0)
        answers.write(json.dumps(html).encode() + b"\n")
        answers.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
