"""Markdown to plain text and to HTML: what the marks mean, and what hostile text can do."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import func, select

from kb import html as kb_html
from kb.database import Database
from kb.html import TAGS, render, sanitise, serve
from kb.markup import plain_text
from kb.model import Base, Rendered
from kb.rendering import MOST_WAITING, NOTE, Renderer

SLOW = "[" * 20_000
"""Takes Python-Markdown about a minute."""

MARKS = r"""
# ## * ** _ ` [ ] ( ) ![ [[L-0042 [[L-0042|words]] | ]] > - --- \ &amp; &#0; &#x110000; <!-- --> < >
</ <b> </b> <script> </script> <svg> <math> <int> <table> <td> <a <p onerror= x= javascript: http://x.y
/entries/L-0001 ' " = <style> </style> <template> <select> <pre> </p>
<div> </div> <textarea> <li> <img src= href=' title=" 😀 word word
"""
BREAKS = ["\n", "\n\n", "    ", " ", " ", "- [ ] ", "1. ", "```\n", "~~~\n", "| a |\n|---|\n", "\t"]
ODD = ["\x00", "\x02", "\x03", "\ud800", "\u202e"]
marks = st.sampled_from([*MARKS.split(), *BREAKS, *ODD])
texts = st.one_of(st.text(), st.lists(marks, max_size=30).map("".join), st.text(st.characters(codec=None)))


class TestPlainText:
    @pytest.mark.parametrize(
        ("markdown", "plain"),
        [
            ("# Title #\ntext", "Title\n\ntext"),
            ("Title\n=====\ntext", "Title\n\ntext"),
            ("one\n\n\n\ntwo", "one\n\ntwo"),
            ("**bold**, *it*, __bold__, _it_, ***both***", "bold, it, bold, it, both"),
            (
                "a < b, 2 * 3, snake_case_name, 5* hotel, x_y_",
                "a < b, 2 * 3, snake_case_name, 5* hotel, x_y_",
            ),
            ("List<int> and <b>bo</b>ld<br>next", "List<int> and bold next"),
            ('[text](http://a.b/c_(d)) and ![alt](x.png "t")', "text and alt"),
            ("[![alt](small.png)](large.png)", "alt"),
            ("[text][home], [not][known]\n\n[home]: https://example.org/", "text, [not][known]"),
            ("<https://a.b/c_d_e> <a@b.org>", "https://a.b/c_d_e a@b.org"),
            ("[[L-0042]] and [[L-0042|the *cut-over* one]]", "L-0042 and the cut-over one"),
            ("| a | b |\n|---|:-:|\n| [[L-0042|see]] | d |", "a b\nsee d"),
            ("a | b", "a | b"),
            ("- one\n* two\n+ three\n1. four\n- [ ] five\n- [x] six", "one\ntwo\nthree\nfour\nfive\nsix"),
            ("> quoted\n> - item", "quoted\nitem"),
            ("Built in\n2019. Opened late.", "Built in\n2019. Opened late."),
            ("```python\na *b* _c_\n\n# d\n```\nafter", "a *b* _c_\n\n# d\n\nafter"),
            ("`a*b*` and ``x ` y`` and `open", "a*b* and x ` y and `open"),
            (r"\*not\* \[a\](b) C:\temp \\", r"*not* [a](b) C:\temp " + "\\"),
            ("AT&amp;T &lt;b&gt; &eacute; R&D &copy", "AT&T <b> é R&D &copy"),
            ("a <!-- hidden --> b", "a b"),
            ("above\n\n---\n\nbelow", "above\n\nbelow"),
            ("", ""),
            (" \n\n ", ""),
        ],
    )
    def test_marks_go_and_words_stay(self, markdown: str, plain: str) -> None:
        assert plain_text(markdown) == plain

    @given(texts)
    @example("&#" + "9" * 5000 + ";")
    def test_it_never_raises(self, text: str) -> None:
        plain_text(text)

    @given(st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1), min_size=1))
    def test_plain_words_are_untouched(self, words: list[str]) -> None:
        assert plain_text(" ".join(words)) == " ".join(words)

    @pytest.mark.parametrize(
        "piece",
        [
            *[
                "[",
                "*",
                "<",
                "`",
                "![",
                "[[L-0001|",
                "[](",
                "<!--",
                "_a",
                "\\",
                "`a``b```",
                "[a](b(",
                "[[a]",
                "|",
            ],
            *["|-", "&#1", "*a_", "<a@", "[l]:", "[a][", "&a"],
            *["**a ", "<a ", "<p ", "- ", "> ", " ", "\t", "# ", " #", "1. ", "~~~\n", "--- ", "\n"],
        ],
    )
    def test_hostile_text_takes_linear_time(self, piece: str) -> None:
        def seconds(length: int) -> float:
            text = f"x {piece * (length // len(piece))} y"
            started = time.process_time()
            plain_text(text)
            return time.process_time() - started

        assert min(seconds(100_000) for _ in range(2)) < 1


class TestHtml:
    @pytest.mark.parametrize(
        ("markdown", "html"),
        [
            ("# One\n\n## Two\n\n###### Six", "<h3>One</h3>\n<h4>Two</h4>\n<h6>Six</h6>"),
            ("- [ ] open\n- [x] done", "<ul>\n<li>☐ open</li>\n<li>☑ done</li>\n</ul>"),
            ("`[[L-0042]]` \\[[L-0042]]", "<p><code>[[L-0042]]</code> [[L-0042]]</p>"),
            ("List<int> < 3", "<p>List&lt;int&gt; &lt; 3</p>"),
            ("```python\na < b\n```", "<pre><code>a &lt; b\n</code></pre>"),
            (r"\*a\* \<b\> \~", "<p>*a* &lt;b&gt; ~</p>"),
            ("a\x00b", "<p>a\ufffdb</p>"),
        ],
    )
    def test_markdown_becomes_html(self, markdown: str, html: str) -> None:
        assert render(markdown) == html

    def test_entries_are_linked(self) -> None:
        html = render("[[L-0042]] and [[T-0001|the *charter*]]")

        assert '<a href="/entries/L-0042" rel="noopener nofollow">L-0042</a>' in html
        assert '<a href="/entries/T-0001" rel="noopener nofollow">the *charter*</a>' in html

    def test_a_bar_in_a_link_does_not_end_a_cell(self) -> None:
        html = render("| a | b |\n|---|--:|\n| [[L-0042|the charter]] | c |")

        assert '>the charter</a></td>\n<td align="right">c</td>' in html

    def test_a_text_that_fails_leaves_nothing_behind(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(kb_html, "sanitise", fail)
            with pytest.raises(RecursionError):
                render("[a]: https://a.b")

        assert render("[a]") == "<p>[a]</p>"

    def test_a_text_that_fails_is_answered_with_null(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(kb_html, "sanitise", fail)
        answers = io.BytesIO()

        serve([b'["a", 5]', b'["b", 5]'], answers)

        assert answers.getvalue() == b"null\nnull\n"


def fail(_: str) -> str:
    raise RecursionError


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "<div>\n<svg><style><img src=x onerror=alert(1)></style></svg>\n</div>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<form action=/logout><input name=a autofocus onfocus=alert(1)><button>x</button></form>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<p style='position:fixed;inset:0' class=alert id=main>x</p>",
    "[a](javascript:alert(1)) [b](JaVaScRiPt:alert(1)) [c](data:text/html,<script>alert(1)</script>)",
    "[a](java&#x0A;script:alert(1)) [b](&#106;avascript:alert(1)) [c]( javascript:alert(1))",
    "<a href='java\tscript:alert(1)'>x</a> <a href='vbscript:x'>y</a>",
    "[a](//evil.example/) [b](/\\evil.example) [c](/logout) [d](../x)",
    "<a href='/entries/L-0001/../../logout'>e</a>",
    "<a href='/\t/evil.example'>x</a> ![p](http://evil.example/pixel.png) ![q](//evil.example/p.png)",
    "![x](data:image/svg+xml;base64,PHN2Zz4=) <img src='/\t/evil.example/p.png'> <img src=/a?b=c>",
    "<base href=//e.example> <meta http-equiv=refresh content='0;url=//e.example'>",
    '<a href="x" onclick="alert(1)">x</a> <details open ontoggle=alert(1)>x</details>',
    "`<script>alert(1)</script>`\n\n```html\n<script>alert(1)</script>\n```",
    '[[L-0042|<img src=x onerror=alert(1)>]] [[L-0042|"><script>alert(1)</script>]]',
    '[x](<https://a.b/" onmouseover="alert(1)>) ![a" onerror="alert(1)](/files/x.png)',
    "<template><script>alert(1)</script></template>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    '<textarea><img title="</textarea><img src=x onerror=alert(1)>"></textarea>',
    "<xmp><script>alert(1)</script></xmp>",
    '<a href="https://a.b" target=_blank rel=opener>x</a>',
    "<!--><img src=x onerror=alert(1)>--> <![CDATA[<img src=x onerror=alert(1)>]]>",
    "<?php <img src=x onerror=alert(1)> ?>",
    "\x02wzxhzdk:0\x03 <b>\x02klzzwxh:0\x03</b>",
]


class Allowed(HTMLParser):
    """Reads HTML as a browser would and keeps what the policy does not name."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS.split():
            self.faults.append(tag)
        for name, value in attrs:
            if not self._is_allowed(tag, name, value or ""):
                self.faults.append(f"{tag} {name}={value}")

    @staticmethod
    def _is_allowed(tag: str, name: str, value: str) -> bool:
        match tag, name:
            case "a", "href":
                return value.startswith(("http://", "https://", "mailto:", "/entries/")) and ".." not in value
            case "a", "rel":
                return value == "noopener nofollow"
            case "img", "src":
                return value.startswith("/") and value[1:2] not in {"/", "\\", "\t"}
            case (("td" | "th"), "align"):
                return value in {"left", "center", "right"}
            case ("a" | "img" | "abbr", "title") | ("img", "alt") | ("ol", "start"):
                return True
        return False


