/** How many characters a text has, as authors count them: without blanks and line breaks, and emoji as one. */
import type { Text } from "@codemirror/state";

const BLANK = /[\s\u3000]/gu;
const SECOND_HALVES = /[\uDC00-\uDFFF]/g;

/** Counts of long texts, by what they are parts of: an edit changes few of the parts. */
const known = new WeakMap<Text, number>();

export function characters(text: Text): number {
  const before = known.get(text);
  if (before !== undefined) return before;
  const parts = (text as Text & { children: readonly Text[] | null }).children;
  const count = parts ? parts.reduce((sum, part) => sum + characters(part), 0) : counted(text);
  known.set(text, count);
  return count;
}

function counted(text: Text): number {
  const flat = text.toString();
  return flat.length - (flat.match(BLANK)?.length ?? 0) - (flat.match(SECOND_HALVES)?.length ?? 0);
}
