/** The editor of a chapter: CodeMirror with paper, ink, the machine's passage, and the keys of the desk. */
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension, Transaction } from "@codemirror/state";
import { drawSelection, EditorView, keymap, type ViewUpdate } from "@codemirror/view";
import { comfort } from "./comfort";
import { hinted, hints } from "./hints";
import { byMachine, ink, type Span } from "./ink";
import { panel } from "./panel";
import { paper } from "./paper";
import { openPassage, passageField } from "./passage";
import { plainPaste } from "./paste";

/** What is to be told of the page while it is edited. */
export interface PageEvents {
  /** The text or its ink has changed, in whatever way. */
  changed(update: ViewUpdate): void;
  /** The author has typed while a passage of the machine's was open: it is accepted. */
  accepted(): void;
  /** The caret is somewhere else. */
  moved(position: number): void;
  /** A character was clicked: the place before it. */
  clicked(position: number): void;
}

/** What the page says; CodeMirror's own words are English where `phrases` has no other. */
export interface PageWords {
  label: string;
  /** What stands where the title, and where the first sentence, is to be. */
  titleHint: string;
  textHint: string;
}

/** What depends on the language and on whether one may write, and changes without a new editor. */
export const wording = new Compartment();
export const writable = new Compartment();

export const worded = (words: PageWords, phrases: Record<string, string>): Extension => [
  hints.of({ title: words.titleHint, text: words.textHint }),
  EditorState.phrases.of(phrases),
  EditorView.contentAttributes.of({ "aria-label": words.label, lang: "zh-CN", spellcheck: "false", tabindex: "0" }),
];

export const mayWrite = (may: boolean): Extension => [EditorState.readOnly.of(!may), EditorView.editable.of(may)];

/** Return the state of an editor over a chapter; `more` are the extensions of other parts of the desk. */
export function chapterState(
  text: string,
  spans: readonly Span[],
  events: PageEvents,
  words: PageWords,
  phrases: Record<string, string>,
  more: Extension = [],
): EditorState {
  return EditorState.create({
    doc: text,
    extensions: [
      more, // whose keys come first
      history({ newGroupDelay: 500 }),
      keymap.of([
        ...defaultKeymap.filter((binding) => !OURS.has(binding.key ?? "")),
        ...historyKeymap,
        ...searchKeymap,
      ]),
      drawSelection(),
      search({ top: true }),
      highlightSelectionMatches(),
      EditorView.cspNonce.of(styleNonce()),
      paper,
      panel,
      comfort,
      hinted,
      plainPaste,
      ink(spans, text.length),
      passageField,
      wording.of(worded(words, phrases)),
      writable.of(mayWrite(true)),
      telling(events),
    ],
  });
}

/** Keys that the desk has for itself. */
const OURS = new Set(["Mod-/", "Alt-A", "Ctrl-o"]);

function telling(events: PageEvents): Extension {
  return [
    EditorView.updateListener.of((update) => {
      if (update.docChanged || update.transactions.some((one) => one.effects.length)) events.changed(update);
      if (update.docChanged && openPassage(update.state) && update.transactions.some(isAuthors)) events.accepted();
      if (update.docChanged || update.selectionSet) events.moved(update.state.selection.main.head);
    }),
    EditorView.domEventHandlers({
      click(event, view) {
        const at = view.posAtCoords({ x: event.clientX, y: event.clientY }, false);
        const side = view.coordsAtPos(at, 1);
        if (view.state.selection.main.empty) events.clicked(side && event.clientX < side.left ? at - 1 : at);
      },
    }),
  ];
}

function isAuthors(transaction: Transaction): boolean {
  return transaction.docChanged && !transaction.annotation(byMachine) && !isOfHistory(transaction);
}

/** Whether it is an undo or a redo. */
export const isOfHistory = (transaction: Transaction): boolean =>
  transaction.isUserEvent("undo") || transaction.isUserEvent("redo");

/** Return the nonce that lets CodeMirror's own styles pass the page's policy. */
export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content ?? "";
}
