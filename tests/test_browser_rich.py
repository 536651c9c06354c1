"""The editor of texts in a real browser: what is written comes out as it looks, and nothing is lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from corpus.sample import sample_paths
from kb.desk.model import WorkingCopy
from tests.fixtures.browser import check_accessibility
from tests.fixtures.people import make_user
from tests.rich_texts import TEXT, looks
from web.services import EXTENSION

pytestmark = pytest.mark.browser
pytest_plugins = ["tests.fixtures.people"]
ASSESS = """async (texts) => (await document.querySelector("[data-rich]").rich.desk.assess(texts))
  .map(({ reason, markdown }) => ({ reason, markdown }))"""
BATCH = 100


@pytest.fixture(scope="module")
def people(live):
    roles = {"wanda": "contributor", "carla": "curator"}
    return {name: make_user(live.app, f"rich {name}", role) for name, role in roles.items()}


@pytest.fixture
def writer(page, live, people):
    live.sign_in(page, people["wanda"])
    with live.app.extensions[EXTENSION].database.write_aside() as session:
        session.execute(delete(WorkingCopy))
    page.goto(f"{live.url}/entries/new/lesson")
    page.locator("#rich-bar").wait_for()
    return page


def box(page, name="happened"):
    return page.locator(f"[data-rich=field-{name}]")


def value(page, name="happened"):
    return page.locator(f"#field-{name}").input_value()


def assess(page, texts):
    found = []
    for start in range(0, len(texts), BATCH):
        found += page.evaluate(ASSESS, texts[start : start + BATCH])
    return found


def html_of(live, texts):
    renderer = live.app.extensions[EXTENSION].renderer
    return renderer.many(texts, keep=False)


def unchanged(live, texts, found):
    """Each text that is shown as it looks gives the page that it gave before, by an opinion of our own."""
    pairs = zip(texts, found, strict=True)
    rich = [(text, each["markdown"]) for text, each in pairs if text.strip() and not each["reason"]]
    before, after = (html_of(live, [pair[at] for pair in rich]) for at in (0, 1))
    for (text, markdown), one, other in zip(rich, before, after, strict=True):
        assert looks(one) == looks(other), (text, markdown)
    return len(rich)


def test_sample_texts_are_edited_as_they_look_and_written_anew_without_loss(writer, live):
    texts = sorted({text for path in sample_paths() for text in texts_in(Path(path))})
    found = assess(writer, texts)
    assert unchanged(live, texts, found) == len(texts) > 1000


def texts_in(path):
    """The texts of the records in a folder or a file."""
    files = sorted(path.rglob("*.md")) if path.is_dir() else [path] if path.suffix == ".md" else []
    for file in files:
        for part in re.split(r"^# .*$", file.read_text("utf-8").split("\n---\n", 1)[-1], flags=re.MULTILINE):
            yield from (text.strip() for text in (part, *part.split("\n\n")) if text.strip())


def test_made_up_texts_are_never_changed_silently(writer, live):
    shown = total = 0

    @settings(max_examples=5, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(TEXT.filter(lambda text: len(text) < 3000), min_size=40, max_size=80))
    def check(texts):
        nonlocal shown, total
        shown += unchanged(live, texts, assess(writer, texts))
        total += len(texts)

    check()
    assert shown > total / 2


def test_what_is_typed_is_written_as_markdown(writer):
    box(writer).click()
    writer.keyboard.type("It **cost** 4 * 3 days, see `log_a`\n- one\ntwo\n\n## Then\n_Nobody_ asked #1 [x]")
    first, rest = value(writer).split("\n\n", 1)
    assert first == "It **cost** 4 \\* 3 days, see `log_a`"
    assert rest == "- one\n- two\n\n## Then\n\n_Nobody_ asked #1 [x]"
    writer.get_by_text(re.compile("^Kept ")).wait_for()
    assert writer.locator(".rich-note:visible").count() == 0
    writer.keyboard.press("Control+Alt+m")
    area = writer.locator("#field-happened")
    area.fill("As **it** is  \nand _was_")
    writer.get_by_role("button", name="Source").click()
    assert box(writer).locator("strong").inner_text() == "it"
    writer.keyboard.press("Control+End")
    writer.keyboard.type("!")
    assert value(writer) == "As **it** is  \nand _was!_"
    writer.keyboard.press("Control+z")
    assert value(writer) == "As **it** is  \nand _was_"


def test_a_text_that_would_change_stays_markdown_and_says_why(writer):
    writer.keyboard.press("Tab")
    box(writer).click()
    writer.keyboard.press("Control+Alt+m")
    area = writer.locator("#field-happened")
    text = "<dl><dt>Term</dt><dd>what it is</dd></dl>\n\n```python\nx\n```"
    unknown = "something that this view does not have (dl)"
    for words, reason in ((text, "it names the language"), (text.partition("\n")[0], unknown)):
        area.fill(words)
        writer.keyboard.press("Control+Alt+m")
        writer.get_by_role("button", name="Source").click()
        writer.locator("#note-field-happened").get_by_text(reason).wait_for()
        assert area.is_visible()
        assert area.input_value() == words
    check_accessibility(writer)


def test_the_toolbar_is_worked_by_keyboard_and_mouse(writer):
    box(writer).click()
    writer.keyboard.type("word")
    writer.keyboard.press("Shift+Home")
    bold = writer.get_by_role("button", name="Bold")
    assert bold.get_attribute("aria-keyshortcuts") == "Control+B"
    bold.click()
    assert bold.get_attribute("aria-pressed") == "true"
    assert value(writer) == "**word**"
    writer.keyboard.press("Control+b")
    writer.keyboard.press("Alt+F10")
    for _ in range(30):
        if writer.evaluate("document.activeElement.dataset.does") == "bullets":
            break
        writer.keyboard.press("ArrowRight")
    writer.keyboard.press("Enter")
    assert value(writer) == "- word"
    writer.keyboard.press("Escape")
    assert writer.evaluate("document.activeElement.dataset.rich") == "field-happened"
    writer.keyboard.press("Control+Shift+8")
    writer.keyboard.press("Control+Shift+l")
    writer.get_by_label("Address, or id of an entry").fill("L-0002")
    check_accessibility(writer)
    writer.keyboard.press("Enter")
    assert value(writer) == "[[L-0002|word]]"


def test_tables_grow_and_shrink(writer):
    def do(words):
        writer.locator("summary[aria-label=Table]").click()
        writer.get_by_role("button", name=words).click()

    box(writer).click()
    do("Insert a table")
    writer.keyboard.type("Risk")
    writer.keyboard.press("Tab")
    writer.keyboard.type("a|b")
    do("Add a column after")
    do("Column to the right")
    do("Remove the row")
    assert value(writer).splitlines()[1] == "| --- | ---: | --- | --- |" or value(writer).count("\n") == 2
    writer.keyboard.press("Control+z")
    do("Add a row below")
    assert value(writer).splitlines()[0].count(" | ") == 3
    assert len(value(writer).splitlines()) == 5
    assert "a\\|b" in value(writer)
    do("Remove the table")
    assert value(writer) == ""


WORD = """<html xmlns:o="urn:schemas-microsoft-com:office"><head><style>p {color: red}</style></head><body>
<!--StartFragment--><h1 style='mso-x:1'>Heading<o:p></o:p></h1><p class=MsoNormal>Some <b>bold</b> and
<span style='font-style:italic'>lean</span> <a href="javascript:alert(1)">bad</a>
<a href="https://example.org/x">good</a></p>
<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><span style='mso-list:Ignore'>·  </span>one</p>
<p class=MsoListParagraph style='mso-list:l0 level2 lfo1'><span style='mso-list:Ignore'>o  </span>inner</p>
<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><span style='mso-list:Ignore'>·  </span>two</p>
<table><tr><td><p>a</p><p>b</p></td><td colspan=2 style='color:red'>c</td></tr>
<tr><td>1</td><td>2</td><td>3</td></tr></table>
<img src="file:///c:/secret.png"><script>alert(1)</script></body></html>"""
PASTE = """([name, html, text]) => {
  const data = new DataTransfer();
  if (html) data.setData("text/html", html);
  data.setData("text/plain", text);
  const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  document.querySelector(`[data-rich=field-${name}]`).dispatchEvent(event);
}"""


WATCH = """document.addEventListener("securitypolicyviolation", (event) => {
  window.violated = event.violatedDirective;
})"""


def test_what_comes_from_word_is_cleaned(writer):
    writer.evaluate(WATCH)
    box(writer).click()
    writer.evaluate(PASTE, ["happened", WORD, "Heading"])
    assert value(writer).split("\n\n") == [
        "## Heading",
        "Some **bold** and _lean_ bad [good](https://example.org/x)",
        "- one\n    - inner\n- two",
        "| a<br>b | c |   |\n| --- | --- | --- |\n| 1 | 2 | 3 |",
    ]
    writer.get_by_text(re.compile("^Kept ")).wait_for()
    assert writer.locator(".rich-note:visible").count() == 0
    assert writer.evaluate("window.violated") is None
    box(writer, "recommendation").click()
    writer.keyboard.type("see ")
    writer.evaluate(PASTE, ["recommendation", "", "https://example.org/a_b"])
    assert value(writer, "recommendation") == "see <https://example.org/a_b>"


def picture(size=(40, 30)):
    from io import BytesIO

    from PIL import Image

    out = BytesIO()
    Image.new("RGB", size, "teal").save(out, "PNG")
    return out.getvalue()


PASTE_FILE = """([name, bytes]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], "x.png", { type: "image/png" }));
  const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  document.querySelector(`[data-rich=field-${name}]`).dispatchEvent(event);
}"""


def is_shown(page, selector):
    page.locator(selector).first.wait_for()
    page.wait_for_load_state("networkidle")
    assert page.evaluate("(selector) => document.querySelector(selector).naturalWidth", selector) == 40


def test_pictures_are_brought_described_saved_and_seen_by_reviewers(browser, writer, live, people):
    writer.get_by_label(re.compile("^Title")).fill("A picture says it")
    box(writer).click()
    writer.keyboard.type("Look: ")
    with writer.expect_file_chooser() as chosen:
        writer.get_by_role("button", name="Picture").click()
    chosen.value.set_files({"name": "chart.png", "mimeType": "image/png", "buffer": picture()})
    words = writer.get_by_label("Words for people who do not see it")
    words.fill("Delays by month")
    check_accessibility(writer)
    words.press("Enter")
    is_shown(writer, "[data-rich] img[alt]")
    assert re.fullmatch(r"Look: !\[Delays by month\]\(/attachments/[0-9a-f]{64}\.png\)", value(writer))
    writer.evaluate(PASTE_FILE, ["recommendation", list(b"no picture at all")])
    writer.get_by_role("dialog").get_by_text("The picture cannot be taken").wait_for()
    writer.get_by_role("button", name="Close").last.click()
    writer.keyboard.press("Control+s")
    writer.get_by_text("The draft is saved.").wait_for()
    ref = re.search(r"L-\d{4}", writer.url)[0]
    writer.locator("#rich-bar").wait_for()
    carla = browser.new_page()
    live.sign_in(carla, people["carla"])
    carla.goto(f"{live.url}/review/{ref}/1")
    is_shown(carla, 'img[alt="Delays by month"]')
    carla.close()


def test_files_are_attached_and_removed_after_a_question(page, live, people):
    live.sign_in(page, people["carla"])
    page.goto(f"{live.url}/entries/L-0001/files")
    file = {"name": "notes.md", "mimeType": "text/markdown", "buffer": b"# Notes"}
    page.get_by_label("File to attach").set_input_files(file)
    page.get_by_role("button", name="Attach it").click()
    page.get_by_text("The file is attached.").wait_for()
    page.locator("summary", has_text="Remove").click()
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        check_accessibility(page)
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_role("button", name="Remove it").click()
    page.get_by_text("The file is removed.").wait_for()


def test_the_editor_fits_dark_light_and_a_phone(writer):
    box(writer).click()
    writer.keyboard.type("- one\n\nx [[reh")
    writer.locator("#offers [role=option]").first.wait_for()
    writer.keyboard.press("Enter")
    assert value(writer) == "- one\n\nx [[L-0001]]"
    for scheme in ("light", "dark"):
        writer.emulate_media(color_scheme=scheme)
        check_accessibility(writer)
    writer.set_viewport_size({"width": 360, "height": 740})
    assert writer.evaluate("document.documentElement.scrollWidth") <= 360
    writer.locator("summary[aria-label=Table]").click()
    check_accessibility(writer)
