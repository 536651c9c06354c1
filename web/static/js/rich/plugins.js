// What an editor does beside showing its document: keys, rules while one types, tables, undo.
import {
  baseKeymap, chainCommands, dropCursor, exitCode, gapCursor, goToNextCell, history, InputRule, inputRules, keymap,
  liftListItem, Plugin, redo, sinkListItem, splitListItem, tableEditing, textblockTypeInputRule, undo, wrappingInputRule,
} from "../../vendor/prosemirror.js";
import { COMMANDS } from "./commands.js";
import { pasting } from "./pasting.js";
import { schema } from "./schema.js";

const { nodes, marks } = schema;

export function plugins(field) {
  return [
    rules(),
    keymap(keys(field)),
    keymap(baseKeymap),
    history(),
    dropCursor({ class: "rich-drop", color: false }),
    gapCursor(),
    tableEditing(),
    tidying(),
    pasting(field),
    watching(field),
  ];
}

function keys(field) {
  const found = {
    "Mod-z": undo,
    "Shift-Mod-z": redo,
    "Mod-y": redo,
    "Mod-Enter": () => false,
    Enter: chainCommands(breakInCell, splitItem),
    "Shift-Enter": chainCommands(exitCode, addBreak),
    Tab: chainCommands(goToNextCell(1), sinkListItem(nodes.list_item)),
    "Shift-Tab": chainCommands(goToNextCell(-1), liftListItem(nodes.list_item)),
    "Alt-F10": () => field.desk.toolbar.focus(),
  };
  for (const [name, command] of Object.entries(COMMANDS)) {
    if (!command.key) continue;
    found[command.key] = () => {
      field.desk.toolbar.press(name);
      return true;
    };
  }
  return found;
}

function addBreak(state, dispatch) {
  if (!state.selection.$from.parent.inlineContent || state.selection.$from.parent.type.spec.code) return false;
  dispatch?.(state.tr.replaceSelectionWith(nodes.hard_break.create()).scrollIntoView());
  return true;
}

/** The new item stands as far apart as the one that it comes from. */
function splitItem(state, dispatch) {
  const item = state.selection.$from.node(-1);
  return splitListItem(nodes.list_item, item?.type === nodes.list_item ? item.attrs : undefined)(state, dispatch);
}

/** A cell of Markdown is one paragraph. */
function breakInCell(state, dispatch) {
  const { $from } = state.selection;
  return $from.depth > 1 && $from.node(-1).type.spec.tableRole ? addBreak(state, dispatch) : false;
}

function rules() {
  const marked = (pattern, type) =>
    new InputRule(pattern, (state, match, start, end) => {
      const [all, lead, words] = match;
      const from = start + lead.length;
      if (state.doc.rangeHasMark(from, end, marks.code) || !words.trim() || !all) return null;
      return state.tr.replaceWith(from, end, schema.text(words, [type.create()])).removeStoredMark(type);
    });
  return inputRules({
    rules: [
      textblockTypeInputRule(/^(#{1,3})\s$/, nodes.heading, (match) => ({ level: Math.min(match[1].length + 2, 6) })),
      textblockTypeInputRule(/^```$/, nodes.code_block),
      wrappingInputRule(/^\s*>\s$/, nodes.blockquote),
      wrappingInputRule(/^\s*[-+*]\s$/, nodes.bullet_list),
      wrappingInputRule(/^(\d{1,3})\.\s$/, nodes.ordered_list, (match) => ({ start: Number(match[1]) })),
      new InputRule(/^\[( |x)\]\s$/, (state, match, start, end) =>
        state.doc.resolve(start).node(-1)?.type === nodes.list_item
          ? state.tr.replaceWith(start, end, schema.text(match[1] === "x" ? "☑ " : "☐ "))
          : null),
      new InputRule(/\[\[([LRTMPH]-\d{4,9})(?:\|([^[\]|\n]+))?\]\]$/, (state, match, start, end) =>
        state.tr.replaceWith(start, end, schema.text(match[2] ?? match[1], [marks.link.create({ href: `/entries/${match[1]}` })])).removeStoredMark(marks.link)),
      marked(/(^|\s)\*\*([^*\s](?:[^*]*[^*\s])?)\*\*$/, marks.strong),
      marked(/(^|\s)_([^_\s](?:[^_]*[^_\s])?)_$/, marks.em),
      marked(/(^|\s)`([^`]+)`$/, marks.code),
    ],
  });
}

/** What Markdown cannot say is put right at once: a table's first row is its head and
 * says how columns stand, lists of one kind that meet are one. */
function tidying() {
  return new Plugin({
    appendTransaction(steps, _before, state) {
      if (!steps.some((step) => step.docChanged)) return null;
      const { tr } = state;
      state.doc.descendants((node, pos, parent, at) => {
        if (node.type === nodes.list_item) spaced(tr, node, pos, parent, at);
        if (node.type === nodes.table_row) headed(tr, node, pos, parent.firstChild, at);
      });
      meetings(tr);
      return tr.docChanged ? tr : null;
    },
  });
}

function headed(tr, row, pos, head, at) {
  const type = at === 0 ? nodes.table_header : nodes.table_cell;
  row.forEach((cell, offset, column) => {
    const align = head.maybeChild(column)?.attrs.align ?? null;
    if (cell.type !== type || cell.attrs.align !== align) tr.setNodeMarkup(pos + 1 + offset, type, { ...cell.attrs, align });
  });
}

/** An item of several blocks is loose; else two loose ones have to meet. */
function spaced(tr, item, pos, list, at) {
  const isLoose = (place) => list.maybeChild(place)?.attrs.loose ?? false;
  let loose = isLoose(at) && (isLoose(at - 1) || isLoose(at + 1));
  item.forEach((block, _offset, place) => {
    if (place && !block.type.name.endsWith("_list")) loose = true;
  });
  if (loose !== item.attrs.loose) tr.setNodeMarkup(pos, null, { loose });
}

function meetings(tr) {
  const places = [];
  tr.doc.descendants((node, pos, parent, at) => {
    const before = at ? parent.child(at - 1) : null;
    const joins = [nodes.bullet_list, nodes.ordered_list, nodes.blockquote].includes(node.type);
    if (before && joins && before.type === node.type) places.push(pos);
  });
  for (const pos of places.reverse()) tr.join(pos);
}

function watching(field) {
  return new Plugin({
    props: {
      handleDOMEvents: {
        focus: () => {
          field.desk.toolbar.serve(field);
          return false;
        },
      },
    },
  });
}
