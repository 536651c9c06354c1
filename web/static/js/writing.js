// The editor's form: keeps a working copy, adds and removes rows, previews; Ctrl-S and Ctrl-Enter.
import { startBuilding } from "./building.js";
import { startCompleting } from "./completing.js";
import { announce, debounce } from "./fragments.js";
import { startNaming } from "./naming.js";
import { watchTables } from "./tables.js";

const WAIT = 2000;

export function startWriting() {
  const form = document.getElementById("editor");
  if (!form) return;
  startKeeping(form);
  startRows(form);
  startBuilding(form);
  startPreview(form);
  startAdvice(form);
  startCompleting(form);
  startNaming(form);
  if (form.querySelector("textarea[data-markdown]")) import("./rich/start.js").then(({ startRich }) => startRich(form));
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || document.querySelector("dialog[open]")) return;
    if (event.key.toLowerCase() === "s") press(event, form, "save");
    if (event.key === "Enter") press(event, form, "submit");
  });
}

function press(event, form, name) {
  event.preventDefault();
  form.requestSubmit(form.querySelector(`.editor-buttons [value=${name}]`));
}

/** A moment after each change the server gets what is typed; leaving before that asks first. */
function startKeeping(form) {
  const status = document.getElementById("editor-status");
  let isKept = true;
  let last = "";

  async function keep() {
    const sent = new URLSearchParams(new FormData(form));
    if (sent.toString() === last) return;
    status.textContent = "Keeping …";
    try {
      const reply = await fetch(form.dataset.copy, { method: "POST", body: sent });
      if (!reply.ok) throw new Error(String(reply.status));
      const kept = await reply.json();
      const at = new Date(kept.saved_at);
      tellOthers(kept.others);
      last = sent.toString();
      isKept = true;
      status.textContent = `Kept ${at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}, not saved as a draft yet`;
    } catch {
      status.textContent = "Not kept: the server does not answer. It is tried again as you go on; copy your text before you leave.";
      retry();
    }
  }

  const later = debounce(keep, WAIT);
  const retry = debounce(keep, WAIT * 5);
  form.addEventListener("input", () => {
    isKept = false;
    later();
  });
  form.addEventListener("change-of-rows", () => {
    isKept = false;
    later();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden" && !isKept) keep();
  });
  form.addEventListener("submit", () => {
    isKept = true;
  });
  window.addEventListener("beforeunload", (event) => {
    if (!isKept) event.preventDefault();
  });
}

/** Who else is at work on the entry by now. */
function tellOthers(html) {
  const place = document.getElementById("at-work");
  if (!place) return;
  const wasAlone = !place.textContent.trim();
  place.innerHTML = html;
  if (html && wasAlone) announce(place.querySelector("strong").textContent);
}

function startRows(form) {
  form.addEventListener("click", (event) => {
    const adds = event.target.closest("[data-adds]");
    const removes = event.target.closest("[data-removes]");
    if (!adds && !removes) return;
    event.preventDefault();
    if (adds) add(adds);
    else remove(removes);
    form.dispatchEvent(new Event("change-of-rows"));
  });
}

function add(button) {
  const place = button.parentElement;
  const rows = place.querySelector(":scope > [data-rows]");
  const template = place.querySelector(":scope > template");
  const path = button.dataset.adds;
  // Numbers only have to be new: the server counts the rows in the order in which they stand.
  const used = [...rows.children].map((row) => Number(row.dataset.number ?? 0));
  const number = Math.max(rows.children.length, ...used) + 1;
  const holder = document.createElement("div");
  holder.innerHTML = template.innerHTML.replaceAll(`__${(path.match(/\./g) ?? []).length}__`, number);
  const row = holder.firstElementChild;
  row.dataset.number = number;
  rows.append(row);
  row.querySelector("input, select, textarea")?.focus();
}

function remove(button) {
  const row = button.closest(".group-row");
  const next = row.nextElementSibling ?? row.previousElementSibling;
  const adds = row.closest(".group").querySelector(":scope > [data-adds]");
  row.remove();
  (next?.querySelector("input, select, textarea") ?? adds)?.focus();
  announce("Removed");
}

/** Advice on what is typed, beside the form; without an answer there is none. */
function startAdvice(form) {
  const place = document.getElementById("advice");
  if (!place) return;
  let asked = 0;
  const ask = debounce(async () => {
    const mine = ++asked;
    const body = new URLSearchParams(new FormData(form));
    body.set("ref", form.dataset.ref);
    try {
      const reply = await fetch(place.dataset.url, { method: "POST", body });
      if (!reply.ok || mine !== asked) return;
      place.innerHTML = await reply.text();
      place.hidden = !place.textContent.trim();
    } catch {
      place.hidden = true;
    }
  }, 1500);
  form.addEventListener("input", ask);
}

/** The preview in a window of its own; where it fails, the form goes to the server as without scripts. */
function startPreview(form) {
  const dialog = document.getElementById("preview-dialog");
  form.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-previews]");
    if (!button) return;
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form));
    body.set("do", button.value);
    try {
      const reply = await fetch(form.action, { method: "POST", body, headers: { "X-Fragment": "preview" } });
      if (!reply.ok) throw new Error(String(reply.status));
      const place = document.getElementById("preview-place");
      place.innerHTML = await reply.text();
      watchTables(place);
      dialog.showModal();
    } catch {
      const hidden = Object.assign(document.createElement("input"), { type: "hidden", name: "do", value: button.value });
      form.append(hidden);
      form.submit();
    }
  });
}
