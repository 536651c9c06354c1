// The bar above the form. It serves the field that was edited last; Alt+F10 goes to it, Esc back to the text.
import { isInTable } from "../../vendor/prosemirror.js";
import { COMMANDS } from "./commands.js";
import { askLink } from "./links.js";
import { askPicture } from "./pictures.js";

const ASKS = { link: askLink, picture: askPicture };

export class Toolbar {
  constructor(bar) {
    this.bar = bar;
    this.buttons = [...bar.querySelectorAll("[data-does]")];
    this.stops = [...bar.querySelectorAll("[data-does], summary")].filter((each) => !each.closest("ul"));
    this.menu = bar.querySelector("details");
    this.field = null;
    this.#move(0);
    bar.addEventListener("mousedown", (event) => {
      if (event.target.closest("button")) event.preventDefault(); // the text keeps its selection
    });
    bar.addEventListener("click", (event) => {
      const button = event.target.closest("[data-does]");
      if (button) this.press(button.dataset.does);
    });
    bar.addEventListener("keydown", (event) => this.#onKey(event));
    bar.addEventListener("focusin", (event) => this.#move(this.stops.indexOf(event.target)));
    document.addEventListener("click", (event) => {
      if (!this.menu.contains(event.target)) this.menu.open = false;
    });
  }

  /** From now on it acts on this field. */
  serve(field) {
    this.field = field;
    this.bar.querySelector("[data-field]").textContent = field.label.firstChild.textContent.trim();
    this.update(field);
  }

  update(field) {
    if (field !== this.field || !field) return;
    const state = field.view?.state;
    const inTable = Boolean(state && isInTable(state));
    for (const button of this.buttons) {
      const command = COMMANDS[button.dataset.does];
      const can = command.isAlways || (state && (command.asks || (command.isTable ? inTable : command.run(state))));
      button.setAttribute("aria-disabled", String(!can));
      if (!button.hasAttribute("aria-pressed")) continue;
      button.setAttribute("aria-pressed", String(command.isAlways ? !field.isRich : Boolean(state && command.isOn(state))));
    }
  }

  press(name) {
    const { field } = this;
    const command = COMMANDS[name];
    const button = this.buttons.find((each) => each.dataset.does === name);
    if (!field || button?.getAttribute("aria-disabled") === "true") return;
    const wasHere = this.bar.contains(document.activeElement);
    if (this.menu.contains(button)) this.menu.open = false;
    if (name === "source") {
      if (field.isRich) field.showSource();
      else field.showRich();
      if (!wasHere) field.focus();
      return;
    }
    if (command.asks) return ASKS[command.asks](field);
    command.run(field.view.state, field.view.dispatch, field.view);
    if (!wasHere || this.menu.contains(button)) field.focus();
  }

  focus() {
    this.stops[this.at].focus();
    return true;
  }

  #move(at) {
    if (at < 0) return;
    this.at = at;
    this.stops.forEach((each, place) => {
      each.tabIndex = place === at ? 0 : -1;
    });
  }

  #onKey(event) {
    if (event.key === "Escape") {
      if (this.menu.open) {
        this.menu.open = false;
        this.menu.firstElementChild.focus();
      } else this.field?.focus();
    } else if (["ArrowRight", "ArrowLeft", "Home", "End"].includes(event.key) && this.stops.includes(event.target)) {
      const last = this.stops.length - 1;
      const step = { ArrowRight: this.at + 1, ArrowLeft: this.at - 1, Home: 0, End: last }[event.key];
      this.stops[(step + last + 1) % (last + 1)].focus();
    } else if (["ArrowDown", "ArrowUp"].includes(event.key) && this.menu.contains(event.target)) {
      this.menu.open = true;
      const items = [...this.menu.querySelectorAll("button")];
      const at = items.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1);
      items[(at + items.length) % items.length].focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
