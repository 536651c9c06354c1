// Links to entries while one writes: [[ or @ and a few words offer entries; so do fields that hold an id.
import { announce, debounce, makeFetcher } from "./fragments.js";

const fetchPart = makeFetcher();
const BEGUN = /(?:\[\[|(?:^|\s)@)([^\[\]@\n]{2,60})$/;
let list = null;
let field = null;

const isRich = (target) => target.matches("[data-rich]");

export function startCompleting(form) {
  const address = document.getElementById("palette-q")?.dataset.url;
  if (!address) return;
  const offer = debounce(async (target) => {
    const words = wordsOf(target);
    if (!words) return close();
    const html = await fetchPart(`${address}?${new URLSearchParams({ q: words })}`, "palette").catch(() => "");
    if (html !== null && document.activeElement === target && wordsOf(target) === words) open(target, html);
  }, 200);
  form.addEventListener("input", (event) => {
    if (event.target.matches("textarea[data-markdown], input[data-ref], [data-rich]")) offer(event.target);
  });
  form.addEventListener("keydown", onKey, true); // before the editor of a text makes a new line of Enter
  form.addEventListener("focusout", () => setTimeout(close, 150));
}

/** What was typed after [[ or @, or into a field for an id; empty where there is nothing to look for. */
function wordsOf(target) {
  if (target.matches("input")) return /^[A-Z]-\d{4,}$/.test(target.value.trim()) ? "" : target.value.trim();
  const before = isRich(target) ? target.rich.wordsBefore() : target.value.slice(0, target.selectionStart);
  return BEGUN.exec(before)?.[1].trim() ?? "";
}

function open(target, html) {
  close();
  const found = document.createElement("ul");
  found.innerHTML = html;
  const links = [...found.querySelectorAll("a")];
  if (!links.length) return;
  list = document.createElement("ul");
  list.className = "offers";
  list.id = "offers";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Entries to link to");
  links.forEach((link, at) => {
    const option = document.createElement("li");
    option.id = `offer-${at}`;
    option.setAttribute("role", "option");
    option.dataset.ref = link.pathname.split("/").pop();
    option.textContent = link.textContent.replace(/\s+/g, " ").trim();
    option.addEventListener("mousedown", (event) => {
      event.preventDefault();
      take(option);
    });
    list.append(option);
  });
  field = target;
  target.after(list);
  target.setAttribute("aria-controls", "offers");
  choose(list.firstElementChild);
  announce(`${links.length} entries to link to; arrows choose, Enter takes one`);
}

function onKey(event) {
  if (!list || event.target !== field) return;
  const chosen = list.querySelector("[aria-selected=true]");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const next = event.key === "ArrowDown" ? chosen.nextElementSibling : chosen.previousElementSibling;
    choose(next ?? chosen);
  } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) take(chosen);
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function choose(option) {
  for (const each of list.children) each.setAttribute("aria-selected", String(each === option));
  field.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

function take(option) {
  const target = field;
  if (isRich(target)) {
    const [begun] = BEGUN.exec(target.rich.wordsBefore()) ?? [""];
    close();
    return target.rich.putLink(option.dataset.ref, begun.trimStart().length);
  }
  if (target.matches("input")) target.value = option.dataset.ref;
  else {
    const before = target.value.slice(0, target.selectionStart).replace(BEGUN, (all) => (all.startsWith("[[") ? "" : all[0].trim() ? "" : all[0]));
    const after = target.value.slice(target.selectionStart).replace(/^\]\]/, "");
    target.value = `${before}[[${option.dataset.ref}]]${after}`;
    target.selectionStart = target.selectionEnd = before.length + option.dataset.ref.length + 4;
  }
  close();
  target.dispatchEvent(new Event("input", { bubbles: true }));
}

function close() {
  list?.remove();
  field?.removeAttribute("aria-activedescendant");
  field?.removeAttribute("aria-controls");
  list = field = null;
}
