/** Drafts of chapters that nobody has open: they are sent when there is a server again. */
import { Text } from "@codemirror/state";
import { getChapter, saveText } from "../server/api";
import type { Drafts } from "./drafts";
import { checkOf } from "./edits";
import { failureOf } from "./sending";

/** Save what was left behind, but for what was changed elsewhere since: that is a conflict when it is opened. */
export async function sendLeftBehind(drafts: Drafts, isOpen: (chapter: number) => boolean): Promise<void> {
  for (const id of await drafts.chapters()) {
    if (id === 0 || isOpen(id)) continue;
    try {
      const chapter = await getChapter(id);
      const draft = await drafts.take(id, chapter.created);
      if (!draft) continue;
      const newest = checkOf(Text.of(chapter.text.split("\n")));
      if (draft.base !== chapter.revision && !draft.sent.includes(newest)) continue;
      if (isOpen(id)) continue; // the page has it now
      const { text, spans } = draft;
      if (text !== chapter.text) await saveText(id, { base_revision: chapter.revision, text, spans });
      drafts.forget(id);
    } catch (error) {
      failureOf(error); // it stays, for the next time
    }
  }
}
