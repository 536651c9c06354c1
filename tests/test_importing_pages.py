"""The pages on which a curator loads projects: send a table, say what its columns are, load."""

from __future__ import annotations

import io
import re
import time

import pytest

from kb import uploads
from tests.fixtures.browser import check_accessibility
from tests.fixtures.people import derived, make_user, sign_in
from web.forms import TOKEN_FIELD
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]

TABLE = """No;Project;Cost (k EUR);Effort;Bugs found
1;Depot <b>;1.200,5;10;3
2;Bridge;2.500;many;4
3;Mill;900;7;
4;Pier;800;8;1
5;Quay;700;9;2
"""


def send(curator, text=TABLE, name="ours.csv", **more):
    return curator.send("/projects/load", file=(io.BytesIO(text.encode()), name), **more)


def answers(page: str, **changes: str) -> dict[str, str]:
    """The form of a mapping as it stands, with changes; `c2_unit` is the unit of the third column."""
    form = page[page.index('<form class="form mapping"') : page.index("</form>", page.index("form mapping"))]
    found = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form))
    found |= {a: b for b, a in re.findall(r'value="([^"]*)"[^>]*name="([^"]+)"', form)}
    for name, body in re.findall(r'<select name="([^"]+)">(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', body)
        found[name] = chosen[1] if chosen else ""
    found.pop("form_token", None)
    found.pop("show", None)
    found.pop("load", None)
    found.pop("whole", None)
    return found | {re.sub(r"^(c\d+)_", r"\1.", name): value for name, value in changes.items()}


def finished(curator, address: str) -> str:
    """The page of a load, once it is done."""
    for _ in range(100):
        page = curator.get(address)
        if "Refresh" not in page.headers:
            return page.text
        time.sleep(0.1)
    raise AssertionError("loading did not end")


def test_a_curator_loads_a_table_step_by_step(own_app):
    curator = sign_in(own_app, "lia", "curator")
    assert "Load projects" in curator.get("/projects/load").text
    address = send(curator).headers["Location"]
    page = curator.get(address).text
    assert "1 question is open" in page
    assert "It is in what unit? Say one of hours" in page
    assert "Depot &lt;b&gt;" in page
    assert curator.send(address, **answers(page, load="yes")).status_code == 409
    shown = curator.send(address, **answers(page, c3_unit="hours", show="yes"))
    assert shown.status_code == 303
    page = curator.get(address).text
    assert "1 of the 5 rows would not be loaded" in page
    assert "Line 3: Effort: &#39;many&#39; is no number" in page
    assert "1200500" in page
    assert "Nothing is open" in page
    loading = curator.send(address, **answers(page, c4_known_after="yes", save_as="ours", load="yes"))
    result = finished(curator, loading.headers["Location"])
    assert "4 new projects, 0 changed, 0 as they were." in result
    assert "Not loaded: 1 row" in result
    assert "Line 3: Effort: &#39;many&#39; is no number" in result
    project = next(re.finditer(r'href="/entries/(H-\d+)">Depot', curator.get("/browse?kind=project").text))[1]
    assert "known afterwards" in curator.get(f"/entries/{project}").text
    again = send(curator, mapping="ours").headers["Location"]
    page = curator.get(again).text
    assert "Nothing is open" in page
    loading = curator.send(again, **answers(page, load="yes")).headers["Location"]
    assert "0 new projects, 0 changed, 4 as they were." in finished(curator, loading)
    assert curator.send("/projects/load/mappings/remove", name="ours").status_code == 303
    assert "Mappings that are kept" not in curator.get("/projects/load").text


