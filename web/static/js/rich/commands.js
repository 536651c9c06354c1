// What the toolbar and its keys do. `isOn` says whether it holds where the cursor stands.
import {
  addColumnAfter, addRowAfter, addRowBefore, addColumnBefore, deleteColumn, deleteRow, deleteTable, isInTable, lift, liftListItem, redo,
  setBlockType, TextSelection, toggleMark, undo, wrapIn, wrapInList,
} from "../../vendor/prosemirror.js";
import { schema } from "./schema.js";

const { nodes, marks } = schema;

function marked(type, key) {
  return {
    key,
    run: toggleMark(type),
    isOn: ({ selection: { from, to, empty, $from }, storedMarks, doc }) =>
      empty ? Boolean(type.isInSet(storedMarks ?? $from.marks())) : doc.rangeHasMark(from, to, type),
  };
}

function block(type, attrs, key) {
  const isOn = ({ selection: { $from, to } }) => to <= $from.end() && $from.parent.hasMarkup(type, attrs);
  const set = setBlockType(type, attrs);
  const unset = setBlockType(nodes.paragraph);
  return { key, isOn, run: (state, dispatch) => (isOn(state) ? unset : set)(state, dispatch) };
}

function around({ selection: { $from } }, ...types) {
  for (let depth = $from.depth; depth > 0; depth--) if (types.includes($from.node(depth).type)) return $from.node(depth).type;
  return null;
}

function list(type, other, key) {
  const isOn = (state) => around(state, nodes.bullet_list, nodes.ordered_list) === type;
  return {
    key,
    isOn,
    run: (state, dispatch) => {
      if (isOn(state)) return liftListItem(nodes.list_item)(state, dispatch);
      if (around(state, nodes.bullet_list, nodes.ordered_list) === other) return turned(state, dispatch, type);
      return wrapInList(type)(state, dispatch);
    },
  };
}

function turned({ selection: { $from }, tr }, dispatch, type) {
  for (let depth = $from.depth; depth > 0; depth--) {
    if (![nodes.bullet_list, nodes.ordered_list].includes($from.node(depth).type)) continue;
    dispatch?.(tr.setNodeMarkup($from.before(depth), type));
    return true;
  }
  return false;
}

function addTable(state, dispatch) {
  if (isInTable(state)) return false;
  const cell = (type) => type.createAndFill();
  const row = (type) => nodes.table_row.create(null, [cell(type), cell(type), cell(type)]);
  const table = nodes.table.create(null, [row(nodes.table_header), row(nodes.table_cell), row(nodes.table_cell)]);
  const { $from } = state.selection;
  const at = $from.depth ? $from.after(1) : state.selection.to;
  const tr = state.tr.insert(at, table);
  dispatch?.(tr.setSelection(TextSelection.near(tr.doc.resolve(at + 1))).scrollIntoView());
  return true;
}

const aligned = (align) => (state, dispatch) => {
  if (!isInTable(state)) return false;
  const { $from } = state.selection;
  let depth = $from.depth;
  while (!$from.node(depth).type.spec.tableRole?.endsWith("cell")) depth--;
  const [table, column, start] = [$from.node(depth - 2), $from.index(depth - 1), $from.start(depth - 2)];
  const { tr } = state;
  table.forEach((row, offset) => {
    let pos = start + offset + 1;
    row.forEach((cell, _offset, at) => {
      if (at === column) tr.setNodeMarkup(pos, null, { ...cell.attrs, align });
      pos += cell.nodeSize;
    });
  });
  dispatch?.(tr);
  return true;
};

const inTable = (run) => ({ run, isTable: true });
const quote = { isOn: (state) => around(state, nodes.blockquote) !== null };
quote.run = (state, dispatch) => (quote.isOn(state) ? lift : wrapIn(nodes.blockquote))(state, dispatch);

export const COMMANDS = {
  undo: { run: undo },
  redo: { run: redo },
  heading: block(nodes.heading, { level: 4 }, "Mod-Alt-2"),
  subheading: block(nodes.heading, { level: 5 }, "Mod-Alt-3"),
  bold: marked(marks.strong, "Mod-b"),
  italic: marked(marks.em, "Mod-i"),
  code: marked(marks.code, "Mod-e"),
  bullets: list(nodes.bullet_list, nodes.ordered_list, "Mod-Shift-8"),
  numbers: list(nodes.ordered_list, nodes.bullet_list, "Mod-Shift-7"),
  quote: { ...quote, key: "Mod-Shift-9" },
  block: block(nodes.code_block, null, "Mod-Alt-c"),
  link: { asks: "link", key: "Mod-Shift-l", isOn: (state) => Boolean(linkAt(state)) },
  picture: { asks: "picture", key: "Mod-Alt-g" },
  source: { isAlways: true, key: "Mod-Alt-m" },
  table: { run: addTable },
  "row-above": inTable(addRowBefore),
  "row-below": inTable(addRowAfter),
  "row-gone": inTable(deleteRow),
  "column-left": inTable(addColumnBefore),
  "column-right": inTable(addColumnAfter),
  "column-gone": inTable(deleteColumn),
  "align-left": inTable(aligned(null)),
  "align-center": inTable(aligned("center")),
  "align-right": inTable(aligned("right")),
  "table-gone": inTable(deleteTable),
};

/** The link that the cursor stands in, with where it begins and ends. */
export function linkAt({ selection: { $from } }) {
  const mark = marks.link.isInSet($from.marks()) ?? marks.link.isInSet($from.nodeAfter?.marks ?? []);
  if (!mark) return null;
  let [from, to] = [$from.pos, $from.pos];
  while (from > $from.start() && mark.isInSet($from.doc.resolve(from).nodeBefore?.marks ?? [])) from -= $from.doc.resolve(from).nodeBefore.nodeSize;
  while (to < $from.end() && mark.isInSet($from.doc.resolve(to).nodeAfter?.marks ?? [])) to += $from.doc.resolve(to).nodeAfter.nodeSize;
  return { mark, from, to };
}
