"""Markdown to plain text, for indexes, snippets and titles. HTML is made by `kb.rendering`.

No Markdown parser stands behind it: a repository of 8 MB is stripped in seconds, and every pattern
here takes linear time on any input (possessive quantifiers; no pattern runs past the mark that
would open it again).
"""

from __future__ import annotations

import html
import re
import string
from bisect import bisect_left
from typing import TYPE_CHECKING

from kb.text import REF_PATTERN

if TYPE_CHECKING:
    from collections.abc import Iterator

WIKI_LINK = rf"\[\[({REF_PATTERN})(?:\\?\|([^\[\]\n]*+))?\]\]"
"""`[[L-0042]]` or `[[L-0042|words]]`; in a table the bar may be escaped."""

# Text set aside while marks are stripped stands as STX, its number, ETX, as in Python-Markdown.
_STX, _ETX = "\x02", "\x03"
_PLACEHOLDER = re.compile(f"{_STX}([0-9]+){_ETX}")

_FENCE = re.compile(r" {0,3}(`{3,}+|~{3,}+)([^`]*+)$")
_LINE_MARK = re.compile(
    r"""[ ]{0,3}\#{1,6}+[ \t]++(?P<heading>.*)
      | [ ]{0,3}(?P<rule>=++|-++|(?:[-*_][ \t]*+){3,})[ \t]*+$
      | (?:[ ]{0,3}>[ ]?)++(?P<quote>.*)
      | [ \t]*+(?:[-*+]|\d{1,3}[.)])[ \t]++(?:\[[ xX]\][ \t])?(?P<item>.*)
      | [ ]{0,3}\[(?P<label>[^\[\]]++)\]:[ \t]*+(?:<|[a-z]++:|[/\#.]).*
    """,
    re.VERBOSE,
)
_LINE_MARK_STARTS = frozenset("#=-*_>+[0123456789")
MAX_NESTING = 8
"""A line's marks, such as quotes of lists of lists, are stripped this deep."""
_TABLE_RULE = re.compile(r"(?=[^-]*+-)(?=[^|]*+\|)[ \t:|-]++$")
_CELL_END = re.compile(r"(?<!\\)\|")

_INLINE_MARK = re.compile(r"[\\`*_<&\[|]|[ \t]{2}")
_ESCAPE_OR_CODE = re.compile(rf"\\([{re.escape(string.punctuation)}])|`++")
_BACKTICKS = re.compile(r"`++")
_WIKI_LINK = re.compile(WIKI_LINK)
_LINK = re.compile(r"!?\[((?:[^\[\]]++|\[[^\[\]]*+\])*+)\]\((?:[^()\n]++|\([^()\n]*+\))*+\)")
_LABELLED_LINK = re.compile(r"!?\[([^\[\]]++)\][ ]?\[([^\[\]]*+)\]")
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^<>\s]++|[^<>\s@]++@[^<>\s@]++)>")
_TAGS_WITHIN_WORDS = (
    "a|abbr|b|bdi|bdo|big|cite|code|del|dfn|em|font|i|img|ins|kbd|mark|q|s|samp|small|span|strike|strong|sub|sup|"
    "tt|u|var|wbr"
)
_TAGS_BETWEEN_WORDS = (
    "address|article|aside|blockquote|br|button|center|dd|details|div|dl|dt|fieldset|figcaption|figure|footer|"
    "form|h1|h2|h3|h4|h5|h6|header|hr|iframe|input|label|li|main|nav|object|ol|p|pre|script|section|select|style|"
    "summary|table|tbody|td|textarea|tfoot|th|thead|tr|ul|video"
)
HTML_TAGS = f"{_TAGS_WITHIN_WORDS}|{_TAGS_BETWEEN_WORDS}"
"""Tags that are markup. Anything else between angle brackets, such as `List<int>`, is text."""
_TAG = re.compile(
    rf"</?(?:(?P<within>{_TAGS_WITHIN_WORDS})|(?:{_TAGS_BETWEEN_WORDS}))(?:[\s/][^<>]*+)?>", re.IGNORECASE
)
# Numbers are bounded: html.unescape raises on one of more than 4,300 digits.
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_EMPHASIS = re.compile(r"\*++|_++")
_UNSHOWABLE = re.compile("[\x00\ud800-\udfff]")
_SPACES = re.compile(r"[ \t]{2,}+")
_BLANK_LINES = re.compile(r"\n{3,}+")


def plain_text(markdown: str) -> str:
    """The words of a Markdown text without its marks; paragraphs stay apart by a blank line.

    Links and images keep their text, code its content. Never raises; linear time.
    """
    labels: set[str] = set()
    markdown = _without_comments(markdown.replace(_STX, "").replace(_ETX, ""))
    blocks = [
        ("\n".join(lines if is_code else _strip_lines(lines, labels)), is_code)
        for lines, is_code in _blocks(markdown)
    ]  # all of them first: labels may stand below the links that use them
    texts = (text if is_code else _inline(text, labels) for text, is_code in blocks)
    return _BLANK_LINES.sub("\n\n", "\n\n".join(stripped for text in texts if (stripped := text.strip())))


def showable(text: str) -> str:
    """The text with a replacement character for what no page can hold: NUL and lone surrogates."""
    return _UNSHOWABLE.sub("\ufffd", text)


def _without_comments(markdown: str) -> str:
    kept, start = [], 0
    while (opening := markdown.find("<!--", start)) >= 0:
        closing = markdown.find("-->", opening + 4)
        if closing < 0:
            break
        kept.append(markdown[start:opening])
        start = closing + 3
    return "".join([*kept, markdown[start:]])


