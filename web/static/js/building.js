// The builder of learning paths: its buttons without loading the page anew, and dragging steps.
// The server does the work, as it does without scripts; this swaps the part and keeps the focus.
import { announce } from "./fragments.js";

// What Enter presses in the builder's own lines.
const ENTER = [["#find", "find"], ["[name=link_address], [name=link_title]", "link"]];

export function startBuilding(form) {
  const place = document.getElementById("builder");
  if (!place) return;
  let isBusy = false;

  async function press(value, button) {
    if (isBusy) return;
    isBusy = true;
    place.setAttribute("aria-busy", "true");
    const body = new URLSearchParams(new FormData(form));
    body.set("do", value);
    try {
      const reply = await fetch(form.action, { method: "POST", body, headers: { "X-Fragment": "builder" } });
      if (!reply.ok) throw new Error(String(reply.status));
      place.innerHTML = await reply.text();
      takePrerequisites(form, place);
      focusAgain(place, button?.id);
      announce(place.querySelector("[data-said]").textContent);
      form.dispatchEvent(new Event("change-of-rows"));
    } catch {
      const hidden = Object.assign(document.createElement("input"), { type: "hidden", name: "do", value });
      form.append(hidden);
      form.submit();
    } finally {
      isBusy = false;
      place.removeAttribute("aria-busy");
    }
  }

  place.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=do]");
    if (!button) return;
    event.preventDefault();
    press(button.value, button);
  });
  place.addEventListener("keydown", (event) => {
    const value = event.key === "Enter" && ENTER.find(([lines]) => event.target.matches(lines))?.[1];
    if (!value) return;
    event.preventDefault();
    press(value, event.target);
  });
  startDragging(place, press);
}

/** What was moved keeps the focus; a button that can do no more hands it to the one beside it. */
function focusAgain(place, id) {
  const wanted = place.querySelector("[autofocus]") ?? (id && document.getElementById(id));
  const target = wanted?.disabled ? wanted.parentElement.querySelector("button:not(:disabled)") : wanted;
  target?.focus();
  if (target?.matches("input[type=text]")) target.select();
}

/** Paths that come before stand outside the part, in a field of their own. */
function takePrerequisites(form, place) {
  const added = place.querySelector("[data-before]");
  const field = form.querySelector("#field-prerequisites");
  if (added && field) field.value = added.dataset.before;
}

function startDragging(place, press) {
  let dragged = null;
  const unmark = () => place.querySelectorAll(".drop-before, .drop-end").forEach((each) => each.classList.remove("drop-before", "drop-end"));

  place.addEventListener("dragstart", (event) => {
    const handle = event.target.closest?.(".drag");
    if (!handle) return;
    dragged = handle.closest(".build-step");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.step);
    event.dataTransfer.setDragImage(dragged, 0, 0);
  });
  place.addEventListener("dragover", (event) => {
    const steps = dragged && goalOf(event.target);
    if (!steps) return;
    event.preventDefault();
    unmark();
    const before = stepBelow(steps, event.clientY);
    (before ?? steps).classList.add(before ? "drop-before" : "drop-end");
  });
  place.addEventListener("drop", (event) => {
    const steps = dragged && goalOf(event.target);
    if (!steps) return;
    event.preventDefault();
    const before = stepBelow(steps, event.clientY);
    const at = before ? [...steps.children].indexOf(before) + 1 : steps.children.length + 1;
    press(`move:${dragged.dataset.step}>${steps.dataset.drops}.steps.${at}`);
  });
  place.addEventListener("dragend", () => {
    unmark();
    dragged = null;
  });
}

/** The list of steps that something was dragged onto, with its stage. */
function goalOf(target) {
  return target.closest(".build-stage")?.querySelector(".build-steps") ?? null;
}

/** The first step whose middle lies below the pointer; null: at the end. */
function stepBelow(steps, y) {
  return [...steps.children].find((each) => {
    const box = each.getBoundingClientRect();
    return y < box.top + box.height / 2;
  }) ?? null;
}
