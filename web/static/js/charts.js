// Charts that say their values: each is one stop for the keyboard, arrow keys go from value to value, and the
// pointer or a finger picks the nearest. Without this a chart is a picture with a table of its figures beside it.
const HINT = "Arrow keys, the pointer or a tap tell each value.";
const STEPS = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 };

class Chart {
  constructor(svg) {
    this.svg = svg;
    this.points = [...svg.querySelectorAll("[data-said]")].sort((one, other) => one.dataset.at - other.dataset.at);
    this.at = -1;
    this.line = document.createElement("p");
    this.line.className = "chart-line";
    this.line.setAttribute("role", "status");
    this.line.textContent = HINT;
    (svg.parentElement.querySelector(".range-axis") ?? svg).after(this.line);
    // A screen reader leaves the arrow keys to an application.
    svg.setAttribute("role", "application");
    svg.setAttribute("aria-roledescription", "chart");
    svg.setAttribute("tabindex", "0");
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
    const away = this.points.map((each) => {
      const box = each.getBoundingClientRect();
      return Math.hypot(box.x + box.width / 2 - clientX, box.y + box.height / 2 - clientY);
    });
    return away.indexOf(Math.min(...away));
  }

  show(place) {
    if (place === this.at) return;
    this.points[this.at]?.classList.remove("chart-here");
    this.at = place;
    this.points[place]?.classList.add("chart-here");
    this.line.textContent = place < 0 ? HINT : this.points[place].dataset.said;
  }
}

export function startCharts() {
  for (const svg of document.querySelectorAll("svg[data-chart]")) {
    if (svg.querySelector("[data-said]")) new Chart(svg);
  }
}
