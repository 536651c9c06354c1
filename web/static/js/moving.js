// Keys: / goes to the box, arrows move through the hits, Esc returns. Links keep their own Enter.
import { makeFetcher } from "./fragments.js";
import { watchTables } from "./tables.js";

const WIDE = window.matchMedia("(min-width: 1200px)");
const fetchPart = makeFetcher();
const HITS = ".hit h2 a, .listing h2 a";

export function startMoving() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]")) return;
    const box = document.getElementById("q");
    const inBox = document.activeElement === box;
    if (event.key === "/" && !isTyping(event.target)) {
      event.preventDefault();
      box?.focus();
      box?.select();
    } else if (event.key === "Escape" && !inBox && document.activeElement?.matches(HITS)) {
      event.preventDefault();
      box?.focus();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (move(event.key === "ArrowDown" ? 1 : -1, box)) event.preventDefault();
    }
  });
  document.addEventListener("focusin", (event) => {
    if (event.target.matches(HITS)) preview(event.target);
  });
}

function isTyping(target) {
  return target.isContentEditable || target.matches("input:not([type=checkbox]), select, textarea");
}

/** Moves the focus by one hit; says whether it did. */
function move(step, box) {
  const links = [...document.querySelectorAll(HITS)];
  const active = document.activeElement;
  const at = links.indexOf(active);
  if (at < 0 && active !== box && active !== document.body && active.id !== "main") return false;
  if (at < 0 && step < 0) return false;
  const next = at + step < 0 ? box : links[at + step];
  next?.focus();
  next?.closest("li")?.scrollIntoView({ block: "nearest" });
  return Boolean(next);
}

/** On a wide screen the hit in focus is shown beside the list. */
async function preview(link) {
  const place = document.getElementById("preview");
  if (!place || !WIDE.matches) return;
  try {
    const html = await fetchPart(link.href, "preview");
    if (html === null) return;
    place.innerHTML = html;
    watchTables(place);
    place.hidden = false;
    place.scrollTop = 0;
    place.parentElement.classList.add("with-preview");
    link.closest("li").scrollIntoView({ block: "nearest" });
  } catch {
    place.hidden = true;
    place.parentElement.classList.remove("with-preview");
  }
}
