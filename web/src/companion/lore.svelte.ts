/** What lies beside a story: its memory, its author's note, and the cards of its lore. */
import type { Desk, Part } from "../desk.svelte";
import { createCard, deleteCard, listNotes, moveCard, recoverCard } from "../server/api";
import { ServerError, ServerGone } from "../server/client";
import type { Chapter, Note } from "../server/types";
import { Card } from "./card.svelte";

export class Lore implements Part {
  memory = $state.raw<Card | null>(null);
  author = $state.raw<Card | null>(null);
  cards = $state.raw<readonly Card[]>([]);
  /** The card that was deleted last, and can come back. */
  deleted = $state.raw<Note | null>(null);
  /** The card that is open to be edited, by its id. */
  editing = $state<number | null>(null);
  /** Whether the server could not be reached. */
  away = $state(false);

  private story: number | null = null;

  constructor(private readonly desk: Desk) {
    addEventListener("pagehide", () => this.leave());
    document.addEventListener("visibilitychange", () => document.hidden && this.leave());
  }

  opened(chapter: Chapter): void {
    if (chapter.story !== this.story) void this.load(chapter.story);
  }

  adopted(chapter: Chapter): void {
    void this.load(chapter.story);
  }

  async closing(): Promise<void> {
    await Promise.all(this.all.map((card) => card.save()));
  }

  /** List the notes of the open chapter's story again, if they could not be before. */
  async look(): Promise<void> {
    const { chapter } = this.desk;
    if (chapter && (this.away || chapter.story !== this.story)) await this.load(chapter.story);
  }

  /** Add a card, and open it. */
  async add(): Promise<void> {
    const { story } = this;
    if (story === null) return;
    await this.ask(async () => {
      const card = this.card(await createCard(story, {}));
      this.cards = [...this.cards, card];
      this.editing = card.note.id;
    });
  }

  /** Take a card away; `recover` brings it back. */
  async delete(card: Card): Promise<void> {
    await card.save();
    await this.ask(async () => {
      await deleteCard(card.note.id);
      this.cards = this.cards.filter((one) => one !== card);
      this.deleted = card.note;
      this.desk.seeing.look();
    });
  }

  /** Bring the card back that was deleted last. */
  async recover(): Promise<void> {
    const { deleted } = this;
    if (!deleted) return;
    await this.ask(async () => {
      await recoverCard(deleted.id);
      this.deleted = null;
      await this.load(deleted.story);
    });
  }

  /** Put a card before or after its neighbour. */
  async move(card: Card, by: -1 | 1): Promise<void> {
    const at = this.cards.indexOf(card);
    const to = at + by;
    if (at < 0 || to < 0 || to >= this.cards.length) return;
    await this.ask(async () => {
      await moveCard(card.note.id, to);
      const others = this.cards.filter((one) => one !== card);
      this.cards = [...others.slice(0, to), card, ...others.slice(to)];
      this.desk.seeing.look();
    });
  }

  private get all(): Card[] {
    return [this.memory, this.author, ...this.cards].filter((card) => card !== null);
  }

  private async load(story: number): Promise<void> {
    if (story !== this.story) {
      Object.assign(this, { memory: null, author: null, cards: [], deleted: null, editing: null });
    }
    this.story = story;
    await this.ask(async () => {
      const notes = await listNotes(story);
      if (story !== this.story) return;
      const known = new Map(this.all.map((card) => [card.note.id, card]));
      const cards = notes.map((note) => known.get(note.id) ?? this.card(note));
      this.memory = cards.find((card) => card.note.kind === "memory") ?? null;
      this.author = cards.find((card) => card.note.kind === "author") ?? null;
      this.cards = cards.filter((card) => card.note.kind === "lore");
      this.desk.seeing.look();
    });
  }

  private card(note: Note): Card {
    return new Card(note, () => this.desk.seeing.look());
  }

  private leave(): void {
    for (const card of this.all) card.leave();
  }

  private async ask(what: () => Promise<void>): Promise<void> {
    try {
      await what();
      this.away = false;
    } catch (error) {
      if (!(error instanceof ServerError || error instanceof ServerGone)) throw error;
      this.away = true;
    }
  }
}