def faults_of(html: str) -> list[str]:
    reader = Allowed()
    reader.feed(html)
    reader.close()
    return reader.faults


class TestSanitising:
    @pytest.mark.parametrize("attack", ATTACKS)
    def test_attacks_are_disarmed(self, attack: str) -> None:
        html = render(attack)

        assert faults_of(html) == []
        assert sanitise(html) == html

    @given(texts)
    def test_whatever_comes_out_follows_the_policy(self, text: str) -> None:
        try:
            html = render(text)
        except RecursionError:
            return
        assert faults_of(html) == []
        assert sanitise(html) == html

    def test_links_elsewhere_give_nothing_away(self) -> None:
        assert render("[x](https://a.b)") == '<p><a href="https://a.b" rel="noopener nofollow">x</a></p>'


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    (tmp_path / "records.sqlite").touch()
    database = Database(f"sqlite:///{tmp_path / 'records.sqlite'}")
    Base.metadata.create_all(database.engine)
    yield database
    database.dispose()


@pytest.fixture
def renderer(database: Database) -> Iterator[Renderer]:
    renderer = Renderer(database, wait=0)
    yield renderer
    renderer.close()


def cached(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Rendered)) or 0


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def orphan_of(program: str) -> int:
    """Id of the rendering process that a killed program leaves behind."""
    # A file, not a pipe: a pipe would stay open until the orphan ends.
    with tempfile.TemporaryFile("w+") as output:
        subprocess.run(
            [sys.executable, "-c", textwrap.dedent(program)], stdout=output, check=False, timeout=60
        )
        output.seek(0)
        return int(output.read())


