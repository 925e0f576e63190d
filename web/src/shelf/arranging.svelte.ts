/** What an author does with the shelf: begin, name, put in order, delete and bring back. */
import type { Desk } from "../desk.svelte";
import * as api from "../server/api";
import type { ChapterEntry, Story } from "../server/types";
import { speech } from "../words/words.svelte";
import type { Opening } from "./openings";
import { moved, neighbour } from "./order";
import type { Shelf } from "./shelf.svelte";
import { nextTitle, retitled, tidy } from "./titles";

/** A row of the shelf, by name. */
export type RowName = `story-${number}` | `chapter-${number}`;

export class Arranging {
  /** The row whose name is being typed. */
  renaming = $state<RowName | null>(null);
  private made: number | null = null;

  constructor(
    private readonly desk: Desk,
    private readonly shelf: Shelf,
  ) {}

  /** Put a new story on the shelf, with an empty first chapter or with an opening, and open it. */
  newStory(opening: Opening | null = null): Promise<unknown> {
    return this.attempt(async () => {
      const title = nextTitle(undefined);
      const story = await api.createStory(opening?.title ?? speech.words.shelf.unnamed);
      await api.createChapter(story.id, { title, text: `${title}\n${opening?.text ?? ""}` });
      await this.shelf.refresh();
      await this.shelf.enter(story.id);
      if (opening) return;
      this.made = story.id;
      this.renaming = `story-${story.id}`;
    });
  }

  /** Whether a story was just made and is being named for the first time, after which one writes. */
  isNew(story: Story): boolean {
    const { made } = this;
    this.made = null;
    return made === story.id;
  }

  /** Add a chapter to the end of the listed story, numbered as the last one is, and open it. */
  newChapter(): Promise<unknown> {
    return this.attempt(async () => {
      const { story } = this.shelf;
      if (!story) return;
      const title = nextTitle(this.shelf.chapters.at(-1)?.title);
      const { id } = await api.createChapter(story.id, { title, text: title && `${title}\n` });
      await this.shelf.refresh();
      await this.shelf.enter(story.id, id);
    });
  }

  renameStory(story: Story, typed: string): Promise<unknown> {
    return this.attempt(async () => {
      const renamed = await api.renameStory(story.id, tidy(typed) || speech.words.shelf.unnamed);
      this.shelf.stories = this.shelf.stories.map((one) => (one.id === story.id ? renamed : one));
    });
  }

  /** Give a chapter another first line: on the page where it is open, else in the store. */
  renameChapter(chapter: ChapterEntry, typed: string): Promise<unknown> {
    const title = tidy(typed);
    const { view } = this.desk;
    return this.attempt(async () => {
      if (this.desk.chapter?.id === chapter.id && view) {
        view.dispatch({ changes: { from: 0, to: view.state.doc.line(1).to, insert: title } });
        await this.desk.saving.save();
        return;
      }
      const { text, spans, revision } = await api.getChapter(chapter.id);
      const saved = await api.saveText(chapter.id, { base_revision: revision, ...retitled(text, spans ?? [], title) });
      this.shelf.saved({ ...(await api.renameChapter(chapter.id, title)), revision: saved.revision });
    });
  }

  /** Put a story at another place; `to` others come before it. */
  placeStory(story: Story, to: number): Promise<unknown> {
    return this.attempt(async () => {
      const before = this.shelf.stories;
      const after = rearranged(before, story.id, to);
      if (!after) return;
      await this.orPutBack(
        () => api.moveStory(story.id, to),
        () => (this.shelf.stories = after),
        () => (this.shelf.stories = before),
      );
      this.announce(story.title || speech.words.shelf.unnamed, to, before.length);
    });
  }

  /** Put a chapter at another place in its story; `to` others come before it. */
  placeChapter(chapter: ChapterEntry, to: number): Promise<unknown> {
    return this.attempt(async () => {
      const before = this.shelf.chapters;
      const after = rearranged(before, chapter.id, to);
      if (!after) return;
      await this.orPutBack(
        () => api.moveChapter(chapter.id, to),
        () => (this.shelf.chapters = after),
        () => (this.shelf.chapters = before),
      );
      this.announce(chapter.title || speech.words.shelf.untitled, to, before.length);
    });
  }

  /** Put a chapter at the end of another story; if it is open, the desk goes along. */
  giveTo(chapter: ChapterEntry, story: Story): Promise<unknown> {
    return this.attempt(async () => {
      const open = this.desk.chapter?.id === chapter.id;
      if (open) await this.desk.saving.save();
      await api.moveChapter(chapter.id, story.chapters, story.id);
      await this.shelf.refresh();
      if (open) await this.shelf.enter(story.id, chapter.id);
      else this.shelf.chapters = this.shelf.chapters.filter((one) => one.id !== chapter.id);
      this.shelf.notice.tell((words) => words.wentTo(chapter.title || words.untitled, story.title));
    });
  }

  deleteStory(story: Story): Promise<unknown> {
    return this.attempt(async () => {
      const { shelf, desk } = this;
      const listed = shelf.story?.id === story.id;
      const next = neighbour(shelf.stories, shelf.stories.indexOf(story));
      if (listed) await desk.saving.save();
      await api.deleteStory(story.id);
      await shelf.refresh();
      if (listed && next) await shelf.enter(next.id);
      else if (listed) {
        await desk.clear();
        shelf.list(null, []);
      }
      this.tellDeleted(story.title, () => this.recoverStory(story.id));
    });
  }

  deleteChapter(chapter: ChapterEntry): Promise<unknown> {
    return this.attempt(async () => {
      const { shelf, desk } = this;
      const open = desk.chapter?.id === chapter.id;
      const index = shelf.chapters.findIndex((one) => one.id === chapter.id);
      const next = neighbour(shelf.chapters, index);
      if (open) await desk.saving.save();
      await api.deleteChapter(chapter.id);
      shelf.chapters = shelf.chapters.filter((one) => one.id !== chapter.id);
      if (open && next) await shelf.show(next.id);
      else if (open) await desk.clear();
      await shelf.refresh();
      this.tellDeleted(chapter.title, () => this.recoverChapter(chapter));
    });
  }

  recoverStory(story: number): Promise<unknown> {
    return this.attempt(async () => {
      await api.recoverStory(story);
      await this.shelf.refresh();
      await this.shelf.enter(story);
    });
  }

  recoverChapter(chapter: ChapterEntry): Promise<unknown> {
    return this.attempt(async () => {
      await api.recoverChapter(chapter.id);
      await this.shelf.refresh();
      await this.shelf.enter(chapter.story, chapter.id);
    });
  }

  private attempt(work: () => Promise<void>): Promise<unknown> {
    return this.shelf.notice.attempt(work);
  }

  private async orPutBack(send: () => Promise<void>, show: () => void, putBack: () => void): Promise<void> {
    show();
    try {
      await send();
    } catch (error) {
      putBack();
      throw error;
    }
  }

  private announce(title: string, to: number, of: number): void {
    this.shelf.notice.announced = (words) => words.wasMoved(title, to + 1, of);
  }

  private tellDeleted(title: string, undo: () => Promise<unknown>): void {
    this.shelf.notice.tell((words) => words.wasDeleted(title || words.untitled), undo);
  }
}

/** Return a list with one of its items at another place; null where it is there already, or there is no such place. */
function rearranged<T extends { id: number }>(list: readonly T[], id: number, to: number): T[] | null {
  const from = list.findIndex((one) => one.id === id);
  return from < 0 || from === to || to < 0 || to >= list.length ? null : moved(list, from, to);
}
