// Menus and questions made of <details data-closes>: Escape and a click elsewhere close them.
const open = () => document.querySelectorAll("details[data-closes][open]");

export function startClosing() {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const each of open()) {
      each.open = false;
      if (each.contains(document.activeElement)) each.querySelector("summary").focus();
      event.preventDefault();
    }
  });
  document.addEventListener("click", (event) => {
    for (const each of open()) if (!each.contains(event.target)) each.open = false;
  });
}
