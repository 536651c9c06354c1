// Draws each kind of chart with Observable Plot from what web/charts.py states. What an element says of itself is in
// its aria-label until charts.js takes it. Colours are the page's own, so that a change of theme needs no new drawing.
import { barX, barY, dot, link, plot, ruleX, ruleY, text } from "../vendor/plot.js";

const STYLE = { fontFamily: "inherit", fontSize: "13px", overflow: "visible" };
const LOOKS = { good: "var(--good)", warning: "var(--warning)", accent: "var(--accent)", none: "var(--border)" };
const LABEL = { fontWeight: 600, fill: "var(--text)", stroke: "var(--ground)", strokeWidth: 4 };
const CLOSE = 40; // pixels between two labels in one line
const NARROW = 480; // pixels below which an axis has fewer ticks
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const short = (value) => compact.format(value);
const percent = (value) => `${Math.round(100 * value)} %`;
const inside = (each) => each.inside;
const outside = (each) => !each.inside;

/** P10 to P90 as a line, P50 a dot, P80 a tall mark, comparables as ticks below; a plan and an outcome as arrows. */
function range({ levels, comparables, plan, outcome, most, unit }, width) {
  const [p10, p50, p80, p90] = levels;
  const margins = { marginLeft: 40, marginRight: 44 };
  const apart = ((p80.at - p50.at) / most) * (width - margins.marginLeft - margins.marginRight);
  const said = { x: "at", ariaLabel: "said" };
  const named = (at, words, options) => text([at], { x: "at", y: 3, text: () => words, ...LABEL, ...options });
  const above = { dy: -22 };
  return plot({
    width, height: 136, ...margins, marginTop: 24, marginBottom: 42, style: STYLE,
    x: { domain: [0, most], label: unit || null, labelAnchor: "right", ticks: Math.max(2, width / 110), tickFormat: short },
    y: { domain: [0, 4], axis: null },
    marks: [
      ruleY([3], { stroke: "var(--border)", strokeWidth: 2 }),
      ruleX(comparables, { ...said, y1: 0.2, y2: 1.4, stroke: "var(--edge)", strokeWidth: 2 }),
      ruleY([3], { x1: p10.at, x2: p90.at, stroke: "var(--accent)", strokeWidth: 6 }),
      ruleX([p10, p90], { ...said, y1: 2.4, y2: 3.6, stroke: "var(--accent)", strokeWidth: 3 }),
      ruleX([p80], { ...said, y1: 2.2, y2: 3.8, stroke: "var(--accent-strong)", strokeWidth: 4 }),
      dot([p50], { ...said, y: 3, r: 8, fill: "var(--accent-strong)", stroke: "var(--ground)", strokeWidth: 2 }),
      named(p10, "P10", { textAnchor: "end", dx: -6 }),
      named(p90, "P90", { textAnchor: "start", dx: 6 }),
      named(p50, "P50", { ...above, textAnchor: apart < CLOSE ? "end" : "middle" }),
      named(p80, "P80", { ...above, textAnchor: apart < CLOSE ? "start" : "middle", dx: apart < CLOSE ? 4 : 0 }),
      plan ? dot([plan], { ...said, y: 1.9, symbol: "triangle", r: 6, fill: "var(--warning)" }) : null,
      outcome
        ? dot([outcome], { ...said, y: 3, symbol: "diamond", r: 7, fill: "var(--ground)", stroke: "var(--text)", strokeWidth: 2 })
        : null,
    ],
  });
}

/** What was kept over what was promised, each with its interval; on the line a promise was met. */
function calibration({ points }, width) {
  const share = { domain: [0, 1], ticks: 5, tickFormat: percent, grid: true };
  return plot({
    width, height: 0.8 * width, marginLeft: 52, marginTop: 28, marginRight: 28, marginBottom: 40, style: STYLE,
    x: { ...share, label: "promised" }, y: { ...share, label: "kept" },
    marks: [
      link([1], { x1: 0, y1: 0, x2: 1, y2: 1, stroke: "var(--edge)", strokeDasharray: "4 4" }),
      ruleX(points, { x: "promised", y1: "low", y2: "high", stroke: "var(--accent)", strokeWidth: 2 }),
      dot(points, { x: "promised", y: "kept", r: 5, fill: "var(--accent-strong)", stroke: "var(--ground)", ariaLabel: "said" }),
    ],
  });
}

/** Projects as dots, filled where the truth lay from P10 to P90, and rings where not. */
function dots(points, places) {
  const options = { ...places, ariaLabel: "said", r: 3.5 };
  return [
    dot(points, { ...options, filter: inside, fill: "var(--accent)", fillOpacity: 0.75 }),
    dot(points, { ...options, filter: outside, fill: "var(--ground)", stroke: "var(--warning)", strokeWidth: 1.5 }),
  ];
}

