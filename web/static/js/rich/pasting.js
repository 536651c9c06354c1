// What is pasted or dropped: pictures are sent, and of other people's HTML only what a text here may hold stays.
import { Plugin } from "../../vendor/prosemirror.js";
import { addressOf } from "./links.js";
import { addPictures, describe, picturesOf } from "./pictures.js";
import { schema } from "./schema.js";

export function pasting(field) {
  return new Plugin({
    props: {
      transformPastedHTML: clean,
      handlePaste(view, event) {
        const data = event.clipboardData;
        const files = picturesOf(data);
        const words = data?.getData("text/plain").trim() ?? "";
        if (files.length && !words) {
          addPictures(field, files);
          return true;
        }
        return linked(view, words);
      },
      handleDrop(view, event) {
        const files = picturesOf(event.dataTransfer);
        if (!files.length) return false;
        event.preventDefault();
        addPictures(field, files, view.posAtCoords({ left: event.clientX, top: event.clientY })?.pos ?? null);
        return true;
      },
      handleDoubleClickOn(view, _pos, node, nodePos) {
        if (node.type === schema.nodes.image) describe(field, nodePos);
        return node.type === schema.nodes.image;
      },
    },
  });
}

/** An address alone becomes a link, or links what is selected. */
function linked(view, words) {
  const href = /^(https?:|mailto:)/i.test(words) || words.startsWith(location.origin) ? addressOf(words) : "";
  const { from, to, empty, $from } = view.state.selection;
  if (!href || $from.parent.type.spec.code) return false;
  const mark = schema.marks.link.create({ href });
  const shown = href.startsWith("/entries/") ? href.slice(9) : words;
  view.dispatch(empty ? view.state.tr.replaceSelectionWith(schema.text(shown, [mark]), false) : view.state.tr.addMark(from, to, mark));
  return true;
}

const GONE = "script, style, meta, link, title, xml, template, svg, math, iframe, object, head, input, select, textarea, button";
const HEADS = { h1: "h4", h2: "h4", h3: "h5", h4: "h6", h5: "h6" };

/** HTML of a word processor or of a page, as far as it is text. */
export function clean(html) {
  // The policy of our pages has no room for styles, not even to look at them.
  const styled = html.replace(/<style[^]*?(<\/style>|$)/gi, "").replace(/<[a-z][^<>]*/gi, (tag) => tag.replace(/\sstyle\s*=/i, " data-style="));
  const page = new DOMParser().parseFromString(styled, "text/html");
  const { body } = page;
  if (body.querySelector("[data-pm-slice]")) return html; // from one of our own fields
  for (const each of body.querySelectorAll(GONE)) each.remove();
  const comments = page.createTreeWalker(body, NodeFilter.SHOW_COMMENT);
  const found = [];
  while (comments.nextNode()) found.push(comments.currentNode);
  for (const each of found) each.remove();
  listed(body);
  for (const table of body.querySelectorAll("table")) squared(table);
  for (const each of [...body.querySelectorAll("*")]) plain(each);
  return body.innerHTML;
}

function plain(each) {
  const style = each.getAttribute("data-style") ?? "";
  const name = each.localName;
  if (name.includes(":")) return each.replaceWith(...each.childNodes);
  if (/display:\s*none|mso-hide:\s*all/i.test(style)) return each.remove();
  if (name === "a") {
    const href = addressOf((each.getAttribute("href") ?? "").trim());
    return href ? bare(each, { href }) : each.replaceWith(...each.childNodes);
  }
  if (name === "img") {
    const src = (each.getAttribute("src") ?? "").replace(location.origin, "");
    return /^\/attachments\/[0-9a-f]{64}\.\w+$/.test(src) ? bare(each, { src, alt: each.getAttribute("alt") ?? "" }) : each.remove();
  }
  const weight = /font-weight:\s*([^;]+)/i.exec(style)?.[1].trim();
  if (["b", "strong"].includes(name)) return /^(normal|400)$/.test(weight) ? each.replaceWith(...each.childNodes) : renamed(each, "strong");
  if (["i", "em"].includes(name)) return /font-style:\s*normal/i.test(style) ? each.replaceWith(...each.childNodes) : renamed(each, "em");
  if (name === "span") {
    const marks = [/^(bold|[6-9]00)$/.test(weight) && "strong", /font-style:\s*italic/i.test(style) && "em"].filter(Boolean);
    return marks.length ? marks.reduce((inner, tag) => renamed(inner, tag), each) : each.replaceWith(...each.childNodes);
  }
  if (["u", "ins", "del", "s", "small", "font", "mark", "q", "samp", "var"].includes(name)) return each.replaceWith(...each.childNodes);
  if (HEADS[name]) return renamed(each, HEADS[name]);
  if (["td", "th"].includes(name)) flattened(each);
  return bare(each, name === "ol" && each.getAttribute("start") ? { start: each.getAttribute("start") } : {});
}

function bare(each, kept) {
  for (const { name } of [...each.attributes]) each.removeAttribute(name);
  for (const [name, value] of Object.entries(kept)) each.setAttribute(name, value);
}

function renamed(each, tag) {
  const other = each.ownerDocument.createElement(tag);
  other.append(...each.childNodes);
  each.replaceWith(other);
  return other;
}

/** Every row has as many cells: a cell that spanned several leaves empty ones. */
function squared(table) {
  const rows = [...table.rows];
  for (const row of rows) for (const cell of [...row.cells]) for (let more = Math.min(cell.colSpan, 50); more > 1; more--) cell.after(table.ownerDocument.createElement("td"));
  const width = Math.max(0, ...rows.map((row) => row.cells.length));
  for (const row of rows) while (row.cells.length < width) row.append(table.ownerDocument.createElement("td"));
}

/** A cell holds one paragraph. */
function flattened(cell) {
  for (const block of cell.querySelectorAll("p, div, li, h1, h2, h3, h4, h5, h6, blockquote, pre")) {
    if (block.nextElementSibling) block.append(cell.ownerDocument.createElement("br"));
    block.replaceWith(...block.childNodes);
  }
  for (const each of cell.querySelectorAll("table, ul, ol, tbody, tr, td")) each.replaceWith(...each.childNodes);
}

/** Word writes lists as paragraphs that only look like them. */
function listed(body) {
  let stack = [];
  for (const each of [...body.querySelectorAll("p")]) {
    const level = Number(/mso-list:[^;]*\blevel(\d)/i.exec(each.getAttribute("data-style") ?? "")?.[1] ?? 0);
    if (!level) {
      stack = [];
      continue;
    }
    const mark = each.querySelector("[data-style*='mso-list:Ignore' i], [data-style*='mso-list: Ignore' i]");
    const tag = /^\s*[\da-z]{1,3}[.)]/i.test(mark?.textContent ?? "") ? "ol" : "ul";
    mark?.remove();
    if (each.previousElementSibling !== stack[0]) stack = [];
    while (stack.length > level) stack.pop();
    while (stack.length < level) {
      const list = body.ownerDocument.createElement(tag);
      if (stack.length) (stack.at(-1).lastElementChild ?? stack.at(-1).appendChild(body.ownerDocument.createElement("li"))).append(list);
      else each.before(list);
      stack.push(list);
    }
    const item = body.ownerDocument.createElement("li");
    item.append(...each.childNodes);
    stack.at(-1).append(item);
    each.remove();
  }
}
