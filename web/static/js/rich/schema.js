// What a text may hold: what the repository's Markdown can say, and the renderer shows.
import { Schema } from "../../vendor/prosemirror.js";

/** Tags of words that Markdown has no mark for; they stand in it as they are. */
export const TAGS = ["sub", "sup", "del", "ins", "kbd", "mark", "u", "s", "small", "samp", "var", "q", "b", "i"];

const cell = (tag) => ({
  content: "paragraph",
  isolating: true,
  tableRole: tag === "th" ? "header_cell" : "cell",
  attrs: { align: { default: null }, colspan: { default: 1 }, rowspan: { default: 1 }, colwidth: { default: null } },
  parseDOM: [{ tag, getAttrs: (dom) => ({ align: dom.getAttribute("align") }) }],
  toDOM: (node) => [tag, node.attrs.align ? { align: node.attrs.align } : {}, 0],
});

const nodes = {
  doc: { content: "block+" },
  paragraph: { content: "inline*", group: "block", parseDOM: [{ tag: "p" }], toDOM: () => ["p", 0] },
  heading: {
    attrs: { level: { default: 4 } },
    content: "inline*",
    group: "block",
    defining: true,
    parseDOM: [3, 4, 5, 6].map((level) => ({ tag: `h${level}`, attrs: { level } })),
    toDOM: (node) => [`h${node.attrs.level}`, 0],
  },
  blockquote: {
    content: "block+",
    group: "block",
    defining: true,
    parseDOM: [{ tag: "blockquote" }],
    toDOM: () => ["blockquote", 0],
  },
  bullet_list: { content: "list_item+", group: "block", parseDOM: [{ tag: "ul" }], toDOM: () => ["ul", 0] },
  ordered_list: {
    attrs: { start: { default: 1 } },
    content: "list_item+",
    group: "block",
    parseDOM: [{ tag: "ol", getAttrs: (dom) => ({ start: Number(dom.getAttribute("start") ?? 1) }) }],
    toDOM: (node) => ["ol", node.attrs.start === 1 ? {} : { start: node.attrs.start }, 0],
  },
  list_item: {
    // Items of a loose list hold paragraphs, which stand further apart.
    attrs: { loose: { default: false } },
    content: "paragraph block*",
    defining: true,
    parseDOM: [{ tag: "li", getAttrs: (dom) => ({ loose: dom.firstElementChild?.localName === "p" && startsWithIt(dom) }) }],
    toDOM: (node) => ["li", node.attrs.loose ? { "data-loose": "" } : {}, 0],
  },
  code_block: {
    content: "text*",
    marks: "",
    group: "block",
    code: true,
    defining: true,
    parseDOM: [{ tag: "pre", preserveWhitespace: "full" }],
    toDOM: () => ["pre", ["code", 0]],
  },
  horizontal_rule: { group: "block", parseDOM: [{ tag: "hr" }], toDOM: () => ["hr"] },
  table: {
    content: "table_row+",
    tableRole: "table",
    isolating: true,
    group: "block",
    parseDOM: [{ tag: "table" }],
    toDOM: () => ["table", ["tbody", 0]],
  },
  table_row: {
    content: "(table_cell | table_header)*",
    tableRole: "row",
    parseDOM: [{ tag: "tr" }],
    toDOM: () => ["tr", 0],
  },
  table_cell: cell("td"),
  table_header: cell("th"),
  text: { group: "inline" },
  hard_break: { inline: true, group: "inline", selectable: false, parseDOM: [{ tag: "br" }], toDOM: () => ["br"] },
  image: {
    inline: true,
    group: "inline",
    draggable: true,
    attrs: { src: {}, alt: { default: "" }, title: { default: "" } },
    parseDOM: [
      {
        tag: "img[src]",
        getAttrs: (dom) => ({
          src: dom.getAttribute("src"),
          alt: dom.getAttribute("alt") ?? "",
          title: dom.getAttribute("title") ?? "",
        }),
      },
    ],
    toDOM: ({ attrs }) => ["img", attrs.title ? attrs : { src: attrs.src, alt: attrs.alt }],
  },
};

function startsWithIt(item) {
  return [...item.childNodes].find((each) => each.nodeType === 1 || each.textContent.trim())?.nodeType === 1;
}

const marks = {
  link: {
    attrs: { href: {}, title: { default: "" } },
    inclusive: false,
    parseDOM: [
      {
        tag: "a[href]",
        getAttrs: (dom) => ({ href: dom.getAttribute("href"), title: dom.getAttribute("title") ?? "" }),
      },
    ],
    toDOM: ({ attrs }) => ["a", attrs.title ? attrs : { href: attrs.href }, 0],
  },
  strong: { parseDOM: [{ tag: "strong" }], toDOM: () => ["strong", 0] },
  em: { parseDOM: [{ tag: "em" }], toDOM: () => ["em", 0] },
  ...Object.fromEntries(TAGS.map((tag) => [tag, { parseDOM: [{ tag }], toDOM: () => [tag, 0] }])),
  code: { code: true, parseDOM: [{ tag: "code" }], toDOM: () => ["code", 0] },
};

export const schema = new Schema({ nodes, marks });
