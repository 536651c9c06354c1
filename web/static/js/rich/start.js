// The form's text areas as one sees them on a page. Without this, or without an answer, they stay text areas.
import { announce } from "../fragments.js";
import { assess } from "./assess.js";
import { Field } from "./field.js";
import { Toolbar } from "./toolbar.js";

const FAILED = "The picture could not be sent: the server does not answer. Try again.";

export async function startRich(form) {
  const bar = document.getElementById("rich-bar");
  if (!bar) return;
  const render = rendering(form, bar);
  const desk = { announce, render, assess: (texts) => assess(texts, render), take: taking(form, bar), toolbar: new Toolbar(bar) };
  await enhance(form, desk);
  bar.hidden = false;
  stick(bar);
  form.addEventListener("change-of-rows", () => enhance(form, desk));
  document.addEventListener("click", toField);
}

async function enhance(form, desk) {
  const areas = [...form.querySelectorAll("textarea[data-markdown]")].filter((area) => !area.rich);
  const assessed = await desk.assess(areas.map((area) => area.value)).catch(() => null);
  if (!assessed) return desk.announce("Texts are shown as Markdown: the server does not answer.");
  areas.forEach((area, at) => {
    const found = assessed[at];
    const isNew = area.value === found.text;
    if (!area.rich && area.isConnected) new Field(area, desk, isNew ? found : { ...found, reason: "you had begun to write it" });
  });
}

/** The HTML of texts, as pages show them. */
function rendering(form, bar) {
  return async (texts) => {
    const answer = await fetch(bar.dataset.renders, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Form-Token": form.elements.form_token.value },
      body: JSON.stringify({ texts }),
    });
    if (!answer.ok) throw new Error(String(answer.status));
    return (await answer.json()).html;
  };
}

/** Sends a picture: its address, or what is wrong with it. */
function taking(form, bar) {
  return async (file) => {
    const body = new FormData();
    body.set("form_token", form.elements.form_token.value);
    body.set("file", file, file.name || "picture.png");
    try {
      const answer = await fetch(bar.dataset.takes, { method: "POST", body, headers: { Accept: "application/json" } });
      const said = await answer.json();
      return answer.ok ? said : { error: said.error ?? FAILED };
    } catch {
      return { error: FAILED };
    }
  };
}

/** The bar stays below the page's own, however high that is. */
function stick(bar) {
  const head = document.querySelector("header.bar");
  const root = document.documentElement;
  new ResizeObserver(() => {
    root.style.setProperty("--bar-height", `${head?.offsetHeight ?? 0}px`);
    root.style.setProperty("--rich-height", `${bar.offsetHeight}px`);
  }).observe(head ?? bar);
}

/** Links to a field lead to where it is edited. */
function toField(event) {
  const id = event.target.closest('a[href^="#field-"]')?.getAttribute("href").slice(1);
  const rich = id && document.getElementById(id)?.rich;
  if (!rich?.isRich) return;
  event.preventDefault();
  rich.focus();
  rich.view.dom.scrollIntoView({ block: "center" });
}
