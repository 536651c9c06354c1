"""Cost by size as a picture: small log-log panels in one SVG, readable on light and on dark pages."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.bench.tables import Table, Value

    Points = list[tuple[float, float]]
    Row = dict[str, Value]

WIDTH, HEIGHT = 470, 290
LEFT, RIGHT, TOP, BOTTOM = 58, 142, 44, 48
"""Margins of a panel; the right one holds the names of the lines."""
LINE = 15
"""Least distance of two names, in pixels."""
STYLE = """
svg { font: 12px system-ui, sans-serif; --page: #ffffff; --ink: #1f2328; --soft: #59636e; --grid: #d1d9e0;
  --a: #0757ba; --b: #b5500b; --c: #1a7f37; --d: #8250df; --e: #6e7781; }
@media (prefers-color-scheme: dark) { svg { --page: #0d1117; --ink: #f0f6fc; --soft: #9198a1; --grid: #3d444d;
  --a: #6cb6ff; --b: #f69d50; --c: #57d364; --d: #d2a8ff; --e: #adbac7; } }
text { fill: var(--soft); } .title { fill: var(--ink); font-weight: 600; font-size: 14px; }
.page { fill: var(--page); } .grid { stroke: var(--grid); } .line { fill: none; stroke-width: 2; }
"""


@dataclass(frozen=True)
class Panel:
    """Lines over a size; both axes are logarithmic."""

    title: str
    across: str
    up: str
    lines: dict[str, Points]


def draw(tables: dict[str, Table]) -> str:
    """The picture of a run; a panel for which nothing was measured is left out."""
    panels = [panel for panel in _panels(tables) if panel.lines]
    width, height = 2 * WIDTH, HEIGHT * -(-len(panels) // 2)
    parts = [
        f'<g transform="translate({place % 2 * WIDTH} {place // 2 * HEIGHT})">{"".join(_panel(panel))}</g>'
        for place, panel in enumerate(panels)
    ]
    words = "What searching costs as a repository grows"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
    # Its own ground: the page around it may be light while the reader's system is dark.
    body = "\n".join(['<rect class="page" width="100%" height="100%"/>', *parts])
    return f"{head}>\n<title>{words}</title>\n<style>{STYLE}</style>\n{body}\n</svg>\n"


def _panels(tables: dict[str, Table]) -> Iterator[Panel]:
    searched = ("hybrid", "semantic", "keyword", "bare encoder call", "hybrid, repeated")
    yield Panel("A search by title, median", "records", "milliseconds", _named({
        what: _points(tables, "Scale: searches", "records", "p50 ms", _where(what=what, queries="titles"))
        for what in searched
    }))  # fmt: skip
    sizes = {"after 200 searches": "memory"} | {n: n for n in ("database", "keyword index", "vectors")}
    yield Panel("Memory and disk", "records", "MiB", _named({
        words: _points(tables, "Scale: disk and memory, MiB", "records", name)
        for name, words in sizes.items()
    }))  # fmt: skip
    steps = {"encode s": "encode", "load s": "load", "index s": "index"}
    yield Panel("Making a repository", "records", "seconds", _named({
        words: _points(tables, "Scale: making a repository", "records", name)
        for name, words in steps.items()
    }))  # fmt: skip
    yield Panel("The 400 nearest vectors", "vectors", "milliseconds", _named({
        words: _points(tables, "Vectors alone", "vectors", name)
        for name, words in {"p95 ms": "95th percentile", "p50 ms": "median"}.items()
    }))  # fmt: skip


def _where(**wanted: str) -> Callable[[Row], bool]:
    return lambda row: all(row[name] == value for name, value in wanted.items())


def _points(
    tables: dict[str, Table], title: str, across: str, up: str, chosen: Callable[[Row], bool] = lambda _: True
) -> Points:
    if title not in tables:
        return []
    rows = [dict(zip(tables[title].columns, row, strict=True)) for row in tables[title].rows]
    pairs = [(row[across], row[up]) for row in rows if chosen(row)]
    return [
        (float(x), float(y)) for x, y in pairs if isinstance(x, int | float) and isinstance(y, int | float)
    ]


def _named(lines: dict[str, Points]) -> dict[str, Points]:
    """Those that have a point a logarithm can show."""
    shown = {name: [(x, y) for x, y in points if x > 0 and y > 0] for name, points in lines.items()}
    return {name: points for name, points in shown.items() if points}


def _panel(panel: Panel) -> Iterator[str]:
    points = [point for line in panel.lines.values() for point in line]
    across = _Axis([x for x, _ in points], LEFT, WIDTH - RIGHT)
    up = _Axis([y for _, y in points], HEIGHT - BOTTOM, TOP)
    yield f'<text class="title" x="{LEFT}" y="20">{escape(panel.title)}</text>'
    yield f'<text x="{LEFT}" y="36">{escape(panel.up)}</text>'
    middle = (LEFT + WIDTH - RIGHT) / 2
    yield f'<text x="{middle:.0f}" y="{HEIGHT - 12}" text-anchor="middle">{escape(panel.across)}</text>'
    for value in up.ticks():
        y = up(value)
        yield f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:,g}</text>'
    for value in sorted({x for x, _ in points}):
        x = across(value)
        yield f'<path class="grid" d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}"/>'
        yield f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 17}" text-anchor="middle">{value:,.0f}</text>'
    heights = _apart([up(line[-1][1]) for line in panel.lines.values()])
    for colour, (name, line), y in zip("abcde", panel.lines.items(), heights, strict=False):
        places = [(across(x), up(value)) for x, value in line]
        path = "L".join(f"{x:.1f} {height:.1f}" for x, height in places)
        yield f'<path class="line" stroke="var(--{colour})" d="M{path}"/>'
        yield from (f'<circle r="3" fill="var(--{colour})" cx="{x:.1f}" cy="{h:.1f}"/>' for x, h in places)
        style = f'style="fill: var(--{colour})"'
        yield f'<text {style} x="{WIDTH - RIGHT + 12}" y="{y + 4:.1f}">{escape(name)} {_short(line)}</text>'


def _short(line: Points) -> str:
    """The last value, to two digits or whole."""
    value = line[-1][1]
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _apart(heights: list[float]) -> list[float]:
    """The heights, moved down where names would cover one another."""
    placed = list(heights)
    lowest = -math.inf
    for place in sorted(range(len(heights)), key=lambda place: heights[place]):
        placed[place] = lowest = max(heights[place], lowest + LINE)
    return placed


class _Axis:
    """From values to pixels by logarithm, over the decades' 1, 2 and 5 around the values."""

    def __init__(self, values: list[float], start: float, end: float) -> None:
        self.low, self.high = _round(min(values), down=True), _round(max(values), down=False)
        self.start, self.end = start, end

    def __call__(self, value: float) -> float:
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Round values, every one or, over many decades, powers of ten."""
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        steps = (1, 2, 5) if self.high / self.low <= 200 else (1,)
        ticks = [step * 10.0**power for power in powers for step in steps]
        return [tick for tick in ticks if self.low * 0.99 <= tick <= self.high * 1.01]


def _round(value: float, *, down: bool) -> float:
    """The nearest 1, 2 or 5 times a power of ten that is lower or, if not `down`, higher."""
    power = 10.0 ** math.floor(math.log10(value))
    steps = [step * power for step in (0.5, 1, 2, 5, 10, 20)]
    return max(s for s in steps if s < value) if down else min(s for s in steps if s > value)
