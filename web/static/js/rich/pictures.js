// Pictures: chosen, pasted or dropped, sent to the server, which makes them anew, and described in words.
import { ask } from "./asking.js";
import { schema } from "./schema.js";

const TYPES = ["image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp", "image/tiff"];

/** The pictures among files that are pasted or dropped. */
export function picturesOf(data) {
  return [...(data?.files ?? [])].filter((file) => TYPES.includes(file.type));
}

/** The button: words for the picture that is selected, else a new picture. */
export async function askPicture(field) {
  const { view } = field;
  const chosen = view.state.selection.node;
  if (chosen?.type === schema.nodes.image) return describe(field, view.state.selection.from);
  const input = Object.assign(document.createElement("input"), { type: "file", accept: TYPES.join(","), multiple: true });
  input.addEventListener("change", () => addPictures(field, [...input.files]));
  input.click();
}

/** Sends each file and puts its picture where the cursor stands, or at `at`. */
export async function addPictures(field, files, at = null) {
  for (const file of files) {
    field.desk.announce(`Sending ${file.name || "the picture"}`);
    const { address, error } = await field.desk.take(file);
    if (!field.view) return;
    if (error) {
      field.desk.announce(error);
      await ask("refused-dialog", { words: error });
      continue;
    }
    const said = await ask("alt-dialog", { alt: "" });
    if (!field.view) return;
    field.view.focus();
    if (!said) continue;
    const node = schema.nodes.image.create({ src: address, alt: said.alt.trim() });
    const { state } = field.view;
    field.view.dispatch((at === null ? state.tr.replaceSelectionWith(node, false) : state.tr.insert(Math.min(at, state.doc.content.size), node)).scrollIntoView());
  }
}

/** Asks for the words of the picture at a place. */
export async function describe(field, pos) {
  const { view } = field;
  const node = view.state.doc.nodeAt(pos);
  const said = await ask("alt-dialog", { alt: node.attrs.alt });
  if (field.view !== view) return;
  view.focus();
  if (said && view.state.doc.nodeAt(pos) === node) view.dispatch(view.state.tr.setNodeMarkup(pos, null, { ...node.attrs, alt: said.alt.trim() }));
}
