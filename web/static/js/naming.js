// Ticks for names that another field of the form holds: the line `sites: 3` there offers “sites” here.
import { debounce } from "./fragments.js";

export function startNaming(form) {
  for (const place of form.querySelectorAll("[data-names]")) {
    const holder = document.getElementById(place.dataset.names);
    holder?.addEventListener("input", debounce(() => offer(place, holder), 300));
  }
}

/** What is ticked stays although its line is gone: whoever renames an attribute must see that. */
function offer(place, holder) {
  const names = holder.value.split("\n").filter((line) => line.trim()).map((line) => line.split(":")[0].trim());
  for (const tick of place.querySelectorAll("[data-named]")) {
    const { checked, value } = tick.querySelector("input");
    if (!checked && !names.includes(value)) tick.remove();
  }
  const offered = new Set([...place.querySelectorAll("input")].map((input) => input.value));
  const template = place.querySelector("template");
  for (const name of new Set(names)) {
    if (!name || offered.has(name)) continue;
    const tick = template.content.cloneNode(true);
    tick.querySelector("input").value = name;
    tick.querySelector("span").textContent = name;
    template.before(tick);
  }
}