def assert_ended(pid: int) -> None:
    deadline = time.monotonic() + 10
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(pid)


class TestRenderer:
    def test_html_is_made_once_and_then_read(self, renderer: Renderer, database: Database) -> None:
        assert renderer.html("*a*") == "<p><em>a</em></p>"
        assert cached(database) == 1
        with database.write_cache() as session:
            session.scalars(select(Rendered)).one().html = "from the cache"

        assert renderer.html("*a*") == "from the cache"

    def test_what_was_made_is_stored_with_others(self, database: Database) -> None:
        renderer = Renderer(database, wait=60)
        renderer.html("*a*")
        assert cached(database) == 0
        with patch.object(renderer, "_render", side_effect=AssertionError):
            assert renderer.html("*a*") == "<p><em>a</em></p>"
        renderer.many([f"text {number}" for number in range(MOST_WAITING)])
        assert cached(database) == MOST_WAITING + 1
        renderer.html("b")
        renderer.close()
        assert cached(database) == MOST_WAITING + 2

    def test_many_keeps_the_order_and_repeats(self, renderer: Renderer, database: Database) -> None:
        assert renderer.many(["a", "", "b", "a", "  \n"]) == ["<p>a</p>", "", "<p>b</p>", "<p>a</p>", ""]
        assert cached(database) == 2

    def test_no_text_starts_no_process(self, renderer: Renderer) -> None:
        assert renderer.many([]) == []
        assert renderer.html("") == ""
        assert renderer._process is None

    def test_a_hostile_text_is_shown_as_written_and_the_next_is_fine(self, database: Database) -> None:
        renderer = Renderer(database, limit=0.5, wait=0)
        started = time.monotonic()

        html = renderer.html(SLOW + "<b>")

        assert time.monotonic() - started < 5
        assert NOTE in html
        assert "&lt;b&gt;" in html
        assert renderer.html("next") == "<p>next</p>"
        assert cached(database) == 1
        renderer.close()

    def test_a_hostile_text_costs_its_time_once(self, database: Database) -> None:
        renderer = Renderer(database, limit=0.5, wait=0)
        renderer.html(SLOW)
        started = time.monotonic()

        assert NOTE in renderer.html(SLOW)
        assert time.monotonic() - started < 0.2
        renderer.close()

    def test_a_dead_process_is_replaced(self, renderer: Renderer) -> None:
        renderer.html("a")
        os.kill(renderer._process.pid, signal.SIGKILL)

        assert renderer.html("b") == "<p>b</p>"

    def test_unstorable_characters_are_replaced(self, renderer: Renderer) -> None:
        assert renderer.html("a\ud800\x00") == "<p>a\ufffd\ufffd</p>"
        assert renderer.html("a\ud800\x00") == "<p>a\ufffd\ufffd</p>"

    def test_a_read_only_database_does_not_fail_the_page(
        self, renderer: Renderer, database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        read_only = Database(f"sqlite:///file:{tmp_path / 'records.sqlite'}?mode=ro&uri=true")
        renderer.database = read_only

        assert renderer.html("a") == "<p>a</p>"
        assert "not cached" in caplog.text
        read_only.dispose()

    def test_threads_share_it(self, renderer: Renderer) -> None:
        found: dict[int, str] = {}

        def work(number: int) -> None:
            found[number] = renderer.html(f"text {number % 5}")

        threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert found == {number: f"<p>text {number % 5}</p>" for number in range(20)}

    def test_closing_ends_the_process(self, renderer: Renderer) -> None:
        renderer.html("a")
        pid = renderer._process.pid
        renderer.close()
        renderer.close()

        assert not is_running(pid)

    def test_the_process_ends_with_its_parent(self) -> None:
        program = """
            import os, signal
            from kb.rendering import RenderingProcess
            process = RenderingProcess()
            print(process.pid, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        """
        assert_ended(orphan_of(program))

    def test_a_process_at_work_ends_without_its_parent(self) -> None:
        program = """
            import os, signal, threading, time
            from kb.rendering import RenderingProcess
            process = RenderingProcess()
            print(process.pid, flush=True)
            threading.Thread(target=process.render, args=("[" * 20_000, 1)).start()
            time.sleep(0.5)
            os.kill(os.getpid(), signal.SIGKILL)
        """
        assert_ended(orphan_of(program))