def _blocks(markdown: str) -> Iterator[tuple[list[str], bool]]:
    """(lines, whether they are fenced code): what stands between blank lines or fences."""
    lines: list[str] = []
    fence = ""
    for line in markdown.splitlines():
        mark = _FENCE.match(line) if "```" in line or "~~~" in line else None
        if mark and (not fence or (mark[1].startswith(fence) and not mark[2].strip())):
            yield lines, bool(fence)
            lines, fence = [], "" if fence else mark[1]
        elif fence or line.strip():
            lines.append(line)
        elif lines:
            yield lines, False
            lines = []
    yield lines, bool(fence)


def _strip_lines(lines: list[str], labels: set[str]) -> list[str]:
    """The lines without the marks at their start; `labels` gathers the labels of link targets."""
    if any(_TABLE_RULE.match(line) for line in lines):
        rows = (_WIKI_LINK.sub(_wiki_words, line) for line in lines if not _TABLE_RULE.match(line))
        return [_CELL_END.sub(" ", row).strip() for row in rows]
    return [_strip_line(line, labels) for line in lines]


def _strip_line(line: str, labels: set[str]) -> str:
    line = line.strip()
    for _ in range(MAX_NESTING):
        mark = _LINE_MARK.match(line) if line[:1] in _LINE_MARK_STARTS else None
        if mark is None:
            return line
        if mark["heading"] is not None:
            return f"\n{_without_closing_hashes(mark['heading'])}\n"
        if mark["rule"] is not None:
            return ""
        if mark["label"] is not None:
            labels.add(mark["label"].casefold())
            return ""
        line = (mark["quote"] if mark["quote"] is not None else mark["item"]).strip()
    return line


def _without_closing_hashes(heading: str) -> str:
    bare = heading.rstrip("#")
    return bare.rstrip() if bare != heading and bare[-1:] in {"", " ", "\t"} else heading


def _inline(text: str, labels: set[str]) -> str:
    if not _INLINE_MARK.search(text):
        return text
    stash: list[str] = []
    text = _stash_literals(text, stash)
    text = _WIKI_LINK.sub(_wiki_words, text)
    text = _AUTOLINK.sub(lambda match: _stashed(match[1], stash), text)
    text = _TAG.sub(lambda match: "" if match["within"] else " ", text)
    for _ in range(2):  # a picture within a link
        text = _LINK.sub(r"\1", text)
    if labels:
        text = _LABELLED_LINK.sub(lambda match: match[1] if _label(match) in labels else match[0], text)
    text = _without_emphasis(text)
    text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    text = _SPACES.sub(" ", text)
    return _PLACEHOLDER.sub(lambda match: stash[int(match[1])], text)


def _label(match: re.Match[str]) -> str:
    return (match[2] or match[1]).casefold()


def _wiki_words(match: re.Match[str]) -> str:
    return (match[2] or "").strip() or match[1]


def _stashed(literal: str, stash: list[str]) -> str:
    stash.append(literal)
    return f"{_STX}{len(stash) - 1}{_ETX}"


def _stash_literals(text: str, stash: list[str]) -> str:
    """Sets aside escaped characters and code spans. A span ends at the next run of as many backticks."""
    if "\\" not in text and "`" not in text:
        return text
    runs: dict[int, list[int]] = {}
    for run in _BACKTICKS.finditer(text):
        runs.setdefault(len(run[0]), []).append(run.start())
    kept, start = [], 0
    while mark := _ESCAPE_OR_CODE.search(text, start):
        kept.append(text[start : mark.start()])
        start = mark.end()
        closers = [] if mark[1] else runs.get(len(mark[0]), [])
        following = bisect_left(closers, start)
        if mark[1]:
            kept.append(_stashed(mark[1], stash))
        elif following < len(closers):
            kept.append(_stashed(text[start : closers[following]].strip(), stash))
            start = closers[following] + len(mark[0])
        else:
            kept.append(mark[0])
    return "".join([*kept, text[start:]])


def _without_emphasis(text: str) -> str:
    """Drops the pairs of `*`, `**`, `_` ... that stand against words, as CommonMark pairs them."""
    opened: list[re.Match[str]] = []
    waiting: dict[str, int] = {}
    dropped: list[re.Match[str]] = []
    for run in _EMPHASIS.finditer(text):
        opens, closes = _sides(text, run)
        if closes and waiting.get(run[0]):
            while (opener := opened.pop())[0] != run[0]:
                waiting[opener[0]] -= 1
            waiting[run[0]] -= 1
            dropped += opener, run
        elif opens:
            opened.append(run)
            waiting[run[0]] = waiting.get(run[0], 0) + 1
    kept, start = [], 0
    for run in sorted(dropped, key=lambda run: run.start()):
        kept.append(text[start : run.start()])
        start = run.end()
    return "".join([*kept, text[start:]])


def _sides(text: str, run: re.Match[str]) -> tuple[bool, bool]:
    """Whether the run may open emphasis, and whether it may close it."""
    before = text[run.start() - 1] if run.start() else " "
    after = text[run.end()] if run.end() < len(text) else " "
    within_word = run[0][0] == "_" and before.isalnum() and after.isalnum()
    if len(run[0]) > 3 or within_word:
        return False, False
    is_underscore = run[0][0] == "_"
    opens = not after.isspace() and not (is_underscore and before.isalnum())
    return opens, not before.isspace() and not (is_underscore and after.isalnum())