function ticksOf(width) {
  return width < NARROW ? 3 : 6;
}

/** Round values on a logarithmic axis: powers of ten, with 3, or 2 and 5, between them where those are few. */
function roundValues([low, high]) {
  const steps = high / low > 2000 ? [1] : high / low > 50 ? [1, 3] : [1, 2, 5];
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
    found.push(...steps.map((step) => step * 10 ** power));
  }
  return found.filter((value) => value >= low && value <= high);
}

/** Actual over P50, both logarithmic. */
function predicted({ points, unit }, width) {
  const values = points.flatMap((each) => [each.actual, each.p50]);
  const ends = [Math.min(...values), Math.max(...values)];
  const domain = [ends[0] / 1.1, ends[1] * 1.1];
  const amount = { type: "log", domain, ticks: roundValues(domain), tickFormat: short, grid: true };
  const named = (words) => (unit ? `${words}, ${unit}` : words);
  return plot({
    width, height: 0.8 * width, marginLeft: 52, marginTop: 28, marginBottom: 40, style: STYLE,
    x: { ...amount, label: named("P50") }, y: { ...amount, label: named("actual") },
    marks: [
      link([1], { x1: domain[0], y1: domain[0], x2: domain[1], y2: domain[1], stroke: "var(--edge)", strokeDasharray: "4 4" }),
      ...dots(points, { x: "p50", y: "actual" }),
    ],
  });
}

/** Actual over P50, logarithmic, by the day of the end; above the line took more. */
function misses({ points }, width) {
  const dated = points.map((each) => ({ ...each, ended: new Date(each.ended), times: each.actual / each.p50 }));
  const most = 1.1 * Math.max(1.5, ...dated.map((each) => Math.max(each.times, 1 / each.times)));
  return plot({
    width, height: 0.8 * width, marginLeft: 52, marginTop: 28, marginBottom: 40, style: STYLE,
    x: { type: "utc", label: "ended", ticks: ticksOf(width), nice: true },
    y: { type: "log", domain: [1 / most, most], label: "actual, times P50", ticks: roundValues([1 / most, most]), tickFormat: short, grid: true },
    marks: [
      ruleY([1], { stroke: "var(--edge)", strokeDasharray: "4 4" }),
      ...dots(dated, { x: "ended", y: "times" }),
    ],
  });
}

/** Shares of a whole by row, side by side in one bar each. */
function shares({ rows }, width) {
  const parts = rows.flatMap(({ name, parts: found }) => {
    let from = 0;
    return found.map(({ share, look }) => ({ name, look, from, to: (from += share) }));
  });
  const longest = Math.max(...rows.map((each) => each.name.length));
  return plot({
    width, height: 28 * rows.length + 32, marginLeft: Math.min(7.5 * longest + 16, 0.4 * width), marginRight: 52, marginTop: 4, style: STYLE,
    x: { domain: [0, 1], label: null, ticks: ticksOf(width), tickFormat: percent },
    y: { domain: rows.map((each) => each.name), label: null, tickSize: 0, padding: 0.25 },
    marks: [
      barX(parts, { x1: "from", x2: "to", y: "name", fill: (each) => LOOKS[each.look] }),
      barX(rows, { x1: 0, x2: 1, y: "name", fill: "none", stroke: "var(--edge)", ariaLabel: "said" }),
      text(rows, { x: 1, y: "name", text: (each) => percent(each.parts[0].share), textAnchor: "start", dx: 6 }),
    ],
  });
}

/** Counts as columns, in the order that they come in; few of them do not fill the width. */
function columns({ rows, unit }, most) {
  const width = Math.min(most, 96 * rows.length + 64);
  const every = Math.ceil(rows.length / Math.max(1, Math.floor(width / 64)));
  const shown = rows.filter((_, at) => (rows.length - 1 - at) % every === 0).map((each) => each.name);
  return plot({
    width, height: 200, marginLeft: 44, style: STYLE,
    x: { domain: rows.map((each) => each.name), label: null, ticks: shown, tickSize: 0, padding: 0.25 },
    y: { label: unit, ticks: 4, tickFormat: short, grid: true, nice: 4 },
    marks: [
      barY(rows, { x: "name", y: "value", fill: "var(--accent)", ariaLabel: "said" }),
      ruleY([0], { stroke: "var(--edge)" }),
    ],
  });
}

/** The kinds of charts, and along which ways their elements are near the pointer. */
export const DRAWINGS = {
  range: { draw: range, along: "x" },
  calibration: { draw: calibration, along: "xy" },
  predicted: { draw: predicted, along: "xy" },
  misses: { draw: misses, along: "xy" },
  shares: { draw: shares, along: "y" },
  columns: { draw: columns, along: "x" },
};
