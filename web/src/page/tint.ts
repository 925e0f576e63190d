/**
 * Two marks that the page bears while somebody asks why: a tint by surprise, and a frame around the character that is
 * asked about. Both follow the text as it is edited; the tint of what was changed goes.
 */
import { type Extension, StateEffect, StateField, type Transaction } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView } from "@codemirror/view";

export interface Tint {
  from: number;
  to: number;
  step: 1 | 2 | 3 | 4;
}

const STRENGTHS = [0, 7, 15, 25, 36];

/** Return the colour of a step, as CSS: more cinnabar the more of a surprise. */
export const tintColour = (step: number): string =>
  `color-mix(in srgb, var(--cinnabar) ${STRENGTHS[step]}%, transparent)`;

/** Gives a stretch new tints, in place of those that it had. */
export const setTints = StateEffect.define<{ from: number; to: number; tints: readonly Tint[] }>();

/** Frames the characters that are asked about; null: none. */
export const setFrame = StateEffect.define<{ from: number; to: number } | null>();

const MARKS = Object.fromEntries(
  ([1, 2, 3, 4] as const).map((step) => [step, Decoration.mark({ class: `tint-${step}` })]),
) as Record<Tint["step"], Decoration>;
const FRAME = Decoration.mark({ class: "why-frame" });

export const tintField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    if (transaction.docChanged) marks = untouched(marks, transaction).map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(setTints)) continue;
      const { from, to, tints } = effect.value;
      marks = marks.update({
        filterFrom: from,
        filterTo: to,
        filter: (start, end) => end <= from || start >= to,
        add: tints.map((tint) => MARKS[tint.step].range(tint.from, tint.to)),
      });
    }
    return marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const frameField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    if (transaction.docChanged) marks = untouched(marks, transaction).map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(setFrame)) continue;
      const at = effect.value;
      marks = at && at.from < at.to ? Decoration.set(FRAME.range(at.from, at.to)) : Decoration.none;
    }
    return marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** Return the marks but for those that an edit touches; what is only beside it stays. */
function untouched(marks: DecorationSet, { changes }: Transaction): DecorationSet {
  changes.iterChangedRanges((from, to) => {
    marks = marks.update({
      filterFrom: from,
      filterTo: to,
      filter: (start, end) => end <= from || start >= to,
    });
  });
  return marks;
}

/** On the deeper tints pale ink would be hard to read, so what is tinted is in full ink; the deepest are underlined. */
const look = EditorView.theme({
  ".tint-1, .tint-2, .tint-3, .tint-4": { color: "var(--ink)" },
  ".tint-1 .ink-pale, .tint-2 .ink-pale, .tint-3 .ink-pale, .tint-4 .ink-pale": { color: "var(--ink)" },
  ".tint-1": { background: tintColour(1) },
  ".tint-2": { background: tintColour(2) },
  ".tint-3": { background: tintColour(3) },
  ".tint-4": { background: tintColour(4), boxShadow: "inset 0 -2px var(--cinnabar)" },
  ".why-frame": { outline: "2px solid var(--cinnabar)", outlineOffset: "1px", borderRadius: "2px" },
});

export const tint: Extension = [tintField, frameField, look];
