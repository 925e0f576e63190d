/** The shelf: stories, the chapters of one of them, and which chapter is open. */
import type { ViewUpdate } from "@codemirror/view";
import { tick } from "svelte";
import type { Desk, Part } from "../desk.svelte";
import { createChapter, createStory, getChapter, listChapters, listStories } from "../server/api";
import type { ChapterEntry, Story } from "../server/types";
import { speech } from "../words/words.svelte";
import { Arranging } from "./arranging.svelte";
import { Books, type Report } from "./books.svelte";
import { History } from "./history.svelte";
import { Notice } from "./notice.svelte";

/** What lies over the desk for a while. */
export type ShelfDialog =
  | { kind: "deleted" }
  | { kind: "history" }
  | { kind: "move"; chapter: ChapterEntry }
  | { kind: "export"; story: Story }
  | { kind: "imported"; reports: readonly Report[] };

const KEPT = "moxu.open"; // the story; with its number behind it, the chapter of that story
const PLACES = "moxu.places";
const FOLDED = "moxu.shelf.folded";
const AGAIN = 2000; // milliseconds

export class Shelf implements Part {
  stories = $state.raw<readonly Story[]>([]);
  /** The chapters of the story that is listed. */
  chapters = $state.raw<readonly ChapterEntry[]>([]);
  /** Whether the server has told what there is. */
  known = $state(false);
  folded = $state(localStorage.getItem(FOLDED) === "true");
  dialog = $state.raw<ShelfDialog | null>(null);
  private listed = $state<number | null>(null);
  /** The story whose chapters are listed. */
  readonly story: Story | null = $derived(this.stories.find((one) => one.id === this.listed) ?? null);
  readonly empty: boolean = $derived(this.known && !this.stories.length);

  readonly notice = new Notice();
  readonly arranging: Arranging;
  readonly books: Books;
  readonly history: History;
  /** Where the caret was in the chapters that were open. */
  private readonly places = new Map(JSON.parse(sessionStorage.getItem(PLACES) ?? "[]") as [number, number][]);
  private making: Promise<void> | null = null;

  constructor(private readonly desk: Desk) {
    this.arranging = new Arranging(desk, this);
    this.books = new Books(desk, this);
    this.history = new History(desk, this);
  }

  /** Whether the shelf may be changed, not only read. */
  get mayChange(): boolean {
    return this.desk.state?.visitor !== "reader";
  }

  /** List what there is, and open what was open when the author left. */
  async start(): Promise<void> {
    while ((await this.notice.attempt(() => this.refresh())) === "gone") await pause();
    this.known = true;
    if (this.desk.text.length) return this.begin(); // somebody was faster
    const kept = Number(localStorage.getItem(KEPT));
    const story = this.stories.find((one) => one.id === kept) ?? this.stories[0];
    if (story) await this.openStory(story.id);
  }

  /** Lay a dialog over the desk; what was told before is old then. */
  present(dialog: ShelfDialog): void {
    this.notice.clear();
    this.dialog = dialog;
  }

  fold(folded: boolean): void {
    this.folded = folded;
    localStorage.setItem(FOLDED, String(folded));
  }

  /** Put a chapter of the listed story on the page. */
  open(chapter: number): Promise<unknown> {
    return this.notice.attempt(() => this.show(chapter));
  }

  /** List the chapters of a story, and put the one on the page that was open last. */
  openStory(story: number): Promise<unknown> {
    return this.notice.attempt(() => this.enter(story));
  }

  /** Ask again for the stories and how long they are. */
  async refresh(): Promise<void> {
    this.stories = await listStories();
  }

  /** List a story's chapters and open one of them; an empty page where it has none. */
  async enter(story: number, wanted: number | null = null): Promise<void> {
    await this.desk.saving.save();
    const chapters = await listChapters(story);
    const last = wanted ?? Number(localStorage.getItem(`${KEPT}.${story}`));
    const entry = chapters.find((one) => one.id === last) ?? chapters.at(-1);
    if (entry) await this.show(entry.id, story);
    else await this.desk.clear();
    this.list(story, chapters);
  }

  /** List these chapters as those of a story; none where there is no story. */
  list(story: number | null, chapters: readonly ChapterEntry[]): void {
    this.listed = story;
    this.chapters = chapters;
    if (story !== null) localStorage.setItem(KEPT, String(story));
  }

  /** Put a chapter on the page, with the caret where it was, or at the end. */
  async show(id: number, story: number | null = this.listed): Promise<void> {
    if (this.desk.chapter?.id === id) await this.desk.saving.save();
    const chapter = await getChapter(id);
    await this.desk.open(chapter);
    localStorage.setItem(`${KEPT}.${story}`, String(id));
    await tick();
    const { view } = this.desk;
    const place = Math.min(this.places.get(id) ?? Infinity, view?.state.doc.length ?? 0);
    view?.dispatch({ selection: { anchor: place }, scrollIntoView: true });
  }

  async closing(): Promise<void> {
    const { chapter, view } = this.desk;
    if (chapter && view) this.places.set(chapter.id, view.state.selection.main.head);
  }

  /** The page may be closed, or loaded again: the caret is to be where it was. */
  leave(): void {
    void this.closing();
    sessionStorage.setItem(PLACES, JSON.stringify([...this.places]));
  }

  /** Take up the new title and length of a chapter that was saved. */
  saved(chapter: ChapterEntry): void {
    const before = this.chapters.find((one) => one.id === chapter.id);
    if (!before) return;
    this.chapters = this.chapters.map((one) => (one.id === chapter.id ? chapter : one));
    const more = chapter.characters - before.characters;
    if (!more) return;
    this.stories = this.stories.map((one) =>
      one.id === this.listed ? { ...one, characters: one.characters + more } : one,
    );
  }

  /** The first words on an empty desk begin a story, or a chapter of a story that has none. */
  changed(update: ViewUpdate): void {
    if (!update.docChanged || this.desk.chapter || this.making || !this.known) return;
    this.making = this.begin().finally(() => (this.making = null));
  }

  private async begin(): Promise<void> {
    while ((await this.notice.attempt(() => this.adopt())) === "gone") {
      this.notice.tell((words) => words.goneAtFirst);
      await pause();
    }
  }

  private async adopt(): Promise<void> {
    if (this.desk.chapter) return;
    if (!this.story) {
      const { id } = await createStory(speech.words.shelf.unnamed);
      await this.refresh();
      this.list(id, []);
    }
    const story = this.listed;
    if (story === null) return;
    const entry = this.chapters[0] ?? (await createChapter(story, {}));
    this.list(story, [entry]);
    this.desk.adopt(await getChapter(entry.id));
    localStorage.setItem(`${KEPT}.${story}`, String(entry.id));
  }
}

const pause = () => new Promise((resolve) => setTimeout(resolve, AGAIN));
