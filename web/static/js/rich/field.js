// A text area that is edited as it looks. The area stays the form's field: what is typed is written into it.
import { EditorState, EditorView } from "../../vendor/prosemirror.js";
import { agrees } from "./assess.js";
import { debounce } from "../fragments.js";
import { markdownOf } from "./markdown.js";
import { plugins } from "./plugins.js";
import { schema } from "./schema.js";
import { keptWords } from "./source.js";

const CHECK = 1200;

export class Field {
  /** `desk` has `render`, `toolbar`, `take` (of pictures) and `announce`; `found` is what assessing the area's text gave. */
  constructor(area, desk, found) {
    this.area = area;
    this.desk = desk;
    area.rich = this;
    this.label = area.form.querySelector(`label[for="${area.id}"]`);
    this.label.id ||= `label-${area.id}`;
    this.note = document.createElement("p");
    this.note.className = "help rich-note";
    this.note.id = `note-${area.id}`;
    this.note.hidden = true;
    area.after(this.note);
    this.check = debounce(() => this.#check(), CHECK);
    this.label.addEventListener("click", (event) => {
      if (!this.view) return;
      event.preventDefault();
      this.focus();
    });
    area.addEventListener("focus", () => desk.toolbar.serve(this));
    if (found.reason) this.showSource(found.reason);
    else this.#show(found);
  }

  get isRich() {
    return Boolean(this.view);
  }

  focus() {
    (this.view ?? this.area).focus();
  }

  /** What stands before the cursor in its paragraph. */
  wordsBefore() {
    const { $from, empty } = this.view.state.selection;
    return empty && $from.parent.isTextblock ? $from.parent.textBetween(0, $from.parentOffset, null, "\ufffc") : "";
  }

  /** A link to an entry in the place of the last characters. */
  putLink(ref, length) {
    const { state } = this.view;
    const { from } = state.selection;
    const link = schema.text(ref, [schema.marks.link.create({ href: `/entries/${ref}` })]);
    this.view.dispatch(state.tr.replaceWith(from - length, from, link).removeStoredMark(schema.marks.link));
    this.view.focus();
  }

  /** The Markdown, as a text area. `reason`: why, where nobody asked for it. */
  showSource(reason = "") {
    const had = this.view?.hasFocus() ?? false;
    this.view?.dom.remove();
    this.view?.destroy();
    this.view = null;
    this.area.hidden = false;
    this.#say(reason ? `Shown as Markdown: ${reason}.` : "");
    if (had) this.area.focus();
    this.desk.toolbar.update(this);
  }

  /** As it looks, if nothing is lost by it. */
  async showRich() {
    const [found] = await this.desk.assess([this.area.value]);
    if (found.reason) {
      this.#say(`It stays Markdown: ${found.reason}.`);
      this.desk.announce(`It stays Markdown: ${found.reason}.`);
    } else if (found.text === this.area.value) this.#show(found);
    this.focus();
    this.desk.toolbar.update(this);
  }

  #show({ text, doc, markdown }) {
    this.origin = { text, doc, markdown };
    this.#say("");
    const had = document.activeElement === this.area;
    this.view = new EditorView(null, {
      state: EditorState.create({ doc, plugins: plugins(this) }),
      attributes: this.#attributes(),
      scrollThreshold: { top: 130, bottom: 100, left: 0, right: 0 },
      scrollMargin: { top: 140, bottom: 110, left: 0, right: 0 },
      dispatchTransaction: (step) => this.#apply(step),
    });
    this.view.dom.rich = this;
    this.area.after(this.view.dom);
    this.area.hidden = true;
    if (had) this.view.focus();
  }

  #attributes() {
    const described = [this.area.getAttribute("aria-describedby"), this.note.id].filter(Boolean).join(" ");
    return {
      role: "textbox",
      "aria-multiline": "true",
      "aria-labelledby": this.label.id,
      "aria-describedby": described,
      ...(this.area.getAttribute("aria-invalid") ? { "aria-invalid": "true" } : {}),
      class: `rich prose${this.area.rows > 5 ? " rich-tall" : ""}`,
      "data-rich": this.area.id,
    };
  }

  #apply(step) {
    if (!this.view) return;
    this.view.updateState(this.view.state.apply(step));
    if (step.docChanged) this.#write();
    this.desk.toolbar.update(this);
  }

  #write(isPlain = false) {
    const { text, doc, markdown } = this.origin;
    const now = this.view.state.doc;
    if (now.eq(doc)) this.area.value = text;
    else this.area.value = isPlain ? markdownOf(now) : keptWords(text, markdown, markdownOf(now));
    this.area.dispatchEvent(new Event("input", { bubbles: true }));
    this.check();
  }

  /** What was written must look as it does here; else whoever writes is told. */
  async #check() {
    if (!this.view || this.view.state.doc.eq(this.origin.doc)) return this.#say("");
    const { doc } = this.view.state;
    try {
      let fits = await agrees(doc, this.area.value, this.desk.render);
      if (!fits && this.view?.state.doc === doc && this.area.value !== markdownOf(doc)) {
        this.#write(true);
        fits = await agrees(doc, this.area.value, this.desk.render);
      }
      if (this.view?.state.doc === doc) this.#say(fits ? "" : "A part of this cannot be kept just as it looks here. The preview shows what readers will see.");
    } catch {
      this.#say(""); // no answer is no objection: the form itself says whether it is kept
    }
  }

  #say(words) {
    this.note.textContent = words;
    this.note.hidden = !words;
  }
}
