// What the editor of the desk takes from ProseMirror. Its own code, in web/static/js/rich/, needs no build.
export { DOMParser, DOMSerializer, Fragment, Node, Schema, Slice } from "prosemirror-model";
export { EditorState, Plugin, PluginKey, NodeSelection, Selection, TextSelection } from "prosemirror-state";
export { EditorView } from "prosemirror-view";
export { history, redo, undo } from "prosemirror-history";
export { keymap } from "prosemirror-keymap";
export {
  baseKeymap, chainCommands, exitCode, lift, selectParentNode, setBlockType, toggleMark, wrapIn,
} from "prosemirror-commands";
export { liftListItem, sinkListItem, splitListItem, wrapInList } from "prosemirror-schema-list";
export { InputRule, inputRules, textblockTypeInputRule, wrappingInputRule } from "prosemirror-inputrules";
export {
  addColumnAfter, addColumnBefore, addRowAfter, addRowBefore, deleteColumn, deleteRow, deleteTable,
  goToNextCell, isInTable, tableEditing,
} from "prosemirror-tables";
export { dropCursor } from "prosemirror-dropcursor";
export { gapCursor } from "prosemirror-gapcursor";
