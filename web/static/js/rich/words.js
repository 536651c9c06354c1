// The words of a paragraph as Markdown, with their marks.
import { TAGS } from "./schema.js";

const ENTRY = /^\/entries\/([A-Z]-\d{4,9})$/;
const WORD = /[\p{L}\p{N}_]/u;

/** The content of a text block. `isOneLine`: headings and cells have no lines; `isItem`: the first of an item. */
export function inline(node, { isOneLine = false, isCell = false, isItem = false }) {
  const pieces = piecesOf(node);
  const isBracketed = /\]\s?[([:]|\[\[|!\[/.test(node.textContent) || pieces.some((each) => each.marks.some(isLink) || each.node.type.name === "image");
  const how = { isOneLine, isCell, isBracketed };
  let text = "";
  let open = [];
  pieces.forEach((piece, at) => {
    const wanted = ordered(piece, pieces, at);
    let same = 0;
    while (same < open.length && same < wanted.length && open[same].mark.eq(wanted[same])) same++;
    for (const each of open.slice(same).reverse()) text += each.close;
    open = open.slice(0, same);
    text += piece.lead ?? "";
    for (const mark of wanted.slice(same)) {
      const begun = begin(mark, pieces, at, text, [...open.map((each) => each.mark), mark]);
      text += begun.open;
      open.push({ mark, close: begun.close });
    }
    text += written(piece, how, text);
  });
  for (const each of open.reverse()) text += each.close;
  return guarded(text.replace(/[ \t]+$/, ""), isItem);
}

const isLink = (mark) => mark.type.name === "link";

/** Text nodes without the white space at the edges of marks: `**a **b` marks nothing. */
function piecesOf(node) {
  const pieces = [];
  node.forEach((child) => {
    const marks = child.marks.filter((mark) => mark.type.name !== "code");
    const isCode = child.marks.length !== marks.length;
    if (!child.isText) return pieces.push({ node: child, marks, text: "", isCode });
    const text = child.text.replace(/[ \t\r\n]+/g, " ");
    const parts = isCode || !marks.length ? [text] : text.split(/^( +)|( +)$/).filter(Boolean);
    for (const part of parts) pieces.push({ node: child, marks: part.replace(/ /g, "") || isCode ? marks : [], text: part, isCode });
  });
  return bridged(pieces);
}

/** A space between two pieces keeps the marks that both have. */
function bridged(pieces) {
  pieces.forEach((piece, at) => {
    if (piece.text.replace(/ /g, "") || !piece.node.isText || !pieces[at - 1] || !pieces[at + 1]) return;
    piece.marks = piece.node.marks.filter((mark) => mark.isInSet(pieces[at - 1].marks) && mark.isInSet(pieces[at + 1].marks));
  });
  return pieces;
}

/** Marks that go on longer stand outside; links, where they are as long, inside. */
function ordered(piece, pieces, at) {
  const length = (mark) => {
    let from = at;
    let to = at;
    while (pieces[from - 1] && mark.isInSet(pieces[from - 1].marks)) from--;
    while (pieces[to + 1] && mark.isInSet(pieces[to + 1].marks)) to++;
    return to - from;
  };
  return [...piece.marks].sort((one, other) => length(other) - length(one) || isLink(one) - isLink(other) || (one.type.name < other.type.name ? 1 : -1));
}

/** What opens and closes a mark here: the short form where the renderer reads it, else the tag. */
function begin(mark, pieces, at, before, open) {
  const name = mark.type.name;
  if (isLink(mark)) return linked(mark, pieces, at);
  let to = at;
  while (pieces[to + 1] && mark.isInSet(pieces[to + 1].marks)) to++;
  const next = pieces[to + 1]?.text[0] ?? (pieces[to + 1] ? "<" : "");
  const run = pieces.slice(at, to + 1);
  const tag = { open: `<${name}>`, close: `</${name}>` };
  if (TAGS.includes(name)) return tag;
  const inner = run.some((each) => each.marks.some((other) => ["strong", "em"].includes(other.type.name) && other !== mark && !open.some((outer) => outer.eq(other))));
  const touches = before.endsWith("*") || before.endsWith("_") || (pieces[to + 1]?.marks ?? []).some((other) => ["strong", "em"].includes(other.type.name) && !open.some((outer) => outer.eq(other)));
  if (name === "strong") return touches && !/[\s(]$/.test(before.replace(/[*_]+$/, "")) ? tag : { open: "**", close: "**" };
  if (!WORD.test(before.at(-1) ?? " ") && !WORD.test(next || " ") && !before.endsWith("_")) return { open: "_", close: "_" };
  return inner || touches ? tag : { open: "*", close: "*" };
}

/** `[[L-0042]]`, `<https://...>` or `[words](address)`. */
function linked(mark, pieces, at) {
  const { href, title } = mark.attrs;
  const run = [];
  for (let to = at; pieces[to] && mark.isInSet(pieces[to].marks); to++) run.push(pieces[to]);
  const words = run.map((each) => each.text).join("");
  const isPlain = run.every((each) => each.node.isText && !each.isCode && each.marks.length === pieces[at].marks.length) && !title;
  const ref = ENTRY.exec(href)?.[1];
  if (ref && isPlain && !/[[\]|\\`\n<&]/.test(words) && words.trim() === words) {
    for (const each of run) each.raw = words === ref ? "" : each.text;
    return { open: words === ref ? `[[${ref}` : `[[${ref}|`, close: "]]" };
  }
  if (isPlain && (href === words || href === `mailto:${words}`) && /^(https?:|mailto:)[^\s<>]+$/.test(href)) {
    for (const each of run) each.raw = each.text;
    return { open: "<", close: ">" };
  }
  const target = /[\s()<>\\]/.test(href) ? `<${href.replace(/[<>]/g, encodeURIComponent)}>` : href;
  return { open: "[", close: `](${target}${titled(title)})` };
}

function titled(title) {
  return title ? ` "${title.replace(/["\\]/g, "\\$&")}"` : "";
}

function written(piece, how, before) {
  if (piece.raw !== undefined) return piece.raw;
  if (piece.isCode) return coded(piece.text);
  if (piece.node.type.name === "hard_break") return how.isOneLine ? "<br>" : "  \n";
  if (piece.node.type.name === "image") {
    const { src, alt, title } = piece.node.attrs;
    return `![${escaped(alt.replace(/\s+/g, " "), { ...how, isBracketed: true }, "")}](${src}${titled(title)})`;
  }
  return escaped(piece.text, how, before);
}

function coded(text) {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map((run) => run[0].length));
  const marks = "`".repeat(longest + 1);
  const pad = /^`|`$/.test(text) ? " " : "";
  return marks + pad + text + pad + marks;
}

/** Text in which nothing means anything. */
function escaped(text, { isCell, isBracketed }, before) {
  let out = text.replace(/[\\`*]/g, "\\$&");
  out = out.replace(/_/g, (mark, at) => {
    const left = at ? out[at - 1] : before.at(-1) ?? " ";
    return WORD.test(left) && left !== "_" && /[\p{L}\p{N}]/u.test(out[at + 1] ?? " ") ? mark : `\\${mark}`;
  });
  if (isBracketed) out = out.replace(/[[\]]/g, "\\$&");
  out = out.replace(/<(?=[A-Za-z/!?])/g, "\\<").replace(/&(?=#?\w+;)/g, "\\&");
  return isCell ? out.replace(/\|/g, "\\|") : out;
}

/** The first characters of a line must not make it a heading, a list, a quote, a rule or a label. */
function guarded(text, isItem) {
  const lines = text.split("\n").map((line) => {
    const bare = line.replace(/^ +/, "");
    return bare
      .replace(/^(#{1,6}|>|[-+](?=\s|$)|={1,}\s*$|-{2,}[-\s]*$|(-\s+)+-\s*$|~{3,}|\|)/, "\\$1")
      .replace(/^(\d+)([.)])(?=\s|$)/, "$1\\$2")
      .replace(/^\[([^\]]*)\]:/, "\\[$1]:");
  });
  const joined = lines.join("\n");
  if (!isItem) return joined;
  return joined.replace(/^☐(?=\s)/, "[ ]").replace(/^☑(?=\s)/, "[x]").replace(/^\[([ xX])\](?=\s)/, (all, box) => (/^[☐☑]/.test(text) ? all : `\\[${box}]`));
}
