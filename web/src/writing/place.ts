/** Where on the page a batch of candidates is for, so that another of them can be laid there later. */
import type { ChangeDesc, EditorState } from "@codemirror/state";
import type { Passage } from "../page/passage";

/** A place of the page and what was laid there; what the author adds beside it is within from then on. */
export interface Place extends Passage {
  laid: string;
}

/** Return the place after some changes. */
export function moved(place: Place, changes: ChangeDesc): Place {
  const from = changes.mapPos(place.from, -1);
  return { ...place, from, to: Math.max(from, changes.mapPos(place.to, 1)) };
}

/** Return where the text that was laid stands as it was laid; null where the author has changed it. */
export function standing(state: EditorState, place: Place): Passage | null {
  const text = state.sliceDoc(place.from, place.to);
  if (!text) return { from: place.from, to: place.from }; // it was taken back whole
  const at = text.indexOf(place.laid);
  return at < 0 || !place.laid ? null : { from: place.from + at, to: place.from + at + place.laid.length };
}

const HEADING = /^\s*第.{1,9}[章回节卷]|^\s*$/;

/** Return where the story goes on from a place, and what leads there: nothing is written into the chapter's heading. */
export function begins(state: EditorState, place: number): { at: number; lead: string } {
  const line = state.doc.lineAt(place);
  return line.number === 1 && HEADING.test(line.text) ? { at: line.to, lead: "\n" } : { at: place, lead: "" };
}
