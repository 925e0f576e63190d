/** Where a text goes on: what is sent of the chapter, so that the server can choose what the model reads. */
import type { EditorState } from "@codemirror/state";
import type { ChapterEntry, Scene } from "../server/types";

/** Characters that are sent beyond the reach, so that the server can begin at a paragraph, and stay there for a while. */
const MARGIN = 4000;

/** Return the scene at a place of the page. */
export function sceneAt(state: EditorState, place: number, chapter: ChapterEntry | null, reach: number): Scene {
  const from = Math.max(0, place - reach - MARGIN);
  return {
    story: chapter?.story ?? null,
    chapter: chapter?.id ?? null,
    before: state.sliceDoc(from, place),
    skipped: codePoints(state, from),
    reach,
  };
}

/** Return how many characters there are before a place: of those beyond the basic plane two units are one. */
function codePoints(state: EditorState, place: number): number {
  let pairs = 0;
  for (const piece of state.doc.iterRange(0, place)) {
    for (let at = 0; at < piece.length; at++) if ((piece.charCodeAt(at) & 0xfc00) === 0xdc00) pairs++;
  }
  return place - pairs;
}
