// Two windows: the shortcuts (?), and the palette that goes to any entry or page (Ctrl-K).
import { debounce, makeFetcher } from "./fragments.js";

const fetchPart = makeFetcher();

export function startDialogs() {
  const shortcuts = document.getElementById("shortcuts");
  const palette = document.getElementById("palette");
  document.querySelector("[data-opens=shortcuts]")?.addEventListener("click", () => shortcuts.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.key === "?" && !event.target.closest("input, select, textarea, dialog")) {
      event.preventDefault();
      shortcuts.showModal();
    } else if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      if (!palette.open) palette.showModal();
    }
  });
  for (const dialog of [shortcuts, palette]) {
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close(); // the ground behind the window
    });
  }
  startPalette(palette);
}

function startPalette(palette) {
  const box = document.getElementById("palette-q");
  const pages = [...document.querySelectorAll("#palette-pages li")];
  const hits = document.getElementById("palette-hits");
  const links = () => [...palette.querySelectorAll("li:not([hidden]) a")];

  const search = debounce(async () => {
    const words = box.value.trim();
    const html = words
      ? await fetchPart(`${box.dataset.url}?${new URLSearchParams({ q: words })}`, "palette").catch(() => "")
      : "";
    if (html !== null) hits.innerHTML = html;
  }, 150);

  box.addEventListener("input", () => {
    const words = box.value.trim().toLowerCase();
    for (const page of pages) page.hidden = !page.textContent.toLowerCase().includes(words);
    search();
  });
  palette.addEventListener("keydown", (event) => {
    const all = links();
    const at = all.indexOf(document.activeElement);
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const next = at + (event.key === "ArrowDown" ? 1 : -1);
      (next < 0 ? box : all[next])?.focus();
    } else if (event.key === "Enter" && event.target === box) {
      event.preventDefault();
      all[0]?.click();
    }
  });
}
