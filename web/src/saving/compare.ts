/** What is saved beside what is on the page, which can be edited; on a narrow screen one in the other. Loaded when needed. */
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { MergeView, unifiedMergeView } from "@codemirror/merge";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { styleNonce } from "../page/editor";
import { look } from "../shelf/difference";

export interface Comparison {
  theirs: string;
  mine: string;
  words: { theirs: string; mine: string; take: string; same: string };
  narrow: boolean;
}

const DIFF = { scanLimit: 1000, timeout: 400 };
const FOLD = { margin: 1, minSize: 4 };

/** Lay both texts into an element. */
export function compare(
  parent: HTMLElement,
  { theirs, mine, words, narrow }: Comparison,
): { text(): string; remove(): void } {
  const both = [
    EditorView.lineWrapping,
    EditorView.cspNonce.of(styleNonce()),
    EditorState.phrases.of({ "$ unchanged lines": words.same, "Revert this chunk": words.take }),
    look,
  ];
  const named = (label: string): Extension => EditorView.contentAttributes.of({ "aria-label": label, lang: "zh-CN" });
  const written = [...both, named(words.mine), history(), keymap.of([...defaultKeymap, ...historyKeymap])];
  const taking = (): HTMLButtonElement => {
    const button = document.createElement("button");
    button.type = "button";
    button.title = words.take;
    button.setAttribute("aria-label", words.take);
    button.textContent = narrow ? words.take : "→";
    return button;
  };
  if (narrow) {
    const merging = unifiedMergeView({
      original: theirs,
      gutter: false,
      diffConfig: DIFF,
      collapseUnchanged: FOLD,
      mergeControls: (kind, take) => {
        const button = taking();
        button.hidden = kind === "accept";
        button.className = "take";
        button.onmousedown = take;
        return button;
      },
    });
    const view = new EditorView({ parent, doc: mine, extensions: [written, merging] });
    return { text: () => view.state.doc.toString(), remove: () => view.destroy() };
  }
  const fixed = [...both, named(words.theirs), EditorState.readOnly.of(true), EditorView.editable.of(false)];
  const view = new MergeView({
    parent,
    a: { doc: theirs, extensions: fixed },
    b: { doc: mine, extensions: written },
    gutter: false,
    diffConfig: DIFF,
    collapseUnchanged: FOLD,
    revertControls: "a-to-b",
    renderRevertControl: taking,
  });
  return { text: () => view.b.state.doc.toString(), remove: () => view.destroy() };
}
