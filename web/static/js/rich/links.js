// Links: to an address or an entry, over what is selected.
import { TextSelection } from "../../vendor/prosemirror.js";
import { ask } from "./asking.js";
import { linkAt } from "./commands.js";
import { schema } from "./schema.js";

const REF = /^[LRTMPH]-\d{4,9}$/;
const ADDRESS = /^(https?:\/\/|mailto:)[^\s\\]+$/i;

export async function askLink(field) {
  const { view } = field;
  const at = linkAt(view.state);
  if (at) view.dispatch(view.state.tr.setSelection(TextSelection.create(view.state.doc, at.from, at.to)));
  const { from, to } = view.state.selection;
  const words = view.state.doc.textBetween(from, to, " ");
  const href = at?.mark.attrs.href ?? (addressOf(words) ? words : "");
  const said = await ask("link-dialog", { href: href.replace(/^\/entries\//, ""), words });
  if (field.view !== view) return;
  view.focus();
  if (!said) return;
  if (said.do === "remove") return view.dispatch(view.state.tr.removeMark(from, to, schema.marks.link));
  const target = addressOf(said.href.trim());
  if (!target) return field.desk.announce("That is no address: nothing was linked.");
  const mark = schema.marks.link.create({ href: target });
  const shown = said.words.trim() || said.href.trim();
  const kept = shown === words.trim() && from !== to;
  view.dispatch(kept ? view.state.tr.addMark(from, to, mark) : view.state.tr.replaceWith(from, to, schema.text(shown, [mark])));
}

/** What a link may lead to: an entry's id, or a web or mail address; a bare host gets what is missing. */
export function addressOf(text) {
  if (REF.test(text)) return `/entries/${text}`;
  const ours = new RegExp(`^(?:${location.origin})?(/entries/[LRTMPH]-\\d{4,9})$`).exec(text);
  if (ours) return ours[1];
  if (ADDRESS.test(text)) return text;
  if (/^[^\s@/\\]+@[^\s@/\\]+\.[a-z]{2,}$/i.test(text)) return `mailto:${text}`;
  return /^[^\s/\\:@]+\.[a-z]{2,}(\/[^\s\\]*)?$/i.test(text) ? `https://${text}` : "";
}
