/** One attempt to save a text: as little as is needed is sent, and what the store has is found out where it says no. */
import type { ChangeSet, Text } from "@codemirror/state";
import type { Span } from "../page/ink";
import { editText, saveText } from "../server/api";
import { ServerError, ServerGone } from "../server/client";
import type { Chapter, ChapterEntry } from "../server/types";
import { crc32 } from "./crc32";
import { editsOf } from "./edits";

export interface Sending {
  chapter: ChapterEntry;
  doc: Text;
  spans: readonly Span[];
  /** What was changed since the chapter's revision; null where that is not known, and the whole text is sent. */
  changes: ChangeSet | null;
  /** Let it arrive even where the page is being closed. */
  keepalive?: boolean;
}

/** Return the chapter as it is saved then. ServerError and ServerGone as of all that is asked. */
export async function sendText(sending: Sending): Promise<ChapterEntry> {
  try {
    return await sendEdits(sending, sending.spans);
  } catch (error) {
    if (!(error instanceof ServerError && error.param === "spans")) throw error;
    return await sendEdits(sending, null); // who wrote what may be lost, but not what was written
  }
}

async function sendEdits(sending: Sending, spans: readonly Span[] | null): Promise<ChapterEntry> {
  const { chapter, doc, changes, keepalive } = sending;
  const base_revision = chapter.revision;
  if (changes) {
    try {
      const check = { length: doc.length, crc32: crc32(doc) };
      return await editText(chapter.id, { base_revision, edits: editsOf(changes), ...check, spans }, keepalive);
    } catch (error) {
      if (!(error instanceof ServerError && error.code === "edits_mismatch")) throw error;
    }
  }
  return saveText(chapter.id, { base_revision, text: doc.toString(), spans }, keepalive);
}

export type Failure =
  /** Nobody knows whether it was saved; to be tried again. */
  | { kind: "offline" }
  /** The server is there and cannot just now; to be tried again. */
  | { kind: "busy" }
  | { kind: "conflict"; theirs: Chapter }
  /** The chapter is no more. */
  | { kind: "missing" }
  | { kind: "refused"; code: string | null; message: string };

/** Tell what went wrong; what is none of the server's doing is thrown again. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ServerGone) return { kind: "offline" };
  if (!(error instanceof ServerError)) throw error;
  const { status, code, message, body } = error;
  if (status >= 500 || status === 408 || status === 429) return { kind: "busy" };
  if (status === 409) return { kind: "conflict", theirs: (body as { current: Chapter }).current };
  if (status === 404) return { kind: "missing" };
  return { kind: "refused", code, message };
}
