/** What is sent of a text that was edited: the changes, and enough to tell that they made the same text there. */
import type { ChangeSet, Text } from "@codemirror/state";
import { crc32 } from "./crc32";

/** `remove` UTF-16 units from `at` on, in the text before all edits, are replaced with `insert`. */
export interface Edit {
  at: number;
  remove: number;
  insert: string;
}

export function editsOf(changes: ChangeSet): Edit[] {
  const edits: Edit[] = [];
  changes.iterChanges((from, to, _fromB, _toB, inserted) => {
    edits.push({ at: from, remove: to - from, insert: inserted.toString() });
  });
  return edits;
}

/** Return a chapter's title: its first line. */
export const titleOf = (text: Text): string => [...text.line(1).text.trim()].slice(0, 500).join("");

/** Return what tells a text from others, as near as makes no difference. */
export const checkOf = (text: Text): string => `${text.length}:${crc32(text)}`;
