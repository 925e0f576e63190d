/**
 * Who wrote what. A passage of the machine's is pale until the author accepts it; then it is dry, and looks like all
 * other ink, but is remembered. What a person types, pastes or drops is the person's, wherever it falls.
 */
import { invertedEffects } from "@codemirror/commands";
import {
  Annotation,
  type EditorState,
  type Extension,
  RangeSet,
  type StateEffect as Effect,
  StateEffect,
  StateField,
  type Transaction,
} from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView } from "@codemirror/view";

export type Ink = "pale" | "dry";

/** A stretch of the machine's text, in UTF-16 units from the beginning of the chapter. */
export interface Span {
  from: number;
  to: number;
  ink: Ink;
}

/** Marks a transaction whose insertions are the machine's. */
export const byMachine = Annotation.define<true>();

/** Gives a stretch an ink, or with `ink: null` back to the author. */
export const setInk = StateEffect.define<{ from: number; to: number; ink: Ink | null }>({
  map: (value, changes) => {
    // The history maps its effects as if they were of the text before an undo, which may be shorter.
    const from = changes.mapPos(Math.min(value.from, changes.length), 1);
    const to = changes.mapPos(Math.min(value.to, changes.length), -1);
    return from < to ? { ...value, from, to } : undefined;
  },
});

const MARKS: Record<Ink, Decoration> = {
  pale: Decoration.mark({ class: "ink-pale", ink: "pale" }),
  dry: Decoration.mark({ class: "ink-dry", ink: "dry" }),
};

export const inkField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    if (transaction.docChanged) {
      marks = marks.map(transaction.changes);
      if (!transaction.annotation(byMachine)) marks = withoutInsertions(marks, transaction);
    }
    for (const effect of transaction.effects) if (effect.is(setInk)) marks = withInk(marks, effect.value);
    return marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** Return the machine's stretches, in their order, neighbours of one ink as one. */
export function inkSpans(state: EditorState): Span[] {
  const spans: Span[] = [];
  state.field(inkField).between(0, state.doc.length, (from, to, mark) => {
    const ink = inkOf(mark);
    const last = spans.at(-1);
    if (last && last.to === from && last.ink === ink) last.to = to;
    else spans.push({ from, to, ink });
  });
  return spans;
}

/** Return the ink field of a chapter as it was saved; what lies outside of the text, or overlaps, is left out. */
export function inkOfSpans(spans: readonly Span[], length: number): Extension {
  return inkField.init(() => {
    const ranges = [];
    let free = 0;
    for (const { from, to, ink } of [...spans].sort((a, b) => a.from - b.from)) {
      if (from < free || to <= from || to > length || !(ink in MARKS)) continue;
      ranges.push(MARKS[ink].range(from, to));
      free = to;
    }
    return RangeSet.of(ranges);
  });
}

/** Return the stretch of the machine's that holds the character after a place; null where a person wrote it. */
export const stretchAt = (state: EditorState, place: number): Span | null =>
  inkSpans(state).find((span) => span.from <= place && place < span.to) ?? null;

/** Return the effects that let all pale ink dry. */
export function drying(state: EditorState): Effect<unknown>[] {
  return inkSpans(state)
    .filter((span) => span.ink === "pale")
    .map(({ from, to }) => setInk.of({ from, to, ink: "dry" }));
}

/** The ink, and its way through undo and redo. */
export function ink(spans: readonly Span[], length: number): Extension {
  return [
    inkOfSpans(spans, length),
    invertedEffects.of((transaction) => (transaction.docChanged ? lostInk(transaction) : [])),
  ];
}

function inkOf(mark: Decoration): Ink {
  return (mark.spec as { ink: Ink }).ink;
}

/** Return the marks with another one, which joins its neighbours of the same ink: a passage is one mark, not one a piece. */
function withInk(marks: DecorationSet, { from, to, ink }: { from: number; to: number; ink: Ink | null }) {
  if (ink === null || from >= to) return without(marks, from, to);
  marks.between(from, to, (start, end, mark) => {
    if (inkOf(mark) !== ink) return;
    from = Math.min(from, start);
    to = Math.max(to, end);
  });
  return without(marks, from, to).update({ add: [MARKS[ink].range(from, to)] });
}

/** Return the marks with a hole from `from` to `to`. */
function without(marks: DecorationSet, from: number, to: number): DecorationSet {
  const rest: { from: number; to: number; value: Decoration }[] = [];
  marks.between(from, to, (start, end, value) => {
    if (end <= from || start >= to) return;
    if (start < from) rest.push({ from: start, to: from, value });
    if (end > to) rest.push({ from: to, to: end, value });
  });
  return marks.update({
    filterFrom: from,
    filterTo: to,
    filter: (start, end) => end <= from || start >= to,
    add: rest.map(({ from: start, to: end, value }) => value.range(start, end)),
    sort: true,
  });
}

function withoutInsertions(marks: DecorationSet, transaction: Transaction): DecorationSet {
  transaction.changes.iterChanges((_fromA, _toA, from, to) => {
    if (to > from) marks = without(marks, from, to);
  });
  return marks;
}

/** Return what an undo has to put back: the ink of what the transaction takes away. */
function lostInk(transaction: Transaction): Effect<unknown>[] {
  const lost: Effect<unknown>[] = [];
  const before = transaction.startState.field(inkField, false);
  transaction.changes.iterChanges((from, to) => {
    before?.between(from, to, (start, end, mark) => {
      const stretch = { from: Math.max(from, start), to: Math.min(to, end), ink: inkOf(mark) };
      if (stretch.from < stretch.to) lost.push(setInk.of(stretch));
    });
  });
  return lost;
}
