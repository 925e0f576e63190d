/** A note of a story while it is edited: saved some moments after the last key, and never over somebody else's edit. */
import { saveNote } from "../server/api";
import { ServerError, ServerGone } from "../server/client";
import type { Note, NoteContent } from "../server/types";

export type CardStatus = "saved" | "unsaved" | "saving" | "offline" | "conflict" | "refused";

/** What is kept in this browser of a note that is not saved yet. */
interface Draft {
  content: NoteContent;
  base: number;
}

const SOON = 800; // milliseconds after the last key
const RETRIES = [1000, 2000, 4000, 8000, 15000];

export class Card {
  /** The note as the store has it. */
  note = $state.raw<Note>(null as unknown as Note);
  content = $state.raw<NoteContent>(null as unknown as NoteContent);
  status = $state<CardStatus>("saved");
  /** What somebody else has made of it meanwhile. */
  theirs = $state.raw<Note | null>(null);
  /** Why the server refuses it, where it does. */
  refusal = $state("");

  private timer: ReturnType<typeof setTimeout> | undefined;
  private running: Promise<void> | null = null;
  private failures = 0;

  constructor(
    note: Note,
    private readonly onsaved: () => void,
    private readonly keeper: Pick<Storage, "getItem" | "setItem" | "removeItem"> = localStorage,
  ) {
    this.note = note;
    this.content = note.content;
    this.recover();
  }

  /** Change some of what is written on it. */
  edit(change: Partial<NoteContent>): void {
    this.content = { ...this.content, ...change };
    if (this.status === "conflict") return this.keep();
    if (this.status !== "saving") this.status = "unsaved";
    this.schedule(SOON);
  }

  /** Save now; what is changed meanwhile is saved after. */
  async save(): Promise<void> {
    clearTimeout(this.timer);
    if (this.running) await this.running;
    if (this.status === "saved" || this.status === "conflict") return;
    this.running = this.send().finally(() => (this.running = null));
    await this.running;
  }

  /** Keep it in this browser, for the page may be closed at any moment, and try to save it still. */
  leave(): void {
    if (this.status === "saved") return;
    this.keep();
    void this.save();
  }

  /** Settle a conflict: with what is written here, or with what somebody else has written. */
  async resolve(mine: boolean): Promise<void> {
    const { theirs } = this;
    if (!theirs) return;
    this.note = theirs;
    this.theirs = null;
    this.status = mine ? "unsaved" : "saved";
    if (mine) return this.save();
    this.content = theirs.content;
    this.keeper.removeItem(this.name);
    this.onsaved();
  }

  private async send(): Promise<void> {
    const { content, note } = this;
    this.status = "saving";
    try {
      this.note = await saveNote(note.id, { ...content, base_revision: note.revision });
      this.failures = 0;
      this.status = this.content === content ? "saved" : "unsaved";
      if (this.status === "saved") this.keeper.removeItem(this.name);
      else this.schedule(SOON);
      this.onsaved();
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    this.keep();
    if (error instanceof ServerGone || (error instanceof ServerError && error.status >= 500)) {
      this.status = "offline";
      this.schedule(RETRIES[Math.min(this.failures++, RETRIES.length - 1)] ?? SOON);
    } else if (error instanceof ServerError && error.status === 409) {
      this.status = "conflict";
      this.theirs = (error.body as { current: Note }).current;
    } else if (error instanceof ServerError) {
      this.status = "refused";
      this.refusal = error.message;
    } else {
      throw error;
    }
  }

  private schedule(wait: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.save(), wait);
  }

  private get name(): string {
    return `moxu.note.${this.note.id}`;
  }

  private keep(): void {
    const draft: Draft = { content: this.content, base: this.note.revision };
    try {
      this.keeper.setItem(this.name, JSON.stringify(draft));
    } catch (error) {
      if (!(error instanceof DOMException)) throw error; // no room: it is tried again with the next key
    }
  }

  /** Take up what was not saved when the page was closed. */
  private recover(): void {
    const kept = this.keeper.getItem(this.name);
    if (kept === null) return;
    const { content, base } = JSON.parse(kept) as Draft;
    if (JSON.stringify(content) === JSON.stringify(this.note.content)) return this.keeper.removeItem(this.name);
    this.content = content;
    if (base === this.note.revision) {
      this.status = "unsaved";
      this.schedule(0);
    } else {
      this.status = "conflict";
      this.theirs = this.note;
    }
  }
}
