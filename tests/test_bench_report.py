"""The figures of a run go into the documentation: every place is one that the benchmark fills."""

from __future__ import annotations

import json
import re
import shlex
from xml.etree import ElementTree as ET

import pytest

from tests.bench import comparison, estimates, machine, neighbours, quality, report, scale
from tests.bench.__main__ import parse_options
from tests.bench.plot import draw
from tests.bench.setting import REPOSITORY, BenchError
from tests.bench.tables import Table

PAGE = report.PAGE.read_text("utf-8")
PLACES = re.findall(r"<!-- table: (.+?) -->", PAGE)


def table(title="Speed"):
    table = Table(title, {"what": "", "p50 ms": ".2f", "n": ",d"}, note="in turns")
    table.add("hybrid", 12.345, 2000)
    table.add("keyword", None, 2000)
    return table


def vectors(*rows):
    table = Table("Vectors alone", {"vectors": ",d", "p50 ms": ".2f", "p95 ms": ".2f"})
    for row in rows:
        table.add(*row)
    return {"Vectors alone": table}


def test_every_place_of_the_page_is_a_table_that_the_benchmark_makes():
    sources = [module.__file__ for module in (comparison, machine, neighbours, quality, scale)]
    code = "".join((REPOSITORY / file).read_text("utf-8") for file in sources)
    assert len(PLACES) == PAGE.count("<!-- end -->") > 5
    assert [title for title in PLACES if f'"{title}"' not in code] == []


def test_every_place_of_the_page_on_estimates_is_filled_too():
    places = re.findall(r"<!-- table: (.+?) -->", report.ESTIMATION.read_text("utf-8"))
    code = "".join((REPOSITORY / module.__file__).read_text("utf-8") for module in (estimates, machine))
    assert len(places) > 4
    assert [title for title in places if f'"{title}"' not in code] == []


def test_the_page_shows_options_that_exist():
    lines = re.findall(r"-m tests\.bench (.*)", PAGE)
    assert lines
    for line in lines:
        parse_options(shlex.split(line))


@pytest.mark.parametrize("text", ["many", "0", "2000,-1", ""])
def test_sizes_are_whole_numbers_above_nought(text):
    with pytest.raises(SystemExit):
        parse_options(["--sizes", text])


def test_a_table_goes_to_its_place_and_the_rest_stays():
    page = "Before\n<!-- table: Speed -->\nold\n<!-- end -->\nAfter\n<!-- table: Size -->\n<!-- end -->\n"
    filled = report.fill(page, {"Speed": table()})
    assert "| what | p50 ms | n |\n| --- | ---: | ---: |\n| hybrid | 12.35 | 2,000 |\n" in filled
    assert "| keyword | - | 2,000 |\n\nIn turns.\n" in filled
    assert "old" not in filled
    assert "<!-- table: Size -->\n\nNot measured in this run.\n" in filled
    assert filled.startswith("Before\n")
    assert "\nAfter\n" in filled
    assert report.fill(filled, {"Speed": table()}) == filled


def test_a_run_is_read_back_as_it_was(tmp_path):
    file = tmp_path / "run.json"
    file.write_text(json.dumps({"tables": [table().data()]}))
    assert report.read(file) == {"Speed": table()}


@pytest.mark.parametrize("text", ["", "[]", '{"tables": [{}]}', '{"tables": 3}'])
def test_a_file_that_is_no_run_is_refused(text, tmp_path, capsys):
    file = tmp_path / "run.json"
    file.write_text(text)
    with pytest.raises(BenchError, match=r"run\.json holds no run"):
        report.read(file)
    assert report.main([str(file)]) == 1
    assert "holds no run" in capsys.readouterr().err


def test_the_picture_shows_every_line_with_its_name_and_both_units():
    picture = ET.fromstring(draw(vectors((100_000, 2.5, 4.0), (1_000_000, 30.0, 55.5))))
    texts = {"".join(each.itertext()) for each in picture.iter("{http://www.w3.org/2000/svg}text")}
    assert {"median 30", "95th percentile 56", "vectors", "milliseconds", "100,000", "1,000,000"} <= set(
        texts
    )


def test_more_time_is_drawn_higher_and_a_larger_size_further_right():
    picture = ET.fromstring(draw(vectors((100_000, 2.5, 4.0), (1_000_000, 30.0, 55.5))))
    (slow_first, slow_last, fast_first, fast_last) = [
        (float(each.attrib["cx"]), float(each.attrib["cy"]))
        for each in picture.iter("{http://www.w3.org/2000/svg}circle")
    ]
    assert slow_first[0] == fast_first[0] < slow_last[0] == fast_last[0]
    assert slow_last[1] < fast_last[1] < slow_first[1] < fast_first[1]


def test_names_of_equal_lines_do_not_cover_one_another():
    picture = ET.fromstring(draw(vectors((100_000, 3.0, 3.0), (1_000_000, 30.0, 30.0))))
    heights = [
        float(each.attrib["y"])
        for each in picture.iter("{http://www.w3.org/2000/svg}text")
        if each.attrib.get("style")
    ]
    assert len(heights) == 2
    assert abs(heights[0] - heights[1]) >= 12


def test_nothing_measured_is_a_picture_without_panels():
    assert list(ET.fromstring(draw({})).iter("{http://www.w3.org/2000/svg}g")) == []
