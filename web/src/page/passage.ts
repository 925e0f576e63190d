/**
 * The passage that the machine has on the page: where it lies, how it grows, how another takes its place. However many
 * pieces it comes in, one undo takes it back.
 */
import { isolateHistory } from "@codemirror/commands";
import { type EditorState, StateEffect, StateField, Transaction, type TransactionSpec } from "@codemirror/state";
import { byMachine, drying, inkSpans, setInk } from "./ink";

export interface Passage {
  from: number;
  to: number;
}

/** A passage with whether the last step of the history is its own, so that what is written next joins that. */
interface Open extends Passage {
  joins: boolean;
}

const setPassage = StateEffect.define<Open | null>();

/** The open passage, if there is one; an edit of the author's closes it, and its ink dries. */
export const passageField = StateField.define<Open | null>({
  create: () => null,
  update(passage, transaction) {
    if (passage && transaction.docChanged) {
      const from = transaction.changes.mapPos(passage.from, -1);
      const to = Math.max(from, transaction.changes.mapPos(passage.to, 1));
      passage = { from, to, joins: passage.joins && transaction.annotation(byMachine) === true };
    }
    for (const effect of transaction.effects) if (effect.is(setPassage)) passage = effect.value;
    return passage;
  },
});

export function openPassage(state: EditorState): Passage | null {
  const open = state.field(passageField);
  return open && { from: open.from, to: open.to };
}

/**
 * The history joins events of this kind to the one before, whatever lies between: it is what an input method's
 * characters are, which come in pieces and go at once.
 */
const JOINED = "input.type.compose";

/** Return the transaction that opens an empty passage at a place; `grow` and `replace` fill it. */
export function begin(at: number): TransactionSpec {
  return reopen({ from: at, to: at });
}

/** Return the transaction that opens a passage over what stands there: what is written next takes its place. */
export function reopen({ from, to }: Passage): TransactionSpec {
  return { effects: setPassage.of({ from, to, joins: false }), annotations: isolateHistory.of("full") };
}

/** Return where the last stretch of pale ink before a place is, else the first after it; null where there is none. */
export function paleStretch(state: EditorState, place: number): Passage | null {
  const pale = inkSpans(state).filter((span) => span.ink === "pale");
  const found = pale.findLast((span) => span.from <= place) ?? pale[0];
  return found ? { from: found.from, to: found.to } : null;
}

/** Return the transaction that adds a piece to the end of the open passage. */
export function grow(state: EditorState, text: string): TransactionSpec {
  const passage = state.field(passageField);
  if (!passage || !text) return {};
  return written(state, passage, { from: passage.to, to: passage.to, insert: text });
}

/** Return the transaction that puts another text in place of the open passage. */
export function replace(state: EditorState, text: string): TransactionSpec {
  const passage = state.field(passageField);
  if (!passage || (passage.from === passage.to && !text)) return {};
  return written(state, passage, { from: passage.from, to: passage.to, insert: text });
}

/** Return the transaction that closes the passage; its ink dries with `dry`, else it stays pale. */
export function close(state: EditorState, dry: boolean): TransactionSpec {
  return { effects: [setPassage.of(null), ...(dry ? drying(state) : [])] };
}

function written(state: EditorState, passage: Open, change: { from: number; to: number; insert: string }) {
  const end = change.from + state.toText(change.insert).length;
  const follows = state.selection.main.empty && state.selection.main.head === passage.to;
  return {
    changes: change,
    effects: [
      setInk.of({ from: change.from, to: end, ink: "pale" as const }),
      setPassage.of({ from: passage.from, to: end, joins: true }),
    ],
    annotations: [
      byMachine.of(true),
      Transaction.userEvent.of(passage.joins ? JOINED : "input.machine"),
      isolateHistory.of(passage.joins ? "after" : "full"), // what the author types next is a step of its own
    ],
    ...(follows ? { selection: { anchor: end }, scrollIntoView: true } : {}),
  } satisfies TransactionSpec;
}
