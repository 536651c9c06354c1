// Whether a text can be edited as it looks. It can where writing it anew gives the page that it gives now:
// the repository's own renderer is asked for both. Every other text is shown as its Markdown, and says why.
import { DOMParser as Reader, DOMSerializer } from "../../vendor/prosemirror.js";
import { canonical, parsed } from "./canonical.js";
import { markdownOf } from "./markdown.js";
import { schema } from "./schema.js";

const reader = Reader.fromSchema(schema);
const serializer = DOMSerializer.fromSchema(schema);
const KNOWN = new Set("thead tbody body".split(" "));
for (const rule of reader.rules) if (rule.tag) KNOWN.add(rule.tag.replace(/\[.*/, ""));

/** What pages do not show of a text, and what is therefore lost when it is written anew. */
const UNSEEN = [
  [/<!--/, "it holds a comment, which no page shows"],
  [/^ {0,3}(?:`{3,}|~{3,})[ \t]*[^\s`~]/m, "it names the language of its code, which no page shows"],
];

/**
 * For each text: `doc`, `markdown` (the text written anew), and `reason`, empty where both say the same.
 * `render` takes texts and returns a promise of the HTML of each.
 */
export async function assess(texts, render) {
  const found = texts.map((text) => ({ text, doc: emptyDoc(), markdown: "", reason: unseen(text) }));
  const asked = found.filter((each) => each.text.trim() && !each.reason);
  const pages = asked.length ? await render(asked.map((each) => each.text)) : [];
  asked.forEach((each, at) => {
    each.body = parsed(pages[at]);
    each.doc = docOf(each.body);
    each.markdown = markdownOf(each.doc);
  });
  const changed = asked.filter((each) => each.markdown !== each.text);
  const again = changed.length ? await render(changed.map((each) => each.markdown)) : [];
  changed.forEach((each, at) => {
    if (canonical(each.body) !== canonical(parsed(again[at]))) each.reason = loss(each.body);
  });
  return found;
}

/** Whether a Markdown text gives the page that the document looks like. */
export async function agrees(doc, text, render) {
  const html = text.trim() ? (await render([text]))[0] : "";
  return canonical(parsed(html)) === canonical(looks(doc));
}

export const emptyDoc = () => schema.topNodeType.createAndFill();

function docOf(body) {
  for (const code of body.querySelectorAll("pre > code")) code.textContent = code.textContent.replace(/\n$/, "");
  return reader.parse(body);
}

function unseen(text) {
  return UNSEEN.find(([pattern]) => pattern.test(text))?.[1] ?? "";
}

function loss(body) {
  const strange = [...body.querySelectorAll("*")].find((each) => !KNOWN.has(each.localName));
  return strange
    ? `it holds something that this view does not have (${strange.localName})`
    : "written anew, it would not look as it does now";
}

/** The document as the renderer would write it. */
function looks(doc) {
  const root = document.implementation.createHTMLDocument("").body;
  root.append(serializer.serializeFragment(doc.content, { document: root.ownerDocument }));
  for (const each of root.querySelectorAll("li:not([data-loose]) > p:first-child, td > p, th > p")) each.replaceWith(...each.childNodes);
  return root;
}
