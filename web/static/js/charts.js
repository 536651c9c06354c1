// Charts that say their values: each is one stop for the keyboard, arrow keys go from value to value, and the pointer
// or a finger picks the nearest. What is drawn comes as JSON with the page; beside it stands a table of the figures.
const HINT = "Arrow keys, the pointer or a tap tell each value.";
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

class Chart {
  // `draw` makes the SVG for a width; `along` says whether "x", "y" or both tell how near an element is.
  constructor(place, { draw, along }) {
    this.place = place;
    this.data = JSON.parse(place.dataset.chart);
    this.draw = draw;
    this.along = along;
    this.line = document.createElement("p");
    this.line.className = "chart-line";
    this.line.setAttribute("role", "status");
    this.line.textContent = HINT;
    place.replaceChildren(this.line);
    new ResizeObserver(() => this.redraw()).observe(place);
  }

  redraw() {
    const width = Math.floor(this.place.clientWidth);
    if (!width || width === this.width) return;
    this.width = width;
    const hadFocus = this.svg?.contains(document.activeElement);
    const svg = this.draw(this.data, width);
    svg.querySelector("style")?.remove(); // the page's policy takes styles from its own files alone
    this.svg?.remove();
    this.place.prepend(svg);
    this.svg = svg;
    this.listen();
    if (hadFocus) svg.focus();
  }

  listen() {
    const { svg } = this;
    const here = svg.getBoundingClientRect();
    this.points = [...svg.querySelectorAll(":not(g)[aria-label]")].map((element) => {
      const box = element.getBoundingClientRect();
      const x = box.x + box.width / 2 - here.x;
      return { element, said: element.getAttribute("aria-label"), x, y: box.y + box.height / 2 - here.y };
    });
    for (const each of svg.querySelectorAll("[aria-label]")) each.removeAttribute("aria-label");
    const way = this.along === "y" ? "y" : "x";
    this.points.sort((one, other) => one[way] - other[way]);
    this.at = -1;
    // A screen reader leaves the arrow keys to an application.
    const said = { role: "application", "aria-roledescription": "chart", "aria-label": this.data.words, tabindex: "0" };
    for (const [name, value] of Object.entries(said)) svg.setAttribute(name, value);
    svg.addEventListener("keydown", (event) => this.press(event));
    svg.addEventListener("blur", () => this.show(-1));
    svg.addEventListener("pointermove", (event) => this.show(this.nearest(event)));
    svg.addEventListener("pointerdown", (event) => this.show(this.nearest(event)));
  }

  press(event) {
    const last = this.points.length - 1;
    const to = { Home: 0, End: last, Escape: -1 }[event.key] ?? this.at + (STEPS[event.key] ?? NaN);
    if (Number.isNaN(to) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.show(event.key === "Escape" ? -1 : Math.min(Math.max(to, 0), last));
  }

  nearest({ clientX, clientY }) {
    const here = this.svg.getBoundingClientRect();
    const away = this.points.map(({ x, y }) =>
      Math.hypot(this.along.includes("x") ? x + here.x - clientX : 0, this.along.includes("y") ? y + here.y - clientY : 0),
    );
    return away.indexOf(Math.min(...away));
  }

  show(at) {
    if (at === this.at) return;
    this.points[this.at]?.element.classList.remove("chart-here");
    this.at = at;
    this.points[at]?.element.classList.add("chart-here");
    this.line.textContent = this.points[at]?.said ?? HINT;
  }
}

export async function startCharts() {
  const places = document.querySelectorAll("[data-chart]");
  if (!places.length) return;
  const { DRAWINGS } = await import("./drawings.js");
  for (const place of places) new Chart(place, DRAWINGS[place.dataset.kind]);
}