def test_what_makes_no_sense_is_named_and_not_kept(own_app):
    curator = sign_in(own_app, "lea", "curator")
    address = send(curator).headers["Location"]
    page = curator.get(address).text
    for changes, words in (
        ({"hours_a_day": "eight"}, "hours_a_day: must be a number"),
        ({"currency": "euro"}, "currency: must match"),
        ({"c1_to": "colour"}, "there is no field"),
        ({"c0_to": "outcome", "c0_values": "1 = great"}, "&#39;great&#39; is none of succeeded"),
    ):
        answer = curator.send(address, **answers(page, show="yes", **changes))
        assert (answer.status_code, words in answer.text) == (400, True), words
    assert curator.send(address, **answers(page, c1_to="key", show="yes")).status_code == 303
    assert "is id of the project as No is already" in curator.get(address).text


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "a.csv", "empty; the first line must name the columns"),
        (b"A;A\n1;2\n", "a.csv", "is the name of two columns"),
        (b"A;B\n1\n", "a.csv", "has 1 cells and the header 2"),
        (b"PK\x03\x04 nothing", "a.xlsx", "no Excel file"),
        (b"\xff\xfe\x00A", "a.csv", "UTF-16"),
        (b"A;B\n\xe9;1\n", "a.csv", "looks like Windows text"),
        ((";".join(f"C{n}" for n in range(300)) + "\n" + ";".join("1" * 300)).encode(), "a.csv",
         "has 300 columns; 200 are taken here"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused_in_words(own_app, data, name, words):
    curator = sign_in(own_app, "luc", "curator")
    answer = curator.send("/projects/load", file=(io.BytesIO(data), name))
    assert (answer.status_code, words in answer.text) == (400, True), answer.text
    assert curator.send("/projects/load").status_code == 400


def send_large(curator, address: str, text: str) -> int:
    """Sends a form with a large file, written here: the test client would leave a file of its own open."""
    curator.get("/projects/load")
    token = derived(curator.secret, "form")
    head = 'Content-Disposition: form-data; name="{}"'
    parts = [f"{head.format(TOKEN_FIELD)}\r\n\r\n{token}",
             f'{head.format("file")}; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\n{text}']  # fmt: skip
    body = "".join(f"--here\r\n{part}\r\n" for part in parts) + "--here--\r\n"
    kind = "multipart/form-data; boundary=here"
    return curator.post(address, data=body.encode(), content_type=kind).status_code


def test_a_large_file_is_taken_and_a_larger_one_refused(own_app):
    curator = sign_in(own_app, "lou", "curator")
    row = "x" * 200
    large = "No;Note\n" + "".join(f"{n};{row}\n" for n in range(8_000))
    assert send_large(curator, "/projects/load", large) == 303
    assert send_large(curator, "/projects/load", "a" * 21_000_000) == 413
    assert send_large(curator, "/tables/rates/load", "a" * 1_100_000) == 413


def test_tables_are_their_senders_alone_and_the_oldest_go(own_app):
    curator, other = sign_in(own_app, "ada", "curator"), sign_in(own_app, "abe", "curator")
    first = send(curator).headers["Location"]
    assert other.get(first).status_code == 404
    assert curator.get(f"{first}/progress").status_code == 404
    for _ in range(uploads.MOST):
        send(curator)
    assert curator.get(first).status_code == 404


def test_a_load_that_was_cut_off_says_so(own_app):
    curator = sign_in(own_app, "ida", "curator")
    address = send(curator).headers["Location"]
    number = int(address.rpartition("/")[2])
    database = own_app.extensions[EXTENSION].database
    with database.write_aside() as session:
        from kb.model import Upload

        row = session.get_one(Upload, number)
        row.state = row.state | {"loading": True}
    assert "Loading was interrupted" in curator.get(f"{address}/progress").text


@pytest.mark.browser
def test_the_pages_are_accessible_fit_a_phone_and_work_without_scripts(browser, live, tmp_path):
    file = tmp_path / "ours.csv"
    file.write_text(TABLE, "utf-8")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    live.sign_in(page, make_user(live.app, "loader", "curator"))
    page.goto(f"{live.url}/projects/load")
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Look at the columns").click()
    page.locator('[name="c3.unit"]').select_option("hours")
    page.get_by_role("button", name="Load the projects").click()
    page.get_by_role("heading", name="Loaded: ours.csv").wait_for(timeout=20_000)
    address = page.url.removesuffix("/progress")
    cookies = context.cookies()
    context.close()
    context = browser.new_context()
    context.add_cookies(cookies)
    page = context.new_page()
    for where in (f"{live.url}/projects/load", address, f"{address}/progress"):
        for scheme, width in (("light", 1280), ("dark", 360)):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 740})
            page.goto(where)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, where
            check_accessibility(page)
    context.close()


def test_what_was_typed_beside_a_mistake_is_not_lost(own_app):
    curator = sign_in(own_app, "pia", "curator")
    address = send(curator).headers["Location"]
    page = curator.get(address).text
    said = answers(page, show="yes", currency="euro", c3_unit="hours", c4_known_after="yes", save_as="ours")
    answer = curator.send(address, **said, whole="yes")
    assert answer.status_code == 400
    kept = answers(answer.text)
    assert (kept["currency"], kept["c3.unit"], kept["c4.known_after"]) == ("euro", "hours", "yes")
    assert kept["save_as"] == "ours"
    assert 'name="whole" value="yes" checked' in answer.text
    assert "1 question is open" in curator.get(address).text, "nothing of it was kept"


def test_all_rows_or_none_can_be_asked_for(own_app):
    curator = sign_in(own_app, "pip", "curator")
    address = send(curator).headers["Location"]
    page = curator.get(address).text
    loading = curator.send(address, **answers(page, c3_unit="hours", load="yes"), whole="yes")
    result = finished(curator, loading.headers["Location"])
    assert "Nothing was loaded:" in result
    assert "Line 3: Effort: &#39;many&#39; is no number" in result
    assert "Depot" not in curator.get("/browse?kind=project").text
