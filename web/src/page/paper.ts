/** How the page looks: prose in lines of 36 characters, paragraphs indented by presentation, the title above. */
import type { Extension } from "@codemirror/state";
import { Decoration, EditorView, ViewPlugin, type ViewUpdate } from "@codemirror/view";

const TITLE = Decoration.line({ class: "page-title" });

/** The first line is the chapter's title, which is part of its text. */
const title = ViewPlugin.fromClass(
  class {
    decorations = Decoration.set(TITLE.range(0));
    update(_update: ViewUpdate) {}
  },
  { decorations: (plugin) => plugin.decorations },
);

const look = EditorView.theme({
  "&": { height: "100%", fontSize: "var(--type-page)", color: "var(--ink)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--page-font)", lineHeight: "1.9", overflowX: "hidden" },
  ".cm-content": {
    maxWidth: "calc(36em + 2 * var(--space) * 4)",
    margin: "0 auto",
    padding: "calc(var(--space) * 6) calc(var(--space) * 4) 40vh",
    caretColor: "var(--cinnabar)",
    textAlign: "justify",
    lineBreak: "strict",
  },
  ".cm-line": { padding: "0", textIndent: "2em" },
  ".cm-line.page-title": {
    textIndent: "0",
    textAlign: "center",
    fontSize: "var(--type-title)",
    fontWeight: "var(--weight-strong)",
    lineHeight: "1.5",
    paddingBottom: "calc(var(--space) * 3)",
  },
  ".cm-cursor": { borderLeftColor: "var(--cinnabar)", borderLeftWidth: "2px" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
    background: "var(--cinnabar-wash)",
  },
  ".ink-pale": { color: "var(--ink-pale)" },
  "@media (max-width: 760px)": {
    ".cm-content": { padding: "calc(var(--space) * 3) calc(var(--space) * 2) 40vh" },
  },
});

export const paper: Extension = [title, look, EditorView.lineWrapping];
