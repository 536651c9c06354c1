// A document as Markdown, as the repository's renderer reads it: four spaces for what is inside a list,
// no fences within lists and quotes, a backslash before any punctuation that would mean something.
import { inline } from "./words.js";

/** The Markdown of a document. */
export function markdownOf(doc) {
  return blocks(doc, false);
}

function blocks(parent, isInside) {
  const parts = [];
  parent.forEach((node, _offset, at) => {
    const text = block(node, isInside, at ? parent.child(at - 1) : null);
    if (text) parts.push(text);
  });
  return parts.join("\n\n");
}

function block(node, isInside) {
  switch (node.type.name) {
    case "heading":
      return `${"#".repeat(node.attrs.level - 2)} ${inline(node, { isOneLine: true }).replace(/(#+)$/, "\\$1")}`;
    case "blockquote":
      return prefixed(blocks(node, true), "> ", ">");
    case "bullet_list":
      return list(node, () => "- ");
    case "ordered_list":
      return list(node, (at) => `${node.attrs.start + at}. `);
    case "code_block":
      return isInside ? prefixed(node.textContent, "    ") : fenced(node.textContent);
    case "horizontal_rule":
      return "---";
    case "table":
      return table(node);
    default:
      return inline(node, {});
  }
}

function fenced(text) {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}

function prefixed(text, prefix, blank = "") {
  return text
    .split("\n")
    .map((line) => (line ? prefix + line : blank))
    .join("\n");
}

function list(node, markOf) {
  const items = [];
  node.forEach((item, _offset, at) => {
    const mark = markOf(at);
    const gap = at ? (item.attrs.loose && node.child(at - 1).attrs.loose ? "\n\n" : "\n") : "";
    items.push(`${gap}${mark}${within(item)}`);
  });
  return items.join("");
}

/** What stands in an item: its first line beside the mark, all else below it, four spaces in. */
function within(item) {
  const parts = [];
  item.forEach((node, _offset, at) => {
    if (!at) return parts.push(inline(node, { isItem: true }));
    const text = block(node, true);
    if (!text) return;
    const isTight = node.type.name.endsWith("_list") && !item.attrs.loose && at === 1;
    parts.push((isTight ? "\n" : "\n\n") + text);
  });
  const [first, ...rest] = parts.join("").split("\n");
  return [first, ...rest.map((line) => (line ? `    ${line}` : ""))].join("\n");
}

const RULES = { left: ":---", center: ":---:", right: "---:" };

function table(node) {
  const lines = [];
  node.forEach((row, _offset, at) => {
    const cells = [];
    row.forEach((cell) => cells.push(inline(cell.firstChild, { isOneLine: true, isCell: true }) || " "));
    lines.push(`| ${cells.join(" | ")} |`);
    if (at) return;
    const rules = [];
    row.forEach((cell) => rules.push(RULES[cell.attrs.align] ?? "---"));
    lines.push(`| ${rules.join(" | ")} |`);
  });
  return lines.join("\n");
}
