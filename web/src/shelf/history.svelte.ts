/** The history of the open chapter: its revisions, one of them beside the text as it is now, and the way back. */
import type { Desk } from "../desk.svelte";
import { getRevision, listRevisions, renameChapter, restoreRevision } from "../server/api";
import { ServerError } from "../server/client";
import type { ChapterEntry, Revision, RevisionEntry } from "../server/types";
import type { Shelf } from "./shelf.svelte";
import { tidy } from "./titles";

export class History {
  /** Oldest first. */
  revisions = $state.raw<readonly RevisionEntry[]>([]);
  /** The one that is compared with the text as it is now. */
  chosen = $state.raw<Revision | null>(null);
  /** Whether every save is listed, not only the last of each stretch of work. */
  all = $state(false);

  constructor(
    private readonly desk: Desk,
    private readonly shelf: Shelf,
  ) {}

  /** Show the history of a chapter, which is opened for that. */
  show(chapter: ChapterEntry): Promise<unknown> {
    return this.shelf.notice.attempt(async () => {
      if (this.desk.chapter?.id !== chapter.id) await this.shelf.show(chapter.id);
      await this.desk.saving.save();
      this.revisions = await listRevisions(chapter.id);
      this.chosen = null;
      this.shelf.dialog = { kind: "history" };
    });
  }

  choose(entry: RevisionEntry): Promise<unknown> {
    return this.shelf.notice.attempt(async () => {
      this.chosen = await getRevision(entry.chapter, entry.number);
    });
  }

  /** Make the chosen revision the newest; `time` is how it is called when that is told. */
  restore(time: string): Promise<unknown> {
    const { desk, shelf, chosen } = this;
    return shelf.notice.attempt(async () => {
      await desk.saving.save();
      const base = desk.saving.revision;
      if (!chosen || base === null) return;
      if (desk.saving.status !== "saved") return shelf.notice.tell((words) => words.revisions.unsaved);
      try {
        const restored = await restoreRevision(chosen.chapter, chosen.number, base);
        const title = tidy(restored.text.split("\n", 1)[0] ?? "");
        shelf.saved(title === restored.title ? restored : await renameChapter(restored.id, title));
      } catch (error) {
        if (!(error instanceof ServerError && error.status === 409)) throw error;
        return shelf.notice.tell((words) => words.revisions.changed);
      }
      await shelf.show(chosen.chapter);
      this.revisions = await listRevisions(chosen.chapter);
      this.chosen = null;
      shelf.notice.tell((words) => words.revisions.restored(time));
    });
  }
}

/** Return how many characters of a revision the machine wrote. */
export function machineCharacters({ text, spans }: Revision): number {
  return (spans ?? []).reduce((sum, { from, to }) => sum + Array.from(text.slice(from, to)).length, 0);
}
