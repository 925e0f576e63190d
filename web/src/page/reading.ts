/** The thin mark in the page's margin where the model's reading begins. */
import { StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView } from "@codemirror/view";

const BLANK = /[\s\u3000\u200b\ufeff]/;

/**
 * Return the place in a text, which goes on at its end, where the reading of it begins; null where all of it is read.
 * What is read is the end of the text but for blanks, which a model may be spared.
 */
export function readingBegins(text: string, read: string): number | null {
  let left = 0;
  for (const character of read) if (!BLANK.test(character)) left += character.length;
  let place = text.length;
  for (; left > 0 && place > 0; place--) if (!BLANK.test(text.charAt(place - 1))) left--;
  return text.slice(0, place).trim() ? place : null;
}

const setMark = StateEffect.define<{ place: number; title: string } | null>();

const mark = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    marks = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(setMark)) continue;
      if (!effect.value) return Decoration.none;
      const { place, title } = effect.value;
      const line = transaction.state.doc.lineAt(place);
      const attributes = { class: "reading-begins", title };
      marks = Decoration.set(Decoration.line({ attributes }).range(line.from));
    }
    return marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const look = EditorView.theme({
  ".cm-line.reading-begins": { position: "relative" },
  ".cm-line.reading-begins::before": {
    content: '""',
    position: "absolute",
    insetInlineStart: "calc(var(--space) * -2)",
    top: "0",
    height: "1.9em",
    borderInlineStart: "2px solid var(--ink-quiet)",
  },
});

/** Put the mark at a place of the page, with what it says; null takes it away. */
export function markReading(view: EditorView, place: number | null, title: string): void {
  if (!view.state.field(mark, false)) view.dispatch({ effects: StateEffect.appendConfig.of([mark, look]) });
  view.dispatch({ effects: setMark.of(place === null ? null : { place, title }) });
}
