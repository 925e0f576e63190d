/** Which text the model is asked to read, so that it can tell about one place of the page, or about all that is seen. */
import type { ChangeDesc, EditorState, Text } from "@codemirror/state";
import { stretchAt } from "../page/ink";
import type { Stretch } from "./readings";

/** Return the passage or the paragraph that a place is in, or of a very long one the part that the place is in. */
export function readingAt(state: EditorState, place: number, limit: number): Stretch {
  const { from, to } = stretchAt(state, place) ?? paragraph(state, place);
  const start = from + Math.floor((place - from) / limit) * limit;
  return whole(state, { from: Math.max(from, start), to: Math.min(to, start + limit) });
}

/** Return no more of a stretch than can be read at once. */
export function atOnce(state: EditorState, { from, to }: Stretch, limit: number): Stretch {
  return whole(state, { from, to: Math.min(to, from + limit) });
}

/** Return the first place where a text differs from what it was before these changes, Infinity where it does not. */
export function firstDifference(changes: ChangeDesc, before: Text, after: Text): number {
  let first = Infinity;
  changes.iterChangedRanges((fromA, toA, fromB, toB) => {
    if (first < Infinity) return;
    const [old, now] = [before.sliceString(fromA, toA), after.sliceString(fromB, toB)];
    let same = 0;
    while (same < old.length && old[same] === now[same]) same++;
    if (same < Math.max(old.length, now.length)) first = fromA + same;
  });
  return first;
}

/** A paragraph ends with its newline, which is as likely or unlikely as any other character. */
function paragraph(state: EditorState, place: number): Stretch {
  const line = state.doc.lineAt(place);
  return { from: line.from, to: Math.min(state.doc.length, line.to + 1) };
}

/** Return a stretch that neither begins nor ends within a character of two units. */
function whole(state: EditorState, { from, to }: Stretch): Stretch {
  return { from: from - halves(state, from), to: to - halves(state, to) };
}

function halves(state: EditorState, place: number): number {
  const unit = state.sliceDoc(place, place + 1).charCodeAt(0);
  return (unit & 0xfc00) === 0xdc00 ? 1 : 0;
}
