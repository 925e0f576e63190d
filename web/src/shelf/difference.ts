/** Two texts of a chapter and how they differ: side by side, or on a narrow screen one in the other. Loaded when needed. */
import { MergeView, unifiedMergeView } from "@codemirror/merge";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { styleNonce } from "../page/editor";

export interface Compared {
  before: string;
  now: string;
  /** Names of the two, for those who do not see them side by side. */
  names: { before: string; now: string };
  /** CodeMirror's phrases in the language of the desk. */
  phrases: Record<string, string>;
  /** Whether what is the same is folded away. */
  folded: boolean;
  narrow: boolean;
}

const DIFF = { scanLimit: 1000, timeout: 400 };
const FOLD = { margin: 1, minSize: 3 };

/** How two texts look that are compared. */
export const look = EditorView.theme({
  "&": { fontSize: "var(--type-body)", color: "var(--ink)", background: "none" },
  ".cm-scroller": { fontFamily: "var(--page-font)", lineHeight: "1.9" },
  ".cm-content": { padding: "0", lineBreak: "strict" },
  ".cm-line": { padding: "0 var(--space)", textIndent: "2em" },
  "&.cm-merge-a .cm-changedLine, &.cm-merge-b .cm-changedLine, .cm-deletedChunk": { background: "none" },
  ".cm-inlineChangedLine": { background: "none" },
  "&.cm-merge-a .cm-changedText, .cm-deletedChunk .cm-deletedText": {
    background: "var(--cinnabar-wash)",
    textDecoration: "line-through",
  },
  "&.cm-merge-b .cm-changedText, .cm-insertedLine .cm-changedText": {
    background: "color-mix(in srgb, var(--lore) 16%, transparent)",
  },
  ".cm-deletedChunk": { padding: "0", color: "var(--ink-quiet)" },
  ".cm-deletedLine": { padding: "0 var(--space)", textIndent: "2em" },
  ".cm-collapsedLines": {
    padding: "4px var(--space)",
    background: "var(--paper-deep)",
    color: "var(--ink-quiet)",
    fontFamily: "var(--sans)",
    fontSize: "var(--type-small)",
    "&:before, &:after": { content: "none" },
  },
});

/** Show the difference in an element; returns what takes it away again. */
export function showDifference(parent: HTMLElement, compared: Compared): () => void {
  const { before, now, names, folded, narrow } = compared;
  const collapseUnchanged = folded ? FOLD : undefined;
  if (narrow) {
    const merged = unifiedMergeView({
      original: before,
      mergeControls: false,
      gutter: false,
      diffConfig: DIFF,
      collapseUnchanged,
    });
    const view = new EditorView({ parent, doc: now, extensions: [common(names.now, compared), merged] });
    return () => view.destroy();
  }
  const view = new MergeView({
    parent,
    a: { doc: before, extensions: common(names.before, compared) },
    b: { doc: now, extensions: common(names.now, compared) },
    gutter: false,
    diffConfig: DIFF,
    collapseUnchanged,
  });
  return () => view.destroy();
}

function common(name: string, { phrases }: Compared): Extension {
  return [
    EditorState.readOnly.of(true),
    EditorView.editable.of(false),
    EditorView.lineWrapping,
    EditorView.cspNonce.of(styleNonce()),
    EditorState.phrases.of(phrases),
    EditorView.contentAttributes.of({ "aria-label": name, lang: "zh-CN" }),
    look,
  ];
}
