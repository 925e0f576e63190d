/** Putting another text in the place of one, by the least change: so carets, marks and scrolling stay where they were. */
import { type ChangeSpec, type EditorState, Transaction, type TransactionSpec } from "@codemirror/state";
import { byMachine, inkSpans, setInk, type Span } from "../page/ink";

/** Return the one change that makes a text of another. */
export function changeBetween(before: string, after: string): ChangeSpec {
  const shorter = Math.min(before.length, after.length);
  let from = 0;
  while (from < shorter && before[from] === after[from]) from++;
  if (isHalf(before, from) || isHalf(after, from)) from--;
  let end = 0;
  while (end < shorter - from && before.at(-1 - end) === after.at(-1 - end)) end++;
  if (isHalf(before, before.length - end) || isHalf(after, after.length - end)) end--;
  return { from, to: before.length - end, insert: after.slice(from, after.length - end) };
}

/** Whether a place lies within a character of two units. */
const isHalf = (text: string, at: number): boolean => at > 0 && (text.charCodeAt(at) & 0xfc00) === 0xdc00;

/** Return the transaction that puts the store's text on the page, with its ink; an undo may be let take it back. */
export function replacing(state: EditorState, text: string, spans: readonly Span[], undoable = false): TransactionSpec {
  const before = state.doc.toString();
  const gone = inkSpans(state).map(({ from, to }) => ({ from, to, ink: null }));
  const changes = state.changes(changeBetween(before, text));
  const effects = [
    ...gone.map((span) => setInk.of(span).map(changes)).filter((effect) => effect !== undefined),
    ...spans.filter(({ from, to }) => from < to && to <= text.length).map((span) => setInk.of(span)),
  ];
  return { changes, effects, annotations: [byMachine.of(true), Transaction.addToHistory.of(undoable)] };
}
