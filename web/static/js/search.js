// Search as you type: the server renders the results, this swaps them in and keeps the address right.
import { announce, debounce, makeFetcher } from "./fragments.js";

const WAIT = 180;
const DEFAULTS = { mode: "hybrid", sort: "relevance" };
const fetchPart = makeFetcher();

export function startSearch() {
  const form = document.getElementById("search");
  const results = document.getElementById("results");
  if (!form || !results) return;
  let shown = location.pathname + location.search;
  const onResultsPage = () => location.pathname === new URL(form.action).pathname;

  async function update(push) {
    const url = addressOf(form);
    if (url === shown) return;
    results.setAttribute("aria-busy", "true");
    try {
      const html = await fetchPart(url, "results");
      if (html === null) return;
      if (push || !onResultsPage()) history.pushState(null, "", url);
      else history.replaceState(null, "", url);
      shown = url;
      dock(form);
      swap(results, html);
    } catch (error) {
      const happened = error.status === 429 ? "Many searches came in a short time." : "The search did not answer.";
      say(results, `${happened} Press Enter to try again.`);
    }
    results.removeAttribute("aria-busy");
  }

  const typed = debounce(() => update(false), WAIT);
  const box = form.elements.q;
  box.addEventListener("input", (event) => {
    if (event.isComposing) return; // a word that an input method has not finished
    if (onResultsPage() || box.value.trim()) typed();
  });
  box.addEventListener("compositionend", typed);
  document.addEventListener("change", (event) => {
    if (event.target.form === form && event.target !== box) update(true);
  });
  form.addEventListener("submit", (event) => {
    // Enter shows the results that are on their way; a full page load would show the same.
    if (!onResultsPage()) return;
    event.preventDefault();
    update(false);
  });
  results.addEventListener("click", toggleFilters);
  window.addEventListener("popstate", () => {
    // A jump within the page (#main) changes the hash alone.
    if (location.pathname + location.search !== shown) location.reload();
  });
}

function addressOf(form) {
  const pairs = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (value.trim() && DEFAULTS[name] !== value) pairs.append(name, value.trim());
  }
  const query = pairs.toString();
  return new URL(form.action).pathname + (query ? `?${query}` : "");
}

/** Shows a failure above the results that stand, and reads it out. */
function say(results, words) {
  const banner = document.createElement("div");
  banner.className = "banner banner-warning";
  banner.append(document.createElement("div"));
  banner.firstChild.textContent = words;
  results.querySelector(":scope > .banner")?.remove();
  results.prepend(banner);
  announce(words);
}

function swap(results, html) {
  const focused = results.contains(document.activeElement) ? document.activeElement.id : "";
  const openness = [...results.querySelectorAll("details[id]")].map((each) => [each.id, each.open]);
  results.innerHTML = html;
  for (const [id, open] of openness) document.getElementById(id)?.toggleAttribute("open", open);
  if (focused) document.getElementById(focused)?.focus();
  const shown = results.firstElementChild;
  document.body.classList.add("wide");
  document.title = shown.dataset.title;
  announce(shown.dataset.status);
}

/** On the home page the box stands in the middle; with results it belongs into the bar. */
function dock(form) {
  const slot = document.getElementById("search-slot");
  if (slot.contains(form)) return;
  const box = form.elements.q;
  const [start, end] = [box.selectionStart, box.selectionEnd];
  form.classList.remove("search-hero");
  slot.append(form);
  box.focus();
  box.setSelectionRange(start, end);
}

function toggleFilters(event) {
  const button = event.target.closest("#filters-button, #filters-close");
  if (!button) return;
  event.preventDefault();
  const isOpen = event.currentTarget.classList.toggle("filters-open");
  document.getElementById(isOpen ? "filters-close" : "filters-button").querySelector("a")?.focus();
  window.scrollTo({ top: 0 });
}
